//! `credentials import --from`: connections that other platforms stored.

use std::fs;

use serde_json::{Value, json};

use crate::harness::{KEY, Run, SECRETS, Vendors};

/// Runs `connector` with a store in this folder.
fn run(dir: &tempfile::TempDir, arguments: &[&str], stdin: &str) -> Run {
    leak_check::register_document(stdin);
    let store = dir.path().join("store/credentials.db");
    let arguments = [arguments, &["--store", store.to_str().unwrap()]].concat();
    Run::with(&arguments, stdin, &[KEY])
}

fn stored(more: &Value) -> Value {
    let mut stored = json!({
        "client_id": "an id", "client_secret": SECRETS[1], "credential_level": "account",
        "scopes": ["data-export"], "project_id": 7,
    });
    for (name, value) in more.as_object().unwrap() {
        stored[name] = value.clone();
    }
    stored
}

#[test]
fn what_the_platforms_store_becomes_the_document_and_each_change_is_named() {
    for (from, more, name, expected, change) in [
        (
            "nango",
            json!({"scopes": "metrics data-export"}),
            "scopes",
            json!(["metrics", "data-export"]),
            "split into a list",
        ),
        (
            "nango",
            json!({"project_id": "42"}),
            "project_id",
            json!(42),
            "whole number",
        ),
        (
            "n8n",
            json!({"project_id": "42"}),
            "project_id",
            json!(42),
            "whole number",
        ),
        (
            "nango",
            json!({"project_id": null, "credential_level": "project"}),
            "project_id",
            json!(null),
            "left out, because it is null",
        ),
        (
            "n8n",
            json!({"project_id": "", "credential_level": "project"}),
            "project_id",
            json!(null),
            "left out, because it is empty",
        ),
        (
            "n8n",
            json!({"integration_id": 9}),
            "integration_id",
            json!(null),
            "does not show it",
        ),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let stored = stored(&more).to_string();
        // Both names of the command.
        for (command, saved_as) in [(&["credentials", "import"][..], "a"), (&["import"], "b")] {
            let options = [
                "--from",
                from,
                "-",
                "--vendor",
                "contentsquare",
                "--name",
                saved_as,
            ];
            let imported = run(&dir, &[command, &options].concat(), &stored);
            let result = imported.result();
            assert_eq!(result["name"], saved_as);
            assert_eq!(result["credential"][name], expected, "{from} {more}");
            let changes = result["changes"].as_array().unwrap();
            let named: Vec<_> = changes
                .iter()
                .filter(|change| change["field"] == name)
                .collect();
            assert_eq!(named.len(), 1, "{result}");
            assert!(
                named[0]["change"].as_str().unwrap().contains(change),
                "{result}"
            );
            let line = format!("{name}: ");
            assert!(imported.stderr.contains(&line), "{}", imported.stderr);
            let validate = ["validate", "contentsquare", "--saved", saved_as];
            run(&dir, &validate, "").result();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_imported_connection_signs_in() {
    let vendors = Vendors::start().await;
    let dir = tempfile::tempdir().unwrap();
    let network: Vec<_> = vendors.network.iter().map(String::as_str).collect();
    for (vendor, number) in [("hotjar", 0), ("contentsquare", 1)] {
        let samples = vendors
            .simulators
            .vendor(vendor)
            .unwrap()
            .sample_credentials();
        let document = &samples[number].1;
        let text = |value: &Value| match value {
            Value::Array(items) => {
                let items = items.iter().map(|item| item.as_str().unwrap());
                items.collect::<Vec<_>>().join(" ")
            }
            Value::String(text) => text.clone(),
            value => value.to_string(),
        };
        let fields = document.as_object().unwrap().iter();
        let fields: Value = fields
            .map(|(name, value)| (name.clone(), Value::from(text(value))))
            .collect();
        let mut credentials = fields;
        credentials["type"] = json!("TWO_STEP");
        credentials["expires_at"] = json!("2026-01-01T00:00:00.000Z");
        let nango = json!({"connection_id": "c", "credentials": credentials});
        let n8n = json!([{"id": "1", "name": format!("{vendor} of n8n"), "data": document}]);
        let import = ["import", "--vendor", vendor, "--from"];
        let named = ["nango", "-", "--name", vendor];
        run(&dir, &[&import[..], &named].concat(), &nango.to_string()).result();
        run(
            &dir,
            &[&import[..], &["n8n", "-"]].concat(),
            &n8n.to_string(),
        )
        .result();
        for name in [vendor.to_owned(), format!("{vendor} of n8n")] {
            let check = [&["credentials", "check", &name], &network[..]].concat();
            assert_eq!(run(&dir, &check, "").result()["accepted"], true, "{name}");
        }
    }
}

#[test]
fn a_value_without_a_meaning_is_named_with_its_field_and_nothing_is_saved() {
    let dir = tempfile::tempdir().unwrap();
    let import = |stdin: &str, options: &[&str]| {
        let import = ["import", "-", "--vendor", "contentsquare"];
        run(&dir, &[&import[..], options].concat(), stdin)
    };
    let nango = ["--from", "nango", "--name", "a"];
    for (stored, options, kind, parts) in [
        (
            stored(&json!({"project_id": "1,234", "scopes": "dance", "more": 1})).to_string(),
            &nango[..],
            "input",
            &[
                "standard input cannot be converted:",
                "\n  project_id: expected a whole number, such as 42",
                "\n  scopes: expected some of these, separated by a space: data-export,",
                "\n  more: is no field of the vendor's form",
            ][..],
        ),
        (
            stored(&json!({"client_secret": ""})).to_string(),
            &nango,
            "invalid-credential",
            &["a: nothing was imported: ", "\n  client_secret: "],
        ),
        (
            stored(&json!({"client_secret": "********"})).to_string(),
            &nango,
            "invalid-credential",
            &["a: nothing was imported: ", "\n  client_secret: "],
        ),
        (
            json!([{"name": "a", "data": "U2FsdGVkX1"}]).to_string(),
            &["--from", "n8n"],
            "input",
            &["data: is encrypted; export with `n8n export:credentials --decrypted`"],
        ),
        (
            "{\"client_id\": 1".to_owned(),
            &nango,
            "input",
            &["standard input is not JSON (line 1, column"],
        ),
        (String::new(), &nango, "input", &["standard input is empty"]),
    ] {
        let run = import(&stored, options);
        assert_eq!(run.error()["kind"], kind, "{}", run.stderr);
        for part in parts {
            assert!(run.stderr.contains(part), "{part}: {}", run.stderr);
        }
        for value in ["1,234", "dance"] {
            assert!(!run.stderr.contains(value), "{}", run.stderr);
        }
    }
    let stored = stored(&json!({})).to_string();
    for options in [
        // No name, no vendor, both kinds of import.
        &["--from", "nango"][..],
        &["--from", "acme", "--name", "a"],
        &["--name", "a"],
        &[&nango[..], &["--rename", "a=b"]].concat(),
        &[&nango[..], &["--passphrase-file", "x"]].concat(),
    ] {
        let run = import(&stored, options);
        assert_eq!(
            (run.code, &*run.stdout),
            (Some(2), ""),
            "{options:?} {}",
            run.stderr
        );
    }
    let run = run(
        &dir,
        &["import", "-", "--from", "nango", "--name", "a"],
        &stored,
    );
    assert_eq!(run.code, Some(2), "{}", run.stderr);
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);

    import(&stored, &nango).result();
    let again = import(&stored, &nango);
    assert_eq!(again.error()["code"], "name-taken");
    import(&stored, &[&nango[..], &["--replace"]].concat()).result();
}
