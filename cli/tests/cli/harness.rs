//! Runs the binary against simulators, and searches all of its output for secrets and tokens.

use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};

use connector_simulators::{Simulators, TOKEN_PREFIX};
use serde_json::{Value, json};
use tempfile::TempDir;

pub(crate) const VENDORS: [&str; 2] = ["hotjar", "contentsquare"];

/// Empty, so that the network of the machine has no effect; as if they were not set.
pub(crate) const NO_NETWORK: [(&str, &str); 6] = [
    ("https_proxy", ""),
    ("HTTPS_PROXY", ""),
    ("all_proxy", ""),
    ("ALL_PROXY", ""),
    ("no_proxy", ""),
    ("NO_PROXY", ""),
];
/// The key of the stores in these tests.
pub(crate) const KEY: (&str, &str) = (
    "CONNECTOR_STORE_KEY",
    "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
);

/// The outcome of a run of the binary.
pub(crate) struct Run {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Run {
    /// Checks the exit status and the whole of standard output.
    #[track_caller]
    pub(crate) fn ends(&self, code: i32, stdout: &str) {
        let found = (self.code, self.stdout.as_str());
        assert_eq!(found, (Some(code), stdout), "{}", self.stderr);
    }

    /// Runs the binary to its end, and fails if it shows a secret, or a token without `--reveal`.
    pub(crate) fn new(arguments: &[&str], stdin: &str) -> Self {
        Self::with(arguments, stdin, &[])
    }

    /// The same, with these variables in the environment.
    pub(crate) fn with(arguments: &[&str], stdin: &str, variables: &[(&str, &str)]) -> Self {
        register(&[stdin], variables);
        let mut child = Command::new(env!("CARGO_BIN_EXE_connector"))
            .args(arguments)
            // Not the cache of the user who runs the tests.
            .env("XDG_CACHE_HOME", env!("CARGO_TARGET_TMPDIR"))
            // English, independent of the machine.
            .env("LC_ALL", "C.UTF-8")
            .envs(NO_NETWORK)
            .envs(variables.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // The command may have ended without reading.
        let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
        let output = child.wait_with_output().unwrap();
        let run = Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        };
        let revealed = arguments.contains(&"--reveal") || arguments.first() == Some(&"token");
        leak_check::output(&run.stderr);
        if !revealed {
            leak_check::output(&run.stdout);
        }
        assert!(!shows_a_secret(&run.stderr), "{}", run.stderr);
        assert!(!shows_a_token(&run.stderr), "{}", run.stderr);
        assert!(!shows_a_secret(&run.stdout), "{}", run.stdout);
        assert!(revealed || !shows_a_token(&run.stdout), "{}", run.stdout);
        run
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|_| panic!("{}\n{}", self.stdout, self.stderr))
    }

    /// The result of a call that succeeded.
    pub(crate) fn result(&self) -> Value {
        assert_eq!(self.code, Some(0), "{}\n{}", self.stdout, self.stderr);
        self.json()
    }

    /// The error of a call that failed with a message on standard error.
    pub(crate) fn error(&self) -> Value {
        // 2 is for wrong usage, which has no JSON.
        let failed = self.code.is_some_and(|code| ![0, 2].contains(&code));
        assert!(failed, "{:?}\n{}\n{}", self.code, self.stdout, self.stderr);
        assert!(self.stderr.starts_with("error: "), "{}", self.stderr);
        self.json()["error"].take()
    }
}

/// Registers the secrets that are typed, piped or set here for the leak check.
pub(crate) fn register(documents: &[&str], variables: &[(&str, &str)]) {
    for text in documents {
        leak_check::register_document(text);
    }
    for text in SECRETS {
        leak_check::register(text);
    }
    for (name, value) in variables {
        if ["CONNECTOR_STORE_KEY", "CONNECTOR_PASSPHRASE"].contains(name) && !value.is_empty() {
            leak_check::register(value);
        }
    }
}

/// Whether the text has one of the simulators' client secrets, plain or encoded for a form or JSON.
pub(crate) fn shows_a_secret(text: &str) -> bool {
    SECRETS.iter().any(|secret| {
        let form: String = form_urlencoded::byte_serialize(secret.as_bytes()).collect();
        let json = json!(secret).to_string();
        [*secret, &form, json.trim_matches('"')]
            .iter()
            .any(|shape| text.contains(shape))
    })
}

pub(crate) fn shows_a_token(text: &str) -> bool {
    text.contains(TOKEN_PREFIX)
}

/// The secrets that the tests type; `Vendors::start` checks that the simulators' are among them.
pub(crate) const SECRETS: [&str; 5] = [
    "not;a?real&secret+of%41=any one",
    "quite wrong",
    "hush on the spot",
    "all;of?the&account+is%20=in here",
    "\"rich\\er;than?any&real+one%3D= \"",
];

/// The simulators, and the files to use them with.
pub(crate) struct Vendors {
    pub(crate) simulators: Simulators,
    pub(crate) dir: TempDir,
    pub(crate) network: Vec<String>,
}

impl Vendors {
    pub(crate) async fn start() -> Self {
        let simulators = Simulators::start().await.unwrap();
        let dir = tempfile::tempdir().unwrap();
        let ca = dir.path().join("ca.pem");
        fs::write(&ca, simulators.ca_pem()).unwrap();
        let mut network = vec!["--cacert".to_owned(), ca.display().to_string()];
        network.extend(
            simulators
                .connect_to()
                .into_iter()
                .flat_map(|names| ["--connect-to".to_owned(), names]),
        );
        for vendor in VENDORS {
            let credential = &simulators.vendor(vendor).unwrap().sample_credentials()[0].1;
            assert!(SECRETS.contains(&credential["client_secret"].as_str().unwrap()));
            fs::write(dir.path().join(vendor), credential.to_string()).unwrap();
        }
        Self {
            simulators,
            dir,
            network,
        }
    }

    pub(crate) fn credential(&self, vendor: &str) -> String {
        self.dir.path().join(vendor).display().to_string()
    }

    /// The same credential with another secret.
    pub(crate) fn wrong_credential(&self, vendor: &str) -> String {
        let mut credential: Value =
            serde_json::from_str(&fs::read_to_string(self.credential(vendor)).unwrap()).unwrap();
        credential["client_secret"] = json!(SECRETS[1]);
        credential.to_string()
    }

    /// Runs a command that uses the network.
    pub(crate) fn run(&self, arguments: &[&str], stdin: &str) -> Run {
        let network = self.network.iter().map(String::as_str);
        let arguments: Vec<_> = arguments.iter().copied().chain(network).collect();
        Run::new(&arguments, stdin)
    }
}
