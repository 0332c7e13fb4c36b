//! The fake HTTP for tests with many requests in no order: a function from a request to its reply.
//! What comes in a known order is better said by a [`Script`](crate::script::Script).

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use connector_host::{ResponseBody, Timeouts, Transport, TransportError};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use http::{Request, Response};

use crate::script::Reply;
use crate::secrets;

/// A transport that answers every request by a function.
///
/// The function is also given how many requests came before. Clones share the count.
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

/// From a request, and how many came before, to its reply.
type Answer = dyn Fn(&Request<Bytes>, u64) -> Reply + Send + Sync;

impl Answers {
    /// Answers by this function.
    pub fn new(answer: impl Fn(&Request<Bytes>, u64) -> Reply + Send + Sync + 'static) -> Self {
        Self {
            answer: Arc::new(answer),
            asked: Arc::default(),
        }
    }

    /// How many requests have come.
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
