//! The checks of each request, and the header fields that restrict the browser. The server answers
//! its own page only, on this machine.
//!
//! The check of `Host` refuses other names that resolve to this machine (DNS rebinding); those of
//! `Origin` and `Sec-Fetch-Site` refuse pages of other sites. No CORS field admits them again.

use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, ORIGIN, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method};

/// Why a request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ForbiddenRequest {
    /// It is for another host.
    Host,
    /// It comes from another site's page, or from no page.
    Origin,
    /// It is a change that is not sent as JSON, as the form of another site would send it.
    NotJson,
}

/// Checks that the request names this server. For every request, the page included.
pub(super) fn check_host(parts: &Parts, port: u16) -> Result<(), ForbiddenRequest> {
    let mut hosts = parts.headers.get_all(HOST).iter();
    let (Some(host), None) = (hosts.next(), hosts.next()) else {
        return Err(ForbiddenRequest::Host);
    };
    if names(port).iter().any(|name| host == name.as_str()) {
        Ok(())
    } else {
        Err(ForbiddenRequest::Host)
    }
}

/// Checks that the page itself sent the request. For every request but that for the page, after
/// [`check_host`].
pub(super) fn check_caller(parts: &Parts) -> Result<(), ForbiddenRequest> {
    let changes = parts.method != Method::GET;
    let headers = &parts.headers;
    let from_elsewhere = headers
        .get_all("sec-fetch-site")
        .iter()
        .any(|site| site != "same-origin");
    // A browser sends the origin with every change.
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
        return Err(ForbiddenRequest::Origin);
    }
    if changes && !is_json(headers) {
        return Err(ForbiddenRequest::NotJson);
    }
    Ok(())
}

fn is_json(headers: &HeaderMap) -> bool {
    let Some(Ok(media_type)) = headers.get(CONTENT_TYPE).map(HeaderValue::to_str) else {
        return false;
    };
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
}

fn names(port: u16) -> [String; 2] {
    ["127.0.0.1", "localhost"].map(|name| format!("{name}:{port}"))
}

/// Restricts the browser to the page's own files, to requests to this server, and to no cache.
///
/// The nonce admits the two style elements that the theme adds at run time; `data:` admits the
/// icons of vendors.
pub(super) fn protect(headers: &mut HeaderMap, nonce: Option<&str>) {
    let styles = nonce.map_or_else(String::new, |nonce| format!(" 'nonce-{nonce}'"));
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self'{styles}; \
         img-src 'self' data:; connect-src 'self'; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    // A nonce holds hexadecimal digits only; the fallback would allow nothing.
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
    fn only_the_names_of_this_machine_are_a_host() {
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
            ("POST", vec![HOST, JSON], Err(ForbiddenRequest::Origin)),
            (
                "POST",
                vec![HOST, OWN, OWN, JSON],
                Err(ForbiddenRequest::Origin),
            ),
            ("POST", vec![HOST, OWN], Err(ForbiddenRequest::NotJson)),
            (
                "POST",
                vec![HOST, OWN, ("content-type", "text/plain")],
                Err(ForbiddenRequest::NotJson),
            ),
        ] {
            assert_eq!(
                check_caller(&parts(method, &headers)),
                expected,
                "{headers:?}"
            );
        }
        for forbidden in [
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
                let checked = check_caller(&parts(method, &[HOST, JSON, forbidden]));
                assert_eq!(
                    checked,
                    Err(ForbiddenRequest::Origin),
                    "{method} {forbidden:?}"
                );
            }
        }
    }
}
