//! Every rule can fail: a faulty plugin turns it red. Good plugins pass all of them.

mod faulty;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use connector_host::Profile;
use tempfile::TempDir;

use self::faulty::Faulty;
use crate::kit::{check, rule_of};
use crate::report::{Outcome, Verdict};
use crate::rules::testing::component;
use crate::rules::{all, document, find};
use crate::subject::Subject;
use crate::{Effort, Kit, Rule, Samples};

/// The machine code of the components under test.
static CODE: LazyLock<TempDir> = LazyLock::new(|| tempfile::tempdir().unwrap());

fn samples(folder: &str) -> Samples {
    Samples::read(&xtask::root().join(folder)).unwrap()
}

const EXAMPLE_SAMPLES: &str = "crates/connector-guest/examples/samples";

/// The kit with quick checks of a component.
fn quick(component: Vec<u8>) -> Kit {
    Kit::new(component).effort(Effort::Quick).cache(CODE.path())
}

#[tokio::test]
async fn the_plugin_of_this_repository_keeps_every_rule() {
    let kit = quick(component(None)).samples(samples("samples"));
    let report = kit.run().await.unwrap();
    assert_eq!(report.broken(), 0, "{report}");
    let skipped = report.outcomes.iter();
    let skipped = skipped.filter(|outcome| outcome.verdict == Verdict::Skipped);
    let skipped: Vec<_> = skipped.map(|outcome| outcome.rule.name).collect();
    assert_eq!(skipped, [""; 0], "{report}");
    assert!(report.is_passed());
}

/// Checks an example of the guest SDK, which skips at most these rules.
async fn check_example(example: &'static str, vendor: &str, skipped: &[&str]) {
    let mut kit = quick(component(Some(example)));
    let folder = xtask::root().join(EXAMPLE_SAMPLES).join(vendor);
    if folder.is_dir() {
        let own = tempfile::tempdir().unwrap();
        copy(&folder, &own.path().join(vendor));
        kit = kit.samples(Samples::read(own.path()).unwrap());
    }
    let report = kit.run().await.unwrap();
    assert_eq!(report.broken(), 0, "{example}: {report}");
    let found = report.outcomes.iter();
    let found = found.filter(|outcome| outcome.verdict == Verdict::Skipped);
    let found: Vec<_> = found.map(|outcome| outcome.rule.name).collect();
    assert_eq!(found, skipped, "{example}: {report}");
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, to.join(path.file_name().unwrap())).unwrap();
    }
}

#[tokio::test]
async fn the_example_with_an_api_key_keeps_every_rule_that_concerns_it() {
    let skipped = ["session-lifetime", "refresh-replaces", "whole-replies"];
    check_example("api_key", "beacon", &skipped).await;
}

#[tokio::test]
async fn the_example_with_http_basic_keeps_every_rule_that_concerns_it() {
    let skipped = ["inspection-input", "choices-fit-the-form", "unknown-cursor"];
    check_example("basic_auth", "harbour", &skipped).await;
}

#[tokio::test]
async fn the_example_with_signatures_keeps_every_rule_that_concerns_it() {
    let skipped = [
        "one-request",
        "content-length",
        "session-lifetime",
        "refresh-replaces",
        "whole-replies",
        "unconfirmed-refusals",
        "temporary-failures",
        "waits",
        "undocumented-replies",
        "stages",
        "standard-codes",
        "inspection-input",
        "choices-fit-the-form",
        "unknown-cursor",
        "samples",
    ];
    check_example("hmac", "quarry", &skipped).await;
}

#[tokio::test]
async fn the_example_with_a_get_keeps_every_rule_that_concerns_it() {
    let skipped = [
        "session-lifetime",
        "inspection-input",
        "choices-fit-the-form",
        "unknown-cursor",
    ];
    check_example("query_token", "tidal", &skipped).await;
}

#[tokio::test]
async fn the_example_with_rotating_tokens_keeps_every_rule_that_concerns_it() {
    check_example("refresh_token", "orchard", &[]).await;
}

/// The rules that a host checks on loading, which no layer over a loaded plugin can break.
const ON_LOADING: [&str; 3] = ["imports", "exports", "vendors"];

/// The outcome of a rule for the plugin of this repository with the fault of that name.
async fn with_fault(rule: &'static str) -> Outcome {
    with_fault_in(rule, find(rule).unwrap()).await
}

/// The outcome of a rule for the plugin with this fault.
async fn with_fault_in(fault: &'static str, rule: &'static Rule) -> Outcome {
    let bytes = component(None);
    let loaded = Subject::load(&bytes, Profile::Native, Some(CODE.path())).await;
    let (connector, network) = loaded.unwrap();
    let plugin = Arc::new(Faulty::new(connector, network.clone(), fault));
    let samples = samples("samples");
    let subject = Subject::new(plugin, network, samples, Effort::Quick, 1).await;
    check(&subject, &[rule]).await.pop().unwrap()
}

#[tokio::test]
async fn every_rule_is_broken_by_a_plugin_with_its_fault() {
    let mut green = Vec::new();
    for rule in all().iter().filter(|rule| !ON_LOADING.contains(&rule.name)) {
        let outcome = with_fault(rule.name).await;
        if outcome.verdict != Verdict::Broken {
            green.push((rule.name, outcome.verdict, outcome.skipped));
            continue;
        }
        for breach in &outcome.breaches {
            let texts = [&breach.input, &breach.expected, &breach.found];
            let are_lines = texts
                .iter()
                .all(|text| !text.is_empty() && !text.contains(['\n', '\r', '\u{1b}']));
            assert!(are_lines, "{}: {breach:?}", rule.name);
        }
    }
    assert!(green.is_empty(), "{green:#?}");
}

#[tokio::test]
async fn a_component_that_does_not_load_breaks_the_rule_that_says_why() {
    for (text, rule) in [
        ("(component)", "exports"),
        (
            "(component (import \"wasi:cli/environment@0.2.12\" (instance)))",
            "imports",
        ),
    ] {
        let report = quick(wat::parse_str(text).unwrap()).run().await.unwrap();
        assert!(!report.is_passed());
        for outcome in &report.outcomes {
            let expected = if outcome.rule.name == rule {
                Verdict::Broken
            } else {
                Verdict::Skipped
            };
            assert_eq!(outcome.verdict, expected, "{}", outcome.rule.name);
        }
    }
    assert!(quick(b"no component".to_vec()).run().await.is_err());
}

#[test]
fn an_error_of_loading_is_a_breach_of_a_rule_or_of_none() {
    use connector_host::{LoadError, PluginError};
    let profile = Profile::Native;
    let what = "larger functions";
    for (error, rule) in [
        (LoadError::Exports { name: "n".into() }, Some("exports")),
        (LoadError::ExportTypes, Some("exports")),
        (
            LoadError::Plugin(PluginError::Contract("id")),
            Some("vendors"),
        ),
        (
            LoadError::Plugin(PluginError::Trapped(String::new())),
            Some("never-traps"),
        ),
        (LoadError::Plugin(PluginError::Memory), Some("limits")),
        (LoadError::TooSlow { profile }, Some("limits")),
        (LoadError::TooComplex { profile, what }, Some("limits")),
        (LoadError::NotAComponent, None),
        (LoadError::Plugin(PluginError::Busy), None),
        (LoadError::Engine, None),
    ] {
        let found = rule_of(&error).map(|(rule, _)| rule.name);
        assert_eq!(found, rule, "{error}");
    }
}

#[tokio::test]
async fn a_generated_document_is_made_smaller() {
    let outcome = with_fault("schema-and-validate-agree").await;
    let shortest = outcome
        .breaches
        .iter()
        .map(|breach| breach.input.len())
        .min();
    // `validate` accepts everything, so the smallest document lacks every field.
    assert_eq!(shortest, Some("{}".len()), "{:?}", outcome.breaches);
}

#[tokio::test]
async fn generated_inputs_reach_every_function_and_its_main_ends() {
    use crate::rules::inputs::Function as F;
    let loaded = Subject::load(&component(None), Profile::Native, Some(CODE.path())).await;
    let (connector, network) = loaded.unwrap();
    let samples = samples("samples");
    let plugin = Arc::new(connector);
    let subject = Subject::new(plugin, network, samples, Effort::Quick, 1).await;
    check(&subject, &[find("never-traps").unwrap()]).await;
    let counts = &subject.endings.get().unwrap().counts;
    for (function, end) in [
        (F::Describe, "ok"),
        (F::CredentialSchema, "ok"),
        (F::CredentialSchema, "unknown-vendor"),
        (F::Validate, "ok"),
        (F::Validate, "invalid-credential"),
        (F::Origins, "ok"),
        (F::Origins, "invalid-credential"),
        (F::Authenticate, "ok"),
        (F::Authenticate, "rejected"),
        (F::Authenticate, "forbidden"),
        (F::Authenticate, "throttled"),
        (F::Authenticate, "unavailable"),
        (F::Authenticate, "invalid-response"),
        (F::Refresh, "ok"),
        (F::Refresh, "invalid-credential"),
        (F::Inspect, "ok"),
        (F::Inspect, "invalid-response"),
        (F::Authorize, "ok"),
        (F::Classify, "ok"),
        (F::Classify, "unknown-vendor"),
    ] {
        assert!(
            counts.contains_key(&(function, end)),
            "{function:?} {end}: {counts:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_rule_that_does_not_end_is_broken() {
    let rule = find("describe").unwrap();
    let outcome = with_fault_in("never-ends", rule).await;
    assert_eq!(outcome.verdict, Verdict::Broken);
    assert!(
        outcome.breaches[0].found.contains("too long"),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn one_rule_can_be_checked_alone() {
    let kit = quick(component(None)).rule("describe");
    let report = kit.run().await.unwrap();
    assert_eq!(report.outcomes.len(), 1);
    assert!(report.is_passed());
    let unknown = quick(component(None)).rule("no-such-rule").run().await;
    let message = unknown.unwrap_err().to_string();
    assert!(message.contains("no-such-rule"), "{message}");
}

#[test]
fn names_are_unique_and_in_kebab_case() {
    let names: BTreeSet<_> = all().iter().map(|rule| rule.name).collect();
    assert_eq!(names.len(), all().len());
    for name in names {
        let is_kebab = |byte: u8| byte.is_ascii_lowercase() || byte == b'-';
        assert!(name.bytes().all(is_kebab), "{name}");
    }
}

/// The documentation of a WIT file, without the marks of comments and line ends.
fn prose(file: &str) -> String {
    let text = fs::read_to_string(xtask::root().join(file)).unwrap();
    let lines = text
        .lines()
        .map(|line| line.trim().trim_start_matches("/// "));
    lines.collect::<Vec<_>>().join(" ")
}

#[test]
fn every_sentence_stands_in_the_contract() {
    for rule in all().iter().filter(|rule| rule.source.starts_with("wit/")) {
        let found = prose(rule.source).contains(rule.sentence);
        assert!(
            found,
            "{}: {:?} is not in {}",
            rule.name, rule.sentence, rule.source
        );
    }
}

#[test]
fn the_documentation_of_the_rules_is_that_of_the_code() {
    let file: PathBuf = xtask::root().join("docs/rules.md");
    let generated = document();
    if fs::read_to_string(&file).ok().as_ref() != Some(&generated) {
        // So that the next run passes, once the change was reviewed.
        fs::write(&file, &generated).unwrap();
        panic!("docs/rules.md was out of date, and is written anew; review and commit it");
    }
}
