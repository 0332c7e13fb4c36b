//! One API call with a valid session: sent, classified by the plugin, and repeated where that
//! helps.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt;
use tokio::time::{Instant, sleep, timeout_at};
use tracing::Instrument;
use tracing::field::Empty;

use crate::connector::api_request::check_request;
use crate::deadline::FAR_FUTURE;
use crate::error::{CallError, ConnectorError, PluginError};
use crate::sessions::Sessions;
use crate::sessions::api_error::ApiError;
use crate::sessions::credential_key::CredentialKey;
use crate::sessions::credential_state::CredentialState;
use crate::sessions::limiter::{BodyWithPermit, Scope, TooLate};
use crate::transport::{ResponseBody, TransportError};
use crate::types::{ApiResponse, Refusal, Session, Verdict};

impl Sessions {
    /// Makes one API call with a valid session of the credential, and returns the vendor's response
    /// if the plugin classifies it as accepted: perhaps an error of the call itself, such as 404.
    /// Its body is streamed.
    ///
    /// `request` has a path and a query, which are appended to the session's base URL; see
    /// [`Connector::send`](crate::Connector::send).
    ///
    /// All of it, up to the first 4 KiB of the response, ends `within` this time:
    ///
    /// - A session that turns out to have ended is replaced, and the call repeated once. If the
    ///   response is the same, or a session was replaced recently for the same reason, the call is
    ///   `rejected`.
    /// - A throttled call is repeated after the vendor's time, as long as time is left; other calls
    ///   for the same project wait too.
    /// - At most as many calls as the vendor allows are in flight for one project; further calls
    ///   wait. A call is in flight until the end of its response body, so read or drop the body.
    /// - When the time is over, the error is `throttled` for a call that waited for its permit, and
    ///   `unreachable` for one that waited for the vendor.
    /// - After `unreachable`, `broken-plugin` and `busy` the vendor may have executed the call.
    ///
    /// Nothing else is repeated: only the caller knows whether its call may be. A body is bytes in
    /// memory, so it can always be sent again.
    pub async fn send(
        &self,
        vendor: &str,
        credential: &str,
        request: http::Request<Bytes>,
        within: Duration,
    ) -> Result<http::Response<ResponseBody>, ApiError> {
        let deadline = Instant::now() + within.min(FAR_FUTURE);
        // An unknown id may be anything that a person typed.
        let key = self.key(vendor, credential);
        let known = key.is_ok().then_some(vendor);
        let span = tracing::debug_span!(
            "api-call",
            vendor = known,
            method = request.method().as_str(),
            status = Empty,
            outcome = Empty
        );
        let work = self.call(key, vendor, credential, request, deadline);
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
        key: Result<CredentialKey, ConnectorError>,
        vendor: &str,
        credential: &str,
        request: http::Request<Bytes>,
        deadline: Instant,
    ) -> Result<http::Response<ResponseBody>, ApiError> {
        check_request(&request)?;
        let connector = &self.shared.connector;
        let key = key?;
        let state = self.state(key).await;
        let listed = connector.vendors().get(key.vendor);
        let max_concurrent_calls = listed.and_then(|vendor| vendor.calls_at_once);
        let in_time = |error| move |_| ApiError::from(error);
        let mut is_repeated = false;
        loop {
            let session = self
                .session_by(&state, vendor, credential, deadline)
                .await?;
            let scope = session.project.map_or(Scope::Credential(key), |project| {
                Scope::Project(key.vendor, project)
            });
            let limiters = &self.shared.limiters;
            let limiter = limiters.limiter(scope, max_concurrent_calls).await;
            let permit = limiter.acquire(deadline).await;
            let permit = permit.map_err(|TooLate(secs)| ConnectorError::Throttled(secs))?;
            if !state.is_valid(&session, connector.now()) {
                // It expired while the call waited; the vendor would refuse it.
                continue;
            }

            let sent = connector.send(vendor, &session, request.clone());
            let sent = timeout_at(deadline, sent).await;
            let mut response = sent.map_err(in_time(TransportError::Timeout))??;
            let read = timeout_at(deadline, ApiResponse::read(&mut response)).await;
            let seen = read.map_err(in_time(TransportError::Timeout))??;
            let refusal = Refusal {
                status: seen.status,
                code: None,
            };
            let verdict = timeout_at(deadline, connector.classify(vendor, &seen)).await;
            match verdict.map_err(|_| CallError::from(PluginError::Deadline))?? {
                Verdict::Accepted => {
                    limiter.succeeded();
                    let with_permit = |body| BodyWithPermit::new(body, permit).boxed_unsync();
                    return Ok(response.map(with_permit));
                }
                Verdict::Refresh => {
                    if is_repeated || !state.refused(&session) {
                        return Err(ConnectorError::Rejected(refusal).into());
                    }
                    is_repeated = true;
                }
                Verdict::Forbidden => return Err(ConnectorError::Forbidden(refusal).into()),
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
        state: &Arc<CredentialState>,
        vendor: &str,
        credential: &str,
        deadline: Instant,
    ) -> Result<Arc<Session>, ApiError> {
        loop {
            let session = self.valid_session(state, vendor, credential);
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
}
