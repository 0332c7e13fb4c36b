//! Plugins whose results are too long, lie outside their memory, or do not match their types.

use connector_host::{CallError, ConnectorError, Limits, PluginError};

use crate::harness::{Row, check, load, load_strict, not_allowed};
use crate::wat::{CORRECT, Plugin, validating};

/// The case `invalid-credential` of an error, whose payload is a list of issues.
const INVALID: u32 = 1;
/// The case `rejected`: a status, and perhaps a code.
const REJECTED: u32 = 2;
/// The case `throttled`: perhaps a number of seconds.
const THROTTLED: u32 = 4;
/// The case `unreachable`: a stage.
const UNREACHABLE: u32 = 6;
/// The case `other`: a code, and a sentence.
const OTHER: u32 = 9;

/// A `validate` that fails with this case and these two words of payload.
fn failing(case: u32, first: u32, second: u32) -> String {
    format!("(call $fail (i32.const {case}) (i32.const {first}) (i32.const {second}))")
}

/// More memory than by default, so that a long result fits.
fn roomy(body: &str) -> Row {
    Row {
        limits: Limits::new().memory_bytes(256 << 20),
        ..Row::new(validating(body))
    }
}

fn too_long() -> Result<(), CallError> {
    Err(PluginError::Result.into())
}

#[tokio::test]
async fn a_wait_outside_its_bounds_is_cut_or_to_a_check_a_breach() {
    for (seconds, cut, is_within) in [(0, 1, false), (1, 1, true), (86_401, 86_400, false)] {
        let plugin = validating(&failing(THROTTLED, 1, seconds));
        let connector = load(&plugin, Limits::default()).await.unwrap();
        let throttled: CallError = ConnectorError::Throttled(Some(cut)).into();
        let ended = connector.validate("a", "{}", &[]).await;
        assert_eq!(ended, Err(throttled.clone()));
        let breach = PluginError::Contract("seconds").into();
        let expected = if is_within { throttled } else { breach };
        let strict = load_strict(&plugin).await;
        assert_eq!(strict.validate("a", "{}", &[]).await, Err(expected));
    }
}

#[tokio::test]
async fn a_result_beyond_the_limit_is_refused() {
    let row = Row {
        limits: Limits::new().result_bytes(32 << 10),
        ..Row::new(validating(&failing(OTHER, 0, 65536)))
    };
    check(row, too_long()).await;
}

#[tokio::test]
async fn a_string_of_100_mib_is_refused() {
    let body = format!(
        "(drop (memory.grow (i32.const 1600))) {}",
        failing(OTHER, 0, 100 << 20)
    );
    check(roomy(&body), too_long()).await;
}

#[tokio::test]
async fn a_list_of_millions_of_empty_issues_is_refused() {
    // Three empty strings each, 24 bytes; four million of them in 100 MiB.
    let body = format!(
        "(drop (memory.grow (i32.const 1600))) {}",
        failing(INVALID, 65536, 4_000_000)
    );
    check(roomy(&body), too_long()).await;
}

#[tokio::test]
async fn many_strings_at_the_same_address_are_refused() {
    // 4,000 issues at 65536, whose messages are the same 32 KiB: 131 MB if copied.
    let body = format!(
        "(drop (memory.grow (i32.const 2)))
         (loop $next
           (i32.store offset=65552 (i32.mul (local.get $i) (i32.const 24)) (i32.const 12288))
           (i32.store offset=65556 (i32.mul (local.get $i) (i32.const 24)) (i32.const 32768))
           (local.set $i (i32.add (local.get $i) (i32.const 1)))
           (br_if $next (i32.lt_u (local.get $i) (i32.const 4000))))
         {}",
        failing(INVALID, 65536, 4000)
    );
    check(Row::new(validating(&body)), too_long()).await;
}

#[tokio::test]
async fn a_list_longer_than_any_memory_is_refused() {
    for length in [1 << 31, u32::MAX] {
        let body = failing(INVALID, 1024, length);
        check(Row::new(validating(&body)), not_allowed()).await;
    }
}

#[tokio::test]
async fn a_list_of_vendors_beyond_the_limit_is_refused() {
    // 80,000 vendors of zeros: more than fifty bytes of the host each.
    let plugin = Plugin {
        vendors: "(drop (memory.grow (i32.const 36)))
                  (i32.store (i32.const 640) (i32.const 65536))
                  (i32.store (i32.const 644) (i32.const 80000))
                  (i32.const 640)",
        ..CORRECT
    };
    let error = load(&plugin.component(), Limits::default()).await.err();
    assert_eq!(
        error.unwrap().to_string(),
        "the plugin cannot list its vendors: the plugin exceeded the length limit of its result"
    );
}

#[tokio::test]
async fn a_result_outside_its_memory_is_a_crash() {
    for body in [
        "(i32.const -4)".to_owned(),
        "(i32.const 65536)".to_owned(),
        failing(OTHER, 65535, 2),
        failing(OTHER, u32::MAX, u32::MAX),
    ] {
        check(Row::new(validating(&body)), not_allowed()).await;
    }
}

#[tokio::test]
async fn a_misaligned_result_is_a_crash() {
    for body in ["(i32.const 257)".to_owned(), failing(INVALID, 1025, 1)] {
        check(Row::new(validating(&body)), not_allowed()).await;
    }
}

#[tokio::test]
async fn a_string_that_is_not_utf_8_is_a_crash() {
    let body = format!(
        "(i32.store8 (i32.const 1024) (i32.const 0xff)) {}",
        failing(OTHER, 1024, 1)
    );
    check(Row::new(validating(&body)), not_allowed()).await;
}

#[tokio::test]
async fn an_unknown_case_of_a_type_is_a_crash() {
    for body in [
        // A result that is neither ok nor an error; an error, a stage and an option of no known
        // case.
        "(i32.store8 (i32.const 256) (i32.const 2)) (i32.const 256)".to_owned(),
        failing(77, 0, 0),
        failing(UNREACHABLE, 77, 0),
        failing(REJECTED, 401, 77),
    ] {
        check(Row::new(validating(&body)), not_allowed()).await;
    }
}

#[tokio::test]
async fn a_result_that_breaks_the_contract_names_the_field() {
    for (body, field) in [
        (failing(INVALID, 0, 0), "invalid-credential"),
        (failing(INVALID, 1024, 1), "code"),
        (failing(REJECTED, 0, 0), "status"),
        (failing(OTHER, 0, 0), "code"),
        (failing(OTHER, 0, 16), "code"),
        (failing(OTHER, 128, 1), "message"),
    ] {
        let breach = PluginError::Contract(field);
        check(Row::new(validating(&body)), Err(breach.into())).await;
    }
}

#[tokio::test]
async fn a_vendor_that_breaks_the_contract_is_not_loaded() {
    // Its id is the byte before: a zero.
    let plugin = Plugin {
        vendors: "(i32.store (i32.const 80) (i32.const 127)) (i32.const 64)",
        ..CORRECT
    };
    let error = load(&plugin.component(), Limits::default()).await.err();
    assert_eq!(
        error.unwrap().to_string(),
        "the plugin breaks the rule \"vendors\": an id is not 1 to 64 lower-case letters, digits \
         and `-`"
    );
}

#[tokio::test]
async fn an_empty_session_breaks_the_contract() {
    // All zeros: an empty token, to begin with.
    let plugin = Plugin {
        authenticate: "(i32.const 512)",
        ..CORRECT
    };
    let connector = load(&plugin.component(), Limits::default()).await.unwrap();
    let error = connector.authenticate("a", "{}").await.unwrap_err();
    assert_eq!(error, PluginError::Contract("access-token").into());
}
