//! Tests of the coalescing of first connections, on a paused clock.

use futures::FutureExt as _;

use super::*;

const HOST: &str = "api.hotjar.io";
const IDLE_TIMEOUT: Duration = Duration::from_secs(50);

fn waits(coalescing: &Coalescing) -> bool {
    coalescing.wait(HOST).now_or_never().is_none()
}

#[tokio::test(start_paused = true)]
async fn one_request_connects_and_the_others_share_its_connection() {
    let coalescing = Coalescing::new(IDLE_TIMEOUT);
    let first = coalescing.wait(HOST).await.unwrap();
    assert!(waits(&coalescing));
    first.protocol_known(true);
    let (second, third) = (coalescing.wait(HOST).await, coalescing.wait(HOST).await);
    assert!(second.is_some() && third.is_some());
}

#[tokio::test(start_paused = true)]
async fn no_request_waits_where_each_needs_its_own_connection() {
    let coalescing = Coalescing::new(IDLE_TIMEOUT);
    coalescing.wait(HOST).await.unwrap().protocol_known(false);
    tokio::time::advance(2 * IDLE_TIMEOUT).await;
    let _held = coalescing.wait(HOST).await.unwrap();
    assert!(!waits(&coalescing));
}

#[tokio::test(start_paused = true)]
async fn the_next_request_connects_after_a_failure_or_when_the_connection_is_closed() {
    let coalescing = Coalescing::new(IDLE_TIMEOUT);
    drop(coalescing.wait(HOST).await.unwrap());
    let second = coalescing.wait(HOST).await.unwrap();
    assert!(waits(&coalescing));
    second.protocol_known(true);
    tokio::time::advance(IDLE_TIMEOUT).await;
    let _third = coalescing.wait(HOST).await.unwrap();
    assert!(waits(&coalescing));
}
