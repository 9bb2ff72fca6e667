//! Whether it is solved, from the tap on the customer's channel to the log.

use blendline_tests::config::Worker;
use blendline_tests::whatsapp::Customers;
use serde_json::json;

use super::cases::{finish, press, told};
use super::world::World;

const RULES: &str = "\
queues:
  front: {side: front, target: 2m}
groups:
  desk: {queues: [front], workers: [noa]}
rules:
  - {name: all, channel: whatsapp_cloud, queue: front}
solved: {after: [answered]}
";

#[tokio::test]
async fn one_tap_on_whatsapp_denies_and_another_confirms() {
    let mut world = World::start("solved", |it| {
        it.workers = vec![Worker::new("omer", &["care"], 1)];
        it.rules = Some(RULES.to_owned());
    })
    .await;
    let mut noa = world.hand("noa").await;
    world.say(1, "שלום, החשבונית שגויה").await;
    let talk = noa.task().await;
    noa.settle(&talk, finish("answered"), vec![]).await.unwrap();
    let question = told(&world, "האם העניין נפתר?").await;
    assert_eq!(question.body["to"], json!(Customers::phone(1)));
    press(&world, &question, 1, "no").await;
    let again = noa.task().await;
    assert_eq!((again.conversation, again.earned_at), (talk.conversation, talk.earned_at));
    noa.settle(&again, finish("answered"), vec![]).await.unwrap();
    world.until_events("confirmation_asked", 2).await;
    press(&world, &question, 0, "yes").await;
    world.until_events("task_confirmed", 1).await;
    let over = world.api.get(&format!("/v1/conversations/{}", talk.conversation.unwrap())).await.unwrap().json();
    assert_eq!(over["state"], "confirmed", "{over}");
}
