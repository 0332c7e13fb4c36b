//! Results as JSON: the names of the WIT in snake case, times in RFC 3339, absent values left out.
//! A session can be read back, unless it was printed with its secrets masked.

use std::time::SystemTime;

use connector_host::{
    Access, Choice, Description, FieldChoices, Issue, Origin, Refusal, SampleCall, Secret, Session,
    Vendor, Verdict,
};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::store::Saved;

/// Stands in place of a secret.
pub(crate) const MASK: &str = "********";

/// The members of a document that hold [`MASK`] somewhere, and so no secret. Whitespace and
/// invisible characters around it do not matter.
pub(crate) fn masked(document: &Value) -> Vec<&str> {
    let members = document.as_object().into_iter().flatten();
    members
        .filter(|(_, value)| is_masked(value))
        .map(|(name, _)| name.as_str())
        .collect()
}

fn is_masked(value: &Value) -> bool {
    match value {
        Value::String(text) => {
            let around = |c: char| !c.is_alphanumeric() && !c.is_ascii_punctuation();
            text.trim_matches(around) == MASK
        }
        Value::Array(items) => items.iter().any(is_masked),
        Value::Object(members) => members.values().any(is_masked),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// An issue for each masked member. It names those that are fields of the form.
pub(crate) fn mask_issues(document: &Value, is_field: impl Fn(&str) -> bool) -> Vec<Issue> {
    let issue = |name: &str| Issue {
        // RFC 6901. A person may have typed any other name.
        pointer: if is_field(name) {
            format!("/{}", name.replace('~', "~0").replace('/', "~1"))
        } else {
            String::new()
        },
        code: "masked".to_owned(),
        message: "this is the mask that is shown in place of a secret; enter the secret itself"
            .to_owned(),
    };
    masked(document).into_iter().map(issue).collect()
}

/// Indented JSON.
pub(crate) fn pretty(value: &Value) -> String {
    format!("{value:#}")
}

/// One item of the list that `vendors` prints.
pub(crate) fn vendor(vendor: &Vendor, description: &Description) -> Value {
    present([
        ("id", Some(json!(vendor.id))),
        ("name", Some(json!(description.name))),
        ("setup_url", description.setup_url.clone().map(Value::from)),
        ("origins", Some(origins(&vendor.origins))),
        (
            "max_concurrent_calls",
            vendor.max_concurrent_calls.map(Value::from),
        ),
        ("signing", Some(json!(vendor.signing.name()))),
        ("inspection", Some(json!(vendor.inspection.name()))),
        ("durable_state", Some(json!(vendor.durable_state))),
    ])
}

/// The output of `describe`: the document of `describe.schema.json`.
pub(crate) fn description(of: &Description) -> Value {
    let text = |text: &Option<String>| text.clone().map(Value::from);
    let sample_call = |call: &SampleCall| json!({"method": call.method, "path": call.path});
    let prerequisites = (!of.prerequisites.is_empty()).then(|| json!(of.prerequisites));
    present([
        ("name", Some(json!(of.name))),
        ("summary", text(&of.summary)),
        ("prerequisites", prerequisites),
        ("setup_url", text(&of.setup_url)),
        ("documentation_url", text(&of.documentation_url)),
        ("sample_call", of.sample_call.as_ref().map(sample_call)),
        ("icon", text(&of.icon)),
    ])
}

/// A session; its secrets only with `reveal`.
pub(crate) fn session(session: &Session, reveal: bool) -> Value {
    let secret = |secret: &Secret| json!(if reveal { secret.expose() } else { MASK });
    let time = |time| json!(moment(time).to_string());
    present([
        ("access_token", Some(secret(&session.access_token))),
        ("state", session.state.as_ref().map(secret)),
        ("base_url", Some(json!(session.base_url))),
        ("scopes", Some(json!(session.scopes))),
        ("account", session.account.clone().map(Value::from)),
        ("issued_at", Some(time(session.issued_at))),
        ("refresh_after", session.refresh_after.map(time)),
        ("expires_at", session.expires_at.map(time)),
        ("origins", Some(origins(&session.origins))),
    ])
}

fn origins(origins: &[Origin]) -> Value {
    origins.iter().map(ToString::to_string).collect()
}

/// A saved credential, with its secrets masked.
pub(crate) fn saved(saved: &Saved) -> Value {
    let mut credential = saved.fields.clone();
    if let Some(fields) = credential.as_object_mut() {
        for secret in &saved.secrets {
            fields.insert(secret.clone(), json!(MASK));
        }
    }
    present([
        ("name", Some(json!(saved.name))),
        ("description", saved.description.clone().map(Value::from)),
        ("vendor", Some(json!(saved.vendor))),
        ("credential", Some(credential)),
        ("created_at", Some(json!(saved.created_at.to_string()))),
        ("updated_at", Some(json!(saved.updated_at.to_string()))),
    ])
}

/// Reads the output of `session`. The error continues "FILE …" and repeats nothing of the text,
/// which may be a secret.
pub(crate) fn read_session(text: &str) -> Result<Session, String> {
    let json: Value = serde_json::from_str(text)
        .map_err(|e| format!("is not JSON (line {}, column {})", e.line(), e.column()))?;
    let file = SessionFile(&json);
    let access_token = file.text("access_token")?;
    let state = file.optional("state", SessionFile::text)?;
    if access_token == MASK || state == Some(MASK) {
        return Err(
            "holds a session whose secrets are masked; print the session with --reveal".into(),
        );
    }
    let origin = |origin: String| {
        origin
            .parse()
            .map_err(|_| wrong("origins", "a list of origins"))
    };
    let origins = file.list("origins")?.into_iter().map(origin);
    let (base_url, issued_at) = (file.text("base_url")?, file.time("issued_at")?);
    let mut session = Session::new(access_token.to_owned(), base_url, issued_at);
    session.state = state.map(Secret::new);
    session.scopes = file.list("scopes")?;
    let account = file.optional("account", SessionFile::text)?;
    session.account = account.map(str::to_owned);
    session.refresh_after = file.optional("refresh_after", SessionFile::time)?;
    session.expires_at = file.optional("expires_at", SessionFile::time)?;
    session.origins = origins.collect::<Result<_, _>>()?;
    Ok(session)
}

/// A session as it was printed.
#[derive(Clone, Copy)]
struct SessionFile<'a>(&'a Value);

impl<'a> SessionFile<'a> {
    fn text(self, name: &str) -> Result<&'a str, String> {
        let text = self.0.get(name).and_then(Value::as_str);
        text.ok_or_else(|| wrong(name, "a string"))
    }

    fn time(self, name: &str) -> Result<SystemTime, String> {
        let time: Result<Timestamp, _> = self.text(name)?.parse();
        time.map(SystemTime::from)
            .map_err(|_| wrong(name, "a time (RFC 3339)"))
    }

    fn list(self, name: &str) -> Result<Vec<String>, String> {
        let list = self.0.get(name).and_then(Value::as_array);
        let text = |item: &Value| item.as_str().map(str::to_owned);
        let texts = list.and_then(|list| list.iter().map(text).collect());
        texts.ok_or_else(|| wrong(name, "a list of strings"))
    }

    fn optional<T>(
        self,
        name: &str,
        read: impl FnOnce(Self, &str) -> Result<T, String>,
    ) -> Result<Option<T>, String> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(_) => read(self, name).map(Some),
        }
    }
}

fn wrong(name: &str, kind: &str) -> String {
    format!("is not a session: `{name}` is not {kind}")
}

/// The access of a credential.
pub(crate) fn access(access: &Access) -> Value {
    let end = |time| json!(moment(time).to_string());
    present([
        ("identity", access.identity.clone().map(Value::from)),
        ("scopes", Some(json!(access.scopes))),
        ("fields", Some(access.fields.iter().map(field).collect())),
        (
            "credential_expires_at",
            access.credential_expires_at.map(end),
        ),
    ])
}

fn field(field: &FieldChoices) -> Value {
    let choice = |choice: &Choice| json!({"value": choice.value, "title": choice.title});
    json!({
        "pointer": field.pointer,
        "choices": field.choices.iter().map(choice).collect::<Value>(),
        "complete": field.complete,
        "depends_on": field.depends_on,
    })
}

/// `{"verdict":"throttled","seconds":30}`.
pub(crate) fn verdict(verdict: &Verdict) -> Value {
    let mut json = present([("verdict", Some(json!(verdict.kind())))]);
    let payload = match verdict {
        Verdict::Refresh(refusal) | Verdict::Forbidden(refusal) => self::refusal(refusal),
        Verdict::Throttled(seconds) | Verdict::Unavailable(seconds) => self::seconds(*seconds),
        _ => Value::Null,
    };
    extend(&mut json, payload);
    json
}

/// The fields of a refusal.
pub(crate) fn refusal(refusal: &Refusal) -> Value {
    present([
        ("status", Some(json!(refusal.status))),
        ("code", refusal.code.clone().map(Value::from)),
        ("confirmed", Some(json!(refusal.confirmed))),
    ])
}

/// The field `seconds`, if the vendor named a time.
pub(crate) fn seconds(seconds: Option<u32>) -> Value {
    present([("seconds", seconds.map(Value::from))])
}

/// Adds the fields of one object to another. Other values have no fields.
pub(crate) fn extend(to: &mut Value, fields: Value) {
    if let (Some(to), Value::Object(fields)) = (to.as_object_mut(), fields) {
        to.extend(fields);
    }
}

/// A time in RFC 3339. Times beyond the year 9999 are shown as its end.
pub(crate) fn moment(time: SystemTime) -> Timestamp {
    Timestamp::try_from(time).unwrap_or(Timestamp::MAX)
}

/// An object of the fields that are present, in this order.
pub(crate) fn present<const N: usize>(fields: [(&str, Option<Value>); N]) -> Value {
    let fields = fields
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Value::Object(fields.collect::<Map<_, _>>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, UNIX_EPOCH};

    fn sample() -> Session {
        let at = |seconds| UNIX_EPOCH + Duration::from_secs(seconds);
        let mut session = Session::new("hush".to_owned(), "https://api.vendor.test", at(0));
        session.state = Some(Secret::new("hush, too"));
        session.scopes = vec!["read".into()];
        session.account = Some("7".into());
        session.issued_at += Duration::from_nanos(5);
        session.refresh_after = Some(at(2700));
        session.expires_at = Some(at(3600));
        session.origins = vec!["https://api.vendor.test".parse().unwrap()];
        session
    }

    fn refused(code: Option<&str>, confirmed: bool) -> Refusal {
        let code = code.map(str::to_owned);
        Refusal {
            status: 401,
            code,
            confirmed,
        }
    }

    #[test]
    fn a_session_is_masked_unless_revealed() {
        let expected = json!({
            "access_token": "********",
            "state": "********",
            "base_url": "https://api.vendor.test",
            "scopes": ["read"],
            "account": "7",
            "issued_at": "1970-01-01T00:00:00.000000005Z",
            "refresh_after": "1970-01-01T00:45:00Z",
            "expires_at": "1970-01-01T01:00:00Z",
            "origins": ["https://api.vendor.test"],
        });
        assert_eq!(session(&sample(), false), expected);
        let revealed = session(&sample(), true);
        assert_eq!(
            (&revealed["access_token"], &revealed["state"]),
            (&json!("hush"), &json!("hush, too"))
        );
    }

    #[test]
    fn a_revealed_session_is_read_back_as_it_was() {
        let bare = Session::new("hush".to_owned(), "https://api.vendor.test", UNIX_EPOCH);
        for sample in [sample(), bare] {
            let printed = session(&sample, true);
            let read = read_session(&pretty(&printed)).unwrap();
            assert_eq!(session(&read, true), printed);
        }
    }

    #[test]
    fn a_masked_session_asks_for_reveal() {
        let mut half = session(&sample(), true);
        half["state"] = json!(MASK);
        for masked in [session(&sample(), false), half] {
            let why = read_session(&masked.to_string()).err().unwrap();
            assert!(why.contains("--reveal"), "{why}");
        }
    }

    #[test]
    fn a_mask_is_found_wherever_a_document_holds_it() {
        let secret = "a*******\u{e9}";
        for (document, expected) in [
            (json!({"id": "a", "key": MASK}), vec!["key"]),
            (json!({"id": MASK, "key": MASK}), vec!["id", "key"]),
            (json!({"key": " ********\n"}), vec!["key"]),
            (json!({"key": "\u{200b}********\u{feff}"}), vec!["key"]),
            (json!({"credential": {"key": MASK}}), vec!["credential"]),
            (json!({"keys": ["a", MASK]}), vec!["keys"]),
            (json!({"key": "*******"}), vec![]),
            (json!({"key": "*********"}), vec![]),
            (json!({"key": "a********"}), vec![]),
            (json!({"key": "\u{e9}********"}), vec![]),
            (json!({"key": "-********"}), vec![]),
            (json!({"key": secret, "number": 8, "none": null}), vec![]),
            (json!([]), vec![]),
        ] {
            assert_eq!(masked(&document), expected, "{document}");
        }
    }

    #[test]
    fn the_issue_of_a_mask_names_a_field_of_the_form_and_no_other_member() {
        let document = json!({"a/b~c": MASK, "hush": MASK, "id": "a"});
        let issues = mask_issues(&document, |name| name != "hush");
        let pointers: Vec<_> = issues.iter().map(|issue| issue.pointer.as_str()).collect();
        assert_eq!(pointers, ["/a~1b~0c", ""]);
        assert!(issues.iter().all(|issue| issue.code == "masked"));
    }

    #[test]
    fn a_text_that_is_no_session_is_refused_by_field_and_not_repeated() {
        for (field, value) in [
            ("access_token", json!(null)),
            ("state", json!(1)),
            ("base_url", json!(1)),
            ("scopes", json!(["read", 1])),
            ("account", json!(7)),
            ("issued_at", json!("hush")),
            ("refresh_after", json!("hush")),
            ("expires_at", json!("hush")),
            ("origins", json!(["hush"])),
        ] {
            let mut json = session(&sample(), true);
            json[field] = value;
            let why = read_session(&json.to_string()).err().unwrap();
            assert!(why.contains(field) && !why.contains("hush"), "{why}");
        }
        let why = read_session("hush").err().unwrap();
        assert!(why.starts_with("is not JSON (line 1"), "{why}");
        let why = read_session("[]").err().unwrap();
        assert!(why.contains("access_token"), "{why}");
    }

    #[test]
    fn a_verdict_has_its_payload() {
        for (of, expected) in [
            (Verdict::Accepted, json!({"verdict": "accepted"})),
            (
                Verdict::Refresh(refused(Some("JWT_EXPIRED"), true)),
                json!({
                    "verdict": "refresh", "status": 401, "code": "JWT_EXPIRED", "confirmed": true,
                }),
            ),
            (
                Verdict::Forbidden(refused(None, false)),
                json!({"verdict": "forbidden", "status": 401, "confirmed": false}),
            ),
            (
                Verdict::Throttled(Some(30)),
                json!({"verdict": "throttled", "seconds": 30}),
            ),
            (
                Verdict::Unavailable(None),
                json!({"verdict": "unavailable"}),
            ),
        ] {
            assert_eq!(verdict(&of), expected);
        }
    }
}
