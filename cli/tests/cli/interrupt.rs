//! Ctrl-C during a token request that replaces a refresh token.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};

use serde_json::{Value, json};

use crate::harness::{KEY, NO_NETWORK};
use crate::simulate::interrupt;
use crate::stub::{Asked, Stub, example};

const PASTED: &str = "pasted-refresh-0002";

fn token(number: usize) -> Value {
    let [access, refresh] = ["access", "refresh"].map(|kind| format!("grove-{kind}-000{number}"));
    json!({
        "access_token": access, "token_type": "bearer", "expires_in": 3600,
        "refresh_token": refresh,
    })
}

/// Orchard, which holds back each token response until the test releases it.
struct Slow {
    vendor: Stub,
    asked: Receiver<()>,
    release: Sender<()>,
}

impl Slow {
    /// With the saved credential "trees".
    async fn start() -> Self {
        leak_check::register(PASTED);
        for number in 1..4 {
            for kind in ["access", "refresh"] {
                leak_check::register(format!("grove-{kind}-000{number}"));
            }
        }
        let (has_asked, asked) = channel();
        let (release, released) = channel();
        let released = Mutex::new((0, released));
        let answer = move |asked: &Asked| {
            if asked.line != "POST /token" {
                return (200, json!({"email": "ada@acme.example"}));
            }
            let mut released = released.lock().unwrap();
            has_asked.send(()).unwrap();
            // The test may have ended.
            let _ = tokio::task::block_in_place(|| released.1.recv());
            released.0 += 1;
            (200, token(released.0))
        };
        let hosts = ["login.orchard.example", "api.orchard.example"];
        let vendor = Stub::start(&example("refresh_token"), &hosts, answer).await;
        let vendor = vendor.granting(&hosts);
        let connect = ["connect", "orchard", "--name", "trees", "--stdin"];
        let document = json!({"refresh_token": PASTED}).to_string();
        // Saved without a request, and without options for the network.
        vendor.run_offline(&connect, &document).result();
        Self {
            vendor,
            asked,
            release,
        }
    }

    /// Starts a command, and waits until its token request has arrived.
    fn start_command(&self, arguments: &[&str], stdin: &str) -> Child {
        let options = self.vendor.options();
        let mut child = Command::new(env!("CARGO_BIN_EXE_connector"))
            .args(arguments)
            .args(options)
            .env("XDG_CACHE_HOME", env!("CARGO_TARGET_TMPDIR"))
            .env("LC_ALL", "C.UTF-8")
            .envs(NO_NETWORK)
            .envs([KEY])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut input = child.stdin.take().unwrap();
        std::io::Write::write_all(&mut input, stdin.as_bytes()).unwrap();
        drop(input);
        self.asked.recv().unwrap();
        child
    }

    fn stored_token(&self) -> Value {
        let authenticate = ["authenticate", "orchard", "--saved", "trees", "--reveal"];
        self.vendor.run(&authenticate, "").result()["access_token"].take()
    }
}

/// The outcome of a command: its exit status and standard output.
fn ends(mut child: Child) -> (Option<i32>, String) {
    let mut stdout = String::new();
    child
        .stdout
        .take()
        .unwrap()
        .read_to_string(&mut stdout)
        .unwrap();
    leak_check::output(&stdout);
    (child.wait().unwrap().code(), stdout)
}

const FINISHING: &str = "finishing the token request in flight";

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_first_ctrl_c_finishes_a_token_request_and_stores_its_session() {
    let printed = json!({
        "access_token": "older", "state": "older", "base_url": "https://api.orchard.example/v3",
        "scopes": [], "issued_at": "2020-01-01T00:00:00Z",
        "origins": ["https://api.orchard.example"],
    });
    let saved = ["--saved", "trees"];
    for (arguments, stdin) in [
        (
            &["authenticate", "orchard", "--saved", "trees"][..],
            String::new(),
        ),
        (&["inspect", "orchard", "--saved", "trees"], String::new()),
        (&["token", "--saved", "trees"], String::new()),
        (&["call", "--saved", "trees", "/trees"], String::new()),
        (&["credentials", "check", "trees"], String::new()),
        (
            &[&["refresh", "orchard", "--session", "-"], &saved[..]].concat(),
            printed.to_string(),
        ),
    ] {
        let slow = Slow::start().await;
        let mut child = slow.start_command(arguments, &stdin);
        let mut stderr = BufReader::new(child.stderr.take().unwrap()).lines();
        interrupt(child.id());
        let line = stderr.next().unwrap().unwrap();
        assert!(line.starts_with(FINISHING), "{arguments:?}: {line}");
        slow.release.send(()).unwrap();
        let rest: Vec<_> = stderr.map(Result::unwrap).collect();
        let expected = [
            "the token request has ended, and its session is stored",
            "error: interrupted",
        ];
        assert_eq!(rest, expected, "{arguments:?}");
        let (code, stdout) = ends(child);
        assert_eq!(code, Some(130), "{arguments:?}: {stdout}");
        assert_eq!(slow.stored_token(), "grove-access-0001", "{arguments:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_second_ctrl_c_ends_at_once() {
    let slow = Slow::start().await;
    let arguments = ["authenticate", "orchard", "--saved", "trees"];
    let mut child = slow.start_command(&arguments, "");
    let mut stderr = BufReader::new(child.stderr.take().unwrap()).lines();
    interrupt(child.id());
    assert!(stderr.next().unwrap().unwrap().starts_with(FINISHING));
    interrupt(child.id());
    // The vendor has not answered.
    assert_eq!(stderr.next().unwrap().unwrap(), "error: interrupted");
    assert_eq!(ends(child).0, Some(130));
    drop(slow.release);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn without_a_state_to_store_the_first_ctrl_c_ends_at_once() {
    let (has_asked, asked) = channel();
    let (release, released) = channel::<()>();
    let released = Mutex::new(released);
    let answer = move |_: &Asked| {
        has_asked.send(()).unwrap();
        let released = released.lock().unwrap();
        let _ = tokio::task::block_in_place(|| released.recv());
        (200, json!({}))
    };
    let hosts = ["api.lighthouse.example"];
    let vendor = Stub::start(&crate::stub::lighthouse(), &hosts, answer).await;
    let slow = Slow {
        vendor: vendor.granting(&hosts),
        asked,
        release,
    };
    leak_check::register("lighthouse-key-0002");
    let document = json!({"key": "lighthouse-key-0002", "station": "s1"}).to_string();
    let arguments = ["authenticate", "lighthouse", "--credential", "-"];
    let mut child = slow.start_command(&arguments, &document);
    let mut stderr = BufReader::new(child.stderr.take().unwrap()).lines();
    interrupt(child.id());
    assert_eq!(stderr.next().unwrap().unwrap(), "error: interrupted");
    let (code, stdout) = ends(child);
    assert_eq!(code, Some(130));
    let error: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(error, json!({"error": {"kind": "interrupted"}}));
    drop(slow.release);
}
