//! [`Report`]: the outcomes of a check, as text for people, as JSON, and as JUnit XML.

use std::fmt;
use std::io;
use std::time::Duration;

use quick_xml::Writer;
use quick_xml::events::{BytesText, Event};
use serde_json::{Value, json};

use crate::rule::{Breach, Findings, Rule, Severity};

/// The outcomes of a check. Its `Display` is for people.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Report {
    /// The seed of the generated inputs: a check with the same one makes the same.
    pub seed: u64,
    /// One for each rule, in the order of [`rules::all`](crate::rules::all).
    pub outcomes: Vec<Outcome>,
}

/// The outcome of one rule.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Outcome {
    /// The rule.
    pub rule: &'static Rule,
    /// The verdict on it.
    pub verdict: Verdict,
    /// The number of facts that were checked.
    pub cases: u64,
    /// The ways in which the plugin breaks the rule: the first few of each vendor.
    pub breaches: Vec<Breach>,
    /// The parts that could not be checked, each with its reason.
    pub skipped: Vec<String>,
    /// The time that the rule took.
    pub duration: Duration,
}

/// The verdict on a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// Everything that was checked holds.
    Passed,
    /// The plugin breaks it.
    Broken,
    /// Nothing could be checked.
    Skipped,
}

impl Verdict {
    /// `passed`, `broken` or `skipped`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Broken => "broken",
            Self::Skipped => "skipped",
        }
    }
}

impl Outcome {
    pub(crate) fn new(rule: &'static Rule, findings: Findings, duration: Duration) -> Self {
        let verdict = match (findings.breaches.is_empty(), findings.cases) {
            (false, _) => Verdict::Broken,
            (true, 0) => Verdict::Skipped,
            (true, _) => Verdict::Passed,
        };
        Self {
            rule,
            verdict,
            cases: findings.cases,
            breaches: findings.breaches,
            skipped: findings.skipped,
            duration,
        }
    }

    /// Whether the plugin breaks a rule that the contract demands.
    pub fn is_failure(&self) -> bool {
        self.verdict == Verdict::Broken && self.rule.severity == Severity::Error
    }

    fn json(&self) -> Value {
        let breaches = self.breaches.iter().map(|breach| {
            json!({
                "vendor": breach.vendor,
                "input": breach.input,
                "expected": breach.expected,
                "found": breach.found,
            })
        });
        json!({
            "rule": self.rule.name,
            "severity": self.rule.severity.name(),
            "verdict": self.verdict.name(),
            "cases": self.cases,
            "sentence": self.rule.sentence,
            "source": self.rule.source,
            "breaches": breaches.collect::<Vec<_>>(),
            "skipped": self.skipped,
        })
    }

    /// The breaches, with the sentence that they break.
    fn details(&self, indent: &str) -> String {
        let mut lines = Vec::new();
        for breach in &self.breaches {
            lines.push(breach.vendor.as_deref().unwrap_or("the plugin").to_owned());
            for (label, value) in [
                ("input", &breach.input),
                ("expected", &breach.expected),
                ("found", &breach.found),
            ] {
                lines.push(format!("  {label:<9} {value}"));
            }
        }
        lines.push(format!("{}: \"{}\"", self.rule.source, self.rule.sentence));
        lines.iter().flat_map(|line| [indent, line, "\n"]).collect()
    }
}

impl Report {
    pub(crate) fn new(seed: u64, outcomes: Vec<Outcome>) -> Self {
        Self { seed, outcomes }
    }

    /// Whether a platform can rely on the plugin: no rule of severity `error` is broken, and at
    /// least one was checked.
    pub fn is_passed(&self) -> bool {
        let is_passed = |outcome: &Outcome| outcome.verdict == Verdict::Passed;
        !self.outcomes.iter().any(Outcome::is_failure) && self.outcomes.iter().any(is_passed)
    }

    /// The number of rules that are broken, warnings included.
    pub fn broken(&self) -> usize {
        self.count(Verdict::Broken)
    }

    fn count(&self, verdict: Verdict) -> usize {
        let outcomes = self.outcomes.iter();
        outcomes
            .filter(|outcome| outcome.verdict == verdict)
            .count()
    }

    /// The report as JSON, for programs.
    pub fn to_json(&self) -> Value {
        json!({
            "passed": self.is_passed(),
            "seed": self.seed,
            "rules": self.outcomes.iter().map(Outcome::json).collect::<Vec<_>>(),
        })
    }

    /// The report as JUnit XML, which build servers read: a test case for each rule. A warning that
    /// is broken is no failure, and stands in the output of its case.
    pub fn to_junit(&self) -> String {
        let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
        // Writing to memory does not fail.
        let _written = self.write_junit(&mut writer);
        let xml = String::from_utf8(writer.into_inner()).unwrap_or_default();
        format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{xml}\n")
    }

    fn write_junit(&self, writer: &mut Writer<Vec<u8>>) -> io::Result<()> {
        let failures = self.outcomes.iter().filter(|outcome| outcome.is_failure());
        let time: Duration = self.outcomes.iter().map(|outcome| outcome.duration).sum();
        let counts = [
            ("name", "connector check".to_owned()),
            ("tests", self.outcomes.len().to_string()),
            ("failures", failures.count().to_string()),
            ("skipped", self.count(Verdict::Skipped).to_string()),
            ("time", secs(time)),
        ];
        let counts = counts.iter().map(|(name, value)| (*name, value.as_str()));
        let suite = writer.create_element("testsuite").with_attributes(counts);
        suite.write_inner_content(|writer| {
            for outcome in &self.outcomes {
                write_case(writer, outcome)?;
            }
            Ok(())
        })?;
        Ok(())
    }
}

fn secs(time: Duration) -> String {
    format!("{:.3}", time.as_secs_f64())
}

fn write_case(writer: &mut Writer<Vec<u8>>, outcome: &Outcome) -> io::Result<()> {
    let time = secs(outcome.duration);
    let attributes = [
        ("classname", "connector.contract"),
        ("name", outcome.rule.name),
        ("time", &time),
    ];
    let case = writer
        .create_element("testcase")
        .with_attributes(attributes);
    let text = printable(&outcome.details(""));
    let text = Event::Text(BytesText::new(&text)).into_owned();
    if outcome.is_failure() {
        case.write_inner_content(|writer| {
            let failure = writer.create_element("failure");
            let failure = failure.with_attribute(("message", outcome.rule.sentence));
            failure.write_inner_content(|writer| writer.write_event(text))?;
            Ok(())
        })?;
    } else if outcome.verdict == Verdict::Broken {
        case.write_inner_content(|writer| {
            let output = writer.create_element("system-out");
            output.write_inner_content(|writer| writer.write_event(text))?;
            Ok(())
        })?;
    } else if outcome.verdict == Verdict::Skipped {
        case.write_inner_content(|writer| {
            let why = printable(&outcome.skipped.join("; "));
            let skipped = writer.create_element("skipped");
            skipped.with_attribute(("message", &*why)).write_empty()?;
            Ok(())
        })?;
    } else {
        case.write_empty()?;
    }
    Ok(())
}

/// Without the control characters that XML 1.0 forbids even when escaped.
fn printable(text: &str) -> String {
    let is_forbidden = |char: &char| char.is_control() && !['\n', '\t'].contains(char);
    text.chars().filter(|char| !is_forbidden(char)).collect()
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for outcome in &self.outcomes {
            let verdict = match (outcome.verdict, outcome.rule.severity) {
                (Verdict::Broken, Severity::Warning) => "warning",
                (verdict, _) => verdict.name(),
            };
            write!(formatter, "{verdict:<8} {}", outcome.rule.name)?;
            match outcome.verdict {
                Verdict::Passed => writeln!(formatter, " ({} checked)", outcome.cases)?,
                Verdict::Skipped => writeln!(formatter)?,
                Verdict::Broken => {
                    writeln!(formatter)?;
                    formatter.write_str(&outcome.details("    "))?;
                }
            }
            for skipped in &outcome.skipped {
                writeln!(formatter, "    not checked: {skipped}")?;
            }
        }
        let warnings = self.outcomes.iter().filter(|outcome| {
            outcome.verdict == Verdict::Broken && outcome.rule.severity == Severity::Warning
        });
        let warnings = warnings.count();
        write!(
            formatter,
            "\n{} passed, {} broken, {warnings} with a warning, {} skipped (seed {})",
            self.count(Verdict::Passed),
            self.count(Verdict::Broken) - warnings,
            self.count(Verdict::Skipped),
            self.seed
        )
    }
}

#[cfg(test)]
mod tests;
