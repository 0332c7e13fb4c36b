//! How long to leave a vendor alone when it does not say: longer from failure to failure, and never the same for two hosts.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use tokio::time::Instant;

/// A short outage is over in a second.
const FIRST: Duration = Duration::from_secs(1);
/// Long enough to be no burden, short enough that nobody has to restart anything.
const LONGEST: Duration = Duration::from_mins(5);
/// After so long without a failure the next one is the first again.
const QUIET: Duration = Duration::from_mins(10);

/// The pauses between failures.
#[derive(Default)]
pub(super) struct Delays {
    steps: Option<ExponentialBackoff>,
    until: Option<Instant>,
}

impl Delays {
    /// Notes a failure at `at`, and returns when to try again.
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

    /// Tells whether the last pause is over at `at`.
    pub(super) fn is_over(&self, at: Instant) -> bool {
        self.until.is_none_or(|until| until <= at)
    }

    /// Notes a success.
    pub(super) fn reset(&mut self) {
        *self = Self::default();
    }
}

/// Whole seconds that last at least as long.
pub(super) fn seconds(duration: Duration) -> u32 {
    u32::try_from(duration.as_nanos().div_ceil(1_000_000_000)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn pauses_double_up_to_the_longest_and_each_is_up_to_twice_as_long_by_chance() {
        let now = Instant::now();
        let mut delays = Delays::default();
        for least in [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300] {
            let pause = delays.next_from(now) - now;
            let least = Duration::from_secs(least);
            assert!((least..=2 * least).contains(&pause), "{pause:?}");
        }
        delays.reset();
        assert!(delays.is_over(now));
        assert!(delays.next_from(now) - now <= 2 * FIRST);
        assert!(!delays.is_over(now));
    }

    #[test]
    fn a_part_of_a_second_is_a_second() {
        for (nanos, whole) in [(0, 0), (1, 1), (1_000_000_000, 1), (1_000_000_001, 2)] {
            assert_eq!(seconds(Duration::from_nanos(nanos)), whole);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn after_a_long_quiet_the_first_pause_comes_again() {
        let now = Instant::now();
        let mut delays = Delays::default();
        let mut last = now;
        for _ in 0..9 {
            last = delays.next_from(now);
        }
        let early = last + QUIET - Duration::from_secs(1);
        assert!(delays.next_from(early) - early > 2 * FIRST);
        let late = early + 2 * LONGEST + QUIET;
        assert!(delays.next_from(late) - late <= 2 * FIRST);
    }
}
