//! The revisions of all credentials and sessions, in a sealed list. A row or a sealed value of an
//! earlier time does not match it. Only the whole file can be rolled back unnoticed.
//!
//! The list has pages, so that a change writes a few kilobytes however many credentials there are,
//! and a root with the revision of each page.

use std::collections::BTreeMap;

use rusqlite::{OptionalExtension, Transaction, params};
use zeroize::Zeroizing;

use super::StoreError;
use super::clear_row::ClearRow;
use super::seal::{FirstPlace, HASH_BYTES, Owner, Place, Sealer};

/// The credentials of a page: a page and the root of a store of a thousand are 2 KB each.
const PER_PAGE: i64 = 32;

/// The number of the root among the pages, which begin with zero.
const ROOT: i64 = -1;

/// The number of a page and its revision.
const ROOT_ENTRY_BYTES: usize = 8 + 8;

/// Id, two revisions, whether there is a session, and the hash of the clear columns.
const ENTRY_BYTES: usize = 8 + 8 + 8 + 1 + HASH_BYTES;

/// The page of a credential, and the root.
pub(super) struct Revisions {
    /// The revision of each page.
    root: BTreeMap<i64, u64>,
    page: i64,
    /// The entries of the page, by the ids of the rows.
    entries: BTreeMap<i64, Entry>,
}

/// The state of one credential.
#[derive(Clone, Copy)]
struct Entry {
    /// Counts the saves of the credential.
    revision: u64,
    /// Counts the saves of its session, those of removed ones included.
    session: u64,
    has_session: bool,
    /// The hash of the clear columns.
    clear: [u8; HASH_BYTES],
}

impl Revisions {
    /// Reads the page of a credential.
    pub(super) fn read(
        view: &Transaction<'_>,
        sealer: &Sealer,
        id: i64,
    ) -> Result<Self, StoreError> {
        let root = open(view, sealer, ROOT, 0)?;
        let root: BTreeMap<_, _> = all(&root, ROOT_ENTRY_BYTES, decode_root)?;
        let page = id.div_euclid(PER_PAGE);
        let entries = match root.get(&page) {
            Some(revision) => {
                let entries = open(view, sealer, page, *revision)?;
                all(&entries, ENTRY_BYTES, decode)?
            }
            None => BTreeMap::new(),
        };
        Ok(Self {
            root,
            page,
            entries,
        })
    }

    /// Replaces the saved page, and the root.
    pub(super) fn write(
        &mut self,
        change: &Transaction<'_>,
        sealer: &Sealer,
    ) -> Result<(), StoreError> {
        let revision = self.root.entry(self.page).or_default();
        *revision = revision.saturating_add(1);
        let entries: Vec<u8> = self.entries.iter().flat_map(encode).collect();
        put(change, sealer, self.page, *revision, &entries)?;
        put_root(change, sealer, &self.root)
    }

    /// Counts a save of a credential, and returns the owner of its secrets from now on.
    pub(super) fn advance<'a>(&mut self, row: &'a ClearRow) -> Owner<'a> {
        let before = self.entries.get(&row.id).copied();
        let entry = Entry {
            revision: before.map_or(1, |entry| entry.revision.saturating_add(1)),
            session: before.map_or(0, |entry| entry.session),
            has_session: before.is_some_and(|entry| entry.has_session),
            clear: row.hash(),
        };
        self.entries.insert(row.id, entry);
        entry.owner(row)
    }

    /// Removes a credential.
    pub(super) fn remove(&mut self, id: i64) {
        self.entries.remove(&id);
    }

    /// Returns the owner of a row's secrets. Fails when the row is not as it was last saved.
    pub(super) fn owner<'a>(&self, row: &'a ClearRow) -> Result<Owner<'a>, StoreError> {
        self.entries
            .get(&row.id)
            .filter(|entry| entry.clear == row.hash())
            .map(|entry| entry.owner(row))
            .ok_or_else(|| StoreError::Altered(row.name.clone()))
    }

    /// The place of the session of a row, or `None` if none is saved.
    pub(super) fn session<'a>(&self, row: &'a ClearRow) -> Option<Place<'a>> {
        let entry = self
            .entries
            .get(&row.id)
            .filter(|entry| entry.has_session)?;
        Some(entry.session_place(row))
    }

    /// Counts a save of the session of a row that has been checked, and returns its place.
    pub(super) fn advance_session<'a>(&mut self, row: &'a ClearRow) -> Option<Place<'a>> {
        let entry = self.entries.get_mut(&row.id)?;
        entry.session = entry.session.saturating_add(1);
        entry.has_session = true;
        Some(entry.session_place(row))
    }

    /// Notes that the credential has no session.
    pub(super) fn remove_session(&mut self, id: i64) {
        if let Some(entry) = self.entries.get_mut(&id) {
            entry.has_session = false;
        }
    }
}

impl Entry {
    fn owner(self, row: &ClearRow) -> Owner<'_> {
        Owner {
            id: row.id,
            seal_id: row.seal_id,
            revision: self.revision,
            name: &row.name,
            clear: self.clear,
        }
    }

    fn session_place(self, row: &ClearRow) -> Place<'_> {
        Place::Session {
            id: row.id,
            seal_id: row.seal_id,
            revision: self.session,
            vendor: &row.vendor,
        }
    }
}

/// Opens a page, or the root.
fn open(
    view: &Transaction<'_>,
    sealer: &Sealer,
    page: i64,
    revision: u64,
) -> Result<Zeroizing<Vec<u8>>, StoreError> {
    let query = "SELECT sealed FROM revisions WHERE page = ?1";
    let bytes: Option<Vec<u8>> = view.query_row(query, [page], |row| row.get(0)).optional()?;
    bytes
        .and_then(|bytes| sealer.open(&Place::Revisions { page, revision }, &bytes))
        .ok_or(StoreError::Revisions)
}

/// Replaces a page, or the root.
fn put(
    change: &Transaction<'_>,
    sealer: &Sealer,
    page: i64,
    revision: u64,
    entries: &[u8],
) -> Result<(), StoreError> {
    let bytes = sealer.seal(&Place::Revisions { page, revision }, entries)?;
    change.execute(
        "INSERT OR REPLACE INTO revisions (page, sealed) VALUES (?1, ?2)",
        params![page, bytes],
    )?;
    Ok(())
}

/// Replaces the root. It has no revision itself: an earlier root opens no later page.
fn put_root(
    change: &Transaction<'_>,
    sealer: &Sealer,
    root: &BTreeMap<i64, u64>,
) -> Result<(), StoreError> {
    let entry = |(page, revision): (&i64, &u64)| [page.to_be_bytes(), revision.to_be_bytes()];
    let entries: Vec<u8> = root.iter().flat_map(entry).flatten().collect();
    put(change, sealer, ROOT, 0, &entries)
}

/// Decodes all entries of a length.
fn all<T>(
    list: &[u8],
    length: usize,
    decode: impl Fn(&[u8]) -> Option<(i64, T)>,
) -> Result<BTreeMap<i64, T>, StoreError> {
    let entries = list.chunks(length).map(decode).collect::<Option<_>>();
    entries.ok_or(StoreError::Revisions)
}

fn decode_root(bytes: &[u8]) -> Option<(i64, u64)> {
    let (page, revision) = bytes.split_first_chunk()?;
    let revision = u64::from_be_bytes(revision.try_into().ok()?);
    Some((i64::from_be_bytes(*page), revision))
}

fn encode((id, entry): (&i64, &Entry)) -> Vec<u8> {
    [
        &id.to_be_bytes()[..],
        &entry.revision.to_be_bytes(),
        &entry.session.to_be_bytes(),
        &[u8::from(entry.has_session)],
        &entry.clear,
    ]
    .concat()
}

/// `None` for an entry of another length.
fn decode(bytes: &[u8]) -> Option<(i64, Entry)> {
    let (id, rest) = bytes.split_first_chunk()?;
    let (revision, rest) = rest.split_first_chunk()?;
    let (session, rest) = rest.split_first_chunk()?;
    let (has_session, clear) = rest.split_first()?;
    let entry = Entry {
        revision: u64::from_be_bytes(*revision),
        session: u64::from_be_bytes(*session),
        has_session: *has_session == 1,
        clear: clear.try_into().ok()?,
    };
    Some((i64::from_be_bytes(*id), entry))
}

/// Seals the list with a new key. The revisions stay the same.
pub(super) fn seal_anew(
    change: &Transaction<'_>,
    sealer: &Sealer,
    new: &Sealer,
) -> Result<(), StoreError> {
    let root = open(change, sealer, ROOT, 0)?;
    let pages: BTreeMap<_, _> = all(&root, ROOT_ENTRY_BYTES, decode_root)?;
    for (page, revision) in pages {
        let entries = open(change, sealer, page, revision)?;
        put(change, new, page, revision, &entries)?;
    }
    put(change, new, ROOT, 0, &root)
}

/// Begins the list in a store of the second format, and seals its values anew. A value that does
/// not open is left as it is: its credential is then refused by name, and the others are not.
pub(super) fn begin(change: &Transaction<'_>, sealer: &Sealer) -> Result<(), StoreError> {
    let ids: Vec<i64> = change
        .prepare("SELECT id FROM credential")?
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    put_root(change, sealer, &BTreeMap::new())?;
    for id in ids {
        let mut revisions = Revisions::read(change, sealer, id)?;
        let Some(row) = ClearRow::read(change, id)? else {
            continue;
        };
        let owner = revisions.advance(&row);
        seal_fields_anew(change, sealer, &row, owner)?;
        seal_session_anew(change, sealer, &row, &mut revisions)?;
        revisions.write(change, sealer)?;
    }
    Ok(())
}

fn seal_fields_anew(
    change: &Transaction<'_>,
    sealer: &Sealer,
    row: &ClearRow,
    of: Owner<'_>,
) -> Result<(), StoreError> {
    for field in &row.secrets {
        let bytes: Vec<u8> = change.query_row(
            "SELECT sealed FROM secret WHERE credential = ?1 AND member = ?2",
            params![row.id, field],
            |row| row.get(0),
        )?;
        let first = FirstPlace::Field(field);
        if let Some(value) = sealer.open_first(row.seal_id, &row.vendor, &first, &bytes) {
            let bytes = sealer.seal(&Place::Field { of, field }, &value)?;
            change.execute(
                "UPDATE secret SET sealed = ?3 WHERE credential = ?1 AND member = ?2",
                params![row.id, field, bytes],
            )?;
        }
    }
    Ok(())
}

fn seal_session_anew(
    change: &Transaction<'_>,
    sealer: &Sealer,
    row: &ClearRow,
    revisions: &mut Revisions,
) -> Result<(), StoreError> {
    let session: Option<Vec<u8>> = change
        .query_row(
            "SELECT sealed FROM session WHERE credential = ?1 AND vendor = ?2",
            params![row.id, row.vendor],
            |row| row.get(0),
        )
        .optional()?;
    let Some(bytes) = session else {
        return Ok(());
    };
    let first = FirstPlace::Session(row.id);
    let value = sealer.open_first(row.seal_id, &row.vendor, &first, &bytes);
    if let (Some(place), Some(value)) = (revisions.advance_session(row), value) {
        change.execute(
            "UPDATE session SET sealed = ?2 WHERE credential = ?1",
            params![row.id, sealer.seal(&place, &value)?],
        )?;
    }
    Ok(())
}
