//! Options of `classify`, and header fields as arguments. Messages do not repeat a wrong one.

use http::HeaderName;

use super::Target;
use crate::input::Input;

pub(super) const EXAMPLES: &str = "\
Examples:
  connector classify hotjar --status 401
  connector classify contentsquare --status 429 --header 'Retry-After: 30' --body response.json";

/// Options of `classify`.
#[derive(Debug, clap::Args)]
pub(crate) struct Classify {
    #[command(flatten)]
    pub(crate) target: Target,
    #[command(flatten)]
    pub(crate) response: Response,
}

/// An API response.
#[derive(Debug, clap::Args)]
pub(crate) struct Response {
    /// The HTTP status of the response
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(100..=599))]
    pub(crate) status: u16,
    /// A header field of the response; can be repeated
    // Not parsed by clap: its message for an invalid value would repeat the value.
    #[arg(long = "header", value_name = "NAME: VALUE")]
    header: Vec<String>,
    /// Read the body of the response, or its beginning, from a file, or - for standard input
    #[arg(long, value_name = "FILE|-")]
    pub(crate) body: Option<Input>,
}

impl Response {
    /// The header fields, or `None` when one of them is malformed.
    pub(crate) fn headers(&self) -> Option<Vec<(String, Vec<u8>)>> {
        self.header.iter().map(|field| header(field)).collect()
    }
}

impl Classify {
    /// Checks the rule that clap lacks.
    pub(super) fn check(&self) -> Result<(), &'static str> {
        self.response.headers().map(drop).ok_or(WRONG_HEADER)
    }
}

/// A message that does not repeat the argument.
pub(super) const WRONG_HEADER: &str = "a --header is not of the form 'name: value'";

/// Splits `name: value`. The value can hold any bytes; the name cannot.
pub(super) fn header(field: &str) -> Option<(String, Vec<u8>)> {
    let (name, value) = field.split_once(':')?;
    HeaderName::try_from(name).ok()?;
    Some((name.to_owned(), value.trim().as_bytes().to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_split_at_the_first_colon() {
        assert_eq!(
            header("Link: <https://a:1>"),
            Some(("Link".to_owned(), b"<https://a:1>".to_vec()))
        );
        assert_eq!(header("x:"), Some(("x".to_owned(), Vec::new())));
        assert_eq!(header("no colon"), None);
        assert_eq!(header("two words: x"), None);
    }
}
