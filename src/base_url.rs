//! Base URLs that a vendor's reply names. The token goes where they point, so they are read strictly (RFC 9700 §4.9):
//! what is not plainly a host of the vendor's is refused. The hosts a vendor has are in `vendors/`.

use alloc::string::String;

/// Longer base URLs than this are a mistake.
const MAX_BASE_URL_BYTES: usize = 2048;
/// RFC 1035 §2.3.4.
const MAX_HOST_BYTES: usize = 253;
/// RFC 1035 §2.3.4.
const MAX_LABEL_BYTES: usize = 63;

/// Reads `text` as a base URL at `domain` or below it: `https`, no userinfo, port 443 or none, perhaps a path of plain
/// segments, no query and no fragment. Returns it with the host in lower case, without port and trailing slash.
pub fn parse(text: &str, domain: &str) -> Option<String> {
    if text.len() > MAX_BASE_URL_BYTES {
        return None;
    }
    let (scheme, rest) = text.split_at_checked("https://".len())?;
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
    let below = host.strip_suffix(domain)?;
    let is_in_domain = below.is_empty() || below.ends_with('.');
    let path = path.strip_suffix('/').unwrap_or(path);
    (is_in_domain && is_host(&host) && is_plain_path(path))
        .then(|| ["https://", &host, path].concat())
}

/// Whether `host` is a name in the preferred syntax of RFC 1035 §2.3.1. Everything that makes URLs
/// ambiguous (`@`, `\`, `%`, spaces, other scripts) fails here.
fn is_host(host: &str) -> bool {
    host.len() <= MAX_HOST_BYTES
        && host.split('.').all(|label| {
            (1..=MAX_LABEL_BYTES).contains(&label.len())
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        })
}

/// Whether `path` is empty or `/` and segments of unreserved characters (RFC 3986 §2.3), none of them empty or of dots only,
/// so that no client reads it in another way.
fn is_plain_path(path: &str) -> bool {
    path.split('/').skip(1).all(|segment| {
        segment.bytes().any(|byte| byte != b'.')
            && segment
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte))
    })
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
                parse(text, "contentsquare.com").as_deref(),
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
            assert_eq!(parse(text, "contentsquare.com"), None, "{text:?}");
        }
    }
}
