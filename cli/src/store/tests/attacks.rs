//! A program that can write to the file, and does not know the key: each change to a credential or
//! session is refused by name, and the others still open.

use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use connector_host::{Secret, SessionStore};
use rusqlite::Connection;

use super::sessions::{key, loaded};
use super::{NEWER_SECRET, Place, SECRET, Saved, Store, StoreError, document, entry, schema};
use crate::store::StoredSessions;

impl Place {
    /// A copy of the file at an earlier time.
    fn earlier(&self) -> PathBuf {
        self.dir.path().join("earlier.db")
    }

    fn keep_copy(&self) {
        fs::copy(self.data(), self.earlier()).unwrap();
    }

    /// Changes the file past the store, with the copy attached as `earlier`.
    fn attack(&self, sql: &str) {
        let database = Connection::open(self.data()).unwrap();
        let earlier = self.earlier().display().to_string();
        database.execute("ATTACH ?1 AS earlier", [earlier]).unwrap();
        // A change of an id moves its secrets too only if the attacker wants it.
        database.pragma_update(None, "foreign_keys", false).unwrap();
        database.execute_batch(sql).unwrap();
    }
}

/// A store with the credentials "first", which was edited, and "second". The earlier copy has the
/// first's older secret, and a third credential that was removed since.
fn attacked(sql: &str) -> (Place, Store, [Saved; 2]) {
    let place = Place::new();
    let store = place.open();
    let [first, second, third] = ["first", "second", "third"]
        .map(|name| store.save(&entry(name, SECRET), &schema()).unwrap());
    assert_eq!([first.id, second.id, third.id], [1, 2, 3]);
    place.keep_copy();
    let first = store
        .update(first.id, &entry("first", NEWER_SECRET), &schema())
        .unwrap();
    assert!(store.remove(third.id).unwrap());
    place.attack(sql);
    (place, store, [first, second])
}

/// The outcome of opening: the secret, or the name in the error.
fn opened(store: &Store, id: i64) -> Result<String, String> {
    match store.document(id) {
        Ok(document) => Ok(document.expose().to_owned()),
        Err(StoreError::Altered(name)) => Err(name),
        Err(error) => panic!("{error}"),
    }
}

/// The change does nothing to this credential.
fn is_open(store: &Store, saved: &Saved, secret: &str) {
    assert_eq!(document(store, saved)["hidden"], secret);
}

#[test]
fn without_an_attack_both_credentials_open() {
    let (_place, store, [first, second]) = attacked("SELECT 1");
    is_open(&store, &first, NEWER_SECRET);
    is_open(&store, &second, SECRET);
}

#[test]
fn a_change_past_the_store_is_refused_by_name() {
    for (name, sql) in [
        (
            "first",
            "UPDATE secret SET sealed = (SELECT sealed FROM secret WHERE credential = 2)
             WHERE credential = 1",
        ),
        (
            "first",
            "UPDATE credential SET seal_id = (SELECT seal_id FROM credential WHERE id = 2)
             WHERE id = 1;
             UPDATE secret SET sealed = (SELECT sealed FROM secret WHERE credential = 2)
             WHERE credential = 1",
        ),
        ("other", "UPDATE credential SET name = 'other' WHERE id = 1"),
        ("FIRST", "UPDATE credential SET name = 'FIRST' WHERE id = 1"),
        (
            "first",
            "UPDATE credential SET description = 'another' WHERE id = 1",
        ),
        (
            "first",
            "UPDATE credential SET description = NULL WHERE id = 1",
        ),
        (
            "first",
            "UPDATE credential SET vendor = 'evil' WHERE id = 1",
        ),
        (
            "first",
            r#"UPDATE credential SET fields = '{"key":"x"}' WHERE id = 1"#,
        ),
        ("first", "UPDATE credential SET fields = '{}' WHERE id = 1"),
        (
            "first",
            "UPDATE credential SET created_at_ms = created_at_ms - 1 WHERE id = 1",
        ),
        (
            "first",
            "UPDATE credential SET updated_at_ms = updated_at_ms + 1 WHERE id = 1",
        ),
        ("first", "DELETE FROM secret WHERE credential = 1"),
        (
            "first",
            "UPDATE secret SET member = 'other' WHERE credential = 1",
        ),
        (
            "first",
            "INSERT INTO secret SELECT credential, 'other', sealed FROM secret
             WHERE credential = 1",
        ),
        (
            "first",
            "UPDATE secret SET sealed = (SELECT sealed FROM earlier.secret WHERE credential = 1)
             WHERE credential = 1",
        ),
        (
            "first",
            "DELETE FROM credential WHERE id = 1; DELETE FROM secret WHERE credential = 1;
             INSERT INTO credential SELECT * FROM earlier.credential WHERE id = 1;
             INSERT INTO secret SELECT * FROM earlier.secret WHERE credential = 1",
        ),
    ] {
        let (_place, store, [first, second]) = attacked(sql);
        assert_eq!(opened(&store, first.id), Err(name.to_owned()), "{sql}");
        let edited = store.update(first.id, &entry("first", SECRET), &schema());
        assert!(matches!(edited, Err(StoreError::Altered(_))), "{sql}");
        is_open(&store, &second, SECRET);
        // The way out.
        assert!(store.remove(first.id).unwrap());
        let again = store.save(&entry("first", SECRET), &schema()).unwrap();
        is_open(&store, &again, SECRET);
    }
}

#[test]
fn a_row_under_another_id_and_a_removed_one_put_back_are_refused_by_name() {
    for (id, name, sql) in [
        (
            9,
            "second",
            "UPDATE credential SET id = 9 WHERE id = 2;
             UPDATE secret SET credential = 9 WHERE credential = 2",
        ),
        (
            9,
            "copy",
            "INSERT INTO credential SELECT 9, seal_id, 'copy', description, vendor, fields,
                created_at_ms, updated_at_ms FROM credential WHERE id = 2;
             INSERT INTO secret SELECT 9, member, sealed FROM secret WHERE credential = 2",
        ),
        (
            3,
            "third",
            "INSERT INTO credential SELECT * FROM earlier.credential WHERE id = 3;
             INSERT INTO secret SELECT * FROM earlier.secret WHERE credential = 3",
        ),
        // The names of two credentials, exchanged.
        (
            2,
            "first",
            "UPDATE credential SET name = 'x' WHERE id = 1;
             UPDATE credential SET name = 'first' WHERE id = 2;
             UPDATE credential SET name = 'second' WHERE id = 1",
        ),
    ] {
        let (_place, store, _) = attacked(sql);
        assert_eq!(opened(&store, id), Err(name.to_owned()), "{sql}");
    }
}

#[test]
fn an_earlier_list_of_revisions_opens_nothing_that_changed_since() {
    let (_place, store, [first, second]) =
        attacked("DELETE FROM revisions; INSERT INTO revisions SELECT * FROM earlier.revisions");
    assert_eq!(opened(&store, first.id), Err("first".to_owned()));
    is_open(&store, &second, SECRET);
}

#[test]
fn without_its_list_of_revisions_a_store_opens_nothing() {
    for sql in [
        "DELETE FROM revisions",
        "DELETE FROM revisions WHERE page = -1",
        "DELETE FROM revisions WHERE page = 0",
        // The root or a page alone, of an earlier time or another place.
        "UPDATE revisions SET sealed = (SELECT sealed FROM earlier.revisions WHERE page = -1)
         WHERE page = -1",
        "UPDATE revisions SET sealed = (SELECT sealed FROM earlier.revisions WHERE page = 0)
         WHERE page = 0",
        "UPDATE revisions SET sealed = (SELECT sealed FROM revisions WHERE page = 0)
         WHERE page = -1",
        "UPDATE revisions SET sealed = x''",
        "UPDATE revisions SET sealed = (SELECT sealed FROM secret)",
        "UPDATE revisions SET sealed = (SELECT value FROM key_check)",
    ] {
        let (_place, store, [first, _]) = attacked(sql);
        let error = store.document(first.id).err().unwrap();
        assert_eq!(error.code(), "damaged", "{sql}");
        assert!(error.to_string().contains("list of revisions"), "{error}");
        assert!(store.save(&entry("new", SECRET), &schema()).is_err());
    }
}

#[test]
fn every_page_of_the_list_is_checked() {
    let place = Place::fast();
    let store = place.open();
    // Three pages.
    let saved: Vec<_> = (0..70)
        .map(|number| store.save(&entry(&format!("n{number}"), SECRET), &schema()))
        .map(Result::unwrap)
        .collect();
    place.keep_copy();
    for saved in &saved {
        let edited = entry(&saved.name, NEWER_SECRET);
        store.update(saved.id, &edited, &schema()).unwrap();
    }
    place.attack(
        "UPDATE secret SET sealed = (SELECT e.sealed FROM earlier.secret e
             WHERE e.credential = secret.credential) WHERE credential IN (1, 31, 32, 70)",
    );
    for saved in &saved {
        let expected = match saved.id {
            1 | 31 | 32 | 70 => Err(saved.name.clone()),
            _ => Ok(NEWER_SECRET),
        };
        let found = opened(&store, saved.id);
        assert_eq!(found.is_ok(), expected.is_ok(), "{}", saved.name);
        assert_eq!(found.err(), expected.err());
    }
}

#[tokio::test]
async fn a_session_changed_past_the_store_is_refused_by_name() {
    for (sql, name) in [
        ("SELECT 1", None),
        (
            "UPDATE session SET sealed = (SELECT sealed FROM session WHERE credential = 2)
             WHERE credential = 1",
            Some("first"),
        ),
        (
            "UPDATE session SET sealed = (SELECT sealed FROM secret WHERE credential = 1)
             WHERE credential = 1",
            Some("first"),
        ),
        (
            "UPDATE session SET sealed = (SELECT sealed FROM earlier.session WHERE credential = 1)
             WHERE credential = 1",
            Some("first"),
        ),
        ("DELETE FROM session WHERE credential = 1", Some("first")),
        (
            "UPDATE credential SET name = 'other' WHERE id = 1",
            Some("other"),
        ),
        (
            r#"UPDATE credential SET fields = '{"key":"x"}' WHERE id = 1"#,
            Some("first"),
        ),
    ] {
        let place = Place::new();
        let store = place.open();
        let [first, second] =
            ["first", "second"].map(|name| store.save(&entry(name, SECRET), &schema()).unwrap());
        let sessions = StoredSessions::new(Arc::new(Mutex::new(store)));
        let save = async |saved: &Saved, text: &str| {
            sessions
                .save(&key(saved), &Secret::new(text))
                .await
                .unwrap();
        };
        save(&first, "an older state").await;
        place.keep_copy();
        save(&first, NEWER_SECRET).await;
        save(&second, SECRET).await;
        place.attack(sql);
        let Some(name) = name else {
            let state = loaded(&sessions, &key(&first)).await;
            assert_eq!(state.as_deref(), Some(NEWER_SECRET));
            continue;
        };
        let error = sessions.load(&key(&first)).await.err().unwrap();
        assert!(
            error.to_string().contains(&format!("\"{name}\"")),
            "{sql}: {error}"
        );
        let state = loaded(&sessions, &key(&second)).await;
        assert_eq!(state.as_deref(), Some(SECRET), "{sql}");
    }
}

#[tokio::test]
async fn a_removed_session_put_back_is_refused() {
    let place = Place::new();
    let (saved, sessions) = super::sessions::stored(&place);
    let key = key(&saved);
    let session = Secret::new(NEWER_SECRET);
    sessions.save(&key, &session).await.unwrap();
    place.keep_copy();
    sessions.remove(&key).await.unwrap();
    place.attack("INSERT INTO session SELECT * FROM earlier.session");
    assert!(sessions.load(&key).await.is_err());
    // The next save replaces it.
    sessions.save(&key, &session).await.unwrap();
    assert_eq!(loaded(&sessions, &key).await.as_deref(), Some(NEWER_SECRET));
}
