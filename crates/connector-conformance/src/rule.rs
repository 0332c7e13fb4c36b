//! [`Rule`], and the findings of its check.

use std::fmt;

use connector_host::CallError;
use futures::future::LocalBoxFuture;

use crate::subject::Subject;

/// A rule of the contract, and the code that checks it.
#[derive(Debug)]
#[non_exhaustive]
pub struct Rule {
    /// The stable name, in kebab case.
    pub name: &'static str,
    /// Whether a plugin that breaks it fails the check.
    pub severity: Severity,
    /// How the rule is checked, for an author who wants to know why it failed.
    pub about: &'static str,
    /// The sentence that it rests on, as it stands in the source.
    pub sentence: &'static str,
    /// The source of the sentence: a file of the contract, or a standard.
    pub source: &'static str,
    pub(crate) check: Check,
}

/// The check of a rule. Generated values are not `Send`, so its future is not.
#[derive(Clone, Copy)]
pub(crate) struct Check(pub(crate) for<'a> fn(&'a Subject) -> LocalBoxFuture<'a, Findings>);

impl fmt::Debug for Check {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Check")
    }
}

/// Whether a plugin that breaks a rule fails the check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Severity {
    /// The contract demands it: a platform cannot rely on a plugin that breaks it.
    Error,
    /// It is usual, and a vendor may have a reason to differ.
    Warning,
}

impl Severity {
    /// `error` or `warning`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// The findings of a rule about a plugin.
#[derive(Debug, Clone, Default)]
pub(crate) struct Findings {
    /// The number of facts that were checked.
    pub(crate) cases: u64,
    pub(crate) breaches: Vec<Breach>,
    /// The parts that could not be checked, each with its reason.
    pub(crate) skipped: Vec<String>,
}

/// One way in which a plugin breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Breach {
    /// The vendor; `None` where it is about the plugin.
    pub vendor: Option<String>,
    /// The smallest input that shows it.
    pub input: String,
    /// The result that the contract demands.
    pub expected: String,
    /// The result of the plugin.
    pub found: String,
}

impl Breach {
    /// A breach by the code of one vendor.
    pub(crate) fn new(
        vendor: &str,
        input: impl Into<String>,
        expected: impl Into<String>,
        found: impl Into<String>,
    ) -> Self {
        Self {
            vendor: Some(vendor.to_owned()),
            input: input.into(),
            expected: expected.into(),
            found: found.into(),
        }
    }
}

/// More breaches of one rule by one vendor say nothing new.
const MAX_BREACHES: usize = 3;

impl Findings {
    /// Counts a fact, and records a breach unless it holds.
    pub(crate) fn require(&mut self, holds: bool, breach: impl FnOnce() -> Breach) {
        self.cases += 1;
        if !holds {
            self.push(breach());
        }
    }

    /// Records a breach, unless there are enough of this vendor.
    pub(crate) fn push(&mut self, breach: Breach) {
        let of_vendor = |known: &&Breach| known.vendor == breach.vendor;
        if self.breaches.iter().filter(of_vendor).count() < MAX_BREACHES {
            self.breaches.push(breach);
        }
    }

    /// Whether enough breaches of this vendor are known.
    pub(crate) fn is_enough(&self, vendor: &str) -> bool {
        let of_vendor = |known: &&Breach| known.vendor.as_deref() == Some(vendor);
        self.breaches.iter().filter(of_vendor).count() >= MAX_BREACHES
    }

    /// Records that a part could not be checked.
    pub(crate) fn skip(&mut self, vendor: &str, why: &str) {
        self.skipped.push(format!("{vendor}: {why}"));
    }
}

/// The result of a call as the report shows it.
pub(crate) fn ending<T: fmt::Debug>(result: &Result<T, CallError>) -> String {
    match result {
        Ok(value) => format!("{value:?}"),
        Err(CallError::Connector(error)) => format!("{} ({error:?})", error.kind()),
        Err(error) => error.to_string(),
    }
}
