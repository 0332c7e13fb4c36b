//! The origins of a credential: requests of the plugin and of its sessions reach no other. Also the
//! pages of an inspection, and the description of a vendor.

use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use bytes::Bytes;
use connector_host::{
    Connector, Limits, MAX_PAGES, Origin, PluginError, ResponseBody, SendError, Session, Timeouts,
    Transport, TransportError,
};
use futures::future::BoxFuture;
use http_body_util::{BodyExt, Empty};

use crate::harness::{authenticated, load, turn};
use crate::wat::{ANSWERED, CORRECT, DENIED, Plugin, aligned, said};

/// Answers every request, and records it.
#[derive(Default)]
struct Recorder(Mutex<Vec<http::Request<Bytes>>>);

impl Transport for Recorder {
    fn send(
        &self,
        request: http::Request<Bytes>,
        _timeouts: Timeouts,
    ) -> BoxFuture<'static, Result<http::Response<ResponseBody>, TransportError>> {
        self.0.lock().unwrap().push(request);
        let body = Empty::new().map_err(|never| match never {}).boxed_unsync();
        Box::pin(std::future::ready(Ok(http::Response::new(body))))
    }
}

impl Recorder {
    fn urls(&self) -> Vec<String> {
        let requests = self.0.lock().unwrap();
        requests
            .iter()
            .map(|request| request.uri().to_string())
            .collect()
    }
}

/// Loads a plugin with the operator's grant, if there is one.
async fn granted(plugin: &[u8], grant: Option<&[&str]>) -> (Connector, Arc<Recorder>) {
    let recorder = Arc::new(Recorder::default());
    let mut builder = Connector::builder(Arc::clone(&recorder) as Arc<dyn Transport>);
    if let Some(origins) = grant {
        builder = builder.grant(
            origins
                .iter()
                .map(|origin| origin.parse::<Origin>().unwrap()),
        );
    }
    (builder.load_bytes(plugin).await.unwrap(), recorder)
}

/// Sends a request to this host, for a credential that needs this one: both have the letters of
/// "a.example" but the first.
fn sending_to(host: char, needed: char) -> Vec<u8> {
    let set = |at, letter| {
        format!(
            "(i32.store8 (i32.const {at}) (i32.const {}))",
            u32::from(letter)
        )
    };
    Plugin {
        // The host is at 147, and the origin's host at 138.
        origins: &format!("{} (i32.const 160)", set(138, needed)),
        authenticate: &aligned(&format!(
            "{} (call $say (call $answer (call $request)))",
            set(147, host)
        )),
        ..CORRECT
    }
    .component()
}

#[tokio::test]
async fn a_request_reaches_the_origins_of_the_credential_and_of_the_vendor_or_grant() {
    let _turn = turn().await;
    let (a, b) = (&["https://a.example"][..], &["https://b.example"][..]);
    for (host, needed, grant, is_sent) in [
        ('a', 'a', None, true),
        ('a', 'a', Some(a), true),
        ('a', 'a', Some(b), false),
        // Outside of the credential's origins.
        ('a', 'b', None, false),
        ('a', 'b', Some(a), false),
        // Not declared by the vendor: only with an operator's grant.
        ('b', 'b', None, false),
        ('b', 'b', Some(a), false),
        ('b', 'b', Some(b), true),
    ] {
        let (connector, recorder) = granted(&sending_to(host, needed), grant).await;
        let outcome = if is_sent { ANSWERED } else { DENIED };
        assert_eq!(authenticated(&connector).await, Err(said(outcome)));
        let urls = recorder.urls();
        let expected = is_sent.then(|| format!("https://{host}.example/"));
        assert_eq!(urls, Vec::from_iter(expected), "{host} {needed} {grant:?}");
    }
}

#[tokio::test]
async fn a_failure_of_origins_is_the_result_and_nothing_is_sent() {
    let _turn = turn().await;
    let sends = aligned("(call $say (call $answer (call $request)))");
    let invalid =
        "(i32.store (i32.const 1056) (i32.const 128)) (i32.store (i32.const 1060) (i32.const 1))
        (i32.store (i32.const 1040) (i32.const 128)) (i32.store (i32.const 1044) (i32.const 0))
        (i32.store (i32.const 1048) (i32.const 128)) (i32.store (i32.const 1052) (i32.const 1))
        (call $fail (i32.const 1) (i32.const 1040) (i32.const 1))";
    // A wildcard that the vendor does not declare: "https://*.example" in place of its own.
    let wildcard = "(i32.store8 (i32.const 138) (i32.const 42)) (i32.const 160)";
    for (origins, kind) in [
        (invalid, "invalid-credential"),
        (wildcard, "broken-plugin"),
        ("(call $say (i32.const 7))", "throttled"),
        ("unreachable", "broken-plugin"),
    ] {
        let plugin = Plugin {
            origins,
            authenticate: &sends,
            inspect: &sends,
            ..CORRECT
        };
        let (connector, recorder) = granted(&plugin.component(), None).await;
        let error = authenticated(&connector).await.unwrap_err();
        assert_eq!(error.kind(), kind);
        assert_eq!(connector.origins("a", "{}").await.unwrap_err(), error);
        assert!(recorder.urls().is_empty());

        // A form that is being filled in is inspected at the origins of the vendor.
        let inspected = connector.inspect("a", "{}", None, None).await.unwrap_err();
        let is_unfinished = kind == "invalid-credential";
        let expected = if is_unfinished { said(ANSWERED) } else { error };
        assert_eq!(inspected, expected);
        assert_eq!(recorder.urls().len(), usize::from(is_unfinished));
    }
}

#[tokio::test]
async fn origins_without_network_are_read() {
    let _turn = turn().await;
    let (connector, recorder) = granted(&CORRECT.component(), None).await;
    let origins = connector.origins("a", "{}").await.unwrap();
    assert_eq!(origins, ["https://a.example".parse().unwrap()]);
    assert!(recorder.urls().is_empty());
}

fn session(base_url: &str, origins: &[&str]) -> Session {
    let mut session = Session::new("t0k;en".to_owned(), base_url, SystemTime::UNIX_EPOCH);
    session.origins = origins
        .iter()
        .map(|origin| origin.parse().unwrap())
        .collect();
    session
}

fn get(path: &str) -> http::Request<Bytes> {
    let request = http::Request::get(path).header("x-key", "mine");
    request.body(Bytes::new()).unwrap()
}

#[tokio::test]
async fn a_session_reaches_only_its_origins_within_the_grant() {
    let _turn = turn().await;
    let (a, b) = ("https://a.example", "https://b.example");
    for (base, origins, grant, is_sent) in [
        (a, &[a][..], None, true),
        (a, &[], None, false),
        (a, &[b], None, false),
        (b, &[b], None, false),
        (b, &[b], Some(&[b][..]), true),
        (a, &[a], Some(&[b]), false),
    ] {
        let (connector, recorder) = granted(&CORRECT.component(), grant).await;
        let sent = connector
            .send("a", &session(base, origins), get("/x"))
            .await;
        assert_eq!(sent.is_ok(), is_sent, "{base} {origins:?} {grant:?}");
        if let Err(error) = sent {
            assert_eq!(error, SendError::Transport(TransportError::Denied));
        }
        assert_eq!(recorder.urls().len(), usize::from(is_sent));
    }
}

#[tokio::test]
async fn an_authorization_is_put_on_the_request_and_its_framing_is_not() {
    let _turn = turn().await;
    // One header field at 1024 of this name at 1056, with the value "a"; one parameter at 1040.
    let authorizing = |name: &str| {
        let bytes = name.bytes().enumerate();
        let written = bytes
            .map(|(at, byte)| format!("(i32.store8 (i32.const {}) (i32.const {byte}))", 1056 + at));
        let stored = [
            (1024, 1056),
            (1028, name.len()),
            (1032, 128),
            (1036, 1),
            (1040, 128),
            (1044, 1),
            (1048, 130),
            (1052, 7),
            (260, 1024),
            (264, 1),
            (268, 1040),
            (272, 1),
        ];
        let stored =
            stored.map(|(at, word)| format!("(i32.store (i32.const {at}) (i32.const {word}))"));
        let body = [written.collect(), stored.to_vec()].concat().concat();
        Plugin {
            authorize: &format!("{body} (i32.const 256)"),
            ..CORRECT
        }
        .component()
    };
    let session = session("https://a.example/base", &["https://a.example"]);
    let (connector, recorder) = granted(&authorizing("X-Key"), None).await;
    connector.send("a", &session, get("/x?y=z")).await.unwrap();
    let request = recorder.0.lock().unwrap().pop().unwrap();
    assert_eq!(request.uri(), "https://a.example/base/x?y=z&a=https%3A%2F");
    let values = request.headers().get_all("x-key").iter();
    assert_eq!(values.collect::<Vec<_>>(), ["a"]);

    for name in [
        "content-length",
        "Host",
        "transfer-encoding",
        "connection",
        "a b",
    ] {
        let (connector, recorder) = granted(&authorizing(name), None).await;
        let error = connector
            .send("a", &session, get("/x"))
            .await
            .err()
            .unwrap();
        let breach = PluginError::Contract("authorization.headers");
        assert_eq!(error, SendError::Call(breach.into()), "{name}");
        assert!(recorder.urls().is_empty());
    }
}

#[tokio::test]
async fn a_failing_authorization_sends_nothing() {
    let _turn = turn().await;
    let plugin = Plugin {
        authorize: "(call $say (i32.const 7))",
        ..CORRECT
    };
    let (connector, recorder) = granted(&plugin.component(), None).await;
    let session = session("https://a.example", &["https://a.example"]);
    let error = connector
        .send("a", &session, get("/x"))
        .await
        .err()
        .unwrap();
    assert_eq!(error.kind(), "throttled");
    assert_eq!(error, SendError::Call(said(7)));
    assert!(recorder.urls().is_empty());
}

#[tokio::test]
async fn an_inspection_ends_with_its_last_page_or_its_limit() {
    let _turn = turn().await;
    // Asks for a page, which has the cursor "a" in the second plugin.
    let next = "(i32.store8 (i32.const 320) (i32.const 1))
        (i32.store (i32.const 324) (i32.const 128)) (i32.store (i32.const 328) (i32.const 1))";
    for (next, pages, cursor) in [("", 1, None), (next, MAX_PAGES, Some("a"))] {
        let plugin = Plugin {
            inspect: &format!("(drop (call $answer (call $request))) {next} (i32.const 256)"),
            ..CORRECT
        };
        let (connector, recorder) = granted(&plugin.component(), None).await;
        let access = connector.inspect_all("a", "{}", None).await.unwrap();
        assert_eq!(access.next.as_deref(), cursor);
        assert_eq!(recorder.urls().len(), pages);
    }
}

#[tokio::test]
async fn a_description_is_read() {
    let _turn = turn().await;
    let connector = load(&CORRECT.component(), Limits::default()).await.unwrap();
    let locales = ["fr-CA".to_owned(), "en".to_owned()];
    let description = connector.describe("a", &locales).await.unwrap();
    assert_eq!(description.name, "A");
}
