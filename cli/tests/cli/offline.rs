//! Calls that use no network, wrong files, and wrong usage.

use std::fs;

use serde_json::json;

use crate::harness::{KEY, Run, SECRETS, VENDORS, Vendors, shows_a_secret};

/// Stands in place of a secret that is not shown.
const MASK: &str = "********";

#[test]
fn every_problem_of_a_credential_has_a_line_with_its_field() {
    for vendor in VENDORS {
        let run = Run::new(
            &["validate", vendor, "--credential", "-"],
            r#"{"client_id": " "}"#,
        );
        let error = run.error();
        assert_eq!(error["kind"], "invalid-credential");
        for issue in error["issues"].as_array().unwrap() {
            let field = issue["pointer"].as_str().unwrap().trim_start_matches('/');
            let line = format!("\n  {field}: {}", issue["message"].as_str().unwrap());
            assert!(
                run.stderr.contains(&line),
                "{line} is missing in {}",
                run.stderr
            );
        }
        assert!(error["issues"].as_array().unwrap().len() >= 2, "{error}");
    }
}

#[test]
fn a_masked_document_is_refused_with_the_way_out() {
    let dir = tempfile::tempdir().unwrap();
    for document in [
        r#"{"client_id": "a", "client_secret": "********"}"#,
        r#"{"client_id": "a", "client_secret": " ********\n"}"#,
        r#"{"name": "my key", "credential": {"client_id": "a", "client_secret": "********"}}"#,
    ] {
        let file = dir.path().join("masked.json");
        fs::write(&file, document).unwrap();
        let file = file.to_str().unwrap();
        for command in ["validate", "authenticate", "inspect"] {
            let run = Run::new(&[command, "hotjar", "--credential", file], "");
            let error = run.error();
            assert_eq!(error["kind"], "input", "{command}");
            let message = error["message"].as_str().unwrap();
            for part in [file, "the mask ********", "--saved NAME"] {
                assert!(message.contains(part), "{message}");
            }
        }
        let run = Run::new(&["validate", "hotjar", "--credential", "-"], document);
        let message = run.error()["message"].as_str().unwrap().to_owned();
        assert!(
            message.starts_with("standard input holds the mask"),
            "{message}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn validate_accepts_the_sample_credentials() {
    let vendors = Vendors::start().await;
    for vendor in VENDORS {
        let run = Run::new(
            &[
                "validate",
                vendor,
                "--credential",
                &vendors.credential(vendor),
            ],
            "",
        );
        assert_eq!(run.result(), json!({"valid": true}));
    }
}

#[test]
fn an_unknown_vendor_lists_the_vendors() {
    for arguments in [
        &["validate", "acme", "--credential", "-"][..],
        &["authenticate", "acme", "--credential", "-"],
        &["inspect", "acme", "--credential", "-"],
        &["classify", "acme", "--status", "401"],
        &["schema", "acme"],
        &["schema", "acme", "--as", "n8n"],
        &["describe", "acme"],
    ] {
        let run = Run::new(arguments, "{}");
        let expected = json!({"kind": "unknown-vendor", "vendors": VENDORS});
        assert_eq!(run.error(), expected, "{arguments:?}");
        let advice = "choose one of: hotjar, contentsquare";
        assert!(run.stderr.contains(advice), "{}", run.stderr);
    }
    let run = Run::new(&["describe", "hotjat"], "");
    assert_eq!(run.error()["nearest"], "hotjar");
    assert!(
        run.stderr.contains("did you mean hotjar? "),
        "{}",
        run.stderr
    );
}

#[test]
fn a_schema_is_printed_in_every_format_and_names_its_fields() {
    for vendor in VENDORS {
        let schema = Run::new(&["schema", vendor], "").result();
        let fields = schema["properties"].as_object().unwrap();
        for format in ["airbyte", "nango", "n8n", "rjsf", "jsonforms"] {
            let printed = Run::new(&["schema", vendor, "--as", format], "")
                .result()
                .to_string();
            assert_ne!(printed, schema.to_string());
            for field in fields.keys() {
                assert!(
                    printed.contains(field.as_str()),
                    "{vendor}, {format}: {field}"
                );
            }
        }
    }
}

#[test]
fn an_unknown_format_is_wrong_usage() {
    let run = Run::new(&["schema", "hotjar", "--as", "acme"], "");
    assert_eq!(run.code, Some(2));
    assert!(run.stderr.contains("jsonforms"), "{}", run.stderr);
}

#[test]
fn a_credential_that_is_not_json_is_an_invalid_credential() {
    for vendor in VENDORS {
        let error = Run::new(&["authenticate", vendor, "--credential", "-"], SECRETS[1]).error();
        assert_eq!(
            (&error["kind"], &error["issues"][0]["code"]),
            (&json!("invalid-credential"), &json!("json"))
        );
    }
}

#[test]
fn files_that_are_missing_or_damaged_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let damaged = dir.path().join("damaged");
    fs::write(&damaged, b"\xff not;a?real&secret+of%41=any one").unwrap();
    let (damaged, missing) = (damaged.to_str().unwrap(), "no-such-file.json");
    for (arguments, kind, named) in [
        (
            vec!["validate", "hotjar", "--credential", missing],
            "input",
            missing,
        ),
        (
            vec!["validate", "hotjar", "--credential", damaged],
            "input",
            damaged,
        ),
        (
            vec![
                "inspect",
                "hotjar",
                "--credential",
                "-",
                "--cacert",
                missing,
            ],
            "input",
            missing,
        ),
        (
            vec![
                "refresh",
                "hotjar",
                "--credential",
                "-",
                "--session",
                missing,
            ],
            "input",
            missing,
        ),
        (
            vec!["vendors", "--component", missing],
            "component",
            missing,
        ),
        (
            vec!["vendors", "--component", damaged],
            "component",
            damaged,
        ),
    ] {
        let run = Run::new(&arguments, "{}");
        assert_eq!(run.error()["kind"], kind);
        assert!(run.stderr.contains(named), "{}", run.stderr);
    }
}

#[test]
fn a_store_that_does_not_exist_is_empty_and_not_created() {
    let dir = tempfile::tempdir().unwrap();
    let store = dir.path().join("new folder/credentials.db");
    let store = store.to_str().unwrap();
    for given in [&["--store", store][..], &[]] {
        let variables = [KEY, ("CONNECTOR_STORE", store)];
        let variables = if given.is_empty() {
            &variables[..]
        } else {
            &variables[..1]
        };
        let run = |arguments: &[&str]| Run::with(&[arguments, given].concat(), "", variables);
        assert_eq!(run(&["credentials"]).result(), json!([]));
        for arguments in [
            &["credentials", "show", "mine"][..],
            &["credentials", "remove", "mine", "--yes"],
            &["validate", "hotjar", "--saved", "mine"],
        ] {
            let run = run(arguments);
            assert_eq!(run.error()["code"], "unknown-name");
            let advice = if given.is_empty() {
                "`connector credentials` lists".to_owned()
            } else {
                format!("`connector credentials --store '{store}'` lists")
            };
            assert!(run.stderr.contains(&advice), "{}", run.stderr);
        }
    }
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn connect_saves_without_a_dialogue_what_the_plugin_accepts() {
    let dir = tempfile::tempdir().unwrap();
    let store = dir.path().join("store/credentials.db");
    let variables = [
        KEY,
        ("CONNECTOR_STORE", store.to_str().unwrap()),
        ("THE_ID", "an id"),
        ("THE_SECRET", SECRETS[1]),
        ("THE_MASK", MASK),
    ];
    let run = |arguments: &[&str], stdin: &str| {
        Run::with(
            &[&["connect", "hotjar"], arguments].concat(),
            stdin,
            &variables,
        )
    };
    let document = json!({"client_id": "an id", "client_secret": SECRETS[1]}).to_string();
    let fields = ["client_id=env:THE_ID", "client_secret=env:THE_SECRET"];
    let fields = fields.map(|field| ["--field", field]).concat();
    let marked = format!("\u{feff}{document}");
    let unseen = json!({"client_id": "an id", "client_secret": MASK}).to_string();
    for (name, options, stdin) in [
        ("piped", &["--stdin"][..], &*document),
        (
            "marked",
            &["--stdin", "--description", "of a test"],
            &marked,
        ),
        ("fields", &fields, ""),
        (
            "both",
            &["--stdin", "--field", "client_id=other"],
            &document,
        ),
        (
            "unmasked",
            &["--stdin", "--field", "client_secret=env:THE_SECRET"],
            &unseen,
        ),
    ] {
        let saved = run(&[&["--name", name], options].concat(), stdin).result();
        assert_eq!(
            (&saved["name"], &saved["vendor"]),
            (&json!(name), &json!("hotjar"))
        );
        assert_eq!(saved["credential"]["client_secret"], MASK);
        let id = if name == "both" { "other" } else { "an id" };
        assert_eq!(saved["credential"]["client_id"], id);
        let validate = ["validate", "hotjar", "--saved", name];
        Run::with(&validate, "", &variables).result();
    }
    for (options, stdin, code, kind) in [
        (&["--name", "piped", "--stdin"][..], &*document, 1, "store"),
        (&["--name", " ", "--stdin"], &document, 1, "store"),
        (&["--name", "new", "--stdin"], "", 1, "input"),
        (&["--name", "new", "--stdin"], "[]", 1, "input"),
        (&["--name", "new", "--stdin"], "{}", 3, "invalid-credential"),
        (
            &["--name", "new", "--stdin"],
            &unseen,
            3,
            "invalid-credential",
        ),
        (
            &["--name", "new", "--field", "client_id=x"],
            "",
            3,
            "invalid-credential",
        ),
    ] {
        let run = run(options, stdin);
        assert_eq!((run.code, &run.error()["kind"]), (Some(code), &json!(kind)));
    }
    let field = ["--field", "client_secret=env:THE_MASK"];
    let edit = [&["credentials", "edit", "piped"][..], &field].concat();
    let error = Run::with(&edit, "", &variables).error();
    assert_eq!(error["issues"][0]["code"], "masked", "{error}");
    for options in [&["--stdin"][..], &["--field", "client_id=x"], &[]] {
        assert_eq!(run(options, &document).code, Some(2), "{options:?}");
    }
    let list = Run::with(&["credentials"], "", &variables).result();
    assert_eq!(list.as_array().unwrap().len(), 5);
    assert!(!shows_a_secret(&String::from_utf8_lossy(
        &fs::read(store).unwrap()
    )));
}

#[test]
fn empty_standard_input_is_named() {
    for arguments in [
        &["validate", "hotjar", "--credential", "-"][..],
        &["refresh", "hotjar", "--credential", "c", "--session", "-"],
    ] {
        let run = Run::new(arguments, "\n");
        let expected = json!({"kind": "input", "message": "standard input is empty"});
        assert_eq!(run.error(), expected);
    }
}

#[test]
fn a_file_without_certificates_is_named() {
    let empty = tempfile::NamedTempFile::new().unwrap();
    let path = empty.path().to_str().unwrap();
    let run = Run::new(
        &["inspect", "hotjar", "--credential", "-", "--cacert", path],
        "{}",
    );
    assert_eq!(run.error()["kind"], "input");
    assert!(run.stderr.contains(path), "{}", run.stderr);
}

#[test]
fn wrong_usage_ends_with_status_2_and_nothing_on_standard_output() {
    for arguments in [
        vec!["frobnicate"],
        vec!["authenticate", "hotjar"],
        vec!["classify", "hotjar"],
        vec!["refresh", "hotjar", "--credential", "-", "--session", "-"],
        vec![
            "authenticate",
            "hotjar",
            "--credential",
            r#"{"client_secret":"hush on the spot"}"#,
        ],
    ] {
        let run = Run::new(&arguments, "");
        assert_eq!(
            (run.code, run.stdout.as_str()),
            (Some(2), ""),
            "{arguments:?}"
        );
        assert!(run.stderr.contains("error: "), "{}", run.stderr);
    }
}

#[test]
fn vendors_and_schemas_are_listed() {
    let list = Run::new(&["vendors"], "").result();
    let ids: Vec<_> = list
        .as_array()
        .unwrap()
        .iter()
        .map(|vendor| vendor["id"].as_str().unwrap())
        .collect();
    assert_eq!(ids, VENDORS);
    let contentsquare = json!({
        "id": "contentsquare",
        "name": "Contentsquare",
        "setup_url": list[1]["setup_url"],
        "origins": ["https://contentsquare.com", "https://*.contentsquare.com"],
        "max_concurrent_calls": 10,
        "signing": "session",
        "inspection": "credential",
        "durable_state": false,
    });
    assert_eq!(list[1], contentsquare);
    assert!(
        list[1]["setup_url"]
            .as_str()
            .unwrap()
            .starts_with("https://")
    );
    for vendor in VENDORS {
        let schema = Run::new(&["schema", vendor], "").result();
        assert_eq!(schema["properties"]["client_secret"]["writeOnly"], true);
    }
}

#[test]
fn a_list_is_json_in_a_pipe_and_a_table_on_request() {
    let json = Run::new(&["vendors", "--output", "json"], "");
    assert_eq!(json.stdout, Run::new(&["vendors"], "").stdout);
    let table = Run::new(&["vendors", "--output", "table"], "");
    let mut lines = table
        .stdout
        .lines()
        .map(|line| line.split_whitespace().next());
    assert_eq!(lines.next(), Some(Some("ID")), "{}", table.stdout);
    assert!(lines.eq(VENDORS.map(Some)), "{}", table.stdout);
    // A failure is printed once.
    let failed = ["vendors", "--component", "no-such-file", "--output"];
    let table = Run::new(&[&failed[..], &["table"]].concat(), "");
    assert_eq!((table.code, &*table.stdout), (Some(1), ""));
    assert!(table.stderr.starts_with("error: "), "{}", table.stderr);
    let json = Run::new(&[&failed[..], &["json"]].concat(), "");
    assert_eq!(json.error()["kind"], "component");
}

#[test]
fn classify_prints_the_verdict() {
    let expired =
        r#"{"success":false,"errorMessage":"Auth token is expired.","errorCode":"JWT_EXPIRED"}"#;
    for (arguments, body, verdict) in [
        (vec!["--status", "200"], "", json!({"verdict": "accepted"})),
        (
            vec!["--status", "200", "--body", "-"],
            expired,
            json!({
                "verdict": "refresh", "status": 200, "code": "JWT_EXPIRED", "confirmed": true,
            }),
        ),
        (
            vec!["--status", "429", "--header", "retry-after: 30"],
            "",
            json!({"verdict": "throttled", "seconds": 30}),
        ),
    ] {
        let arguments = [vec!["classify", "contentsquare"], arguments].concat();
        assert_eq!(Run::new(&arguments, body).result(), verdict);
    }
}

#[test]
fn describe_prints_the_texts_for_people() {
    for vendor in VENDORS {
        let description = Run::new(&["describe", vendor], "").result();
        for field in ["name", "summary", "setup_url", "documentation_url"] {
            assert!(description[field].is_string(), "{field} in {description}");
        }
        assert!(description["prerequisites"].is_array(), "{description}");
        let call = &description["sample_call"];
        assert_eq!(call["method"], "GET");
        assert!(call["path"].as_str().unwrap().starts_with('/'), "{call}");
    }
}

#[test]
fn texts_are_in_the_language_of_the_environment() {
    let french = [("LC_ALL", "fr_FR.UTF-8")];
    let summary = |variables: &[(&str, &str)]| {
        Run::with(&["describe", "hotjar"], "", variables).result()["summary"].take()
    };
    let schema = |variables: &[(&str, &str)]| {
        let schema = Run::with(&["schema", "contentsquare"], "", variables).result();
        schema["properties"]["project_id"]["title"].clone()
    };
    let issue = |variables: &[(&str, &str)]| {
        let arguments = ["validate", "hotjar", "--credential", "-"];
        Run::with(&arguments, "{}", variables).error()["issues"][0]["message"].take()
    };
    for text in [&summary as &dyn Fn(&[(&str, &str)]) -> _, &schema, &issue] {
        let english = text(&[("LC_ALL", "C.UTF-8")]);
        assert_ne!(text(&french), english);
        // The plugin has no German.
        assert_eq!(text(&[("LC_ALL", "de_DE")]), english);
    }
    assert_eq!(schema(&french), "ID du projet");
}

#[test]
fn completions_and_manual_pages_name_the_commands_and_their_options() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let run = Run::new(&["completions", shell], "");
        assert_eq!((run.code, &*run.stderr), (Some(0), ""), "{shell}");
        for word in ["connector", "authenticate", "retry"] {
            assert!(run.stdout.contains(word), "{shell}: {word}");
        }
    }
    let page = Run::new(&["man"], "");
    assert!(page.stdout.contains(".TH connector 1"), "{}", page.stdout);
    let page = Run::new(&["man", "call"], "");
    for part in [".TH connector-call 1", "\\-\\-retry", "connector call"] {
        assert!(page.stdout.contains(part), "{part}: {}", page.stdout);
    }
    let dir = tempfile::tempdir().unwrap();
    let run = Run::new(&["man", "--dir", dir.path().to_str().unwrap()], "");
    assert_eq!((run.code, &*run.stdout, &*run.stderr), (Some(0), "", ""));
    for page in [
        "connector.1",
        "connector-call.1",
        "connector-credentials-show.1",
    ] {
        let text = fs::read_to_string(dir.path().join(page)).unwrap();
        assert!(text.contains(".TH connector"), "{page}");
    }
    for wrong in [&["man", "frobnicate"][..], &["completions", "frobnicate"]] {
        let run = Run::new(wrong, "");
        assert_eq!((run.code, &*run.stdout), (Some(2), ""), "{}", run.stderr);
    }
    let run = Run::new(&["man", "--dir", "/no-such-folder"], "");
    assert_eq!((run.code, &*run.stdout), (Some(1), ""));
    assert!(run.stderr.contains("/no-such-folder"), "{}", run.stderr);
}

#[test]
fn a_help_text_has_an_example() {
    for command in [
        "describe",
        "schema",
        "authenticate",
        "inspect",
        "call",
        "token",
        "connect",
        "credentials",
        "credentials edit",
        "credentials export",
        "credentials import",
        "credentials rekey",
        "classify",
        "check",
        "doctor",
        "record",
        "completions",
        "man",
        "simulate",
    ] {
        let words = command.split(' ').chain(["--help"]);
        let run = Run::new(&words.collect::<Vec<_>>(), "");
        assert_eq!(run.code, Some(0));
        let example = format!("\n  connector {command}");
        assert!(run.stdout.contains(&example), "{}", run.stdout);
    }
}
