//! What the benchmarks, the instruction budgets and the comparison share: a host without any policy
//! and an HTTP client without connection reuse, to measure `connector-host` against.

pub mod baseline;
pub mod dialing;
