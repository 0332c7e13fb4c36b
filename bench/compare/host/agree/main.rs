//! Calls components and the plugin of this workspace with the same arguments, all in the baseline
//! host, and prints each result that differs, requests included. Each call is made in a fresh
//! instance and again in one that is kept.
//!
//! The arguments and the vendors' responses are the cases of the fuzzer (`fuzz/cases`) and others
//! written here; then every component signs in to the simulated vendors, over TLS.

use std::error::Error;
use std::fmt::Debug;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

use connector_bench::baseline::{Network, over};
use connector_bench::dialing::Dialing;
use connector_simulators::Simulators;
use futures::FutureExt as _;
use futures::future::ready;
use host_test::COMPONENT;
use serde_json::Value;

use baseline::{Allocation, Baseline, Instance, wit};
use exchange::{Exchange, answer};
use question::{Function, Question, questions};

#[path = "../../../../fuzz/src/answer.rs"]
pub mod answer;
#[expect(dead_code, reason = "only the comparison loads machine code")]
#[path = "../baseline.rs"]
mod baseline;
mod exchange;
mod failures;
mod question;

const HELP: &str = "\
Calls components with the same arguments as the plugin, and prints each result that differs.

usage: agree COMPONENT...

Exits with 1 when a result differs.";

/// A fresh instance and a kept one.
const INSTANCES: u32 = 2;

/// A component under test.
struct Guest {
    name: String,
    baseline: Baseline,
    exchange: Arc<Mutex<Exchange>>,
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
