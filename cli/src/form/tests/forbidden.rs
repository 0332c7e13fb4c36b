//! Forbidden requests: the guard, the token of each route, the body.

use http::StatusCode;
use serde_json::{Value, json};

use super::server::{PORT, SELF, TestServer};
use crate::form::access::AccessToken;
use crate::form::api::ROUTES;
use crate::form::site::MAX_BODY_BYTES;

#[tokio::test]
async fn forbidden_requests_get_neither_the_page_nor_data() {
    let server = TestServer::new().await;
    let own = ("host", "localhost:4711");
    let evil = ("host", "evil.test:4711");
    for (method, path, headers, expected) in [
        ("GET", "/", vec![own], StatusCode::OK),
        ("GET", "/", vec![evil], StatusCode::MISDIRECTED_REQUEST),
        (
            "GET",
            "/assets/page.js",
            vec![evil],
            StatusCode::MISDIRECTED_REQUEST,
        ),
        (
            "GET",
            "/api/credentials",
            vec![evil],
            StatusCode::MISDIRECTED_REQUEST,
        ),
        (
            "GET",
            "/api/credentials",
            vec![own, ("authorization", &server.bearer)],
            StatusCode::OK,
        ),
        (
            "GET",
            "/api/credentials",
            vec![own],
            StatusCode::UNAUTHORIZED,
        ),
        (
            "GET",
            "/api/credentials",
            vec![own, ("origin", "http://evil.test")],
            StatusCode::FORBIDDEN,
        ),
        (
            "GET",
            "/api/credentials",
            vec![own, ("sec-fetch-site", "cross-site")],
            StatusCode::FORBIDDEN,
        ),
        (
            "DELETE",
            "/api/credentials/1",
            vec![own],
            StatusCode::FORBIDDEN,
        ),
        (
            "OPTIONS",
            "/api/credentials",
            vec![own, ("origin", "http://evil.test")],
            StatusCode::FORBIDDEN,
        ),
        ("POST", "/", vec![own], StatusCode::METHOD_NOT_ALLOWED),
        (
            "GET",
            "/assets/../../data/c.db",
            vec![own],
            StatusCode::NOT_FOUND,
        ),
    ] {
        let status = server.raw(method, path, &headers, "").await.status();
        assert_eq!(status, expected, "{method} {path} {headers:?}");
    }
}

#[tokio::test]
async fn each_route_needs_the_token_of_this_run() {
    let server = TestServer::new().await;
    let id = server.saved("a", "hotjar", 0).await.to_string();
    let other = AccessToken::random().unwrap().link(PORT);
    let other = format!("Bearer {}", other.rsplit('=').next().unwrap());
    let page = [
        ("host", "127.0.0.1:4711"),
        ("origin", SELF),
        ("sec-fetch-site", "same-origin"),
        ("content-type", "application/json"),
    ];
    let routes = ROUTES.map(|(method, path, _)| (method, path.replace('*', &id)));
    let unknown = [("GET", "nothing"), ("POST", ""), ("PATCH", "credentials")];
    let unknown = unknown.map(|(method, path)| (method, path.to_owned()));
    for (method, path) in routes.iter().chain(&unknown) {
        for token in [None, Some(""), Some("Bearer wrong"), Some(other.as_str())] {
            let headers = token.map(|token| ("authorization", token));
            let headers: Vec<_> = page.into_iter().chain(headers).collect();
            let response = server
                .raw(method, &format!("/api/{path}"), &headers, "{}")
                .await;
            assert_eq!(
                response.status(),
                StatusCode::UNAUTHORIZED,
                "{method} {path} {token:?}"
            );
            assert_eq!(response.headers()["www-authenticate"], "Bearer");
            let error: Value = serde_json::from_str(response.body()).unwrap();
            assert_eq!(error["error"]["kind"], "unauthorized");
            let message = error["error"]["message"].as_str().unwrap();
            assert!(message.contains("open the link"), "{message}");
        }
        // With the token, the request reaches its route.
        let (status, _) = server.ask(method, path, json!({})).await;
        assert_ne!(status, StatusCode::UNAUTHORIZED, "{method} {path}");
    }
}

#[tokio::test]
async fn each_page_has_its_own_nonce_in_its_policy() {
    let server = TestServer::new().await;
    let mut seen = Vec::new();
    for _ in 0..2 {
        let page = server
            .raw("GET", "/", &[("host", "127.0.0.1:4711")], "")
            .await;
        let policy = page.headers()["content-security-policy"].to_str().unwrap();
        let nonce = page
            .body()
            .trim_start_matches("<meta content=")
            .trim_end_matches('>')
            .to_owned();
        assert_eq!(nonce.len(), 32, "{nonce}");
        assert!(
            policy.contains(&format!("style-src 'self' 'nonce-{nonce}';")),
            "{policy}"
        );
        seen.push(nonce);
    }
    assert_ne!(seen[0], seen[1]);
}

#[tokio::test]
async fn a_body_that_is_too_long_or_no_object_is_refused() {
    let server = TestServer::new().await;
    let headers = [
        ("host", "127.0.0.1:4711"),
        ("origin", SELF),
        ("content-type", "application/json"),
        ("authorization", server.bearer.as_str()),
    ];
    let long = format!("{{\"vendor\":\"{}\"}}", "hush".repeat(MAX_BODY_BYTES / 4));
    let status = server
        .raw("POST", "/api/validate", &headers, &long)
        .await
        .status();
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
    for body in [
        "",
        "hush",
        "[]",
        "{}",
        r#"{"vendor":"hotjar","credential":"hush"}"#,
    ] {
        let status = server
            .raw("POST", "/api/validate", &headers, body)
            .await
            .status();
        assert_eq!(status, StatusCode::BAD_REQUEST, "{body}");
    }
    let (status, _) = server.ask("GET", "nothing", json!({})).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}
