//! The HTTP server of every simulator: TLS, the record of requests, queued faults, and answers by
//! the vendor's rules.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_rustls::TlsAcceptor;

use crate::call::{Call, Refusal};
use crate::fault::{Body, Fault, whole};
use crate::rules::Rules;
use crate::tokens::Tokens;

/// Requests are credentials and queries; a longer one is a mistake of the client.
const MAX_REQUEST_BYTES: usize = 64 * 1024;

/// `simulate` may run for days, and a benchmark sends a hundred thousand requests.
const MAX_RECORDED_REQUESTS: usize = 1024;

/// A listener that cannot accept is out of descriptors; trying again at once would only spin.
const ACCEPT_PAUSE: Duration = Duration::from_millis(10);

/// How the simulators answer, apart from the content of their answers.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    answer_after: Duration,
    together: bool,
    pub(crate) http1_only: bool,
    streams: u32,
}

impl Options {
    /// Sets the time between a request and its answer: a slow vendor.
    #[must_use]
    pub fn answer_after(self, answer_after: Duration) -> Self {
        Self {
            answer_after,
            ..self
        }
    }

    /// Starts that time with the latest request of all, so that requests that are sent together
    /// are all in flight at once.
    #[must_use]
    pub fn together(self) -> Self {
        Self {
            together: true,
            ..self
        }
    }

    /// Offers HTTP/1.1 alone, or HTTP/2 too. With HTTP/1.1 each concurrent request has a connection
    /// of its own.
    #[must_use]
    pub fn http1_only(self, http1_only: bool) -> Self {
        Self { http1_only, ..self }
    }

    /// Sets the maximum number of concurrent streams of an HTTP/2 connection. Further requests wait
    /// in the client.
    #[must_use]
    pub fn streams(self, streams: u32) -> Self {
        Self { streams, ..self }
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            answer_after: Duration::ZERO,
            together: false,
            http1_only: false,
            streams: 200,
        }
    }
}

pub(crate) struct Service {
    pub(crate) rules: &'static dyn Rules,
    pub(crate) tokens: Tokens,
    options: Options,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    faults: VecDeque<Fault>,
    connections: u64,
    asked: u64,
    latest: Option<Instant>,
    requests: VecDeque<String>,
}

impl Service {
    pub(crate) fn new(rules: &'static dyn Rules, options: Options) -> Self {
        Self {
            rules,
            tokens: Tokens::default(),
            options,
            state: Mutex::default(),
        }
    }

    pub(crate) fn queue(&self, fault: Fault) {
        self.state().faults.push_back(fault);
    }

    pub(crate) fn connections(&self) -> u64 {
        self.state().connections
    }

    pub(crate) fn asked(&self) -> u64 {
        self.state().asked
    }

    pub(crate) fn requests(&self) -> Vec<String> {
        self.state().requests.iter().cloned().collect()
    }

    /// Records the request, and returns the fault that is its turn.
    fn record(&self, call: &Call) -> Option<Fault> {
        let mut state = self.state();
        state.asked += 1;
        state.latest = Some(Instant::now());
        if state.requests.len() == MAX_RECORDED_REQUESTS {
            state.requests.pop_front();
        }
        state.requests.push_back(call.to_string());
        state.faults.pop_front()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits as long as this vendor takes for an answer to a request that has just come.
    async fn take_time(&self) {
        let mut until = Instant::now() + self.options.answer_after;
        loop {
            tokio::time::sleep_until(until).await;
            let latest = self.state().latest.filter(|_| self.options.together);
            match latest.map(|latest| latest + self.options.answer_after) {
                Some(later) if later > until => until = later,
                _ => return,
            }
        }
    }

    async fn answer(&self, request: Request<Incoming>, cut: Arc<Notify>) -> Response<Body> {
        let (parts, body) = request.into_parts();
        let Ok(body) = Limited::new(body, MAX_REQUEST_BYTES).collect().await else {
            return bare(StatusCode::PAYLOAD_TOO_LARGE);
        };
        let body = body.to_bytes();
        let call = Call::new(parts, body);
        let fault = self.record(&call);
        if !self.rules.hosts().contains(&call.host.as_str()) {
            return bare(StatusCode::MISDIRECTED_REQUEST);
        }
        // Even no sleep at all lasts until the timer's next tick.
        if !self.options.answer_after.is_zero() {
            self.take_time().await;
        }
        let answer = || self.rules.answer(&self.tokens, &call);
        match fault {
            Some(fault) => fault.play(answer, cut).await,
            None => whole(answer()),
        }
    }
}

fn bare(status: StatusCode) -> Response<Body> {
    whole(Refusal::new(status, "", "").with_body(&serde_json::json!({})))
}

/// Serves until the task is aborted, which ends all connections with it.
pub(crate) async fn run(listener: TcpListener, tls: TlsAcceptor, service: Arc<Service>) {
    let mut connections = JoinSet::new();
    loop {
        match listener.accept().await {
            Ok((tcp, _)) => {
                service.state().connections += 1;
                connections.spawn(connection(tcp, tls.clone(), Arc::clone(&service)));
            }
            Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
        }
        while connections.try_join_next().is_some() {}
    }
}

/// A connection that fails concerns only whoever made it, so failures end it without a word.
async fn connection(tcp: TcpStream, tls: TlsAcceptor, service: Arc<Service>) {
    let _ = tcp.set_nodelay(true);
    let Ok(stream) = tls.accept(tcp).await else {
        return;
    };
    let mut http = auto::Builder::new(TokioExecutor::new());
    http.http2().max_concurrent_streams(service.options.streams);
    let cut = Arc::new(Notify::new());
    let answer = {
        let cut = Arc::clone(&cut);
        service_fn(move |request| {
            let (service, cut) = (Arc::clone(&service), Arc::clone(&cut));
            async move { Ok::<_, Infallible>(service.answer(request, cut).await) }
        })
    };
    tokio::select! {
        _ = http.serve_connection(TokioIo::new(stream), answer) => {}
        () = cut.notified() => {}
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::hotjar::Hotjar;

    const SECOND: Duration = Duration::from_secs(1);

    /// How long the first of two requests waits, when the other comes half a second later.
    async fn first_of_two(together: bool) -> Duration {
        let options = Options {
            answer_after: SECOND,
            together,
            ..Options::default()
        };
        let service = Service::new(&Hotjar, options);
        let comes = || {
            let (parts, ()) = Request::new(()).into_parts();
            service.record(&Call::new(parts, Bytes::new()));
        };
        let begin = Instant::now();
        comes();
        let later = async {
            tokio::time::sleep(SECOND / 2).await;
            comes();
        };
        let first = async {
            service.take_time().await;
            begin.elapsed()
        };
        tokio::join!(first, later).0
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_asks_waits_for_the_vendor_and_together_for_the_last_too() {
        assert_eq!(first_of_two(false).await, SECOND);
        assert_eq!(first_of_two(true).await, SECOND * 3 / 2);
    }
}
