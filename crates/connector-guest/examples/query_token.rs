//! Tidal: a session token that a GET request brings, for one account, until a date. It is no bearer
//! token, and errors are numbered codes of the vendor's own.

use connector_guest::{
    Authorization, Codes, Description, Environment, Error, Fields, Form, Meaning, Open, Request,
    RequestHead, Schema, Secret, Session, Timestamp, Token, Vendor, VendorInfo,
};

struct Tidal;

struct Credential {
    account: String,
    station_key: Secret,
    minutes: i64,
    origin: &'static str,
}

static INFO: VendorInfo = VendorInfo::new("tidal", &[LIVE, SANDBOX]).codes(Codes::known(&[
    ("E4010", Meaning::Expired),
    ("E4011", Meaning::Rejected),
    ("E4290", Meaning::Throttled),
]));

const LIVE: &str = "https://api.tidal.example";
const SANDBOX: &str = "https://api.sandbox.tidal.example";

impl Vendor for Tidal {
    type Credential = Credential;

    fn info(&self) -> &'static VendorInfo {
        &INFO
    }

    fn description(&self) -> Description {
        Description::new("Tidal", "https://tidal.example/keys").sample_call("/levels")
    }

    fn schema(&self) -> Schema {
        Schema::new(include_str!("query_token.schema.json"), &[])
    }

    fn read(&self, form: &mut Form) -> Option<Credential> {
        let account = form.required("account").uuid();
        let station_key = form.required("station_key").string();
        let minutes = form.optional("minutes").integer(5..=1440);
        let is_sandbox = form.optional("sandbox").boolean() == Some(true);
        let origin = if is_sandbox { SANDBOX } else { LIVE };
        Some(Credential {
            account: account?,
            station_key: station_key?,
            minutes: minutes.unwrap_or(60),
            origin,
        })
    }

    fn open(&self, credential: &Credential, _: Option<&Secret>) -> Result<Open, Error> {
        let request = Request::get([credential.origin, "/session"].concat()).query(&[
            ("account", &credential.account),
            ("key", credential.station_key.expose()),
            ("minutes", &credential.minutes.to_string()),
        ]);
        Ok(Open::Request(request))
    }

    fn token(&self, asked: &Credential, fields: &mut Fields, _: Timestamp) -> Result<Token, Error> {
        let token = Token::opaque(fields, "session")?.expiry(fields.take_time("expires_at").into());
        let account = fields.take_account("account", Some(&asked.account))?;
        Ok(token.account(account))
    }

    fn base_url(&self, credential: &Credential, _: &mut Fields) -> Result<String, Error> {
        Ok(credential.origin.into())
    }

    fn authorize(
        &self,
        session: &Session,
        _: &RequestHead,
        _: &impl Environment,
    ) -> Result<Authorization, Error> {
        Ok(Authorization::default().header("x-session", session.access_token.expose()))
    }
}

connector_guest::export!(Tidal);

#[cfg(test)]
mod tests {
    use connector_guest::IssueCode::{Blank, Format, OutOfRange, Type};
    use connector_guest::Verdict;
    use connector_guest::testing::{self, NOW, refusal, reply};

    use super::*;

    const ACCOUNT: &str = "123e4567-e89b-12d3-a456-426614174000";
    const TOKEN: &str = r#"{
        "session": "s;1", "account": "123e4567-e89b-12d3-a456-426614174000",
        "expires_at": "2023-11-15T01:13:20.000000009+01:00"
    }"#;

    fn credential(more: &str) -> String {
        format!(r#"{{"account": " {ACCOUNT}", "station_key": "hu sh"{more}}}"#)
    }

    #[test]
    fn has_a_portable_schema() {
        testing::check_schema(&Tidal);
    }

    #[test]
    fn signs_in_authorizes_a_call_and_refreshes_with_the_optional_fields() {
        let session = testing::authenticate(&Tidal, &credential(""), |request| {
            let query = format!("/session?account={ACCOUNT}&key=hu+sh&minutes=60");
            assert_eq!(request.url.expose(), [LIVE, &query].concat());
            reply(200, TOKEN)
        });
        let session = session.unwrap();
        assert_eq!(session.expires_at, Some(NOW.plus(7200)));
        let call = testing::authorize(&Tidal, &session, "GET", LIVE, b"").unwrap();
        assert_eq!(call.header_value("x-session"), Some("s;1"));
        let edited = credential(r#", "minutes": 5, "sandbox": true"#);
        let next = testing::refresh(&Tidal, &edited, &session, |request| {
            assert!(request.url.expose().ends_with("&key=hu+sh&minutes=5"));
            reply(200, TOKEN)
        });
        assert_eq!(next.unwrap().base_url, SANDBOX);
    }

    #[test]
    fn reports_every_problem_of_the_form() {
        let wrong = r#"{"account": "1", "station_key": "", "minutes": 1, "sandbox": 0}"#;
        let issues = testing::issues(&Tidal, wrong).into_iter();
        let codes: Vec<_> = issues.map(|(_, code)| code).collect();
        assert_eq!(codes, [Format, Blank, OutOfRange, Type]);
    }

    #[test]
    fn has_its_errors_right() {
        let error = |status, body| {
            testing::authenticate(&Tidal, &credential(""), |_| reply(status, body)).unwrap_err()
        };
        let rejected = Error::Rejected(refusal(400, "E4011"));
        assert_eq!(error(400, r#"{"error": {"code": "E4011"}}"#), rejected);
        assert_eq!(error(400, r#"{"error": "E4290"}"#), Error::Throttled(None));
        let other = testing::invalid_response("account");
        assert_eq!(error(200, &TOKEN.replace("123e", "999e")), other);
        let verdict = testing::classify(&Tidal, &reply(200, r#"{"error": {"code": "E4010"}}"#));
        assert_eq!(verdict, Verdict::Refresh(refusal(200, "E4010")));
    }
}
