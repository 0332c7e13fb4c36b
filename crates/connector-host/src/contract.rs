//! The words of `wit/types.wit` as checks: what a plugin returns is read by them, since a plugin may be broken or lie. How the data is
//! laid out is in `types.rs`.
//!
//! What a caller could act on wrongly is refused, and names the member. What is merely too much of a good thing (a wait of a year, a
//! long list of problems, an odd name of a vendor's) is brought within bounds, for the rest of it is worth having.

use crate::PluginError;

/// Ids, codes and names of members.
const MAX_NAME_BYTES: usize = 64;
/// Names of vendors and projects, for people; those of the vendors themselves are at most 200 characters long.
const MAX_TITLE_CHARS: usize = 200;
/// Sentences for people.
const MAX_TEXT_CHARS: usize = 1000;
/// Longer URLs are a mistake.
const MAX_URL_BYTES: usize = 2048;
/// Servers accept some 8 to 16 KiB of header.
const MAX_TOKEN_BYTES: usize = 16 << 10;
/// Scopes are words; vendors' are below 40 bytes.
const MAX_SCOPE_BYTES: usize = 256;
/// The deepest place that a form has is a member of a list.
const MAX_POINTER_BYTES: usize = 256;
/// A person corrects some, and asks again.
pub(crate) const MAX_ISSUES: usize = 1000;
/// From one second to one day, as the contract counts.
const WAIT_SECS: std::ops::RangeInclusive<u32> = 1..=86_400;

/// The text, if it is `good`; else a breach that names the member.
pub(crate) fn text(
    text: String,
    member: &'static str,
    good: impl FnOnce(&str) -> bool,
) -> Result<String, PluginError> {
    require(good(&text), member)?;
    Ok(text)
}

/// A breach that names the member, unless the rule holds.
pub(crate) fn require(holds: bool, member: &'static str) -> Result<(), PluginError> {
    if holds {
        Ok(())
    } else {
        Err(PluginError::Contract(member))
    }
}

/// Lower-case ASCII letters, digits and `-`.
pub(crate) fn is_id(text: &str) -> bool {
    is_name(text, |byte| {
        byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'
    })
}

/// The code of a problem: lower-case words.
pub(crate) fn is_code(text: &str) -> bool {
    is_name(text, |byte| byte.is_ascii_lowercase() || byte == b'-')
}

/// A vendor's own code: `[A-Za-z_.-]{1,64}`.
pub(crate) fn is_vendor_code(text: &str) -> bool {
    is_name(text, |byte| {
        byte.is_ascii_alphabetic() || b"_.-".contains(&byte)
    })
}

/// A part of an answer: `status`, `body`, or the name of a member.
pub(crate) fn is_part(text: &str) -> bool {
    is_name(text, |byte| {
        byte.is_ascii_alphanumeric() || b"_.-".contains(&byte)
    })
}

fn is_name(text: &str, good: impl Fn(u8) -> bool) -> bool {
    (1..=MAX_NAME_BYTES).contains(&text.len()) && text.bytes().all(good)
}

/// The name of a vendor.
pub(crate) fn is_title(text: &str) -> bool {
    is_plain(text, MAX_TITLE_CHARS)
}

/// A sentence for a person, or for the plugin's author.
pub(crate) fn is_sentence(text: &str) -> bool {
    is_plain(text, MAX_TEXT_CHARS)
}

/// Something to read, on one line.
fn is_plain(text: &str, limit_chars: usize) -> bool {
    !text.trim().is_empty()
        && text.chars().take(limit_chars + 1).count() <= limit_chars
        && !text.contains(char::is_control)
}

/// RFC 6901 §3, in the ASCII that the names of a form are made of.
pub(crate) fn is_pointer(text: &str) -> bool {
    let escapes_end = |part: &str| part.starts_with(['0', '1']);
    text.len() <= MAX_POINTER_BYTES
        && (text.is_empty() || text.starts_with('/'))
        && text.bytes().all(|byte| byte.is_ascii_graphic())
        && text.split('~').skip(1).all(escapes_end)
}

/// RFC 6749 §3.3.
pub(crate) fn is_scope(text: &str) -> bool {
    (1..=MAX_SCOPE_BYTES).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\')
}

/// What no header can be broken out of.
pub(crate) fn is_token(text: &str) -> bool {
    (1..=MAX_TOKEN_BYTES).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// An `https` address that a person can follow: it has a host, and nobody's name before it.
pub(crate) fn is_page(text: &str) -> bool {
    is_https(text).is_some_and(|uri| {
        let host = uri.authority().map(http::uri::Authority::as_str);
        host.is_some_and(|host| !host.is_empty() && !host.contains('@'))
    })
}

/// The address of API calls, if it is one that paths are put behind: no trailing slash, no query, no fragment, no dots to climb by.
pub(crate) fn base_url(text: &str) -> Option<http::Uri> {
    let path = text.strip_prefix("https://")?;
    let bare = !path.ends_with('/')
        && !path.contains(['?', '#', '\\', '%'])
        && path
            .split('/')
            .skip(1)
            .all(|part| part.bytes().any(|byte| byte != b'.'));
    is_https(text).filter(|_| bare)
}

fn is_https(text: &str) -> Option<http::Uri> {
    if text.len() > MAX_URL_BYTES || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return None;
    }
    let uri: http::Uri = text.parse().ok()?;
    (uri.scheme() == Some(&http::uri::Scheme::HTTPS)).then_some(uri)
}

/// What a status line can hold: three digits, though none of HTTP's own is beyond 599 (RFC 9110 §15).
pub(crate) fn status(status: u16) -> Result<u16, PluginError> {
    require((100..=999).contains(&status), "status")?;
    Ok(status)
}

/// A wait brought within the contract's: that a vendor wants to be left alone is worth knowing, however it is put.
pub(crate) fn wait(seconds: Option<u32>) -> Option<u32> {
    seconds.map(|seconds| seconds.clamp(*WAIT_SECS.start(), *WAIT_SECS.end()))
}

/// A vendor's name for a project, made fit to be shown: one odd name among many must not hide the others.
pub(crate) fn shown(name: &str) -> String {
    let visible = name.chars().filter(|char| !char.is_control());
    visible.take(MAX_TITLE_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Holds a rule against texts that it takes and texts that it does not.
    fn check(rule: fn(&str) -> bool, good: &[&str], bad: &[&str]) {
        for text in good {
            assert!(rule(text), "{text:?}");
        }
        for text in bad {
            assert!(!rule(text), "{text:?}");
        }
    }

    #[test]
    fn names_are_short_and_of_their_own_letters() {
        let (longest, too_long) = ("a".repeat(64), "a".repeat(65));
        let never = ["", &too_long, "a b", "a\nb", "é", "a/b"];
        check(is_id, &["hotjar", "a-1", &longest], &never);
        check(is_id, &[], &["A", "a_b", "a.b"]);
        check(is_code, &["too-long", &longest], &never);
        check(is_code, &[], &["Json", "a1", "a_b"]);
        check(
            is_vendor_code,
            &["invalid_client", "E.R-R", &longest],
            &never,
        );
        check(is_vendor_code, &[], &["42", "a1"]);
        check(
            is_part,
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
        let (longest, too_long) = ("é".repeat(200), "é".repeat(201));
        check(is_title, &["Hotjar", &longest], &["", "a\tb", &too_long]);
    }

    #[test]
    fn pointers_have_the_form_of_rfc_6901() {
        let too_long = format!("/{}", "a".repeat(256));
        check(
            is_pointer,
            &["", "/", "/client_id", "/scopes/2", "/a~0b~1c"],
            &["client_id", "/a~", "/a~2", "/a b", "/a\nb", &too_long],
        );
    }

    #[test]
    fn tokens_and_scopes_are_safe_in_a_header() {
        let (longest, too_long) = ("t".repeat(16 << 10), "t".repeat((16 << 10) + 1));
        let never = ["", "a b", "a\r\nx: y", "a\u{7f}", "é"];
        check(is_token, &["abc.DEF-_~+/=", &longest], &never);
        check(is_token, &[], &[&too_long]);
        check(is_scope, &["data-export", "a:b"], &never);
        check(is_scope, &[], &["a\"b", "a\\b", &"s".repeat(257)]);
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
    fn base_urls_end_where_a_path_begins() {
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
    fn waits_are_brought_within_a_second_and_a_day() {
        for (seconds, kept) in [(0, 1), (1, 1), (86_400, 86_400), (u32::MAX, 86_400)] {
            assert_eq!(wait(Some(seconds)), Some(kept));
        }
        assert_eq!(wait(None), None);
    }

    #[test]
    fn names_of_projects_are_made_fit_to_be_shown() {
        assert_eq!(shown("Sh\u{1b}[2Jop\n1"), "Sh[2Jop1");
        assert_eq!(shown(&"x".repeat(1 << 20)).len(), 200);
    }

    #[test]
    fn a_breach_names_the_member() {
        for bad in [0, 99, 1000, u16::MAX] {
            assert_eq!(status(bad), Err(PluginError::Contract("status")));
        }
        let breach = Err(PluginError::Contract("part"));
        assert_eq!(text(String::new(), "part", is_part), breach);
    }
}
