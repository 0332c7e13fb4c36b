//! The API of the page, in JSON. Credentials come in whole and go out without their secrets; tokens
//! never go out.

mod problem;
mod request;
mod routes;
mod saved;
mod sign_in;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use connector_host::{CallError, Connector, ConnectorError, Inspection, Sessions, Vendor};
use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::json;
use crate::store::{Store, StoredSessions};
pub(super) use problem::Answer;
use problem::Problem;
use request::{Draft, draft, number};
#[cfg(test)]
pub(super) use routes::ROUTES;
use routes::Route;
use sign_in::Known;

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
        let (route, id) = routes::find(method, path).ok_or(Problem::Missing)?;
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
}
