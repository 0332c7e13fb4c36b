//! [`Subject`]: a plugin under check, with what the rules need for each of its vendors. A valid
//! document is made from the schema, and the reply that opens a session is the usual one of RFC
//! 6749 §5.1, unless there are samples.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use connector_host::{CallError, Connector, Inspection, LoadError, Profile, Session, Vendor};
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use tokio::sync::OnceCell;
use tokio::time::Instant;

use crate::documents::{self, Documents, with};
use crate::network::{Constant, Network, Reply, Sent};
use crate::plugin::Plugin;
use crate::rule::Findings;
use crate::rules::inputs::Endings;
use crate::samples::{Function, GivenReply, Sample, Samples};

/// The contract allows one request. More are let through, so that the check sees them.
const REQUESTS: u32 = 8;

/// How much a check does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Effort {
    /// As many generated inputs as the contract's own checks use, each kind within a minute: a slow
    /// plugin gets fewer.
    #[default]
    Full,
    /// Some hundred generated inputs, for a quick answer.
    Quick,
}

impl Effort {
    /// The generated inputs for functions of any kind: 100,000.
    pub(crate) fn inputs(self) -> Budget {
        Budget::new(self, 100_000, 2_000)
    }

    /// The generated documents of one vendor.
    pub(crate) fn documents(self) -> Budget {
        Budget::new(self, 10_000, 500)
    }

    /// The generated replies of one vendor that hold private values.
    pub(crate) fn replies(self) -> Budget {
        Budget::new(self, 2_000, 100)
    }
}

/// A number of inputs, and the time for them.
#[derive(Debug)]
pub(crate) struct Budget {
    remaining: u32,
    end: Instant,
}

impl Budget {
    fn new(effort: Effort, full: u32, quick: u32) -> Self {
        let (remaining, time) = match effort {
            Effort::Full => (full, Duration::from_mins(1)),
            Effort::Quick => (quick, Duration::from_secs(10)),
        };
        Self {
            remaining,
            end: Instant::now() + time,
        }
    }

    /// Whether there is another input; counts it.
    pub(crate) fn take(&mut self) -> bool {
        let remaining = self.remaining.checked_sub(1);
        self.remaining = remaining.unwrap_or_default();
        remaining.is_some() && Instant::now() < self.end
    }
}

/// A plugin under check.
pub(crate) struct Subject {
    pub(crate) plugin: Arc<dyn Plugin>,
    pub(crate) network: Network,
    pub(crate) vendors: Vec<Listed>,
    pub(crate) samples: Samples,
    pub(crate) effort: Effort,
    pub(crate) seed: u64,
    /// Of the generated inputs, which several rules judge.
    pub(crate) endings: OnceCell<Endings>,
}

/// One vendor of the plugin. What is missing has its reason in its place.
pub(crate) struct Listed {
    pub(crate) vendor: Vendor,
    /// The schema in English.
    pub(crate) schema: Result<Value, String>,
    pub(crate) documents: Result<Documents, String>,
    /// A valid credential document.
    pub(crate) credential: Result<Value, String>,
    /// The reply that opens a session.
    pub(crate) opening: Result<Opening, String>,
    /// A reply to `inspect`.
    pub(crate) access: Option<Reply>,
}

/// How a session is opened.
#[derive(Debug, Clone)]
pub(crate) struct Opening {
    /// The reply to the token request.
    pub(crate) reply: Reply,
    /// Whether there is a token request.
    pub(crate) sends: bool,
}

impl Listed {
    pub(crate) fn id(&self) -> &str {
        &self.vendor.id
    }

    /// The names of the fields, in the order of the form.
    pub(crate) fn fields(&self) -> Vec<&str> {
        let schema = self.schema.as_ref().ok();
        let fields = schema.and_then(|schema| schema.get("properties")?.as_object());
        fields
            .into_iter()
            .flat_map(|fields| fields.keys().map(String::as_str))
            .collect()
    }
}

/// A vendor with which a session can be opened.
pub(crate) struct Open<'a> {
    pub(crate) listed: &'a Listed,
    pub(crate) credential: &'a Value,
    /// The credential document as text.
    pub(crate) document: String,
    pub(crate) reply: &'a Reply,
    pub(crate) sends: bool,
}

impl Open<'_> {
    pub(crate) fn id(&self) -> &str {
        &self.listed.vendor.id
    }

    pub(crate) fn is_inspected(&self) -> bool {
        self.listed.vendor.inspection != Inspection::None
    }
}

/// The end of one call that sent a request.
pub(crate) struct Ended {
    /// The name of the function.
    pub(crate) function: &'static str,
    /// Its result, as the report shows a good one.
    pub(crate) result: Result<Shown, CallError>,
    pub(crate) sent: Vec<Sent>,
}

/// A good result in a report.
pub(crate) struct Shown(String);

impl fmt::Debug for Shown {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl Subject {
    /// Loads a component with a network of the check.
    pub(crate) async fn load(
        component: &[u8],
        profile: Profile,
        cache: Option<&Path>,
    ) -> Result<(Connector, Network), LoadError> {
        let network = Network::default();
        let mut builder = Connector::builder(Arc::new(network.clone()))
            .clock(Arc::new(network.clone()))
            .random(Arc::new(Constant))
            .limits(profile.call_limits().requests(REQUESTS))
            .profile(profile)
            .strict()
            .tolerate_breaches();
        if let Some(cache) = cache {
            builder = builder.cache(cache);
        }
        Ok((builder.load_bytes(component).await?, network))
    }

    /// Prepares the vendors of a loaded plugin.
    pub(crate) async fn new(
        plugin: Arc<dyn Plugin>,
        network: Network,
        samples: Samples,
        effort: Effort,
        seed: u64,
    ) -> Self {
        let mut subject = Self {
            plugin,
            network,
            vendors: Vec::new(),
            samples,
            effort,
            seed,
            endings: OnceCell::new(),
        };
        let connector = subject.plugin.connector().clone();
        for vendor in connector.vendors() {
            let listed = subject.listed(vendor.clone()).await;
            subject.vendors.push(listed);
        }
        subject
    }

    /// The same cases in every run with this seed.
    pub(crate) fn runner(&self, purpose: &str) -> TestRunner {
        documents::runner(self.seed, purpose)
    }

    async fn listed(&self, vendor: Vendor) -> Listed {
        let schema = self.plugin.schema(&vendor.id, &[]).await;
        let schema = schema.map_err(|error| format!("there is no schema: {error}"));
        let schema: Result<Value, String> = schema.and_then(|schema| {
            serde_json::from_str(&schema).map_err(|_| "the schema is not JSON".to_owned())
        });
        let mut runner = self.runner("good documents");
        let sampled = self.sampled(&vendor.id, Function::Authenticate);
        let sampled = sampled.filter(|sample| sample.exchange.outcome.session.is_some());
        let sampled: Vec<&Sample> = sampled.collect();
        let example = sampled.iter().find_map(|sample| {
            let credential = sample.exchange.credential.clone();
            credential.map(Value::Object)
        });
        let documents = schema
            .as_ref()
            .map_err(Clone::clone)
            .and_then(|schema| Documents::new(schema, example.as_ref(), &mut runner));
        let credential = match (&example, &documents) {
            (Some(example), _) => Ok(example.clone()),
            (None, Ok(documents)) => documents.good(&mut runner).ok_or_else(|| {
                "no generated document satisfies the schema; give a sample".to_owned()
            }),
            (None, Err(why)) => Err(why.clone()),
        };
        let mut replies: Vec<Reply> = sampled
            .iter()
            .filter_map(|sample| sample.exchange.reply.as_ref())
            .map(GivenReply::reply)
            .collect();
        replies.extend(usual_replies());
        let opening = match &credential {
            Ok(credential) => self.opening(&vendor.id, credential, replies).await,
            Err(why) => Err(why.clone()),
        };
        let inspected = self.sampled(&vendor.id, Function::Inspect);
        let access = inspected
            .filter(|sample| sample.exchange.outcome.access.is_some())
            .find_map(|sample| sample.exchange.reply.as_ref())
            .map(GivenReply::reply);
        Listed {
            vendor,
            schema,
            documents,
            credential,
            opening,
            access,
        }
    }

    fn sampled<'a>(
        &'a self,
        vendor: &'a str,
        function: Function,
    ) -> impl Iterator<Item = &'a Sample> {
        let samples = self.samples.of(vendor);
        samples.filter(move |sample| sample.exchange.function == function)
    }

    /// The first of the replies that opens a session.
    async fn opening(
        &self,
        vendor: &str,
        credential: &Value,
        replies: Vec<Reply>,
    ) -> Result<Opening, String> {
        let document = credential.to_string();
        let mut last = String::new();
        for reply in replies {
            self.network.answer(reply.clone());
            match self.plugin.authenticate(vendor, &document).await {
                Ok(_) => {
                    let sends = !self.network.take_sent().is_empty();
                    return Ok(Opening { reply, sends });
                }
                Err(error) => last = error.to_string(),
            }
        }
        Err(format!(
            "no usual reply opens a session ({last}); give a sample of `authenticate`"
        ))
    }

    /// The vendors with a valid document. The others are reported as skipped.
    pub(crate) fn filled<'a>(&'a self, findings: &mut Findings) -> Vec<(&'a Listed, &'a Value)> {
        let mut filled = Vec::new();
        for listed in &self.vendors {
            match &listed.credential {
                Ok(credential) => filled.push((listed, credential)),
                Err(why) => findings.skip(listed.id(), why),
            }
        }
        filled
    }

    /// The vendors with which a session can be opened. The others are reported as skipped.
    pub(crate) fn open<'a>(&'a self, findings: &mut Findings) -> Vec<Open<'a>> {
        let mut open = Vec::new();
        for listed in &self.vendors {
            match (&listed.credential, &listed.opening) {
                (Ok(credential), Ok(opening)) => open.push(Open {
                    listed,
                    credential,
                    document: credential.to_string(),
                    reply: &opening.reply,
                    sends: opening.sends,
                }),
                (Err(why), _) | (_, Err(why)) => findings.skip(listed.id(), why),
            }
        }
        open
    }

    /// The vendors that open a session by a request. The others are reported as skipped.
    pub(crate) fn asking<'a>(&'a self, findings: &mut Findings) -> Vec<Open<'a>> {
        let mut open = self.open(findings);
        open.retain(|open| {
            if !open.sends {
                findings.skip(open.id(), "signing in sends no request");
            }
            open.sends
        });
        open
    }

    /// Opens a session. `None` where the same call fails now; `same-answer` reports that.
    pub(crate) async fn session(&self, open: &Open<'_>) -> Option<Session> {
        self.network.answer(open.reply.clone());
        let session = self.plugin.authenticate(open.id(), &open.document).await;
        self.network.take_sent();
        session.ok()
    }

    /// Makes each call that may send a request, with this reply, and returns those that did.
    pub(crate) async fn calls(
        &self,
        open: &Open<'_>,
        session: &Session,
        reply: &Reply,
    ) -> Vec<Ended> {
        let (vendor, document) = (open.id(), &*open.document);
        let mut ended = Vec::new();
        let mut record = |function, result, sent: Vec<Sent>| {
            if !sent.is_empty() {
                ended.push(Ended {
                    function,
                    result,
                    sent,
                });
            }
        };
        self.network.answer(reply.clone());
        let opened = self.plugin.authenticate(vendor, document).await;
        let opened = opened.map(|session| Shown(format!("{session:?}")));
        record("authenticate", opened, self.network.take_sent());
        let replaced = self.plugin.refresh(vendor, document, session).await;
        let replaced = replaced.map(|session| Shown(format!("{session:?}")));
        record("refresh", replaced, self.network.take_sent());
        if open.is_inspected() {
            let session = (open.listed.vendor.inspection == Inspection::Session).then_some(session);
            let inspected = self.plugin.inspect(vendor, document, session, None).await;
            let inspected = inspected.map(|access| Shown(format!("{access:?}")));
            record("inspect", inspected, self.network.take_sent());
        }
        ended
    }
}

/// Token replies of RFC 6749 §5.1, without and with a refresh token.
fn usual_replies() -> [Reply; 2] {
    let token = json!({
        "access_token": "token-0001", "token_type": "Bearer", "expires_in": 3600,
    });
    let rotating = with(&token, "refresh_token", json!("refresh-0001"));
    [token, rotating].map(|token| Reply::json(200, &token))
}
