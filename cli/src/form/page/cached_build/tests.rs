//! Builds with a script in place of npm, which records its arguments and its environment.

use std::ffi::OsString;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use super::*;

const SOURCES: Files = &[
    ("cli/form/package-lock.json", b"{}"),
    ("cli/form/package.json", b"{}"),
    ("cli/form/src/main.ts", b"1"),
    ("packages/connector-form/index.ts", b"2"),
];

/// The same with another page.
const EDITED: Files = &[
    ("cli/form/package-lock.json", b"{}"),
    ("cli/form/package.json", b"{}"),
    ("cli/form/src/main.ts", b"3"),
];

/// The same with other packages.
const OTHER_PACKAGES: Files = &[
    ("cli/form/package-lock.json", b"{\"lockfileVersion\":3}"),
    ("cli/form/package.json", b"{}"),
    ("cli/form/src/main.ts", b"3"),
];

/// Records each run. `ci` installs a package; `run build` copies a source to the page.
const NPM: &str = r#"#!/bin/sh
home=$HOME
echo "$@" >> "$home/arguments"
env > "$home/environment-$1"
case $1 in
  ci) rm -rf node_modules; mkdir node_modules; echo > node_modules/package.js ;;
  run)
    if [ -e "$home/fails" ]; then exit 1; fi
    if [ -e "$home/pipe" ]; then echo started > "$home/pipe"; read -r _ < "$home/pipe"; fi
    mkdir -p dist; cp src/main.ts dist/index.html ;;
esac
"#;

/// A home folder with a script in place of npm, and a cache folder in it.
struct Fixture {
    home: tempfile::TempDir,
    folder: PathBuf,
    npm: Npm,
}

impl Fixture {
    fn new() -> Self {
        Self::with(&[])
    }

    /// With these variables in the environment of the command.
    fn with(variables: &[(&str, &str)]) -> Self {
        let home = tempfile::tempdir().unwrap();
        let script = home.path().join("npm");
        fs::write(&script, NPM).unwrap();
        fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
        let path = home.path().to_str().unwrap();
        let base = [("HOME", path), ("PATH", "/usr/local/bin:/usr/bin:/bin")];
        let variables = base.iter().chain(variables);
        let variables = variables.map(|(name, value)| (name.into(), value.into()));
        let npm = Npm::new(
            script.as_os_str(),
            variables.collect::<Vec<(OsString, OsString)>>().into_iter(),
        );
        Self {
            folder: home.path().join("cache/connector/page"),
            home,
            npm,
        }
    }

    fn page(&self, sources: Files) -> Result<PathBuf, Failure> {
        self.page_with(sources, &self.npm, &|_| {})
    }

    fn page_with(&self, sources: Files, npm: &Npm, say: &dyn Fn(&str)) -> Result<PathBuf, Failure> {
        let build = CachedBuild {
            folder: &self.folder,
            sources,
            npm,
            say,
        };
        build.read(|page| {
            assert!(self.is_locked());
            Ok(page.to_owned())
        })
    }

    /// Whether other processes would wait.
    fn is_locked(&self) -> bool {
        let lock = File::open(self.folder.join(LOCK)).unwrap();
        matches!(lock.try_lock(), Err(TryLockError::WouldBlock))
    }

    /// The content of the page that is built from these sources.
    fn built(&self, sources: Files) -> String {
        fs::read_to_string(self.page(sources).unwrap().join("index.html")).unwrap()
    }

    /// The arguments of all runs of npm since the last call.
    fn runs(&self) -> Vec<String> {
        let file = self.home.path().join("arguments");
        let text = fs::read_to_string(&file).unwrap_or_default();
        let _ = fs::remove_file(&file);
        text.lines().map(str::to_owned).collect()
    }

    /// The names of the variables of the last run with this first argument.
    fn environment(&self, argument: &str) -> Vec<String> {
        let file = self.home.path().join(format!("environment-{argument}"));
        let text = fs::read_to_string(file).unwrap();
        // The shell adds its own.
        let own = ["PWD", "OLDPWD", "SHLVL", "_"];
        let names = text
            .lines()
            .filter_map(|line| Some(line.split_once('=')?.0));
        let names = names.filter(|name| !own.contains(name)).map(str::to_owned);
        let mut names: Vec<_> = names.collect();
        names.sort();
        names
    }
}

const CI: &str = "ci --ignore-scripts --no-audit --no-fund";
const RUN: &str = "run build";

#[test]
fn a_page_is_built_once_and_again_for_other_sources() {
    let fixture = Fixture::new();
    assert_eq!(fixture.built(SOURCES), "1");
    assert_eq!(fixture.runs(), [CI, RUN]);
    assert_eq!(fixture.built(SOURCES), "1");
    assert_eq!(fixture.runs(), [""; 0], "the page is there");
    assert_eq!(fixture.built(EDITED), "3");
    assert_eq!(fixture.runs(), [RUN], "the packages are there");
    assert_eq!(fixture.built(OTHER_PACKAGES), "3");
    assert_eq!(fixture.runs(), [CI, RUN]);
    // One page is kept, with the lock and the sources.
    assert_eq!(fs::read_dir(&fixture.folder).unwrap().count(), 3);
}

#[test]
fn the_sources_keep_their_layout_and_earlier_ones_are_removed() {
    let fixture = Fixture::new();
    fixture.built(SOURCES);
    let library = fixture.folder.join("work/packages/connector-form");
    assert_eq!(fs::read(library.join("index.ts")).unwrap(), b"2");
    fixture.built(EDITED);
    assert!(!library.exists());
    assert!(fixture.folder.join("work/cli/form/node_modules").exists());
}

#[test]
fn npm_gets_a_cleared_environment_and_runs_no_install_script() {
    let variables = [
        ("HTTPS_PROXY", "http://proxy.acme.example:3128"),
        ("NODE_EXTRA_CA_CERTS", "/etc/ssl/acme.pem"),
        ("npm_config_registry", "https://npm.acme.example/"),
        ("NPM_TOKEN", "hush"),
        ("CONNECTOR_STORE_KEY", "hush"),
        ("HOTJAR_SECRET", "hush"),
        ("NODE_OPTIONS", "--require=/tmp/evil.js"),
        ("npm_config_ignore_scripts", "false"),
    ];
    let fixture = Fixture::with(&variables);
    fixture.built(SOURCES);
    assert_eq!(fixture.runs(), [CI, RUN]);
    let expected = [
        "HOME",
        "HTTPS_PROXY",
        "NODE_EXTRA_CA_CERTS",
        "NPM_TOKEN",
        "PATH",
        "npm_config_registry",
    ];
    assert_eq!(fixture.environment("ci"), expected);
    assert_eq!(fixture.environment("run"), ["HOME", "PATH"]);
}

#[test]
fn the_folder_is_for_its_owner_only() {
    let fixture = Fixture::new();
    fixture.built(SOURCES);
    let mode = fixture.folder.metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
    fs::set_permissions(&fixture.folder, fs::Permissions::from_mode(0o777)).unwrap();
    assert!(fixture.page(SOURCES).is_err());
}

#[test]
fn a_failed_build_leaves_no_page_and_the_next_one_installs_again() {
    let fixture = Fixture::new();
    let fails = fixture.home.path().join("fails");
    fs::write(&fails, "").unwrap();
    let error = fixture.page(SOURCES).unwrap_err().to_string();
    assert!(error.contains("`npm run build` failed"), "{error}");
    assert_eq!(fixture.runs(), [CI, RUN]);
    fs::remove_file(&fails).unwrap();
    assert_eq!(fixture.built(SOURCES), "1");
    assert_eq!(fixture.runs(), [CI, RUN]);
}

/// An npm that is not installed.
fn missing() -> Npm {
    Npm::new("no-such-npm".as_ref(), std::iter::empty())
}

#[test]
fn the_error_without_npm_names_the_package_to_install() {
    let fixture = Fixture::new();
    let failed = fixture.page_with(SOURCES, &missing(), &|_| {});
    let error = failed.unwrap_err().to_string();
    assert!(error.contains("npm was not found"), "{error}");
    assert!(error.contains("https://nodejs.org"), "{error}");
    // Only a build needs it.
    fixture.built(SOURCES);
    assert!(fixture.page_with(SOURCES, &missing(), &|_| {}).is_ok());
    assert!(fixture.page_with(EDITED, &missing(), &|_| {}).is_err());
}

#[test]
fn another_process_waits_for_the_build() {
    let fixture = Fixture::new();
    let pipe = fixture.home.path().join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    let go_on = || fs::write(&pipe, "go on\n").unwrap();
    let waited = AtomicBool::new(false);
    let second = thread::scope(|scope| {
        let first = scope.spawn(|| fixture.built(SOURCES));
        // The first build has begun, and waits for the pipe.
        assert_eq!(fs::read_to_string(&pipe).unwrap(), "started\n");
        let second = fixture.page_with(SOURCES, &missing(), &|message| {
            if message.contains("waiting") {
                waited.store(true, Ordering::Relaxed);
                go_on();
            }
        });
        if !waited.load(Ordering::Relaxed) {
            go_on();
        }
        assert_eq!(first.join().unwrap(), "1");
        second
    });
    assert!(second.is_ok(), "the second process built the page itself");
}

#[test]
fn a_hash_is_of_names_and_contents() {
    let of = |files: Files| hash(files.iter());
    let different: [Files; 5] = [
        &[],
        &[("a", b"bc")],
        &[("ab", b"c")],
        &[("a", b"b"), ("c", b"")],
        &[("a", b"b"), ("", b"c")],
    ];
    for (index, files) in different.iter().enumerate() {
        for other in &different[index + 1..] {
            assert_ne!(of(files), of(other));
        }
    }
    assert_eq!(of(SOURCES).len(), 64);
}
