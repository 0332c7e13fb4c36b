//! Tests of the pauses, on a paused clock.

use super::*;

#[tokio::test(start_paused = true)]
async fn pauses_double_up_to_the_longest_with_jitter() {
    let now = Instant::now();
    for (mut backoff, longest) in [
        (Backoff::default(), 300),
        (Backoff::of_unconfirmed_refusals(), 3600),
    ] {
        for step in 0..20 {
            let pause = backoff.next_from(now) - now;
            let least = (1 << step).min(longest);
            let most = (2 * least).min(longest);
            let range = Duration::from_secs(least)..=Duration::from_secs(most);
            assert!(range.contains(&pause), "{step}: {pause:?}");
        }
        backoff.reset();
        assert!(backoff.is_over(now));
        assert!(backoff.next_from(now) - now <= 2 * FIRST);
        assert!(!backoff.is_over(now));
    }
}

#[test]
fn seconds_are_rounded_up() {
    for (nanos, whole) in [(0, 0), (1, 1), (1_000_000_000, 1), (1_000_000_001, 2)] {
        assert_eq!(seconds(Duration::from_nanos(nanos)), whole);
    }
}

#[tokio::test(start_paused = true)]
async fn after_a_long_quiet_time_the_backoff_starts_again() {
    for mut backoff in [Backoff::default(), Backoff::of_unconfirmed_refusals()] {
        let now = Instant::now();
        let mut last = now;
        for _ in 0..14 {
            last = backoff.next_from(now);
        }
        let quiet = backoff.longest * QUIET_PAUSES;
        let early = last + quiet - Duration::from_secs(1);
        assert_eq!(backoff.next_from(early) - early, backoff.longest);
        let late = early + backoff.longest + quiet;
        assert!(backoff.next_from(late) - late <= 2 * FIRST);
    }
}
