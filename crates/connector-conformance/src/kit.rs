//! [`Kit`]: the options of a check, and its run.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use connector_host::{LoadError, LoadRule, PluginError, Profile};
use tokio::runtime::Handle;
use tokio::time::{Instant, timeout};

use crate::report::{Outcome, Report};
use crate::rule::{Breach, Findings, Rule};
use crate::rules;
use crate::samples::Samples;
use crate::subject::{Effort, Subject};

/// The seed of generated inputs, unless another one is given.
const SEED: u64 = 1;

/// A check of one component.
#[derive(Debug, Clone)]
pub struct Kit {
    component: Vec<u8>,
    profile: Profile,
    samples: Samples,
    effort: Effort,
    seed: u64,
    rule: Option<String>,
    cache: Option<PathBuf>,
}

/// Why a check could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KitError {
    /// The file is no component, or this machine cannot run it.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// There is no rule of this name.
    #[error("there is no rule {0}; `connector check --explain` lists them")]
    UnknownRule(String),
    /// The thread of the check ended, because the check has a fault of its own.
    #[error("the check itself failed; report it to its authors")]
    Failed,
}

impl Kit {
    /// The check of a component by all rules, without samples.
    pub fn new(component: impl Into<Vec<u8>>) -> Self {
        Self {
            component: component.into(),
            profile: Profile::default(),
            samples: Samples::default(),
            effort: Effort::default(),
            seed: SEED,
            rule: None,
            cache: None,
        }
    }

    /// Sets the kind of the component's code. Default: [`Profile::Native`].
    #[must_use]
    pub fn profile(mut self, profile: Profile) -> Self {
        self.profile = profile;
        self
    }

    /// Sets the samples of its vendors. Default: none.
    #[must_use]
    pub fn samples(mut self, samples: Samples) -> Self {
        self.samples = samples;
        self
    }

    /// Sets the number of generated inputs. Default: [`Effort::Full`].
    #[must_use]
    pub fn effort(mut self, effort: Effort) -> Self {
        self.effort = effort;
        self
    }

    /// Sets the seed of generated inputs, to repeat a check or to make another one.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Checks only the rule of this name. Default: all rules.
    #[must_use]
    pub fn rule(mut self, name: impl Into<String>) -> Self {
        self.rule = Some(name.into());
        self
    }

    /// Keeps the component's machine code in this folder, see
    /// [`Builder::cache`](connector_host::Builder::cache).
    #[must_use]
    pub fn cache(mut self, folder: impl Into<PathBuf>) -> Self {
        self.cache = Some(folder.into());
        self
    }

    /// Makes the check, on a blocking thread of its own. Needs a tokio runtime with its timer
    /// enabled.
    pub async fn run(self) -> Result<Report, KitError> {
        let runtime = Handle::current();
        let check = tokio::task::spawn_blocking(move || runtime.block_on(self.check()));
        check.await.map_err(|_| KitError::Failed)?
    }

    async fn check(self) -> Result<Report, KitError> {
        let rules = self.rules()?;
        let loaded = Subject::load(&self.component, self.profile, self.cache.as_deref()).await;
        let outcomes = match loaded {
            Ok((connector, network)) => {
                let plugin = Arc::new(connector);
                let (samples, effort, seed) = (self.samples, self.effort, self.seed);
                let subject = Subject::new(plugin, network, samples, effort, seed).await;
                check(&subject, &rules).await
            }
            Err(error) => {
                let (broken, input) = rule_of(&error).ok_or(error)?;
                refused(&rules, broken, &input)
            }
        };
        Ok(Report::new(self.seed, outcomes))
    }

    fn rules(&self) -> Result<Vec<&'static Rule>, KitError> {
        let Some(name) = &self.rule else {
            return Ok(rules::all().to_vec());
        };
        let rule = rules::find(name);
        rule.map(|rule| vec![rule])
            .ok_or_else(|| KitError::UnknownRule(name.clone()))
    }
}

/// Three minutes for one rule and each vendor. Generated inputs take at most one; the rest takes
/// less unless a plugin draws its calls out.
const RULE_DEADLINE: Duration = Duration::from_mins(3);

/// Checks the rules one after another.
pub(crate) async fn check(subject: &Subject, rules: &[&'static Rule]) -> Vec<Outcome> {
    let vendors = u32::try_from(subject.vendors.len()).unwrap_or(u32::MAX);
    let deadline = RULE_DEADLINE.saturating_mul(vendors.max(1));
    let mut outcomes = Vec::new();
    for rule in rules {
        let start = Instant::now();
        let findings = timeout(deadline, (rule.check.0)(subject)).await;
        let findings = findings.unwrap_or_else(|_| unfinished(deadline));
        outcomes.push(Outcome::new(rule, findings, start.elapsed()));
    }
    outcomes
}

/// The findings of a rule that took too long. Not skipped: a plugin must not get out of it so.
fn unfinished(deadline: Duration) -> Findings {
    let mut findings = Findings::default();
    findings.push(Breach {
        vendor: None,
        input: "all inputs of this rule".to_owned(),
        expected: format!("the ends of all calls within {} s", deadline.as_secs()),
        found: "calls that take too long".to_owned(),
    });
    findings
}

/// The rule that a component breaks which the host does not load, and the reason. `None` where the
/// file is no component, or the host is at fault.
pub(crate) fn rule_of(error: &LoadError) -> Option<(&'static Rule, String)> {
    let rule = match (error.rule()?, error) {
        (_, LoadError::Plugin(PluginError::Trapped(_))) => &rules::inputs::NEVER_TRAPS,
        (_, LoadError::Plugin(PluginError::Contract(_))) => &rules::loading::VENDORS,
        (LoadRule::Limits, _) | (_, LoadError::Plugin(_)) => &rules::inputs::LIMITS,
        (LoadRule::Imports, _) => &rules::loading::IMPORTS,
        (LoadRule::Exports, _) => &rules::loading::EXPORTS,
        (LoadRule::Vendors | LoadRule::Origins | LoadRule::PublicSuffix, _) => {
            &rules::loading::VENDORS
        }
        (LoadRule::Description, _) => &rules::texts::DESCRIBE,
        (LoadRule::Schema, _) => &rules::schema::SCHEMA,
        _ => return None,
    };
    Some((rule, error.to_string()))
}

/// The outcomes for a component that the host does not load.
fn refused(rules: &[&'static Rule], broken: &'static Rule, why: &str) -> Vec<Outcome> {
    let mut rules = rules.to_vec();
    // However few were asked for: a component that does not load passes none of them.
    if !rules.iter().any(|rule| rule.name == broken.name) {
        rules.insert(0, broken);
    }
    let outcomes = rules.into_iter().map(|rule| {
        let mut findings = Findings::default();
        if rule.name == broken.name {
            findings.push(Breach {
                vendor: None,
                input: "loading the component".to_owned(),
                expected: "a component that a host loads".to_owned(),
                found: why.to_owned(),
            });
        } else {
            let why = "the component cannot be loaded".to_owned();
            findings.skipped.push(why);
        }
        Outcome::new(rule, findings, Duration::ZERO)
    });
    outcomes.collect()
}
