//! The credential of a command: read from a file, or from the store by its name. For a saved one,
//! sessions of vendors with `durable-state` are in the store.

use std::sync::{Arc, Mutex};

use connector_host::{Connector, Credential, Secret, Session, SessionStore, Sessions, Vendor};

use crate::args;
use crate::failure::{Failure, plain};
use crate::json::{self, MASK};
use crate::saved;
use crate::store::{Location, Store, StoredSessions};

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

impl<'a> Source<'a> {
    /// Reads the credential. A saved one must be of this vendor.
    pub(crate) fn read(from: &args::Credential, vendor: &'a Vendor) -> Result<Self, Failure> {
        if let Some(input) = &from.source.document {
            let document = input.text()?;
            if holds_mask(&document) {
                return Err(input.failure(&format!(
                    "holds the mask {MASK} in place of a secret; put the secret itself there, or \
                     use the saved credential with --saved NAME"
                )));
            }
            return Ok(Self {
                vendor,
                document: document.into(),
                saved: None,
            });
        }
        let store = Store::open(&Location::credentials(from.store.file.as_deref())?)?;
        let saved = saved::named(&store, from.source.saved.as_deref().unwrap_or_default())?;
        if saved.vendor != vendor.id {
            return Err(Failure::Input(plain(&format!(
                "the saved credential {:?} is for the vendor {}, not {}",
                saved.name, saved.vendor, vendor.id
            ))));
        }
        let document = store.document(saved.id)?;
        let sessions = StoredSessions::new(Arc::new(Mutex::new(store)));
        Ok(Self {
            vendor,
            document,
            saved: Some(Saved {
                id: saved.id.to_string(),
                sessions: Arc::new(sessions),
            }),
        })
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
            return Ok(sessions.renew(&self.credential()).await?);
        }
        let id = &self.vendor.id;
        let session = connector.refresh(id, self.document(), printed).await?;
        Ok(Arc::new(session))
    }
}

/// Whether a document is a copy of one that was shown with its secrets masked.
fn holds_mask(document: &str) -> bool {
    // Parsed only then, because a tree of JSON is a copy of the secrets that is not zeroized.
    document.contains(MASK)
        && serde_json::from_str(document).is_ok_and(|json| !json::masked(&json).is_empty())
}

/// The vendor of this id. The error lists the known vendors.
pub(crate) fn vendor<'a>(connector: &'a Connector, id: &str) -> Result<&'a Vendor, Failure> {
    let vendors = connector.vendors();
    let ids = || vendors.iter().map(|vendor| vendor.id.clone()).collect();
    vendors
        .iter()
        .find(|vendor| vendor.id == id)
        .ok_or_else(|| Failure::UnknownVendor(ids()))
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
