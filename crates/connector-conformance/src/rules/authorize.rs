//! `authorize`: it carries the session, fits into a request, and depends on what it declares.

use connector_host::{CallError, PluginError, RequestHead, Session, Signing};
use futures::FutureExt as _;

use crate::documents::generated;
use crate::network::shown;
use crate::rule::{Breach, Check, Findings, Rule, Severity, ending};
use crate::subject::Subject;

pub(crate) static CARRIES: Rule = Rule {
    name: "authorization-carries-the-session",
    severity: Severity::Error,
    about: "`authorize` of a session that was just opened returns a header field or a query \
            parameter, for a GET and for a POST.",
    sentence: "Returns the header fields and query parameters that carry the session on one API \
               request.",
    source: "wit/credentials.wit",
    check: Check(|subject| carries(subject).boxed_local()),
};

pub(crate) static FITS: Rule = Rule {
    name: "authorization-fits",
    severity: Severity::Error,
    about: "Sessions are opened with generated valid documents. No authorization has a line break \
            or another control character in a header field, a field of the connection such as \
            `host`, or a parameter without a name. Odd methods, URLs and fields of the request \
            cause an error at most.",
    sentence: "Header fields. They replace fields of the same names that the caller set.",
    source: "wit/types.wit",
    check: Check(|subject| fits(subject).boxed_local()),
};

pub(crate) static REPEATS: Rule = Rule {
    name: "authorization-repeats",
    severity: Severity::Error,
    about: "With the same clock and random bytes, `authorize` returns the same for the same \
            request; with `signing: session`, for every request.",
    sentence: "The session alone, as with a bearer token: an authorization may be used for all \
               requests of the session.",
    source: "wit/types.wit",
    check: Check(|subject| repeats(subject).boxed_local()),
};

/// The generated documents with which sessions are opened.
const DOCUMENTS: usize = 50;

/// The head of a request, with all parts that a vendor may sign.
pub(crate) fn head(method: &str, url: &str) -> RequestHead {
    RequestHead {
        method: method.to_owned(),
        url: url.to_owned(),
        headers: vec![("accept".to_owned(), b"*/*".to_vec())],
        body_sha256: Some([7; 32]),
        body: Some(b"{}".to_vec()),
    }
}

fn url(session: &Session, path: &str) -> String {
    format!("{}{path}", session.base_url)
}

async fn carries(subject: &Subject) -> Findings {
    let mut findings = Findings::default();
    for open in subject.open(&mut findings) {
        let Some(session) = subject.session(&open).await else {
            continue;
        };
        for method in ["GET", "POST"] {
            let head = head(method, &url(&session, "/v1/things?limit=1"));
            let authorized = subject.plugin.authorize(open.id(), &session, &head).await;
            let carries = authorized.as_ref().is_ok_and(|authorized| {
                !(authorized.headers.is_empty() && authorized.query.is_empty())
            });
            findings.require(carries, || {
                let input = format!("authorize of a {method}");
                let found = match &authorized {
                    Ok(_) => "neither".to_owned(),
                    Err(_) => ending(&authorized),
                };
                Breach::new(
                    open.id(),
                    input,
                    "a header field or a query parameter",
                    found,
                )
            });
        }
    }
    findings
}

/// Malformed requests.
fn odd(session: &Session) -> Vec<RequestHead> {
    let mut heads: Vec<_> = [
        ("GET\r\nx-evil: 1", "/"),
        ("", "/"),
        ("GET", "/\r\nx-evil: 1"),
        ("GET", "/é?%zz#f"),
        ("GET", ""),
    ]
    .iter()
    .map(|(method, path)| head(method, &url(session, path)))
    .collect();
    heads.push(head("GET", "no url"));
    let mut fields = head("GET", &url(session, "/"));
    fields
        .headers
        .push(("x\r\ny".to_owned(), b"a\r\nx-evil: 1".to_vec()));
    heads.push(fields);
    let mut bare = head("GET", &url(session, "/"));
    (bare.body, bare.body_sha256) = (None, None);
    heads.push(bare);
    heads
}

async fn fits(subject: &Subject) -> Findings {
    let mut findings = Findings::default();
    for open in subject.open(&mut findings) {
        let mut runner = subject.runner("authorization-fits");
        let mut documents = vec![open.credential.clone()];
        if let Ok(generator) = &open.listed.documents {
            for _ in 0..DOCUMENTS {
                let document = generated(&generator.strategy, &mut runner);
                documents
                    .extend(document.filter(|document| generator.validator.is_valid(document)));
            }
        }
        for document in documents {
            let document = document.to_string();
            subject.network.answer(open.reply.clone());
            let opened = subject.plugin.authenticate(open.id(), &document).await;
            let Ok(session) = opened else {
                continue;
            };
            let mut heads = odd(&session);
            heads.push(head("GET", &url(&session, "/v1/things?limit=1")));
            for head in heads {
                let authorized = subject.plugin.authorize(open.id(), &session, &head).await;
                let breach = |field| Err(CallError::Plugin(PluginError::Contract(field)));
                let ended = authorized.as_ref().map(drop).map_err(Clone::clone);
                let holds = ended != breach("authorization.headers")
                    && ended != breach("authorization.query");
                findings.require(holds, || {
                    let (method, url) = (shown(head.method.as_bytes()), shown(head.url.as_bytes()));
                    let credential = shown(document.as_bytes());
                    let input = format!("authorize of {method} {url} with {credential}");
                    let expected = "header fields and parameters that fit into a request";
                    Breach::new(open.id(), input, expected, ending(&ended))
                });
            }
        }
    }
    findings
}

async fn repeats(subject: &Subject) -> Findings {
    let mut findings = Findings::default();
    for open in subject.open(&mut findings) {
        let Some(session) = subject.session(&open).await else {
            continue;
        };
        let first = head("GET", &url(&session, "/v1/things?limit=1"));
        let mut others = vec![("the same request", first.clone())];
        if open.listed.vendor.signing == Signing::Session {
            others.push(("another request", head("DELETE", &url(&session, "/"))));
        }
        let expected = subject.plugin.authorize(open.id(), &session, &first).await;
        for (name, head) in others {
            let found = subject.plugin.authorize(open.id(), &session, &head).await;
            findings.require(found == expected, || {
                let input = format!("authorize of a request, then of {name}");
                Breach::new(open.id(), input, "the same", "another authorization")
            });
        }
    }
    findings
}
