//! What the page can ask for, as JSON. Credentials come in whole and go out without their secrets; tokens do not go out at all.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use connector_host::{CallError, Clock, Connector, ConnectorError, Secret, Session};
use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::json;
use crate::schema;
use crate::store::{Entry, Saved, Store, StoreError};

/// Longer names do not fit a tile.
const MAX_NAME_CHARS: usize = 100;
/// A few paragraphs.
const MAX_DESCRIPTION_CHARS: usize = 2000;

/// Everything behind `/api/`.
pub(super) struct Api {
    connector: Connector,
    clock: Arc<dyn Clock>,
    store: Arc<Mutex<Store>>,
    /// The sessions of chosen credentials, by the credential's number. They end with the program.
    sessions: Mutex<HashMap<i64, Session>>,
}

/// An answer: a status, and a JSON document.
pub(super) type Answer = (StatusCode, Value);

/// Why the page does not get what it asked for.
enum Problem {
    /// The plugin says so, or broke.
    Call(CallError),
    /// The store says so.
    Store(StoreError),
    /// What the page sent is not what this program's own page sends.
    Request(&'static str),
    /// The name or the description of the credential is not right: the member, and a sentence for a person.
    About(&'static str, String),
    /// There is no such thing, or not any more.
    Missing,
}

impl From<CallError> for Problem {
    fn from(error: CallError) -> Self {
        Self::Call(error)
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NameTaken(_) => Self::About(
                "name",
                "Another credential has this name. Choose one that tells them apart.".to_owned(),
            ),
            StoreError::Name => Self::About("name", "Use a shorter name, on one line.".to_owned()),
            StoreError::Gone => Self::Missing,
            error => Self::Store(error),
        }
    }
}

impl From<Problem> for Answer {
    fn from(problem: Problem) -> Self {
        let error =
            |kind: &str, message: String| json!({"error": {"kind": kind, "message": message}});
        match problem {
            Problem::Call(call) => {
                let status = match &call {
                    CallError::Connector(ConnectorError::InvalidCredential(_)) => {
                        StatusCode::UNPROCESSABLE_ENTITY
                    }
                    CallError::Connector(ConnectorError::UnknownVendor) => StatusCode::NOT_FOUND,
                    _ => StatusCode::BAD_GATEWAY,
                };
                (status, Failure::Call(call).to_json())
            }
            Problem::Store(store) => (
                StatusCode::INTERNAL_SERVER_ERROR,
                error("store", store.to_string()),
            ),
            Problem::Request(why) => (StatusCode::BAD_REQUEST, error("request", why.to_owned())),
            Problem::About(member, message) => {
                let issue = json!({"pointer": format!("/{member}"), "message": message});
                let error = json!({"kind": "about", "issues": [issue]});
                (StatusCode::UNPROCESSABLE_ENTITY, json!({ "error": error }))
            }
            Problem::Missing => (
                StatusCode::NOT_FOUND,
                error("missing", "there is no such thing any more".to_owned()),
            ),
        }
    }
}

/// A credential document as the page sends it, and the saved credential that it changes, if there is one.
struct Sent {
    vendor: String,
    document: Value,
    keep: Option<i64>,
}

impl Api {
    /// Serves these credentials with this plugin.
    pub(super) fn new(connector: Connector, clock: Arc<dyn Clock>, store: Store) -> Self {
        Self {
            connector,
            clock,
            store: Arc::new(Mutex::new(store)),
            sessions: Mutex::default(),
        }
    }

    /// Answers a request; `path` is what follows `/api/`.
    pub(super) async fn answer(&self, method: &Method, path: &str, body: &Bytes) -> Answer {
        let answered = self.route(method, path, body).await;
        answered.unwrap_or_else(Answer::from)
    }

    async fn route(&self, method: &Method, path: &str, body: &Bytes) -> Result<Answer, Problem> {
        let steps: Vec<&str> = path.split('/').collect();
        let json = match (method.as_str(), steps.as_slice()) {
            ("GET", ["vendors"]) => json::vendors(self.connector.vendors()),
            ("GET", ["vendors", vendor, "schema"]) => self.schema(vendor).await?,
            ("POST", ["validate"]) => self.validate(&sent(body)?).await?,
            ("POST", ["inspect"]) => self.inspect(&sent(body)?).await?,
            ("GET", ["credentials"]) => self.list().await?,
            ("POST", ["credentials"]) => self.save(body).await?,
            ("PUT", ["credentials", id]) => self.update(number(id)?, body).await?,
            ("DELETE", ["credentials", id]) => self.remove(number(id)?).await?,
            ("POST", ["credentials", id, "session"]) => self.choose(number(id)?).await?,
            ("POST", ["credentials", id, "refresh"]) => self.refresh(number(id)?).await?,
            _ => return Err(Problem::Missing),
        };
        Ok((StatusCode::OK, json))
    }

    async fn schema(&self, vendor: &str) -> Result<Value, Problem> {
        let schema = self.connector.credential_schema(vendor).await?;
        serde_json::from_str(&schema).map_err(|_| Problem::Request("the schema is not JSON"))
    }

    /// The problems, none of them when all is well.
    async fn validate(&self, sent: &Sent) -> Result<Value, Problem> {
        let document = self.complete(sent).await?;
        match self
            .connector
            .validate(&sent.vendor, document.expose())
            .await
        {
            Ok(()) => Ok(json!({"issues": []})),
            Err(error @ CallError::Connector(ConnectorError::InvalidCredential(_))) => {
                let mut json = Failure::Call(error).to_json();
                let issues = json.pointer_mut("/error/issues").map(Value::take);
                Ok(json!({"issues": issues}))
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn inspect(&self, sent: &Sent) -> Result<Value, Problem> {
        let document = self.complete(sent).await?;
        let access = self
            .connector
            .inspect(&sent.vendor, document.expose())
            .await?;
        Ok(json::access(&access))
    }

    async fn list(&self) -> Result<Value, Problem> {
        let saved = self.stored(Store::list).await?;
        Ok(saved.iter().map(shown).collect())
    }

    async fn save(&self, body: &Bytes) -> Result<Value, Problem> {
        let (entry, sent) = (entry(body)?, sent(body)?);
        let schema = self.checked(&sent).await?;
        let saved = self
            .stored(move |store| store.save(&entry, &schema))
            .await?;
        Ok(shown(&saved))
    }

    async fn update(&self, id: i64, body: &Bytes) -> Result<Value, Problem> {
        let entry = entry(body)?;
        let sent = Sent {
            keep: Some(id),
            ..sent(body)?
        };
        let schema = self.checked(&sent).await?;
        let saved = self
            .stored(move |store| store.update(id, &entry, &schema))
            .await?;
        // It was opened with what the credential was before.
        self.sessions().remove(&id);
        Ok(shown(&saved))
    }

    async fn remove(&self, id: i64) -> Result<Value, Problem> {
        self.sessions().remove(&id);
        let removed = self.stored(move |store| store.remove(id)).await?;
        Ok(json!({ "removed": removed }))
    }

    /// The session of a credential: the one at hand, as long as it need not be replaced, or else a new one.
    async fn choose(&self, id: i64) -> Result<Value, Problem> {
        let now = self.clock.now();
        // First, since another process may have removed it.
        let saved = self.saved(id).await?;
        let kept = self.sessions().get(&id).cloned();
        if let Some(session) = kept.filter(|session| now < session.refresh_after) {
            return Ok(reach(&session));
        }
        let document = self.stored(move |store| store.document(id)).await?;
        let session = self
            .connector
            .authenticate(&saved.vendor, document.expose())
            .await?;
        Ok(self.keep(id, session))
    }

    /// A new session in place of the one at hand.
    async fn refresh(&self, id: i64) -> Result<Value, Problem> {
        let Some(current) = self.sessions().get(&id).cloned() else {
            return self.choose(id).await;
        };
        let saved = self.saved(id).await?;
        let document = self.stored(move |store| store.document(id)).await?;
        let refreshed = self
            .connector
            .refresh(&saved.vendor, document.expose(), &current);
        let session = refreshed.await?;
        Ok(self.keep(id, session))
    }

    fn keep(&self, id: i64, session: Session) -> Value {
        let shown = reach(&session);
        self.sessions().insert(id, session);
        shown
    }

    /// The schema of a document that satisfies it.
    async fn checked(&self, sent: &Sent) -> Result<Value, Problem> {
        let document = self.complete(sent).await?;
        self.connector
            .validate(&sent.vendor, document.expose())
            .await?;
        self.schema(&sent.vendor).await
    }

    /// The document with the saved secrets where it leaves them blank.
    ///
    /// They are only ever sent where the plugin sends them, to the vendor that they were saved for.
    async fn complete(&self, sent: &Sent) -> Result<Secret, Problem> {
        let mut document = sent.document.clone();
        if let Some(id) = sent.keep {
            if self.saved(id).await?.vendor != sent.vendor {
                return Err(Problem::Request("the credential is another vendor's"));
            }
            let schema = self.schema(&sent.vendor).await?;
            let kept = self.stored(move |store| store.document(id)).await?;
            let kept: Value = serde_json::from_str(kept.expose()).unwrap_or_default();
            fill_blanks(&mut document, &kept, &schema);
        }
        Ok(Secret::new(document.to_string()))
    }

    async fn saved(&self, id: i64) -> Result<Saved, Problem> {
        let list = self.stored(Store::list).await?;
        list.into_iter()
            .find(|saved| saved.id == id)
            .ok_or(Problem::Missing)
    }

    /// Asks the store, which blocks, where blocking is allowed.
    async fn stored<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&Store) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Problem> {
        let store = Arc::clone(&self.store);
        let asked = tokio::task::spawn_blocking(move || {
            ask(&store.lock().unwrap_or_else(PoisonError::into_inner))
        });
        let answer = asked
            .await
            .map_err(|_| Problem::Request("the store cannot be asked"))?;
        Ok(answer?)
    }

    fn sessions(&self) -> MutexGuard<'_, HashMap<i64, Session>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Puts the saved secrets where the document leaves them out or blank.
fn fill_blanks(document: &mut Value, kept: &Value, schema: &Value) {
    let Some(members) = document.as_object_mut() else {
        return;
    };
    for name in schema::secret_names(schema) {
        // What the store takes for blank, and nothing else.
        let is_blank = |typed: &Value| typed.is_null() || typed == "";
        if members.get(name).is_none_or(is_blank)
            && let Some(secret) = kept.get(name)
        {
            members.insert(name.clone(), secret.clone());
        }
    }
}

/// Without its token.
fn reach(session: &Session) -> Value {
    let mut json = json::session(session, false);
    if let Some(members) = json.as_object_mut() {
        members.remove("access_token");
    }
    json
}

fn shown(saved: &Saved) -> Value {
    json!({
        "id": saved.id,
        "name": saved.name,
        "description": saved.description,
        "vendor": saved.vendor,
        "fields": saved.fields,
        "secrets": saved.secrets,
        "created_at": saved.created_at.to_string(),
        "updated_at": saved.updated_at.to_string(),
    })
}

fn number(id: &str) -> Result<i64, Problem> {
    id.parse().map_err(|_| Problem::Missing)
}

/// `{"vendor":…,"credential":{…},"keep":…}`.
fn sent(body: &Bytes) -> Result<Sent, Problem> {
    let mut json = object(body)?;
    let vendor = json.get("vendor").and_then(Value::as_str);
    let vendor = vendor
        .ok_or(Problem::Request("`vendor` is missing"))?
        .to_owned();
    let keep = json.get("keep").and_then(Value::as_i64);
    let document = json.get_mut("credential").map(Value::take);
    let document = document.filter(Value::is_object);
    Ok(Sent {
        vendor,
        document: document.ok_or(Problem::Request("`credential` is not an object"))?,
        keep,
    })
}

/// The same with `name` and `description`.
fn entry(body: &Bytes) -> Result<Entry, Problem> {
    let Sent {
        vendor, document, ..
    } = sent(body)?;
    let json = object(body)?;
    let text = |member: &str| {
        let text = json.get(member).and_then(Value::as_str).unwrap_or_default();
        text.trim().to_owned()
    };
    let (name, description) = (text("name"), text("description"));
    if name.is_empty() {
        let message = "Give the credential a name, by which you find it again.";
        return Err(Problem::About("name", message.to_owned()));
    }
    for (member, text, max) in [
        ("name", &name, MAX_NAME_CHARS),
        ("description", &description, MAX_DESCRIPTION_CHARS),
    ] {
        if text.chars().count() > max {
            return Err(Problem::About(
                member,
                format!("Use at most {max} characters."),
            ));
        }
    }
    Ok(Entry {
        name,
        description: (!description.is_empty()).then_some(description),
        vendor,
        document,
    })
}

fn object(body: &Bytes) -> Result<Value, Problem> {
    let json: Result<Value, _> = serde_json::from_slice(body);
    json.ok()
        .filter(Value::is_object)
        .ok_or(Problem::Request("the body is not a JSON object"))
}
