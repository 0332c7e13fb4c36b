//! Strings with `{field}` in them.

use crate::file::{Field, Kind};

/// A part of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Piece {
    Text(String),
    /// The field with this index.
    Field(usize),
    /// The access token.
    Token,
}

/// The name that stands for the access token.
pub(crate) const TOKEN: &str = "token";

/// Reads a template; the error is the problem and the remedy.
pub(crate) fn parse(text: &str, names: &[&str]) -> Result<Vec<Piece>, String> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after
            .split_once('}')
            .ok_or("a `{` without `}`; write the name of a field between them")?;
        push_text(&mut pieces, before)?;
        pieces.push(match names.iter().position(|known| *known == name) {
            Some(index) => Piece::Field(index),
            None if name == TOKEN => Piece::Token,
            None => {
                let names: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
                let names = names.join(", ");
                return Err(format!(
                    "no field is named `{name}`; expected one of {names}"
                ));
            }
        });
        rest = after;
    }
    push_text(&mut pieces, rest)?;
    Ok(pieces)
}

fn push_text(pieces: &mut Vec<Piece>, text: &str) -> Result<(), String> {
    if text.contains('}') {
        return Err("a `}` without `{`; write the name of a field between them".into());
    }
    if !text.is_empty() {
        pieces.push(Piece::Text(text.into()));
    }
    Ok(())
}

/// The fields of a template.
pub(crate) fn fields(pieces: &[Piece]) -> impl Iterator<Item = usize> {
    pieces.iter().filter_map(|piece| match piece {
        Piece::Field(index) => Some(*index),
        Piece::Text(_) | Piece::Token => None,
    })
}

/// The template filled in with samples of its fields: all values of choices, one value of others.
pub(crate) fn samples(pieces: &[Piece], fields: &[&Field]) -> Vec<String> {
    let mut texts = vec![String::new()];
    for piece in pieces {
        let values = match piece {
            Piece::Text(text) => vec![text.clone()],
            Piece::Field(index) => fields
                .get(*index)
                .map(|field| sample(field))
                .unwrap_or_default(),
            Piece::Token => vec!["x".into()],
        };
        let longer = texts
            .iter()
            .flat_map(|text| values.iter().map(move |value| text.clone() + value));
        texts = longer.collect();
    }
    texts
}

fn sample(field: &Field) -> Vec<String> {
    let choices = || field.choices.iter().flat_map(|choices| &choices.0);
    match field.kind.get_ref() {
        Kind::Choice => choices()
            .map(|(value, _)| value.get_ref().clone())
            .collect(),
        Kind::Host => {
            let domains = field.domains.iter().flatten();
            domains
                .map(|domain| format!("x.{}", domain.get_ref()))
                .collect()
        }
        _ => vec!["x".into()],
    }
}
