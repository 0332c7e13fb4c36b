//! `rekey`: a new key, with which every value is sealed anew. At each moment the key file has the
//! key of the store: the new key is on disk before the change is committed, and the earlier key
//! stays until after it.

use std::path::Path;

use rusqlite::{Transaction, params};

use super::format;
use super::key::{self, KeyFile};
use super::location::{KeySource, Location};
use super::revisions;
use super::seal::{Key, Place, Sealer};
use super::{Store, StoreError};

/// The earlier keys in the key file, which other stores may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EarlierKeys {
    /// They stay in the key file.
    Keep,
    /// They are removed. A store that has one of them can then no longer be opened.
    Drop,
}

/// The outcome of a rekey.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rekeyed {
    /// The number of credentials that were sealed anew.
    pub(crate) credentials: usize,
    /// The number of earlier keys that the key file still has.
    pub(crate) earlier_keys: usize,
}

/// A step after which the process may end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// The key file has both keys.
    KeyAdded,
    /// Every value is sealed anew, and the change is not yet committed.
    Sealed,
    /// The store has the new key.
    Committed,
}

impl Store {
    /// Gives the store a new key: that of a file, else the newest of the key file if the store does
    /// not have it yet, else a random one. A key in the environment can only be replaced by that of
    /// a file.
    ///
    /// An interruption loses nothing, and leaves the store with the old key or the new one. Fails
    /// if a credential is not as it was last saved.
    pub(crate) fn rekey(
        location: &Location,
        new_key_file: Option<&Path>,
        earlier: EarlierKeys,
    ) -> Result<Rekeyed, StoreError> {
        Self::rekey_by_steps(location, new_key_file, earlier, |_| Ok(()))
    }

    pub(super) fn rekey_by_steps(
        location: &Location,
        new_key_file: Option<&Path>,
        earlier: EarlierKeys,
        mut reached: impl FnMut(Step) -> Result<(), StoreError>,
    ) -> Result<Rekeyed, StoreError> {
        let given = new_key_file.map(key::only).transpose()?;
        let store = Self::open(location)?;
        // Before the lock on the key file, which all stores share: a process that waits for this
        // store then finds that it has a new key.
        let change = store.change()?;
        let mut key_file = match &location.key {
            KeySource::File(path) => Some(KeyFile::lock(path)?),
            KeySource::Given(_) => None,
        };
        let new = match (given, &key_file) {
            (Some(key), _) if format::is_key_of(&change, &Sealer::new(&key))? => {
                return Err(StoreError::SameKey);
            }
            (Some(key), _) => key,
            (None, Some(file)) => match file.keys().first() {
                Some(key) if !format::is_key_of(&change, &Sealer::new(key))? => key.clone(),
                _ => key::random()?,
            },
            (None, None) => return Err(StoreError::NewKeyMissing),
        };
        if let Some(file) = &mut key_file {
            if earlier == EarlierKeys::Drop {
                spare(file, &new, location)?;
            }
            file.add(&new)?;
        }
        reached(Step::KeyAdded)?;
        let credentials = store.seal_anew(&change, &Sealer::new(&new))?;
        reached(Step::Sealed)?;
        change.commit()?;
        reached(Step::Committed)?;
        if let (Some(file), EarlierKeys::Drop) = (&mut key_file, earlier) {
            file.drop_earlier()?;
        }
        Ok(Rekeyed {
            credentials,
            earlier_keys: key_file.map_or(0, |file| file.keys().len().saturating_sub(1)),
        })
    }

    /// Seals every value with a new key, at its place. Returns the number of credentials.
    fn seal_anew(&self, change: &Transaction<'_>, new: &Sealer) -> Result<usize, StoreError> {
        let ids: Vec<i64> = change
            .prepare("SELECT id FROM credential")?
            .query_map([], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        for id in &ids {
            let (row, revisions) = self.row(change, *id)?.ok_or(StoreError::Gone)?;
            let of = revisions.owner(&row)?;
            for (field, value) in self.fields_of(change, &row, of)? {
                let place = Place::Field { of, field: &field };
                change.execute(
                    "UPDATE secret SET sealed = ?3 WHERE credential = ?1 AND member = ?2",
                    params![id, field, new.seal(&place, value.as_bytes())?],
                )?;
            }
            let session = self.session_of(change, &row, &revisions)?;
            if let (Some(place), Some(session)) = (revisions.session(&row), session) {
                change.execute(
                    "UPDATE session SET sealed = ?2 WHERE credential = ?1",
                    params![id, new.seal(&place, session.as_bytes())?],
                )?;
            }
        }
        revisions::seal_anew(change, &self.sealer, new)?;
        change.execute(
            "UPDATE key_check SET value = ?1 WHERE one = 1",
            [new.check_value()?],
        )?;
        Ok(ids.len())
    }
}

/// Fails if another store beside this one, or in the user's data folder, has a key of the file that
/// would be removed. Stores elsewhere are unknown.
fn spare(file: &KeyFile<'_>, new: &Key, location: &Location) -> Result<(), StoreError> {
    let earlier = file.keys().iter().filter(|key| *key != new);
    let earlier: Vec<_> = earlier.map(Sealer::new).collect();
    let mut neighbours = location.neighbours().into_iter();
    let in_use = neighbours.find(|store| earlier.iter().any(|key| format::has_key(store, key)));
    in_use.map_or(Ok(()), |store| Err(StoreError::KeyInUse(store)))
}
