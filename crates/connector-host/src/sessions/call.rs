//! One API call with a live session: sent, judged by the plugin, and repeated where that helps.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt;
use tokio::time::{Instant, sleep, timeout_at};
use tracing::Instrument;
use tracing::field::Empty;

use super::lane::{Of, TooLate, WithTurn};
use super::{Key, Sessions};
use crate::connector::check_request;
use crate::{
    ApiResponse, CallError, ConnectorError, PluginError, Refusal, ResponseBody, SendError, Session,
    Stage, TransportError, Verdict,
};
use std::sync::Arc;

/// As good as for ever, and no time that a clock cannot add up.
const LONGEST: Duration = Duration::from_hours(24 * 365);

/// Why [`Sessions::send`] brought no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApiError {
    /// No session could be had, or the vendor's API refused the call; named for who acts next, in the words of the contract.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The request cannot be put on a session: the caller corrects it.
    #[error("the request does not fit a session: {0}")]
    Request(&'static str),
}

impl ApiError {
    /// The name of the case in the contract, such as `forbidden`, or `broken-plugin`, or `request`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Call(error) => error.kind(),
            Self::Request(_) => "request",
        }
    }
}

impl From<ConnectorError> for ApiError {
    fn from(error: ConnectorError) -> Self {
        Self::Call(error.into())
    }
}

impl From<SendError> for ApiError {
    fn from(error: SendError) -> Self {
        match error {
            SendError::UnknownVendor => ConnectorError::UnknownVendor.into(),
            SendError::Request(part) => Self::Request(part),
            SendError::Transport(error) => error.into(),
        }
    }
}

impl From<TransportError> for ApiError {
    fn from(error: TransportError) -> Self {
        use TransportError as E;
        let stage = match error {
            E::Denied => return ConnectorError::Denied.into(),
            E::Dns | E::DnsTimeout => Stage::Dns,
            E::Connect | E::ConnectTimeout => Stage::Connect,
            E::TlsCertificate | E::Tls | E::TlsTimeout => Stage::Tls,
            E::Timeout => Stage::Timeout,
            E::CutOff => Stage::CutOff,
            E::Protocol | E::TooLong => Stage::Protocol,
        };
        ConnectorError::Unreachable(stage).into()
    }
}

impl Sessions {
    /// Makes one API call with a live session of the credential, and returns the vendor's answer when the plugin finds that it
    /// was accepted: perhaps an error of the call itself, such as 404. Its body is streamed.
    ///
    /// `request` has a path and a query, which are put behind the session's base URL; see [`Connector::send`](crate::Connector::send).
    ///
    /// All of it, up to the first 4 KiB of the answer, ends `within` this time:
    ///
    /// - A session that turns out to be over is replaced, and the call repeated, once. If the answer is the same, or a session was
    ///   replaced for the same reason only lately, the call is `rejected`.
    /// - A throttled call is repeated when its time has come, as often as there is time; other calls for the same project wait as well.
    /// - No more calls than the vendor serves at a time are under way for one project; those beyond wait. A call is under way to
    ///   the end of its answer's body, so read it or drop it.
    /// - What is not over in time is `throttled` where it waited for its turn, and `unreachable` where it waited for the vendor.
    /// - After `unreachable`, `broken-plugin` and `busy` the vendor may have done what was asked.
    ///
    /// Nothing else is repeated: whether a call may be, and when, is its caller's to know. A body is bytes in memory, so it can always be sent
    /// again.
    pub async fn send(
        &self,
        vendor: &str,
        credential: &str,
        request: http::Request<Bytes>,
        within: Duration,
    ) -> Result<http::Response<ResponseBody>, ApiError> {
        let until = Instant::now() + within.min(LONGEST);
        // An id that is not known may be anything that a person typed.
        let key = self.key(vendor, credential);
        let known = key.is_ok().then_some(vendor);
        let span = tracing::debug_span!(
            "api-call",
            vendor = known,
            method = request.method().as_str(),
            status = Empty,
            outcome = Empty
        );
        let work = self.call(key, vendor, credential, request, until);
        let result = work.instrument(span.clone()).await;
        match &result {
            Ok(answer) => {
                span.record("status", answer.status().as_u16());
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
        key: Result<Key, ConnectorError>,
        vendor: &str,
        credential: &str,
        request: http::Request<Bytes>,
        until: Instant,
    ) -> Result<http::Response<ResponseBody>, ApiError> {
        check_request(&request)?;
        let connector = &self.shared.connector;
        let key = key?;
        let kept = self.kept(key).await;
        let listed = connector.vendors().get(key.0);
        let at_once = listed.and_then(|vendor| vendor.calls_at_once);
        let in_time = |error| move |_| ApiError::from(error);
        let mut is_repeated = false;
        loop {
            let session = self.live_until(&kept, vendor, credential, until).await?;
            let of = session
                .project
                .map_or(Of::Credential(key), |project| Of::Project(key.0, project));
            let lane = self.shared.lanes.lane(of, at_once).await;
            let turn = lane.enter(until).await;
            let turn = turn.map_err(|TooLate(secs)| ConnectorError::Throttled(secs))?;
            if !kept.serves(&session, connector.now()) {
                // It was long in the queue; the vendor would only refuse it.
                continue;
            }

            let sent = connector.send(vendor, &session, request.clone());
            let sent = timeout_at(until, sent).await;
            let mut answer = sent.map_err(in_time(TransportError::Timeout))??;
            let read = timeout_at(until, ApiResponse::read(&mut answer)).await;
            let seen = read.map_err(in_time(TransportError::Timeout))??;
            let refusal = Refusal {
                status: seen.status,
                code: None,
            };
            let verdict = timeout_at(until, connector.classify(vendor, &seen)).await;
            match verdict.map_err(|_| CallError::from(PluginError::Deadline))?? {
                Verdict::Accepted => {
                    lane.served();
                    return Ok(answer.map(|body| WithTurn::new(body, turn).boxed_unsync()));
                }
                Verdict::Refresh => {
                    if is_repeated || !kept.refused(&session) {
                        return Err(ConnectorError::Rejected(refusal).into());
                    }
                    is_repeated = true;
                }
                Verdict::Forbidden => return Err(ConnectorError::Forbidden(refusal).into()),
                Verdict::Throttled(secs) => lane.close(secs),
                Verdict::Unavailable(secs) => {
                    return Err(ConnectorError::Unavailable(secs).into());
                }
            }
        }
    }

    /// A live session by `until`, for which a throttled vendor is waited for.
    async fn live_until(
        &self,
        kept: &Arc<super::Credential>,
        vendor: &str,
        credential: &str,
        until: Instant,
    ) -> Result<Arc<Session>, ApiError> {
        loop {
            let live = timeout_at(until, self.live(kept, vendor, credential)).await;
            let live = live.map_err(|_| ApiError::from(TransportError::Timeout))?;
            let Err(CallError::Connector(ConnectorError::Throttled(secs))) = live else {
                return Ok(live?);
            };
            // Asked again at once, the state tells how long it is.
            let wait = Duration::from_secs(secs.unwrap_or(0).into());
            if until < Instant::now() + wait {
                return Err(ConnectorError::Throttled(secs).into());
            }
            sleep(wait).await;
        }
    }
}
