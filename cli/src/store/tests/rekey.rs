//! A new key: every value moves to it, other stores of the key file still open, and an interruption
//! at any step loses nothing.

use std::fs;
use std::sync::{Arc, Mutex};

use connector_host::{Secret, SessionStore};

use super::super::rekey::Step;
use super::sessions::{key, loaded};
use super::{Location, NEWER_SECRET, Place, SECRET, Saved, Store, StoreError};
use super::{document, entry, schema};
use crate::store::{EarlierKeys, Rekeyed, StoredSessions};

const OTHER_KEY: &str = "/wECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// More than a page of revisions.
const CREDENTIALS: usize = 40;

/// A store with some credentials, the first of which has a session.
async fn filled(place: &Place) -> Vec<Saved> {
    let store = place.open();
    let save = |number| store.save(&entry(&format!("c{number:02}"), SECRET), &schema());
    let saved: Vec<_> = (0..CREDENTIALS)
        .map(|number| save(number).unwrap())
        .collect();
    let sessions = StoredSessions::new(Arc::new(Mutex::new(store)));
    let session = Secret::new(NEWER_SECRET);
    sessions.save(&key(&saved[0]), &session).await.unwrap();
    saved
}

/// Everything is as it was saved.
async fn is_whole(store: Store, saved: &[Saved]) {
    assert_eq!(store.list().unwrap(), saved);
    for saved in saved {
        assert_eq!(document(&store, saved)["hidden"], SECRET);
    }
    let sessions = StoredSessions::new(Arc::new(Mutex::new(store)));
    let session = loaded(&sessions, &key(&saved[0])).await;
    assert_eq!(session.as_deref(), Some(NEWER_SECRET));
}

impl Place {
    fn rekey(&self, earlier: EarlierKeys) -> Result<Rekeyed, StoreError> {
        Store::rekey(&self.location(), None, earlier)
    }

    fn keys(&self) -> Vec<String> {
        let text = fs::read_to_string(self.key()).unwrap();
        text.lines().map(str::to_owned).collect()
    }
}

#[tokio::test]
async fn a_rekeyed_store_opens_with_the_new_key_and_not_with_the_old_one() {
    let place = Place::new();
    let saved = filled(&place).await;
    let old = place.keys();
    let outcome = place.rekey(EarlierKeys::Drop).unwrap();
    let expected = Rekeyed {
        credentials: CREDENTIALS,
        earlier_keys: 0,
    };
    assert_eq!(outcome, expected);
    let new = place.keys();
    assert!(new.len() == 1 && new != old);
    is_whole(place.open(), &saved).await;
    fs::write(place.key(), old.join("\n")).unwrap();
    assert!(matches!(place.error(), StoreError::WrongKey(_)));
}

#[tokio::test]
async fn an_interruption_at_any_step_loses_nothing_and_the_next_attempt_succeeds() {
    for step in [Step::KeyAdded, Step::Sealed, Step::Committed] {
        for earlier in [EarlierKeys::Keep, EarlierKeys::Drop] {
            let place = Place::new();
            let saved = filled(&place).await;
            let interrupted = Store::rekey_by_steps(&place.location(), None, earlier, |reached| {
                // The file on disk, with which the next process begins.
                assert_eq!(place.keys().len(), 2, "{reached:?}");
                if reached == step {
                    Err(StoreError::Busy)
                } else {
                    Ok(())
                }
            });
            assert!(matches!(interrupted, Err(StoreError::Busy)), "{step:?}");
            is_whole(place.open(), &saved).await;
            place.rekey(earlier).unwrap();
            is_whole(place.open(), &saved).await;
        }
    }
}

#[tokio::test]
async fn another_store_of_the_key_file_still_opens_and_is_not_locked_out() {
    let place = Place::new();
    let saved = filled(&place).await;
    let other = Location::at(place.data().with_file_name("other.db"), place.key());
    let others = Store::open(&other).unwrap();
    others.save(&entry("first", SECRET), &schema()).unwrap();
    let outcome = place.rekey(EarlierKeys::Keep).unwrap();
    assert_eq!(outcome.earlier_keys, 1);
    assert_eq!(Store::open(&other).unwrap().list().unwrap().len(), 1);
    let refused = place.rekey(EarlierKeys::Drop);
    assert!(
        matches!(&refused, Err(StoreError::KeyInUse(store)) if store.ends_with("other.db")),
        "{refused:?}"
    );
    // Both then have the newest key.
    let newest = place.keys().remove(0);
    let outcome = Store::rekey(&other, None, EarlierKeys::Drop).unwrap();
    assert_eq!(outcome.earlier_keys, 0);
    assert_eq!(place.keys(), [newest]);
    is_whole(place.open(), &saved).await;
    assert_eq!(Store::open(&other).unwrap().list().unwrap().len(), 1);
}

#[tokio::test]
async fn a_key_of_the_environment_is_replaced_by_that_of_a_file() {
    let place = Place::new();
    let saved = filled(&place).await;
    let given = Location::with_key(place.data(), &place.keys()[0]);
    let missing = Store::rekey(&given, None, EarlierKeys::Keep);
    assert!(matches!(missing, Err(StoreError::NewKeyMissing)));
    let file = tempfile::NamedTempFile::new().unwrap();
    let rekey = |text: &str| {
        fs::write(file.path(), text).unwrap();
        Store::rekey(&given, Some(file.path()), EarlierKeys::Keep)
    };
    let same = rekey(&place.keys()[0]);
    assert!(matches!(same, Err(StoreError::SameKey)), "{same:?}");
    for wrong in ["", "c2hvcnQ=", &format!("{OTHER_KEY}\n{OTHER_KEY}\n")] {
        let wrong = rekey(wrong);
        assert!(
            matches!(wrong, Err(StoreError::KeyMalformed(_))),
            "{wrong:?}"
        );
    }
    is_whole(place.open(), &saved).await;
    assert_eq!(rekey(OTHER_KEY).unwrap().credentials, CREDENTIALS);
    let new = Location::with_key(place.data(), OTHER_KEY);
    is_whole(Store::open(&new).unwrap(), &saved).await;
    assert!(matches!(place.error(), StoreError::WrongKey(_)));
}

#[tokio::test]
async fn a_process_that_has_the_store_open_saves_its_session_and_no_credential_with_the_old_key() {
    let place = Place::new();
    let saved = filled(&place).await;
    let store = place.open();
    let open = place.open();
    let sessions = StoredSessions::new(Arc::new(Mutex::new(place.open())));
    place.rekey(EarlierKeys::Drop).unwrap();
    for refused in [
        store.document(saved[0].id).map(drop),
        store.save(&entry("late", SECRET), &schema()).map(drop),
        store.remove(saved[0].id).map(drop),
        open.update(saved[0].id, &entry("c00", SECRET), &schema())
            .map(drop),
    ] {
        assert!(matches!(refused, Err(StoreError::Rekeyed)), "{refused:?}");
    }
    // Its refresh token may be the only copy.
    let session = Secret::new("a newer state");
    sessions.save(&key(&saved[0]), &session).await.unwrap();
    let loaded = loaded(&sessions, &key(&saved[0])).await;
    assert_eq!(loaded.as_deref(), Some("a newer state"));
}

#[tokio::test]
async fn a_damaged_credential_is_named_and_no_key_changes() {
    let place = Place::new();
    let saved = filled(&place).await;
    let database = rusqlite::Connection::open(place.data()).unwrap();
    let renamed = "UPDATE credential SET description = 'x' WHERE id = ?1";
    database.execute(renamed, [saved[3].id]).unwrap();
    let refused = place.rekey(EarlierKeys::Drop);
    assert!(
        matches!(&refused, Err(StoreError::Altered(name)) if *name == saved[3].name),
        "{refused:?}"
    );
    assert_eq!(document(&place.open(), &saved[0])["hidden"], SECRET);
}

#[test]
fn rekeys_at_once_lose_no_key() {
    let place = Place::new();
    place
        .open()
        .save(&entry("first", SECRET), &schema())
        .unwrap();
    let other = Location::at(place.data().with_file_name("other.db"), place.key());
    Store::open(&other).unwrap();
    std::thread::scope(|scope| {
        for location in [
            place.location(),
            place.location(),
            other.clone(),
            other.clone(),
        ] {
            scope.spawn(move || {
                for _ in 0..5 {
                    // Another one may have been faster.
                    match Store::rekey(&location, None, EarlierKeys::Keep) {
                        Ok(_) | Err(StoreError::Rekeyed) => {}
                        Err(error) => panic!("{error}"),
                    }
                }
            });
        }
    });
    let store = place.open();
    let saved = store.list().unwrap().remove(0);
    assert_eq!(document(&store, &saved)["hidden"], SECRET);
    Store::open(&other).unwrap();
}
