//! Hotjar as its API reference describes it: a form at the token endpoint, one fixed host, scopes
//! that belong to the key. Bodies of refusals are not documented; these follow RFC 6749 §5.2
//! and RFC 6750 §3.1.

use bytes::Bytes;
use http::{Method, Response, StatusCode};
use serde_json::{Value, json};

use crate::call::{self, Call, Refusal};
use crate::rules::Rules;
use crate::tokens::{Grant, LIFE_SECS, Tokens, Unusable};

const HOST: &str = "api.hotjar.io";
const SITE: &str = "100001";
const SURVEYS: &str = "surveys";

struct Key {
    shows: &'static str,
    client_id: &'static str,
    client_secret: &'static str,
    scopes: &'static [&'static str],
}

/// Invented, and unlike real ones. The secrets hold every character that an encoding can get wrong.
const KEYS: [Key; 2] = [
    Key {
        shows: "a key of a plan with surveys",
        client_id: "simulated-hotjar-key-1",
        client_secret: "not;a?real&secret+of%41=any one",
        scopes: &[SURVEYS],
    },
    Key {
        shows: "a key of a plan without surveys",
        client_id: "simulated-hotjar-key-2",
        client_secret: "nor=this%20one+ever;was&a?secret é",
        scopes: &[],
    },
];

pub(crate) struct Hotjar;

impl Rules for Hotjar {
    fn id(&self) -> &'static str {
        "hotjar"
    }

    fn hosts(&self) -> &'static [&'static str] {
        &[HOST]
    }

    fn sample_credentials(&self) -> Vec<(&'static str, Value)> {
        let document =
            |key: &Key| json!({ "client_id": key.client_id, "client_secret": key.client_secret });
        KEYS.iter().map(|key| (key.shows, document(key))).collect()
    }

    fn sample_call(&self) -> &'static str {
        "/v1/sites/100001/surveys?limit=1"
    }

    fn answer(&self, tokens: &Tokens, call: &Call) -> Response<Bytes> {
        let answered = match call.path.as_str() {
            "/v1/oauth/token" => token(tokens, call),
            _ => data(tokens, call),
        };
        match answered {
            Ok(body) => call::json(StatusCode::OK, &body),
            Err(refusal) => refusal
                .with_body(&json!({ "error": refusal.code, "error_description": refusal.why })),
        }
    }
}

fn token(tokens: &Tokens, call: &Call) -> Result<Value, Refusal> {
    let body = call.credential_body("application/x-www-form-urlencoded")?;
    if !body.iter().copied().all(is_form_encoded) {
        return Err(Refusal::invalid_request("the form is not percent-encoded"));
    }
    let mut pairs: Vec<_> = form_urlencoded::parse(body).collect();
    pairs.sort();
    let [(id_name, id), (secret_name, secret), (grant_name, grant)] = pairs.as_slice() else {
        return Err(Refusal::invalid_request("three parameters are needed"));
    };
    if (&**id_name, &**secret_name, &**grant_name) != ("client_id", "client_secret", "grant_type") {
        return Err(Refusal::invalid_request("a parameter is unknown"));
    }
    if grant != "client_credentials" {
        return Err(call::UNSUPPORTED_GRANT_TYPE);
    }
    let key = KEYS
        .iter()
        .find(|key| key.client_id == id && key.client_secret == secret)
        .ok_or(call::INVALID_CLIENT)?;
    let grant = Grant {
        scopes: key.scopes.to_vec(),
        project: None,
        host: HOST,
    };
    Ok(json!({
        "access_token": tokens.issue(grant),
        "token_type": "Bearer",
        "expires_in": LIFE_SECS,
    }))
}

/// Tells whether form encoding leaves this byte as it is, or uses it itself (RFC 6749 Appendix B).
fn is_form_encoded(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~*+%&=".contains(&byte)
}

fn data(tokens: &Tokens, call: &Call) -> Result<Value, Refusal> {
    let grant = tokens
        .look_up(call.bearer())
        .map_err(|unusable| match unusable {
            Unusable::Missing => unauthorized("a bearer token is needed"),
            Unusable::Unknown => unauthorized("the access token is not known"),
            Unusable::Expired => unauthorized("the access token has expired"),
        })?;
    let segments: Vec<_> = call.path.split('/').skip(1).collect();
    match segments.as_slice() {
        ["v1", "sites", SITE, "surveys"] => {
            call.require(&Method::GET)?;
            if !grant.scopes.contains(&SURVEYS) {
                return Err(Refusal::new(
                    StatusCode::FORBIDDEN,
                    "insufficient_scope",
                    "the plan has no surveys",
                ));
            }
            Ok(
                json!({ "results": [{ "id": 501, "name": "How was your visit?" }],
                        "next_cursor": null }),
            )
        }
        _ => Err(call::NOT_FOUND),
    }
}

const fn unauthorized(why: &'static str) -> Refusal {
    Refusal::new(StatusCode::UNAUTHORIZED, "invalid_token", why)
}
