//! What a host shows of a vendor: the document of `describe`, whose schema is
//! `wit/describe.schema.json`.

use alloc::string::String;
use alloc::vec::Vec;

use crate::Text;
use crate::json::write_string;

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
    /// The purpose of a connection, in one sentence.
    pub summary: Option<Text>,
    /// The prerequisites for filling in the form.
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

    /// Sets the prerequisites, one sentence each.
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

    /// Sets the path and query of a sample call below the base URL. A part in braces is for a
    /// person to fill in.
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
        let mut json = Vec::new();
        write_field(&mut json, "name", Some(self.name));
        let summary = self.summary.map(|text| text.choose(locales));
        write_field(&mut json, "summary", summary);
        for (index, text) in self.prerequisites.iter().enumerate() {
            let before: &[u8] = if index == 0 {
                b",\"prerequisites\":["
            } else {
                b","
            };
            json.extend_from_slice(before);
            write_string(&mut json, text.choose(locales));
        }
        if !self.prerequisites.is_empty() {
            json.push(b']');
        }
        write_field(&mut json, "setup_url", Some(self.setup_url));
        write_field(&mut json, "documentation_url", self.documentation_url);
        if let Some(path) = self.sample_call {
            json.extend_from_slice(b",\"sample_call\":{\"path\":");
            write_string(&mut json, path);
            json.push(b'}');
        }
        write_field(&mut json, "icon", self.icon);
        json.push(b'}');
        // All parts are UTF-8.
        String::from_utf8(json).unwrap_or_default()
    }
}

/// Appends a field to an object, whose first field opens it.
fn write_field(json: &mut Vec<u8>, name: &str, value: Option<&str>) {
    if let Some(value) = value {
        json.push(if json.is_empty() { b'{' } else { b',' });
        write_string(json, name);
        json.push(b':');
        write_string(json, value);
    }
}
