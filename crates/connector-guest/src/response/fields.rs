//! The fields of a JSON object that a vendor promised.

use alloc::string::{String, ToString as _};

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::{MAX_RESPONSE_BYTES, Response};
use crate::error::{Error, InvalidResponse};
use crate::form::MAX_ID;

/// The fields of a JSON object, taken out one by one. Fields that nobody takes are ignored (RFC 6749
/// §5.1).
#[derive(Debug)]
pub struct Fields {
    /// The status, for the errors that name it.
    status: u16,
    fields: Map<String, Value>,
}

impl Fields {
    /// Parses the body of a response that reports no failure.
    pub(super) fn parse(response: &Response) -> Result<Self, Error> {
        const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();
        let status = response.status;
        if let Some(stage) = response.cut_off {
            return Err(Error::Unreachable(stage));
        }
        let invalid = || {
            Error::InvalidResponse(InvalidResponse {
                status,
                field: "body",
            })
        };
        if response.body.len() > MAX_RESPONSE_BYTES {
            return Err(invalid());
        }
        let body = response.body.as_slice();
        let body = body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(body);
        match serde_json::from_slice(body) {
            Ok(Value::Object(fields)) => Ok(Self { status, fields }),
            _ => Err(invalid()),
        }
    }

    /// No fields, for a session that is opened without a request.
    pub(crate) fn empty() -> Self {
        Self {
            status: 0,
            fields: Map::new(),
        }
    }

    /// Takes the field `name`; `null` counts as absent.
    pub fn take(&mut self, name: &str) -> Option<Value> {
        self.fields.remove(name).filter(|value| !value.is_null())
    }

    /// Takes the string `name`; absent is `None`, another type is an error.
    pub fn take_string(&mut self, name: &'static str) -> Result<Option<String>, Error> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::String(string)) => Ok(Some(string)),
            Some(_) => Err(self.invalid(name)),
        }
    }

    /// Takes the id `name`, a string or a whole number, as a string. Absent or an empty string is
    /// `None`, anything else is an error.
    pub fn take_id(&mut self, name: &'static str) -> Result<Option<String>, Error> {
        self.take(name)
            .filter(|value| value.as_str().is_none_or(|id| !id.trim().is_empty()))
            .map(|value| id(value).ok_or_else(|| self.invalid(name)))
            .transpose()
    }

    /// Reads the field `name` into a type of the vendor's; absent or of another form is an error.
    pub fn take_as<T: DeserializeOwned>(&mut self, name: &'static str) -> Result<T, Error> {
        self.take(name)
            .and_then(|value| serde_json::from_value(value).ok())
            .ok_or_else(|| self.invalid(name))
    }

    /// The error that says that `field` was missing or wrong.
    pub fn invalid(&self, field: &'static str) -> Error {
        Error::InvalidResponse(InvalidResponse {
            status: self.status,
            field,
        })
    }
}

/// Reads an id that a vendor gives as a string or as a whole number.
pub fn id(value: Value) -> Option<String> {
    match value {
        Value::String(id) => {
            let is_id = !id.is_empty() && id.len() <= MAX_ID_BYTES && id.bytes().all(is_visible);
            is_id.then_some(id)
        }
        Value::Number(number) if number.is_u64() => Some(number.to_string()),
        // A float beyond 2⁵³ may stand for another number.
        value => crate::form::integer(&value)
            .filter(|id| id.unsigned_abs() <= MAX_ID)
            .map(|id| id.to_string()),
    }
}

/// UUIDs have 36; longer ids are something else.
const MAX_ID_BYTES: usize = 256;

fn is_visible(byte: u8) -> bool {
    byte.is_ascii_graphic()
}
