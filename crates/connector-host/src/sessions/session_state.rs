//! The decisions about the session of one revision of a credential: valid, due, expired, refused,
//! or failed until a given time. Pure: the times are arguments, and the token request is not in
//! here.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use crate::error::{CallError, ConnectorError, PluginError};
use crate::sessions::backoff::{Backoff, seconds};
use crate::types::{Fault, InvalidResponse, Session};

/// The outcome of a token request.
pub(super) type Outcome = Result<Arc<Session>, CallError>;

/// The session of a credential, and the outcome of the last token request.
pub(super) struct SessionState {
    /// A failed token request may have spent the only copy of a token.
    has_durable_state: bool,
    session: Option<Arc<Session>>,
    /// The expiry of the session on a clock that cannot be set back; `None` while the session does
    /// not expire.
    expires_at: Option<Instant>,
    /// A refusal of the session by the vendor's API before its expiry.
    doubt: Doubt,
    failure: Option<Failure>,
    /// Between token requests that give no lasting session.
    backoff: Backoff,
    /// Between token requests that are refused without confirmation.
    unconfirmed: Backoff,
    /// The session was due on arrival; no new one is requested before this.
    no_renewal_before: Option<Instant>,
    /// Between sessions that the vendor opens and then refuses.
    refusals: Backoff,
}

/// A refusal of a session by the vendor's API before its expiry.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Doubt {
    None,
    /// It refused the session without confirmation: the session is used until there is a new one.
    Unconfirmed,
    /// It refused the session: the session is not used again.
    Confirmed,
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
    /// The state before the first token request.
    pub(super) fn new(has_durable_state: bool) -> Self {
        Self {
            has_durable_state,
            session: None,
            expires_at: None,
            doubt: Doubt::None,
            failure: None,
            backoff: Backoff::default(),
            unconfirmed: Backoff::of_unconfirmed_refusals(),
            no_renewal_before: None,
            refusals: Backoff::default(),
        }
    }

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
        let lasts =
            self.doubt != Doubt::Confirmed && self.expires_at.is_none_or(|expiry| at < expiry);
        let session = self.session.as_ref();
        let session = session.filter(|session| lasts && is_alive(session, now));
        match (session, waiting) {
            (Some(session), None) if self.is_due(session, now, at) => {
                Decision::Renew(Some(Arc::clone(session)))
            }
            (Some(session), _) => Decision::Serve(Arc::clone(session)),
            (None, None) => Decision::Renew(None),
            (None, Some(failure)) => Decision::Fail(failure.remaining(at)),
        }
    }

    fn is_due(&self, session: &Session, now: SystemTime, at: Instant) -> bool {
        let by_time = session.refresh_after.is_some_and(|due| due <= now);
        by_time && self.no_renewal_before <= Some(at) || self.doubt == Doubt::Unconfirmed
    }

    /// Records the result of a token request.
    pub(super) fn renewed(
        &mut self,
        renewed: Result<Session, CallError>,
        now: SystemTime,
        at: Instant,
    ) -> Outcome {
        match renewed {
            Ok(session) if is_alive(&session, now) => Ok(self.arrived(session, now, at)),
            // Otherwise each caller would send the next request immediately.
            Ok(_) => {
                let error = PluginError::Contract("expires-at").into();
                Err(self.failed(error, Retry::Backoff, at))
            }
            Err(error) => {
                let retry = retry(&error, self.has_durable_state);
                Err(self.failed(error, retry, at))
            }
        }
    }

    /// Uses a session from the store if it is newer than the current one. Returns whether it does.
    ///
    /// After a failure without a session it does not: the failure may have ended the stored one.
    pub(super) fn adopt(&mut self, stored: Session, now: SystemTime, at: Instant) -> bool {
        let is_newer = match &self.session {
            Some(current) => current.issued_at < stored.issued_at,
            None => self.failure.is_none(),
        };
        if is_newer {
            self.arrived(stored, now, at);
        }
        is_newer
    }

    fn arrived(&mut self, session: Session, now: SystemTime, at: Instant) -> Arc<Session> {
        self.expires_at = session.expires_at.and_then(|expiry| {
            let remaining = expiry.duration_since(now).unwrap_or_default();
            at.checked_add(remaining)
        });
        let session = Arc::new(session);
        self.session = Some(Arc::clone(&session));
        self.doubt = Doubt::None;
        self.failure = None;
        self.unconfirmed.reset();
        if session.refresh_after.is_none_or(|due| now < due) {
            self.backoff.reset();
            self.no_renewal_before = None;
        } else {
            // Otherwise each use would request the next one, as long as sessions are due on
            // arrival.
            self.no_renewal_before = Some(self.backoff.next_from(at));
        }
        session
    }

    fn failed(&mut self, error: CallError, retry: Retry, at: Instant) -> CallError {
        let until = match retry {
            Retry::AfterChange | Retry::ByHand => None,
            Retry::After(wait) => Some(at + wait),
            Retry::Backoff => Some(self.backoff.next_from(at)),
            Retry::Unconfirmed => Some(self.unconfirmed.next_from(at)),
        };
        if let Retry::AfterChange = retry {
            // No longer useful, so it is zeroized.
            self.session = None;
        }
        self.failure = Some(Failure {
            error: error.clone(),
            until,
        });
        error
    }

    /// Records that the vendor's API refused `session` before its expiry. Returns whether the
    /// caller may continue with another session.
    ///
    /// After a refusal that is not `confirmed`, the session is used until there is a new one.
    pub(super) fn refused(&mut self, session: &Arc<Session>, confirmed: bool, at: Instant) -> bool {
        let current = self.session.as_ref();
        if !current.is_some_and(|current| Arc::ptr_eq(current, session)) {
            // Another caller got the refusal first, and the session has been replaced.
            return true;
        }
        if self.doubt == Doubt::None {
            if !self.refusals.is_over(at) {
                return false;
            }
            self.refusals.next_from(at);
            self.doubt = Doubt::Unconfirmed;
        }
        if confirmed {
            self.doubt = Doubt::Confirmed;
        }
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

/// Whether a session has not expired by the wall clock.
pub(super) fn is_alive(session: &Session, now: SystemTime) -> bool {
    session.expires_at.is_none_or(|expiry| now < expiry)
}

/// When another token request may help.
#[derive(Clone, Copy)]
enum Retry {
    /// Only after a change by a person. The session ends.
    AfterChange,
    /// Only when a person asks for it. The session is used until it expires.
    ByHand,
    /// After a known time.
    After(Duration),
    /// After a backoff.
    Backoff,
    /// After the longer backoff of refusals that are not confirmed.
    Unconfirmed,
}

fn retry(error: &CallError, has_durable_state: bool) -> Retry {
    use ConnectorError as E;
    match error {
        CallError::Connector(error) => match error {
            E::UnknownVendor | E::InvalidCredential(_) | E::Denied => Retry::AfterChange,
            E::Rejected(refusal) | E::Forbidden(refusal) if refusal.confirmed => Retry::AfterChange,
            E::Rejected(_) | E::Forbidden(_) => Retry::Unconfirmed,
            E::Throttled(Some(secs)) | E::Unavailable(Some(secs)) => {
                Retry::After(Duration::from_secs((*secs).into()))
            }
            E::Unreachable(stage) if has_durable_state && stage.was_sent() => Retry::ByHand,
            // The unreadable response may have contained the next token.
            E::InvalidResponse(InvalidResponse { status, .. })
                if has_durable_state && (200..300).contains(status) =>
            {
                Retry::ByHand
            }
            E::Other(Fault { retry: false, .. }) => Retry::ByHand,
            E::Throttled(None)
            | E::Unavailable(None)
            | E::Unreachable(_)
            | E::InvalidResponse(_)
            | E::Other(_) => Retry::Backoff,
        },
        // No request was sent: the host had no capacity.
        CallError::Plugin(PluginError::Busy) => Retry::After(Duration::from_secs(1)),
        // A request may have been sent, and its response is lost.
        CallError::Plugin(_) if has_durable_state => Retry::ByHand,
        // Of a session that was not saved, only the saving is repeated.
        CallError::Plugin(_) | CallError::NoStore | CallError::Store(_) => Retry::Backoff,
    }
}

#[cfg(test)]
mod tests;
