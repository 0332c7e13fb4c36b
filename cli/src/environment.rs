//! Environment variables in place of network options, as `connector simulate --env` prints them. An
//! option goes before its variable.

use std::ffi::OsString;

use connector_host::ConnectToError;

use crate::args::Network;
use crate::failure::Failure;

/// Names a file with a certificate authority, like `--cacert`.
pub(crate) const CACERT: &str = "CONNECTOR_CACERT";

/// Rules like those of `--connect-to`, separated by spaces.
pub(crate) const CONNECT_TO: &str = "CONNECTOR_CONNECT_TO";

/// The network options, with those of the environment where they are left out.
pub(crate) fn network(
    given: &Network,
    variable: impl Fn(&str) -> Option<OsString>,
) -> Result<Network, Failure> {
    let variable = |name| variable(name).filter(|value| !value.is_empty());
    let mut network = given.clone();
    if network.cacert.is_none() {
        network.cacert = variable(CACERT).map(Into::into);
    }
    if network.connect_to.is_empty()
        && let Some(rules) = variable(CONNECT_TO)
    {
        let rules = rules.to_string_lossy();
        let rules: Result<_, ConnectToError> = rules.split_whitespace().map(str::parse).collect();
        let wrong = |error| Failure::Input(format!("{CONNECT_TO} has an {error}"));
        network.connect_to = rules.map_err(wrong)?;
    }
    Ok(network)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_option_goes_before_its_variable() {
        let rules = "a:443:127.0.0.1:1 b:443:127.0.0.1:2";
        let variable = |name: &str| match name {
            CACERT => Some("ca.pem".into()),
            CONNECT_TO => Some(rules.into()),
            _ => None,
        };
        let from_environment = network(&Network::default(), variable).unwrap();
        assert_eq!(from_environment.cacert, Some("ca.pem".into()));
        assert_eq!(from_environment.connect_to.len(), 2);
        let given = Network {
            cacert: Some("other.pem".into()),
            connect_to: vec!["c:443:127.0.0.1:3".parse().unwrap()],
            ..Network::default()
        };
        let network = network(&given, variable).unwrap();
        assert_eq!(
            (network.cacert, network.connect_to),
            (given.cacert, given.connect_to)
        );
    }

    #[test]
    fn a_malformed_variable_is_named_and_an_empty_one_is_none() {
        let nonsense = |name: &str| (name == CONNECT_TO).then(|| "hush".into());
        let message = network(&Network::default(), nonsense)
            .unwrap_err()
            .to_string();
        assert!(
            message.contains("CONNECTOR_CONNECT_TO has an invalid rule"),
            "{message}"
        );
        assert!(!message.contains("hush"), "{message}");
        let empty = network(&Network::default(), |_| Some(OsString::new())).unwrap();
        assert!(empty.cacert.is_none() && empty.connect_to.is_empty());
    }
}
