//! The tokens a simulator has issued: what each allows, and whether it still does.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// What both vendors answer as `expires_in`.
pub(crate) const LIFE_SECS: u64 = 3600;

/// The start of every simulated token, by which tests find a leaked one.
pub const TOKEN_PREFIX: &str = "simulated-token-";

/// A simulator that has issued this many forgets them all; their owners sign in again, as after any
/// expiry.
const MAX_TOKENS: usize = 100_000;

/// What a token allows.
#[derive(Clone)]
pub(crate) struct Grant {
    pub(crate) scopes: Vec<&'static str>,
    pub(crate) project: Option<u64>,
    /// The host that its calls go to.
    pub(crate) host: &'static str,
}

/// Why a token is not taken.
#[derive(Clone, Copy)]
pub(crate) enum Unusable {
    Missing,
    Unknown,
    Expired,
}

#[derive(Default)]
pub(crate) struct Tokens(Mutex<State>);

#[derive(Default)]
struct State {
    /// Tokens of an earlier generation are over.
    generation: u64,
    count: u64,
    issued: HashMap<String, Issued>,
    salt: RandomState,
}

struct Issued {
    grant: Grant,
    generation: u64,
    at: Instant,
}

impl Tokens {
    pub(crate) fn issue(&self, grant: Grant) -> String {
        let mut state = self.state();
        if state.issued.len() == MAX_TOKENS {
            state.issued.clear();
        }
        state.count += 1;
        let token = state.token();
        let issued = Issued {
            grant,
            generation: state.generation,
            at: Instant::now(),
        };
        state.issued.insert(token.clone(), issued);
        token
    }

    pub(crate) fn look_up(&self, token: Option<&str>) -> Result<Grant, Unusable> {
        let state = self.state();
        let issued = state.issued.get(token.ok_or(Unusable::Missing)?);
        let issued = issued.ok_or(Unusable::Unknown)?;
        let over = issued.generation < state.generation
            || issued.at.elapsed() >= Duration::from_secs(LIFE_SECS);
        if over {
            Err(Unusable::Expired)
        } else {
            Ok(issued.grant.clone())
        }
    }

    pub(crate) fn expire_all(&self) {
        self.state().generation += 1;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Makes up the token for the current count: three parts like a JWT, none of which means
    /// anything.
    fn token(&self) -> String {
        let part = |index: u8| self.salt.hash_one((self.count, index));
        format!(
            "{TOKEN_PREFIX}{:016x}.{:016x}{:016x}.{:016x}-{:016x}",
            part(0),
            part(1),
            part(2),
            part(3),
            part(4)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant() -> Grant {
        Grant {
            scopes: vec!["surveys"],
            project: Some(1),
            host: "api.hotjar.io",
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_token_lasts_an_hour() {
        let tokens = Tokens::default();
        let token = tokens.issue(grant());
        tokio::time::advance(Duration::from_secs(LIFE_SECS - 1)).await;
        assert!(tokens.look_up(Some(&token)).is_ok());
        tokio::time::advance(Duration::from_secs(1)).await;
        assert!(matches!(
            tokens.look_up(Some(&token)),
            Err(Unusable::Expired)
        ));
    }

    #[test]
    fn no_two_tokens_are_the_same_and_all_are_safe_in_a_header() {
        let tokens = Tokens::default();
        let (one, two) = (tokens.issue(grant()), tokens.issue(grant()));
        assert_ne!(one, two);
        assert!(
            one.bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte))
        );
    }
}
