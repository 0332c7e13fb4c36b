//! The events of a failed call: the error's message, once, with the name of the call.

use std::fmt::Debug;
use std::sync::{Arc, Mutex};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::harness::Row;
use crate::wat::{CORRECT, validating};

/// Captures every field of every span and event, as `name=value`.
#[derive(Clone, Default)]
struct Said(Arc<Mutex<Vec<String>>>);

impl Visit for &Said {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.lock().unwrap().push(format!("{field}={value:?}"));
    }
}

impl Subscriber for Said {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("connector_host")
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        span.record(&mut &*self);
        Id::from_u64(1)
    }

    fn record(&self, _span: &Id, values: &Record<'_>) {
        values.record(&mut &*self);
    }

    fn event(&self, event: &Event<'_>) {
        event.record(&mut &*self);
    }

    fn record_follows_from(&self, _span: &Id, _follows: &Id) {}
    fn enter(&self, _span: &Id) {}
    fn exit(&self, _span: &Id) {}
}

#[tokio::test]
async fn a_failed_call_logs_its_error_and_a_successful_one_nothing() {
    let row = Row::new(validating("unreachable"));
    let (bad, good) = (row.load().await.unwrap(), Row::new(CORRECT.component()));
    let good = good.load().await.unwrap();
    let call = ["function=\"validate\"", "vendor=\"a\""];
    let why = "error=the plugin crashed: wasm `unreachable` instruction executed";
    let failed = ["outcome=\"broken-plugin\"", "message=the call failed", why];
    let mut expected = [&call[..], &failed, &call, &["outcome=\"ok\""]].concat();
    expected.sort_unstable();
    let mut heard = Vec::new();
    // tracing caches the interest in a callsite on first use. Concurrent tests without a subscriber
    // may do so at this moment.
    for _ in 0..100 {
        let said = Said::default();
        let listening = tracing::subscriber::set_default(said.clone());
        tracing::callsite::rebuild_interest_cache();
        bad.validate("a", "{}", &[]).await.unwrap_err();
        good.validate("a", "{}", &[]).await.unwrap();
        drop(listening);
        heard = std::mem::take(&mut *said.0.lock().unwrap());
        heard.sort_unstable();
        if heard == expected {
            break;
        }
    }
    assert_eq!(heard, expected);
}
