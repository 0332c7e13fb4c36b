//! `connector form` as a process: the page that it builds with npm, in whose place a script stands,
//! and its access, as another user of the machine where the tests may become one.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use crate::harness::{KEY, NO_NETWORK};

#[expect(dead_code, reason = "only the server finds routes")]
#[path = "../../src/form/api/routes.rs"]
mod routes;

/// Has no files and no processes.
const NOBODY: u32 = 65534;

/// Records its arguments and its environment, and builds a page.
const NPM: &str = r#"#!/bin/sh
echo "$@" >> "$HOME/arguments"
env >> "$HOME/environment"
case $1 in
  ci) mkdir -p node_modules ;;
  run) mkdir -p dist; echo "the page" > dist/index.html ;;
esac
"#;

/// A user's folders, with the script in the search path.
fn home() -> TempDir {
    let home = tempfile::tempdir().unwrap();
    let script = home.path().join("bin/npm");
    fs::create_dir(home.path().join("bin")).unwrap();
    fs::write(&script, NPM).unwrap();
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    home
}

/// A running `connector form`.
struct Form {
    child: Child,
    port: String,
    token: String,
}

impl Form {
    fn start(home: &Path) -> Self {
        let stderr = File::create(home.join("stderr")).unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_connector"))
            .args(["form", "--store"])
            .arg(home.join("data/c.db"))
            .env("HOME", home)
            .env("XDG_CACHE_HOME", home.join("cache"))
            .env("PATH", format!("{}/bin:/usr/bin:/bin", home.display()))
            .envs(NO_NETWORK)
            .envs([KEY])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(stderr)
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut lines = lines.map(Result::unwrap);
        let printed = lines.find_map(|line| {
            let (_, link) = line.split_once("http://127.0.0.1:")?;
            let (port, link) = link.split_once("/#/?token=")?;
            let (token, _) = link.split_once(' ')?;
            Some((port.to_owned(), token.to_owned()))
        });
        let said = fs::read_to_string(home.join("stderr")).unwrap();
        let (port, token) = printed.unwrap_or_else(|| panic!("no link was printed: {said}"));
        leak_check::register(&token);
        leak_check::output(&said);
        Self { child, port, token }
    }

    /// Sends a request as the page does, as another user if this one is root. Returns the status.
    fn ask(&self, method: &str, path: &str, token: Option<&str>) -> u16 {
        let port = &self.port;
        let authorization = token.map(|token| format!("Authorization: Bearer {token}\r\n"));
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nOrigin: http://127.0.0.1:{port}\
             \r\nContent-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\
             {}\r\n{{}}",
            authorization.unwrap_or_default()
        );
        let mut shell = Command::new("bash");
        shell
            .args([
                "-c",
                "id -u >&2; exec 3<>/dev/tcp/127.0.0.1/$0; cat >&3; cat <&3",
            ])
            .arg(port)
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let is_root = rustix::process::geteuid().is_root();
        if is_root {
            shell.uid(NOBODY).gid(NOBODY);
        }
        let mut child = shell.spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(request.as_bytes()).unwrap();
        drop(stdin);
        let output = child.wait_with_output().unwrap();
        let user = String::from_utf8(output.stderr).unwrap();
        assert!(!is_root || user.trim() == NOBODY.to_string(), "{user}");
        let response = String::from_utf8_lossy(&output.stdout).into_owned();
        let status = response.strip_prefix("HTTP/1.1 ");
        let status = status.and_then(|rest| rest.get(..3)?.parse().ok());
        status.unwrap_or_else(|| panic!("{method} {path}: {response}"))
    }
}

impl Drop for Form {
    fn drop(&mut self) {
        // It usually is running.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn without_the_token_each_route_is_closed_to_other_users() {
    let home = home();
    let form = Form::start(home.path());
    for (method, path, _) in routes::ROUTES {
        let path = format!("/api/{}", path.replace('*', "1"));
        for token in [None, Some("wrong")] {
            assert_eq!(form.ask(method, &path, token), 401, "{method} {path}");
        }
        assert_ne!(form.ask(method, &path, Some(&form.token)), 401);
    }
    // The link, and a reload.
    for _ in 0..2 {
        assert_eq!(form.ask("GET", "/", None), 200);
        assert_eq!(form.ask("GET", "/api/vendors", Some(&form.token)), 200);
    }
}

#[test]
fn the_page_is_built_once_by_npm_without_secrets_or_install_scripts() {
    let home = home();
    let runs = "ci --ignore-scripts --no-audit --no-fund\nrun build\n";
    for _ in 0..2 {
        let form = Form::start(home.path());
        assert_eq!(form.ask("GET", "/", None), 200);
        let arguments = fs::read_to_string(home.path().join("arguments")).unwrap();
        assert_eq!(arguments, runs);
    }
    let environment = fs::read_to_string(home.path().join("environment")).unwrap();
    assert!(environment.contains("HOME="), "{environment}");
    for name in [KEY.0, "XDG_", "CARGO_"] {
        assert!(!environment.contains(name), "{environment}");
    }
    let folder = home.path().join("cache/connector/page");
    let mode = folder.metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
    let sources = folder.join("work/cli/form");
    assert!(sources.join("package-lock.json").is_file() && sources.join("src").is_dir());
}
