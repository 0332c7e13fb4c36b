//! Reads the codes of a failure out of a response body, as far as the body can be read.

use alloc::borrow::Cow;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// More codes do not make a failure clearer.
const MAX_CODES: usize = 8;
/// Vendors put `error` objects into lists, and no deeper.
const MAX_DEPTH: u8 = 3;

/// The failure that a response reports.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct ErrorBody {
    /// The field `success`, in which some vendors report a failure with status 200.
    pub(crate) success: Option<bool>,
    /// Whether there is a field `error` that says anything, as a failed token request has it (RFC
    /// 6749 §5.2).
    pub(crate) has_error: bool,
    codes: Vec<(Rank, String)>,
}

/// Codes of a lower rank come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    /// `error`, of RFC 6749 and RFC 6750.
    Error,
    /// `errorCode`, and `code` within an `error` object.
    ErrorCode,
    /// `code`.
    Code,
    /// `type` within an `error` object.
    Type,
}

impl ErrorBody {
    /// Reads a body that may be cut off anywhere, or be no JSON at all: all that stands before the
    /// end counts.
    pub(crate) fn read(body: &[u8]) -> Self {
        let mut error = Self::default();
        // Codes are ASCII. In other strings a wrong encoding, or a byte-order mark before the
        // object, must not end the reading.
        let mark = body.iter().take_while(|byte| !byte.is_ascii()).count();
        let mut ascii = Cow::Borrowed(body.get(mark..).unwrap_or_default());
        if !ascii.is_ascii() {
            let others = ascii.to_mut().iter_mut().filter(|byte| !byte.is_ascii());
            others.for_each(|byte| *byte = b'?');
        }
        let mut json = serde_json::Deserializer::from_slice(&ascii);
        let reader = Reader {
            error: &mut error,
            place: Place::Top,
            depth: 0,
        };
        // An error only says where reading ended.
        let _ended = reader.deserialize(&mut json);
        error
    }

    /// The codes of the failure, the more telling ones first.
    pub(crate) fn codes(&self) -> impl Iterator<Item = &str> {
        self.codes.iter().map(|(_, code)| code.as_str())
    }

    fn push(&mut self, rank: Rank, code: &str) {
        if self.codes.len() < MAX_CODES && !code.is_empty() {
            // In order from the start: the library's sort takes 3 kB of a component.
            let at = self
                .codes
                .iter()
                .filter(|(other, _)| *other <= rank)
                .count();
            self.codes.insert(at, (rank, code.into()));
        }
    }
}

/// Where in a body a value stands.
#[derive(Debug, Clone, Copy)]
enum Place {
    Top,
    /// The value of `error` or `errors`, or an item of such a list.
    Error,
    /// A field that holds a code.
    Code(Rank),
    /// The field `success`.
    Success,
}

impl Place {
    /// Where the value of the field `name` of an object here stands, if it matters.
    fn field(self, name: &str) -> Option<Self> {
        Some(match (self, name) {
            (Self::Top, "success") => Self::Success,
            (_, "error" | "errors") => Self::Error,
            (_, "errorCode" | "error_code") | (Self::Error, "code") => Self::Code(Rank::ErrorCode),
            (Self::Top, "code") => Self::Code(Rank::Code),
            (Self::Error, "type") => Self::Code(Rank::Type),
            _ => return None,
        })
    }
}

/// Fills in the error body field by field, so that it keeps what came before the end.
struct Reader<'a> {
    error: &'a mut ErrorBody,
    place: Place,
    depth: u8,
}

impl Reader<'_> {
    /// Takes a boolean, or a number in the place of one.
    fn flag(self, value: bool) {
        match self.place {
            Place::Success => self.error.success = Some(value),
            Place::Error => self.error.has_error |= value,
            Place::Top | Place::Code(_) => {}
        }
    }

    /// Takes a whole number: some vendors number their codes.
    fn number(self, digits: &str) {
        match self.place {
            Place::Code(rank) => self.error.push(rank, digits),
            _ => self.flag(digits != "0"),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Reader<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

/// Anything else says nothing. The defaults of the trait would end the reading instead.
impl<'de> Visitor<'de> for Reader<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("anything")
    }

    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        self.flag(value);
        Ok(())
    }

    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        self.number(&value.to_string());
        Ok(())
    }

    fn visit_u64<E>(self, value: u64) -> Result<(), E> {
        self.number(&value.to_string());
        Ok(())
    }

    fn visit_f64<E>(self, value: f64) -> Result<(), E> {
        self.flag(value != 0.0);
        Ok(())
    }

    fn visit_str<E>(self, value: &str) -> Result<(), E> {
        match self.place {
            Place::Error => {
                self.error.has_error |= !value.trim().is_empty();
                self.error.push(Rank::Error, value);
            }
            Place::Code(rank) => self.error.push(rank, value),
            Place::Success if value.eq_ignore_ascii_case("false") => {
                self.error.success = Some(false);
            }
            Place::Success if value.eq_ignore_ascii_case("true") => {
                self.error.success = Some(true);
            }
            Place::Top | Place::Success => {}
        }
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let reads_items = matches!(self.place, Place::Error) && self.depth < MAX_DEPTH;
        if reads_items {
            loop {
                let item = Reader {
                    error: &mut *self.error,
                    place: Place::Error,
                    depth: self.depth + 1,
                };
                if items.next_element_seed(item)?.is_none() {
                    return Ok(());
                }
                self.error.has_error = true;
            }
        }
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<(), A::Error> {
        let reads_fields =
            matches!(self.place, Place::Top | Place::Error) && self.depth < MAX_DEPTH;
        while let Some(name) = fields.next_key::<Cow<str>>()? {
            if let Place::Error = self.place {
                self.error.has_error = true;
            }
            match self.place.field(&name).filter(|_| reads_fields) {
                Some(place) => fields.next_value_seed(Reader {
                    error: &mut *self.error,
                    place,
                    depth: self.depth + 1,
                })?,
                // Not taken in, since it may be a token.
                None => {
                    fields.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_codes_wherever_vendors_put_them() {
        for (body, success, has_error, codes) in [
            (
                r#"{"error":"a","errorCode":"b","code":"c"}"#,
                None,
                true,
                &["a", "b", "c"][..],
            ),
            (
                r#"{"code":"c","errorCode":"b","error":"a"}"#,
                None,
                true,
                &["a", "b", "c"],
            ),
            (
                r#"{"error":{"code":"a","message":"m","type":"t"}}"#,
                None,
                true,
                &["a", "t"],
            ),
            (r#"{"error":["a",{"code":"b"}]}"#, None, true, &["a", "b"]),
            (
                r#"{"errors":[{"error_code":"a"},{"code":"b"}]}"#,
                None,
                true,
                &["a", "b"],
            ),
            (
                r#"{"success":false,"error":{"code":"a"}}"#,
                Some(false),
                true,
                &["a"],
            ),
            (r#"{"success":"false"}"#, Some(false), false, &[]),
            (r#"{"success":"True","x":1}"#, Some(true), false, &[]),
            (r#"{"success":0,"code":7}"#, Some(false), false, &["7"]),
            (r#"{"error":{"code":-41}}"#, None, true, &["-41"]),
            (r#"{"code":7.5}"#, None, false, &[]),
            (r#"{"success":null,"error":null}"#, None, false, &[]),
            (r#"{"error":false,"errors":0}"#, None, false, &[]),
            (r#"{"error":true,"code":"c"}"#, None, true, &["c"]),
            (r#"{"error":401,"code":"c"}"#, None, true, &["c"]),
            (r#"{"error":"","errors":[],"code":""}"#, None, false, &[]),
            (
                r#"{"error":{},"data":{"error":"a","code":"b"}}"#,
                None,
                false,
                &[],
            ),
            (r#"{"error":"a","x":{"y":[1.5,"#, None, true, &["a"]),
            (r#"{"error":"a","x": tru"#, None, true, &["a"]),
            ("\u{feff}{\"error\":\"a\"}", None, true, &["a"]),
            ("[\"error\"]", None, false, &[]),
            ("<html>", None, false, &[]),
            ("", None, false, &[]),
        ] {
            let read = ErrorBody::read(body.as_bytes());
            assert_eq!(read.success, success, "{body}");
            assert_eq!(read.has_error, has_error, "{body}");
            assert_eq!(read.codes().collect::<Vec<_>>(), codes, "{body}");
        }
    }

    #[test]
    fn reads_past_a_wrong_encoding_and_bounds_what_it_keeps() {
        let read = ErrorBody::read(b"{\"message\":\"\xff\xfe\",\"error\":\"a\"}");
        assert_eq!(read.codes().collect::<Vec<_>>(), ["a"]);
        let many = format!(r#"{{"errors":[{}"x"]}}"#, r#""a","#.repeat(1000));
        assert_eq!(ErrorBody::read(many.as_bytes()).codes().count(), MAX_CODES);
        let deep = r#"{"error":"#.repeat(1000);
        assert!(ErrorBody::read(deep.as_bytes()).codes().next().is_none());
    }
}
