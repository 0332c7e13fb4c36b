//! Arithmetic with deadlines on tokio's clock, which tests can pause.

use std::time::Duration;

use tokio::time::Instant;

/// Longer than any call or request.
pub(crate) const FAR_FUTURE: Duration = Duration::from_hours(24 * 365);

/// The deadline that is `duration` from now; at most a year away, so that it cannot overflow.
pub(crate) fn after(duration: Duration) -> Instant {
    let now = Instant::now();
    now.checked_add(duration).unwrap_or(now + FAR_FUTURE)
}

/// The earlier of two deadlines, of which the second is optional.
pub(crate) fn earlier(deadline: Instant, other: Option<Instant>) -> Instant {
    other.map_or(deadline, |other| other.min(deadline))
}
