//! A hundred thousand inputs for the built component, mutated from `fuzz/cases`: no call traps.
//! `silence.rs` checks that no result contains a secret of its input.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use connector_host::{ApiResponse, CallError, Session};
use host_test::script::Reply;
use http::{HeaderName, HeaderValue};
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::strategy::ValueTree;
use proptest::string::string_regex;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use super::answer::Answer;
use super::common::head;
use super::samples::Suite;

/// Each input is made for one call.
const INPUTS: usize = 104_000;
/// Each has its own component, network and inputs.
const WORKERS: u8 = 2;

/// The fuzz cases of some targets.
fn cases(targets: &[&str]) -> Arc<[Vec<u8>]> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/cases");
    let mut paths: Vec<_> = targets
        .iter()
        .flat_map(|target| fs::read_dir(folder.join(target)).unwrap())
        .map(|input| input.unwrap().path())
        .collect();
    paths.sort();
    paths.iter().map(|path| fs::read(path).unwrap()).collect()
}

/// One change to an input.
#[derive(Debug, Clone)]
enum Change {
    /// Replaces a byte.
    Byte(Index, u8),
    /// Inserts a word.
    Word(Index, &'static str),
    /// Repeats a piece.
    Repeated(Index, usize, usize),
    /// Removes a piece.
    Left(Index, usize),
    /// Removes the end.
    Cut(Index),
    /// Appends the end of another input.
    Other(Index, Index),
}

/// Difficult words for parsers: punctuation, numbers and strings near limits.
const WORDS: [&str; 24] = [
    "{",
    "}",
    "[",
    "]",
    "\"",
    "\\",
    ",",
    ":",
    "\n\n",
    "null",
    "1e999",
    "-0.0",
    "9007199254740992",
    "18446744073709551616",
    "4.2e1",
    "\\ud83d",
    "\\u0000",
    "\u{feff}",
    "\u{a0}",
    "😀",
    "\"success\":false,",
    "Bearer error=\"",
    "contentsquare.com",
    " GMT",
];

fn change() -> impl Strategy<Value = Change> {
    let at = any::<Index>;
    prop_oneof![
        3 => (at(), any::<u8>()).prop_map(|(at, byte)| Change::Byte(at, byte)),
        3 => (at(), proptest::sample::select(&WORDS[..])).prop_map(|(at, word)| Change::Word(at,
                word)),
        1 => (at(), 1..8_usize,
            1..2_000_usize).prop_map(|(at, len, times)| Change::Repeated(at, len, times)),
        2 => (at(), 1..16_usize).prop_map(|(at, len)| Change::Left(at, len)),
        1 => at().prop_map(Change::Cut),
        1 => (at(), at()).prop_map(|(at, other)| Change::Other(at, other)),
    ]
}

impl Change {
    fn apply(&self, input: &mut Vec<u8>, corpora: &[Vec<u8>]) {
        let place = |at: &Index| at.index(input.len() + 1);
        let piece = |at: &Index, len: usize| {
            let start = at.index(input.len() + 1);
            start..(start + len).min(input.len())
        };
        match self {
            Self::Byte(at, byte) => {
                let piece = piece(at, 1);
                input.splice(piece, [*byte]);
            }
            Self::Word(at, word) => {
                let place = place(at);
                input.splice(place..place, word.bytes());
            }
            Self::Repeated(at, len, times) => {
                let piece = piece(at, *len);
                let repeated = input[piece.clone()].repeat(*times);
                input.splice(piece, repeated);
            }
            Self::Left(at, len) => {
                let piece = piece(at, *len);
                input.drain(piece);
            }
            Self::Cut(at) => input.truncate(place(at)),
            Self::Other(at, other) => {
                let other = other.get(corpora);
                let rest = at.index(other.len() + 1);
                input.truncate(place(at));
                input.extend_from_slice(&other[rest..]);
            }
        }
    }
}

/// An input of the corpora with a few changes.
fn changed(corpora: Arc<[Vec<u8>]>) -> impl Strategy<Value = Vec<u8>> {
    (any::<Index>(), proptest::collection::vec(change(), 0..5)).prop_map(move |(seed, changes)| {
        let mut input = seed.get(&corpora[..]).clone();
        for change in changes {
            change.apply(&mut input, &corpora);
        }
        input
    })
}

/// The strings of a pattern. In place of a strategy it would be parsed for each of them.
fn pattern(pattern: &str) -> impl Strategy<Value = String> {
    string_regex(pattern).unwrap()
}

/// Bytes that are not UTF-8, strings that are nearly JSON, and JSON that is deep or long.
fn nonsense() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        6 => proptest::collection::vec(any::<u8>(), 0..200),
        6 => pattern("[\\[\\]{}\",:a-z0-9.eE+\\\\u-]{0,60}").prop_map(String::into_bytes),
        2 => (0_usize..300).prop_map(|depth| "[".repeat(depth).into_bytes()),
        2 => (0_usize..300).prop_map(|depth| {
            [r#"{"error":"#.repeat(depth), "1".into(), "}".repeat(depth)].concat().into_bytes()
        }),
        1 => (0_usize..30_000).prop_map(|times| format!("[{}0]", "[],".repeat(times)).into_bytes()),
    ]
}

/// The functions of the contract with an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Function {
    Describe,
    CredentialSchema,
    Validate,
    Origins,
    Authenticate,
    Refresh,
    Inspect,
    Authorize,
    Classify,
}

/// One call with its arguments.
#[derive(Debug)]
struct Call {
    function: Function,
    vendor: String,
    /// A credential document, or the response to a valid one.
    input: Input,
    /// In place of the response's own status.
    status: Option<u16>,
}

#[derive(Debug)]
enum Input {
    Typed(Vec<u8>),
    Answered(Vec<u8>),
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, input) = match &self.input {
            Input::Typed(input) => ("the document", input),
            Input::Answered(input) => ("the response", input),
        };
        let (function, vendor, status) = (self.function, &self.vendor, self.status);
        let input = input.escape_ascii();
        write!(
            f,
            "{function:?} for {vendor:.40?}, with status {status:?} and {what} {input}"
        )
    }
}

fn typed() -> impl Strategy<Value = (Function, Input)> {
    let function = prop_oneof![
        1 => Just(Function::Describe),
        1 => Just(Function::CredentialSchema),
        6 => Just(Function::Validate),
        1 => Just(Function::Origins),
        1 => Just(Function::Authenticate),
        1 => Just(Function::Refresh),
        1 => Just(Function::Inspect),
    ];
    let documents = changed(cases(&["credential_document"]));
    let input = prop_oneof![8 => documents, 1 => nonsense()].prop_map(Input::Typed);
    (function, input)
}

fn answered() -> impl Strategy<Value = (Function, Input)> {
    let function = prop_oneof![
        3 => Just(Function::Authenticate),
        2 => Just(Function::Refresh),
        3 => Just(Function::Inspect),
        1 => Just(Function::Authorize),
        4 => Just(Function::Classify),
    ];
    let answers = changed(cases(&[
        "token_reply",
        "credential_information",
        "classify",
    ]));
    let input = prop_oneof![8 => answers, 1 => nonsense()].prop_map(Input::Answered);
    (function, input)
}

fn call(vendors: Vec<String>) -> impl Strategy<Value = Call> {
    let vendor = prop_oneof![
        20 => proptest::sample::select(vendors.clone()),
        1 => (proptest::sample::select(vendors), pattern("[\u{0} /A-Z]{1,3}"))
            .prop_map(|(vendor, more)| vendor + &more),
        1 => pattern("\\PC{0,20}"),
        1 => (0..70_000_usize).prop_map(|len| "h".repeat(len)),
    ];
    let status = proptest::option::weighted(0.3, any::<u16>());
    let given = prop_oneof![1 => typed(), 3 => answered()];
    (given, vendor, status).prop_map(|((function, input), vendor, status)| Call {
        function,
        vendor,
        input,
        status,
    })
}

/// The component, and a session of each sample.
struct Caller {
    suite: Suite,
    /// For each sample with sessions.
    sessions: Vec<Option<Session>>,
}

impl Caller {
    async fn new() -> Self {
        let suite = Suite::load().await;
        let mut sessions = Vec::new();
        for sample in &suite.samples {
            let session = if sample.opens {
                Some(suite.session(sample).await)
            } else {
                None
            };
            sessions.push(session);
        }
        Self { suite, sessions }
    }

    fn vendors(&self) -> Vec<String> {
        let samples = self.suite.samples.iter();
        samples.map(|sample| sample.id().to_owned()).collect()
    }

    async fn make(&self, call: &Call) -> Result<(), CallError> {
        let (connector, vendor) = (&self.suite.connector, call.vendor.as_str());
        let samples = &self.suite.samples;
        let known = samples.iter().position(|sample| sample.id() == vendor);
        let known = known.unwrap_or(0);
        let (credential, answer) = match &call.input {
            Input::Typed(input) => (
                String::from_utf8_lossy(input).into_owned(),
                Answer::read(b""),
            ),
            Input::Answered(input) => (
                samples[known].document().to_owned(),
                read(input, call.status),
            ),
        };
        self.answer(&answer);
        let body = String::from_utf8_lossy(&answer.body).into_owned();
        let tags = [credential.clone(), body.clone()];
        let session = || {
            let mut session = self.sessions[known].clone()?;
            session.account = Some(answer.letter.to_string());
            session.scopes = body.split(' ').map(Into::into).collect();
            session.base_url.clone_from(&body);
            Some(session)
        };
        match call.function {
            Function::Describe => connector.describe(vendor, &tags).await.map(drop),
            Function::CredentialSchema => {
                let odd = connector.credential_schema(&credential, &tags).await;
                assert!(!matches!(odd, Err(CallError::Plugin(_))), "{credential:?}");
                connector.credential_schema(vendor, &tags).await.map(drop)
            }
            Function::Validate => connector.validate(vendor, &credential, &tags).await,
            Function::Origins => connector.origins(vendor, &credential).await.map(drop),
            Function::Authenticate => connector.authenticate(vendor, &credential).await.map(drop),
            Function::Refresh => match session() {
                Some(session) => {
                    let replaced = connector.refresh(vendor, &credential, &session).await;
                    replaced.map(drop)
                }
                None => Ok(()),
            },
            Function::Inspect => {
                let session = self.sessions[known].as_ref();
                let cursor = (answer.letter == b'x').then_some(body.as_str());
                let inspected = connector.inspect(vendor, &credential, session, cursor);
                inspected.await.map(drop)
            }
            Function::Authorize => match session() {
                Some(session) => {
                    let head = head(&body, &body);
                    connector.authorize(vendor, &session, &head).await.map(drop)
                }
                None => Ok(()),
            },
            Function::Classify => {
                let response = ApiResponse {
                    status: http_status(answer.status),
                    headers: answer.headers,
                    body: answer.body,
                };
                connector.classify(vendor, &response).await.map(drop)
            }
        }
    }

    /// Sets the response of the network, within the rules of HTTP.
    fn answer(&self, answer: &Answer) {
        let reply = Reply::bytes(http_status(answer.status), answer.body.clone());
        let reply = answer.headers.iter().fold(reply, |reply, (name, value)| {
            let fits = name.parse::<HeaderName>().is_ok() && HeaderValue::from_bytes(value).is_ok();
            if fits {
                reply.header(name, value)
            } else {
                reply
            }
        });
        self.suite.network.answer(reply);
    }
}

/// A status that is valid in HTTP.
fn http_status(status: u16) -> u16 {
    match status {
        100..1000 => status,
        _ => 100 + status % 900,
    }
}

/// Reads an input as a response. An input without that form becomes the body and the value of the
/// header fields that plugins read.
fn read(input: &[u8], status: Option<u16>) -> Answer {
    let mut answer = Answer::read(input);
    answer.status = status.unwrap_or(answer.status);
    if answer.body.is_empty() {
        answer.body = input.to_vec();
        let fields = ["Retry-After", "www-authenticate"];
        let fields = fields.map(|name| (name.to_owned(), input.to_vec()));
        answer.headers.extend(fields);
    }
    if answer.is_cut {
        answer.body.pop();
    }
    answer
}

/// Makes a worker's share of the calls, and counts the outcomes of each function.
async fn work(worker: u8) -> BTreeMap<(Function, &'static str), usize> {
    let caller = Caller::new().await;
    let calls = call(caller.vendors());
    let seed = [worker; 32];
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let mut ends = BTreeMap::new();
    for _ in 0..INPUTS / usize::from(WORKERS) {
        let call = calls.new_tree(&mut runner).unwrap().current();
        let kind = match caller.make(&call).await {
            Ok(()) => "ok",
            Err(CallError::Connector(error)) => error.kind(),
            Err(error) => panic!("{error}: {call}"),
        };
        *ends.entry((call.function, kind)).or_default() += 1;
    }
    ends
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_call_traps_in_a_hundred_thousand_inputs() {
    let workers: Vec<_> = (1..=WORKERS)
        .map(|worker| tokio::spawn(work(worker)))
        .collect();
    let mut ends = BTreeMap::new();
    for worker in workers {
        for (end, times) in worker.await.unwrap() {
            *ends.entry(end).or_insert(0) += times;
        }
    }
    assert!(ends.values().sum::<usize>() >= 100_000, "{ends:?}");
    // Otherwise the inputs would miss parts of the plugin.
    for (function, kind) in [
        (Function::Describe, "ok"),
        (Function::Origins, "ok"),
        (Function::Origins, "invalid-credential"),
        (Function::Authorize, "ok"),
        (Function::CredentialSchema, "ok"),
        (Function::CredentialSchema, "unknown-vendor"),
        (Function::Validate, "ok"),
        (Function::Validate, "invalid-credential"),
        (Function::Authenticate, "ok"),
        (Function::Authenticate, "rejected"),
        (Function::Authenticate, "forbidden"),
        (Function::Authenticate, "throttled"),
        (Function::Authenticate, "unavailable"),
        (Function::Authenticate, "invalid-response"),
        (Function::Refresh, "ok"),
        (Function::Refresh, "invalid-credential"),
        (Function::Inspect, "ok"),
        (Function::Inspect, "invalid-response"),
        (Function::Classify, "ok"),
        (Function::Classify, "unknown-vendor"),
    ] {
        let times = ends.get(&(function, kind)).copied().unwrap_or_default();
        assert!(
            times >= 50,
            "only {times} calls of {function:?} ended as {kind}: {ends:?}"
        );
    }
}
