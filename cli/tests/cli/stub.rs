//! Vendors beside those of the plugin, as components: an example of the guest SDK, and one that is
//! invented here. Each has a server over TLS on loopback that answers by a function.

use std::convert::Infallible;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use connector_simulators::tls::{Authority, HTTP1};
use http::{Request, Response};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::AbortHandle;
use xtask::Component;
use xtask::component::{build_outside, shared_dir};

use crate::harness::{KEY, Run};
use crate::pty::Dialogue;

/// A request: its method and path, some of its header fields, and its body.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) line: String,
    pub(crate) query: String,
    pub(crate) authorization: String,
    pub(crate) content_type: String,
    pub(crate) x_trace: String,
    pub(crate) body: String,
}

/// A response. An error in its body closes the connection.
pub(crate) type Answered = Response<UnsyncBoxBody<Bytes, io::Error>>;

type Answer = dyn Fn(&Asked) -> Answered + Send + Sync;

/// What a stub answers: a whole response, or a status and a JSON document.
pub(crate) trait Answers {
    fn response(self) -> Answered;
}

impl Answers for Answered {
    fn response(self) -> Self {
        self
    }
}

impl Answers for (u16, Value) {
    fn response(self) -> Answered {
        let (status, json) = self;
        text(
            status,
            &[("content-type", "application/json")],
            &json.to_string(),
        )
    }
}

/// A response with these header fields and this body.
pub(crate) fn text(status: u16, headers: &[(&str, &str)], body: &str) -> Answered {
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(*name, *value);
    }
    let body = Full::new(Bytes::from(body.to_owned()));
    let body = body.map_err(|never| match never {}).boxed_unsync();
    response.body(body).unwrap()
}

/// A vendor: its component, its server, and the folder of its store.
pub(crate) struct Stub {
    dir: tempfile::TempDir,
    options: Vec<String>,
    asked: Arc<Mutex<Vec<Asked>>>,
    server: AbortHandle,
}

impl Stub {
    /// Serves these names, and loads this component in each command.
    pub(crate) async fn start<A: Answers>(
        component: &Path,
        hosts: &[&str],
        answer: impl Fn(&Asked) -> A + Send + Sync + 'static,
    ) -> Self {
        let authority = Authority::new().unwrap();
        let dir = tempfile::tempdir().unwrap();
        let ca = dir.path().join("ca.pem");
        fs::write(&ca, authority.pem()).unwrap();
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut options = vec![
            "--component".to_owned(),
            component.display().to_string(),
            "--cacert".to_owned(),
            ca.display().to_string(),
        ];
        for host in hosts {
            let rule = format!("{host}:443:{address}");
            options.extend(["--connect-to".to_owned(), rule]);
        }
        let asked = Arc::<Mutex<Vec<Asked>>>::default();
        let tls = authority.serve_as(hosts, &[HTTP1]).unwrap();
        let answer = move |asked: &Asked| answer(asked).response();
        let (record, answer): (_, Arc<Answer>) = (Arc::clone(&asked), Arc::new(answer));
        let server = tokio::spawn(async move {
            loop {
                let (tcp, _) = listener.accept().await.unwrap();
                let (tls, record, answer) = (tls.clone(), Arc::clone(&record), answer.clone());
                tokio::spawn(async move {
                    let stream = tls.accept(tcp).await.unwrap();
                    let service = service_fn(|request| respond(request, &record, &*answer));
                    // An error is a client that closed the connection.
                    let _ = http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), service)
                        .await;
                });
            }
        });
        Self {
            dir,
            options,
            asked,
            server: server.abort_handle(),
        }
    }

    /// Grants these hosts in each command.
    pub(crate) fn granting(mut self, hosts: &[&str]) -> Self {
        for host in hosts {
            let origin = format!("https://{host}");
            self.options.extend(["--grant".to_owned(), origin]);
        }
        self
    }

    /// The requests since the last call.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }

    /// The folder of the store, with nothing else in it.
    pub(crate) fn store_dir(&self) -> PathBuf {
        self.dir.path().join("store")
    }

    /// The options that lead to it, and the store.
    pub(crate) fn options(&self) -> Vec<String> {
        let store = self.store_dir().join("credentials.db");
        let store = ["--store".to_owned(), store.display().to_string()];
        self.options.iter().cloned().chain(store).collect()
    }

    fn arguments<'a>(&'a self, arguments: &[&'a str], store: &'a str) -> Vec<&'a str> {
        let options = self.options.iter().map(String::as_str);
        let options = options.chain(["--store", store]);
        arguments.iter().copied().chain(options).collect()
    }

    /// Runs a command to its end, with the store.
    pub(crate) fn run(&self, arguments: &[&str], stdin: &str) -> Run {
        let store = self.store_dir().join("credentials.db");
        let arguments = self.arguments(arguments, store.to_str().unwrap());
        Run::with(&arguments, stdin, &[KEY])
    }

    /// Runs a command without network options to its end, with the store.
    pub(crate) fn run_offline(&self, arguments: &[&str], stdin: &str) -> Run {
        let store = self.store_dir().join("credentials.db");
        let options = self.options.iter().take(2).map(String::as_str);
        let options = options.chain(["--store", store.to_str().unwrap()]);
        let arguments: Vec<_> = arguments.iter().copied().chain(options).collect();
        Run::with(&arguments, stdin, &[KEY])
    }

    /// Starts a command with a person at the terminal.
    pub(crate) fn dialogue(&self, arguments: &[&str]) -> Dialogue {
        let store = self.store_dir().join("credentials.db");
        let arguments = self.arguments(arguments, store.to_str().unwrap());
        Dialogue::start(self.dir.path(), &arguments, &[KEY])
    }

    /// Starts `connect`, and names the credential.
    pub(crate) fn connect(&self, vendor: &str, name: &str) -> Dialogue {
        let mut dialogue = self.dialogue(&["connect", vendor]);
        dialogue
            .answers("Credential name:", name)
            .answers("Credential description:", "");
        dialogue
    }
}

impl Drop for Stub {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn respond(
    request: Request<Incoming>,
    record: &Mutex<Vec<Asked>>,
    answer: &Answer,
) -> Result<Answered, Infallible> {
    let header = |name: &str| {
        let value = request.headers().get(name);
        let value = value.map(|value| value.to_str().unwrap().to_owned());
        value.unwrap_or_default()
    };
    let mut asked = Asked {
        line: format!("{} {}", request.method(), request.uri().path()),
        query: request.uri().query().unwrap_or_default().to_owned(),
        authorization: header("authorization"),
        content_type: header("content-type"),
        x_trace: header("x-trace"),
        body: String::new(),
    };
    let body = request.into_body().collect().await.unwrap().to_bytes();
    asked.body = String::from_utf8(body.to_vec()).unwrap();
    let response = answer(&asked);
    record.lock().unwrap().push(asked);
    Ok(response)
}

/// The folder in which nested cargos build, of this target directory.
fn target_dir() -> PathBuf {
    shared_dir(&std::env::current_exe().unwrap())
}

/// Builds an example of the guest SDK.
pub(crate) fn example(name: &str) -> PathBuf {
    let target_dir = target_dir();
    xtask::build(&Component {
        package: "connector-guest",
        example: Some(name),
        target_dir: &target_dir,
    })
    .unwrap()
}

/// Builds the vendor in `tests/vendors`, as a package outside the workspace.
///
/// Its folder stays the same, so that other builds leave the component in place.
pub(crate) fn lighthouse() -> PathBuf {
    let source = xtask::root().join("cli/tests/vendors/lighthouse.rs");
    let target_dir = target_dir();
    let folder = target_dir.join("lighthouse");
    build_outside(&folder, "lighthouse", &source, &target_dir).unwrap()
}
