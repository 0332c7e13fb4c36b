//! Tests of the pauses, on a paused clock.

use super::*;

#[tokio::test(start_paused = true)]
async fn pauses_double_up_to_the_longest_with_jitter() {
    let now = Instant::now();
    let mut backoff = Backoff::default();
    for least in [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300] {
        let pause = backoff.next_from(now) - now;
        let least = Duration::from_secs(least);
        assert!((least..=2 * least).contains(&pause), "{pause:?}");
    }
    backoff.reset();
    assert!(backoff.is_over(now));
    assert!(backoff.next_from(now) - now <= 2 * FIRST);
    assert!(!backoff.is_over(now));
}

#[test]
fn seconds_are_rounded_up() {
    for (nanos, whole) in [(0, 0), (1, 1), (1_000_000_000, 1), (1_000_000_001, 2)] {
        assert_eq!(seconds(Duration::from_nanos(nanos)), whole);
    }
}

#[tokio::test(start_paused = true)]
async fn after_a_long_quiet_time_the_backoff_starts_again() {
    let now = Instant::now();
    let mut backoff = Backoff::default();
    let mut last = now;
    for _ in 0..9 {
        last = backoff.next_from(now);
    }
    let early = last + QUIET - Duration::from_secs(1);
    assert!(backoff.next_from(early) - early > 2 * FIRST);
    let late = early + 2 * LONGEST + QUIET;
    assert!(backoff.next_from(late) - late <= 2 * FIRST);
}
