//! Checks whether a connector plugin keeps the contract in `wit/`: for authors, whatever their
//! language, and for platforms before they let a plugin in. `connector check` is the same as a
//! command.
//!
//! ```no_run
//! use connector_conformance::{Effort, Kit};
//!
//! # async fn example(component: Vec<u8>) -> Result<(), Box<dyn std::error::Error>> {
//! let report = Kit::new(component).effort(Effort::Quick).run().await?;
//! assert!(report.is_passed(), "{report}");
//! # Ok(())
//! # }
//! ```
//!
//! A rule is a sentence of the contract and the code that holds a plugin against it ([`rules`]).
//! Most need no more than the component: documents are generated from the schema, and the vendor's
//! replies are the usual ones of RFC 6749. For a vendor whose replies hold more, and to check its
//! requests, the author writes [`Samples`].
//!
//! # How a rule is written
//!
//! - One file for each subject in `src/rules/`. A rule is a `static` of [`Rule`]: its name, which
//!   never changes, its severity, the sentence of the contract word for word (a test finds it in
//!   `wit/`), and a check: a function from a `Subject` to findings.
//! - A check calls the plugin through the trait `Plugin`, with a network of the check's own
//!   (`src/network.rs`), a clock and random bytes that stand still. It is total: an odd plugin is a
//!   finding and never a panic.
//! - It reports a breach as input, expected and found. Generated inputs are made smaller as long as
//!   they still show the breach. The same seed makes the same inputs.
//! - It reports what it could not check, and why. A rule of which nothing was checked is skipped,
//!   and not passed.
//! - A faulty plugin in `src/rules/tests/` turns each rule red: a layer over a good plugin that
//!   overrides one function.
//! - What the host itself refuses when it loads or calls a plugin is reported here and not checked
//!   again.
//!
//! # What is deliberately absent
//!
//! Knowledge of any vendor; requests to a real one; opinions about a plugin's speed.

#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

#[cfg(test)]
leak_check::capture!();

mod documents;
mod kit;
mod network;
mod plugin;
mod recorder;
mod report;
mod rule;
pub mod rules;
mod samples;
mod shrink;
mod subject;

pub use documents::similar_documents;
pub use kit::{Kit, KitError};
pub use recorder::{RecordError, Recorder};
pub use report::{Outcome, Report, Verdict};
pub use rule::{Breach, Rule, Severity};
pub use samples::{Samples, SamplesError};
pub use subject::Effort;
