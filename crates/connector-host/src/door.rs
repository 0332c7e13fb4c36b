//! The plugin's only way to the network: what it may send, how long and how much it may get, and in which words it is told
//! why not. What carries the request is a `Transport`.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use futures::future::{BoxFuture, FutureExt, TryFutureExt};
use http::header::{AUTHORIZATION, CONTENT_LENGTH, HeaderMap};
use http_body::{Body, Frame, SizeHint};
use http_body_util::{BodyExt, LengthLimitError};
use tokio::time::{Instant, Sleep, sleep_until, timeout_at};
use tracing::field::Empty;
use tracing::{Instrument, Span};
use wasmtime_wasi_http::p2::bindings::http::types::{DnsErrorPayload, ErrorCode};
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttpHooks};

use crate::egress::Egress;
use crate::limits::{MAX_HEADER_BYTES, MAX_HEADER_FIELDS};
use crate::outgoing::Reply;
use crate::wipe::{gathered, wiped};
use crate::{Limits, ResponseBody, Timeouts, Transport, TransportError};

/// What a plugin may write ahead of the network at a time: the longest request by default.
const WRITE_AHEAD_BYTES: usize = 64 << 10;

/// Answers `wasi:http` for one call.
pub(crate) struct Door {
    transport: Arc<dyn Transport>,
    egress: Egress,
    timeouts: Timeouts,
    requests_left: u32,
    request_bytes: usize,
    reply_bytes: usize,
    /// When every reply must have come: a little before the call itself is ended, so that the plugin can still say why.
    until: Instant,
}

/// Longer than any call.
const FAR: Duration = Duration::from_hours(24 * 365);

type Io = Box<dyn Future<Output = Result<(), Error>> + Send>;

impl Door {
    /// The door of a call that begins now.
    pub(crate) fn new(transport: Arc<dyn Transport>, egress: Egress, limits: &Limits) -> Self {
        Self {
            transport,
            egress,
            timeouts: limits.timeouts,
            requests_left: limits.requests,
            request_bytes: limits.request_bytes,
            reply_bytes: limits.reply_bytes,
            until: after(limits.deadline / 10 * 9),
        }
    }

    /// Decides about a request by all that is known before its body is.
    fn lets_out<B>(&mut self, request: &http::Request<B>) -> bool {
        let Some(left) = self.requests_left.checked_sub(1) else {
            return false;
        };
        self.requests_left = left;
        // CONNECT asks for a tunnel through the host, whatever its URL says.
        request.method() != http::Method::CONNECT
            && fits(request.headers())
            && self.egress.allows(request.uri())
    }

    /// Answers one request of the plugin. It leaves only when the future is polled, which is boxed here: this runs on the plugin's stack, and
    /// what passes through that takes room there until the call ends.
    pub(crate) fn send(
        &mut self,
        request: http::Request<WasiBody>,
        wishes: RequestOptions,
    ) -> BoxFuture<'static, Reply> {
        if !self.lets_out(&request) {
            // Where to, the plugin may have made up.
            span(request.method(), None).record("outcome", TransportError::Denied.name());
            let denied = async move {
                // Only now: a plugin that is still writing the body would take its end for the answer.
                drop(request);
                Err(ErrorCode::HttpRequestDenied)
            };
            return denied.boxed();
        }
        let transport = Arc::clone(&self.transport);
        let timeouts = shortened(self.timeouts, wishes);
        let (until, reply_bytes) = (self.until, self.reply_bytes);
        let (parts, body) = request.into_parts();
        collected(parts, body, self.request_bytes)
            .and_then(move |request| {
                ask(&*transport, request, timeouts, Some(until), reply_bytes).map_err(|error| {
                    match error {
                        TransportError::TooLong => ErrorCode::HttpResponseHeaderSectionSize(None),
                        error => code_of(error),
                    }
                })
            })
            .map_ok(|reply| {
                reply.map(|body| {
                    // It may hold a token.
                    body.map_frame(|frame| frame.map_data(wiped))
                        .map_err(error_of)
                        .boxed_unsync()
                })
            })
            .boxed()
    }
}

impl WasiHttpHooks for Door {
    /// Never asked: `outgoing.rs` stands before the runtime's own way to the network.
    fn send_request(
        &mut self,
        _request: http::Request<WasiBody>,
        _options: Option<RequestOptions>,
        _reply_handled: Io,
    ) -> Box<dyn Future<Output = Result<(http::Response<WasiBody>, Io), Error>> + Send> {
        Box::new(std::future::ready(Err(Error::HttpRequestDenied)))
    }

    fn p2_outgoing_body_chunk_size(&mut self) -> usize {
        WRITE_AHEAD_BYTES
    }

    // The following three never see an error, since `error_of` makes none of theirs. The defaults would log it.
    fn p2_error_from_hyper(&mut self, _error: &hyper::Error) -> ErrorCode {
        ErrorCode::HttpProtocolError
    }

    fn p2_error_from_connect(&mut self, _error: &std::io::Error) -> ErrorCode {
        ErrorCode::ConnectionRefused
    }

    fn p2_error_from_tls(&mut self, _error: &std::io::Error) -> ErrorCode {
        ErrorCode::TlsProtocolError
    }
}

/// The plugin's wishes, within the host's limits.
fn shortened(limits: Timeouts, wishes: RequestOptions) -> Timeouts {
    let shorter = |limit: Duration, wish: Option<Duration>| wish.map_or(limit, |w| w.min(limit));
    Timeouts {
        connect: shorter(limits.connect, wishes.connect_timeout),
        first_byte: shorter(limits.first_byte, wishes.first_byte_timeout),
        between_bytes: shorter(limits.between_bytes, wishes.between_bytes_timeout),
    }
}

/// Waits for the plugin to finish its request, and leaves everything behind but method, URL, fields and body.
async fn collected(
    parts: http::request::Parts,
    body: WasiBody,
    limit_bytes: usize,
) -> Result<http::Request<Bytes>, ErrorCode> {
    // It may hold a secret.
    let body = match gathered(body, limit_bytes).await {
        Ok(body) => body,
        Err(error) if error.is::<LengthLimitError>() => return Err(ErrorCode::HttpRequestDenied),
        // The plugin gave up in the middle.
        Err(_) => return Err(ErrorCode::HttpProtocolError),
    };
    let told = parts.headers.get_all(CONTENT_LENGTH);
    let length = body.len().to_string();
    // Two that differ would be two requests to whoever believes the other.
    if told.iter().count() > 1 || told.iter().any(|told| *told != *length) {
        return Err(ErrorCode::HttpRequestBodySize(Some(body.len() as u64)));
    }
    let mut request = http::Request::new(body);
    *request.method_mut() = parts.method;
    *request.uri_mut() = parts.uri;
    *request.headers_mut() = parts.headers;
    if let Some(value) = request.headers_mut().get_mut(AUTHORIZATION) {
        value.set_sensitive(true);
    }
    Ok(request)
}

/// Sends a request that may leave, and watches over the reply: time to its header, the header's size, silence within its body,
/// its length. Interim replies are the transport's to skip, within the time to the header; trailers are dropped.
///
/// Nobody but the transport knows when the connection stands, so the header is given the time for both; a transport
/// may be stricter. The future and the body, when dropped, take the request with them.
///
/// A span tells to which host the request went and how it ended, and nothing more.
///
/// It begins at once, so it is to be called where it is awaited. An `async fn` would hold its parts twice.
pub(crate) fn ask(
    transport: &dyn Transport,
    request: http::Request<Bytes>,
    timeouts: Timeouts,
    until: Option<Instant>,
    limit_bytes: usize,
) -> impl Future<Output = Result<http::Response<ResponseBody>, TransportError>> + Send + use<> {
    let span = span(request.method(), request.uri().host());
    let both = timeouts.connect.saturating_add(timeouts.first_byte);
    let header_by = earlier(after(both), until);
    let reply = timeout_at(header_by, transport.send(request, timeouts)).instrument(span.clone());
    reply.map(move |reply| {
        let reply = reply
            .unwrap_or(Err(TransportError::Timeout))
            .and_then(|reply| {
                let fits = fits(reply.headers());
                fits.then_some(reply).ok_or(TransportError::TooLong)
            })
            .inspect_err(|error| {
                span.record("outcome", error.name());
            })?;
        span.record("status", reply.status().as_u16());
        Ok(reply.map(|body| {
            Watched {
                body: Some(body),
                left_bytes: limit_bytes,
                between_bytes: timeouts.between_bytes,
                until,
                silence: None,
                span,
            }
            .boxed_unsync()
        }))
    })
}

/// The span of a request. Its outcome is a stage, `ok`, or `unread` when nobody wanted the rest of the body; none at all is that of a
/// request whose call was ended before the reply began.
fn span(method: &http::Method, host: Option<&str>) -> Span {
    // A method of its own can be any word that a plugin chooses.
    let method = match method.as_str() {
        name @ ("GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS" | "CONNECT"
        | "TRACE") => name,
        _ => "other",
    };
    tracing::debug_span!("request", method, host, status = Empty, outcome = Empty)
}

/// Tells whether a header section is within the limits.
fn fits(fields: &HeaderMap) -> bool {
    /// What HTTP/2 counts for each field beside its name and value.
    const FIELD_BYTES: usize = 32;
    let bytes = fields
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len() + FIELD_BYTES);
    fields.len() <= MAX_HEADER_FIELDS && bytes.sum::<usize>() <= MAX_HEADER_BYTES
}

/// A time from now. Durations that no clock can add up are as good as a year.
pub(crate) fn after(duration: Duration) -> Instant {
    let now = Instant::now();
    now.checked_add(duration).unwrap_or(now + FAR)
}

fn earlier(time: Instant, until: Option<Instant>) -> Instant {
    until.map_or(time, |until| until.min(time))
}

/// A body that ends with an error when it is silent or goes on for too long.
struct Watched {
    /// `None` when it has ended, one way or the other.
    body: Option<ResponseBody>,
    left_bytes: usize,
    between_bytes: Duration,
    until: Option<Instant>,
    /// Runs while somebody waits for the next piece, to the end of the call at most: a drip that never falls silent ends too.
    /// A reader that takes its time is no silence.
    silence: Option<Pin<Box<Sleep>>>,
    /// Of the request, which has not ended before its reply.
    span: Span,
}

impl Watched {
    /// The next frame of the body, or how it ended. Empty frames are passed over: they may come for ever, and are no sign of life.
    fn poll_next(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, TransportError>>> {
        let Some(body) = &mut self.body else {
            return Poll::Ready(None);
        };
        loop {
            let frame = match Pin::new(&mut *body).poll_frame(context) {
                Poll::Ready(Some(Ok(frame))) => frame,
                Poll::Ready(end) => return Poll::Ready(end),
                Poll::Pending => {
                    let by = earlier(after(self.between_bytes), self.until);
                    let silence = self
                        .silence
                        .get_or_insert_with(|| Box::pin(sleep_until(by)));
                    ready!(silence.poll_unpin(context));
                    return Poll::Ready(Some(Err(TransportError::Timeout)));
                }
            };
            let Ok(data) = frame.into_data() else {
                // Trailers are the end.
                return Poll::Ready(None);
            };
            if !data.is_empty() {
                self.silence = None;
                let left = self.left_bytes.checked_sub(data.len());
                self.left_bytes = left.unwrap_or_default();
                let frame = left.map(|_| Frame::data(data));
                return Poll::Ready(Some(frame.ok_or(TransportError::TooLong)));
            }
        }
    }

    /// Lets go of the body, and says how it ended.
    fn end(&mut self, outcome: &'static str) {
        if self.body.take().is_some() {
            self.span.record("outcome", outcome);
        }
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        let whole = self.is_end_stream();
        self.end(if whole { "ok" } else { "unread" });
    }
}

impl Body for Watched {
    type Data = Bytes;
    type Error = TransportError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, TransportError>>> {
        let next = ready!(self.poll_next(context));
        match &next {
            Some(Ok(_)) => {}
            Some(Err(error)) => self.end(error.name()),
            None => self.end("ok"),
        }
        Poll::Ready(next)
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body
            .as_ref()
            .map_or_else(|| SizeHint::with_exact(0), Body::size_hint)
    }
}

/// Says in the words of `wasi:http` why no reply came.
fn error_of(error: TransportError) -> Error {
    code_of(error).into()
}

fn code_of(error: TransportError) -> ErrorCode {
    match error {
        TransportError::Denied => ErrorCode::HttpRequestDenied,
        TransportError::Dns => ErrorCode::DnsError(DnsErrorPayload {
            rcode: None,
            info_code: None,
        }),
        TransportError::DnsTimeout => ErrorCode::DnsTimeout,
        TransportError::Connect => ErrorCode::ConnectionRefused,
        TransportError::ConnectTimeout => ErrorCode::ConnectionTimeout,
        TransportError::TlsCertificate => ErrorCode::TlsCertificateError,
        // `wasi:http` has no code of its own for the second.
        TransportError::Tls | TransportError::TlsTimeout => ErrorCode::TlsProtocolError,
        TransportError::Timeout => ErrorCode::HttpResponseTimeout,
        TransportError::CutOff => ErrorCode::HttpResponseIncomplete,
        TransportError::Protocol => ErrorCode::HttpProtocolError,
        TransportError::TooLong => ErrorCode::HttpResponseBodySize(None),
    }
}

/// The other way round, for a body that ended with an error of `error_of`.
pub(crate) fn code_of_body_error(error: &Error) -> Option<ErrorCode> {
    Some(match error {
        Error::HttpResponseTimeout => ErrorCode::HttpResponseTimeout,
        Error::HttpResponseIncomplete => ErrorCode::HttpResponseIncomplete,
        Error::HttpProtocolError => ErrorCode::HttpProtocolError,
        Error::HttpResponseBodySize(size) => ErrorCode::HttpResponseBodySize(*size),
        Error::TlsProtocolError => ErrorCode::TlsProtocolError,
        Error::TlsCertificateError => ErrorCode::TlsCertificateError,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::sync::Mutex;

    use futures::future::BoxFuture;
    use futures::stream;
    use http_body_util::{Full, StreamBody};

    use super::*;

    /// Answers with pieces, each after a pause, and trailers; keeps what it was asked.
    #[derive(Default)]
    struct Fake {
        header_after: Duration,
        fields: HeaderMap,
        pieces: Vec<(Duration, Result<&'static str, TransportError>)>,
        asked: Mutex<Vec<http::Request<Bytes>>>,
    }

    impl Transport for Fake {
        fn send(
            &self,
            request: http::Request<Bytes>,
            _timeouts: Timeouts,
        ) -> BoxFuture<'static, Result<http::Response<ResponseBody>, TransportError>> {
            self.asked.lock().unwrap().push(request);
            let pieces = stream::iter(self.pieces.clone());
            let header_after = self.header_after;
            let fields = self.fields.clone();
            Box::pin(async move {
                tokio::time::sleep(header_after).await;
                let frames = futures::StreamExt::then(pieces, |(pause, piece)| async move {
                    tokio::time::sleep(pause).await;
                    piece.map(|text| Frame::data(text.to_owned().into()))
                });
                let trailers = stream::iter([Ok(Frame::trailers(HeaderMap::new()))]);
                let frames = futures::StreamExt::chain(frames, trailers);
                let mut reply = http::Response::new(StreamBody::new(frames).boxed_unsync());
                *reply.headers_mut() = fields;
                Ok(reply)
            })
        }
    }

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    async fn read(fake: &Fake, until: Option<Instant>) -> Result<Bytes, TransportError> {
        let limits = Limits::default();
        let request = http::Request::new(Bytes::new());
        let reply = ask(fake, request, limits.timeouts, until, 8).await?;
        Ok(reply.into_body().collect().await?.to_bytes())
    }

    fn pieces(pieces: &[(u64, Result<&'static str, TransportError>)]) -> Fake {
        Fake {
            pieces: pieces.iter().map(|(s, p)| (seconds(*s), *p)).collect(),
            ..Fake::default()
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_reply_in_time_and_within_its_length_comes_through() {
        let fake = pieces(&[(9, Ok("abcd")), (9, Ok("efgh"))]);
        assert_eq!(read(&fake, None).await.unwrap(), "abcdefgh");
    }

    #[tokio::test(start_paused = true)]
    async fn a_header_that_does_not_come_is_a_timeout() {
        let fake = Fake {
            header_after: seconds(41),
            ..Fake::default()
        };
        assert_eq!(read(&fake, None).await, Err(TransportError::Timeout));
    }

    #[tokio::test(start_paused = true)]
    async fn a_silence_within_the_body_is_a_timeout() {
        let fake = pieces(&[(9, Ok("a")), (11, Ok("b"))]);
        assert_eq!(read(&fake, None).await, Err(TransportError::Timeout));
    }

    #[tokio::test(start_paused = true)]
    async fn a_drip_without_silence_ends_with_the_call() {
        let fake = pieces(&[(3, Ok("a")), (3, Ok("b")), (3, Ok("c")), (3, Ok("d"))]);
        let until = Some(Instant::now() + seconds(10));
        assert_eq!(read(&fake, until).await, Err(TransportError::Timeout));
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_beyond_its_length_is_too_long() {
        let fake = pieces(&[(0, Ok("abcd")), (0, Ok("efghi"))]);
        assert_eq!(read(&fake, None).await, Err(TransportError::TooLong));
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_breaks_off_says_so() {
        let fake = pieces(&[(0, Ok("abcd")), (0, Err(TransportError::CutOff))]);
        assert_eq!(read(&fake, None).await, Err(TransportError::CutOff));
    }

    #[tokio::test(start_paused = true)]
    async fn empty_pieces_are_passed_over_and_break_no_silence() {
        let fake = pieces(&[(6, Ok("a")), (6, Ok("")), (3, Ok("b"))]);
        assert_eq!(read(&fake, None).await.unwrap(), "ab");
        let fake = pieces(&[(6, Ok("")), (6, Ok(""))]);
        assert_eq!(read(&fake, None).await, Err(TransportError::Timeout));
    }

    #[tokio::test(start_paused = true)]
    async fn trailers_are_dropped() {
        let fake = pieces(&[(0, Ok("abcd"))]);
        let request = http::Request::new(Bytes::new());
        let timeouts = Limits::default().timeouts;
        let reply = ask(&fake, request, timeouts, None, 8).await.unwrap();
        let body = reply.into_body().collect().await.unwrap();
        assert!(body.trailers().is_none());
        assert_eq!(body.to_bytes(), "abcd");
    }

    /// So many fields of four letters each in name and value.
    fn fields(count: usize, longest_bytes: usize) -> HeaderMap {
        let mut fields = HeaderMap::new();
        for number in 1..count {
            let name = format!("x{number:03}").parse::<http::HeaderName>().unwrap();
            fields.insert(name, "four".parse().unwrap());
        }
        fields.insert("long", "l".repeat(longest_bytes).parse().unwrap());
        fields
    }

    /// As long as one field may be: the rest is its name of four letters, and what is counted for it.
    const LONGEST: usize = MAX_HEADER_BYTES - 4 - 32;

    #[test]
    fn a_header_section_is_bounded_in_bytes_and_fields() {
        for (fields, fit) in [
            (HeaderMap::new(), true),
            (fields(1, LONGEST), true),
            (fields(1, LONGEST + 1), false),
            (fields(2, LONGEST - 40), true),
            (fields(2, LONGEST - 39), false),
            (fields(100, 4), true),
            (fields(101, 4), false),
        ] {
            assert_eq!(fits(&fields), fit, "{} fields", fields.len());
        }
        let mut repeated = HeaderMap::new();
        for _ in 0..101 {
            repeated.append("same", "".parse().unwrap());
        }
        assert!(!fits(&repeated));
    }

    #[tokio::test(start_paused = true)]
    async fn a_reply_with_too_long_a_header_section_is_not_passed_on() {
        let fake = Fake {
            fields: fields(1, LONGEST + 1),
            ..Fake::default()
        };
        assert_eq!(read(&fake, None).await, Err(TransportError::TooLong));
        let error = sent(&mut door(&Arc::new(fake)), "POST", URL, "").await;
        assert!(matches!(
            error,
            Some(ErrorCode::HttpResponseHeaderSectionSize(None))
        ));
    }

    #[tokio::test(start_paused = true)]
    async fn a_reader_that_takes_its_time_is_no_silence() {
        let fake = pieces(&[(1, Ok("a")), (1, Ok("b"))]);
        let request = http::Request::new(Bytes::new());
        let timeouts = Limits::default().timeouts;
        let mut body = ask(&fake, request, timeouts, None, 8)
            .await
            .unwrap()
            .into_body();
        assert!(body.frame().await.unwrap().is_ok());
        tokio::time::advance(seconds(100)).await;
        assert!(body.frame().await.unwrap().is_ok());
        assert!(body.frame().await.is_none());
    }

    fn door(fake: &Arc<Fake>) -> Door {
        let declared = Arc::new(["https://api.hotjar.io".parse().unwrap()]);
        let limits = Limits {
            request_bytes: 8,
            ..Limits::default()
        };
        let transport: Arc<dyn Transport> = Arc::clone(fake) as _;
        Door::new(transport, Egress::new(declared, None), &limits)
    }

    async fn sent(
        door: &mut Door,
        method: &str,
        url: &str,
        body: &'static str,
    ) -> Option<ErrorCode> {
        let request = request(method, url, body);
        let reply = door.send(request, RequestOptions::default()).await;
        reply.err()
    }

    fn request(method: &str, url: &str, body: &'static str) -> http::Request<WasiBody> {
        let body = Full::new(Bytes::from(body.to_owned()))
            .map_err(|never: Infallible| match never {})
            .boxed_unsync();
        http::Request::builder()
            .method(method)
            .uri(url)
            .header(AUTHORIZATION, "tulip")
            .body(body)
            .unwrap()
    }

    const URL: &str = "https://api.hotjar.io/v1/oauth/token";

    #[tokio::test]
    async fn one_request_goes_out_and_no_second() {
        let fake = Arc::new(Fake::default());
        let mut door = door(&fake);
        assert!(sent(&mut door, "POST", URL, "a=b").await.is_none());
        let second = sent(&mut door, "POST", URL, "a=b").await;
        assert!(matches!(second, Some(ErrorCode::HttpRequestDenied)));
        let asked = fake.asked.lock().unwrap();
        assert_eq!(asked.len(), 1);
        assert_eq!(asked[0].body(), "a=b");
        assert!(!format!("{:?}", asked[0]).contains("tulip"));
    }

    /// How memory is wiped is tested in `wipe.rs`. Only such memory is nobody's to change, even if there is no other holder.
    #[tokio::test]
    async fn bodies_that_may_hold_secrets_lie_in_memory_that_is_wiped() {
        let fake = Arc::new(pieces(&[(0, Ok("abcd"))]));
        let request = request("POST", URL, "a=b");
        let reply = door(&fake).send(request, RequestOptions::default()).await;
        let reply = reply.unwrap();
        let asked = fake.asked.lock().unwrap().pop().unwrap();
        let frame = reply.into_body().frame().await.unwrap().unwrap();
        for body in [asked.into_body(), frame.into_data().unwrap()] {
            assert!(body.try_into_mut().is_err());
        }
    }

    #[tokio::test]
    async fn what_may_not_leave_is_denied_and_never_reaches_the_transport() {
        for (method, url, body) in [
            ("POST", "https://evil.example/", ""),
            ("POST", "http://api.hotjar.io/", ""),
            ("CONNECT", URL, ""),
            ("POST", URL, "123456789"),
        ] {
            let fake = Arc::new(Fake::default());
            let error = sent(&mut door(&fake), method, url, body).await;
            assert!(matches!(error, Some(ErrorCode::HttpRequestDenied)), "{url}");
            assert!(fake.asked.lock().unwrap().is_empty());
        }
    }

    #[tokio::test]
    async fn a_request_that_tells_another_length_than_its_own_does_not_leave() {
        for (told, leaves) in [
            (&["3"][..], true),
            (&["4"], false),
            (&["0"], false),
            (&["+3"], false),
            (&["3", "3"], false),
            (&["3", "30"], false),
        ] {
            let fake = Arc::new(Fake::default());
            let mut request = request("POST", URL, "a=b");
            for told in told {
                let fields = request.headers_mut();
                fields.append(CONTENT_LENGTH, told.parse().unwrap());
            }
            let reply = door(&fake).send(request, RequestOptions::default()).await;
            let refused = matches!(reply, Err(ErrorCode::HttpRequestBodySize(Some(3))));
            assert_eq!(refused, !leaves);
            assert_eq!(fake.asked.lock().unwrap().is_empty(), !leaves);
        }
    }

    #[tokio::test]
    async fn a_request_with_too_long_a_header_section_is_denied() {
        for (longest_bytes, denied) in [(LONGEST, false), (LONGEST + 1, true)] {
            let fake = Arc::new(Fake::default());
            let mut request = request("POST", URL, "");
            *request.headers_mut() = fields(1, longest_bytes);
            let reply = door(&fake).send(request, RequestOptions::default()).await;
            let denied_it = matches!(reply, Err(ErrorCode::HttpRequestDenied));
            assert_eq!(denied_it, denied);
            assert_eq!(fake.asked.lock().unwrap().is_empty(), denied);
        }
    }

    /// What is logged at the most talkative level.
    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);

    impl std::io::Write for Log {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    impl Log {
        fn listen(&self) -> tracing::subscriber::DefaultGuard {
            let log = self.clone();
            let subscriber = tracing_subscriber::fmt()
                .with_max_level(tracing::Level::TRACE)
                .with_span_events(tracing_subscriber::fmt::format::FmtSpan::CLOSE)
                .with_writer(move || log.clone())
                .with_ansi(false)
                .without_time()
                .with_target(false)
                .finish();
            tracing::subscriber::set_default(subscriber)
        }

        /// The span of the only request, without how long it took.
        fn request(&self) -> String {
            let log = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
            let [line] = log.lines().collect::<Vec<_>>()[..] else {
                panic!("one request, and not {log}");
            };
            let line = line.trim().strip_prefix("DEBUG request").unwrap();
            line.split_once(": close").unwrap().0.to_owned()
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_span_tells_where_a_request_went_and_how_it_ended() {
        let whole: &[(u64, Result<&'static str, TransportError>)] = &[(0, Ok("abcd"))];
        for (pieces_of, outcome) in [
            (whole, "ok"),
            (&[(0, Err(TransportError::CutOff))], "cut-off"),
            (&[(0, Ok("abcdefghi"))], "too-long"),
            (&[(99, Ok("a"))], "timeout"),
        ] {
            let log = Log::default();
            let listening = log.listen();
            let fake = pieces(pieces_of);
            let request = http::Request::post("https://api.hotjar.io/hidden?hidden=1")
                .header(AUTHORIZATION, "hidden")
                .body("hidden".into())
                .unwrap();
            let timeouts = Limits::default().timeouts;
            let reply = ask(&fake, request, timeouts, None, 8).await.unwrap();
            let _ = reply.into_body().collect().await;
            drop(listening);
            let rest = format!(r#"host="api.hotjar.io" status=200 outcome="{outcome}""#);
            assert_eq!(log.request(), format!(r#"{{method="POST" {rest}}}"#));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_span_tells_of_a_request_without_a_reply_or_without_a_reader() {
        let late = Fake {
            header_after: seconds(41),
            ..Fake::default()
        };
        for (fake, rest) in [
            (late, r#"outcome="timeout""#),
            (pieces(&[(0, Ok("a"))]), r#"status=200 outcome="unread""#),
        ] {
            let log = Log::default();
            let listening = log.listen();
            let request = http::Request::builder().method("HIDDEN").uri(URL);
            let request = request.body(Bytes::new()).unwrap();
            let timeouts = Limits::default().timeouts;
            drop(ask(&fake, request, timeouts, None, 8).await);
            drop(listening);
            let start = r#"{method="other" host="api.hotjar.io""#;
            assert_eq!(log.request(), format!("{start} {rest}}}"));
        }
    }

    #[tokio::test]
    async fn a_span_tells_of_a_request_that_may_not_leave() {
        let log = Log::default();
        let listening = log.listen();
        let fake = Arc::new(Fake::default());
        sent(&mut door(&fake), "POST", "https://hidden.example/", "").await;
        drop(listening);
        assert_eq!(log.request(), r#"{method="POST" outcome="denied"}"#);
    }

    #[test]
    fn a_plugin_may_ask_for_shorter_times_and_not_for_longer() {
        let limits = Limits::default().timeouts;
        let wishes = RequestOptions {
            connect_timeout: Some(seconds(1)),
            first_byte_timeout: Some(seconds(1000)),
            between_bytes_timeout: None,
        };
        let times = shortened(limits, wishes);
        assert_eq!(times.connect, seconds(1));
        assert_eq!(times.first_byte, limits.first_byte);
        assert_eq!(times.between_bytes, limits.between_bytes);
    }

    #[test]
    fn a_body_error_keeps_its_code() {
        for error in [
            TransportError::Timeout,
            TransportError::CutOff,
            TransportError::Protocol,
            TransportError::TooLong,
            TransportError::Tls,
            TransportError::TlsCertificate,
        ] {
            let code = code_of_body_error(&error_of(error));
            assert_eq!(format!("{code:?}"), format!("{:?}", Some(code_of(error))));
        }
    }
}
