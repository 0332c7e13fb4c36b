//! The network options of all commands, and the transport that they describe. The proxy is that of
//! the options, else of the environment, as curl reads it.

use std::env;
use std::ffi::OsString;
use std::net::IpAddr;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use connector_host::{
    ConnectTo, DEFAULT_CONNECT, DEFAULT_DEADLINE, IpNet, Limits, Live, LiveBuilder, Origin, Proxy,
    ResponseBody, Secret, Timeouts, Transport, TransportError,
};
use http::HeaderValue;
use http::header::USER_AGENT;

use crate::environment;
use crate::failure::Failure;
use crate::input::Input;

/// The variables of the proxy for https; the first that is set decides.
/// <https://curl.se/docs/manpage.html#ENVIRONMENT>
const PROXY_VARIABLES: [&str; 4] = ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"];
/// The variables of the hosts that are reached without it.
const NO_PROXY_VARIABLES: [&str; 2] = ["no_proxy", "NO_PROXY"];

/// The time of a call beside that for the connection, by default.
const AFTER_CONNECT: Duration = DEFAULT_DEADLINE.saturating_sub(DEFAULT_CONNECT);

/// The way to the vendor; by default the public DNS, and the certificate authorities of Mozilla and
/// of this machine.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Network options")]
pub(crate) struct Network {
    /// Also trust the certificate authorities in this PEM file, beside those of this machine
    /// (SSL_CERT_FILE, SSL_CERT_DIR)
    #[arg(long, value_name = "PEM")]
    pub(crate) cacert: Option<PathBuf>,
    /// Connect to HOST2:PORT2 instead of HOST1:PORT1, as curl does; can be repeated
    #[arg(long, value_name = "HOST1:PORT1:HOST2:PORT2")]
    pub(crate) connect_to: Vec<ConnectTo>,
    /// Also allow this address or network that is not public, such as 10.1.0.0/16; can be repeated
    #[arg(long, value_name = "CIDR", value_parser = addresses)]
    pub(crate) allow_address: Vec<IpNet>,
    /// Also allow this origin, such as https://*.acme.example, beside those that the plugin
    /// declares; can be repeated. With --component, allow only the origins that are granted
    #[arg(long = "grant", value_name = "ORIGIN")]
    pub(crate) grants: Vec<Origin>,
    /// Connect through this proxy (http, https, socks5 or socks5h), or through none if empty. Other
    /// users can read arguments, so keep a password in the variable [default: HTTPS_PROXY, else
    /// ALL_PROXY]
    #[arg(long, value_name = "URL", value_parser = secret)]
    pub(crate) proxy: Option<Secret>,
    /// Connect to these hosts without the proxy, such as .corp.example,10.0.0.0/8, or * for all
    /// [default: NO_PROXY]
    #[arg(long, value_name = "LIST")]
    pub(crate) noproxy: Option<String>,
    /// Wait so long for a connection [default: 10]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub(crate) connect_timeout: Option<Duration>,
    /// Wait so long for each call of the vendor as a whole [default: 60]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub(crate) max_time: Option<Duration>,
    /// Send this User-Agent; an empty one sends none [default: that of the plugin]
    #[arg(long, value_name = "NAME")]
    pub(crate) user_agent: Option<HeaderValue>,
}

/// A network in CIDR notation, or a single address.
fn addresses(text: &str) -> Result<IpNet, &'static str> {
    let single = |_| text.parse::<IpAddr>().map(IpNet::from);
    text.parse()
        .or_else(single)
        .map_err(|_| "expected an address, or a network such as 10.1.0.0/16 or fd00::/8")
}

/// Any text: an error of clap would repeat it.
#[expect(clippy::unnecessary_wraps, reason = "clap's parsers return results")]
fn secret(text: &str) -> Result<Secret, &'static str> {
    Ok(Secret::new(text))
}

fn seconds(text: &str) -> Result<Duration, &'static str> {
    let seconds = text.parse::<f64>().ok().filter(|seconds| *seconds > 0.0);
    seconds
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .ok_or("expected a number of seconds above 0, such as 2.5")
}

impl Network {
    /// Whether any option is given.
    pub(crate) fn is_set(&self) -> bool {
        let Self {
            cacert,
            connect_to,
            allow_address,
            grants,
            proxy,
            noproxy,
            connect_timeout,
            max_time,
            user_agent,
        } = self;
        let lists = [
            connect_to.is_empty(),
            allow_address.is_empty(),
            grants.is_empty(),
        ];
        let options = [
            cacert.is_none(),
            proxy.is_none(),
            noproxy.is_none(),
            connect_timeout.is_none(),
            max_time.is_none(),
            user_agent.is_none(),
        ];
        lists.contains(&false) || options.contains(&false)
    }

    /// The transport that the options and the environment describe.
    pub(crate) fn transport(&self) -> Result<Arc<dyn Transport>, Failure> {
        environment::network(self, |name| env::var_os(name))?.build()
    }

    /// The proxy that the options and the environment name.
    pub(crate) fn chosen_proxy(&self) -> Result<Option<Proxy>, Failure> {
        self.proxy(|name| env::var_os(name))
    }

    /// The same network without a proxy.
    pub(crate) fn without_proxy(&self) -> Self {
        Self {
            proxy: Some(Secret::new("")),
            ..self.clone()
        }
    }

    fn build(&self) -> Result<Arc<dyn Transport>, Failure> {
        let builder = Live::builder().system_certificates();
        let mut builder = builder.map_err(|why| Failure::Input(why.to_string()))?;
        if let Some(path) = &self.cacert {
            let file = Input::File(path.clone());
            let added = builder.extra_ca_pem(&file.whole()?);
            builder = added.map_err(|why| file.failure(&why.to_string()))?;
        }
        if let Some(proxy) = self.chosen_proxy()? {
            builder = builder.proxy(proxy);
        }
        let rules = self.connect_to.iter().cloned();
        let builder = rules
            .fold(builder, LiveBuilder::connect_to)
            .allow_addresses(self.allow_address.iter().copied());
        let live = builder
            .build()
            .map_err(|error| Failure::setup("use the network", error))?;
        Ok(match &self.user_agent {
            None => Arc::new(live),
            Some(user_agent) => Arc::new(WithUserAgent {
                user_agent: user_agent.clone(),
                network: live,
            }),
        })
    }

    /// The proxy of the options, else of these variables.
    fn proxy(&self, variable: impl Fn(&str) -> Option<OsString>) -> Result<Option<Proxy>, Failure> {
        let set = |name: &'static str| {
            let value = variable(name).filter(|value| !value.is_empty())?;
            Some((name, value))
        };
        let text = |(name, value): (&'static str, OsString)| match value.into_string() {
            Ok(text) => Ok((name, text)),
            Err(_) => Err(Failure::Input(format!("{name} is not UTF-8"))),
        };
        let (source, url) = if let Some(url) = &self.proxy {
            ("--proxy", url.clone())
        } else if let Some(found) = PROXY_VARIABLES.into_iter().find_map(set) {
            let (name, url) = text(found)?;
            (name, Secret::new(url))
        } else {
            return Ok(None);
        };
        if url.expose().trim().is_empty() {
            return Ok(None);
        }
        let proxy = url.expose().parse::<Proxy>();
        let proxy =
            proxy.map_err(|why| Failure::Input(format!("{source} is not a proxy's URL: {why}")))?;
        let except = if let Some(list) = &self.noproxy {
            list.clone()
        } else if let Some(found) = NO_PROXY_VARIABLES.into_iter().find_map(set) {
            text(found)?.1
        } else {
            String::new()
        };
        tracing::debug!(%proxy, source, "using a proxy");
        Ok(Some(proxy.except(&except)))
    }

    /// The limits of each call: these, with the times of the options.
    pub(crate) fn limits(&self, limits: Limits) -> Limits {
        let connect = self.connect_timeout.unwrap_or(DEFAULT_CONNECT);
        let Some(max_time) = self.max_time else {
            let deadline = AFTER_CONNECT.saturating_add(connect);
            let timeouts = Timeouts::new().connect(connect);
            return limits.deadline(deadline).timeouts(timeouts);
        };
        // A connection that takes too long is named as such before the whole call is.
        let timeouts = Timeouts::new()
            .connect(connect.min(max_time / 5 * 4))
            .first_byte(max_time)
            .between_bytes(max_time);
        limits.deadline(max_time).timeouts(timeouts)
    }
}

/// Sends each request with this User-Agent in place of the plugin's.
struct WithUserAgent {
    user_agent: HeaderValue,
    network: Live,
}

impl Transport for WithUserAgent {
    fn send(
        &self,
        mut request: http::Request<Bytes>,
        timeouts: Timeouts,
    ) -> Pin<Box<dyn Future<Output = Result<http::Response<ResponseBody>, TransportError>> + Send>>
    {
        let fields = request.headers_mut();
        if self.user_agent.is_empty() {
            fields.remove(USER_AGENT);
        } else {
            fields.insert(USER_AGENT, self.user_agent.clone());
        }
        self.network.send(request, timeouts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The proxy by an option and these variables: its URL, and whether a vendor is reached by it.
    fn proxy(
        option: Option<&str>,
        noproxy: Option<&str>,
        variables: &[(&str, &str)],
    ) -> Result<Option<String>, String> {
        let network = Network {
            proxy: option.map(Secret::new),
            noproxy: noproxy.map(str::to_owned),
            ..Network::default()
        };
        let found = network.proxy(|name| {
            let mut variables = variables.iter();
            let (_, value) = variables.find(|(known, _)| *known == name)?;
            Some(OsString::from(value))
        });
        match found {
            Ok(proxy) => Ok(proxy.map(|proxy| format!("{proxy:?}"))),
            Err(failure) => Err(failure.to_string()),
        }
    }

    #[test]
    fn the_environment_names_the_proxy_as_curl_reads_it() {
        for (option, variables, expected) in [
            (None, &[][..], None),
            (None, &[("HTTPS_PROXY", "http://a:1")], Some("http://a:1/")),
            (None, &[("https_proxy", "a:1")], Some("http://a:1/")),
            (
                None,
                &[("ALL_PROXY", "socks5h://a:1")],
                Some("socks5h://a:1/"),
            ),
            (None, &[("all_proxy", "http://a:1")], Some("http://a:1/")),
            // Not for https.
            (
                None,
                &[("HTTP_PROXY", "http://a:1"), ("http_proxy", "http://a:1")],
                None,
            ),
            (
                None,
                &[("HTTPS_PROXY", "http://a:1"), ("https_proxy", "http://b:1")],
                Some("http://b:1/"),
            ),
            (
                None,
                &[("all_proxy", "http://a:1"), ("HTTPS_PROXY", "http://b:1")],
                Some("http://b:1/"),
            ),
            (
                None,
                &[("https_proxy", ""), ("ALL_PROXY", "http://b:1")],
                Some("http://b:1/"),
            ),
            (
                Some("http://c:1"),
                &[("https_proxy", "http://b:1")],
                Some("http://c:1/"),
            ),
            (Some(""), &[("https_proxy", "http://b:1")], None),
        ] {
            let found = proxy(option, None, variables).unwrap();
            let expected = expected.map(|url| format!("Proxy {{ url: {url}, except: \"\", .. }}"));
            assert_eq!(found, expected, "{variables:?}");
        }
    }

    #[test]
    fn exceptions_are_those_of_the_option_else_of_the_environment() {
        let both = [("https_proxy", "http://a:1"), ("NO_PROXY", "b, c")];
        let lower = [both[0], both[1], ("no_proxy", "d")];
        for (option, variables, expected) in [
            (None, &both[..], "b,,c"),
            (None, &lower, "d"),
            (Some("e"), &lower, "e"),
            (Some(""), &lower, ""),
        ] {
            let found = proxy(None, option, variables).unwrap().unwrap();
            let expected = format!("except: \"{expected}\"");
            assert!(found.contains(&expected), "{found}");
        }
    }

    #[test]
    fn an_invalid_url_is_an_error_that_names_its_source_and_not_the_url() {
        for (option, variables, source) in [
            (Some("http://u:tulip@a:x"), &[][..], "--proxy "),
            (
                None,
                &[("HTTPS_PROXY", "ftp://u:tulip@a:1")],
                "HTTPS_PROXY ",
            ),
            (
                None,
                &[("all_proxy", "http://u:tulip@a/tulip")],
                "all_proxy ",
            ),
        ] {
            let message = proxy(option, None, variables).unwrap_err();
            assert!(message.starts_with(source), "{message}");
            assert!(!message.contains("tulip"), "{message}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_variable_that_is_not_utf_8_is_an_error_that_names_it() {
        use std::os::unix::ffi::OsStringExt;
        let odd = |name: &str| (name == "HTTPS_PROXY").then(|| OsString::from_vec(vec![0xff]));
        let message = Network::default().proxy(odd).unwrap_err().to_string();
        assert_eq!(message, "HTTPS_PROXY is not UTF-8");
    }

    #[test]
    fn times_are_seconds_with_decimals() {
        for (text, millis) in [
            ("2", Some(2000)),
            ("2.5", Some(2500)),
            ("0.001", Some(1)),
            ("1e3", Some(1_000_000)),
            ("0", None),
            ("-1", None),
            ("NaN", None),
            ("inf", None),
            ("1e300", None),
            ("5s", None),
            ("", None),
        ] {
            let read = seconds(text).ok().map(|time| time.as_millis());
            assert_eq!(read, millis, "{text}");
        }
    }

    #[test]
    fn time_limits_are_those_of_the_options() {
        let secs = Duration::from_secs;
        for (connect, max, expected) in [
            (None, None, [10, 30, 10, 60]),
            (Some(3), None, [3, 30, 10, 53]),
            (Some(100), None, [100, 30, 10, 150]),
            (None, Some(5), [4, 5, 5, 5]),
            (None, Some(300), [10, 300, 300, 300]),
            (Some(20), Some(300), [20, 300, 300, 300]),
            (Some(20), Some(10), [8, 10, 10, 10]),
        ] {
            let limits = Network {
                connect_timeout: connect.map(secs),
                max_time: max.map(secs),
                ..Network::default()
            }
            .limits(Limits::new());
            let of = limits.timeouts;
            let found = [of.connect, of.first_byte, of.between_bytes, limits.deadline];
            assert_eq!(found, expected.map(secs), "{connect:?} {max:?}");
        }
    }

    #[test]
    fn allow_address_takes_networks_and_single_addresses() {
        for (text, means) in [
            ("10.1.0.0/16", Some("10.1.0.0/16")),
            ("127.0.0.1", Some("127.0.0.1/32")),
            ("fd00::/8", Some("fd00::/8")),
            ("::1", Some("::1/128")),
            ("10.1.0.0/33", None),
            ("10.1", None),
            ("localhost", None),
        ] {
            let read = addresses(text).ok().map(|net| net.to_string());
            assert_eq!(read.as_deref(), means, "{text}");
        }
    }
}
