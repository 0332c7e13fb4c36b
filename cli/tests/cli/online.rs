//! Calls that use the network: over TLS to the simulators.

use connector_simulators::Fault;
use serde_json::json;

use crate::harness::{KEY, Run, SECRETS, VENDORS, Vendors, shows_a_token};

#[tokio::test(flavor = "multi_thread")]
async fn signs_in_to_every_vendor_with_the_token_masked() {
    let vendors = Vendors::start().await;
    for vendor in VENDORS {
        let run = vendors.run(
            &[
                "authenticate",
                vendor,
                "--credential",
                &vendors.credential(vendor),
            ],
            "",
        );
        let session = run.result();
        assert_eq!(session["access_token"], "********");
        assert!(
            session["base_url"]
                .as_str()
                .unwrap()
                .starts_with("https://")
        );
        assert!(
            session["expires_at"].as_str().unwrap() > session["refresh_after"].as_str().unwrap()
        );
        assert_eq!(run.stderr, "");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn logs_up_to_the_requested_level_without_a_secret() {
    let vendors = Vendors::start().await;
    for (level, present, absent) in [
        ("trace", "TRACE", "cranelift"),
        ("debug", "DEBUG", "TRACE"),
        ("error", "", "DEBUG"),
    ] {
        for vendor in VENDORS {
            for command in ["authenticate", "inspect"] {
                let credential = vendors.credential(vendor);
                let arguments = [command, vendor, "--credential", &credential, "--log", level];
                // Fails if a secret or a token shows.
                let run = vendors.run(&arguments, "");
                run.result();
                assert!(run.stderr.contains(present), "{level}: {}", run.stderr);
                assert!(!run.stderr.contains(absent), "{level}: {}", run.stderr);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revealed_session_can_be_refreshed_and_a_masked_one_says_why_not() {
    let vendors = Vendors::start().await;
    for vendor in VENDORS {
        let credential = vendors.credential(vendor);
        let revealed = vendors.run(
            &[
                "authenticate",
                vendor,
                "--credential",
                &credential,
                "--reveal",
            ],
            "",
        );
        assert!(
            shows_a_token(&revealed.stdout),
            "the search for tokens does not know the simulators' tokens"
        );
        let refresh = [
            "refresh",
            vendor,
            "--credential",
            &credential,
            "--session",
            "-",
        ];
        let refreshed = vendors.run(&refresh, &revealed.stdout).result();
        assert_eq!(refreshed["base_url"], revealed.result()["base_url"]);
        let masked = vendors.run(&refresh, &refreshed.to_string());
        assert_eq!(masked.error()["kind"], "input");
        assert!(
            masked.stderr.contains("standard input") && masked.stderr.contains("--reveal"),
            "{}",
            masked.stderr
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_credential_may_come_from_environment_variables_or_change_a_document() {
    let vendors = Vendors::start().await;
    let samples = vendors.simulators.hotjar().sample_credentials();
    let text = |field: &str| samples[0].1[field].as_str().unwrap().to_owned();
    let (id, secret) = (text("client_id"), text("client_secret"));
    let authenticate = |arguments: &[&str]| {
        let network = vendors.network.iter().map(String::as_str);
        let arguments = ["authenticate", "hotjar"].iter().chain(arguments).copied();
        let arguments: Vec<_> = arguments.chain(network).collect();
        let variables = [("THE_ID", &*id), ("THE_SECRET", &*secret)];
        Run::with(&arguments, "", &variables)
    };
    let secret = ["--field", "client_secret=env:THE_SECRET"];
    let both = [&["--field", "client_id=env:THE_ID"], &secret[..]].concat();
    assert_eq!(authenticate(&both).result()["access_token"], "********");
    let open = format!("client_id={id}");
    let open = [&["--field", &open], &secret[..]].concat();
    authenticate(&open).result();

    let wrong = vendors.dir.path().join("wrong.json");
    std::fs::write(&wrong, vendors.wrong_credential("hotjar")).unwrap();
    let wrong = ["--credential", wrong.to_str().unwrap()];
    assert_eq!(authenticate(&wrong).error()["kind"], "rejected");
    authenticate(&[&wrong[..], &secret[..]].concat()).result();

    let missing = authenticate(&["--field", "client_id=env:NOT_SET_HERE"]);
    assert_eq!(missing.error()["kind"], "input");
    assert!(
        missing.stderr.contains("NOT_SET_HERE"),
        "{}",
        missing.stderr
    );
    for argument in ["client_secret=quite wrong", "quite wrong"] {
        let run = authenticate(&["--field", argument]);
        assert_eq!((run.code, &*run.stdout), (Some(2), ""), "{}", run.stderr);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_saved_credential_is_checked_renamed_and_edited() {
    let vendors = Vendors::start().await;
    let store = vendors.dir.path().join("store/credentials.db");
    let samples = vendors.simulators.contentsquare().sample_credentials();
    let document = samples[0].1.to_string();
    let secret = samples[0].1["client_secret"].as_str().unwrap();
    let variables = [
        KEY,
        ("CONNECTOR_STORE", store.to_str().unwrap()),
        ("GOOD", secret),
        ("WRONG", SECRETS[1]),
    ];
    let run = |arguments: &[&str], stdin: &str| Run::with(arguments, stdin, &variables);
    let check = |name: &str| {
        let network = vendors.network.iter().map(String::as_str);
        let arguments = ["credentials", "check", name].into_iter().chain(network);
        run(&arguments.collect::<Vec<_>>(), "")
    };
    for name in ["mine", "another"] {
        let connect = ["connect", "contentsquare", "--name", name, "--stdin"];
        run(&connect, &document).result();
    }
    let checked = check("mine").result();
    assert_eq!(
        (&checked["vendor"], &checked["accepted"]),
        (&json!("contentsquare"), &json!(true))
    );
    assert!(checked["scopes"].is_array(), "{checked}");

    let renamed = run(&["credentials", "rename", "mine", "ours"], "").result();
    assert_eq!(renamed["name"], "ours");
    assert_eq!(check("mine").error()["code"], "unknown-name");
    check("ours").result();
    let taken = run(&["credentials", "rename", "ours", "another"], "");
    assert_eq!(taken.error()["code"], "name-taken");

    let edit = |options: &[&str]| run(&[&["credentials", "edit", "ours"], options].concat(), "");
    let wrong = [
        "--field",
        "client_secret=env:WRONG",
        "--description",
        "changed",
    ];
    assert_eq!(edit(&wrong).result()["description"], "changed");
    let refused = check("ours");
    assert_eq!(
        (refused.code, &refused.error()["kind"]),
        (Some(3), &json!("rejected"))
    );
    let invalid = edit(&["--field", "client_id="]);
    assert_eq!(invalid.error()["kind"], "invalid-credential");
    edit(&["--field", "client_secret=env:GOOD"]).result();
    assert_eq!(check("ours").result()["accepted"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_with_a_check_replaces_the_secret_only_if_the_vendor_accepts_the_new_one() {
    let vendors = Vendors::start().await;
    for vendor in VENDORS {
        let store = vendors
            .dir
            .path()
            .join(format!("store-{vendor}/credentials.db"));
        let simulator = vendors.simulators.vendor(vendor).unwrap();
        let good = simulator.sample_credentials()[0].1.clone();
        let secret = good["client_secret"].as_str().unwrap();
        let variables = [
            KEY,
            ("CONNECTOR_STORE", store.to_str().unwrap()),
            ("GOOD", secret),
            ("WRONG", SECRETS[1]),
        ];
        let run = |arguments: &[&str], stdin: &str| {
            let network = vendors.network.iter().map(String::as_str);
            let arguments = arguments.iter().copied().chain(network);
            Run::with(&arguments.collect::<Vec<_>>(), stdin, &variables)
        };
        let connect = ["connect", vendor, "--name", "mine", "--stdin"];
        run(&connect, &good.to_string()).result();
        let show = || Run::with(&["credentials", "show", "mine"], "", &variables).result();
        let edit = |variable: &str, options: &[&str]| {
            let field = format!("client_secret=env:{variable}");
            let edit = ["credentials", "edit", "mine", "--check", "--field", &field];
            run(&[&edit[..], options].concat(), "")
        };
        let before = show();
        let refused = edit("WRONG", &["--description", "changed"]);
        assert_eq!(refused.code, Some(3));
        let error = refused.error();
        assert_eq!(
            (&error["kind"], &error["credential"]),
            (&json!("rejected"), &json!("mine"))
        );
        let message = "error: mine: the saved credential stays as it was: ";
        assert!(refused.stderr.starts_with(message), "{}", refused.stderr);
        simulator.fault(Fault::Html(503));
        assert_eq!(edit("GOOD", &[]).error()["kind"], "unavailable");
        let invalid = edit("GOOD", &["--field", "client_id="]).error();
        assert_eq!(invalid["kind"], "invalid-credential");
        assert_eq!(show(), before);
        let check = || run(&["credentials", "check", "mine"], "");
        check().result();

        let asked = simulator.asked();
        edit("GOOD", &["--description", "checked"]).result();
        assert!(asked < simulator.asked(), "the vendor is asked");
        assert_eq!(show()["description"], "checked");
        check().result();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn inspect_lists_choices_by_json_pointer() {
    let vendors = Vendors::start().await;
    let samples = vendors.simulators.contentsquare().sample_credentials();
    let access = vendors
        .run(
            &["inspect", "contentsquare", "--credential", "-"],
            &samples[1].1.to_string(),
        )
        .result();
    assert_eq!(access["scopes"][0], "data-export");
    let fields = access["fields"].as_array().unwrap();
    let field = |pointer: &str| fields.iter().find(|field| field["pointer"] == pointer);
    let projects = field("/project_id").unwrap();
    assert_eq!(
        projects["choices"][1],
        json!({"value": 4203, "title": "Simulated bank"})
    );
    assert_eq!(
        (&projects["complete"], &projects["depends_on"]),
        (&json!(true), &json!(["/client_id", "/client_secret"]))
    );
    assert!(field("/credential_level").is_some() && field("/scopes").is_some());

    let hotjar = vendors.credential("hotjar");
    let access = vendors.run(&["inspect", "hotjar", "--credential", &hotjar], "");
    assert!(access.result()["fields"].as_array().unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_printed_session_names_its_account_and_its_origins() {
    let vendors = Vendors::start().await;
    let credential = vendors.credential("contentsquare");
    let arguments = ["authenticate", "contentsquare", "--credential", &credential];
    let session = vendors.run(&arguments, "").result();
    assert_eq!(session["account"], "4201");
    let origins = session["origins"].as_array().unwrap();
    assert!(!origins.is_empty(), "{session}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_authority_the_vendor_is_unreachable_at_the_certificate_stage() {
    let vendors = Vendors::start().await;
    for vendor in VENDORS {
        let credential = vendors.credential(vendor);
        let mut arguments = vec!["authenticate", vendor, "--credential", &credential];
        arguments.extend(vendors.network.iter().skip(2).map(String::as_str));
        arguments.extend(["--log", "debug"]);
        let run = Run::new(&arguments, "");
        assert_eq!(
            run.json()["error"],
            json!({"kind": "unreachable", "stage": "certificate", "reason": "unknown-issuer"})
        );
        let logged = |line: &str| line.contains("DEBUG") && line.contains("its issuer is unknown");
        assert!(run.stderr.lines().any(logged), "{}", run.stderr);
        let message = run.stderr.lines().last().unwrap();
        assert!(message.starts_with("error: "), "{message}");
        assert!(message.contains("--cacert FILE"), "{message}");
        assert!(!message.contains("later"), "{message}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vendor_that_refuses_the_connection_is_unreachable_at_the_connect_stage() {
    let vendors = Vendors::start().await;
    // Bound, so that no other process gets the port, but without a listener.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind(([127, 0, 0, 1], 0).into()).unwrap();
    let closed = socket.local_addr().unwrap();
    for vendor in VENDORS {
        let host = vendors
            .network
            .iter()
            .find(|names| names.starts_with(&format!("api.{vendor}")))
            .unwrap();
        let host = host.split(':').next().unwrap();
        let connect_to = format!("{host}:443:{closed}");
        let credential = vendors.credential(vendor);
        let arguments = [
            "authenticate",
            vendor,
            "--credential",
            &credential,
            "--connect-to",
            &connect_to,
        ];
        let error = Run::new(&arguments, "").error();
        assert_eq!(error, json!({"kind": "unreachable", "stage": "connect"}));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_secret_is_rejected_with_advice_for_a_person() {
    let vendors = Vendors::start().await;
    for vendor in VENDORS {
        let wrong = vendors.wrong_credential(vendor);
        let run = vendors.run(&["authenticate", vendor, "--credential", "-"], &wrong);
        let error = run.error();
        assert_eq!(
            error,
            json!({
                "kind": "rejected", "status": 401, "code": "invalid_client", "confirmed": true,
            })
        );
        assert!(
            run.stderr.contains("check it or create a new one"),
            "{}",
            run.stderr
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_web_page_is_an_invalid_response() {
    let vendors = Vendors::start().await;
    for vendor in VENDORS {
        vendors
            .simulators
            .vendor(vendor)
            .unwrap()
            .fault(Fault::Html(200));
        let error = vendors
            .run(
                &[
                    "authenticate",
                    vendor,
                    "--credential",
                    &vendors.credential(vendor),
                ],
                "",
            )
            .error();
        assert_eq!(
            error,
            json!({"kind": "invalid-response", "status": 200, "field": "body"})
        );
    }
}
