//! Templates of strings, and the values that fill them in.

use alloc::string::String;
use alloc::vec::Vec;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::Pair;
use crate::secret::{Secret, SecretBytes};

/// A string with places for values.
pub type Template = &'static [Piece];

/// A part of a template.
#[derive(Debug, Clone, Copy)]
pub enum Piece {
    /// Text as it is.
    Text(&'static str),
    /// The value with this index.
    Value(usize),
}

/// The values of a credential, one for each field of the form. An empty one stands for none.
#[derive(Debug)]
pub struct Values(Vec<Secret>);

impl Values {
    pub(super) fn with_capacity(values: usize) -> Self {
        Self(Vec::with_capacity(values))
    }

    pub(super) fn push(&mut self, value: Secret) {
        self.0.push(value);
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn value(&self, at: usize) -> &str {
        self.0.get(at).map_or("", Secret::expose)
    }

    /// Fills in the template. `None` where a value is missing.
    pub(super) fn render(&self, template: Template) -> Option<Secret> {
        let has_all = template.iter().all(|piece| !self.part(*piece).is_empty());
        has_all.then(|| Secret::new(self.text(template)))
    }

    /// Fills in the template, where no value can be missing.
    pub(super) fn text(&self, template: Template) -> String {
        // Long enough from the start: growing would leave copies of a secret behind.
        let parts = || template.iter().map(|piece| self.part(*piece));
        let mut text = String::with_capacity(parts().map(str::len).sum());
        for part in parts() {
            text.push_str(part);
        }
        text
    }

    /// Fills in the templates, and leaves out those in which a value is missing.
    pub(super) fn pairs(&self, pairs: &[Pair]) -> Vec<(&'static str, Secret)> {
        let mut rendered = Vec::with_capacity(pairs.len());
        for (name, template) in pairs {
            rendered.extend(self.render(template).map(|value| (*name, value)));
        }
        rendered
    }

    /// A user name and a password as HTTP Basic encodes them (RFC 7617 §2).
    pub(super) fn basic(&self, user: Template, password: Template) -> Secret {
        let (user, password) = (self.value_of(user), self.value_of(password));
        let mut pair =
            SecretBytes::with_capacity(user.expose().len() + 1 + password.expose().len());
        pair.buffer().extend_from_slice(user.expose().as_bytes());
        pair.buffer().push(b':');
        pair.buffer()
            .extend_from_slice(password.expose().as_bytes());
        Secret::new(STANDARD.encode(pair.expose()))
    }

    fn value_of(&self, template: Template) -> Secret {
        Secret::new(self.text(template))
    }

    fn part(&self, piece: Piece) -> &str {
        match piece {
            Piece::Text(text) => text,
            Piece::Value(at) => self.value(at),
        }
    }
}
