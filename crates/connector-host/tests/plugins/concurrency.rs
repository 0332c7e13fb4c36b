//! Concurrent and consecutive calls: none finds data of another, and calls beyond the capacity
//! wait.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use connector_host::{
    Connector, Limits, PluginError, ResponseBody, Runtime, Timeouts, Transport, TransportError,
};
use futures::future::{BoxFuture, join_all};
use http_body_util::BodyExt;
use http_body_util::Empty;

use crate::harness::{authenticated, turn};
use crate::wat::{ANSWERED, CORRECT, Plugin, aligned, said, sending};

/// Responds after a second.
struct Slow;

impl Transport for Slow {
    fn send(
        &self,
        _request: http::Request<Bytes>,
        _timeouts: Timeouts,
    ) -> BoxFuture<'static, Result<http::Response<ResponseBody>, TransportError>> {
        Box::pin(async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            let body = Empty::new().map_err(|never| match never {}).boxed_unsync();
            Ok(http::Response::new(body))
        })
    }
}

async fn connector(plugin: &[u8], runtime: Runtime, deadline: Duration) -> Connector {
    let limits = Limits::new().deadline(deadline);
    let builder = Connector::builder(Arc::new(Slow));
    let builder = builder.limits(limits).runtime(runtime);
    builder.load_bytes(plugin).await.unwrap()
}

/// Sends a request, and reports its outcome.
fn asking() -> Vec<u8> {
    sending("(call $say (call $answer (call $request)))")
}

#[tokio::test(start_paused = true)]
async fn calls_beyond_the_capacity_wait() {
    let runtime = Runtime::new(2).unwrap();
    let connector = connector(&asking(), runtime, Duration::from_secs(10)).await;
    for ended in join_all((0..10).map(|_| authenticated(&connector))).await {
        assert_eq!(ended, Err(said(ANSWERED)));
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_without_capacity_before_its_deadline_is_busy() {
    let runtime = Runtime::new(1).unwrap();
    let patient = connector(&asking(), runtime.clone(), Duration::from_secs(10)).await;
    let hurried = connector(&asking(), runtime, Duration::from_millis(500)).await;
    let (first, second) = tokio::join!(authenticated(&patient), authenticated(&hurried));
    assert_eq!(first, Err(said(ANSWERED)));
    let busy = second.unwrap_err();
    assert_eq!(busy, PluginError::Busy.into());
    assert_eq!(busy.kind(), "busy");
}

#[tokio::test(start_paused = true)]
async fn a_dropped_call_releases_its_capacity() {
    let connector = connector(&asking(), Runtime::new(1).unwrap(), Duration::from_secs(10)).await;
    for _ in 0..3 {
        let given_up = authenticated(&connector);
        let half = tokio::time::timeout(Duration::from_millis(500), given_up).await;
        assert!(half.is_err());
    }
    assert_eq!(authenticated(&connector).await, Err(said(ANSWERED)));
}

#[tokio::test(start_paused = true)]
async fn a_plugin_of_many_memories_takes_the_capacity_of_many() {
    let plugin = Plugin {
        more: "(memory 1) (memory 1)",
        authenticate: &aligned("(call $say (call $answer (call $request)))"),
        ..CORRECT
    };
    let runtime = Runtime::new(4).unwrap();
    let connector = connector(&plugin.component(), runtime, Duration::from_secs(10)).await;
    for ended in join_all((0..4).map(|_| authenticated(&connector))).await {
        assert_eq!(ended, Err(said(ANSWERED)));
    }
}

#[tokio::test(start_paused = true)]
async fn calls_run_without_reserved_address_space() {
    let _turn = turn().await;
    // No process has 400 TiB of address space.
    let runtime = Runtime::new(100_000).unwrap();
    let connector = connector(&asking(), runtime.clone(), Duration::from_secs(10)).await;
    for ended in join_all((0..100).map(|_| authenticated(&connector))).await {
        assert_eq!(ended, Err(said(ANSWERED)));
    }
    let looks = looking();
    let looking = self::connector(&looks, runtime, Duration::from_secs(10)).await;
    assert_eq!(looking.validate("a", "{}", &[]).await, Ok(()));
    assert_eq!(looking.validate("a", "{}", &[]).await, Ok(()));
}

/// Reports 1, 2, 3 or 4 if it finds data in a global, a table, its size or its memory; then writes
/// and grows wherever it can.
fn looking() -> Vec<u8> {
    let look = "
      (if (global.get $mark) (then (return (i32.const 1))))
      (if (i32.eqz (ref.is_null (table.get $table (i32.const 1)))) (then (return (i32.const 2))))
      (if (i32.ne (table.size $table) (i32.const 2)) (then (return (i32.const 3))))
      (if (i32.ne (memory.size) (i32.const 1)) (then (return (i32.const 3))))
      (local.set $at (i32.const 12288))
      (loop $next
        (if (i64.ne (i64.load (local.get $at)) (i64.const 0)) (then (return (i32.const 4))))
        (local.set $at (i32.add (local.get $at) (i32.const 8)))
        (br_if $next (i32.lt_u (local.get $at) (i32.mul (memory.size) (i32.const 65536)))))
      (i32.const 0)";
    let plugin = Plugin {
        more: &format!(
            "(global $mark (mut i32) (i32.const 0))
             (table $table 2 100 funcref) (elem declare func $look)
             (func $look (result i32) (local $at i32) {look})"
        ),
        validate: "
          (local.set $i (call $look))
          (if (local.get $i) (then (return (call $say (local.get $i)))))
          (global.set $mark (i32.const 1))
          (table.set $table (i32.const 1) (ref.func $look))
          (drop (table.grow $table (ref.func $look) (i32.const 50)))
          (drop (memory.grow (i32.const 3)))
          (memory.fill (i32.const 12288) (i32.const 0x5a) (i32.const 249856))
          (local.set $i (call $look))
          (if (i32.eqz (local.get $i)) (then unreachable))
          (i32.const 512)",
        ..CORRECT
    };
    plugin.component()
}

#[tokio::test]
async fn no_call_finds_data_of_another() {
    let deadline = Duration::from_mins(1);
    let _turn = turn().await;
    // So few slots that each is reused; 1,000 calls, four concurrently.
    let connector = connector(&looking(), Runtime::new(4).unwrap(), deadline).await;
    for _ in 0..250 {
        for ended in join_all((0..4).map(|_| connector.validate("a", "{}", &[]))).await {
            assert_eq!(ended, Ok(()));
        }
    }
}

/// Like a plugin in Rust: a stack of 1 MiB, then data, then the heap; it touches a little of each.
fn like_a_real_one() -> Vec<u8> {
    let data = "x".repeat(30_000);
    let plugin = Plugin {
        more: &format!("(data (i32.const 1048576) \"{data}\")"),
        authenticate: &aligned(
            "
          (memory.fill (i32.const 1040000) (i32.const 1) (i32.const 8000))
          (drop (memory.grow (i32.const 1)))
          (memory.fill (i32.const 1114112) (i32.const 1) (i32.const 8000))
          (call $say (call $answer (call $request)))",
        ),
        ..CORRECT
    };
    let module = plugin
        .module()
        .replace("(export \"memory\") 1)", "(export \"memory\") 17)");
    crate::wat::component(&module, crate::wat::WIT)
}

#[tokio::test(start_paused = true)]
async fn ten_thousand_concurrent_calls_fit_into_the_memory_maps_of_linux() {
    let _turn = turn().await;
    let deadline = Duration::from_secs(50);
    let connector = connector(&like_a_real_one(), Runtime::shared().unwrap(), deadline).await;
    let calls = join_all((0..10_000).map(|_| authenticated(&connector)));
    let look = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        std::fs::read_to_string("/proc/self/maps").unwrap_or_default()
    };
    let (ended, maps) = tokio::join!(calls, look);
    assert!(ended.iter().all(|ended| *ended == Err(said(ANSWERED))));
    // The operating system's limit is 65,530 for the whole process.
    let maps = maps.lines().count();
    assert!(maps < 60_000, "{maps} memory maps");
}
