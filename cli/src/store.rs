//! Saved credentials and durable sessions, in one SQLite file that several processes can use.
//! Secret fields and sessions are sealed to their row (`store/seal.rs`) at its revision
//! (`store/revisions.rs`). An acknowledged change survives a crash: the rollback journal is synced
//! before each commit returns.
//! Knows JSON Schema's `writeOnly` and no vendor.

mod clear_row;
mod error;
mod format;
mod key;
mod location;
mod private_file;
mod rekey;
mod revisions;
mod seal;
mod sessions;
#[cfg(test)]
mod tests;

use std::time::Duration;

use connector_host::{Clock, Secret, SystemClock};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, TransactionBehavior, params};
use serde_json::{Map, Value};
use zeroize::Zeroizing;

pub(crate) use error::StoreError;
pub(crate) use location::{KEY_VARIABLE, Location, STORE_VARIABLE};
pub(crate) use rekey::{EarlierKeys, Rekeyed};
pub(crate) use sessions::StoredSessions;

use crate::schema;
use clear_row::ClearRow;
use revisions::Revisions;
use seal::{Owner, Place, Sealer};

/// The wait for another process that is writing. A save takes milliseconds.
const BUSY: Duration = Duration::from_secs(20);

/// Longer than any name that a person types.
const MAX_NAME_BYTES: usize = 256;

const COLUMNS: &str = "SELECT id, name, description, vendor, fields, created_at_ms, updated_at_ms, \
     (SELECT json_group_array(member) FROM secret WHERE credential = credential.id) \
     FROM credential";

/// The saved credentials.
///
/// Blocks: call it from `spawn_blocking` where that matters.
pub(crate) struct Store {
    database: Connection,
    sealer: Sealer,
    location: Location,
}

/// A credential to save.
pub(crate) struct Entry {
    /// The name, unique in the store.
    pub(crate) name: String,
    /// The purpose, in a person's words.
    pub(crate) description: Option<String>,
    /// The vendor's id.
    pub(crate) vendor: String,
    /// The credential document, secrets included.
    pub(crate) document: Value,
}

/// A saved credential without its secrets.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Saved {
    /// Stays the same when the credential is edited, and is never reused.
    pub(crate) id: i64,
    /// The name, unique in the store.
    pub(crate) name: String,
    /// The purpose, in a person's words.
    pub(crate) description: Option<String>,
    /// The vendor's id.
    pub(crate) vendor: String,
    /// The credential document without its secret fields.
    pub(crate) fields: Value,
    /// The names of the secret fields that are set.
    pub(crate) secrets: Vec<String>,
    /// The time of the first save.
    pub(crate) created_at: Timestamp,
    /// The time of the last save.
    pub(crate) updated_at: Timestamp,
}

impl Store {
    /// Opens the store, and creates it with its key if there is none.
    ///
    /// A failure changes nothing in an existing store.
    pub(crate) fn open(location: &Location) -> Result<Self, StoreError> {
        let (database, sealer) = format::open(location, BUSY)?;
        Ok(Self {
            database,
            sealer,
            location: location.clone(),
        })
    }

    /// Opens the store, or returns `None` if there is none. Creates nothing.
    pub(crate) fn open_existing(location: &Location) -> Result<Option<Self>, StoreError> {
        // Where the file cannot be looked for, the error of `open` says why.
        match location.file.try_exists() {
            Ok(false) => Ok(None),
            Ok(true) | Err(_) => Self::open(location).map(Some),
        }
    }

    /// Lists all credentials, ordered by name.
    pub(crate) fn list(&self) -> Result<Vec<Saved>, StoreError> {
        let mut query = self.database.prepare(&format!("{COLUMNS} ORDER BY name"))?;
        let saved = query.query_map([], saved)?.collect::<Result<_, _>>()?;
        Ok(saved)
    }

    /// Finds the credential of this name.
    pub(crate) fn find(&self, name: &str) -> Result<Option<Saved>, StoreError> {
        let mut query = self
            .database
            .prepare(&format!("{COLUMNS} WHERE name = ?1"))?;
        Ok(query.query_row([name.trim()], saved).optional()?)
    }

    /// Adds a credential. It is on disk when this returns.
    pub(crate) fn save(&self, entry: &Entry, schema: &Value) -> Result<Saved, StoreError> {
        let parts = Parts::of(entry, schema)?;
        let change = self.change()?;
        let id = self.insert(&change, &parts)?;
        commit(change, id)
    }

    /// Adds credentials, each with the schema of its vendor: all of them, or none. Fails with
    /// [`StoreError::NamesTaken`] if there are some of these names, unless they are to be replaced
    /// as a whole.
    pub(crate) fn save_all(
        &self,
        entries: &[(Entry, &Value)],
        replace: bool,
    ) -> Result<Vec<Saved>, StoreError> {
        let change = self.change()?;
        let mut ids = Vec::new();
        let mut taken = Vec::new();
        for (entry, schema) in entries {
            let parts = Parts::of(entry, schema)?;
            let query = "SELECT id FROM credential WHERE name = ?1";
            let found = change.query_row(query, [parts.name], |row| row.get(0));
            match found.optional()? {
                None => ids.push(self.insert(&change, &parts)?),
                Some(id) if replace => {
                    let before = ClearRow::read(&change, id)?.ok_or(StoreError::Gone)?;
                    self.overwrite(&change, &before, &parts)?;
                    ids.push(id);
                }
                Some(_) => taken.push(parts.name.to_owned()),
            }
        }
        if !taken.is_empty() {
            return Err(StoreError::NamesTaken(taken));
        }
        let saved = ids.into_iter().map(|id| by_id(&change, id));
        let saved = saved.collect::<Result<_, _>>()?;
        change.commit()?;
        Ok(saved)
    }

    fn insert(&self, change: &Transaction<'_>, parts: &Parts<'_>) -> Result<i64, StoreError> {
        let now = now_ms();
        let mut row = parts.row(seal::random()?, now);
        change
            .execute(
                "INSERT INTO credential (seal_id, name, description, vendor, fields, \
                 created_at_ms, updated_at_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6)",
                params![
                    row.seal_id,
                    row.name,
                    row.description,
                    row.vendor,
                    row.fields,
                    now
                ],
            )
            .map_err(|error| taken(error, parts.name))?;
        row.id = change.last_insert_rowid();
        self.seal(change, &row, &parts.secrets)?;
        Ok(row.id)
    }

    /// Replaces a credential. A secret field that is missing or `""` keeps its saved value. A
    /// session of another vendor is removed.
    ///
    /// Fails with [`StoreError::Changed`] if the credential was saved after `version`, the time of
    /// the save that is edited.
    pub(crate) fn update_version(
        &self,
        id: i64,
        version: Timestamp,
        entry: &Entry,
        schema: &Value,
    ) -> Result<Saved, StoreError> {
        let mut parts = Parts::of(entry, schema)?;
        let change = self.change()?;
        let (before, kept) = self.opened(&change, id)?;
        if version.as_millisecond() != before.updated_at_ms {
            return Err(StoreError::Changed);
        }
        for (field, value) in kept {
            let missing = !parts.secrets.iter().any(|(name, _)| *name == field);
            if missing && schema::secret_names(schema).any(|name| *name == field) {
                parts.secrets.push((field, value));
            }
        }
        self.overwrite(&change, &before, &parts)?;
        commit(change, id)
    }

    fn overwrite(
        &self,
        change: &Transaction<'_>,
        before: &ClearRow,
        parts: &Parts<'_>,
    ) -> Result<(), StoreError> {
        let id = before.id;
        // Later than before, even within one millisecond or after the clock was set back: the time
        // tells one version from the other.
        let updated_at_ms = now_ms().max(before.updated_at_ms.saturating_add(1));
        let mut row = parts.row(before.seal_id, updated_at_ms);
        (row.id, row.created_at_ms) = (id, before.created_at_ms);
        change
            .execute(
                "UPDATE credential SET name = ?2, description = ?3, vendor = ?4, fields = ?5, \
                 updated_at_ms = ?6 WHERE id = ?1",
                params![
                    id,
                    row.name,
                    row.description,
                    row.vendor,
                    row.fields,
                    row.updated_at_ms
                ],
            )
            .map_err(|error| taken(error, parts.name))?;
        change.execute("DELETE FROM secret WHERE credential = ?1", [id])?;
        if row.vendor != before.vendor {
            self.drop_session(change, id)?;
        }
        self.seal(change, &row, &parts.secrets)
    }

    /// Removes a credential with its secrets and its session; `false` when there was none.
    pub(crate) fn remove(&self, id: i64) -> Result<bool, StoreError> {
        let change = self.change()?;
        let removed = change.execute("DELETE FROM credential WHERE id = ?1", [id])?;
        let mut revisions = Revisions::read(&change, &self.sealer, id)?;
        revisions.remove(id);
        revisions.write(&change, &self.sealer)?;
        change.commit()?;
        Ok(removed > 0)
    }

    /// Returns the whole credential document as JSON text, secrets included.
    pub(crate) fn document(&self, id: i64) -> Result<Secret, StoreError> {
        // One transaction, so that all tables are read at the same time.
        let view = Transaction::new_unchecked(&self.database, TransactionBehavior::Deferred)?;
        let (row, secrets) = self.opened(&view, id)?;
        Ok(joined(&row.fields, &secrets))
    }

    /// Begins a change, after those of other processes.
    fn change(&self) -> Result<Transaction<'_>, StoreError> {
        let change = Transaction::new_unchecked(&self.database, TransactionBehavior::Immediate)?;
        format::still_current(&change)?;
        if !format::is_key_of(&change, &self.sealer)? {
            return Err(StoreError::Rekeyed);
        }
        Ok(change)
    }

    /// Seals the secrets of a row that has been written, and counts its revision.
    fn seal(
        &self,
        change: &Transaction<'_>,
        row: &ClearRow,
        secrets: &[(String, Zeroizing<String>)],
    ) -> Result<(), StoreError> {
        let mut revisions = Revisions::read(change, &self.sealer, row.id)?;
        let of = revisions.advance(row);
        revisions.write(change, &self.sealer)?;
        let mut insert = change
            .prepare("INSERT INTO secret (credential, member, sealed) VALUES (?1, ?2, ?3)")?;
        for (field, value) in secrets {
            let sealed = self
                .sealer
                .seal(&Place::Field { of, field }, value.as_bytes())?;
            insert.execute(params![row.id, field, sealed])?;
        }
        Ok(())
    }

    /// Opens the secret fields of a credential, each as JSON text. Fails when the credential is not
    /// as it was last saved.
    fn opened(&self, view: &Transaction<'_>, id: i64) -> Result<Opened, StoreError> {
        let (row, revisions) = self.row(view, id)?.ok_or(StoreError::Gone)?;
        let secrets = self.fields_of(view, &row, revisions.owner(&row)?)?;
        Ok((row, secrets))
    }

    fn fields_of(
        &self,
        view: &Transaction<'_>,
        row: &ClearRow,
        of: Owner<'_>,
    ) -> Result<Fields, StoreError> {
        let mut query = view.prepare("SELECT member, sealed FROM secret WHERE credential = ?1")?;
        let mut rows = query.query([row.id])?;
        let mut secrets = Vec::new();
        while let Some(found) = rows.next()? {
            let (field, sealed): (String, Vec<u8>) = (found.get(0)?, found.get(1)?);
            let place = Place::Field { of, field: &field };
            let value = self.sealer.open_text(&place, &sealed);
            let value = value.ok_or_else(|| StoreError::Altered(row.name.clone()))?;
            secrets.push((field, value));
        }
        Ok(secrets)
    }

    /// Reads the row of a credential, and the list of revisions. The row is not yet checked.
    fn row(
        &self,
        view: &Transaction<'_>,
        id: i64,
    ) -> Result<Option<(ClearRow, Revisions)>, StoreError> {
        let Some(row) = ClearRow::read(view, id)? else {
            return Ok(None);
        };
        match Revisions::read(view, &self.sealer, id) {
            Ok(revisions) => Ok(Some((row, revisions))),
            Err(StoreError::Revisions) if !format::is_key_of(view, &self.sealer)? => {
                Err(StoreError::Rekeyed)
            }
            Err(error) => Err(error),
        }
    }
}

/// Secret fields, each as JSON text.
type Fields = Vec<(String, Zeroizing<String>)>;

type Opened = (ClearRow, Fields);

/// An entry as it is written.
struct Parts<'a> {
    name: &'a str,
    description: Option<&'a str>,
    vendor: &'a str,
    fields: Value,
    secrets: Fields,
}

impl<'a> Parts<'a> {
    /// The row of a credential that is saved for the first time now. Its id is not yet known.
    fn row(&self, seal_id: [u8; seal::ID_BYTES], now_ms: i64) -> ClearRow {
        let mut secrets: Vec<_> = self.secrets.iter().map(|(name, _)| name.clone()).collect();
        secrets.sort_unstable();
        ClearRow {
            id: 0,
            seal_id,
            name: self.name.to_owned(),
            description: self.description.map(str::to_owned),
            vendor: self.vendor.to_owned(),
            fields: self.fields.to_string(),
            created_at_ms: now_ms,
            updated_at_ms: now_ms,
            secrets,
        }
    }

    fn of(entry: &'a Entry, schema: &Value) -> Result<Self, StoreError> {
        let name = entry.name.trim();
        if !is_name(name) {
            return Err(StoreError::Name);
        }
        let document = entry.document.as_object().ok_or(StoreError::Document)?;
        let (fields, secrets) = split(document, schema);
        let description = entry.description.as_deref().map(str::trim);
        Ok(Self {
            name,
            description: description.filter(|text| !text.is_empty()),
            vendor: &entry.vendor,
            fields: Value::Object(fields),
            secrets,
        })
    }
}

/// Whether a credential can have this name.
pub(crate) fn is_name(name: &str) -> bool {
    let name = name.trim();
    !name.is_empty() && name.len() <= MAX_NAME_BYTES && !name.contains(char::is_control)
}

/// The text of a document as [`Store::document`] returns it once it is saved.
pub(crate) fn text(document: &Value, schema: &Value) -> Result<Secret, StoreError> {
    let document = document.as_object().ok_or(StoreError::Document)?;
    let (fields, mut secrets) = split(document, schema);
    secrets.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
    Ok(joined(&Value::Object(fields).to_string(), &secrets))
}

/// Splits a document. A field that the schema does not have may be secret, so it is sealed.
fn split(document: &Map<String, Value>, schema: &Value) -> (Map<String, Value>, Fields) {
    let open = |field: &str| {
        schema::is_field(schema, field) && !schema::secret_names(schema).any(|name| name == field)
    };
    let mut fields = Map::new();
    let mut secrets = Vec::new();
    for (field, value) in document {
        if open(field) {
            fields.insert(field.clone(), value.clone());
        } else if !value.is_null() && value != "" {
            secrets.push((field.clone(), Zeroizing::new(value.to_string())));
        }
    }
    (fields, secrets)
}

/// Joins the document as text, so that no copy of a secret stays behind in a JSON tree.
fn joined(fields: &str, secrets: &[(String, Zeroizing<String>)]) -> Secret {
    let fields = fields.trim();
    let start = fields.strip_suffix('}').unwrap_or(fields);
    let added: usize = secrets
        .iter()
        .map(|(name, value)| 2 * name.len() + value.len() + 16)
        .sum();
    // Never reallocated, because the old memory would not be zeroized.
    let mut text = String::with_capacity(fields.len() + added);
    text.push_str(start);
    for (field, value) in secrets {
        if !text.ends_with('{') {
            text.push(',');
        }
        text.push_str(&Value::from(field.as_str()).to_string());
        text.push(':');
        text.push_str(value);
    }
    text.push('}');
    Secret::new(text)
}

/// Commits a change, and returns the saved credential.
fn commit(change: Transaction<'_>, id: i64) -> Result<Saved, StoreError> {
    let saved = by_id(&change, id)?;
    change.commit()?;
    Ok(saved)
}

fn by_id(view: &Transaction<'_>, id: i64) -> rusqlite::Result<Saved> {
    view.query_row(&format!("{COLUMNS} WHERE id = ?1"), [id], saved)
}

fn saved(row: &Row<'_>) -> rusqlite::Result<Saved> {
    let json = |index: usize| {
        let text: String = row.get(index)?;
        serde_json::from_str::<Value>(&text)
            .map_err(|error| wrong(index, rusqlite::types::Type::Text, error))
    };
    let time = |index: usize| {
        Timestamp::from_millisecond(row.get(index)?)
            .map_err(|error| wrong(index, rusqlite::types::Type::Integer, error))
    };
    let secrets = json(7)?;
    Ok(Saved {
        id: row.get(0)?,
        name: row.get(1)?,
        description: row.get(2)?,
        vendor: row.get(3)?,
        fields: json(4)?,
        created_at: time(5)?,
        updated_at: time(6)?,
        secrets: secrets
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|name| name.as_str().map(str::to_owned))
            .collect(),
    })
}

fn wrong(
    index: usize,
    kind: rusqlite::types::Type,
    error: impl std::error::Error + Send + Sync + 'static,
) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(index, kind, Box::new(error))
}

fn taken(error: rusqlite::Error, name: &str) -> StoreError {
    let code = error.sqlite_error().map(|error| error.extended_code);
    if code == Some(rusqlite::ffi::SQLITE_CONSTRAINT_UNIQUE) {
        StoreError::NameTaken(name.to_owned())
    } else {
        error.into()
    }
}

/// The current time in whole milliseconds, as stored.
fn now_ms() -> i64 {
    Timestamp::try_from(SystemClock.now()).map_or(0, Timestamp::as_millisecond)
}
