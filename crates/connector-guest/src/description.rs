//! What a host shows of a vendor: the document of `describe`, whose schema is `wit/describe.schema.json`.

use alloc::string::String;
use alloc::vec::Vec;

use serde::Serialize;

use crate::Text;

/// The description of a vendor for people.
///
/// ```
/// use connector_guest::{Description, Text};
///
/// const DESCRIPTION: Description = Description::new("Acme", "https://acme.example/keys")
///     .summary(Text::new("Reads your orders.", &[("fr", "Lit vos commandes.")]))
///     .sample_call("/v1/orders?limit=1");
/// assert!(DESCRIPTION.to_json(&["fr".into()]).contains("Lit vos commandes."));
/// ```
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Description {
    /// The name, as the vendor writes it.
    pub name: &'static str,
    /// A page where people create the credential, or learn how.
    pub setup_url: &'static str,
    /// One sentence: what a connection is for.
    pub summary: Option<Text>,
    /// What a person needs before the form can be filled in.
    pub prerequisites: &'static [Text],
    /// The documentation of the vendor's API.
    pub documentation_url: Option<&'static str>,
    /// The path of a GET request that shows that a session works and changes nothing.
    pub sample_call: Option<&'static str>,
    /// A PNG image as a data URI, at most 16 KiB long.
    pub icon: Option<&'static str>,
}

impl Description {
    /// A vendor with its name and the page where people create the credential.
    pub const fn new(name: &'static str, setup_url: &'static str) -> Self {
        Self {
            name,
            setup_url,
            summary: None,
            prerequisites: &[],
            documentation_url: None,
            sample_call: None,
            icon: None,
        }
    }

    /// Sets the summary.
    #[must_use]
    pub const fn summary(mut self, summary: Text) -> Self {
        self.summary = Some(summary);
        self
    }

    /// Sets what a person needs first, one sentence each.
    #[must_use]
    pub const fn prerequisites(mut self, prerequisites: &'static [Text]) -> Self {
        self.prerequisites = prerequisites;
        self
    }

    /// Sets the link to the documentation of the API.
    #[must_use]
    pub const fn documentation_url(mut self, url: &'static str) -> Self {
        self.documentation_url = Some(url);
        self
    }

    /// Sets the path and query of a sample call below the base URL. A part in braces is for a person to
    /// fill in.
    #[must_use]
    pub const fn sample_call(mut self, path: &'static str) -> Self {
        self.sample_call = Some(path);
        self
    }

    /// Sets the icon.
    #[must_use]
    pub const fn icon(mut self, data_uri: &'static str) -> Self {
        self.icon = Some(data_uri);
        self
    }

    /// The document, in the best of the languages.
    pub fn to_json(&self, locales: &[String]) -> String {
        let document = Document {
            name: self.name,
            summary: self.summary.map(|text| text.choose(locales)),
            prerequisites: self
                .prerequisites
                .iter()
                .map(|text| text.choose(locales))
                .collect(),
            setup_url: self.setup_url,
            documentation_url: self.documentation_url,
            sample_call: self.sample_call.map(|path| SampleCall { path }),
            icon: self.icon,
        };
        // Strings in a struct always become JSON.
        serde_json::to_string(&document).unwrap_or_default()
    }
}

#[derive(Serialize)]
struct Document {
    name: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    summary: Option<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    prerequisites: Vec<&'static str>,
    setup_url: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    documentation_url: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sample_call: Option<SampleCall>,
    #[serde(skip_serializing_if = "Option::is_none")]
    icon: Option<&'static str>,
}

#[derive(Serialize)]
struct SampleCall {
    path: &'static str,
}
