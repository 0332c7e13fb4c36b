//! Tests of the rules: a table of redirections, and a table of invalid rules.

use super::{ConnectTo, ConnectToError};

#[test]
fn redirects_a_matching_connection() {
    for (rule, host, port, goes_to) in [
        (
            "a.example:443:b.example:8443",
            "a.example",
            443,
            Some(("b.example", 8443)),
        ),
        (
            "a.example:443:b.example:8443",
            "A.Example",
            443,
            Some(("b.example", 8443)),
        ),
        ("a.example:443:b.example:8443", "a.example", 444, None),
        ("a.example:443:b.example:8443", "c.example", 443, None),
        (
            "::b.example:8443",
            "c.example",
            444,
            Some(("b.example", 8443)),
        ),
        (
            ":443:b.example:",
            "c.example",
            443,
            Some(("b.example", 443)),
        ),
        (
            "a.example:::8443",
            "a.example",
            443,
            Some(("a.example", 8443)),
        ),
        (":::", "a.example", 443, Some(("a.example", 443))),
        (
            "a.example:443:[::1]:8443",
            "a.example",
            443,
            Some(("[::1]", 8443)),
        ),
        (
            "[::1]:443:127.0.0.1:",
            "[::1]",
            443,
            Some(("127.0.0.1", 443)),
        ),
    ] {
        let parsed: ConnectTo = rule.parse().unwrap();
        assert_eq!(parsed.redirect(host, port), goes_to, "{rule}");
    }
}

#[test]
fn rejects_invalid_rules() {
    use ConnectToError::{Host, Parts, Port};
    for (rule, error) in [
        ("", Parts),
        ("a.example", Parts),
        ("a.example:443", Parts),
        ("a.example:443:b.example", Parts),
        ("a.example:443:b.example:1:2", Parts),
        ("a.example:443:::1:8443", Parts),
        ("a.example:443:[::1:8443", Parts),
        ("a.example:443:[::1]x:8443", Parts),
        ("a example:443:b.example:1", Host),
        ("a.example:443:b/example:1", Host),
        ("a.example:443:user@b.example:1", Host),
        ("a.example:443:[b.example]:1", Host),
        ("a.example:443:[]:1", Host),
        ("a.example:x:b.example:1", Port),
        ("a.example:0:b.example:1", Port),
        ("a.example:+1:b.example:1", Port),
        ("a.example:443:b.example:65536", Port),
    ] {
        assert_eq!(rule.parse::<ConnectTo>(), Err(error), "{rule}");
    }
}
