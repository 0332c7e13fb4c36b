//! The credential of a command: read from a file, or from the store by its name. For a saved one,
//! sessions of vendors with `durable-state` are in the store.

use std::env;
use std::sync::{Arc, Mutex};

use connector_host::{
    CallError, Connector, ConnectorError, Credential, Secret, Session, SessionStore, Sessions,
    Vendor,
};
use serde_json::{Map, Value};

use crate::args;
use crate::failure::{Failure, plain};
use crate::fields;
use crate::input::Input;
use crate::interrupt;
use crate::json::{self, MASK};
use crate::locale;
use crate::plugin;
use crate::shell;
use crate::store::{self, Location, Store, StoreError, StoredSessions};

/// A credential document, and its place in the store if it is saved.
pub(crate) struct Source<'a> {
    vendor: &'a Vendor,
    document: Secret,
    saved: Option<Saved>,
}

/// The place of a saved credential.
struct Saved {
    /// Stays the same when the credential is edited.
    id: String,
    sessions: Arc<dyn SessionStore>,
}

impl Saved {
    fn new(store: Store, id: i64) -> Self {
        Self {
            id: id.to_string(),
            sessions: Arc::new(StoredSessions::new(Arc::new(Mutex::new(store)))),
        }
    }
}

impl<'a> Source<'a> {
    /// Reads the credential, and sets the fields that the command names. Only for a saved one the
    /// vendor need not be named; a named one must be that of the saved credential.
    pub(crate) async fn read(
        from: &args::Credential,
        connector: &'a Connector,
        named: Option<&str>,
    ) -> Result<Self, Failure> {
        let named = named.map(|id| vendor(connector, id)).transpose()?;
        let mut source = match (&from.source.saved, named) {
            (Some(name), _) => Self::saved(name, &from.store, connector, named)?,
            (None, Some(vendor)) => {
                let document = from.source.document.as_ref().map(Input::text);
                Self {
                    vendor,
                    document: document.transpose()?.unwrap_or_else(|| "{}".into()).into(),
                    saved: None,
                }
            }
            (None, None) => {
                return Err(Failure::Usage("name the VENDOR, or use --saved".into()));
            }
        };
        let fields = &from.source.fields;
        if !fields.is_empty() {
            source.set(fields, connector).await?;
        }
        if let Some(input) = &from.source.document
            && holds_mask(source.document())
        {
            return Err(input.failure(&format!(
                "holds the mask {MASK} in place of a secret; put the secret itself there, or use \
                 the saved credential with --saved NAME"
            )));
        }
        Ok(source)
    }

    /// Reads the saved credential of this name. A named vendor must be its own.
    pub(crate) fn saved(
        name: &str,
        store: &args::StoreFile,
        connector: &'a Connector,
        named: Option<&'a Vendor>,
    ) -> Result<Self, Failure> {
        let (store, saved) = find_saved(store, name)?;
        let vendor = match named {
            None => vendor(connector, &saved.vendor)?,
            Some(vendor) if vendor.id == saved.vendor => vendor,
            Some(vendor) => {
                return Err(Failure::Input(plain(&format!(
                    "the saved credential {:?} is for the vendor {}, not {}",
                    saved.name, saved.vendor, vendor.id
                ))));
            }
        };
        let document = store.document(saved.id)?;
        Ok(Self {
            vendor,
            document,
            saved: Some(Saved::new(store, saved.id)),
        })
    }

    /// A saved credential with a document that replaces its own, once the vendor accepts it.
    pub(crate) fn edited(
        document: Secret,
        store: &args::StoreFile,
        saved: &store::Saved,
        vendor: &'a Vendor,
    ) -> Result<Self, Failure> {
        let (store, _) = find_saved(store, &saved.name)?;
        Ok(Self {
            vendor,
            document,
            saved: Some(Saved::new(store, saved.id)),
        })
    }

    async fn set(&mut self, fields: &[String], connector: &Connector) -> Result<(), Failure> {
        let schema = plugin::schema(connector, self.vendor, &[]).await?;
        let mut document = serde_json::from_str::<Map<String, Value>>(self.document.expose())
            .map_err(|_| {
                Failure::Input(
                    "the credential is not a JSON object; --field sets its fields".into(),
                )
            })?;
        fields::set(&mut document, fields, &schema, |name| env::var_os(name))?;
        self.document = Value::Object(document).to_string().into();
        Ok(())
    }

    /// The vendor of the credential.
    pub(crate) fn vendor(&self) -> &'a Vendor {
        self.vendor
    }

    /// The document, a JSON text.
    pub(crate) fn document(&self) -> &str {
        self.document.expose()
    }

    /// The credential as [`Sessions`] takes it.
    pub(crate) fn credential(&self) -> Credential<'_> {
        let credential = Credential::new(&self.vendor.id, self.document());
        match &self.saved {
            Some(saved) => credential.with_id(&saved.id),
            None => credential,
        }
    }

    /// The sessions of this credential. Those with a durable state are in the store.
    pub(crate) fn sessions(&self, connector: Connector) -> Result<Sessions, Failure> {
        let sessions = match &self.saved {
            Some(saved) => Sessions::with_store(connector, Arc::clone(&saved.sessions)),
            None => Sessions::new(connector),
        };
        sessions.map_err(|error| Failure::setup("keep sessions", error))
    }

    /// Replaces a printed session. With `durable-state` it replaces the stored session, which is
    /// newer than any printed one.
    pub(crate) async fn refresh(
        &self,
        connector: &Connector,
        printed: &Session,
    ) -> Result<Arc<Session>, Failure> {
        if self.vendor.durable_state {
            let sessions = self.sessions(connector.clone())?;
            let renewed = async { Ok(sessions.renew(&self.credential()).await?) };
            return interrupt::finishing(&sessions, renewed).await;
        }
        let id = &self.vendor.id;
        let session = connector.refresh(id, self.document(), printed).await?;
        Ok(Arc::new(session))
    }
}

/// The saved credential of this name, and its store. Creates no store.
pub(crate) fn find_saved(
    store: &args::StoreFile,
    name: &str,
) -> Result<(Store, store::Saved), Failure> {
    let file = store.file.as_deref();
    if let Some(store) = Store::open_existing(&Location::credentials(file)?)?
        && let Some(saved) = store.find(name)?
    {
        return Ok((store, saved));
    }
    let unknown = StoreError::UnknownName {
        name: name.trim().to_owned(),
        store: shell::option("--store", file),
    };
    Err(unknown.into())
}

/// Whether a document is a copy of one that was shown with its secrets masked.
fn holds_mask(document: &str) -> bool {
    // Parsed only then, because a tree of JSON is a copy of the secrets that is not zeroized.
    document.contains(MASK)
        && serde_json::from_str(document).is_ok_and(|json| !json::masked(&json).is_empty())
}

/// Fails if a field of a document is the mask of a secret, copied from where the secret is not
/// shown.
pub(crate) fn refuse_masks(document: &Value) -> Result<(), CallError> {
    let issues = json::mask_issues(document, |_| true);
    if issues.is_empty() {
        return Ok(());
    }
    Err(ConnectorError::InvalidCredential(issues).into())
}

/// Sets the fields that a command names in a document that will be saved, and has the plugin check
/// it. No request is sent.
pub(crate) async fn complete(
    mut document: Map<String, Value>,
    fields: &[String],
    schema: &Value,
    (connector, vendor): (&Connector, &Vendor),
) -> Result<Value, Failure> {
    fields::set(&mut document, fields, schema, |name| env::var_os(name))?;
    let document = Value::Object(document);
    refuse_masks(&document)?;
    connector
        .validate(&vendor.id, &document.to_string(), &locale::preferred())
        .await?;
    Ok(document)
}

/// The vendor of this id. The error lists the known vendors, and suggests one.
pub(crate) fn vendor<'a>(connector: &'a Connector, id: &str) -> Result<&'a Vendor, Failure> {
    let vendors = connector.vendors();
    let ids = vendors.iter().map(|vendor| &*vendor.id);
    vendors
        .iter()
        .find(|vendor| vendor.id == id)
        .ok_or_else(|| Failure::unknown_vendor(ids, id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_masked_document_holds_a_mask() {
        for (document, expected) in [
            (r#"{"id":"a","key":"********"}"#, true),
            (r#"{"name":"a","credential":{"key":"********"}}"#, true),
            (r#"{"id":"a","key":"a********"}"#, false),
            (r#"{"********":"a"}"#, false),
            (r#"{"key":"********""#, false),
            ("", false),
        ] {
            assert_eq!(holds_mask(document), expected, "{document}");
        }
    }
}
