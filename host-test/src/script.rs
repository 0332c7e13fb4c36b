//! The fake HTTP: requests expected in order, each with its reply, and a record of what was asked.
//! What is expected of one request is in `script/expect.rs`, how it is answered in
//! `script/reply.rs`.

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

/// A transport that answers from a script.
///
/// ```
/// use host_test::script::{Expect, Reply, Script};
///
/// let script = Script::new();
/// script
///     .expect(Expect::get("https://api.hotjar.io/v1/sites/1/surveys"))
///     .reply(Reply::empty(204));
/// assert!(script.asked().is_empty());
/// # assert!(std::panic::catch_unwind(|| script.finish()).is_err(), "nobody asked");
/// ```
///
/// Expectations are met in order. A request that was not expected, or differs from what was, fails
/// as [`TransportError::Denied`] and is remembered: [`Script::finish`] fails even when the plugin
/// makes something else of it. Dropping the first script (not a clone) finishes it too, so a
/// forgotten `finish` hides nothing.
pub struct Script {
    state: Arc<Mutex<State>>,
    /// Clones are given away, to a connector for instance, and may be dropped where a panic goes
    /// unseen.
    finishes_on_drop: bool,
}

#[derive(Default)]
struct State {
    expected: VecDeque<(Expect, Reply)>,
    asked: Vec<Asked>,
    problems: Vec<String>,
}

/// A request as it arrived.
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
    /// The time-outs that came with the request.
    pub timeouts: Timeouts,
}

impl fmt::Debug for Asked {
    /// Leaves out the body and every value of a header field: tests print this when they fail.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Asked")
            .field("method", &self.method)
            .field("url", &self.url)
            .field("headers", &self.headers.keys().collect::<Vec<_>>())
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// An expectation that waits for its reply.
#[must_use = "an expectation counts once it has a reply"]
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
        reason = "one that nobody holds would finish at once"
    )]
    pub fn new() -> Self {
        Self {
            state: Arc::default(),
            finishes_on_drop: true,
        }
    }

    /// Expects one more request, after those expected so far.
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

    /// Ends the script: everything expected has been asked, and nothing else.
    ///
    /// # Panics
    ///
    /// When an expectation is left, or a request came that was not expected or differed. Says which
    /// and how; invented values may show.
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
        problems.extend(left.map(|(expect, _)| format!("{expect} was never asked")));
        problems
    }

    /// A test that failed while it held the lock has failed already; what it left is still
    /// readable.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes the request and finds its reply. `None` is a refusal.
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
