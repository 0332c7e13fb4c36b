//! One API call with a valid session: authorized and sent, classified by the plugin, and repeated
//! where that helps.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt;
use tokio::time::{Instant, sleep, timeout_at};
use tracing::Instrument;
use tracing::field::Empty;

use crate::connector::api_request::check_request;
use crate::deadline::FAR_FUTURE;
use crate::error::{CallError, ConnectorError, PluginError, SendError};
use crate::sessions::api_error::ApiError;
use crate::sessions::credential::Credential;
use crate::sessions::limiter::{BodyWithPermit, Scope, TooLate};
use crate::sessions::revision_state::Next;
use crate::sessions::{Found, Sessions};
use crate::transport::{ResponseBody, TransportError};
use crate::types::{ApiResponse, Authorization, Refusal, Session, Signing, Verdict};

/// A response to an API call, and its meaning for the session.
///
/// Its `Debug` hides the header fields.
#[non_exhaustive]
pub struct Classified {
    /// The vendor's response. Its body is streamed, as by [`Sessions::send`].
    pub response: http::Response<ResponseBody>,
    /// The plugin's verdict.
    pub verdict: Verdict,
}

impl fmt::Debug for Classified {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Classified")
            .field("status", &self.response.status())
            .field("verdict", &self.verdict)
            .finish_non_exhaustive()
    }
}

/// What follows when the vendor throttles a call or its token request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Throttling {
    /// Another attempt, after the vendor's time.
    Wait,
    /// The verdict or the error.
    Return,
}

impl Sessions {
    /// Makes one API call with a valid session of the credential, and returns the vendor's response
    /// if the plugin classifies it as accepted: perhaps an error of the call itself, such as 404.
    /// Its body is streamed.
    ///
    /// `request` has a path and a query, which are appended to the session's base URL; see
    /// [`Connector::send`](crate::Connector::send).
    ///
    /// The plugin authorizes each attempt. Where the vendor's [`signing`](crate::Vendor::signing)
    /// is [`Session`](Signing::Session), an authorization is used for all calls of its session.
    ///
    /// All of it, up to the first 4 KiB of the response, ends `within` this time:
    ///
    /// - A session that turns out to have ended is replaced, and the call repeated once. If the
    ///   response is the same, or a session was replaced recently for the same reason, the call is
    ///   `rejected`.
    /// - A throttled call is repeated after the vendor's time, as long as time is left; other calls
    ///   for the same account wait too.
    /// - At most as many calls as the vendor allows are in flight for one account, or for one
    ///   credential if its session names none; further calls wait. A call is in flight until the
    ///   end of its response body, so read or drop the body.
    /// - When the time is over, the error is `throttled` for a call that waited for its permit, and
    ///   `unreachable` for one that waited for the vendor.
    /// - After `unreachable`, `broken-plugin` and `busy` the vendor may have executed the call.
    ///
    /// Nothing else is repeated: only the caller knows whether its call may be. A body is bytes in
    /// memory, so it can always be sent again.
    pub async fn send(
        &self,
        credential: &Credential<'_>,
        request: http::Request<Bytes>,
        within: Duration,
    ) -> Result<http::Response<ResponseBody>, ApiError> {
        let classified = self.traced(credential, request, within, Throttling::Wait);
        let Classified { response, verdict } = classified.await?;
        match ConnectorError::of_verdict(verdict) {
            None => Ok(response),
            Some(error) => Err(error.into()),
        }
    }

    /// Like [`send`](Sessions::send), for a caller that shows refusals or repeats calls itself:
    /// returns the response with any final verdict, and its body.
    ///
    /// A throttled call is not repeated; its pause applies to later calls for the same account. A
    /// throttled token request is an error. A session that turns out to have ended is replaced, and
    /// the call repeated once, as by `send`; a second `refresh` verdict is returned. If no new
    /// session may be requested yet, the refusal is the error, and its response is dropped.
    pub async fn send_classified(
        &self,
        credential: &Credential<'_>,
        request: http::Request<Bytes>,
        within: Duration,
    ) -> Result<Classified, ApiError> {
        self.traced(credential, request, within, Throttling::Return)
            .await
    }

    async fn traced(
        &self,
        credential: &Credential<'_>,
        request: http::Request<Bytes>,
        within: Duration,
        throttling: Throttling,
    ) -> Result<Classified, ApiError> {
        let deadline = Instant::now() + within.min(FAR_FUTURE);
        // An unknown id may be anything that a person typed.
        let known = self.vendor(credential).is_ok().then_some(credential.vendor);
        let span = tracing::debug_span!(
            "api-call",
            vendor = known,
            method = request.method().as_str(),
            status = Empty,
            outcome = Empty
        );
        let work = self.call(credential, request, deadline, throttling);
        let result = work.instrument(span.clone()).await;
        match &result {
            Ok(Classified { response, verdict }) => {
                span.record("status", response.status().as_u16());
                span.record("outcome", verdict.kind());
            }
            Err(error) => {
                span.record("outcome", error.kind());
                span.in_scope(|| tracing::debug!(%error, "the call failed"));
            }
        }
        result
    }

    async fn call(
        &self,
        credential: &Credential<'_>,
        request: http::Request<Bytes>,
        deadline: Instant,
        throttling: Throttling,
    ) -> Result<Classified, ApiError> {
        check_request(&request)?;
        let connector = &self.shared.connector;
        let found = self.find(credential).await?;
        let vendor = credential.vendor;
        let in_time = |error| move |_| ApiError::from(error);
        let mut is_repeated = false;
        loop {
            let session = self.session_by(&found, credential, deadline, throttling);
            let session = session.await?;
            let scope = match &session.account {
                Some(account) => Scope::Account(found.key.vendor, account.clone()),
                None => Scope::Credential(found.key),
            };
            let limiters = &self.shared.limiters;
            let max_concurrent_calls = found.vendor.max_concurrent_calls;
            let limiter = limiters.limiter(scope, max_concurrent_calls).await;
            let permit = limiter.acquire(deadline).await;
            let permit = permit.map_err(|TooLate(secs)| ConnectorError::Throttled(secs))?;
            if !found.revision.is_valid(&session, connector.now()) {
                // It expired while the call waited; the vendor would refuse it.
                continue;
            }

            let authorization = self.authorization(&found, &session, &request);
            let authorization = timeout_at(deadline, authorization).await;
            let authorization = authorization.map_err(|_| out_of_time())??;
            let sent = connector.send_authorized(vendor, &session, request.clone(), &authorization);
            let sent = timeout_at(deadline, sent).await;
            let mut response = sent.map_err(in_time(TransportError::Timeout))??;
            let read = timeout_at(deadline, ApiResponse::read(&mut response)).await;
            let seen = read.map_err(in_time(TransportError::Timeout))??;
            let verdict = timeout_at(deadline, connector.classify(vendor, &seen)).await;
            let verdict = verdict.map_err(|_| out_of_time())??;
            match &verdict {
                Verdict::Accepted => limiter.succeeded(),
                Verdict::Refresh(refusal)
                    if !is_repeated && found.revision.refused(&session, refusal.confirmed) =>
                {
                    // Neither is needed while this call waits for another session.
                    drop((response, permit));
                    if !refusal.confirmed {
                        let next = self.next(&found, credential);
                        let replaced = replaced(next, &session, refusal.clone());
                        let replaced = timeout_at(deadline, replaced).await;
                        replaced.map_err(in_time(TransportError::Timeout))??;
                    }
                    is_repeated = true;
                    continue;
                }
                Verdict::Throttled(secs) => {
                    limiter.pause(*secs);
                    if throttling == Throttling::Wait {
                        continue;
                    }
                }
                Verdict::Refresh(_) | Verdict::Forbidden(_) | Verdict::Unavailable(_) => {}
            }
            let with_permit = |body| BodyWithPermit::new(body, permit).boxed_unsync();
            let response = response.map(with_permit);
            return Ok(Classified { response, verdict });
        }
    }

    /// A valid session by the deadline; may wait while the vendor throttles token requests.
    async fn session_by(
        &self,
        found: &Found<'_>,
        credential: &Credential<'_>,
        deadline: Instant,
        throttling: Throttling,
    ) -> Result<Arc<Session>, ApiError> {
        loop {
            let session = self.valid_session(found, credential);
            let session = timeout_at(deadline, session).await;
            let session = session.map_err(|_| ApiError::from(TransportError::Timeout))?;
            let Err(CallError::Connector(ConnectorError::Throttled(secs))) = session else {
                return Ok(session?);
            };
            // Without a time, the next attempt gets the remaining time from the state.
            let wait = Duration::from_secs(secs.unwrap_or(0).into());
            if throttling == Throttling::Return || deadline < Instant::now() + wait {
                return Err(ConnectorError::Throttled(secs).into());
            }
            sleep(wait).await;
        }
    }

    /// The authorization of one attempt: that of the session where the vendor allows, else a new
    /// one.
    async fn authorization(
        &self,
        found: &Found<'_>,
        session: &Arc<Session>,
        request: &http::Request<Bytes>,
    ) -> Result<Arc<Authorization>, SendError> {
        if let Some(kept) = found.revision.authorization(session) {
            return Ok(kept);
        }
        let connector = &self.shared.connector;
        let authorization = connector.authorize_request(&found.vendor.id, session, request);
        let authorization = Arc::new(authorization.await?);
        if found.vendor.signing == Signing::Session {
            found.revision.keep(session, &authorization);
        }
        Ok(authorization)
    }
}

/// Waits for another session than `old`, which the API refused with an unconfirmed `refusal`.
///
/// That refusal is the error if no new session may be requested yet, or if the token request is
/// refused without confirmation as well: both may come from a firewall in between.
async fn replaced(next: Next, old: &Arc<Session>, refusal: Refusal) -> Result<(), CallError> {
    let outcome = match next {
        Next::Serve(session) if Arc::ptr_eq(&session, old) => {
            return Err(ConnectorError::Rejected(refusal).into());
        }
        Next::Serve(_) => return Ok(()),
        Next::Renew(_, outcome) => outcome.await,
        Next::Fail(error) => Err(error),
    };
    match outcome {
        Ok(_) => Ok(()),
        Err(CallError::Connector(
            ConnectorError::Rejected(other) | ConnectorError::Forbidden(other),
        )) if !other.confirmed => Err(ConnectorError::Rejected(refusal).into()),
        Err(error) => Err(error),
    }
}

/// The caller's time ended within a call of the plugin.
fn out_of_time() -> ApiError {
    CallError::from(PluginError::Deadline).into()
}

#[cfg(test)]
mod tests;
