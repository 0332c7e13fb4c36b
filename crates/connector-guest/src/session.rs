//! A session and its dates. How a token reply is read is in `token.rs`.

use alloc::string::String;
use alloc::vec::Vec;

use crate::secret::Secret;

/// A new session is asked for this long before the old one ends, so that a short outage of the
/// vendor passes unnoticed.
const REFRESH_MARGIN_SECS: u64 = 15 * 60;
/// A shorter life would make a host ask without pause. If the token really ends sooner, an API
/// answer says so.
pub const MIN_LIFETIME_SECS: u64 = 60;
/// A longer life is not believed.
pub const MAX_LIFETIME_SECS: u64 = 365 * 24 * 60 * 60;
/// The life of a token when neither the reply nor the vendor's documentation names one.
pub const DEFAULT_LIFETIME_SECS: u64 = 60 * 60;

/// A moment in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp {
    /// Seconds since 1970-01-01T00:00:00Z.
    pub secs: u64,
    /// Nanoseconds of the second begun.
    pub nanos: u32,
}

impl Timestamp {
    /// The moment `secs` seconds later.
    #[must_use]
    pub fn plus(self, secs: u64) -> Self {
        Self {
            secs: self.secs.saturating_add(secs),
            ..self
        }
    }
}

/// The data that an API call needs, and when to replace it. The contract of each field is in
/// `wit/types.wit`.
#[derive(Debug, Clone)]
pub struct Session {
    /// The secret that `authorize` puts on a request.
    pub access_token: Secret,
    /// A secret of the plugin's own, handed back with the session.
    pub state: Option<Secret>,
    /// The prefix of every API URL.
    pub base_url: String,
    /// The granted scopes.
    pub scopes: Vec<String>,
    /// The account that the session reaches.
    pub account: Option<String>,
    /// The time just before the request was sent.
    pub issued_at: Timestamp,
    /// The time from which a new session should be asked for.
    pub refresh_after: Option<Timestamp>,
    /// The time at which the vendor stops accepting the session.
    pub expires_at: Option<Timestamp>,
}

/// When a token ends, as far as the vendor's reply says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Expiry {
    /// The reply does not say: [`VendorInfo::expiry`](crate::VendorInfo::expiry) applies, else one
    /// hour.
    #[default]
    Unknown,
    /// So many seconds after the request.
    After(u64),
    /// At this moment.
    At(Timestamp),
    /// The vendor documents that the token does not expire.
    Never,
}

impl From<Option<Timestamp>> for Expiry {
    /// The end that a reply names, if it names one.
    fn from(end: Option<Timestamp>) -> Self {
        end.map_or(Self::Unknown, Self::At)
    }
}

impl Expiry {
    /// This expiry, or `other` where it is unknown.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        match self {
            Self::Unknown => other,
            known => known,
        }
    }

    /// The dates `refresh_after` and `expires_at` of a session that was issued at `issued_at`, or
    /// neither.
    pub(crate) fn dates(self, issued_at: Timestamp) -> Option<(Timestamp, Timestamp)> {
        let lifetime_secs = match self {
            Self::Never => return None,
            Self::Unknown => DEFAULT_LIFETIME_SECS,
            Self::After(secs) => secs,
            Self::At(end) => end.secs.saturating_sub(issued_at.secs),
        };
        let lifetime_secs = lifetime_secs.clamp(MIN_LIFETIME_SECS, MAX_LIFETIME_SECS);
        let margin_secs = REFRESH_MARGIN_SECS.min(lifetime_secs / 2);
        Some((
            issued_at.plus(lifetime_secs.saturating_sub(margin_secs)),
            issued_at.plus(lifetime_secs),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ISSUED_AT: Timestamp = Timestamp {
        secs: 1_000_000,
        nanos: 7,
    };

    #[test]
    fn refreshes_a_quarter_of_an_hour_or_half_a_life_before_the_end() {
        const YEAR_SECS: u64 = 31_536_000;
        for (expiry, refresh_secs, life_secs) in [
            (Expiry::Unknown, 2700, 3600),
            (Expiry::After(3600), 2700, 3600),
            (Expiry::After(1800), 900, 1800),
            (Expiry::After(1799), 900, 1799),
            (Expiry::After(60), 30, 60),
            (Expiry::After(0), 30, 60),
            (Expiry::After(86_400), 85_500, 86_400),
            (Expiry::After(u64::MAX), YEAR_SECS - 900, YEAR_SECS),
            (Expiry::At(ISSUED_AT.plus(7200)), 6300, 7200),
            (Expiry::At(Timestamp { secs: 5, nanos: 0 }), 30, 60),
        ] {
            let expected = (ISSUED_AT.plus(refresh_secs), ISSUED_AT.plus(life_secs));
            assert_eq!(expiry.dates(ISSUED_AT), Some(expected), "{expiry:?}");
        }
        assert_eq!(Expiry::Never.dates(ISSUED_AT), None);
    }

    #[test]
    fn survives_a_clock_at_the_end_of_time() {
        let end = Timestamp {
            secs: u64::MAX,
            nanos: 0,
        };
        assert_eq!(Expiry::After(3600).dates(end), Some((end, end)));
    }
}
