//! Several credentials saved at once: all of them or none.

use std::sync::{Arc, Mutex};

use connector_host::{Secret, SessionStore};
use serde_json::json;

use super::sessions::{key, loaded};
use super::{NEWER_SECRET, Place, SECRET, StoreError, document, entry, schema};
use crate::store::StoredSessions;

#[test]
fn all_are_saved_or_none_and_every_taken_name_is_listed() {
    let place = Place::new();
    let store = place.open();
    let schema = schema();
    store.save(&entry("a", SECRET), &schema).unwrap();
    store.save(&entry("b", SECRET), &schema).unwrap();
    let before = store.list().unwrap();
    let entries = |names: &[&str]| -> Vec<_> {
        let entries = names
            .iter()
            .map(|name| (entry(name, NEWER_SECRET), &schema));
        entries.collect()
    };
    let refused = store.save_all(&entries(&["c", "b", "a"]), false);
    assert!(
        matches!(&refused, Err(StoreError::NamesTaken(names)) if names[..] == ["b", "a"]),
        "{refused:?}"
    );
    let refused = store.save_all(&entries(&["c", "two\nlines"]), true);
    assert!(matches!(refused, Err(StoreError::Name)), "{refused:?}");
    assert_eq!(store.list().unwrap(), before);
    let saved = store.save_all(&entries(&["c", "d"]), false).unwrap();
    let names: Vec<_> = saved.iter().map(|saved| saved.name.as_str()).collect();
    assert_eq!(names, ["c", "d"]);
    for saved in &saved {
        assert_eq!(document(&store, saved)["hidden"], NEWER_SECRET);
    }
}

#[tokio::test]
async fn a_replaced_credential_keeps_its_id_and_its_session_and_none_of_its_secrets() {
    let place = Place::new();
    let store = place.open();
    let schema = schema();
    let mut with_more = entry("a", SECRET);
    with_more.document["other"] = json!("more");
    let before = store.save(&with_more, &schema).unwrap();
    let sessions = StoredSessions::new(Arc::new(Mutex::new(place.open())));
    let session = Secret::new("a state");
    sessions.save(&key(&before), &session).await.unwrap();
    let saved = store.save_all(&[(entry("a", NEWER_SECRET), &schema)], true);
    let saved = saved.unwrap().remove(0);
    assert_eq!((saved.id, saved.created_at), (before.id, before.created_at));
    assert!(before.updated_at < saved.updated_at);
    assert_eq!(saved.secrets, ["hidden"]);
    assert_eq!(document(&store, &saved)["hidden"], NEWER_SECRET);
    assert_eq!(
        loaded(&sessions, &key(&saved)).await.as_deref(),
        Some("a state")
    );

    let mut of_another = entry("a", NEWER_SECRET);
    of_another.vendor = "another".to_owned();
    store.save_all(&[(of_another, &schema)], true).unwrap();
    assert_eq!(loaded(&sessions, &key(&saved)).await, None);
}
