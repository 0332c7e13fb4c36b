//! Tests of the rules, as tables of valid and invalid strings.

use super::*;

/// Checks a rule against valid and invalid strings.
fn check(rule: fn(&str) -> bool, valid: &[&str], invalid: &[&str]) {
    for text in valid {
        assert!(rule(text), "{text:?}");
    }
    for text in invalid {
        assert!(!rule(text), "{text:?}");
    }
}

#[test]
fn names_are_short_and_of_few_letters() {
    let (longest, too_long) = ("a".repeat(64), "a".repeat(65));
    let never = ["", &too_long, "a b", "a\nb", "é", "a/b"];
    check(is_id, &["hotjar", "a-1", &longest], &never);
    check(is_id, &[], &["A", "a_b", "a.b"]);
    check(is_code, &["too-long", &longest], &never);
    check(is_code, &[], &["Json", "a1", "a_b"]);
    check(
        is_vendor_code,
        &["invalid_client", "E.R-R", "42", "auth:1", &longest],
        &never,
    );
    check(
        is_field,
        &["access_token", "permissions.projects", &longest],
        &never,
    );
}

#[test]
fn sentences_are_one_line_of_bounded_length() {
    let (longest, too_long) = ("é".repeat(1000), "é".repeat(1001));
    check(
        is_sentence,
        &["enter the client id", &longest],
        &["", " ", "a\nb", "a\u{1b}[2J", "a\u{85}b", &too_long],
    );
    let (longest, too_long) = ("é".repeat(256), "é".repeat(257));
    check(is_account, &["42", &longest], &["", "a\tb", &too_long]);
}

#[test]
fn pointers_have_the_form_of_rfc_6901() {
    let too_long = format!("/{}", "a".repeat(256));
    check(
        is_pointer,
        &["", "/", "/client_id", "/scopes/2", "/a~0b~1c"],
        &["client_id", "/a~", "/a~2", "/a b", "/a\nb", &too_long],
    );
    check(is_field_pointer, &["/client_id"], &["", "client_id"]);
}

#[test]
fn tokens_and_scopes_are_safe_in_a_header() {
    let (longest, too_long) = ("t".repeat(16 << 10), "t".repeat((16 << 10) + 1));
    let never = ["", "a\r\nx: y", "a\u{7f}", "é"];
    check(is_token, &["abc.DEF-_~+/=", "a b", &longest], &never);
    check(is_token, &[], &[&too_long]);
    check(is_state, &["{\n}", &longest], &["", &too_long]);
    check(is_cursor, &["2", &longest[..4096]], &["", &longest[..4097]]);
    check(is_scope, &["data-export", "a:b"], &never);
    check(is_scope, &[], &["a b", "a\"b", "a\\b", &"s".repeat(257)]);
}

#[test]
fn pages_are_https_addresses() {
    let too_long = format!("https://a.example/{}", "a".repeat(2048));
    check(
        is_page,
        &["https://a.example", "https://a.example/x?y=z#part"],
        &[
            "",
            "a.example",
            "http://a.example",
            "javascript:alert(1)",
            "https://",
            "https://user@a.example/",
            "https://a.example/a b",
            "https://a.example/\u{202e}",
            &too_long,
        ],
    );
}

#[test]
fn base_urls_can_be_prefixes_of_paths() {
    check(
        |text| base_url(text).is_some(),
        &[
            "https://a.example",
            "https://a.example/v2",
            "https://a.example/v2/x.y",
        ],
        &[
            "http://a.example",
            "https://a.example/",
            "https://a.example/v2/",
            "https://a.example?",
            "https://a.example/#",
            "https://a.example/..",
            "https://a.example/v2/../x",
            "https://a.example//x",
            "https://a.example/%2e%2e/x",
            "https://a.example\\@evil.example",
            "/v2",
        ],
    );
}

#[test]
fn waits_are_clamped_between_a_second_and_a_day() {
    for (seconds, kept) in [(0, 1), (1, 1), (86_400, 86_400), (u32::MAX, 86_400)] {
        assert_eq!(wait(Some(seconds)), Some(kept));
    }
    assert_eq!(wait(None), None);
}

#[test]
fn an_error_names_the_field() {
    for bad in [0, 99, 1000, u16::MAX] {
        assert_eq!(status(bad), Err(PluginError::Contract("status")));
    }
    let breach = Err(PluginError::Contract("field"));
    assert_eq!(text(String::new(), "field", is_field), breach);
}
