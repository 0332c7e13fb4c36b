//! The three forms of a report.

use std::time::Duration;

use serde_json::json;

use super::{Outcome, Report};
use crate::rule::{Breach, Findings, Severity};
use crate::rules::{all, find};

fn outcome(rule: &str, findings: Findings) -> Outcome {
    Outcome::new(find(rule).unwrap(), findings, Duration::from_millis(1500))
}

fn broken(rule: &str) -> Outcome {
    let mut findings = Findings::default();
    findings.require(false, || Breach::new("acme", "a <b> & \u{1}", "\"c\"", "d"));
    outcome(rule, findings)
}

fn passed() -> Outcome {
    let mut findings = Findings::default();
    findings.require(true, || unreachable!("it holds"));
    findings.skip("other", "no sample");
    outcome("imports", findings)
}

fn skipped() -> Outcome {
    let mut findings = Findings::default();
    findings.skip("acme", "no \"sample\"");
    outcome("samples", findings)
}

#[test]
fn only_broken_rules_of_severity_error_fail_a_report() {
    let warning = all().iter().find(|rule| rule.severity == Severity::Warning);
    let warning = warning.unwrap().name;
    for (outcomes, is_passed) in [
        (vec![passed()], true),
        (vec![passed(), skipped()], true),
        (vec![passed(), broken(warning)], true),
        (vec![passed(), broken("describe")], false),
        // Nothing was checked.
        (vec![skipped()], false),
        (vec![], false),
    ] {
        assert_eq!(Report::new(1, outcomes).is_passed(), is_passed);
    }
}

#[test]
fn a_person_reads_the_input_the_outcome_and_the_sentence() {
    let text = Report::new(7, vec![passed(), broken("describe"), skipped()]).to_string();
    let sentence = find("describe").unwrap().sentence;
    let expected = format!(
        "passed   imports (1 checked)
    not checked: other: no sample
broken   describe
    acme
      input     a <b> & \u{1}
      expected  \"c\"
      found     d
    wit/credentials.wit: \"{sentence}\"
skipped  samples
    not checked: acme: no \"sample\"

1 passed, 1 broken, 0 with a warning, 1 skipped (seed 7)"
    );
    assert_eq!(text, expected);
}

#[test]
fn a_program_reads_json() {
    let json = Report::new(7, vec![broken("describe")]).to_json();
    assert_eq!((&json["passed"], &json["seed"]), (&json!(false), &json!(7)));
    let rule = &json["rules"][0];
    assert_eq!(
        (&rule["rule"], &rule["verdict"]),
        (&json!("describe"), &json!("broken"))
    );
    let breach = json!({
        "vendor": "acme", "input": "a <b> & \u{1}", "expected": "\"c\"", "found": "d",
    });
    assert_eq!(rule["breaches"], json!([breach]));
}

#[test]
fn a_build_server_reads_junit() {
    let warning = broken("declared-origins");
    let report = Report::new(7, vec![passed(), broken("describe"), skipped(), warning]);
    let xml = report.to_junit();
    for part in [
        "<testsuite name=\"connector check\" tests=\"4\" failures=\"1\" skipped=\"1\" \
         time=\"6.000\">",
        "<testcase classname=\"connector.contract\" name=\"imports\" time=\"1.500\"/>",
        "<failure message=\"Describes a vendor for people",
        "a &lt;b&gt; &amp; ",
        "<skipped message=\"acme: no &quot;sample&quot;\"/>",
        "<system-out>",
    ] {
        assert!(xml.contains(part), "{part} is missing in\n{xml}");
    }
    assert!(!xml.contains('\u{1}'), "XML 1.0 has no such character");
}
