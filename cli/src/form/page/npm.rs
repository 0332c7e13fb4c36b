//! npm, with the part of the environment that it needs. Secrets in the environment of the command
//! reach neither npm nor the code of packages.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::failure::Failure;

/// Installs exactly the packages of the lock file, whose checksums it has, and runs no code of
/// theirs.
const INSTALL: [&str; 4] = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"];

const BUILD: [&str; 2] = ["run", "build"];

/// The variables for both: where programs are, and the user's npm.
const BASE: [&str; 2] = ["HOME", "PATH"];

/// The further variables of an installation: the way to the registry, and the tokens that the
/// configuration of a user names by custom. Compared without regard to case.
const NETWORK: [&str; 25] = [
    "all_proxy",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "node_auth_token",
    "node_extra_ca_certs",
    "node_use_env_proxy",
    "node_use_system_ca",
    "npm_config_ca",
    "npm_config_cache",
    "npm_config_cafile",
    "npm_config_cert",
    "npm_config_globalconfig",
    "npm_config_https_proxy",
    "npm_config_key",
    "npm_config_noproxy",
    "npm_config_offline",
    "npm_config_prefer_offline",
    "npm_config_proxy",
    "npm_config_registry",
    "npm_config_strict_ssl",
    "npm_config_userconfig",
    "npm_token",
    "ssl_cert_dir",
    "ssl_cert_file",
];

/// The registries of scopes, and the credentials of registries, have names of their own.
const NETWORK_PREFIXES: [&str; 2] = ["npm_config_@", "npm_config_//"];

/// npm, and the variables that it may get.
pub(super) struct Npm {
    program: OsString,
    variables: Vec<(String, OsString)>,
}

impl Npm {
    /// The npm of the search path.
    pub(super) fn of_system() -> Self {
        Self::new("npm".as_ref(), std::env::vars_os())
    }

    pub(super) fn new(
        program: &OsStr,
        variables: impl Iterator<Item = (OsString, OsString)>,
    ) -> Self {
        let known = |(name, value): (OsString, OsString)| {
            let name = name.into_string().ok()?;
            (is_base(&name) || is_network(&name)).then_some((name, value))
        };
        Self {
            program: program.to_owned(),
            variables: variables.filter_map(known).collect(),
        }
    }

    /// Installs the packages of a folder.
    pub(super) fn install(&self, folder: &Path) -> Result<(), Failure> {
        self.run(folder, &INSTALL, |_| true)
    }

    /// Builds the page in a folder. It needs no network.
    pub(super) fn build(&self, folder: &Path) -> Result<(), Failure> {
        self.run(folder, &BUILD, is_base)
    }

    fn run(
        &self,
        folder: &Path,
        arguments: &[&str],
        is_kept: impl Fn(&str) -> bool,
    ) -> Result<(), Failure> {
        let kept = self.variables.iter().filter(|(name, _)| is_kept(name));
        let ran = Command::new(&self.program)
            .args(arguments)
            .current_dir(folder)
            .env_clear()
            .envs(kept.map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            // Standard output is for the results of this program.
            .stdout(io::stderr())
            .status();
        let why = match ran {
            Ok(status) if status.success() => return Ok(()),
            Ok(_) => format!(
                "`npm {}` failed in {}; its output is above",
                arguments.join(" "),
                folder.display()
            ),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                "npm was not found; install Node.js 20.19 or later (https://nodejs.org), which \
                 includes it, and run this again; all other commands work without it"
                    .to_owned()
            }
            Err(error) => format!("npm cannot be run: {error}"),
        };
        Err(Failure::setup("build the page", why))
    }
}

fn is_base(name: &str) -> bool {
    BASE.contains(&name)
}

fn is_network(name: &str) -> bool {
    // npm reads both cases.
    let name = name.to_ascii_lowercase();
    NETWORK.contains(&&*name) || NETWORK_PREFIXES.iter().any(|start| name.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_installation_gets_the_way_to_the_registry_and_no_other_variable() {
        for (name, of_network) in [
            ("https_proxy", true),
            ("HTTPS_PROXY", true),
            ("No_Proxy", true),
            ("NODE_EXTRA_CA_CERTS", true),
            ("SSL_CERT_DIR", true),
            ("SSL_CERT_FILE", true),
            ("npm_config_registry", true),
            ("NPM_CONFIG_REGISTRY", true),
            ("npm_config_@acme:registry", true),
            ("npm_config_//npm.acme.example/:_authToken", true),
            ("NPM_CONFIG_USERCONFIG", true),
            ("NPM_TOKEN", true),
            ("CONNECTOR_STORE_KEY", false),
            ("HOTJAR_SECRET", false),
            ("NODE_OPTIONS", false),
            ("npm_config_node_options", false),
            ("npm_config_ignore_scripts", false),
            ("npm_config_script_shell", false),
            ("LD_PRELOAD", false),
            ("PATH", false),
            ("", false),
        ] {
            assert_eq!(is_network(name), of_network, "{name}");
        }
        assert!(is_base("PATH") && is_base("HOME") && !is_base("Path"));
    }

    #[test]
    fn the_list_of_names_is_in_lower_case_and_sorted() {
        assert!(NETWORK.is_sorted());
        assert!(NETWORK.iter().all(|name| *name == name.to_lowercase()));
    }
}
