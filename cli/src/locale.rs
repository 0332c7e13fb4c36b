//! The languages of the environment, as language tags in the order of preference. Reads the
//! variables as POSIX and GNU gettext define them; the plugin chooses among the languages.

use std::env;

/// The variables that name the locale of messages; the first that is set decides (POSIX 8.2).
const LOCALE: [&str; 3] = ["LC_ALL", "LC_MESSAGES", "LANG"];

/// GNU's list of languages, separated by colons, before the one of the locale.
const LANGUAGE: &str = "LANGUAGE";

/// More languages than a person reads; keeps an odd variable from becoming a long argument.
const MAX_LOCALES: usize = 16;

/// Returns the languages of this process's environment.
pub(crate) fn preferred() -> Vec<String> {
    of(|name| env::var_os(name)?.into_string().ok())
}

/// Returns the languages of an environment; empty where it asks for none.
fn of(variable: impl Fn(&str) -> Option<String>) -> Vec<String> {
    let set = |name| variable(name).filter(|value| !value.is_empty());
    let locale = LOCALE.into_iter().find_map(set);
    // GNU ignores the list in the locale `C`, which scripts set for stable output.
    if locale.as_deref().is_some_and(|name| tag(name).is_none()) {
        return Vec::new();
    }
    let list = set(LANGUAGE).unwrap_or_default();
    let names = list.split(':').chain(locale.as_deref());
    let mut tags = Vec::new();
    for tag in names.filter_map(tag) {
        if !tags.contains(&tag) && tags.len() < MAX_LOCALES {
            tags.push(tag);
        }
    }
    tags
}

/// Converts the name of a locale, such as `fr_CA.UTF-8@euro`, to a language tag; `None` for `C`,
/// `POSIX` and names that cannot be one, such as the path of a file.
fn tag(name: &str) -> Option<String> {
    let name = name.split(['.', '@']).next().unwrap_or_default();
    let tag = name.replace('_', "-");
    let is_subtag = |part: &str| {
        (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    let is_tag = !["C", "POSIX"].contains(&name) && tag.split('-').all(is_subtag);
    is_tag.then_some(tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_names_the_languages() {
        for (variables, expected) in [
            (&[][..], &[][..]),
            (&[("LANG", "fr_FR.UTF-8")], &["fr-FR"]),
            (&[("LANG", "de_DE@euro")], &["de-DE"]),
            (&[("LANG", "sr_RS.UTF-8@latin")], &["sr-RS"]),
            (&[("LANG", "fr")], &["fr"]),
            (&[("LANG", "")], &[]),
            (&[("LANG", "C")], &[]),
            (&[("LANG", "C.UTF-8")], &[]),
            (&[("LANG", "POSIX")], &[]),
            (&[("LANG", "/usr/lib/locale/fr_FR")], &[]),
            (&[("LANG", "de"), ("LC_MESSAGES", "fr")], &["fr"]),
            (&[("LC_MESSAGES", "fr"), ("LC_ALL", "es_ES")], &["es-ES"]),
            (&[("LANG", "fr"), ("LC_ALL", "C")], &[]),
            (&[("LANG", "fr"), ("LC_ALL", "")], &["fr"]),
            (
                &[("LANG", "fr_CA.UTF-8"), ("LANGUAGE", "fr_CA:fr:en")],
                &["fr-CA", "fr", "en"],
            ),
            (&[("LANG", "de_DE"), ("LANGUAGE", "fr")], &["fr", "de-DE"]),
            (&[("LANGUAGE", "fr::C")], &["fr"]),
            (&[("LANGUAGE", "fr"), ("LC_ALL", "C.UTF-8")], &[]),
        ] {
            let variable = |name: &str| {
                let mut variables = variables.iter();
                let (_, value) = variables.find(|(other, _)| *other == name)?;
                Some((*value).to_owned())
            };
            assert_eq!(of(variable), expected, "{variables:?}");
        }
    }

    #[test]
    fn a_long_list_is_cut() {
        let list = (0..100).map(|n| format!("x{n}")).collect::<Vec<_>>();
        let list = list.join(":");
        let found = of(|name| (name == LANGUAGE).then(|| list.clone()));
        assert_eq!(found.len(), MAX_LOCALES);
    }
}
