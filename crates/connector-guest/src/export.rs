//! The exports of a plugin: which vendor a call is for. The way from WIT and back is in `wasi/`.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use crate::access::Access;
use crate::error::Error;
use crate::request::{Authorization, RequestHead};
use crate::response::Response;
use crate::session::Session;
use crate::vendor::VendorInfo;
use crate::verdict::Verdict;
use crate::{Environment, Http};

/// The functions of the contract, for all vendors of a plugin. [`export!`](macro@crate::export)
/// implements it; what each function promises is in `wit/credentials.wit`.
pub trait Plugin {
    /// Lists the vendors.
    fn vendors() -> Vec<&'static VendorInfo>;

    /// Describes a vendor.
    fn describe(vendor: &str, locales: &[String]) -> Result<String, Error>;

    /// Returns the schema of a vendor's credential document.
    fn credential_schema(vendor: &str, locales: &[String]) -> Result<Cow<'static, str>, Error>;

    /// Checks a credential document.
    fn validate(vendor: &str, credential: &str, locales: &[String]) -> Result<(), Error>;

    /// Returns the origins that a credential needs.
    fn origins(vendor: &str, credential: &str) -> Result<Vec<String>, Error>;

    /// Opens a session.
    fn authenticate(
        vendor: &str,
        credential: &str,
        environment: &(impl Environment + Http),
    ) -> Result<Session, Error>;

    /// Replaces a session.
    fn refresh(
        vendor: &str,
        credential: &str,
        current: Session,
        environment: &(impl Environment + Http),
    ) -> Result<Session, Error>;

    /// Asks what a credential reaches.
    fn inspect(
        vendor: &str,
        credential: &str,
        session: Option<&Session>,
        cursor: Option<&str>,
        environment: &(impl Environment + Http),
    ) -> Result<Access, Error>;

    /// Returns what carries a session on an API request.
    fn authorize(
        vendor: &str,
        session: &Session,
        request: &RequestHead,
        environment: &impl Environment,
    ) -> Result<Authorization, Error>;

    /// Classifies an API response.
    fn classify(
        vendor: &str,
        response: &Response,
        environment: &impl Environment,
    ) -> Result<Verdict, Error>;
}

/// Makes a plugin of vendors, in the order to show them: values of types that implement
/// [`Vendor`](crate::Vendor).
///
/// Defines the type `Connector`, which implements [`Plugin`], and exports it when the crate is
/// built as a component. Used once in a crate.
#[macro_export]
macro_rules! export {
    ($($vendor:expr),+ $(,)?) => {
        /// The vendors of this plugin.
        pub struct Connector;

        impl $crate::Plugin for Connector {
            fn vendors() -> $crate::reexports::Vec<&'static $crate::VendorInfo> {
                let vendors = [$($crate::Vendor::info(&$vendor)),+];
                $crate::reexports::Vec::from(vendors)
            }

            fn describe(
                vendor: &str,
                locales: &[$crate::reexports::String],
            ) -> ::core::result::Result<$crate::reexports::String, $crate::Error> {
                $crate::__for_vendor!(vendor, [$($vendor),+], |it| {
                    Ok($crate::Vendor::description(it).to_json(locales))
                })
            }

            fn credential_schema(
                vendor: &str,
                locales: &[$crate::reexports::String],
            ) -> ::core::result::Result<
                $crate::reexports::Cow<'static, str>,
                $crate::Error,
            > {
                $crate::__for_vendor!(vendor, [$($vendor),+], |it| {
                    Ok($crate::Vendor::schema(it).to_json(locales))
                })
            }

            fn validate(
                vendor: &str,
                credential: &str,
                locales: &[$crate::reexports::String],
            ) -> ::core::result::Result<(), $crate::Error> {
                $crate::__for_vendor!(vendor, [$($vendor),+], |it| {
                    $crate::pipeline::validate(it, credential, locales)
                })
            }

            fn origins(
                vendor: &str,
                credential: &str,
            ) -> ::core::result::Result<
                $crate::reexports::Vec<$crate::reexports::String>,
                $crate::Error,
            > {
                $crate::__for_vendor!(vendor, [$($vendor),+], |it| {
                    $crate::pipeline::origins(it, credential)
                })
            }

            fn authenticate(
                vendor: &str,
                credential: &str,
                environment: &(impl $crate::Environment + $crate::Http),
            ) -> ::core::result::Result<$crate::Session, $crate::Error> {
                $crate::__for_vendor!(vendor, [$($vendor),+], |it| {
                    $crate::pipeline::authenticate(it, credential, environment)
                })
            }

            fn refresh(
                vendor: &str,
                credential: &str,
                current: $crate::Session,
                environment: &(impl $crate::Environment + $crate::Http),
            ) -> ::core::result::Result<$crate::Session, $crate::Error> {
                $crate::__for_vendor!(vendor, [$($vendor),+], |it| {
                    $crate::pipeline::refresh(it, credential, current, environment)
                })
            }

            fn inspect(
                vendor: &str,
                credential: &str,
                session: ::core::option::Option<&$crate::Session>,
                cursor: ::core::option::Option<&str>,
                environment: &(impl $crate::Environment + $crate::Http),
            ) -> ::core::result::Result<$crate::Access, $crate::Error> {
                $crate::__for_vendor!(vendor, [$($vendor),+], |it| {
                    $crate::pipeline::inspect(it, credential, session, cursor, environment)
                })
            }

            fn authorize(
                vendor: &str,
                session: &$crate::Session,
                request: &$crate::RequestHead,
                environment: &impl $crate::Environment,
            ) -> ::core::result::Result<$crate::Authorization, $crate::Error> {
                $crate::__for_vendor!(vendor, [$($vendor),+], |it| {
                    $crate::pipeline::authorize(it, session, request, environment)
                })
            }

            fn classify(
                vendor: &str,
                response: &$crate::Response,
                environment: &impl $crate::Environment,
            ) -> ::core::result::Result<$crate::Verdict, $crate::Error> {
                $crate::__for_vendor!(vendor, [$($vendor),+], |it| {
                    let now = $crate::Environment::now(environment);
                    Ok($crate::pipeline::classify(it, response, now))
                })
            }
        }

        #[cfg(target_family = "wasm")]
        mod __component {
            type Component = $crate::wasi::Exports<super::Connector>;
            $crate::wasi::bindings::export!(Component with_types_in $crate::wasi::bindings);
        }
    };
}

/// Returns what `$call` makes of the vendor with this id.
#[doc(hidden)]
#[macro_export]
macro_rules! __for_vendor {
    ($id:ident, [$($vendor:expr),+], |$it:ident| $call:expr) => {{
        $(
            let $it = &$vendor;
            if $crate::Vendor::info($it).id == $id {
                return $call;
            }
        )+
        Err($crate::Error::UnknownVendor)
    }};
}
