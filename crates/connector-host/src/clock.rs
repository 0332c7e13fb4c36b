//! The wall clock that a plugin is shown. Deadlines and time-outs run on tokio's clock instead, see `door.rs`.

use std::time::SystemTime;

/// Tells the time. Sessions are dated by it, and nothing else is decided by it.
pub trait Clock: Send + Sync + 'static {
    /// The current time.
    fn now(&self) -> SystemTime;
}

/// The clock of the machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place where the host reads the wall clock"
    )]
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }
}
