//! The token that admits the page to the API. It is in the fragment of the printed link, which a
//! browser does not send; the page sends it with each request (RFC 6750 §2.1).

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use crate::failure::Failure;

/// The length of a token: 256 bits, too many to guess.
const TOKEN_BYTES: usize = 32;

/// The token of one run of the program.
pub(super) struct AccessToken(Zeroizing<String>);

impl AccessToken {
    /// A new random token.
    pub(super) fn random() -> Result<Self, Failure> {
        let mut bytes = Zeroizing::new([0; TOKEN_BYTES]);
        getrandom::fill(bytes.as_mut())
            .map_err(|error| Failure::setup("make the token of the page", error))?;
        Ok(Self(Zeroizing::new(URL_SAFE_NO_PAD.encode(*bytes))))
    }

    /// Whether a request has this token, in its only `Authorization` field.
    pub(super) fn admits(&self, headers: &HeaderMap) -> bool {
        let mut fields = headers.get_all(AUTHORIZATION).iter();
        let (Some(field), None) = (fields.next(), fields.next()) else {
            return false;
        };
        let Some((scheme, token)) = field.as_bytes().split_at_checked("Bearer ".len()) else {
            return false;
        };
        // In constant time, so that the duration tells nothing about the token.
        scheme.eq_ignore_ascii_case(b"Bearer ") && bool::from(self.0.as_bytes().ct_eq(token))
    }

    /// The link that opens the page at this port. Only for a person: it gives access.
    pub(super) fn link(&self, port: u16) -> Zeroizing<String> {
        let mut link = Zeroizing::new(String::with_capacity(128));
        // Writing to a string does not fail.
        let _ = write!(*link, "http://127.0.0.1:{port}/#/?token={}", *self.0);
        link
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn headers(fields: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for field in fields {
            headers.append(AUTHORIZATION, HeaderValue::from_str(field).unwrap());
        }
        headers
    }

    #[test]
    fn a_token_has_256_bits_and_is_different_each_time() {
        let tokens = [(); 2].map(|()| AccessToken::random().unwrap());
        for token in &tokens {
            assert_eq!(URL_SAFE_NO_PAD.decode(&*token.0).unwrap().len(), 32);
        }
        assert!(!tokens[0].admits(&headers(&[&format!("Bearer {}", *tokens[1].0)])));
    }

    #[test]
    fn only_the_token_itself_is_admitted() {
        let access = AccessToken(Zeroizing::new("abc-DEF_123".to_owned()));
        for (fields, expected) in [
            (vec!["Bearer abc-DEF_123"], true),
            (vec!["bearer abc-DEF_123"], true),
            (vec![], false),
            (vec![""], false),
            (vec!["Bearer"], false),
            (vec!["Bearer "], false),
            (vec!["Bearer abc-DEF_12"], false),
            (vec!["Bearer abc-DEF_1234"], false),
            (vec!["Bearer ABC-DEF_123"], false),
            (vec!["Bearer  abc-DEF_123"], false),
            (vec!["Basic abc-DEF_123"], false),
            (vec!["abc-DEF_123"], false),
            (vec!["Bearer abc-DEF_123", "Bearer abc-DEF_123"], false),
            (vec!["Bearer wrong", "Bearer abc-DEF_123"], false),
        ] {
            assert_eq!(access.admits(&headers(&fields)), expected, "{fields:?}");
        }
    }

    #[test]
    fn the_link_has_the_token_in_its_fragment() {
        let access = AccessToken(Zeroizing::new("abc".to_owned()));
        assert_eq!(*access.link(4711), "http://127.0.0.1:4711/#/?token=abc");
    }
}
