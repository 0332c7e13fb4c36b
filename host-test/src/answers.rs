//! Scripted HTTP for many requests in any order: a function from a request to its reply. For a
//! known order use a [`Script`](crate::script::Script).

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use connector_host::{ResponseBody, Timeouts, Transport, TransportError};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use http::{Request, Response};

use crate::script::Reply;
use crate::secrets;

/// A transport that computes each reply by a function of the request and the number of earlier
/// requests. Clones share the count.
///
/// ```
/// use host_test::answers::Answers;
/// use host_test::script::Reply;
///
/// let answers = Answers::new(|request, _before| match request.uri().path() {
///     "/v1/oauth/token" => Reply::empty(503),
///     _ => Reply::empty(404),
/// });
/// assert_eq!(answers.asked(), 0);
/// ```
#[derive(Clone)]
pub struct Answers {
    answer: Arc<Answer>,
    asked: Arc<AtomicU64>,
}

/// A function of a request and the number of earlier ones.
type Answer = dyn Fn(&Request<Bytes>, u64) -> Reply + Send + Sync;

impl Answers {
    /// Replies by this function.
    pub fn new(answer: impl Fn(&Request<Bytes>, u64) -> Reply + Send + Sync + 'static) -> Self {
        Self {
            answer: Arc::new(answer),
            asked: Arc::default(),
        }
    }

    /// The number of requests so far.
    pub fn asked(&self) -> u64 {
        self.asked.load(Ordering::Relaxed)
    }
}

impl Transport for Answers {
    fn send(
        &self,
        request: Request<Bytes>,
        _timeouts: Timeouts,
    ) -> BoxFuture<'static, Result<Response<ResponseBody>, TransportError>> {
        let before = self.asked.fetch_add(1, Ordering::Relaxed);
        secrets::request(request.headers(), request.body());
        (self.answer)(&request, before).play().boxed()
    }
}
