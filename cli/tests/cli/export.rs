//! `credentials export` and `import`: from one store to another, sealed with a passphrase.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::harness::{KEY, Run, SECRETS, Vendors};
use crate::pty::{Dialogue, ENTER};
use crate::stub::{Stub, example};

const PASSPHRASE: &str = "lilac five random words";
const OTHER: &str = "lilac five random word";

/// A folder with stores and exports.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        for secret in [PASSPHRASE, OTHER] {
            leak_check::register(secret);
        }
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn file(&self, name: &str, text: &str) -> String {
        fs::write(self.path(name), text).unwrap();
        self.path(name).display().to_string()
    }

    /// Runs `credentials` with a store, and this passphrase in the environment.
    fn run_with(&self, store: &str, arguments: &[&str], stdin: &str, passphrase: &str) -> Run {
        let store = self.path(store).join("credentials.db");
        let store = ["--store", store.to_str().unwrap()];
        let arguments = [arguments, &store[..]].concat();
        Run::with(
            &arguments,
            stdin,
            &[KEY, ("CONNECTOR_PASSPHRASE", passphrase)],
        )
    }

    fn run(&self, store: &str, arguments: &[&str]) -> Run {
        let arguments = [&["credentials"], arguments].concat();
        self.run_with(store, &arguments, "", PASSPHRASE)
    }

    /// Saves a credential of Hotjar.
    fn save(&self, store: &str, name: &str, secret: &str) {
        let document = json!({"client_id": "an id", "client_secret": secret}).to_string();
        let connect = ["connect", "hotjar", "--name", name, "--stdin"];
        let described = [&connect[..], &["--description", "of a test"]].concat();
        self.run_with(store, &described, &document, "").result();
    }

    fn list(&self, store: &str) -> Value {
        self.run(store, &["list"]).result()
    }

    fn names(&self, store: &str) -> Vec<String> {
        let list = self.list(store);
        let names = list.as_array().unwrap().iter();
        names
            .map(|saved| saved["name"].as_str().unwrap().to_owned())
            .collect()
    }

    /// The document of a saved credential as an export of it alone has it.
    fn validates(&self, store: &str, name: &str) {
        let validate = ["validate", "hotjar", "--saved", name];
        self.run_with(store, &validate, "", "").result();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exported_credential_signs_in_from_another_store() {
    let vendors = Vendors::start().await;
    let place = Place::new();
    for (vendor, number) in [("hotjar", 0), ("contentsquare", 1)] {
        let samples = vendors
            .simulators
            .vendor(vendor)
            .unwrap()
            .sample_credentials();
        let connect = ["connect", vendor, "--name", vendor, "--stdin"];
        let document = samples[number].1.to_string();
        place.run_with("here", &connect, &document, "").result();
    }
    let file = place.path("all.sealed");
    let file = file.to_str().unwrap();
    let export = place.run("here", &["export", "--all", "--output", file]);
    let expected = json!({"exported": ["contentsquare", "hotjar"], "file": file});
    assert_eq!((export.result(), &*export.stderr), (expected, ""));
    let mode = fs::metadata(file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let text = fs::read_to_string(file).unwrap();
    for word in ["hotjar", "client_id", SECRETS[0]] {
        assert!(!text.contains(word), "{word}");
    }
    let imported = place.run("there", &["import", file]).result();
    let masked = |list: &Value| -> Vec<Value> {
        let list = list.as_array().unwrap().iter();
        list.map(|saved| saved["credential"].clone()).collect()
    };
    assert_eq!(masked(&imported), masked(&place.list("here")));
    let network = vendors.network.iter().map(String::as_str);
    for vendor in ["hotjar", "contentsquare"] {
        let check = ["check", vendor].into_iter().chain(network.clone());
        let check = place.run("there", &check.collect::<Vec<_>>());
        assert_eq!(check.result()["accepted"], true, "{vendor}");
    }
}

#[test]
fn a_file_is_standard_output_or_new_and_the_passphrase_comes_from_a_file_or_a_variable() {
    let place = Place::new();
    place.save("here", "a", SECRETS[1]);
    place.save("here", "b", SECRETS[2]);
    let export = place.run("here", &["export", "a", "b", "a"]);
    assert_eq!((export.code, &*export.stderr), (Some(0), ""));
    assert!(
        export
            .stdout
            .starts_with("-----BEGIN CONNECTOR CREDENTIALS-----\n")
    );
    assert!(
        export
            .stdout
            .ends_with("-----END CONNECTOR CREDENTIALS-----\n")
    );
    let import = ["credentials", "import", "-"];
    place
        .run_with("there", &import, &export.stdout, PASSPHRASE)
        .result();
    assert_eq!(place.names("there"), ["a", "b"]);
    place.validates("there", "a");

    for (name, content) in [
        ("line", format!("{PASSPHRASE}\n")),
        ("windows", format!("{PASSPHRASE}\r\n")),
        ("bare", PASSPHRASE.to_owned()),
        ("marked", format!("\u{feff}{PASSPHRASE}")),
    ] {
        let passphrase = place.file(name, &content);
        let import = [
            "credentials",
            "import",
            "-",
            "--passphrase-file",
            &passphrase,
        ];
        let run = place.run_with(&format!("store-{name}"), &import, &export.stdout, "");
        assert_eq!(run.result().as_array().unwrap().len(), 2, "{name}");
    }
    let file = place.file("exists", "mine");
    let export = place.run("here", &["export", "a", "-o", &file]);
    assert_eq!(export.error()["kind"], "input");
    assert!(
        export.stderr.contains("exists; name a new file"),
        "{}",
        export.stderr
    );
    assert_eq!(fs::read_to_string(&file).unwrap(), "mine");

    // Standard output would be taken for the file.
    for (arguments, passphrase, part) in [
        (
            &["export", "none"][..],
            PASSPHRASE,
            "no saved credential \"none\"",
        ),
        (&["export", "a"], "too short", "fewer than 12 characters"),
        (&["export", "a"], "", "--passphrase-file FILE"),
        (&["export"], PASSPHRASE, "--all"),
        (&["export", "a", "--all"], PASSPHRASE, "--all"),
    ] {
        let arguments = [&["credentials"], arguments].concat();
        let run = place.run_with("here", &arguments, "", passphrase);
        assert!(run.code.is_some_and(|code| code > 0));
        assert_eq!(run.stdout, "", "{arguments:?}");
        assert!(run.stderr.contains(part), "{arguments:?}: {}", run.stderr);
    }
    let two = place.file("two", &format!("{PASSPHRASE}\n{PASSPHRASE}\n"));
    let run = place.run("here", &["export", "a", "--passphrase-file", &two]);
    assert!(run.stderr.contains("more than one line"), "{}", run.stderr);
    let run = place.run("empty", &["export", "--all"]);
    assert!(
        run.stderr.contains("no credential is saved"),
        "{}",
        run.stderr
    );
    assert!(!place.path("empty").exists());
}

#[test]
fn a_file_that_does_not_open_is_an_error_that_says_why_and_imports_nothing() {
    let place = Place::new();
    place.save("here", "a", SECRETS[1]);
    let export = place.run("here", &["export", "a"]).stdout;
    let mut lines: Vec<_> = export.lines().collect();
    let cut = lines[..lines.len() - 2].join("\n");
    let second = lines[1].replacen(['A', 'B', 'C', 'D'], "E", 1);
    lines[1] = &second;
    let changed = lines.join("\n");
    for (text, passphrase, part) in [
        (&*export, OTHER, "does not open with this passphrase"),
        (&cut, PASSPHRASE, "is cut off"),
        (&changed, PASSPHRASE, "is damaged or was changed"),
        ("{}", PASSPHRASE, "is not an export of credentials"),
        ("", PASSPHRASE, "is not an export of credentials"),
        (&*export, "", "--passphrase-file FILE"),
    ] {
        let file = place.file("sealed", text);
        let import = ["credentials", "import", &file];
        let run = place.run_with("there", &import, "", passphrase);
        assert!(run.code.is_some_and(|code| code > 0), "{part}");
        assert!(run.stderr.contains(part), "{part}: {}", run.stderr);
        assert!(!place.path("there").exists(), "{part}");
    }
    let run = place.run("there", &["import", "no-such-file"]);
    assert!(
        run.stderr.contains("no-such-file does not exist"),
        "{}",
        run.stderr
    );
    let both = ["import", "-", "--passphrase-file", "-"];
    assert_eq!(place.run("there", &both).code, Some(2));
}

#[test]
fn names_that_are_taken_are_listed_renamed_or_replaced_all_or_none() {
    let place = Place::new();
    for name in ["a", "b", "c"] {
        place.save("here", name, SECRETS[1]);
    }
    let file = place.path("sealed");
    let file = file.to_str().unwrap();
    place
        .run("here", &["export", "--all", "--output", file])
        .result();
    for name in ["b", "c"] {
        place.save("there", name, SECRETS[2]);
    }
    let before = place.list("there");
    let import = |options: &[&str]| place.run("there", &[&["import", file], options].concat());
    let taken = import(&[]);
    assert_eq!(taken.error()["code"], "name-taken");
    assert!(taken.stderr.contains("\"b\", \"c\""), "{}", taken.stderr);
    for (options, code, part) in [
        (&["--rename", "b=new"][..], 1, "\"c\"; nothing was imported"),
        (
            &["--rename", "b=a"],
            1,
            "two credentials would get the name \"a\"",
        ),
        (&["--rename", "none=new"], 1, "has no credential \"none\""),
        (&["--rename", "b=a\nb"], 1, "needs a name"),
        (&["--rename", "b"], 2, "OLD=NEW"),
    ] {
        let run = import(options);
        assert_eq!(run.code, Some(code), "{options:?}: {}", run.stderr);
        assert!(run.stderr.contains(part), "{options:?}: {}", run.stderr);
        assert_eq!(place.list("there"), before, "{options:?}");
    }
    import(&["--rename", "b=b 2", "--rename", "c=c 2"]).result();
    assert_eq!(place.names("there"), ["a", "b", "b 2", "c", "c 2"]);
    let replaced = import(&["--replace"]).result();
    assert_eq!(replaced.as_array().unwrap().len(), 3);
    let export = place.run("there", &["export", "b"]).stdout;
    place
        .run_with(
            "third",
            &["credentials", "import", "-"],
            &export,
            PASSPHRASE,
        )
        .result();
    place.validates("third", "b");
    assert_eq!(place.names("there").len(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_plugin_checks_each_document_before_anything_is_saved() {
    let place = Place::new();
    let hosts = ["login.orchard.example", "api.orchard.example"];
    let orchard = Stub::start(&example("refresh_token"), &hosts, |_| (200, json!({}))).await;
    leak_check::register("pasted-refresh-0003");
    let connect = ["connect", "orchard", "--name", "trees", "--stdin"];
    let document = json!({"refresh_token": "pasted-refresh-0003"}).to_string();
    orchard.run_offline(&connect, &document).result();
    let options = orchard.options();
    let plugin = &options[..2];
    let store = options.last().unwrap();
    let file = place.path("sealed");
    let file = file.to_str().unwrap();
    let export = [
        "credentials",
        "export",
        "trees",
        "--output",
        file,
        "--store",
        store,
    ];
    let export: Vec<_> = export
        .into_iter()
        .chain(plugin.iter().map(String::as_str))
        .collect();
    let variables = [KEY, ("CONNECTOR_PASSPHRASE", PASSPHRASE)];
    let run = Run::with(&export, "", &variables);
    run.result();
    // The token can be spent on one machine only.
    let warning = "trees: its token is replaced on each use, so use it on one machine only";
    assert!(run.stderr.starts_with(warning), "{}", run.stderr);

    // A plugin without this vendor.
    let run = place.run("there", &["import", file]);
    let error = run.error();
    assert_eq!(
        (&error["kind"], &error["credential"]),
        (&json!("unknown-vendor"), &json!("trees"))
    );
    assert!(
        run.stderr.contains("trees: nothing was imported: "),
        "{}",
        run.stderr
    );
    assert!(!place.path("there").exists());
    let import: Vec<_> = ["import", file]
        .into_iter()
        .chain(plugin.iter().map(String::as_str))
        .collect();
    place.run("there", &import).result();
    assert_eq!(place.names("there"), ["trees"]);
}

#[test]
fn on_a_terminal_the_passphrase_is_typed_twice_to_export_and_once_to_import() {
    let place = Place::new();
    place.save("here", "a", SECRETS[1]);
    let file = place.path("sealed");
    let file = file.to_str().unwrap();
    let start = |store: &str, arguments: &[&str]| {
        let store = place.path(store).join("credentials.db");
        let store = ["--store", store.to_str().unwrap()];
        let arguments = [&["credentials"], arguments, &store].concat();
        Dialogue::start(place.0.path(), &arguments, &[KEY])
    };
    let mut dialogue = start("here", &["export", "a", "--output", file]);
    dialogue
        .answers("Passphrase:", "short")
        .sees("fewer than 12 characters")
        .types(&"\x7f".repeat(5))
        .types(PASSPHRASE)
        .types(ENTER)
        .answers("Passphrase again:", PASSPHRASE);
    assert_eq!(dialogue.result()["exported"], json!(["a"]));
    let mut dialogue = start("there", &["import", file]);
    dialogue.answers("Passphrase:", OTHER);
    let (code, shown, _) = dialogue.ends();
    assert_eq!(code, Some(1), "{shown}");
    let mut dialogue = start("there", &["import", file]);
    dialogue.answers("Passphrase:", PASSPHRASE);
    assert_eq!(dialogue.result()[0]["name"], "a");
}
