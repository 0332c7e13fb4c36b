//! Exponential backoff with jitter, for vendors that do not name a time.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use tokio::time::Instant;

/// A short outage ends within a second.
const FIRST: Duration = Duration::from_secs(1);
/// Long enough to be no burden, short enough to recover without a restart.
const LONGEST: Duration = Duration::from_mins(5);
/// For refusals that are not confirmed: most of them are final.
const LONGEST_UNCONFIRMED: Duration = Duration::from_hours(1);
/// After so many of the longest pauses without a failure the backoff starts again.
const QUIET_PAUSES: u32 = 2;

/// The pauses after consecutive failures: 1, 2, 4 … seconds and up to as much jitter, at most
/// `longest`.
pub(super) struct Backoff {
    longest: Duration,
    steps: Option<ExponentialBackoff>,
    until: Option<Instant>,
}

impl Default for Backoff {
    fn default() -> Self {
        Self::new(LONGEST)
    }
}

impl Backoff {
    fn new(longest: Duration) -> Self {
        Self {
            longest,
            steps: None,
            until: None,
        }
    }

    /// The pauses after refusals that are not confirmed.
    pub(super) fn of_unconfirmed_refusals() -> Self {
        Self::new(LONGEST_UNCONFIRMED)
    }

    /// Records a failure at `at`, and returns the time of the next attempt.
    pub(super) fn next_from(&mut self, at: Instant) -> Instant {
        let quiet = self.longest * QUIET_PAUSES;
        if self.until.is_some_and(|until| until + quiet <= at) {
            self.reset();
        }
        let longest = self.longest;
        let steps = self.steps.get_or_insert_with(|| {
            ExponentialBuilder::new()
                .with_min_delay(FIRST)
                .with_max_delay(longest)
                .without_max_times()
                .with_jitter()
                .build()
        });
        let pause = steps.next().map_or(longest, |pause| pause.min(longest));
        let until = at + pause;
        self.until = Some(until);
        until
    }

    /// Whether the last pause is over at `at`.
    pub(super) fn is_over(&self, at: Instant) -> bool {
        self.until.is_none_or(|until| until <= at)
    }

    /// Records a success.
    pub(super) fn reset(&mut self) {
        *self = Self::new(self.longest);
    }
}

/// The duration in whole seconds, rounded up.
pub(super) fn seconds(duration: Duration) -> u32 {
    u32::try_from(duration.as_nanos().div_ceil(1_000_000_000)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
