//! Hello, heartbeats, goodbyes, refusals and the end.

use std::time::Duration;

use blendline_wire::task::Presence;
use blendline_wire::worker::{ClientFrame, PROTOCOL_VERSION, ServerFrame};
use blendline_worker::{AcceptMode, CallError, RunError, Verdict};

use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use crate::fake::{FakeRouter, Running, offered, soon, view};

/// Short enough to wait for, long enough for a busy machine.
const BEAT_MS: u64 = 250;

#[tokio::test]
async fn the_hello_says_what_the_builder_said() {
    let router = FakeRouter::start().await;
    let running = Running::start(router.runtime().name("echo-1").capacity(3));
    let (mut connection, hello) = router.connection().await;
    let expected = ClientFrame::Hello {
        version: PROTOCOL_VERSION,
        worker: "echo-1".into(),
        accept: Some(AcceptMode::Auto),
        capacity: Some(3),
        presence: None,
    };
    assert_eq!(hello, expected);
    connection.welcome(BEAT_MS, vec![]).await;
    connection.heartbeat().await;
    connection.heartbeat().await;
    running.finish(connection).await;
}

#[tokio::test]
async fn a_shutdown_takes_nothing_new_finishes_what_runs_and_leaves() {
    let router = FakeRouter::start().await;
    let mut running = Running::start(router.runtime());
    let mut connection = router.welcomed(vec![view(1, 1)]).await;
    let arrival = running.arrival().await;
    running.stop();
    connection.draining().await;
    connection.say(ServerFrame::Offer { task: offered(2, 1) }).await;
    let frame = connection.read().await;
    assert!(matches!(frame, ClientFrame::Decline { .. }), "{frame:?}");
    arrival.end.send(Ok(Verdict::done())).unwrap();
    let ClientFrame::Settle { call, .. } = connection.read().await else { panic!() };
    connection.ok(call).await;
    connection.bye().await;
    assert_eq!(running.result().await.unwrap().settled, 1);
}

#[tokio::test]
async fn a_shutdown_waits_no_longer_than_its_limit() {
    let router = FakeRouter::start().await;
    let mut running = Running::start(router.runtime().drain_max(Duration::ZERO));
    let mut connection = router.welcomed(vec![view(1, 1)]).await;
    let arrival = running.arrival().await;
    running.stop();
    connection.draining().await;
    connection.bye().await;
    assert_eq!(running.result().await.unwrap().dropped, 1);
    assert!(arrival.task.is_cancelled().is_some());
    assert!(matches!(arrival.task.reply_with_key("k", "late").await, Err(CallError::Fenced { .. })));
}

#[tokio::test]
async fn a_reconnect_while_draining_says_so_at_once() {
    let router = FakeRouter::start().await;
    let mut running = Running::start(router.runtime());
    let mut connection = router.welcomed(vec![view(1, 1)]).await;
    let arrival = running.arrival().await;
    running.stop();
    connection.draining().await;
    drop(connection);
    let (mut connection, hello) = router.connection().await;
    assert!(matches!(hello, ClientFrame::Hello { presence: Some(Presence::Draining), .. }), "{hello:?}");
    connection.welcome(crate::fake::QUIET_MS, vec![view(1, 1)]).await;
    arrival.end.send(Ok(Verdict::done())).unwrap();
    let frame = connection.read().await;
    let ClientFrame::Settle { call, .. } = frame else { panic!("{frame:?}") };
    connection.ok(call).await;
    connection.bye().await;
    running.result().await.unwrap();
}

#[tokio::test]
async fn an_idle_runtime_stops_though_the_router_is_away() {
    let router = FakeRouter::start().await;
    let builder = router.runtime();
    drop(router);
    let mut running = Running::start(builder);
    running.stop();
    assert!(running.result().await.is_ok());
}

#[tokio::test]
async fn goodbyes_are_obeyed() {
    let router = FakeRouter::start().await;
    let running = Running::start(router.runtime());
    let mut connection = router.welcomed(vec![]).await;
    connection.goodbye("drain").await;
    let mut connection = router.welcomed(vec![]).await;
    connection.goodbye("replaced").await;
    let error = running.result().await.unwrap_err();
    assert_eq!(error, RunError::Replaced { worker: "w".into() });
    assert!(error.to_string().contains("a name of its own"), "{error}");

    let running = Running::start(router.runtime());
    let (mut connection, _) = router.connection().await;
    connection.goodbye("refused").await;
    assert!(matches!(running.result().await, Err(RunError::Refused { .. })));

    let running = Running::start(router.runtime());
    let (connection, _) = router.connection().await;
    connection.close(CloseCode::Policy, "there is no such worker").await;
    let error = running.result().await.unwrap_err().to_string();
    assert!(error.contains("there is no such worker"), "{error}");
}

#[tokio::test]
async fn a_refused_key_is_final_and_names_the_cure() {
    let router = FakeRouter::start().await;
    for status in ["401 Unauthorized", "403 Forbidden"] {
        let running = Running::start(router.runtime());
        let body = r#"{"type":"/problems/key","title":"t","status":401,"detail":"no such key","code":"key"}"#;
        router.refuse(status, body).await;
        let error = running.result().await.unwrap_err().to_string();
        assert!(error.contains("no such key") && error.contains("role `worker`"), "{error}");
    }
}

#[tokio::test]
async fn other_refusals_are_tried_again() {
    let router = FakeRouter::start().await;
    let running = Running::start(router.runtime());
    router.refuse("503 Service Unavailable", "").await;
    router.refuse("404 Not Found", "nothing here").await;
    let (mut connection, _) = router.connection().await;
    connection.welcome(BEAT_MS, vec![]).await;
    connection.heartbeat().await;
    running.finish(connection).await;
}

#[tokio::test]
async fn a_silent_router_is_left() {
    let router = FakeRouter::start().await;
    let running = Running::start(router.runtime());
    let (mut silent, _) = router.connection().await;
    // Welcomed, and then nobody reads: not even a ping is answered.
    silent.welcome(BEAT_MS, vec![]).await;
    let (mut connection, _) = router.connection().await;
    connection.welcome(BEAT_MS, vec![]).await;
    connection.heartbeat().await;
    running.finish(connection).await;
    drop(silent);
}

#[tokio::test]
async fn a_dropped_runtime_leaves_nothing_behind() {
    let router = FakeRouter::start().await;
    let mut running = Running::start(router.runtime());
    let connection = router.welcomed(vec![view(1, 1)]).await;
    let mut arrival = running.arrival().await;
    running.abort();
    soon("the end of the work", arrival.end.closed()).await;
    assert_eq!(arrival.task.reply("late").await, Err(CallError::Gone));
    drop(connection);
}
