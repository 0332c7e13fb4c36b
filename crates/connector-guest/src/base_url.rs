//! Base URLs and host names, read strictly: a token goes where they point (RFC 9700 §4.9), so a URL
//! that is not plainly a host of the vendor's is refused.

use alloc::string::String;

/// Longer base URLs are a mistake.
const MAX_BASE_URL_BYTES: usize = 2048;
/// RFC 1035 §2.3.4.
const MAX_HOST_BYTES: usize = 253;
/// RFC 1035 §2.3.4.
const MAX_LABEL_BYTES: usize = 63;

/// Reads a base URL at `domain` or below it: `https`, no user name, port 443 or none, perhaps a
/// path of plain segments, no query and no fragment.
///
/// Returns it with the host in lower case, without port and trailing slash.
///
/// ```
/// use connector_guest::base_url::within;
///
/// let url = within("https://API.example.com:443/v2/", "example.com");
/// assert_eq!(url.as_deref(), Some("https://api.example.com/v2"));
/// assert_eq!(within("https://example.com.evil.example", "example.com"), None);
/// ```
pub fn within(url: &str, domain: &str) -> Option<String> {
    let (host, path) = split(url)?;
    let below = host.strip_suffix(domain)?;
    (below.is_empty() || below.ends_with('.')).then(|| ["https://", &host, path].concat())
}

/// Reads a base URL at any host; the same rules as [`within`] otherwise.
pub fn parse(url: &str) -> Option<String> {
    let (host, path) = split(url)?;
    Some(["https://", &host, path].concat())
}

/// The origin of a URL: `https` and the host, as [`Vendor::origins`](crate::Vendor::origins)
/// returns it.
pub fn origin(url: &str) -> Option<String> {
    let (host, _) = split(url)?;
    Some(["https://", &host].concat())
}

/// The host in lower case, and the path without a trailing slash.
fn split(url: &str) -> Option<(String, &str)> {
    if url.len() > MAX_BASE_URL_BYTES {
        return None;
    }
    let (scheme, rest) = url.split_at_checked("https://".len())?;
    if !scheme.eq_ignore_ascii_case("https://") {
        return None;
    }
    let (authority, path) = match rest.find('/') {
        Some(at) => rest.split_at_checked(at)?,
        None => (rest, ""),
    };
    let host = authority
        .strip_suffix(":443")
        .unwrap_or(authority)
        .to_ascii_lowercase();
    let path = path.strip_suffix('/').unwrap_or(path);
    (is_host(&host) && is_plain_path(path)).then_some((host, path))
}

/// Whether `host` is a name in the preferred syntax of RFC 1035 §2.3.1. Everything that makes URLs
/// ambiguous (`@`, `\\`, `%`, spaces, other scripts) fails here.
fn is_host(host: &str) -> bool {
    host.len() <= MAX_HOST_BYTES && host.split('.').all(is_label)
}

/// Whether `label` is one label of a host name (RFC 1035 §2.3.1, RFC 1123 §2.1).
pub fn is_label(label: &str) -> bool {
    (1..=MAX_LABEL_BYTES).contains(&label.len())
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// Whether `path` is empty or `/` and segments of unreserved characters (RFC 3986 §2.3), none of
/// them empty or of dots only, so that no client reads it in another way.
fn is_plain_path(path: &str) -> bool {
    path.split('/').skip(1).all(is_segment)
}

/// Whether `segment` is one segment of a path, of unreserved characters and not of dots only.
pub fn is_segment(segment: &str) -> bool {
    segment.bytes().any(|byte| byte != b'.')
        && segment
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_hosts_and_paths_of_the_domain() {
        for (text, expected) in [
            ("https://contentsquare.com", "https://contentsquare.com"),
            (
                "https://api.eu-west-1.production.contentsquare.com",
                "https://api.eu-west-1.production.contentsquare.com",
            ),
            (
                "https://api.contentsquare.com/",
                "https://api.contentsquare.com",
            ),
            (
                "https://api.contentsquare.com:443/v2/",
                "https://api.contentsquare.com/v2",
            ),
            (
                "HTTPS://API.ContentSquare.com/Enrich_1.0/a~b",
                "https://api.contentsquare.com/Enrich_1.0/a~b",
            ),
            (
                "https://xn--bcher-kva.contentsquare.com",
                "https://xn--bcher-kva.contentsquare.com",
            ),
        ] {
            assert_eq!(
                within(text, "contentsquare.com").as_deref(),
                Some(expected),
                "{text}"
            );
        }
    }

    #[test]
    fn refuses_everything_else() {
        let long = format!("https://{}.contentsquare.com", "a".repeat(64));
        let very_long = format!("https://contentsquare.com/{}", "a".repeat(2048));
        for text in [
            "",
            "contentsquare.com",
            "//contentsquare.com",
            "http://api.contentsquare.com",
            "ftp://api.contentsquare.com",
            "https:/api.contentsquare.com",
            "https:///api.contentsquare.com",
            "https://",
            "https://com",
            "https://evilcontentsquare.com",
            "https://contentsquare.com.evil.example",
            "https://evil.example/contentsquare.com",
            "https://evil.example#.contentsquare.com",
            "https://evil.example?.contentsquare.com",
            "https://evil.example\\.contentsquare.com",
            "https://evil.example%2f.contentsquare.com",
            "https://user@api.contentsquare.com",
            "https://user:pass@api.contentsquare.com",
            "https://api.contentsquare.com@evil.example",
            "https://api.contentsquare.com:8443",
            "https://api.contentsquare.com:",
            "https://api.contentsquare.com:0443",
            "https://api.contentsquare.com:443:443",
            "https://api.contentsquare.com.",
            "https://api..contentsquare.com",
            "https://.contentsquare.com",
            "https://-api.contentsquare.com",
            "https://api-.contentsquare.com",
            "https://a_b.contentsquare.com",
            "https://ápi.contentsquare.com",
            "https://api.contentsquare。com",
            "https://api.contentsquare.com/a?b=c",
            "https://api.contentsquare.com/#a",
            "https://api.contentsquare.com/a b",
            "https://api.contentsquare.com/../x",
            "https://api.contentsquare.com/./x",
            "https://api.contentsquare.com/%2e%2e/x",
            "https://api.contentsquare.com//x",
            "https://api.contentsquare.com//",
            "https://api.contentsquare.com/a\r\nhost: evil.example",
            " https://api.contentsquare.com",
            "https://api.contentsquare.com\n",
            "https://127.0.0.1",
            "https://[::1]",
            &long,
            &very_long,
        ] {
            assert_eq!(within(text, "contentsquare.com"), None, "{text:?}");
        }
    }
}
