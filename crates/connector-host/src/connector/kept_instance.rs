//! Several calls in one instance, for checks of a plugin: it must not remember the earlier ones. A
//! platform has no use for them, because instances that are kept share the memory of credentials.

use crate::connector::Connector;
use crate::contract::bindings::exports::integration::connector::types as wit;
use crate::error::CallError;
use crate::types::{ApiResponse, Verdict};

impl Connector {
    /// [`Connector::validate`] of each document, in English, one after another in one instance:
    /// for checks that a plugin keeps nothing between calls. All share the limits of one call; the
    /// outer error is the plugin's end.
    pub async fn validate_in_one_instance(
        &self,
        vendor: &str,
        documents: &[&str],
    ) -> Result<Vec<Result<(), CallError>>, CallError> {
        let plugin = &*self.plugin;
        let function = &plugin.component.exports.validate;
        let english: &[String] = &[];
        let arguments = documents
            .iter()
            .map(|document| (vendor, *document, english));
        let results = plugin.repeat(function, vendor, arguments.collect(), |()| Ok(()));
        Ok(results.await?)
    }

    /// [`Connector::classify`] of each response, in the same way.
    pub async fn classify_in_one_instance(
        &self,
        vendor: &str,
        responses: &[ApiResponse],
    ) -> Result<Vec<Result<Verdict, CallError>>, CallError> {
        let plugin = &*self.plugin;
        let function = &plugin.component.exports.classify;
        let responses: Vec<_> = responses.iter().map(wit::Response::from).collect();
        let arguments = responses.iter().map(|response| (vendor, response));
        let read = |verdict: wit::Verdict| verdict.try_into();
        let results = plugin.repeat(function, vendor, arguments.collect(), read);
        Ok(results.await?)
    }
}
