//! Contentsquare: a JSON body, scopes and projects, a base URL that comes with the token.
//! Source: <https://docs.contentsquare.com/en/api/export/authentication/>.

use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use connector_guest::json::MAX_ID;
use connector_guest::{
    Access, Choice, Codes, Description, Error, FieldChoices, Fields, Form, Inspection,
    InspectionInput, IssueCode, Json, Meaning, Open, Presence, Request, Response, Schema, Secret,
    Text, Timestamp, Token, UNKNOWN_CURSOR, Vendor, VendorInfo, access, base_url, json::Value,
    response, token,
};

/// The vendor.
pub struct Contentsquare;

/// API credentials of a project or an account.
pub struct Credential {
    client: Client,
    scopes: Vec<&'static str>,
    project_id: Option<u64>,
    integration_id: Option<u64>,
}

/// Who the credential is, in the words of RFC 6749 §2.
struct Client {
    id: Secret,
    secret: Secret,
}

/// Where the credential was made.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    Project,
    Account,
}

static INFO: VendorInfo = VendorInfo::new(
    "contentsquare",
    &["https://contentsquare.com", "https://*.contentsquare.com"],
)
// Beyond ten the API answers `CONCURRENT_API_CALL`.
.max_concurrent_calls(10)
.inspection(Inspection::Credential)
.codes(Codes {
    known: &[
        ("JWT_EXPIRED", Meaning::Expired),
        ("CONCURRENT_API_CALL", Meaning::Throttled),
    ],
    words: &[],
});

const DOMAIN: &str = "contentsquare.com";
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

const SETUP_URL: &str = "https://support.contentsquare.com/hc/en-us/articles/\
    37271728104593-How-to-create-API-credentials";

const DESCRIPTION: Description = Description::new("Contentsquare", SETUP_URL)
    .summary(Text::new(
        "Exports data, reads metrics and more, for one project or a whole account.",
        &[(
            "fr",
            "Exporte des données, lit des métriques et plus, pour un projet ou tout un \
                 compte.",
        )],
    ))
    .prerequisites(&[Text::new(
        "An administrator of the project or the account, who makes the API credentials.",
        &[(
            "fr",
            "Un administrateur du projet ou du compte, qui crée les identifiants d’API.",
        )],
    )])
    .documentation_url("https://docs.contentsquare.com/en/api/")
    .sample_call("/v1/exports?limit=1");

impl Vendor for Contentsquare {
    type Credential = Credential;

    fn info(&self) -> &'static VendorInfo {
        &INFO
    }

    fn description(&self) -> Description {
        DESCRIPTION
    }

    fn schema(&self) -> Schema {
        Schema::new(
            include_str!("contentsquare.schema.json"),
            &[("fr", include_str!("contentsquare.fr.json"))],
        )
    }

    fn read(&self, form: &mut Form) -> Option<Credential> {
        let client = Client::read(form);
        let level = form.required("credential_level").choice(&LEVELS);
        let scopes = form.required("scopes").choices(&SCOPES);
        check_scopes(form, level, scopes.as_deref());
        let project_id = form.field("project_id", project_presence(level)).id();
        let integration = integration_presence(scopes.as_deref());
        let integration_id = form.field("integration_id", integration).id();
        Some(Credential {
            client: client?,
            scopes: scopes?,
            project_id,
            integration_id,
        })
    }

    fn open(&self, credential: &Credential, _: Option<&Secret>) -> Result<Open, Error> {
        let scopes = credential.scopes.join(" ");
        let mut body = credential.client.fields().to_vec();
        body.push(("grant_type", "client_credentials".into()));
        body.push(("scope", scopes.as_str().into()));
        let ids = [
            ("project_id", credential.project_id),
            ("integration_id", credential.integration_id),
        ];
        body.extend(
            ids.into_iter()
                .filter_map(|(name, id)| Some((name, id?.into()))),
        );
        let request = Request::post("https://api.contentsquare.com/v1/oauth/token").json(&body);
        Ok(Open::Request(request))
    }

    fn token(
        &self,
        credential: &Credential,
        fields: &mut Fields,
        _: Timestamp,
    ) -> Result<Token, Error> {
        let token = Token::bearer(fields)?;
        let project_id = fields.take_id("project_id")?;
        let requested = credential.project_id.map(|id| id.to_string());
        // A token for another project than the requested one would mix up people's data.
        if project_id.is_some() && requested.is_some() && project_id != requested {
            return Err(fields.invalid("project_id"));
        }
        Ok(token.account(project_id))
    }

    fn base_url(&self, credential: &Credential, fields: &mut Fields) -> Result<String, Error> {
        // The pages of the surveys API use a host of their own; with any other scope the reply
        // decides.
        if credential.scopes == [SURVEYS] {
            return Ok("https://api.contentsquare.com".into());
        }
        let endpoint = fields.take_string("endpoint")?;
        endpoint
            .and_then(|endpoint| base_url::within(&endpoint, DOMAIN))
            .ok_or_else(|| fields.invalid("endpoint"))
    }

    fn requested_scopes(&self, credential: &Credential) -> Vec<String> {
        credential
            .scopes
            .iter()
            .map(|&scope| scope.into())
            .collect()
    }

    fn inspection_request(
        &self,
        form: &mut Form,
        input: &InspectionInput,
    ) -> Result<Option<Request>, Error> {
        if input.cursor.is_some() {
            return Err(UNKNOWN_CURSOR);
        }
        let request = Request::post("https://api.contentsquare.com/v1/oauth/me");
        Ok(Client::read(form).map(|client| request.json(&client.fields())))
    }

    fn access(&self, response: &Response, now: Timestamp) -> Result<Access, Error> {
        const IDENTITY: &[&str] = &["/client_id", "/client_secret"];
        let mut fields = response::accept(&INFO.codes, response, now)?;
        let scopes = fields.take("scopes");
        let scopes = scopes.as_ref().and_then(token::readable_scopes);
        let scopes = scopes.ok_or_else(|| fields.invalid("scopes"))?;
        let mut permissions = fields.take_object("permissions")?;
        let reached = permissions.take_list("projects");
        let reached = reached.map_err(|_| fields.invalid("permissions"))?;
        let count = reached.len();
        let projects = access::items(reached, project);
        // A form would choose the only project by itself, so one that cannot be read must count.
        let are_all = projects.len() == count;
        let offered = scopes.iter().map(|scope| Choice::string(scope, None));
        let offered = FieldChoices::complete("/scopes", offered.collect());
        // A project-level key reaches one project; one alone may also be all that an account has.
        let is_account = count > 1;
        let projects = if are_all {
            FieldChoices::complete("/project_id", projects)
        } else {
            FieldChoices::some("/project_id", projects)
        };
        let mut access = Access::default()
            .field(offered.depends_on(IDENTITY))
            .field(projects.depends_on(IDENTITY));
        if is_account {
            let account = Vec::from([Choice::string("account", None)]);
            let level = FieldChoices::complete("/credential_level", account);
            access = access.field(level.depends_on(IDENTITY));
        }
        Ok(access.scopes(scopes))
    }
}

impl Client {
    fn read(form: &mut Form) -> Option<Self> {
        let id = form.required("client_id").string();
        let secret = form.required("client_secret").string();
        Some(Self {
            id: id?,
            secret: secret?,
        })
    }

    fn fields(&self) -> [(&'static str, Json<'_>); 2] {
        [
            ("client_id", self.id.expose().into()),
            ("client_secret", self.secret.expose().into()),
        ]
    }
}

/// One project; anything without an id that the form takes is none.
fn project(value: Value) -> Option<Choice> {
    let Value::Object(mut fields) = value else {
        return None;
    };
    let id = response::id(fields.take("id")?)?;
    let is_number = id.bytes().all(|byte| byte.is_ascii_digit());
    let id = id.parse().ok().filter(|_| is_number)?;
    let name = fields.field("name").and_then(Value::as_str);
    (1..=MAX_ID).contains(&id).then(|| Choice::number(id, name))
}

fn check_scopes(form: &mut Form, level: Option<Level>, scopes: Option<&[&'static str]>) {
    let scopes = scopes.unwrap_or_default();
    if scopes.contains(&ENRICHMENT) && scopes.len() > 1 {
        form.report(
            "/scopes",
            IssueCode::NotCombinable,
            Text::new(
                "the scope enrichment must stand alone; make another credential for the other \
                 scopes",
                &[(
                    "fr",
                    "la portée enrichment doit être seule ; créez un autre identifiant pour les \
                     autres portées",
                )],
            ),
        );
    }
    if scopes.contains(&SURVEYS) && level == Some(Level::Account) {
        form.report(
            "/scopes",
            IssueCode::NotCombinable,
            Text::new(
                "the scope surveys goes only with a project-level credential",
                &[(
                    "fr",
                    "la portée surveys ne va qu’avec un identifiant au niveau du projet",
                )],
            ),
        );
    }
}

fn project_presence(level: Option<Level>) -> Presence {
    match level {
        Some(Level::Account) => Presence::RequiredBecause(Text::new(
            "an account-level credential needs the project",
            &[(
                "fr",
                "un identifiant au niveau du compte a besoin du projet",
            )],
        )),
        Some(Level::Project) | None => Presence::Optional,
    }
}

fn integration_presence(scopes: Option<&[&'static str]>) -> Presence {
    match scopes {
        Some(scopes) if scopes.contains(&ENRICHMENT) => Presence::RequiredBecause(Text::new(
            "the scope enrichment needs the integration",
            &[("fr", "la portée enrichment a besoin de l’intégration")],
        )),
        Some([_, ..]) => Presence::Refused(Text::new(
            "an integration goes only with the scope enrichment",
            &[("fr", "une intégration ne va qu’avec la portée enrichment")],
        )),
        // The scopes are still open.
        Some([]) | None => Presence::Optional,
    }
}

#[cfg(test)]
mod tests;
