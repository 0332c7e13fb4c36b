//! Instruction budgets: the fuel of wasmtime counts the instructions of a call, the same on every
//! machine. A figure that differs from `instructions.txt` by more than the margin fails the test.
//! The baseline host runs the calls; its own work costs no fuel.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::sync::Arc;
use std::time::Duration;

use connector_bench::baseline::{self, Baseline, Guest, Network, State, types as wit};
use host_test::COMPONENT_BYTES;
use host_test::answers::Answers;
use host_test::script::Reply;
use serde_json::json;
use wasmtime::component::Component;
use wasmtime::{Config, Engine, Store};

leak_check::capture!();

/// Room for plain code: a compiler moves a figure by some per cent when anything in the plugin
/// changes.
const MARGIN_PERCENT: u64 = 15;
/// The variable that makes the test write the figures instead of comparing them.
const BLESS: &str = "CONNECTOR_BLESS";
const BUDGETS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/instructions.txt");
const HEAD: &str = "\
# Instructions of a call of the plugin, in a fresh instance. Checked by instructions.rs; to update:
# CONNECTOR_BLESS=1 cargo test --test instructions
";
/// More than any call takes.
const FUEL: u64 = 1 << 40;

/// Instruction counts by call.
type Figures = BTreeMap<String, u64>;

/// The documents and responses of a vendor. All of them are invented.
struct Sample {
    vendor: &'static str,
    good: String,
    /// With several problems.
    bad: String,
    token: String,
    access: String,
    /// The body of an API response for an expired session.
    expired: &'static str,
    /// The same for too many requests.
    throttled: &'static str,
}

fn samples() -> [Sample; 2] {
    let token =
        json!({"access_token": "tulip-0123456789", "token_type": "Bearer", "expires_in": 3600});
    [
        Sample {
            vendor: "hotjar",
            good: json!({"client_id": "id-0001", "client_secret": "hush;?&=+% 1"}).to_string(),
            bad: json!({"client_id": " ", "client_secret": 7, "region": "eu"}).to_string(),
            token: token.to_string(),
            access: token.to_string(),
            expired: r#"{"error":"invalid_token"}"#,
            throttled: "",
        },
        Sample {
            vendor: "contentsquare",
            good: json!({
                "client_id": "id-0001", "client_secret": "hush;?\"\\ 1",
                "credential_level": "project", "scopes": ["data-export", "metrics"],
            })
            .to_string(),
            bad: json!({
                "client_id": " ", "credential_level": "account", "scopes": ["metrics", "x"],
                "project_id": 0,
            })
            .to_string(),
            token: json!({
                "access_token": "tulip-0123456789", "token_type": "bearer", "expires_in": 3600,
                "scope": "data-export metrics", "project_id": 42,
                "endpoint": "https://api.eu-west-1.production.contentsquare.com",
            })
            .to_string(),
            access: json!({
                "scopes": "metrics data-export",
                "permissions": {"projects": [{"id": 42, "name": "INVENTED SHOP"},
                        {"id": 43, "name": "ANOTHER"}]},
            })
            .to_string(),
            expired: r#"{"success":false,"errorCode":"JWT_EXPIRED"}"#,
            throttled: r#"{"success":false,"errorCode":"CONCURRENT_API_CALL"}"#,
        },
    ]
}

/// A page of API data.
fn page() -> String {
    let rows: Vec<_> = (0..20)
        .map(|id| json!({"id": id, "name": "row", "rate": 0.5, "tags": [null, true]}))
        .collect();
    json!({"payload": rows, "success": true}).to_string()
}

/// The header fields of every response.
const FIELDS: [(&str, &str); 4] = [
    ("cache-control", "no-store"),
    ("date", "Tue, 14 Nov 2023 22:13:20 GMT"),
    ("x-request-id", "00000000-0000-0000-0000-000000000000"),
    ("strict-transport-security", "max-age=31536000"),
];

/// The plugin with a clock that stands still.
fn load() -> wasmtime::Result<Baseline> {
    let mut config = Config::new();
    config.consume_fuel(true);
    let component = Component::new(&Engine::new(&config)?, COMPONENT_BYTES)?;
    let plugin = Baseline::new(&component, answering(""))?;
    Ok(plugin.at(Duration::from_secs(1_700_000_000)))
}

/// A network with one response.
fn answering(body: &str) -> Network {
    let body = body.to_owned();
    baseline::over(Arc::new(Answers::new(move |_, _| {
        let reply = Reply::text(200, &body).header("content-type", "application/json");
        let fields = FIELDS.into_iter();
        fields.fold(reply, |reply, (name, value)| reply.header(name, value))
    })))
}

fn store(plugin: &Baseline, reply: &str) -> wasmtime::Result<Store<State>> {
    let mut store = plugin.with(answering(reply)).store();
    store.set_fuel(FUEL)?;
    Ok(store)
}

async fn count_instantiate(plugin: &Baseline) -> wasmtime::Result<u64> {
    let mut store = store(plugin, "")?;
    plugin.instance(&mut store).await?;
    Ok(FUEL - store.get_fuel()?)
}

/// Counts the instructions of `call` in a new instance. `reply` answers its request.
async fn count<T>(
    plugin: &Baseline,
    reply: &str,
    call: impl AsyncFnOnce(&mut Store<State>, &Guest) -> wasmtime::Result<T>,
) -> wasmtime::Result<(u64, T)> {
    let mut store = store(plugin, reply)?;
    let instance = plugin.instance(&mut store).await?;
    store.set_fuel(FUEL)?;
    let result = call(&mut store, instance.integration_connector_credentials()).await?;
    Ok((FUEL - store.get_fuel()?, result))
}

/// An API request with some header fields of its own.
fn head() -> wit::RequestHead {
    let headers = [("accept", "application/json"), ("x-request-id", "0000")];
    wit::RequestHead {
        method: "GET".to_owned(),
        url: "https://api.eu-west-1.production.contentsquare.com/v1/exports?limit=1".to_owned(),
        headers: headers
            .map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec()))
            .into(),
        body_sha256: None,
        body: None,
    }
}

fn response(status: u16, header: Option<(&str, &str)>, body: &str) -> wit::Response {
    let fields = [("content-type", "application/json")]
        .into_iter()
        .chain(header);
    wit::Response {
        status,
        headers: fields
            .map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec()))
            .collect(),
        body: body.as_bytes().to_vec(),
    }
}

/// Makes every call of a vendor once, and checks its outcome, so that no cheaper one is counted.
async fn measure(
    plugin: &Baseline,
    sample: &Sample,
    figures: &mut Figures,
) -> wasmtime::Result<()> {
    let (vendor, good, bad) = (sample.vendor, &sample.good, &sample.bad);
    let mut record = |what: &str, figure| figures.insert(format!("{vendor} {what}"), figure);

    for (locales, what) in [(&[][..], ""), (&["fr-CA".to_owned()], ", in French")] {
        let (figure, described) = count(plugin, "", async |store, plugin| {
            plugin.call_describe(store, vendor, locales).await
        })
        .await?;
        assert!(described.is_ok());
        record(&format!("describe{what}"), figure);

        let (figure, schema) = count(plugin, "", async |store, plugin| {
            plugin.call_credential_schema(store, vendor, locales).await
        })
        .await?;
        assert!(schema.is_ok());
        record(&format!("credential-schema{what}"), figure);
    }

    let (figure, checked) = count(plugin, "", async |store, plugin| {
        plugin.call_validate(store, vendor, good, &[]).await
    })
    .await?;
    assert!(checked.is_ok());
    record("validate, good", figure);

    let (figure, origins) = count(plugin, "", async |store, plugin| {
        plugin.call_origins(store, vendor, good).await
    })
    .await?;
    assert!(origins.is_ok());
    record("origins", figure);

    let (figure, checked) = count(plugin, "", async |store, plugin| {
        plugin.call_validate(store, vendor, bad, &[]).await
    })
    .await?;
    assert!(matches!(checked, Err(wit::Error::InvalidCredential(issues)) if issues.len() >= 3));
    record("validate, several issues", figure);

    let (figure, session) = count(plugin, &sample.token, async |store, plugin| {
        plugin.call_authenticate(store, vendor, good).await
    })
    .await?;
    let Ok(session) = session else {
        panic!("{vendor}: no session");
    };
    record("authenticate", figure);

    let (figure, again) = count(plugin, &sample.token, async |store, plugin| {
        plugin
            .call_authenticate(&mut *store, vendor, good)
            .await?
            .ok();
        store.set_fuel(FUEL)?;
        plugin.call_authenticate(store, vendor, good).await
    })
    .await?;
    assert!(again.is_ok());
    record("authenticate, in a kept instance", figure);

    let (figure, renewed) = count(plugin, &sample.token, async |store, plugin| {
        plugin.call_refresh(store, vendor, good, &session).await
    })
    .await?;
    assert!(renewed.is_ok());
    record("refresh", figure);

    let (figure, access) = count(plugin, &sample.access, async |store, plugin| {
        plugin.call_inspect(store, vendor, good, None, None).await
    })
    .await?;
    assert!(access.is_ok());
    record("inspect", figure);

    let head = head();
    let (figure, authorized) = count(plugin, "", async |store, plugin| {
        plugin.call_authorize(store, vendor, &session, &head).await
    })
    .await?;
    assert!(authorized.is_ok());
    record("authorize", figure);

    for (what, response, is_meant) in answers(sample) {
        let (figure, verdict) = count(plugin, "", async |store, plugin| {
            plugin.call_classify(store, vendor, &response).await
        })
        .await?;
        assert!(verdict.is_ok_and(is_meant), "{vendor}: {what}");
        record(what, figure);
    }
    Ok(())
}

type Answer = (&'static str, wit::Response, fn(wit::Verdict) -> bool);

/// API responses, and the verdict of each.
fn answers(sample: &Sample) -> [Answer; 3] {
    let bearer = ("www-authenticate", r#"Bearer error="invalid_token""#);
    let wait = ("retry-after", "30");
    [
        (
            "classify, accepted",
            response(200, None, &page()),
            |verdict| matches!(verdict, wit::Verdict::Accepted),
        ),
        (
            "classify, expired",
            response(401, Some(bearer), sample.expired),
            |verdict| matches!(verdict, wit::Verdict::Refresh(_)),
        ),
        (
            "classify, throttled",
            response(429, Some(wait), sample.throttled),
            |verdict| matches!(verdict, wit::Verdict::Throttled(Some(30))),
        ),
    ]
}

async fn measure_all(plugin: &Baseline) -> wasmtime::Result<Figures> {
    let mut figures = Figures::new();
    figures.insert("instantiate".to_owned(), count_instantiate(plugin).await?);
    for sample in samples() {
        measure(plugin, &sample, &mut figures).await?;
    }
    Ok(figures)
}

fn written(figures: &Figures) -> String {
    let lines = figures
        .iter()
        .map(|(name, figure)| format!("{name}: {figure}\n"));
    HEAD.to_owned() + &lines.collect::<String>()
}

fn read(text: &str) -> Figures {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let (name, figure) = line.split_once(": ").expect("a name and a figure");
            (name.to_owned(), figure.parse().expect("a whole number"))
        })
        .collect()
}

/// The figures that differ from their budgets, a line each.
fn differences(budgets: &Figures, figures: &Figures) -> Vec<String> {
    let gone = budgets
        .keys()
        .filter(|name| !figures.contains_key(*name))
        .map(|name| format!("{name}: has a budget, but is not measured"));
    let others = figures.iter().filter_map(|(name, &figure)| {
        let Some(&budget) = budgets.get(name) else {
            return Some(format!("{name}: {figure}, without a budget"));
        };
        let difference = figure.abs_diff(budget);
        if difference * 100 <= budget * MARGIN_PERCENT {
            return None;
        }
        let permille = difference * 1000 / budget.max(1);
        let (percent, tenth) = (permille / 10, permille % 10);
        let what = if figure > budget {
            "more"
        } else {
            "less: update the budget"
        };
        Some(format!(
            "{name}: {figure} instead of {budget}, {percent}.{tenth} % {what}"
        ))
    });
    gone.chain(others).collect()
}

#[tokio::test]
async fn every_call_keeps_to_its_budget_of_instructions() {
    let plugin = load().expect("the component loads");
    let figures = measure_all(&plugin).await.expect("no call traps");
    let again = measure_all(&plugin).await.expect("no call traps");
    assert_eq!(figures, again, "the counts are deterministic");
    if env::var_os(BLESS).is_some() {
        fs::write(BUDGETS, written(&figures)).expect("the budgets can be written");
        return;
    }
    let budgets = read(&fs::read_to_string(BUDGETS).expect("the budgets can be read"));
    let differences = differences(&budgets, &figures);
    assert!(
        differences.is_empty(),
        "more than {MARGIN_PERCENT} % from {BUDGETS}; its head has the command to update it:\n- {}",
        differences.join("\n- ")
    );
}

#[test]
fn a_figure_may_differ_from_its_budget_by_the_margin() {
    let figures = |rows: &[(&str, u64)]| -> Figures {
        let rows = rows
            .iter()
            .map(|(name, figure)| ((*name).to_owned(), *figure));
        rows.collect()
    };
    let budgets = figures(&[("a", 1000), ("b", 1000), ("c", 1000), ("d", 1000), ("e", 0)]);
    let measured = figures(&[("a", 1150), ("b", 1151), ("c", 850), ("d", 849), ("f", 1)]);
    assert_eq!(
        differences(&budgets, &measured),
        [
            "e: has a budget, but is not measured",
            "b: 1151 instead of 1000, 15.1 % more",
            "d: 849 instead of 1000, 15.1 % less: update the budget",
            "f: 1, without a budget",
        ]
    );
    assert_eq!(read(&written(&measured)), measured);
}
