//! Beacon: an API key in a header field. There is no token request, so signing in sends nothing;
//! the inspection asks the API whose key it is.

use connector_guest::{
    Access, Authorization, Description, Environment, Error, Expiry, Fields, Form, Inspection,
    InspectionInput, Open, Request, RequestHead, Response, Schema, Secret, Session, Timestamp,
    Token, Vendor, VendorInfo, response,
};

struct Beacon;

const BASE_URL: &str = "https://api.beacon.example";

static INFO: VendorInfo = VendorInfo::new("beacon", &[BASE_URL])
    .inspection(Inspection::Session)
    .expiry(Expiry::Never);

impl Vendor for Beacon {
    type Credential = Secret;

    fn info(&self) -> &'static VendorInfo {
        &INFO
    }

    fn description(&self) -> Description {
        Description::new("Beacon", "https://beacon.example/settings/keys").sample_call("/v1/me")
    }

    fn schema(&self) -> Schema {
        Schema::new(include_str!("api_key.schema.json"), &[])
    }

    fn read(&self, form: &mut Form) -> Option<Secret> {
        form.required("api_key").token()
    }

    fn open(&self, key: &Secret, _: Option<&Secret>) -> Result<Open, Error> {
        Ok(Open::Token(Token::new(key.clone())))
    }

    fn base_url(&self, _: &Secret, _: &mut Fields) -> Result<String, Error> {
        Ok(BASE_URL.into())
    }

    fn inspection_request(
        &self,
        _: &mut Form,
        input: &InspectionInput,
    ) -> Result<Option<Request>, Error> {
        input.only_page()?;
        Ok(Some(Request::get("https://api.beacon.example/v1/me")))
    }

    fn access(&self, response: &Response, now: Timestamp) -> Result<Access, Error> {
        let mut fields = response::accept(&INFO.codes, response, now)?;
        let name = fields.take_string("name")?;
        let access = Access::default().identity(name.as_deref());
        Ok(access.credential_expires_at(fields.take_time("key_expires_at")))
    }

    fn authorize(
        &self,
        session: &Session,
        _: &RequestHead,
        _: &impl Environment,
    ) -> Result<Authorization, Error> {
        Ok(Authorization::default().header("x-api-key", session.access_token.expose()))
    }
}

connector_guest::export!(Beacon);

#[cfg(test)]
mod tests {
    use connector_guest::Verdict;
    use connector_guest::testing::{self, NOW, no_request, reply};

    use super::*;

    const CREDENTIAL: &str = r#"{"api_key": " bk_hush\n"}"#;

    fn session() -> Session {
        testing::authenticate(&Beacon, CREDENTIAL, no_request).unwrap()
    }

    #[test]
    fn has_a_portable_schema() {
        testing::check_schema(&Beacon);
    }

    #[test]
    fn signs_in_authorizes_a_call_and_refreshes_without_a_request() {
        let current = session();
        assert_eq!((current.expires_at, current.refresh_after), (None, None));
        let call = testing::authorize(&Beacon, &current, "GET", BASE_URL, b"").unwrap();
        assert_eq!(call.header_value("x-api-key"), Some("bk_hush"));
        let edited = r#"{"api_key": "bk_new"}"#;
        let next = testing::refresh(&Beacon, edited, &current, no_request).unwrap();
        assert_eq!(next.access_token.expose(), "bk_new");
    }

    #[test]
    fn refuses_a_key_that_no_header_can_hold() {
        for key in ["bk hush", "clé", ""] {
            let credential = format!(r#"{{"api_key": "{key}"}}"#);
            let error = testing::authenticate(&Beacon, &credential, no_request).unwrap_err();
            assert!(matches!(error, Error::InvalidCredential(_)), "{key}");
        }
    }

    #[test]
    fn names_the_holder_of_the_key_and_its_end() {
        let access = testing::inspect(&Beacon, CREDENTIAL, Some(&session()), |request| {
            assert_eq!(request.url.expose(), "https://api.beacon.example/v1/me");
            assert_eq!(request.header_value("x-api-key"), Some("bk_hush"));
            let end = "2023-11-14T23:13:20.000000009Z";
            reply(
                200,
                format!(r#"{{"name": "Acme", "key_expires_at": "{end}"}}"#),
            )
        });
        let access = access.unwrap();
        assert_eq!(access.identity.as_deref(), Some("Acme"));
        assert_eq!(access.credential_expires_at, Some(NOW.plus(3600)));
    }

    #[test]
    fn tells_a_revoked_key_from_a_busy_api() {
        let verdict = |status| testing::classify(&Beacon, &reply(status, ""));
        assert!(matches!(verdict(401), Verdict::Refresh(refusal) if !refusal.confirmed));
        assert_eq!(verdict(429), Verdict::Throttled(None));
        assert_eq!(verdict(200), Verdict::Accepted);
    }
}
