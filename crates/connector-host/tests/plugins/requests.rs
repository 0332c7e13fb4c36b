//! Plugins that misuse the network and the handles to it.

use std::time::Duration;

use connector_host::{CallError, CertificateError, Limits, PluginError, TransportError};

use crate::harness::not_allowed;
use crate::harness::{Network, Row, check as check_without_network, check_sending as check};
use crate::wat::{
    ANSWERED, CORRECT, CUT_OFF, DENIED, Plugin, aligned, said, sending, validating, with_wasi,
};

fn denied() -> Result<(), CallError> {
    Err(said(DENIED))
}

/// A plugin that reports the outcome of its request. `before` changes the request, which is in
/// `$i`.
fn asking(before: &str) -> Vec<u8> {
    sending(&format!(
        "(local.set $i (call $request)) {before} (call $say (call $answer (local.get $i)))"
    ))
}

/// A session of zeros, which ends a body without another result: its token is empty.
fn empty_session() -> Result<(), CallError> {
    Err(PluginError::Contract("access-token").into())
}

/// Repeats code; `$j` is the counter.
fn times(number: u32, what: &str) -> String {
    format!(
        "(loop $again {what}
           (local.set $j (i32.add (local.get $j) (i32.const 1)))
           (br_if $again (i32.lt_u (local.get $j) (i32.const {number}))))"
    )
}

#[tokio::test]
async fn a_request_to_a_declared_origin_is_sent() {
    check(
        Row::new(asking("")).network(Network::Answers),
        Err(said(ANSWERED)),
    )
    .await;
}

#[tokio::test]
async fn a_function_without_network_is_denied() {
    let plugin = validating("(call $say (call $answer (call $request)))");
    check_without_network(Row::new(plugin), denied()).await;
}

#[tokio::test]
async fn a_certificate_is_told_apart_from_other_tls_failures() {
    // `TLS-certificate-error` and `TLS-protocol-error`, two added.
    for (error, number) in [
        (TransportError::TlsCertificate(CertificateError::Other), 15),
        (TransportError::Tls, 14),
        (TransportError::TlsTimeout, 14),
    ] {
        let row = Row::new(asking("")).network(Network::Fails(error));
        check(row, Err(said(number))).await;
    }
}

#[tokio::test]
async fn random_bytes_are_bounded() {
    // The first of 4096 bytes, none of which is predictable; and one more.
    let random = |length| format!("(call $random (i64.const {length}) (i32.const 640))");
    for (length, expected) in [
        ("4096", empty_session()),
        ("4097", not_allowed()),
        ("-1", not_allowed()),
    ] {
        let body = format!(
            "{} (if (i32.ne (i32.load (i32.const 644)) (i32.const 4096)) (then unreachable))
             (if (i64.eqz (i64.load (i32.load (i32.const 640)))) (then unreachable)) {}",
            random(length),
            crate::wat::OK
        );
        check(Row::new(sending(&body)), expected).await;
    }
}

#[tokio::test]
async fn requests_beyond_the_limit_are_denied() {
    let requests = times(1000, "(local.set $i (call $answer (call $request)))");
    // The response of the first is still held, which does not matter.
    let plugin = sending(&format!("{requests} (call $say (local.get $i))"));
    check(Row::new(plugin).network(Network::Answers), denied()).await;
}

#[tokio::test]
async fn a_foreign_origin_is_denied() {
    // `authority` is any of these strings, at 1024.
    for authority in [
        "away.example",
        "a.example.away.example",
        "a.example:8443",
        "user@a.example",
        "b.a.example",
        "127.0.0.1",
        "[::1]",
        "a.example.",
    ] {
        let bytes = authority.bytes().enumerate();
        let written: Vec<_> = bytes
            .map(|(at, byte)| format!("(i32.store8 (i32.const {}) (i32.const {byte}))", 1024 + at))
            .collect();
        let written = written.concat();
        let length = authority.len();
        let before = format!(
            "{written} (if (call $set-authority (local.get $i) (i32.const 1) (i32.const 1024) \
             (i32.const {length})) (then unreachable))"
        );
        check(Row::new(asking(&before)), denied()).await;
    }
}

#[tokio::test]
async fn another_scheme_is_denied() {
    // http, and a string that equals it.
    for (case, length) in [(0, 0), (2, 1)] {
        let before = format!(
            "(drop (call $set-scheme (local.get $i) (i32.const 1) (i32.const {case}) \
             (i32.const 128) (i32.const {length})))"
        );
        check(Row::new(asking(&before)), denied()).await;
    }
}

/// Requests a tunnel.
const CONNECT: &str =
    "(drop (call $set-method (local.get $i) (i32.const 5) (i32.const 0) (i32.const 0)))";

#[tokio::test]
async fn a_tunnel_is_denied() {
    check(Row::new(asking(CONNECT)), denied()).await;
}

#[tokio::test]
async fn a_denied_request_can_be_written_and_its_denial_is_the_response() {
    // The host gets to run during a pause. The pages are more than it buffers.
    let page = "(call $blocking-write (local.get $stream) (i32.const 1024) (i32.const 4096)
           (i32.const 640))
         (if (i32.load8_u (i32.const 640)) (then unreachable))";
    for pause in ["", "(call $block (call $alarm (i64.const 1)))"] {
        let plugin = sending(&format!(
            "(local $stream i32)
             (local.set $i (call $request))
             {CONNECT}
             (local.set $stream (call $body (local.get $i)))
             (local.set $i (call $send (local.get $i)))
             {pause}
             {}
             (call $say (call $wait (local.get $i)))",
            times(40, page)
        ));
        check(Row::new(plugin), denied()).await;
    }
}

#[tokio::test]
async fn an_extension_method_is_sent_and_an_invalid_one_is_rejected() {
    // "aAhttps", which is a token; and "a.example/…" with its slash, which is not.
    let named = "(if (call $set-method (local.get $i) (i32.const 9) (i32.const 128) \
     (i32.const 7)) (then unreachable))";
    check(
        Row::new(asking(named)).network(Network::Answers),
        Err(said(ANSWERED)),
    )
    .await;
    let broken = "(if (i32.eqz (call $set-method (local.get $i) (i32.const 9) (i32.const 130) \
     (i32.const 8))) (then unreachable))";
    check(
        Row::new(asking(broken)).network(Network::Answers),
        Err(said(ANSWERED)),
    )
    .await;
}

#[tokio::test]
async fn a_path_is_set_if_it_is_valid() {
    // "/a.exa" of the origin; "a.exa"; and a space.
    for (address, length, is_valid) in [(137, 6, true), (138, 5, false), (1024, 1, false)] {
        let set = format!(
            "(i32.store8 (i32.const 1024) (i32.const 32))
             (if (i32.ne (i32.const {}) (call $set-path (local.get $i) (i32.const 1)
               (i32.const {address}) (i32.const {length}))) (then unreachable))
             (drop (call $set-path (local.get $i) (i32.const 1) (i32.const 136) (i32.const 1)))",
            u32::from(!is_valid)
        );
        let row = Row::new(asking(&set)).network(Network::Answers);
        check(row, Err(said(ANSWERED))).await;
    }
}

#[tokio::test]
async fn more_handles_than_any_call_needs_are_refused() {
    for make in [
        "(drop (call $fields))",
        "(drop (call $request))",
        "(drop (call $alarm (i64.const 1)))",
    ] {
        let plugin = sending(&format!("{} unreachable", times(1000, make)));
        check(Row::new(plugin), not_allowed()).await;
    }
}

#[tokio::test]
async fn dropped_handles_do_not_count() {
    let make = "(call $drop-request (call $request))";
    let plugin = sending(&format!("{} {}", times(1000, make), crate::wat::OK));
    check(Row::new(plugin), empty_session()).await;
}

#[tokio::test]
async fn an_invalid_handle_is_refused() {
    for misuse in [
        "(call $drop-fields (i32.const 77))",
        "(call $drop-request (call $fields))",
        "(local.set $i (call $fields)) (call $drop-fields (local.get $i)) (call $drop-fields \
         (local.get $i))",
        "(call $block (i32.const -1))",
    ] {
        let plugin = sending(&format!("{misuse} unreachable"));
        check(Row::new(plugin), not_allowed()).await;
    }
}

#[tokio::test]
async fn a_huge_header_is_refused() {
    // One value of 64 KiB; and a thousand of 1 KiB. The name is "a".
    for (number, length) in [(1, 60_000), (1000, 1024)] {
        let append = format!(
            "(call $append (local.get $i) (i32.const 128) (i32.const 1) (i32.const 1024) \
             (i32.const {length}) (i32.const 640))"
        );
        let plugin = sending(&format!(
            "(memory.fill (i32.const 1024) (i32.const 97) (i32.const 60000))
             (local.set $i (call $fields)) {} unreachable",
            times(number, &append)
        ));
        check(Row::new(plugin), not_allowed()).await;
    }
}

#[tokio::test]
async fn a_huge_body_is_denied() {
    // Pages of zeros until the host accepts no more, then the outcome of the request, which is in
    // `$i`.
    let plugin = sending(
        "(local $stream i32)
         (local.set $i (call $request))
         (local.set $stream (call $body (local.get $i)))
         (local.set $i (call $send (local.get $i)))
         (loop $more
           (call $blocking-write (local.get $stream) (i32.const 1024) (i32.const 4096)
             (i32.const 640))
           (br_if $more (i32.eqz (i32.load8_u (i32.const 640)))))
         (call $say (call $wait (local.get $i)))",
    );
    check(Row::new(plugin), denied()).await;
}

#[tokio::test(start_paused = true)]
async fn a_body_that_never_ends_ends_at_the_deadline() {
    let plugin = sending(
        "(local.set $i (call $request))
         (drop (call $body (local.get $i)))
         (call $say (call $answer (local.get $i)))",
    );
    check(Row::endless(plugin), Err(PluginError::Deadline.into())).await;
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_refused() {
    // Both without `check-write`: from its own memory, and zeros that need no memory.
    for write in [
        "(call $write (local.get $j) (i32.const 0) (i32.const 65536) (i32.const 640)) (br 0)",
        "(call $write-zeroes (local.get $j) (i64.const 0x1000000000000000) (i32.const 640))",
    ] {
        let plugin = sending(&format!(
            "(local.set $i (call $request))
             (local.set $j (call $body (local.get $i)))
             (loop {write}) unreachable"
        ));
        check(Row::new(plugin), not_allowed()).await;
    }
}

#[tokio::test]
async fn a_response_without_a_reader_is_cancelled() {
    let plugin = sending(&format!(
        "(drop (call $send (call $request))) {}",
        crate::wat::OK
    ));
    check(Row::new(plugin).network(Network::Silent), empty_session()).await;
    let plugin = sending(&format!(
        "(call $drop-future (call $send (call $request))) {}",
        crate::wat::OK
    ));
    check(Row::new(plugin).network(Network::Silent), empty_session()).await;
}

#[tokio::test]
async fn a_plugin_that_polls_gets_its_response() {
    let asks = "(call $get (local.get $i) (i32.const 640))";
    let plugin = sending(&format!(
        "(local.set $i (call $send (call $request)))
         (loop $again {asks} (br_if $again (i32.eqz (i32.load8_u (i32.const 640)))))
         (call $say (i32.const {ANSWERED}))"
    ));
    let row = Row::new(plugin).network(Network::Answers);
    check(row, Err(said(ANSWERED))).await;
}

#[tokio::test]
async fn an_answer_is_given_once() {
    // The second result is the outer error.
    let plugin = sending(
        "(local.set $i (call $send (call $request)))
         (call $block (call $when-answered (local.get $i)))
         (call $get (local.get $i) (i32.const 640))
         (if (i32.load8_u (i32.const 648)) (then unreachable))
         (call $get (local.get $i) (i32.const 640))
         (call $say (i32.add (i32.mul (i32.load8_u (i32.const 640)) (i32.const 10))
           (i32.load8_u (i32.const 648))))",
    );
    let row = Row::new(plugin).network(Network::Answers);
    check(row, Err(said(11))).await;
}

#[tokio::test(start_paused = true)]
async fn a_silent_vendor_times_out_before_the_deadline_so_that_the_plugin_can_report_it() {
    // `HTTP-response-timeout`, two added.
    let row = Row {
        limits: Limits::new().deadline(Duration::from_millis(500)),
        ..Row::new(asking("")).network(Network::Silent)
    };
    check(row, Err(said(35))).await;
}

#[tokio::test(start_paused = true)]
async fn endless_timeouts_are_not_granted() {
    // The maximum duration: the host's own limits apply.
    let plugin = sending(
        "(local.set $j (call $request-options))
         (if (call $set-connect-timeout (local.get $j) (i32.const 1) (i64.const -1))
           (then unreachable))
         (if (call $set-first-byte-timeout (local.get $j) (i32.const 1) (i64.const -1))
           (then unreachable))
         (call $handle (call $request) (i32.const 1) (local.get $j) (i32.const 640))
         (call $say (call $wait (i32.load (i32.const 648))))",
    );
    let row = Row {
        limits: Limits::new().deadline(Duration::from_millis(500)),
        ..Row::new(plugin).network(Network::Silent)
    };
    check(row, Err(said(35))).await;
}

#[tokio::test(start_paused = true)]
async fn a_long_sleep_ends_at_the_deadline() {
    for nanoseconds in ["60000000000", "-1"] {
        let body = format!("(call $block (call $alarm (i64.const {nanoseconds}))) unreachable");
        let ended = Err(PluginError::Deadline.into());
        check(Row::endless(sending(&body)), ended).await;
    }
}

#[tokio::test]
async fn waiting_for_nothing_is_refused() {
    let body = "(call $poll (i32.const 0) (i32.const 0) (i32.const 640)) unreachable";
    check(Row::new(sending(body)), not_allowed()).await;
}

#[tokio::test]
async fn waiting_for_a_million_pollables_is_refused() {
    let body = "(call $poll (i32.const 0) (i32.const 0x100000) (i32.const 640)) unreachable";
    check(Row::new(sending(body)), not_allowed()).await;
}

#[tokio::test]
async fn a_truncated_body_is_reported_in_every_version_of_wasi() {
    let body = "(drop (call $answer (call $request))) (call $say (call $error-of-body))";
    let plugin = Plugin {
        authenticate: &aligned(body),
        ..CORRECT
    };
    let module = plugin.module();
    for version in ["0.2.12", "0.2.9", "0.2.6"] {
        let row = Row::new(with_wasi(&module, version)).network(Network::BreaksOff);
        check(row, Err(said(CUT_OFF))).await;
    }
}
