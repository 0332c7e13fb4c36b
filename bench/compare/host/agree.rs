//! Calls components and the plugin of this workspace with the same arguments, all in the baseline
//! host, and prints each result that differs, requests included. Each call is made in a fresh
//! instance and again in one that is kept.
//!
//! The arguments and the vendors' responses are the cases of the fuzzer (`fuzz/cases`) and others
//! written here; then every component signs in to the simulated vendors, over TLS.

use std::collections::BTreeSet;
use std::error::Error;
use std::fmt::Debug;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use connector_bench::baseline::{Network, over};
use connector_bench::dialing::Dialing;
use connector_simulators::Simulators;
use futures::FutureExt as _;
use futures::future::ready;
use futures::stream;
use host_test::COMPONENT;
use http::{HeaderName, HeaderValue, Request, Response, StatusCode};
use http_body::Frame;
use http_body_util::{BodyExt as _, StreamBody};
use serde_json::{Value, json};
use wasmtime_wasi_http::Error as HttpError;
use wasmtime_wasi_http::WasiBody;

use answer::Answer;
use baseline::{Allocation, Baseline, Instance, wit};

#[path = "../../../fuzz/src/answer.rs"]
pub mod answer;
#[expect(dead_code, reason = "only the comparison loads machine code")]
mod baseline;

const HELP: &str = "\
Calls components with the same arguments as the plugin, and prints each result that differs.

usage: agree COMPONENT...

Exits with 1 when a result differs.";

/// A fresh instance and a kept one.
const INSTANCES: u32 = 2;

/// Valid documents.
const HOTJAR: &str = r#"{"client_id":" hj-id~*1 ","client_secret":"hj;secret?&=+% é~*1"}"#;
const CONTENTSQUARE: &str = r#"{"client_id":"cs-id","client_secret":"cs;secret?\"\\ é",
    "credential_level":"project","scopes":["data-export","metrics"]}"#;
const OF_ACCOUNT: &str = r#"{"client_id":"cs-id","client_secret":"cs;secret",
    "credential_level":"account","scopes":["data-export"],"project_id":42.0}"#;
const ENRICHMENT: &str = r#"{"client_id":"cs-id","client_secret":"cs;secret",
    "credential_level":"project","scopes":["enrichment"],"integration_id":7}"#;
const SURVEYS: &str = r#"{"client_id":"cs-id","client_secret":"cs;secret",
    "credential_level":"project","scopes":["surveys"]}"#;
const CREDENTIALS: [(&str, &str); 5] = [
    ("hotjar", HOTJAR),
    ("contentsquare", CONTENTSQUARE),
    ("contentsquare", OF_ACCOUNT),
    ("contentsquare", ENRICHMENT),
    ("contentsquare", SURVEYS),
];

/// A function that takes a vendor.
#[derive(Debug, Clone, Copy)]
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

const WITH_REQUEST: [Function; 3] = [Function::Authenticate, Function::Refresh, Function::Inspect];

/// One call, by the name of its arguments.
struct Question {
    name: String,
    function: Function,
    vendor: String,
    document: String,
    locales: [&'static str; 1],
    cursor: Option<&'static str>,
    reply: Reply,
}

/// The response of a vendor, or the failure of the request.
#[derive(Clone)]
enum Reply {
    Answer(Arc<Answer>),
    Failure(fn() -> HttpError),
}

/// A component under test.
struct Guest {
    name: String,
    baseline: Baseline,
    exchange: Arc<Mutex<Exchange>>,
}

/// The next reply, and the requests so far.
#[derive(Default)]
struct Exchange {
    reply: Option<Reply>,
    asked: Vec<String>,
}

#[tokio::main]
async fn main() -> Result<ExitCode, Box<dyn Error>> {
    let mut files = Vec::new();
    for argument in std::env::args().skip(1) {
        match argument.as_str() {
            option if option.starts_with('-') => {
                println!("{HELP}");
                return Ok(ExitCode::from(u8::from(option != "--help") * 2));
            }
            file => files.push(PathBuf::from(file)),
        }
    }
    if files.is_empty() {
        eprintln!("{HELP}");
        return Ok(ExitCode::from(2));
    }
    let questions = questions()?;
    let ours = Guest::load(COMPONENT.as_ref())?;
    let expected = ours.answers(&questions).await?;
    let mut differing = 0;
    for file in &files {
        let guest = Guest::load(file)?;
        for ((name, expected), (_, actual)) in expected.iter().zip(guest.answers(&questions).await?)
        {
            if *expected != actual {
                differing += 1;
                println!("{}: {name}", guest.name);
                println!("  the plugin:     {expected}\n  this component: {actual}\n");
            }
        }
    }
    let (answers, components) = (expected.len(), files.len());
    if differing > 0 {
        println!("{differing} results differ, of {answers} for each of {components} component(s)");
        return Ok(ExitCode::FAILURE);
    }
    println!("{answers} results of each of {components} component(s) agree with the plugin's");
    Ok(ExitCode::SUCCESS)
}

impl Guest {
    fn load(file: &Path) -> Result<Self, Box<dyn Error>> {
        let component = fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?;
        let exchange = Arc::new(Mutex::new(Exchange::default()));
        let vendor = Arc::clone(&exchange);
        let network: Network = Arc::new(move |request| ready(answer(&vendor, &request)).boxed());
        Ok(Self {
            name: file.file_name().unwrap_or_default().display().to_string(),
            baseline: Baseline::load(&component, Allocation::Pool(INSTANCES), network)?,
            exchange,
        })
    }

    /// Its results for all calls, each with the name of the call.
    async fn answers(
        &self,
        questions: &[Question],
    ) -> Result<Vec<(String, String)>, Box<dyn Error>> {
        let mut answers = self.vendors().await?;
        let mut kept = self.baseline.instance().await?;
        for question in questions {
            let mut fresh = self.baseline.instance().await?;
            let name = format!(
                "{:?}, {}, {}, {:?}, {:?}",
                question.function,
                question.vendor,
                question.name,
                question.locales,
                question.cursor
            );
            answers.push((name.clone(), self.answer(&mut fresh, question).await));
            let again = self.answer(&mut kept, question).await;
            if again.starts_with(BROKE) {
                kept = self.baseline.instance().await?;
            }
            answers.push((format!("{name}, in a kept instance"), again));
        }
        answers.extend(self.simulated().await?);
        Ok(answers)
    }

    async fn vendors(&self) -> Result<Vec<(String, String)>, Box<dyn Error>> {
        let vendors = self.baseline.instance().await?.vendors().await?;
        Ok(vec![("Vendors".to_owned(), format!("{vendors:?}"))])
    }

    /// The request, and the result.
    async fn answer(&self, instance: &mut Instance, question: &Question) -> String {
        let exchange = Exchange {
            reply: Some(question.reply.clone()),
            asked: Vec::new(),
        };
        *self.exchange.lock().unwrap_or_else(PoisonError::into_inner) = exchange;
        let (vendor, document) = (question.vendor.as_str(), question.document.as_str());
        let locales = question.locales.map(str::to_owned);
        let answer = match question.function {
            Function::Describe => said(instance.describe(vendor, &locales).await, compact),
            Function::CredentialSchema => {
                said(instance.credential_schema(vendor, &locales).await, compact)
            }
            Function::Validate => {
                said(instance.validate(vendor, document, &locales).await, |()| ())
            }
            Function::Origins => said(instance.origins(vendor, document).await, |origins| origins),
            Function::Authorize => {
                let authorized = instance.authorize(vendor, &session(), &head()).await;
                said(authorized, |authorized| authorized)
            }
            Function::Authenticate => said(instance.authenticate(vendor, document).await, undated),
            Function::Refresh => {
                let current = session();
                said(instance.refresh(vendor, document, &current).await, undated)
            }
            Function::Inspect => {
                let inspected = instance.inspect(vendor, document, question.cursor).await;
                said(inspected, |access| access)
            }
            Function::Classify => {
                let response = question.reply.response();
                said(instance.classify(vendor, &response).await, |verdict| {
                    verdict
                })
            }
        };
        let exchange = self.exchange.lock().unwrap_or_else(PoisonError::into_inner);
        format!("{} ▶ {answer}", exchange.asked.join(", "))
    }

    /// The results of each sample credential at the simulated vendors, over TLS.
    async fn simulated(&self) -> Result<Vec<(String, String)>, Box<dyn Error>> {
        let vendors = Simulators::start().await?;
        let network = Dialing::new(vendors.ca_pem(), &vendors.connect_to())?;
        let baseline = self.baseline.with(over(Arc::new(network)));
        let mut answers = Vec::new();
        for vendor in vendors.vendors() {
            let mut credentials = vendor.sample_credentials();
            let mut wrong = credentials[0].1.clone();
            wrong["client_secret"] = "wrong".into();
            credentials.push(("a wrong secret", wrong));
            for (shows, document) in credentials {
                let document = document.to_string();
                let mut instance = baseline.instance().await?;
                let opened = instance.authenticate(vendor.id(), &document).await;
                let renewed = instance.refresh(vendor.id(), &document, &session()).await;
                let access = instance.inspect(vendor.id(), &document, None).await;
                let without_token = |session| wit::Session {
                    access_token: String::new(),
                    ..undated(session)
                };
                answers.push((
                    format!("{}, simulated, {shows}", vendor.id()),
                    [
                        said(opened, without_token),
                        said(renewed, without_token),
                        said(access, |access| access),
                    ]
                    .join(", "),
                ));
            }
            let asked = vendor.requests().join(", ");
            answers.push((format!("{}, simulated, requests", vendor.id()), asked));
        }
        Ok(answers)
    }
}

/// Replies as the vendor, and records the request.
fn answer(
    exchange: &Mutex<Exchange>,
    request: &Request<Bytes>,
) -> Result<Response<WasiBody>, HttpError> {
    let mut exchange = exchange.lock().unwrap_or_else(PoisonError::into_inner);
    let headers: BTreeSet<_> = request
        .headers()
        .iter()
        .map(|(name, value)| format!("{name}: {}", value.as_bytes().escape_ascii()))
        .collect();
    exchange.asked.push(format!(
        "{} {} {headers:?} {}",
        request.method(),
        request.uri(),
        request.body().escape_ascii()
    ));
    match exchange.reply.take() {
        Some(Reply::Answer(answer)) => Ok(response(&answer)),
        Some(Reply::Failure(failure)) => Err(failure()),
        None => Err(HttpError::HttpRequestDenied),
    }
}

fn response(answer: &Answer) -> Response<WasiBody> {
    let mut frames = vec![Ok(Frame::data(Bytes::from(answer.body.clone())))];
    if answer.is_cut {
        frames.push(Err(HttpError::HttpResponseIncomplete));
    }
    let mut response = Response::new(StreamBody::new(stream::iter(frames)).boxed_unsync());
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or_default();
    for (name, value) in &answer.headers {
        let name = HeaderName::try_from(name).ok();
        if let Some((name, value)) = name.zip(HeaderValue::from_bytes(value).ok()) {
            response.headers_mut().append(name, value);
        }
    }
    response
}

impl Reply {
    /// The argument of `classify`.
    fn response(&self) -> wit::Response {
        let (status, headers, body) = match self {
            Self::Answer(answer) => (answer.status, answer.headers.clone(), answer.body.clone()),
            Self::Failure(_) => (200, Vec::new(), Vec::new()),
        };
        wit::Response {
            status,
            headers,
            body,
        }
    }
}

/// How the result of a trap begins.
const BROKE: &str = "trapped";

/// A result as text, as far as it has to agree.
fn said<T, U: Debug>(
    answer: wasmtime::Result<Result<T, wit::Error>>,
    part: impl FnOnce(T) -> U,
) -> String {
    match answer {
        Ok(Ok(value)) => format!("{:?}", part(value)),
        Ok(Err(wit::Error::InvalidCredential(mut issues))) => {
            // JSON parsers differ in where they report an error.
            for issue in issues.iter_mut().filter(|issue| issue.code == "json") {
                issue.message.clear();
            }
            format!("{issues:?}")
        }
        Ok(Err(error)) => format!("{error:?}"),
        Err(error) => format!("{BROKE}: {}", error.root_cause()),
    }
}

/// A session as if it had been issued in 1970.
fn undated(mut session: wit::Session) -> wit::Session {
    let issued_at = session.issued_at;
    let dates = [&mut session.expires_at, &mut session.refresh_after];
    let dates = dates.into_iter().flatten();
    for date in dates.chain([&mut session.issued_at]) {
        date.seconds = date.seconds.wrapping_sub(issued_at.seconds);
        date.nanoseconds = date.nanoseconds.wrapping_sub(issued_at.nanoseconds);
    }
    session
}

/// A JSON text without whitespace.
fn compact(text: String) -> String {
    let value: Result<Value, _> = serde_json::from_str(&text);
    value.map_or(text, |value| value.to_string())
}

/// A session to replace.
fn session() -> wit::Session {
    let date = wasmtime_wasi::p2::bindings::clocks::wall_clock::Datetime {
        seconds: 1,
        nanoseconds: 0,
    };
    wit::Session {
        access_token: "old".to_owned(),
        state: None,
        base_url: "https://api.contentsquare.com".to_owned(),
        scopes: Vec::new(),
        account: None,
        issued_at: date,
        refresh_after: Some(date),
        expires_at: Some(date),
    }
}

/// An API request to authorize.
fn head() -> wit::RequestHead {
    wit::RequestHead {
        method: "GET".to_owned(),
        url: "https://api.contentsquare.com/v1/segments".to_owned(),
        headers: Vec::new(),
        body_sha256: None,
        body: None,
    }
}

fn questions() -> Result<Vec<Question>, Box<dyn Error>> {
    let mut questions = Vec::new();
    for vendor in ["hotjar", "contentsquare", "Hotjar", ""] {
        for function in [
            Function::Describe,
            Function::CredentialSchema,
            Function::Authorize,
        ] {
            for locale in ["en", "fr-CA"] {
                let question = Question::about(locale, function, vendor, "");
                questions.push(Question {
                    locales: [locale],
                    ..question
                });
            }
        }
    }
    for (name, document) in documents()? {
        for vendor in ["hotjar", "contentsquare", "nobody"] {
            for function in [
                Function::Validate,
                Function::Origins,
                Function::Authenticate,
                Function::Inspect,
            ] {
                questions.push(Question::about(&name, function, vendor, &document));
            }
            questions.push(Question {
                locales: ["fr-CA"],
                ..Question::about(&name, Function::Validate, vendor, &document)
            });
            questions.push(Question {
                cursor: Some("2"),
                ..Question::about(&name, Function::Inspect, vendor, &document)
            });
        }
    }
    for (name, answer) in answers()? {
        let reply = Reply::Answer(Arc::new(answer));
        for (vendor, document) in CREDENTIALS {
            let about =
                |function| Question::about(&name, function, vendor, document).answered(&reply);
            let is_status = StatusCode::from_u16(reply.response().status).is_ok();
            questions.extend(WITH_REQUEST.map(about).into_iter().filter(|_| is_status));
        }
        for vendor in ["hotjar", "contentsquare"] {
            questions.push(Question::about(&name, Function::Classify, vendor, "").answered(&reply));
        }
    }
    for failure in FAILURES {
        let name = format!("{:?}", failure());
        let question = Question::about(&name, Function::Authenticate, "hotjar", HOTJAR);
        questions.push(question.answered(&Reply::Failure(failure)));
    }
    Ok(questions)
}

impl Question {
    fn about(name: &str, function: Function, vendor: &str, document: &str) -> Self {
        Self {
            name: name.to_owned(),
            function,
            vendor: vendor.to_owned(),
            document: document.to_owned(),
            locales: ["en"],
            cursor: None,
            reply: Reply::Failure(|| HttpError::ConnectionRefused),
        }
    }

    fn answered(self, reply: &Reply) -> Self {
        let reply = reply.clone();
        Self { reply, ..self }
    }
}

/// Credential documents, as people may type them.
fn documents() -> Result<Vec<(String, String)>, Box<dyn Error>> {
    let mut documents = Vec::new();
    for (name, input) in cases("credential_document")? {
        documents.push((name, String::from_utf8_lossy(&input).into_owned()));
    }
    let client = |id: &str| json!({"client_id": id, "client_secret": "s"}).to_string();
    for (name, document) in [
        ("a long id", client(&"é".repeat(1024))),
        ("an id too long", client(&"é".repeat(1025))),
        ("a document too long", client(&"a".repeat(64 << 10))),
        (
            "half a surrogate pair",
            r#"{"client_id":"\ud83d","client_secret":"s"}"#.to_owned(),
        ),
        ("NaN", r#"{"client_id":NaN,"client_secret":"s"}"#.to_owned()),
    ] {
        documents.push((name.to_owned(), document));
    }
    Ok(documents)
}

/// Responses, as vendors may send them.
fn answers() -> Result<Vec<(String, Answer)>, Box<dyn Error>> {
    let mut answers = Vec::new();
    for target in ["token_reply", "credential_information", "classify"] {
        for (name, input) in cases(target)? {
            answers.push((name, Answer::read(&input)));
        }
    }
    for (name, input) in cases("retry_after")? {
        for status in [429, 503] {
            let headers = vec![("Retry-After".to_owned(), input.clone())];
            answers.push((name.clone(), made(status, headers, Vec::new())));
        }
    }
    for (name, input) in cases("base_url")? {
        let token = json!({
            "access_token": "tok.en-1", "token_type": "bearer", "project_id": 42,
            "endpoint": String::from_utf8_lossy(&input),
        });
        answers.push((name, made(200, Vec::new(), token.to_string().into_bytes())));
    }
    for (name, status, body) in [
        (
            "a web page",
            200,
            "<!DOCTYPE html>\n<html></html>\n".to_owned(),
        ),
        (
            "a web page as a refusal",
            403,
            "<!DOCTYPE html>\n<html></html>\n".to_owned(),
        ),
        (
            "a wrong client",
            400,
            r#"{"error":"invalid_client"}"#.to_owned(),
        ),
        (
            "a wrong scope",
            400,
            r#"{"error":"invalid_scope"}"#.to_owned(),
        ),
        (
            "more than is read",
            200,
            format!("{{\"access_token\":\"{}\"}}", "a".repeat(1 << 20)),
        ),
        (
            "a code that breaks off",
            401,
            r#"{"a":[{"b":"}"}],"error":"invalid_token","c":"#.to_owned(),
        ),
        (
            "a code behind much",
            403,
            format!(
                "{{\"a\":\"{}\",\"error\":\"invalid_token\"}}",
                "a".repeat(5000)
            ),
        ),
    ] {
        answers.push((name.to_owned(), made(status, Vec::new(), body.into_bytes())));
    }
    Ok(answers)
}

fn made(status: u16, headers: Vec<(String, Vec<u8>)>, body: Vec<u8>) -> Answer {
    Answer {
        letter: 0,
        status,
        is_cut: false,
        headers,
        body,
    }
}

/// Inputs of a fuzz target, each with its name.
type Inputs = Vec<(String, Vec<u8>)>;

/// The fuzz cases of a target, sorted.
fn cases(target: &str) -> Result<Inputs, Box<dyn Error>> {
    let mut inputs = Vec::new();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/cases");
    let files: Result<BTreeSet<_>, _> = fs::read_dir(path.join(target))?
        .map(|file| file.map(|file| file.path()))
        .collect();
    for file in files? {
        let name = file.file_name().unwrap_or_default().display().to_string();
        inputs.push((format!("{target}/{name}"), fs::read(file)?));
    }
    Ok(inputs)
}

/// The failures of `wasi:http`.
const FAILURES: [fn() -> HttpError; 36] = [
    || HttpError::DnsTimeout,
    || HttpError::DnsError {
        rcode: None,
        info_code: None,
    },
    || HttpError::DestinationNotFound,
    || HttpError::DestinationUnavailable,
    || HttpError::DestinationIpProhibited,
    || HttpError::DestinationIpUnroutable,
    || HttpError::ConnectionRefused,
    || HttpError::ConnectionTerminated,
    || HttpError::ConnectionTimeout,
    || HttpError::ConnectionReadTimeout,
    || HttpError::ConnectionWriteTimeout,
    || HttpError::ConnectionLimitReached,
    || HttpError::TlsProtocolError,
    || HttpError::TlsCertificateError,
    || HttpError::TlsAlertReceived {
        alert_id: None,
        alert_message: None,
    },
    || HttpError::HttpRequestDenied,
    || HttpError::HttpRequestLengthRequired,
    || HttpError::HttpRequestBodySize(None),
    || HttpError::HttpRequestMethodInvalid,
    || HttpError::HttpRequestUriInvalid,
    || HttpError::HttpRequestUriTooLong,
    || HttpError::HttpRequestHeaderSectionSize(None),
    || HttpError::HttpRequestTrailerSectionSize(None),
    || HttpError::HttpResponseIncomplete,
    || HttpError::HttpResponseHeaderSectionSize(None),
    || HttpError::HttpResponseBodySize(None),
    || HttpError::HttpResponseTrailerSectionSize(None),
    || HttpError::HttpResponseTransferCoding(None),
    || HttpError::HttpResponseContentCoding(None),
    || HttpError::HttpResponseTimeout,
    || HttpError::HttpUpgradeFailed,
    || HttpError::HttpProtocolError,
    || HttpError::LoopDetected,
    || HttpError::ConfigurationError,
    || HttpError::InternalError(None),
    || HttpError::HttpResponseHeaderSize {
        field_name: None,
        field_size: None,
    },
];
