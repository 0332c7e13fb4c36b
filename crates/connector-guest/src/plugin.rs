//! A plugin: its vendors, and the functions of the contract for each of them. The conversions from
//! and to WIT are in `wasi/`.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use crate::access::Access;
use crate::error::Error;
use crate::request::{Authorization, RequestHead};
use crate::response::Response;
use crate::session::Session;
use crate::vendor::{Vendor, VendorInfo};
use crate::verdict::Verdict;
use crate::{Environment, Http, pipeline};

/// The functions of the contract, for all vendors of a plugin. [`export!`](macro@crate::export)
/// implements it; what each function promises is in `wit/credentials.wit`.
pub trait Plugin {
    /// One of the vendors.
    type AnyVendor: Vendor + 'static;

    /// All vendors, in the order to show them.
    const VENDORS: &'static [Self::AnyVendor];

    /// Returns the vendor with this id.
    fn vendor(id: &str) -> Result<&'static Self::AnyVendor, Error> {
        let mut vendors = Self::VENDORS.iter();
        vendors
            .find(|vendor| vendor.info().id == id)
            .ok_or(Error::UnknownVendor)
    }

    /// Lists the vendors.
    fn vendors() -> Vec<&'static VendorInfo> {
        Self::VENDORS.iter().map(Vendor::info).collect()
    }

    /// Describes a vendor.
    fn describe(vendor: &str, locales: &[String]) -> Result<String, Error> {
        Ok(Self::vendor(vendor)?.description().to_json(locales))
    }

    /// Returns the schema of a vendor's credential document.
    fn credential_schema(vendor: &str, locales: &[String]) -> Result<Cow<'static, str>, Error> {
        Ok(Self::vendor(vendor)?.schema().to_json(locales))
    }

    /// Checks a credential document.
    fn validate(vendor: &str, credential: &str, locales: &[String]) -> Result<(), Error> {
        pipeline::validate(Self::vendor(vendor)?, credential, locales)
    }

    /// Returns the origins that a credential needs.
    fn origins(vendor: &str, credential: &str) -> Result<Vec<String>, Error> {
        pipeline::origins(Self::vendor(vendor)?, credential)
    }

    /// Opens a session.
    fn authenticate(
        vendor: &str,
        credential: &str,
        environment: &(impl Environment + Http),
    ) -> Result<Session, Error> {
        pipeline::authenticate(Self::vendor(vendor)?, credential, environment)
    }

    /// Replaces a session.
    fn refresh(
        vendor: &str,
        credential: &str,
        current: Session,
        environment: &(impl Environment + Http),
    ) -> Result<Session, Error> {
        pipeline::refresh(Self::vendor(vendor)?, credential, current, environment)
    }

    /// Asks the vendor for the reach of a credential.
    fn inspect(
        vendor: &str,
        credential: &str,
        session: Option<&Session>,
        cursor: Option<&str>,
        environment: &(impl Environment + Http),
    ) -> Result<Access, Error> {
        let vendor = Self::vendor(vendor)?;
        pipeline::inspect(vendor, credential, session, cursor, environment)
    }

    /// Returns the header fields and query parameters that authorize an API request.
    fn authorize(
        vendor: &str,
        session: &Session,
        request: &RequestHead,
        environment: &impl Environment,
    ) -> Result<Authorization, Error> {
        pipeline::authorize(Self::vendor(vendor)?, session, request, environment)
    }

    /// Classifies an API response.
    fn classify(
        vendor: &str,
        response: &Response,
        environment: &impl Environment,
    ) -> Result<Verdict, Error> {
        let vendor = Self::vendor(vendor)?;
        Ok(pipeline::classify(vendor, response, environment.now()))
    }
}
