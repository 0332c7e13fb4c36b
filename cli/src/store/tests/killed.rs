//! Processes that are killed in the middle of saving. This test binary starts itself as the process to kill.
