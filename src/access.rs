//! What a credential can reach. How a vendor tells it is in `vendors/`.

use alloc::string::String;
use alloc::vec::Vec;

/// How far a credential reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// One project.
    Project,
    /// Any project of the account.
    Account,
}

/// A project that the credential reaches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Project {
    /// The vendor's number for it.
    pub id: u64,
    /// What people call it.
    pub name: String,
}

/// What a credential can reach; empty where the vendor does not say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Access {
    /// The scopes that it may ask for.
    pub scopes: Vec<String>,
    /// The projects to choose from.
    pub projects: Vec<Project>,
    /// How far it reaches, if the answer settles it.
    pub level: Option<Level>,
}
