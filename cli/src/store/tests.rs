//! Tests of the store: its content, the bytes of its file, and migration.

mod attacks;
mod damage;
mod killed;
mod migration;
mod rekey;
mod sessions;
mod several;
mod sharing;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{Entry, Location, Saved, Store, StoreError};

/// Long and odd enough to be found nowhere by chance.
const SECRET: &str = "tulip;42 \"quoted\" & näive";
const NEWER_SECRET: &str = "daffodil;43 another one";

fn schema() -> Value {
    json!({
        "properties": {
            "key": {"type": "string"},
            "hidden": {"type": "string", "writeOnly": true},
            "other": {"type": "string", "writeOnly": true},
        }
    })
}

fn entry(name: &str, secret: &str) -> Entry {
    Entry {
        name: name.to_owned(),
        description: Some("what it is for".to_owned()),
        vendor: "acme".to_owned(),
        document: json!({"key": "k", "hidden": secret}),
    }
}

/// A folder for the data and one for the key.
struct Place {
    dir: TempDir,
}

impl Place {
    fn new() -> Self {
        Self {
            dir: tempfile::tempdir().unwrap(),
        }
    }

    fn data(&self) -> PathBuf {
        self.dir.path().join("data/credentials.db")
    }

    fn key(&self) -> PathBuf {
        self.dir.path().join("key/store.key")
    }

    fn location(&self) -> Location {
        Location::at(self.data(), self.key())
    }

    fn open(&self) -> Store {
        Store::open(&self.location()).unwrap()
    }

    fn error(&self) -> StoreError {
        Store::open(&self.location()).err().unwrap()
    }

    /// All that is in the folder of the data: the database, and a journal if there is one.
    fn bytes(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let folder = fs::read_dir(self.data().parent().unwrap()).unwrap();
        let mut files: Vec<_> = folder
            .map(|file| file.unwrap().path())
            .map(|path| (path.clone(), fs::read(path).unwrap()))
            .collect();
        files.sort();
        files
    }
}

impl Store {
    /// Replaces a credential, whatever its version.
    fn update(&self, id: i64, entry: &Entry, schema: &Value) -> Result<Saved, StoreError> {
        let saved = self.list()?.into_iter().find(|saved| saved.id == id);
        let version = saved.ok_or(StoreError::Gone)?.updated_at;
        self.update_version(id, version, entry, schema)
    }
}

fn document(store: &Store, saved: &Saved) -> Value {
    serde_json::from_str(store.document(saved.id).unwrap().expose()).unwrap()
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes
        .windows(text.len())
        .any(|part| part == text.as_bytes())
}

#[test]
fn what_is_saved_is_there_after_opening_again() {
    let place = Place::new();
    let saved = place
        .open()
        .save(&entry(" first ", SECRET), &schema())
        .unwrap();
    assert_eq!(saved.name, "first");
    assert_eq!(saved.fields, json!({"key": "k"}));
    assert_eq!(saved.secrets, ["hidden"]);
    assert_eq!(saved.created_at, saved.updated_at);
    let store = place.open();
    assert_eq!(store.list().unwrap(), std::slice::from_ref(&saved));
    assert_eq!(store.find("first").unwrap(), Some(saved.clone()));
    assert_eq!(store.find("second").unwrap(), None);
    assert_eq!(
        document(&store, &saved),
        json!({"key": "k", "hidden": SECRET})
    );
    assert!(store.remove(saved.id).unwrap());
    assert!(!store.remove(saved.id).unwrap());
    assert!(matches!(store.document(saved.id), Err(StoreError::Gone)));
}

#[test]
fn the_list_is_ordered_by_name() {
    let place = Place::new();
    let store = place.open();
    for name in ["b", "c", "a"] {
        store.save(&entry(name, SECRET), &schema()).unwrap();
    }
    let names: Vec<_> = store.list().unwrap().into_iter().map(|s| s.name).collect();
    assert_eq!(names, ["a", "b", "c"]);
}

#[test]
fn a_secret_is_nowhere_in_the_files_while_saved_replaced_or_removed() {
    let place = Place::new();
    let store = place.open();
    let saved = store.save(&entry("first", SECRET), &schema()).unwrap();
    let shapes = [
        SECRET.to_owned(),
        json!(SECRET).to_string().trim_matches('"').to_owned(),
        NEWER_SECRET.to_owned(),
    ];
    let check = || {
        for (path, bytes) in place.bytes() {
            for shape in &shapes {
                assert!(!contains(&bytes, shape), "{}", path.display());
            }
        }
        fs::read(place.data()).unwrap()
    };
    let sealed = |bytes: &[u8]| bytes.windows(6).any(|part| part == b"hidden");
    // Proves that the search finds a secret that is there.
    assert!(contains(&check(), "what it is for") && sealed(&check()));
    store
        .update(saved.id, &entry("first", NEWER_SECRET), &schema())
        .unwrap();
    check();
    store.remove(saved.id).unwrap();
    let emptied = check();
    assert!(!contains(&emptied, "what it is for") && !sealed(&emptied[4096..]));
}

#[test]
fn a_change_under_way_leaves_no_secret_in_the_journal() {
    let place = Place::new();
    let store = place.open();
    let saved = store.save(&entry("first", SECRET), &schema()).unwrap();
    let change = store.change().unwrap();
    let (row, _) = store.row(&change, saved.id).unwrap().unwrap();
    let secrets = [(
        "other".to_owned(),
        zeroize::Zeroizing::new(json!(NEWER_SECRET).to_string()),
    )];
    store.seal(&change, &row, &secrets).unwrap();
    // Pages are written out before the commit, as they are when memory is short.
    store.database.cache_flush().unwrap();
    let files = place.bytes();
    assert!(files.len() >= 2, "there is no journal to search");
    for (_, bytes) in files {
        assert!(!contains(&bytes, SECRET) && !contains(&bytes, NEWER_SECRET));
    }
}

#[test]
fn editing_keeps_a_secret_that_is_blank_or_missing() {
    let place = Place::new();
    let store = place.open();
    let saved = store.save(&entry("first", SECRET), &schema()).unwrap();
    for hidden in [json!(""), Value::Null] {
        let mut edited = entry("renamed", "");
        edited.description = None;
        edited.document = json!({"key": "other", "hidden": hidden});
        let edited = store.update(saved.id, &edited, &schema()).unwrap();
        assert_eq!(
            (
                edited.id,
                edited.name.as_str(),
                edited.description.as_deref()
            ),
            (saved.id, "renamed", None)
        );
        assert_eq!(
            document(&store, &edited),
            json!({"key": "other", "hidden": SECRET})
        );
    }
    let mut edited = entry("renamed", NEWER_SECRET);
    edited.document["other"] = json!("more");
    let edited = store.update(saved.id, &edited, &schema()).unwrap();
    assert_eq!(edited.secrets, ["hidden", "other"]);
    assert_eq!(document(&store, &edited)["hidden"], NEWER_SECRET);
    assert_eq!(edited.created_at, saved.created_at);
}

#[test]
fn an_edit_of_an_older_version_changes_nothing() {
    let place = Place::new();
    let store = place.open();
    let first = store.save(&entry("first", SECRET), &schema()).unwrap();
    // Within one millisecond too, each save is another version.
    let mut versions = vec![first.updated_at];
    for number in 0..20 {
        let name = format!("edit {number}");
        let latest = *versions.last().unwrap();
        let edited = store.update_version(first.id, latest, &entry(&name, ""), &schema());
        versions.push(edited.unwrap().updated_at);
    }
    assert!(
        versions.is_sorted_by(|one, next| one < next),
        "{versions:?}"
    );
    let latest = versions.pop().unwrap();
    for older in versions {
        let late = store.update_version(first.id, older, &entry("late", NEWER_SECRET), &schema());
        assert!(matches!(late, Err(StoreError::Changed)), "{late:?}");
    }
    let saved = store.list().unwrap().remove(0);
    assert_eq!((saved.name.as_str(), saved.updated_at), ("edit 19", latest));
    assert_eq!(document(&store, &saved)["hidden"], SECRET);
    store.remove(first.id).unwrap();
    let gone = store.update_version(first.id, latest, &entry("late", ""), &schema());
    assert!(matches!(gone, Err(StoreError::Gone)), "{gone:?}");
}

#[test]
fn editing_may_change_the_vendor_and_keeps_the_secret() {
    let place = Place::new();
    let store = place.open();
    let saved = store.save(&entry("first", SECRET), &schema()).unwrap();
    let mut edited = entry("first", "");
    edited.vendor = "another".to_owned();
    let edited = store.update(saved.id, &edited, &schema()).unwrap();
    assert_eq!(document(&store, &edited)["hidden"], SECRET);
}

#[test]
fn a_name_is_taken_once_and_free_again_after_removal() {
    let place = Place::new();
    let store = place.open();
    let first = store.save(&entry("first", SECRET), &schema()).unwrap();
    let second = store.save(&entry("second", SECRET), &schema()).unwrap();
    let again = store.save(&entry("first ", SECRET), &schema());
    assert!(matches!(again, Err(StoreError::NameTaken(name)) if name == "first"));
    let renamed = store.update(second.id, &entry("first", ""), &schema());
    assert!(matches!(renamed, Err(StoreError::NameTaken(_))));
    assert_eq!(document(&store, &second)["hidden"], SECRET);
    store.remove(first.id).unwrap();
    let third = store.save(&entry("first", SECRET), &schema()).unwrap();
    assert!(third.id > second.id, "an id is used twice");
}

#[test]
fn names_are_one_short_line() {
    let place = Place::new();
    let store = place.open();
    for name in ["", "  ", "two\nlines", &"n".repeat(257)] {
        let saved = store.save(&entry(name, SECRET), &schema());
        assert!(matches!(saved, Err(StoreError::Name)), "{name}");
    }
    assert!(store.list().unwrap().is_empty());
}

#[test]
fn a_field_that_the_schema_does_not_have_is_sealed() {
    let place = Place::new();
    let store = place.open();
    let mut unknown = entry("first", SECRET);
    unknown.document["surprise"] = json!({"token": NEWER_SECRET});
    let saved = store.save(&unknown, &schema()).unwrap();
    assert_eq!(saved.fields, json!({"key": "k"}));
    assert_eq!(document(&store, &saved), unknown.document);
    assert!(!contains(&fs::read(place.data()).unwrap(), NEWER_SECRET));
}

#[test]
fn the_same_secret_is_never_sealed_the_same_way() {
    let place = Place::new();
    let store = place.open();
    for name in ["first", "second"] {
        store.save(&entry(name, SECRET), &schema()).unwrap();
    }
    let count = "SELECT count(DISTINCT substr(sealed, 2, 24)) FROM secret";
    let nonces: i64 = store
        .database
        .query_row(count, [], |row| row.get(0))
        .unwrap();
    assert_eq!(nonces, 2);
}

/// Whether only the user can read it.
#[cfg(unix)]
fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[cfg(unix)]
#[test]
fn the_files_are_for_the_user_alone() {
    let place = Place::new();
    place.open();
    assert_eq!((mode(&place.data()), mode(&place.key())), (0o600, 0o600));
    assert_eq!(mode(place.key().parent().unwrap()), 0o700);
}
