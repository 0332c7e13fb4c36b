//! Saved credentials and durable sessions, in one SQLite file that several processes can use.
//! Secret fields and sessions are sealed (`store/seal.rs`). An acknowledged change survives a
//! crash: the rollback journal is synced before each commit returns.
//! Knows JSON Schema's `writeOnly` and no vendor.

mod error;
mod format;
mod key;
mod location;
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
pub(crate) use location::{KEY_VARIABLE, Location};
pub(crate) use sessions::StoredSessions;

use crate::schema;
use seal::{Part, Place, Sealer};

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
        Ok(Self { database, sealer })
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
        let seal_id = seal::random()?;
        let change = self.change()?;
        let now = now_ms();
        change
            .execute(
                "INSERT INTO credential (seal_id, name, description, vendor, fields, \
                 created_at_ms, updated_at_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6)",
                params![
                    seal_id,
                    parts.name,
                    parts.description,
                    entry.vendor,
                    parts.fields.to_string(),
                    now
                ],
            )
            .map_err(|error| taken(error, parts.name))?;
        let id = change.last_insert_rowid();
        self.seal(&change, id, seal_id, entry, &parts.secrets)?;
        commit(change, id)
    }

    /// Replaces a credential. A secret field that is missing or `""` keeps its saved value. A
    /// session of another vendor is removed.
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "every edit knows what it edits")
    )]
    pub(crate) fn update(
        &self,
        id: i64,
        entry: &Entry,
        schema: &Value,
    ) -> Result<Saved, StoreError> {
        self.replace(id, None, entry, schema)
    }

    /// Does the same as [`Store::update`], but fails with [`StoreError::Changed`] if the credential
    /// was saved after `version`, the time of the save that is edited.
    pub(crate) fn update_version(
        &self,
        id: i64,
        version: Timestamp,
        entry: &Entry,
        schema: &Value,
    ) -> Result<Saved, StoreError> {
        self.replace(id, Some(version), entry, schema)
    }

    fn replace(
        &self,
        id: i64,
        version: Option<Timestamp>,
        entry: &Entry,
        schema: &Value,
    ) -> Result<Saved, StoreError> {
        let mut parts = Parts::of(entry, schema)?;
        let change = self.change()?;
        let (seal_id, kept) = self.opened(&change, id)?;
        let saved_at_ms: i64 = change.query_row(
            "SELECT updated_at_ms FROM credential WHERE id = ?1",
            [id],
            |row| row.get(0),
        )?;
        if version.is_some_and(|version| version.as_millisecond() != saved_at_ms) {
            return Err(StoreError::Changed);
        }
        for (field, value) in kept {
            let missing = !parts.secrets.iter().any(|(name, _)| *name == field);
            if missing && schema::secret_names(schema).any(|name| *name == field) {
                parts.secrets.push((field, value));
            }
        }
        change
            .execute(
                "UPDATE credential SET name = ?2, description = ?3, vendor = ?4, fields = ?5, \
                 updated_at_ms = ?6 WHERE id = ?1",
                params![
                    id,
                    parts.name,
                    parts.description,
                    entry.vendor,
                    parts.fields.to_string(),
                    // Later than before, even within one millisecond or after the clock was set
                    // back: the time tells one version from the other.
                    now_ms().max(saved_at_ms.saturating_add(1))
                ],
            )
            .map_err(|error| taken(error, parts.name))?;
        change.execute("DELETE FROM secret WHERE credential = ?1", [id])?;
        change.execute(
            "DELETE FROM session WHERE credential = ?1 AND vendor <> ?2",
            params![id, entry.vendor],
        )?;
        self.seal(&change, id, seal_id, entry, &parts.secrets)?;
        commit(change, id)
    }

    /// Removes a credential with its secrets and its session; `false` when there was none.
    pub(crate) fn remove(&self, id: i64) -> Result<bool, StoreError> {
        let change = self.change()?;
        let removed = change.execute("DELETE FROM credential WHERE id = ?1", [id])?;
        change.commit()?;
        Ok(removed > 0)
    }

    /// Returns the whole credential document as JSON text, secrets included.
    pub(crate) fn document(&self, id: i64) -> Result<Secret, StoreError> {
        // One transaction, so that both tables are read at the same time.
        let view = Transaction::new_unchecked(&self.database, TransactionBehavior::Deferred)?;
        let fields: Option<String> = view
            .query_row("SELECT fields FROM credential WHERE id = ?1", [id], |row| {
                row.get(0)
            })
            .optional()?;
        let fields = fields.ok_or(StoreError::Gone)?;
        let (_, secrets) = self.opened(&view, id)?;
        Ok(joined(&fields, &secrets))
    }

    /// Begins a change, after those of other processes.
    fn change(&self) -> Result<Transaction<'_>, StoreError> {
        let change = Transaction::new_unchecked(&self.database, TransactionBehavior::Immediate)?;
        format::still_current(&change)?;
        Ok(change)
    }

    fn seal(
        &self,
        change: &Transaction<'_>,
        id: i64,
        seal_id: [u8; seal::ID_BYTES],
        entry: &Entry,
        secrets: &[(String, Zeroizing<String>)],
    ) -> Result<(), StoreError> {
        let mut insert = change
            .prepare("INSERT INTO secret (credential, member, sealed) VALUES (?1, ?2, ?3)")?;
        for (name, value) in secrets {
            let place = Place {
                seal_id,
                vendor: &entry.vendor,
                part: Part::Field(name),
            };
            let sealed = self.sealer.seal(&place, value.as_bytes())?;
            insert.execute(params![id, name, sealed])?;
        }
        Ok(())
    }

    /// Opens the secret fields of a credential, each as JSON text.
    fn opened(&self, view: &Transaction<'_>, id: i64) -> Result<Opened, StoreError> {
        let (seal_id, vendor): ([u8; seal::ID_BYTES], String) = view
            .query_row(
                "SELECT seal_id, vendor FROM credential WHERE id = ?1",
                [id],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .optional()?
            .ok_or(StoreError::Gone)?;
        let mut query = view.prepare("SELECT member, sealed FROM secret WHERE credential = ?1")?;
        let mut rows = query.query([id])?;
        let mut secrets = Vec::new();
        while let Some(row) = rows.next()? {
            let (name, sealed): (String, Vec<u8>) = (row.get(0)?, row.get(1)?);
            let place = Place {
                seal_id,
                vendor: &vendor,
                part: Part::Field(&name),
            };
            let value = self.sealer.open(&place, &sealed)?;
            secrets.push((name, value));
        }
        Ok((seal_id, secrets))
    }
}

type Opened = ([u8; seal::ID_BYTES], Vec<(String, Zeroizing<String>)>);

/// An entry as it is written.
struct Parts<'a> {
    name: &'a str,
    description: Option<&'a str>,
    fields: Value,
    secrets: Vec<(String, Zeroizing<String>)>,
}

impl<'a> Parts<'a> {
    /// Splits the document. A field that the schema does not have may be secret, so it is sealed.
    fn of(entry: &'a Entry, schema: &Value) -> Result<Self, StoreError> {
        let name = entry.name.trim();
        if !is_name(name) {
            return Err(StoreError::Name);
        }
        let document = entry.document.as_object().ok_or(StoreError::Document)?;
        let open = |field: &str| {
            schema::is_field(schema, field)
                && !schema::secret_names(schema).any(|name| name == field)
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
        let description = entry.description.as_deref().map(str::trim);
        Ok(Self {
            name,
            description: description.filter(|text| !text.is_empty()),
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
    let saved = change.query_row(&format!("{COLUMNS} WHERE id = ?1"), [id], saved)?;
    change.commit()?;
    Ok(saved)
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
