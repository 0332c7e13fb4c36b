//! The macro `export!`, which makes a plugin of vendors and a component of the plugin.

/// Makes a plugin of vendors, in the order to show them: the names of unit structs that implement
/// [`Vendor`](crate::Vendor).
///
/// Defines the type `Connector`, which implements [`Plugin`](crate::Plugin), and exports it when
/// the crate is built as a component. Used once in a crate.
#[macro_export]
macro_rules! export {
    ($($vendor:ident),+ $(,)?) => {
        /// The vendors of this plugin.
        pub struct Connector;

        impl $crate::Plugin for Connector {
            type AnyVendor = AnyVendor;

            const VENDORS: &'static [AnyVendor] = &[$(AnyVendor::$vendor),+];
        }

        $crate::__any_vendor!($($vendor),+);

        #[cfg(target_family = "wasm")]
        mod __component {
            type Component = $crate::wasi::Exports<super::Connector>;
            $crate::wasi::bindings::export!(Component with_types_in $crate::wasi::bindings);
        }
    };
}

/// Defines the type `AnyVendor`, an enum of the vendors, and its credential. It passes every method
/// on, those with a default too.
///
/// The steps of a call are compiled once and not for each vendor. Static dispatch: a `dyn` call
/// would dirty an extra Wasm page per call.
#[doc(hidden)]
#[macro_export]
macro_rules! __any_vendor {
    ($($vendor:ident),+) => {
        /// One of the vendors of this plugin.
        pub enum AnyVendor {
            $(#[doc = stringify!($vendor)] $vendor),+
        }

        /// The credential of one of the vendors.
        pub enum AnyCredential {
            $(#[doc = stringify!($vendor)] $vendor(<$vendor as $crate::Vendor>::Credential)),+
        }

        impl $crate::Vendor for AnyVendor {
            type Credential = AnyCredential;

            fn info(&self) -> &'static $crate::VendorInfo {
                match self {
                    $(Self::$vendor => $crate::Vendor::info(&$vendor)),+
                }
            }

            fn description(&self) -> $crate::Description {
                match self {
                    $(Self::$vendor => $crate::Vendor::description(&$vendor)),+
                }
            }

            fn schema(&self) -> $crate::Schema {
                match self {
                    $(Self::$vendor => $crate::Vendor::schema(&$vendor)),+
                }
            }

            fn read(&self, form: &mut $crate::Form) -> ::core::option::Option<AnyCredential> {
                match self {
                    $(Self::$vendor => {
                        $crate::Vendor::read(&$vendor, form).map(AnyCredential::$vendor)
                    }),+
                }
            }

            fn origins(
                &self,
                credential: &AnyCredential,
            ) -> $crate::reexports::Vec<$crate::reexports::String> {
                match credential {
                    $(AnyCredential::$vendor(credential) => {
                        $crate::Vendor::origins(&$vendor, credential)
                    }),+
                }
            }

            fn open(
                &self,
                credential: &AnyCredential,
                state: ::core::option::Option<&$crate::Secret>,
            ) -> ::core::result::Result<$crate::Open, $crate::Error> {
                match credential {
                    $(AnyCredential::$vendor(credential) => {
                        $crate::Vendor::open(&$vendor, credential, state)
                    }),+
                }
            }

            fn token(
                &self,
                credential: &AnyCredential,
                fields: &mut $crate::Fields,
                now: $crate::Timestamp,
            ) -> ::core::result::Result<$crate::Token, $crate::Error> {
                match credential {
                    $(AnyCredential::$vendor(credential) => {
                        $crate::Vendor::token(&$vendor, credential, fields, now)
                    }),+
                }
            }

            fn base_url(
                &self,
                credential: &AnyCredential,
                fields: &mut $crate::Fields,
            ) -> ::core::result::Result<$crate::reexports::String, $crate::Error> {
                match credential {
                    $(AnyCredential::$vendor(credential) => {
                        $crate::Vendor::base_url(&$vendor, credential, fields)
                    }),+
                }
            }

            fn requested_scopes(
                &self,
                credential: &AnyCredential,
            ) -> $crate::reexports::Vec<$crate::reexports::String> {
                match credential {
                    $(AnyCredential::$vendor(credential) => {
                        $crate::Vendor::requested_scopes(&$vendor, credential)
                    }),+
                }
            }

            fn inspection_request(
                &self,
                form: &mut $crate::Form,
                input: &$crate::InspectionInput,
            ) -> ::core::result::Result<
                ::core::option::Option<$crate::Request>,
                $crate::Error,
            > {
                match self {
                    $(Self::$vendor => {
                        $crate::Vendor::inspection_request(&$vendor, form, input)
                    }),+
                }
            }

            fn access(
                &self,
                response: &$crate::Response,
                now: $crate::Timestamp,
            ) -> ::core::result::Result<$crate::Access, $crate::Error> {
                match self {
                    $(Self::$vendor => $crate::Vendor::access(&$vendor, response, now)),+
                }
            }

            fn authorize(
                &self,
                session: &$crate::Session,
                request: &$crate::RequestHead,
                environment: &impl $crate::Environment,
            ) -> ::core::result::Result<$crate::Authorization, $crate::Error> {
                match self {
                    $(Self::$vendor => {
                        $crate::Vendor::authorize(&$vendor, session, request, environment)
                    }),+
                }
            }

            fn classify(
                &self,
                response: &$crate::Response,
                now: $crate::Timestamp,
            ) -> $crate::Verdict {
                match self {
                    $(Self::$vendor => $crate::Vendor::classify(&$vendor, response, now)),+
                }
            }
        }
    };
}

#[cfg(test)]
mod tests {
    /// The names of the functions in Rust code.
    fn functions(code: &str) -> Vec<&str> {
        let names = code
            .lines()
            .filter_map(|line| line.trim().strip_prefix("fn "));
        names.filter_map(|name| name.split('(').next()).collect()
    }

    #[test]
    fn every_method_of_the_trait_is_passed_on() {
        let (_, rest) = include_str!("vendor.rs")
            .split_once("pub trait Vendor {")
            .unwrap();
        let (methods, _) = rest.split_once("\n}\n").unwrap();
        let methods = functions(methods);
        assert!(methods.len() > 10);
        let (_, rest) = include_str!("export.rs")
            .split_once("for AnyVendor {")
            .unwrap();
        let (passed_on, _) = rest.split_once("\n        }\n").unwrap();
        assert_eq!(functions(passed_on), methods);
        for method in methods {
            assert!(passed_on.contains(&format!("$crate::Vendor::{method}(&$vendor")));
        }
    }
}
