//! An expected request, and its differences from a request. Method and URL are always compared, the
//! rest where it is given.

use std::fmt;

use bytes::Bytes;
use http::Method;
use serde_json::Value;

use super::Asked;

/// One expected request.
pub struct Expect {
    method: Method,
    url: String,
    headers: Vec<(String, Option<String>)>,
    body: Body,
}

enum Body {
    Any,
    Json(Value),
    Form(Vec<(String, String)>),
    Bytes(Bytes),
}

impl Expect {
    /// Expects a GET of exactly this URL.
    pub fn get(url: &str) -> Self {
        Self::method(Method::GET, url)
    }

    /// Expects a POST to exactly this URL.
    pub fn post(url: &str) -> Self {
        Self::method(Method::POST, url)
    }

    /// Expects this method with exactly this URL, query included.
    pub fn method(method: Method, url: &str) -> Self {
        Self {
            method,
            url: url.to_owned(),
            headers: Vec::new(),
            body: Body::Any,
        }
    }

    /// Expects the header field once, with exactly this value.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), Some(value.to_owned())));
        self
    }

    /// Expects that the header field is absent.
    #[must_use]
    pub fn no_header(mut self, name: &str) -> Self {
        self.headers.push((name.to_owned(), None));
        self
    }

    /// Expects a JSON body with exactly this value.
    #[must_use]
    pub fn json(mut self, value: Value) -> Self {
        self.body = Body::Json(value);
        self
    }

    /// Expects a form body with exactly these pairs, in any order.
    #[must_use]
    pub fn form<N: Into<String>, V: Into<String>>(
        mut self,
        pairs: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        self.body = Body::Form(sorted(pairs.into_iter().map(|(n, v)| (n.into(), v.into()))));
        self
    }

    /// Expects exactly these bytes as the body.
    #[must_use]
    pub fn body(mut self, bytes: impl Into<Bytes>) -> Self {
        self.body = Body::Bytes(bytes.into());
        self
    }

    /// The differences of a request; none if it is the expected one.
    pub(super) fn differences(&self, asked: &Asked) -> Vec<String> {
        let mut differences = Vec::new();
        if asked.method != self.method {
            differences.push(format!("the method was {}", asked.method));
        }
        if asked.url.to_string() != self.url {
            differences.push(format!("the URL was {}", asked.url));
        }
        for (name, expected) in &self.headers {
            let found: Vec<_> = asked.headers.get_all(name).iter().collect();
            let same = match expected {
                Some(value) => found == [value.as_str()],
                None => found.is_empty(),
            };
            if !same {
                let expected = expected.as_deref().unwrap_or("absent");
                differences.push(format!(
                    "the header {name} was {found:?} and not {expected:?}"
                ));
            }
        }
        differences.extend(self.body.difference(&asked.body));
        differences
    }
}

impl Body {
    fn difference(&self, found: &Bytes) -> Option<String> {
        match self {
            Self::Any => None,
            Self::Json(expected) => match serde_json::from_slice::<Value>(found) {
                Ok(found) if found == *expected => None,
                Ok(found) => Some(format!("the body was {found} and not {expected}")),
                Err(_) => Some(format!(
                    "the body was {} bytes that are not JSON, and not {expected}",
                    found.len()
                )),
            },
            Self::Form(expected) => {
                let found = sorted(form_urlencoded::parse(found).into_owned());
                (found != *expected).then(|| format!("the form was {found:?} and not {expected:?}"))
            }
            Self::Bytes(expected) => {
                (found != expected).then(|| format!("the body was {found:?} and not {expected:?}"))
            }
        }
    }
}

fn sorted(pairs: impl Iterator<Item = (String, String)>) -> Vec<(String, String)> {
    let mut pairs: Vec<_> = pairs.collect();
    pairs.sort();
    pairs
}

impl fmt::Display for Expect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.url)
    }
}
