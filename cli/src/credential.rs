//! The credential of a command: read from a file, or from the store by its name. For a saved one,
//! sessions of vendors with `durable-state` are in the store.

use std::sync::{Arc, Mutex};

use connector_host::{Connector, Credential, Secret, Session, SessionStore, Sessions, Vendor};

use crate::args;
use crate::failure::{Failure, plain};
use crate::input::Input;
use crate::saved;
use crate::store::{self, StoredSessions};

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
        match &from.source.document {
            Some(document) => Self::given(document, vendor),
            None => Self::saved(from, |saved| {
                if saved.vendor == vendor.id {
                    return Ok(vendor);
                }
                Err(Failure::Input(plain(&format!(
                    "the saved credential {:?} is for the vendor {}, not {}",
                    saved.name, saved.vendor, vendor.id
                ))))
            }),
        }
    }

    /// Reads the credential of a vendor that only a saved credential may leave out.
    pub(crate) fn find(
        from: &args::Credential,
        connector: &'a Connector,
        named: Option<&str>,
    ) -> Result<Self, Failure> {
        match named {
            Some(id) => Self::read(from, vendor(connector, id)?),
            None => Self::saved(from, |saved| vendor(connector, &saved.vendor)),
        }
    }

    fn given(document: &Input, vendor: &'a Vendor) -> Result<Self, Failure> {
        Ok(Self {
            vendor,
            document: document.text()?.into(),
            saved: None,
        })
    }

    fn saved(
        from: &args::Credential,
        vendor_of: impl FnOnce(&store::Saved) -> Result<&'a Vendor, Failure>,
    ) -> Result<Self, Failure> {
        let name = from.source.saved.as_deref().unwrap_or_default();
        let (store, saved) = saved::named(&from.store, name)?;
        let vendor = vendor_of(&saved)?;
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
            return Ok(sessions.renew(&self.credential()).await?);
        }
        let id = &self.vendor.id;
        let session = connector.refresh(id, self.document(), printed).await?;
        Ok(Arc::new(session))
    }
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
