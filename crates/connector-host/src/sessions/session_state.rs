//! The decisions about one credential's session: valid, due, expired, refused, or failed until a
//! given time. Pure: the times are arguments, and the token request is not in here.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use crate::error::{CallError, ConnectorError, PluginError};
use crate::sessions::backoff::{Backoff, seconds};
use crate::types::Session;

/// The outcome of a token request.
pub(super) type Outcome = Result<Arc<Session>, CallError>;

/// The session of a credential, and the outcome of the last token request.
#[derive(Default)]
pub(super) struct SessionState {
    session: Option<Arc<Session>>,
    /// The expiry of the session on a clock that cannot be set back.
    expires_at: Option<Instant>,
    /// The vendor refused the session before its expiry.
    is_refused: bool,
    failure: Option<Failure>,
    /// Between token requests that give no lasting session.
    backoff: Backoff,
    /// The session was due on arrival; no new one is requested before this.
    no_renewal_before: Option<Instant>,
    /// Between sessions that the vendor opens and then refuses.
    refusals: Backoff,
}

/// Why there is no new session.
struct Failure {
    error: CallError,
    /// The time of the next attempt; `None` means never.
    until: Option<Instant>,
}

pub(super) enum Decision {
    Serve(Arc<Session>),
    /// A new session is due; the old one, if any, is still valid.
    Renew(Option<Arc<Session>>),
    Fail(CallError),
}

impl SessionState {
    /// The last session, valid or not.
    pub(super) fn current(&self) -> Option<Arc<Session>> {
        self.session.clone()
    }

    /// Drops the session.
    pub(super) fn clear(&mut self) {
        self.session = None;
    }

    /// The decision at a time, given on the wall clock and on tokio's clock.
    pub(super) fn decide(&self, now: SystemTime, at: Instant) -> Decision {
        let failure = self.failure.as_ref();
        let waiting = failure.filter(|failure| failure.until.is_none_or(|until| at < until));
        let session = self.session.as_ref();
        let lasts = !self.is_refused && self.expires_at.is_none_or(|end| at < end);
        let session = session.filter(|session| lasts && now < session.expires_at);
        match (session, waiting) {
            (_, Some(Failure { error, until: None })) => Decision::Fail(error.clone()),
            (Some(session), None)
                if now >= session.refresh_after && self.no_renewal_before <= Some(at) =>
            {
                Decision::Renew(Some(Arc::clone(session)))
            }
            (Some(session), _) => Decision::Serve(Arc::clone(session)),
            (None, None) => Decision::Renew(None),
            (None, Some(failure)) => Decision::Fail(failure.remaining(at)),
        }
    }

    /// Records the result of a token request.
    pub(super) fn renewed(
        &mut self,
        renewed: Result<Session, CallError>,
        now: SystemTime,
        at: Instant,
    ) -> Outcome {
        let renewed = renewed.and_then(|session| {
            // Otherwise each caller would send the next request immediately.
            let expired = || PluginError::Contract("expires-at").into();
            (now < session.expires_at)
                .then_some(session)
                .ok_or_else(expired)
        });
        match renewed {
            Ok(session) => {
                let remaining = session.expires_at.duration_since(now).unwrap_or_default();
                self.expires_at = at.checked_add(remaining);
                let session = Arc::new(session);
                self.session = Some(Arc::clone(&session));
                self.is_refused = false;
                self.failure = None;
                if now < session.refresh_after {
                    self.backoff.reset();
                    self.no_renewal_before = None;
                } else {
                    // Otherwise each use would request the next one, as long as sessions are due on
                    // arrival.
                    self.no_renewal_before = Some(self.backoff.next_from(at));
                }
                Ok(session)
            }
            Err(error) => {
                let until = match retry(&error) {
                    Retry::Never => None,
                    Retry::After(wait) => Some(at + wait),
                    Retry::Backoff => Some(self.backoff.next_from(at)),
                };
                if until.is_none() {
                    // No longer useful, so it is zeroized.
                    self.session = None;
                }
                self.failure = Some(Failure {
                    error: error.clone(),
                    until,
                });
                Err(error)
            }
        }
    }

    /// Records that the vendor refused `session` before its expiry. Returns whether the caller may
    /// continue with another session.
    pub(super) fn refused(&mut self, session: &Arc<Session>, at: Instant) -> bool {
        let current = self.session.as_ref();
        if self.is_refused || !current.is_some_and(|current| Arc::ptr_eq(current, session)) {
            // Another caller got the refusal first.
            return true;
        }
        if !self.refusals.is_over(at) {
            return false;
        }
        self.refusals.next_from(at);
        self.is_refused = true;
        true
    }
}

impl Failure {
    /// The error with the remaining time in place of the vendor's.
    fn remaining(&self, at: Instant) -> CallError {
        let secs = self.until.map_or(0, |until| seconds(until - at));
        match &self.error {
            CallError::Connector(ConnectorError::Throttled(_)) => {
                ConnectorError::Throttled(Some(secs)).into()
            }
            CallError::Connector(ConnectorError::Unavailable(_)) => {
                ConnectorError::Unavailable(Some(secs)).into()
            }
            error => error.clone(),
        }
    }
}

/// When another token request may help.
enum Retry {
    /// Only after a change by a person.
    Never,
    /// After a known time.
    After(Duration),
    /// After a backoff.
    Backoff,
}

fn retry(error: &CallError) -> Retry {
    use ConnectorError as E;
    match error {
        CallError::Connector(
            E::UnknownVendor
            | E::InvalidCredential(_)
            | E::Rejected(_)
            | E::Forbidden(_)
            | E::Denied,
        ) => Retry::Never,
        CallError::Connector(E::Throttled(Some(secs)) | E::Unavailable(Some(secs))) => {
            Retry::After(Duration::from_secs((*secs).into()))
        }
        // No request was sent: the host had no capacity.
        CallError::Plugin(PluginError::Busy) => Retry::After(Duration::from_secs(1)),
        CallError::Connector(
            E::Throttled(None)
            | E::Unavailable(None)
            | E::Unreachable(_)
            | E::Unintelligible(_)
            | E::Other(_),
        )
        | CallError::Plugin(_) => Retry::Backoff,
    }
}

#[cfg(test)]
mod tests;
