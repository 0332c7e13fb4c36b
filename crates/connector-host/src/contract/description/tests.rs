//! Tests of the rules of `wit/describe.schema.json`: a full document, and every breach.

use serde_json::{Value, json};

use super::*;

fn full() -> Value {
    json!({
        "name": "Acme\u{202e}",
        "summary": "Reads\nthe surveys.",
        "prerequisites": ["A plan.", "A role."],
        "setup_url": "https://acme.example/keys?a=b#c",
        "documentation_url": "https://docs.acme.example",
        "sample_call": {"method": "POST", "path": "/v1/{site}", "later": 1},
        "icon": "data:image/png;base64,iVBORw0KGgo=",
        "later": {"a": [null]},
    })
}

#[test]
fn a_full_description_is_read_and_cleaned() {
    let read = Description::read(&full().to_string()).unwrap();
    assert_eq!(read.name, "Acme");
    assert_eq!(read.summary.as_deref(), Some("Readsthe surveys."));
    assert_eq!(read.prerequisites, ["A plan.", "A role."]);
    let url = read.setup_url.as_deref();
    assert_eq!(url, Some("https://acme.example/keys?a=b#c"));
    let sample = read.sample_call.unwrap();
    assert_eq!((&*sample.method, &*sample.path), ("POST", "/v1/{site}"));
    assert!(read.icon.is_some());
}

#[test]
fn a_name_is_enough() {
    let read = Description::read(r#"{"name":"Acme"}"#).unwrap();
    assert_eq!((read.summary, read.sample_call), (None, None));
    let sample = r#"{"name":"Acme","sample_call":{"path":"/"}}"#;
    let read = Description::read(sample).unwrap();
    assert_eq!(read.sample_call.unwrap().method, "GET");
}

#[test]
fn a_breach_names_the_field() {
    let of = |field: &str, value: Value| {
        let mut document = full();
        document[field] = value;
        document.to_string()
    };
    let long = |count| json!("é".repeat(count));
    let icon = |count| json!(format!("data:image/png;base64,{}", "A".repeat(count)));
    let url = |count| json!(format!("https://a.example/{}", "a".repeat(count)));
    for (breach, json) in [
        (Some("describe"), String::new()),
        (Some("describe"), "[]".to_owned()),
        (Some("describe"), "{}".to_owned()),
        (Some("describe"), of("name", json!(1))),
        (Some("describe"), of("summary", Value::Null)),
        (Some("describe"), of("sample_call", json!({}))),
        (Some("describe"), format!("{}x", full())),
        (Some("describe.name"), of("name", json!(""))),
        (Some("describe.name"), of("name", json!("\u{200b}"))),
        (None, of("name", long(200))),
        (Some("describe.name"), of("name", long(201))),
        (None, of("summary", long(1000))),
        (Some("describe.summary"), of("summary", long(1001))),
        (None, of("prerequisites", json!(vec!["a"; 20]))),
        (
            Some("describe.prerequisites"),
            of("prerequisites", json!(vec!["a"; 21])),
        ),
        (
            Some("describe.prerequisites"),
            of("prerequisites", json!([""])),
        ),
        (
            Some("describe.setup_url"),
            of("setup_url", json!("http://a.example")),
        ),
        (
            Some("describe.setup_url"),
            of("setup_url", json!("javascript:alert(1)")),
        ),
        (
            Some("describe.setup_url"),
            of("setup_url", json!("https://a@b.example")),
        ),
        (None, of("documentation_url", url(2048 - 18))),
        (
            Some("describe.documentation_url"),
            of("documentation_url", url(2048 - 17)),
        ),
        (
            Some("describe.sample_call.method"),
            of("sample_call", json!({"method": "get", "path": "/"})),
        ),
        (
            Some("describe.sample_call.path"),
            of("sample_call", json!({"path": "v1"})),
        ),
        (
            Some("describe.sample_call.path"),
            of("sample_call", json!({"path": "/\n"})),
        ),
        (None, of("icon", icon((16 << 10) - 22))),
        (Some("describe.icon"), of("icon", icon((16 << 10) - 21))),
        (Some("describe.icon"), of("icon", icon(0))),
        (
            Some("describe.icon"),
            of("icon", json!("data:image/svg+xml;base64,AAAA")),
        ),
        (
            Some("describe.icon"),
            of("icon", json!("data:image/png;base64,A\"A")),
        ),
        (
            Some("describe.icon"),
            of("icon", json!("data:image/png;base64,A===")),
        ),
    ] {
        let found = Description::read(&json).err();
        assert_eq!(found, breach.map(PluginError::Contract), "{json:.99}");
    }
}
