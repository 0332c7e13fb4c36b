//! The Rust side of the comparison, which `bench/compare/run` drives: the subjects that are
//! programs of Rust, on the command line that all subjects share, and the simulated vendor as a
//! process of its own (`vendor.rs`). What a process can tell of itself is in `account.rs`.
//!
//! `compare SUBJECT first`, `compare SUBJECT loop N [CONCURRENCY]`, `compare SUBJECT flight N`; a
//! subject is `connector FOLDER`, which keeps its machine code there, `oauth2`, or `baseline FILE`,
//! with machine code that `compare compile COMPONENT FILE` made. `compare plugin FILE` writes the
//! plugin to a file.

mod account;
#[expect(dead_code, reason = "one function is compared, without a script")]
mod baseline;
mod vendor;

use std::env;
use std::error::Error;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use connector_bench::baseline::over;
use connector_bench::dialing::Dialing;
use connector_host::{Connector, Limits, Live, Runtime, Timeouts, Transport};
use futures::future::LocalBoxFuture;
use futures::stream::{self, StreamExt as _};
use host_test::COMPONENT_BYTES;
use http_body_util::BodyExt as _;
use oauth2::basic::BasicClient;
use oauth2::{AuthType, ClientId, ClientSecret, TokenResponse as _, TokenUrl};
use serde_json::{Value, json};
use tokio::time::Instant;

use account::{cpu, proportional_bytes, resident_bytes, resident_peak_bytes, restart_peak};
use baseline::{Allocation, Baseline};

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// One authentication: a token, or the reason for none.
type SignIn = Box<dyn Fn() -> LocalBoxFuture<'static, Result<String, String>>>;

/// As patient as whoever drives this, which ends what takes too long.
const PATIENCE: Duration = Duration::from_mins(10);

const VENDOR: &str = "hotjar";
const TOKEN_URL: &str = "https://api.hotjar.io/v1/oauth/token";

/// How every token of the simulators begins.
const TOKEN: &str = "sim";

const USAGE: &str = "compare vendor [--answer-after MS] | compare plugin FILE | \
    compare compile COMPONENT FILE | \
    compare connector FOLDER|oauth2|baseline FILE first|loop N [CONCURRENCY]|flight N";

fn main() -> Outcome {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    // One thread: every subject has one core.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    match arguments.as_slice() {
        ["vendor"] => runtime.block_on(vendor::run(Duration::ZERO)),
        ["vendor", "--answer-after", millis] => {
            runtime.block_on(vendor::run(Duration::from_millis(millis.parse()?)))
        }
        ["plugin", file] => Ok(fs::write(file, COMPONENT_BYTES)?),
        ["compile", component, file] => {
            let code = Baseline::compile(&fs::read(component)?, Allocation::OnDemand)?;
            Ok(fs::write(file, code)?)
        }
        ["connector", folder, work @ ..] => runtime.block_on(async {
            let reach = Reach::given()?;
            let (_, at_once, _) = asked_for(work)?;
            measure(&connector(&reach, folder.as_ref(), at_once).await?, work).await
        }),
        ["oauth2", work @ ..] => runtime.block_on(async {
            let reach = Reach::given()?;
            measure(&oauth2(&reach)?, work).await
        }),
        ["baseline", file, work @ ..] => runtime.block_on(async {
            let reach = Reach::given()?;
            measure(&baseline(&reach, file.as_ref())?, work).await
        }),
        _ => Err(USAGE.into()),
    }
}

/// The vendor as every subject is told of it, in its environment: who to be, where to go, whom to
/// trust.
struct Reach {
    credential: String,
    rule: String,
    ca_pem: String,
}

impl Reach {
    fn given() -> Outcome<Self> {
        let given = |name| {
            let value = env::var_os(name).and_then(|value| value.into_string().ok());
            value.ok_or_else(|| format!("{name} is not set"))
        };
        Ok(Self {
            credential: given("COMPARE_CREDENTIAL")?,
            rule: format!("api.hotjar.io:443:127.0.0.1:{}", given("COMPARE_PORT")?),
            ca_pem: fs::read_to_string(given("COMPARE_CA")?)?,
        })
    }

    fn live(&self) -> Outcome<Live> {
        let live = Live::builder().extra_ca_pem(self.ca_pem.as_bytes())?;
        Ok(live.connect_to(self.rule.parse()?).build()?)
    }
}

const fn patient() -> Timeouts {
    Timeouts::new()
        .connect(PATIENCE)
        .first_byte(PATIENCE)
        .between_bytes(PATIENCE)
}

/// The plugin in its own host, every call in a fresh instance, with room for so many and its
/// machine code kept in a folder.
async fn connector(reach: &Reach, folder: &Path, at_once: usize) -> Outcome<SignIn> {
    let limits = Limits::new().deadline(PATIENCE).timeouts(patient());
    let connector = Connector::builder(Arc::new(reach.live()?))
        .limits(limits)
        .runtime(Runtime::new(at_once.try_into()?)?)
        .cache(folder)
        .load_bytes(COMPONENT_BYTES)
        .await?;
    let credential: Arc<str> = reach.credential.as_str().into();
    Ok(Box::new(move || {
        let (connector, credential) = (connector.clone(), Arc::clone(&credential));
        Box::pin(async move {
            let session = connector.authenticate(VENDOR, &credential).await;
            let session = session.map_err(|error| error.to_string())?;
            Ok(session.access_token.expose().to_owned())
        })
    }))
}

/// A component in a host that knows nothing of connectors, every call in a fresh instance.
fn baseline(reach: &Reach, file: &Path) -> Outcome<SignIn> {
    let dialing = Dialing::new(&reach.ca_pem, std::slice::from_ref(&reach.rule))?;
    let network = over(Arc::new(dialing));
    let baseline = Baseline::load_compiled(file, Allocation::OnDemand, network)?;
    let credential: Arc<str> = reach.credential.as_str().into();
    Ok(Box::new(move || {
        let (baseline, credential) = (baseline.clone(), Arc::clone(&credential));
        Box::pin(async move {
            let session = baseline.authenticate(VENDOR, &credential).await;
            let session = session.map_err(|error| error.to_string())?;
            let session = session.map_err(|error| format!("{error:?}"))?;
            Ok(session.access_token)
        })
    }))
}

/// No sandbox at all: the crate `oauth2` over the transport of the plugin's own host.
fn oauth2(reach: &Reach) -> Outcome<SignIn> {
    let credential: Value = serde_json::from_str(&reach.credential)?;
    let text = |name: &str| {
        let text = credential.get(name).and_then(Value::as_str);
        text.map(str::to_owned)
            .ok_or_else(|| format!("{name} is missing"))
    };
    let client = BasicClient::new(ClientId::new(text("client_id")?))
        .set_client_secret(ClientSecret::new(text("client_secret")?))
        .set_token_uri(TokenUrl::new(TOKEN_URL.to_owned())?)
        .set_auth_type(AuthType::RequestBody);
    let live = reach.live()?;
    Ok(Box::new(move || {
        let (client, live) = (client.clone(), live.clone());
        Box::pin(async move {
            let send = |request: oauth2::HttpRequest| carry(&live, request);
            let reply = client
                .exchange_client_credentials()
                .request_async(&send)
                .await;
            let reply = reply.map_err(|error| error.to_string())?;
            Ok(reply.access_token().secret().clone())
        })
    }))
}

async fn carry(
    live: &Live,
    request: oauth2::HttpRequest,
) -> Result<oauth2::HttpResponse, connector_host::TransportError> {
    let reply = live.send(request.map(Bytes::from), patient()).await?;
    let (parts, body) = reply.into_parts();
    let body = body.collect().await?.to_bytes();
    Ok(http::Response::from_parts(parts, body.into()))
}

/// Does what the last arguments ask for, and prints what it took as one line of JSON.
async fn measure(sign_in: &SignIn, work: &[&str]) -> Outcome {
    let (times, at_once, before) = asked_for(work)?;
    let warm = sign_in_often(sign_in, before, at_once).await;
    let resident = resident_bytes()?;
    restart_peak()?;
    // For the first session counts what the process has done since it began.
    let cpu_before = if before == 0 { Duration::ZERO } else { cpu() };
    let begin = Instant::now();
    let done = sign_in_often(sign_in, times, at_once).await;
    let wall = begin.elapsed();
    println!(
        "{}",
        json!({
            "asked": before + times,
            "n": times,
            "ok": done.ok,
            "error": warm.error.or(done.error),
            "wall_secs": wall.as_secs_f64(),
            "cpu_secs": cpu().saturating_sub(cpu_before).as_secs_f64(),
            "resident_bytes": resident,
            "peak_bytes": resident_peak_bytes()?,
            "proportional_bytes": proportional_bytes()?,
        })
    );
    Ok(())
}

/// How often, how many of them at once, and how often before as a warm-up.
fn asked_for(work: &[&str]) -> Outcome<(usize, usize, usize)> {
    Ok(match work {
        ["first"] => (1, 1, 0),
        // A loop is warmed up by another one.
        ["loop", times] => (times.parse()?, 1, times.parse()?),
        ["loop", times, at_once] => (times.parse()?, at_once.parse()?, times.parse()?),
        ["flight", times] => (times.parse()?, times.parse()?, 1),
        _ => return Err(USAGE.into()),
    })
}

struct Done {
    ok: usize,
    error: Option<String>,
}

async fn sign_in_often(sign_in: &SignIn, times: usize, at_once: usize) -> Done {
    let mut done = Done { ok: 0, error: None };
    let mut answers = stream::iter(0..times)
        .map(|_| sign_in())
        .buffer_unordered(at_once);
    while let Some(answer) = answers.next().await {
        match answer {
            Ok(token) if token.starts_with(TOKEN) => done.ok += 1,
            Ok(_) => done.error = Some("the token is not the vendor's".to_owned()),
            Err(error) => done.error = Some(error),
        }
    }
    done
}
