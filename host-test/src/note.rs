//! Where secrets and tokens pass in the harness, they are noted here for the search over all that a test run said (`host-test/said`).
//! Does nothing unless that runs.
//!
//! Read leniently, since much of what passes is broken on purpose: a member or a parameter with a telling name, wherever it stands.

use http::HeaderMap;
use http::header::AUTHORIZATION;

/// What a person types, and a token endpoint is sent.
const SECRET: &str = "client_secret";

/// What a token endpoint answers.
const TOKEN: &str = "access_token";

/// Notes the secrets of a request as a vendor receives it.
pub fn request(headers: &HeaderMap, body: &[u8]) {
    if !said::listening() {
        return;
    }
    for value in headers.get_all(AUTHORIZATION) {
        bearer(value.as_bytes());
    }
    all("client secret sent", SECRET, body);
}

/// Notes the tokens of a vendor's answer.
pub fn reply(body: &[u8]) {
    if said::listening() {
        all("access token answered", TOKEN, body);
    }
}

/// Notes all that passes on a wire, in one direction or the other.
pub fn traffic(bytes: &[u8]) {
    if !said::listening() {
        return;
    }
    all("client secret sent", SECRET, bytes);
    all("access token answered", TOKEN, bytes);
    for line in bytes.split(|byte| *byte == b'\n') {
        let colon = line.iter().position(|byte| *byte == b':');
        let (name, value) = line.split_at(colon.unwrap_or_default());
        if name.eq_ignore_ascii_case(AUTHORIZATION.as_str().as_bytes()) {
            bearer(value[1..].trim_ascii());
        }
    }
}

/// Notes the secret of a credential document, and the token of a session, as a person gives them to a program.
pub fn document(text: &str) {
    if said::listening() {
        all("client secret typed", SECRET, text.as_bytes());
        all("access token typed", TOKEN, text.as_bytes());
    }
}

/// Notes a secret that a person types at a prompt.
pub fn typed(text: &str) {
    said::private("client secret typed", text);
}

/// Notes a token as it is issued.
pub(crate) fn issued(token: &str) {
    said::private("access token issued", token);
}

fn bearer(value: &[u8]) {
    let space = value.iter().position(|byte| *byte == b' ');
    said::private("bearer token sent", &value[space.map_or(0, |at| at + 1)..]);
}

/// Notes the value of each member or parameter of this name.
fn all(kind: &'static str, name: &str, text: &[u8]) {
    for value in values(name, text) {
        said::private(kind, value);
    }
}

fn values(name: &str, text: &[u8]) -> Vec<Vec<u8>> {
    let starts = text.windows(name.len()).enumerate();
    let starts = starts.filter(|(_, part)| *part == name.as_bytes());
    starts
        .filter_map(|(at, _)| {
            let rest = &text[at + name.len()..];
            if let Some(value) = rest.strip_prefix(b"=") {
                let end = value.iter().position(|byte| b"& \r\n".contains(byte));
                let pair = [b"v=", &value[..end.unwrap_or(value.len())]].concat();
                let (_, value) = form_urlencoded::parse(&pair).next()?;
                return Some(value.into_owned().into_bytes());
            }
            let rest = rest.strip_prefix(b"\"")?.trim_ascii_start();
            let rest = rest.strip_prefix(b":")?.trim_ascii_start();
            let mut escaped = false;
            let end = rest.strip_prefix(b"\"")?.iter().position(|byte| {
                let ends = *byte == b'"' && !escaped;
                escaped = *byte == b'\\' && !escaped;
                ends
            });
            // What broke off has no end, and what is no JSON is taken as it stands.
            let literal = &rest[..end.map_or(rest.len(), |end| end + 2)];
            let value = serde_json::from_slice::<String>(literal).map(String::into_bytes);
            Some(value.unwrap_or_else(|_| literal.trim_ascii()[1..].to_vec()))
        })
        .filter(|value| !value.is_empty())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<String> {
        let values = values(SECRET, text.as_bytes()).into_iter();
        values
            .map(|value| String::from_utf8(value).unwrap())
            .collect()
    }

    #[test]
    fn a_secret_is_noticed_in_a_form_in_json_and_in_what_is_nearly_json() {
        for text in [
            "a=1&client_secret=s%3B%22+1&b=2",
            r#"{"client_secret":"s;\" 1"}"#,
            r#"{"a":[{"client_secret" : "s;\u0022 1","b":2}]}"#,
            "POST / HTTP/1.1\r\n\r\nclient_secret=s%3B%22%201",
        ] {
            assert_eq!(found(text), ["s;\" 1"], "{text}");
        }
        assert_eq!(found(r#"{"client_secret":"never en"#), ["never en"]);
        assert_eq!(
            found("{\"client_secret\":\"two\nlines\"}"),
            ["two\nlines\""]
        );
        assert_eq!(
            found(r#"{"client_secret":["none"],"client_secret":7}"#),
            [""; 0]
        );
        assert_eq!(found("client_secret"), [""; 0]);
        let twice = r#"{"client_secret":"one","x":{"client_secret":"two"}}"#;
        assert_eq!(found(twice), ["one", "two"]);
    }
}
