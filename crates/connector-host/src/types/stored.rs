//! A session as text, for durable stores: JSON with a version, so that a later release can read it.

use std::io;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::egress::origin::Origin;
use crate::error::StoreError;
use crate::secret::Secret;
use crate::types::Session;

/// Of the text below.
const VERSION: u32 = 1;

/// Strings are borrowed on writing, so that a secret is copied into the text only.
#[derive(Serialize)]
struct Written<'a> {
    version: u32,
    access_token: &'a str,
    state: Option<&'a str>,
    base_url: &'a str,
    scopes: &'a [String],
    account: Option<&'a str>,
    issued_at: Time,
    refresh_after: Option<Time>,
    expires_at: Option<Time>,
    origins: Vec<String>,
}

#[derive(Deserialize)]
struct Read {
    version: u32,
    access_token: String,
    state: Option<String>,
    base_url: String,
    scopes: Vec<String>,
    account: Option<String>,
    issued_at: Time,
    refresh_after: Option<Time>,
    expires_at: Option<Time>,
    origins: Vec<String>,
}

/// Seconds and nanoseconds since 1970. Times before, which no plugin returns, become 1970.
#[derive(Serialize, Deserialize)]
struct Time(u64, u32);

impl Time {
    fn new(time: SystemTime) -> Self {
        let since = time.duration_since(SystemTime::UNIX_EPOCH);
        let since = since.unwrap_or_default();
        Self(since.as_secs(), since.subsec_nanos())
    }

    fn read(&self) -> Option<SystemTime> {
        let nanoseconds = Duration::from_nanos(self.1.into());
        let since = Duration::from_secs(self.0).checked_add(nanoseconds)?;
        SystemTime::UNIX_EPOCH.checked_add(since)
    }
}

impl Session {
    /// The session as text for a durable store: JSON, with its secrets in the clear, so that the
    /// store seals it.
    pub fn to_stored(&self) -> Secret {
        let session = Written {
            version: VERSION,
            access_token: self.access_token.expose(),
            state: self.state.as_ref().map(Secret::expose),
            base_url: &self.base_url,
            scopes: &self.scopes,
            account: self.account.as_deref(),
            issued_at: Time::new(self.issued_at),
            refresh_after: self.refresh_after.map(Time::new),
            expires_at: self.expires_at.map(Time::new),
            origins: self.origins.iter().map(Origin::to_string).collect(),
        };
        // The length first: a buffer that grows would leave copies of the secrets behind.
        let mut length = Length(0);
        let _counted = serde_json::to_writer(&mut length, &session);
        let mut text = Zeroizing::new(Vec::with_capacity(length.0));
        // Writing to memory does not fail, and neither does the serialization of these types.
        let _written = serde_json::to_writer(&mut *text, &session);
        let text = String::from_utf8(std::mem::take(&mut *text));
        Secret::new(text.unwrap_or_default())
    }

    /// Reads the text of [`Session::to_stored`]. Fails for a damaged text, or one of a later
    /// version.
    pub fn from_stored(text: &Secret) -> Result<Self, StoreError> {
        let unreadable = || StoreError::new("the stored session is unreadable");
        let read: Read = serde_json::from_str(text.expose()).map_err(|_| unreadable())?;
        // First, so that they are zeroized even if another field is invalid.
        let access_token = Secret::new(read.access_token);
        let state = read.state.map(Secret::new);
        if read.version != VERSION {
            return Err(StoreError::new("the stored session has an unknown version"));
        }
        let time = |time: Time| time.read().ok_or_else(unreadable);
        let origins = read.origins.iter().map(|origin| origin.parse());
        Ok(Self {
            access_token,
            state,
            base_url: read.base_url,
            scopes: read.scopes,
            account: read.account,
            issued_at: time(read.issued_at)?,
            refresh_after: read.refresh_after.map(time).transpose()?,
            expires_at: read.expires_at.map(time).transpose()?,
            origins: origins.collect::<Result<_, _>>().map_err(|_| unreadable())?,
        })
    }
}

/// Counts bytes instead of writing them.
struct Length(usize);

impl io::Write for Length {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
