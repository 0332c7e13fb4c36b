//! A vendor's form in the formats of other projects: pure functions from its JSON Schema, one file
//! for each format. No vendor is named here. Rules that a format cannot express are left out, and
//! its file lists them.

mod airbyte;
pub(crate) mod condition;
pub(crate) mod field;
mod jsonforms;
mod n8n;
mod nango;
mod rjsf;
#[cfg(test)]
pub(crate) mod sample;

use clap::ValueEnum;
use connector_host::Description;
use serde_json::Value;

/// The project whose format the form is printed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Airbyte: a connector's specification (JSON Schema draft 7)
    Airbyte,
    /// Nango: a provider's `credentials` block
    Nango,
    /// n8n: a credential's `properties`
    N8n,
    /// react-jsonschema-form: the uiSchema to use beside the schema
    Rjsf,
    /// JSON Forms: the UI schema to use beside the schema
    Jsonforms,
}

/// The form that `schema` describes, in this format.
pub(crate) fn export(format: Format, schema: &Value, description: &Description) -> Value {
    match format {
        Format::Airbyte => airbyte::specification(schema, documentation(description)),
        Format::Nango => nango::credentials(schema),
        Format::N8n => n8n::properties(schema),
        Format::Rjsf => rjsf::ui_schema(schema),
        Format::Jsonforms => jsonforms::ui_schema(schema),
    }
}

/// The page where people learn how to fill in the form.
fn documentation(of: &Description) -> Option<&str> {
    of.setup_url.as_deref().or(of.documentation_url.as_deref())
}
