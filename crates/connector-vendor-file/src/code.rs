//! Writes the table of a vendor as Rust code.

use std::fmt::Display;

use crate::check::{BaseUrl, Body, Checked, Json, Opening, Pairs, Request, is_required};
use crate::file::{Field, Kind};
use crate::schema;
use crate::template::Piece;

const DATA: &str = "::connector_guest::data";

pub(crate) fn write(name: &str, path: &str, vendor: &Checked<'_>) -> String {
    let file = vendor.file;
    let opening = match &vendor.opening {
        Opening::Key(key) => format!("Key({})", template(key, field_at)),
        Opening::Basic(user, password) => {
            format!(
                "Basic({}, {})",
                template(user, field_at),
                template(password, field_at)
            )
        }
        Opening::Request(token) => format!("Request({})", request(token)),
    };
    let base_url = match &vendor.base_url {
        BaseUrl::Template(url) => format!("Template({})", template(url, field_at)),
        BaseUrl::Reply(at, path) => format!("Reply({at:?}, {path:?})"),
    };
    // Value 0 is the token, value `n` the kept field `n - 1`.
    let kept_at = |piece: &Piece| match piece {
        Piece::Field(index) => vendor
            .kept
            .iter()
            .position(|kept| kept == index)
            .map(|at| at + 1),
        Piece::Token => Some(0),
        Piece::Text(_) => None,
    };
    let fields = file
        .fields
        .0
        .iter()
        .map(|(name, value)| field(name.get_ref(), value));
    let origins = vendor
        .origins
        .iter()
        .map(|origin| template(origin, field_at));
    format!(
        "#[doc = {doc:?}]\n\
         #[derive(Debug, Clone, Copy)]\n\
         pub struct {name};\n\
         impl {DATA}::DataVendor for {name} {{\n\
         const DATA: &'static {DATA}::VendorData = &{DATA}::VendorData {{\n\
         info: {info}, description: {description},\n\
         schema: ::connector_guest::Schema::new({schema:?}, &[]),\n\
         fields: {fields}, origins: {origins},\n\
         opening: {DATA}::Opening::{opening},\n\
         base_url: {DATA}::BaseUrl::{base_url},\n\
         kept: {kept}, headers: {headers}, query: {query},\n\
         }};\n\
         }}",
        doc = format!("{}, by the file `{path}`.", file.name.get_ref()),
        info = info(vendor),
        description = description(vendor),
        schema = schema::write(file),
        fields = list(fields),
        origins = list(origins),
        kept = list(&vendor.kept),
        headers = pairs(&vendor.headers, kept_at),
        query = pairs(&vendor.query, kept_at),
    )
}

fn info(vendor: &Checked<'_>) -> String {
    let file = vendor.file;
    let origins = file
        .origins
        .iter()
        .map(|origin| format!("{:?}", origin.get_ref()));
    let (id, origins) = (file.id.get_ref(), list(origins));
    let mut code = vec![format!(
        "::connector_guest::VendorInfo::new({id:?}, {origins})"
    )];
    if let Some(calls) = file.max_concurrent_calls {
        code.push(format!("max_concurrent_calls({calls})"));
    }
    let expiry = match &vendor.opening {
        Opening::Key(_) | Opening::Basic(..) => Some("Never".to_owned()),
        Opening::Request(request) => request.lifetime_secs.map(|secs| format!("After({secs})")),
    };
    code.extend(expiry.map(|expiry| format!("expiry(::connector_guest::Expiry::{expiry})")));
    let known = vendor.codes.iter();
    let known =
        known.map(|(known, meaning)| format!("({known:?}, ::connector_guest::Meaning::{meaning})"));
    let words = file
        .codes
        .words
        .iter()
        .map(|word| format!("{:?}", word.get_ref()));
    let (known, words) = (list(known), list(words));
    code.push(format!(
        "codes(::connector_guest::Codes {{ known: {known}, words: {words} }})"
    ));
    code.join(".")
}

fn description(vendor: &Checked<'_>) -> String {
    let file = vendor.file;
    let (name, setup_url) = (file.name.get_ref(), file.setup_url.get_ref());
    let mut code = vec![format!(
        "::connector_guest::Description::new({name:?}, {setup_url:?})"
    )];
    let text = |text: &str| format!("::connector_guest::Text::new({text:?}, &[])");
    if let Some(summary) = &file.summary {
        code.push(format!("summary({})", text(summary.get_ref())));
    }
    if !file.prerequisites.is_empty() {
        let prerequisites = file
            .prerequisites
            .iter()
            .map(|sentence| text(sentence.get_ref()));
        code.push(format!("prerequisites({})", list(prerequisites)));
    }
    if let Some(url) = &file.documentation_url {
        code.push(format!("documentation_url({:?})", url.get_ref()));
    }
    if let Some(path) = &file.sample_call {
        code.push(format!("sample_call({:?})", path.get_ref()));
    }
    code.join(".")
}

fn field(name: &str, field: &Field) -> String {
    let choices = || field.choices.iter().flat_map(|choices| &choices.0);
    let choices = || choices().map(|(value, _)| value.get_ref());
    let kind = match field.kind.get_ref() {
        Kind::String => "String".into(),
        Kind::Token => "Token".into(),
        Kind::Uuid => "Uuid".into(),
        Kind::HostLabel => "HostLabel".into(),
        Kind::PathSegment => "PathSegment".into(),
        Kind::Host => {
            let domains = field.domains.iter().flatten();
            let domains = domains.map(|domain| format!("{:?}", domain.get_ref().to_lowercase()));
            format!("Host({})", list(domains))
        }
        Kind::Choice => {
            format!(
                "Choice({})",
                list(choices().map(|value| format!("({value:?}, {value:?})")))
            )
        }
        Kind::Choices => format!(
            "Choices({})",
            list(choices().map(|value| format!("{value:?}")))
        ),
    };
    let required = is_required(field);
    let default = field
        .default
        .as_ref()
        .map(|default| default.get_ref().as_str());
    let default = default.unwrap_or_default();
    format!(
        "{DATA}::DataField {{ name: {name:?}, required: {required}, default: {default:?}, \
         kind: {DATA}::Kind::{kind} }}"
    )
}

fn request(request: &Request) -> String {
    let basic = request.basic.as_ref().map(|(user, password)| {
        format!(
            "({}, {})",
            template(user, field_at),
            template(password, field_at)
        )
    });
    let body = match &request.body {
        Body::None => "None".into(),
        Body::Form(form) => format!("Form({})", pairs(form, field_at)),
        Body::Json(fields) => {
            let fields = fields.iter().map(|(name, json)| {
                let json = match json {
                    Json::String(value) => format!("String({})", template(value, field_at)),
                    Json::Integer(integer) => format!("Integer({integer})"),
                    Json::Boolean(boolean) => format!("Boolean({boolean})"),
                };
                format!("({name:?}, {DATA}::JsonData::{json})")
            });
            format!("Json({})", list(fields))
        }
    };
    let [token, expires_in, expires_at, scope, account] = &request.reply;
    let reply = [
        ("token", token),
        ("expires_in", expires_in),
        ("expires_at", expires_at),
        ("scope", scope),
        ("account", account),
    ];
    let reply = reply.map(|(name, at)| {
        let at = option(at.as_ref().map(|at| format!("{at:?}")));
        format!("{name}: {at}")
    });
    format!(
        "{DATA}::TokenRequest {{ is_get: {is_get}, url: {url}, basic: {basic}, \
         headers: {headers}, query: {query}, body: {DATA}::Body::{body}, scopes: {scopes}, \
         reply: {DATA}::Reply {{ {reply}, scope_separator: {separator:?} }} }}",
        is_get = request.is_get,
        url = template(&request.url, field_at),
        basic = option(basic),
        headers = pairs(&request.headers, field_at),
        query = pairs(&request.query, field_at),
        scopes = template(&request.scopes, field_at),
        reply = reply.join(", "),
        separator = request.scope_separator,
    )
}

/// The index of a field of the credential.
fn field_at(piece: &Piece) -> Option<usize> {
    match piece {
        Piece::Field(index) => Some(*index),
        Piece::Text(_) | Piece::Token => None,
    }
}

fn pairs(pairs: &Pairs, value_at: impl Fn(&Piece) -> Option<usize>) -> String {
    let pairs = pairs.iter();
    list(pairs.map(|(name, value)| format!("({name:?}, {})", template(value, &value_at))))
}

fn template(pieces: &[Piece], value_at: impl Fn(&Piece) -> Option<usize>) -> String {
    list(pieces.iter().map(|piece| match piece {
        Piece::Text(text) => format!("{DATA}::Piece::Text({text:?})"),
        piece => {
            let at = value_at(piece).unwrap_or_default();
            format!("{DATA}::Piece::Value({at})")
        }
    }))
}

fn option(code: Option<String>) -> String {
    let none = "::core::option::Option::None".into();
    code.map_or(none, |code| format!("::core::option::Option::Some({code})"))
}

fn list(items: impl IntoIterator<Item = impl Display>) -> String {
    let items: Vec<String> = items.into_iter().map(|item| item.to_string()).collect();
    format!("&[{}]", items.join(", "))
}
