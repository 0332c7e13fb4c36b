//! Exponential backoff with jitter, for vendors that do not name a time.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use tokio::time::Instant;

/// A short outage ends within a second.
const FIRST: Duration = Duration::from_secs(1);
/// Long enough to be no burden, short enough to recover without a restart.
const LONGEST: Duration = Duration::from_mins(5);
/// After this time without a failure the backoff starts again.
const QUIET: Duration = Duration::from_mins(10);

/// The pauses after consecutive failures.
#[derive(Default)]
pub(super) struct Backoff {
    steps: Option<ExponentialBackoff>,
    until: Option<Instant>,
}

impl Backoff {
    /// Records a failure at `at`, and returns the time of the next attempt.
    pub(super) fn next_from(&mut self, at: Instant) -> Instant {
        if self.until.is_some_and(|until| until + QUIET <= at) {
            self.reset();
        }
        let steps = self.steps.get_or_insert_with(|| {
            ExponentialBuilder::new()
                .with_min_delay(FIRST)
                .with_max_delay(LONGEST)
                .without_max_times()
                .with_jitter()
                .build()
        });
        let until = at + steps.next().unwrap_or(LONGEST);
        self.until = Some(until);
        until
    }

    /// Whether the last pause is over at `at`.
    pub(super) fn is_over(&self, at: Instant) -> bool {
        self.until.is_none_or(|until| until <= at)
    }

    /// Records a success.
    pub(super) fn reset(&mut self) {
        *self = Self::default();
    }
}

/// The duration in whole seconds, rounded up.
pub(super) fn seconds(duration: Duration) -> u32 {
    u32::try_from(duration.as_nanos().div_ceil(1_000_000_000)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
