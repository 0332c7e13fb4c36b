//! Tests of the order of events: when requests start, and when they are cancelled.

use std::future::pending;
use std::pin::pin;
use std::time::Duration;

use http_body_util::{BodyExt, Empty};
use tokio::task::yield_now;
use tokio::time::timeout;
use wasmtime_wasi_http::WasiBody;

use super::*;

fn answer() -> http::Response<WasiBody> {
    let body = Empty::new().map_err(|never| match never {});
    http::Response::new(body.boxed_unsync())
}

/// A request that never ends, and a channel that closes when it is dropped.
fn endless() -> (
    impl Future<Output = Outcome> + Send + 'static,
    oneshot::Receiver<()>,
) {
    let (held, dropped) = oneshot::channel();
    let request = async move {
        let _held = held;
        pending().await
    };
    (request, dropped)
}

#[tokio::test]
async fn a_request_starts_when_the_call_waits_and_not_before() {
    let in_flight = InFlightRequests::default();
    let (sent, mut seen) = oneshot::channel();
    let mut promise = in_flight.start(async {
        sent.send(()).unwrap();
        yield_now().await;
        Ok(answer())
    });
    let call = async {
        assert_eq!(seen.try_recv(), Err(TryRecvError::Empty));
        promise.ready().await;
        assert_eq!(seen.try_recv(), Ok(()));
    };
    in_flight.run_with(pin!(call)).await;
    assert!(matches!(promise, ResponsePromise::Ready(Ok(_))));
}

#[tokio::test(start_paused = true)]
async fn a_request_is_cancelled_when_the_plugin_drops_its_promise() {
    let in_flight = InFlightRequests::default();
    let (request, dropped) = endless();
    let promise = in_flight.start(request);
    let call = async {
        yield_now().await;
        drop(promise);
        timeout(Duration::from_secs(1), dropped).await
    };
    assert!(in_flight.run_with(pin!(call)).await.unwrap().is_err());
}

#[tokio::test]
async fn requests_are_cancelled_with_their_call() {
    let in_flight = InFlightRequests::default();
    let (request, mut dropped) = endless();
    let _promise = in_flight.start(request);
    in_flight.run_with(pin!(yield_now())).await;
    assert_eq!(dropped.try_recv(), Err(TryRecvError::Closed));
}
