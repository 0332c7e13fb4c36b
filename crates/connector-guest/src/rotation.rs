//! Refresh tokens that rotate (RFC 6749 §6): a person pastes the first one, and each reply may
//! bring the next. The state of the session holds the latest one, and the digest of the pasted one.

use crate::error::Error;
use crate::response::Fields;
use crate::secret::Secret;
use crate::signature::{hex, sha256};
use crate::token::is_opaque_token;

/// Returns the refresh token to send: the latest one that grew from `pasted`, or else `pasted`
/// itself.
///
/// A state that grew from another token is ignored: the person has replaced the token in the
/// document since.
///
/// ```
/// use connector_guest::{Secret, rotation};
///
/// let pasted = Secret::new("first");
/// let state = rotation::state(&pasted, "second");
/// assert_eq!(rotation::current(&pasted, Some(&state)).expose(), "second");
/// let replaced = Secret::new("other");
/// assert_eq!(rotation::current(&replaced, Some(&state)).expose(), "other");
/// ```
pub fn current(pasted: &Secret, state: Option<&Secret>) -> Secret {
    let latest = state.and_then(|state| {
        let (digest, latest) = state.expose().split_once(':')?;
        (digest == hex(&sha256(pasted.expose().as_bytes()))).then_some(latest)
    });
    Secret::new(latest.unwrap_or(pasted.expose()))
}

/// Returns the state for `latest`, a token that grew from `pasted`.
pub fn state(pasted: &Secret, latest: &str) -> Secret {
    let digest = hex(&sha256(pasted.expose().as_bytes()));
    Secret::new([&digest, ":", latest].concat())
}

/// Takes `refresh_token` out of a reply and returns the state to keep. `None` where the reply
/// brings no new token: the old one stays good.
pub fn next_state(pasted: &Secret, fields: &mut Fields) -> Result<Option<Secret>, Error> {
    const FIELD: &str = "refresh_token";
    match fields.take_string(FIELD)?.map(Secret::new) {
        None => Ok(None),
        Some(latest) if is_opaque_token(latest.expose()) => {
            Ok(Some(state(pasted, latest.expose())))
        }
        Some(_) => Err(fields.invalid(FIELD)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Codes, response, testing};

    #[test]
    fn ignores_a_state_that_it_did_not_write() {
        let pasted = Secret::new("first");
        for foreign in ["", "second", ":", ":second", "first:second"] {
            let state = Secret::new(foreign);
            assert_eq!(
                current(&pasted, Some(&state)).expose(),
                "first",
                "{foreign:?}"
            );
        }
    }

    #[test]
    fn takes_only_a_token_that_can_be_sent_again() {
        let next = |body: &str| {
            let response = testing::reply(200, body);
            let fields = response::accept(&Codes::NONE, &response, testing::NOW);
            next_state(&Secret::new("first"), &mut fields.unwrap())
        };
        let state = next(r#"{"refresh_token": "a:b"}"#).unwrap();
        let sent = current(&Secret::new("first"), state.as_ref());
        assert_eq!(sent.expose(), "a:b");
        assert!(next(r#"{"refresh_token": null}"#).unwrap().is_none());
        for body in [r#"{"refresh_token": ""}"#, r#"{"refresh_token": 7}"#] {
            let error = next(body).unwrap_err();
            assert_eq!(error, testing::invalid_response("refresh_token"));
        }
    }
}
