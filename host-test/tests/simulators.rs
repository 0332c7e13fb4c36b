//! Tests of the simulators against the vendors' documentation, over TLS and the live transport.

use std::time::Duration;

use bytes::Bytes;
use connector_host::{CertificateError, Live, ResponseBody, Timeouts, Transport, TransportError};
use connector_simulators::{Fault, Options, Simulator, Simulators};
use http::{Method, Request, Response};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};

leak_check::capture!();

const TIMEOUTS: Timeouts = Timeouts::new();

const HOTJAR: &str = "https://api.hotjar.io/v1/oauth/token";
const CONTENTSQUARE: &str = "https://api.contentsquare.com/v1/oauth/token";
const CREDENTIAL_INFORMATION: &str = "https://api.contentsquare.com/v1/oauth/me";

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";

struct Client(Live);

impl Client {
    fn new(simulators: &Simulators) -> Self {
        Self(simulators.live())
    }

    async fn send(
        &self,
        method: Method,
        url: &str,
        header: (&str, &str),
        body: &str,
    ) -> Result<Response<ResponseBody>, TransportError> {
        let request = Request::builder()
            .method(method)
            .uri(url)
            .header(header.0, header.1)
            .body(Bytes::from(body.to_owned()))
            .unwrap();
        self.0.send(request, TIMEOUTS).await
    }

    async fn post(&self, url: &str, media_type: &str, body: &str) -> (u16, Value) {
        let header = ("content-type", media_type);
        read(self.send(Method::POST, url, header, body).await.unwrap()).await
    }

    async fn get(&self, url: &str, token: &str) -> (u16, Value) {
        let header = ("authorization", &*format!("Bearer {token}"));
        read(self.send(Method::GET, url, header, "").await.unwrap()).await
    }

    /// Requests a token as the vendor documents it.
    async fn grant(&self, vendor: &Simulator, document: &Value) -> (u16, Value) {
        match vendor.id() {
            "hotjar" => self.post(HOTJAR, FORM, &form(document)).await,
            "contentsquare" => {
                let body = token_request(document).to_string();
                self.post(CONTENTSQUARE, JSON, &body).await
            }
            other => panic!("no token request for {other}"),
        }
    }

    /// The URL of the vendor's sample call, and a token for it.
    async fn session(&self, vendor: &Simulator, document: &Value) -> (String, String) {
        let (status, reply) = self.grant(vendor, document).await;
        assert_eq!(status, 200, "{reply}");
        let base = reply["endpoint"]
            .as_str()
            .unwrap_or("https://api.hotjar.io");
        let token = reply["access_token"].as_str().unwrap().to_owned();
        (format!("{base}{}", vendor.sample_call()), token)
    }
}

async fn read(response: Response<ResponseBody>) -> (u16, Value) {
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&body).unwrap())
}

fn form(document: &Value) -> String {
    form_urlencoded::Serializer::new(String::new())
        .append_pair("grant_type", "client_credentials")
        .append_pair("client_id", document["client_id"].as_str().unwrap())
        .append_pair("client_secret", document["client_secret"].as_str().unwrap())
        .finish()
}

fn token_request(document: &Value) -> Value {
    let mut body = document.clone();
    let fields = body.as_object_mut().unwrap();
    fields.remove("credential_level");
    let scopes = fields.remove("scopes").unwrap();
    let scopes = scopes.as_array().unwrap().iter();
    let scopes: Vec<_> = scopes.map(|scope| scope.as_str().unwrap()).collect();
    fields.insert("scope".into(), scopes.join(" ").into());
    fields.insert("grant_type".into(), "client_credentials".into());
    body
}

/// Sets fields, and removes those that are null in `change`.
fn changed(mut body: Value, change: &Value) -> Value {
    let fields = body.as_object_mut().unwrap();
    for (name, value) in change.as_object().unwrap() {
        fields.insert(name.clone(), value.clone());
    }
    fields.retain(|_, value| !value.is_null());
    body
}

/// The document of the first sample whose description contains `words`.
fn sample(vendor: &Simulator, words: &str) -> Value {
    let samples = vendor.sample_credentials();
    let found = samples.into_iter().find(|(shows, _)| shows.contains(words));
    found.unwrap().1
}

#[tokio::test]
async fn every_sample_credential_gets_a_token_and_the_first_makes_the_sample_call() {
    let simulators = Simulators::start().await.unwrap();
    let client = Client::new(&simulators);
    for vendor in simulators.vendors() {
        for (shows, document) in vendor.sample_credentials() {
            leak_check::register_document(document.to_string());
            let (status, reply) = client.grant(vendor, &document).await;
            assert_eq!(status, 200, "{shows}: {reply}");
            assert_eq!(reply["expires_in"], 3600, "{shows}");
            let token = reply["access_token"].as_str().unwrap();
            assert_eq!(token.split('.').count(), 3, "{shows}");
        }
        let (_, first) = &vendor.sample_credentials()[0];
        let (url, token) = client.session(vendor, first).await;
        assert_eq!(client.get(&url, &token).await.0, 200, "{}", vendor.id());
    }
}

#[tokio::test]
async fn a_wrong_secret_is_an_invalid_client() {
    let simulators = Simulators::start().await.unwrap();
    let client = Client::new(&simulators);
    for vendor in simulators.vendors() {
        let (_, mut document) = vendor.sample_credentials().swap_remove(0);
        document["client_secret"] = json!("another tulip");
        let (status, reply) = client.grant(vendor, &document).await;
        assert_eq!(
            (status, &reply["error"]),
            (401, &json!("invalid_client")),
            "{}",
            vendor.id()
        );
    }
}

#[tokio::test]
async fn an_expired_session_is_refused_and_a_new_one_is_accepted() {
    let simulators = Simulators::start().await.unwrap();
    let client = Client::new(&simulators);
    for vendor in simulators.vendors() {
        let (_, document) = vendor.sample_credentials().swap_remove(0);
        let (url, old) = client.session(vendor, &document).await;
        vendor.expire_sessions();
        let (status, reply) = client.get(&url, &old).await;
        assert_eq!(status, 401, "{reply}");
        if vendor.id() == "contentsquare" {
            let documented = json!({
                "success": false,
                "errorMessage": "Auth token is expired.",
                "errorCode": "JWT_EXPIRED",
            });
            assert_eq!(reply, documented);
        }
        let (_, new) = client.session(vendor, &document).await;
        assert_eq!(client.get(&url, &new).await.0, 200);
        assert_eq!(client.get(&url, "no.such.token").await.0, 401);
    }
}

#[tokio::test]
async fn a_token_without_the_scope_is_forbidden() {
    let simulators = Simulators::start().await.unwrap();
    let client = Client::new(&simulators);
    for (vendor, words) in [
        (simulators.hotjar(), "without surveys"),
        (simulators.contentsquare(), "fewer scopes"),
    ] {
        let (url, token) = client.session(vendor, &sample(vendor, words)).await;
        assert_eq!(client.get(&url, &token).await.0, 403, "{words}");
    }
}

#[tokio::test]
async fn hotjar_accepts_its_form_only() {
    let simulators = Simulators::start().await.unwrap();
    let client = Client::new(&simulators);
    let (_, document) = simulators.hotjar().sample_credentials().swap_remove(0);
    let good = form(&document);
    for (media_type, body, expected) in [
        (FORM, good.clone(), 200),
        (JSON, good.clone(), 415),
        (FORM, document.to_string(), 400),
        (FORM, good.replace("%3B", ";"), 400),
        (FORM, format!("{good}&scope=surveys"), 400),
        (FORM, format!("{good}&client_id=twice"), 400),
        (FORM, good.replace("client_credentials", "password"), 400),
    ] {
        let (status, reply) = client.post(HOTJAR, media_type, &body).await;
        assert_eq!(status, expected, "{media_type} {body}: {reply}");
    }
    let in_url = format!("{HOTJAR}?client_id=simulated-hotjar-key-1");
    assert_eq!(client.post(&in_url, FORM, &good).await.0, 400);
    let header = ("authorization", "Basic bm90OnJlYWw=");
    let basic = client.send(Method::POST, HOTJAR, header, &good).await;
    assert_eq!(read(basic.unwrap()).await.0, 400);
    let get = client.get(HOTJAR, "a.b.c").await;
    assert_eq!(get.0, 405);
}

#[tokio::test]
async fn contentsquare_accepts_the_documented_fields_only() {
    let simulators = Simulators::start().await.unwrap();
    let client = Client::new(&simulators);
    let vendor = simulators.contentsquare();
    let project = sample(vendor, "one project");
    let account = sample(vendor, "whole account");
    let enrichment = sample(vendor, "enrichment");
    // By status and code: samples, each with a change to its request; null removes a field.
    let table = [
        (
            (200, ""),
            vec![
                (&project, json!({})),
                (&project, json!({ "project_id": 4201 })),
                (&project, json!({ "scope": "metrics surveys" })),
                (&account, json!({ "project_id": 4203 })),
                (&enrichment, json!({ "project_id": 4205 })),
            ],
        ),
        (
            (400, "invalid_request"),
            vec![
                (&project, json!({ "client_id": null })),
                (&project, json!({ "credential_level": "project" })),
                (&project, json!({ "project_id": "" })),
                (&project, json!({ "project_id": "4201" })),
                (&project, json!({ "project_id": 0 })),
                (&project, json!({ "integration_id": 77 })),
                (&account, json!({ "project_id": null })),
                (&enrichment, json!({ "integration_id": null })),
            ],
        ),
        (
            (400, "invalid_scope"),
            vec![
                (&project, json!({ "scope": null })),
                (&project, json!({ "scope": "metrics  surveys" })),
                (&project, json!({ "scope": "metrics metrics" })),
                (&project, json!({ "scope": "symbolicator" })),
                (&account, json!({ "scope": "surveys" })),
                (&enrichment, json!({ "scope": "enrichment metrics" })),
            ],
        ),
        (
            (400, "unsupported_grant_type"),
            vec![(&project, json!({ "grant_type": "password" }))],
        ),
        (
            (403, "unauthorized_client"),
            vec![
                (&project, json!({ "project_id": 4202 })),
                (&enrichment, json!({ "integration_id": 78 })),
            ],
        ),
    ];
    for (expected, cases) in table {
        for (document, change) in cases {
            let body = changed(token_request(document), &change).to_string();
            let (status, reply) = client.post(CONTENTSQUARE, JSON, &body).await;
            let code = reply["error"].as_str().unwrap_or_default();
            assert_eq!((status, code), expected, "{change}: {reply}");
        }
    }
    let good = token_request(&project).to_string();
    assert_eq!(client.post(CONTENTSQUARE, FORM, &good).await.0, 415);
    assert_eq!(client.post(CONTENTSQUARE, JSON, "[]").await.0, 400);
}

#[tokio::test]
async fn contentsquare_chooses_the_base_url_by_scope_and_accepts_the_token_only_there() {
    let simulators = Simulators::start().await.unwrap();
    let client = Client::new(&simulators);
    let vendor = simulators.contentsquare();
    let host = |url: &str| url.split('/').nth(2).unwrap().to_owned();

    let (url, token) = client
        .session(vendor, &sample(vendor, "whole account"))
        .await;
    assert_eq!(host(&url), "api.eu-west-1.production.contentsquare.com");
    for (other, expected) in [
        (url.replace("/exports", "/segments"), 200),
        (url.replace("/exports", "/nothing"), 404),
        (url.replace("eu-west-1.production.", ""), 421),
        (
            url.replace("https://api.eu", "https://enrichment-api.eu"),
            421,
        ),
    ] {
        assert_eq!(client.get(&other, &token).await.0, expected, "{other}");
    }

    let (url, _) = client.session(vendor, &sample(vendor, "enrichment")).await;
    let enrichment = "enrichment-api.eu-west-1.production.contentsquare.com";
    assert_eq!(host(&url), enrichment);

    let (_, token) = client.session(vendor, &sample(vendor, "surveys")).await;
    for (project, expected) in [(4206, 200), (4201, 403)] {
        let surveys =
            format!("https://api.contentsquare.com/v1/public/projects/{project}/surveys?limit=1");
        assert_eq!(client.get(&surveys, &token).await.0, expected);
    }
}

#[tokio::test]
async fn contentsquare_lists_the_projects_of_a_credential() {
    let simulators = Simulators::start().await.unwrap();
    let client = Client::new(&simulators);
    let document = sample(simulators.contentsquare(), "one project");
    let mut body =
        json!({ "client_id": document["client_id"], "client_secret": document["client_secret"] });
    let (status, reply) = client
        .post(CREDENTIAL_INFORMATION, JSON, &body.to_string())
        .await;
    let expected = json!({
        "scopes": "data-export metrics speed-analysis surveys",
        "permissions": { "projects": [{ "id": 4201, "name": "Simulated shop" }] },
    });
    assert_eq!((status, reply), (200, expected));

    body["client_secret"] = json!("another tulip");
    let (status, reply) = client
        .post(CREDENTIAL_INFORMATION, JSON, &body.to_string())
        .await;
    assert_eq!((status, &reply["success"]), (401, &json!(false)));
    let more = token_request(&document).to_string();
    let (status, _) = client.post(CREDENTIAL_INFORMATION, JSON, &more).await;
    assert_eq!(status, 400);
}

#[tokio::test]
async fn faults_occur_once_and_in_order() {
    let simulators = Simulators::start().await.unwrap();
    let client = Client::new(&simulators);
    let vendor = simulators.hotjar();
    let (_, document) = vendor.sample_credentials().swap_remove(0);
    let retry = vec![("retry-after".to_owned(), "7".to_owned())];
    vendor.fault(Fault::Status(429, retry, "{}".into()));
    vendor.fault(Fault::Html(503));
    vendor.fault(Fault::Slow {
        pause: Duration::from_millis(1),
    });

    let header = ("content-type", FORM);
    let body = form(&document);
    let throttled = client.send(Method::POST, HOTJAR, header, &body).await;
    let throttled = throttled.unwrap();
    assert_eq!(throttled.status(), 429);
    assert_eq!(throttled.headers()["retry-after"], "7");

    let page = client.send(Method::POST, HOTJAR, header, &body).await;
    let page = page.unwrap();
    assert_eq!(page.status(), 503);
    assert_eq!(page.headers()["content-type"], "text/html; charset=utf-8");

    for _ in ["slow", "without a fault"] {
        assert_eq!(client.grant(vendor, &document).await.0, 200);
    }
    assert_eq!(vendor.asked(), 4);
    assert_eq!(vendor.requests(), vec![format!("POST {HOTJAR}"); 4]);
}

#[tokio::test]
async fn a_cut_ends_the_connection_before_the_header_or_within_the_body() {
    let simulators = Simulators::start().await.unwrap();
    let client = Client::new(&simulators);
    let vendor = simulators.hotjar();
    vendor.fault(Fault::Cut);
    vendor.fault(Fault::CutOff { after: 5 });
    let header = ("content-type", FORM);

    let cut = client.send(Method::POST, HOTJAR, header, "").await;
    assert_eq!(cut.map(|_| ()), Err(TransportError::CutOff));

    let broken = client.send(Method::POST, HOTJAR, header, "").await;
    let mut body = broken.unwrap().into_body();
    let first = body.frame().await.unwrap().unwrap();
    assert_eq!(first.into_data().unwrap().len(), 5);
    let end = body.frame().await.unwrap().map(|_| ());
    assert_eq!(end, Err(TransportError::CutOff));
}

/// Simulators that speak HTTP/2 too, or HTTP/1.1 alone.
async fn speaking(http1_only: bool) -> Simulators {
    let options = Options::default().http1_only(http1_only);
    Simulators::start_with(options).await.unwrap()
}

#[tokio::test]
async fn silence_blocks_one_request_and_no_other() {
    for (http1_only, connections) in [(false, 1), (true, 2)] {
        let simulators = speaking(http1_only).await;
        let client = Client::new(&simulators);
        let vendor = simulators.hotjar();
        vendor.fault(Fault::Silence);
        let (_, document) = vendor.sample_credentials().swap_remove(0);
        let next = async {
            while vendor.asked() == 0 {
                tokio::task::yield_now().await;
            }
            client.grant(vendor, &document).await
        };
        tokio::select! {
            biased;
            _ = client.grant(vendor, &document) => panic!("a silent vendor answered"),
            (status, _) = next => assert_eq!(status, 200),
        }
        assert_eq!(vendor.connections(), connections);
    }
}

#[tokio::test]
async fn a_burst_shares_one_connection_over_http2_only() {
    const REQUESTS: usize = 20;
    for (http1_only, most) in [(false, 1), (true, REQUESTS as u64)] {
        let simulators = speaking(http1_only).await;
        let client = Client::new(&simulators);
        let vendor = simulators.hotjar();
        let (_, document) = vendor.sample_credentials().swap_remove(0);
        let grants = (0..REQUESTS).map(|_| client.grant(vendor, &document));
        for (status, _) in futures::future::join_all(grants).await {
            assert_eq!(status, 200);
        }
        let connections = vendor.connections();
        assert!(connections <= most, "{connections}");
        assert_eq!(connections > 1, http1_only);
    }
}

#[tokio::test]
async fn a_vendor_answers_after_the_given_time() {
    let answer_after = Duration::from_millis(20);
    let options = Options::default().answer_after(answer_after);
    let simulators = Simulators::start_with(options).await.unwrap();
    let client = Client::new(&simulators);
    let (_, document) = simulators.hotjar().sample_credentials().swap_remove(0);
    let asked = tokio::time::Instant::now();
    assert_eq!(client.grant(simulators.hotjar(), &document).await.0, 200);
    assert!(asked.elapsed() >= answer_after);
}

#[tokio::test]
async fn an_endless_body_continues_beyond_every_limit() {
    let simulators = Simulators::start().await.unwrap();
    let client = Client::new(&simulators);
    simulators.hotjar().fault(Fault::Endless);
    let header = ("content-type", FORM);
    let endless = client.send(Method::POST, HOTJAR, header, "").await;
    let mut body = endless.unwrap().into_body();
    let mut length = 0;
    while length < 4 * 1024 * 1024 {
        let frame = body.frame().await.expect("the body continues").unwrap();
        length += frame.into_data().unwrap().len();
    }
}

#[tokio::test]
async fn clients_need_the_authority_and_dropped_simulators_stop() {
    let simulators = Simulators::start().await.unwrap();
    let rules = simulators.connect_to();
    let untrusting = rules.iter().fold(Live::builder(), |live, rule| {
        live.connect_to(rule.parse().unwrap())
    });
    let untrusting = Client(untrusting.build().unwrap());
    let header = ("content-type", FORM);
    let refused = untrusting.send(Method::POST, HOTJAR, header, "").await;
    assert_eq!(
        refused.map(|_| ()),
        Err(TransportError::TlsCertificate(
            CertificateError::UnknownIssuer
        ))
    );

    let client = Client::new(&simulators);
    assert_eq!(client.post(HOTJAR, FORM, "a=b").await.0, 400);
    drop(simulators);
    assert!(client.send(Method::POST, HOTJAR, header, "").await.is_err());
}
