//! The Rust side of the comparison that `bench/compare/run` drives: the subjects in Rust, with the
//! command line of all subjects, and the simulated vendor in its own process (`vendor.rs`).
//!
//! `compare SUBJECT first`, `compare SUBJECT loop N [CONCURRENCY]`, `compare SUBJECT flight N`. A
//! subject is `connector FOLDER`, with its cache of machine code there, `oauth2`, or `baseline
//! FILE`, with machine code that `compare compile COMPONENT FILE` wrote. `compare plugin FILE`
//! writes the plugin to a file.

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

use account::{cpu, proportional_bytes, reset_peak, resident_bytes, resident_peak_bytes};
use baseline::{Allocation, Baseline};

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// One authentication: a token, or the reason for none.
type SignIn = Box<dyn Fn() -> LocalBoxFuture<'static, Result<String, String>>>;

/// The driver ends what takes too long.
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
    // Every subject has one core.
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
            let target = Target::from_env()?;
            let (_, at_once, _) = counts(work)?;
            measure(&connector(&target, folder.as_ref(), at_once).await?, work).await
        }),
        ["oauth2", work @ ..] => runtime.block_on(async {
            let target = Target::from_env()?;
            measure(&oauth2(&target)?, work).await
        }),
        ["baseline", file, work @ ..] => runtime.block_on(async {
            let target = Target::from_env()?;
            measure(&baseline(&target, file.as_ref())?, work).await
        }),
        _ => Err(USAGE.into()),
    }
}

/// The vendor, as the environment describes it to every subject: the credential, the address, the
/// certificate authority.
struct Target {
    credential: String,
    rule: String,
    ca_pem: String,
}

impl Target {
    fn from_env() -> Outcome<Self> {
        let variable = |name| {
            let value = env::var_os(name).and_then(|value| value.into_string().ok());
            value.ok_or_else(|| format!("{name} is not set"))
        };
        Ok(Self {
            credential: variable("COMPARE_CREDENTIAL")?,
            rule: format!("api.hotjar.io:443:127.0.0.1:{}", variable("COMPARE_PORT")?),
            ca_pem: fs::read_to_string(variable("COMPARE_CA")?)?,
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

/// The plugin in `connector-host`, each call in a fresh instance, with room for `at_once` of them
/// and a cache of machine code.
async fn connector(target: &Target, folder: &Path, at_once: usize) -> Outcome<SignIn> {
    let limits = Limits::new().deadline(PATIENCE).timeouts(patient());
    let connector = Connector::builder(Arc::new(target.live()?))
        .limits(limits)
        .runtime(Runtime::new(at_once.try_into()?)?)
        .cache(folder)
        .load_bytes(COMPONENT_BYTES)
        .await?;
    let credential: Arc<str> = target.credential.as_str().into();
    Ok(Box::new(move || {
        let (connector, credential) = (connector.clone(), Arc::clone(&credential));
        Box::pin(async move {
            let session = connector.authenticate(VENDOR, &credential).await;
            let session = session.map_err(|error| error.to_string())?;
            Ok(session.access_token.expose().to_owned())
        })
    }))
}

/// A component in the baseline host, each call in a fresh instance.
fn baseline(target: &Target, file: &Path) -> Outcome<SignIn> {
    let dialing = Dialing::new(&target.ca_pem, std::slice::from_ref(&target.rule))?;
    let network = over(Arc::new(dialing));
    let baseline = Baseline::load_compiled(file, Allocation::OnDemand, network)?;
    let credential: Arc<str> = target.credential.as_str().into();
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

/// The crate `oauth2` over the transport of `connector-host`, without a sandbox.
fn oauth2(target: &Target) -> Outcome<SignIn> {
    let credential: Value = serde_json::from_str(&target.credential)?;
    let text = |name: &str| {
        let text = credential.get(name).and_then(Value::as_str);
        text.map(str::to_owned)
            .ok_or_else(|| format!("{name} is missing"))
    };
    let client = BasicClient::new(ClientId::new(text("client_id")?))
        .set_client_secret(ClientSecret::new(text("client_secret")?))
        .set_token_uri(TokenUrl::new(TOKEN_URL.to_owned())?)
        .set_auth_type(AuthType::RequestBody);
    let live = target.live()?;
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

/// Runs the work that the last arguments describe, and prints its figures as one line of JSON.
async fn measure(sign_in: &SignIn, work: &[&str]) -> Outcome {
    let (times, at_once, before) = counts(work)?;
    let warm = sign_in_often(sign_in, before, at_once).await;
    let resident = resident_bytes()?;
    reset_peak()?;
    // For the first session, all since the start of the process counts.
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

/// The number of sign-ins, how many of them at a time, and the number of those before as a warm-up.
fn counts(work: &[&str]) -> Outcome<(usize, usize, usize)> {
    Ok(match work {
        ["first"] => (1, 1, 0),
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
