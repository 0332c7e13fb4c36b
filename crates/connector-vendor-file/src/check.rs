//! Checks a file beyond the types of its values, and reads its templates. All faults are reported
//! at once.

use std::ops::Range;

use connector_guest::base_url;
use toml::Spanned;

use crate::fault::Fault;
use crate::file::{Basic, Entries, Field, File, Kind, Method, TokenRequest};
use crate::template::{self, Piece, TOKEN};

type Text = Spanned<String>;
pub(crate) type Template = Vec<Piece>;
pub(crate) type Pairs = Vec<(String, Template)>;

/// The header field that carries a session where the file names no other place.
const AUTHORIZATION: &str = "authorization";

/// The header fields of the connection and of the framing (RFC 9110 §7.6.1), which a host refuses.
const OF_THE_TRANSPORT: [&str; 10] = [
    "connection",
    "content-length",
    "expect",
    "host",
    "http2-settings",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// A file without faults.
#[derive(Debug)]
pub(crate) struct Checked<'f> {
    pub(crate) file: &'f File,
    pub(crate) origins: Vec<Template>,
    pub(crate) opening: Opening,
    pub(crate) base_url: BaseUrl,
    /// The fields that the state of a session keeps.
    pub(crate) kept: Vec<usize>,
    pub(crate) headers: Pairs,
    pub(crate) query: Pairs,
    pub(crate) codes: Vec<(String, &'static str)>,
}

#[derive(Debug)]
pub(crate) enum Opening {
    Key(Template),
    Basic(Template, Template),
    Request(Box<Request>),
}

#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) is_get: bool,
    pub(crate) url: Template,
    pub(crate) basic: Option<(Template, Template)>,
    pub(crate) headers: Pairs,
    pub(crate) query: Pairs,
    pub(crate) body: Body,
    pub(crate) scopes: Template,
    pub(crate) lifetime_secs: Option<u64>,
    /// The places of `token`, `expires_in`, `expires_at`, `scope` and `account`.
    pub(crate) reply: [Option<String>; 5],
    pub(crate) scope_separator: String,
}

#[derive(Debug)]
pub(crate) enum Body {
    None,
    Form(Pairs),
    Json(Vec<(String, Json)>),
}

#[derive(Debug)]
pub(crate) enum Json {
    String(Template),
    Integer(u64),
    Boolean(bool),
}

#[derive(Debug)]
pub(crate) enum BaseUrl {
    Template(Template),
    Reply(String, String),
}

/// Whether a field may be missing and without a value.
pub(crate) fn is_optional(field: &Field) -> bool {
    field.default.is_none() && !is_required(field)
}

pub(crate) fn is_required(field: &Field) -> bool {
    match &field.required {
        Some(required) => *required.get_ref(),
        None => field.default.is_none(),
    }
}

pub(crate) fn check(file: &File) -> Result<Checked<'_>, Vec<Fault>> {
    let mut checker = Checker {
        file,
        names: file
            .fields
            .0
            .iter()
            .map(|(name, _)| &**name.get_ref())
            .collect(),
        fields: file.fields.0.iter().map(|(_, field)| field).collect(),
        used: vec![false; file.fields.0.len()],
        faults: Vec::new(),
    };
    let vendor = checker.file();
    checker.unused_fields();
    if checker.faults.is_empty() {
        return Ok(vendor);
    }
    checker.faults.sort_by_key(|fault| fault.span.start);
    Err(checker.faults)
}

struct Checker<'f> {
    file: &'f File,
    names: Vec<&'f str>,
    fields: Vec<&'f Field>,
    used: Vec<bool>,
    faults: Vec<Fault>,
}

/// Where a template stands, which decides what its fields may hold.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// A header field: printable ASCII.
    Header,
    /// A URL: nothing that could change its host or its path.
    Url,
    /// A place that is encoded.
    Any,
}

/// The values that a template can name.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Scope {
    /// The fields of the credential.
    Credential,
    /// The access token too.
    Session,
}

impl<'f> Checker<'f> {
    fn fault(&mut self, span: Range<usize>, message: impl Into<String>) {
        self.faults.push(Fault::new(span, message));
    }

    fn demand(&mut self, holds: bool, at: &Text, message: &str) {
        if !holds {
            self.fault(at.span(), message);
        }
    }

    fn file(&mut self) -> Checked<'f> {
        let file = self.file;
        self.texts();
        for (name, field) in &file.fields.0 {
            self.field(name, field);
        }
        for origin in &file.origins {
            self.demand(
                is_origin(origin.get_ref()),
                origin,
                "this must be an origin such as https://api.acme.example or \
                 https://*.acme.example, without port and path",
            );
        }
        let api = file.api.get_ref();
        let opening = match &file.token {
            Some(token) => Opening::Request(Box::new(self.request(token.get_ref()))),
            None => self.key(),
        };
        let base_url = self.base_url();
        let origins = self.origins(&opening, &base_url);
        let mut headers = self.pairs(&api.headers, Place::Header, Scope::Session);
        let mut query = self.pairs(&api.query, Place::Any, Scope::Session);
        let has_token =
            |pairs: &Pairs| pairs.iter().any(|(_, value)| value.contains(&Piece::Token));
        let is_basic = matches!(opening, Opening::Basic(..));
        let needs_bearer =
            matches!(opening, Opening::Request(_)) && !has_token(&headers) && !has_token(&query);
        if is_basic || needs_bearer {
            let scheme = if is_basic { "Basic " } else { "Bearer " };
            let value = vec![Piece::Text(scheme.into()), Piece::Token];
            let mut names = api.headers.0.iter().map(|(name, _)| name);
            let authorization =
                names.find(|name| name.get_ref().eq_ignore_ascii_case(AUTHORIZATION));
            if let Some(name) = authorization {
                let message = "this field carries the session already; name `{token}` in its \
                               value, or remove it";
                self.fault(name.span(), message);
            }
            headers.insert(0, (AUTHORIZATION.into(), value));
        }
        if let Opening::Key(key) = &opening {
            // The key is the access token.
            let pairs = headers.iter_mut().chain(&mut query);
            for piece in pairs.flat_map(|(_, value)| value) {
                if key.first() == Some(piece) {
                    *piece = Piece::Token;
                }
            }
        }
        let mut kept = Vec::new();
        for (_, value) in headers.iter().chain(&query) {
            for index in template::fields(value) {
                if !kept.contains(&index) {
                    kept.push(index);
                }
            }
        }
        Checked {
            file,
            origins,
            opening,
            base_url,
            kept,
            headers,
            query,
            codes: self.codes(),
        }
    }

    fn texts(&mut self) {
        let file = self.file;
        let is_id = |id: &str| {
            let in_alphabet =
                |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
            (1..=64).contains(&id.len()) && id.bytes().all(in_alphabet)
        };
        self.demand(
            is_id(file.id.get_ref()),
            &file.id,
            "this must be 1 to 64 lower-case ASCII letters, digits and `-`",
        );
        let texts = [
            Some(&file.name),
            file.summary.as_ref(),
            file.form_description.as_ref(),
        ];
        for text in texts.into_iter().flatten().chain(&file.prerequisites) {
            self.demand(
                !text.get_ref().trim().is_empty(),
                text,
                "this must not be blank",
            );
        }
        for url in [Some(&file.setup_url), file.documentation_url.as_ref()]
            .into_iter()
            .flatten()
        {
            let is_url = url.get_ref().starts_with("https://");
            self.demand(is_url, url, "this must be a URL that begins with https://");
        }
        if let Some(path) = &file.sample_call {
            let is_path = path.get_ref().starts_with('/');
            self.demand(is_path, path, "this must be a path that begins with /");
        }
        if file.origins.is_empty() {
            self.fault(0..0, "`origins` is empty; name the origins of the URLs");
        }
        if file.fields.0.is_empty() {
            self.fault(0..0, "`fields` is empty; name the fields of the credential");
        }
    }

    fn field(&mut self, name: &Text, field: &Field) {
        let is_name = |name: &str| {
            let mut bytes = name.bytes();
            bytes.next().is_some_and(|byte| byte.is_ascii_lowercase())
                && bytes
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
        };
        self.demand(
            is_name(name.get_ref()),
            name,
            "the name of a field must be lower-case ASCII letters, digits and `_`",
        );
        self.demand(
            name.get_ref() != TOKEN,
            name,
            "`token` stands for the access token; give the field another name",
        );
        let blank = "this must not be blank";
        self.demand(
            !field.title.get_ref().trim().is_empty(),
            &field.title,
            blank,
        );
        let kind = *field.kind.get_ref();
        if field.secret && !matches!(kind, Kind::String | Kind::Token) {
            let message = "a secret must be of the type `string` or `token`";
            self.fault(field.kind.span(), message);
        }
        let takes_choices = matches!(kind, Kind::Choice | Kind::Choices);
        match &field.choices {
            None if takes_choices => {
                self.fault(
                    field.kind.span(),
                    "this type needs `choices`, values with titles",
                );
            }
            Some(choices) if !takes_choices || choices.0.is_empty() => self.fault(
                field.kind.span(),
                "`choices` must not be empty, and belong to the types `choice` and `choices`",
            ),
            _ => {}
        }
        for (value, _) in field.choices.iter().flat_map(|choices| &choices.0) {
            let is_word = !value.get_ref().is_empty()
                && value.get_ref().bytes().all(|byte| byte.is_ascii_graphic());
            self.demand(is_word, value, "a choice must be ASCII without spaces");
        }
        match &field.domains {
            None if kind == Kind::Host => {
                self.fault(
                    field.kind.span(),
                    "this type needs `domains`, such as [\"acme.example\"]",
                );
            }
            Some(domains) if kind != Kind::Host || domains.is_empty() => self.fault(
                field.kind.span(),
                "`domains` must not be empty, and belong to the type `host`",
            ),
            _ => {}
        }
        for domain in field.domains.iter().flatten() {
            let is_domain = is_origin(&["https://", domain.get_ref()].concat());
            self.demand(
                is_domain,
                domain,
                "this must be a domain such as acme.example",
            );
        }
        if let Some(default) = &field.default {
            self.default(field, default);
        }
    }

    fn default(&mut self, field: &Field, default: &Text) {
        let choices = field.choices.iter().flat_map(|choices| &choices.0);
        let mut choices = choices.map(|(value, _)| value.get_ref());
        let is_good = match field.kind.get_ref() {
            Kind::Choice => choices.any(|choice| choice == default.get_ref()),
            Kind::String => !default.get_ref().trim().is_empty(),
            Kind::Token | Kind::PathSegment => base_url::is_segment(default.get_ref()),
            Kind::HostLabel => base_url::is_label(default.get_ref()),
            Kind::Uuid | Kind::Host | Kind::Choices => false,
        };
        self.demand(
            is_good && !field.secret,
            default,
            "this must be a value of the field, which must be neither a secret nor of the type \
             `uuid`, `host` or `choices`",
        );
        if let Some(required) = field
            .required
            .as_ref()
            .filter(|required| *required.get_ref())
        {
            self.fault(
                required.span(),
                "a field with a `default` is not required; remove this",
            );
        }
    }

    fn request(&mut self, token: &'f TokenRequest) -> Request {
        let is_get = token
            .method
            .as_ref()
            .is_some_and(|method| *method.get_ref() == Method::Get);
        let body = match (&token.form, &token.json) {
            (None, None) => Body::None,
            (Some(form), None) => Body::Form(self.pairs(form, Place::Any, Scope::Credential)),
            (None, Some(json)) => Body::Json(self.json(json)),
            (Some(_), Some(_)) => {
                self.fault(
                    token.url.span(),
                    "a request has `form` or `json`; remove one of them",
                );
                Body::None
            }
        };
        if let (Some(method), true) = (&token.method, is_get && !matches!(body, Body::None)) {
            self.fault(
                method.span(),
                "a GET request has no body; use `query`, or method = \"POST\"",
            );
        }
        let reply = &token.reply;
        if let (Some(_), Some(at)) = (&reply.expires_in, &reply.expires_at) {
            self.fault(
                at.span(),
                "a reply has `expires_in` or `expires_at`; remove one of them",
            );
        }
        let is_opaque = reply.token.is_some();
        // A bearer token is read with the other fields of RFC 6749.
        let default = |name: &str| is_opaque.then(|| name.to_owned());
        let scope_separator = reply.scope_separator.as_ref();
        if let Some(separator) = scope_separator {
            let message = "this must not be empty; leave it out for a space";
            self.demand(!separator.get_ref().is_empty(), separator, message);
        }
        let scope_separator = scope_separator.map(|separator| separator.get_ref().clone());
        let reply = [
            reply.token.as_ref().map(|at| self.pointer(at)),
            match (&reply.expires_in, &reply.expires_at) {
                (Some(at), _) => Some(self.pointer(at)),
                (None, None) => default("expires_in"),
                (None, Some(_)) => None,
            },
            reply.expires_at.as_ref().map(|at| self.pointer(at)),
            match &reply.scope {
                Some(at) => Some(self.pointer(at)),
                None if scope_separator.is_some() => Some("scope".to_owned()),
                None => default("scope"),
            },
            reply.account.as_ref().map(|at| self.pointer(at)),
        ];
        Request {
            is_get,
            url: self.url(&token.url),
            basic: token.basic.as_ref().map(|basic| self.basic(basic)),
            headers: self.pairs(&token.headers, Place::Header, Scope::Credential),
            query: self.pairs(&token.query, Place::Any, Scope::Credential),
            body,
            scopes: token
                .scopes
                .as_ref()
                .map(|scopes| self.credential_template(scopes, Place::Any))
                .unwrap_or_default(),
            lifetime_secs: token.lifetime_secs,
            reply,
            scope_separator: scope_separator.unwrap_or_else(|| " ".to_owned()),
        }
    }

    /// How a session is opened without a request: with the field that an API request carries.
    fn key(&mut self) -> Opening {
        let api = self.file.api.get_ref();
        if let Some(basic) = &api.basic {
            let (user, password) = self.basic(basic);
            return Opening::Basic(user, password);
        }
        let values = api.headers.0.iter().chain(&api.query.0);
        let mut carried = Vec::new();
        for (_, value) in values {
            let pieces = template::parse(value.get_ref(), &self.names).unwrap_or_default();
            carried.extend(template::fields(&pieces));
        }
        let is_secret = |index: &&usize| self.fields.get(**index).is_some_and(|field| field.secret);
        let Some(key) = carried.iter().find(is_secret).copied() else {
            self.fault(
                self.file.api.span(),
                "without a table `token`, an API request must carry a secret field; add \
                 `basic`, `headers` or `query`, or the table `token`",
            );
            return Opening::Key(Vec::new());
        };
        if let Some(field) = self.fields.get(key)
            && *field.kind.get_ref() != Kind::Token
        {
            let message = "an API request carries this key, so it must be of the type `token`";
            self.fault(field.kind.span(), message);
        }
        Opening::Key(vec![Piece::Field(key)])
    }

    fn base_url(&mut self) -> BaseUrl {
        let span = self.file.api.span();
        let api = self.file.api.get_ref();
        match (&api.base_url, &api.base_url_in_reply) {
            (Some(url), None) => {
                if let Some(path) = &api.base_path {
                    let message =
                        "`base_path` belongs to `base_url_in_reply`; add it to `base_url`";
                    self.fault(path.span(), message);
                }
                BaseUrl::Template(self.url(url))
            }
            (None, Some(at)) => {
                if self.file.token.is_none() {
                    self.fault(
                        at.span(),
                        "there is no reply without a table `token`; use `base_url`",
                    );
                }
                let path = api.base_path.as_ref();
                if let Some(path) = path {
                    let url = ["https://x.example", path.get_ref()].concat();
                    let is_path = base_url::parse(&url).as_deref() == Some(&*url);
                    let message = "this must be a path such as /v1, without a slash at its end";
                    self.demand(is_path, path, message);
                }
                let path = path.map(|path| path.get_ref().clone());
                BaseUrl::Reply(self.pointer(at), path.unwrap_or_default())
            }
            _ => {
                self.fault(
                    span,
                    "the table `api` needs either `base_url` or `base_url_in_reply`",
                );
                BaseUrl::Template(Vec::new())
            }
        }
    }

    /// A URL with its host within the declared origins, whatever its fields hold.
    fn url(&mut self, text: &Text) -> Template {
        let pieces = self.credential_template(text, Place::Url);
        for url in template::samples(&pieces, &self.fields) {
            let Some(origin) = base_url::parse(&url).and_then(|url| base_url::origin(&url)) else {
                let message = "this must be an https URL without port, query, fragment and a slash \
                               at its end";
                self.fault(text.span(), message);
                break;
            };
            let declared = self.file.origins.iter();
            if !declared
                .into_iter()
                .any(|declared| covers(declared.get_ref(), &origin))
            {
                let message = format!("`origins` lacks {origin}; add it, or a wildcard for it");
                self.fault(text.span(), message);
                break;
            }
        }
        for index in template::fields(&origin(&pieces)) {
            let kind = self.fields.get(index).map(|field| *field.kind.get_ref());
            if kind == Some(Kind::PathSegment) {
                let message = "the host of a URL cannot hold a `path-segment`; make the field a \
                               `host-label` or a `host`";
                self.fault(text.span(), message);
            }
        }
        if text.get_ref().ends_with('/') {
            self.fault(text.span(), "this must not end with a slash");
        }
        pieces
    }

    /// The origins that a credential needs: those of the URLs, and the declared ones for which no
    /// URL has fields.
    fn origins(&mut self, opening: &Opening, base_url: &BaseUrl) -> Vec<Template> {
        let mut urls = Vec::new();
        if let Opening::Request(request) = opening {
            urls.push(&request.url);
        }
        if let BaseUrl::Template(url) = base_url {
            urls.push(url);
        }
        let mut origins: Vec<Template> = Vec::new();
        let mut named = Vec::new();
        for url in urls {
            let origin = origin(url);
            named.extend(template::samples(&origin, &self.fields));
            if !origins.contains(&origin) {
                origins.push(origin);
            }
        }
        for declared in &self.file.origins {
            if !named.iter().any(|named| covers(declared.get_ref(), named)) {
                origins.push(vec![Piece::Text(declared.get_ref().clone())]);
            }
        }
        origins
    }

    fn basic(&mut self, basic: &Basic) -> (Template, Template) {
        let user = self.credential_template(&basic.user, Place::Any);
        (user, self.credential_template(&basic.password, Place::Any))
    }

    fn json(&mut self, fields: &Entries<Spanned<crate::file::Json>>) -> Vec<(String, Json)> {
        let mut checked = Vec::new();
        for (name, value) in &fields.0 {
            let json = match value.get_ref() {
                crate::file::Json::Integer(integer) => Json::Integer(*integer),
                crate::file::Json::Boolean(boolean) => Json::Boolean(*boolean),
                crate::file::Json::String(text) => {
                    let text = Spanned::new(value.span(), text.clone());
                    Json::String(self.credential_template(&text, Place::Any))
                }
            };
            checked.push((name.get_ref().clone(), json));
        }
        checked
    }

    fn pairs(&mut self, entries: &Entries<Text>, place: Place, scope: Scope) -> Pairs {
        let mut pairs: Pairs = Vec::new();
        for (name, value) in &entries.0 {
            let mut key = name.get_ref().clone();
            if place == Place::Header {
                let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
                let holds = !key.is_empty() && key.bytes().all(is_name);
                self.demand(
                    holds,
                    name,
                    "this must be the name of a header field, such as X-Api-Key",
                );
                key.make_ascii_lowercase();
                let is_transports = OF_THE_TRANSPORT.contains(&&*key) || key.starts_with("proxy-");
                let message = "the host writes this header field itself; remove it";
                self.demand(!is_transports, name, message);
                let is_new = pairs.iter().all(|(other, _)| *other != key);
                let message = "this header field is there twice, in any case; remove one of them";
                self.demand(is_new, name, message);
            }
            let template = match scope {
                Scope::Session => self.template(value, place),
                Scope::Credential => self.credential_template(value, place),
            };
            pairs.push((key, template));
        }
        pairs
    }

    /// A template of the credential alone.
    fn credential_template(&mut self, text: &Text, place: Place) -> Template {
        let pieces = self.template(text, place);
        if pieces.contains(&Piece::Token) {
            self.fault(
                text.span(),
                "`{token}` is known in `api.headers` and `api.query` alone",
            );
        }
        pieces
    }

    fn template(&mut self, text: &Text, place: Place) -> Template {
        let pieces = template::parse(text.get_ref(), &self.names).unwrap_or_else(|message| {
            self.fault(text.span(), message);
            Vec::new()
        });
        if pieces.contains(&Piece::Token) && self.file.token.is_none() {
            self.fault(
                text.span(),
                "`{token}` needs a table `token`; name a field instead",
            );
        }
        let fields: Vec<usize> = template::fields(&pieces).collect();
        for index in fields {
            if let Some(used) = self.used.get_mut(index) {
                *used = true;
            }
            let (Some(field), Some(name)) = (self.fields.get(index), self.names.get(index)) else {
                continue;
            };
            let kind = *field.kind.get_ref();
            let message = match place {
                Place::Url if matches!(kind, Kind::String | Kind::Token | Kind::Choices) => {
                    format!(
                        "a URL cannot hold `{name}`: a field in a URL must be of the type `uuid`, \
                     `host-label`, `host`, `path-segment` or `choice`"
                    )
                }
                Place::Url if is_optional(field) => {
                    format!("`{name}` may be missing; make it required, or give it a `default`")
                }
                Place::Header if matches!(kind, Kind::String | Kind::Choices) => {
                    format!("a header field cannot hold `{name}`: make it of the type `token`")
                }
                _ => continue,
            };
            self.fault(text.span(), message);
        }
        let is_printable = |char: char| char == ' ' || char.is_ascii_graphic();
        if place == Place::Header && !text.get_ref().chars().all(is_printable) {
            self.fault(text.span(), "a header field must be printable ASCII");
        }
        pieces
    }

    /// A JSON pointer (RFC 6901), as `Fields::take_at` wants it.
    fn pointer(&mut self, at: &Text) -> String {
        let names = at.get_ref().strip_prefix('/').unwrap_or_default();
        let is_name = |name: &str| {
            let in_alphabet = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
            !name.is_empty() && name.bytes().all(in_alphabet)
        };
        self.demand(
            names.split('/').all(is_name),
            at,
            "this must be a JSON pointer to a field of objects, such as /data/access_token",
        );
        names.replace('/', ".")
    }

    fn codes(&mut self) -> Vec<(String, &'static str)> {
        let codes = &self.file.codes;
        let mut known: Vec<(String, &'static str)> = Vec::new();
        for (list, meaning) in [
            (&codes.rejected, "Rejected"),
            (&codes.malformed, "Malformed"),
            (&codes.forbidden, "Forbidden"),
            (&codes.expired, "Expired"),
            (&codes.throttled, "Throttled"),
            (&codes.unavailable, "Unavailable"),
        ] {
            for code in list {
                let is_new = known.iter().all(|(other, _)| other != code.get_ref());
                self.demand(
                    is_new,
                    code,
                    "this code has a meaning already; remove one of them",
                );
                let is_blank = code.get_ref().trim().is_empty();
                self.demand(!is_blank, code, "this must not be blank");
                known.push((code.get_ref().clone(), meaning));
            }
        }
        known
    }

    fn unused_fields(&mut self) {
        // A template with a fault may have named it.
        if !self.faults.is_empty() {
            return;
        }
        let file = self.file;
        for ((name, _), used) in file.fields.0.iter().zip(self.used.clone()) {
            self.demand(
                used,
                name,
                "nothing uses this field; remove it, or name it in a template",
            );
        }
        if let (Some(_), Some(basic)) = (&file.token, &file.api.get_ref().basic) {
            let message = "with a table `token`, API requests carry the token; remove `basic`";
            self.fault(basic.user.span(), message);
        }
    }
}

/// Whether the text is an origin as `vendor.origins` of the contract has it.
fn is_origin(text: &str) -> bool {
    let plain = text.replacen("https://*.", "https://", 1);
    base_url::origin(&plain).as_deref() == Some(&*plain)
}

/// Whether a declared origin includes another one.
fn covers(declared: &str, origin: &str) -> bool {
    match declared.strip_prefix("https://*.") {
        Some(domain) => origin.ends_with(&[".", domain].concat()),
        None => declared == origin,
    }
}

/// The beginning of a URL up to the end of its host.
fn origin(url: &Template) -> Template {
    let mut pieces = Vec::new();
    for piece in url {
        if let Piece::Text(text) = piece {
            let start = if pieces.is_empty() {
                "https://".len()
            } else {
                0
            };
            let path = text.get(start..).and_then(|rest| rest.find('/'));
            if let Some(host) = path.and_then(|at| text.get(..start + at)) {
                if !host.is_empty() {
                    pieces.push(Piece::Text(host.into()));
                }
                return pieces;
            }
        }
        pieces.push(piece.clone());
    }
    pieces
}
