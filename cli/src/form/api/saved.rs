//! Saved credentials: the list, and its changes.

use std::sync::{Arc, PoisonError};

use bytes::Bytes;
use connector_host::{CallError, ConnectorError, Credential, Secret};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::Api;
use super::problem::Problem;
use super::request::{Draft, draft, entry, version};
use super::sign_in::Known;
use crate::json;
use crate::schema;
use crate::store::{Saved, Store, StoreError};

/// A saved credential with its document.
pub(super) struct Opened {
    pub(super) vendor: String,
    pub(super) id: String,
    pub(super) version: Timestamp,
    pub(super) document: Secret,
}

impl Opened {
    /// As [`Sessions`] takes it.
    pub(super) fn credential(&self) -> Credential<'_> {
        Credential::new(&self.vendor, self.document.expose()).with_id(&self.id)
    }
}

impl Api {
    pub(super) async fn list(&self) -> Result<Value, Problem> {
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

    pub(super) async fn save(&self, body: &Bytes, locales: &[String]) -> Result<Value, Problem> {
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

    pub(super) async fn update(
        &self,
        id: i64,
        body: &Bytes,
        locales: &[String],
    ) -> Result<Value, Problem> {
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

    pub(super) async fn remove(&self, id: i64) -> Result<Value, Problem> {
        // An unreadable credential can be removed too; the store also removes its session.
        if let Ok(opened) = self.open(id).await {
            let _ = self.sessions.remove(&opened.credential()).await;
        }
        let removed = self.stored(move |store| store.remove(id)).await?;
        self.learn(|all| drop(all.remove(&id)));
        Ok(json!({ "removed": removed }))
    }

    /// The schema of a draft, which is valid.
    pub(super) async fn checked(
        &self,
        draft: &Draft,
        locales: &[String],
    ) -> Result<Value, Problem> {
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
    pub(super) async fn complete(&self, draft: &Draft) -> Result<Secret, Problem> {
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
    pub(super) async fn open(&self, id: i64) -> Result<Opened, Problem> {
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
