//! `wasi:http/outgoing-handler`, `future-incoming-response`, and the path of an outgoing request,
//! which replace the runtime's own. The egress guard decides whether a request is allowed.

use http::uri::PathAndQuery;
use http_body_util::{BodyExt, Empty};
use wasmtime::StoreContextMut;
use wasmtime::component::{Linker, Resource, ResourceType};
use wasmtime_wasi::p2::{DynPollable, subscribe};
use wasmtime_wasi_http::p2::bindings::http::types::{ErrorCode, Scheme};
use wasmtime_wasi_http::p2::body::HostIncomingBody;
use wasmtime_wasi_http::p2::types::{HostIncomingResponse, HostOutgoingRequest};
use wasmtime_wasi_http::{FieldMap, RequestOptions, WasiBody};

use crate::egress::in_flight::{Polled, ResponsePromise};
use crate::runtime::plugin_state::PluginState;

/// Replaces the runtime's functions in the linker.
pub(crate) fn add_to_linker(linker: &mut Linker<PluginState>) -> wasmtime::Result<()> {
    let mut types = linker.instance("wasi:http/types@0.2.12")?;
    types.resource(
        "future-incoming-response",
        ResourceType::host::<ResponsePromise>(),
        |mut store, promise| {
            let table = store.data_mut().table();
            table.delete(Resource::<ResponsePromise>::new_own(promise))?;
            Ok(())
        },
    )?;
    types.func_wrap("[method]future-incoming-response.subscribe", poll)?;
    types.func_wrap("[method]future-incoming-response.get", get)?;
    // The runtime would log the query at TRACE, which may hold a secret.
    types.func_wrap("[method]outgoing-request.path-with-query", path)?;
    types.func_wrap("[method]outgoing-request.set-path-with-query", set_path)?;
    let mut handler = linker.instance("wasi:http/outgoing-handler@0.2.12")?;
    handler.func_wrap("handle", handle)?;
    Ok(())
}

fn poll(
    mut store: StoreContextMut<'_, PluginState>,
    (promise,): (Resource<ResponsePromise>,),
) -> wasmtime::Result<(Resource<DynPollable>,)> {
    Ok((subscribe(store.data_mut().table(), promise)?,))
}

type Got = Option<Result<Result<Resource<HostIncomingResponse>, ErrorCode>, ()>>;

fn get(
    mut store: StoreContextMut<'_, PluginState>,
    (promise,): (Resource<ResponsePromise>,),
) -> wasmtime::Result<(Got,)> {
    let state = store.data_mut();
    let response = match state.table().get_mut(&promise)?.take() {
        Polled::Pending => return Ok((None,)),
        Polled::AlreadyTaken => return Ok((Some(Err(())),)),
        Polled::Ready(Err(code)) => return Ok((Some(Ok(Err(code))),)),
        Polled::Ready(Ok(response)) => response,
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

fn path(
    mut store: StoreContextMut<'_, PluginState>,
    (request,): (Resource<HostOutgoingRequest>,),
) -> wasmtime::Result<(Option<String>,)> {
    let request = store.data_mut().table().get(&request)?;
    Ok((request.path_with_query.clone(),))
}

fn set_path(
    mut store: StoreContextMut<'_, PluginState>,
    (request, path): (Resource<HostOutgoingRequest>, Option<String>),
) -> wasmtime::Result<(Result<(), ()>,)> {
    let is_valid = |path: &String| {
        (path.is_empty() || path.starts_with(['/', '?'])) && path.parse::<PathAndQuery>().is_ok()
    };
    let request = store.data_mut().table().get_mut(&request)?;
    if path.as_ref().is_some_and(|path| !is_valid(path)) {
        return Ok((Err(()),));
    }
    request.path_with_query = path;
    Ok((Ok(()),))
}

type Handled = Result<Resource<ResponsePromise>, ErrorCode>;

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
    let request = match assembled(state.table().delete(request)?) {
        Ok(request) => request,
        Err(code) => return Ok((Err(code),)),
    };
    let promise = match state.egress().send(request, options) {
        Ok(outcome) => state.in_flight().start(outcome),
        Err(denied) => state.in_flight().deny(denied),
    };
    Ok((Ok(state.table().push(promise)?),))
}

/// Assembles the request that the plugin described. Missing parts are empty; the default scheme is
/// `https`.
fn assembled(request: HostOutgoingRequest) -> Result<http::Request<WasiBody>, ErrorCode> {
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
    let mut assembled = http::Request::new(body);
    *assembled.method_mut() = method;
    *assembled.uri_mut() = uri;
    *assembled.headers_mut() = request.headers.into();
    Ok(assembled)
}
