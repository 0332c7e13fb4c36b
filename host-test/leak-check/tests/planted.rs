//! Plants a leak and sees the check fail. The test binary starts itself as the leaking process;
//! `CONNECTOR_PLANT_LEAK=log host-test/leak-check/run` plants one among all other tests.

use std::fs;
use std::process::Command;

use leak_check::{FOLDER, search};

leak_check::capture!();

/// Names the way to leak. Unset: no leak.
const PLANT: &str = "CONNECTOR_PLANT_LEAK";

const SECRET: &str = "planted;on purpose 4711";

/// Each way to leak, with the encoding that the search reports.
const WAYS: [(&str, &str); 8] = [
    ("log", "as it is"),
    ("field", "as it is"),
    ("late-field", "as it is"),
    ("stdout", "as it is"),
    ("stderr", "as it is"),
    ("child", "as it is"),
    ("form", "percent-encoded"),
    ("bytes", "as a list of bytes"),
];

#[test]
fn leaks_a_secret_if_asked_to() {
    leak_check::register(SECRET);
    let way = std::env::var_os(PLANT).unwrap_or_default();
    match way.to_str().unwrap() {
        "" => {}
        "log" => tracing::trace!("leaks {SECRET}"),
        "field" => drop(tracing::trace_span!("empty", secret = SECRET)),
        "late-field" => {
            let span = tracing::trace_span!("empty", secret = tracing::field::Empty);
            span.record("secret", SECRET);
        }
        "stdout" => println!("leaks {SECRET}"),
        "stderr" => eprintln!("leaks {SECRET}"),
        "child" => leak_check::output(SECRET),
        "form" => tracing::trace!("leaks planted%3Bon+purpose+4711"),
        "bytes" => tracing::trace!(secret = ?SECRET.as_bytes()),
        other => panic!("{PLANT}={other} is not a way to leak"),
    }
}

/// Runs the test above in a process of its own and returns the search's exit status and output.
fn search_after(way: Option<&str>) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().unwrap();
    let program = std::env::current_exe().unwrap();
    let mut test = Command::new(&program);
    test.args(["--exact", "leaks_a_secret_if_asked_to", "--nocapture"])
        .env(FOLDER, folder.path())
        .env_remove(PLANT)
        .envs(way.map(|way| (PLANT, way)));
    let test = test.output().unwrap();
    assert!(test.status.success());
    let running = format!("     Running tests/planted.rs ({})\n", program.display());
    let cargo = [running.into_bytes(), test.stdout, test.stderr].concat();
    fs::write(folder.path().join(search::CARGO), cargo).unwrap();
    let search = Command::new(env!("CARGO_BIN_EXE_leak-check"))
        .arg(folder.path())
        .output()
        .unwrap();
    (
        search.status.code(),
        String::from_utf8(search.stdout).unwrap(),
    )
}

#[test]
fn a_planted_leak_fails_the_check() {
    for (way, encoding) in WAYS {
        let (status, output) = search_after(Some(way));
        assert_eq!(status, Some(1), "{way}: {output}");
        assert!(output.contains(encoding), "{way}: {output}");
        assert!(!output.contains("4711"), "{way}: {output}");
    }
}

#[test]
fn a_run_without_a_leak_reports_gaps_only() {
    let (status, output) = search_after(None);
    assert_eq!(status, Some(2), "{output}");
    assert!(output.contains(" 0 leaks"), "{output}");
    assert!(!output.contains("no log of"), "{output}");
    assert!(output.contains("only 6 secrets"), "{output}");
}
