//! Generated inputs for every function: mutations of good documents and replies, and nonsense. No
//! call traps, breaks its types or exceeds a limit.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use connector_host::{ApiResponse, CallError, PluginError, Session};
use futures::FutureExt as _;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::strategy::ValueTree as _;

use crate::documents::generated;
use crate::network::{Reply, shown};
use crate::rule::{Breach, Check, Findings, Rule, Severity};
use crate::rules::authorize::head;
use crate::shrink::smallest;
use crate::subject::Subject;

pub(crate) static NEVER_TRAPS: Rule = Rule {
    name: "never-traps",
    severity: Severity::Error,
    about: "A hundred thousand generated inputs, or as many as fit in a minute: mutated documents \
            and replies, deep and long JSON, bytes that are not UTF-8, odd ids, statuses, cursors, \
            languages and sessions. No call of any function traps.",
    sentence: "None traps, whatever its arguments, as long as they fit into the memory that the \
               host allows.",
    source: "wit/credentials.wit",
    check: Check(|subject| judged(subject, Kind::Trap).boxed_local()),
};

pub(crate) static RESULTS: Rule = Rule {
    name: "results-are-valid",
    severity: Severity::Error,
    about: "With the inputs of `never-traps`, every result is within the bounds of \
            `wit/types.wit`: lengths, characters of codes, dates, waits, pointers, and names \
            without invisible characters. A host takes any other result for a broken plugin, or \
            cuts it to its bounds; the name of the field is in the report.",
    sentence: "Rules for all of it: an absent value is `none`, never an empty string or a zero.",
    source: "wit/types.wit",
    check: Check(|subject| judged(subject, Kind::Contract).boxed_local()),
};

pub(crate) static LIMITS: Rule = Rule {
    name: "limits",
    severity: Severity::Error,
    about: "With the inputs of `never-traps`, a document of a mebibyte, and a reply and a body of \
            two, every call stays within the host's default limits of memory, time, processor \
            time and length of its result.",
    sentence: "A plugin reads at most 64 KiB of a credential document and the first 4096 bytes of \
               a response body.",
    source: "wit/credentials.wit",
    check: Check(|subject| judged(subject, Kind::Limit).boxed_local()),
};

/// How a plugin may break in a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Trap,
    Contract,
    Limit,
}

impl Kind {
    fn of(error: &PluginError) -> Option<Self> {
        match error {
            PluginError::Trapped(_) => Some(Self::Trap),
            PluginError::Contract(_) => Some(Self::Contract),
            // The host had no capacity.
            PluginError::Busy => None,
            _ => Some(Self::Limit),
        }
    }
}

/// The ends of all inputs, made once for the rules above.
#[derive(Debug, Default)]
pub(crate) struct Endings {
    inputs: u64,
    breaches: Vec<(Kind, Breach)>,
    /// The calls of each function with each end, for those who look for missing parts.
    pub(crate) counts: BTreeMap<(Function, &'static str), u64>,
}

/// The functions of the contract with an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Function {
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

impl Function {
    fn name(self) -> &'static str {
        match self {
            Self::Describe => "describe",
            Self::CredentialSchema => "credential-schema",
            Self::Validate => "validate",
            Self::Origins => "origins",
            Self::Authenticate => "authenticate",
            Self::Refresh => "refresh",
            Self::Inspect => "inspect",
            Self::Authorize => "authorize",
            Self::Classify => "classify",
        }
    }
}

/// One call with its arguments, and the reply to its request.
#[derive(Debug, Clone)]
struct Input {
    function: Function,
    vendor: String,
    /// `None` for the valid one of the vendor.
    document: Option<Vec<u8>>,
    reply: Reply,
    /// A cursor, languages, and parts of the session and of the request to authorize.
    word: String,
}

impl fmt::Display for Input {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let function = self.function.name();
        write!(formatter, "{function} for {:.40?}", self.vendor)?;
        match self.function {
            Function::Describe | Function::CredentialSchema | Function::Authorize => {}
            Function::Classify => return write!(formatter, " of {}", self.reply),
            _ => {
                let document = self.document.as_deref().map(shown);
                let document = document.unwrap_or("a valid document".to_owned());
                write!(formatter, " with {document}, and the reply {}", self.reply)?;
            }
        }
        write!(formatter, " and the word {}", shown(self.word.as_bytes()))
    }
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
const WORDS: [&str; 23] = [
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
    " GMT",
];

fn change() -> impl Strategy<Value = Change> {
    let at = any::<Index>;
    prop_oneof![
        3 => (at(), any::<u8>()).prop_map(|(at, byte)| Change::Byte(at, byte)),
        3 => (at(), proptest::sample::select(&WORDS[..]))
            .prop_map(|(at, word)| Change::Word(at, word)),
        1 => (at(), 1..8_usize, 1..2_000_usize)
            .prop_map(|(at, length, times)| Change::Repeated(at, length, times)),
        2 => (at(), 1..16_usize).prop_map(|(at, length)| Change::Left(at, length)),
        1 => at().prop_map(Change::Cut),
        1 => (at(), at()).prop_map(|(at, other)| Change::Other(at, other)),
    ]
}

impl Change {
    fn apply(&self, input: &mut Vec<u8>, seeds: &[Vec<u8>]) {
        let length = input.len();
        let piece = |at: &Index, wanted: usize| {
            let start = at.index(length + 1);
            start..(start + wanted).min(length)
        };
        match self {
            Self::Byte(at, byte) => {
                input.splice(piece(at, 1), [*byte]);
            }
            Self::Word(at, word) => {
                let place = at.index(length + 1);
                input.splice(place..place, word.bytes());
            }
            Self::Repeated(at, wanted, times) => {
                let piece = piece(at, *wanted);
                let repeated = input.get(piece.clone()).unwrap_or_default().repeat(*times);
                input.splice(piece, repeated);
            }
            Self::Left(at, wanted) => {
                input.drain(piece(at, *wanted));
            }
            Self::Cut(at) => input.truncate(at.index(length + 1)),
            Self::Other(at, other) => {
                let other = other.get(seeds);
                let rest = at.index(other.len() + 1);
                input.truncate(at.index(length + 1));
                input.extend_from_slice(other.get(rest..).unwrap_or_default());
            }
        }
    }
}

/// One of the seeds with a few changes.
fn changed(seeds: Arc<[Vec<u8>]>) -> impl Strategy<Value = Vec<u8>> {
    (any::<Index>(), proptest::collection::vec(change(), 0..5)).prop_map(move |(seed, changes)| {
        let mut input = seed.get(&seeds[..]).clone();
        for change in changes {
            change.apply(&mut input, &seeds);
        }
        input
    })
}

/// Bytes that are not UTF-8, strings that are nearly JSON, and JSON that is deep or long.
fn nonsense() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        6 => proptest::collection::vec(any::<u8>(), 0..200),
        6 => "[\\[\\]{}\",:a-z0-9.eE+\\\\u-]{0,60}".prop_map(String::into_bytes),
        2 => (0_usize..300).prop_map(|depth| "[".repeat(depth).into_bytes()),
        2 => (0_usize..300).prop_map(|depth| {
            [r#"{"error":"#.repeat(depth), "1".into(), "}".repeat(depth)].concat().into_bytes()
        }),
        1 => (0_usize..30_000).prop_map(|times| format!("[{}0]", "[],".repeat(times)).into_bytes()),
    ]
}

/// Bodies of failures as vendors send them, beside those of good replies.
const BODIES: [&str; 9] = [
    "",
    "{}",
    r#"{"access_token":"t","token_type":"bearer","expires_in":3600,"scope":"a b"}"#,
    r#"{"error":"invalid_client","error_description":"d"}"#,
    r#"{"error":{"code":"invalid_scope","message":"m","errors":[{"code":"c"}]}}"#,
    r#"{"success":false,"errorCode":"CONCURRENT_API_CALL","errorMessage":"m"}"#,
    r#"{"error":"temporarily_unavailable"}"#,
    r#"{"code":4010,"type":"t"}"#,
    "<!doctype html><title>Just a moment…</title>",
];

/// Values of the header fields that plugins read.
const VALUES: [&str; 6] = [
    "30",
    "Tue, 14 Nov 2023 22:14:20 GMT",
    "Bearer error=\"invalid_token\", error_description=\"d, \\\"e\\\"\"",
    "Basic realm=\"r\", Bearer error=\"insufficient_scope\"",
    "0.5",
    "-1",
];

/// What inputs are made from.
struct Seeds {
    vendors: Vec<String>,
    documents: Arc<[Vec<u8>]>,
    bodies: Arc<[Vec<u8>]>,
    values: Arc<[Vec<u8>]>,
}

impl Seeds {
    fn new(subject: &Subject) -> Self {
        let mut documents = vec![b"{}".to_vec(), b"[]".to_vec()];
        let mut bodies = BODIES.map(|body| body.as_bytes().to_vec()).to_vec();
        let mut runner = subject.runner("seeds of documents");
        for listed in &subject.vendors {
            let credential = listed.credential.as_ref().ok();
            documents.extend(credential.map(|document| document.to_string().into_bytes()));
            if let Ok(generator) = &listed.documents {
                for _ in 0..20 {
                    let document = generated(&generator.strategy, &mut runner);
                    documents.extend(document.map(|document| document.to_string().into_bytes()));
                }
            }
            let opening = listed.opening.as_ref().ok();
            bodies.extend(opening.map(|opening| opening.reply.body.to_vec()));
        }
        for sample in subject.samples.iter() {
            let reply = sample.exchange.reply.as_ref();
            bodies.extend(reply.map(|reply| reply.reply().body.to_vec()));
        }
        let vendors = subject.vendors.iter();
        Self {
            vendors: vendors.map(|listed| listed.id().to_owned()).collect(),
            documents: documents.into(),
            bodies: bodies.into(),
            values: VALUES
                .map(|value| value.as_bytes().to_vec())
                .to_vec()
                .into(),
        }
    }

    fn inputs(&self) -> BoxedStrategy<Input> {
        let functions = prop_oneof![
            1 => Just(Function::Describe),
            1 => Just(Function::CredentialSchema),
            4 => Just(Function::Validate),
            1 => Just(Function::Origins),
            4 => Just(Function::Authenticate),
            3 => Just(Function::Refresh),
            3 => Just(Function::Inspect),
            2 => Just(Function::Authorize),
            4 => Just(Function::Classify),
        ];
        let vendors = self.vendors.clone();
        let vendor = prop_oneof![
            20 => proptest::sample::select(vendors.clone()),
            1 => (proptest::sample::select(vendors), "[\u{0} /A-Z]{1,3}")
                .prop_map(|(vendor, more)| vendor + &more),
            1 => "\\PC{0,20}",
            1 => (0..70_000_usize).prop_map(|length| "h".repeat(length)),
        ];
        let document = prop_oneof![
            3 => Just(None),
            3 => changed(Arc::clone(&self.documents)).prop_map(Some),
            1 => nonsense().prop_map(Some),
        ];
        let status = prop_oneof![
            6 => Just(200_u16),
            4 => proptest::sample::select(&[400_u16, 401, 403, 429, 500, 503][..]),
            // HTTP has no other status.
            1 => 100_u16..1000,
        ];
        let body = prop_oneof![8 => changed(Arc::clone(&self.bodies)), 1 => nonsense()];
        let field = prop_oneof![
            Just("retry-after"),
            Just("www-authenticate"),
            Just("date"),
            Just("content-type"),
        ];
        let headers = proptest::collection::vec((field, changed(Arc::clone(&self.values))), 0..3);
        let cut = proptest::option::weighted(0.05, 0..64_usize);
        let reply = (status, headers, body, cut).prop_map(|(status, headers, body, cut)| {
            let mut reply = Reply::new(status, body);
            for (name, value) in headers {
                reply = reply.header(name, value);
            }
            match cut {
                Some(after) => reply.cut(after, connector_host::TransportError::CutOff),
                None => reply,
            }
        });
        let word = prop_oneof!["\\PC{0,12}", "[ -~]{0,40}", "[a-z]{2}-[A-Z]{2}"];
        (functions, vendor, document, reply, word)
            .prop_map(|(function, vendor, document, reply, word)| Input {
                function,
                vendor,
                document,
                reply,
                word,
            })
            .boxed()
    }
}

/// Makes the calls.
struct Caller<'a> {
    subject: &'a Subject,
    /// In the order of the vendors.
    sessions: Vec<Option<Session>>,
}

impl<'a> Caller<'a> {
    async fn new(subject: &'a Subject) -> Self {
        let mut skipped = Findings::default();
        let open = subject.open(&mut skipped);
        let mut sessions = Vec::new();
        for listed in &subject.vendors {
            let open = open.iter().find(|open| open.id() == listed.id());
            sessions.push(match open {
                Some(open) => subject.session(open).await,
                None => None,
            });
        }
        Self { subject, sessions }
    }

    async fn make(&self, input: &Input) -> Result<(), CallError> {
        let (plugin, vendor) = (&self.subject.plugin, &*input.vendor);
        let vendors = &self.subject.vendors;
        let known = vendors.iter().position(|listed| listed.id() == vendor);
        let known = known.unwrap_or_default();
        let listed = vendors.get(known);
        let valid = || Some(listed?.credential.as_ref().ok()?.to_string());
        let document = match &input.document {
            Some(document) => String::from_utf8_lossy(document).into_owned(),
            None => valid().unwrap_or_default(),
        };
        let session = self.sessions.get(known).cloned().flatten();
        let odd = |mut session: Session| {
            session.account = Some(input.word.clone());
            session.scopes = input.word.split(' ').map(str::to_owned).collect();
            session.base_url.push_str(&input.word);
            session
        };
        self.subject.network.answer(input.reply.clone());
        let tags = [input.word.clone(), "fr".to_owned()];
        match (input.function, session) {
            (Function::Describe, _) => plugin.describe(vendor, &tags).await.map(drop),
            (Function::CredentialSchema, _) => plugin.schema(vendor, &tags).await.map(drop),
            (Function::Validate, _) => plugin.validate(vendor, &document, &tags).await,
            (Function::Origins, _) => plugin.origins(vendor, &document).await.map(drop),
            (Function::Authenticate, _) => plugin.authenticate(vendor, &document).await.map(drop),
            (Function::Refresh, Some(session)) => {
                let session = odd(session);
                plugin.refresh(vendor, &document, &session).await.map(drop)
            }
            (Function::Inspect, session) => {
                let cursor = input.word.starts_with(['a', 'b']).then_some(&*input.word);
                let session = session.as_ref();
                plugin
                    .inspect(vendor, &document, session, cursor)
                    .await
                    .map(drop)
            }
            (Function::Authorize, Some(session)) => {
                let mut head = head(&input.word, &input.word);
                head.body = Some(input.reply.body.to_vec());
                plugin
                    .authorize(vendor, &odd(session), &head)
                    .await
                    .map(drop)
            }
            (Function::Classify, _) => {
                let response = ApiResponse {
                    status: input.reply.status,
                    headers: input.reply.headers.clone(),
                    body: input.reply.body.to_vec(),
                };
                plugin.classify(vendor, &response).await.map(drop)
            }
            (Function::Refresh | Function::Authorize, None) => Ok(()),
        }
    }

    /// The fault of the plugin in a call, if there is one.
    async fn fault(&self, input: &Input) -> Option<(Kind, String)> {
        match self.make(input).await {
            Err(CallError::Plugin(error)) => Some((Kind::of(&error)?, error.to_string())),
            _ => None,
        }
    }
}

/// Inputs of the greatest lengths that a host lets through, and one beyond.
fn long(vendors: &[String]) -> Vec<Input> {
    let mut inputs = Vec::new();
    for vendor in vendors {
        let input = |function, document: Option<Vec<u8>>, body: Vec<u8>| Input {
            function,
            vendor: vendor.clone(),
            document,
            reply: Reply::new(200, body).chunks(16 << 10),
            word: String::new(),
        };
        let text = format!("{{\"a\":\"{}\"}}", "x".repeat(1 << 20)).into_bytes();
        let deep = "[".repeat(1 << 20).into_bytes();
        for long in [text, deep] {
            inputs.push(input(Function::Validate, Some(long.clone()), Vec::new()));
            inputs.push(input(
                Function::Authenticate,
                Some(long.clone()),
                Vec::new(),
            ));
            inputs.push(input(Function::Classify, None, long.repeat(2)));
            for function in [Function::Authenticate, Function::Refresh, Function::Inspect] {
                inputs.push(input(function, None, long.repeat(2)));
            }
        }
    }
    inputs
}

/// Makes all inputs.
async fn endings(subject: &Subject) -> Endings {
    let caller = Caller::new(subject).await;
    let seeds = Seeds::new(subject);
    let mut endings = Endings::default();
    for input in long(&seeds.vendors) {
        endings.inputs += 1;
        if let Some((kind, why)) = caller.fault(&input).await {
            endings.breaches.push((kind, breach(&input, kind, why)));
        }
    }
    let inputs = seeds.inputs();
    let mut runner = subject.runner("never-traps");
    let mut budget = subject.effort.inputs();
    while budget.take() {
        let Ok(mut tree) = inputs.new_tree(&mut runner) else {
            continue;
        };
        let input = tree.current();
        endings.inputs += 1;
        let ended = caller.make(&input).await;
        let name = ended.as_ref().map_or_else(CallError::kind, |()| "ok");
        *endings.counts.entry((input.function, name)).or_default() += 1;
        let Err(CallError::Plugin(error)) = ended else {
            continue;
        };
        let Some(kind) = Kind::of(&error) else {
            continue;
        };
        // A few of each kind are enough, and each costs many calls.
        if endings
            .breaches
            .iter()
            .filter(|(known, _)| *known == kind)
            .count()
            >= 3
        {
            continue;
        }
        let again = async |input: &Input| {
            let fault = caller.fault(input).await;
            fault.filter(|(found, _)| *found == kind)
        };
        let first = (kind, error.to_string());
        let (input, (_, why)) = smallest(&mut tree, first, again).await;
        endings.breaches.push((kind, breach(&input, kind, why)));
    }
    endings
}

fn breach(input: &Input, kind: Kind, why: String) -> Breach {
    let expected = match kind {
        Kind::Trap => "a result or an error",
        Kind::Contract => "a result within the bounds of the contract",
        Kind::Limit => "a call within the host's limits",
    };
    let vendor: String = input.vendor.chars().take(64).collect();
    Breach::new(&vendor, input.to_string(), expected, why)
}

/// The part of the endings that is of this kind.
async fn judged(subject: &Subject, kind: Kind) -> Findings {
    let endings = subject.endings.get_or_init(|| endings(subject)).await;
    let mut findings = Findings {
        cases: endings.inputs,
        ..Findings::default()
    };
    for (_, breach) in endings.breaches.iter().filter(|(known, _)| *known == kind) {
        findings.push(breach.clone());
    }
    findings
}
