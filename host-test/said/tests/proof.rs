//! Says a secret on purpose, in each of the ways that are listened to, and sees the search turn red. This test binary starts itself as
//! the process that says it; `CONNECTOR_SAID_LEAK=log host-test/said/run` lets it do so in the midst of all other tests.

use std::fs;
use std::process::Command;

use tempfile::TempDir;

said::listens!();

/// Which way to say it; not set: not at all.
const LEAK: &str = "CONNECTOR_SAID_LEAK";

const SECRET: &str = "said;on purpose 4711";

/// Each way to say it, with what the search finds.
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
fn says_a_secret_on_purpose_where_asked_to() {
    said::private("secret said on purpose", SECRET);
    let way = std::env::var_os(LEAK).unwrap_or_default();
    match way.to_str().unwrap() {
        "" => {}
        "log" => tracing::trace!("it is {SECRET}"),
        "field" => drop(tracing::trace_span!("nothing within", secret = SECRET)),
        "late-field" => {
            let span = tracing::trace_span!("nothing within", secret = tracing::field::Empty);
            span.record("secret", SECRET);
        }
        "stdout" => println!("it is {SECRET}"),
        "stderr" => eprintln!("it is {SECRET}"),
        "child" => said::stream(SECRET),
        "form" => tracing::trace!("it is said%3Bon+purpose+4711"),
        "bytes" => tracing::trace!(secret = ?SECRET.as_bytes()),
        other => panic!("{LEAK}={other} is no way to say it"),
    }
}

/// Runs the test above as a run of its own, and gives how the search ended and what it told.
fn searched(way: Option<&str>) -> (Option<i32>, String) {
    let folder = TempDir::new().unwrap();
    let program = std::env::current_exe().unwrap();
    let mut run = Command::new(&program);
    run.args([
        "--exact",
        "says_a_secret_on_purpose_where_asked_to",
        "--nocapture",
    ])
    .env(said::FOLDER, folder.path())
    .env_remove(LEAK)
    .envs(way.map(|way| (LEAK, way)));
    let run = run.output().unwrap();
    assert!(run.status.success());
    let cargo = format!("     Running tests/proof.rs ({})\n", program.display()).into_bytes();
    fs::write(
        folder.path().join("cargo.stream"),
        [cargo, run.stdout, run.stderr].concat(),
    )
    .unwrap();
    let search = Command::new(env!("CARGO_BIN_EXE_said"))
        .arg(folder.path())
        .output()
        .unwrap();
    (
        search.status.code(),
        String::from_utf8(search.stdout).unwrap(),
    )
}

#[test]
fn a_secret_said_on_purpose_turns_the_search_red() {
    for (way, view) in WAYS {
        let (status, told) = searched(Some(way));
        assert_eq!(status, Some(1), "{way}: {told}");
        assert!(
            told.contains("shows the secret said on purpose"),
            "{way}: {told}"
        );
        assert!(told.contains(view), "{way}: {told}");
        assert!(!told.contains("4711"), "{way}: {told}");
    }
}

#[test]
fn a_run_that_says_nothing_shows_no_secret_and_is_too_little() {
    let (status, told) = searched(None);
    assert_eq!(status, Some(2), "{told}");
    assert!(told.contains("none shows"), "{told}");
    // What the test itself does is heard and noted all the same.
    assert!(!told.contains("no log of"), "{told}");
    assert!(told.contains("only 5 secrets"), "{told}");
}
