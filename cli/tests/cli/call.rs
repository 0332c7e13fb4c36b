//! `call`: requests as the options name them, responses as they come, and every end of a call.

use std::fs;
use std::io::{self, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures::{StreamExt as _, stream};
use http::Response;
use http_body::Frame;
use http_body_util::{BodyExt as _, StreamBody};
use serde_json::json;

use crate::harness::{KEY, Run};
use crate::pty::{CTRL_C, Dialogue, on_terminal};
use crate::stub::{Answered, Answers as _, Asked, Stub, lighthouse, text};

const CREDENTIAL: &str = r#"{"key": "lighthouse-key-0002", "station": "s1"}"#;

/// An access token of a session, by its number.
fn token(number: usize) -> String {
    format!("lighthouse-access-{number:03}")
}

/// More than a test opens.
const MAX_SESSIONS: usize = 60;

/// Lighthouse, with this API. Each sign-in gets another token.
async fn api(answer: impl Fn(&Asked) -> Answered + Send + Sync + 'static) -> Stub {
    leak_check::register("lighthouse-key-0002");
    (1..=MAX_SESSIONS).for_each(|number| leak_check::register(token(number)));
    let sessions = AtomicUsize::new(0);
    let answer = move |asked: &Asked| {
        if asked.line == "POST /token" {
            let number = sessions.fetch_add(1, Ordering::Relaxed) + 1;
            assert!(number <= MAX_SESSIONS);
            let token = json!({"access_token": token(number), "token_type": "bearer"});
            return (200, token).response();
        }
        answer(asked)
    };
    let hosts = ["api.lighthouse.example"];
    let vendor = Stub::start(&lighthouse(), &hosts, answer).await;
    vendor.granting(&hosts)
}

/// Calls with a credential on standard input.
fn call(vendor: &Stub, arguments: &[&str]) -> Run {
    let command = ["call", "lighthouse", "--credential", "-"];
    let run = vendor.run(&[&command, arguments].concat(), CREDENTIAL);
    for text in [&run.stdout, &run.stderr] {
        assert!(!text.contains("lighthouse-access"), "{text}");
    }
    run
}

/// The requests to the API.
fn calls(vendor: &Stub) -> Vec<Asked> {
    let mut asked = vendor.asked();
    asked.retain(|asked| asked.line != "POST /token");
    asked
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_as_the_options_name_it() {
    let vendor = api(|_| text(200, &[], "done")).await;
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("body.json");
    fs::write(&file, "{\"from\":\n\"a file\"}\n").unwrap();
    let at_file = format!("@{}", file.display());
    for (arguments, line, query, content_type, body) in [
        (&["/v1/a?b=c&d=%20"][..], "GET /v1/a", "b=c&d=%20", "", ""),
        (
            &["/v1", "--data", "{}"],
            "POST /v1",
            "",
            "application/json",
            "{}",
        ),
        (
            &["/v1", "-d", &at_file, "-X", "put"],
            "PUT /v1",
            "",
            "application/json",
            "{\"from\":\n\"a file\"}\n",
        ),
        (
            &["/v1", "-d", "a=b", "-H", "Content-Type: text/plain"],
            "POST /v1",
            "",
            "text/plain",
            "a=b",
        ),
        (&["/v1", "--method", "DELETE"], "DELETE /v1", "", "", ""),
    ] {
        let run = call(&vendor, &[arguments, &["--header", "X-Trace: 7"]].concat());
        assert_eq!((run.code, run.stdout.as_str()), (Some(0), "done"));
        assert_eq!(run.stderr, "");
        let expected = Asked {
            line: line.into(),
            query: query.into(),
            content_type: content_type.into(),
            x_trace: "7".into(),
            body: body.into(),
            ..Asked::default()
        };
        let mut asked = calls(&vendor);
        assert!(
            asked[0]
                .authorization
                .starts_with("Bearer lighthouse-access")
        );
        asked[0].authorization.clear();
        assert_eq!(asked, [expected]);
    }
    let credential = dir.path().join("credential.json");
    fs::write(&credential, CREDENTIAL).unwrap();
    let credential = credential.to_str().unwrap();
    let piped = [
        "call",
        "lighthouse",
        "--credential",
        credential,
        "/v1",
        "--data",
        "@-",
    ];
    assert_eq!(vendor.run(&piped, "piped").stdout, "done");
    assert_eq!(calls(&vendor)[0].body, "piped");
}

#[tokio::test(flavor = "multi_thread")]
async fn include_prints_the_head_and_the_body_is_printed_as_it_is() {
    let body = "\u{1b}[1mnot a terminal\r\n\0";
    let vendor = api(move |_| text(404, &[("x-count", "7")], body)).await;
    let run = call(&vendor, &["/v1", "--include"]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let (head, printed) = run.stdout.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 404 Not Found\r\n"), "{head}");
    assert!(head.contains("\r\nx-count: 7"), "{head}");
    assert_eq!(printed, body);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_terminal_shows_no_control_character_of_a_response() {
    let vendor = api(|_| text(200, &[("x-count", "7")], "\u{9b}2J\u{1b}[2Jclear")).await;
    let dir = tempfile::tempdir().unwrap();
    let credential = dir.path().join("credential.json");
    fs::write(&credential, CREDENTIAL).unwrap();
    let credential = credential.to_str().unwrap();
    let options = vendor.options();
    let options = options.iter().map(String::as_str);
    let call = [
        "call",
        "lighthouse",
        "/v1",
        "--credential",
        credential,
        "--include",
    ];
    let call: Vec<_> = call.into_iter().chain(options).collect();
    let (code, screen) = on_terminal(&call, &[KEY]);
    assert_eq!(code, Some(0), "{screen}");
    assert!(screen.contains("x-count: 7\r\n"), "{screen}");
    assert!(
        screen.ends_with("\u{fffd}2J\u{fffd}[2Jclear\r\n"),
        "{screen:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_download_shows_its_progress_on_the_terminal() {
    let vendor = api(|_| {
        let interval = tokio::time::interval(Duration::from_millis(50));
        let pieces = stream::unfold(interval, |mut interval| async {
            interval.tick().await;
            Some((Ok(Frame::data(Bytes::from_static(&HALF))), interval))
        });
        Response::new(StreamBody::new(pieces).boxed_unsync())
    })
    .await;
    let dir = tempfile::tempdir().unwrap();
    let credential = dir.path().join("credential.json");
    fs::write(&credential, CREDENTIAL).unwrap();
    let credential = credential.to_str().unwrap();
    let options = vendor.options();
    let options = options.iter().map(String::as_str);
    let call = ["call", "lighthouse", "/v1", "--credential", credential];
    let call: Vec<_> = call.into_iter().chain(options).collect();
    let mut dialogue = Dialogue::start(dir.path(), &call, &[KEY]);
    dialogue
        .sees(" KiB, ")
        .sees("KiB/s")
        .types(CTRL_C)
        .sees("error: interrupted");
}

/// More than the beginning of a body, for which a verdict waits.
const HALF: [u8; 8192] = [b'.'; 8192];

/// The answer of the API for a path: `/status/429/retry-after/7`, or a fault.
fn by_path(asked: &Asked) -> Answered {
    let path: Vec<_> = asked.line.split('/').skip(1).collect();
    match path.as_slice() {
        ["status", status] => text(status.parse().unwrap(), &[], "from the vendor"),
        ["status", status, "retry-after", secs] => text(
            status.parse().unwrap(),
            &[("retry-after", secs)],
            "from the vendor",
        ),
        ["code", status, code] => (status.parse().unwrap(), json!({"error": code})).response(),
        ["cut-off"] => {
            let half = stream::iter([Ok(Frame::data(Bytes::from_static(&HALF)))]);
            // Later, when the half has been sent.
            let end = half.chain(stream::once(async {
                tokio::task::yield_now().await;
                Err(io::Error::from(io::ErrorKind::ConnectionReset))
            }));
            Response::new(StreamBody::new(end).boxed_unsync())
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_end_of_a_call_has_its_sentence_and_its_exit_status() {
    const REFUSED: &str = "the vendor refused the credential; check it or create a new one";
    const FORBIDDEN: &str =
        "the credential does not allow this request; change its scope, plan or project";
    const DOWN: &str = "the vendor is unavailable; try again";
    let vendor = api(by_path).await;
    for (path, fail, code, sentence) in [
        ("/status/200", false, 0, ""),
        ("/status/404", false, 0, ""),
        ("/status/302", true, 0, ""),
        ("/status/404", true, 22, "the response has status 404"),
        ("/status/422", true, 22, "the response has status 422"),
        ("/status/401", false, 3, REFUSED),
        ("/code/401/invalid_token", false, 3, REFUSED),
        ("/code/200/invalid_token", true, 3, REFUSED),
        ("/status/403", false, 3, FORBIDDEN),
        ("/code/403/insufficient_scope", true, 3, FORBIDDEN),
        (
            "/status/429",
            false,
            5,
            "too many requests; try again later",
        ),
        (
            "/status/429/retry-after/7",
            true,
            5,
            "too many requests; try again in 7 s",
        ),
        ("/status/503", false, 5, DOWN),
        (
            "/status/503/retry-after/9",
            false,
            5,
            "the vendor is unavailable; try again in 9 s",
        ),
        (
            "/cut-off",
            true,
            4,
            "the response broke off after 8192 bytes (stage cut-off)",
        ),
    ] {
        let arguments: &[&str] = if fail { &[path, "--fail"] } else { &[path] };
        let run = call(&vendor, arguments);
        assert_eq!(run.code, Some(code), "{path}: {}", run.stderr);
        if code == 0 {
            assert_eq!(run.stderr, "", "{path}");
        } else {
            let message = format!("error: {sentence}");
            assert!(run.stderr.starts_with(&message), "{path}: {}", run.stderr);
            assert_eq!(run.stderr.lines().count(), 1, "{path}: {}", run.stderr);
        }
        // Standard output is the vendor's, and empty with --fail.
        let shown = match (path, code) {
            ("/cut-off", _) => str::from_utf8(&HALF).unwrap(),
            (_, 1..) if fail => "",
            (path, _) if path.starts_with("/code") => r#"{"error":"invalid_token"}"#,
            _ => "from the vendor",
        };
        assert_eq!(run.stdout, shown, "{path}");
    }
    // Without a response.
    let wrong = ["call", "lighthouse", "--credential", "-", "/v1"];
    let run = vendor.run(&wrong, r#"{"key": "lighthouse-key-0002"}"#);
    run.ends(3, "");
    assert!(run.stderr.contains("\n  station: "), "{}", run.stderr);
    let run = vendor.run(
        &["call", "lighthouse", "--credential", "-", "v1"],
        CREDENTIAL,
    );
    run.ends(2, "");
    // Bound, so that no other process gets the port, but without a listener.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind(([127, 0, 0, 1], 0).into()).unwrap();
    let rule = format!(
        "api.lighthouse.example:443:{}",
        socket.local_addr().unwrap()
    );
    let grant = "https://api.lighthouse.example";
    let nowhere = ["/v1", "--grant", grant, "--connect-to", &rule];
    let mut options = vendor.options();
    options.truncate(4);
    let options = options.iter().map(String::as_str);
    let arguments = ["call", "lighthouse", "--credential", "-"].into_iter();
    let arguments: Vec<_> = arguments.chain(nowhere).chain(options).collect();
    let run = Run::new(&arguments, CREDENTIAL);
    run.ends(4, "");
    assert!(run.stderr.contains("stage connect"), "{}", run.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_throttled_call_is_retried_after_the_vendors_time_as_often_as_allowed() {
    let left = Arc::new(AtomicUsize::new(0));
    let refusals = Arc::clone(&left);
    let vendor = api(move |asked| {
        let status = if asked.line.ends_with("/throttled") {
            429
        } else {
            503
        };
        let is_left = |left: usize| left.checked_sub(1);
        match refusals.fetch_update(Ordering::SeqCst, Ordering::SeqCst, is_left) {
            Ok(_) => text(status, &[("retry-after", "1")], "wait"),
            Err(_) => text(200, &[], "done"),
        }
    })
    .await;
    for (path, refusals, retries, code, shown) in [
        ("/throttled", 1, "1", 0, "done"),
        ("/unavailable", 1, "3", 0, "done"),
        ("/throttled", 2, "1", 5, "wait"),
        ("/unavailable", 1, "0", 5, "wait"),
    ] {
        left.store(refusals, Ordering::SeqCst);
        let run = call(&vendor, &[path, "--retry", retries]);
        run.ends(code, shown);
        let note = format!("; retry 1 of {retries} in 1 s\n");
        assert_eq!(run.stderr.contains(&note), retries != "0", "{}", run.stderr);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_token_within_a_call_is_replaced_and_the_call_repeated_once() {
    let vendor = api(|asked| match asked.authorization.as_str() {
        "Bearer lighthouse-access-001" => text(401, &[], "expired"),
        _ => text(200, &[], "done"),
    })
    .await;
    let run = call(&vendor, &["/v1", "--data", "once more"]);
    run.ends(0, "done");
    let bodies: Vec<_> = calls(&vendor).into_iter().map(|asked| asked.body).collect();
    assert_eq!(bodies, ["once more", "once more"]);
}

/// 200 MiB, a thousand times any buffer.
const LONG_BYTES: usize = 200 << 20;
const PIECE_BYTES: usize = 64 << 10;
/// A part that does not fit into a pipe, so that the writer still runs.
const LAST_BYTES: usize = 1 << 20;
/// What the memory may grow while the middle is streamed.
const MAX_GROWTH_KIB: usize = 16 << 10;

fn long(_: &Asked) -> Answered {
    let piece = Bytes::from(vec![b'.'; PIECE_BYTES]);
    let pieces = stream::repeat_with(move || Ok(Frame::data(piece.clone())));
    let pieces = pieces.take(LONG_BYTES / PIECE_BYTES);
    Response::new(StreamBody::new(pieces).boxed_unsync())
}

/// Starts a call with a credential in a file.
fn start(vendor: &Stub, dir: &Path, arguments: &[&str]) -> Child {
    let credential = dir.join("credential.json");
    fs::write(&credential, CREDENTIAL).unwrap();
    Command::new(env!("CARGO_BIN_EXE_connector"))
        .args(["call", "lighthouse", "--credential"])
        .arg(credential)
        .args(arguments)
        .args(vendor.options())
        .env("XDG_CACHE_HOME", env!("CARGO_TARGET_TMPDIR"))
        .envs([KEY])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// The largest resident memory of a process so far.
fn peak_kib(process: &Child) -> usize {
    let status = fs::read_to_string(format!("/proc/{}/status", process.id())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let number = line.unwrap().split_whitespace().nth(1);
    number.unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_response_is_streamed_in_constant_memory() {
    let vendor = api(long).await;
    let dir = tempfile::tempdir().unwrap();
    let mut child = start(&vendor, dir.path(), &["/v1"]);
    let mut stdout = child.stdout.take().unwrap();
    let mut piece = vec![0; LAST_BYTES];
    stdout.read_exact(&mut piece).unwrap();
    let before = peak_kib(&child);
    for _ in 0..(LONG_BYTES / LAST_BYTES - 2) {
        stdout.read_exact(&mut piece).unwrap();
    }
    let growth = peak_kib(&child) - before;
    assert!(growth < MAX_GROWTH_KIB, "{growth} KiB");
    let mut last = Vec::new();
    stdout.read_to_end(&mut last).unwrap();
    assert_eq!(last.len(), LAST_BYTES);
    assert!(child.wait().unwrap().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_appears_when_its_response_is_complete_and_is_left_alone_otherwise() {
    let vendor = api(by_path).await;
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("export.csv");
    let output = file.to_str().unwrap();
    for (path, options, code, content) in [
        ("/cut-off", &[][..], 4, None),
        ("/status/403", &[], 3, None),
        ("/status/404", &["--fail"], 22, None),
        ("/status/200", &[], 0, Some("from the vendor")),
        ("/cut-off", &[], 4, Some("from the vendor")),
        ("/status/503", &[], 5, Some("from the vendor")),
        ("/code/404/none", &[], 0, Some(r#"{"error":"none"}"#)),
    ] {
        let run = call(&vendor, &[&[path, "--output", output], options].concat());
        run.ends(code, "");
        assert_eq!(fs::read_to_string(&file).ok().as_deref(), content, "{path}");
        let files = fs::read_dir(dir.path()).unwrap().count();
        assert_eq!(
            files,
            usize::from(content.is_some()),
            "{path} leaves a file"
        );
    }
    for (place, message) in [
        (dir.path().to_str().unwrap(), "is a directory"),
        (
            "/no-such-folder/export.csv",
            "cannot write /no-such-folder/export.csv",
        ),
    ] {
        let run = call(&vendor, &["/status/200", "--output", place]);
        assert_eq!(run.code, Some(1), "{}", run.stderr);
        assert!(run.stderr.contains(message), "{}", run.stderr);
    }
    let run = call(&vendor, &["/status/200", "--output", "-"]);
    assert_eq!(run.stdout, "from the vendor");
    assert_eq!(
        call(&vendor, &["/status/200", "-o", "/dev/null"]).code,
        Some(0)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_download_leaves_no_file() {
    let vendor = api(|_| {
        let first = stream::iter([Ok(Frame::data(Bytes::from_static(&HALF)))]);
        Response::new(StreamBody::new(first.chain(stream::pending())).boxed_unsync())
    })
    .await;
    let dir = tempfile::tempdir().unwrap();
    let downloads = dir.path().join("downloads");
    fs::create_dir(&downloads).unwrap();
    let file = downloads.join("export.csv");
    let mut child = start(
        &vendor,
        dir.path(),
        &["/v1", "--output", file.to_str().unwrap()],
    );
    let files = || fs::read_dir(&downloads).unwrap().count();
    while files() == 0 {
        assert!(child.try_wait().unwrap().is_none(), "the call waits");
        tokio::task::yield_now().await;
    }
    let process = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(process, rustix::process::Signal::INT).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert_eq!(files(), 0);
}
