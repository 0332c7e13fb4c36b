//! What a vendor is to the connector, and the table of vendors. A third one is a file, a schema, a row here and a variant beside.

pub mod contentsquare;
pub mod hotjar;

use alloc::string::String;
use alloc::vec::Vec;

use enum_dispatch::enum_dispatch;

use crate::access::Access;
use crate::base_url;
use crate::credential::Form;
use crate::error::Error;
use crate::http::Request;
use crate::reply::Members;
use crate::secret::Secret;
use crate::token;
use crate::verdict::{self, Verdict};

/// The vendors, in the order to show them.
pub static VENDORS: [Known; 2] = [
    Known::Hotjar(hotjar::Hotjar),
    Known::Contentsquare(contentsquare::Contentsquare),
];

/// One of the vendors. A trait object would be called through the module's table, of which each call would then write a page that is cleared after it.
#[enum_dispatch(Vendor)]
pub enum Known {
    /// See [`hotjar`].
    Hotjar(hotjar::Hotjar),
    /// See [`contentsquare`].
    Contentsquare(contentsquare::Contentsquare),
}

/// Finds a vendor by its id.
pub fn find(id: &str) -> Result<&'static Known, Error> {
    VENDORS
        .iter()
        .find(|vendor| vendor.about().id == id)
        .ok_or(Error::UnknownVendor)
}

/// What a host is told of a vendor. The contract of each field is in `wit/types.wit`.
#[derive(Debug)]
pub struct About {
    /// The vendor's id.
    pub id: &'static str,
    /// The name that people know.
    pub display_name: &'static str,
    /// Where people learn how to get the credential.
    pub setup_url: &'static str,
    /// The origins that are needed.
    pub origins: &'static [&'static str],
    /// How many API calls at a time for one project.
    pub calls_at_once: Option<u32>,
}

/// What is particular to a vendor. The defaults are those of RFC 6749 and RFC 6750.
#[enum_dispatch]
pub trait Vendor {
    /// What a host is told.
    fn about(&self) -> &'static About;

    /// The JSON Schema of the credential document: the same rules as in [`Vendor::grant`], for a form.
    fn schema(&self) -> &'static str;

    /// Reads a credential document, in the order of the form, into what the grant needs. `None` only where a problem was noted.
    fn grant(&self, form: &mut Form) -> Option<Grant>;

    /// The project that the token reaches: the one that was asked for, if any. Vendors without projects need nothing here.
    fn project(&self, asked: Option<u64>, _members: &mut Members) -> Result<Option<u64>, Error> {
        Ok(asked)
    }

    /// Reads only who the credential is, into the request that asks what it reaches. By default the grant itself.
    fn inspection(&self, form: &mut Form) -> Option<Request> {
        self.grant(form).map(|grant| grant.request)
    }

    /// Reads the answer to [`Vendor::inspection`]. By default a token reply, which may name scopes.
    fn access(&self, members: &mut Members) -> Result<Access, Error> {
        let token = token::read(members)?;
        Ok(Access {
            scopes: token.scopes.unwrap_or_default(),
            ..Access::default()
        })
    }

    /// What a code in a failed answer means, if it says anything about the session.
    fn meaning(&self, code: &str) -> Option<Verdict> {
        verdict::bearer_meaning(code)
    }
}

/// Who the credential is.
pub struct Client {
    /// `client_id` of RFC 6749 §2.2.
    pub id: Secret,
    /// `client_secret` of RFC 6749 §2.3.1.
    pub secret: Secret,
}

impl Client {
    /// Takes both from the form.
    pub fn read(form: &mut Form) -> Option<Self> {
        let id = form.text("client_id");
        let secret = form.text("client_secret");
        Some(Self {
            id: id?,
            secret: secret?,
        })
    }
}

/// One request for a token, and how to read the answer.
pub struct Grant {
    /// What to send.
    pub request: Request,
    /// The scopes asked for: those granted, when the answer names none (RFC 6749 §5.1).
    pub scopes: Vec<&'static str>,
    /// The project asked for.
    pub project: Option<u64>,
    /// Where API calls go.
    pub base_url: BaseUrl,
}

/// Where API calls of a session go.
pub enum BaseUrl {
    /// Always here.
    Fixed(&'static str),
    /// Where the reply says, within a domain of the vendor's.
    Named {
        /// The member of the reply.
        member: &'static str,
        /// The domain.
        domain: &'static str,
    },
}

impl BaseUrl {
    /// Settles the base URL with the reply.
    pub fn read(&self, members: &mut Members) -> Result<String, Error> {
        match *self {
            Self::Fixed(url) => Ok(url.into()),
            Self::Named { member, domain } => members
                .take_text(member)?
                .and_then(|text| base_url::parse(&text, domain))
                .ok_or_else(|| members.unintelligible(member)),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn every_text_of_every_form_has_the_same_rules() {
        let mut rules = Vec::new();
        for vendor in &VENDORS {
            let schema: Value = serde_json::from_str(vendor.schema()).unwrap();
            for name in ["client_id", "client_secret"] {
                let field = &schema["properties"][name];
                rules.push(["minLength", "maxLength", "pattern"].map(|rule| field[rule].clone()));
            }
        }
        assert_eq!(rules.len(), 2 * VENDORS.len());
        assert!(rules.iter().all(|rule| *rule == rules[0]), "{rules:?}");
        assert!(rules[0].iter().all(|rule| !rule.is_null()), "{rules:?}");
    }
}
