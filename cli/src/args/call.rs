//! Options of `call`: an API request as curl and `gh api` take it. Invalid values are found by
//! [`Call::check`], because clap's messages would repeat them, and they may be secret.

use std::ffi::OsString;
use std::path::PathBuf;

use http::header::{CONTENT_LENGTH, HOST, HeaderName, HeaderValue, TRANSFER_ENCODING};
use http::uri::PathAndQuery;
use http::{HeaderMap, Method};

use super::classify::{WRONG_HEADER, header};
use super::{Credential, Network, Plugin};
use crate::input::Input;

pub(super) const EXAMPLES: &str = "\
Examples:
  connector call --saved 'my key' '/v1/sites/1/surveys?limit=100'
  connector call --saved 'my key' /v1/exports --data @export.json
  connector call --saved 'my key' /v1/exports/7/file --output export.csv --fail --retry 5
  connector call hotjar --credential hotjar.json /v1/sites --include

PATH is appended to the base URL of the vendor's API. The plugin puts the session on the request, \
and a session that has expired is replaced. Standard output is the body of the response; messages \
go to standard error, and the token is never shown. Redirects are not followed.

Exit status: 0 for a response, also for one such as 404 without --fail; 3 if the vendor refused \
the credential or the request; 4 if the connection failed or broke off; 5 if the vendor throttles \
calls or is unavailable; 22 with --fail for a status of 400 or above; 2 for wrong usage; 1 for \
other failures.";

/// The header fields that the connection writes.
const OF_THE_CONNECTION: [HeaderName; 3] = [CONTENT_LENGTH, HOST, TRANSFER_ENCODING];

/// Options of `call`.
#[derive(Debug, clap::Args)]
pub(crate) struct Call {
    /// The vendor's id; not needed with --saved
    // The path, if it is the only one: clap takes an optional argument before a needed one only
    // where no option stands between them.
    #[arg(value_name = "VENDOR")]
    first: Option<String>,
    /// The path of the call, with its query, such as '/v1/sites?limit=1'
    #[arg(value_name = "PATH")]
    second: Option<String>,
    /// Use this method [default: GET, or POST with --data]
    #[arg(short = 'X', long, value_name = "METHOD")]
    method: Option<String>,
    /// Send a header field; can be repeated. Those of the session replace others of their name
    #[arg(short = 'H', long = "header", value_name = "NAME: VALUE")]
    headers: Vec<String>,
    /// Send this body, or that of a file or standard input, unchanged. Its content-type is
    /// application/json unless --header names another
    #[arg(short, long, value_name = "TEXT|@FILE|@-", allow_hyphen_values = true)]
    pub(crate) data: Option<Data>,
    /// Print the status and the header fields of the response before its body
    #[arg(short, long)]
    pub(crate) include: bool,
    /// Write the response to FILE once it is complete; a refused call leaves FILE unchanged
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Fail without output for a status of 400 or above, with exit status 22
    #[arg(short, long)]
    pub(crate) fail: bool,
    /// Retry a call N times while the vendor throttles or is unavailable, after the time that it
    /// names in Retry-After, else with exponential backoff
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) retry: u32,
    #[command(flatten)]
    pub(crate) credential: Credential,
    #[command(flatten)]
    pub(crate) plugin: Plugin,
    #[command(flatten)]
    pub(crate) network: Network,
}

/// The body of a request.
#[derive(Debug, Clone)]
pub(crate) enum Data {
    /// The argument itself.
    Text(OsString),
    /// A file, or standard input.
    From(Input),
}

impl From<OsString> for Data {
    fn from(argument: OsString) -> Self {
        let from = argument.to_str().and_then(|text| text.strip_prefix('@'));
        match from {
            Some(name) => Self::From(Input::from(OsString::from(name))),
            None => Self::Text(argument),
        }
    }
}

impl Call {
    /// The file of the body, or standard input.
    pub(super) fn data_input(&self) -> Option<&Input> {
        match &self.data {
            Some(Data::From(input)) => Some(input),
            Some(Data::Text(_)) | None => None,
        }
    }

    /// Checks the rules that clap lacks. No message repeats an argument.
    pub(super) fn check(&self) -> Result<(), &'static str> {
        if self.vendor().is_none() && self.credential.source.saved.is_none() {
            return Err("name the VENDOR before the PATH, or use --saved");
        }
        self.target()?;
        self.method()?;
        self.headers()?;
        Ok(())
    }

    /// The vendor's id.
    pub(crate) fn vendor(&self) -> Option<&str> {
        self.first.as_deref().filter(|_| self.second.is_some())
    }

    /// The path and query of the request.
    pub(crate) fn target(&self) -> Result<PathAndQuery, &'static str> {
        let path = self.second.as_ref().or(self.first.as_ref());
        let path = path.map_or("", String::as_str);
        if !path.starts_with('/') {
            return Err(
                "the PATH of a call begins with '/'; the vendor's base URL is put before it",
            );
        }
        // A parser would cut it off.
        if path.contains('#') {
            return Err("the PATH of a call has no fragment; write '#' as %23");
        }
        let encoded = path.bytes().all(|byte| byte.is_ascii_graphic());
        let target = path.parse().ok().filter(|_| encoded);
        target.ok_or(
            "the PATH of a call is not valid in a URL; percent-encode spaces and other special \
             characters",
        )
    }

    /// The method of the request, in capitals as all registered methods are.
    pub(crate) fn method(&self) -> Result<Method, &'static str> {
        let Some(method) = &self.method else {
            return Ok(if self.data.is_some() {
                Method::POST
            } else {
                Method::GET
            });
        };
        let method = Method::from_bytes(method.to_ascii_uppercase().as_bytes());
        match method {
            Ok(Method::CONNECT | Method::TRACE) => {
                Err("--method CONNECT and TRACE cannot carry a session; use another method")
            }
            Ok(method) => Ok(method),
            Err(_) => Err("--method is not an HTTP method; use one such as GET, PUT or DELETE"),
        }
    }

    /// The header fields of the request.
    pub(crate) fn headers(&self) -> Result<HeaderMap, &'static str> {
        let mut headers = HeaderMap::new();
        for field in &self.headers {
            let (name, value) = header(field).ok_or(WRONG_HEADER)?;
            let name: HeaderName = name.parse().map_err(|_| WRONG_HEADER)?;
            if OF_THE_CONNECTION.contains(&name) {
                return Err(
                    "--header cannot set host, content-length or transfer-encoding; the \
                     connection does",
                );
            }
            let value = HeaderValue::from_bytes(&value).map_err(|_| WRONG_HEADER)?;
            headers.append(name, value);
        }
        Ok(headers)
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::args::{Args, Command};

    fn check(words: &[&str]) -> Result<Call, String> {
        let words = ["connector", "call"].iter().chain(words);
        let args = Args::try_parse_from(words).map_err(|error| error.to_string())?;
        args.check()?;
        match args.command {
            Some(Command::Call(call)) => Ok(call),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_vendor_may_be_left_out_with_a_saved_credential_alone() {
        let saved = check(&["--saved", "k", "/v1"]).unwrap();
        assert_eq!(
            (saved.vendor(), saved.target().unwrap().as_str()),
            (None, "/v1")
        );
        let named = check(&["acme", "/v1", "--saved", "k"]).unwrap();
        assert_eq!(named.vendor(), Some("acme"));
        let message = check(&["/v1", "--credential", "c"]).unwrap_err();
        assert!(message.contains("VENDOR"), "{message}");
        assert!(check(&["acme", "/v1"]).is_err(), "a credential is needed");
        let apart = check(&["acme", "--credential", "c", "/v1"]).unwrap();
        assert_eq!(
            (apart.vendor(), apart.target().unwrap().as_str()),
            (Some("acme"), "/v1")
        );
        let message = check(&["--saved", "k"]).unwrap_err();
        assert!(message.contains("PATH"), "{message}");
    }

    #[test]
    fn a_path_is_that_of_a_url_and_never_repeated() {
        for (path, expected) in [
            ("/", None),
            ("/v1/a?b=c&d=%20", None),
            ("/v1//a?b=/c?d", None),
            ("v1/hush", Some("begins with '/'")),
            ("https://api.acme.example/hush", Some("begins with '/'")),
            ("", Some("begins with '/'")),
            ("/hush#here", Some("fragment")),
            ("/hush hush", Some("percent-encode")),
            ("/hush\u{e9}", Some("percent-encode")),
            ("/hush\r\nx: y", Some("percent-encode")),
        ] {
            let checked = check(&["acme", path, "--saved", "k"]);
            match (checked, expected) {
                (Ok(call), None) => assert_eq!(call.target().unwrap().as_str(), path),
                (Err(message), Some(part)) => {
                    assert!(message.contains(part), "{path:?}: {message}");
                    assert!(!message.contains("hush"), "{path:?}: {message}");
                }
                (other, _) => panic!("{path:?}: {other:?}"),
            }
        }
    }

    #[test]
    fn a_body_implies_post_and_a_method_is_one_that_can_carry_a_session() {
        for (options, expected) in [
            (&[][..], Some("GET")),
            (&["--data", "{}"], Some("POST")),
            (&["-d", "-1"], Some("POST")),
            (&["--data", "{}", "--method", "put"], Some("PUT")),
            (&["-X", "DELETE"], Some("DELETE")),
            (&["--method", "PURGE"], Some("PURGE")),
            (&["--method", "CONNECT"], None),
            (&["--method", "trace"], None),
            (&["--method", "GET it"], None),
            (&["--method", ""], None),
        ] {
            let checked = check(&[&["acme", "/v1", "--saved", "k"], options].concat());
            let method = checked.ok().map(|call| call.method().unwrap().to_string());
            assert_eq!(method.as_deref(), expected, "{options:?}");
        }
    }

    #[test]
    fn data_is_a_text_a_file_or_standard_input() {
        let data = |text: &str| Data::from(OsString::from(text));
        assert!(matches!(data("{}"), Data::Text(text) if text == "{}"));
        assert!(matches!(data("a@b"), Data::Text(_)));
        assert!(matches!(data("@-"), Data::From(Input::Stdin)));
        let file = Input::File("body.json".into());
        assert!(matches!(data("@body.json"), Data::From(from) if from == file));
        let both = ["acme", "/v1", "--credential", "-", "--data", "@-"];
        assert!(check(&both).unwrap_err().contains("not both"));
    }

    #[test]
    fn a_header_field_that_cannot_be_sent_is_refused_and_not_repeated() {
        let call = check(&[
            "acme",
            "/v1",
            "--saved",
            "k",
            "-H",
            "x-a: b: c",
            "-H",
            "X-A: d",
        ]);
        let headers = call.unwrap().headers().unwrap();
        let values: Vec<_> = headers.get_all("x-a").iter().collect();
        assert_eq!(values, ["b: c", "d"]);
        for field in [
            "hush",
            "two words: hush",
            "x: hush\r\ny: z",
            "Host: hush.example",
            "content-length: 4",
            "Transfer-Encoding: hush",
        ] {
            let message = check(&["acme", "/v1", "--saved", "k", "--header", field]).unwrap_err();
            assert!(message.contains("--header"), "{message}");
            assert!(!message.contains("hush"), "{message}");
        }
    }
}
