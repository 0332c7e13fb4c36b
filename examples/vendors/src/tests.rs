//! Every vendor by its samples: the requests and replies as the service documents them, in the file
//! `NAME.samples.json`. The values are invented.

use connector_guest::testing::{self, NOW, reply};
use connector_guest::{
    Error, Plugin as _, Refusal, Request, Response, Session, Vendor as _, Verdict,
};
use serde_json::Value;

use super::{AnyVendor, Connector};

/// The vendors with their samples.
fn all() -> impl Iterator<Item = (&'static AnyVendor, Value)> {
    Connector::VENDORS.iter().map(|vendor| {
        let path = format!(
            "{}/{}.samples.json",
            env!("CARGO_MANIFEST_DIR"),
            vendor.info().id
        );
        let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
        let samples = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}"));
        (vendor, samples)
    })
}

/// Plays the token endpoint: checks the request, and answers with the sample `name`.
fn answer<'s>(samples: &'s Value, name: &'s str) -> impl Fn(&Request) -> Response + 's {
    move |request| {
        let expected = &samples["request"];
        assert_eq!(request.method, expected["method"], "{samples}");
        assert_eq!(request.url.expose(), expected["url"]);
        let headers = expected["headers"].as_object().unwrap();
        assert_eq!(request.headers.len(), headers.len(), "{headers:?}");
        for (name, value) in headers {
            assert_eq!(request.header_value(name), value.as_str(), "{name}");
        }
        let body = std::str::from_utf8(request.body.expose()).unwrap();
        match &expected["body"] {
            Value::Null => assert_eq!(body, ""),
            Value::String(form) => assert_eq!(body, form),
            json => assert_eq!(serde_json::from_str::<Value>(body).unwrap(), *json),
        }
        match name {
            "reply" => reply(200, samples["reply"].to_string()),
            name => response(&samples[name]),
        }
    }
}

fn response(sample: &Value) -> Response {
    let status = sample["status"].as_u64().unwrap().try_into().unwrap();
    let mut response = match &sample["body"] {
        Value::Null => reply(status, ""),
        Value::String(text) => reply(status, text.as_str()),
        json => reply(status, json.to_string()),
    };
    for (name, value) in sample["headers"].as_object().into_iter().flatten() {
        let value = value.as_str().unwrap().as_bytes().to_vec();
        response.headers.push((name.clone(), value));
    }
    response
}

fn open(vendor: &AnyVendor, samples: &Value, current: Option<&Session>) -> Session {
    let credential = samples["credential"].to_string();
    let has_request = !samples["request"].is_null();
    let answer = |request: &Request| {
        assert!(has_request, "{} sends nothing", vendor.info().id);
        answer(samples, "reply")(request)
    };
    let session = match current {
        None => testing::authenticate(vendor, &credential, answer),
        Some(current) => testing::refresh(vendor, &credential, current, answer),
    };
    session.unwrap_or_else(|error| panic!("{}: {error:?}", vendor.info().id))
}

#[test]
fn every_schema_is_portable_and_accepts_the_sample() {
    for (vendor, samples) in all() {
        testing::check_schema(vendor);
        let schema = serde_json::from_str(vendor.schema().english()).unwrap();
        let name = vendor.info().id;
        assert!(
            jsonschema::is_valid(&schema, &samples["credential"]),
            "{name}"
        );
        for field in samples["credential"].as_object().unwrap().keys() {
            let mut other = samples["credential"].clone();
            other[field] = "\u{200b} \n".into();
            assert!(!jsonschema::is_valid(&schema, &other), "{name}: {field}");
            let issues = testing::issues(vendor, &other.to_string());
            assert_eq!(issues.len(), 1, "{name}: {field}");
        }
    }
}

#[test]
fn every_description_is_as_the_contract_has_it() {
    let schema = include_str!("../../../wit/describe.schema.json");
    let schema = serde_json::from_str(schema).unwrap();
    for (vendor, _) in all() {
        let description = vendor.description().to_json(&[]);
        let description = serde_json::from_str(&description).unwrap();
        let valid = jsonschema::validate(&schema, &description);
        valid.unwrap_or_else(|error| panic!("{}: {error}", vendor.info().id));
    }
}

#[test]
fn every_vendor_signs_in_and_refreshes_as_documented() {
    for (vendor, samples) in all() {
        let name = vendor.info().id;
        let session = open(vendor, &samples, None);
        let next = open(vendor, &samples, Some(&session));
        for session in [&session, &next] {
            let expected = &samples["session"];
            assert_eq!(session.base_url, expected["base_url"], "{name}");
            let expires_at = expected["lifetime_secs"]
                .as_u64()
                .map(|secs| NOW.plus(secs));
            assert_eq!(session.expires_at, expires_at, "{name}");
            let scopes: Vec<&str> = session.scopes.iter().map(String::as_str).collect();
            let expected = expected["scopes"].as_array().into_iter().flatten();
            assert!(expected.eq(&scopes), "{name}: {scopes:?}");
        }
    }
}

#[test]
fn every_call_carries_the_session_as_documented() {
    for (vendor, samples) in all() {
        let session = open(vendor, &samples, None);
        let call = testing::authorize(vendor, &session, "GET", &session.base_url, b"").unwrap();
        let headers = samples["call"]["headers"].as_object().into_iter().flatten();
        let headers: Vec<_> = headers
            .map(|(name, value)| (&**name, value.as_str().unwrap()))
            .collect();
        let carried = call
            .headers
            .iter()
            .map(|(name, value)| (*name, value.expose()));
        assert_eq!(carried.collect::<Vec<_>>(), headers, "{}", vendor.info().id);
        let query = samples["call"]["query"].as_object().into_iter().flatten();
        let query: Vec<_> = query
            .map(|(name, value)| (&**name, value.as_str().unwrap()))
            .collect();
        let carried = call
            .query
            .iter()
            .map(|(name, value)| (*name, value.expose()));
        assert_eq!(carried.collect::<Vec<_>>(), query, "{}", vendor.info().id);
    }
}

#[test]
fn a_field_that_is_not_required_may_be_missing() {
    for (name, field, base_url, header) in [
        ("paypal", "environment", "https://api-m.paypal.com", None),
        ("mailgun", "region", "https://api.mailgun.net", None),
        (
            "datadog",
            "application_key",
            "https://api.us3.datadoghq.com",
            Some("dd-application-key"),
        ),
        (
            "stripe",
            "connected_account",
            "https://api.stripe.com",
            Some("stripe-account"),
        ),
    ] {
        let (vendor, samples) = all().find(|(vendor, _)| vendor.info().id == name).unwrap();
        let mut credential = samples["credential"].clone();
        credential.as_object_mut().unwrap().remove(field);
        let session = testing::authenticate(vendor, &credential.to_string(), |_| {
            reply(200, samples["reply"].to_string())
        });
        let session = session.unwrap();
        assert_eq!(session.base_url, base_url);
        let call = testing::authorize(vendor, &session, "GET", base_url, b"").unwrap();
        let carried = header.and_then(|header| call.header_value(header));
        assert_eq!(carried, None, "{name}");
        assert!(!call.headers.is_empty(), "{name}");
    }
}

#[test]
fn no_tenant_leads_a_secret_to_another_host() {
    for (name, field) in [
        ("auth0", "domain"),
        ("salesforce", "domain"),
        ("shopify", "store"),
        ("microsoft-graph", "tenant_id"),
        ("twilio", "account_sid"),
    ] {
        let (vendor, samples) = all().find(|(vendor, _)| vendor.info().id == name).unwrap();
        for value in [
            "evil.example/",
            "evil.example#",
            "evil.example?",
            "u@evil.example",
            "evil.example\\",
            "..",
            "a/b",
            "a%2fb",
        ] {
            let mut credential = samples["credential"].clone();
            credential[field] = value.into();
            let issues = testing::issues(vendor, &credential.to_string());
            assert_eq!(issues.len(), 1, "{name}: {value}");
            let schema = serde_json::from_str(vendor.schema().english()).unwrap();
            assert!(
                !jsonschema::is_valid(&schema, &credential),
                "{name}: {value}"
            );
        }
    }
}

#[test]
fn every_credential_reaches_its_own_origins_alone() {
    for (vendor, samples) in all() {
        let origins =
            connector_guest::pipeline::origins(vendor, &samples["credential"].to_string());
        let origins = origins.unwrap();
        let mut urls = vec![samples["session"]["base_url"].as_str().unwrap()];
        urls.extend(samples["request"]["url"].as_str());
        for url in &urls {
            let is_within = |origin: &String| url.starts_with(origin.as_str());
            assert!(origins.iter().any(is_within), "{url}: {origins:?}");
        }
        assert!(origins.len() <= urls.len(), "{origins:?}");
        assert!(
            !origins.iter().any(|origin| origin.contains('*')),
            "{origins:?}"
        );
    }
}

#[test]
fn every_documented_failure_has_its_meaning() {
    for (vendor, samples) in all() {
        let name = vendor.info().id;
        if !samples["request"].is_null() {
            let credential = samples["credential"].to_string();
            let error = testing::authenticate(vendor, &credential, answer(&samples, "refusal"));
            let expected = samples["refusal"]["error"].as_str().unwrap();
            assert_eq!(of_error(&error.unwrap_err()), expected, "{name}");
        }
        for sample in ["refusal", "expired", "throttled"] {
            // A refusal of a token request has no verdict.
            let Some(expected) = samples[sample]["verdict"].as_str() else {
                continue;
            };
            let verdict = testing::classify(vendor, &response(&samples[sample]));
            assert_eq!(of_verdict(&verdict), expected, "{name}: {sample}");
        }
        let judged = if samples["request"].is_null() {
            &["refusal", "expired", "throttled"][..]
        } else {
            &["expired", "throttled"]
        };
        for sample in judged {
            assert!(samples[sample]["verdict"].is_string(), "{name}: {sample}");
        }
    }
}

fn of_error(error: &Error) -> String {
    match error {
        Error::Rejected(refusal) => format!("rejected{}", of_refusal(refusal)),
        Error::Forbidden(refusal) => format!("forbidden{}", of_refusal(refusal)),
        Error::Throttled(wait) => format!("throttled{}", of_wait(*wait)),
        error => format!("{error:?}"),
    }
}

fn of_verdict(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Refresh(refusal) => format!("refresh{}", of_refusal(refusal)),
        Verdict::Forbidden(refusal) => format!("forbidden{}", of_refusal(refusal)),
        Verdict::Throttled(wait) => format!("throttled{}", of_wait(*wait)),
        verdict => format!("{verdict:?}"),
    }
}

fn of_refusal(refusal: &Refusal) -> String {
    let code = refusal.code.as_ref().map(|code| format!(" {code}"));
    let doubt = if refusal.confirmed {
        ""
    } else {
        ", unconfirmed"
    };
    code.unwrap_or_default() + doubt
}

fn of_wait(wait: Option<u32>) -> String {
    wait.map(|secs| format!(" {secs}")).unwrap_or_default()
}
