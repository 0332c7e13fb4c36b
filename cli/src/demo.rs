//! The demo: the plugin with every vendor, step by step, against the simulators over TLS.
//! Any difference from the expected outcome ends it. No vendor is named here.

use std::sync::Arc;

use bytes::Bytes;
use connector_host::{
    ApiResponse, CallError, Connector, ConnectorError, Description, RequestHead, Session, Vendor,
};
use connector_simulators::{Simulator, Simulators};
use http::Request;
use serde_json::Value;

use crate::args::Plugin;
use crate::failure::{Failure, plain, sentence};
use crate::json::{MASK, moment};
use crate::locale;
use crate::output::{Page, fact, line};
use crate::plugin;
use crate::recorder::Recorder;
use crate::schema::{self, Need};

/// Runs the demo with every vendor.
pub(crate) async fn run(of: &Plugin) -> Result<(), Failure> {
    let page = Page::new();
    let simulators = Simulators::start()
        .await
        .map_err(|error| Failure::setup("start the simulated vendors", error))?;
    let recorder = Arc::new(Recorder::new(plugin::simulated(&simulators)));
    let connector = open(of, &page, &recorder).await?;
    let mut shown = Vec::new();
    let locales = locale::preferred();
    for (vendor, description) in plugin::descriptions(&connector, &locales).await? {
        let name = plain(&description.name);
        page.title(&name)?;
        let Some(simulator) = simulators.vendor(&vendor.id) else {
            fact("Skipped: there is no simulator for this vendor.")?;
            continue;
        };
        Story {
            page: &page,
            connector: &connector,
            recorder: &recorder,
            locales: &locales,
            vendor,
            description: &description,
            name: &name,
            simulator,
        }
        .run()
        .await?;
        shown.push(name);
    }
    if shown.is_empty() {
        return Err(Failure::Demo(
            "vendors".into(),
            "no vendor of this plugin has a simulator".into(),
        ));
    }
    end(&page, &shown.join(" and "))?;
    Ok(())
}

/// Loads the component, and shows its size and imports.
async fn open(of: &Plugin, page: &Page, recorder: &Arc<Recorder>) -> Result<Connector, Failure> {
    page.title("The plugin")?;
    match &of.component {
        Some(path) => fact(&path.display().to_string())?,
        None => fact("The plugin within this program.")?,
    }
    fact("Compiling it for this machine; this takes a few seconds at most …")?;
    let connector = plugin::load(of, recorder.clone()).await?;
    let bytes = match &of.component {
        Some(path) => path.metadata().map(|file| file.len()).ok(),
        None => Some(plugin::COMPONENT_BYTES.len() as u64),
    };
    if let Some(bytes) = bytes {
        let kib = bytes.div_ceil(1024);
        fact(&format!("One WebAssembly component of {kib} KiB."))?;
    }
    fact("It has these imports and nothing else: no files, no environment, no sockets.")?;
    for import in connector.imports() {
        fact(&format!("  {}", plain(import)))?;
    }
    Ok(connector)
}

fn end(page: &Page, vendors: &str) -> std::io::Result<()> {
    let done = page.strong("Every step had the expected outcome.");
    line(&format!(
        "\n{done} {vendors}: opened a session, called the API, saw the session expire, \
         refreshed it, called again, and had a wrong secret refused."
    ))?;
    line("The plugin ran unmodified, over TLS, and no request left this machine.")?;
    line("\nNext:")?;
    line("  connector simulate    run the simulated vendors, to try the other commands with them")?;
    line("  connector --help      list the commands")?;
    line("  cargo wasm            build the component itself, to load in a host of your own")
}

/// The steps with one vendor.
struct Story<'a> {
    page: &'a Page,
    connector: &'a Connector,
    recorder: &'a Recorder,
    locales: &'a [String],
    vendor: &'a Vendor,
    description: &'a Description,
    name: &'a str,
    simulator: &'a Simulator,
}

impl Story<'_> {
    async fn run(&self) -> Result<(), Failure> {
        self.describe()?;
        let schema = self.form().await?;
        let samples = self.simulator.sample_credentials();
        let Some((_, credential)) = samples.into_iter().next() else {
            return Err(self.failed("open a session", "the simulator has no sample credential"));
        };
        self.recorder.hide(&schema::secrets(&schema, &credential));
        let session = self
            .open_session("open a session", &credential, None)
            .await?;
        self.call("call the API", &session, "accepted").await?;
        self.simulator.expire_sessions();
        let step = "call it again, after the session has expired";
        self.call(step, &session, "refresh").await?;
        let step = "refresh the session";
        let session = self.open_session(step, &credential, Some(&session)).await?;
        let step = "call it with the new session";
        self.call(step, &session, "accepted").await?;
        self.wrong_secret(&schema, credential).await
    }

    fn describe(&self) -> Result<(), Failure> {
        self.page.step("the description for people")?;
        let prerequisites = &self.description.prerequisites;
        for text in self.description.summary.iter().chain(prerequisites) {
            fact(&plain(text))?;
        }
        if let Some(url) = &self.description.setup_url {
            fact(&format!("Set-up: {}", plain(url)))?;
        }
        Ok(())
    }

    async fn form(&self) -> Result<Value, Failure> {
        let step = "the credential form";
        self.page.step(step)?;
        let id = &self.vendor.id;
        let schema = self.connector.credential_schema(id, self.locales).await;
        let schema = schema.map_err(|error| self.wrong(step, &error))?;
        let schema: Value = serde_json::from_str(&schema)
            .map_err(|_| self.failed(step, "the schema is not JSON"))?;
        for field in schema::fields(&schema) {
            let mut marks = vec![match field.need {
                Need::Required => "required".to_owned(),
                Need::Sometimes => "required depending on other fields".to_owned(),
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

    /// Opens a session, or refreshes `current`.
    async fn open_session(
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

    /// Calls the API, has the plugin classify the response, and compares that with the expected
    /// verdict.
    async fn call(&self, step: &str, session: &Session, expected: &str) -> Result<(), Failure> {
        self.page.step(step)?;
        let path = self.simulator.sample_call();
        self.authorize(step, session, path).await?;
        let request = Request::get(path).body(Bytes::new());
        let request = request.map_err(|_| self.failed(step, "the sample call is not a URL"))?;
        let response = self.connector.send(&self.vendor.id, session, request).await;
        self.show_request(step)?;
        let mut response = response.map_err(|error| self.failed(step, &error.to_string()))?;
        let read = ApiResponse::read(&mut response).await;
        let read = read.map_err(|error| self.failed(step, &error.to_string()))?;
        let verdict = self.connector.classify(&self.vendor.id, &read).await;
        let verdict = verdict.map_err(|error| self.wrong(step, &error))?.kind();
        fact(&format!(
            "response {}, verdict {}",
            response.status(),
            self.page.strong(verdict)
        ))?;
        if verdict == expected {
            Ok(())
        } else {
            Err(self.failed(step, &format!("expected the verdict {expected}")))
        }
    }

    /// Shows the authorization of a request; `send` requests another one.
    async fn authorize(&self, step: &str, session: &Session, path: &str) -> Result<(), Failure> {
        let url = format!("{}{path}", session.base_url);
        let head = RequestHead {
            method: "GET".to_owned(),
            url,
            headers: Vec::new(),
            body_sha256: None,
            body: None,
        };
        let id = &self.vendor.id;
        let added = self.connector.authorize(id, session, &head).await;
        let added = added.map_err(|error| self.wrong(step, &error))?;
        let headers = added.headers.iter().map(|(name, _)| name);
        let names: Vec<_> = headers
            .chain(added.query.iter().map(|(name, _)| name))
            .map(|name| format!("{}: {MASK}", plain(name)))
            .collect();
        fact(&format!("authorize {}", names.join(", ")))?;
        Ok(())
    }

    /// Uses the same credential with another secret, to show the message for a person.
    async fn wrong_secret(&self, schema: &Value, mut credential: Value) -> Result<(), Failure> {
        let step = "open a session with a wrong secret";
        self.page.step(step)?;
        for name in schema::secret_names(schema) {
            if let Some(secret) = credential.get_mut(name) {
                *secret = "mistyped".into();
            }
        }
        self.recorder.hide(&schema::secrets(schema, &credential));
        let outcome = self
            .connector
            .authenticate(&self.vendor.id, &credential.to_string())
            .await;
        self.show_request(step)?;
        match outcome {
            Err(CallError::Connector(error @ ConnectorError::Rejected(_))) => {
                fact(&format!("error    {}", self.page.strong(error.kind())))?;
                fact(&sentence(&CallError::Connector(error)))?;
                Ok(())
            }
            Err(error) => Err(self.wrong(step, &error)),
            Ok(_) => Err(self.failed(step, "the vendor accepted it")),
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
        "session  access token {MASK}, base URL {}",
        plain(&session.base_url)
    ))?;
    let life = session.expires_at.map(|end| {
        let life = end.duration_since(session.issued_at).unwrap_or_default();
        let minutes = life.as_secs() / 60;
        format!("expires in {minutes} minutes, {:.0}", moment(end))
    });
    let life = life.unwrap_or_else(|| "does not expire".to_owned());
    fact(&format!("         scopes {scopes}; {life}"))
}
