//! Vendors that need more than those of the plugin: a refresh token that rotates, and an
//! inspection with a session.

use std::fs;
use std::slice;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::harness::{KEY, Run};
use crate::pty::{DOWN, ENTER, on_terminal};
use crate::stub::{Asked, Stub, example, lighthouse};

const PASTED: &str = "pasted-refresh-0001";

/// The secrets of Orchard in these tests.
fn orchards_secrets() -> Vec<String> {
    let issued = (1..10).flat_map(|number| [access_token(number), refresh_token(number)]);
    issued.chain([PASTED.to_owned()]).collect()
}

fn access_token(number: usize) -> String {
    format!("orchard-access-000{number}")
}

fn refresh_token(number: usize) -> String {
    format!("orchard-refresh-000{number}")
}

/// The token response with these tokens.
fn orchards_token(number: usize) -> Value {
    json!({
        "access_token": access_token(number), "token_type": "bearer", "expires_in": 3600,
        "refresh_token": refresh_token(number),
    })
}

/// The refresh token that a request spends.
fn spent(asked: &[Asked]) -> String {
    let [asked] = asked else {
        panic!("one request: {asked:?}");
    };
    assert_eq!(asked.line, "POST /token");
    let mut form = form_urlencoded::parse(asked.body.as_bytes()).into_owned();
    form.find(|(name, _)| name == "refresh_token").unwrap().1
}

/// Orchard, which replaces the refresh token on every use, and refuses every other one. A token
/// request fails without confirmation while it is `down`.
async fn orchard(down: &Arc<AtomicBool>) -> Stub {
    let is_down = Arc::clone(down);
    for secret in orchards_secrets() {
        leak_check::register(&secret);
    }
    let valid = Mutex::new((0, PASTED.to_owned()));
    let answer = move |asked: &Asked| {
        if asked.line == "GET /v3/me" {
            return (200, json!({"email": "ada@acme.example"}));
        }
        if is_down.load(Ordering::Relaxed) {
            return (403, json!("blocked by a firewall"));
        }
        let mut valid = valid.lock().unwrap();
        if spent(slice::from_ref(asked)) != valid.1 {
            return (400, json!({"error": "invalid_grant"}));
        }
        let number = valid.0 + 1;
        *valid = (number, refresh_token(number));
        (200, orchards_token(number))
    };
    let hosts = ["login.orchard.example", "api.orchard.example"];
    let stub = Stub::start(&example("refresh_token"), &hosts, answer).await;
    stub.granting(&hosts)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotating_refresh_token_is_sealed_in_the_store_and_survives_every_run() {
    let down = Arc::new(AtomicBool::new(false));
    let orchard = orchard(&down).await;
    let mut dialogue = orchard.connect("orchard", "trees");
    dialogue.answers("Refresh token:", PASTED);
    let saved = dialogue.result();
    assert_eq!(saved["credential"]["refresh_token"], "********");
    assert_eq!(
        orchard.asked(),
        [],
        "the token is not spent before it is saved"
    );

    let saved = ["--saved", "trees"];
    let authenticate = [&["authenticate", "orchard", "--reveal"], &saved[..]].concat();
    let first = orchard.run(&authenticate, "").result();
    assert_eq!(first["access_token"], access_token(1));
    assert_eq!(spent(&orchard.asked()), PASTED);

    // Each run is another process. It uses the stored session while that lives.
    assert_eq!(orchard.run(&authenticate, "").result(), first);
    let inspect = [&["inspect", "orchard"], &saved[..]].concat();
    let access = orchard.run(&inspect, "").result();
    assert_eq!(access["identity"], "ada@acme.example");
    let [me] = orchard.asked().try_into().unwrap();
    assert_eq!(me.authorization, format!("Bearer {}", access_token(1)));

    // A refresh spends the stored token, also after a printed session that is older.
    let refresh = ["refresh", "orchard", "--session", "-", "--reveal"];
    let refresh = [&refresh, &saved[..]].concat();
    for number in [2, 3] {
        let next = orchard.run(&refresh, &first.to_string()).result();
        assert_eq!(next["access_token"], access_token(number));
        assert_eq!(spent(&orchard.asked()), refresh_token(number - 1));
    }

    // A refusal without confirmation spends nothing, and the stored session is used.
    down.store(true, Ordering::Relaxed);
    let error = orchard.run(&refresh, &first.to_string()).error();
    assert_eq!(
        (&error["kind"], &error["confirmed"]),
        (&json!("forbidden"), &json!(false))
    );
    assert_eq!(spent(&orchard.asked()), refresh_token(3));
    let kept = orchard.run(&authenticate, "").result();
    assert_eq!(kept["access_token"], access_token(3));
    down.store(false, Ordering::Relaxed);
    assert_eq!(orchard.asked(), []);
    let next = orchard.run(&refresh, &first.to_string()).result();
    assert_eq!(next["access_token"], access_token(4));

    let mut files = 0;
    for file in fs::read_dir(orchard.store_dir()).unwrap() {
        let bytes = fs::read(file.unwrap().path()).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        for secret in orchards_secrets() {
            assert!(!text.contains(&secret), "{secret} is in the store");
        }
        files += 1;
    }
    assert!(files > 0, "the store is a file");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pasted_refresh_token_that_is_checked_replaces_the_old_one_and_its_session() {
    let valid = Arc::new(Mutex::new((0, vec![PASTED.to_owned(), access_token(7)])));
    let known = Arc::clone(&valid);
    for secret in orchards_secrets() {
        leak_check::register(&secret);
    }
    let answer = move |asked: &Asked| {
        if asked.line == "GET /v3/me" {
            return (200, json!({"email": "ada@acme.example"}));
        }
        let mut valid = known.lock().unwrap();
        let spent = spent(slice::from_ref(asked));
        let Some(index) = valid.1.iter().position(|token| *token == spent) else {
            return (400, json!({"error": "invalid_grant"}));
        };
        valid.0 += 1;
        let number = valid.0;
        valid.1[index] = refresh_token(number);
        (200, orchards_token(number))
    };
    let hosts = ["login.orchard.example", "api.orchard.example"];
    let orchard = Stub::start(&example("refresh_token"), &hosts, answer).await;
    let orchard = orchard.granting(&hosts);
    let variables = |value: &'static str| [KEY, ("PASTED_AGAIN", value)];
    let run = |arguments: &[&str], variables: &[(&str, &str)]| {
        let options = orchard.options();
        let options = options.iter().map(String::as_str);
        let arguments: Vec<_> = arguments.iter().copied().chain(options).collect();
        Run::with(&arguments, "", variables)
    };
    let mut dialogue = orchard.connect("orchard", "trees");
    dialogue.answers("Refresh token:", PASTED);
    dialogue.result();
    run(&["credentials", "check", "trees"], &[KEY]).result();
    let field = ["--field", "refresh_token=env:PASTED_AGAIN"];
    let edit = [&["credentials", "edit", "trees", "--check"], &field[..]].concat();
    let refused = run(&edit, &variables("orchard-refresh-0009"));
    assert_eq!(refused.error()["kind"], "rejected");
    // The old state still serves.
    let call = ["call", "--saved", "trees", "/me"];
    run(&call, &[KEY]).result();
    assert_eq!(valid.lock().unwrap().0, 1);
    run(&edit, &variables("orchard-access-0007")).result();
    orchard.asked();
    run(&["credentials", "check", "trees"], &[KEY]).result();
    let asked: Vec<_> = orchard
        .asked()
        .into_iter()
        .map(|asked| asked.line)
        .collect();
    assert_eq!(
        asked,
        ["GET /v3/me"],
        "the session of the new token is stored"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_series_of_calls_survives_an_expired_token_and_keeps_the_new_session() {
    for secret in orchards_secrets() {
        leak_check::register(&secret);
    }
    let valid = Arc::new(Mutex::new((0, PASTED.to_owned())));
    let ended = Arc::new(AtomicUsize::new(0));
    let (is_valid, has_ended) = (Arc::clone(&valid), Arc::clone(&ended));
    let answer = move |asked: &Asked| {
        let mut valid = is_valid.lock().unwrap();
        if asked.line == "POST /token" {
            assert_eq!(spent(slice::from_ref(asked)), valid.1);
            let number = valid.0 + 1;
            *valid = (number, refresh_token(number));
            return (200, orchards_token(number));
        }
        let accepted = format!("Bearer {}", access_token(valid.0));
        let is_over = valid.0 <= has_ended.load(Ordering::Relaxed);
        if is_over || asked.authorization != accepted {
            return (401, json!({"error": "invalid_token"}));
        }
        (200, json!({"trees": valid.0}))
    };
    let hosts = ["login.orchard.example", "api.orchard.example"];
    let orchard = Stub::start(&example("refresh_token"), &hosts, answer).await;
    let orchard = orchard.granting(&hosts);
    let mut dialogue = orchard.connect("orchard", "trees");
    dialogue.answers("Refresh token:", PASTED);
    dialogue.result();
    let call = || {
        let run = orchard.run(&["call", "--saved", "trees", "/trees"], "");
        let trees = run.result()["trees"].take();
        let asked = orchard.asked().into_iter().map(|asked| asked.line);
        (trees, asked.collect::<Vec<_>>())
    };
    let (token, trees) = ("POST /token", "GET /v3/trees");
    assert_eq!(call(), (json!(1), vec![token.into(), trees.into()]));
    assert_eq!(call(), (json!(1), vec![trees.into()]));
    // The vendor ends the session before its time.
    ended.store(1, Ordering::Relaxed);
    let repeated = vec![trees.into(), token.into(), trees.into()];
    assert_eq!(call(), (json!(2), repeated));
    assert_eq!(call(), (json!(2), vec![trees.into()]));
}

#[tokio::test(flavor = "multi_thread")]
async fn token_prints_the_token_of_a_session_alone() {
    let orchard = orchard(&Arc::new(AtomicBool::new(false))).await;
    let mut dialogue = orchard.connect("orchard", "trees");
    dialogue.answers("Refresh token:", PASTED);
    dialogue.result();
    // The second run takes it from the store.
    for vendor in [&[][..], &["orchard"]] {
        let run = orchard.run(&[&["token"], vendor, &["--saved", "trees"]].concat(), "");
        assert_eq!(run.code, Some(0), "{}", run.stderr);
        assert_eq!(
            (run.stdout, run.stderr),
            (access_token(1) + "\n", String::new())
        );
    }
    assert_eq!(spent(&orchard.asked()), PASTED);
    // A script must not take an error for a token.
    let run = orchard.run(&["token", "--saved", "none"], "");
    assert_eq!((run.code, &*run.stdout), (Some(1), ""));
    assert!(run.stderr.contains("no saved credential"), "{}", run.stderr);
    assert_eq!(orchard.run(&["token"], "").code, Some(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn token_refuses_a_vendor_that_signs_each_request() {
    let hosts = ["api.quarry.example"];
    let quarry = Stub::start(&example("hmac"), &hosts, |_| (200, json!({}))).await;
    let quarry = quarry.granting(&hosts);
    leak_check::register("quarry-secret-0001");
    let document = r#"{"key_id": "quarry-key-id", "secret": "quarry-secret-0001"}"#;
    let run = quarry.run(&["token", "quarry", "--credential", "-"], document);
    assert_eq!((run.code, &*run.stdout), (Some(2), ""));
    for part in ["the vendor quarry is signed", "`connector call`"] {
        assert!(run.stderr.contains(part), "{}", run.stderr);
    }
    assert_eq!(quarry.asked(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn token_shows_nothing_on_a_terminal_without_force() {
    let orchard = orchard(&Arc::new(AtomicBool::new(false))).await;
    let mut dialogue = orchard.connect("orchard", "trees");
    dialogue.answers("Refresh token:", PASTED);
    dialogue.result();
    let shown = |force: &[&str]| {
        let options = orchard.options();
        let arguments = [&["token", "--saved", "trees"], force].concat().into_iter();
        let arguments: Vec<_> = arguments
            .chain(options.iter().map(String::as_str))
            .collect();
        on_terminal(&arguments, &[KEY])
    };
    let (code, screen) = shown(&[]);
    assert_eq!(code, Some(2), "{screen}");
    assert!(
        screen.contains("use --force") && !screen.contains("orchard-access"),
        "{screen}"
    );
    assert_eq!(orchard.asked(), []);
    let (code, screen) = shown(&["--force"]);
    assert_eq!((code, screen.trim()), (Some(0), &*access_token(1)));
}

const LIGHTHOUSE_KEY: &str = "lighthouse-key-0001";
const LIGHTHOUSE_ACCESS: &str = "lighthouse-access-0001";

async fn start_lighthouse() -> Stub {
    ungranted_lighthouse()
        .await
        .granting(&["api.lighthouse.example"])
}

/// The same without a grant.
async fn ungranted_lighthouse() -> Stub {
    leak_check::register(LIGHTHOUSE_KEY);
    leak_check::register(LIGHTHOUSE_ACCESS);
    let answer = |asked: &Asked| match asked.line.as_str() {
        "POST /token" => {
            let token = json!({"access_token": LIGHTHOUSE_ACCESS, "token_type": "bearer"});
            (200, token)
        }
        _ => (200, json!({})),
    };
    let hosts = ["api.lighthouse.example", "remote.lighthouse.example"];
    Stub::start(&lighthouse(), &hosts, answer).await
}

#[tokio::test(flavor = "multi_thread")]
async fn connect_opens_a_session_where_the_inspection_needs_one_and_offers_its_choices() {
    let vendor = start_lighthouse().await;
    let mut dialogue = vendor.connect("lighthouse", "pier");
    dialogue
        .answers("Key:", LIGHTHOUSE_KEY)
        .answers("Station:", "west")
        .sees("the vendor accepts the credential")
        // Typed before the choices were known, and not among them.
        .sees("Station:")
        .sees("North pier (s1)")
        .sees("South pier (s2)")
        .sees("west — not available to this credential")
        .types(&[DOWN, DOWN].concat())
        .types(ENTER)
        .sees("Lamp: The old lamp (l1) (the only choice)");
    let saved = dialogue.result()["credential"].take();
    assert_eq!(
        (&saved["station"], &saved["lamp"]),
        (&json!("s2"), &json!("l1"))
    );
    let asked = vendor.asked();
    let lines: Vec<_> = asked.iter().map(|asked| asked.line.as_str()).collect();
    assert_eq!(lines, ["POST /token", "GET /me"]);
    assert_eq!(
        asked[1].authorization,
        format!("Bearer {LIGHTHOUSE_ACCESS}")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn doctor_names_each_check_and_fails_with_one_of_them() {
    let vendor = start_lighthouse().await;
    let results = |run: &Run| -> Vec<(String, String)> {
        let list = run.json();
        let checks = list.as_array().unwrap().iter();
        let text = |check: &Value, field: &str| check[field].as_str().unwrap().to_owned();
        checks
            .map(|check| (text(check, "check"), text(check, "result")))
            .collect()
    };
    let run = vendor.run(&["doctor"], "");
    assert_eq!((run.code, &*run.stderr), (Some(0), ""), "{}", run.stdout);
    let subjects = [
        "store",
        "key",
        "certificates",
        "plugin",
        "proxy",
        "https://api.lighthouse.example",
        "clock",
    ];
    let result = |subject| if subject == "proxy" { "skipped" } else { "ok" };
    let good: Vec<_> = subjects
        .map(|subject| (subject.to_owned(), result(subject).to_owned()))
        .into();
    assert_eq!(results(&run), good);
    let asked = vendor.asked();
    assert_eq!(
        (asked.len(), &*asked[0].line, &*asked[0].authorization),
        (1, "HEAD /", "")
    );
    assert!(!vendor.store_dir().exists(), "doctor creates no store");

    // Without the authority.
    let mut options = vendor.options();
    options.drain(2..4);
    let options = ["doctor"]
        .into_iter()
        .chain(options.iter().map(String::as_str));
    let run = Run::with(&options.collect::<Vec<_>>(), "", &[KEY]);
    assert_eq!(
        (run.code, &*run.stderr),
        (Some(1), "error: a check failed; its detail says why\n")
    );
    let failed: Vec<_> = results(&run)
        .into_iter()
        .filter(|(_, result)| result == "failed")
        .collect();
    assert_eq!(
        failed,
        [(
            "https://api.lighthouse.example".to_owned(),
            "failed".to_owned()
        )]
    );
    assert!(run.stdout.contains("certificate"), "{}", run.stdout);

    let none = "no-such-file";
    let run = Run::with(
        &["doctor", "--component", none, "--cacert", none],
        "",
        &[KEY],
    );
    assert_eq!(run.code, Some(1));
    assert!(run.stderr.contains("2 checks failed"), "{}", run.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_origin_that_the_vendor_does_not_declare_needs_a_grant() {
    let vendor = start_lighthouse().await;
    let grant = ["--grant", "https://remote.lighthouse.example"];
    for (station, grant, is_open) in [
        ("s1", &[][..], true),
        ("s1", &grant, true),
        ("remote", &[], false),
        ("remote", &["--grant", "https://*.example.net"], false),
        ("remote", &grant, true),
    ] {
        let document = json!({"key": LIGHTHOUSE_KEY, "station": station}).to_string();
        let authenticate = ["authenticate", "lighthouse", "--credential", "-"];
        let run = vendor.run(&[&authenticate, grant].concat(), &document);
        if is_open {
            run.result();
        } else {
            assert_eq!(run.error(), json!({"kind": "denied"}));
        }
        assert_eq!(
            vendor.asked().len(),
            usize::from(is_open),
            "{station} {grant:?}"
        );
    }
}

const AUTHENTICATE: [&str; 4] = ["authenticate", "lighthouse", "--credential", "-"];

fn document() -> String {
    json!({"key": LIGHTHOUSE_KEY, "station": "s1"}).to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_component_of_somebody_else_reaches_nothing_without_a_grant() {
    let vendor = ungranted_lighthouse().await;
    let run = vendor.run(&AUTHENTICATE, &document());
    assert_eq!(run.code, Some(2), "{}", run.stderr);
    let remedy = "add --grant https://api.lighthouse.example";
    assert!(run.stderr.contains(remedy), "{}", run.stderr);
    assert_eq!(vendor.asked(), []);

    // Those that are granted, and no others that it declares.
    for (origin, is_open) in [
        ("https://api.lighthouse.example", true),
        ("https://*.lighthouse.example", true),
        ("https://remote.lighthouse.example", false),
    ] {
        let grant = [&AUTHENTICATE[..], &["--grant", origin]].concat();
        let run = vendor.run(&grant, &document());
        if is_open {
            run.result();
        } else {
            assert_eq!(run.error(), json!({"kind": "denied"}));
        }
        assert_eq!(vendor.asked().len(), usize::from(is_open), "{origin}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_terminal_a_person_grants_the_origins_of_a_component() {
    let vendor = ungranted_lighthouse().await;
    let file = vendor.store_dir().with_file_name("credential.json");
    fs::write(&file, document()).unwrap();
    let arguments = [
        "authenticate",
        "lighthouse",
        "--credential",
        file.to_str().unwrap(),
    ];
    for (answer, is_open) in [("y", true), ("n", false), ("", false)] {
        let mut dialogue = vendor.dialogue(&arguments);
        dialogue
            .sees("is not the plugin of this program. It would send credentials to:")
            .sees("lighthouse: https://")
            .answers("Allow it for this command?", answer);
        if is_open {
            assert_eq!(dialogue.result()["access_token"], "********");
        } else {
            let (code, shown, stdout) = dialogue.ends();
            assert_eq!(code, Some(1), "{shown}");
            assert!(stdout.contains("cancelled"), "{stdout}");
        }
        assert_eq!(vendor.asked().len(), usize::from(is_open), "{answer}");
    }
}

#[test]
fn the_component_of_this_program_needs_no_grant_as_a_file() {
    // Nothing listens there: the request is sent, and not denied.
    let run = Run::new(
        &[
            "authenticate",
            "hotjar",
            "--credential",
            "-",
            "--component",
            env!("CONNECTOR_WASM"),
            "--connect-to",
            "api.hotjar.io:443:127.0.0.1:1",
        ],
        &json!({"client_id": "i", "client_secret": "hush on the spot"}).to_string(),
    );
    assert_eq!(run.error()["kind"], "unreachable");
}
