//! Results as JSON, with the names of the WIT in snake case, times in RFC 3339, and what is absent left out.
//! A session can be read back, unless it was printed with its token masked.

use std::time::SystemTime;

use connector_host::{Access, Secret, Session, Vendor, Verdict};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::store::Saved;

/// Stands where a secret is not shown.
pub(crate) const MASK: &str = "********";

/// Indented, for people to read as well.
pub(crate) fn pretty(value: &Value) -> String {
    format!("{value:#}")
}

/// The list that `vendors` prints.
pub(crate) fn vendors(vendors: &[Vendor]) -> Value {
    let vendor = |v: &Vendor| {
        let origins: Vec<_> = v.origins.iter().map(ToString::to_string).collect();
        present([
            ("id", Some(json!(v.id))),
            ("display_name", Some(json!(v.display_name))),
            ("setup_url", Some(json!(v.setup_url))),
            ("origins", Some(json!(origins))),
            ("calls_at_once", v.calls_at_once.map(Value::from)),
        ])
    };
    vendors.iter().map(vendor).collect()
}

/// A session; its token only with `reveal`.
pub(crate) fn session(session: &Session, reveal: bool) -> Value {
    let token = if reveal {
        session.access_token.expose()
    } else {
        MASK
    };
    present([
        ("access_token", Some(json!(token))),
        ("base_url", Some(json!(session.base_url))),
        ("scopes", Some(json!(session.scopes))),
        ("project", session.project.map(Value::from)),
        (
            "issued_at",
            Some(json!(moment(session.issued_at).to_string())),
        ),
        (
            "expires_at",
            Some(json!(moment(session.expires_at).to_string())),
        ),
        (
            "refresh_after",
            Some(json!(moment(session.refresh_after).to_string())),
        ),
    ])
}

/// A saved credential, with its secrets masked.
pub(crate) fn saved(saved: &Saved) -> Value {
    let mut credential = saved.fields.clone();
    if let Some(members) = credential.as_object_mut() {
        for secret in &saved.secrets {
            members.insert(secret.clone(), json!(MASK));
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

/// Reads what `session` wrote. The error continues "FILE …" and holds nothing of the text, which may be a secret.
pub(crate) fn read_session(text: &str) -> Result<Session, String> {
    let json: Value = serde_json::from_str(text)
        .map_err(|e| format!("is not JSON (line {}, column {})", e.line(), e.column()))?;
    let wrong = |name: &str, kind: &str| format!("is not a session: `{name}` is not {kind}");
    let text = |name: &str| {
        json.get(name)
            .and_then(Value::as_str)
            .ok_or_else(|| wrong(name, "a text"))
    };
    let time = |name: &str| {
        let time: Timestamp = text(name)?
            .parse()
            .map_err(|_| wrong(name, "a time (RFC 3339)"))?;
        Ok::<_, String>(SystemTime::from(time))
    };
    let token = text("access_token")?;
    if token == MASK {
        return Err(
            "holds a session whose token is masked: print it with --reveal to use it again".into(),
        );
    }
    let scopes = json
        .get("scopes")
        .and_then(Value::as_array)
        .and_then(|scopes| {
            scopes
                .iter()
                .map(|scope| scope.as_str().map(str::to_owned))
                .collect()
        });
    let project = match json.get("project") {
        None | Some(Value::Null) => None,
        Some(id) => Some(
            id.as_u64()
                .ok_or_else(|| wrong("project", "a whole number"))?,
        ),
    };
    Ok(Session {
        access_token: Secret::new(token),
        base_url: text("base_url")?.to_owned(),
        scopes: scopes.ok_or_else(|| wrong("scopes", "a list of texts"))?,
        project,
        issued_at: time("issued_at")?,
        expires_at: time("expires_at")?,
        refresh_after: time("refresh_after")?,
    })
}

/// What a credential reaches.
pub(crate) fn access(access: &Access) -> Value {
    let projects = access
        .projects
        .iter()
        .map(|p| json!({"id": p.id, "name": p.name}));
    present([
        ("scopes", Some(json!(access.scopes))),
        ("projects", Some(projects.collect())),
        ("level", access.level.map(|level| json!(level.name()))),
    ])
}

/// `{"verdict":"throttled","seconds":30}`.
pub(crate) fn verdict(verdict: Verdict) -> Value {
    let seconds = match verdict {
        Verdict::Throttled(seconds) | Verdict::Unavailable(seconds) => seconds,
        Verdict::Accepted | Verdict::Refresh | Verdict::Forbidden => None,
    };
    present([
        ("verdict", Some(json!(verdict.kind()))),
        ("seconds", seconds.map(Value::from)),
    ])
}

/// A time as people and programs read it, RFC 3339. What lies beyond the year 9999 is shown as its end.
pub(crate) fn moment(time: SystemTime) -> Timestamp {
    Timestamp::try_from(time).unwrap_or(Timestamp::MAX)
}

/// An object of the members that are present, in this order.
pub(crate) fn present<const N: usize>(members: [(&str, Option<Value>); N]) -> Value {
    let members = members
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Value::Object(members.collect::<Map<_, _>>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, UNIX_EPOCH};

    fn sample() -> Session {
        let at = |seconds| UNIX_EPOCH + Duration::from_secs(seconds);
        Session {
            access_token: Secret::new("hush"),
            base_url: "https://api.vendor.test".into(),
            scopes: vec!["read".into()],
            project: Some(7),
            issued_at: at(0) + Duration::from_nanos(5),
            expires_at: at(3600),
            refresh_after: at(2700),
        }
    }

    #[test]
    fn a_session_is_masked_unless_revealed() {
        let expected = json!({
            "access_token": "********", "base_url": "https://api.vendor.test", "scopes": ["read"], "project": 7,
            "issued_at": "1970-01-01T00:00:00.000000005Z", "expires_at": "1970-01-01T01:00:00Z",
            "refresh_after": "1970-01-01T00:45:00Z",
        });
        assert_eq!(session(&sample(), false), expected);
        assert_eq!(session(&sample(), true)["access_token"], "hush");
    }

    #[test]
    fn a_revealed_session_is_read_back_as_it_was() {
        for project in [Some(7), None] {
            let printed = session(
                &Session {
                    project,
                    ..sample()
                },
                true,
            );
            let read = read_session(&pretty(&printed)).unwrap();
            assert_eq!(session(&read, true), printed);
        }
    }

    #[test]
    fn a_masked_session_asks_for_reveal() {
        let why = read_session(&session(&sample(), false).to_string()).unwrap_err();
        assert!(why.contains("--reveal"), "{why}");
    }

    #[test]
    fn what_is_no_session_is_refused_by_name_and_not_repeated() {
        for (member, value) in [
            ("access_token", json!(null)),
            ("base_url", json!(1)),
            ("scopes", json!(["read", 1])),
            ("project", json!("hush")),
            ("expires_at", json!("hush")),
        ] {
            let mut json = session(&sample(), true);
            json[member] = value;
            let why = read_session(&json.to_string()).unwrap_err();
            assert!(why.contains(member) && !why.contains("hush"), "{why}");
        }
        assert!(
            read_session("hush")
                .unwrap_err()
                .starts_with("is not JSON (line 1")
        );
        assert!(read_session("[]").unwrap_err().contains("access_token"));
    }

    #[test]
    fn a_verdict_has_seconds_only_when_the_vendor_gave_them() {
        assert_eq!(
            verdict(Verdict::Throttled(Some(30))),
            json!({"verdict": "throttled", "seconds": 30})
        );
        assert_eq!(
            verdict(Verdict::Unavailable(None)),
            json!({"verdict": "unavailable"})
        );
        assert_eq!(verdict(Verdict::Refresh), json!({"verdict": "refresh"}));
    }
}
