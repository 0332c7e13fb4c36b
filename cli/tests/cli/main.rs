//! The binary as a person runs it, with the built component, against the simulators over TLS.
//! The output of every run is searched for secrets and tokens (`harness::Run::new`).

leak_check::capture!();

// Reads the memory of a process.
#[cfg(target_os = "linux")]
mod call;
mod check;
// `script` of util-linux opens the pseudo-terminal.
#[cfg(target_os = "linux")]
mod connect;
// Uses a pseudo-terminal.
#[cfg(target_os = "linux")]
mod export;
#[cfg(unix)]
mod form;
mod harness;
mod import;
// Sends a signal.
#[cfg(target_os = "linux")]
mod interrupt;
mod kept_code;
mod offline;
mod online;
#[cfg(target_os = "linux")]
mod other_vendors;
mod proxies;
#[cfg(target_os = "linux")]
mod pty;
// Sets permissions of files.
#[cfg(unix)]
mod rekey;
// Sends a signal.
#[cfg(unix)]
mod simulate;
mod stories;
#[cfg(target_os = "linux")]
mod stub;
