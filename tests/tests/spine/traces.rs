//! One trace from the platform's webhook to the answer at the platform, also where the router died between.

use blendline_tests::collector::Collector;
use blendline_tests::config::Worker;
use blendline_tests::http;
use blendline_tests::whatsapp;
use blendline_tests::worker::{Hand, done, said};
use serde_json::Value;

use crate::world::World;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
/// A trace that nobody records.
const UNRECORDED: &str = "5bf92f3577b34da6a3ce929d0e0e4736";
const CALLER: &str = "00f067aa0ba902b7";
const ANSWER: &str = "on its way";
/// The spans of a message that is answered, in the order of the happenings.
const WAY: [&str; 4] = ["webhook", "message", "reply", "send"];

/// Customer `index` writes, and the platform says of which trace that is a part.
async fn say_within(world: &mut World, index: u64, traceparent: &str) {
    let said = world.said(index, "hello");
    let request = world.number.request(&whatsapp::messages(&world.number, &[said]));
    let line = request.windows(2).position(|two| two == b"\r\n").unwrap() + 2;
    let header = format!("traceparent: {traceparent}\r\n");
    let request = [&request[..line], header.as_bytes(), &request[line..]].concat();
    let reply = http::once(world.router.addr, &request).await.unwrap();
    assert_eq!(reply.status, 200, "{}", reply.text());
}

async fn answer(hand: &mut Hand) {
    let task = hand.task().await;
    hand.settle(&task, done(), vec![said("r", ANSWER)]).await.unwrap();
}

/// Each span follows the one before; gives the parent of the first.
fn parent_of_all(spans: &[Value; 4]) -> Value {
    let begin_ms = |span: &Value| span["startTimeUnixNano"].as_str().unwrap().parse::<u64>().unwrap() / 1_000_000;
    for pair in spans.windows(2) {
        assert_eq!(pair[1]["parentSpanId"], pair[0]["spanId"], "{pair:#?}");
        assert!(begin_ms(&pair[0]) <= begin_ms(&pair[1]), "{pair:#?}");
    }
    assert!(spans.iter().all(|span| span["status"].is_null()), "{spans:#?}");
    spans[0]["parentSpanId"].clone()
}

#[tokio::test]
async fn a_webhook_and_its_answer_are_one_trace() {
    let collector = Collector::start().await;
    let mut world = World::start("traces", |it| {
        it.workers = vec![Worker::new("noa", &["care"], 10)];
        it.extra = format!("[traces]\nurl = {:?}\n", collector.url());
    })
    .await;
    say_within(&mut world, 1, &format!("00-{TRACE}-{CALLER}-01")).await;
    collector.spans(TRACE, ["webhook", "message"]).await;
    // The task waits, and its trace is in the record.
    world.router.kill().await;
    world.router.start_again().await;
    let mut noa = world.hand("noa").await;
    answer(&mut noa).await;
    assert_eq!(parent_of_all(&collector.spans(TRACE, WAY).await), CALLER);

    // What nobody named a trace for begins one; what its caller does not record is recorded by nobody.
    world.say(2, "hello").await;
    answer(&mut noa).await;
    let trace = collector.other_trace(TRACE).await;
    assert!(parent_of_all(&collector.spans(&trace, WAY).await).is_null());
    say_within(&mut world, 3, &format!("00-{UNRECORDED}-{CALLER}-00")).await;
    answer(&mut noa).await;
    world.until_events("reply_sent", 3).await;
    assert!(world.router.stop().await.success(), "{}", world.router.log());
    let all = Value::from(collector.all()).to_string();
    assert!(!all.contains(UNRECORDED), "{all}");
    assert!(!all.contains(ANSWER) && !all.contains("hello"), "no words are in spans: {all}");
}
