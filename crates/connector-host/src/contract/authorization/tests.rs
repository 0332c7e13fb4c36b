//! Tests of the rules for an authorization: fields that may be set, and those that may not.

use super::*;

/// The part of an authorization that breaks the contract.
fn breach(headers: &[(&str, &[u8])], query: &[(&str, &str)]) -> Option<PluginError> {
    let owned = |(name, value): &(&str, &[u8])| ((*name).to_owned(), value.to_vec());
    let pair = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    let authorization = wit::Authorization {
        headers: headers.iter().map(owned).collect(),
        query: query.iter().map(pair).collect(),
    };
    Authorization::try_from(authorization).err()
}

#[test]
fn fields_of_the_transport_and_invalid_ones_are_refused() {
    let longest = vec![b'x'; MAX_BYTES - 1];
    let too_long = vec![b'x'; MAX_BYTES];
    for (name, value, is_allowed) in [
        ("authorization", &b"Bearer t0k"[..], true),
        ("X-Api-Key", b"t0k", true),
        ("cookie", b"", true),
        ("x-date", "é\t".as_bytes(), true),
        ("a", &longest, true),
        ("a", &too_long, false),
        ("host", b"evil.example", false),
        ("Content-Length", b"0", false),
        ("transfer-encoding", b"chunked", false),
        ("connection", b"close", false),
        ("upgrade", b"h2c", false),
        ("te", b"trailers", false),
        (":authority", b"evil.example", false),
        ("", b"", false),
        ("a b", b"", false),
        ("é", b"", false),
        ("a", b"b\r\nc: d", false),
        ("a", b"\0", false),
    ] {
        let expected = (!is_allowed).then_some(PluginError::Contract("authorization.headers"));
        assert_eq!(breach(&[(name, value)], &[]), expected, "{name}");
    }
    assert_eq!(breach(&[("a", &b""[..]); 32], &[]), None);
    assert!(breach(&[("a", &b""[..]); 33], &[]).is_some());
}

#[test]
fn a_query_may_hold_anything_within_its_bounds() {
    let expected = Some(PluginError::Contract("authorization.query"));
    assert_eq!(breach(&[], &[("a", "b&c=d é\r\n"), ("a", "")]), None);
    assert_eq!(breach(&[], &[("", "b")]), expected);
    assert_eq!(breach(&[], &[("a", &"b".repeat(MAX_BYTES))]), expected);
    assert_eq!(breach(&[], &[("a", "b"); 33]), expected);
}

#[test]
fn debug_of_an_authorization_shows_nothing() {
    let authorization = Authorization {
        headers: vec![("x-key".to_owned(), b"tulip".to_vec())],
        query: vec![("key".to_owned(), "daisy".to_owned())],
    };
    assert_eq!(format!("{authorization:?}"), "Authorization([redacted])");
}
