//! The demo, and a reader that does not listen to the end.

use std::io::Read;
use std::process::{Command, Stdio};

use crate::harness::{Run, VENDORS};

#[test]
fn the_demo_goes_through_with_every_vendor() {
    let run = Run::new(&[], "");
    assert_eq!(run.code, Some(0), "{}\n{}", run.stdout, run.stderr);
    for told in [
        "Hotjar",
        "Contentsquare",
        "POST https://",
        "********",
        "verdict refresh",
        "Everything went as told",
    ] {
        assert!(
            run.stdout.contains(told),
            "{told} is missing in {}",
            run.stdout
        );
    }
    let refused = run.stdout.matches("answer   rejected").count();
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
