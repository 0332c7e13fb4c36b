//! The demo: the plugin at work with every vendor it lists, told step by step, against the simulators over real TLS.
//! Whatever does not go as told ends it. Nothing here knows a vendor.

use std::sync::Arc;

use bytes::Bytes;
use connector_host::{ApiResponse, CallError, Connector, ConnectorError, Session, Vendor};
use connector_simulators::{Simulator, Simulators};
use http::Request;
use serde_json::Value;

use crate::args::Plugin;
use crate::failure::{Failure, plain, sentence};
use crate::json::{MASK, moment};
use crate::output::{Page, fact, line};
use crate::plugin;
use crate::recorder::Recorder;
use crate::schema::{self, Need};

/// Tells the whole story.
pub(crate) async fn run(of: &Plugin) -> Result<(), Failure> {
    let page = Page::new();
    let simulators = Simulators::start()
        .await
        .map_err(|error| Failure::setup("start the simulated vendors", error))?;
    let recorder = Arc::new(Recorder::new(plugin::simulated(&simulators)));
    let connector = open(of, &page, &recorder).await?;
    let mut told = Vec::new();
    for vendor in connector.vendors() {
        let name = plain(&vendor.display_name);
        page.title(&name)?;
        let Some(simulator) = simulators.vendor(&vendor.id) else {
            fact("There is no simulator for this vendor, so it is left out here.")?;
            continue;
        };
        Story {
            page: &page,
            connector: &connector,
            recorder: &recorder,
            vendor,
            name: &name,
            simulator,
        }
        .tell()
        .await?;
        told.push(name);
    }
    if told.is_empty() {
        return Err(Failure::Demo(
            "vendors".into(),
            "no vendor of this plugin has a simulator".into(),
        ));
    }
    end(&page, &told.join(" and "))?;
    Ok(())
}

/// Loads the component, and says what it is.
async fn open(of: &Plugin, page: &Page, recorder: &Arc<Recorder>) -> Result<Connector, Failure> {
    page.title("The plugin")?;
    match &of.component {
        Some(path) => fact(&path.display().to_string())?,
        None => fact("The one built with this program.")?,
    }
    fact("Compiling it for this machine, which takes seconds at most …")?;
    let connector = plugin::load(of, recorder.clone()).await?;
    let bytes = match &of.component {
        Some(path) => path.metadata().map(|file| file.len()).ok(),
        None => Some(plugin::COMPONENT_BYTES.len() as u64),
    };
    if let Some(bytes) = bytes {
        let kib = bytes.div_ceil(1024);
        fact(&format!("One WebAssembly component of {kib} KiB."))?;
    }
    fact(
        "All it can reach of this machine are these imports: no files, no environment, no sockets.",
    )?;
    for import in connector.imports() {
        fact(&format!("  {}", plain(import)))?;
    }
    Ok(connector)
}

fn end(page: &Page, told: &str) -> std::io::Result<()> {
    let done = page.strong("Everything went as told.");
    line(&format!(
        "\n{done} {told}: signed in, called, expired, refreshed, called again, refused a wrong secret."
    ))?;
    line("The plugin ran unmodified, over TLS, and nothing left this machine.")?;
    line("\nNext:")?;
    line(
        "  connector simulate    keeps the simulated vendors running, with credentials to try the other commands",
    )?;
    line("  connector --help      all commands")?;
    line("  cargo wasm            builds the component itself, to load in a host of your own")
}

/// One vendor's part.
struct Story<'a> {
    page: &'a Page,
    connector: &'a Connector,
    recorder: &'a Recorder,
    vendor: &'a Vendor,
    name: &'a str,
    simulator: &'a Simulator,
}

impl Story<'_> {
    async fn tell(&self) -> Result<(), Failure> {
        let schema = self.form().await?;
        let samples = self.simulator.sample_credentials();
        let Some((_, credential)) = samples.into_iter().next() else {
            return Err(self.failed("sign in", "the simulator has no credential to offer"));
        };
        self.recorder.hide(&schema::secrets(&schema, &credential));
        let session = self.sign_in("sign in", &credential, None).await?;
        self.call("call the API", &session, "accepted").await?;
        self.simulator.expire_sessions();
        let step = "call it again, after the session has expired";
        self.call(step, &session, "refresh").await?;
        let step = "refresh the session";
        let session = self.sign_in(step, &credential, Some(&session)).await?;
        let step = "call it with the new session";
        self.call(step, &session, "accepted").await?;
        self.wrong_secret(&schema, credential).await
    }

    async fn form(&self) -> Result<Value, Failure> {
        let step = "the form that a person fills in";
        self.page.step(step)?;
        let schema = self.connector.credential_schema(&self.vendor.id).await;
        let schema = schema.map_err(|error| self.wrong(step, &error))?;
        let schema: Value = serde_json::from_str(&schema)
            .map_err(|_| self.failed(step, "the schema is not JSON"))?;
        for field in schema::fields(&schema) {
            let mut marks = vec![match field.need {
                Need::Required => "required".to_owned(),
                Need::Sometimes => "required depending on the others".to_owned(),
                Need::Optional => "optional".to_owned(),
            }];
            if field.secret {
                marks.push("secret".to_owned());
            }
            if !field.choices.is_empty() {
                let of = if field.several { "any of" } else { "one of" };
                marks.push(format!("{of}: {}", plain(&field.choices.join(" · "))));
            }
            fact(&format!("{:<28} {}", plain(&field.title), marks.join(", ")))?;
        }
        Ok(schema)
    }

    /// Gets a session, or a new one in place of `current`.
    async fn sign_in(
        &self,
        step: &str,
        credential: &Value,
        current: Option<&Session>,
    ) -> Result<Session, Failure> {
        self.page.step(step)?;
        let (id, credential) = (&self.vendor.id, credential.to_string());
        let session = match current {
            None => self.connector.authenticate(id, &credential).await,
            Some(current) => self.connector.refresh(id, &credential, current).await,
        };
        self.show_request(step)?;
        let session = session.map_err(|error| self.wrong(step, &error))?;
        show_session(&session)?;
        Ok(session)
    }

    /// Calls the API, asks the plugin what the answer means, and holds that against what the story says.
    async fn call(&self, step: &str, session: &Session, expected: &str) -> Result<(), Failure> {
        self.page.step(step)?;
        let request = Request::get(self.simulator.sample_call()).body(Bytes::new());
        let request = request.map_err(|_| self.failed(step, "the sample call is not a URL"))?;
        let response = self.connector.send(&self.vendor.id, session, request).await;
        self.show_request(step)?;
        let mut response = response.map_err(|error| self.failed(step, &error.to_string()))?;
        let answer = ApiResponse::read(&mut response).await;
        let answer = answer.map_err(|error| self.failed(step, &error.to_string()))?;
        let verdict = self.connector.classify(&self.vendor.id, &answer).await;
        let verdict = verdict.map_err(|error| self.wrong(step, &error))?.kind();
        fact(&format!(
            "answer   {}, verdict {}",
            response.status(),
            self.page.strong(verdict)
        ))?;
        if verdict == expected {
            Ok(())
        } else {
            Err(self.failed(step, &format!("the verdict should have been {expected}")))
        }
    }

    /// The same credential with another secret, to see what a person would be told.
    async fn wrong_secret(&self, schema: &Value, mut credential: Value) -> Result<(), Failure> {
        let step = "sign in with a wrong secret";
        self.page.step(step)?;
        for name in schema::secret_names(schema) {
            if let Some(secret) = credential.get_mut(name) {
                *secret = "mistyped".into();
            }
        }
        self.recorder.hide(&schema::secrets(schema, &credential));
        let answer = self
            .connector
            .authenticate(&self.vendor.id, &credential.to_string())
            .await;
        self.show_request(step)?;
        match answer {
            Err(CallError::Connector(error @ ConnectorError::Rejected(_))) => {
                fact(&format!("answer   {}", self.page.strong(error.kind())))?;
                fact(&sentence(&CallError::Connector(error)))?;
                Ok(())
            }
            Err(error) => Err(self.wrong(step, &error)),
            Ok(_) => Err(self.failed(step, "the vendor let it in")),
        }
    }

    fn show_request(&self, step: &str) -> Result<(), Failure> {
        let Some(sent) = self.recorder.take() else {
            return Err(self.failed(step, "no request was sent"));
        };
        fact(&format!("request  {}", plain(&sent.line)))?;
        fact(&format!("         {}", sent.headers.join(", ")))?;
        if let Some(body) = sent.body {
            fact(&format!("         {}", plain(&body)))?;
        }
        Ok(())
    }

    fn wrong(&self, step: &str, error: &CallError) -> Failure {
        self.failed(step, &sentence(error))
    }

    fn failed(&self, step: &str, why: &str) -> Failure {
        Failure::Demo(format!("{}: {step}", self.name), why.to_owned())
    }
}

fn show_session(session: &Session) -> std::io::Result<()> {
    let scopes = match session.scopes.join(" ") {
        none if none.is_empty() => "not named by the vendor".to_owned(),
        scopes => plain(&scopes),
    };
    fact(&format!(
        "session  token {MASK}, base URL {}",
        plain(&session.base_url)
    ))?;
    let life = session
        .expires_at
        .duration_since(session.issued_at)
        .unwrap_or_default();
    let minutes = life.as_secs() / 60;
    fact(&format!(
        "         scopes {scopes}; expires in {minutes} minutes, {:.0}",
        moment(session.expires_at)
    ))
}
