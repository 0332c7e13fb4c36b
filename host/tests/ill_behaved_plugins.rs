//! Small plugins that do what none should, each written as text: the host names what they did, and goes on.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use connector_host::{
    CallError, Connector, ConnectorError, Limits, LoadError, PluginError, ResponseBody, Timeouts,
    Transport, TransportError,
};
use futures::future::BoxFuture;
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

said::listens!();

/// Lets nothing out and is never asked.
struct NoNetwork;

impl Transport for NoNetwork {
    fn send(
        &self,
        _request: http::Request<Bytes>,
        _timeouts: Timeouts,
    ) -> BoxFuture<'static, Result<http::Response<ResponseBody>, TransportError>> {
        panic!("a plugin of this file reached the network")
    }
}

/// An honest `vendors`: one vendor, "a", with no origin.
const ONE_VENDOR: &str = "(i32.const 64)";

/// A component with every function of the contract, `vendors` and `validate` having the given bodies.
fn plugin(vendors: &str, validate: &str) -> Vec<u8> {
    let function = |name: &str, parameters: &str, body: &str| {
        format!(
            r#"(func (export "integration:connector/credentials@0.1.0#{name}") {parameters} (result i32) {body})"#
        )
    };
    let two_texts = "(param i32 i32 i32 i32)";
    let text = format!(
        r#"(module
          (memory (export "memory") 1)
          ;; The list at 64: one vendor at 80. Its id is the byte at 128; the other members are empty.
          (data (i32.const 64) "\50\00\00\00\01\00\00\00")
          (data (i32.const 80) "\80\00\00\00\01\00\00\00\04\00\00\00\00\00\00\00\04\00\00\00\00\00\00\00\04\00\00\00\00\00\00\00")
          (data (i32.const 128) "a")
          (global $next (mut i32) (i32.const 1024))
          (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
            (global.get $next)
            (global.set $next (i32.add (global.get $next) (local.get 3))))
          (func $deep (call $deep) (call $deep))
          {} {} {} {} {} {} {})"#,
        function("vendors", "", vendors),
        function("credential-schema", "(param i32 i32)", "unreachable"),
        function("validate", two_texts, validate),
        function("authenticate", two_texts, "unreachable"),
        function("refresh", "(param i32)", "unreachable"),
        function("inspect", two_texts, "unreachable"),
        function(
            "classify",
            "(param i32 i32 i32 i32 i32 i32 i32)",
            "unreachable"
        ),
    );
    component(&text, "../wit", "connector")
}

/// Makes a component of a core module by the given world.
fn component(module: &str, wit: &str, world: &str) -> Vec<u8> {
    let mut module = wat::parse_str(module).unwrap();
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_path(wit).unwrap();
    let world = resolve.select_world(&[package], Some(world)).unwrap();
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).unwrap();
    let mut encoder = ComponentEncoder::default();
    encoder.module(&module).unwrap().encode().unwrap()
}

async fn load(bytes: &[u8], limits: Limits) -> Result<Connector, LoadError> {
    let builder = Connector::builder(Arc::new(NoNetwork)).limits(limits);
    builder.load_bytes(bytes).await
}

/// How `validate` of a plugin ends when it has this body. The plugin must be as good as new after it.
async fn validate(body: &str, limits: Limits) -> CallError {
    let connector = load(&plugin(ONE_VENDOR, body), limits).await.unwrap();
    let first = connector.validate("a", "{}").await.unwrap_err();
    assert_eq!(connector.validate("a", "{}").await.unwrap_err(), first);
    assert_eq!(connector.vendors().len(), 1);
    first
}

#[tokio::test]
async fn an_honest_plugin_is_loaded_and_called() {
    // An error, `unknown-vendor`: the tag of the result is 1, the case is 0.
    let body = "(i32.store8 (i32.const 256) (i32.const 1)) (i32.const 256)";
    assert_eq!(
        validate(body, Limits::default()).await,
        CallError::Connector(ConnectorError::UnknownVendor)
    );
}

#[tokio::test]
async fn a_crash_is_an_error_of_that_call_alone() {
    let crashed = PluginError::Trapped("wasm `unreachable` instruction executed".to_owned());
    assert_eq!(
        validate("unreachable", Limits::default()).await,
        crashed.into()
    );
}

#[tokio::test]
async fn a_loop_without_calls_ends_at_the_deadline() {
    let limits = Limits {
        deadline: Duration::from_millis(200),
        ..Limits::default()
    };
    let body = "(loop (br 0)) unreachable";
    assert_eq!(validate(body, limits).await, PluginError::Deadline.into());
}

#[tokio::test]
async fn a_loop_without_calls_lets_others_run_on_the_same_thread() {
    let body = "(loop (br 0)) unreachable";
    let connector = load(&plugin(ONE_VENDOR, body), Limits::default())
        .await
        .unwrap();
    tokio::select! {
        _ = connector.validate("a", "{}") => panic!("a dead loop ended"),
        () = async { for _ in 0..3 { tokio::task::yield_now().await } } => {}
    }
}

#[tokio::test]
async fn memory_beyond_the_limit_is_refused() {
    let limits = Limits {
        memory_bytes: 4 << 16,
        ..Limits::default()
    };
    let body = "(drop (memory.grow (i32.const 4))) unreachable";
    assert_eq!(validate(body, limits).await, PluginError::Memory.into());
}

#[tokio::test]
async fn a_plugin_that_starts_with_too_much_memory_is_refused() {
    let limits = Limits {
        memory_bytes: 1 << 15,
        ..Limits::default()
    };
    let error = load(&plugin(ONE_VENDOR, "unreachable"), limits).await;
    assert!(matches!(
        error.err(),
        Some(LoadError::Plugin(PluginError::Memory))
    ));
}

#[tokio::test]
async fn endless_recursion_is_a_crash() {
    let crashed = PluginError::Trapped("call stack exhausted".to_owned());
    let body = "(call $deep) unreachable";
    assert_eq!(validate(body, Limits::default()).await, crashed.into());
}

#[tokio::test]
async fn a_result_beyond_the_limit_is_refused() {
    // `other`, case 9, with one text that fills the whole memory: it need not even be written.
    let body = r"
        (i32.store8 (i32.const 256) (i32.const 1))
        (i32.store8 (i32.const 260) (i32.const 9))
        (i32.store (i32.const 264) (i32.const 0))
        (i32.store (i32.const 268) (i32.const 65536))
        (i32.const 256)";
    let limits = Limits {
        result_bytes: 32 << 10,
        ..Limits::default()
    };
    assert_eq!(validate(body, limits).await, PluginError::Result.into());
}

#[tokio::test]
async fn a_result_outside_its_memory_is_a_crash() {
    let error = validate("(i32.const -4)", Limits::default()).await;
    assert!(matches!(error, CallError::Plugin(PluginError::Trapped(_))));
}

#[tokio::test]
async fn a_plugin_that_cannot_list_its_vendors_is_not_loaded() {
    let error = load(&plugin("unreachable", "unreachable"), Limits::default()).await;
    assert!(matches!(
        error.err(),
        Some(LoadError::Plugin(PluginError::Trapped(_)))
    ));
}

#[tokio::test]
async fn what_is_no_component_is_refused() {
    let core = wat::parse_str("(module)").unwrap();
    let truncated = &plugin(ONE_VENDOR, "unreachable")[..200];
    for bytes in [&b""[..], b"PK\x03\x04", &core, truncated] {
        let error = load(bytes, Limits::default()).await.err();
        assert!(matches!(error, Some(LoadError::NotAComponent)), "{error:?}");
    }
}

#[tokio::test]
async fn an_import_that_is_not_offered_is_named() {
    for import in [
        "wasi:cli/environment@0.2.12",
        "wasi:http/types@0.3.0",
        "some:thing/else",
    ] {
        let text = format!(r#"(component (import "{import}" (instance)))"#);
        let error = load(&wat::parse_str(text).unwrap(), Limits::default()).await;
        match error.err() {
            Some(LoadError::Imports { name }) => assert_eq!(name, import),
            other => panic!("{import}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn an_offered_import_in_a_form_of_its_own_is_named() {
    let text = r#"(component (import "wasi:io/poll@0.2.12"
        (instance (export "no-such-function" (func)))))"#;
    let error = load(&wat::parse_str(text).unwrap(), Limits::default()).await;
    match error.err() {
        Some(LoadError::Imports { name }) => assert_eq!(name, "wasi:io/poll@0.2.12"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_component_without_the_functions_of_a_connector_is_refused() {
    let other_type = r#"(component
        (core module $m (func (export "f") unreachable))
        (core instance $i (instantiate $m))
        (func $f (canon lift (core func $i "f")))
        (instance $c
            (export "vendors" (func $f)) (export "credential-schema" (func $f))
            (export "validate" (func $f)) (export "authenticate" (func $f))
            (export "refresh" (func $f)) (export "inspect" (func $f))
            (export "classify" (func $f)))
        (export "integration:connector/credentials@0.1.0" (instance $c)))"#;
    for text in ["(component)", other_type] {
        let error = load(&wat::parse_str(text).unwrap(), Limits::default()).await;
        assert!(matches!(error.err(), Some(LoadError::Exports)), "{text}");
    }
}

#[tokio::test]
async fn a_file_that_is_not_there_is_named() {
    let builder = Connector::builder(Arc::new(NoNetwork));
    let error = builder.load_file("no/such/file.wasm".as_ref()).await.err();
    let text = error.unwrap().to_string();
    assert!(
        text.starts_with("cannot read no/such/file.wasm: "),
        "{text}"
    );
}
