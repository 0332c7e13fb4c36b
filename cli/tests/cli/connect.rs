//! `connect` with a person at a terminal, and the saved credentials in the other commands.

use std::fs;
use std::path::PathBuf;

use connector_simulators::Fault;
use serde_json::{Value, json};

use crate::harness::{KEY, Run, Vendors, shows_a_secret};
use crate::pty::{CTRL_C, DOWN, Dialogue, ENTER, ESCAPE, on_terminal};

impl Vendors {
    fn store(&self) -> PathBuf {
        self.dir.path().join("store/credentials.db")
    }

    fn sample(&self, vendor: &str, number: usize) -> Value {
        let samples = self.simulators.vendor(vendor).unwrap().sample_credentials();
        samples[number].1.clone()
    }

    fn starts_connect(&self, vendor: &str) -> Dialogue {
        self.starts_connect_with(vendor, &[KEY])
    }

    fn starts_connect_with(&self, vendor: &str, variables: &[(&str, &str)]) -> Dialogue {
        let store = self.store();
        let mut arguments = vec!["connect", vendor, "--store", store.to_str().unwrap()];
        arguments.extend(self.network.iter().map(String::as_str));
        Dialogue::start(self.dir.path(), &arguments, variables)
    }

    /// Starts `connect`, and names the credential.
    fn connect(&self, vendor: &str, name: &str) -> Dialogue {
        let mut dialogue = self.starts_connect(vendor);
        dialogue
            .answers("Credential name:", name)
            .answers("Credential description:", "for the test");
        dialogue
    }

    /// Runs a command that uses the store.
    fn with_store(&self, arguments: &[&str]) -> Run {
        let store = self.store();
        let arguments = [arguments, &["--store", store.to_str().unwrap()]].concat();
        Run::with(&arguments, "", &[KEY])
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_search_for_secrets_knows_those_that_are_typed_here() {
    let vendors = Vendors::start().await;
    for number in 0..3 {
        let credential = vendors.sample("contentsquare", number);
        assert!(shows_a_secret(text(&credential, "client_secret")));
    }
}

fn text<'a>(credential: &'a Value, field: &str) -> &'a str {
    credential[field].as_str().unwrap()
}

#[test]
fn a_terminal_shows_a_table_and_a_failure_once() {
    let (code, screen) = on_terminal(&["vendors"], &[]);
    assert_eq!(code, Some(0), "{screen}");
    assert!(
        screen.starts_with("ID ") && !screen.contains('{'),
        "{screen}"
    );
    let (code, screen) = on_terminal(&["describe", "acme"], &[]);
    assert_eq!((code, screen.lines().count()), (Some(1), 1), "{screen}");
    assert!(screen.starts_with("error: unknown vendor"), "{screen}");
}

/// Types id and secret.
fn signs_in(dialogue: &mut Dialogue, credential: &Value) {
    dialogue
        .answers("Client ID:", text(credential, "client_id"))
        .answers("Client secret:", text(credential, "client_secret"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_credential_is_asked_for_saved_and_used_by_its_name() {
    let vendors = Vendors::start().await;
    let credential = vendors.sample("hotjar", 0);
    let mut dialogue = vendors.connect("hotjar", "My key");
    signs_in(&mut dialogue, &credential);
    dialogue
        .sees("the vendor accepts the credential")
        .sees("connector authenticate hotjar --saved 'My key' --store /");
    let saved = dialogue.result();
    assert_eq!(
        (&saved["name"], &saved["vendor"], &saved["description"]),
        (&json!("My key"), &json!("hotjar"), &json!("for the test"))
    );
    assert_eq!(saved["credential"]["client_secret"], "********");
    let bytes = fs::read(vendors.store()).unwrap();
    assert!(!shows_a_secret(&String::from_utf8_lossy(&bytes)));

    let list = vendors.with_store(&["credentials"]).result();
    assert_eq!(list, json!([saved]));
    let shown = vendors
        .with_store(&["credentials", "show", "My key"])
        .result();
    assert_eq!(shown, saved);
    let network: Vec<_> = vendors.network.iter().map(String::as_str).collect();
    let uses = |command: &str| {
        let arguments = [&[command, "hotjar", "--saved", "My key"], &*network].concat();
        vendors.with_store(&arguments).result()
    };
    assert_eq!(uses("authenticate")["access_token"], "********");
    assert!(uses("inspect")["scopes"].is_array());

    let sign_in = ["authenticate", "hotjar", "--saved", "My key", "--reveal"];
    let session = vendors.with_store(&[&sign_in[..], &*network].concat());
    let refresh = ["refresh", "hotjar", "--saved", "My key", "--session", "-"];
    let store = vendors.store();
    let store = ["--store", store.to_str().unwrap()];
    let arguments = [&refresh[..], &store, &*network].concat();
    let refreshed = Run::with(&arguments, &session.stdout, &[KEY]).result();
    assert_eq!(refreshed["base_url"], session.result()["base_url"]);

    let valid = vendors.with_store(&["validate", "hotjar", "--saved", "My key"]);
    assert_eq!(valid.result(), json!({"valid": true}));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_mask_of_a_secret_is_asked_for_again_and_not_sent() {
    let vendors = Vendors::start().await;
    let credential = vendors.sample("hotjar", 0);
    let mut dialogue = vendors.connect("hotjar", "My key");
    dialogue
        .answers("Client ID:", text(&credential, "client_id"))
        .answers("Client secret:", "********")
        .sees("this is the mask that is shown in place of a secret")
        .answers("Client secret:", text(&credential, "client_secret"))
        .sees("the vendor accepts the credential");
    dialogue.result();
    assert_eq!(vendors.simulators.hotjar().asked(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pasted_secret_of_several_lines_is_asked_for_again_and_not_sent() {
    let vendors = Vendors::start().await;
    let credential = vendors.sample("hotjar", 0);
    let secret = text(&credential, "client_secret");
    let mut dialogue = vendors.connect("hotjar", "My key");
    let says = "this contains a line break; remove it and paste the value again";
    dialogue
        .answers("Client ID:", text(&credential, "client_id"))
        .answers("Client secret:", &secret.replacen(';', ";\r", 1))
        .sees(says)
        .answers("Client secret:", &format!("{secret}\r\nmore"))
        .sees(says)
        .answers("Client secret:", &format!("{secret}\r\n"))
        .sees("the vendor accepts the credential");
    dialogue.result();
    assert_eq!(vendors.simulators.hotjar().asked(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_only_choice_is_set_and_the_others_are_offered_by_name() {
    let vendors = Vendors::start().await;
    let mut dialogue = vendors.connect("contentsquare", "account");
    signs_in(&mut dialogue, &vendors.sample("contentsquare", 1));
    dialogue
        .sees("Credential level: Account: reaches any project of the account (the only choice)")
        .sees("Scopes:")
        .sees("Enrichment (cannot be combined with another scope) — not available")
        .types(ENTER)
        .sees("Project ID")
        .sees("Simulated bank (4203)")
        .types(DOWN)
        .types(ENTER);
    let saved = dialogue.result();
    let expected = json!({
        "client_id": vendors.sample("contentsquare", 1)["client_id"],
        "credential_level": "account",
        "scopes": ["data-export"],
        "project_id": 4203,
        "client_secret": "********",
    });
    assert_eq!(saved["credential"], expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_choice_is_asked_again_at_its_field_and_brings_the_field_that_it_needs() {
    let vendors = Vendors::start().await;
    let mut dialogue = vendors.connect("contentsquare", "enrichment");
    signs_in(&mut dialogue, &vendors.sample("contentsquare", 2));
    // Enrichment beside metrics: the key has both, and the combination is refused.
    dialogue
        .answers("Credential level:", "")
        .sees("Symbolicator")
        .types(&[DOWN, " ", DOWN, " "].concat())
        .types(ENTER)
        .sees("Scopes: ")
        .sees("Symbolicator")
        .types(&[DOWN, " "].concat())
        .types(ENTER)
        .answers("Integration ID", "seventy")
        .sees("enter a whole number")
        .types(&"\x7f".repeat(7))
        .types("77")
        .types(ENTER)
        .sees("Project ID: Simulated museum (4205) (the only choice)");
    let saved = dialogue.result()["credential"].take();
    assert_eq!(
        (
            &saved["scopes"],
            &saved["integration_id"],
            &saved["project_id"]
        ),
        (&json!(["enrichment"]), &json!(77), &json!(4205))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_field_that_does_not_matter_is_not_asked_for() {
    let vendors = Vendors::start().await;
    let mut dialogue = vendors.connect("contentsquare", "project");
    signs_in(&mut dialogue, &vendors.sample("contentsquare", 0));
    dialogue
        .answers("Credential level:", "")
        .answers("Scopes:", "")
        .sees("Project ID: Simulated shop (4201)");
    let (code, shown, _) = dialogue.ends();
    assert_eq!(code, Some(0), "{shown}");
    assert!(!shown.contains("Integration ID"), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_credential_says_what_to_do_and_may_be_entered_again() {
    let vendors = Vendors::start().await;
    let credential = vendors.sample("hotjar", 0);
    let mut wrong = credential.clone();
    wrong["client_secret"] = json!("quite wrong");
    let mut dialogue = vendors.connect("hotjar", "second try");
    signs_in(&mut dialogue, &wrong);
    dialogue
        .sees("check it or create a new one")
        .sees("How to get one: https://")
        .answers("Enter it again?", "y")
        // An answer that is no secret is kept.
        .answers("Client ID:", "")
        .answers("Client secret:", text(&credential, "client_secret"))
        .sees("the vendor accepts the credential");
    assert_eq!(dialogue.result()["name"], "second try");
}

#[tokio::test(flavor = "multi_thread")]
async fn edit_asks_again_with_the_saved_answers_and_keeps_the_secret() {
    let vendors = Vendors::start().await;
    let mut document = vendors.sample("hotjar", 0);
    let id = document["client_id"].take();
    document["client_id"] = json!("old");
    let store = vendors.store();
    let store = ["--store", store.to_str().unwrap()];
    let connect = ["connect", "hotjar", "--name", "mine", "--stdin"];
    Run::with(
        &[&connect[..], &store].concat(),
        &document.to_string(),
        &[KEY],
    )
    .result();
    let mut edit = [&["credentials", "edit", "mine"], &store[..]].concat();
    edit.extend(vendors.network.iter().map(String::as_str));
    let mut dialogue = Dialogue::start(vendors.dir.path(), &edit, &[KEY]);
    dialogue
        .sees("Client ID:")
        .sees("old")
        .types(&"\x7f".repeat(3))
        .types(id.as_str().unwrap())
        .types(ENTER)
        .answers("Client secret (Enter keeps it):", "")
        .sees("the vendor accepts the credential");
    assert_eq!(dialogue.result()["credential"]["client_id"], id);
    let mut check = vec!["credentials", "check", "mine"];
    check.extend(vendors.network.iter().map(String::as_str));
    assert_eq!(vendors.with_store(&check).result()["accepted"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_that_meets_another_one_is_refused_and_changes_nothing() {
    let vendors = Vendors::start().await;
    let store = vendors.store();
    let store = ["--store", store.to_str().unwrap()];
    let connect = ["connect", "hotjar", "--name", "mine", "--stdin"];
    let document = vendors.sample("hotjar", 0).to_string();
    Run::with(&[&connect[..], &store].concat(), &document, &[KEY]).result();
    let mut edit = [&["credentials", "edit", "mine"], &store[..]].concat();
    edit.extend(vendors.network.iter().map(String::as_str));
    let mut dialogue = Dialogue::start(vendors.dir.path(), &edit, &[KEY]);
    dialogue.sees("Client ID:");
    let other = ["credentials", "edit", "mine", "--description", "changed"];
    let saved = vendors.with_store(&other).result();
    dialogue
        .types(ENTER)
        .answers("Client secret (Enter keeps it):", "")
        .sees("the vendor accepts the credential");
    let (code, shown, stdout) = dialogue.ends();
    assert_eq!(code, Some(1), "{shown}");
    let error: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(error["error"]["code"], "changed", "{shown}");
    assert!(shown.contains("changed meanwhile"), "{shown}");
    let shown = vendors.with_store(&["credentials", "show", "mine"]);
    assert_eq!(shown.result(), saved);
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_vendor_cannot_say_the_fields_are_typed() {
    let vendors = Vendors::start().await;
    vendors.simulators.contentsquare().fault(Fault::Html(503));
    let mut dialogue = vendors.connect("contentsquare", "typed");
    signs_in(&mut dialogue, &vendors.sample("contentsquare", 1));
    dialogue
        .sees("the vendor is unavailable")
        .sees("continuing without")
        .sees("Credential level:")
        .types(&[DOWN, ENTER].concat())
        .answers("Scopes:", "")
        .answers("Project ID", "4202");
    let saved = dialogue.result()["credential"].take();
    assert_eq!(
        (&saved["credential_level"], &saved["project_id"]),
        (&json!("account"), &json!(4202))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_taken_name_is_asked_again_and_leaving_saves_nothing() {
    let vendors = Vendors::start().await;
    let credential = vendors.sample("hotjar", 0);
    let mut dialogue = vendors.connect("hotjar", "mine");
    // Pasted at once, before the second prompt: nothing of it may be shown.
    let both = ["client_id", "client_secret"].map(|field| text(&credential, field));
    dialogue
        .sees("Client ID:")
        .types(&both.join(ENTER))
        .types(ENTER);
    dialogue.result();
    for leave in [ESCAPE, CTRL_C] {
        let mut dialogue = vendors.starts_connect("hotjar");
        dialogue
            .answers("Credential name:", &"n".repeat(300))
            .sees("that name is too long")
            .answers("Credential name:", "mine")
            .sees("that name is taken")
            .answers("Credential name:", "another")
            .answers("Credential description:", "")
            .sees("Client ID:")
            .types(leave);
        let (code, shown, stdout) = dialogue.ends();
        assert_eq!(code, Some(1), "{shown}");
        let error: Value = serde_json::from_str(&stdout).unwrap();
        assert_eq!(error["error"]["kind"], "cancelled");
    }
    let list = vendors.with_store(&["credentials", "list"]).result();
    assert_eq!(list.as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn removing_asks_first() {
    let vendors = Vendors::start().await;
    let mut dialogue = vendors.connect("hotjar", "old");
    signs_in(&mut dialogue, &vendors.sample("hotjar", 0));
    dialogue.result();
    let remove = ["credentials", "remove", "old"];
    let piped = vendors.with_store(&remove);
    assert_eq!((piped.code, piped.stdout.as_str()), (Some(2), ""));
    assert!(piped.stderr.contains("--yes"), "{}", piped.stderr);
    let store = vendors.store();
    let arguments = [&remove[..], &["--store", store.to_str().unwrap()]].concat();
    for (answer, code) in [("n", 1), ("y", 0)] {
        let mut dialogue = Dialogue::start(vendors.dir.path(), &arguments, &[KEY]);
        dialogue.answers("Remove \"old\"?", answer);
        assert_eq!(dialogue.ends().0, Some(code));
    }
    let gone = vendors.with_store(&["credentials", "remove", "old", "--yes"]);
    assert_eq!(gone.error()["code"], "unknown-name");
}

#[test]
fn without_a_terminal_connect_is_wrong_usage_and_names_the_other_way() {
    let run = Run::new(&["connect", "hotjar"], "");
    assert_eq!((run.code, run.stdout.as_str()), (Some(2), ""));
    assert!(run.stderr.contains("--stdin"), "{}", run.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_saved_credential_is_of_its_vendor_and_opens_with_its_key_alone() {
    let vendors = Vendors::start().await;
    let mut dialogue = vendors.connect("hotjar", "mine");
    signs_in(&mut dialogue, &vendors.sample("hotjar", 0));
    dialogue.result();
    let other = vendors.with_store(&["validate", "contentsquare", "--saved", "mine"]);
    assert_eq!(other.error()["kind"], "input");
    assert!(
        other.stderr.contains("for the vendor hotjar"),
        "{}",
        other.stderr
    );
    let missing = vendors.with_store(&["validate", "hotjar", "--saved", "no such name"]);
    assert_eq!(missing.error()["code"], "unknown-name");
    let store = vendors.store();
    let before = fs::read(&store).unwrap();
    let wrong = (KEY.0, "/wECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=");
    let arguments = ["credentials", "--store", store.to_str().unwrap()];
    let refused = Run::with(&arguments, "", &[wrong]);
    assert_eq!(
        (&refused.error()["kind"], &refused.error()["code"]),
        (&json!("store"), &json!("wrong-key"))
    );
    assert_eq!(fs::read(&store).unwrap(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn questions_are_in_the_language_of_the_environment() {
    let vendors = Vendors::start().await;
    let french = [KEY, ("LC_ALL", "fr_FR.UTF-8")];
    let mut dialogue = vendors.starts_connect_with("contentsquare", &french);
    dialogue
        .sees("identifiants")
        .answers("Credential name:", "le mien")
        .answers("Credential description:", "");
    signs_in(&mut dialogue, &vendors.sample("contentsquare", 1));
    dialogue
        .sees("Niveau des identifiants: Compte")
        .sees("Portées:")
        .types(ENTER)
        .sees("ID du projet")
        .types(ENTER);
    assert_eq!(dialogue.result()["credential"]["project_id"], 4202);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_credential_that_is_entered_again_brings_its_own_choices() {
    let vendors = Vendors::start().await;
    let mut dialogue = vendors.connect("contentsquare", "changed");
    let mut credential = vendors.sample("contentsquare", 1);
    credential["client_secret"] = json!("quite wrong");
    signs_in(&mut dialogue, &credential);
    let right = vendors.sample("contentsquare", 0);
    dialogue
        .answers("Enter it again?", "y")
        .sees("Client ID:")
        .types(&"\x7f".repeat(text(&credential, "client_id").len()));
    dialogue
        .types(text(&right, "client_id"))
        .types(ENTER)
        .answers("Client secret:", text(&right, "client_secret"));
    dialogue
        .sees("the vendor accepts the credential")
        .answers("Credential level:", "")
        .answers("Scopes:", "")
        .sees("Project ID: Simulated shop (4201) (the only choice)");
    assert_eq!(dialogue.result()["credential"]["project_id"], 4201);
}
