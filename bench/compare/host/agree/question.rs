//! The calls: the cases of the fuzzer (`fuzz/cases`), and others.

use std::collections::BTreeSet;
use std::error::Error;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use http::StatusCode;
use serde_json::json;
use wasmtime_wasi_http::Error as HttpError;

use crate::answer::Answer;
use crate::baseline::wit;
use crate::failures::FAILURES;

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

const WITH_REQUEST: [Function; 3] = [Function::Authenticate, Function::Refresh, Function::Inspect];

/// One call, by the name of its arguments.
pub(crate) struct Question {
    pub(crate) name: String,
    pub(crate) function: Function,
    pub(crate) vendor: String,
    pub(crate) document: String,
    pub(crate) locales: [&'static str; 1],
    pub(crate) cursor: Option<&'static str>,
    pub(crate) reply: Reply,
}

/// The response of a vendor, or the failure of the request.
#[derive(Clone)]
pub(crate) enum Reply {
    Answer(Arc<Answer>),
    Failure(fn() -> HttpError),
}

impl Reply {
    /// The argument of `classify`.
    pub(crate) fn response(&self) -> wit::Response {
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

/// All calls.
pub(crate) fn questions() -> Result<Vec<Question>, Box<dyn Error>> {
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
