//! `credentials export`: saved credentials in a file for another machine, sealed with a passphrase.
//! Sessions stay here: a refresh token that is replaced on each use can live in one place only.

use std::io::Write;
use std::path::Path;

use connector_host::{Connector, Secret};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::{passphrase, sealed_file};
use crate::args::{Export, StoreFile};
use crate::credential::find_saved;
use crate::failure::{Failure, plain};
use crate::json::{present, pretty};
use crate::output::say;
use crate::plugin;
use crate::store::{Location, Saved, Store};

/// Exports the credentials, and returns the text to print: the file itself, or its name.
pub(super) async fn run(of: &Export, store: &StoreFile) -> Result<String, Failure> {
    let (store, chosen) = chosen(of, store)?;
    if let Some(path) = &of.output
        && path.try_exists().unwrap_or(true)
    {
        return Err(exists(path));
    }
    let connector = plugin::open_offline(&of.plugin).await?;
    let documents = chosen.iter().map(|saved| store.document(saved.id));
    let documents = documents.collect::<Result<Vec<_>, _>>()?;
    let text = text(&chosen, &documents);
    let passphrase = passphrase::new(of.passphrase_file.as_ref())?;
    let file = sealed_file::seal(&text, passphrase.expose())?;
    for saved in &chosen {
        warn_of_rotation(saved, &connector);
    }
    let Some(path) = &of.output else {
        return Ok(file);
    };
    write(path, &file)?;
    let names: Vec<_> = chosen.iter().map(|saved| &saved.name).collect();
    Ok(pretty(
        &json!({"exported": names, "file": path.display().to_string()}),
    ))
}

/// The credentials that the command names, each once.
fn chosen(of: &Export, file: &StoreFile) -> Result<(Store, Vec<Saved>), Failure> {
    let location = Location::credentials(file.file.as_deref())?;
    let all = match Store::open_existing(&location)? {
        Some(store) if of.all => {
            let all = store.list()?;
            Some((store, all)).filter(|(_, all)| !all.is_empty())
        }
        _ => None,
    };
    if let Some(all) = all {
        return Ok(all);
    }
    let mut names = of.names.iter();
    let Some(first) = names.next() else {
        return Err(Failure::Input(
            "no credential is saved; `connector connect VENDOR` saves one".to_owned(),
        ));
    };
    let (store, first) = find_saved(file, first)?;
    let mut chosen = vec![first];
    for name in names {
        let (_, saved) = find_saved(file, name)?;
        if !chosen.contains(&saved) {
            chosen.push(saved);
        }
    }
    Ok((store, chosen))
}

/// The content of the file. Joined as text, so that no secret stays behind in a JSON tree.
fn text(chosen: &[Saved], documents: &[Secret]) -> Zeroizing<String> {
    let heads: Vec<_> = chosen
        .iter()
        .map(|saved| {
            let head = present([
                ("name", Some(json!(saved.name))),
                ("description", saved.description.clone().map(Value::from)),
                ("vendor", Some(json!(saved.vendor))),
            ]);
            head.to_string()
        })
        .collect();
    let added = heads.iter().map(|head| head.len() + 32).sum::<usize>() + 32;
    let secret: usize = documents.iter().map(|text| text.expose().len()).sum();
    // Never reallocated, because the old memory would not be zeroized.
    let mut text = Zeroizing::new(String::with_capacity(added + secret));
    text.push_str("{\"credentials\":[");
    for (number, (head, document)) in heads.iter().zip(documents).enumerate() {
        if number > 0 {
            text.push(',');
        }
        text.push_str(head.strip_suffix('}').unwrap_or(head));
        text.push_str(",\"document\":");
        text.push_str(document.expose());
        text.push('}');
    }
    text.push_str("]}");
    text
}

/// Tells a person about a refresh token that must not be used in two places.
fn warn_of_rotation(saved: &Saved, connector: &Connector) {
    let mut vendors = connector.vendors().iter();
    if vendors.any(|vendor| vendor.id == saved.vendor && vendor.durable_state) {
        say(&format!(
            "{}: its token is replaced on each use, so use it on one machine only; once it was \
             used here, enter a new one there with `connector credentials edit`",
            plain(&saved.name)
        ));
    }
}

/// Writes a new file for the user alone.
fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let write = || {
        // Created with mode 0600, exclusively.
        let mut file = tempfile::NamedTempFile::new_in(folder.unwrap_or(Path::new(".")))?;
        writeln!(file, "{text}")?;
        file.as_file().sync_all()?;
        file.persist_noclobber(path).map_err(|error| error.error)
    };
    match write() {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Err(exists(path)),
        Err(error) => Err(Failure::Input(format!(
            "cannot write {}: {error}",
            path.display()
        ))),
    }
}

fn exists(path: &Path) -> Failure {
    Failure::Input(format!(
        "{} exists; name a new file with --output",
        path.display()
    ))
}
