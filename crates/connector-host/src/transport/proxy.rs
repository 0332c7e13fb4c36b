//! The URL of a proxy, and the hosts that are reached without it. Connections through it are in
//! `proxy_dialer.rs`.

use std::fmt;
use std::str::FromStr;

use http::Uri;
use hyper_util::client::proxy::matcher::Matcher;
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use zeroize::Zeroizing;

use crate::secret::Secret;
use crate::transport::connect_to::{host, port};

/// The port of a proxy over HTTP or SOCKS whose URL names none, as in curl.
const DEFAULT_PORT: u16 = 1080;

/// The longest user and password of SOCKS5 (RFC 1929 §2).
const MAX_SOCKS_USER_BYTES: usize = 255;

/// A proxy, parsed from a URL such as `http://user:password@proxy.example:3128`.
///
/// - `http://` and `https://` ask the proxy for a tunnel (CONNECT, RFC 9110 §9.3.6), the latter
///   over TLS. The certificate of the proxy needs the same trust as that of a vendor. A URL without
///   a scheme means `http://`.
/// - `socks5h://` lets a SOCKS5 proxy (RFC 1928) resolve the vendor's name, `socks5://` resolves it
///   on this machine.
///
/// The default port is 443 for `https://`, else 1080. Special characters of the user and password
/// are percent-encoded. `{:?}` and errors show neither.
///
/// ```
/// let proxy: connector_host::Proxy = "http://proxy.example:3128".parse()?;
/// let proxy = proxy.except("localhost, .corp.example, 10.0.0.0/8");
/// # Ok::<(), connector_host::ProxyUrlError>(())
/// ```
#[derive(Clone)]
pub struct Proxy {
    /// Without user and password.
    url: Uri,
    with_user: Secret,
    except: String,
}

/// Why a string is not the URL of a proxy. Holds nothing of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProxyUrlError {
    /// The scheme is not one of the supported ones.
    #[error("unknown scheme; use http, https, socks5 or socks5h")]
    Scheme,
    /// The host is neither a name nor an address.
    #[error("invalid host; use a name, an IPv4 address, or an IPv6 address in brackets")]
    Host,
    /// The port is not a number from 1 to 65535.
    #[error("invalid port; use a number from 1 to 65535, or none")]
    Port,
    /// The user or the password cannot be sent to such a proxy: it is not UTF-8, too long for
    /// SOCKS5, or the user of an HTTP proxy has a colon.
    #[error("the user or password cannot be sent to such a proxy")]
    User,
    /// There is a path, a query or a fragment.
    #[error("a proxy has no path; percent-encode the characters / ? # of the password")]
    Path,
}

impl Proxy {
    /// Sets the hosts that are reached without the proxy, as `NO_PROXY` lists them: separated by
    /// commas or spaces, names with all names below them, addresses, networks such as 10.0.0.0/8,
    /// or `*` for all. A host is compared as the URL has it: names are not resolved for this.
    #[must_use]
    pub fn except(mut self, hosts: &str) -> Self {
        let hosts = hosts.split(|c: char| c == ',' || c.is_whitespace());
        let hosts = hosts.map(|host| {
            let host = host.strip_prefix("*.").unwrap_or(host);
            let inside = host.strip_prefix('[').and_then(|h| h.strip_suffix(']'));
            inside.unwrap_or(host).trim_end_matches('.')
        });
        self.except = hosts.collect::<Vec<_>>().join(",");
        self
    }

    /// Whether connections to this host go through the proxy: a name, or an address as in a URL.
    pub fn is_for(&self, host: &str) -> bool {
        let url = format!("https://{host}/").parse();
        url.is_ok_and(|url| self.matcher().intercept(&url).is_some())
    }

    /// The proxy for each URL.
    pub(crate) fn matcher(&self) -> Matcher {
        Matcher::builder()
            .https(self.with_user.expose())
            .no(self.except.as_str())
            .build()
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Proxy")
            .field("url", &self.url)
            .field("except", &self.except)
            .finish_non_exhaustive()
    }
}

/// Shows the URL without user and password.
impl fmt::Display for Proxy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, authority) = (self.url.scheme_str(), self.url.authority());
        let (scheme, authority) = scheme.zip(authority).ok_or(fmt::Error)?;
        write!(formatter, "{scheme}://{authority}")
    }
}

impl FromStr for Proxy {
    type Err = ProxyUrlError;

    fn from_str(text: &str) -> Result<Self, ProxyUrlError> {
        let text = text.trim();
        let (scheme, rest) = text.split_once("://").unwrap_or(("http", text));
        let scheme = scheme.to_ascii_lowercase();
        let (is_socks, default_port) = match scheme.as_str() {
            "http" => (false, DEFAULT_PORT),
            "https" => (false, 443),
            "socks5" | "socks5h" => (true, DEFAULT_PORT),
            _ => return Err(ProxyUrlError::Scheme),
        };
        // The user or password may have another @.
        let (user, address) = rest.rsplit_once('@').unwrap_or(("", rest));
        let address = address.strip_suffix('/').unwrap_or(address);
        if address.contains(['/', '?', '#']) || user.contains(['/', '?', '#']) {
            return Err(ProxyUrlError::Path);
        }
        let address = format!("{address}:");
        let (host, rest) = host(&address).map_err(|_| ProxyUrlError::Host)?;
        let host = host.ok_or(ProxyUrlError::Host)?;
        let port = match rest.strip_suffix(':') {
            None => default_port,
            Some("") => return Err(ProxyUrlError::Port),
            Some(text) => port(text)
                .map_err(|_| ProxyUrlError::Port)?
                .ok_or(ProxyUrlError::Port)?,
        };
        let address = format!("{host}:{port}");
        let user = Zeroizing::new(encoded(user, is_socks)?);
        let with_user = Secret::new(format!("{scheme}://{}{address}", *user));
        let url = Uri::builder()
            .scheme(scheme.as_str())
            .authority(address)
            .path_and_query("/")
            .build()
            .map_err(|_| ProxyUrlError::Host)?;
        let proxy = Self {
            url,
            with_user,
            except: String::new(),
        };
        // A URL that the matcher does not understand would mean: no proxy.
        let any = Uri::from_static("https://vendor.example/");
        let is_understood = proxy.matcher().intercept(&any).is_some();
        is_understood.then_some(proxy).ok_or(ProxyUrlError::User)
    }
}

/// User and password with an @, encoded so that every reader of URLs splits them alike.
fn encoded(user: &str, is_socks: bool) -> Result<String, ProxyUrlError> {
    if user.is_empty() {
        return Ok(String::new());
    }
    let (user, password) = user.split_once(':').unwrap_or((user, ""));
    let decoded = |text| {
        let decoded = percent_decode_str(text).decode_utf8();
        decoded.map(|text| Zeroizing::new(text.into_owned()))
    };
    let user = decoded(user).map_err(|_| ProxyUrlError::User)?;
    let password = decoded(password).map_err(|_| ProxyUrlError::User)?;
    let fits = if is_socks {
        user.len().max(password.len()) <= MAX_SOCKS_USER_BYTES
    } else {
        // RFC 7617 §2.
        !user.contains(':')
    };
    if !fits {
        return Err(ProxyUrlError::User);
    }
    let encode = |text| utf8_percent_encode(text, NON_ALPHANUMERIC);
    Ok(format!("{}:{}@", encode(&user), encode(&password)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The scheme, host and port, and the user and password as they are sent.
    fn read(text: &str) -> Result<(String, String), ProxyUrlError> {
        let proxy: Proxy = text.parse()?;
        let any = Uri::from_static("https://vendor.example/");
        let intercept = proxy.matcher().intercept(&any).unwrap();
        let basic = intercept.basic_auth().map(|auth| {
            assert!(auth.is_sensitive());
            auth.to_str().unwrap().to_owned()
        });
        let raw = intercept
            .raw_auth()
            .map(|(user, password)| format!("{user} {password}"));
        let sent = basic.or(raw).unwrap_or_default();
        for secret in ["tulip", "dHVsaXA", "a%40b"] {
            let shown = format!("{proxy} {proxy:?} {intercept:?}");
            assert!(!shown.contains(secret), "{shown}");
        }
        Ok((proxy.to_string(), sent))
    }

    #[test]
    fn a_url_names_scheme_host_port_and_user() {
        for (text, shown, sent) in [
            ("http://proxy.example:3128", "http://proxy.example:3128", ""),
            ("http://proxy.example", "http://proxy.example:1080", ""),
            ("https://proxy.example/", "https://proxy.example:443", ""),
            ("proxy.example:3128", "http://proxy.example:3128", ""),
            (" HTTP://10.1.2.3:80 ", "http://10.1.2.3:80", ""),
            ("http://[fd00::1]:3128", "http://[fd00::1]:3128", ""),
            ("http://[::1]", "http://[::1]:1080", ""),
            ("http://@proxy:1", "http://proxy:1", ""),
            (
                "http://u:tulip@proxy:1",
                "http://proxy:1",
                "Basic dTp0dWxpcA==",
            ),
            ("http://u@proxy:1", "http://proxy:1", "Basic dTo="),
            ("u:tulip@proxy:1", "http://proxy:1", "Basic dTp0dWxpcA=="),
            // `a@b:c%d`, with and without encoding.
            (
                "http://u:a%40b%3Ac%25d@proxy:1",
                "http://proxy:1",
                "Basic dTphQGI6YyVk",
            ),
            (
                "http://u:a@b:c%d@proxy:1",
                "http://proxy:1",
                "Basic dTphQGI6YyVk",
            ),
            ("socks5://proxy", "socks5://proxy:1080", ""),
            ("socks5h://u:tulip@proxy:9", "socks5h://proxy:9", "u tulip"),
            ("socks5h://u@proxy:9", "socks5h://proxy:9", "u "),
        ] {
            let read = read(text).unwrap();
            assert_eq!(read, (shown.to_owned(), sent.to_owned()), "{text}");
        }
    }

    #[test]
    fn an_invalid_url_says_why_and_shows_nothing_of_it() {
        for (text, why) in [
            ("ftp://tulip", ProxyUrlError::Scheme),
            ("socks4://tulip", ProxyUrlError::Scheme),
            ("://tulip", ProxyUrlError::Scheme),
            ("", ProxyUrlError::Host),
            ("http://", ProxyUrlError::Host),
            ("http://u:tulip@", ProxyUrlError::Host),
            ("http://tu lip", ProxyUrlError::Host),
            ("http://[::tulip]:1", ProxyUrlError::Host),
            ("http://[::1", ProxyUrlError::Host),
            ("http://::1", ProxyUrlError::Host),
            ("http://proxy:", ProxyUrlError::Port),
            ("http://proxy:0", ProxyUrlError::Port),
            ("http://proxy:65536", ProxyUrlError::Port),
            ("http://proxy:tulip", ProxyUrlError::Port),
            ("http://proxy:1/tulip", ProxyUrlError::Path),
            ("http://u:tu/lip@proxy:1", ProxyUrlError::Path),
            ("http://u:tu#lip@proxy:1", ProxyUrlError::Path),
            ("http://proxy:1?tulip", ProxyUrlError::Path),
            ("http://u:%ff@proxy:1", ProxyUrlError::User),
            ("http://u%3a:tulip@proxy:1", ProxyUrlError::User),
        ] {
            let error = text.parse::<Proxy>().err();
            assert_eq!(error, Some(why), "{text}");
            assert!(!format!("{why} {why:?}").contains("tulip"));
        }
        let long = "x".repeat(256);
        let error = format!("socks5://u:{long}@proxy").parse::<Proxy>().err();
        assert_eq!(error, Some(ProxyUrlError::User));
        // Longer than any URL.
        let error = format!("http://u:{}@proxy", "x".repeat(1 << 16));
        assert_eq!(error.parse::<Proxy>().err(), Some(ProxyUrlError::User));
    }

    #[test]
    fn exceptions_are_names_with_those_below_addresses_and_networks() {
        for (except, host, is_direct) in [
            ("", "api.vendor.example", false),
            ("vendor.example", "api.vendor.example", true),
            ("vendor.example", "vendor.example", true),
            ("VENDOR.example", "vendor.EXAMPLE", true),
            ("vendor.example", "othervendor.example", false),
            (".vendor.example", "api.vendor.example", true),
            ("*.vendor.example", "api.vendor.example", true),
            ("vendor.example.", "vendor.example", true),
            ("a.example,vendor.example", "vendor.example", true),
            ("a.example vendor.example", "vendor.example", true),
            ("a.example,\tvendor.example ", "vendor.example", true),
            ("*", "vendor.example", true),
            ("10.0.0.0/8", "10.1.2.3", true),
            ("10.1.2.3", "10.1.2.3", true),
            ("10.1.2.4", "10.1.2.3", false),
            ("fd00::/8", "[fd00::1]", true),
            ("[fd00::1]", "[fd00::1]", true),
            (",,", "vendor.example", false),
        ] {
            let proxy: Proxy = "http://proxy:1".parse().unwrap();
            let url = format!("https://{host}/").parse().unwrap();
            let proxy = proxy.except(except);
            let intercept = proxy.matcher().intercept(&url);
            assert_eq!(intercept.is_none(), is_direct, "{except} for {host}");
            assert_eq!(proxy.is_for(host), !is_direct, "{except} for {host}");
        }
    }
}
