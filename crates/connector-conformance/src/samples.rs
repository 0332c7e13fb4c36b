//! Samples: exchanges with a vendor that the author of a plugin writes down, one a file, in TOML or
//! JSON. `docs/samples.md` describes the format for them, `samples.schema.json` for programs.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use connector_host::TransportError;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::network::Reply;

/// More is a wrong file.
const MAX_FILE_BYTES: u64 = 4 << 20;

/// The samples of a plugin's vendors, in the order of their files. The format:
#[doc = include_str!("../../../docs/samples.md")]
#[derive(Debug, Clone, Default)]
pub struct Samples(Vec<Sample>);

/// One sample, and its file.
#[derive(Debug, Clone)]
pub(crate) struct Sample {
    pub(crate) vendor: String,
    /// The file, below the folder of samples.
    pub(crate) file: String,
    pub(crate) exchange: Exchange,
}

/// Why samples cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SamplesError {
    /// A folder or a file cannot be read.
    #[error("cannot read {}: {error}", path.display())]
    Read {
        /// The folder or file.
        path: PathBuf,
        /// The operating system's error.
        error: io::Error,
    },
    /// A file is not a sample.
    #[error("{}:{line}: {why}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The problem.
        why: String,
    },
    /// The folder has no sample.
    #[error(
        "{} has no sample; put files into it as VENDOR/NAME.toml or VENDOR/NAME.json",
        path.display()
    )]
    Empty {
        /// The folder.
        path: PathBuf,
    },
}

impl Samples {
    /// Reads the files `VENDOR/NAME.toml` and `VENDOR/NAME.json` of a folder. Files of other names
    /// are ignored.
    pub fn read(folder: &Path) -> Result<Self, SamplesError> {
        let mut samples = Vec::new();
        for vendor in entries(folder)? {
            if !vendor.is_dir() {
                continue;
            }
            for path in entries(&vendor)? {
                if let Some(format) = Format::of(&path) {
                    samples.push(Sample::read(folder, &vendor, &path, format)?);
                }
            }
        }
        if samples.is_empty() {
            return Err(SamplesError::Empty {
                path: folder.to_owned(),
            });
        }
        Ok(Self(samples))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Sample> {
        self.0.iter()
    }

    /// The samples of one vendor.
    pub(crate) fn of<'a>(&'a self, vendor: &'a str) -> impl Iterator<Item = &'a Sample> {
        self.0.iter().filter(move |sample| sample.vendor == vendor)
    }
}

/// The entries of a folder, in order.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, SamplesError> {
    let failed = |error| SamplesError::Read {
        path: folder.to_owned(),
        error,
    };
    let entries = fs::read_dir(folder).map_err(failed)?;
    let paths = entries.map(|entry| entry.map(|entry| entry.path()));
    let mut paths = paths.collect::<Result<Vec<_>, _>>().map_err(failed)?;
    paths.sort();
    Ok(paths)
}

#[derive(Debug, Clone, Copy)]
enum Format {
    Toml,
    Json,
}

impl Format {
    fn of(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()? {
            "toml" => Some(Self::Toml),
            "json" => Some(Self::Json),
            _ => None,
        }
    }
}

impl Sample {
    fn read(
        folder: &Path,
        vendor: &Path,
        path: &Path,
        format: Format,
    ) -> Result<Self, SamplesError> {
        let failed = |error| SamplesError::Read {
            path: path.to_owned(),
            error,
        };
        let length = fs::metadata(path).map_err(failed)?.len();
        if length > MAX_FILE_BYTES {
            let error = io::Error::other("it is longer than 4 MiB");
            return Err(failed(error));
        }
        let text = fs::read_to_string(path).map_err(failed)?;
        let exchange = Exchange::read(&text, format).map_err(|(line, why)| {
            let path = path.to_owned();
            SamplesError::Format { path, line, why }
        })?;
        let name = vendor.file_name().unwrap_or_default();
        let file = path.strip_prefix(folder).unwrap_or(path);
        Ok(Self {
            vendor: name.to_string_lossy().into_owned(),
            file: file.display().to_string(),
            exchange,
        })
    }
}

/// The function of the contract that a sample calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Function {
    /// Checks the credential; sends nothing.
    Validate,
    /// Opens a session.
    Authenticate,
    /// Replaces the session of the sample.
    Refresh,
    /// Asks for the reach of the credential: the first page.
    Inspect,
    /// Classifies the reply, as one of the API.
    Classify,
}

/// One call of a function: what it gets, the request that it sends, and its outcome.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(title = "Sample of an exchange with a vendor"))]
#[serde(deny_unknown_fields)]
pub(crate) struct Exchange {
    /// The function to call.
    pub(crate) function: Function,
    /// The credential document; not for `classify`.
    pub(crate) credential: Option<Map<String, Value>>,
    /// The session to replace or to inspect with. Without it, one is opened with the credential
    /// and the first sample of `authenticate` that opens one.
    pub(crate) session: Option<GivenSession>,
    /// The request that the plugin sends. Without it, and with a reply, any request.
    pub(crate) request: Option<ExpectedRequest>,
    /// The reply of the vendor. Without it, the plugin sends nothing.
    pub(crate) reply: Option<GivenReply>,
    /// The outcome of the call.
    pub(crate) outcome: Outcome,
}

/// A session that the plugin is given.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct GivenSession {
    /// The secret that `authorize` puts on a request.
    pub(crate) access_token: String,
    /// The secret of the plugin's own.
    pub(crate) state: Option<String>,
    /// The prefix of API URLs.
    pub(crate) base_url: String,
    /// The granted scopes.
    #[serde(default)]
    pub(crate) scopes: Vec<String>,
    /// The account that the session reaches.
    pub(crate) account: Option<String>,
}

/// A request that the plugin sends.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct ExpectedRequest {
    /// The HTTP method.
    pub(crate) method: String,
    /// The absolute URL, query included.
    pub(crate) url: String,
    /// Header fields, each exactly once with this value.
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, String>,
    /// The body as a form: exactly these fields, in any order.
    pub(crate) form: Option<BTreeMap<String, String>>,
    /// The body as JSON: exactly this value.
    pub(crate) json: Option<Value>,
    /// The body as text.
    pub(crate) text: Option<String>,
    /// The body as bytes, in base64.
    pub(crate) base64: Option<String>,
}

/// The reply of the vendor.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct GivenReply {
    /// The HTTP status.
    #[serde(default)]
    pub(crate) status: Option<u16>,
    /// Header fields.
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, String>,
    /// The body as JSON.
    pub(crate) json: Option<Value>,
    /// The body as text.
    pub(crate) text: Option<String>,
    /// The body as bytes, in base64.
    pub(crate) base64: Option<String>,
    /// The length in bytes of the pieces in which the body comes.
    pub(crate) chunk_bytes: Option<usize>,
    /// The connection ends after so many bytes of the body.
    pub(crate) cut_off_after_bytes: Option<usize>,
    /// There is no reply, because the request failed at this stage.
    pub(crate) unreachable: Option<GivenStage>,
}

/// The stage at which a request failed.
#[derive(Debug, Clone, Copy, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub(crate) enum GivenStage {
    Dns,
    Connect,
    Tls,
    Timeout,
    CutOff,
    Protocol,
    Denied,
}

/// The outcome of a call: one of the four, or `valid` for `validate`.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct Outcome {
    /// The document is valid: for `validate`.
    pub(crate) valid: Option<bool>,
    /// A session, of `authenticate` and `refresh`.
    pub(crate) session: Option<ExpectedSession>,
    /// What the credential reaches, of `inspect`.
    pub(crate) access: Option<ExpectedAccess>,
    /// A verdict, of `classify`.
    pub(crate) verdict: Option<ExpectedCase>,
    /// An error, of any function.
    pub(crate) error: Option<ExpectedCase>,
}

/// The fields of a session that are compared.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct ExpectedSession {
    /// The secret that `authorize` puts on a request.
    pub(crate) access_token: Option<String>,
    /// The secret of the plugin's own.
    pub(crate) state: Option<String>,
    /// The prefix of API URLs.
    pub(crate) base_url: Option<String>,
    /// The granted scopes.
    pub(crate) scopes: Option<Vec<String>>,
    /// The account that the session reaches.
    pub(crate) account: Option<String>,
    /// The time from `issued-at` to `expires-at`, in seconds.
    pub(crate) lifetime_secs: Option<u64>,
}

/// The fields of an access that are compared.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct ExpectedAccess {
    /// The name of the holder of the credential.
    pub(crate) identity: Option<String>,
    /// The scopes that may be requested.
    pub(crate) scopes: Option<Vec<String>>,
    /// The values that are offered, by the JSON pointer of their field.
    pub(crate) choices: Option<BTreeMap<String, Vec<Value>>>,
    /// The cursor of the next page.
    pub(crate) next: Option<String>,
}

/// A case of `error` or `verdict`, and the parts of its payload that are compared.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct ExpectedCase {
    /// The name of the case, such as `rejected` or `accepted`.
    pub(crate) kind: String,
    /// The HTTP status of a refusal or an invalid response.
    pub(crate) status: Option<u16>,
    /// The code of a refusal or a fault.
    pub(crate) code: Option<String>,
    /// Whether a refusal is confirmed.
    pub(crate) confirmed: Option<bool>,
    /// The seconds to wait.
    pub(crate) seconds: Option<u32>,
    /// The stage of `unreachable`.
    pub(crate) stage: Option<String>,
    /// The field of `invalid-response`.
    pub(crate) field: Option<String>,
    /// The pointers of the issues of `invalid-credential`, in order.
    pub(crate) pointers: Option<Vec<String>>,
}

/// A line, from 1, and the problem there.
type Problem = (usize, String);

impl Exchange {
    fn read(text: &str, format: Format) -> Result<Self, Problem> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let exchange: Self = match format {
            Format::Json => serde_json::from_str(text).map_err(|error| {
                let line = error.line().max(1);
                (line, without_place(&error.to_string()))
            })?,
            Format::Toml => toml::from_str(text).map_err(|error| {
                let start = error.span().map_or(0, |span| span.start);
                let before = text.get(..start).unwrap_or(text);
                (before.matches('\n').count() + 1, error.message().to_owned())
            })?,
        };
        exchange.check().map_err(|why| (1, why.to_owned()))?;
        Ok(exchange)
    }

    /// The rules between keys that the format itself does not express.
    fn check(&self) -> Result<(), &'static str> {
        let outcome = &self.outcome;
        let outcomes = [
            outcome.valid.is_some(),
            outcome.session.is_some(),
            outcome.access.is_some(),
            outcome.verdict.is_some(),
            outcome.error.is_some(),
        ];
        if outcomes.iter().filter(|given| **given).count() != 1 {
            return Err("`outcome` needs exactly one of valid, session, access, verdict and error");
        }
        let has_own_outcome = match self.function {
            Function::Validate => outcome.valid == Some(true),
            Function::Authenticate | Function::Refresh => outcome.session.is_some(),
            Function::Inspect => outcome.access.is_some(),
            Function::Classify => outcome.verdict.is_some(),
        };
        if !has_own_outcome && outcome.error.is_none() {
            return Err("`outcome` is none of this function; use error, or its own kind of result");
        }
        match self.function {
            Function::Classify if self.reply.is_none() => return Err("`classify` needs a `reply`"),
            Function::Classify => {}
            _ if self.credential.is_none() => return Err("the function needs a `credential`"),
            _ => {}
        }
        if let Some(request) = &self.request {
            let bodies = [
                request.form.is_some(),
                request.json.is_some(),
                request.text.is_some(),
                request.base64.is_some(),
            ];
            if bodies.iter().filter(|given| **given).count() > 1 {
                return Err("`request` has more than one body; use form, json, text or base64");
            }
            if self.reply.is_none() {
                return Err("a `request` needs a `reply`");
            }
            if let Some(base64) = &request.base64 {
                decoded(base64)?;
            }
        }
        self.reply.as_ref().map_or(Ok(()), GivenReply::check)
    }
}

/// The message of a JSON error without the place, which the caller names.
fn without_place(message: &str) -> String {
    let place = message.rfind(" at line ");
    message
        .get(..place.unwrap_or(message.len()))
        .unwrap_or(message)
        .to_owned()
}

fn decoded(base64: &str) -> Result<Vec<u8>, &'static str> {
    BASE64_STANDARD
        .decode(base64)
        .map_err(|_| "`base64` is not base64 with padding (RFC 4648 §4)")
}

impl GivenReply {
    fn check(&self) -> Result<(), &'static str> {
        let bodies = [
            self.json.is_some(),
            self.text.is_some(),
            self.base64.is_some(),
        ];
        if bodies.iter().filter(|given| **given).count() > 1 {
            return Err("`reply` has more than one body; use json, text or base64");
        }
        if self.status.is_some() == self.unreachable.is_some() {
            return Err("`reply` needs either a `status` or `unreachable`");
        }
        if self
            .status
            .is_some_and(|status| !(100..=999).contains(&status))
        {
            return Err("the `status` of the reply is none of HTTP");
        }
        if self.chunk_bytes == Some(0) {
            return Err("`chunk_bytes` must be at least 1");
        }
        if let Some(base64) = &self.base64 {
            decoded(base64)?;
        }
        Ok(())
    }

    /// The reply for the network of the check.
    pub(crate) fn reply(&self) -> Reply {
        if let Some(stage) = self.unreachable {
            return Reply::fail(stage.error());
        }
        let body = match (&self.json, &self.text, &self.base64) {
            (Some(json), _, _) => json.to_string().into_bytes(),
            (_, Some(text), _) => text.clone().into_bytes(),
            (_, _, Some(base64)) => decoded(base64).unwrap_or_default(),
            _ => Vec::new(),
        };
        let mut reply = Reply::new(self.status.unwrap_or(200), body);
        for (name, value) in &self.headers {
            reply = reply.header(name, value);
        }
        if let Some(bytes) = self.chunk_bytes {
            reply = reply.chunks(bytes);
        }
        if let Some(after_bytes) = self.cut_off_after_bytes {
            reply = reply.cut(after_bytes, TransportError::CutOff);
        }
        reply
    }
}

impl GivenStage {
    fn error(self) -> TransportError {
        match self {
            Self::Dns => TransportError::Dns,
            Self::Connect => TransportError::Connect,
            Self::Tls => TransportError::Tls,
            Self::Timeout => TransportError::Timeout,
            Self::CutOff => TransportError::CutOff,
            Self::Protocol => TransportError::Protocol,
            Self::Denied => TransportError::Denied,
        }
    }
}

impl ExpectedRequest {
    /// The bytes of a body that is given as text or bytes.
    pub(crate) fn bytes(&self) -> Option<Vec<u8>> {
        let text = self.text.as_ref().map(|text| text.clone().into_bytes());
        let bytes = self.base64.as_deref();
        text.or_else(|| bytes.map(|base64| decoded(base64).unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests;
