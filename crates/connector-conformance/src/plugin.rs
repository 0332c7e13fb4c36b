//! The functions of the contract as the rules call them. The plugin under check is a
//! [`Connector`]; tests of the rules put a faulty layer over one, which overrides a function.

use connector_host::{
    Access, ApiResponse, Authorization, CallError, Connector, Description, Origin, RequestHead,
    Session, Verdict,
};
use futures::future::BoxFuture;

/// The future of a call.
pub(crate) type Call<'a, T> = BoxFuture<'a, Result<T, CallError>>;

/// A plugin with the functions of the contract.
pub(crate) trait Plugin: Send + Sync {
    /// The plugin below, which makes all calls that are not overridden.
    fn connector(&self) -> &Connector;

    fn describe<'a>(&'a self, vendor: &'a str, locales: &'a [String]) -> Call<'a, Description> {
        Box::pin(self.connector().describe(vendor, locales))
    }

    fn schema<'a>(&'a self, vendor: &'a str, locales: &'a [String]) -> Call<'a, String> {
        Box::pin(self.connector().credential_schema(vendor, locales))
    }

    fn validate<'a>(
        &'a self,
        vendor: &'a str,
        credential: &'a str,
        locales: &'a [String],
    ) -> Call<'a, ()> {
        Box::pin(self.connector().validate(vendor, credential, locales))
    }

    fn validate_in_one_instance<'a>(
        &'a self,
        vendor: &'a str,
        documents: &'a [&'a str],
    ) -> Call<'a, Vec<Result<(), CallError>>> {
        let connector = self.connector();
        Box::pin(connector.validate_in_one_instance(vendor, documents))
    }

    fn origins<'a>(&'a self, vendor: &'a str, credential: &'a str) -> Call<'a, Vec<Origin>> {
        Box::pin(self.connector().origins(vendor, credential))
    }

    fn authenticate<'a>(&'a self, vendor: &'a str, credential: &'a str) -> Call<'a, Session> {
        Box::pin(self.connector().authenticate(vendor, credential))
    }

    fn refresh<'a>(
        &'a self,
        vendor: &'a str,
        credential: &'a str,
        current: &'a Session,
    ) -> Call<'a, Session> {
        Box::pin(self.connector().refresh(vendor, credential, current))
    }

    fn inspect<'a>(
        &'a self,
        vendor: &'a str,
        credential: &'a str,
        session: Option<&'a Session>,
        cursor: Option<&'a str>,
    ) -> Call<'a, Access> {
        Box::pin(
            self.connector()
                .inspect(vendor, credential, session, cursor),
        )
    }

    fn authorize<'a>(
        &'a self,
        vendor: &'a str,
        session: &'a Session,
        request: &'a RequestHead,
    ) -> Call<'a, Authorization> {
        Box::pin(self.connector().authorize(vendor, session, request))
    }

    fn classify<'a>(&'a self, vendor: &'a str, response: &'a ApiResponse) -> Call<'a, Verdict> {
        Box::pin(self.connector().classify(vendor, response))
    }

    fn classify_in_one_instance<'a>(
        &'a self,
        vendor: &'a str,
        responses: &'a [ApiResponse],
    ) -> Call<'a, Vec<Result<Verdict, CallError>>> {
        let connector = self.connector();
        Box::pin(connector.classify_in_one_instance(vendor, responses))
    }
}

impl Plugin for Connector {
    fn connector(&self) -> &Connector {
        self
    }
}
