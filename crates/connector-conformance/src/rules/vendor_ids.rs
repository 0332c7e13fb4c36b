//! Ids that the plugin does not list.

use connector_host::{ApiResponse, CallError, ConnectorError};
use futures::FutureExt as _;

use crate::network::Reply;
use crate::rule::{Breach, Check, Findings, Rule, Severity, ending};
use crate::rules::authorize::head;
use crate::subject::Subject;

pub(crate) static UNKNOWN_VENDOR: Rule = Rule {
    name: "unknown-vendor",
    severity: Severity::Error,
    about: "Every function fails as `unknown-vendor` for ids that the plugin does not list: the \
            empty one, one in upper case, with a space or a NUL behind it. `refresh` and \
            `authorize` are tried only where a session can be opened.",
    sentence: "`vendor` is an `id` of `vendors`; every function fails as `unknown-vendor` for any \
               other.",
    source: "wit/credentials.wit",
    check: Check(|subject| unknown_vendor(subject).boxed_local()),
};

async fn unknown_vendor(subject: &Subject) -> Findings {
    let mut findings = Findings::default();
    let plugin = &subject.plugin;
    let response = ApiResponse {
        status: 200,
        headers: Vec::new(),
        body: Vec::new(),
    };
    let mut skipped = Findings::default();
    let open = subject.open(&mut skipped);
    for listed in &subject.vendors {
        let open = open.iter().find(|open| open.id() == listed.id());
        let session = match open {
            Some(open) => subject.session(open).await,
            None => None,
        };
        let document = open.map_or("{}", |open| &*open.document);
        let id = listed.id();
        let odd = [
            String::new(),
            id.to_uppercase(),
            format!("{id} "),
            format!("{id}\0"),
            "none-of-these".to_owned(),
        ];
        let is_listed = |id: &str| subject.vendors.iter().any(|listed| listed.id() == id);
        for odd in odd.iter().filter(|odd| !is_listed(odd)) {
            subject.network.answer(Reply::new(200, "{}"));
            let mut ended = vec![
                ("describe", plugin.describe(odd, &[]).await.map(drop)),
                ("credential-schema", plugin.schema(odd, &[]).await.map(drop)),
                ("validate", plugin.validate(odd, document, &[]).await),
                ("origins", plugin.origins(odd, document).await.map(drop)),
                (
                    "authenticate",
                    plugin.authenticate(odd, document).await.map(drop),
                ),
                (
                    "inspect",
                    plugin.inspect(odd, document, None, None).await.map(drop),
                ),
                ("classify", plugin.classify(odd, &response).await.map(drop)),
            ];
            if let Some(session) = &session {
                let head = head("GET", &session.base_url);
                let replaced = plugin.refresh(odd, document, session).await;
                ended.push(("refresh", replaced.map(drop)));
                let authorized = plugin.authorize(odd, session, &head).await;
                ended.push(("authorize", authorized.map(drop)));
            }
            for (function, result) in ended {
                let unknown = CallError::Connector(ConnectorError::UnknownVendor);
                findings.require(result == Err(unknown), || {
                    let input = format!("{function} for the vendor {odd:?}");
                    Breach::new(id, input, "unknown-vendor", ending(&result))
                });
            }
        }
    }
    findings
}
