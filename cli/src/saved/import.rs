//! `credentials import`: saves the credentials of an export, or of another platform's connection.
//! All of them or none, after the plugin has checked each.

use std::collections::BTreeMap;

use connector_host::{Connector, Vendor};
use serde_json::{Map, Value};

use super::{passphrase, sealed_file::SealedFile};
use crate::args::{Import, StoreFile};
use crate::credential;
use crate::failure::{Failure, plain};
use crate::json;
use crate::plugin;
use crate::store::{Entry, Location, Store};

/// Many thousands of credentials; bounds the memory for a wrong file.
const MAX_FILE_BYTES: u64 = 64 * 1024 * 1024;

/// Imports, and returns the saved credentials with their secrets masked.
pub(super) async fn run(of: &Import, store: &StoreFile) -> Result<Value, Failure> {
    let mut entries = exported(of)?;
    rename(&mut entries, of)?;
    let connector = plugin::open_offline(&of.plugin).await?;
    let mut schemas = BTreeMap::new();
    for entry in &entries {
        let checked = check(entry, &connector, &mut schemas).await;
        checked.map_err(|failure| Failure::Credential {
            name: entry.name.clone(),
            context: "nothing was imported",
            failure: Box::new(failure),
        })?;
    }
    save(entries, &schemas, of.replace, store)
}

/// Saves all or none. The error lists all names that are taken.
pub(super) fn save(
    entries: Vec<Entry>,
    schemas: &BTreeMap<String, Value>,
    replace: bool,
    store: &StoreFile,
) -> Result<Value, Failure> {
    let with_schema = |entry: Entry| {
        let schema = schemas.get(&entry.vendor).unwrap_or(&Value::Null);
        (entry, schema)
    };
    let entries: Vec<_> = entries.into_iter().map(with_schema).collect();
    let store = Store::open(&Location::credentials(store.file.as_deref())?)?;
    let saved = store.save_all(&entries, replace)?;
    Ok(saved.iter().map(json::saved).collect())
}

/// The credentials of an export.
fn exported(of: &Import) -> Result<Vec<Entry>, Failure> {
    let bytes = of.input.bytes(MAX_FILE_BYTES + 1)?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(of.input.failure("is longer than 64 MiB"));
    }
    let text = String::from_utf8_lossy(&bytes);
    let sealed = SealedFile::read(text.trim_start_matches('\u{feff}'));
    let sealed = sealed.map_err(|why| of.input.failure(why))?;
    let passphrase = passphrase::existing(of.passphrase_file.as_ref())?;
    let opened = sealed.open(passphrase.expose())?.ok_or_else(|| {
        of.input
            .failure("does not open with this passphrase; try another")
    })?;
    let content: Option<Value> = serde_json::from_slice(&opened).ok();
    let list = content
        .as_ref()
        .and_then(|content| content.get("credentials"));
    let list = list.and_then(Value::as_array);
    let entries = list.and_then(|list| list.iter().map(entry).collect::<Option<Vec<_>>>());
    // Sealed by a program that writes something else.
    entries.ok_or_else(|| {
        of.input
            .failure("has unknown content; use a newer version of this program")
    })
}

fn entry(of: &Value) -> Option<Entry> {
    let text = |field: &str| of.get(field).and_then(Value::as_str).map(str::to_owned);
    Some(Entry {
        name: text("name")?,
        description: text("description"),
        vendor: text("vendor")?,
        document: of.get("document").filter(|of| of.is_object())?.clone(),
    })
}

/// Gives the credentials the names that the command asks for. No two may have one name.
fn rename(entries: &mut [Entry], of: &Import) -> Result<(), Failure> {
    for (old, new) in of.renames() {
        let Some(entry) = entries.iter_mut().find(|entry| entry.name == old) else {
            return Err(of.input.failure(&plain(&format!(
                "has no credential \"{old}\", which --rename names"
            ))));
        };
        new.clone_into(&mut entry.name);
    }
    let mut names: Vec<_> = entries.iter().map(|entry| entry.name.trim()).collect();
    names.sort_unstable();
    let twice = names.windows(2).find(|pair| pair.first() == pair.last());
    match twice.and_then(|pair| pair.first()) {
        None => Ok(()),
        Some(name) => Err(Failure::Input(plain(&format!(
            "two credentials would get the name \"{name}\"; add --rename OLD=NEW for one of them"
        )))),
    }
}

/// Has the plugin check a credential, and notes the schema of its vendor.
async fn check(
    entry: &Entry,
    connector: &Connector,
    schemas: &mut BTreeMap<String, Value>,
) -> Result<(), Failure> {
    let vendor = credential::vendor(connector, &entry.vendor)?;
    let schema = schema(vendor, connector, schemas).await?;
    let document: Map<_, _> = entry.document.as_object().cloned().unwrap_or_default();
    credential::complete(document, &[], schema, (connector, vendor)).await?;
    Ok(())
}

/// The schema of a vendor, which is read once.
pub(super) async fn schema<'a>(
    vendor: &Vendor,
    connector: &Connector,
    schemas: &'a mut BTreeMap<String, Value>,
) -> Result<&'a Value, Failure> {
    if !schemas.contains_key(&vendor.id) {
        let schema = plugin::schema(connector, vendor, &[]).await?;
        schemas.insert(vendor.id.clone(), schema);
    }
    Ok(schemas.get(&vendor.id).unwrap_or(&Value::Null))
}
