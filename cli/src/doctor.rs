//! `connector doctor`: checks what the other commands need on this machine, and whether the vendors
//! can be reached, through a proxy if one is configured. Sends no credential.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use connector_host::{
    Clock, Connector, Limits, Proxy, ProxyError, SystemClock, Transport, TransportError,
};
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
    let proxy = of.network.chosen_proxy();
    let proxy = proxy.map_err(|failure| failure.to_string());
    // An invalid proxy is no problem of the certificates.
    let network = match &proxy {
        Ok(_) => of.network.clone(),
        Err(_) => of.network.without_proxy(),
    };
    let transport = network.transport().map_err(|failure| failure.to_string());
    let detail = transport.as_ref().map(|_| match &of.network.cacert {
        Some(file) => format!("those of {} are trusted as well", file.display()),
        None => "the default authorities are trusted".to_owned(),
    });
    checks.push(Check::new("certificates", detail.map_err(Clone::clone)));
    match plugin::open(&of.plugin, &network).await {
        Err(failure) => {
            checks.push(Check::new("plugin", Err(failure.to_string())));
            if let Err(why) = proxy {
                checks.push(Check::new("proxy", Err(why)));
            }
        }
        Ok(connector) => {
            let vendors = connector.vendors().iter();
            let ids: Vec<_> = vendors.map(|vendor| plain(&vendor.id)).collect();
            let loaded = format!("its vendors are {}", ids.join(", "));
            checks.push(Check::new("plugin", Ok(loaded)));
            let way = match (transport, proxy) {
                (_, Err(why)) => {
                    checks.push(Check::new("proxy", Err(why)));
                    None
                }
                (Ok(transport), Ok(proxy)) => Some(Way { transport, proxy }),
                (Err(_), Ok(_)) => None,
            };
            if let Some(way) = way {
                way.reach(&connector, &mut checks).await;
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

/// The way to the vendors.
struct Way {
    transport: Arc<dyn Transport>,
    proxy: Option<Proxy>,
}

/// The outcome of a request to an origin.
struct Asked {
    origin: String,
    /// Whether it went through the proxy.
    is_proxied: bool,
    /// The status, and the vendor's time.
    outcome: Result<(u16, Option<SystemTime>), TransportError>,
}

impl Way {
    /// Sends a request without a credential to each origin, and compares the clocks. A failure of
    /// the proxy is a check of its own, not one of each origin.
    async fn reach(&self, connector: &Connector, checks: &mut Vec<Check>) {
        let vendors = connector.vendors().iter();
        let mut asked = Vec::new();
        let mut of_origins = Vec::new();
        for origin in vendors.flat_map(|vendor| &vendor.origins) {
            let origin = origin.to_string();
            if origin.contains('*') {
                of_origins.push(Check::skipped(
                    origin,
                    "it depends on the credential; `connector credentials check NAME` reaches it",
                ));
                continue;
            }
            let of_origin = self.ask(origin).await;
            of_origins.push(self.check(&of_origin));
            asked.push(of_origin);
        }
        checks.push(self.proxy(&asked));
        checks.extend(of_origins);
        let theirs = asked.iter().find_map(|asked| asked.outcome.ok()?.1);
        checks.push(match theirs {
            None => Check::skipped("clock", "no vendor names a time to compare it with"),
            Some(theirs) => Check::new("clock", compared(SystemClock.now(), theirs)),
        });
    }

    async fn ask(&self, origin: String) -> Asked {
        let host = origin.strip_prefix("https://").unwrap_or_default();
        let is_proxied = self.proxy.as_ref().is_some_and(|proxy| proxy.is_for(host));
        let outcome = asked(&*self.transport, &origin).await;
        Asked {
            origin,
            is_proxied,
            outcome,
        }
    }

    fn check(&self, of: &Asked) -> Check {
        let by = match (&self.proxy, of.is_proxied) {
            (None, _) => "",
            (Some(_), true) => ", through the proxy",
            (Some(_), false) => ", without the proxy (NO_PROXY)",
        };
        let origin = of.origin.as_str();
        match of.outcome {
            Ok((status, _)) => Check::new(origin, Ok(format!("it answers (status {status}){by}"))),
            Err(TransportError::Proxy(_)) => Check::skipped(origin, "the proxy gave no connection"),
            Err(error) => Check::new(origin, Err(format!("{error}{by}"))),
        }
    }

    /// Whether the proxy connects to the origins that are not excepted.
    fn proxy(&self, asked: &[Asked]) -> Check {
        let Some(proxy) = &self.proxy else {
            return Check::skipped("proxy", "none is configured");
        };
        if asked.is_empty() {
            let why = format!("{proxy} is configured; no vendor has an origin that is known here");
            return Check::skipped("proxy", &why);
        }
        let mut through = asked.iter().filter(|asked| asked.is_proxied).peekable();
        if through.peek().is_none() {
            let why = format!("{proxy} is not used: NO_PROXY excepts every known origin");
            return Check::skipped("proxy", &why);
        }
        let failure = through.find_map(|asked| match asked.outcome {
            Err(TransportError::Proxy(why)) => Some((asked, why)),
            _ => None,
        });
        Check::new(
            "proxy",
            match failure {
                None => Ok(format!("{proxy} gives connections")),
                Some((asked, why)) => Err(format!(
                    "{proxy} gives no connection to {}: {why}; {}",
                    asked.origin,
                    remedy(why)
                )),
            },
        )
    }
}

/// The action that mends a failing proxy.
fn remedy(why: ProxyError) -> &'static str {
    match why {
        ProxyError::Authentication => {
            "put user and password into its URL, with special characters percent-encoded"
        }
        ProxyError::Dns | ProxyError::Connect | ProxyError::Timeout => {
            "check host and port of its URL (--proxy, HTTPS_PROXY, ALL_PROXY), and whether it runs"
        }
        ProxyError::Certificate(_) => "trust its authority with --cacert",
        ProxyError::Tls | ProxyError::Protocol => "check the scheme and the port of its URL",
        _ => "allow the host at the proxy, or except it with NO_PROXY",
    }
}

/// The status of the origin's first page, and the time that it names.
async fn asked(
    transport: &dyn Transport,
    origin: &str,
) -> Result<(u16, Option<SystemTime>), TransportError> {
    let mut request = Request::new(Bytes::new());
    *request.method_mut() = Method::HEAD;
    let url = format!("{origin}/").parse();
    *request.uri_mut() = url.map_err(|_| TransportError::Denied)?;
    let timeouts = Limits::default().timeouts;
    let response = transport.send(request, timeouts);
    let response = tokio::time::timeout(timeouts.connect + timeouts.first_byte, response).await;
    let response = response.unwrap_or(Err(TransportError::Timeout));
    let response = response?;
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

    #[test]
    fn a_proxy_of_vendors_without_a_known_origin_is_not_called_unused() {
        let way = Way {
            transport: Arc::new(connector_host::Live::builder().build().unwrap()),
            proxy: Some("http://proxy.example:3128".parse().unwrap()),
        };
        let check = way.proxy(&[]);
        assert!(check.outcome == Outcome::Skipped, "{}", check.detail);
        let expected = "http://proxy.example:3128 is configured; no vendor has an origin";
        assert!(check.detail.starts_with(expected), "{}", check.detail);
    }
}
