//! `credentials rekey`: a new key for the store.

use std::path::Path;

use serde_json::{Value, json};

use crate::args::StoreFile;
use crate::failure::Failure;
use crate::output::say;
use crate::store::{EarlierKeys, KEY_VARIABLE, Location, Rekeyed, Store};

/// Gives the store a new key. Creates no store.
pub(super) fn run(
    store: &StoreFile,
    new_key_file: Option<&Path>,
    drop_earlier_keys: bool,
) -> Result<Value, Failure> {
    let location = Location::credentials(store.file.as_deref())?;
    let file = location.file().display().to_string();
    if Store::open_existing(&location)?.is_none() {
        return Err(Failure::Input(format!("there is no store {file}")));
    }
    let earlier = if drop_earlier_keys {
        EarlierKeys::Drop
    } else {
        EarlierKeys::Keep
    };
    let Rekeyed {
        credentials,
        earlier_keys,
    } = Store::rekey(&location, new_key_file, earlier)?;
    let key = location.key_source();
    if let (true, Some(new)) = (key == KEY_VARIABLE, new_key_file) {
        say(&format!(
            "from now on, set {KEY_VARIABLE} to the key in {}",
            new.display()
        ));
    }
    if earlier_keys > 0 {
        say(&format!(
            "earlier keys stay in {key}, for other stores; once all stores are rekeyed, remove \
             them with --drop-earlier-keys"
        ));
    }
    Ok(json!({
        "rekeyed": file,
        "credentials": credentials,
        "key": key,
        "earlier_keys": earlier_keys,
    }))
}
