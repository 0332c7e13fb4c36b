//! `credentials check`, `rename` and `edit`: what needs the vendor's plugin.

use std::time::{Duration, SystemTime};

use connector_host::{Access, Clock, Connector, Inspection, SystemClock};
use serde_json::{Map, Value, json};

use crate::args::{Network, Plugin, StoreFile};
use crate::connect;
use crate::credential::{self, Source, find_saved};
use crate::failure::Failure;
use crate::interrupt;
use crate::json::{self, moment, present};
use crate::output::say;
use crate::plugin;
use crate::store::{self, Entry, Saved, Store};

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
    let access = accepted(&source, &connector).await?;
    let expires_at = access
        .as_ref()
        .and_then(|access| access.credential_expires_at);
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

/// Signs in, and returns the reach of the credential where the vendor tells. Warns of its expiry.
async fn accepted(source: &Source<'_>, connector: &Connector) -> Result<Option<Access>, Failure> {
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
    Ok(access)
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

/// An edit of the fields of a credential: those that the command names, else each in a dialogue.
pub(super) struct Edit<'a> {
    /// The name of the credential.
    pub(super) name: &'a str,
    /// The new description.
    pub(super) description: Option<&'a str>,
    /// The fields to set.
    pub(super) fields: &'a [String],
    /// Whether the vendor must accept the result.
    pub(super) check: bool,
    /// The plugin.
    pub(super) plugin: &'a Plugin,
    /// The way to the vendor.
    pub(super) network: &'a Network,
}

impl Edit<'_> {
    /// Edits the credential. It stays as it is until the vendor has accepted the new values, if it
    /// is asked.
    pub(super) async fn run(&self, place: &StoreFile) -> Result<Value, Failure> {
        let (store, saved) = find_saved(place, self.name)?;
        let text = store.document(saved.id)?;
        let document: Map<String, Value> = serde_json::from_str(text.expose())
            .map_err(|error| Failure::setup("read the saved credential", error))?;
        let is_dialogue = self.fields.is_empty() && self.description.is_none();
        let connector = if is_dialogue || self.check {
            plugin::open(self.plugin, self.network).await?
        } else {
            plugin::open_offline(self.plugin).await?
        };
        let vendor = credential::vendor(&connector, &saved.vendor)?;
        let schema = plugin::schema(&connector, vendor, &[]).await?;
        let edited = if is_dialogue {
            Value::Object(connect::edit(&connector, vendor, document).await?)
        } else {
            credential::complete(document, self.fields, &schema, (&connector, vendor)).await?
        };
        if self.check {
            let document = store::text(&edited, &schema)?;
            let source = Source::edited(document, place, &saved, vendor)?;
            let accepted = accepted(&source, &connector).await;
            accepted.map_err(|failure| Failure::Credential {
                name: saved.name.clone(),
                context: "the saved credential stays as it was",
                failure: Box::new(failure),
            })?;
        }
        let entry = entry(&saved, edited, None, self.description);
        update(&store, &saved, &entry, &connector).await
    }
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
