//! Vendors that are data: the tables into which `connector-vendor-file` compiles a TOML file, and
//! the steps of [`Vendor`] by such tables. The component has no TOML parser.

mod template;

use alloc::borrow::ToOwned as _;
use alloc::string::String;
use alloc::vec::Vec;

pub use self::template::{Piece, Template, Values};
use crate::error::Error;
use crate::form::{Form, Presence};
use crate::json::Value;
use crate::request::{Authorization, Json, Request, RequestHead};
use crate::response::Fields;
use crate::secret::Secret;
use crate::session::{Expiry, Session, Timestamp};
use crate::token::{self, Token};
use crate::vendor::{Open, UNKNOWN_SESSION, Vendor, VendorInfo};
use crate::{Description, Environment, Schema, base_url, date};

/// A vendor that is described by a table. The macro `vendor!` of `connector-vendor-file` implements
/// it, and with it [`Vendor`].
pub trait DataVendor {
    /// The table.
    const DATA: &'static VendorData;
}

/// A name and the template of its value, such as a header field.
pub type Pair = (&'static str, Template);

/// The description of a vendor.
#[derive(Debug)]
pub struct VendorData {
    /// The properties for the host.
    pub info: VendorInfo,
    /// The texts for people.
    pub description: Description,
    /// The form.
    pub schema: Schema,
    /// The fields of the form, in its order.
    pub fields: &'static [DataField],
    /// The origins that a credential needs.
    pub origins: &'static [Template],
    /// How a session is opened.
    pub opening: Opening,
    /// Where API calls go.
    pub base_url: BaseUrl,
    /// The indices of the fields that `authorize` needs: the state of the session has their values.
    pub kept: &'static [usize],
    /// The header fields of an API request. Value 0 of these templates is the access token, value
    /// `n` the kept field `n - 1`.
    pub headers: &'static [Pair],
    /// The query parameters of an API request, with the same values.
    pub query: &'static [Pair],
}

/// A field of the form.
#[derive(Debug)]
pub struct DataField {
    /// The name in the credential document.
    pub name: &'static str,
    /// Whether it must be there.
    pub required: bool,
    /// Its value where it is missing; an empty string for none.
    pub default: &'static str,
    /// Its type.
    pub kind: Kind,
}

/// The type of a field, as the methods of [`Field`](crate::Field) read it.
#[derive(Debug)]
pub enum Kind {
    /// Any text.
    String,
    /// Printable ASCII without spaces.
    Token,
    /// A UUID.
    Uuid,
    /// One part of a host name.
    HostLabel,
    /// A host at one of these domains or below it.
    Host(&'static [&'static str]),
    /// One segment of a path.
    PathSegment,
    /// One of these, each beside itself.
    Choice(&'static [(&'static str, &'static str)]),
    /// Some of these, joined by spaces.
    Choices(&'static [&'static str]),
}

/// How a session is opened.
#[derive(Debug)]
pub enum Opening {
    /// Without a request: the access token is this.
    Key(Template),
    /// Without a request: the access token is a user name and a password as HTTP Basic encodes them
    /// (RFC 7617 §2).
    Basic(Template, Template),
    /// By a token request.
    Request(TokenRequest),
}

/// A token request and its reply. A parameter is left out where its template has a field without a
/// value.
#[derive(Debug)]
pub struct TokenRequest {
    /// Whether it is a GET request instead of a POST request.
    pub is_get: bool,
    /// The URL.
    pub url: Template,
    /// The user name and the password of HTTP Basic (RFC 6749 §2.3.1).
    pub basic: Option<(Template, Template)>,
    /// The header fields.
    pub headers: &'static [Pair],
    /// The query parameters.
    pub query: &'static [Pair],
    /// The body.
    pub body: Body,
    /// The scopes that it asks for, separated by spaces.
    pub scopes: Template,
    /// Where the reply has the token and what belongs to it.
    pub reply: Reply,
}

/// The body of a token request.
#[derive(Debug)]
pub enum Body {
    /// No body.
    None,
    /// A form.
    Form(&'static [Pair]),
    /// A JSON object.
    Json(&'static [(&'static str, JsonData)]),
}

/// A value in a JSON body.
#[derive(Debug)]
pub enum JsonData {
    /// A string.
    String(Template),
    /// A whole number.
    Integer(u64),
    /// True or false.
    Boolean(bool),
}

/// The places of a token reply, as [`Fields::take_at`] reads them; `None` for the field of RFC
/// 6749.
#[derive(Debug)]
pub struct Reply {
    /// A token of any printable ASCII, instead of a bearer token.
    pub token: Option<&'static str>,
    /// The lifetime in seconds.
    pub expires_in: Option<&'static str>,
    /// The end as a date of RFC 3339.
    pub expires_at: Option<&'static str>,
    /// The granted scopes.
    pub scope: Option<&'static str>,
    /// What separates them in a string: a space (RFC 6749 §3.3), or another string.
    pub scope_separator: &'static str,
    /// The account that the token reaches.
    pub account: Option<&'static str>,
}

/// Where API calls go.
#[derive(Debug)]
pub enum BaseUrl {
    /// By the credential.
    Template(Template),
    /// By the token reply: the place of a URL at an origin of the credential, and the path below
    /// it.
    Reply(&'static str, &'static str),
}

impl<T: DataVendor> Vendor for T {
    type Credential = Values;

    fn info(&self) -> &'static VendorInfo {
        &T::DATA.info
    }

    fn description(&self) -> Description {
        T::DATA.description
    }

    fn schema(&self) -> Schema {
        T::DATA.schema
    }

    fn read(&self, form: &mut Form) -> Option<Values> {
        T::DATA.read(form)
    }

    fn origins(&self, credential: &Values) -> Vec<String> {
        T::DATA.origins(credential)
    }

    fn open(&self, credential: &Values, _: Option<&Secret>) -> Result<Open, Error> {
        Ok(T::DATA.open(credential))
    }

    fn token(
        &self,
        credential: &Values,
        fields: &mut Fields,
        _: Timestamp,
    ) -> Result<Token, Error> {
        T::DATA.token(credential, fields)
    }

    fn base_url(&self, credential: &Values, fields: &mut Fields) -> Result<String, Error> {
        T::DATA.base_url(credential, fields)
    }

    fn requested_scopes(&self, credential: &Values) -> Vec<String> {
        T::DATA.requested_scopes(credential)
    }

    fn authorize(
        &self,
        session: &Session,
        _: &RequestHead,
        _: &impl Environment,
    ) -> Result<Authorization, Error> {
        T::DATA.authorize(session)
    }
}

/// The steps, compiled once for all vendors.
impl VendorData {
    fn read(&self, form: &mut Form) -> Option<Values> {
        let mut values = Values::with_capacity(self.fields.len());
        let mut is_complete = true;
        for field in self.fields {
            let value = field.read(form);
            is_complete &= value.is_some() || !field.required;
            values.push(value.unwrap_or_else(|| Secret::new(field.default)));
        }
        is_complete.then_some(values)
    }

    fn origins(&self, credential: &Values) -> Vec<String> {
        let mut origins: Vec<String> = Vec::new();
        for origin in self.origins {
            let origin = credential.text(origin);
            if !origins.contains(&origin) {
                origins.push(origin);
            }
        }
        origins
    }

    fn open(&self, credential: &Values) -> Open {
        let token = match &self.opening {
            Opening::Request(request) => return Open::Request(request.build(credential)),
            Opening::Key(template) => Secret::new(credential.text(template)),
            Opening::Basic(user, password) => credential.basic(user, password),
        };
        Open::Token(Token::new(token).state(self.state(credential)))
    }

    /// The values that `authorize` needs beside the token, one a line: no field has a line break.
    fn state(&self, credential: &Values) -> Option<Secret> {
        let kept: Vec<&str> = self.kept.iter().map(|at| credential.value(*at)).collect();
        (!kept.is_empty()).then(|| Secret::new(kept.join("\n")))
    }

    fn token(&self, credential: &Values, fields: &mut Fields) -> Result<Token, Error> {
        let Opening::Request(TokenRequest { reply, .. }) = &self.opening else {
            return Err(UNKNOWN_SESSION);
        };
        let mut token = match reply.token {
            Some(at) => Token::opaque_at(fields, at)?,
            None => Token::bearer(fields)?,
        };
        if let Some(at) = reply.expires_in {
            let lifetime = fields.take_at(at).as_ref().and_then(token::lifetime_secs);
            token.expiry = lifetime.map_or(Expiry::Unknown, Expiry::After);
        }
        if let Some(at) = reply.expires_at {
            let end = fields.take_at(at);
            token.expiry = end
                .as_ref()
                .and_then(Value::as_str)
                .and_then(date::parse_rfc3339)
                .into();
        }
        if let Some(at) = reply.scope {
            let scopes = fields.take_at(at).map(|scopes| match scopes {
                Value::String(list) => Value::String(list.replace(reply.scope_separator, " ")),
                scopes => scopes,
            });
            token.scopes = scopes.as_ref().and_then(token::scopes);
        }
        if let Some(at) = reply.account {
            token.account = fields.take_at(at).and_then(crate::response::id);
        }
        Ok(token.state(self.state(credential)))
    }

    fn base_url(&self, credential: &Values, fields: &mut Fields) -> Result<String, Error> {
        match self.base_url {
            BaseUrl::Template(template) => Ok(credential.text(template)),
            BaseUrl::Reply(at, path) => {
                let url = fields.take_at(at);
                let url = url.as_ref().and_then(Value::as_str);
                let url = url.and_then(|url| {
                    let origins = self.origins(credential);
                    origins.iter().find_map(|origin| at_origin(url, origin))
                });
                url.map(|url| url + path).ok_or_else(|| fields.invalid(at))
            }
        }
    }

    fn requested_scopes(&self, credential: &Values) -> Vec<String> {
        let Opening::Request(TokenRequest { scopes, .. }) = &self.opening else {
            return Vec::new();
        };
        let scopes = credential.text(scopes);
        scopes.split_ascii_whitespace().map(str::to_owned).collect()
    }

    fn authorize(&self, session: &Session) -> Result<Authorization, Error> {
        let mut values = Values::with_capacity(1 + self.kept.len());
        values.push(session.access_token.clone());
        if !self.kept.is_empty() {
            let state = session.state.as_ref().ok_or(UNKNOWN_SESSION)?;
            state
                .expose()
                .split('\n')
                .for_each(|value| values.push(Secret::new(value)));
        }
        // A state of another version of the file.
        if values.len() != 1 + self.kept.len() {
            return Err(UNKNOWN_SESSION);
        }
        let mut authorization = Authorization::default();
        for (name, template) in self.headers {
            authorization
                .headers
                .extend(values.render(template).map(|value| (*name, value)));
        }
        for (name, template) in self.query {
            authorization
                .query
                .extend(values.render(template).map(|value| (*name, value)));
        }
        Ok(authorization)
    }
}

impl DataField {
    fn read(&self, form: &mut Form) -> Option<Secret> {
        let presence = if self.required {
            Presence::Required
        } else {
            Presence::Optional
        };
        let field = form.field(self.name, presence);
        match self.kind {
            Kind::String => field.string(),
            Kind::Token => field.token(),
            Kind::Uuid => field.uuid().map(Secret::new),
            Kind::HostLabel => field.host_label().map(Secret::new),
            Kind::Host(domains) => field.host_within(domains).map(Secret::new),
            Kind::PathSegment => field.path_segment().map(Secret::new),
            Kind::Choice(choices) => field.choice(choices).map(Secret::new),
            Kind::Choices(choices) => {
                let chosen = field.choices(choices)?;
                Some(Secret::new(chosen.join(" ")))
            }
        }
    }
}

impl TokenRequest {
    fn build(&self, credential: &Values) -> Request {
        let url = credential.text(self.url);
        let mut request = if self.is_get {
            Request::get(url)
        } else {
            Request::post(url)
        };
        if let Some((user, password)) = self.basic {
            let (user, password) = (credential.render(user), credential.render(password));
            if let (Some(user), Some(password)) = (user, password) {
                request = request.basic_auth(user.expose(), password.expose());
            }
        }
        for (name, value) in credential.pairs(self.headers) {
            request.headers.push((name.into(), value));
        }
        let query = credential.pairs(self.query);
        if !query.is_empty() {
            request = request.query(&exposed(&query));
        }
        match self.body {
            Body::None => request,
            Body::Form(pairs) => request.form(&exposed(&credential.pairs(pairs))),
            Body::Json(fields) => {
                // The values first, since the fields of the body borrow them.
                let values: Vec<(&str, Option<Secret>, &JsonData)> = fields
                    .iter()
                    .map(|(name, data)| match data {
                        JsonData::String(template) => (*name, credential.render(template), data),
                        JsonData::Integer(_) | JsonData::Boolean(_) => (*name, None, data),
                    })
                    .collect();
                let mut body: Vec<(&str, Json)> = Vec::with_capacity(values.len());
                for (name, string, data) in &values {
                    let json = match (data, string) {
                        (JsonData::Integer(integer), _) => Some((*integer).into()),
                        (JsonData::Boolean(boolean), _) => Some((*boolean).into()),
                        (JsonData::String(_), string) => {
                            string.as_ref().map(|string| string.expose().into())
                        }
                    };
                    body.extend(json.map(|json| (*name, json)));
                }
                request.json(&body)
            }
        }
    }
}

fn exposed<'a>(pairs: &'a [(&'static str, Secret)]) -> Vec<(&'static str, &'a str)> {
    let pairs = pairs.iter();
    pairs.map(|(name, value)| (*name, value.expose())).collect()
}

/// The URL, if it is at the origin or, for `https://*.host`, below that host.
fn at_origin(url: &str, origin: &str) -> Option<String> {
    let (domain, is_wildcard) = match origin.strip_prefix("https://*.") {
        Some(domain) => (domain, true),
        None => (origin.strip_prefix("https://")?, false),
    };
    let url = base_url::within(url, domain)?;
    let is_domain = base_url::origin(&url)?.strip_prefix("https://") == Some(domain);
    // A wildcard stands for the hosts below.
    (is_domain != is_wildcard).then_some(url)
}

#[cfg(test)]
mod tests;
