//! The clear columns of a credential's row, and their hash, to which the secrets are sealed.

use ring::digest::{Context, SHA256};
use rusqlite::{OptionalExtension, Transaction};

use super::StoreError;
use super::seal::{HASH_BYTES, ID_BYTES};

/// Everything that the store keeps of a credential in the clear.
pub(super) struct ClearRow {
    pub(super) id: i64,
    pub(super) seal_id: [u8; ID_BYTES],
    pub(super) name: String,
    pub(super) description: Option<String>,
    pub(super) vendor: String,
    /// The document's fields that are not secret, as JSON text.
    pub(super) fields: String,
    pub(super) created_at_ms: i64,
    pub(super) updated_at_ms: i64,
    /// The names of the secret fields, sorted.
    pub(super) secrets: Vec<String>,
}

impl ClearRow {
    /// Reads the row of a credential, if there is one.
    pub(super) fn read(view: &Transaction<'_>, id: i64) -> Result<Option<Self>, StoreError> {
        let row = view
            .query_row(
                "SELECT seal_id, name, description, vendor, fields, created_at_ms, updated_at_ms \
                 FROM credential WHERE id = ?1",
                [id],
                |row| {
                    Ok(Self {
                        id,
                        seal_id: row.get(0)?,
                        name: row.get(1)?,
                        description: row.get(2)?,
                        vendor: row.get(3)?,
                        fields: row.get(4)?,
                        created_at_ms: row.get(5)?,
                        updated_at_ms: row.get(6)?,
                        secrets: Vec::new(),
                    })
                },
            )
            .optional()?;
        let Some(mut row) = row else {
            return Ok(None);
        };
        let mut query = view.prepare("SELECT member FROM secret WHERE credential = ?1")?;
        let names = query.query_map([id], |row| row.get(0))?;
        row.secrets = names.collect::<Result<_, _>>()?;
        row.secrets.sort_unstable();
        Ok(Some(row))
    }

    /// The SHA-256 of all columns. No two rows have the same input: the numbers come first, and
    /// each text has its length before it.
    pub(super) fn hash(&self) -> [u8; HASH_BYTES] {
        let mut context = Context::new(&SHA256);
        context.update(&self.seal_id);
        for number in [self.id, self.created_at_ms, self.updated_at_ms] {
            context.update(&number.to_be_bytes());
        }
        context.update(&[u8::from(self.description.is_some())]);
        let texts = [
            &self.name,
            self.description.as_deref().unwrap_or_default(),
            &self.vendor,
            &self.fields,
        ];
        let secrets = self.secrets.iter().map(String::as_str);
        for text in texts.into_iter().chain(secrets) {
            context.update(&(text.len() as u64).to_be_bytes());
            context.update(text.as_bytes());
        }
        let mut hash = [0; HASH_BYTES];
        hash.copy_from_slice(context.finish().as_ref());
        hash
    }
}
