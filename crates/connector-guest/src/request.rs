//! Requests as values: those that a plugin sends, and the heads of those that it authorizes.

use alloc::borrow::Cow;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use form_urlencoded::{Serializer, byte_serialize};

use crate::error::{Error, Fault};
use crate::json::write_string;
use crate::secret::{Secret, SecretBytes};

/// The content type of a form body (RFC 6749 Appendix B).
const FORM: &str = "application/x-www-form-urlencoded";
/// The content type of a JSON body.
const JSON: &str = "application/json";

/// One request to a vendor, always over TLS.
///
/// ```
/// use connector_guest::{Request, Secret};
///
/// let request = Request::post("https://api.example.com/oauth/token")
///     .basic_auth("my id", "hush")
///     .form(&[("grant_type", "client_credentials")]);
/// assert_eq!(request.body.expose(), b"grant_type=client_credentials");
///
/// let request = Request::get("https://api.example.com/token").query(&[("key", "a b")]);
/// assert_eq!(request.url.expose(), "https://api.example.com/token?key=a+b");
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct Request {
    /// `GET` or `POST`.
    pub method: &'static str,
    /// The URL: `https`, a host, perhaps a path and a query. A query may hold a secret where the
    /// vendor wants it there.
    pub url: Secret,
    /// The header fields but those that every request has.
    pub headers: Vec<(Cow<'static, str>, Secret)>,
    /// The body, which may hold a secret; empty for none.
    pub body: SecretBytes,
}

impl Request {
    /// A GET request without a body.
    pub fn get(url: impl Into<String>) -> Self {
        Self {
            method: "GET",
            url: Secret::new(url),
            headers: Vec::new(),
            body: SecretBytes::default(),
        }
    }

    /// A POST request, still without a body.
    pub fn post(url: impl Into<String>) -> Self {
        Self {
            method: "POST",
            ..Self::get(url)
        }
    }

    /// Adds a header field. The value must be one that HTTP allows (RFC 9110 §5.5).
    #[must_use]
    pub fn header(mut self, name: impl Into<Cow<'static, str>>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), Secret::new(value)));
        self
    }

    /// Appends query parameters, encoded as in a form.
    ///
    /// RFC 6749 §2.3.1 forbids secrets here; some vendors want them all the same.
    #[must_use]
    pub fn query(mut self, parameters: &[(&str, &str)]) -> Self {
        let before = if self.url.expose().contains('?') {
            '&'
        } else {
            '?'
        };
        let mut url = String::with_capacity(self.url.expose().len() + 1 + encoded_len(parameters));
        url.push_str(self.url.expose());
        url.push(before);
        let at = url.len();
        let mut query = Serializer::for_suffix(url, at);
        query.extend_pairs(parameters);
        self.url = Secret::new(query.finish());
        self
    }

    /// Authenticates the client by HTTP Basic (RFC 6749 §2.3.1): both parts form-encoded first.
    #[must_use]
    pub fn basic_auth(self, id: &str, secret: &str) -> Self {
        const SCHEME: &str = "Basic ";
        let room = 3 * (id.len() + secret.len()) + 1;
        let mut pair = SecretBytes::with_capacity(room);
        for part in byte_serialize(id.as_bytes()) {
            pair.buffer().extend_from_slice(part.as_bytes());
        }
        pair.buffer().push(b':');
        for part in byte_serialize(secret.as_bytes()) {
            pair.buffer().extend_from_slice(part.as_bytes());
        }
        let mut value = String::with_capacity(SCHEME.len() + room.div_ceil(3) * 4);
        value.push_str(SCHEME);
        STANDARD.encode_string(pair.expose(), &mut value);
        self.header("authorization", value)
    }

    /// Sets a form body (`application/x-www-form-urlencoded`).
    #[must_use]
    pub fn form(self, parameters: &[(&str, &str)]) -> Self {
        let mut body = Serializer::new(String::with_capacity(encoded_len(parameters)));
        body.extend_pairs(parameters);
        self.body(FORM, body.finish().into_bytes())
    }

    /// Sets a body that is a JSON object.
    ///
    /// ```
    /// use connector_guest::Request;
    ///
    /// let body = [("client_id", "a".into()), ("project_id", 42_u64.into())];
    /// let request = Request::post("https://api.example.com/token").json(&body);
    /// assert_eq!(request.body.expose(), br#"{"client_id":"a","project_id":42}"#);
    /// ```
    #[must_use]
    pub fn json(self, fields: &[(&str, Json)]) -> Self {
        // Quotes, colon and comma beside a name and a value. An escape at most doubles a string
        // without control characters, which no form lets through.
        const AROUND_BYTES: usize = 6;
        let room = fields
            .iter()
            .map(|(name, value)| AROUND_BYTES + name.len() + value.max_len());
        let mut body = Vec::with_capacity(2 + room.sum::<usize>());
        body.push(b'{');
        for (name, value) in fields {
            if body.len() > 1 {
                body.push(b',');
            }
            write_json(&mut body, &Json::String(name));
            body.push(b':');
            write_json(&mut body, value);
        }
        body.push(b'}');
        self.body(JSON, body)
    }

    /// Sets a body of another type.
    #[must_use]
    pub fn body(mut self, content_type: &'static str, body: Vec<u8>) -> Self {
        self.body = SecretBytes::from(body);
        self.header("content-type", content_type)
    }

    /// The value of a header field, by its name in any case.
    pub fn header_value(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        let (_, value) = headers.find(|(key, _)| key.eq_ignore_ascii_case(name))?;
        Some(value.expose())
    }
}

/// The most bytes that the parameters take: percent-encoding at most triples a string. With that
/// much room, no copy of a secret is left behind by growing.
fn encoded_len(parameters: &[(&str, &str)]) -> usize {
    let lengths = parameters
        .iter()
        .map(|(name, value)| 2 + 3 * (name.len() + value.len()));
    lengths.sum()
}

/// A value in the JSON body of a request.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Json<'a> {
    /// A string.
    String(&'a str),
    /// A whole number.
    Integer(u64),
    /// True or false.
    Boolean(bool),
}

impl Json<'_> {
    fn max_len(&self) -> usize {
        /// The digits of `u64::MAX`.
        const MAX_DIGITS: usize = 20;
        match self {
            Self::String(string) => 2 * string.len(),
            Self::Integer(_) | Self::Boolean(_) => MAX_DIGITS,
        }
    }
}

impl<'a> From<&'a str> for Json<'a> {
    fn from(string: &'a str) -> Self {
        Self::String(string)
    }
}

impl From<u64> for Json<'_> {
    fn from(integer: u64) -> Self {
        Self::Integer(integer)
    }
}

impl From<bool> for Json<'_> {
    fn from(boolean: bool) -> Self {
        Self::Boolean(boolean)
    }
}

fn write_json(body: &mut Vec<u8>, value: &Json) {
    match value {
        Json::String(string) => write_string(body, string),
        Json::Integer(integer) => body.extend_from_slice(integer.to_string().as_bytes()),
        Json::Boolean(boolean) => body.extend_from_slice(if *boolean { b"true" } else { b"false" }),
    }
}

/// The head of an API request that is about to be sent. The contract of each field is in
/// `wit/types.wit`.
#[derive(Debug, Clone, Default)]
pub struct RequestHead {
    /// The HTTP method.
    pub method: String,
    /// The absolute URL.
    pub url: String,
    /// The header fields that the caller set.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The SHA-256 of the body, where the vendor signs it.
    pub body_sha256: Option<[u8; 32]>,
    /// The body, where the vendor signs it.
    pub body: Option<Vec<u8>>,
}

impl RequestHead {
    /// The SHA-256 of the body, for a vendor that signs it.
    pub fn body_sha256(&self) -> Result<&[u8; 32], Error> {
        self.body_sha256.as_ref().ok_or(NO_BODY)
    }

    /// The body, for a vendor that signs it.
    pub fn body(&self) -> Result<&[u8], Error> {
        self.body.as_deref().ok_or(NO_BODY)
    }
}

const NO_BODY: Error = Error::Other(Fault {
    code: "no-body",
    message: "this vendor signs the body of a request, which is missing",
    retry: false,
});

/// The parts of an API request that carry the session.
#[derive(Debug, Clone, Default)]
pub struct Authorization {
    /// Header fields, which replace the caller's of the same names.
    pub headers: Vec<(&'static str, Secret)>,
    /// Query parameters, not yet encoded.
    pub query: Vec<(&'static str, Secret)>,
}

impl Authorization {
    /// A bearer token (RFC 6750 §2.1).
    pub fn bearer(token: &Secret) -> Self {
        Self::default().header("authorization", ["Bearer ", token.expose()].concat())
    }

    /// Adds a header field.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, Secret::new(value)));
        self
    }

    /// Adds a query parameter.
    #[must_use]
    pub fn query(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.query.push((name, Secret::new(value)));
        self
    }

    /// The value of a header field, by its name in any case.
    pub fn header_value(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        let (_, value) = headers.find(|(key, _)| key.eq_ignore_ascii_case(name))?;
        Some(value.expose())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn encodes_the_parts_of_basic_authentication_first() {
        let request = Request::post("https://a.example").basic_auth("i:d", "s e%");
        // i%3Ad:s+e%25
        let expected = "Basic aSUzQWQ6cytlJTI1";
        assert_eq!(request.header_value("Authorization"), Some(expected));
    }

    #[test]
    fn appends_to_a_query() {
        let request = Request::get("https://a.example/x?a=1").query(&[("b", "2&")]);
        assert_eq!(request.url.expose(), "https://a.example/x?a=1&b=2%26");
    }

    proptest! {
        #[test]
        fn writes_json_that_the_library_reads_back(
            string in "[^\\x00-\\x1f]{0,40}", name in "[a-z]{1,9}", integer in any::<u64>(),
        ) {
            let string_field = (&*name, Json::from(&*string));
            let fields = [string_field, ("N", integer.into()), ("B", true.into())];
            let mut request = Request::post("https://a.example").json(&fields);
            let read: serde_json::Value = serde_json::from_slice(request.body.expose()).unwrap();
            prop_assert_eq!(read, serde_json::json!({&name: string, "N": integer, "B": true}));
            prop_assert!(request.body.buffer().capacity() <= 62 + 2 * string.len() + name.len());
        }

        #[test]
        fn no_body_moves_while_it_is_written(string in "\\PC{0,99}") {
            let form = [("client_secret", &*string)];
            let mut request = Request::post("https://a.example").form(&form);
            prop_assert_eq!(request.body.buffer().capacity(), encoded_len(&form));
            let read: Vec<_> = form_urlencoded::parse(request.body.expose()).collect();
            prop_assert_eq!(read, vec![("client_secret".into(), string.into())]);
        }
    }
}
