//! Stores of earlier formats, as earlier versions of this program left them: `earlier/*.sql` are
//! dumps of their files.

use std::fs;
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rusqlite::Connection;

use super::super::format::CURRENT;
use super::sessions::{key, loaded};
use super::{Location, NEWER_SECRET, Place, SECRET, Store, StoreError, document, entry, schema};
use crate::store::StoredSessions;

const FORMATS: [(i64, &str); 2] = [
    (1, include_str!("earlier/format1.sql")),
    (2, include_str!("earlier/format2.sql")),
];

/// The key of the dumps.
const KEY: [u8; 32] = [7; 32];

/// Creates the file of an earlier store, and changes it.
fn earlier(dump: &str, change: &str) -> (Place, Location) {
    let place = Place::new();
    fs::create_dir_all(place.data().parent().unwrap()).unwrap();
    let database = Connection::open(place.data()).unwrap();
    database.execute_batch(dump).unwrap();
    database.execute_batch(change).unwrap();
    let location = Location::with_key(place.data(), &STANDARD.encode(KEY));
    (place, location)
}

#[tokio::test]
async fn a_store_of_an_earlier_format_is_migrated_with_its_credentials_and_sessions() {
    for (format, dump) in FORMATS {
        let (place, location) = earlier(dump, "");
        let store = Store::open(&location).unwrap();
        let version: i64 = store
            .database
            .pragma_query_value(None, "user_version", |row| row.get(0))
            .unwrap();
        assert_eq!(version, CURRENT);
        let list = store.list().unwrap();
        let [first, second] = &list[..] else {
            panic!("format {format}: {list:?}");
        };
        assert_eq!(document(&store, first)["hidden"], SECRET);
        assert_eq!(document(&store, second)["hidden"], NEWER_SECRET);
        store
            .update(second.id, &entry("second", SECRET), &schema())
            .unwrap();
        drop(store);
        // The seals of the earlier format are gone, and the second opening changes nothing.
        let before = place.bytes();
        let store = Store::open(&location).unwrap();
        assert_eq!(place.bytes(), before);
        assert_eq!(document(&store, second)["hidden"], SECRET);
        let versions: i64 = store
            .database
            .query_row(
                "SELECT count(*) FROM (SELECT sealed FROM secret UNION SELECT sealed FROM session)
                 WHERE substr(sealed, 1, 1) <> x'02'",
                [],
                |row| row.get(0),
            )
            .unwrap();
        assert_eq!(versions, 0, "format {format}");
        let sessions = StoredSessions::new(Arc::new(Mutex::new(store)));
        let state = (format > 1).then_some("an older state");
        assert_eq!(loaded(&sessions, &key(first)).await.as_deref(), state);
    }
}

#[test]
fn a_value_that_was_damaged_before_the_migration_is_refused_by_name_alone() {
    let (_, dump) = FORMATS[1];
    for change in [
        "UPDATE secret SET sealed = substr(sealed, 1, 30) WHERE credential = 1",
        "UPDATE secret SET sealed = (SELECT sealed FROM secret WHERE credential = 2)
         WHERE credential = 1",
    ] {
        let (_place, location) = earlier(dump, change);
        let store = Store::open(&location).unwrap();
        let list = store.list().unwrap();
        let error = store.document(list[0].id).err();
        assert!(matches!(error, Some(StoreError::Altered(name)) if name == "first"));
        assert_eq!(document(&store, &list[1])["hidden"], NEWER_SECRET);
    }
}

#[test]
fn a_wrong_key_leaves_an_earlier_store_as_it_is() {
    for (_, dump) in FORMATS {
        let (place, _) = earlier(dump, "");
        let before = place.bytes();
        let wrong = Location::with_key(place.data(), &STANDARD.encode([8; 32]));
        let error = Store::open(&wrong).err().unwrap();
        assert_eq!(error.code(), "wrong-key");
        assert_eq!(place.bytes(), before);
    }
}
