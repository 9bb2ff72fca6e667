//! The server's limits, over real sockets.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use super::{World, config};
use crate::api::server;

/// Longer than any limit below, so that a test that waits this long has failed.
const TOO_LONG: Duration = Duration::from_secs(20);

async fn start() -> (World, SocketAddr, JoinHandle<()>) {
    let mut config = config();
    config.server.head_timeout_ms = 300;
    config.server.body_timeout_ms = 300;
    config.server.connections_per_ip_max = 3;
    let limits = config.server.clone();
    let world = World::with(config).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (app, stop) = (world.router.clone(), world.stop.clone());
    let server = tokio::spawn(async move { server::serve(listener, app, &limits, stop).await });
    (world, address, server)
}

/// Sends `bytes` and reads until the server closes.
async fn exchange(address: SocketAddr, bytes: &[u8]) -> String {
    let mut socket = TcpStream::connect(address).await.unwrap();
    // The server may close while we still send.
    let _ = socket.write_all(bytes).await;
    let mut answer = Vec::new();
    let read = tokio::time::timeout(TOO_LONG, socket.read_to_end(&mut answer)).await;
    assert!(read.is_ok(), "the server kept the connection open");
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn silence_and_halves_are_closed() {
    let (_world, address, _server) = start().await;
    let begin = Instant::now();
    assert_eq!(exchange(address, b"").await, "", "a silent socket was answered");
    let half = exchange(address, b"GET /livez HTTP/1.1\r\nHost: x\r\n").await;
    assert!(half.is_empty() || half.starts_with("HTTP/1.1 408"), "{half}");
    // Kept alive after an answer, and then silent.
    let idle = exchange(address, b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert!(idle.starts_with("HTTP/1.1 200"), "{idle}");
    let slow = exchange(
        address,
        b"POST /v1/webhooks/whatsapp_cloud/acme HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc",
    )
    .await;
    assert!(slow.starts_with("HTTP/1.1 408"), "{slow}");
    assert!(begin.elapsed() < TOO_LONG);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_http_1_is_refused() {
    let (_world, address, _server) = start().await;
    let preface = exchange(address, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await;
    assert!(!preface.contains(" 200 "), "{preface}");
    let many: String = (0..70).map(|i| format!("X-{i}: y\r\n")).collect();
    let headers = exchange(address, format!("GET /livez HTTP/1.1\r\n{many}\r\n").as_bytes()).await;
    assert!(headers.starts_with("HTTP/1.1 431"), "{headers}");
    let long = format!("GET /livez HTTP/1.1\r\nX: {}\r\n\r\n", "y".repeat(20_000));
    let head = exchange(address, long.as_bytes()).await;
    assert!(head.starts_with("HTTP/1.1 431"), "{head}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_body_is_refused_before_it_is_read() {
    let (_world, address, _server) = start().await;
    let lie = "POST /v1/webhooks/whatsapp_cloud/acme HTTP/1.1\r\nHost: x\r\nContent-Length: 999999999\r\n\r\n";
    let answer = exchange(address, lie.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_address_has_its_share_of_places() {
    let (_world, address, _server) = start().await;
    let mut held = Vec::new();
    for _ in 0..3 {
        let mut socket = TcpStream::connect(address).await.unwrap();
        // Answered, so certainly accepted.
        socket.write_all(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
        assert_ne!(socket.read(&mut [0; 512]).await.unwrap(), 0);
        held.push(socket);
    }
    assert_eq!(exchange(address, b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n").await, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_ends_in_order() {
    let (world, address, server) = start().await;
    let mut socket = TcpStream::connect(address).await.unwrap();
    socket.write_all(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    assert_ne!(socket.read(&mut [0; 512]).await.unwrap(), 0);
    world.stop.cancel();
    tokio::time::timeout(TOO_LONG, server).await.unwrap().unwrap();
    assert!(TcpStream::connect(address).await.is_err());
}
