//! The file as it is written. Its keys are documented in the README.

use std::fmt;
use std::marker::PhantomData;
use std::num::NonZeroU32;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use toml::Spanned;

use crate::fault::Fault;

type Text = Spanned<String>;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct File {
    pub(crate) id: Text,
    pub(crate) name: Text,
    pub(crate) summary: Option<Text>,
    #[serde(default)]
    pub(crate) prerequisites: Vec<Text>,
    pub(crate) setup_url: Text,
    pub(crate) documentation_url: Option<Text>,
    pub(crate) sample_call: Option<Text>,
    pub(crate) form_description: Option<Text>,
    pub(crate) origins: Vec<Text>,
    pub(crate) max_concurrent_calls: Option<NonZeroU32>,
    pub(crate) fields: Entries<Field>,
    pub(crate) token: Option<Spanned<TokenRequest>>,
    pub(crate) api: Spanned<Api>,
    #[serde(default)]
    pub(crate) codes: Codes,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Field {
    pub(crate) title: Text,
    pub(crate) description: Option<Text>,
    #[serde(rename = "type")]
    pub(crate) kind: Spanned<Kind>,
    #[serde(default)]
    pub(crate) secret: bool,
    pub(crate) required: Option<Spanned<bool>>,
    pub(crate) default: Option<Text>,
    pub(crate) choices: Option<Entries<Text>>,
    pub(crate) domains: Option<Vec<Text>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    String,
    Token,
    Uuid,
    HostLabel,
    Host,
    PathSegment,
    Choice,
    Choices,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TokenRequest {
    pub(crate) url: Text,
    pub(crate) method: Option<Spanned<Method>>,
    pub(crate) basic: Option<Basic>,
    #[serde(default)]
    pub(crate) headers: Entries<Text>,
    #[serde(default)]
    pub(crate) query: Entries<Text>,
    pub(crate) form: Option<Entries<Text>>,
    pub(crate) json: Option<Entries<Spanned<Json>>>,
    pub(crate) scopes: Option<Text>,
    pub(crate) lifetime_secs: Option<u64>,
    #[serde(default)]
    pub(crate) reply: Reply,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(crate) enum Method {
    #[serde(rename = "GET")]
    Get,
    #[serde(rename = "POST")]
    Post,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Basic {
    pub(crate) user: Text,
    pub(crate) password: Text,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Reply {
    pub(crate) token: Option<Text>,
    pub(crate) expires_in: Option<Text>,
    pub(crate) expires_at: Option<Text>,
    pub(crate) scope: Option<Text>,
    pub(crate) scope_separator: Option<Text>,
    pub(crate) account: Option<Text>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Api {
    pub(crate) base_url: Option<Text>,
    pub(crate) base_url_in_reply: Option<Text>,
    pub(crate) base_path: Option<Text>,
    pub(crate) basic: Option<Basic>,
    #[serde(default)]
    pub(crate) headers: Entries<Text>,
    #[serde(default)]
    pub(crate) query: Entries<Text>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Codes {
    pub(crate) rejected: Vec<Text>,
    pub(crate) malformed: Vec<Text>,
    pub(crate) forbidden: Vec<Text>,
    pub(crate) expired: Vec<Text>,
    pub(crate) throttled: Vec<Text>,
    pub(crate) unavailable: Vec<Text>,
    pub(crate) words: Vec<Text>,
}

/// A value in a JSON body.
#[derive(Debug)]
pub(crate) enum Json {
    String(String),
    Integer(u64),
    Boolean(bool),
}

impl File {
    pub(crate) fn parse(text: &str) -> Result<Self, Fault> {
        toml::from_str(text)
            .map_err(|error| Fault::new(error.span().unwrap_or(0..0), error.message()))
    }
}

/// The entries of a table in the order of the file.
#[derive(Debug)]
pub(crate) struct Entries<T>(pub(crate) Vec<(Text, T)>);

impl<T> Default for Entries<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Entries<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for InOrder<T> {
            type Value = Entries<T>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a table")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries<T>, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Entries(entries))
            }
        }

        deserializer.deserialize_map(InOrder(PhantomData))
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Scalar;

        impl Visitor<'_> for Scalar {
            type Value = Json;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a string, a whole number that is not negative, or a boolean")
            }

            fn visit_str<E: serde::de::Error>(self, string: &str) -> Result<Json, E> {
                Ok(Json::String(string.into()))
            }

            fn visit_i64<E: serde::de::Error>(self, integer: i64) -> Result<Json, E> {
                let negative = || E::invalid_value(serde::de::Unexpected::Signed(integer), &self);
                u64::try_from(integer)
                    .map(Json::Integer)
                    .map_err(|_| negative())
            }

            fn visit_u64<E: serde::de::Error>(self, integer: u64) -> Result<Json, E> {
                Ok(Json::Integer(integer))
            }

            fn visit_bool<E: serde::de::Error>(self, boolean: bool) -> Result<Json, E> {
                Ok(Json::Boolean(boolean))
            }
        }

        deserializer.deserialize_any(Scalar)
    }
}
