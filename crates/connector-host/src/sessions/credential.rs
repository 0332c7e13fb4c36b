//! [`Credential`]: a credential document and its identity, as [`Sessions`](crate::Sessions) takes
//! it.

use std::fmt;

/// A credential: its vendor, its document, and the id by which the platform knows it.
///
/// The `Debug` of a credential hides the document.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Credential<'a> {
    /// The vendor's id.
    pub vendor: &'a str,
    /// An id that stays the same when the document is edited, unique within the vendor: the id of
    /// the row in the platform's store. Without one, each document is a credential of its own.
    pub id: Option<&'a str>,
    /// The credential document, a JSON string.
    pub document: &'a str,
}

impl<'a> Credential<'a> {
    /// A credential without an id: it is identified by a keyed hash of its document.
    pub const fn new(vendor: &'a str, document: &'a str) -> Self {
        Self {
            vendor,
            id: None,
            document,
        }
    }

    /// Sets the stable [id](Credential::id). A vendor with `durable-state` requires one.
    #[must_use]
    pub const fn with_id(mut self, id: &'a str) -> Self {
        self.id = Some(id);
        self
    }
}

impl fmt::Debug for Credential<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Credential")
            .field("vendor", &self.vendor)
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}
