//! `wasi:http/outgoing-handler`, and the reply that it promises. The runtime's own gives each request to a task of its own, and so from thread to
//! thread and back; here a request is an errand of its call, done on the call's thread while the plugin waits. What may leave is `door.rs`'s to say.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;

use futures::future::{BoxFuture, FutureExt};
use futures::stream::{FuturesUnordered, StreamExt};
use http_body_util::{BodyExt, Empty};
use tokio::sync::oneshot::{self, error::TryRecvError};
use wasmtime::StoreContextMut;
use wasmtime::component::{Linker, Resource, ResourceType};
use wasmtime_wasi::async_trait;
use wasmtime_wasi::p2::{DynPollable, Pollable, subscribe};
use wasmtime_wasi_http::p2::bindings::http::types::{ErrorCode, Scheme};
use wasmtime_wasi_http::p2::body::HostIncomingBody;
use wasmtime_wasi_http::p2::types::{HostIncomingResponse, HostOutgoingRequest};
use wasmtime_wasi_http::{FieldMap, RequestOptions, WasiBody};

use crate::plugin_state::PluginState;

/// What came of a request.
pub(crate) type Reply = Result<http::Response<WasiBody>, ErrorCode>;

/// The requests of one call that are under way or about to be.
#[derive(Clone, Default)]
pub(crate) struct Errands {
    new: Arc<Mutex<Vec<BoxFuture<'static, ()>>>>,
}

impl Errands {
    /// Begins a request when the plugin waits next. It ends early when the plugin drops what was promised to it.
    fn send(&self, request: impl Future<Output = Reply> + Send + 'static) -> Promise {
        let (mut sender, receiver) = oneshot::channel();
        let errand = async move {
            let reply = tokio::select! {
                biased;
                reply = request => reply,
                () = sender.closed() => return,
            };
            // Nobody is there any more: the same as before.
            let _unwanted = sender.send(reply);
        };
        self.added().push(errand.boxed());
        Promise::Open(receiver)
    }

    /// Runs a call, and its errands while it waits. They end with it. The call comes pinned: an `async fn` would hold it twice.
    pub(crate) fn along<T>(
        &self,
        mut call: Pin<&mut impl Future<Output = T>>,
    ) -> impl Future<Output = T> {
        let mut errands = FuturesUnordered::new();
        std::future::poll_fn(move |context| {
            loop {
                if let Poll::Ready(result) = call.as_mut().poll(context) {
                    return Poll::Ready(result);
                }
                errands.extend(self.added().drain(..));
                // With an errand done the plugin has something to go on with.
                if !matches!(errands.poll_next_unpin(context), Poll::Ready(Some(()))) {
                    return Poll::Pending;
                }
            }
        })
    }

    fn added(&self) -> std::sync::MutexGuard<'_, Vec<BoxFuture<'static, ()>>> {
        self.new.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An errand is dropped without a reply only together with its call.
const GONE: Reply = Err(ErrorCode::InternalError(None));

/// What stands behind a `future-incoming-response`.
enum Promise {
    Open(oneshot::Receiver<Reply>),
    Kept(Reply),
    /// The plugin has it.
    Taken,
}

#[async_trait]
impl Pollable for Promise {
    async fn ready(&mut self) {
        if let Self::Open(reply) = self {
            *self = Self::Kept(reply.await.unwrap_or(GONE));
        }
    }
}

/// Puts these in the place of the runtime's own.
pub(crate) fn add_to_linker(linker: &mut Linker<PluginState>) -> wasmtime::Result<()> {
    let mut types = linker.instance("wasi:http/types@0.2.12")?;
    types.resource(
        "future-incoming-response",
        ResourceType::host::<Promise>(),
        |mut store, promise| {
            let table = store.data_mut().table();
            table.delete(Resource::<Promise>::new_own(promise))?;
            Ok(())
        },
    )?;
    types.func_wrap("[method]future-incoming-response.subscribe", poll)?;
    types.func_wrap("[method]future-incoming-response.get", take)?;
    let mut handler = linker.instance("wasi:http/outgoing-handler@0.2.12")?;
    handler.func_wrap("handle", handle)?;
    Ok(())
}

fn poll(
    mut store: StoreContextMut<'_, PluginState>,
    (promise,): (Resource<Promise>,),
) -> wasmtime::Result<(Resource<DynPollable>,)> {
    Ok((subscribe(store.data_mut().table(), promise)?,))
}

type Taken = Option<Result<Result<Resource<HostIncomingResponse>, ErrorCode>, ()>>;

fn take(
    mut store: StoreContextMut<'_, PluginState>,
    (promise,): (Resource<Promise>,),
) -> wasmtime::Result<(Taken,)> {
    let state = store.data_mut();
    let promise = state.table().get_mut(&promise)?;
    // A plugin may ask without having waited.
    if let Promise::Open(reply) = promise {
        match reply.try_recv() {
            Ok(reply) => *promise = Promise::Kept(reply),
            Err(TryRecvError::Empty) => return Ok((None,)),
            Err(TryRecvError::Closed) => *promise = Promise::Kept(GONE),
        }
    }
    let Promise::Kept(reply) = std::mem::replace(promise, Promise::Taken) else {
        return Ok((Some(Err(())),));
    };
    let response = match reply {
        Ok(response) => response,
        Err(code) => return Ok((Some(Ok(Err(code))),)),
    };
    let (parts, body) = response.into_parts();
    let http = state.http();
    let response = HostIncomingResponse {
        status: parts.status.as_u16(),
        headers: FieldMap::new_immutable(http.hooks, parts.headers),
        body: Some(HostIncomingBody::new(body)),
    };
    Ok((Some(Ok(Ok(http.table.push(response)?))),))
}

type Handled = Result<Resource<Promise>, ErrorCode>;

fn handle(
    mut store: StoreContextMut<'_, PluginState>,
    (request, options): (
        Resource<HostOutgoingRequest>,
        Option<Resource<RequestOptions>>,
    ),
) -> wasmtime::Result<(Handled,)> {
    let state = store.data_mut();
    let options = match options {
        Some(options) => state.table().delete(options)?,
        None => RequestOptions::default(),
    };
    let request = match described(state.table().delete(request)?) {
        Ok(request) => request,
        Err(code) => return Ok((Err(code),)),
    };
    let reply = state.door().send(request, options);
    let promise = state.errands().send(reply);
    Ok((Ok(state.table().push(promise)?),))
}

/// Puts together what the plugin said one by one. What it left out is empty; a scheme is `https`.
fn described(request: HostOutgoingRequest) -> Result<http::Request<WasiBody>, ErrorCode> {
    let scheme = match &request.scheme {
        None | Some(Scheme::Https) => "https",
        Some(Scheme::Http) => "http",
        Some(Scheme::Other(other)) => other,
    };
    let mut uri = http::Uri::builder()
        .scheme(scheme)
        .authority(request.authority.unwrap_or_default());
    if let Some(path) = request.path_with_query {
        uri = uri.path_and_query(path);
    }
    let uri = uri.build().map_err(|_| ErrorCode::HttpRequestUriInvalid)?;
    let method = request.method.try_into();
    let method = method.map_err(|_| ErrorCode::HttpRequestMethodInvalid)?;

    let body = request.body.unwrap_or_else(|| {
        let body = Empty::new().map_err(|never| match never {});
        body.boxed_unsync()
    });
    let mut described = http::Request::new(body);
    *described.method_mut() = method;
    *described.uri_mut() = uri;
    *described.headers_mut() = request.headers.into();
    Ok(described)
}

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::pin::pin;
    use std::time::Duration;

    use tokio::task::yield_now;
    use tokio::time::timeout;

    use super::*;

    fn answer() -> http::Response<WasiBody> {
        let body = Empty::new().map_err(|never| match never {});
        http::Response::new(body.boxed_unsync())
    }

    /// A request that never ends, and what learns when it is dropped.
    fn endless() -> (
        impl Future<Output = Reply> + Send + 'static,
        oneshot::Receiver<()>,
    ) {
        let (held, dropped) = oneshot::channel();
        let request = async move {
            let _held = held;
            pending().await
        };
        (request, dropped)
    }

    #[tokio::test]
    async fn requests_are_made_while_the_call_waits_and_not_before() {
        let errands = Errands::default();
        let (sent, mut seen) = oneshot::channel();
        let mut promise = errands.send(async {
            sent.send(()).unwrap();
            yield_now().await;
            Ok(answer())
        });
        let call = async {
            assert_eq!(seen.try_recv(), Err(TryRecvError::Empty));
            promise.ready().await;
            assert_eq!(seen.try_recv(), Ok(()));
        };
        errands.along(pin!(call)).await;
        assert!(matches!(promise, Promise::Kept(Ok(_))));
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_is_given_up_when_the_plugin_drops_its_promise() {
        let errands = Errands::default();
        let (request, dropped) = endless();
        let promise = errands.send(request);
        let call = async {
            yield_now().await;
            drop(promise);
            timeout(Duration::from_secs(1), dropped).await
        };
        assert!(errands.along(pin!(call)).await.unwrap().is_err());
    }

    #[tokio::test]
    async fn requests_end_with_their_call() {
        let errands = Errands::default();
        let (request, mut dropped) = endless();
        let _promise = errands.send(request);
        errands.along(pin!(yield_now())).await;
        assert_eq!(dropped.try_recv(), Err(TryRecvError::Closed));
    }
}
