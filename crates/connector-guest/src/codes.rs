//! Vendors' error codes: their meaning, and which of them may be passed on.

use alloc::borrow::ToOwned as _;
use alloc::string::String;

/// What a vendor's code means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Meaning {
    /// The credential is refused for good.
    Rejected,
    /// The request for a token is wrong, which nobody but the author of the plugin or of the
    /// configuration can change. Says nothing where an API answers it.
    Malformed,
    /// The scope, the plan or the project does not allow it.
    Forbidden,
    /// The session or its token is over.
    Expired,
    /// Too many requests.
    Throttled,
    /// The vendor cannot serve now.
    Unavailable,
}

/// The codes that mean the same at every vendor: those of RFC 6749 §5.2
/// (<https://www.rfc-editor.org/rfc/rfc6749#section-5.2>) and §4.1.2.1, of RFC 6750 §3.1
/// (<https://www.rfc-editor.org/rfc/rfc6750#section-3.1>) and RFC 8628 §3.5, and widespread names
/// for throttling. Without separators and in lower case.
const STANDARD: [(&str, Meaning); 25] = [
    ("invalidclient", Meaning::Rejected),
    ("invalidgrant", Meaning::Rejected),
    ("invalidrequest", Meaning::Malformed),
    ("unsupportedgranttype", Meaning::Malformed),
    ("unauthorizedclient", Meaning::Forbidden),
    ("invalidscope", Meaning::Forbidden),
    ("insufficientscope", Meaning::Forbidden),
    ("invalidtoken", Meaning::Expired),
    ("tokenexpired", Meaning::Expired),
    ("expiredtoken", Meaning::Expired),
    ("accesstokenexpired", Meaning::Expired),
    ("temporarilyunavailable", Meaning::Unavailable),
    ("servererror", Meaning::Unavailable),
    ("internalerror", Meaning::Unavailable),
    ("internalservererror", Meaning::Unavailable),
    ("serviceunavailable", Meaning::Unavailable),
    ("slowdown", Meaning::Throttled),
    ("toomanyrequests", Meaning::Throttled),
    ("ratelimit", Meaning::Throttled),
    ("ratelimited", Meaning::Throttled),
    ("ratelimitexceeded", Meaning::Throttled),
    ("ratelimitreached", Meaning::Throttled),
    ("requestlimitexceeded", Meaning::Throttled),
    ("throttled", Meaning::Throttled),
    ("throttling", Meaning::Throttled),
];

/// Longer codes are sentences.
const MAX_CODE_BYTES: usize = 64;

/// The words of which vendors make codes. A code that nobody declared passes only if it is made of
/// these, so nothing that a vendor may put in its place (a secret, a token, a person's words) gets
/// through unless it is in this list.
pub const WORDS: &str = "access account active api app application auth authentication \
    authorization bad bearer blocked call calls client closed code concurrent conflict credential \
    credentials customer deleted denied disabled does enabled endpoint enrichment error exceeded \
    exist exists expire expired export failed failure feature forbidden format found grant id \
    inactive incorrect insufficient integration internal invalid ip jwt key limit limited locked \
    login malformed many method metrics mismatch missing no not oauth of organization parameter \
    password permission permissions plan project quota rate reached refused request requests \
    required resource response revoked role scope scopes secret server service site slow down \
    subscription suspended temporarily throttled token too type unauthenticated unauthorized \
    unavailable unknown unsupported user validation wrong";

/// The codes and words that a vendor declares beside the standard ones.
#[derive(Debug, Clone, Copy)]
pub struct Codes {
    /// Codes with their meaning, spelled as the vendor does. They come before the standard ones.
    pub known: &'static [(&'static str, Meaning)],
    /// Codes without a meaning that may be passed on, and words of which such codes are made.
    pub words: &'static [&'static str],
}

impl Codes {
    /// No codes of its own.
    pub const NONE: Self = Self {
        known: &[],
        words: &[],
    };

    /// Codes with their meaning, and no other words.
    pub const fn known(known: &'static [(&'static str, Meaning)]) -> Self {
        Self { known, words: &[] }
    }

    /// What a code means, if it is known.
    pub fn meaning(&self, code: &str) -> Option<Meaning> {
        let declared = self.known.iter().find(|(known, _)| *known == code);
        let standard = || {
            let squeezed = squeezed(code)?;
            STANDARD.iter().find(|(known, _)| *known == squeezed)
        };
        declared.or_else(standard).map(|(_, meaning)| *meaning)
    }

    /// The first meaning that counts, and the code to pass on: the one that has this meaning, else
    /// the first that may be passed on.
    pub(crate) fn decide<'c, I: Iterator<Item = &'c str>>(
        &self,
        codes: impl Fn() -> I,
        counts: impl Fn(Meaning) -> bool,
    ) -> (Option<Meaning>, Option<String>) {
        let known = codes().find_map(|code| {
            let meaning = self.meaning(code)?;
            counts(meaning).then_some((meaning, code))
        });
        let code = match known {
            Some((_, code)) if is_code(code) => Some(code.to_owned()),
            _ => codes().find_map(|code| self.passed_on(code)),
        };
        (known.map(|(meaning, _)| meaning), code)
    }

    /// The code, if it may be passed on: a known one, or a few known words in any case of letters.
    fn passed_on(&self, code: &str) -> Option<String> {
        let is_known = |word: &str| {
            let mut known = WORDS.split(' ').chain(self.words.iter().copied());
            known.any(|known| known.eq_ignore_ascii_case(word))
        };
        let passes = is_code(code)
            && (self.meaning(code).is_some()
                || is_known(code)
                || code.split(['_', '.', '-', ':']).all(is_known));
        passes.then(|| code.to_owned())
    }
}

/// Whether the string looks like a code.
fn is_code(string: &str) -> bool {
    let in_alphabet = |byte: u8| byte.is_ascii_alphanumeric() || b"_.:-".contains(&byte);
    string.len() <= MAX_CODE_BYTES && string.bytes().all(in_alphabet)
}

/// The code as [`STANDARD`] spells it: without separators and in lower case.
fn squeezed(code: &str) -> Option<String> {
    if code.len() > MAX_CODE_BYTES {
        return None;
    }
    let mut squeezed = String::with_capacity(code.len());
    for byte in code.bytes().filter(|byte| !b"_-. ".contains(byte)) {
        squeezed.push(byte.to_ascii_lowercase().into());
    }
    Some(squeezed)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CODES: Codes = Codes {
        known: &[
            ("E1042", Meaning::Expired),
            ("invalid_client", Meaning::Throttled),
        ],
        words: &["gizmo", "Z9"],
    };

    #[test]
    fn knows_declared_codes_first_and_standard_ones_in_any_spelling() {
        for (code, expected) in [
            ("E1042", Some(Meaning::Expired)),
            ("e1042", None),
            ("invalid_client", Some(Meaning::Throttled)),
            ("INVALID_CLIENT", Some(Meaning::Rejected)),
            ("invalidGrant", Some(Meaning::Rejected)),
            ("RATE_LIMIT_EXCEEDED", Some(Meaning::Throttled)),
            ("too-many-requests", Some(Meaning::Throttled)),
            ("TooManyRequests", Some(Meaning::Throttled)),
            ("server.error", Some(Meaning::Unavailable)),
            ("token_expired", Some(Meaning::Expired)),
            ("invalid_client_", Some(Meaning::Rejected)),
            ("invalid", None),
            ("", None),
        ] {
            assert_eq!(CODES.meaning(code), expected, "{code:?}");
        }
    }

    #[test]
    fn passes_on_codes_that_are_declared_or_made_of_known_words() {
        let long = ["invalid"; 9].join("_");
        for (code, passes) in [
            ("E1042", true),
            ("invalid_client", true),
            ("CONCURRENT_API_CALL", true),
            ("gizmo.not-found", true),
            ("Z9", true),
            ("e1042", false),
            ("tulip", false),
            ("invalid_tulip", false),
            ("invalid client", false),
            ("InvalidClient", true),
            ("bad__request", false),
            ("", false),
            (&long, false),
        ] {
            assert_eq!(CODES.passed_on(code).is_some(), passes, "{code:?}");
        }
    }

    #[test]
    fn every_standard_code_is_made_of_known_words_in_its_usual_spelling() {
        for code in [
            "invalid_client",
            "invalid_grant",
            "invalid_request",
            "unsupported_grant_type",
            "unauthorized_client",
            "invalid_scope",
            "insufficient_scope",
            "invalid_token",
            "token_expired",
            "temporarily_unavailable",
            "server_error",
            "slow_down",
            "too_many_requests",
            "rate_limit_exceeded",
        ] {
            assert!(Codes::NONE.meaning(code).is_some(), "{code}");
            assert_eq!(Codes::NONE.passed_on(code).as_deref(), Some(code));
        }
    }
}
