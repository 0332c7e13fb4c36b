//! What distinguishes one simulated vendor from another.

use bytes::Bytes;
use serde_json::Value;

use crate::call::Call;
use crate::tokens::Tokens;

/// A vendor: data, and one function from a request to its response.
pub(crate) trait Rules: Send + Sync {
    /// The vendor's id.
    fn id(&self) -> &'static str;
    /// The host names that it serves. Requests for other names are refused.
    fn hosts(&self) -> &'static [&'static str];
    /// Valid credential documents, each after its name.
    fn sample_credentials(&self) -> Vec<(&'static str, Value)>;
    /// The path of an API call that succeeds with a session.
    fn sample_call(&self) -> &'static str;
    /// Answers a request.
    fn answer(&self, tokens: &Tokens, call: &Call) -> http::Response<Bytes>;
}
