//! No code: `Cargo.toml` lists the shared dependencies with the features of all members.
