//! Sessions of saved credentials, and the results of the last sign-ins.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError};

use connector_host::{CallError, Choice, ConnectorError, Session};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::Api;
use super::problem::Problem;
use crate::json;

/// The result of the last sign-in with a version of a saved credential.
#[derive(Clone)]
pub(super) struct Known {
    pub(super) version: Timestamp,
    /// Whether the vendor accepted it; the alternative is a final refusal.
    works: bool,
    /// The vendor's id for the account of the session.
    account: Option<String>,
    /// The vendor's name for the account.
    account_title: Option<String>,
    /// The vendor's name for the holder of the credential.
    identity: Option<String>,
}

impl Known {
    fn new(version: Timestamp, works: bool) -> Self {
        Self {
            version,
            works,
            account: None,
            account_title: None,
            identity: None,
        }
    }

    pub(super) fn to_json(&self) -> Value {
        let text = |text: &Option<String>| text.clone().map(Value::from);
        json::present([
            ("works", Some(json!(self.works))),
            ("account", text(&self.account)),
            ("account_title", text(&self.account_title)),
            ("identity", text(&self.identity)),
        ])
    }
}

impl Api {
    /// A valid session of a credential.
    pub(super) async fn choose(&self, id: i64) -> Result<Value, Problem> {
        let opened = self.open(id).await?;
        let session = self.sessions.session(&opened.credential()).await;
        self.signed_in(id, opened.version, session)
    }

    /// A new session, also after a refusal. The old one is kept until there is a new one.
    pub(super) async fn refresh(&self, id: i64) -> Result<Value, Problem> {
        let opened = self.open(id).await?;
        let session = self.sessions.renew(&opened.credential()).await;
        self.signed_in(id, opened.version, session)
    }

    /// Notes the result of a sign-in. An unconfirmed refusal may come from a firewall, and tells as
    /// little about the credential as a fault does.
    fn signed_in(
        &self,
        id: i64,
        version: Timestamp,
        session: Result<Arc<Session>, CallError>,
    ) -> Result<Value, Problem> {
        let refused = |error: &CallError| {
            matches!(
                error,
                CallError::Connector(
                    ConnectorError::Rejected(refusal) | ConnectorError::Forbidden(refusal)
                ) if refusal.confirmed
            )
        };
        match &session {
            Ok(session) => self.learn(|all| {
                let known = all.remove(&id).filter(|known| {
                    known.works && known.version == version && known.account == session.account
                });
                let known = known.unwrap_or_else(|| Known {
                    account: session.account.clone(),
                    ..Known::new(version, true)
                });
                all.insert(id, known);
            }),
            Err(error) if refused(error) => self.learn(|all| {
                all.insert(id, Known::new(version, false));
            }),
            Err(_) => {}
        }
        Ok(reach(&*session?))
    }

    pub(super) fn learn(&self, note: impl FnOnce(&mut HashMap<i64, Known>)) {
        note(&mut self.known.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// The access of a saved credential.
    pub(super) async fn access(&self, id: i64) -> Result<Value, Problem> {
        let opened = self.open(id).await?;
        let access = self.sessions.inspect(&opened.credential()).await?;
        self.learn(|all| {
            let known = all.get_mut(&id);
            if let Some(known) = known.filter(|known| known.version == opened.version) {
                let of_account = |choice: &&Choice| match &choice.value {
                    Value::String(text) => Some(text) == known.account.as_ref(),
                    value => Some(value.to_string()) == known.account,
                };
                let mut choices = access.fields.iter().flat_map(|field| &field.choices);
                known.account_title = choices.find(of_account).map(|choice| choice.title.clone());
                known.identity.clone_from(&access.identity);
            }
        });
        Ok(json::access(&access))
    }
}

/// A session without its secrets, not even masked.
fn reach(session: &Session) -> Value {
    let mut json = json::session(session, false);
    if let Some(fields) = json.as_object_mut() {
        fields.retain(|name, _| !["access_token", "state"].contains(&name.as_str()));
    }
    json
}
