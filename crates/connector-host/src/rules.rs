//! The rules of the contract that loading a plugin checks. Their names are stable: a tool that
//! reports on plugins reports these rules, by these names.

use std::fmt;

/// A rule of the contract that loading a plugin checks.
///
/// ```
/// use connector_host::LoadRule;
///
/// assert_eq!(LoadRule::PublicSuffix.name(), "public-suffix");
/// assert!(LoadRule::ALL.iter().all(|rule| !rule.sentence().is_empty()));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LoadRule {
    /// The file is a WebAssembly component.
    Component,
    /// Its code is within the limits of its [`Profile`](crate::Profile).
    Limits,
    /// It imports at most the eight interfaces of WASI.
    Imports,
    /// It exports the functions of the contract.
    Exports,
    /// It lists its vendors, with ids that are well-formed and different.
    Vendors,
    /// The declared origins are well-formed.
    Origins,
    /// No declared wildcard covers a public suffix.
    PublicSuffix,
    /// The result of `describe` is as `wit/describe.schema.json` has it.
    Description,
    /// The result of `credential-schema` is within the portable subset of JSON Schema.
    Schema,
}

impl LoadRule {
    /// All rules, in the order in which they are checked.
    pub const ALL: [Self; 9] = [
        Self::Component,
        Self::Limits,
        Self::Imports,
        Self::Exports,
        Self::Vendors,
        Self::Origins,
        Self::PublicSuffix,
        Self::Description,
        Self::Schema,
    ];

    /// The stable name, such as `public-suffix`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Component => "component",
            Self::Limits => "limits",
            Self::Imports => "imports",
            Self::Exports => "exports",
            Self::Vendors => "vendors",
            Self::Origins => "origins",
            Self::PublicSuffix => "public-suffix",
            Self::Description => "description",
            Self::Schema => "schema",
        }
    }

    /// The rule, as a sentence.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Component => "The file is a WebAssembly component.",
            Self::Limits => "The code of the component is within the limits of its profile.",
            Self::Imports => {
                "The component imports only interfaces of the world `connector`: HTTP, streams, \
                 clocks and random numbers of WASI 0.2."
            }
            Self::Exports => {
                "The component exports the interface `integration:connector/credentials@0.1.0` \
                 with all of its functions."
            }
            Self::Vendors => {
                "`vendors` lists at least one vendor. Ids differ, and are 1 to 64 lower-case \
                 letters, digits and `-`. No limit on concurrent calls is zero."
            }
            Self::Origins => {
                "Each declared origin is `https://host` or `https://*.host`, on port 443."
            }
            Self::PublicSuffix => {
                "No declared wildcard covers a public suffix (<https://publicsuffix.org>), below \
                 which anybody can have a name."
            }
            Self::Description => {
                "`describe` returns a document as `wit/describe.schema.json` has it."
            }
            Self::Schema => {
                "`credential-schema` returns a JSON Schema (2020-12) that form libraries can show: \
                 all properties at the top level, with titles; choices as `oneOf` of `const` and \
                 `title`; secrets with `format: password` and `writeOnly`; conditions as one chain \
                 of `if`, `then` and `else`; no other keyword."
            }
        }
    }
}

impl fmt::Display for LoadRule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// A value of a plugin that breaks a [`LoadRule`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the plugin breaks the rule \"{rule}\"{}: {problem}", of(vendor.as_deref()))]
#[non_exhaustive]
pub struct Breach {
    /// The rule.
    pub rule: LoadRule,
    /// The id of the vendor, if it has a valid one.
    pub vendor: Option<String>,
    /// The place and the problem, as a clause for the plugin's author.
    pub problem: String,
}

impl Breach {
    pub(crate) fn new(rule: LoadRule, vendor: Option<&str>, problem: impl Into<String>) -> Self {
        Self {
            rule,
            vendor: vendor.map(str::to_owned),
            problem: problem.into(),
        }
    }
}

fn of(vendor: Option<&str>) -> String {
    vendor.map_or_else(String::new, |id| format!(" for the vendor \"{id}\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_has_a_name_and_a_sentence_of_its_own() {
        for (at, rule) in LoadRule::ALL.iter().enumerate() {
            let later = LoadRule::ALL.iter().skip(at + 1);
            for other in later {
                assert_ne!(rule.name(), other.name());
                assert_ne!(rule.sentence(), other.sentence());
            }
            assert!(rule.sentence().ends_with('.'), "{rule}");
        }
    }

    #[test]
    fn a_breach_names_the_rule_the_vendor_and_the_problem() {
        let breach = Breach::new(LoadRule::Origins, Some("acme"), "origin 2 has a port");
        assert_eq!(
            breach.to_string(),
            "the plugin breaks the rule \"origins\" for the vendor \"acme\": origin 2 has a port"
        );
        let breach = Breach::new(LoadRule::Vendors, None, "the list is empty");
        assert_eq!(
            breach.to_string(),
            "the plugin breaks the rule \"vendors\": the list is empty"
        );
    }
}
