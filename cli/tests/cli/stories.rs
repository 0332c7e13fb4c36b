//! The demo, and a reader that ends early.

use std::io::Read;
use std::process::{Command, Stdio};

use crate::harness::{Run, VENDORS};

#[test]
fn the_demo_goes_through_with_every_vendor() {
    let run = Run::new(&[], "");
    assert_eq!(run.code, Some(0), "{}\n{}", run.stdout, run.stderr);
    for shown in [
        "Hotjar",
        "Contentsquare",
        "POST https://",
        "********",
        "verdict refresh",
        "authorize authorization: ********",
        "Set-up: https://",
        "Every step had the expected outcome",
    ] {
        assert!(
            run.stdout.contains(shown),
            "{shown} is missing in {}",
            run.stdout
        );
    }
    let refused = run.stdout.matches("error    rejected").count();
    assert_eq!(refused, VENDORS.len(), "{}", run.stdout);
    assert!(!run.stdout.contains('\u{1b}'), "colours are for terminals");
}

#[test]
fn a_reader_that_leaves_early_is_no_panic() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_connector"))
        .arg("vendors")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let mut stderr = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut stderr)
        .unwrap();
    assert_eq!(
        (child.wait().unwrap().code(), stderr.as_str()),
        (Some(1), "")
    );
}
