//! The faults of a file, each with its place.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// One fault of a file.
#[derive(Debug)]
pub(crate) struct Fault {
    /// The place in the file, in bytes.
    pub(crate) span: Range<usize>,
    /// The problem, then the remedy.
    pub(crate) message: String,
}

impl Fault {
    pub(crate) fn new(span: Range<usize>, message: impl Into<String>) -> Self {
        Self {
            span,
            message: message.into(),
        }
    }
}

/// The faults as lines: the file, the line and the column, the key, and the message.
pub(crate) fn lines(path: &str, text: &str, faults: &[Fault]) -> String {
    let table = DeTable::parse(text).ok();
    let lines = faults.iter().map(|fault| {
        let before = text.get(..fault.span.start).unwrap_or(text);
        let line = before.matches('\n').count() + 1;
        let column = before
            .chars()
            .rev()
            .take_while(|char| *char != '\n')
            .count()
            + 1;
        let key = table
            .as_ref()
            .and_then(|table| key_at(table.get_ref(), fault.span.start));
        let key = key.map(|key| format!("{key}: ")).unwrap_or_default();
        format!("{path}:{line}:{column}: {key}{}", fault.message)
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The dotted key whose name or value is at `offset`.
fn key_at(table: &DeTable, offset: usize) -> Option<String> {
    table.iter().find_map(|(key, value)| {
        let name = key.get_ref();
        if key.span().contains(&offset) {
            return Some(name.to_string());
        }
        within(value, offset).map(|rest| match rest {
            rest if rest.is_empty() => name.to_string(),
            rest => format!("{name}.{rest}"),
        })
    })
}

/// The key within a value, or an empty string for the value itself.
fn within(value: &Spanned<DeValue>, offset: usize) -> Option<String> {
    let inner = match value.get_ref() {
        DeValue::Table(table) => key_at(table, offset),
        DeValue::Array(items) => items.iter().find_map(|item| within(item, offset)),
        _ => None,
    };
    inner.or_else(|| value.span().contains(&offset).then(String::new))
}
