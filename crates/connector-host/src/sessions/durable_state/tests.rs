//! Tests of token requests with a durable state: a store in memory, and a token request that is a
//! closure.

use std::sync::Mutex;
use std::sync::atomic::AtomicU32;

use futures::FutureExt;
use futures::future::ready;

use super::*;
use crate::error::{ConnectorError, StoreError};
use crate::sessions::store::MemorySessionStore;
use crate::sessions::testing::{EPOCH, durable, secs};
use crate::types::Stage;

const DOCUMENT: &str = r#"{"refresh_token":"rt;0"}"#;
/// The same document, with other whitespace.
const EDITED: &str = r#"{ "refresh_token": "rt;0" }"#;

/// One credential: its state, its store, and the requests of a vendor that replaces the state on
/// every use.
struct Case {
    state: DurableState,
    store: Arc<FlakyStore>,
    requests: Arc<Mutex<Vec<String>>>,
    now: u64,
}

impl DurableState {
    /// As during a token request, until the result is dropped.
    pub(in crate::sessions) async fn renewing(&self) -> impl Drop + '_ {
        self.progress.lock().await
    }
}

/// A store in memory whose next loads and saves fail.
#[derive(Default)]
struct FlakyStore {
    memory: MemorySessionStore,
    failing_loads: AtomicU32,
    failing_saves: AtomicU32,
}

impl FlakyStore {
    fn attempt(failures: &AtomicU32) -> Result<(), StoreError> {
        let left = failures.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
            left.checked_sub(1)
        });
        match left {
            Ok(_) => Err(StoreError::new("disk full")),
            Err(_) => Ok(()),
        }
    }
}

impl SessionStore for FlakyStore {
    fn load(&self, key: &StoreKey) -> BoxFuture<'_, Result<Option<Secret>, StoreError>> {
        match Self::attempt(&self.failing_loads) {
            Ok(()) => self.memory.load(key),
            Err(error) => ready(Err(error)).boxed(),
        }
    }

    fn save(&self, key: &StoreKey, session: &Secret) -> BoxFuture<'_, Result<(), StoreError>> {
        match Self::attempt(&self.failing_saves) {
            Ok(()) => self.memory.save(key, session),
            Err(error) => ready(Err(error)).boxed(),
        }
    }

    fn remove(&self, key: &StoreKey) -> BoxFuture<'_, Result<(), StoreError>> {
        self.memory.remove(key)
    }
}

impl Case {
    fn new() -> Self {
        Self {
            state: DurableState::default(),
            store: Arc::default(),
            requests: Arc::default(),
            now: 1000,
        }
    }

    /// The same credential in another process, or after a restart.
    fn restarted(&self) -> Self {
        Self {
            state: DurableState::default(),
            store: Arc::clone(&self.store),
            requests: Arc::clone(&self.requests),
            now: self.now,
        }
    }

    async fn renew(&self, document: &str, current: Option<&Session>) -> Result<Session, CallError> {
        self.renew_with(document, current, Ok).await
    }

    /// Renews with a vendor that replaces the state, and whose response is then lost or read.
    async fn renew_with(
        &self,
        document: &str,
        current: Option<&Session>,
        answer: impl FnOnce(Session) -> Result<Session, CallError> + Send,
    ) -> Result<Session, CallError> {
        let now = self.now;
        let request = |current: Option<Arc<Session>>| {
            let mut requests = self.requests.lock().unwrap();
            requests.push(match &current {
                Some(current) => format!("refresh {}", state(current)),
                None => "authenticate".to_owned(),
            });
            let number = requests.len();
            let session = durable(&format!("tok;{number}"), &format!("rt;{number}"), now);
            ready(answer(session)).boxed()
        };
        let current = current.cloned().map(Arc::new);
        let key = StoreKey::new("vendor", "7");
        let store = (&*self.store as &dyn SessionStore, &key);
        let now = || EPOCH + secs(now);
        self.state
            .renew(store, document, current, now, request)
            .await
    }

    fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

fn state(session: &Session) -> &str {
    session.state.as_ref().unwrap().expose()
}

#[tokio::test]
async fn only_the_first_session_is_opened_and_every_other_is_refreshed() {
    let case = Case::new();
    let first = case.renew(DOCUMENT, None).await.unwrap();
    let second = case.renew(DOCUMENT, Some(&first)).await.unwrap();
    // An edit, even of whitespace, begins without a session and keeps the state.
    let third = case.renew(EDITED, None).await.unwrap();
    assert_eq!((state(&second), state(&third)), ("rt;2", "rt;3"));
    let requests = ["authenticate", "refresh rt;1", "refresh rt;2"];
    assert_eq!(case.requests(), requests);
}

#[tokio::test]
async fn after_a_restart_the_stored_session_is_used_or_refreshed() {
    for (document, now, token, requests) in [
        (DOCUMENT, 1000, "tok;1", &["authenticate"][..]),
        (DOCUMENT, 4599, "tok;1", &["authenticate"]),
        (DOCUMENT, 4600, "tok;2", &["authenticate", "refresh rt;1"]),
        (EDITED, 1000, "tok;2", &["authenticate", "refresh rt;1"]),
    ] {
        let case = Case::new();
        case.renew(DOCUMENT, None).await.unwrap();
        let mut case = case.restarted();
        case.now = now;
        let session = case.renew(document, None).await.unwrap();
        assert_eq!(session.access_token.expose(), token, "{document} {now}");
        assert_eq!(case.requests(), requests, "{document} {now}");
    }
}

#[tokio::test]
async fn a_state_that_another_process_replaced_is_used() {
    let mut here = Case::new();
    let first = here.renew(DOCUMENT, None).await.unwrap();
    here.now = 4000;
    let there = here.restarted();
    there.renew(DOCUMENT, Some(&first)).await.unwrap();
    // Its session is used without a request, and later its state.
    let second = here.renew(DOCUMENT, Some(&first)).await.unwrap();
    assert_eq!(second.access_token.expose(), "tok;2");
    here.renew(DOCUMENT, Some(&second)).await.unwrap();
    let requests = ["authenticate", "refresh rt;1", "refresh rt;2"];
    assert_eq!(here.requests(), requests);
}

#[tokio::test]
async fn an_invalidated_session_is_not_used_from_the_store_and_its_state_is_refreshed() {
    let case = Case::new();
    case.renew(DOCUMENT, None).await.unwrap();
    let case = case.restarted();
    case.state.invalidate();
    let unavailable = CallError::from(ConnectorError::Unavailable(None));
    let failed = |_| Err(unavailable.clone());
    let error = case.renew_with(DOCUMENT, None, failed).await.unwrap_err();
    assert_eq!(error, unavailable);
    // It is still invalid after the failure.
    case.renew(DOCUMENT, None).await.unwrap();
    let used = case.renew(DOCUMENT, None).await.unwrap();
    assert_eq!(used.access_token.expose(), "tok;3");
    let requests = ["authenticate", "refresh rt;1", "refresh rt;1"];
    assert_eq!(case.requests(), requests);
}

#[tokio::test]
async fn the_stored_session_is_one_of_this_document_that_is_alive_and_valid() {
    let case = Case::new();
    case.renew(DOCUMENT, None).await.unwrap();
    let key = StoreKey::new("vendor", "7");
    let store = (&*case.store as &dyn SessionStore, &key);
    for (document, now, is_stored) in [
        (DOCUMENT, 4599, true),
        (DOCUMENT, 4600, false),
        (EDITED, 1000, false),
    ] {
        let stored = case.state.stored(store, document, EPOCH + secs(now));
        let stored = stored.await.unwrap();
        assert_eq!(stored.is_some(), is_stored, "{document} {now}");
    }
    case.state.invalidate();
    let stored = case.state.stored(store, DOCUMENT, EPOCH + secs(1000));
    assert!(stored.await.unwrap().is_none());
}

#[tokio::test]
async fn a_session_that_cannot_be_saved_is_not_used_and_only_the_saving_is_repeated() {
    for document in [DOCUMENT, EDITED] {
        let case = Case::new();
        let first = case.renew(DOCUMENT, None).await.unwrap();
        case.store.failing_saves.store(2, Ordering::Relaxed);
        let error = CallError::from(StoreError::new("disk full"));
        for _ in 0..2 {
            let failed = case.renew(DOCUMENT, Some(&first)).await.unwrap_err();
            assert_eq!(failed, error);
            assert_eq!(case.requests(), ["authenticate", "refresh rt;1"]);
        }
        // For another document than that of the session, its state is used.
        let session = case.renew(document, None).await.unwrap();
        let expected = if document == DOCUMENT { "rt;2" } else { "rt;3" };
        assert_eq!(state(&session), expected);
        let restarted = case.restarted().renew(document, None).await.unwrap();
        assert_eq!(state(&restarted), expected);
    }
}

#[tokio::test]
async fn without_a_readable_store_nothing_is_requested() {
    let case = Case::new();
    case.store.failing_loads.store(1, Ordering::Relaxed);
    let error = case.renew(DOCUMENT, None).await.unwrap_err();
    assert_eq!(error.kind(), "store");
    let key = StoreKey::new("vendor", "7");
    let damaged = Secret::new("damaged");
    case.store.memory.save(&key, &damaged).await.unwrap();
    let error = case.renew(DOCUMENT, None).await.unwrap_err();
    assert_eq!(error.kind(), "store");
    assert!(case.requests().is_empty());

    // A person starts over.
    let store = (&*case.store as &dyn SessionStore, &key);
    case.state.remove(store).await.unwrap();
    case.renew(DOCUMENT, None).await.unwrap();
    assert_eq!(case.requests(), ["authenticate"]);
}

#[tokio::test]
async fn a_removed_credential_leaves_no_state() {
    let case = Case::new();
    let first = case.renew(DOCUMENT, None).await.unwrap();
    case.store.failing_saves.store(1, Ordering::Relaxed);
    let failed = case.renew(DOCUMENT, Some(&first)).await;
    assert!(failed.is_err());
    let key = StoreKey::new("vendor", "7");
    let store = (&*case.store as &dyn SessionStore, &key);
    case.state.remove(store).await.unwrap();
    case.renew(DOCUMENT, None).await.unwrap();
    let requests = ["authenticate", "refresh rt;1", "authenticate"];
    assert_eq!(case.requests(), requests);
}

#[tokio::test]
async fn a_session_without_a_state_is_opened_anew() {
    let case = Case::new();
    let stateless = |session| {
        let state = None;
        Ok(Session { state, ..session })
    };
    let first = case.renew_with(DOCUMENT, None, stateless).await.unwrap();
    case.renew(DOCUMENT, Some(&first)).await.unwrap();
    assert_eq!(case.requests(), ["authenticate", "authenticate"]);
}

#[tokio::test]
async fn a_request_that_was_aborted_is_not_repeated_without_an_error() {
    let case = Case::new();
    let request = |_| std::future::pending().boxed();
    let key = StoreKey::new("vendor", "7");
    let store = (&*case.store as &dyn SessionStore, &key);
    let renewed = case.state.renew(store, DOCUMENT, None, || EPOCH, request);
    assert!(renewed.now_or_never().is_none());
    let error = case.renew(DOCUMENT, None).await.unwrap_err();
    assert_eq!(error, aborted());
    assert!(case.requests().is_empty());
    // By hand.
    case.renew(DOCUMENT, None).await.unwrap();
}

#[tokio::test]
async fn a_failed_request_leaves_the_stored_state() {
    let case = Case::new();
    let first = case.renew(DOCUMENT, None).await.unwrap();
    let lost = |_| Err(ConnectorError::Unreachable(Stage::Dns).into());
    let failed = case.renew_with(DOCUMENT, Some(&first), lost).await;
    assert!(failed.is_err());
    case.renew(DOCUMENT, Some(&first)).await.unwrap();
    let requests = ["authenticate", "refresh rt;1", "refresh rt;1"];
    assert_eq!(case.requests(), requests);
}
