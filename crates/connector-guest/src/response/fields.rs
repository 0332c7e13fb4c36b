//! The fields of a JSON object that a vendor promised.

use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use super::{MAX_RESPONSE_BYTES, Response};
use crate::date;
use crate::error::{Error, InvalidResponse};
use crate::json::{self, MAX_ID, Object, Value};
use crate::session::Timestamp;

/// The fields of a JSON object, taken out one by one. Fields that nobody takes are ignored (RFC
/// 6749 §5.1).
#[derive(Debug)]
pub struct Fields {
    /// The status, for the errors that name it.
    status: u16,
    fields: Object,
}

impl Fields {
    /// Parses the body of a response that reports no failure.
    pub(super) fn parse(response: &Response) -> Result<Self, Error> {
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
        match json::parse(&response.body) {
            Ok(Value::Object(fields)) => Ok(Self { status, fields }),
            _ => Err(invalid()),
        }
    }

    /// Whether there is a field in which vendors report a failure with status 200. What it says is
    /// the business of [`ErrorBody`](crate::error_body::ErrorBody).
    pub(super) fn may_report_failure(&self) -> bool {
        let mut names = ["success", "error", "errors"].iter();
        names.any(|name| self.fields.field(name).is_some())
    }

    /// No fields, for a session that is opened without a request. Errors have the status of a
    /// success, because the contract knows none for the absence of a response.
    pub(crate) fn empty() -> Self {
        Self {
            status: 200,
            fields: Object::default(),
        }
    }

    /// Takes the field `name`; `null` counts as absent.
    pub fn take(&mut self, name: &str) -> Option<Value> {
        let value = self.fields.take(name)?;
        (!matches!(value, Value::Null)).then_some(value)
    }

    /// Takes the value at a path of field names with `.` between them, such as `data.token`. `null`
    /// counts as absent.
    ///
    /// ```
    /// use connector_guest::{Codes, json::Value, response, testing};
    ///
    /// let reply = testing::reply(200, r#"{"data": {"token": "t"}}"#);
    /// let mut fields = response::accept(&Codes::NONE, &reply, testing::NOW).unwrap();
    /// assert_eq!(fields.take_at("data.token"), Some(Value::String("t".into())));
    /// assert_eq!(fields.take_at("data.token.x"), None);
    /// ```
    pub fn take_at(&mut self, path: &str) -> Option<Value> {
        let mut object = &mut self.fields;
        let (parents, name) = path.rsplit_once('.').unwrap_or(("", path));
        for parent in parents.split('.').filter(|parent| !parent.is_empty()) {
            object = object.object_mut(parent)?;
        }
        let value = object.take(name)?;
        (!matches!(value, Value::Null)).then_some(value)
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

    /// Takes the id `name` of the account that a token reaches. Another one than the requested
    /// account is an error, since its token would mix up the data of two accounts.
    pub fn take_account(
        &mut self,
        name: &'static str,
        requested: Option<&str>,
    ) -> Result<Option<String>, Error> {
        let account = self.take_id(name)?;
        match (&account, requested) {
            (Some(account), Some(requested)) if account != requested => Err(self.invalid(name)),
            _ => Ok(account),
        }
    }

    /// Takes the time `name`, a date of RFC 3339. Absent or of another form is `None`: an expiry
    /// that cannot be read is no reason to lose the token.
    pub fn take_time(&mut self, name: &str) -> Option<Timestamp> {
        self.take(name)?.as_str().and_then(date::parse_rfc3339)
    }

    /// Takes the object `name`; absent or of another type is an error.
    pub fn take_object(&mut self, name: &'static str) -> Result<Self, Error> {
        match self.take(name) {
            Some(Value::Object(fields)) => Ok(Self {
                status: self.status,
                fields,
            }),
            _ => Err(self.invalid(name)),
        }
    }

    /// Takes the list `name`; absent or of another type is an error.
    pub fn take_list(&mut self, name: &'static str) -> Result<Vec<Value>, Error> {
        match self.take(name) {
            Some(Value::Array(items)) => Ok(items),
            _ => Err(self.invalid(name)),
        }
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
        Value::Integer(id) => Some(id.to_string()),
        // A float beyond 2⁵³ may stand for another number.
        value => value
            .as_integer()
            .filter(|id| id.unsigned_abs() <= MAX_ID)
            .map(|id| id.to_string()),
    }
}

/// UUIDs have 36; longer ids are something else.
const MAX_ID_BYTES: usize = 256;

fn is_visible(byte: u8) -> bool {
    byte.is_ascii_graphic()
}
