//! `credentials import`: saves the credentials of an export, or of another platform's connection.
//! All of them or none, after the plugin has checked each.

use std::collections::BTreeMap;

use connector_host::{Connector, Vendor};
use serde_json::{Map, Value, json};

use super::passphrase;
use super::sealed_file::SealedFile;
use crate::args::{Import, StoreFile};
use crate::credential;
use crate::failure::{Failure, plain};
use crate::json;
use crate::output::say;
use crate::platform::{self, Named, Platform};
use crate::plugin;
use crate::store::{Entry, Location, Store, StoreError};

/// Many thousands of credentials; bounds the memory for a wrong file.
const MAX_FILE_BYTES: u64 = 64 * 1024 * 1024;

/// Imports, and returns the saved credentials with their secrets masked.
pub(super) async fn run(of: &Import, store: &StoreFile) -> Result<Value, Failure> {
    if let Some(platform) = of.from {
        return converted(of, platform, store).await;
    }
    let mut entries = exported(of)?;
    rename(&mut entries, of)?;
    let connector = plugin::open_offline(&of.plugin).await?;
    let mut schemas = BTreeMap::new();
    for entry in &entries {
        let checked = check(entry, &connector, &mut schemas).await;
        checked.map_err(|failure| about(entry, failure))?;
    }
    save(entries, &schemas, of.replace, store)
}

/// Imports the connection that another platform stored, and names each change.
async fn converted(of: &Import, platform: Platform, store: &StoreFile) -> Result<Value, Failure> {
    let stored: Value = serde_json::from_str(&of.input.text()?).map_err(|error| {
        of.input.failure(&format!(
            "is not JSON (line {}, column {})",
            error.line(),
            error.column()
        ))
    })?;
    let connector = plugin::open_offline(&of.plugin).await?;
    let vendor = credential::vendor(&connector, of.vendor.as_deref().unwrap_or_default())?;
    let mut schemas = BTreeMap::new();
    let schema = schema(vendor, &connector, &mut schemas).await?;
    let converted = platform::convert(platform, &stored, schema).map_err(|problems| {
        let lines = problems
            .iter()
            .map(|problem| format!("\n  {}", problem.line()));
        let lines = lines.collect::<String>();
        of.input.failure(&format!("cannot be converted:{lines}"))
    })?;
    let entry = Entry {
        name: of.name.clone().or(converted.name).ok_or_else(|| {
            Failure::Usage("the file has no name for the credential; add --name NAME".to_owned())
        })?,
        description: of.description.clone(),
        vendor: vendor.id.clone(),
        document: Value::Object(converted.document),
    };
    let checked = check(&entry, &connector, &mut schemas).await;
    checked.map_err(|failure| about(&entry, failure))?;
    let name = entry.name.clone();
    let mut saved = match save(vec![entry], &schemas, of.replace, store) {
        // Its own advice is for an export.
        Err(Failure::Store(StoreError::NamesTaken(_))) => {
            return Err(StoreError::NameTaken(name).into());
        }
        saved => saved?,
    };
    for change in &converted.changes {
        say(&change.line());
    }
    let changes = converted.changes.iter();
    let change = |change: &Named| json!({"field": change.member, "change": change.text});
    let mut saved = saved.get_mut(0).map(Value::take).unwrap_or_default();
    let changes: Value = changes.map(change).collect();
    json::extend(&mut saved, json!({"changes": changes}));
    Ok(saved)
}

fn about(entry: &Entry, failure: Failure) -> Failure {
    Failure::Credential {
        name: entry.name.clone(),
        context: "nothing was imported",
        failure: Box::new(failure),
    }
}

/// Saves all or none. The error lists all names that are taken.
fn save(
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
async fn schema<'a>(
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
