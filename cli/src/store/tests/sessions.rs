//! Durable sessions: sealed beside their credential, and gone with it.

use std::sync::{Arc, Mutex};

use connector_host::{Secret, SessionStore, StoreKey};

use super::{NEWER_SECRET, Place, SECRET, Saved, contains, entry, schema};
use crate::store::StoredSessions;

/// A store with one credential, and its session store.
pub(super) fn stored(place: &Place) -> (Saved, StoredSessions) {
    let store = place.open();
    let saved = store.save(&entry("first", SECRET), &schema()).unwrap();
    let sessions = StoredSessions::new(Arc::new(Mutex::new(store)));
    (saved, sessions)
}

pub(super) fn key(saved: &Saved) -> StoreKey {
    StoreKey::new(&saved.vendor, saved.id.to_string())
}

pub(super) async fn loaded(sessions: &StoredSessions, key: &StoreKey) -> Option<String> {
    let text = sessions.load(key).await.unwrap();
    text.map(|text| text.expose().to_owned())
}

#[tokio::test]
async fn a_session_is_stored_sealed_replaced_and_removed() {
    let place = Place::new();
    let (saved, sessions) = stored(&place);
    let key = key(&saved);
    assert_eq!(loaded(&sessions, &key).await, None);
    for text in ["an older state", NEWER_SECRET] {
        sessions.save(&key, &Secret::new(text)).await.unwrap();
        assert_eq!(loaded(&sessions, &key).await.as_deref(), Some(text));
        for (path, bytes) in place.bytes() {
            assert!(!contains(&bytes, text), "{}", path.display());
        }
    }
    let again = StoredSessions::new(Arc::new(Mutex::new(place.open())));
    assert_eq!(loaded(&again, &key).await.as_deref(), Some(NEWER_SECRET));
    sessions.remove(&key).await.unwrap();
    assert_eq!(loaded(&sessions, &key).await, None);
    sessions.remove(&key).await.unwrap();
}

#[tokio::test]
async fn a_session_goes_with_its_credential_and_its_vendor_and_survives_an_edit() {
    let place = Place::new();
    let (saved, sessions) = stored(&place);
    let key = key(&saved);
    let session = Secret::new(NEWER_SECRET);
    sessions.save(&key, &session).await.unwrap();
    let store = place.open();
    store
        .update(saved.id, &entry("renamed", SECRET), &schema())
        .unwrap();
    assert!(loaded(&sessions, &key).await.is_some());

    let mut edited = entry("renamed", SECRET);
    edited.vendor = "another".to_owned();
    store.update(saved.id, &edited, &schema()).unwrap();
    assert_eq!(loaded(&sessions, &key).await, None);
    let refused = sessions.save(&key, &session).await;
    assert!(refused.is_err(), "saved for a vendor that it is not of");

    let other = StoreKey::new("another", saved.id.to_string());
    sessions.save(&other, &session).await.unwrap();
    assert!(store.remove(saved.id).unwrap());
    assert_eq!(loaded(&sessions, &other).await, None);
    assert!(sessions.save(&other, &session).await.is_err());
    let rows: i64 = store
        .database
        .query_row("SELECT count(*) FROM session", [], |row| row.get(0))
        .unwrap();
    assert_eq!(rows, 0);
}

#[tokio::test]
async fn an_id_that_is_no_row_has_no_session() {
    let place = Place::new();
    let (saved, sessions) = stored(&place);
    let missing = StoreKey::new(&saved.vendor, (saved.id + 1).to_string());
    assert_eq!(loaded(&sessions, &missing).await, None);
    let malformed = StoreKey::new(&saved.vendor, "first");
    let session = Secret::new(NEWER_SECRET);
    for key in [missing, malformed] {
        assert!(sessions.save(&key, &session).await.is_err(), "{key:?}");
    }
}
