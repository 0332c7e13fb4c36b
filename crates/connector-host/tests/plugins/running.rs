//! Plugins that loop, grow, recurse and crash.

use std::time::Duration;

use connector_host::{ApiResponse, ConnectorError, Limits, PluginError, Verdict};

use crate::harness::{Row, check, load, load_with_breaches, not_allowed, trapped};
use crate::wat::{CORRECT, Plugin, validating};

/// A plugin with additional definitions, whose `validate` has this body.
fn with(more: &str, body: &str) -> Vec<u8> {
    let plugin = Plugin {
        more,
        validate: body,
        ..CORRECT
    };
    plugin.component()
}

#[tokio::test]
async fn a_correct_plugin_is_loaded_and_called() {
    check(Row::new(CORRECT.component()), Ok(())).await;
}

#[tokio::test]
async fn calls_in_one_instance_see_what_the_earlier_ones_left() {
    // `unknown-vendor`, the first case of an error, from the second call on.
    let plugin = with(
        "(global $calls (mut i32) (i32.const 0))",
        "(global.set $calls (i32.add (global.get $calls) (i32.const 1)))
         (if (result i32) (i32.eq (global.get $calls) (i32.const 1))
           (then (i32.const 512))
           (else (call $fail (i32.const 0) (i32.const 0) (i32.const 0))))",
    );
    let connector = load(&plugin, Limits::default()).await.unwrap();
    let kept = connector.validate_in_one_instance("a", &["{}", "{}"]);
    let unknown = ConnectorError::UnknownVendor.into();
    assert_eq!(kept.await.unwrap(), [Ok(()), Err(unknown)]);
    for _ in 0..2 {
        assert_eq!(connector.validate("a", "{}", &[]).await, Ok(()));
    }

    let response = ApiResponse {
        status: 200,
        headers: Vec::new(),
        body: Vec::new(),
    };
    let responses = [response.clone(), response];
    let kept = connector.classify_in_one_instance("a", &responses).await;
    let accepted = Ok(Verdict::Accepted);
    assert_eq!(kept.unwrap(), [accepted.clone(), accepted]);
}

#[tokio::test]
async fn a_loop_without_calls_ends_at_the_deadline() {
    let row = Row::endless(validating("(loop (br 0)) unreachable"));
    check(row, Err(PluginError::Deadline.into())).await;
}

#[tokio::test]
async fn a_loop_of_host_calls_ends_at_the_deadline() {
    // One with the same result each time, because the log keeps every new line.
    let row = Row::endless(validating(
        "(loop (drop (call $resolution)) (br 0)) unreachable",
    ));
    check(row, Err(PluginError::Deadline.into())).await;
}

#[tokio::test]
async fn a_loop_ends_when_its_processor_time_is_spent() {
    let loops = validating("(loop (br 0)) unreachable");
    // Yields to the host at each turn.
    let calls = validating("(loop (drop (call $resolution)) (br 0)) unreachable");
    let spent = Err(PluginError::Processor.into());
    for plugin in [loops, calls] {
        // The default deadline is a minute.
        let limits = Limits::new().processor(Duration::from_millis(50));
        let connector = load(&plugin, limits).await.unwrap();
        assert_eq!(connector.validate("a", "{}", &[]).await, spent);
    }
}

#[tokio::test]
async fn a_wait_takes_no_processor_time() {
    // 300 milliseconds, in one wait.
    let waits = "(call $block (call $alarm (i64.const 300000000))) (i32.const 512)";
    let limits = Limits::new().processor(Duration::from_millis(100));
    let row = Row {
        limits,
        ..Row::new(validating(waits))
    };
    let connector = row.load().await.unwrap();
    assert_eq!(connector.validate("a", "{}", &[]).await, Ok(()));
}

#[tokio::test]
async fn a_loop_without_calls_lets_others_run_on_the_same_thread() {
    let plugin = validating("(loop (br 0)) unreachable");
    let connector = load(&plugin, Limits::default()).await.unwrap();
    tokio::select! {
        _ = connector.validate("a", "{}", &[]) => panic!("a dead loop ended"),
        () = async { for _ in 0..3 { tokio::task::yield_now().await } } => {}
    }
}

#[tokio::test]
async fn memory_beyond_the_limit_is_refused() {
    // Page by page, each of which is touched.
    let body = "(loop (memory.fill (i32.mul (memory.grow (i32.const 1)) (i32.const 65536)) \
     (i32.const 7) (i32.const 65536)) (br 0)) unreachable";
    check(Row::new(validating(body)), Err(PluginError::Memory.into())).await;
}

#[tokio::test]
async fn a_whole_memory_at_once_is_refused() {
    let body = "(drop (memory.grow (i32.const 65535))) unreachable";
    check(Row::new(validating(body)), Err(PluginError::Memory.into())).await;
}

#[tokio::test]
async fn the_limit_bounds_the_sum_of_all_memories() {
    let row = Row {
        limits: Limits::new().memory_bytes(4 << 16),
        ..Row::new(with(
            "(memory $second 1) (memory $third 1)",
            "(drop (memory.grow $second (i32.const 2))) unreachable",
        ))
    };
    check(row, Err(PluginError::Memory.into())).await;
}

#[tokio::test]
async fn a_table_beyond_the_limit_is_refused() {
    let plugin = with(
        "(table $table 1 funcref)",
        "(drop (table.grow $table (ref.null func) (i32.const 20000))) unreachable",
    );
    check(Row::new(plugin), Err(PluginError::Memory.into())).await;
}

#[tokio::test]
async fn endless_recursion_is_a_crash() {
    let plugin = with(
        "(func $deep (call $deep) (call $deep))",
        "(call $deep) unreachable",
    );
    check(Row::new(plugin), trapped("call stack exhausted")).await;
}

#[tokio::test]
async fn recursion_between_the_host_and_the_plugin_is_a_crash() {
    // The host calls `cabi_realloc`, which must not call the host.
    let plugin = Plugin {
        realloc: "(drop (call $now)) (i32.const 8192)",
        ..CORRECT
    };
    let ended = trapped("cannot leave component instance");
    let connector = load_with_breaches(&plugin.component(), Limits::default()).await;
    assert_eq!(connector.validate("a", "{}", &[]).await, ended);
}

#[tokio::test]
async fn a_crash_is_an_error_of_that_call_alone() {
    for (body, why) in [
        ("unreachable", "wasm `unreachable` instruction executed"),
        ("(i32.load (i32.const -4))", "out of bounds memory access"),
        (
            "(memory.fill (i32.const 0) (i32.const 0) (i32.const -1)) unreachable",
            "out of bounds memory access",
        ),
        (
            "(i32.div_u (i32.const 1) (i32.const 0))",
            "integer divide by zero",
        ),
        (
            "(i32.div_s (i32.const 0x80000000) (i32.const -1))",
            "integer overflow",
        ),
        (
            "(i32.trunc_f32_s (f32.const nan))",
            "invalid conversion to integer",
        ),
    ] {
        check(Row::new(validating(body)), trapped(why)).await;
    }
}

#[tokio::test]
async fn a_crash_in_a_table_is_an_error_of_that_call_alone() {
    let table = "(table $table 2 2 funcref) (elem (table $table) (i32.const 0) func $fields)";
    for (body, why) in [
        (
            "(call_indirect $table (param i64) (i64.const 0) (i32.const 0)) unreachable",
            "indirect call type mismatch",
        ),
        (
            "(call_indirect $table (i32.const 1)) unreachable",
            "uninitialized element",
        ),
        (
            "(call_indirect $table (i32.const 7)) unreachable",
            "undefined element: out of bounds table access",
        ),
    ] {
        check(Row::new(with(table, body)), trapped(why)).await;
    }
}

#[tokio::test]
async fn a_plugin_that_fails_to_allocate_ends_only_its_own_call() {
    for (realloc, ended) in [
        (
            "unreachable",
            trapped("wasm `unreachable` instruction executed"),
        ),
        (
            "(loop (br 0)) unreachable",
            Err(PluginError::Deadline.into()),
        ),
        ("(i32.const -8)", not_allowed()),
        (
            "(drop (memory.grow (i32.const 65535))) unreachable",
            Err(PluginError::Memory.into()),
        ),
    ] {
        let plugin = Plugin { realloc, ..CORRECT };
        let limits = Limits::new().deadline(Duration::from_millis(200));
        let connector = load_with_breaches(&plugin.component(), limits).await;
        for _ in 0..10 {
            assert_eq!(connector.validate("a", "{}", &[]).await, ended, "{realloc}");
        }
    }
}

#[tokio::test]
async fn an_endless_post_return_ends_at_the_deadline() {
    let clean_up = |body: &str| {
        with(
            &format!(
                r#"(func (export "cabi_post_integration:connector/credentials@0.1.0#validate")
                    (param i32) {body})"#
            ),
            crate::wat::OK,
        )
    };
    let row = Row::endless(clean_up("(loop (br 0))"));
    check(row, Err(PluginError::Deadline.into())).await;
    let ended = trapped("wasm `unreachable` instruction executed");
    check(Row::new(clean_up("unreachable")), ended).await;
}
