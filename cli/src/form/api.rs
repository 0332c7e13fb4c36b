//! The API of the page, in JSON. Credentials come in whole and go out without their secrets; tokens
//! never go out.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use connector_host::{
    CallError, Choice, Connector, ConnectorError, Credential, Inspection, Secret, Session,
    Sessions, Vendor,
};
use http::{Method, StatusCode};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::json;
use crate::schema;
use crate::store::{Entry, Saved, Store, StoreError, StoredSessions};

/// Longer names do not fit a tile.
const MAX_NAME_CHARS: usize = 100;
/// A few paragraphs.
const MAX_DESCRIPTION_CHARS: usize = 2000;

/// Everything behind `/api/`.
pub(super) struct Api {
    connector: Connector,
    store: Arc<Mutex<Store>>,
    /// The sessions of the chosen credentials. They end with the program, except for those with a
    /// durable state: they are in the store.
    sessions: Sessions,
    /// The results of the last sign-ins, by the ids of the credentials. They end with the program.
    known: Mutex<HashMap<i64, Known>>,
}

/// The result of the last sign-in with a version of a saved credential.
#[derive(Clone)]
struct Known {
    version: Timestamp,
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

    fn to_json(&self) -> Value {
        let text = |text: &Option<String>| text.clone().map(Value::from);
        json::present([
            ("works", Some(json!(self.works))),
            ("account", text(&self.account)),
            ("account_title", text(&self.account_title)),
            ("identity", text(&self.identity)),
        ])
    }
}

/// The requests that the page sends.
#[derive(Clone, Copy)]
pub(super) enum Route {
    Vendors,
    Schema,
    Validate,
    Inspect,
    List,
    Save,
    Update,
    Remove,
    Choose,
    Refresh,
    Access,
}

/// The method and the path of each route. `*` is an id.
pub(super) const ROUTES: [(&str, &str, Route); 11] = [
    ("GET", "vendors", Route::Vendors),
    ("GET", "vendors/*/schema", Route::Schema),
    ("POST", "validate", Route::Validate),
    ("POST", "inspect", Route::Inspect),
    ("GET", "credentials", Route::List),
    ("POST", "credentials", Route::Save),
    ("PUT", "credentials/*", Route::Update),
    ("DELETE", "credentials/*", Route::Remove),
    ("POST", "credentials/*/session", Route::Choose),
    ("POST", "credentials/*/refresh", Route::Refresh),
    ("POST", "credentials/*/access", Route::Access),
];

/// The route of a request, and the id in its path; an empty one in a path without an id.
fn find<'a>(method: &Method, path: &'a str) -> Option<(Route, &'a str)> {
    let id_of = |pattern: &str| {
        let mut id = "";
        let (mut expected, mut steps) = (pattern.split('/'), path.split('/'));
        loop {
            match (expected.next(), steps.next()) {
                (None, None) => return Some(id),
                (Some("*"), Some(step)) => id = step,
                (Some(expected), Some(step)) if expected == step => {}
                _ => return None,
            }
        }
    };
    let mut of_method = ROUTES.iter().filter(|(of, ..)| method == *of);
    of_method.find_map(|(_, pattern, route)| Some((*route, id_of(pattern)?)))
}

/// An answer: a status, and a JSON document.
pub(super) type Answer = (StatusCode, Value);

/// Why a request of the page fails.
enum Problem {
    /// The plugin returned an error, or is broken.
    Call(CallError),
    /// The store failed.
    Store(StoreError),
    /// The page of this program sends no such request.
    Request(&'static str),
    /// The name or the description of the credential has a problem.
    Entry(EntryIssue),
    /// The vendor can only be inspected with the session of a saved credential.
    Unsaved,
    /// The requested resource does not exist, or was removed.
    Missing,
    /// Another edit came between.
    Conflict,
}

/// A problem of the name or the description of a credential.
struct EntryIssue {
    field: &'static str,
    /// One of the codes of issues in the contract.
    code: &'static str,
    /// One sentence for a person.
    message: String,
}

impl EntryIssue {
    fn new(field: &'static str, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            field,
            code,
            message: message.into(),
        }
    }
}

impl From<CallError> for Problem {
    fn from(error: CallError) -> Self {
        Self::Call(error)
    }
}

impl From<EntryIssue> for Problem {
    fn from(issue: EntryIssue) -> Self {
        Self::Entry(issue)
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        let name = |code, message: &str| EntryIssue::new("name", code, message).into();
        match error {
            StoreError::NameTaken(_) => name(
                "duplicate",
                "Another credential has this name. Choose a different one.",
            ),
            StoreError::Name => name("format", "Use a shorter name, on one line."),
            StoreError::Gone => Self::Missing,
            StoreError::Changed => Self::Conflict,
            error => Self::Store(error),
        }
    }
}

impl From<Problem> for Answer {
    fn from(problem: Problem) -> Self {
        let error = |status, kind: &str, message: String| {
            let json = json!({"error": {"kind": kind, "message": message}});
            (status, json)
        };
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
            Problem::Store(store) => error(
                StatusCode::INTERNAL_SERVER_ERROR,
                "store",
                store.to_string(),
            ),
            Problem::Request(why) => error(StatusCode::BAD_REQUEST, "request", why.to_owned()),
            Problem::Entry(issue) => {
                let issue = json!({
                    "pointer": format!("/{}", issue.field),
                    "code": issue.code,
                    "message": issue.message,
                });
                let error = json!({"kind": "entry", "issues": [issue]});
                (StatusCode::UNPROCESSABLE_ENTITY, json!({ "error": error }))
            }
            Problem::Unsaved => error(
                StatusCode::CONFLICT,
                "unsaved",
                "save the credential, then choose it".to_owned(),
            ),
            Problem::Missing => error(
                StatusCode::NOT_FOUND,
                "missing",
                "this does not exist any more".to_owned(),
            ),
            Problem::Conflict => error(
                StatusCode::CONFLICT,
                "conflict",
                "the credential was changed meanwhile; load it again, and repeat the edit"
                    .to_owned(),
            ),
        }
    }
}

/// A credential document as the page sends it, and the saved credential that it edits, if any.
struct Draft {
    vendor: String,
    document: Value,
    keep: Option<i64>,
}

/// A saved credential with its document.
struct Opened {
    vendor: String,
    id: String,
    version: Timestamp,
    document: Secret,
}

impl Opened {
    /// As [`Sessions`] takes it.
    fn credential(&self) -> Credential<'_> {
        Credential::new(&self.vendor, self.document.expose()).with_id(&self.id)
    }
}

impl Api {
    /// Serves the credentials of this store with this plugin.
    pub(super) fn new(connector: Connector, store: Store) -> Result<Self, Failure> {
        let store = Arc::new(Mutex::new(store));
        let stored = StoredSessions::new(Arc::clone(&store));
        let sessions = Sessions::with_store(connector.clone(), Arc::new(stored))
            .map_err(|error| Failure::setup("keep sessions", error))?;
        Ok(Self {
            connector,
            store,
            sessions,
            known: Mutex::default(),
        })
    }

    /// The sessions of the chosen credentials.
    pub(super) fn sessions(&self) -> &Sessions {
        &self.sessions
    }

    /// Answers a request. `path` is the part of its path after `/api/`; `locales` are for texts.
    pub(super) async fn answer(
        &self,
        method: &Method,
        path: &str,
        locales: &[String],
        body: &Bytes,
    ) -> Answer {
        let answered = self.route(method, path, locales, body).await;
        answered.unwrap_or_else(Answer::from)
    }

    async fn route(
        &self,
        method: &Method,
        path: &str,
        locales: &[String],
        body: &Bytes,
    ) -> Result<Answer, Problem> {
        let (route, id) = find(method, path).ok_or(Problem::Missing)?;
        let json = match route {
            Route::Vendors => self.vendors(locales).await?,
            Route::Schema => self.schema(id, locales).await?,
            Route::Validate => self.validate(&draft(body)?, locales).await?,
            Route::Inspect => self.inspect(&draft(body)?).await?,
            Route::List => self.list().await?,
            Route::Save => self.save(body, locales).await?,
            Route::Update => self.update(number(id)?, body, locales).await?,
            Route::Remove => self.remove(number(id)?).await?,
            Route::Choose => self.choose(number(id)?).await?,
            Route::Refresh => self.refresh(number(id)?).await?,
            Route::Access => self.access(number(id)?).await?,
        };
        Ok((StatusCode::OK, json))
    }

    /// The vendors with their descriptions.
    async fn vendors(&self, locales: &[String]) -> Result<Value, Problem> {
        let mut vendors = Vec::new();
        for vendor in self.connector.vendors() {
            let description = self.connector.describe(&vendor.id, locales).await?;
            let mut json = json::vendor(vendor, &description);
            json::extend(&mut json, json::description(&description));
            vendors.push(json);
        }
        Ok(Value::Array(vendors))
    }

    async fn schema(&self, vendor: &str, locales: &[String]) -> Result<Value, Problem> {
        let schema = self.connector.credential_schema(vendor, locales).await?;
        serde_json::from_str(&schema).map_err(|_| Problem::Request("the schema is not JSON"))
    }

    /// The issues of a draft; an empty list if it is valid.
    async fn validate(&self, draft: &Draft, locales: &[String]) -> Result<Value, Problem> {
        match self.checked(draft, locales).await {
            Ok(_) => Ok(json!({"issues": []})),
            Err(Problem::Call(
                error @ CallError::Connector(ConnectorError::InvalidCredential(_)),
            )) => {
                let mut json = Failure::Call(error).to_json();
                let issues = json.pointer_mut("/error/issues").map(Value::take);
                Ok(json!({"issues": issues}))
            }
            Err(error) => Err(error),
        }
    }

    /// The access of a draft.
    async fn inspect(&self, draft: &Draft) -> Result<Value, Problem> {
        let vendor = self.vendor(&draft.vendor)?;
        let document = self.complete(draft).await?;
        let (id, document) = (&vendor.id, document.expose());
        let session = match vendor.inspection {
            Inspection::Credential => None,
            // A sign-in would spend the secret, and the draft has no place to store the next one.
            Inspection::Session if vendor.durable_state => return Err(Problem::Unsaved),
            Inspection::Session => Some(self.connector.authenticate(id, document).await?),
            _ => return Err(Problem::Request("this vendor cannot be inspected")),
        };
        let inspected = self.connector.inspect_all(id, document, session.as_ref());
        Ok(json::access(&inspected.await?))
    }

    fn vendor(&self, id: &str) -> Result<&Vendor, Problem> {
        let mut vendors = self.connector.vendors().iter();
        vendors
            .find(|vendor| vendor.id == id)
            .ok_or_else(|| CallError::Connector(ConnectorError::UnknownVendor).into())
    }

    async fn list(&self) -> Result<Value, Problem> {
        let saved = self.stored(Store::list).await?;
        let all = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let with_check = |saved: &Saved| {
            let known = all.get(&saved.id);
            let known = known.filter(|known| known.version == saved.updated_at);
            let mut json = shown(saved);
            json::extend(
                &mut json,
                json::present([("check", known.map(Known::to_json))]),
            );
            json
        };
        Ok(saved.iter().map(with_check).collect())
    }

    async fn save(&self, body: &Bytes, locales: &[String]) -> Result<Value, Problem> {
        let (entry, draft) = (entry(body)?, draft(body)?);
        if draft.keep.is_some() {
            let why = "`keep` is for edits: a new credential has no saved secret";
            return Err(Problem::Request(why));
        }
        let schema = self.checked(&draft, locales).await?;
        let saved = self
            .stored(move |store| store.save(&entry, &schema))
            .await?;
        Ok(shown(&saved))
    }

    async fn update(&self, id: i64, body: &Bytes, locales: &[String]) -> Result<Value, Problem> {
        let (entry, version) = (entry(body)?, version(body)?);
        let mut draft = draft(body)?;
        if draft.keep.replace(id).is_some_and(|kept| kept != id) {
            return Err(Problem::Request("`keep` is another credential"));
        }
        let schema = self.checked(&draft, locales).await?;
        // `Sessions` opens a new session for an edited document.
        let saved = self
            .stored(move |store| store.update_version(id, version, &entry, &schema))
            .await?;
        Ok(shown(&saved))
    }

    async fn remove(&self, id: i64) -> Result<Value, Problem> {
        // An unreadable credential can be removed too; the store also removes its session.
        if let Ok(opened) = self.open(id).await {
            let _ = self.sessions.remove(&opened.credential()).await;
        }
        let removed = self.stored(move |store| store.remove(id)).await?;
        self.learn(|all| drop(all.remove(&id)));
        Ok(json!({ "removed": removed }))
    }

    /// A valid session of a credential.
    async fn choose(&self, id: i64) -> Result<Value, Problem> {
        let opened = self.open(id).await?;
        let session = self.sessions.session(&opened.credential()).await;
        self.signed_in(id, opened.version, session)
    }

    /// A new session, also after a refusal. The old one is kept until there is a new one.
    async fn refresh(&self, id: i64) -> Result<Value, Problem> {
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

    fn learn(&self, note: impl FnOnce(&mut HashMap<i64, Known>)) {
        note(&mut self.known.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// The access of a saved credential.
    async fn access(&self, id: i64) -> Result<Value, Problem> {
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

    /// The schema of a draft, which is valid.
    async fn checked(&self, draft: &Draft, locales: &[String]) -> Result<Value, Problem> {
        let document = self.complete(draft).await?;
        self.connector
            .validate(&draft.vendor, document.expose(), locales)
            .await?;
        self.schema(&draft.vendor, &[]).await
    }

    /// The document of a draft, with the saved secrets in place of empty ones. Fails if it has the
    /// mask of a secret: that is no secret, but a copy of where one is not shown.
    ///
    /// The plugin sends them only to the vendor for which they were saved.
    async fn complete(&self, draft: &Draft) -> Result<Secret, Problem> {
        let mut document = draft.document.clone();
        if !json::masked(&document).is_empty() {
            let schema = self.schema(&draft.vendor, &[]).await?;
            let issues = json::mask_issues(&document, |name| schema::is_field(&schema, name));
            let error = ConnectorError::InvalidCredential(issues);
            return Err(CallError::Connector(error).into());
        }
        if let Some(id) = draft.keep {
            let opened = self.open(id).await?;
            if opened.vendor != draft.vendor {
                return Err(Problem::Request("the credential is another vendor's"));
            }
            let schema = self.schema(&draft.vendor, &[]).await?;
            let kept: Value = serde_json::from_str(opened.document.expose()).unwrap_or_default();
            fill_blanks(&mut document, &kept, &schema);
        }
        Ok(Secret::new(document.to_string()))
    }

    /// A saved credential; [`Problem::Missing`] if another process removed it.
    async fn open(&self, id: i64) -> Result<Opened, Problem> {
        let list = self.stored(Store::list).await?;
        let saved = list.into_iter().find(|saved| saved.id == id);
        let Saved {
            vendor, updated_at, ..
        } = saved.ok_or(Problem::Missing)?;
        let document = self.stored(move |store| store.document(id)).await?;
        let id = id.to_string();
        Ok(Opened {
            vendor,
            id,
            version: updated_at,
            document,
        })
    }

    /// Uses the store on a thread for blocking work.
    async fn stored<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Store) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Problem> {
        let store = Arc::clone(&self.store);
        let done = tokio::task::spawn_blocking(move || {
            work(&store.lock().unwrap_or_else(PoisonError::into_inner))
        });
        let result = done
            .await
            .map_err(|_| Problem::Request("the store cannot be used"))?;
        Ok(result?)
    }
}

/// Inserts the saved secrets that the document leaves out or empty.
fn fill_blanks(document: &mut Value, kept: &Value, schema: &Value) {
    let Some(fields) = document.as_object_mut() else {
        return;
    };
    for name in schema::secret_names(schema) {
        // As in the store.
        let is_blank = |value: &Value| value.is_null() || value == "";
        if fields.get(name).is_none_or(is_blank)
            && let Some(secret) = kept.get(name)
        {
            fields.insert(name.clone(), secret.clone());
        }
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

fn shown(saved: &Saved) -> Value {
    json!({
        "id": saved.id,
        "name": saved.name,
        "description": saved.description,
        "vendor": saved.vendor,
        "fields": saved.fields,
        "secrets": saved.secrets,
        "version": saved.updated_at.as_millisecond(),
        "created_at": saved.created_at.to_string(),
        "updated_at": saved.updated_at.to_string(),
    })
}

fn number(id: &str) -> Result<i64, Problem> {
    id.parse().map_err(|_| Problem::Missing)
}

/// `{"vendor":…,"credential":{…},"keep":…}`.
fn draft(body: &Bytes) -> Result<Draft, Problem> {
    let mut json = object(body)?;
    let vendor = json.get("vendor").and_then(Value::as_str);
    let vendor = vendor
        .ok_or(Problem::Request("`vendor` is missing"))?
        .to_owned();
    let keep = match json.get("keep") {
        None | Some(Value::Null) => None,
        Some(keep) => Some(
            keep.as_i64()
                .ok_or(Problem::Request("`keep` is not the id of a credential"))?,
        ),
    };
    let document = json.get_mut("credential").map(Value::take);
    let document = document.filter(Value::is_object);
    Ok(Draft {
        vendor,
        document: document.ok_or(Problem::Request("`credential` is not an object"))?,
        keep,
    })
}

/// `{"version":…}`: the version that an edit is about, as in the list of credentials.
fn version(body: &Bytes) -> Result<Timestamp, Problem> {
    let json = object(body)?;
    let version = json.get("version").and_then(Value::as_i64);
    let version = version.and_then(|version| Timestamp::from_millisecond(version).ok());
    version.ok_or(Problem::Request(
        "`version` is missing: the version of the credential that was edited",
    ))
}

/// The same with `name` and `description`.
fn entry(body: &Bytes) -> Result<Entry, Problem> {
    let Draft {
        vendor, document, ..
    } = draft(body)?;
    let json = object(body)?;
    let text = |field: &str| {
        let text = json.get(field).and_then(Value::as_str).unwrap_or_default();
        text.trim().to_owned()
    };
    let (name, description) = (text("name"), text("description"));
    if name.is_empty() {
        let message = "Give the credential a name, by which you can find it again.";
        return Err(EntryIssue::new("name", "required", message).into());
    }
    for (field, text, max) in [
        ("name", &name, MAX_NAME_CHARS),
        ("description", &description, MAX_DESCRIPTION_CHARS),
    ] {
        if text.chars().count() > max {
            let message = format!("Use at most {max} characters.");
            return Err(EntryIssue::new(field, "too-long", message).into());
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
