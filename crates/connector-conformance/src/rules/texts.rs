//! Texts for people: `describe`, and the languages.

use connector_host::{CallError, ConnectorError, Description, Issue};
use futures::FutureExt as _;
use serde_json::Value;

use crate::rule::{Breach, Check, Findings, Rule, Severity, ending};
use crate::subject::{Listed, Subject};

pub(crate) static DESCRIBE: Rule = Rule {
    name: "describe",
    severity: Severity::Error,
    about: "`describe` returns a document that satisfies `wit/describe.schema.json`.",
    sentence: "Describes a vendor for people: a JSON document as `describe.schema.json` beside \
               this file has it.",
    source: "wit/credentials.wit",
    check: Check(|subject| describe(subject).boxed_local()),
};

pub(crate) static LANGUAGES: Rule = Rule {
    name: "languages",
    severity: Severity::Error,
    about: "The languages of a plugin are found by asking for some forty. In each, `describe`, \
            `credential-schema` and `validate` choose it for `fr-CA`, `FR` and `fr-Latn-FR` too, \
            behind languages that the plugin lacks and behind malformed tags; and they choose \
            English for an empty list, for `en-GB` before another language, and for a language \
            that the plugin lacks.",
    sentence: "The plugin chooses by look-up (RFC 4647 §3.4) and falls back to English; an empty \
               list means English, and a malformed tag is skipped.",
    source: "wit/credentials.wit",
    check: Check(|subject| languages(subject).boxed_local()),
};

pub(crate) static SAME: Rule = Rule {
    name: "same-in-every-language",
    severity: Severity::Error,
    about: "In every language of the plugin, the schema differs only in titles and descriptions, \
            the description only in its sentences, and the issues of a document only in their \
            messages.",
    sentence: "Titles and descriptions are in the chosen language, everything else is the same in \
               every language.",
    source: "wit/credentials.wit",
    check: Check(|subject| same(subject).boxed_local()),
};

/// The languages that are tried. English is always there.
const LANGUAGES_TRIED: [&str; 39] = [
    "ar", "bg", "ca", "cs", "da", "de", "el", "es", "et", "fi", "fr", "he", "hi", "hr", "hu", "id",
    "is", "it", "ja", "ko", "lt", "lv", "ms", "nb", "nl", "pl", "pt", "ro", "ru", "sk", "sl", "sr",
    "sv", "th", "tr", "uk", "vi", "zh", "eu",
];

/// A document with which `validate` has something to say.
const EMPTY: &str = "{}";

async fn describe(subject: &Subject) -> Findings {
    let mut findings = Findings::default();
    for listed in &subject.vendors {
        let described = subject.plugin.describe(listed.id(), &[]).await;
        findings.require(described.is_ok(), || {
            let expected = "a document as describe.schema.json has it";
            Breach::new(
                listed.id(),
                "describe, no languages",
                expected,
                ending(&described),
            )
        });
    }
    findings
}

/// All texts of a vendor in one language.
#[derive(Debug, Clone, PartialEq)]
struct Texts {
    description: Description,
    schema: String,
    issues: Vec<Issue>,
}

impl Texts {
    async fn read(subject: &Subject, listed: &Listed, tags: &[&str]) -> Result<Self, CallError> {
        let tags: Vec<String> = tags.iter().map(|tag| (*tag).to_owned()).collect();
        let validated = subject.plugin.validate(listed.id(), EMPTY, &tags).await;
        let issues = match validated {
            Err(CallError::Connector(ConnectorError::InvalidCredential(issues))) => issues,
            Err(error) => return Err(error),
            Ok(()) => Vec::new(),
        };
        Ok(Self {
            description: subject.plugin.describe(listed.id(), &tags).await?,
            schema: subject.plugin.schema(listed.id(), &tags).await?,
            issues,
        })
    }

    /// The first part in which they differ.
    fn difference(&self, other: &Self) -> &'static str {
        if self.description != other.description {
            "describe"
        } else if self.schema != other.schema {
            "credential-schema"
        } else {
            "the issues of `{}`"
        }
    }
}

/// The English texts of a vendor, and those in other languages that it has.
async fn found(
    subject: &Subject,
    listed: &Listed,
) -> Result<(Texts, Vec<(&'static str, Texts)>), CallError> {
    let english = Texts::read(subject, listed, &[]).await?;
    let mut others = Vec::new();
    for language in LANGUAGES_TRIED {
        let texts = Texts::read(subject, listed, &[language]).await?;
        if texts != english {
            others.push((language, texts));
        }
    }
    Ok((english, others))
}

async fn languages(subject: &Subject) -> Findings {
    let mut findings = Findings::default();
    for listed in &subject.vendors {
        let (english, others) = match found(subject, listed).await {
            Ok(found) => found,
            Err(error) => {
                findings.skip(listed.id(), &format!("a text cannot be had: {error}"));
                continue;
            }
        };
        let mut cases: Vec<(Vec<String>, &Texts, &str)> = Vec::new();
        let words = |tags: &[&str]| tags.iter().map(|tag| (*tag).to_owned()).collect();
        for tags in [&["xx"][..], &["", "-", "f\u{0}r"], &["en-GB"], &["en"]] {
            cases.push((words(tags), &english, "English"));
        }
        for (language, texts) in &others {
            let upper = language.to_uppercase();
            cases.push((vec![format!("{language}-CA")], texts, language));
            cases.push((vec!["xx".to_owned(), upper.clone()], texts, language));
            let script = format!("{language}-Latn-{upper}");
            cases.push((vec!["not a tag".to_owned(), script], texts, language));
            let english_first = words(&["en-GB", language]);
            cases.push((english_first, &english, "English"));
        }
        for (tags, expected, language) in cases {
            let words: Vec<&str> = tags.iter().map(String::as_str).collect();
            let texts = Texts::read(subject, listed, &words).await;
            findings.require(texts.as_ref() == Ok(expected), || {
                let found = match &texts {
                    Ok(texts) => format!("other texts in {}", texts.difference(expected)),
                    Err(_) => ending(&texts),
                };
                let input = format!("the languages {tags:?}");
                Breach::new(
                    listed.id(),
                    input,
                    format!("the texts in {language}"),
                    found,
                )
            });
        }
    }
    findings
}

/// The schema without its titles and descriptions.
fn without_texts(schema: &Value) -> Value {
    match schema {
        Value::Object(fields) => {
            let is_text = |name: &str, value: &Value| {
                matches!(name, "title" | "description") && value.is_string()
            };
            let rest = fields.iter().filter(|(name, value)| !is_text(name, value));
            rest.map(|(name, value)| (name.clone(), without_texts(value)))
                .collect()
        }
        Value::Array(items) => items.iter().map(without_texts).collect(),
        other => other.clone(),
    }
}

/// What must not depend on the language, each with its name.
fn constants(texts: &Texts) -> [(&'static str, String); 3] {
    let schema = serde_json::from_str(&texts.schema).map(|schema| without_texts(&schema));
    let mut description = texts.description.clone();
    description.summary = None;
    let number = description.prerequisites.len();
    description.prerequisites.clear();
    let issues = texts.issues.iter();
    let issues: Vec<_> = issues.map(|issue| (&issue.pointer, &issue.code)).collect();
    [
        ("credential-schema without texts", format!("{schema:?}")),
        (
            "describe without its sentences, and their number",
            format!("{description:?} {number}"),
        ),
        (
            "pointers and codes of the issues of `{}`",
            format!("{issues:?}"),
        ),
    ]
}

async fn same(subject: &Subject) -> Findings {
    let mut findings = Findings::default();
    for listed in &subject.vendors {
        let (english, others) = match found(subject, listed).await {
            Ok(found) => found,
            Err(error) => {
                findings.skip(listed.id(), &format!("a text cannot be had: {error}"));
                continue;
            }
        };
        if others.is_empty() {
            findings.skip(listed.id(), "there is no language but English");
        }
        for (language, texts) in &others {
            for (english, other) in constants(&english).into_iter().zip(constants(texts)) {
                findings.require(english == other, || {
                    let input = format!("{}, in English and in {language}", english.0);
                    Breach::new(listed.id(), input, english.1, other.1)
                });
            }
        }
    }
    findings
}
