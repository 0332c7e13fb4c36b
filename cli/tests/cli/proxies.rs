//! Networks of companies: proxies, proxies that inspect TLS, authorities of one's own, and limits.

use std::convert::Infallible;
use std::fs;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use connector_host::{Live, Timeouts, Transport};
use connector_simulators::Fault;
use connector_simulators::tls::{Authority, HTTP1};
use http_body_util::{BodyExt, Full};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

use crate::harness::{Run, VENDORS, Vendors};
#[cfg(target_os = "linux")]
use crate::stub::{Stub, example};

const PASSWORD: &str = "lilac;4713";
const WRONG: &str = "lilac;wrong";
/// `user:lilac;4713`.
const BASIC: &str = "Basic dXNlcjpsaWxhYzs0NzEz";
const ESTABLISHED: &str = "HTTP/1.1 200 Connection established\r\n\r\n";

/// The first byte of a client that speaks TLS (RFC 8446 §5.1).
const TLS_HANDSHAKE: u8 = 22;

/// A proxy that requires a user and password.
struct Proxy {
    port: u16,
    /// The targets of its tunnels, and the user agents that an inspecting one saw.
    seen: Arc<Mutex<Vec<String>>>,
}

/// The means of a proxy that inspects TLS: an authority for its certificates, and the way on.
struct Inspector {
    authority: Authority,
    live: Live,
}

impl Proxy {
    async fn start(inspector: Option<Inspector>) -> Self {
        for secret in [PASSWORD, WRONG, BASIC] {
            leak_check::register(secret);
        }
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxy = Self {
            port: listener.local_addr().unwrap().port(),
            seen: Arc::default(),
        };
        let seen = Arc::clone(&proxy.seen);
        let inspector = Arc::new(inspector);
        tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.unwrap();
                let (seen, inspector) = (Arc::clone(&seen), Arc::clone(&inspector));
                tokio::spawn(
                    async move { serve(client, &seen, inspector.as_ref().as_ref()).await },
                );
            }
        });
        proxy
    }

    fn url(&self, password: &str) -> String {
        format!("http://user:{password}@127.0.0.1:{}", self.port)
    }

    fn seen(&self) -> Vec<String> {
        std::mem::take(&mut self.seen.lock().unwrap())
    }
}

async fn serve(mut client: TcpStream, seen: &Mutex<Vec<String>>, inspector: Option<&Inspector>) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let Ok(byte) = client.read_u8().await else {
            return;
        };
        head.push(byte);
        if head == [TLS_HANDSHAKE] {
            let _ = client.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
            return;
        }
    }
    let head = String::from_utf8(head).unwrap();
    if !head.contains(BASIC) {
        let reply = "HTTP/1.1 407 Proxy Authentication Required\r\n\r\n";
        client.write_all(reply.as_bytes()).await.unwrap();
        return;
    }
    let target = head.split(' ').nth(1).unwrap().to_owned();
    seen.lock().unwrap().push(target.clone());
    client.write_all(ESTABLISHED.as_bytes()).await.unwrap();
    let Some(inspector) = inspector else {
        let mut server = TcpStream::connect(target).await.unwrap();
        let _ = copy_bidirectional(&mut client, &mut server).await;
        return;
    };
    // The names of the vendors, and none by which the tunnels were asked for.
    let hosts = ["api.hotjar.io", "api.contentsquare.com"];
    let tls = inspector.authority.serve_as(&hosts, &[HTTP1]).unwrap();
    // The client may not trust it.
    let Ok(stream) = tls.accept(client).await else {
        return;
    };
    let service = service_fn(|request: http::Request<hyper::body::Incoming>| async {
        let (mut parts, body) = request.into_parts();
        let field = |name| parts.headers[name].to_str().unwrap().to_owned();
        if parts.headers.contains_key("user-agent") {
            seen.lock().unwrap().push(field("user-agent"));
        }
        parts.uri = format!("https://{}{}", field("host"), parts.uri)
            .parse()
            .unwrap();
        let body = body.collect().await.unwrap().to_bytes();
        let request = http::Request::from_parts(parts, body);
        let response = inspector.live.send(request, Timeouts::new()).await.unwrap();
        let (parts, body) = response.into_parts();
        let body: Full<Bytes> = body.collect().await.unwrap().to_bytes().into();
        Ok::<_, Infallible>(http::Response::from_parts(parts, body))
    });
    let _ = http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

/// Signs in to a vendor with further arguments and variables.
fn sign_in(vendors: &Vendors, vendor: &str, more: &[&str], variables: &[(&str, &str)]) -> Run {
    let credential = vendors.credential(vendor);
    let mut arguments = vec!["authenticate", vendor, "--credential", &credential];
    // An authority of the test's own stands in the place of the simulators'.
    let skipped = if more.contains(&"--cacert") { 2 } else { 0 };
    let network = vendors.network.iter().skip(skipped);
    arguments.extend(network.map(String::as_str));
    arguments.extend(more);
    Run::with(&arguments, "", variables)
}

#[tokio::test(flavor = "multi_thread")]
async fn signs_in_through_the_proxy_of_the_environment_or_the_option() {
    let vendors = Vendors::start().await;
    let proxy = Proxy::start(None).await;
    let url = proxy.url(PASSWORD);
    for vendor in VENDORS {
        for (more, variables, is_proxied) in [
            (&[][..], &[("HTTPS_PROXY", &*url)][..], true),
            (&[], &[("https_proxy", &*url)], true),
            (&[], &[("ALL_PROXY", &*url)], true),
            (&["--proxy", &*url], &[], true),
            (&["--proxy", &*url, "--log", "trace"], &[], true),
            (&[], &[("HTTPS_PROXY", &*url), ("NO_PROXY", "*")], false),
            (
                &["--noproxy", "hotjar.io,contentsquare.com"],
                &[("HTTPS_PROXY", &*url)],
                false,
            ),
            (
                &["--noproxy", ""],
                &[("HTTPS_PROXY", &*url), ("NO_PROXY", "*")],
                true,
            ),
            (&["--proxy", ""], &[("HTTPS_PROXY", &*url)], false),
            (&[], &[("HTTP_PROXY", &*url)], false),
        ] {
            let run = sign_in(&vendors, vendor, more, variables);
            assert_eq!(run.result()["access_token"], "********");
            let seen = proxy.seen();
            assert_eq!(!seen.is_empty(), is_proxied, "{more:?} {variables:?}");
            assert!(seen.iter().all(|target| target.starts_with("127.0.0.1:")));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_proxy_is_named_and_its_password_is_not() {
    let vendors = Vendors::start().await;
    let proxy = Proxy::start(None).await;
    // Bound, so that no other process gets the port, but without a listener.
    let down = tokio::net::TcpSocket::new_v4().unwrap();
    down.bind(([127, 0, 0, 1], 0).into()).unwrap();
    let down = format!("http://user:{PASSWORD}@{}", down.local_addr().unwrap());
    let tls = proxy.url(PASSWORD).replace("http:", "https:");
    for (url, reason, said) in [
        (proxy.url(WRONG), "authentication", "user and password"),
        (
            format!("127.0.0.1:{}", proxy.port),
            "authentication",
            "user and password",
        ),
        (down, "connect", "the connection to it failed"),
        (tls, "tls", "http instead of https"),
        (
            format!("http://{}.example", "label".repeat(13)),
            "dns",
            "could not be resolved",
        ),
    ] {
        for log in ["error", "trace"] {
            let variables = [("HTTPS_PROXY", &*url)];
            let run = sign_in(&vendors, VENDORS[0], &["--log", log], &variables);
            let expected = json!({"kind": "unreachable", "stage": "proxy", "reason": reason});
            assert_eq!(run.json()["error"], expected);
            let message = run.stderr.lines().last().unwrap();
            assert!(
                message.starts_with("error: the proxy gave no connection: "),
                "{message}"
            );
            assert!(
                message.contains(said) && message.contains("HTTPS_PROXY"),
                "{message}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invalid_proxy_is_an_error_that_names_its_source() {
    let vendors = Vendors::start().await;
    leak_check::register(PASSWORD);
    let url = format!("http://user:{PASSWORD}@127.0.0.1:port");
    for (more, variables, source) in [
        (&["--proxy", &*url][..], &[][..], "--proxy "),
        (&[], &[("HTTPS_PROXY", &*url)], "HTTPS_PROXY "),
        (&[], &[("all_proxy", &*url)], "all_proxy "),
    ] {
        let run = sign_in(&vendors, VENDORS[0], more, variables);
        assert_eq!(run.error()["kind"], "input");
        let expected = format!("error: {source}is not a proxy's URL: invalid port");
        assert!(run.stderr.starts_with(&expected), "{}", run.stderr);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_that_inspects_tls_needs_its_authority_trusted() {
    let vendors = Vendors::start().await;
    let authority = Authority::new().unwrap();
    let pem = authority.pem();
    let live = vendors.simulators.live();
    let proxy = Proxy::start(Some(Inspector { authority, live })).await;
    let url = proxy.url(PASSWORD);
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, content: &[u8]| {
        let path = dir.path().join(name);
        fs::write(&path, content).unwrap();
        path.display().to_string()
    };
    let plain = write("plain.pem", pem.as_bytes());
    let odd = [
        b"\xef\xbb\xbf# Autorit\xe9\r\n",
        pem.replace('\n', "\r\n").as_bytes(),
    ]
    .concat();
    let odd = write("odd.pem", &odd);
    fs::create_dir(dir.path().join("certs")).unwrap();
    write("certs/0.pem", pem.as_bytes());
    let certs = dir.path().join("certs").display().to_string();
    let network: Vec<_> = vendors.network.iter().skip(2).map(String::as_str).collect();
    for vendor in VENDORS {
        let credential = vendors.credential(vendor);
        let sign_in = |more: &[&str], variable: Option<(&str, &str)>| {
            let mut arguments = vec!["authenticate", vendor, "--credential", &credential];
            arguments.extend(network.iter().chain(more));
            let variables: Vec<_> = [("HTTPS_PROXY", &*url)]
                .into_iter()
                .chain(variable)
                .collect();
            Run::with(&arguments, "", &variables)
        };
        let run = sign_in(&[], None);
        let expected =
            json!({"kind": "unreachable", "stage": "certificate", "reason": "unknown-issuer"});
        assert_eq!(run.error(), expected);
        assert!(run.stderr.contains("--cacert FILE"), "{}", run.stderr);
        for (more, variable) in [
            (&["--cacert", &*plain][..], None),
            (&["--cacert", &*odd], None),
            (&[], Some(("SSL_CERT_FILE", &*plain))),
            (&[], Some(("SSL_CERT_FILE", &*odd))),
            (&[], Some(("SSL_CERT_DIR", &*certs))),
        ] {
            proxy.seen();
            let run = sign_in(more, variable);
            assert_eq!(
                run.result()["access_token"],
                "********",
                "{more:?} {variable:?}"
            );
            let agent = proxy.seen().pop().unwrap();
            assert!(agent.starts_with("integration-connector/"), "{agent}");
        }
        for (agent, expected) in [("me/1.0", &["me/1.0"][..]), ("", &[])] {
            proxy.seen();
            sign_in(&["--cacert", &plain, "--user-agent", agent], None).result();
            assert_eq!(proxy.seen()[1..], *expected);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_authorities_that_cannot_be_used_is_named_with_the_place() {
    let vendors = Vendors::start().await;
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str, content: &str| {
        let path = dir.path().join(name);
        fs::write(&path, content).unwrap();
        path.display().to_string()
    };
    let pem = vendors.simulators.ca_pem();
    let damaged = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let lines = pem.trim_end().lines().count();
    let line = format!("begins in line {}", lines + 1);
    let bad = file("bad.pem", &format!("{}\n{damaged}", pem.trim_end()));
    let empty = file("empty.pem", "# none yet\n");
    let missing = dir.path().join("missing.pem").display().to_string();
    for (more, variables, said) in [
        (&["--cacert", &*bad][..], &[][..], [&*bad, &*line]),
        (&["--cacert", &*empty], &[], [&*empty, "BEGIN CERTIFICATE"]),
        (&["--cacert", &*missing], &[], [&*missing, "does not exist"]),
        (
            &[],
            &[("SSL_CERT_FILE", &*empty)],
            [&*empty, "SSL_CERT_FILE"],
        ),
        (
            &[],
            &[("SSL_CERT_FILE", &*missing)],
            [&*missing, "SSL_CERT_FILE"],
        ),
        (&[], &[("SSL_CERT_FILE", "")], ["SSL_CERT_FILE", ""]),
    ] {
        let run = sign_in(&vendors, VENDORS[0], more, variables);
        assert_eq!(run.error()["kind"], "input");
        for part in said {
            assert!(run.stderr.contains(part), "{part}: {}", run.stderr);
        }
    }
    // Other certificates of such files serve.
    for (name, value, log) in [
        (
            "SSL_CERT_FILE",
            &bad,
            "a certificate is damaged; skipping it",
        ),
        ("SSL_CERT_DIR", &missing, "cannot be read; skipping it"),
    ] {
        let run = sign_in(&vendors, VENDORS[0], &["--log", "warn"], &[(name, value)]);
        run.result();
        assert!(run.stderr.contains(log), "{}", run.stderr);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_time_limits_end_a_call() {
    let vendors = Vendors::start().await;
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let proxy = format!("http://{}", silent.local_addr().unwrap());
    let more = ["--proxy", &proxy, "--connect-timeout", "0.2"];
    let run = sign_in(&vendors, VENDORS[0], &more, &[]);
    let expected = json!({"kind": "unreachable", "stage": "proxy", "reason": "timeout"});
    assert_eq!(run.error(), expected);
    for vendor in VENDORS {
        vendors
            .simulators
            .vendor(vendor)
            .unwrap()
            .fault(Fault::Silence);
        let run = sign_in(&vendors, vendor, &["--max-time", "1"], &[]);
        let stage: Value = run.error()["stage"].take();
        assert_eq!(stage, "timeout");
    }
}

/// The name, the result and the detail of each check of `doctor` with these variables.
#[cfg(target_os = "linux")]
fn examined(vendor: &Stub, variables: &[(&str, &str)]) -> (Run, Vec<[String; 3]>) {
    let options = vendor.options();
    let arguments = ["doctor"]
        .into_iter()
        .chain(options.iter().map(String::as_str));
    let run = Run::with(&arguments.collect::<Vec<_>>(), "", variables);
    let json = run.json();
    let checks = json.as_array().unwrap().iter();
    let text = |check: &Value, field: &str| check[field].as_str().unwrap().to_owned();
    let checks = checks
        .map(|check| ["check", "result", "detail"].map(|field| text(check, field)))
        .collect();
    (run, checks)
}

// The stub is for Linux.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn doctor_names_the_proxy_its_failure_and_the_origins_that_need_none() {
    let hosts = ["api.orchard.example", "login.orchard.example"];
    let vendor = Stub::start(&example("refresh_token"), &hosts, |_| (200, json!({}))).await;
    let vendor = vendor.granting(&hosts);
    let proxy = Proxy::start(None).await;
    let down = tokio::net::TcpSocket::new_v4().unwrap();
    down.bind(([127, 0, 0, 1], 0).into()).unwrap();
    let down = format!("http://{}", down.local_addr().unwrap());
    let (good, wrong) = (proxy.url(PASSWORD), proxy.url(WRONG));
    let origins = hosts.map(|host| format!("https://{host}"));
    let through = "through the proxy";
    let without = "without the proxy (NO_PROXY)";
    let no_connection = "the proxy gave no connection";
    for (variables, result, detail, of_origins) in [
        (
            &[][..],
            "skipped",
            "none is configured",
            ["it answers", "it answers"],
        ),
        (
            &[("HTTPS_PROXY", &*good)],
            "ok",
            "gives connections",
            [through, through],
        ),
        (
            &[("HTTPS_PROXY", &*good), ("NO_PROXY", "api.orchard.example")],
            "ok",
            "gives connections",
            [without, through],
        ),
        (
            &[("ALL_PROXY", &*good), ("no_proxy", "*")],
            "skipped",
            "NO_PROXY excepts every known origin",
            [without, without],
        ),
        (
            &[("HTTPS_PROXY", &*wrong)],
            "failed",
            "put user and password into its URL",
            [no_connection, no_connection],
        ),
        (
            &[
                ("HTTPS_PROXY", &*down),
                ("NO_PROXY", "login.orchard.example"),
            ],
            "failed",
            "check host and port of its URL",
            [no_connection, without],
        ),
        (
            &[("HTTPS_PROXY", "ftp://user:lilac;4713@127.0.0.1")],
            "failed",
            "HTTPS_PROXY is not a proxy's URL",
            ["", ""],
        ),
    ] {
        let (run, checks) = examined(&vendor, variables);
        let of = |subject: &str| checks.iter().find(|check| check[0] == subject);
        let [_, found, said] = of("proxy").unwrap();
        assert_eq!(found, result, "{variables:?}: {said}");
        assert!(said.contains(detail), "{variables:?}: {said}");
        // A failing proxy is told once.
        let failed = checks.iter().filter(|check| check[1] == "failed");
        assert_eq!(
            failed.count(),
            usize::from(result == "failed"),
            "{checks:?}"
        );
        assert_eq!(run.code, Some(i32::from(result == "failed")), "{checks:?}");
        for (origin, detail) in origins.iter().zip(of_origins) {
            let said = of(origin).map_or("", |check| check[2].as_str());
            assert!(said.contains(detail), "{variables:?} {origin}: {said}");
        }
    }
}
