//! `connector doctor`: checks what the other commands need on this machine, and whether the vendors
//! can be reached. Sends no credential.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use connector_host::{Clock, Connector, Limits, SystemClock, Transport, TransportError};
use http::header::DATE;
use http::{Method, Request};
use jiff::fmt::rfc2822;
use serde_json::{Value, json};

use crate::args::Doctor;
use crate::failure::{Failure, plain};
use crate::output;
use crate::plugin;
use crate::store::{Location, Store};
use crate::table::ListFormat;

/// Sessions are dated in seconds, and replaced minutes before they end.
const MAX_CLOCK_DIFFERENCE: Duration = Duration::from_mins(1);

/// The result of one check.
struct Check {
    subject: String,
    outcome: Outcome,
    detail: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Good,
    Skipped,
    Failed,
}

impl Check {
    fn new(subject: impl Into<String>, result: Result<String, String>) -> Self {
        let (outcome, detail) = match result {
            Ok(detail) => (Outcome::Good, detail),
            Err(detail) => (Outcome::Failed, detail),
        };
        Self {
            subject: subject.into(),
            outcome,
            detail,
        }
    }

    fn skipped(subject: impl Into<String>, why: &str) -> Self {
        Self {
            subject: subject.into(),
            outcome: Outcome::Skipped,
            detail: why.to_owned(),
        }
    }

    fn json(&self) -> Value {
        let outcome = match self.outcome {
            Outcome::Good => "ok",
            Outcome::Skipped => "skipped",
            Outcome::Failed => "failed",
        };
        json!({"check": self.subject, "result": outcome, "detail": self.detail})
    }
}

/// Makes all checks, and prints them. Fails if one of them did.
pub(crate) async fn run(of: &Doctor) -> Result<(), Failure> {
    let mut checks = store(of);
    let transport = of
        .network
        .transport()
        .map_err(|failure| failure.to_string());
    let detail = transport.as_ref().map(|_| match &of.network.cacert {
        Some(file) => format!("those of {} are trusted as well", file.display()),
        None => "the default authorities are trusted".to_owned(),
    });
    checks.push(Check::new("certificates", detail.map_err(Clone::clone)));
    match plugin::open(&of.plugin, &of.network).await {
        Err(failure) => checks.push(Check::new("plugin", Err(failure.to_string()))),
        Ok(connector) => {
            let vendors = connector.vendors().iter();
            let ids: Vec<_> = vendors.map(|vendor| plain(&vendor.id)).collect();
            let loaded = format!("its vendors are {}", ids.join(", "));
            checks.push(Check::new("plugin", Ok(loaded)));
            if let Ok(transport) = transport {
                reach(&connector, &*transport, &mut checks).await;
            }
        }
    }
    let items: Value = checks.iter().map(Check::json).collect();
    let columns = [
        ("CHECK", "check"),
        ("RESULT", "result"),
        ("DETAIL", "detail"),
    ];
    output::line(&ListFormat::or_default(of.list.format).text(&items, &columns))?;
    let failed = checks
        .iter()
        .filter(|check| check.outcome == Outcome::Failed);
    match failed.count() {
        0 => Ok(()),
        failed => Err(Failure::Checks(failed)),
    }
}

fn store(of: &Doctor) -> Vec<Check> {
    let location = match Location::credentials(of.store.file.as_deref()) {
        Ok(location) => location,
        Err(error) => return vec![Check::new("store", Err(error.to_string()))],
    };
    let key = Check::new("key", Ok(format!("expected in {}", location.key_source())));
    let file = location.file().display();
    let opened = Store::open_existing(&location).and_then(|store| {
        store
            .map(|store| store.list().map(|saved| saved.len()))
            .transpose()
    });
    let store = match opened {
        Ok(None) => Ok(format!("there is none yet in {file}")),
        Ok(Some(number)) => Ok(format!("{number} credentials in {file}")),
        Err(error) => Err(plain(&error.to_string())),
    };
    vec![Check::new("store", store), key]
}

/// Sends a request without a credential to each origin, and compares the clocks.
async fn reach(connector: &Connector, transport: &dyn Transport, checks: &mut Vec<Check>) {
    let mut theirs = None;
    let origins = connector
        .vendors()
        .iter()
        .flat_map(|vendor| &vendor.origins);
    for origin in origins {
        let origin = origin.to_string();
        if origin.contains('*') {
            let why = "it depends on the credential; `connector credentials check NAME` reaches it";
            checks.push(Check::skipped(origin, why));
            continue;
        }
        let result = asked(transport, &origin).await.map(|(status, date)| {
            theirs = theirs.or(date);
            format!("it answers (status {status})")
        });
        checks.push(Check::new(origin, result));
    }
    checks.push(match theirs {
        None => Check::skipped("clock", "no vendor names a time to compare it with"),
        Some(theirs) => Check::new("clock", compared(SystemClock.now(), theirs)),
    });
}

/// The status of the origin's first page, and the time that it names.
async fn asked(
    transport: &dyn Transport,
    origin: &str,
) -> Result<(u16, Option<SystemTime>), String> {
    let mut request = Request::new(Bytes::new());
    *request.method_mut() = Method::HEAD;
    let url = format!("{origin}/").parse();
    *request.uri_mut() = url.map_err(|_| "it is not a URL".to_owned())?;
    let timeouts = Limits::default().timeouts;
    let response = transport.send(request, timeouts);
    let response = tokio::time::timeout(timeouts.connect + timeouts.first_byte, response).await;
    let response = response.unwrap_or(Err(TransportError::Timeout));
    let response = response.map_err(|error| error.to_string())?;
    let date = response
        .headers()
        .get(DATE)
        .and_then(|date| date.to_str().ok());
    let date = date.and_then(|date| rfc2822::parse(date).ok());
    let date = date.map(|date| SystemTime::from(date.timestamp()));
    Ok((response.status().as_u16(), date))
}

fn compared(ours: SystemTime, theirs: SystemTime) -> Result<String, String> {
    let (difference, side) = match ours.duration_since(theirs) {
        Ok(ahead) => (ahead, "ahead of"),
        Err(behind) => (behind.duration(), "behind"),
    };
    if difference <= MAX_CLOCK_DIFFERENCE {
        return Ok("the same as the vendor's".to_owned());
    }
    Err(format!(
        "it is {} s {side} the vendor's; set it, since sessions and certificates depend on it",
        difference.as_secs()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_differs_by_more_than_a_minute_is_named_with_its_side() {
        let at = |secs| SystemTime::UNIX_EPOCH + Duration::from_secs(secs);
        for (ours, theirs, expected) in [
            (1000, 1000, None),
            (1000, 1060, None),
            (1060, 1000, None),
            (1000, 1061, Some("61 s behind")),
            (4600, 1000, Some("3600 s ahead of")),
        ] {
            match (compared(at(ours), at(theirs)), expected) {
                (Ok(_), None) => {}
                (Err(detail), Some(part)) => assert!(detail.contains(part), "{detail}"),
                (other, _) => panic!("{ours} {theirs}: {other:?}"),
            }
        }
    }
}
