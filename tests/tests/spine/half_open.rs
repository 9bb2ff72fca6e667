//! Ten thousand sockets that never finish their first request cost memory that is counted, and nobody's service.

use std::time::{Duration, Instant};

use blendline_tests::{http, machine};
use futures_util::StreamExt as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::world::World;

const SOCKETS: usize = 10_000;
/// What one such socket may cost in the router, in bytes: a task, the head's buffer of 8 KiB, and what stands around it.
/// How many there may be is what `server.connections_max` says, far fewer by default.
const BYTES_EACH_MAX: u64 = 24 * 1024;
/// `server.head_timeout_ms`, and time for a busy machine.
const CLOSED_WITHIN: Duration = Duration::from_secs(20);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn half_open_sockets_harm_nobody() {
    // Both ends are on this machine, each in a process of its own.
    let files = machine::raise_files_max();
    let count = SOCKETS.min(files.saturating_sub(500));
    if count < SOCKETS {
        println!(
            "SKIPPED in part: {files} open files are allowed here, which is room for {count} of {SOCKETS} sockets"
        );
    }
    let mut world = World::start("half-open", |_| {}).await;
    world.say(1, "before").await;
    let before = machine::resident(world.router.pid());
    let addr = world.router.addr;
    let open = |_| async move {
        let mut stream = TcpStream::connect(addr).await.expect("room for one more");
        stream.write_all(b"POST /v1/webhooks/x HTTP/1.1\r\nHost: x\r\nX-Slow: ").await.expect("half a head");
        stream
    };
    let mut streams: Vec<TcpStream> =
        futures_util::stream::iter(0..count).map(open).buffer_unordered(200).collect().await;
    let during = machine::resident(world.router.pid());
    let begin = Instant::now();
    world.say(2, "during").await;
    let served = begin.elapsed();
    println!("{count} sockets, {} KiB more, a webhook in {served:.1?}", during.saturating_sub(before) / 1024);
    assert!(during.saturating_sub(before) < count as u64 * BYTES_EACH_MAX, "{before} bytes before, {during} during");
    assert!(served < Duration::from_secs(2), "{served:?}");

    let begin = Instant::now();
    for stream in &mut streams {
        let left = CLOSED_WITHIN.saturating_sub(begin.elapsed());
        let mut rest = Vec::new();
        // Told why, or not: what counts is that the socket is given back.
        let ended = tokio::time::timeout(left, stream.read_to_end(&mut rest)).await;
        assert!(ended.is_ok(), "a silent socket was still open after {CLOSED_WITHIN:?}");
    }
    let alive = http::once(addr, &http::request("GET", "/livez", &[], b"")).await.unwrap();
    assert_eq!(alive.status, 200);
    world.until_events("message_received", 2).await;
}
