//! `connector connect`: asks a person for a credential, field by field in the order of the schema,
//! and saves it. Offers the choices that `inspect` names by JSON pointer; knows no field by name.
//! Conditions are not evaluated here: `validate` decides which fields a document can have.

mod ask;
mod given;
mod question;

use connector_host::{
    Access, CallError, Connector, ConnectorError, Description, FieldChoices, Inspection, Issue,
    Vendor,
};
use serde_json::{Map, Value};

use crate::args::Connect;
use crate::credential;
use crate::failure::{Failure, plain, sentence};
use crate::json;
use crate::locale;
use crate::output::say;
use crate::plugin;
use crate::shell;
use crate::store::{self, Entry, Location, Saved, Store, StoreError};
use crate::terminal::{Terminal, confirm};
use ask::Need;
use question::{Inspected, Offer, Question};

/// Ends a dialogue that would go on for ever.
const MAX_ROUNDS: usize = 20;

/// Asks, saves, and returns the saved credential with its secrets masked.
pub(crate) async fn run(of: &Connect) -> Result<String, Failure> {
    if of.stdin || !of.fields.is_empty() {
        return given::run(of).await;
    }
    let mut terminal = Terminal::open(
        "connect needs a terminal; elsewhere name the credential with --name, and pipe it to \
         --stdin or use --field",
    )?;
    let store = Store::open(&Location::credentials(of.store.file.as_deref())?)?;
    let connector = plugin::open(&of.target.plugin, &of.network).await?;
    let vendor = credential::vendor(&connector, &of.target.vendor)?;
    let locales = locale::preferred();
    let description = connector.describe(&vendor.id, &locales).await?;
    let schema = plugin::schema(&connector, vendor, &locales).await?;
    introduce(&description, &schema);
    let mut name = match &of.name {
        // Checked now, before everything else is typed.
        Some(name) if !store::is_name(name) => return Err(StoreError::Name.into()),
        Some(name) if store.find(name)?.is_some() => {
            return Err(StoreError::NameTaken(name.clone()).into());
        }
        Some(name) => name.clone(),
        None => ask::name(&store)?,
    };
    let purpose = match &of.description {
        Some(purpose) => Some(purpose.clone()),
        None => ask::description()?,
    };
    let mut form = Form {
        connector: &connector,
        vendor,
        locales: &locales,
        setup_url: description.setup_url.as_deref(),
        questions: question::all(&schema),
        answers: Map::new(),
        inspected: None,
        is_saved: false,
    };
    form.fill_in(&mut terminal).await?;
    let mut entry = Entry {
        name: String::new(),
        description: purpose,
        vendor: vendor.id.clone(),
        document: Value::Object(form.answers),
    };
    let saved = loop {
        entry.name = name;
        match store.save(&entry, &schema) {
            // Another process has taken the name in the meantime.
            Err(error @ StoreError::NameTaken(_)) => {
                say(&plain(&error.to_string()));
                name = ask::name(&store)?;
            }
            saved => break saved?,
        }
    };
    congratulate(&saved, of);
    Ok(json::pretty(&json::saved(&saved)))
}

/// Asks for each field of a saved credential again, and returns the new document.
pub(crate) async fn edit(
    connector: &Connector,
    vendor: &Vendor,
    answers: Map<String, Value>,
) -> Result<Map<String, Value>, Failure> {
    let mut terminal =
        Terminal::open("edit needs a terminal; elsewhere use --field, or --description")?;
    let locales = locale::preferred();
    let description = connector.describe(&vendor.id, &locales).await?;
    let schema = plugin::schema(connector, vendor, &locales).await?;
    introduce(&description, &schema);
    let mut form = Form {
        connector,
        vendor,
        locales: &locales,
        setup_url: description.setup_url.as_deref(),
        questions: question::all(&schema),
        answers,
        inspected: None,
        is_saved: true,
    };
    form.fill_in(&mut terminal).await?;
    Ok(form.answers)
}

fn introduce(vendor: &Description, schema: &Value) {
    say(&format!("\n{}", plain(&vendor.name)));
    if let Some(text) = schema.get("description").and_then(Value::as_str) {
        say(&plain(text));
    }
    for prerequisite in &vendor.prerequisites {
        say(&format!("- {}", plain(prerequisite)));
    }
    if let Some(url) = &vendor.setup_url {
        say(&format!("How to get it: {}", plain(url)));
    }
    say("Press Esc to cancel; nothing is saved then.\n");
}

fn congratulate(saved: &Saved, of: &Connect) {
    say(&format!(
        "\nSaved. To use it: connector authenticate {} --saved {}{}{}",
        plain(&saved.vendor),
        shell::word(&plain(&saved.name)),
        shell::option("--store", of.store.file.as_deref()),
        shell::option("--component", of.target.plugin.component.as_deref()),
    ));
}

/// The form while it is filled in.
struct Form<'a> {
    connector: &'a Connector,
    vendor: &'a Vendor,
    locales: &'a [String],
    setup_url: Option<&'a str>,
    questions: Vec<Question>,
    answers: Map<String, Value>,
    inspected: Option<Inspected>,
    /// Whether the answers are those of a saved credential.
    is_saved: bool,
}

impl Form<'_> {
    /// Asks until the plugin accepts the document.
    async fn fill_in(&mut self, terminal: &mut Terminal) -> Result<(), Failure> {
        let identified = self.identified();
        for index in 0..self.questions.len() {
            if self.questions.get(index).is_some_and(|q| q.required) {
                self.set_or_ask(index, true, terminal).await?;
            }
            if Some(index) == identified && self.vendor.inspection == Inspection::Credential {
                self.inspect(index, terminal).await?;
            }
        }
        self.correct(terminal).await?;
        // A session needs a valid document. Where it spends the secret, it is not opened before
        // the credential is saved: the next secret has no place yet.
        if self.vendor.inspection == Inspection::Session && !self.vendor.durable_state {
            self.inspect(self.questions.len(), terminal).await?;
            self.reconsider(terminal).await?;
            self.correct(terminal).await?;
        }
        for index in 0..self.questions.len() {
            if self.may_be_given(index).await? {
                self.set_or_ask(index, false, terminal).await?;
            }
        }
        self.correct(terminal).await
    }

    /// Asks again for each answer that is not among the choices of the vendor.
    async fn reconsider(&mut self, terminal: &mut Terminal) -> Result<(), Failure> {
        for index in 0..self.questions.len() {
            let Some(question) = self.questions.get(index) else {
                continue;
            };
            let answer = self.answers.get(&question.name);
            let offered = self.choices(question).zip(answer);
            if offered.is_some_and(|(choices, answer)| !question::is_among(answer, choices)) {
                let needed = question.required;
                self.set_or_ask(index, needed, terminal).await?;
            }
        }
        Ok(())
    }

    /// The last question that identifies the credential: the last required secret, or the last
    /// required field in a form without one.
    fn identified(&self) -> Option<usize> {
        let secret = |q: &Question| q.required && q.is_secret();
        let last_secret = self.questions.iter().rposition(secret);
        last_secret.or_else(|| self.questions.iter().rposition(|q| q.required))
    }

    /// Sets a field that has only one possible value, and asks for any other.
    async fn set_or_ask(
        &mut self,
        index: usize,
        needed: bool,
        terminal: &mut Terminal,
    ) -> Result<(), Failure> {
        self.renew_choices(index, terminal).await?;
        let Some(question) = self.questions.get(index) else {
            return Ok(());
        };
        let choices = self.choices(question);
        let Some(only) = choices.and_then(|choices| question.only(choices)) else {
            return self.ask(index, needed);
        };
        say(&format!(
            "{}: {} (the only choice)",
            plain(&question.title),
            plain(&only.title)
        ));
        let value = question.answer_of(only.value);
        self.answers.insert(question.name.clone(), value);
        Ok(())
    }

    /// Asks one question. An empty answer removes an optional field from the document.
    fn ask(&mut self, index: usize, needed: bool) -> Result<(), Failure> {
        let Some(question) = self.questions.get(index) else {
            return Ok(());
        };
        let choices = self.choices(question);
        let before = self.answers.get(&question.name);
        let offer = Offer::of(question, choices, before);
        // The secret of a saved credential is not shown, and kept unless another one is typed.
        let keeps = question.is_secret() && self.is_saved && before.is_some();
        let need = match (keeps, needed) {
            (true, _) => Need::Keeps,
            (false, true) => Need::Needed,
            (false, false) => Need::Optional,
        };
        let answer = ask::answer(question, &offer, need)?;
        if keeps && answer.is_none() {
            return Ok(());
        }
        if let (Some(choices), Some(answer)) = (choices, &answer)
            && !question::is_among(answer, choices)
        {
            say("The vendor does not list this value for the credential.");
        }
        match answer {
            Some(value) => self.answers.insert(question.name.clone(), value),
            None => self.answers.remove(&question.name),
        };
        Ok(())
    }

    /// The choices of the vendor for a field, as long as they apply.
    fn choices(&self, question: &Question) -> Option<&FieldChoices> {
        let inspected = self.inspected.as_ref()?;
        let choices = inspected.choices(question)?;
        inspected.applies(choices, &self.answers).then_some(choices)
    }

    /// Inspects again when a field has changed on which the choices for this question depend.
    async fn renew_choices(
        &mut self,
        index: usize,
        terminal: &mut Terminal,
    ) -> Result<(), Failure> {
        let question = self.questions.get(index);
        let stale = question.is_some_and(|question| {
            let inspected = self.inspected.as_ref();
            let choices = inspected.and_then(|inspected| inspected.choices(question));
            choices.is_some() && self.choices(question).is_none()
        });
        if stale && let Err(error) = self.request_access(terminal).await? {
            self.inspected = None;
            say(&sentence(&error));
            say("continuing without the vendor's choices");
        }
        Ok(())
    }

    /// Asks the vendor for the reach of the credential. After a failure, a person reads the reason,
    /// and can correct the answers up to the question `last`.
    async fn inspect(&mut self, last: usize, terminal: &mut Terminal) -> Result<(), Failure> {
        for _ in 0..MAX_ROUNDS {
            let Err(error) = self.request_access(terminal).await? else {
                return Ok(());
            };
            say(&sentence(&error));
            match error {
                CallError::Connector(ConnectorError::InvalidCredential(issues)) => {
                    self.ask_again(&issues, terminal).await?;
                }
                CallError::Connector(ConnectorError::Rejected(_)) => {
                    if let Some(url) = self.setup_url {
                        say(&format!("How to get one: {}", plain(url)));
                    }
                    if !confirm("Enter it again?", true)? {
                        return Ok(());
                    }
                    for index in 0..=last {
                        if self.questions.get(index).is_some_and(|q| q.required) {
                            self.ask(index, true)?;
                        }
                    }
                }
                _ => {
                    say("continuing without the vendor's choices");
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    async fn request_access(
        &mut self,
        terminal: &mut Terminal,
    ) -> Result<Result<(), CallError>, Failure> {
        say("asking the vendor for the reach of this credential …");
        let access = terminal.unless_interrupted(self.access()).await?;
        Ok(access.map(|access| {
            say(&question::summary(&access));
            self.inspected = Some(Inspected {
                access,
                answers: self.answers.clone(),
            });
        }))
    }

    /// The reach of the credential, with a session if the vendor needs one for it.
    async fn access(&self) -> Result<Access, CallError> {
        credential::refuse_masks(&Value::Object(self.answers.clone()))?;
        let (vendor, document) = (&self.vendor.id, self.document());
        let session = match self.vendor.inspection {
            Inspection::Session => Some(self.connector.authenticate(vendor, &document).await?),
            _ => None,
        };
        self.connector
            .inspect_all(vendor, &document, session.as_ref())
            .await
    }

    /// Asks again for invalid fields, until the plugin accepts the document.
    async fn correct(&mut self, terminal: &mut Terminal) -> Result<(), Failure> {
        for _ in 0..MAX_ROUNDS {
            let document = self.document();
            match self.validate(&document).await {
                Err(CallError::Connector(ConnectorError::InvalidCredential(issues))) => {
                    self.ask_again(&issues, terminal).await?;
                }
                checked => return Ok(checked?),
            }
        }
        Err(Failure::Cancelled)
    }

    async fn validate(&self, document: &str) -> Result<(), CallError> {
        credential::refuse_masks(&Value::Object(self.answers.clone()))?;
        self.connector
            .validate(&self.vendor.id, document, self.locales)
            .await
    }

    /// Asks again for each field with an issue. Fails if no issue is about a field: no answer would
    /// help.
    async fn ask_again(
        &mut self,
        issues: &[Issue],
        terminal: &mut Terminal,
    ) -> Result<(), Failure> {
        let mut asked = false;
        for index in 0..self.questions.len() {
            let Some(question) = self.questions.get(index) else {
                continue;
            };
            let of_field = issues.iter().filter(|issue| question.is_about(issue));
            let messages: Vec<_> = of_field.map(|issue| plain(&issue.message)).collect();
            if messages.is_empty() {
                continue;
            }
            say(&format!(
                "{}: {}",
                plain(&question.title),
                messages.join("; ")
            ));
            // A missing field with an issue is needed; a present one may have to be removed.
            let needed = question.required || !self.answers.contains_key(&question.name);
            self.renew_choices(index, terminal).await?;
            self.ask(index, needed)?;
            asked = true;
        }
        if asked {
            return Ok(());
        }
        let error = ConnectorError::InvalidCredential(issues.to_vec());
        Err(CallError::Connector(error).into())
    }

    /// Whether an optional field is allowed: the plugin validates the document with an example.
    async fn may_be_given(&self, index: usize) -> Result<bool, Failure> {
        let Some(question) = self.questions.get(index) else {
            return Ok(false);
        };
        let is_answered = self.answers.contains_key(&question.name) && !self.is_saved;
        if question.required || is_answered {
            return Ok(false);
        }
        let mut answers = self.answers.clone();
        answers.insert(question.name.clone(), question.example());
        let document = Value::Object(answers).to_string();
        match self.validate(&document).await {
            Err(CallError::Connector(ConnectorError::InvalidCredential(issues))) => {
                Ok(!issues.iter().any(|issue| question.is_about(issue)))
            }
            checked => Ok(checked.map(|()| true)?),
        }
    }

    fn document(&self) -> String {
        Value::Object(self.answers.clone()).to_string()
    }
}
