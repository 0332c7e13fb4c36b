//! Scripted HTTP: requests expected in order, each with its reply, and a record of all requests. An
//! expected request is in `script/expect.rs`, a reply in `script/reply.rs`.

mod expect;
mod reply;

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use connector_host::{ResponseBody, Timeouts, Transport, TransportError};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use http::{HeaderMap, Method, Request, Response, Uri};

pub use expect::Expect;
pub use reply::Reply;

/// A transport that replies from a script.
///
/// ```
/// use host_test::script::{Expect, Reply, Script};
///
/// let script = Script::new();
/// script
///     .expect(Expect::get("https://api.hotjar.io/v1/sites/1/surveys"))
///     .reply(Reply::empty(204));
/// assert!(script.asked().is_empty());
/// # assert!(std::panic::catch_unwind(|| script.finish()).is_err(), "the request is missing");
/// ```
///
/// An unexpected or different request fails as [`TransportError::Denied`], and [`Script::finish`]
/// reports it, even if the plugin handles the error. Dropping the first script (not a clone)
/// finishes it too.
pub struct Script {
    state: Arc<Mutex<State>>,
    /// False for clones: where a connector drops one, a panic may be lost.
    finishes_on_drop: bool,
}

#[derive(Default)]
struct State {
    expected: VecDeque<(Expect, Reply)>,
    asked: Vec<Asked>,
    problems: Vec<String>,
}

/// A recorded request.
#[derive(Clone)]
pub struct Asked {
    /// The method.
    pub method: Method,
    /// The absolute URL.
    pub url: Uri,
    /// The header fields.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
    /// The time limits of the request.
    pub timeouts: Timeouts,
}

impl fmt::Debug for Asked {
    /// Without the body and the values of header fields, because failing tests print it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Asked")
            .field("method", &self.method)
            .field("url", &self.url)
            .field("headers", &self.headers.keys().collect::<Vec<_>>())
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// An expected request without its reply.
#[must_use = "a request is expected once it has a reply"]
pub struct Expectation<'a> {
    script: &'a Script,
    expect: Expect,
}

impl Expectation<'_> {
    /// Completes the expectation.
    pub fn reply(self, reply: Reply) {
        self.script.state().expected.push_back((self.expect, reply));
    }
}

impl Script {
    /// Makes a script that expects nothing.
    #[expect(
        clippy::new_without_default,
        reason = "an unused script finishes when it is dropped"
    )]
    pub fn new() -> Self {
        Self {
            state: Arc::default(),
            finishes_on_drop: true,
        }
    }

    /// Expects a further request, after the earlier ones.
    pub fn expect(&self, expect: Expect) -> Expectation<'_> {
        Expectation {
            script: self,
            expect,
        }
    }

    /// Returns every request so far, expected or not, in order.
    pub fn asked(&self) -> Vec<Asked> {
        self.state().asked.clone()
    }

    /// Ends the script, and checks that exactly the expected requests were sent.
    ///
    /// # Panics
    ///
    /// If a request was missing, unexpected or different. The message may contain invented secrets.
    pub fn finish(&self) {
        let problems = self.take_problems();
        assert!(
            problems.is_empty(),
            "the script was not followed:\n- {}",
            problems.join("\n- ")
        );
    }

    fn take_problems(&self) -> Vec<String> {
        let mut state = self.state();
        let mut problems = std::mem::take(&mut state.problems);
        let left = state.expected.drain(..);
        problems.extend(left.map(|(expect, _)| format!("{expect} was not sent")));
        problems
    }

    /// Ignores poisoning: the state of a failed test is still readable.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records the request, and finds its reply; `None` denies it.
    fn answer(&self, asked: Asked) -> Option<Reply> {
        let mut state = self.state();
        let (problem, reply) = match state.expected.pop_front() {
            None => (
                Some(format!("{} {} was not expected", asked.method, asked.url)),
                None,
            ),
            Some((expect, reply)) => match expect.differences(&asked) {
                differences if differences.is_empty() => (None, Some(reply)),
                differences => (Some(format!("{expect}: {}", differences.join("; "))), None),
            },
        };
        state.problems.extend(problem);
        state.asked.push(asked);
        reply
    }
}

impl Clone for Script {
    fn clone(&self) -> Self {
        Self {
            state: Arc::clone(&self.state),
            finishes_on_drop: false,
        }
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        if self.finishes_on_drop && !std::thread::panicking() {
            self.finish();
        }
    }
}

impl Transport for Script {
    fn send(
        &self,
        request: Request<Bytes>,
        timeouts: Timeouts,
    ) -> BoxFuture<'static, Result<Response<ResponseBody>, TransportError>> {
        let (parts, body) = request.into_parts();
        crate::secrets::request(&parts.headers, &body);
        let reply = self.answer(Asked {
            method: parts.method,
            url: parts.uri,
            headers: parts.headers,
            body,
            timeouts,
        });
        async move {
            match reply {
                Some(reply) => reply.play().await,
                None => Err(TransportError::Denied),
            }
        }
        .boxed()
    }
}
