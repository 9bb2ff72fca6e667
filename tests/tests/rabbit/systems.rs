//! What other systems publish is kept once, whatever happens to the router, and what cannot be read is not put back.

use blendline_tests::api::Api;
use blendline_tests::config::Installation;
use blendline_tests::process::Router;
use lapin::BasicProperties;
use lapin::Channel;
use lapin::options::BasicPublishOptions;
use serde_json::{Value, json};

use crate::world;

const QUEUE: &str = "systems.0";

async fn publish(channel: &Channel, body: &str) {
    let durable = BasicProperties::default().with_delivery_mode(2);
    let published =
        channel.basic_publish("".into(), QUEUE.into(), BasicPublishOptions::default(), body.as_bytes(), durable);
    published.await.unwrap().await.unwrap();
}

fn event(id: usize) -> String {
    let event = json!({
        "tenant": "acme", "system": "delivery", "id": format!("d-{id}"), "reference": "SO-1",
        "kind": "delivered", "at": "2026-11-25T09:30:00Z"
    });
    event.to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_system_publishes_is_kept_once_across_kills() {
    let rabbit = world::shared().await;
    let mut installation = Installation::new("http://127.0.0.1:1");
    installation.numbers = Vec::new();
    installation.extra = format!("[broker]\nurl = {:?}\n", rabbit.url());
    let mut router = Router::start("systems", &installation).await;
    let (_connection, channel) = world::other(rabbit).await;
    for id in 0..20 {
        publish(&channel, &event(id)).await;
    }
    // Whose it is can be read, and no more.
    publish(&channel, "{\"tenant\": \"acme\", \"system\": \"delivery\"}").await;
    router.kill().await;
    // Told again, for the system never heard whether it was taken.
    for id in 0..25 {
        publish(&channel, &event(id)).await;
    }
    router.start_again().await;
    let api = Api::admin(router.addr);
    // No rules say what these do: each is there to be looked at, once.
    let whole = |found: &[Value]| found.len() == 25;
    let parked = api.until("/v1/external-events?parked=true", "25 events", whole).await;
    assert!(parked.iter().all(|held| held["reason"] == "unknown_system"), "{parked:?}");
    let broken = |found: &[Value]| found.iter().any(|event| event["event"] == "quarantined");
    api.until("/v1/events", "the broken one", broken).await;
    assert_eq!(api.events("external_parked").await.len(), 25);
    assert!(router.stop().await.success(), "{}", router.log());
}
