//! `connector credentials`: lists, shows, removes, changes, exports and imports saved credentials,
//! with their secrets masked.

mod change;
mod export;
mod import;
mod passphrase;
mod rekey;
mod sealed_file;

use crate::args::{Credentials, ImportCommand, SavedAction};
use crate::credential::find_saved;
use crate::failure::{Failure, plain};
use crate::json::{self, pretty};
use crate::output::say;
use crate::store::{Location, Saved, Store};
use crate::table::ListFormat;
use crate::terminal::{Terminal, confirm};
use serde_json::{Value, json};

/// Runs the command, and returns the text to print.
pub(crate) async fn run(of: &Credentials) -> Result<String, Failure> {
    let result = match &of.action {
        None | Some(SavedAction::List { .. }) => {
            let store = Store::open_existing(&Location::credentials(of.store.file.as_deref())?)?;
            let saved = store.map_or_else(|| Ok(Vec::new()), |store| store.list())?;
            return Ok(list(of, &saved.iter().map(json::saved).collect()));
        }
        Some(SavedAction::Show { name }) => json::saved(&find_saved(&of.store, name)?.1),
        Some(SavedAction::Remove { name, yes }) => {
            let (store, saved) = find_saved(&of.store, name)?;
            remove(&store, &saved, *yes)?
        }
        Some(SavedAction::Check {
            name,
            plugin,
            network,
        }) => change::check(&of.store, name, plugin, network).await?,
        Some(SavedAction::Rename { name, new, plugin }) => {
            change::rename(&of.store, name, new, plugin).await?
        }
        Some(SavedAction::Edit {
            name,
            description,
            fields,
            check,
            plugin,
            network,
        }) => {
            let edit = change::Edit {
                name,
                description: description.as_deref(),
                fields,
                check: *check,
                plugin,
                network,
            };
            edit.run(&of.store).await?
        }
        Some(SavedAction::Export(export)) => return export::run(export, &of.store).await,
        Some(SavedAction::Import(import)) => import::run(import, &of.store).await?,
        Some(SavedAction::Rekey {
            new_key_file,
            drop_earlier_keys,
        }) => rekey::run(&of.store, new_key_file.as_deref(), *drop_earlier_keys)?,
    };
    Ok(pretty(&result))
}

/// Runs `connector import`, another name of `credentials import`.
pub(crate) async fn import(of: &ImportCommand) -> Result<String, Failure> {
    Ok(pretty(&import::run(&of.import, &of.store).await?))
}

fn list(of: &Credentials, saved: &Value) -> String {
    let format = ListFormat::or_default(of.format());
    if format == ListFormat::Table && *saved == json!([]) {
        say("no credential is saved; `connector connect VENDOR` saves one");
    }
    let columns = [
        ("NAME", "name"),
        ("VENDOR", "vendor"),
        ("DESCRIPTION", "description"),
        ("UPDATED", "updated_at"),
    ];
    format.text(saved, &columns)
}

fn remove(store: &Store, saved: &Saved, yes: bool) -> Result<Value, Failure> {
    if !yes {
        let _terminal =
            Terminal::open("remove asks for confirmation on a terminal; elsewhere use --yes")?;
        let prompt = format!("Remove {:?}? This cannot be undone.", plain(&saved.name));
        if !confirm(&prompt, false)? {
            return Err(Failure::Cancelled);
        }
    }
    store.remove(saved.id)?;
    Ok(json!({"removed": saved.name}))
}
