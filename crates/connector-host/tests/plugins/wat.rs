//! Builds plugins from WAT: a core module with every function of the contract, whose bodies a test
//! provides, and fragments with which a body sends requests. The faults are in the other files.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use connector_host::{CallError, ConnectorError};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::{Resolve, WorldId};

/// The world of a connector plugin.
pub(crate) const WIT: &str = "../../wit";

/// The parts of a plugin. All bodies have the lowered type of the contract's function.
#[derive(Clone)]
pub(crate) struct Plugin<'a> {
    /// Additional definitions of the module: functions, memories, tables.
    pub(crate) more: &'a str,
    /// The body of `cabi_realloc`, with parameters 0 to 3: old address, old size, alignment, new
    /// size.
    pub(crate) realloc: &'a str,
    pub(crate) vendors: &'a str,
    pub(crate) describe: &'a str,
    /// The JSON text that `credential-schema` returns.
    pub(crate) schema: &'a str,
    pub(crate) validate: &'a str,
    pub(crate) origins: &'a str,
    pub(crate) authenticate: &'a str,
    pub(crate) inspect: &'a str,
    pub(crate) authorize: &'a str,
}

/// Correct: lists one vendor, "a", with the origin `https://a.example`, and accepts every
/// credential and every response. The credential needs that origin.
pub(crate) const CORRECT: Plugin<'static> = Plugin {
    more: "",
    realloc: "(global.get $next)
        (global.set $next (i32.and (i32.add (i32.add (global.get $next) (local.get 3))
          (i32.const 7)) (i32.const -8)))",
    vendors: "(i32.const 64)",
    describe: "(i32.const 192)",
    schema: r#"{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object",
        "properties":{},"additionalProperties":false}"#,
    validate: OK,
    origins: "(i32.const 160)",
    authenticate: "unreachable",
    inspect: "unreachable",
    authorize: OK,
};

/// The result of a successful function without a value: zeros, which are never overwritten.
pub(crate) const OK: &str = "(i32.const 512)";

/// A plugin that misbehaves only in `validate`.
pub(crate) fn validating(body: &str) -> Vec<u8> {
    Plugin {
        validate: body,
        ..CORRECT
    }
    .component()
}

/// A plugin that misbehaves only in `authenticate`, which may use the network.
pub(crate) fn sending(body: &str) -> Vec<u8> {
    Plugin {
        authenticate: &aligned(body),
        ..CORRECT
    }
    .component()
}

/// The body for a function whose result holds a time: its fields are then aligned to eight bytes.
pub(crate) fn aligned(body: &str) -> String {
    body.replace("(call $say ", "(call $say-aligned ")
}

impl Plugin<'_> {
    pub(crate) fn component(&self) -> Vec<u8> {
        component(&self.module(), WIT)
    }

    /// The core module, as text.
    pub(crate) fn module(&self) -> String {
        let function = |name: &str, parameters: &str, body: &str| {
            format!(
                r#"(func
                  (export "integration:connector/credentials@0.1.0#{name}") {parameters}
                    (result i32)
                    (local $i i32) (local $j i32) {body})"#
            )
        };
        let two_texts = "(param i32 i32 i32 i32)";
        // The list at 64 has one vendor, at 80: id, origins, and zeros for the rest. Its origins at
        // 120 are one string. At 160 they are a result, and at 192 the string at 176 is one. At
        // 7168 the schema behind it is one.
        let texts = "aAhttps://a.examplea.example";
        let at = |from: u32, length: u32| [128 + from, length];
        let [id, url, host] = [at(0, 1), at(2, 17), at(19, 9)];
        let list = words(&[80, 1]);
        let vendor = words(&[id, [120, 1]].concat());
        let result = words(&[0, 120, 1]);
        let described = words(&[0, 176, 12]);
        let origins = words(&url);
        let schema = self.schema.as_bytes();
        assert!(schema.len() < 1000, "the next call allocates at 8192");
        let schema_length = u32::try_from(schema.len()).unwrap();
        let schema_result = words(&[0, 7184, schema_length]);
        let schema = escaped(schema);
        format!(
            r#"(module
              {IMPORTS}
              (memory $memory (export "memory") 1)
              (data (i32.const 64) "{list}")
              (data (i32.const 80) "{vendor}")
              (data (i32.const 120) "{origins}")
              (data (i32.const 128) "{texts}")
              (data (i32.const 160) "{result}")
              (data (i32.const 176) "{{\22name\22:\22A\22}}")
              (data (i32.const 192) "{described}")
              (data (i32.const 7168) "{schema_result}")
              (data (i32.const 7184) "{schema}")
              (global $host i32 (i32.const {}))
              (global $next (mut i32) (i32.const 8192))
              (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) {})
              {FRAGMENTS}
              {} {} {} {} {} {} {} {} {} {} {})"#,
            host[0],
            self.realloc,
            self.more,
            function("vendors", "", self.vendors),
            function("describe", two_texts, self.describe),
            function("credential-schema", two_texts, "(i32.const 7168)"),
            function("validate", "(param i32 i32 i32 i32 i32 i32)", self.validate),
            function("origins", two_texts, self.origins),
            function("authenticate", two_texts, self.authenticate),
            function("refresh", "(param i32)", "unreachable"),
            function("inspect", "(param i32)", self.inspect),
            function("authorize", "(param i32)", self.authorize),
            function("classify", "(param i32 i32 i32 i32 i32 i32 i32)", OK),
        )
    }
}

/// The contract, read once for most plugins.
static CONTRACT: LazyLock<(Resolve, WorldId)> = LazyLock::new(|| world(Path::new(WIT)));

/// Reads the world of a connector in a folder.
fn world(wit: &Path) -> (Resolve, WorldId) {
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_path(wit).unwrap();
    let world = resolve.select_world(&[package], Some("connector")).unwrap();
    (resolve, world)
}

/// Builds a component from a core module, by the world of a connector in the given folder.
pub(crate) fn component(module: &str, wit: impl AsRef<Path>) -> Vec<u8> {
    let wit = wit.as_ref();
    if wit == Path::new(WIT) {
        return component_of(module, &CONTRACT);
    }
    component_of(module, &world(wit))
}

fn component_of(module: &str, (resolve, world): &(Resolve, WorldId)) -> Vec<u8> {
    let mut module = wat::parse_str(module).unwrap();
    embed_component_metadata(&mut module, resolve, *world, StringEncoding::UTF8).unwrap();
    let mut encoder = ComponentEncoder::default();
    encoder.module(&module).unwrap().encode().unwrap()
}

/// The same component, built against another version of WASI.
pub(crate) fn with_wasi(module: &str, version: &str) -> Vec<u8> {
    let folder = changed_wit(&format!("wit-{version}"), "0.2.12", version);
    component(&module.replace("0.2.12", version), folder)
}

/// A copy of the contract in which one string is replaced.
pub(crate) fn changed_wit(name: &str, from: &str, to: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    copy(Path::new(WIT), &folder, &|text| text.replace(from, to));
    folder
}

fn copy(from: &Path, to: &Path, change: &dyn Fn(&str) -> String) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let to = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &to, change);
        } else {
            let text = fs::read_to_string(&path).unwrap();
            fs::write(to, change(&text)).unwrap();
        }
    }
}

/// Numbers in the form of a data segment.
pub(crate) fn words(numbers: &[u32]) -> String {
    let bytes: Vec<u8> = numbers
        .iter()
        .flat_map(|number| number.to_le_bytes())
        .collect();
    escaped(&bytes)
}

fn escaped(bytes: &[u8]) -> String {
    let escaped: Vec<_> = bytes.iter().map(|byte| format!("\\{byte:02x}")).collect();
    escaped.concat()
}

/// The result of `$say` with this number.
pub(crate) fn said(number: u32) -> CallError {
    ConnectorError::Throttled(Some(number)).into()
}

/// The number of `$answer` for a response.
pub(crate) const ANSWERED: u32 = 1;
/// The number of `$answer` for a denied request: `HTTP-request-denied`.
pub(crate) const DENIED: u32 = 17;
/// The number of `$error-of-body` for a truncated body: `HTTP-response-incomplete`.
pub(crate) const CUT_OFF: u32 = 27;

/// The host functions that the tests use.
const IMPORTS: &str = r#"
  (import "wasi:http/types@0.2.12" "[constructor]fields" (func $fields (result i32)))
  (import "wasi:http/types@0.2.12" "[method]fields.append"
    (func $append (param i32 i32 i32 i32 i32 i32)))
  (import "wasi:http/types@0.2.12" "[resource-drop]fields" (func $drop-fields (param i32)))
  (import "wasi:http/types@0.2.12" "[constructor]outgoing-request"
    (func $outgoing-request (param i32) (result i32)))
  (import "wasi:http/types@0.2.12" "[resource-drop]outgoing-request"
    (func $drop-request (param i32)))
  (import "wasi:http/types@0.2.12" "[method]outgoing-request.set-method"
    (func $set-method (param i32 i32 i32 i32) (result i32)))
  (import "wasi:http/types@0.2.12" "[method]outgoing-request.set-scheme"
    (func $set-scheme (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasi:http/types@0.2.12" "[method]outgoing-request.set-authority"
    (func $set-authority (param i32 i32 i32 i32) (result i32)))
  (import "wasi:http/types@0.2.12" "[method]outgoing-request.set-path-with-query"
    (func $set-path (param i32 i32 i32 i32) (result i32)))
  (import "wasi:http/types@0.2.12" "[method]outgoing-request.body"
    (func $outgoing-body (param i32 i32)))
  (import "wasi:http/types@0.2.12" "[method]outgoing-body.write"
    (func $body-stream (param i32 i32)))
  (import "wasi:http/types@0.2.12" "[constructor]request-options"
    (func $request-options (result i32)))
  (import "wasi:http/types@0.2.12" "[method]request-options.set-connect-timeout"
    (func $set-connect-timeout (param i32 i32 i64) (result i32)))
  (import "wasi:http/types@0.2.12" "[method]request-options.set-first-byte-timeout"
    (func $set-first-byte-timeout (param i32 i32 i64) (result i32)))
  (import "wasi:http/types@0.2.12" "[method]future-incoming-response.subscribe"
    (func $when-answered (param i32) (result i32)))
  (import "wasi:http/types@0.2.12" "[method]future-incoming-response.get"
    (func $get (param i32 i32)))
  (import "wasi:http/types@0.2.12" "[resource-drop]future-incoming-response"
    (func $drop-future (param i32)))
  (import "wasi:http/types@0.2.12" "[method]incoming-response.consume"
    (func $consume (param i32 i32)))
  (import "wasi:http/types@0.2.12" "[method]incoming-body.stream" (func $stream (param i32 i32)))
  (import "wasi:http/types@0.2.12" "http-error-code" (func $http-error-code (param i32 i32)))
  (import "wasi:http/outgoing-handler@0.2.12" "handle" (func $handle (param i32 i32 i32 i32)))
  (import "wasi:io/streams@0.2.12" "[method]input-stream.blocking-read"
    (func $blocking-read (param i32 i64 i32)))
  (import "wasi:io/streams@0.2.12" "[method]output-stream.blocking-write-and-flush"
    (func $blocking-write (param i32 i32 i32 i32)))
  (import "wasi:io/streams@0.2.12" "[method]output-stream.write"
    (func $write (param i32 i32 i32 i32)))
  (import "wasi:io/streams@0.2.12" "[method]output-stream.write-zeroes"
    (func $write-zeroes (param i32 i64 i32)))
  (import "wasi:io/poll@0.2.12" "[method]pollable.block" (func $block (param i32)))
  (import "wasi:io/poll@0.2.12" "[resource-drop]pollable" (func $drop-pollable (param i32)))
  (import "wasi:io/poll@0.2.12" "poll" (func $poll (param i32 i32 i32)))
  (import "wasi:random/random@0.2.12" "get-random-bytes" (func $random (param i64 i32)))
  (import "wasi:clocks/monotonic-clock@0.2.12" "now" (func $now (result i64)))
  (import "wasi:clocks/monotonic-clock@0.2.12" "resolution" (func $resolution (result i64)))
  (import "wasi:clocks/monotonic-clock@0.2.12" "subscribe-duration"
    (func $alarm (param i64) (result i32)))
"#;

/// Fragments of bodies. Strings are at 128 (see `module`), the host's results at 640, the result of
/// a body at 256.
const FRAGMENTS: &str = r"
  ;; Returns the error `throttled` with this number of seconds: how a plugin tells a test what it
  ;; saw.
  (func $say (param $number i32) (result i32)
    (i32.store8 (i32.const 256) (i32.const 1))
    (i32.store8 (i32.const 260) (i32.const 4))
    (i32.store8 (i32.const 264) (i32.const 1))
    (i32.store (i32.const 268) (local.get $number))
    (i32.const 256))
  (func $say-aligned (param $number i32) (result i32)
    (i32.store8 (i32.const 256) (i32.const 1))
    (i32.store8 (i32.const 264) (i32.const 4))
    (i32.store8 (i32.const 268) (i32.const 1))
    (i32.store (i32.const 272) (local.get $number))
    (i32.const 256))
  ;; Returns the error of this case, whose payload is two numbers, often an address and a length.
  (func $fail (param $case i32) (param $first i32) (param $second i32) (result i32)
    (i32.store8 (i32.const 256) (i32.const 1))
    (i32.store8 (i32.const 260) (local.get $case))
    (i32.store (i32.const 264) (local.get $first))
    (i32.store (i32.const 268) (local.get $second))
    (i32.const 256))
  ;; A GET of https://a.example/
  (func $request (result i32)
    (local $request i32)
    (local.set $request (call $outgoing-request (call $fields)))
    (drop (call $set-scheme (local.get $request) (i32.const 1) (i32.const 1) (i32.const 0)
      (i32.const 0)))
    (drop (call $set-authority (local.get $request) (i32.const 1) (global.get $host) (i32.const 9)))
    ;; The first slash of the origin.
    (drop (call $set-path (local.get $request) (i32.const 1) (i32.const 136) (i32.const 1)))
    (local.get $request))
  ;; The stream of the request's body.
  (func $body (param $request i32) (result i32)
    (call $outgoing-body (local.get $request) (i32.const 640))
    (call $body-stream (i32.load (i32.const 644)) (i32.const 640))
    (i32.load (i32.const 644)))
  ;; Begins to send, and gives what to wait for, or -1 when the host refuses at once.
  (func $send (param $request i32) (result i32)
    (call $handle (local.get $request) (i32.const 0) (i32.const 0) (i32.const 640))
    (if (i32.load8_u (i32.const 640)) (then (return (i32.const -1))))
    (i32.load (i32.const 648)))
  ;; Waits, and gives 1 for an answer, or 2 and the number of the error.
  (func $wait (param $future i32) (result i32)
    (local $pollable i32)
    (if (i32.eq (local.get $future) (i32.const -1)) (then
      (return (i32.add (i32.const 2) (i32.load8_u (i32.const 648))))))
    (local.set $pollable (call $when-answered (local.get $future)))
    (call $block (local.get $pollable))
    (call $drop-pollable (local.get $pollable))
    (call $get (local.get $future) (i32.const 640))
    (call $drop-future (local.get $future))
    (if (result i32) (i32.load8_u (i32.const 656))
      (then (i32.add (i32.const 2) (i32.load8_u (i32.const 664))))
      (else (i32.const 1))))
  (func $answer (param $request i32) (result i32) (call $wait (call $send (local.get $request))))
  ;; Reads the body of the answer that `$wait` has brought until it fails, and gives 2 and the
  ;; number of the error, or 0.
  (func $error-of-body (result i32)
    (local $stream i32)
    (call $consume (i32.load (i32.const 664)) (i32.const 640))
    (call $stream (i32.load (i32.const 644)) (i32.const 640))
    (local.set $stream (i32.load (i32.const 644)))
    (loop $more
      (call $blocking-read (local.get $stream) (i64.const 4096) (i32.const 640))
      (br_if $more (i32.eqz (i32.load8_u (i32.const 640)))))
    ;; `closed` is the whole body.
    (if (i32.load8_u (i32.const 644)) (then (return (i32.const 0))))
    (call $http-error-code (i32.load (i32.const 648)) (i32.const 640))
    (if (result i32) (i32.load8_u (i32.const 640))
      (then (i32.add (i32.const 2) (i32.load8_u (i32.const 648))))
      (else (i32.const 0))))
";
