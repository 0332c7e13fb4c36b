//! Orchard: a refresh token that a person pastes once and that each token request replaces. The
//! state outlives the session; a token that the person replaces in the document goes before it.

use connector_guest::{
    Access, Description, Error, Fields, Form, Inspection, InspectionInput, Open, Request, Response,
    Schema, Secret, Timestamp, Token, Vendor, VendorInfo, response, rotation,
};

struct Orchard;

const BASE_URL: &str = "https://api.orchard.example/v3";

static INFO: VendorInfo = VendorInfo::new(
    "orchard",
    &[
        "https://api.orchard.example",
        "https://login.orchard.example",
    ],
)
.durable_state()
.inspection(Inspection::Session);

impl Vendor for Orchard {
    type Credential = Secret;

    fn info(&self) -> &'static VendorInfo {
        &INFO
    }

    fn description(&self) -> Description {
        Description::new("Orchard", "https://orchard.example/account/apps").sample_call("/trees")
    }

    fn schema(&self) -> Schema {
        Schema::new(include_str!("refresh_token.schema.json"), &[])
    }

    fn read(&self, form: &mut Form) -> Option<Secret> {
        form.required("refresh_token").token()
    }

    fn open(&self, pasted: &Secret, state: Option<&Secret>) -> Result<Open, Error> {
        let current = rotation::current(pasted, state);
        let request = Request::post("https://login.orchard.example/token").form(&[
            ("grant_type", "refresh_token"),
            ("client_id", "connector"),
            ("refresh_token", current.expose()),
        ]);
        Ok(Open::Request(request))
    }

    fn token(&self, pasted: &Secret, fields: &mut Fields, _: Timestamp) -> Result<Token, Error> {
        let token = Token::bearer(fields)?;
        Ok(token.state(rotation::next_state(pasted, fields)?))
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
        Ok(Some(Request::get([BASE_URL, "/me"].concat())))
    }

    fn access(&self, response: &Response, now: Timestamp) -> Result<Access, Error> {
        let mut fields = response::accept(&INFO.codes, response, now)?;
        let email = fields.take_string("email")?;
        Ok(Access::default().identity(email.as_deref()))
    }
}

connector_guest::export!(Orchard);

#[cfg(test)]
mod tests {
    use connector_guest::testing::{self, refusal, reply};
    use connector_guest::{Session, Verdict};

    use super::*;

    const CREDENTIAL: &str = r#"{"refresh_token": "pasted"}"#;

    /// Opens a session after `current` with `sent`, which the vendor replaces by `next`.
    fn open(credential: &str, current: Option<&Session>, sent: &str, next: &str) -> Session {
        let answer = |request: &Request| {
            let body = [
                "grant_type=refresh_token&client_id=connector&refresh_token=",
                sent,
            ];
            assert_eq!(request.body.expose(), body.concat().as_bytes());
            let token = r#""access_token": "t", "token_type": "bearer", "refresh_token""#;
            reply(200, format!("{{{token}: {next}}}"))
        };
        match current {
            None => testing::authenticate(&Orchard, credential, answer).unwrap(),
            Some(current) => testing::refresh(&Orchard, credential, current, answer).unwrap(),
        }
    }

    #[test]
    fn has_a_portable_schema() {
        testing::check_schema(&Orchard);
    }

    #[test]
    fn follows_the_token_as_it_rotates() {
        let first = open(CREDENTIAL, None, "pasted", r#""second""#);
        let kept = open(CREDENTIAL, Some(&first), "second", "null");
        let next = open(CREDENTIAL, Some(&kept), "second", r#""third""#);
        open(CREDENTIAL, Some(&next), "third", "null");
    }

    #[test]
    fn prefers_a_token_that_was_replaced_in_the_document() {
        let replaced = r#"{"refresh_token": "new"}"#;
        let first = open(CREDENTIAL, None, "pasted", r#""second""#);
        let next = open(replaced, Some(&first), "new", r#""newer""#);
        open(replaced, Some(&next), "newer", "null");
    }

    #[test]
    fn authorizes_calls_and_asks_who_it_is_without_spending_the_token() {
        let session = open(CREDENTIAL, None, "pasted", "null");
        let call = testing::authorize(&Orchard, &session, "GET", BASE_URL, b"").unwrap();
        assert_eq!(call.header_value("authorization"), Some("Bearer t"));
        let access = testing::inspect(&Orchard, CREDENTIAL, Some(&session), |request| {
            assert_eq!(request.url.expose(), "https://api.orchard.example/v3/me");
            assert_eq!(request.header_value("authorization"), Some("Bearer t"));
            reply(200, r#"{"email": "ada@acme.example"}"#)
        });
        let identity = access.unwrap().identity;
        assert_eq!(identity.as_deref(), Some("ada@acme.example"));
    }

    #[test]
    fn reports_a_spent_token_as_rejected_and_an_ended_session_as_to_refresh() {
        let answer = |_: &Request| reply(400, r#"{"error": "invalid_grant"}"#);
        let error = testing::authenticate(&Orchard, CREDENTIAL, answer).unwrap_err();
        assert_eq!(error, Error::Rejected(refusal(400, "invalid_grant")));
        let verdict = testing::classify(&Orchard, &reply(401, r#"{"error": "invalid_token"}"#));
        assert_eq!(verdict, Verdict::Refresh(refusal(401, "invalid_token")));
    }
}
