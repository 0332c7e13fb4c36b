//! Who may talk to the page's server, and what the browser is told to forbid. It serves one page, on one machine, to that page alone.
//!
//! `Host` keeps out names that were pointed at this machine (DNS rebinding); `Origin` and `Sec-Fetch-Site` keep out other sites'
//! pages; there is no CORS header that would let them in again.

use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, ORIGIN, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method};

/// Why a request is not answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stranger {
    /// It was meant for another host.
    Host,
    /// It comes from another site's page, or from no page at all.
    Origin,
    /// A change that is not sent as JSON, as a form of another site would.
    NotJson,
}

/// Whether the request names this server. Needed for everything, the page included.
pub(super) fn check_host(parts: &Parts, port: u16) -> Result<(), Stranger> {
    let mut hosts = parts.headers.get_all(HOST).iter();
    let (Some(host), None) = (hosts.next(), hosts.next()) else {
        return Err(Stranger::Host);
    };
    if names(port).iter().any(|name| host == name.as_str()) {
        Ok(())
    } else {
        Err(Stranger::Host)
    }
}

/// Whether the page itself asks. To be called after [`check_host`], for everything that is not the page.
pub(super) fn check_caller(parts: &Parts) -> Result<(), Stranger> {
    let changes = parts.method != Method::GET;
    let headers = &parts.headers;
    let from_elsewhere = headers
        .get_all("sec-fetch-site")
        .iter()
        .any(|site| site != "same-origin");
    // A browser names the origin of every change; what names none is no page.
    let origins: Vec<_> = headers.get_all(ORIGIN).iter().collect();
    let own = headers
        .get(HOST)
        .map(|host| [b"http://", host.as_bytes()].concat());
    let known = match origins.as_slice() {
        [] => !changes,
        [origin] => Some(origin.as_bytes()) == own.as_deref(),
        _ => false,
    };
    if from_elsewhere || !known {
        return Err(Stranger::Origin);
    }
    if changes && !is_json(headers) {
        return Err(Stranger::NotJson);
    }
    Ok(())
}

fn is_json(headers: &HeaderMap) -> bool {
    let Some(Ok(sort)) = headers.get(CONTENT_TYPE).map(HeaderValue::to_str) else {
        return false;
    };
    let essence = sort.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
}

fn names(port: u16) -> [String; 2] {
    ["127.0.0.1", "localhost"].map(|name| format!("{name}:{port}"))
}

/// Tells the browser to run nothing but the page's own files, to call nobody but this server, and to keep nothing.
///
/// The theme writes two style elements when it runs, which is what the nonce is for; nothing else inline is let in.
pub(super) fn protect(headers: &mut HeaderMap, nonce: Option<&str>) {
    let styles = nonce.map_or_else(String::new, |nonce| format!(" 'nonce-{nonce}'"));
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self'{styles}; img-src 'self'; connect-src 'self'; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    // Only letters and digits come in from outside; if that ever fails, nothing is allowed instead of everything.
    let policy = HeaderValue::try_from(policy)
        .unwrap_or_else(|_| HeaderValue::from_static("default-src 'none'"));
    headers.insert(CONTENT_SECURITY_POLICY, policy);
    for (name, value) in [
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
        (CACHE_CONTROL, "no-store"),
        (HeaderName::from_static("x-frame-options"), "DENY"),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ),
        (
            HeaderName::from_static("permissions-policy"),
            "camera=(), geolocation=(), microphone=()",
        ),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Request;

    fn parts(method: &str, headers: &[(&str, &str)]) -> Parts {
        let request = Request::builder().method(method).uri("/api/vendors");
        let request = headers.iter().fold(request, |request, (name, value)| {
            request.header(*name, *value)
        });
        request.body(()).unwrap().into_parts().0
    }

    #[test]
    fn only_this_machine_under_its_own_names_is_a_host() {
        for (host, known) in [
            ("127.0.0.1:4000", true),
            ("localhost:4000", true),
            ("localhost:4001", false),
            ("localhost", false),
            ("evil.test:4000", false),
            ("127.0.0.1:4000.evil.test", false),
            ("[::1]:4000", false),
            ("", false),
        ] {
            let checked = check_host(&parts("GET", &[("host", host)]), 4000);
            assert_eq!(checked.is_ok(), known, "{host}");
        }
        assert!(check_host(&parts("GET", &[]), 4000).is_err());
        let twice = [("host", "localhost:4000"), ("host", "evil.test")];
        assert!(check_host(&parts("GET", &twice), 4000).is_err());
    }

    #[test]
    fn only_the_page_itself_is_a_caller() {
        const HOST: (&str, &str) = ("host", "localhost:4000");
        const JSON: (&str, &str) = ("content-type", "application/json; charset=utf-8");
        const OWN: (&str, &str) = ("origin", "http://localhost:4000");
        let same = ("sec-fetch-site", "same-origin");
        for (method, headers, expected) in [
            ("GET", vec![HOST], Ok(())),
            ("GET", vec![HOST, same], Ok(())),
            ("POST", vec![HOST, OWN, JSON], Ok(())),
            ("DELETE", vec![HOST, OWN, same, JSON], Ok(())),
            ("POST", vec![HOST, JSON], Err(Stranger::Origin)),
            ("POST", vec![HOST, OWN, OWN, JSON], Err(Stranger::Origin)),
            ("POST", vec![HOST, OWN], Err(Stranger::NotJson)),
            (
                "POST",
                vec![HOST, OWN, ("content-type", "text/plain")],
                Err(Stranger::NotJson),
            ),
        ] {
            assert_eq!(
                check_caller(&parts(method, &headers)),
                expected,
                "{headers:?}"
            );
        }
        for stranger in [
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
            ("sec-fetch-site", "none"),
            ("origin", "null"),
            ("origin", "http://127.0.0.1:4000"),
            ("origin", "https://localhost:4000"),
            ("origin", "http://localhost:5000"),
            ("origin", "http://evil.test"),
        ] {
            for method in ["GET", "POST", "PUT", "DELETE"] {
                let checked = check_caller(&parts(method, &[HOST, JSON, stranger]));
                assert_eq!(checked, Err(Stranger::Origin), "{method} {stranger:?}");
            }
        }
    }
}
