//! `connector check`: holds a plugin against the rules of the contract, and prints the report.

use std::fs;
use std::path::Path;

use connector_conformance::{Effort, Kit, KitError, Report, Samples, rules};
use connector_host::MAX_COMPONENT_BYTES;

use crate::args::Check;
use crate::failure::{Failure, plain};
use crate::input::Input;
use crate::json::pretty;
use crate::output;
use crate::plugin;

/// The argument of `--explain` for all rules.
const ALL: &str = "all";

/// Checks a plugin, and fails if it breaks a rule; or explains rules.
pub(crate) async fn run(of: &Check) -> Result<(), Failure> {
    if let Some(rule) = &of.explain {
        return explain(rule);
    }
    let Some(file) = &of.component else {
        return Err(Failure::Usage("name the FILE of a component".to_owned()));
    };
    let report = report(of, file).await?;
    if let Some(junit) = &of.junit {
        let failed = |error| Failure::setup(&format!("write {}", junit.display()), error);
        fs::write(junit, report.to_junit()).map_err(failed)?;
    }
    let text = if of.json {
        pretty(&report.to_json())
    } else {
        shown(&report.to_string())
    };
    output::line(&text)?;
    let broken = report
        .outcomes
        .iter()
        .filter(|outcome| outcome.is_failure());
    match broken.count() {
        0 if report.is_passed() => Ok(()),
        0 => Err(Failure::Setup(
            "nothing could be checked; give --samples".to_owned(),
        )),
        broken => Err(Failure::Checks(broken)),
    }
}

/// The text without characters that would act on a terminal. Parts of it are the plugin's.
fn shown(text: &str) -> String {
    let lines: Vec<_> = text.lines().map(plain).collect();
    lines.join("\n")
}

async fn report(of: &Check, file: &Path) -> Result<Report, Failure> {
    let component = Input::File(file.to_owned());
    let component = component.bytes(MAX_COMPONENT_BYTES as u64 + 1)?;
    let mut kit = Kit::new(component).profile(of.profile);
    if let Some(folder) = &of.samples {
        let samples = Samples::read(folder).map_err(|error| Failure::Input(error.to_string()))?;
        kit = kit.samples(samples);
    }
    if of.quick {
        kit = kit.effort(Effort::Quick);
    }
    if let Some(seed) = of.seed {
        kit = kit.seed(seed);
    }
    if let Some(rule) = &of.rule {
        kit = kit.rule(rule);
    }
    if let Some(folder) = plugin::code_folder() {
        kit = kit.cache(folder);
    }
    kit.run().await.map_err(|error| match error {
        KitError::Load(error) => Failure::Component(file.display().to_string(), error),
        KitError::UnknownRule(_) => Failure::Usage(unknown_rule()),
        error => Failure::setup("check the plugin", error),
    })
}

fn explain(name: &str) -> Result<(), Failure> {
    let text = match rules::find(name) {
        Some(rule) => rules::explain(rule),
        None if name == ALL => rules::document(),
        None => return Err(Failure::Usage(unknown_rule())),
    };
    Ok(output::line(text.trim_end())?)
}

fn unknown_rule() -> String {
    let names: Vec<_> = rules::all().iter().map(|rule| rule.name).collect();
    format!("unknown rule; choose one of: {}", names.join(", "))
}
