//! The page's files, with their coding.

use std::io::Read as _;

use bytes::Bytes;
use flate2::read::GzDecoder;
use http::{Request, StatusCode};
use http_body_util::{BodyExt as _, Empty};

use super::server::{SCRIPT, TestServer};

#[tokio::test]
async fn files_are_compressed_for_clients_that_read_it() {
    let server = TestServer::new().await;
    for (path, accept, coding, varies) in [
        ("/assets/page.js", &[][..], None, true),
        (
            "/assets/page.js",
            &["gzip, deflate, br, zstd"],
            Some("gzip"),
            true,
        ),
        ("/assets/page.js", &["br", "gzip;q=0.5"], Some("gzip"), true),
        ("/assets/page.js", &["gzip;q=0"], None, true),
        ("/assets/short.js", &["gzip"], None, false),
        ("/", &["gzip"], None, false),
    ] {
        let request = Request::get(path).header("host", "127.0.0.1:4711");
        let request = accept.iter().fold(request, |request, field| {
            request.header("accept-encoding", *field)
        });
        let request = request.body(Empty::<Bytes>::new()).unwrap();
        let (parts, body) = server.site.answer(request).await.into_parts();
        assert_eq!(parts.status, StatusCode::OK, "{path}");
        let sent = parts.headers.get("content-encoding");
        assert_eq!(
            sent.map(|value| value.to_str().unwrap()),
            coding,
            "{path} {accept:?}"
        );
        assert_eq!(parts.headers.contains_key("vary"), varies, "{path}");
        let bytes = body.collect().await.unwrap().to_bytes();
        if path == "/assets/page.js" {
            let mut text = String::new();
            match coding {
                None => (&bytes[..]).read_to_string(&mut text),
                Some(_) => GzDecoder::new(&bytes[..]).read_to_string(&mut text),
            }
            .unwrap();
            assert_eq!(text, SCRIPT.repeat(100), "{accept:?}");
        }
    }
}

#[tokio::test]
async fn responses_of_the_api_are_not_compressed() {
    let server = TestServer::new().await;
    let headers = [
        ("host", "127.0.0.1:4711"),
        ("accept-encoding", "gzip"),
        ("authorization", server.bearer.as_str()),
    ];
    let response = server.raw("GET", "/api/vendors", &headers, "").await;
    assert_eq!(response.status(), StatusCode::OK);
    assert!(!response.headers().contains_key("content-encoding"));
}
