//! `connect` without a person: the document from standard input, the fields from arguments and the
//! environment. The plugin checks it, and no request is sent.

use serde_json::{Map, Value};

use super::congratulate;
use crate::args::Connect;
use crate::failure::Failure;
use crate::input::Input;
use crate::store::{Entry, Location, Store};
use crate::{credential, json, locale, plugin};

/// Saves, and returns the saved credential with its secrets masked.
pub(super) async fn run(of: &Connect) -> Result<String, Failure> {
    let name = of.name.clone().ok_or_else(|| {
        Failure::Usage("without a dialogue, name the credential with --name".to_owned())
    })?;
    let document = of.stdin.then(|| Input::Stdin.text()).transpose()?;
    let connector = plugin::open_offline(&of.target.plugin).await?;
    let vendor = credential::vendor(&connector, &of.target.vendor)?;
    let locales = locale::preferred();
    let schema = plugin::schema(&connector, vendor, &locales).await?;
    let document: Map<String, Value> = match document {
        Some(text) => serde_json::from_str(&text).map_err(|error| {
            Input::Stdin.failure(&format!(
                "is not a JSON object (line {}, column {})",
                error.line(),
                error.column()
            ))
        })?,
        None => Map::new(),
    };
    let plugin = (&connector, vendor);
    let document = credential::complete(document, &of.fields, &schema, plugin).await?;
    let store = Store::open(&Location::credentials(of.store.file.as_deref())?)?;
    let entry = Entry {
        name,
        description: of.description.clone(),
        vendor: vendor.id.clone(),
        document,
    };
    let saved = store.save(&entry, &schema)?;
    congratulate(&saved, of);
    Ok(json::pretty(&json::saved(&saved)))
}
