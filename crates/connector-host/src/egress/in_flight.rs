//! The in-flight requests of one call. The runtime's own handler spawns a task for each request,
//! which moves it between threads; here they are polled on the call's thread while the plugin
//! waits.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;

use futures::future::{BoxFuture, FutureExt};
use futures::stream::{FuturesUnordered, StreamExt};
use http_body_util::BodyExt;
use tokio::sync::oneshot::{self, error::TryRecvError};
use wasmtime_wasi::async_trait;
use wasmtime_wasi::p2::Pollable;
use wasmtime_wasi_http::WasiBody;
use wasmtime_wasi_http::p2::bindings::http::types::ErrorCode;

use crate::egress::guard::{Denied, Outcome};
use crate::egress::zeroized_bytes::zeroized;

/// The requests of one call that are in flight or about to start.
#[derive(Clone, Default)]
pub(crate) struct InFlightRequests {
    new: Arc<Mutex<Vec<BoxFuture<'static, ()>>>>,
}

impl InFlightRequests {
    /// Starts a request when the plugin next waits. Dropping the returned promise cancels it.
    pub(crate) fn start(
        &self,
        request: impl Future<Output = Outcome> + Send + 'static,
    ) -> ResponsePromise {
        let (mut sender, receiver) = oneshot::channel();
        let in_flight = async move {
            let outcome = tokio::select! {
                biased;
                outcome = request => outcome,
                () = sender.closed() => return,
            };
            // Fails only if the promise was dropped, which cancels the request anyway.
            let _unwanted = sender.send(outcome);
        };
        self.added().push(in_flight.boxed());
        ResponsePromise::Pending(receiver)
    }

    /// The promise of a denied request, which is ready at once. Its body is read and dropped until
    /// the call ends, because a plugin whose write fails would not read the denial.
    pub(crate) fn deny(&self, denied: Denied) -> ResponsePromise {
        self.added().push(discard(denied.body).boxed());
        ResponsePromise::Ready(Err(ErrorCode::HttpRequestDenied))
    }

    /// Runs a call, and its requests while it waits. They are cancelled when it ends.
    ///
    /// The call is passed pinned, because an `async fn` would store it twice.
    pub(crate) fn run_with<T>(
        &self,
        mut call: Pin<&mut impl Future<Output = T>>,
    ) -> impl Future<Output = T> {
        let mut requests = FuturesUnordered::new();
        std::future::poll_fn(move |context| {
            loop {
                if let Poll::Ready(result) = call.as_mut().poll(context) {
                    return Poll::Ready(result);
                }
                requests.extend(self.added().drain(..));
                // After a request has ended, the plugin can continue.
                if !matches!(requests.poll_next_unpin(context), Poll::Ready(Some(()))) {
                    return Poll::Pending;
                }
            }
        })
    }

    fn added(&self) -> std::sync::MutexGuard<'_, Vec<BoxFuture<'static, ()>>> {
        self.new.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn discard(mut body: WasiBody) {
    while let Some(Ok(frame)) = body.frame().await {
        if let Ok(data) = frame.into_data() {
            // It may hold a secret.
            drop(zeroized(data));
        }
    }
}

/// A request is dropped without an outcome only together with its call.
const CANCELLED: Outcome = Err(ErrorCode::InternalError(None));

/// The state of a `future-incoming-response`.
pub(crate) enum ResponsePromise {
    Pending(oneshot::Receiver<Outcome>),
    Ready(Outcome),
    /// The plugin has taken the response.
    Taken,
}

/// The state of a response that the plugin polls.
pub(crate) enum Polled {
    Pending,
    Ready(Outcome),
    AlreadyTaken,
}

impl ResponsePromise {
    /// Takes the outcome if there is one. A plugin may call this without having waited.
    pub(crate) fn take(&mut self) -> Polled {
        if let Self::Pending(outcome) = self {
            match outcome.try_recv() {
                Ok(outcome) => *self = Self::Ready(outcome),
                Err(TryRecvError::Empty) => return Polled::Pending,
                Err(TryRecvError::Closed) => *self = Self::Ready(CANCELLED),
            }
        }
        match std::mem::replace(self, Self::Taken) {
            Self::Ready(outcome) => Polled::Ready(outcome),
            Self::Pending(_) | Self::Taken => Polled::AlreadyTaken,
        }
    }
}

#[async_trait]
impl Pollable for ResponsePromise {
    async fn ready(&mut self) {
        if let Self::Pending(outcome) = self {
            *self = Self::Ready(outcome.await.unwrap_or(CANCELLED));
        }
    }
}

#[cfg(test)]
mod tests;
