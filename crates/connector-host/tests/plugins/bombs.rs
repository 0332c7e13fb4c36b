//! Small components that would take long to compile, or crash the compiler: refused before they are
//! compiled. They are written as bytes, because no assembler makes them.

use std::sync::Arc;
use std::time::Duration;

use connector_host::{Connector, Live, LoadError, Profile};

use crate::wat::{CORRECT, Plugin};

const I32: u8 = 0x7f;
const BLOCK: [u8; 2] = [0x02, 0x40];
const END: u8 = 0x0b;
const NOP: u8 = 0x01;

/// An unsigned number in LEB128.
fn number(mut value: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = u8::try_from(value & 0x7f).unwrap();
        value >>= 7;
        bytes.push(if value == 0 { low } else { low | 0x80 });
        if value == 0 {
            return bytes;
        }
    }
}

/// Bytes with their length before them.
fn sized(bytes: &[u8]) -> Vec<u8> {
    [&number(bytes.len())[..], bytes].concat()
}

fn section(id: u8, bytes: &[u8]) -> Vec<u8> {
    [&[id][..], &sized(bytes)].concat()
}

/// The same item, some times, with the number of times before it.
fn list(item: &[u8], times: usize) -> Vec<u8> {
    [&number(times)[..], &item.repeat(times)].concat()
}

/// A component of these sections.
fn component(sections: &[u8]) -> Vec<u8> {
    [b"\0asm\x0d\0\x01\0", sections].concat()
}

/// A component with a core module of these sections.
fn of_module(sections: &[u8]) -> Vec<u8> {
    component(&section(1, &module(sections)))
}

fn module(sections: &[u8]) -> Vec<u8> {
    [b"\0asm\x01\0\0\0", sections].concat()
}

/// A component with functions that are all alike: parameters and results, locals, and code.
fn functions(arity: [usize; 2], locals: usize, code: &[u8], times: usize) -> Vec<u8> {
    let [params, results] = arity.map(|number| list(&[I32], number));
    let ty = [&[0x60][..], &params, &results].concat();
    let locals = [&[1][..], &number(locals), &[I32]].concat();
    let body = sized(&[&locals[..], code, &[END]].concat());
    of_module(
        &[
            section(1, &list(&ty, 1)),
            section(3, &list(&[0], times)),
            section(10, &list(&body, times)),
        ]
        .concat(),
    )
}

/// One function without parameters and results.
fn function(locals: usize, code: &[u8]) -> Vec<u8> {
    functions([0, 0], locals, code, 1)
}

/// Blocks within one another, each with some code.
fn nested(depth: usize, code: &[u8]) -> Vec<u8> {
    let within = [&BLOCK[..], code].concat();
    [within.repeat(depth), vec![END; depth]].concat()
}

/// Blocks one after the other, each of which reads and writes a local.
fn blocks(number: usize) -> Vec<u8> {
    // block, local.get 0, br_if 0, local.get 1, local.set 0, end
    [0x02, 0x40, 0x20, 0, 0x0d, 0, 0x20, 1, 0x21, 0, END].repeat(number)
}

/// A branch table with this many targets.
fn branch_table(targets: usize) -> Vec<u8> {
    let table = [&[0x20, 0, 0x0e][..], &list(&[0], targets), &[0]].concat();
    [&BLOCK[..], &table, &[END]].concat()
}

/// Instance types within one another, each with its end.
fn nested_types(kind: u8, depth: usize) -> Vec<u8> {
    // Each has one declaration: a type. The innermost has none.
    let ty = [[kind, 1, 0x01].repeat(depth), vec![kind, 0]].concat();
    component(&section(7, &[&[1][..], &ty].concat()))
}

/// Components within one another.
fn nested_components(depth: usize) -> Vec<u8> {
    (0..depth).fold(component(&[]), |inner, _| component(&section(4, &inner)))
}

/// A record type with this many fields, all of one name.
fn record(fields: usize) -> Vec<u8> {
    [&[0x72][..], &list(&[1, b'a', 0x7f], fields)].concat()
}

async fn load(component: &[u8], profile: Profile) -> Result<Connector, LoadError> {
    let network = Arc::new(Live::builder().build().unwrap());
    let builder = Connector::builder(network).profile(profile);
    builder.load_bytes(component).await
}

/// Loading fails by this limit, before the component is compiled.
async fn is_refused(component: &[u8], by: Profile, limit: &str) {
    match load(component, by).await.err() {
        Some(LoadError::TooComplex { profile, what }) => {
            assert_eq!((profile, what), (by, limit), "{} bytes", component.len());
        }
        other => panic!("{limit}: {other:?}"),
    }
}

#[tokio::test]
async fn a_bomb_is_refused_before_it_is_compiled() {
    for (limit, component) in [
        ("larger functions", function(0, &vec![NOP; 200 << 10])),
        ("more locals in a function", function(2_001, &[])),
        (
            "more locals in a function",
            function(50_000, &blocks(4_000)),
        ),
        (
            "more locals in a function",
            function(u32::MAX as usize, &[]),
        ),
        (
            "more locals in a function",
            functions([1_000, 0], 1_001, &[], 1),
        ),
        ("deeper nested blocks", function(0, &nested(1_001, &[]))),
        ("deeper nested blocks", function(0, &nested(40_000, &[]))),
        // As in the report: many locals, and blocks within one another.
        (
            "more branches across locals",
            function(2_000, &nested(1_000, &[0x20, 0, 0x0d, 0])),
        ),
        (
            "more branches across locals",
            function(1_000, &blocks(10_000)),
        ),
        (
            "more branches across locals",
            function(1_000, &branch_table(60_000)),
        ),
        (
            "more branches across locals",
            function(1_000, &branch_table(100).repeat(400)),
        ),
        // Each call passes and returns a thousand values.
        (
            "more branches across locals",
            functions([1_000, 1_000], 0, &[0x10, 0].repeat(10_000), 1),
        ),
        // The same with few bytes: 12 seconds.
        (
            "more branches across locals",
            functions([1_000, 1_000], 0, &[0x10, 0].repeat(100), 1),
        ),
        // Blocks that take and yield a thousand values.
        (
            "more branches across locals",
            functions([1_000, 1_000], 0, &[0x02, 0, END].repeat(400), 1),
        ),
        (
            "more code across locals",
            functions([0, 0], 500, &blocks(1_000), 100),
        ),
        ("more functions", functions([0, 0], 0, &[], 8_001)),
        (
            "more types",
            of_module(&section(1, &list(&[0x60, 0, 0], 20_001))),
        ),
        (
            "more types",
            component(&section(7, &list(&record(5_000), 5))),
        ),
        (
            "more types",
            component(&section(7, &list(&[0x42, 0], 20_001))),
        ),
        // Readers of these recurse: without the limit, the process ends.
        ("deeper nested types", nested_types(0x42, 60_000)),
        ("deeper nested types", nested_types(0x41, 60_000)),
        ("deeper nested types", nested_types(0x42, 101)),
        ("deeper nested parts", nested_components(9)),
        ("deeper nested parts", nested_components(300)),
        (
            "more parts",
            component(&section(1, &module(&[])).repeat(64)),
        ),
        ("more bytes", vec![0; (8 << 20) + 1]),
    ] {
        is_refused(&component, Profile::Native, limit).await;
    }
}

#[tokio::test]
async fn the_profile_of_interpreters_has_limits_too() {
    for (limit, component) in [
        ("larger functions", function(0, &vec![NOP; 2 << 20])),
        ("more locals in a function", function(20_001, &[])),
        ("deeper nested blocks", function(0, &nested(5_001, &[]))),
        (
            "more branches across locals",
            function(15_000, &blocks(10_000)),
        ),
        (
            "more code across locals",
            functions([0, 0], 5_000, &blocks(6_000), 50),
        ),
        ("more functions", functions([0, 0], 0, &[], 200_001)),
        ("deeper nested types", nested_types(0x42, 101)),
        ("deeper nested parts", nested_components(9)),
    ] {
        is_refused(&component, Profile::Interpreter, limit).await;
    }
}

#[tokio::test]
async fn the_profile_of_interpreters_allows_larger_functions_tables_and_memories() {
    // As long as the main loop of an interpreter, a table for its functions, and 20 MiB.
    let code = "nop ".repeat(200 << 10);
    let more = format!("(func {code}) (table 30000 funcref) (memory $large 320)");
    let plugin = Plugin {
        more: &more,
        ..CORRECT
    };
    let component = plugin.component();
    is_refused(&component, Profile::Native, "larger functions").await;
    let connector = load(&component, Profile::Interpreter).await.unwrap();
    assert_eq!(connector.validate("a", "{}", &[]).await, Ok(()));
}

#[tokio::test]
async fn the_error_names_the_profile_and_the_way_out() {
    for (profile, remedy) in [
        (Profile::Native, "choose the profile \"interpreter\""),
        (Profile::Interpreter, "ask its author"),
    ] {
        let error = load(&nested_types(0x42, 200), profile).await.err().unwrap();
        let text = error.to_string();
        assert!(text.contains("deeper nested types than a plugin of the profile"));
        assert!(
            text.contains(profile.name()) && text.contains(remedy),
            "{text}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn loading_has_a_deadline() {
    // Takes the compiler much longer than the clock here.
    let component = functions([0, 0], 10, &blocks(1_000), 300);
    let (loaded, ()) = tokio::join!(
        load(&component, Profile::Native),
        tokio::time::advance(Duration::from_secs(31))
    );
    let error = loaded.err();
    assert!(
        matches!(&error, Some(LoadError::TooSlow { profile }) if *profile == Profile::Native),
        "{error:?}"
    );
}
