//! Scripted HTTP for tests that set a reply before each call and check the requests afterwards. For
//! a known sequence use a [`Script`](crate::script::Script).

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use connector_host::{ResponseBody, Timeouts, Transport, TransportError};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use http::{Request, Response};

use crate::script::{Asked, Reply};
use crate::secrets;

/// A transport that sends the current reply to every request. Clones share it.
///
/// ```
/// use host_test::network::Network;
/// use host_test::script::Reply;
///
/// let network = Network::default();
/// network.answer(Reply::empty(503));
/// assert!(network.take_asked().is_empty());
/// ```
#[derive(Clone, Default)]
pub struct Network(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    reply: Option<Reply>,
    asked: Vec<Asked>,
}

impl Network {
    /// Sets the reply to all further requests, and clears the record.
    pub fn answer(&self, reply: Reply) {
        let mut state = self.state();
        state.reply = Some(reply);
        state.asked.clear();
    }

    /// Returns the requests since the reply was set, and clears the record.
    pub fn take_asked(&self) -> Vec<Asked> {
        std::mem::take(&mut self.state().asked)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Transport for Network {
    fn send(
        &self,
        request: Request<Bytes>,
        timeouts: Timeouts,
    ) -> BoxFuture<'static, Result<Response<ResponseBody>, TransportError>> {
        let (parts, body) = request.into_parts();
        secrets::request(&parts.headers, &body);
        let mut state = self.state();
        state.asked.push(Asked {
            method: parts.method,
            url: parts.uri,
            headers: parts.headers,
            body,
            timeouts,
        });
        let reply = state.reply.clone();
        async move {
            match reply {
                Some(reply) => reply.play().await,
                None => Err(TransportError::Denied),
            }
        }
        .boxed()
    }
}
