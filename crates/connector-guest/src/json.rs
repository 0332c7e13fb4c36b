//! JSON (RFC 8259) as people and vendors write it. The grammar is `serde_json`'s; the values are
//! our own, because the library's map takes 8 kB of a component.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

/// The largest integer that every JSON reader keeps exactly (RFC 8259 §6).
pub const MAX_ID: u64 = (1 << 53) - 1;

/// A JSON value.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Nothing.
    Null,
    /// True or false.
    Boolean(bool),
    /// A whole number that fits.
    Integer(i64),
    /// Any other number.
    Number(f64),
    /// A string.
    String(String),
    /// A list.
    Array(Vec<Value>),
    /// An object.
    Object(Object),
}

impl Value {
    /// The string, if this is one.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(string) => Some(string),
            _ => None,
        }
    }

    /// The boolean, if this is one.
    pub fn as_bool(&self) -> Option<bool> {
        match *self {
            Self::Boolean(boolean) => Some(boolean),
            _ => None,
        }
    }

    /// The number, if this is one.
    pub fn as_f64(&self) -> Option<f64> {
        match *self {
            #[expect(
                clippy::cast_precision_loss,
                reason = "whoever needs the number exactly asks for the integer"
            )]
            Self::Integer(integer) => Some(integer as f64),
            Self::Number(number) => Some(number),
            _ => None,
        }
    }

    /// The whole number, if this is one. As in JSON Schema, `42.0` is one.
    pub fn as_integer(&self) -> Option<i64> {
        match *self {
            Self::Integer(integer) => Some(integer),
            #[expect(
                clippy::cast_possible_truncation,
                reason = "a float cast saturates, and the callers' ranges end before"
            )]
            Self::Number(number) if is_whole(number) => Some(number as i64),
            _ => None,
        }
    }
}

/// Whether a finite number has no fraction. Beyond 2⁵³ none has.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::float_cmp,
    reason = "below 2⁵³ the casts lose the fraction and nothing else"
)]
fn is_whole(number: f64) -> bool {
    const ALL_WHOLE: f64 = (1_u64 << 53) as f64;
    number.abs() >= ALL_WHOLE || (number as i64) as f64 == number
}

/// An object. Of several fields with one name the last one counts.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Object(Vec<(String, Value)>);

impl Object {
    /// Takes out the field `name`; `null` stays distinct from absent.
    pub fn take(&mut self, name: &str) -> Option<Value> {
        let mut taken = None;
        // Earlier fields with the same name go too.
        while let Some(at) = self.0.iter().rposition(|(key, _)| key == name) {
            let (_, value) = self.0.remove(at);
            taken = taken.or(Some(value));
        }
        taken
    }

    /// The field `name`.
    pub fn field(&self, name: &str) -> Option<&Value> {
        let mut fields = self.0.iter().rev();
        let (_, value) = fields.find(|(key, _)| key == name)?;
        Some(value)
    }

    /// The object in the field `name`, to take fields out of.
    pub(crate) fn object_mut(&mut self, name: &str) -> Option<&mut Object> {
        let mut fields = self.0.iter_mut().rev();
        match fields.find(|(key, _)| key == name)? {
            (_, Value::Object(object)) => Some(object),
            _ => None,
        }
    }

    /// Whether no field is left.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A text that is not JSON, and where it stops being so, both counted from one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotJson {
    /// The line.
    pub line: usize,
    /// The column, in bytes.
    pub column: usize,
}

/// Parses a JSON text, with or without a byte-order mark before it.
///
/// All parsing of whole texts goes through here, so that the parser is in a component only once.
pub fn parse(text: &[u8]) -> Result<Value, NotJson> {
    const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();
    let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
    serde_json::from_slice(text).map_err(|error| NotJson {
        line: error.line(),
        column: error.column(),
    })
}

/// Appends a JSON string (RFC 8259 §7). `serde_json` writes only into a buffer of its own without
/// `std`, which would leave a copy of a secret behind.
pub(crate) fn write_string(to: &mut Vec<u8>, string: &str) {
    to.push(b'"');
    for byte in string.bytes() {
        match byte {
            b'"' | b'\\' => to.extend_from_slice(&[b'\\', byte]),
            0..0x20 => {
                to.extend_from_slice(b"\\u00");
                to.extend_from_slice(crate::signature::hex(&[byte]).as_bytes());
            }
            _ => to.push(byte),
        }
    }
    to.push(b'"');
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("anything")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Boolean(value))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        #[expect(
            clippy::cast_precision_loss,
            reason = "such a number is beyond every range that is asked for"
        )]
        let float = || Value::Number(number as f64);
        Ok(i64::try_from(number).map_or_else(|_| float(), Value::Integer))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Integer(number))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(Value::Number(number))
    }

    fn visit_str<E>(self, string: &str) -> Result<Value, E> {
        Ok(Value::String(string.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<Value, A::Error> {
        let mut array = Vec::new();
        while let Some(value) = values.next_element()? {
            array.push(value);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
        let mut object = Object::default();
        while let Some(name) = fields.next_key()? {
            object.0.push((name, fields.next_value()?));
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_kind_of_value() {
        let text = b"\xef\xbb\xbf{\"a\": [null, true, 7, -7, 7.5, \"\\u00e9\"], \"b\": {}}";
        let array = vec![
            Value::Null,
            Value::Boolean(true),
            Value::Integer(7),
            Value::Integer(-7),
            Value::Number(7.5),
            Value::String("é".into()),
        ];
        let fields = vec![
            ("a".into(), Value::Array(array)),
            ("b".into(), Value::Object(Object::default())),
        ];
        assert_eq!(parse(text), Ok(Value::Object(Object(fields))));
    }

    #[test]
    fn takes_the_last_of_fields_with_one_name_and_leaves_none() {
        let Ok(Value::Object(mut object)) = parse(br#"{"a": 1, "b": null, "a": 3}"#) else {
            panic!("no object");
        };
        assert_eq!(object.field("a"), Some(&Value::Integer(3)));
        assert_eq!(object.take("a"), Some(Value::Integer(3)));
        assert_eq!(object.take("a"), None);
        assert!(!object.is_empty());
        assert_eq!(object.take("b"), Some(Value::Null));
        assert!(object.is_empty());
    }

    #[test]
    fn tells_whole_numbers_from_others() {
        for (text, integer) in [
            ("42", Some(42)),
            ("42.0", Some(42)),
            ("-1e3", Some(-1000)),
            ("4.2", None),
            ("18446744073709551615", Some(i64::MAX)),
            ("1e300", Some(i64::MAX)),
            ("\"42\"", None),
        ] {
            let value = parse(text.as_bytes()).unwrap();
            assert_eq!(value.as_integer(), integer, "{text}");
        }
    }

    #[test]
    fn says_where_a_text_stops_being_json() {
        let place = NotJson { line: 2, column: 8 };
        assert_eq!(parse(b"{\n  \"a\": x}"), Err(place));
    }
}
