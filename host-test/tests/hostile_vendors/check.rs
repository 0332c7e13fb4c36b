//! Runs one test: each call meets a vendor with the fault, and is repeated when the vendor behaves.

use std::path::Path;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use connector_host::{
    ApiResponse, CallError, Connector, ConnectorError, Limits, Live, ResponseBody, Secret,
    SendError, Session, Timeouts, Transport, TransportError,
};
use connector_simulators::tls::{Authority, HTTP1, HTTP2};
use futures::future::BoxFuture;
use host_test::{COMPONENT, machine_code};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::RwLock;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use super::server::{Play, Server};

/// The names in a valid certificate.
pub(crate) const HOSTS: &[&str] = &["api.hotjar.io", "api.contentsquare.com"];

/// Strings that no error may contain: invented secrets, and a word of the vendor's.
const PRIVATE: [&str; 5] = [
    "invented-client",
    "invented;secret",
    "valid-token",
    "forged-token",
    VENDOR_WORD,
];

/// A word that a hostile vendor puts into its responses.
pub(crate) const VENDOR_WORD: &str = "lavender";

/// The issuer of the valid certificates.
pub(crate) static AUTHORITY: LazyLock<Authority> = LazyLock::new(|| Authority::new().unwrap());

/// Tests that measure the memory of the process run alone.
static ALONE: RwLock<()> = RwLock::const_new(());

/// The permitted growth of the process while vendors send endless data. The plugin's own memory is
/// below 2 MiB for each call.
const GROWTH_BYTES: u64 = 32 << 20;

/// The longest duration of a call that must not end by a time limit: less than the shortest one.
const PROMPTLY: Duration = Duration::from_secs(8);

/// The time limits of tests that wait for one.
const SHORT: Timeouts = Timeouts::new()
    .connect(Duration::from_secs(1))
    .first_byte(Duration::from_millis(300))
    .between_bytes(Duration::from_millis(300));
/// The deadline of a call. The plugin has its last tenth to report the reason.
const SHORT_DEADLINE: Duration = Duration::from_secs(5);
/// Additional time for a machine that is busy with other tests.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// The outcome of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum End {
    /// A success, with data of the vendor's valid response.
    Success(String),
    /// No response, with the stage.
    Unreachable(String),
    /// An invalid response, with its status and the wrong field.
    Invalid(u16, String),
    /// The request was denied.
    Denied,
    /// Another outcome, by the name of its kind.
    Other(String),
}

pub(crate) fn unreachable(stage: &str) -> End {
    End::Unreachable(stage.to_owned())
}

pub(crate) fn invalid(status: u16, field: &str) -> End {
    End::Invalid(status, field.to_owned())
}

/// The calls of a test. Each has a vendor of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Call {
    Hotjar,
    Contentsquare,
    Inspect,
    Api,
}

impl Call {
    const ALL: [Self; 4] = [Self::Hotjar, Self::Contentsquare, Self::Inspect, Self::Api];
    /// The requests of the plugin itself, which have a deadline.
    pub(crate) const OF_THE_PLUGIN: [Self; 3] = [Self::Hotjar, Self::Contentsquare, Self::Inspect];

    fn vendor(self) -> &'static str {
        match self {
            Self::Hotjar | Self::Api => "hotjar",
            Self::Contentsquare | Self::Inspect => "contentsquare",
        }
    }

    /// The URL of its request.
    fn url(self) -> &'static str {
        match self {
            Self::Hotjar => "https://api.hotjar.io/v1/oauth/token",
            Self::Contentsquare => "https://api.contentsquare.com/v1/oauth/token",
            Self::Inspect => "https://api.contentsquare.com/v1/oauth/me",
            Self::Api => "https://api.hotjar.io/v1/sites",
        }
    }

    /// The valid response.
    pub(crate) fn valid_reply(self) -> Value {
        match self {
            Self::Hotjar => {
                json!({"access_token": "valid-token", "token_type": "Bearer", "expires_in": 3600})
            }
            Self::Contentsquare => json!({
                "access_token": "valid-token", "token_type": "bearer", "expires_in": 3600,
                "scope": "metrics",
                "project_id": 42, "endpoint": "https://api.contentsquare.com",
            }),
            Self::Inspect => json!({
                "scopes": "metrics",
                "permissions": {"projects": [{"id": 42, "name": "valid shop"}]},
            }),
            Self::Api => json!({"sites": ["valid site"]}),
        }
    }

    /// The outcome of the valid response.
    pub(crate) fn success(self) -> End {
        let held = match self {
            Self::Hotjar | Self::Contentsquare => "valid-token".to_owned(),
            Self::Inspect => "valid shop".to_owned(),
            Self::Api => self.valid_reply().to_string(),
        };
        End::Success(held)
    }

    /// Makes the call.
    pub(crate) async fn make(self, connector: &Connector) -> End {
        let vendor = self.vendor();
        match self {
            Self::Hotjar | Self::Contentsquare => {
                let session = connector.authenticate(vendor, &credential(vendor)).await;
                call_end(session.map(|session| session.access_token.expose().to_owned()))
            }
            Self::Inspect => {
                let access = connector
                    .inspect(vendor, &credential(vendor), None, None)
                    .await;
                let project = |access: connector_host::Access| {
                    let mut fields = access.fields.iter();
                    let projects = fields.find(|field| field.pointer == "/project_id");
                    projects.unwrap().choices[0].title.clone()
                };
                call_end(access.map(project))
            }
            Self::Api => send(connector, vendor, "https://api.hotjar.io").await,
        }
    }
}

/// A valid credential document.
pub(crate) fn credential(vendor: &str) -> String {
    PRIVATE
        .iter()
        .filter(|text| **text != VENDOR_WORD)
        .for_each(leak_check::register);
    let mut document = json!({"client_id": "invented-client", "client_secret": "invented;secret"});
    if vendor == "contentsquare" {
        document["credential_level"] = json!("project");
        document["scopes"] = json!(["metrics"]);
    }
    document.to_string()
}

/// Makes an API call with a session that has this base URL, classifies the response, and reads the
/// rest of a short one.
pub(crate) async fn send(connector: &Connector, vendor: &str, base_url: &str) -> End {
    let origins = connector.vendors().iter().find(|known| known.id == vendor);
    let mut session = Session::new(
        Secret::new("forged-token"),
        base_url,
        SystemTime::UNIX_EPOCH,
    );
    session.origins.clone_from(&origins.unwrap().origins);
    let request = http::Request::get("/v1/sites").body(Bytes::new()).unwrap();
    let mut reply = match connector.send(vendor, &session, request).await {
        Ok(reply) => reply,
        Err(error) => return send_end(error),
    };
    let seen = match ApiResponse::read(&mut reply).await {
        Ok(seen) => seen,
        Err(error) => return send_end(error.into()),
    };
    let verdict = connector.classify(vendor, &seen).await.unwrap();
    if verdict.kind() != "accepted" {
        return End::Other(verdict.kind().to_owned());
    }
    // The rest of a long body is up to the caller.
    let body = if seen.body.len() < 4096 {
        match reply.into_body().collect().await {
            Ok(body) => body.to_bytes(),
            Err(error) => return send_end(error.into()),
        }
    } else {
        Bytes::new()
    };
    End::Success(String::from_utf8_lossy(&body).into_owned())
}

pub(crate) fn call_end(result: Result<String, CallError>) -> End {
    let error = match result {
        Ok(held) => return End::Success(held),
        Err(error) => error,
    };
    assert_no_secret(&format!("{error} {error:?} {}", error.kind()));
    match error {
        CallError::Connector(ConnectorError::Unreachable(stage)) => unreachable(stage.name()),
        CallError::Connector(ConnectorError::InvalidResponse(response)) => {
            invalid(response.status, &response.field)
        }
        CallError::Connector(ConnectorError::Denied) => End::Denied,
        other => End::Other(other.kind().to_owned()),
    }
}

fn send_end(error: SendError) -> End {
    assert_no_secret(&format!("{error} {error:?} {}", error.kind()));
    match error {
        SendError::Transport(TransportError::Denied) => End::Denied,
        SendError::Transport(error) => unreachable(match error {
            TransportError::Denied => "denied",
            TransportError::Dns | TransportError::DnsTimeout => "dns",
            TransportError::Connect | TransportError::ConnectTimeout => "connect",
            TransportError::TlsCertificate(_) => "certificate",
            TransportError::Tls | TransportError::TlsTimeout => "tls",
            TransportError::Timeout => "timeout",
            TransportError::CutOff => "cut-off",
            TransportError::Protocol | TransportError::TooLong => "protocol",
            _ => "other",
        }),
        other => End::Other(other.kind().to_owned()),
    }
}

fn assert_no_secret(text: &str) {
    for private in PRIVATE {
        assert!(!text.contains(private), "{text} shows {private}");
    }
}

/// A live transport with these rules, which trusts the valid certificates.
pub(crate) fn live(rules: &[String]) -> Live {
    let live = Live::builder()
        .extra_ca_pem(AUTHORITY.pem().as_bytes())
        .unwrap();
    let live = rules
        .iter()
        .fold(live, |live, rule| live.connect_to(rule.parse().unwrap()));
    live.build().unwrap()
}

/// The server for every connection that must not be made.
pub(crate) struct ForbiddenServer(Server);

impl ForbiddenServer {
    pub(crate) async fn listen() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let tls = AUTHORITY.serve_as(HOSTS, &[HTTP1]).unwrap();
        Self(Server::start(listener, tls, [], VENDOR_WORD.to_owned()))
    }

    /// The last rule of a transport, for all hosts that no earlier rule matches.
    pub(crate) fn rule(&self) -> String {
        format!("::{}", self.0.address)
    }

    pub(crate) fn connections(&self) -> u64 {
        self.0.connections()
    }
}

/// The built component, loaded twice over the same network: with the default limits, and with short
/// ones.
///
/// Loading takes longer than a test, so a test takes one that is loaded, and leaves it to the next.
pub(crate) struct Plugin {
    pub(crate) default_limits: Connector,
    pub(crate) short_limits: Connector,
    network: Network,
}

static LOADED: Mutex<Vec<Plugin>> = Mutex::new(Vec::new());

impl Plugin {
    /// Takes one that no test uses, with a transport for each prefix of a URL, so that all calls of
    /// a test are concurrent.
    pub(crate) async fn on(routes: Vec<(&'static str, Live)>) -> Self {
        let loaded = LOADED.lock().unwrap().pop();
        let plugin = match loaded {
            Some(plugin) => plugin,
            None => Self::load().await,
        };
        *plugin.network.0.lock().unwrap() = routes;
        plugin
    }

    async fn load() -> Self {
        let network = Network::default();
        let load = async |limits| {
            let builder = Connector::builder(Arc::new(network.clone())).limits(limits);
            let builder = builder.cache(machine_code());
            let loaded = builder.load_file(Path::new(COMPONENT)).await;
            loaded.expect("the component loads")
        };
        let short_limits = Limits::new().timeouts(SHORT).deadline(SHORT_DEADLINE);
        Self {
            default_limits: load(Limits::default()).await,
            short_limits: load(short_limits).await,
            network,
        }
    }

    /// Leaves it to the next test. A test that fails does not.
    pub(crate) fn leave(self) {
        self.network.0.lock().unwrap().clear();
        LOADED.lock().unwrap().push(self);
    }
}

#[derive(Clone, Default)]
struct Network(Arc<Mutex<Vec<(&'static str, Live)>>>);

impl Transport for Network {
    fn send(
        &self,
        request: http::Request<Bytes>,
        timeouts: Timeouts,
    ) -> BoxFuture<'static, Result<http::Response<ResponseBody>, TransportError>> {
        let url = request.uri().to_string();
        let routes = self.0.lock().unwrap();
        let (_, live) = routes.iter().find(|(of, _)| url.starts_with(of)).unwrap();
        live.send(request, timeouts)
    }
}

/// One test.
pub(crate) struct Row {
    play: Play,
    end: Option<End>,
    tls: TlsAcceptor,
    has_short_limits: bool,
    calls: Vec<Call>,
    /// The number of requests after the hostile call.
    requests: u64,
    /// The limit on bytes that are read of endless data.
    taken_bytes: Option<u64>,
}

impl Row {
    /// A fault of a vendor that speaks HTTP/1.1.
    pub(crate) fn http1(play: Play) -> Self {
        Self::over(HTTP1, play)
    }

    /// A fault of a vendor that speaks HTTP/2.
    pub(crate) fn http2(play: Play) -> Self {
        Self::over(HTTP2, play)
    }

    fn over(protocol: &str, play: Play) -> Self {
        let is_asked = !matches!(play, Play::Handshake(_) | Play::Certificate(_));
        Self {
            play,
            end: None,
            tls: AUTHORITY.serve_as(HOSTS, &[protocol]).unwrap(),
            has_short_limits: false,
            calls: Call::ALL.into(),
            requests: u64::from(is_asked),
            taken_bytes: None,
        }
    }

    /// The calls end by a time limit.
    pub(crate) fn until_a_time_limit(mut self) -> Self {
        self.has_short_limits = true;
        self
    }

    /// The vendor sends endless data: no more than this is read, and the process does not grow.
    pub(crate) fn taking_at_most(mut self, bytes: u64) -> Self {
        self.taken_bytes = Some(bytes);
        self
    }

    /// Makes only these calls.
    pub(crate) fn only(mut self, calls: &[Call]) -> Self {
        self.calls = calls.into();
        self
    }

    /// The fault occurs before any request.
    pub(crate) fn before_any_request(mut self) -> Self {
        self.requests = 0;
        self
    }

    /// Runs the test: every call has this outcome, and the next one succeeds. An API call succeeds
    /// with a response that is invalid for the plugin only.
    pub(crate) async fn fails(mut self, end: End) {
        self.end = Some(end);
        self.run().await;
    }

    /// Runs the test: every call succeeds.
    pub(crate) async fn succeeds(self) {
        self.run().await;
    }

    async fn run(self) {
        if self.taken_bytes.is_some() {
            alone(self.calls()).await;
        } else {
            let _together = ALONE.read().await;
            self.calls().await;
        }
    }

    async fn calls(&self) {
        let forbidden = ForbiddenServer::listen().await;
        let mut servers = Vec::new();
        let mut routes = Vec::new();
        for call in &self.calls {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let plays = [self.play.clone()];
            let valid_body = call.valid_reply().to_string();
            let server = Server::start(listener, self.tls.clone(), plays, valid_body);
            let mut rules: Vec<_> = HOSTS
                .iter()
                .map(|host| format!("{host}:443:{}", server.address))
                .collect();
            rules.push(forbidden.rule());
            routes.push((call.url(), live(&rules)));
            servers.push(server);
        }
        let plugin = Plugin::on(routes).await;
        let calls = self.calls.iter().zip(&servers);
        let calls = calls.map(|(call, server)| self.call(*call, &plugin, server));
        futures::future::join_all(calls).await;
        assert_eq!(forbidden.connections(), 0, "a connection to another host");
        plugin.leave();
    }

    async fn call(&self, call: Call, plugin: &Plugin, server: &Server) {
        let (connector, within) = if self.has_short_limits {
            (&plugin.short_limits, SHORT_DEADLINE + PATIENCE)
        } else {
            (&plugin.default_limits, PROMPTLY)
        };
        let hostile = timeout(within, call.make(connector)).await;
        let hostile = hostile.unwrap_or_else(|_| panic!("{call:?} takes too long"));
        match (&self.end, call) {
            (None, _) => assert_eq!(hostile, call.success(), "{call:?}"),
            // Any response to an API call belongs to the caller.
            (Some(End::Invalid(..)), Call::Api) => {
                assert!(matches!(hostile, End::Success(_)), "{call:?}: {hostile:?}");
            }
            (Some(end), _) => assert_eq!(hostile, *end, "{call:?}"),
        }
        assert_eq!(server.requests(), self.requests, "{call:?} is sent once");
        if let Some(most) = self.taken_bytes {
            let taken = server.sent_bytes();
            assert!(taken <= most, "{call:?} took {taken} bytes");
        }
        let next = timeout(PATIENCE, call.make(&plugin.default_limits)).await;
        assert_eq!(next, Ok(call.success()), "{call:?} afterwards");
        assert_eq!(server.requests(), self.requests + 1, "{call:?} afterwards");
        if self.play.is_endless() {
            let left = timeout(PATIENCE, server.is_left()).await;
            assert!(left.is_ok(), "{call:?} keeps its connection");
        }
    }
}

/// Runs some work while no other test runs, and checks that the process does not grow.
pub(crate) async fn alone(work: impl Future<Output = ()>) {
    let _alone = ALONE.write().await;
    // Loading needs more memory than any test.
    Plugin::on(Vec::new()).await.leave();
    let before = resident_bytes("VmRSS");
    forget_peak();
    work.await;
    let growth = resident_bytes("VmHWM").saturating_sub(before);
    assert!(growth <= GROWTH_BYTES, "grew by {growth} bytes");
}

/// The resident memory of the process (`VmRSS`), or its peak (`VmHWM`).
fn resident_bytes(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with(name));
    let kib = line.and_then(|line| line.split_whitespace().nth(1));
    kib.map_or(0, |kib| kib.parse::<u64>().unwrap() << 10)
}

/// Resets the peak. Where the system cannot, only growth above an earlier peak shows.
fn forget_peak() {
    std::fs::write("/proc/self/clear_refs", "5").ok();
}
