//! `credentials check`, `rename` and `edit`: what needs the vendor's plugin.

use std::time::{Duration, SystemTime};

use connector_host::{Clock, Connector, Inspection, SystemClock};
use serde_json::{Map, Value, json};

use crate::args::{Network, Plugin, StoreFile};
use crate::connect;
use crate::credential::{self, Source, find_saved};
use crate::failure::Failure;
use crate::interrupt;
use crate::json::{self, moment, present};
use crate::output::say;
use crate::plugin;
use crate::store::{Entry, Saved, Store};

/// A month: replacing a key may need another person.
const EXPIRY_WARNING: Duration = Duration::from_hours(30 * 24);

/// Signs in with a credential, and asks the vendor for its reach where the vendor tells.
pub(super) async fn check(
    store: &StoreFile,
    name: &str,
    plugin: &Plugin,
    network: &Network,
) -> Result<Value, Failure> {
    let connector = plugin::open(plugin, network).await?;
    let source = Source::saved(name, store, &connector, None)?;
    let sessions = source.sessions(connector.clone())?;
    let credential = source.credential();
    let access = async {
        sessions.session(&credential).await?;
        if source.vendor().inspection == Inspection::None {
            return Ok(None);
        }
        Ok(Some(sessions.inspect(&credential).await?))
    };
    let access = interrupt::finishing(&sessions, access).await?;
    let expires_at = access
        .as_ref()
        .and_then(|access| access.credential_expires_at);
    if let Some(warning) = expires_at.and_then(|at| warning(at, SystemClock.now())) {
        say(&warning);
    }
    let identity = access.as_ref().and_then(|access| access.identity.clone());
    Ok(present([
        ("name", Some(json!(name.trim()))),
        ("vendor", Some(json!(source.vendor().id))),
        ("accepted", Some(json!(true))),
        ("identity", identity.map(Value::from)),
        ("scopes", access.map(|access| json!(access.scopes))),
        (
            "credential_expires_at",
            expires_at.map(|at| json!(moment(at).to_string())),
        ),
    ]))
}

/// The message about a credential that expires soon.
fn warning(expires_at: SystemTime, now: SystemTime) -> Option<String> {
    let left = expires_at.duration_since(now).unwrap_or_default();
    (left < EXPIRY_WARNING).then(|| {
        format!(
            "the credential expires at {}; replace it before then",
            moment(expires_at)
        )
    })
}

/// Gives a credential another name.
pub(super) async fn rename(
    store: &StoreFile,
    name: &str,
    new: &str,
    plugin: &Plugin,
) -> Result<Value, Failure> {
    let (store, saved) = find_saved(store, name)?;
    let connector = plugin::open_offline(plugin).await?;
    // Secret fields that are left out keep their values.
    let document = saved.fields.clone();
    let entry = entry(&saved, document, Some(new), None);
    update(&store, &saved, &entry, &connector).await
}

/// Edits the fields of a credential: those that the command names, else each in a dialogue.
pub(super) async fn edit(
    store: &StoreFile,
    name: &str,
    description: Option<&str>,
    given: &[String],
    (plugin, network): (&Plugin, &Network),
) -> Result<Value, Failure> {
    let (store, saved) = find_saved(store, name)?;
    let text = store.document(saved.id)?;
    let document: Map<String, Value> = serde_json::from_str(text.expose())
        .map_err(|error| Failure::setup("read the saved credential", error))?;
    let (connector, edited);
    if given.is_empty() && description.is_none() {
        connector = plugin::open(plugin, network).await?;
        let vendor = credential::vendor(&connector, &saved.vendor)?;
        let answers = connect::edit(&connector, vendor, document).await?;
        edited = Value::Object(answers);
    } else {
        connector = plugin::open_offline(plugin).await?;
        let vendor = credential::vendor(&connector, &saved.vendor)?;
        let schema = plugin::schema(&connector, vendor, &[]).await?;
        edited = credential::complete(document, given, &schema, (&connector, vendor)).await?;
    }
    let entry = entry(&saved, edited, None, description);
    update(&store, &saved, &entry, &connector).await
}

fn entry(saved: &Saved, document: Value, name: Option<&str>, description: Option<&str>) -> Entry {
    let description = description
        .map(str::to_owned)
        .or_else(|| saved.description.clone());
    Entry {
        name: name.unwrap_or(&saved.name).to_owned(),
        description,
        vendor: saved.vendor.clone(),
        document,
    }
}

async fn update(
    store: &Store,
    saved: &Saved,
    entry: &Entry,
    connector: &Connector,
) -> Result<Value, Failure> {
    let vendor = credential::vendor(connector, &saved.vendor)?;
    let schema = plugin::schema(connector, vendor, &[]).await?;
    Ok(json::saved(&store.update_version(
        saved.id,
        saved.updated_at,
        entry,
        &schema,
    )?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_that_expires_within_a_month_brings_a_warning() {
        let day = Duration::from_hours(24);
        let now = SystemTime::UNIX_EPOCH + 100 * day;
        for (days, warns) in [(99, true), (101, true), (129, true), (131, false)] {
            let warning = warning(SystemTime::UNIX_EPOCH + days * day, now);
            assert_eq!(warning.is_some(), warns, "{days}");
        }
    }
}
