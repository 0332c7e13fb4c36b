//! The effects that a plugin has, as arguments: HTTP, the clock and random numbers.

use crate::error::Error;
use crate::request::Request;
use crate::response::Response;
use crate::session::Timestamp;

/// The time and random numbers.
pub trait Environment {
    /// The time now.
    fn now(&self) -> Timestamp;

    /// Returns random bytes that nobody can guess, for nonces.
    fn random(&self) -> [u8; 32];
}

/// Sends requests.
pub trait Http {
    /// Sends `request` once and reads the response, following no redirect.
    ///
    /// Fails as [`Error::Unreachable`] or [`Error::Denied`], and not for any status.
    fn send(&self, request: Request) -> Result<Response, Error>;
}

impl<F: Fn(Request) -> Result<Response, Error>> Http for F {
    fn send(&self, request: Request) -> Result<Response, Error> {
        self(request)
    }
}
