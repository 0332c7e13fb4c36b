//! `connector connect`: asks a person for a credential, field by field as the schema has them, and saves it.
//! What a field may hold is for the plugin to say: conditions are not read here but asked of `validate`.

mod ask;
mod question;
mod terminal;

use connector_host::{Access, CallError, Connector, ConnectorError, Issue, Vendor};
use serde_json::{Map, Value};

use crate::args::Connect;
use crate::failure::{Failure, plain, sentence};
use crate::json;
use crate::output::say;
use crate::plugin;
use crate::store::{Entry, Saved, Store, StoreError};
use question::{Offer, Question};

pub(crate) use ask::confirm;
pub(crate) use terminal::Terminal;

/// Someone who gives no valid answer so many times in a row wants something else.
const MAX_ROUNDS: usize = 20;

/// Asks, saves, and returns what is saved, with its secrets masked.
pub(crate) async fn run(of: &Connect) -> Result<String, Failure> {
    let mut terminal = Terminal::open(
        "connect asks its questions on a terminal: run it in one, or put the credential in a file for --credential",
    )?;
    let store = Store::open(&of.store.location()?)?;
    let connector = plugin::open(&of.target.plugin, &of.network).await?;
    let vendor = connector
        .vendors()
        .iter()
        .find(|vendor| vendor.id == of.target.vendor)
        .ok_or(CallError::Connector(ConnectorError::UnknownVendor))?;
    let text = connector.credential_schema(&vendor.id).await?;
    let schema = serde_json::from_str(&text)
        .map_err(|error| Failure::setup("read the vendor's schema", error))?;
    introduce(vendor, &schema);
    let mut name = ask::name(&store)?;
    let description = ask::description()?;
    let mut form = Form {
        connector: &connector,
        vendor,
        questions: question::all(&schema),
        answers: Map::new(),
        access: None,
    };
    form.fill_in(&mut terminal).await?;
    let mut entry = Entry {
        name: String::new(),
        description,
        vendor: vendor.id.clone(),
        document: Value::Object(form.answers),
    };
    let saved = loop {
        entry.name = name;
        match store.save(&entry, &schema) {
            // Somebody else took it meanwhile.
            Err(error @ StoreError::NameTaken(_)) => {
                say(&plain(&error.to_string()));
                name = ask::name(&store)?;
            }
            saved => break saved?,
        }
    };
    congratulate(&saved);
    Ok(json::pretty(&json::saved(&saved)))
}

fn introduce(vendor: &Vendor, schema: &Value) {
    say(&format!("\n{}", plain(&vendor.display_name)));
    if let Some(text) = schema.get("description").and_then(Value::as_str) {
        say(&plain(text));
    }
    say(&format!(
        "How to get it: {}\nEsc ends this, and nothing is saved.\n",
        plain(&vendor.setup_url)
    ));
}

fn congratulate(saved: &Saved) {
    say(&format!(
        "\nSaved. To use it: connector authenticate {} --saved {:?}",
        plain(&saved.vendor),
        plain(&saved.name)
    ));
}

/// The form while it is filled in.
struct Form<'a> {
    connector: &'a Connector,
    vendor: &'a Vendor,
    questions: Vec<Question>,
    answers: Map<String, Value>,
    access: Option<Access>,
}

impl Form<'_> {
    /// Asks until the plugin accepts the document.
    async fn fill_in(&mut self, terminal: &mut Terminal) -> Result<(), Failure> {
        let secrets_end = self
            .questions
            .iter()
            .rposition(|question| question.required && question.is_secret());
        for index in 0..self.questions.len() {
            if self.questions.get(index).is_some_and(|q| q.required) {
                self.ask(index, true)?;
            }
            if Some(index) == secrets_end {
                self.look(index, terminal).await?;
            }
        }
        self.correct().await?;
        for index in 0..self.questions.len() {
            if self.may_be_given(index).await? {
                self.ask(index, false)?;
            }
        }
        self.correct().await
    }

    /// Asks one question; no answer takes the field out of the document, unless it is needed.
    fn ask(&mut self, index: usize, needed: bool) -> Result<(), Failure> {
        let Some(question) = self.questions.get(index) else {
            return Ok(());
        };
        let offer = Offer::of(
            question,
            self.access.as_ref(),
            self.answers.get(&question.name),
        );
        match ask::answer(question, &offer, needed)? {
            Some(value) => self.answers.insert(question.name.clone(), value),
            None => self.answers.remove(&question.name),
        };
        Ok(())
    }

    /// Asks the vendor what the credential reaches. Where that fails, a person is told why, and may correct what was typed.
    async fn look(&mut self, last: usize, terminal: &mut Terminal) -> Result<(), Failure> {
        for _ in 0..MAX_ROUNDS {
            say("asking the vendor what this credential reaches …");
            let document = self.document();
            let inspected = self.connector.inspect(&self.vendor.id, &document);
            let error = match terminal.unless_interrupted(inspected).await? {
                Ok(access) => {
                    say(&question::summary(&access));
                    self.access = Some(access);
                    return Ok(());
                }
                Err(error) => error,
            };
            say(&sentence(&error));
            match error {
                CallError::Connector(ConnectorError::InvalidCredential(issues)) => {
                    self.ask_again(&issues)?;
                }
                CallError::Connector(ConnectorError::Rejected(_)) => {
                    say(&format!(
                        "How to get one: {}",
                        plain(&self.vendor.setup_url)
                    ));
                    if !ask::confirm("Enter it again?", true)? {
                        return Ok(());
                    }
                    for index in 0..=last {
                        if self.questions.get(index).is_some_and(|q| q.required) {
                            self.ask(index, true)?;
                        }
                    }
                }
                _ => {
                    say("going on without what the vendor would have said");
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// Asks again exactly what the plugin does not accept, until it accepts all.
    async fn correct(&mut self) -> Result<(), Failure> {
        for _ in 0..MAX_ROUNDS {
            let document = self.document();
            match self.connector.validate(&self.vendor.id, &document).await {
                Err(CallError::Connector(ConnectorError::InvalidCredential(issues))) => {
                    self.ask_again(&issues)?;
                }
                checked => return Ok(checked?),
            }
        }
        Err(Failure::Cancelled)
    }

    /// Fails when none of the issues is about a field: then no answer would help.
    fn ask_again(&mut self, issues: &[Issue]) -> Result<(), Failure> {
        let mut asked = false;
        for index in 0..self.questions.len() {
            let Some(question) = self.questions.get(index) else {
                continue;
            };
            let of_field = issues.iter().filter(|issue| field(issue) == question.name);
            let messages: Vec<_> = of_field.map(|issue| plain(&issue.message)).collect();
            if messages.is_empty() {
                continue;
            }
            say(&format!(
                "{}: {}",
                plain(&question.title),
                messages.join("; ")
            ));
            // What is missing and complained of is needed; what is there may be what is wrong.
            let needed = question.required || !self.answers.contains_key(&question.name);
            self.ask(index, needed)?;
            asked = true;
        }
        if asked {
            return Ok(());
        }
        let error = ConnectorError::InvalidCredential(issues.to_vec());
        Err(CallError::Connector(error).into())
    }

    /// Whether a field that is not needed may be filled in all the same: the plugin is shown the document with an example in it.
    async fn may_be_given(&self, index: usize) -> Result<bool, Failure> {
        let Some(question) = self.questions.get(index) else {
            return Ok(false);
        };
        if question.required || self.answers.contains_key(&question.name) {
            return Ok(false);
        }
        let mut answers = self.answers.clone();
        answers.insert(question.name.clone(), question.example());
        let document = Value::Object(answers).to_string();
        match self.connector.validate(&self.vendor.id, &document).await {
            Err(CallError::Connector(ConnectorError::InvalidCredential(issues))) => {
                Ok(issues.iter().all(|issue| field(issue) != question.name))
            }
            checked => Ok(checked.map(|()| true)?),
        }
    }

    fn document(&self) -> String {
        Value::Object(self.answers.clone()).to_string()
    }
}

/// The field that an issue is about: the first part of its pointer.
fn field(issue: &Issue) -> String {
    let first = issue.pointer.split('/').nth(1).unwrap_or_default();
    first.replace("~1", "/").replace("~0", "~")
}
