//! The example of embedding, run as a person runs it.

use std::env;
use std::process::Command;

said::listens!();

#[test]
fn an_embedder_does_not_notice_that_its_token_expired() {
    let tests = env::current_exe().unwrap();
    let built = tests.ancestors().nth(2).unwrap();
    let run = Command::new(built.join("examples/embed")).output();
    let run = run.expect("`cargo test` without a selection builds the examples");
    let said = String::from_utf8_lossy(&run.stdout);
    said::stream(&*said);
    assert!(
        run.status.success(),
        "{}",
        String::from_utf8_lossy(&run.stderr)
    );
    let count = |text: &str| said.matches(text).count();
    // The first call, the same again with a token that is over, and that again with a new one.
    let requests = (
        count("POST https://api.contentsquare.com/v1/oauth/token"),
        count("/v1/exports"),
    );
    assert_eq!((count("200 OK"), requests), (2, (2, 3)), "{said}");
}
