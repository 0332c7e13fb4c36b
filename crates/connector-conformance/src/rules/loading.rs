//! What a host checks when it loads a component.

use futures::FutureExt as _;
use futures::future::ready;

use crate::rule::{Breach, Check, Findings, Rule, Severity};
use crate::subject::Subject;

pub(crate) static IMPORTS: Rule = Rule {
    name: "imports",
    severity: Severity::Error,
    about: "The component imports at most the eight interfaces of WASI 0.2 that the world lists, \
            and those that they bring with them. A host does not load any other component.",
    sentence: "A plugin may import fewer interfaces than listed here, and never others.",
    source: "wit/world.wit",
    check: Check(|subject| ready(imports(subject)).boxed_local()),
};

pub(crate) static EXPORTS: Rule = Rule {
    name: "exports",
    severity: Severity::Error,
    about: "The component exports the interface `credentials` of this version, with all of its \
            functions in their types. More exports are ignored.",
    sentence: "It may export more: a host ignores exports that it does not know.",
    source: "wit/world.wit",
    check: Check(|subject| ready(loads(subject)).boxed_local()),
};

pub(crate) static VENDORS: Rule = Rule {
    name: "vendors",
    severity: Severity::Error,
    about: "`vendors` lists at least one vendor; ids are unique and well-formed, origins are \
            patterns of https origins, and `max-concurrent-calls` is not zero. No wildcard covers \
            a public suffix.",
    sentence: "The list is never empty, and always the same for one build of the plugin.",
    source: "wit/credentials.wit",
    check: Check(|subject| ready(loads(subject)).boxed_local()),
};

/// The host refuses others before: what is loaded has no other imports.
fn imports(subject: &Subject) -> Findings {
    Findings {
        cases: subject.plugin.connector().imports().len().max(1) as u64,
        ..Findings::default()
    }
}

/// A component that breaks these rules is not loaded.
fn loads(subject: &Subject) -> Findings {
    let mut findings = Findings::default();
    findings.require(!subject.vendors.is_empty(), || Breach {
        vendor: None,
        input: "vendors()".to_owned(),
        expected: "at least one vendor".to_owned(),
        found: "none".to_owned(),
    });
    findings
}
