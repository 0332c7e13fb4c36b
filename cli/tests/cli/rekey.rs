//! `credentials rekey`: the key file, the key of the environment, and the errors of both.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::harness::{KEY, Run, SECRETS};

const NEW_KEY: &str = "/wECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// A home folder with a store of its own.
struct Home(tempfile::TempDir);

impl Home {
    /// With one credential. The key is that of the environment, if one is given, else in a file.
    fn new(key: Option<(&str, &str)>) -> Self {
        let home = Self(tempfile::tempdir().unwrap());
        leak_check::register(NEW_KEY);
        let document = json!({"client_id": "an id", "client_secret": SECRETS[1]}).to_string();
        let connect = ["connect", "hotjar", "--name", "mine", "--stdin"];
        home.run(&connect, &document, key).result();
        home
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn key_file(&self) -> PathBuf {
        self.path("config/connector/key/store.key")
    }

    fn write_private(&self, name: &str, text: &str) -> String {
        let path = self.path(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        path.display().to_string()
    }

    fn run(&self, arguments: &[&str], stdin: &str, key: Option<(&str, &str)>) -> Run {
        let (config, data) = (self.path("config"), self.path("data"));
        let mut variables = vec![
            ("XDG_CONFIG_HOME", config.to_str().unwrap()),
            ("XDG_DATA_HOME", data.to_str().unwrap()),
            ("CONNECTOR_STORE", ""),
            ("CONNECTOR_STORE_KEY", ""),
        ];
        variables.extend(key);
        Run::with(arguments, stdin, &variables)
    }

    /// The credential opens with this key.
    fn opens(&self, key: Option<(&str, &str)>) -> bool {
        let validate = ["validate", "hotjar", "--saved", "mine"];
        self.run(&validate, "", key).code == Some(0)
    }
}

fn keys(file: &Path) -> Vec<String> {
    let text = fs::read_to_string(file).unwrap();
    text.lines().map(str::to_owned).collect()
}

const REKEY: [&str; 2] = ["credentials", "rekey"];

#[test]
fn a_new_key_is_written_to_the_key_file_and_the_old_one_opens_nothing() {
    let home = Home::new(None);
    let old = keys(&home.key_file());
    let rekey = home.run(&REKEY, "", None);
    let result = rekey.result();
    assert_eq!(
        (&result["credentials"], &result["earlier_keys"]),
        (&json!(1), &json!(1))
    );
    assert!(
        rekey.stderr.contains("--drop-earlier-keys"),
        "{}",
        rekey.stderr
    );
    let both = keys(&home.key_file());
    assert_eq!((both.len(), &both[1]), (2, &old[0]));
    for key in &both {
        assert!(!rekey.stdout.contains(key) && !rekey.stderr.contains(key));
    }
    assert!(home.opens(None));
    let drop = home.run(&[&REKEY[..], &["--drop-earlier-keys"]].concat(), "", None);
    assert_eq!(
        (drop.result()["earlier_keys"].take(), &*drop.stderr),
        (json!(0), "")
    );
    assert_eq!(keys(&home.key_file()).len(), 1);
    assert!(home.opens(None));
    let mode = fs::metadata(home.key_file()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    for key in &both {
        fs::write(home.key_file(), key).unwrap();
        assert!(!home.opens(None));
    }
}

#[test]
fn a_key_of_the_environment_needs_the_new_one_in_a_private_file() {
    let home = Home::new(Some(KEY));
    let new = home.write_private("new.key", &format!("{NEW_KEY}\n"));
    let open = home.write_private("open.key", NEW_KEY);
    fs::set_permissions(&open, fs::Permissions::from_mode(0o644)).unwrap();
    let same = home.write_private("same.key", KEY.1);
    let wrong = home.write_private("wrong.key", "lilac");
    for (file, code) in [
        (None, "new-key-missing"),
        (Some(&*open), "key-too-open"),
        (Some(&*same), "same-key"),
        (Some(&*wrong), "key-malformed"),
        (Some("no-such-file"), "key-access"),
    ] {
        let option = file.map(|file| ["--new-key-file", file]);
        let option = option.iter().flatten().copied();
        let arguments: Vec<_> = REKEY.into_iter().chain(option).collect();
        let run = home.run(&arguments, "", Some(KEY));
        assert_eq!(run.error()["code"], code, "{}", run.stderr);
        assert!(home.opens(Some(KEY)));
    }
    let rekey = [&REKEY[..], &["--new-key-file", &new]].concat();
    let rekey = home.run(&rekey, "", Some(KEY));
    assert_eq!(rekey.result()["key"], "CONNECTOR_STORE_KEY");
    let advice = format!("set CONNECTOR_STORE_KEY to the key in {new}");
    assert!(rekey.stderr.contains(&advice), "{}", rekey.stderr);
    assert!(home.opens(Some((KEY.0, NEW_KEY))));
    assert!(!home.opens(Some(KEY)));
    assert!(!home.key_file().exists());
}

#[test]
fn a_store_that_does_not_exist_is_not_created_and_a_neighbour_keeps_its_key() {
    let home = Home::new(None);
    let none = home.path("none.db");
    let store = ["--store", none.to_str().unwrap()];
    let run = home.run(&[&REKEY[..], &store].concat(), "", None);
    assert_eq!(run.error()["kind"], "input");
    assert!(!none.exists());

    let other = home.path("data/connector/store/other.db");
    let store = ["--store", other.to_str().unwrap()];
    let document = json!({"client_id": "an id", "client_secret": SECRETS[1]}).to_string();
    let connect = ["connect", "hotjar", "--name", "mine", "--stdin"];
    home.run(&[&connect[..], &store].concat(), &document, None)
        .result();
    let drop = [&REKEY[..], &["--drop-earlier-keys"]].concat();
    let run = home.run(&drop, "", None);
    assert_eq!(run.error()["code"], "key-in-use", "{}", run.stderr);
    assert!(run.stderr.contains("other.db"), "{}", run.stderr);
    home.run(&REKEY, "", None).result();
    home.run(&[&drop[..], &store].concat(), "", None).result();
    assert_eq!(keys(&home.key_file()).len(), 1);
    assert!(home.opens(None));
}
