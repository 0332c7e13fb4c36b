//! `connector check`: its report in three forms, its exit status, and wrong usage; and `connector
//! record`, which writes samples for it.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::harness::{Run, VENDORS, Vendors, shows_a_secret, shows_a_token};

/// The plugin of this repository.
const COMPONENT: &str = env!("CONNECTOR_WASM");

/// The samples of this repository.
fn samples() -> String {
    xtask::root().join("samples").display().to_string()
}

#[test]
fn a_plugin_that_keeps_its_samples_passes() {
    let dir = tempfile::tempdir().unwrap();
    let junit = dir.path().join("report.xml");
    let junit = junit.to_str().unwrap();
    let samples = samples();
    let line = [
        "check",
        COMPONENT,
        "--samples",
        &samples,
        "--rule",
        "samples",
    ];
    let run = Run::new(&line, "");
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert!(
        run.stdout.starts_with("passed   samples ("),
        "{}",
        run.stdout
    );
    assert!(run.stdout.contains("(seed 1)"), "{}", run.stdout);

    let options = ["--json", "--quick", "--seed", "7", "--junit", junit];
    let report = Run::new(&[&line[..], &options].concat(), "").result();
    assert_eq!(
        (&report["passed"], &report["seed"]),
        (&true.into(), &7.into())
    );
    assert_eq!(report["rules"][0]["rule"], "samples");
    let xml = fs::read_to_string(junit).unwrap();
    assert!(
        xml.contains("<testcase classname=\"connector.contract\" name=\"samples\""),
        "{xml}"
    );
}

/// A folder with one sample of Hotjar, which expects this outcome of a refused sign-in.
fn sample(folder: &Path, outcome: &str) {
    let vendor = folder.join("hotjar");
    fs::create_dir_all(&vendor).unwrap();
    let text = format!(
        "function = \"authenticate\"\ncredential = {{ client_id = \"a\", client_secret = \"b\" }}\n\
         reply = {{ status = 401 }}\n[outcome.error]\n{outcome}\n"
    );
    fs::write(vendor.join("refused.toml"), text).unwrap();
}

#[test]
fn a_broken_rule_is_shown_with_its_sentence_and_fails() {
    let dir = tempfile::tempdir().unwrap();
    sample(dir.path(), "kind = \"throttled\"");
    let samples = dir.path().to_str().unwrap();
    let run = Run::new(
        &[
            "check",
            COMPONENT,
            "--samples",
            samples,
            "--rule",
            "samples",
        ],
        "",
    );
    assert_eq!(run.code, Some(1), "{}", run.stderr);
    assert_eq!(run.stderr, "error: a check failed; its detail says why\n");
    for part in [
        "broken   samples\n    hotjar\n",
        "input     hotjar/refused.toml: outcome\n",
        "expected  throttled\n",
        "found     rejected\n",
        "wit/credentials.wit: \"The order of use",
    ] {
        assert!(run.stdout.contains(part), "{part}\n{}", run.stdout);
    }
}

#[test]
fn a_file_that_is_not_right_is_named_with_its_fault() {
    let dir = tempfile::tempdir().unwrap();
    sample(dir.path(), "odd = 1");
    let folder = dir.path().to_str().unwrap();
    let file = dir.path().join("no.wasm");
    fs::write(&file, "no component").unwrap();
    let file = file.to_str().unwrap();
    for (line, parts) in [
        (
            &["check", COMPONENT, "--samples", folder][..],
            &["refused.toml:5: ", "unknown field `odd`"][..],
        ),
        (&["check", file], &[file, "not a WebAssembly component"]),
        (&["check", "/no-such-file"], &["/no-such-file"]),
        (
            &["check", COMPONENT, "--samples", "/no-such-folder"],
            &["/no-such-folder"],
        ),
        (
            &[
                "check",
                COMPONENT,
                "--rule",
                "samples",
                "--junit",
                "/no-such-folder/x",
            ],
            &["/no-such-folder/x"],
        ),
    ] {
        let run = Run::new(line, "");
        assert_eq!(run.code, Some(1), "{line:?} {}", run.stderr);
        for part in parts {
            assert!(run.stderr.contains(part), "{line:?} {}", run.stderr);
        }
    }
}

#[test]
fn a_rule_is_explained_and_an_unknown_one_lists_all() {
    let run = Run::new(&["check", "--explain", "one-request"], "");
    assert_eq!(run.code, Some(0));
    let head = "## one-request\n\nSeverity: error.\n";
    assert!(run.stdout.starts_with(head), "{}", run.stdout);
    let all = Run::new(&["check", "--explain"], "");
    let document = fs::read_to_string(xtask::root().join("docs/rules.md")).unwrap();
    assert_eq!(all.stdout.trim_end(), document.trim_end());
    for line in [
        &["check", "--explain", "no-such-rule"][..],
        &["check", COMPONENT, "--rule", "no-such-rule"],
    ] {
        let run = Run::new(line, "");
        assert_eq!(run.code, Some(2), "{}", run.stderr);
        assert!(run.stderr.contains("one-request, "), "{}", run.stderr);
    }
    assert_eq!(Run::new(&["check"], "").code, Some(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recorded_sign_in_has_no_secret_and_is_kept_by_the_plugin() {
    let vendors = Vendors::start().await;
    let dir = tempfile::tempdir().unwrap();
    let samples = dir.path().to_str().unwrap();
    for vendor in VENDORS {
        let credential = vendors.credential(vendor);
        let line = [
            "record",
            vendor,
            "--credential",
            &credential,
            "--samples",
            samples,
        ];
        let written = vendors.run(&line, "").result();
        assert_eq!(written["outcome"], "session");
        let file = dir.path().join(vendor).join("sign-in.json");
        assert_eq!(written["sample"], json!(file.to_str().unwrap()));
        let sample = fs::read_to_string(&file).unwrap();
        assert!(
            !shows_a_secret(&sample) && !shows_a_token(&sample),
            "{sample}"
        );
        let sample: Value = serde_json::from_str(&sample).unwrap();
        assert_eq!(sample["reply"]["json"]["access_token"], "token-0002");

        // It is not overwritten.
        let run = vendors.run(&line, "");
        let message = run.error()["message"].as_str().unwrap().to_owned();
        assert!(message.contains("sign-in.json"), "{message}");
        let name = ["--name", "../x"];
        assert_eq!(vendors.run(&[&line[..], &name].concat(), "").code, Some(2));
    }
    let run = Run::new(
        &[
            "check",
            COMPONENT,
            "--samples",
            samples,
            "--rule",
            "samples",
        ],
        "",
    );
    assert_eq!(run.code, Some(0), "{}", run.stdout);
}
