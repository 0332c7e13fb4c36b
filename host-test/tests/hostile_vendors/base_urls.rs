//! Base URLs of other hosts, in a vendor's reply and in a forged session: no token and no
//! connection goes there.

use bytes::Bytes;
use connector_simulators::tls::HTTP1;
use serde_json::json;
use tokio::net::TcpListener;

use super::check::{
    AUTHORITY, Call, End, ForbiddenServer, HOSTS, Plugin, Row, credential, invalid, live, send,
};
use super::server::{Play, Server, Step, answer};

/// A token reply that is valid except for its endpoint.
fn names(endpoint: &str) -> Play {
    let mut body = Call::Contentsquare.valid_reply();
    body["endpoint"] = json!(endpoint);
    let answer = answer("200 OK", b"", body.to_string().as_bytes());
    Play::Answer(vec![Step::Send(answer)])
}

async fn check_reply(endpoint: &str) {
    let row = Row::http1(names(endpoint)).only(&[Call::Contentsquare]);
    row.fails(invalid(200, "endpoint")).await;
}

/// Makes an API call with a session that has this base URL, and one with a valid session.
async fn check_session(base_url: &str, end: End) {
    let forbidden = ForbiddenServer::listen().await;
    let server = serve(HOSTS, []).await;
    let rules = [
        format!("api.contentsquare.com:443:{}", server.address),
        forbidden.rule(),
    ];
    let plugin = Plugin::on(vec![("", live(&rules))]).await;
    let connector = &plugin.default_limits;
    assert_eq!(send(connector, "contentsquare", base_url).await, end);
    assert_eq!((server.connections(), forbidden.connections()), (0, 0));
    let good = send(connector, "contentsquare", "https://api.contentsquare.com").await;
    assert_eq!(good, Call::Api.success());
    plugin.leave();
}

async fn serve(hosts: &[&str], plays: impl IntoIterator<Item = Play>) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let tls = AUTHORITY.serve_as(hosts, &[HTTP1]).unwrap();
    Server::start(listener, tls, plays, Call::Api.valid_reply().to_string())
}

/// Checks that an endpoint of the vendor's own is normalized, and that calls go to `host`.
async fn check_own(endpoint: &str, host: &str) {
    let forbidden = ForbiddenServer::listen().await;
    let server = serve(&["api.contentsquare.com", host], [names(endpoint)]).await;
    let rules =
        ["api.contentsquare.com", host].map(|host| format!("{host}:443:{}", server.address));
    let rules = [&rules[..], &[forbidden.rule()]].concat();
    let plugin = Plugin::on(vec![("", live(&rules))]).await;
    let connector = &plugin.default_limits;
    let document = credential("contentsquare");
    let session = connector.authenticate("contentsquare", &document).await;
    let session = session.unwrap();
    assert_eq!(session.base_url, format!("https://{host}"));
    let request = http::Request::get("/v1/sites").body(Bytes::new()).unwrap();
    let reply = connector.send("contentsquare", &session, request).await;
    assert_eq!(reply.unwrap().status(), 200);
    assert_eq!((server.requests(), forbidden.connections()), (2, 0));
    plugin.leave();
}

#[tokio::test]
async fn names_its_own_host_in_mixed_case() {
    check_own(
        "HTTPS://Api.EU.ContentSquare.COM/",
        "api.eu.contentsquare.com",
    )
    .await;
}

#[tokio::test]
async fn names_a_punycode_host_below_its_own() {
    let host = "xn--bcher-kva.contentsquare.com";
    check_own(&format!("https://{host}"), host).await;
}

#[tokio::test]
async fn names_the_default_port() {
    check_own(
        "https://api.eu.contentsquare.com:443",
        "api.eu.contentsquare.com",
    )
    .await;
}

/// Two tests for each base URL: in a vendor's reply, and in a session. In a session, a string that
/// is no URL is an error of the caller; for a URL the egress policy decides.
macro_rules! rows {
    ($($name:ident: $url:expr, $end:expr;)*) => {
        mod in_a_reply {
            $(#[tokio::test]
            async fn $name() {
                super::check_reply($url).await;
            })*
        }

        mod in_a_session {
            use super::{End, request};

            $(#[tokio::test]
            async fn $name() {
                super::check_session($url, $end).await;
            })*
        }
    };
}

fn request() -> End {
    End::Other("request".to_owned())
}

rows! {
    is_below_another_host: "https://contentsquare.com.evil.example", End::Denied;
    ends_like_the_vendors_host: "https://evilcontentsquare.com", End::Denied;
    is_a_path_of_another_host: "https://evil.example/contentsquare.com", End::Denied;
    has_a_user: "https://api.contentsquare.com@evil.example", End::Denied;
    has_a_user_and_a_password: "https://user:lavender@api.contentsquare.com", End::Denied;
    has_another_port: "https://api.contentsquare.com:8443", End::Denied;
    has_a_colon_without_a_port: "https://api.contentsquare.com:", End::Denied;
    is_an_ipv4_address: "https://127.0.0.1", End::Denied;
    is_an_ipv6_address: "https://[::1]", End::Denied;
    is_an_ipv4_address_in_one_number: "https://2130706433", End::Denied;
    is_the_metadata_address_of_a_cloud: "https://169.254.169.254", End::Denied;
    is_punycode_that_looks_like_the_vendors_host: "https://xn--contentsqure-v1c.com", End::Denied;
    is_in_another_script: "https://api.сontentsquare.com", request();
    has_a_full_stop_from_another_script: "https://evil.example。contentsquare.com", request();
    is_not_https: "http://api.contentsquare.com", End::Denied;
    is_of_no_known_scheme: "lavender://api.contentsquare.com", End::Denied;
    has_no_scheme: "//api.contentsquare.com", End::Denied;
    ends_with_a_dot: "https://api.contentsquare.com.", End::Denied;
    has_an_empty_label: "https://api..contentsquare.com", End::Denied;
    has_a_backslash: r"https://evil.example\.contentsquare.com", request();
    has_an_escape: "https://evil.example%2f.contentsquare.com", request();
    has_a_query: "https://evil.example?.contentsquare.com", request();
    has_a_fragment: "https://evil.example#.contentsquare.com", request();
    breaks_a_line: "https://api.contentsquare.com/\r\nhost: evil.example", request();
    begins_with_a_space: " https://api.contentsquare.com", request();
    is_empty: "", End::Denied;
}
