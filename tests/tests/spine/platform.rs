//! The platform misbehaves: a reply still reaches the customer once, or is honestly called unknown.

use blendline_tests::config::Worker;
use blendline_tests::graph::{Behaviour, Line, Times};
use blendline_tests::worker::{Hand, done, said};
use blendline_wire::worker::ServerFrame;
use serde_json::Value;

use crate::world::World;

async fn world(what: &str) -> (World, Hand) {
    let world = World::start(what, |it| it.workers = vec![Worker::new("noa", &["care"], 10)]).await;
    let noa = world.hand("noa").await;
    (world, noa)
}

async fn answer(world: &mut World, noa: &mut Hand, customer: u64, words: &str) {
    world.say(customer, "hello").await;
    let task = noa.task().await;
    noa.settle(&task, done(), vec![said("r", words)]).await.unwrap();
}

fn script(world: &World, containing: &str, then: Behaviour) {
    world.graph.script(Line { containing: containing.to_owned(), times: Times::Count(1), then });
}

#[tokio::test]
async fn a_rate_limit_is_waited_out_and_the_message_goes_once() {
    let (mut world, mut noa) = world("rate").await;
    script(&world, "patience", Behaviour::Refuse { status: 429, code: 130_429 });
    script(&world, "patience", Behaviour::Refuse { status: 500, code: 131_000 });
    answer(&mut world, &mut noa, 1, "patience").await;
    let calls = world.graph.until("three tries", |calls| calls.len() >= 3).await;
    assert_eq!(calls.iter().filter(|call| call.wamid.is_some()).count(), 1);
    world.until_events("reply_sent", 1).await;
    assert_eq!(world.count("reply_delayed").await, 2);
    assert_eq!(world.graph.calls().len(), 3);
}

#[tokio::test]
async fn an_answer_that_never_came_is_unknown_until_the_platform_reports() {
    let (mut world, mut noa) = world("unknown").await;
    script(&world, "cut", Behaviour::DropAfterEffect);
    answer(&mut world, &mut noa, 1, "cut").await;
    let unknown = |rows: &[Value]| rows.len() == 1;
    world.api.until("/v1/outbox?state=unknown", "one unknown reply", unknown).await;
    world.until_events("reply_unknown", 1).await;

    let call = world.graph.calls().remove(0);
    world.graph.report(&call, "delivered");
    world.api.until("/v1/outbox?state=unknown", "no unknown reply", <[Value]>::is_empty).await;
    assert_eq!(world.graph.calls().len(), 1, "an unknown reply must never be sent again by itself");
}

#[tokio::test]
async fn a_closed_window_is_a_clear_failure_that_offers_the_cure() {
    let (mut world, mut noa) = world("window").await;
    script(&world, "too late", Behaviour::Refuse { status: 400, code: 131_047 });
    world.say(1, "hello").await;
    let task = noa.task().await;
    noa.reply(task.id, task.lease, "r", "too late").await.unwrap();
    let detail = noa
        .until("a failed reply", |frame| match frame {
            ServerFrame::ReplyStatus { status, detail, .. } if status == "failed" => Some(detail),
            _ => None,
        })
        .await;
    let detail = detail.expect("a failure has a sentence for the worker");
    assert!(detail.contains("template"), "the cure is a template: {detail}");
    let failed = world.api.events("reply_failed").await;
    assert_eq!(failed.len(), 1);
    assert_eq!(failed[0]["reason"], "window_closed");
    assert_eq!(world.graph.calls().len(), 1, "what can never succeed is not tried again");
}
