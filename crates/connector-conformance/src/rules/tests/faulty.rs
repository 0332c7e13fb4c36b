//! A good plugin with one fault, which has the name of the rule that it breaks.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use connector_host::{
    Access, ApiResponse, Authorization, CallError, Connector, ConnectorError, Description, Fault,
    FieldChoices, Limits, Origin, PluginError, RequestHead, Session, Stage, Transport as _,
    Verdict,
};
use serde_json::{Value, json};

use crate::network::Network;
use crate::plugin::{Call, Plugin};

/// The good plugin, and the name of its fault.
pub(crate) struct Faulty {
    inner: Connector,
    network: Network,
    fault: &'static str,
    calls: AtomicU64,
}

const YEAR: Duration = Duration::from_hours(365 * 24);

impl Faulty {
    pub(crate) fn new(inner: Connector, network: Network, fault: &'static str) -> Self {
        Self {
            inner,
            network,
            fault,
            calls: AtomicU64::new(0),
        }
    }

    fn has(&self, fault: &str) -> bool {
        self.fault == fault
    }

    /// A number that is never the same.
    fn number(&self) -> u64 {
        self.calls.fetch_add(1, Ordering::Relaxed)
    }

    /// Sends a request that the plugin should not send.
    async fn send(&self) {
        let request = http::Request::get("https://api.example/").body(Bytes::new());
        let timeouts = Limits::default().timeouts;
        let _response = self.network.send(request.unwrap(), timeouts).await;
    }

    /// The error with the fault, if that is one of errors.
    fn error(&self, error: CallError) -> CallError {
        use ConnectorError as E;
        let CallError::Connector(error) = error else {
            return error;
        };
        let error = match (self.fault, error) {
            ("unknown-vendor", E::UnknownVendor) => E::Denied,
            ("waits", E::Throttled(Some(1))) => return contract("seconds"),
            ("temporary-failures", E::Throttled(_)) => E::Throttled(None),
            ("whole-replies", E::Unreachable(_))
            | ("undocumented-replies", E::InvalidResponse(_)) => E::Unavailable(None),
            ("stages", E::Unreachable(_)) => E::Unreachable(Stage::Other),
            ("unconfirmed-refusals", E::Rejected(mut refusal)) => {
                refusal.confirmed = true;
                E::Rejected(refusal)
            }
            ("standard-codes", E::Rejected(mut refusal)) => {
                refusal.code = None;
                E::Rejected(refusal)
            }
            (_, error) => error,
        };
        error.into()
    }
}

fn contract(field: &'static str) -> CallError {
    CallError::Plugin(PluginError::Contract(field))
}

impl Plugin for Faulty {
    fn connector(&self) -> &Connector {
        &self.inner
    }

    fn describe<'a>(&'a self, vendor: &'a str, locales: &'a [String]) -> Call<'a, Description> {
        Box::pin(async move {
            if self.has("never-ends") {
                std::future::pending::<()>().await;
            }
            if self.has("describe") {
                return Err(contract("describe.name"));
            }
            // Only the first tag counts.
            let ignored = if self.has("languages") { 1 } else { usize::MAX };
            let locales = locales.get(..ignored.min(locales.len())).unwrap();
            let mut description = self.inner.describe(vendor, locales).await;
            if let (true, Ok(description)) = (self.has("same-in-every-language"), &mut description)
                && locales == ["fr"]
            {
                description.setup_url = Some("https://example.com/fr".to_owned());
            }
            description.map_err(|error| self.error(error))
        })
    }

    fn schema<'a>(&'a self, vendor: &'a str, locales: &'a [String]) -> Call<'a, String> {
        Box::pin(async move {
            let schema = self.inner.credential_schema(vendor, locales).await?;
            let mut schema: Value = serde_json::from_str(&schema).unwrap();
            match self.fault {
                "schema" => schema["$schema"] = json!("http://json-schema.org/draft-07/schema#"),
                "schema-keywords" => schema["x-order"] = json!(1),
                "portable-schema" => schema["additionalProperties"] = json!(true),
                "marked-secrets" => {
                    let secret = &mut schema["properties"]["client_secret"];
                    secret.as_object_mut().unwrap().remove("writeOnly");
                }
                _ => {}
            }
            Ok(schema.to_string())
        })
    }

    fn validate<'a>(
        &'a self,
        vendor: &'a str,
        credential: &'a str,
        locales: &'a [String],
    ) -> Call<'a, ()> {
        Box::pin(async move {
            if self.has("schema-and-validate-agree") {
                return Ok(());
            }
            let ended = self.inner.validate(vendor, credential, locales).await;
            let Err(CallError::Connector(ConnectorError::InvalidCredential(mut issues))) = ended
            else {
                return ended.map_err(|error| self.error(error));
            };
            let first = &mut issues[0];
            match self.fault {
                "every-problem-at-once" => issues.truncate(1),
                "issues" => first.code = "odd".to_owned(),
                "no-echo" => first.message = format!("{credential:?} is wrong"),
                "same-answer" => first.message = format!("problem {}", self.number()),
                _ => {}
            }
            Err(ConnectorError::InvalidCredential(issues).into())
        })
    }

    fn validate_in_one_instance<'a>(
        &'a self,
        vendor: &'a str,
        documents: &'a [&'a str],
    ) -> Call<'a, Vec<Result<(), CallError>>> {
        Box::pin(async move {
            let results = self.inner.validate_in_one_instance(vendor, documents).await;
            let mut results = results?;
            if self.has("kept-instance") {
                // The answer to the document before.
                results.rotate_right(1);
            }
            Ok(results)
        })
    }

    fn origins<'a>(&'a self, vendor: &'a str, credential: &'a str) -> Call<'a, Vec<Origin>> {
        Box::pin(async move {
            let origins = self.inner.origins(vendor, credential).await;
            match self.fault {
                "origins" => Ok(Vec::new()),
                "declared-origins" => Ok(vec!["https://other.example".parse().unwrap()]),
                _ => origins.map_err(|error| self.error(error)),
            }
        })
    }

    fn authenticate<'a>(&'a self, vendor: &'a str, credential: &'a str) -> Call<'a, Session> {
        Box::pin(async move {
            let mut opened = self.inner.authenticate(vendor, credential).await;
            if self.has("one-request") {
                opened = self.inner.authenticate(vendor, credential).await;
            }
            if self.has("content-length") {
                self.network.edit_sent(|sent| {
                    sent.headers.remove("content-length");
                });
            }
            if self.has("invalid-documents-send-nothing") && opened.is_err() {
                self.send().await;
            }
            let reply = self.network.reply().unwrap();
            let is_hostile = String::from_utf8_lossy(&reply.body).contains("evil");
            if self.has("base-url") && is_hostile {
                return Err(contract("base-url"));
            }
            let mut session = opened.map_err(|error| self.error(error))?;
            match self.fault {
                "issued-at" => session.issued_at += Duration::from_secs(5),
                "session-lifetime" => {
                    let end = session.expires_at.as_mut().unwrap();
                    if *end == session.issued_at + YEAR {
                        *end += YEAR;
                    }
                }
                "refresh-after" => session.refresh_after = session.expires_at,
                "samples" => session.account = Some("another".to_owned()),
                _ => {}
            }
            Ok(session)
        })
    }

    fn refresh<'a>(
        &'a self,
        vendor: &'a str,
        credential: &'a str,
        current: &'a Session,
    ) -> Call<'a, Session> {
        Box::pin(async move {
            match self.fault {
                "refresh-replaces" => return Ok(current.clone()),
                "requests-within-origins" => return Err(ConnectorError::Denied.into()),
                _ => {}
            }
            let replaced = self.inner.refresh(vendor, credential, current).await;
            replaced.map_err(|error| self.error(error))
        })
    }

    fn inspect<'a>(
        &'a self,
        vendor: &'a str,
        credential: &'a str,
        session: Option<&'a Session>,
        cursor: Option<&'a str>,
    ) -> Call<'a, Access> {
        Box::pin(async move {
            if self.has("inspection-input") && session.is_none() {
                return Err(contract("value"));
            }
            let cursor = cursor.filter(|_| !self.has("unknown-cursor"));
            let inspected = self
                .inner
                .inspect(vendor, credential, session, cursor)
                .await;
            let mut access = inspected.map_err(|error| self.error(error))?;
            if self.has("choices-fit-the-form") {
                access.fields.push(FieldChoices {
                    pointer: "/nothing".to_owned(),
                    choices: Vec::new(),
                    complete: true,
                    depends_on: Vec::new(),
                });
            }
            Ok(access)
        })
    }

    fn authorize<'a>(
        &'a self,
        vendor: &'a str,
        session: &'a Session,
        request: &'a RequestHead,
    ) -> Call<'a, Authorization> {
        Box::pin(async move {
            if self.has("authorization-fits") && request.method.contains('\r') {
                return Err(contract("authorization.headers"));
            }
            let authorized = self.inner.authorize(vendor, session, request).await;
            let mut authorization = authorized.map_err(|error| self.error(error))?;
            match self.fault {
                "authorization-carries-the-session" => {
                    authorization.headers.clear();
                    authorization.query.clear();
                }
                "authorization-repeats" => {
                    let number = self.number().to_string();
                    authorization.query.push(("n".to_owned(), number));
                }
                _ => {}
            }
            Ok(authorization)
        })
    }

    fn classify<'a>(&'a self, vendor: &'a str, response: &'a ApiResponse) -> Call<'a, Verdict> {
        Box::pin(async move {
            let holds_error = String::from_utf8_lossy(&response.body).contains("error");
            match self.fault {
                "classify-is-total" if response.body.len() == 1 => {
                    return Err(ConnectorError::Other(Fault {
                        code: "short".to_owned(),
                        message: "the body is short".to_owned(),
                        retry: false,
                    })
                    .into());
                }
                "never-traps" if holds_error => {
                    return Err(PluginError::Trapped("unreachable".to_owned()).into());
                }
                "results-are-valid" if holds_error => return Err(contract("code")),
                "limits" if holds_error => return Err(PluginError::Memory.into()),
                _ => {}
            }
            let verdict = self.inner.classify(vendor, response).await;
            match (self.fault, verdict) {
                ("verdicts", Ok(Verdict::Unavailable(_))) => Ok(Verdict::Accepted),
                (_, verdict) => verdict.map_err(|error| self.error(error)),
            }
        })
    }
}
