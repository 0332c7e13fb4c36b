//! Sessions and refusals for the tests of this folder.

use std::time::{Duration, SystemTime};

use crate::secret::Secret;
use crate::types::{Refusal, Session};

pub(super) const EPOCH: SystemTime = SystemTime::UNIX_EPOCH;

pub(super) fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

/// A session from 1000 s to 4600 s, due at 3700 s, without a state.
pub(super) fn session(token: &str) -> Session {
    Session {
        access_token: Secret::new(token),
        state: None,
        base_url: "https://api.example".to_owned(),
        scopes: Vec::new(),
        account: None,
        issued_at: EPOCH + secs(1000),
        refresh_after: Some(EPOCH + secs(3700)),
        expires_at: Some(EPOCH + secs(4600)),
        origins: Vec::new(),
    }
}

/// A session that does not expire.
pub(super) fn endless(token: &str) -> Session {
    Session {
        refresh_after: None,
        expires_at: None,
        ..session(token)
    }
}

/// A session that was issued at `issued_at`, with a state.
pub(super) fn durable(token: &str, state: &str, issued_at: u64) -> Session {
    Session {
        state: Some(Secret::new(state)),
        issued_at: EPOCH + secs(issued_at),
        refresh_after: Some(EPOCH + secs(issued_at + 2700)),
        expires_at: Some(EPOCH + secs(issued_at + 3600)),
        ..session(token)
    }
}

pub(super) fn refusal(status: u16, confirmed: bool) -> Refusal {
    Refusal {
        status,
        code: confirmed.then(|| "invalid_client".to_owned()),
        confirmed,
    }
}
