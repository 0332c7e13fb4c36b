//! Quarry: every call is signed by HMAC-SHA-256 over its method, URL, time, nonce and body digest.
//! There is no token: the session holds the secret, and its state the key ID.

use connector_guest::signature::{hex, hmac_sha256};
use connector_guest::{
    Authorization, Description, Environment, Error, Expiry, Fields, Form, Open, RequestHead,
    Schema, Secret, Session, Signing, Token, UNKNOWN_SESSION, Vendor, VendorInfo,
};

struct Quarry;

struct Credential {
    key_id: Secret,
    secret: Secret,
}

const BASE_URL: &str = "https://api.quarry.example";

static INFO: VendorInfo = VendorInfo::new("quarry", &[BASE_URL])
    .signing(Signing::BodySha256)
    .expiry(Expiry::Never);

impl Vendor for Quarry {
    type Credential = Credential;

    fn info(&self) -> &'static VendorInfo {
        &INFO
    }

    fn description(&self) -> Description {
        Description::new("Quarry", "https://quarry.example/security/keys").sample_call("/v1/stones")
    }

    fn schema(&self) -> Schema {
        Schema::new(include_str!("hmac.schema.json"), &[])
    }

    fn read(&self, form: &mut Form) -> Option<Credential> {
        let key_id = form.required("key_id").token();
        let secret = form.required("secret").token();
        Some(Credential {
            key_id: key_id?,
            secret: secret?,
        })
    }

    fn open(&self, credential: &Credential, _: Option<&Secret>) -> Result<Open, Error> {
        let token = Token::new(credential.secret.clone());
        Ok(Open::Token(token.state(Some(credential.key_id.clone()))))
    }

    fn base_url(&self, _: &Credential, _: &mut Fields) -> Result<String, Error> {
        Ok(BASE_URL.into())
    }

    fn authorize(
        &self,
        session: &Session,
        request: &RequestHead,
        environment: &impl Environment,
    ) -> Result<Authorization, Error> {
        let key_id = session.state.as_ref().ok_or(UNKNOWN_SESSION)?;
        let digest = request.body_sha256()?;
        let time = environment.now().secs.to_string();
        let nonce = hex(&environment.random());
        let message = [&request.method, &request.url, &time, &nonce, &hex(digest)];
        let message = message.map(String::as_str).join("\n");
        let tag = hmac_sha256(session.access_token.expose().as_bytes(), message.as_bytes());
        Ok(Authorization::default()
            .header("x-quarry-key", key_id.expose())
            .header("x-quarry-time", time)
            .header("x-quarry-nonce", nonce)
            .header("x-quarry-signature", hex(&tag)))
    }
}

connector_guest::export!(Quarry);

#[cfg(test)]
mod tests {
    use connector_guest::Verdict;
    use connector_guest::testing::{self, authorize_head, no_request, reply};

    use super::*;

    const CREDENTIAL: &str = r#"{"key_id": "k1", "secret": "hush"}"#;
    const URL: &str = "https://api.quarry.example/v1/stones?heavy=1";

    fn session() -> Session {
        testing::authenticate(&Quarry, CREDENTIAL, no_request).unwrap()
    }

    #[test]
    fn has_a_portable_schema() {
        testing::check_schema(&Quarry);
    }

    #[test]
    fn signs_in_and_refreshes_without_a_request() {
        let edited = CREDENTIAL.replace("k1", "k2");
        let next = testing::refresh(&Quarry, &edited, &session(), no_request).unwrap();
        assert_eq!(next.state.unwrap().expose(), "k2");
        assert_eq!(next.expires_at, None);
    }

    #[test]
    fn signs_the_method_the_url_and_the_body() {
        let sign = |method, url, body| {
            let call = testing::authorize(&Quarry, &session(), method, url, body).unwrap();
            assert_eq!(call.header_value("x-quarry-key"), Some("k1"));
            assert_eq!(call.header_value("x-quarry-time"), Some("1700000000"));
            assert_eq!(call.header_value("x-quarry-nonce"), Some(&*"07".repeat(32)));
            call.header_value("x-quarry-signature").unwrap().to_owned()
        };
        let signature = sign("POST", URL, br#"{"size": 3}"#);
        // As `openssl dgst -sha256 -hmac hush` has it.
        let expected = "6bda6cce5f47cf5a9c3963f47f69dba37e45acf72f7fe739706a1d7a3e95e698";
        assert_eq!(signature, expected);
        assert_ne!(signature, sign("PUT", URL, br#"{"size": 3}"#));
        assert_ne!(signature, sign("POST", BASE_URL, br#"{"size": 3}"#));
        assert_ne!(signature, sign("POST", URL, b""));
    }

    #[test]
    fn signs_nothing_without_the_digest_of_the_body_or_the_key() {
        let mut head = RequestHead::default();
        let error = authorize_head(&Quarry, &session(), &head).unwrap_err();
        assert!(matches!(error, Error::Other(fault) if fault.code == "no-body"));
        head.body_sha256 = Some([0; 32]);
        let mut foreign = session();
        foreign.state = None;
        let error = authorize_head(&Quarry, &foreign, &head).unwrap_err();
        assert_eq!(error, UNKNOWN_SESSION);
    }

    #[test]
    fn reads_refusals_of_the_api() {
        let verdict = |status| testing::classify(&Quarry, &reply(status, ""));
        assert!(matches!(verdict(401), Verdict::Refresh(refusal) if !refusal.confirmed));
        assert_eq!(verdict(503), Verdict::Unavailable(None));
    }
}
