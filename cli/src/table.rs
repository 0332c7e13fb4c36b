//! Lists of results: tables for people on a terminal, JSON for programs.

use std::io::{self, IsTerminal};

use clap::ValueEnum;
use comfy_table::{Table, presets};
use serde_json::Value;

use crate::failure::plain;
use crate::json::pretty;

/// The format of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ListFormat {
    /// A table, for people
    Table,
    /// JSON, for programs
    Json,
}

impl ListFormat {
    /// The given format, or the one for standard output.
    pub(crate) fn or_default(given: Option<Self>) -> Self {
        let default = || {
            if io::stdout().is_terminal() {
                Self::Table
            } else {
                Self::Json
            }
        };
        given.unwrap_or_else(default)
    }

    /// Formats a list. A column is a heading and the name of a field.
    pub(crate) fn text(self, items: &Value, columns: &[(&str, &str)]) -> String {
        match self {
            Self::Json => pretty(items),
            Self::Table => table(items, columns),
        }
    }
}

fn table(items: &Value, columns: &[(&str, &str)]) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(columns.iter().map(|(heading, _)| *heading));
    for item in items.as_array().into_iter().flatten() {
        table.add_row(columns.iter().map(|(_, field)| cell(item.get(field))));
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table.trim_fmt()
}

fn cell(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => plain(text),
        Some(value) => plain(&value.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_table_has_aligned_columns_and_no_control_character() {
        let items = json!([
            {"name": "a", "count": 7, "left out": 1},
            {"name": "b\u{1b}[2J\nc \u{e9}\u{4e2d}", "count": null},
        ]);
        let columns = [("NAME", "name"), ("COUNT", "count")];
        let text = ListFormat::Table.text(&items, &columns);
        let expected = "NAME         COUNT\na            7\nb\u{fffd}[2J\u{fffd}c \u{e9}\u{4e2d}";
        assert_eq!(text, expected);
        assert_eq!(ListFormat::Table.text(&json!([]), &columns), "NAME  COUNT");
        assert_eq!(ListFormat::Json.text(&json!([]), &columns), "[]");
    }
}
