//! The format of samples: what is read, what is refused with its place, and its schema.

use std::fs;

use serde_json::{Value, json};

use super::{Exchange, Format, Samples};

const VALID: &str = r#"
function = "authenticate"

[credential]
key = "k"

[request]
method = "POST"
url = "https://a.example/token"
form = { grant_type = "client_credentials" }

[reply]
status = 200
chunk_bytes = 7
json = { access_token = "t" }

[outcome.session]
access_token = "t"
"#;

#[test]
fn a_sample_is_the_same_in_toml_and_in_json() {
    let by_toml = Exchange::read(VALID, Format::Toml).unwrap();
    let json = json!({
        "function": "authenticate",
        "credential": {"key": "k"},
        "request": {
            "method": "POST",
            "url": "https://a.example/token",
            "form": {"grant_type": "client_credentials"},
        },
        "reply": {"status": 200, "chunk_bytes": 7, "json": {"access_token": "t"}},
        "outcome": {"session": {"access_token": "t"}},
    });
    let text = format!("\u{feff}{json:#}");
    let by_json = Exchange::read(&text, Format::Json).unwrap();
    assert_eq!(format!("{by_toml:?}"), format!("{by_json:?}"));
    let reply = by_toml.reply.unwrap().reply();
    assert_eq!((reply.status, reply.chunk_bytes), (200, 7));
    assert_eq!(reply.body, r#"{"access_token":"t"}"#);
}

#[test]
fn the_example_of_the_documentation_is_a_sample() {
    let text = fs::read_to_string(xtask::root().join("docs/samples.md")).unwrap();
    let example = text
        .split("```toml")
        .nth(1)
        .unwrap()
        .split("```")
        .next()
        .unwrap();
    let exchange = Exchange::read(example, Format::Toml).unwrap();
    assert!(exchange.request.is_some() && exchange.outcome.session.is_some());
}

#[test]
fn a_fault_is_named_with_its_line() {
    let changed = |from: &str, to: &str| {
        assert!(VALID.contains(from), "{from}");
        VALID.replacen(from, to, 1)
    };
    for (text, line, why) in [
        (changed("[reply]", "[answer]"), 12, "unknown field `answer`"),
        (changed("status =", "state ="), 13, "unknown field `state`"),
        (
            changed("\"authenticate\"", "\"sign-in\""),
            2,
            "unknown variant `sign-in`",
        ),
        (
            changed("status = 200", "status = \"200\""),
            13,
            "invalid type: string",
        ),
        (
            changed("[outcome.session]\naccess_token = \"t\"", ""),
            1,
            "`outcome`",
        ),
        (changed("status = 200", "status ="), 13, ""),
        (
            changed(
                "[outcome.session]",
                "[outcome]\nvalid = true\n[outcome.session]",
            ),
            1,
            "exactly one",
        ),
        (
            changed("\"authenticate\"", "\"inspect\""),
            1,
            "none of this function",
        ),
        (changed("status = 200", "status = 20"), 1, "none of HTTP"),
        (
            changed("status = 200\n", ""),
            1,
            "either a `status` or `unreachable`",
        ),
        (
            changed("chunk_bytes = 7", "chunk_bytes = 0"),
            1,
            "at least 1",
        ),
        (
            changed("json =", "base64 = \"!\"\njson ="),
            1,
            "more than one body",
        ),
        (
            changed("json = { access_token = \"t\" }", "base64 = \"!\""),
            1,
            "not base64",
        ),
        (
            changed("form =", "text = \"\"\nform ="),
            1,
            "more than one body",
        ),
        (
            changed("[credential]\nkey = \"k\"", ""),
            1,
            "needs a `credential`",
        ),
    ] {
        let (found, message) = Exchange::read(&text, Format::Toml).unwrap_err();
        assert_eq!(found, line, "{message}: {text}");
        assert!(message.contains(why), "{message}: {why}");
        assert!(!message.contains('\n'), "{message}");
    }
    let text = "{\n  \"function\": \"validate\",\n  \"odd\": 1\n}";
    let (line, message) = Exchange::read(text, Format::Json).unwrap_err();
    assert_eq!(line, 3, "{message}");
    assert!(message.starts_with("unknown field `odd`"), "{message}");
    assert!(!message.contains("line"), "{message}");
}

#[test]
fn a_folder_is_read_by_vendor_and_its_faults_name_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let error = Samples::read(folder.path()).unwrap_err().to_string();
    assert!(error.contains("VENDOR/NAME.toml"), "{error}");
    let vendor = folder.path().join("acme");
    fs::create_dir(&vendor).unwrap();
    fs::write(vendor.join("notes.md"), "not a sample").unwrap();
    fs::write(vendor.join("good.toml"), VALID).unwrap();
    let samples = Samples::read(folder.path()).unwrap();
    let found: Vec<_> = samples.iter().collect();
    assert_eq!((found.len(), &*found[0].vendor), (1, "acme"));
    assert_eq!(samples.of("other").count(), 0);

    fs::write(vendor.join("wrong.toml"), VALID.replace("status", "state")).unwrap();
    let error = Samples::read(folder.path()).unwrap_err().to_string();
    assert!(
        error.contains("wrong.toml:13: unknown field `state`"),
        "{error}"
    );
    fs::write(vendor.join("wrong.toml"), b"\xff").unwrap();
    let error = Samples::read(folder.path()).unwrap_err().to_string();
    assert!(error.contains("wrong.toml"), "{error}");
    let missing = folder.path().join("missing");
    assert!(Samples::read(&missing).is_err());
}

#[test]
fn the_schema_of_the_format_is_that_of_the_types() {
    let file = xtask::root().join("crates/connector-conformance/samples.schema.json");
    let schema = serde_json::to_value(schemars::schema_for!(Exchange)).unwrap();
    let text = format!("{schema:#}\n");
    if fs::read_to_string(&file).ok().as_ref() != Some(&text) {
        // So that the next run passes, once the change was reviewed.
        fs::write(&file, &text).unwrap();
        panic!("samples.schema.json was out of date, and is written anew; review and commit it");
    }
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    let sample: Value = toml::from_str(VALID).unwrap();
    assert!(validator.is_valid(&sample));
    let mut unknown = sample;
    unknown["reply"]["state"] = json!(1);
    assert!(!validator.is_valid(&unknown));
}
