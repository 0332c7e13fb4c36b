//! Contentsquare as its documentation describes it: JSON at the token endpoint, a base URL that
//! comes with the token, scopes and projects chosen at each grant. Refusals of the token endpoint
//! are not documented and follow RFC 6749 §5.2; everywhere else they have the shape that the API
//! documents.

use bytes::Bytes;
use http::{Method, Response, StatusCode};
use serde_json::{Map, Value, json};

use crate::call::{self, Call, Refusal};
use crate::rules::Rules;
use crate::tokens::{Grant, LIFE_SECS, Tokens, Unusable};

const FIXED_HOST: &str = "api.contentsquare.com";
const DATA_HOST: &str = "api.eu-west-1.production.contentsquare.com";
const ENRICHMENT_HOST: &str = "enrichment-api.eu-west-1.production.contentsquare.com";

const ENRICHMENT: &str = "enrichment";
const SURVEYS: &str = "surveys";

struct Key {
    shows: &'static str,
    client_id: &'static str,
    client_secret: &'static str,
    /// A key of the whole account has to name a project, and cannot reach surveys.
    account: bool,
    scopes: &'static [&'static str],
    projects: &'static [(u64, &'static str)],
    integration: Option<u64>,
    /// The scopes that its sample document asks for.
    asks: &'static [&'static str],
}

/// Invented, and unlike real ones. The secrets hold every character that an encoding can get wrong.
const KEYS: [Key; 5] = [
    Key {
        shows: "a key of one project",
        client_id: "simulated-contentsquare-key-1",
        client_secret: "not;a?real&secret+of%41=any one",
        account: false,
        scopes: &["data-export", "metrics", "speed-analysis", SURVEYS],
        projects: &[(4201, "Simulated shop")],
        integration: None,
        asks: &["data-export"],
    },
    Key {
        shows: "a key of a whole account",
        client_id: "simulated-contentsquare-key-2",
        client_secret: "all;of?the&account+is%20=in here",
        account: true,
        scopes: &["data-export", "metrics", "session-replay", "symbolicator"],
        projects: &[
            (4202, "Simulated shop, mobile"),
            (4203, "Simulated bank"),
            (4204, "Simulated \u{201c}größte\u{201d} <b>news</b>"),
        ],
        integration: None,
        asks: &["data-export", "metrics"],
    },
    Key {
        shows: "a key for enrichment",
        client_id: "simulated-contentsquare-key-3",
        client_secret: "\"rich\\er;than?any&real+one%3D= \"",
        account: false,
        scopes: &[ENRICHMENT, "metrics"],
        projects: &[(4205, "Simulated museum")],
        integration: Some(77),
        asks: &[ENRICHMENT],
    },
    Key {
        shows: "a key that reaches surveys only",
        client_id: "simulated-contentsquare-key-4",
        client_secret: "ask;them?all&more+than%6fnce= ever é",
        account: false,
        scopes: &[SURVEYS],
        projects: &[(4206, "Simulated theatre")],
        integration: None,
        asks: &[SURVEYS],
    },
    Key {
        shows: "a key with fewer scopes",
        client_id: "simulated-contentsquare-key-5",
        client_secret: "less;is?more&more+is%less= less",
        account: false,
        scopes: &["metrics"],
        projects: &[(4207, "Simulated library")],
        integration: None,
        asks: &["metrics"],
    },
];

const NO_SUCH_PROJECT: Refusal = Refusal::new(
    StatusCode::FORBIDDEN,
    "unauthorized_client",
    "the credential does not reach this project",
);

pub(crate) struct Contentsquare;

impl Rules for Contentsquare {
    fn id(&self) -> &'static str {
        "contentsquare"
    }

    fn hosts(&self) -> &'static [&'static str] {
        &[FIXED_HOST, DATA_HOST, ENRICHMENT_HOST]
    }

    fn sample_credentials(&self) -> Vec<(&'static str, Value)> {
        KEYS.iter()
            .map(|key| (key.shows, key.sample_document()))
            .collect()
    }

    fn sample_call(&self) -> &'static str {
        "/v1/exports?limit=1"
    }

    fn answer(&self, tokens: &Tokens, call: &Call) -> Response<Bytes> {
        let is_token = (&*call.host, &*call.path) == (FIXED_HOST, "/v1/oauth/token");
        let answered = match (&*call.host, &*call.path) {
            (FIXED_HOST, "/v1/oauth/token") => token(tokens, call),
            (FIXED_HOST, "/v1/oauth/me") => credential_information(call),
            _ => data(tokens, call),
        };
        match answered {
            Ok(body) => call::json(StatusCode::OK, &body),
            Err(refusal) if is_token => refusal
                .with_body(&json!({ "error": refusal.code, "error_description": refusal.why })),
            Err(refusal) => refusal
                .with_body(&json!({ "success": false, "errorMessage": refusal.why,
                        "errorCode": refusal.code })),
        }
    }
}

fn token(tokens: &Tokens, call: &Call) -> Result<Value, Refusal> {
    let body = call::object(
        call.credential_body("application/json")?,
        &[
            "client_id",
            "client_secret",
            "grant_type",
            "scope",
            "project_id",
            "integration_id",
        ],
    )?;
    let key = Key::of(&body)?;
    if body.get("grant_type") != Some(&json!("client_credentials")) {
        return Err(call::UNSUPPORTED_GRANT_TYPE);
    }
    let scope = body.get("scope").and_then(Value::as_str).unwrap_or("");
    let scopes = key.scopes(scope)?;
    let enriches = scopes.contains(&ENRICHMENT);
    key.require_integration(integer(&body, "integration_id")?, enriches)?;
    let project = key.project(integer(&body, "project_id")?)?;
    let host = if enriches { ENRICHMENT_HOST } else { DATA_HOST };
    let grant = Grant {
        scopes,
        project: Some(project),
        host,
    };
    Ok(json!({
        "access_token": tokens.issue(grant),
        "token_type": "bearer",
        "expires_in": LIFE_SECS,
        "scope": scope,
        "project_id": project,
        "endpoint": format!("https://{host}"),
    }))
}

fn credential_information(call: &Call) -> Result<Value, Refusal> {
    let body = call.credential_body("application/json")?;
    let key = Key::of(&call::object(body, &["client_id", "client_secret"])?)?;
    let projects = key.projects.iter();
    let projects: Vec<_> = projects
        .map(|(id, name)| json!({ "id": id, "name": name }))
        .collect();
    Ok(json!({ "scopes": key.scopes.join(" "), "permissions": { "projects": projects } }))
}

/// Answers what needs a token, on the host that came with the token; surveys have a fixed one.
fn data(tokens: &Tokens, call: &Call) -> Result<Value, Refusal> {
    let grant = tokens.look_up(call.bearer()).map_err(unauthorized)?;
    let segments: Vec<_> = call.path.split('/').skip(1).collect();
    let (scope, payload) = match (&*call.host, segments.as_slice()) {
        (FIXED_HOST, ["v1", "public", "projects", project, "surveys"]) => {
            if project.parse() != Ok(grant.project.unwrap_or_default()) {
                return Err(NO_SUCH_PROJECT);
            }
            let surveys = json!([{ "id": 601, "name": "How was your visit?" }]);
            (SURVEYS, json!({ "surveys": surveys }))
        }
        (host, _) if host != grant.host => {
            return Err(Refusal::new(
                StatusCode::MISDIRECTED_REQUEST,
                "WRONG_ENDPOINT",
                "the token belongs to another base URL",
            ));
        }
        (_, ["v1", "exports"]) => (
            "data-export",
            json!({ "jobs": [{ "id": 7001, "name": "Page views" }], "totalCount": 1 }),
        ),
        (_, ["v1", "segments"]) => ("metrics", json!([{ "id": 8001, "name": "All visitors" }])),
        _ => return Err(call::NOT_FOUND),
    };
    call.require(&Method::GET)?;
    if !grant.scopes.contains(&scope) {
        return Err(Refusal::new(
            StatusCode::FORBIDDEN,
            "FORBIDDEN",
            "the token lacks the scope for this API",
        ));
    }
    Ok(json!({ "success": true, "payload": payload }))
}

fn unauthorized(unusable: Unusable) -> Refusal {
    let (code, why) = match unusable {
        Unusable::Missing => ("JWT_MISSING", "Auth token is missing."),
        Unusable::Unknown => ("JWT_INVALID", "Auth token is not valid."),
        // The only one of these that is documented, to the letter.
        Unusable::Expired => ("JWT_EXPIRED", "Auth token is expired."),
    };
    Refusal::new(StatusCode::UNAUTHORIZED, code, why)
}

impl Key {
    fn of(body: &Map<String, Value>) -> Result<&'static Self, Refusal> {
        let text = |name| body.get(name).and_then(Value::as_str);
        let [Some(id), Some(secret)] = ["client_id", "client_secret"].map(text) else {
            return Err(Refusal::invalid_request(
                "client_id and client_secret are needed, as text",
            ));
        };
        KEYS.iter()
            .find(|key| key.client_id == id && key.client_secret == secret)
            .ok_or(call::INVALID_CLIENT)
    }

    /// Reads the scope parameter: names joined with single spaces, each once, all of them the
    /// key's, enrichment alone.
    fn scopes(&self, asked: &str) -> Result<Vec<&'static str>, Refusal> {
        let mut scopes = Vec::new();
        for name in asked.split(' ') {
            let known = self.scopes.iter().find(|scope| **scope == name);
            let scope = *known.ok_or(invalid_scope("the credential has no such scope"))?;
            if scopes.contains(&scope) {
                return Err(invalid_scope("a scope is named twice"));
            }
            scopes.push(scope);
        }
        if scopes.len() > 1 && scopes.contains(&ENRICHMENT) {
            return Err(invalid_scope("enrichment does not go with other scopes"));
        }
        Ok(scopes)
    }

    fn project(&self, asked: Option<u64>) -> Result<u64, Refusal> {
        let project = match (asked, self.projects) {
            (None, _) if self.account => {
                return Err(Refusal::invalid_request(
                    "an account-level credential needs project_id",
                ));
            }
            (None, own) => own.first(),
            (Some(id), own) => own.iter().find(|(own, _)| *own == id),
        };
        project.map(|(id, _)| *id).ok_or(NO_SUCH_PROJECT)
    }

    fn require_integration(&self, asked: Option<u64>, enriches: bool) -> Result<(), Refusal> {
        match (enriches, asked) {
            (false, None) => Ok(()),
            (false, Some(_)) => Err(Refusal::invalid_request(
                "integration_id goes with enrichment only",
            )),
            (true, None) => Err(Refusal::invalid_request("enrichment needs integration_id")),
            (true, asked) if asked == self.integration => Ok(()),
            (true, Some(_)) => Err(Refusal::new(
                StatusCode::FORBIDDEN,
                "unauthorized_client",
                "the project has no such integration",
            )),
        }
    }

    fn sample_document(&self) -> Value {
        let mut document = json!({
            "client_id": self.client_id,
            "client_secret": self.client_secret,
            "credential_level": if self.account { "account" } else { "project" },
            "scopes": self.asks,
        });
        if self.account {
            document["project_id"] = json!(self.projects[0].0);
        }
        if let Some(integration) = self.integration {
            document["integration_id"] = json!(integration);
        }
        document
    }
}

/// Reads a member that is a positive integer where it is present; an empty text, a zero or a null
/// is not "absent".
fn integer(body: &Map<String, Value>, name: &str) -> Result<Option<u64>, Refusal> {
    match body.get(name) {
        None => Ok(None),
        Some(value) => match value.as_u64() {
            Some(number) if number > 0 => Ok(Some(number)),
            _ => Err(Refusal::invalid_request("an id is not a positive integer")),
        },
    }
}

const fn invalid_scope(why: &'static str) -> Refusal {
    Refusal::new(StatusCode::BAD_REQUEST, "invalid_scope", why)
}
