//! Contentsquare: a JSON body, scopes and projects, a base URL that comes with the token.
//! Source: <https://docs.contentsquare.com/en/api/export/authentication/>.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::{About, BaseUrl, Client, Grant, Vendor};
use crate::access::{Access, Level, Project};
use crate::credential::{self, Form, Presence};
use crate::error::{Code, Error};
use crate::http::Request;
use crate::json::compact::compact;
use crate::json::{self, Value};
use crate::reply::Members;
use crate::token;
use crate::verdict::{self, Verdict};

/// The vendor.
pub struct Contentsquare;

static ABOUT: About = About {
    id: "contentsquare",
    display_name: "Contentsquare",
    setup_url: "https://support.contentsquare.com/hc/en-us/articles/37271728104593-How-to-create-API-credentials",
    origins: &["https://contentsquare.com", "https://*.contentsquare.com"],
    // Beyond ten the API answers `CONCURRENT_API_CALL`.
    calls_at_once: Some(10),
};

const HOST: &str = "api.contentsquare.com";
const ENRICHMENT: &str = "enrichment";
const SURVEYS: &str = "surveys";
const SCOPES: [&str; 7] = [
    "data-export",
    "metrics",
    ENRICHMENT,
    "speed-analysis",
    SURVEYS,
    "session-replay",
    "symbolicator",
];
const LEVELS: [(&str, Level); 2] = [("project", Level::Project), ("account", Level::Account)];

/// All of a body but id and secret: at most 225, with every scope and the largest numbers. More is wiped in vain.
const REST_BYTES: usize = 256;
/// Longer names do not help anybody to choose.
const MAX_NAME_CHARS: usize = 200;

impl Vendor for Contentsquare {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn schema(&self) -> &'static str {
        compact!(include_str!("contentsquare.schema.json"))
    }

    fn grant(&self, form: &mut Form) -> Option<Grant> {
        let client = Client::read(form);
        let level = form.choice("credential_level", &LEVELS);
        let scopes = form.choices("scopes", &SCOPES);
        check_scopes(form, level, scopes.as_deref());
        let project_id = form.id("project_id", project_presence(level));
        let integration_id = form.id("integration_id", integration_presence(scopes.as_deref()));

        let (client, scopes) = (client?, scopes?);
        let mut body = body(&client);
        body.text("grant_type", "client_credentials");
        body.text("scope", &scopes.join(" "));
        if let Some(id) = project_id {
            body.whole("project_id", id);
        }
        if let Some(id) = integration_id {
            body.whole("integration_id", id);
        }
        let request = post("/v1/oauth/token", body);
        // The pages of the surveys API use a host of their own; with any other scope the reply decides.
        let base_url = if scopes == [SURVEYS] {
            BaseUrl::Fixed("https://api.contentsquare.com")
        } else {
            BaseUrl::Named {
                member: "endpoint",
                domain: "contentsquare.com",
            }
        };
        Some(Grant {
            request,
            scopes,
            project: project_id,
            base_url,
        })
    }

    fn project(&self, asked: Option<u64>, members: &mut Members) -> Result<Option<u64>, Error> {
        let named = match members.take("project_id") {
            None => return Ok(asked),
            Some(value) => credential::id(&value),
        };
        // A token for another project than the one asked for would mix up people's data.
        match (named, asked) {
            (None, _) => Err(members.unintelligible("project_id")),
            (Some(named), Some(asked)) if named != asked => {
                Err(members.unintelligible("project_id"))
            }
            (named, _) => Ok(named),
        }
    }

    fn inspection(&self, form: &mut Form) -> Option<Request> {
        let client = Client::read(form)?;
        Some(post("/v1/oauth/me", body(&client)))
    }

    fn access(&self, members: &mut Members) -> Result<Access, Error> {
        let scopes = members
            .take_text("scopes")?
            .and_then(|text| token::scopes(&text))
            .ok_or_else(|| members.unintelligible("scopes"))?;
        let projects: Vec<Project> = members
            .take("permissions")
            .and_then(|permissions| match permissions {
                Value::Object(mut permissions) => permissions.take("projects"),
                _ => None,
            })
            .and_then(|projects| match projects {
                Value::Array(projects) => projects.into_iter().map(project).collect(),
                _ => None,
            })
            .ok_or_else(|| members.unintelligible("permissions.projects"))?;
        // A project-level key reaches one project; one alone may also be all that an account has.
        let level = (projects.len() > 1).then_some(Level::Account);
        Ok(Access {
            scopes,
            projects,
            level,
        })
    }

    fn meaning(&self, code: &str) -> Option<Verdict> {
        match code {
            "JWT_EXPIRED" => Some(Verdict::Refresh),
            "CONCURRENT_API_CALL" => Some(Verdict::Throttled(None)),
            _ => verdict::bearer_meaning(code),
        }
    }
}

fn check_scopes(form: &mut Form, level: Option<Level>, scopes: Option<&[&'static str]>) {
    let scopes = scopes.unwrap_or_default();
    if scopes.contains(&ENRICHMENT) && scopes.len() > 1 {
        form.note(
            "/scopes",
            Code::NotCombinable,
            "the scope enrichment must stand alone; make another credential for the other scopes",
        );
    }
    if scopes.contains(&SURVEYS) && level == Some(Level::Account) {
        form.note(
            "/scopes",
            Code::NotCombinable,
            "the scope surveys goes only with a project-level credential",
        );
    }
}

fn project_presence(level: Option<Level>) -> Presence {
    match level {
        Some(Level::Account) => Presence::Required("an account-level credential needs the project"),
        Some(Level::Project) | None => Presence::Optional,
    }
}

fn integration_presence(scopes: Option<&[&'static str]>) -> Presence {
    match scopes {
        Some(scopes) if scopes.contains(&ENRICHMENT) => {
            Presence::Required("the scope enrichment needs the integration")
        }
        Some([_, ..]) => Presence::Refused("an integration goes only with the scope enrichment"),
        // What the scopes will be is open.
        Some([]) | None => Presence::Optional,
    }
}

/// Begins the body of both requests: who the credential is.
fn body(client: &Client) -> json::Writer {
    let (id, secret) = (client.id.expose(), client.secret.expose());
    // An escape at most doubles a text without control characters.
    let mut body = json::Writer::with_room(REST_BYTES + 2 * (id.len() + secret.len()));
    body.text("client_id", id);
    body.text("client_secret", secret);
    body
}

fn post(path: &'static str, body: json::Writer) -> Request {
    Request {
        authority: HOST,
        path,
        content_type: "application/json",
        body: body.finish(),
    }
}

fn project(value: Value) -> Option<Project> {
    let Value::Object(mut members) = value else {
        return None;
    };
    let id = members.take("id").as_ref().and_then(credential::id)?;
    let name = match members.take("name") {
        Some(Value::Text(name)) => name,
        _ => String::new(),
    };
    let name: String = name
        .chars()
        .filter(|char| !char.is_control())
        .take(MAX_NAME_CHARS)
        .collect();
    let name = if name.trim().is_empty() {
        id.to_string()
    } else {
        name
    };
    Some(Project { id, name })
}
