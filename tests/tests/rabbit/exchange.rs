//! The exchange of events: whoever bound a queue to it has every event, whatever happens to the router.

use std::collections::BTreeSet;
use std::time::Duration;

use blendline_tests::api::Api;
use blendline_tests::config::Installation;
use blendline_tests::process::Router;
use futures_util::StreamExt as _;
use lapin::options::{
    BasicAckOptions, BasicConsumeOptions, ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions,
};
use lapin::types::{FieldTable, ShortString};
use lapin::{Channel, ExchangeKind};
use serde_json::{Value, json};

use crate::world;

const EXCHANGE: &str = "blendline.events";
const WITHIN: Duration = Duration::from_secs(30);

async fn bind(channel: &Channel, queue: &str, key: &str) {
    let durable = ExchangeDeclareOptions { durable: true, ..ExchangeDeclareOptions::default() };
    channel.exchange_declare(EXCHANGE.into(), ExchangeKind::Topic, durable, FieldTable::default()).await.unwrap();
    channel.queue_declare(queue.into(), QueueDeclareOptions::durable(), FieldTable::default()).await.unwrap();
    let (queue, bind) = (ShortString::from(queue), QueueBindOptions::default());
    channel.queue_bind(queue, EXCHANGE.into(), key.into(), bind, FieldTable::default()).await.unwrap();
}

/// What came to a queue until `enough`: the message's id, its routing key, its body.
async fn read(
    channel: &Channel,
    queue: &str,
    enough: impl Fn(&[(String, String, Value)]) -> bool,
) -> Vec<(String, String, Value)> {
    let tag = ShortString::from(format!("reader-of-{queue}"));
    let consume = channel.basic_consume(queue.into(), tag, BasicConsumeOptions::default(), FieldTable::default());
    let (mut consumer, mut came) = (consume.await.unwrap(), Vec::new());
    while !enough(&came) {
        let next = tokio::time::timeout(WITHIN, consumer.next()).await;
        let delivery = next.unwrap_or_else(|_| panic!("{} came to {queue}, and no more", came.len())).unwrap().unwrap();
        let properties = &delivery.properties;
        assert_eq!(properties.delivery_mode(), &Some(2));
        let id = properties.message_id().as_ref().unwrap().to_string();
        let body: Value = serde_json::from_slice(&delivery.data).unwrap();
        came.push((id, delivery.routing_key.to_string(), body));
        delivery.ack(BasicAckOptions::default()).await.unwrap();
    }
    came
}

/// Items come in while the router is killed three times; a consumer has the log of events without a gap, each for the first
/// time in its order, and one who bound a kind has that kind alone.
#[tokio::test(flavor = "multi_thread")]
async fn a_consumer_has_every_event_across_kills() {
    let rabbit = world::shared().await;
    let mut installation = Installation::new("http://127.0.0.1:1");
    installation.numbers = Vec::new();
    installation.extra = format!("[broker]\nurl = {:?}\n[events]\nexchange = true\n", rabbit.url());
    let (_connection, channel) = world::other(rabbit).await;
    bind(&channel, "crm.all", "#").await;
    bind(&channel, "crm.created", "*.task_created").await;
    let mut router = Router::start("exchange", &installation).await;
    let api = Api::admin(router.addr);
    let push = async |n: usize| {
        let item = json!({ "queue": "care", "external_ref": format!("item-{n}"), "title": "a refund" });
        let pushed = api.post("/v1/items", &item).await.unwrap();
        assert!(matches!(pushed.status, 200 | 201), "{}", pushed.text());
    };
    // The first that comes tells that the exchange is followed.
    push(0).await;
    for kill in 0..3 {
        for n in 0..40 {
            push(1 + kill * 40 + n).await;
        }
        router.kill().await;
        router.start_again().await;
    }
    push(121).await;
    let logged: Vec<String> =
        api.all("/v1/events").await.iter().map(|event| event["id"].as_str().unwrap().to_owned()).collect();
    let last = logged.last().unwrap().clone();
    let came = read(&channel, "crm.all", |came| came.iter().any(|(id, ..)| *id == last)).await;

    let mut first_times: Vec<&str> = Vec::new();
    let mut known = BTreeSet::new();
    for (id, key, body) in &came {
        assert_eq!(&body["id"], id);
        assert_eq!(*key, format!("{}.{}", body["tenant"].as_str().unwrap(), body["event"].as_str().unwrap()));
        if known.insert(id) {
            first_times.push(id);
        }
    }
    let from = logged.iter().position(|id| id == first_times[0]).expect("it is in the log");
    assert_eq!(first_times, logged[from..], "a gap, or another order");
    let created = came.iter().filter(|(_, _, body)| body["event"] == "task_created");
    let created: BTreeSet<&String> = created.map(|(id, ..)| id).collect();
    assert!(created.len() >= 121, "{}", created.len());
    let alone = read(&channel, "crm.created", |came| came.iter().any(|(_, _, body)| body["id"] == json!(last))).await;
    assert!(alone.iter().all(|(_, key, _)| key.ends_with(".task_created")));
    assert_eq!(alone.iter().map(|(id, ..)| id).collect::<BTreeSet<_>>(), created);
    println!("{} messages for {} events over three kills", came.len(), first_times.len());
    assert!(router.stop().await.success(), "{}", router.log());
}
