//! The session that a token reply opens, and its dates. How the reply is read is in `token.rs`.

use alloc::string::String;
use alloc::vec::Vec;

use crate::secret::Secret;

/// A new session is asked for this long before the old one ends, so that a vendor's bad quarter of an hour passes unnoticed.
const REFRESH_MARGIN_SECS: u64 = 15 * 60;

/// A moment in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp {
    /// Seconds since 1970-01-01T00:00:00Z.
    pub secs: u64,
    /// Nanoseconds of the second begun.
    pub nanos: u32,
}

impl Timestamp {
    /// This moment and `secs` seconds.
    #[must_use]
    pub fn plus(self, secs: u64) -> Self {
        Self {
            secs: self.secs.saturating_add(secs),
            ..self
        }
    }
}

/// What an API call needs, and when to replace it. The contract of each field is in `wit/types.wit`.
#[derive(Debug)]
pub struct Session {
    /// The bearer token.
    pub access_token: Secret,
    /// Where API calls go.
    pub base_url: String,
    /// The scopes that were granted.
    pub scopes: Vec<String>,
    /// The project that the token reaches.
    pub project: Option<u64>,
    /// Just before the request was sent.
    pub issued_at: Timestamp,
    /// When the token ends.
    pub expires_at: Timestamp,
    /// From when on a new one should be asked for.
    pub refresh_after: Timestamp,
}

/// When a token issued at `issued_at` for `lifetime_secs` ends, and when it should be replaced.
pub fn dates(issued_at: Timestamp, lifetime_secs: u64) -> (Timestamp, Timestamp) {
    let margin_secs = REFRESH_MARGIN_SECS.min(lifetime_secs / 2);
    let expires_at = issued_at.plus(lifetime_secs);
    let refresh_after = issued_at.plus(lifetime_secs.saturating_sub(margin_secs));
    (expires_at, refresh_after)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refreshes_a_quarter_of_an_hour_or_half_a_life_before_the_end() {
        let issued_at = Timestamp {
            secs: 1_000_000,
            nanos: 7,
        };
        for (lifetime_secs, refresh_secs) in [
            (3600, 2700),
            (1800, 900),
            (1799, 900),
            (60, 30),
            (86_400, 85_500),
        ] {
            let (expires_at, refresh_after) = dates(issued_at, lifetime_secs);
            assert_eq!(
                expires_at,
                Timestamp {
                    secs: 1_000_000 + lifetime_secs,
                    nanos: 7
                }
            );
            assert_eq!(
                refresh_after,
                Timestamp {
                    secs: 1_000_000 + refresh_secs,
                    nanos: 7
                }
            );
        }
    }

    #[test]
    fn survives_a_clock_at_the_end_of_time() {
        let end = Timestamp {
            secs: u64::MAX,
            nanos: 0,
        };
        assert_eq!(dates(end, 3600), (end, end));
    }
}
