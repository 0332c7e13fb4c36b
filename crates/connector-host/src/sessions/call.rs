//! One API call with a valid session: authorized and sent, classified by the plugin, and repeated
//! where that helps.

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
        let work = self.call(credential, request, deadline);
        let result = work.instrument(span.clone()).await;
        match &result {
            Ok(response) => {
                span.record("status", response.status().as_u16());
                span.record("outcome", "accepted");
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
    ) -> Result<http::Response<ResponseBody>, ApiError> {
        check_request(&request)?;
        let connector = &self.shared.connector;
        let found = self.find(credential).await?;
        let vendor = credential.vendor;
        let in_time = |error| move |_| ApiError::from(error);
        let mut is_repeated = false;
        loop {
            let session = self.session_by(&found, credential, deadline).await?;
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
            match verdict.map_err(|_| out_of_time())?? {
                Verdict::Accepted => {
                    limiter.succeeded();
                    let with_permit = |body| BodyWithPermit::new(body, permit).boxed_unsync();
                    return Ok(response.map(with_permit));
                }
                Verdict::Refresh(refusal) => {
                    let may_repeat =
                        !is_repeated && found.revision.refused(&session, refusal.confirmed);
                    if !may_repeat {
                        return Err(ConnectorError::Rejected(refusal).into());
                    }
                    // Neither is needed while this call waits for another session.
                    drop((response, permit));
                    if !refusal.confirmed {
                        let next = self.next(&found, credential);
                        let replaced = replaced(next, &session, refusal);
                        let replaced = timeout_at(deadline, replaced).await;
                        replaced.map_err(in_time(TransportError::Timeout))??;
                    }
                    is_repeated = true;
                }
                Verdict::Forbidden(refusal) => {
                    return Err(ConnectorError::Forbidden(refusal).into());
                }
                Verdict::Throttled(secs) => limiter.pause(secs),
                Verdict::Unavailable(secs) => {
                    return Err(ConnectorError::Unavailable(secs).into());
                }
            }
        }
    }

    /// A valid session by the deadline; waits while the vendor throttles token requests.
    async fn session_by(
        &self,
        found: &Found<'_>,
        credential: &Credential<'_>,
        deadline: Instant,
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
            if deadline < Instant::now() + wait {
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
