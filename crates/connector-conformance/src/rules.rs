//! The rules, and their documentation. Each file below holds those of one subject.

pub(crate) mod authorize;
pub(crate) mod classify;
pub(crate) mod inputs;
pub(crate) mod inspect;
pub(crate) mod kept_instance;
pub(crate) mod loading;
pub(crate) mod refusals;
pub(crate) mod requests;
pub(crate) mod samples;
pub(crate) mod schema;
pub(crate) mod sessions;
pub(crate) mod silence;
#[cfg(test)]
pub(crate) mod testing;
pub(crate) mod texts;
pub(crate) mod validate;
pub(crate) mod vendor_ids;

use crate::rule::Rule;

/// As the other documentation.
const MAX_COLUMNS: usize = 100;

/// In the order in which an author mends them: a later rule builds on the earlier ones.
static ALL: [&Rule; 47] = [
    &loading::IMPORTS,
    &loading::EXPORTS,
    &loading::VENDORS,
    &texts::DESCRIBE,
    &schema::SCHEMA,
    &schema::KEYWORDS,
    &schema::SECRETS,
    &schema::PORTABLE,
    &schema::AGREES,
    &texts::LANGUAGES,
    &texts::SAME,
    &validate::EVERY_PROBLEM,
    &validate::ISSUES,
    &validate::SENDS_NOTHING,
    &vendor_ids::UNKNOWN_VENDOR,
    &requests::ORIGINS,
    &requests::DECLARED_ORIGINS,
    &requests::WITHIN_ORIGINS,
    &requests::ONE_REQUEST,
    &requests::CONTENT_LENGTH,
    &sessions::ISSUED_AT,
    &sessions::LIFETIME,
    &sessions::REFRESH_AFTER,
    &sessions::BASE_URL,
    &sessions::REFRESH,
    &sessions::WHOLE_REPLIES,
    &sessions::SAME_ANSWER,
    &kept_instance::KEPT_INSTANCE,
    &refusals::UNCONFIRMED,
    &refusals::TEMPORARY,
    &refusals::WAITS,
    &refusals::UNDOCUMENTED,
    &refusals::STAGES,
    &refusals::STANDARD_CODES,
    &inspect::INPUT,
    &inspect::CHOICES,
    &inspect::CURSOR,
    &authorize::CARRIES,
    &authorize::FITS,
    &authorize::REPEATS,
    &classify::TOTAL,
    &classify::VERDICTS,
    &samples::SAMPLES,
    &silence::NO_ECHO,
    &inputs::NEVER_TRAPS,
    &inputs::RESULTS,
    &inputs::LIMITS,
];

/// All rules, in the order of a report.
pub fn all() -> &'static [&'static Rule] {
    &ALL
}

/// The rule of this name.
pub fn find(name: &str) -> Option<&'static Rule> {
    ALL.iter().copied().find(|rule| rule.name == name)
}

/// The documentation of one rule, in Markdown.
pub fn explain(rule: &Rule) -> String {
    let Rule {
        name,
        severity,
        about,
        sentence,
        source,
        ..
    } = rule;
    let severity = severity.name();
    let (about, sentence) = (wrapped(about, ""), wrapped(sentence, "> "));
    format!("## {name}\n\nSeverity: {severity}.\n\n{about}\n{sentence}>\n> {source}\n")
}

/// The text in lines of at most [`MAX_COLUMNS`], each with this prefix.
fn wrapped(text: &str, prefix: &str) -> String {
    let mut wrapped = String::new();
    let mut line = prefix.to_owned();
    for word in text.split(' ') {
        let columns = line.chars().count() + 1 + word.chars().count();
        if columns > MAX_COLUMNS && line != prefix {
            wrapped.push_str(&line);
            wrapped.push('\n');
            prefix.clone_into(&mut line);
        }
        if line != prefix {
            line.push(' ');
        }
        line.push_str(word);
    }
    wrapped + &line + "\n"
}

/// The documentation of all rules, in Markdown: the file `docs/rules.md`.
pub fn document() -> String {
    let mut text = String::from(
        "# Rules of the conformance kit\n\n\
         `connector check plugin.wasm` holds a connector plugin against these rules. Each rests on \
         a sentence\nof the contract in `wit/`, or of a standard. A broken rule of severity \
         *error* fails the check; a\n*warning* does not.\n\n\
         This file is generated from the code of `crates/connector-conformance`.\n",
    );
    for rule in ALL {
        text.push('\n');
        text.push_str(&explain(rule));
    }
    text
}

#[cfg(test)]
mod tests;
