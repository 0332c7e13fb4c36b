//! Contentsquare: a JSON body, scopes and projects, a base URL that comes with the token.
//! Source: <https://docs.contentsquare.com/en/api/export/authentication/>.

use serde::Serialize;
use serde_json::Value;
use zeroize::Zeroizing;

use super::{About, BaseUrl, Client, Grant, Vendor};
use crate::access::{Access, Level, Project};
use crate::credential::{self, Form, Presence};
use crate::error::{Code, Error};
use crate::http::Request;
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

/// Longer names do not help anybody to choose.
const MAX_NAME_CHARS: usize = 200;

/// The body of both requests; what is absent is left out.
#[derive(Serialize)]
struct Body<'a> {
    client_id: &'a str,
    client_secret: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    grant_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    project_id: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    integration_id: Option<u64>,
}

impl Vendor for Contentsquare {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn schema(&self) -> &'static str {
        include_str!("contentsquare.schema.json")
    }

    fn grant(&self, form: &mut Form) -> Option<Grant> {
        let client = Client::read(form);
        let level = form.choice("credential_level", &LEVELS);
        let scopes = form.choices("scopes", &SCOPES);
        check_scopes(form, level, scopes.as_deref());
        let project_id = form.id("project_id", project_presence(level));
        let integration_id = form.id("integration_id", integration_presence(scopes.as_deref()));

        let (client, scopes) = (client?, scopes?);
        let request = post(
            "/v1/oauth/token",
            &Body {
                client_id: client.id.expose(),
                client_secret: client.secret.expose(),
                grant_type: Some("client_credentials"),
                scope: Some(scopes.join(" ")),
                project_id,
                integration_id,
            },
        );
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
        Some(post(
            "/v1/oauth/me",
            &Body {
                client_id: client.id.expose(),
                client_secret: client.secret.expose(),
                grant_type: None,
                scope: None,
                project_id: None,
                integration_id: None,
            },
        ))
    }

    fn access(&self, members: &mut Members) -> Result<Access, Error> {
        let scopes = members
            .take_text("scopes")?
            .and_then(|text| token::scopes(&text))
            .ok_or_else(|| members.unintelligible("scopes"))?;
        let projects: Vec<Project> = members
            .take("permissions")
            .and_then(|mut permissions| permissions.get_mut("projects").map(Value::take))
            .and_then(|projects| match projects {
                Value::Array(projects) => projects.iter().map(project).collect(),
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

fn post(path: &'static str, content: &Body) -> Request {
    // An escape at most doubles a text without control characters; with the room made, no copy of the secret is left behind by growing.
    let room = 512 + 2 * (content.client_id.len() + content.client_secret.len());
    let mut body = Zeroizing::new(Vec::with_capacity(room));
    // Texts and numbers always have a JSON form, and memory takes it: there is no failure to report.
    let _written = serde_json::to_writer(&mut *body, content);
    Request {
        authority: HOST,
        path,
        content_type: "application/json",
        body,
    }
}

fn project(value: &Value) -> Option<Project> {
    let id = value.get("id").and_then(credential::id)?;
    let name: String = value
        .get("name")
        .and_then(Value::as_str)
        .unwrap_or_default()
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
