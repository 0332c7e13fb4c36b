//! JSON (RFC 8259): texts read into values, and the one object that a request holds. The grammar is `serde_json`'s;
//! the values are our own, because a list of members is 4 kB less of the artefact than the library's tree.

pub mod compact;

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use zeroize::Zeroizing;

/// A JSON value.
#[derive(Debug, Default, PartialEq)]
pub enum Value {
    /// Nothing; also what is left where a value was taken.
    #[default]
    Null,
    /// True or false.
    Bool(bool),
    /// A whole number, exactly.
    Whole(u64),
    /// Any other number.
    Float(f64),
    /// A text.
    Text(String),
    /// A list.
    Array(Vec<Value>),
    /// An object.
    Object(Object),
}

impl Value {
    /// Whether this is the text `text`.
    pub fn is_text(&self, text: &str) -> bool {
        matches!(self, Self::Text(own) if own == text)
    }

    /// The number, if this is one.
    pub fn as_f64(&self) -> Option<f64> {
        match *self {
            #[expect(
                clippy::cast_precision_loss,
                reason = "what needs the number exactly matches on `Whole`"
            )]
            Self::Whole(number) => Some(number as f64),
            Self::Float(number) => Some(number),
            _ => None,
        }
    }
}

/// An object. Of several members with one name the last one counts.
#[derive(Debug, Default, PartialEq)]
pub struct Object(Vec<(String, Value)>);

impl Object {
    /// Takes the value of `name` out; what is left of it is null.
    pub fn take(&mut self, name: &str) -> Option<Value> {
        let mut members = self.0.iter_mut().rev();
        let (_, value) = members.find(|(key, _)| key == name)?;
        Some(core::mem::take(value))
    }

    /// The members, as they stand there.
    pub fn members(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// The names, as often as they are there.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.members().map(|(name, _)| name)
    }
}

/// Where a text stops being JSON, both counted from one.
#[derive(Debug)]
pub struct Place {
    /// The line.
    pub line: usize,
    /// The column, in bytes.
    pub column: usize,
}

/// Reads a JSON text.
pub fn read(text: &[u8]) -> Result<Value, Place> {
    serde_json::from_slice(text).map_err(|error| Place {
        line: error.line(),
        column: error.column(),
    })
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(Value::Whole(number))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        #[expect(
            clippy::cast_precision_loss,
            reason = "negative: no number of anything here"
        )]
        Ok(Value::Float(number as f64))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(Value::Float(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::Text(text.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<Value, A::Error> {
        let mut array = Vec::new();
        while let Some(value) = values.next_element()? {
            array.push(value);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Object::default();
        while let Some(name) = members.next_key()? {
            object.0.push((name, members.next_value()?));
        }
        Ok(Value::Object(object))
    }
}

/// An object that is being written, with room made for all of it: growing would leave a copy of a secret behind.
pub struct Writer(Zeroizing<Vec<u8>>);

impl Writer {
    /// Begins an object that will have at most `room` bytes.
    pub fn with_room(room: usize) -> Self {
        Self(Zeroizing::new(Vec::with_capacity(room)))
    }

    /// Adds a text.
    pub fn text(&mut self, name: &str, text: &str) {
        self.name(name);
        self.quoted(text);
    }

    /// Adds a whole number.
    pub fn whole(&mut self, name: &str, number: u64) {
        self.name(name);
        self.0.extend_from_slice(number.to_string().as_bytes());
    }

    /// Ends the object.
    pub fn finish(mut self) -> Zeroizing<Vec<u8>> {
        if self.0.is_empty() {
            self.0.push(b'{');
        }
        self.0.push(b'}');
        self.0
    }

    fn name(&mut self, name: &str) {
        let before = if self.0.is_empty() { b'{' } else { b',' };
        self.0.push(before);
        self.quoted(name);
        self.0.push(b':');
    }

    fn quoted(&mut self, text: &str) {
        const HEX: [u8; 16] = *b"0123456789abcdef";
        self.0.push(b'"');
        for byte in text.bytes() {
            match byte {
                b'"' | b'\\' => self.0.extend([b'\\', byte]),
                0..0x20 => {
                    let digit = HEX.get(usize::from(byte % 16)).copied();
                    self.0
                        .extend_from_slice(if byte < 16 { b"\\u000" } else { b"\\u001" });
                    self.0.extend(digit);
                }
                _ => self.0.push(byte),
            }
        }
        self.0.push(b'"');
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn reads_every_kind_of_value() {
        let text = br#"{"a": [null, true, 7, -7, 7.5, "\u00e9"], "b": {}}"#;
        let array = vec![
            Value::Null,
            Value::Bool(true),
            Value::Whole(7),
            Value::Float(-7.0),
            Value::Float(7.5),
            Value::Text("é".into()),
        ];
        let members = vec![
            ("a".into(), Value::Array(array)),
            ("b".into(), Value::Object(Object::default())),
        ];
        assert_eq!(read(text).unwrap(), Value::Object(Object(members)));
    }

    #[test]
    fn takes_the_last_of_members_with_one_name_and_leaves_null() {
        let Ok(Value::Object(mut object)) = read(br#"{"a": 1, "b": 2, "a": 3}"#) else {
            panic!("no object");
        };
        assert_eq!(object.take("a"), Some(Value::Whole(3)));
        assert_eq!(object.take("a"), Some(Value::Null));
        assert_eq!(object.take("c"), None);
        assert_eq!(object.names().collect::<Vec<_>>(), ["a", "b", "a"]);
    }

    #[test]
    fn says_where_a_text_stops_being_json() {
        let place = read(b"{\n  \"a\": x}").unwrap_err();
        assert_eq!((place.line, place.column), (2, 8));
    }

    proptest! {
        #[test]
        fn writes_what_the_library_reads_back(text in any::<String>(), number in any::<u64>()) {
            let mut object = Writer::with_room(0);
            object.text("text", &text);
            object.whole("number", number);
            let written: serde_json::Value = serde_json::from_slice(&object.finish()).unwrap();
            prop_assert_eq!(written, json!({"text": text, "number": number}));
        }

        #[test]
        fn writes_the_controls_too(text in "[\\x00-\\x1f\"\\\\]{1,9}") {
            let mut object = Writer::with_room(0);
            object.text(&text, "");
            let written: serde_json::Value = serde_json::from_slice(&object.finish()).unwrap();
            prop_assert_eq!(written, json!({text: ""}));
        }
    }

    #[test]
    fn writes_an_empty_object() {
        assert_eq!(*Writer::with_room(2).finish(), b"{}");
    }
}
