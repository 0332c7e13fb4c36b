//! The processor time and the memory of this process, as Linux counts them. The subjects in other
//! languages report the same.

use std::fs;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

use crate::Outcome;

/// The processor time of all threads of this process, in user and in kernel mode.
pub(crate) fn cpu() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    let nanos = u32::try_from(time.tv_nsec).unwrap_or_default();
    Duration::new(time.tv_sec.unsigned_abs(), nanos)
}

/// The resident memory.
pub(crate) fn resident_bytes() -> Outcome<u64> {
    field("/proc/self/status", "VmRSS:")
}

/// The peak of the resident memory since [`reset_peak`].
pub(crate) fn resident_peak_bytes() -> Outcome<u64> {
    field("/proc/self/status", "VmHWM:")
}

/// The resident memory, shared pages by their share.
pub(crate) fn proportional_bytes() -> Outcome<u64> {
    field("/proc/self/smaps_rollup", "Pss:")
}

/// Resets the peak (proc(5), `clear_refs`).
pub(crate) fn reset_peak() -> Outcome {
    Ok(fs::write("/proc/self/clear_refs", "5")?)
}

fn field(file: &str, name: &str) -> Outcome<u64> {
    let text = fs::read_to_string(file)?;
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    let kib = line.and_then(|line| line.split_whitespace().next());
    let kib: u64 = kib
        .ok_or_else(|| format!("{file} has no {name}"))?
        .parse()?;
    Ok(kib << 10)
}
