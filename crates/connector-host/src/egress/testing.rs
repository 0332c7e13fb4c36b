//! A fake transport and a capture of the log, for the unit tests of this folder.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures::future::BoxFuture;
use futures::stream;
use http::header::HeaderMap;
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};

use crate::limits::{MAX_HEADER_BYTES, Timeouts};
use crate::transport::{ResponseBody, Transport, TransportError};

pub(crate) const URL: &str = "https://api.hotjar.io/v1/oauth/token";

/// Responds with pieces, each after a pause, and trailers; records the requests.
#[derive(Default)]
pub(crate) struct Fake {
    pub(crate) header_after: Duration,
    pub(crate) fields: HeaderMap,
    pub(crate) pieces: Vec<(Duration, Result<&'static str, TransportError>)>,
    pub(crate) requests: Mutex<Vec<http::Request<Bytes>>>,
}

impl Transport for Fake {
    fn send(
        &self,
        request: http::Request<Bytes>,
        _timeouts: Timeouts,
    ) -> BoxFuture<'static, Result<http::Response<ResponseBody>, TransportError>> {
        self.requests.lock().unwrap().push(request);
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
            let mut response = http::Response::new(StreamBody::new(frames).boxed_unsync());
            *response.headers_mut() = fields;
            Ok(response)
        })
    }
}

pub(crate) fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub(crate) fn pieces(pieces: &[(u64, Result<&'static str, TransportError>)]) -> Fake {
    Fake {
        pieces: pieces.iter().map(|(s, p)| (seconds(*s), *p)).collect(),
        ..Fake::default()
    }
}

/// A header section of this many fields, of four letters each in name and value.
pub(crate) fn fields(count: usize, longest_bytes: usize) -> HeaderMap {
    let mut fields = HeaderMap::new();
    for number in 1..count {
        let name = format!("x{number:03}").parse::<http::HeaderName>().unwrap();
        fields.insert(name, "four".parse().unwrap());
    }
    fields.insert("long", "l".repeat(longest_bytes).parse().unwrap());
    fields
}

/// The longest value of one field: the rest is its name of four letters and the fixed count.
pub(crate) const LONGEST: usize = MAX_HEADER_BYTES - 4 - 32;

/// A capture of the log at the most verbose level.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Log {
    pub(crate) fn capture(&self) -> tracing::subscriber::DefaultGuard {
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

    /// The lines.
    pub(crate) fn lines(&self) -> Vec<String> {
        let log = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        log.lines().map(|line| line.trim().to_owned()).collect()
    }

    /// The span of the only request, without its duration.
    pub(crate) fn request(&self) -> String {
        let lines = self.lines();
        let mut closed = lines.iter().filter_map(|line| line.split_once(": close"));
        let (Some((line, _)), None) = (closed.next(), closed.next()) else {
            panic!("one request, and not {lines:?}");
        };
        let line = line.strip_prefix("DEBUG request").unwrap();
        let (start, elapsed) = line.rsplit_once(" elapsed_ms=").unwrap_or((line, "0}"));
        assert!(
            elapsed.trim_end_matches('}').parse::<u64>().is_ok(),
            "{line}"
        );
        format!("{}}}", start.trim_end_matches('}'))
    }
}
