//! A worker's connection, over a real socket.

use std::net::SocketAddr;
use std::time::Duration;

use blendline_core::Refusal;
use blendline_wire::worker::ServerFrame;
use blendline_wire::{Lease, TaskId};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use super::{World, config, key};
use crate::api::server;
use crate::handle::CallError;

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

const TOO_LONG: Duration = Duration::from_secs(20);

async fn start() -> (World, SocketAddr) {
    let config = config();
    let limits = config.server.clone();
    let world = World::with(config).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (app, stop) = (world.router.clone(), world.stop.clone());
    tokio::spawn(async move { server::serve(listener, app, &limits, stop).await });
    (world, address)
}

async fn open(address: SocketAddr, key: &str, origin: Option<&str>) -> Result<Socket, u16> {
    let mut request = format!("ws://{address}/v1/workers/connect").into_client_request().unwrap();
    request.headers_mut().insert("authorization", format!("Bearer {key}").parse().unwrap());
    if let Some(origin) = origin {
        request.headers_mut().insert("origin", origin.parse().unwrap());
    }
    match connect_async(request).await {
        Ok((socket, _)) => Ok(socket),
        Err(Error::Http(response)) => Err(response.status().as_u16()),
        Err(error) => panic!("{error}"),
    }
}

async fn say(socket: &mut Socket, frame: &Value) {
    socket.send(Message::text(frame.to_string())).await.unwrap();
}

async fn hear(socket: &mut Socket) -> Value {
    let message = tokio::time::timeout(TOO_LONG, socket.next()).await.unwrap().unwrap().unwrap();
    serde_json::from_str(message.to_text().unwrap()).unwrap_or_else(|_| panic!("{message:?}"))
}

/// The close code that the server ends with.
async fn closed(socket: &mut Socket) -> u16 {
    loop {
        match tokio::time::timeout(TOO_LONG, socket.next()).await.unwrap() {
            Some(Ok(Message::Close(Some(frame)))) => return frame.code.into(),
            Some(Ok(_)) => {}
            other => panic!("no close frame: {other:?}"),
        }
    }
}

async fn greeted(address: SocketAddr) -> Socket {
    let mut socket = open(address, &key("acme", "worker"), None).await.unwrap();
    say(&mut socket, &json!({ "type": "hello", "version": 1, "worker": "dana" })).await;
    assert_eq!(hear(&mut socket).await["type"], "welcome");
    socket
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_are_answered_under_their_numbers() {
    let (world, address) = start().await;
    let mut socket = greeted(address).await;
    for call in 1..=50 {
        say(&mut socket, &json!({ "type": "accept", "call": call, "task": "tsk_1", "lease": 1 })).await;
    }
    let mut answered = Vec::new();
    for _ in 1..=50 {
        answered.push(hear(&mut socket).await["call"].as_u64().unwrap());
    }
    answered.sort_unstable();
    assert_eq!(answered, (1..=50).collect::<Vec<_>>());
    assert_eq!(world.owner.calls().len(), 50);

    let fenced = Refusal::Fenced { lease: Lease(2), owner: None };
    world.owner.answers(Err(CallError::Refused(fenced)));
    let reply = json!({ "key": "k", "content": { "type": "text", "text": "late" } });
    say(&mut socket, &json!({ "type": "reply", "call": 51, "task": "tsk_1", "lease": 1, "reply": reply })).await;
    assert_eq!(hear(&mut socket).await["problem"]["code"], "fenced");
    let nowhere = json!({ "verdict": "transfer", "to": { "queue": "frnt" } });
    say(&mut socket, &json!({ "type": "settle", "call": 52, "task": "tsk_1", "lease": 1, "verdict": nowhere })).await;
    let answer = hear(&mut socket).await;
    assert_eq!(answer["problem"]["field"], "/verdict/to/queue", "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn frames_of_the_owner_arrive_and_the_end_is_told() {
    let (world, address) = start().await;
    let mut socket = greeted(address).await;
    let frames = world.owner.frames.lock().unwrap().clone().unwrap();
    for task in 1..=100 {
        frames.send(ServerFrame::Remind { task: TaskId(task), lease: Lease(1) }).await.unwrap();
    }
    for task in 1..=100 {
        assert_eq!(hear(&mut socket).await["task"], format!("tsk_{task}"));
    }
    frames.send(ServerFrame::Goodbye { reason: "replaced".into(), at: None }).await.unwrap();
    assert_eq!(hear(&mut socket).await["reason"], "replaced");
    assert_eq!(closed(&mut socket).await, 1000);
    let mut comings = world.owner.comings.subscribe();
    tokio::time::timeout(TOO_LONG, comings.wait_for(|(_, left)| *left == 1)).await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_that_lets_go_is_a_slow_reader_and_an_end_is_a_restart() {
    let (world, address) = start().await;
    let mut slow = greeted(address).await;
    *world.owner.frames.lock().unwrap() = None;
    assert_eq!(closed(&mut slow).await, 1013);
    let mut other = greeted(address).await;
    world.stop.cancel();
    assert_eq!(hear(&mut other).await["reason"], "drain");
    assert_eq!(closed(&mut other).await, 1012);
    tokio::time::timeout(TOO_LONG, world.shared.lines_ended()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn leaving_is_answered_after_it_is_done() {
    let (world, address) = start().await;
    let mut socket = greeted(address).await;
    say(&mut socket, &json!({ "type": "bye" })).await;
    assert_eq!(closed(&mut socket).await, 1000);
    assert!(world.owner.calls()[0].contains("Bye"), "{:?}", world.owner.calls());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_frame_closes_with_its_code() {
    let (_world, address) = start().await;
    for (message, code) in [
        (Message::text("{"), 1007),
        (Message::text(r#"{"type":"dance"}"#), 1007),
        (Message::binary(vec![1]), 1003),
        (Message::text("x".repeat(70_000)), 1009),
        (Message::text(r#"{"type":"hello","version":1,"worker":"dana"}"#), 1008),
    ] {
        let mut socket = greeted(address).await;
        socket.send(message).await.unwrap();
        assert_eq!(closed(&mut socket).await, code);
    }
    for hello in [
        json!({ "type": "heartbeat" }),
        json!({ "type": "hello", "version": 9, "worker": "dana" }),
        json!({ "type": "hello", "version": 1, "worker": "omer" }),
        json!({ "type": "hello", "version": 1, "worker": "nobody" }),
    ] {
        let mut socket = open(address, &key("acme", "worker"), None).await.unwrap();
        say(&mut socket, &hello).await;
        assert_eq!(closed(&mut socket).await, 1008, "{hello}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_and_strangers_are_refused() {
    let (_world, address) = start().await;
    let worker = key("acme", "worker");
    assert_eq!(open(address, &worker, Some("https://evil.example")).await.err(), Some(403));
    assert!(open(address, &worker, Some("https://desk.example")).await.is_ok());
    assert_eq!(open(address, "blk_nobody", None).await.err(), Some(401));
    assert_eq!(open(address, &key("acme", "auditor"), None).await.err(), Some(403));
}
