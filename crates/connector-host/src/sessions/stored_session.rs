//! The text of a stored session: [`Session::to_stored`] with the mark of the document to which the
//! session belongs, which tells after a restart whether the document was edited.

use std::fmt::Write;

use ring::hmac;
use serde::Deserialize;

use crate::error::StoreError;
use crate::secret::Secret;
use crate::types::Session;

/// A session from a store.
pub(super) struct StoredSession {
    pub(super) session: Session,
    mark: Option<String>,
}

/// The field that is added to the JSON of a session.
#[derive(Deserialize)]
struct Marked {
    document: Option<String>,
}

impl StoredSession {
    /// The text to store.
    pub(super) fn write(session: &Session, document: &str) -> Secret {
        let text = session.to_stored();
        let Some(open) = text.expose().strip_suffix('}') else {
            return text;
        };
        Secret::new(format!(
            r#"{open},"document":"{}"}}"#,
            mark(session, document)
        ))
    }

    /// Reads a stored text; one without a mark belongs to no known document.
    pub(super) fn read(text: &Secret) -> Result<Self, StoreError> {
        let unreadable = || StoreError::new("the stored session is unreadable");
        let session = Session::from_stored(text).map_err(|_| unreadable())?;
        let marked: Marked = serde_json::from_str(text.expose()).map_err(|_| unreadable())?;
        Ok(Self {
            session,
            mark: marked.document,
        })
    }

    /// Whether the session was issued for this document.
    pub(super) fn is_of(&self, document: &str) -> bool {
        self.mark.as_deref() == Some(&*mark(&self.session, document))
    }
}

/// A hash of the document, keyed with the token: who reads it, but not the token, cannot try out
/// documents.
fn mark(session: &Session, document: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, session.access_token.expose().as_bytes());
    let mut text = String::new();
    for byte in hmac::sign(&key, document.as_bytes()).as_ref() {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sessions::testing::durable;

    #[test]
    fn a_stored_session_knows_its_document() {
        let text = StoredSession::write(&durable("tok;en 1", "sta;te 1", 1000), r#"{"a":1}"#);
        let stored = StoredSession::read(&text).unwrap();
        assert_eq!(stored.session.access_token.expose(), "tok;en 1");
        assert!(stored.is_of(r#"{"a":1}"#));
        assert!(!stored.is_of(r#"{"a": 1}"#));
    }

    #[test]
    fn a_session_that_another_program_stored_belongs_to_no_document() {
        let text = durable("tok;en 1", "sta;te 1", 1000).to_stored();
        let stored = StoredSession::read(&text).unwrap();
        assert_eq!(stored.session.state.as_ref().unwrap().expose(), "sta;te 1");
        assert!(!stored.is_of(r#"{"a":1}"#));
    }

    #[test]
    fn a_damaged_text_is_an_error() {
        for text in ["", "{}", "null", "tulip without JSON"] {
            assert!(StoredSession::read(&Secret::new(text)).is_err(), "{text}");
        }
    }
}
