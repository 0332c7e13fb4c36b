//! What is said when a call fails: the error's own text, once, with the name of the call.

use std::fmt::Debug;
use std::sync::{Arc, Mutex};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::harness::Row;
use crate::wat::{HONEST, validating};

/// Keeps every field of every span and event, as `name=value`.
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
async fn a_call_that_fails_says_why_and_one_that_does_not_says_nothing() {
    let row = Row::new(validating("unreachable"));
    let (bad, good) = (row.load().await.unwrap(), Row::new(HONEST.component()));
    let good = good.load().await.unwrap();
    let said = Said::default();
    let listening = tracing::subscriber::set_default(said.clone());
    bad.validate("a", "{}").await.unwrap_err();
    good.validate("a", "{}").await.unwrap();
    drop(listening);
    let said = said.0.lock().unwrap();
    let call = ["function=\"validate\"", "vendor=\"a\""];
    let why = "error=the plugin crashed: wasm `unreachable` instruction executed";
    let bad = ["outcome=\"broken-plugin\"", "message=the call failed", why];
    let mut expected = [&call[..], &bad, &call, &["outcome=\"ok\""]].concat();
    let mut said: Vec<&str> = said.iter().map(String::as_str).collect();
    expected.sort_unstable();
    said.sort_unstable();
    assert_eq!(said, expected);
}
