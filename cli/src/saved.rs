//! `connector credentials`: lists, shows and removes saved credentials. Secrets are masked.

use crate::args::{Credentials, SavedAction};
use crate::connect::{Terminal, confirm};
use crate::failure::{Failure, plain};
use crate::json::{self, pretty};
use crate::store::{Location, Store};
use serde_json::{Value, json};

/// Runs the command, and returns the text to print.
pub(crate) fn run(of: &Credentials) -> Result<String, Failure> {
    let store = Store::open(&Location::credentials(of.store.file.as_deref())?)?;
    let result = match &of.action {
        None | Some(SavedAction::List) => store.list()?.iter().map(json::saved).collect(),
        Some(SavedAction::Show { name }) => json::saved(&store.named(name)?),
        Some(SavedAction::Remove { name, yes }) => remove(&store, name, *yes)?,
    };
    Ok(pretty(&result))
}

fn remove(store: &Store, name: &str, yes: bool) -> Result<Value, Failure> {
    let saved = store.named(name)?;
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
