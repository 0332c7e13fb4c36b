//! `simulate`, from its first line to Ctrl-C.

use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::harness::{KEY, Run, VENDORS, shows_a_secret};

#[test]
fn simulate_offers_what_authenticate_needs_and_leaves_nothing_behind() {
    let child = Command::new(env!("CARGO_BIN_EXE_connector"))
        .arg("simulate")
        .stdout(Stdio::piped())
        .spawn();
    let mut child = Running(child.unwrap());
    let mut lines = BufReader::new(child.0.stdout.take().unwrap())
        .lines()
        .map(Result::unwrap);
    let shown: Vec<_> = lines
        .by_ref()
        .take_while(|line| !line.starts_with("`inspect`"))
        .collect();
    leak_check::output(shown.join("\n"));
    assert!(!shown.iter().any(|line| shows_a_secret(line)));
    let option = |line: &String| {
        line.trim()
            .split_once(' ')
            .map(|(name, value)| [name.to_owned(), value.to_owned()])
    };
    let network: Vec<_> = shown
        .iter()
        .filter(|line| line.starts_with("  --"))
        .filter_map(option)
        .flatten()
        .collect();
    let dir = PathBuf::from(&network[1]).parent().unwrap().to_owned();
    assert_eq!(mode(&dir), 0o700);
    assert_eq!(mode(&dir.join("hotjar.json")), 0o600);
    for vendor in VENDORS {
        let credential = dir
            .join(vendor)
            .with_extension("json")
            .display()
            .to_string();
        let mut arguments = vec!["authenticate", vendor, "--credential", &credential];
        arguments.extend(network.iter().map(String::as_str));
        assert_eq!(
            Run::new(&arguments, "").result()["access_token"],
            "********"
        );
    }
    interrupt(child.0.id());
    assert!(child.0.wait().unwrap().success());
    assert!(!dir.exists());
}

#[test]
fn the_variables_of_simulate_lead_the_other_commands_to_it() {
    let child = Command::new(env!("CARGO_BIN_EXE_connector"))
        .args(["simulate", "--env"])
        .stdout(Stdio::piped())
        .spawn();
    let mut child = Running(child.unwrap());
    let lines = BufReader::new(child.0.stdout.take().unwrap()).lines();
    let variables: Vec<(String, String)> = lines
        .take(3 + VENDORS.len())
        .map(|line| {
            let line = line.unwrap();
            let (name, value) = line
                .strip_prefix("export ")
                .unwrap()
                .split_once('=')
                .unwrap();
            (name.to_owned(), value.trim_matches('\'').to_owned())
        })
        .collect();
    let of = |name: &str| &variables.iter().find(|(known, _)| known == name).unwrap().1;
    let mut set: Vec<_> = variables
        .iter()
        .map(|(name, value)| (&**name, &**value))
        .collect();
    set.push(KEY);
    for vendor in VENDORS {
        let credential = of(&format!("{}_CREDENTIAL", vendor.to_uppercase()));
        let authenticate = ["authenticate", vendor, "--credential", credential];
        let session = Run::with(&authenticate, "", &set).result();
        assert_eq!(session["access_token"], "********");
    }
    let connect = ["connect", "hotjar", "--name", "mine", "--stdin"];
    let document = std::fs::read_to_string(of("HOTJAR_CREDENTIAL")).unwrap();
    Run::with(&connect, &document, &set).result();
    assert!(Path::new(of("CONNECTOR_STORE")).exists());
    let dir = Path::new(of("CONNECTOR_CACERT"))
        .parent()
        .unwrap()
        .to_owned();
    interrupt(child.0.id());
    assert!(child.0.wait().unwrap().success());
    assert!(!dir.exists());
}

/// The permissions of a file.
fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().permissions().mode() & 0o777
}

/// Ends with the test, also when that fails.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It usually has ended.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// As Ctrl-C does.
pub(crate) fn interrupt(process: u32) {
    let process = rustix::process::Pid::from_raw(process.try_into().unwrap()).unwrap();
    rustix::process::kill_process(process, rustix::process::Signal::INT).unwrap();
}
