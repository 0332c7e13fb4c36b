//! Harbour: client credentials with HTTP Basic, at a host of the tenant's own, for chosen scopes.

use connector_guest::{
    Description, Error, Fields, Form, Open, Request, Schema, Secret, Vendor, VendorInfo,
};

struct Harbour;

struct Credential {
    tenant: String,
    client_id: Secret,
    client_secret: Secret,
    scopes: Vec<&'static str>,
}

const SCOPES: [&str; 2] = ["ships.read", "berths.write"];

static INFO: VendorInfo = VendorInfo::new("harbour", &["https://*.harbour.example"]);

impl Credential {
    fn origin(&self) -> String {
        ["https://", &self.tenant, ".harbour.example"].concat()
    }
}

impl Vendor for Harbour {
    type Credential = Credential;

    fn info(&self) -> &'static VendorInfo {
        &INFO
    }

    fn description(&self) -> Description {
        Description::new("Harbour", "https://docs.harbour.example/clients")
            .sample_call("/v2/ships?limit=1")
    }

    fn schema(&self) -> Schema {
        Schema::new(include_str!("basic_auth.schema.json"), &[])
    }

    fn read(&self, form: &mut Form) -> Option<Credential> {
        let tenant = form.required("tenant").host_label();
        let client_id = form.required("client_id").string();
        let client_secret = form.required("client_secret").string();
        let scopes = form.required("scopes").choices(&SCOPES);
        Some(Credential {
            tenant: tenant?,
            client_id: client_id?,
            client_secret: client_secret?,
            scopes: scopes?,
        })
    }

    fn origins(&self, credential: &Credential) -> Vec<String> {
        vec![credential.origin()]
    }

    fn open(&self, credential: &Credential, _: Option<&Secret>) -> Result<Open, Error> {
        let request = Request::post([&credential.origin(), "/oauth2/token"].concat())
            .basic_auth(
                credential.client_id.expose(),
                credential.client_secret.expose(),
            )
            .form(&[
                ("grant_type", "client_credentials"),
                ("scope", &credential.scopes.join(" ")),
            ]);
        Ok(Open::Request(request))
    }

    fn base_url(&self, credential: &Credential, _: &mut Fields) -> Result<String, Error> {
        Ok(credential.origin() + "/api")
    }

    fn requested_scopes(&self, credential: &Credential) -> Vec<String> {
        credential
            .scopes
            .iter()
            .map(|&scope| scope.into())
            .collect()
    }
}

connector_guest::export!(Harbour);

#[cfg(test)]
mod tests {
    use connector_guest::testing::{self, NOW, refusal, reply};
    use connector_guest::{Verdict, pipeline};

    use super::*;

    const CREDENTIAL: &str = r#"{
        "tenant": "Acme", "client_id": "id", "client_secret": "hu:sh",
        "scopes": ["ships.read", "berths.write"]
    }"#;
    const TOKEN: &str = r#"{"access_token": "t1", "token_type": "Bearer", "expires_in": 7200}"#;

    #[test]
    fn has_a_portable_schema() {
        testing::check_schema(&Harbour);
    }

    #[test]
    fn signs_in_and_refreshes_at_the_host_of_the_tenant() {
        let session = testing::authenticate(&Harbour, CREDENTIAL, |request| {
            let url = "https://acme.harbour.example/oauth2/token";
            assert_eq!(request.url.expose(), url);
            let pair = Some("Basic aWQ6aHUlM0FzaA==");
            assert_eq!(request.header_value("authorization"), pair);
            let body = "grant_type=client_credentials&scope=ships.read+berths.write";
            assert_eq!(request.body.expose(), body.as_bytes());
            reply(200, TOKEN)
        });
        let session = session.unwrap();
        assert_eq!(session.base_url, "https://acme.harbour.example/api");
        assert_eq!(session.expires_at, Some(NOW.plus(7200)));
        assert_eq!(session.scopes, SCOPES);
        let fewer = TOKEN.replace("t1\"", "t2\", \"scope\": \"ships.read\"");
        let next = testing::refresh(&Harbour, CREDENTIAL, &session, |_| reply(200, &*fewer));
        let next = next.unwrap();
        assert_eq!(next.scopes, ["ships.read"]);
        let call = testing::authorize(&Harbour, &next, "GET", &next.base_url, b"").unwrap();
        assert_eq!(call.header_value("authorization"), Some("Bearer t2"));
    }

    #[test]
    fn names_the_origin_of_the_tenant_and_no_other() {
        let origins = |tenant| pipeline::origins(&Harbour, &CREDENTIAL.replace("Acme", tenant));
        assert_eq!(origins("Acme").unwrap(), ["https://acme.harbour.example"]);
        for tenant in ["evil.example/", "a.b", "-a", ""] {
            assert!(origins(tenant).is_err(), "{tenant:?}");
        }
    }

    #[test]
    fn has_its_errors_right() {
        let error = |status, body| {
            testing::authenticate(&Harbour, CREDENTIAL, |_| reply(status, body)).unwrap_err()
        };
        let rejected = Error::Rejected(refusal(401, "invalid_client"));
        assert_eq!(error(401, r#"{"error": "invalid_client"}"#), rejected);
        let forbidden = Error::Forbidden(refusal(400, "invalid_scope"));
        assert_eq!(error(400, r#"{"error": "invalid_scope"}"#), forbidden);
        assert_eq!(error(503, ""), Error::Unavailable(None));
        let verdict = testing::classify(&Harbour, &reply(401, r#"{"error": "invalid_token"}"#));
        assert_eq!(verdict, Verdict::Refresh(refusal(401, "invalid_token")));
    }
}
