//! What customers are told by themselves, and by what rules items go.

use blendline_core::Answer;
use blendline_core::input::Class;
use blendline_wire::event::{Actor, EventKind};
use blendline_wire::inbound::InboundEvent;
use blendline_wire::mail::Mail;
use blendline_wire::outbound::Content;
use blendline_wire::task::Label;
use blendline_wire::{QueueId, TaskId};

use super::world::*;
use crate::directory::Directory;
use crate::handle::{Call, CallError};
use crate::rules::{Names, Routing, world};

const RULES: &str = r#"
calendars:
  never: {hours: {mon: "00:00-00:01"}}
queues:
  service: {side: front}
  refunds: {side: back}
rules:
  - {name: returns, channel: item, when: "item.kind == 'return' && amount('total') > 500", queue: refunds, tags: [money], case: return}
  - {name: odd, channel: item, when: "attribute('reason') == 'lost'", queue: refunds, priority: high}
notices:
  hello:
    when: received
    channel: whatsapp_cloud
    every: 1h
    text: {he: "קיבלנו", en: "We have it."}
"#;

pub(super) fn with_rules(text: &str) -> Directory {
    let checked = blendline_rules::check("test", text, &world(None));
    let set = checked.set.unwrap_or_else(|| panic!("{}", checked.faults));
    let mut directory = directory();
    let queue = |name: &str| if name == "refunds" { BACK } else { QUEUE };
    let names = Names { queue: &queue, skill: &|_| blendline_wire::SkillId(1), target_ms: &|_| 60_000 };
    directory.rules.insert(TENANT, Routing::new((7, &set), 3_600_000, &names));
    directory
}

/// What notices were told, in order.
fn told(world: &World) -> Vec<String> {
    let record = world.store.record();
    let text = |content: &Content| match content {
        Content::Text { text } => text.expose().clone(),
        other => panic!("{other:?}"),
    };
    record
        .lines
        .iter()
        .filter(|(row, _)| row.outbound.is_some())
        .filter_map(|(_, body)| body.content.as_ref().map(text))
        .collect()
}

fn sent(world: &World) -> usize {
    world.events(
        |kind| matches!(kind, EventKind::NoticeSent { notice, moment } if notice == "hello" && moment == "received"),
    )
}

fn says(id: &str, peer: &str, text: &str) -> InboundEvent {
    InboundEvent { text: Some(text.into()), ..said(id, peer) }
}

#[tokio::test(start_paused = true)]
async fn a_notice_is_told_once_in_its_period_in_the_customers_language() {
    let world = World::of(with_rules(RULES), 0).await;
    world.webhook(vec![says("m1", "972", "שלום"), says("m2", "972", "?"), says("m3", "973", "hello")]).await;
    world.taken_in().await;
    assert_eq!((told(&world), sent(&world)), (vec!["קיבלנו".to_owned(), "We have it.".to_owned()], 2));
    let mut dana = world.attach(DANA, 1).await;
    dana.welcome().await;
    let task = dana.assigned().await;
    assert!(world.store.record().tasks.values().all(|task| task.unanswered), "a notice is no answer");
    dana.done(&task, Vec::new()).await.unwrap();
    world.webhook(vec![says("m4", "972", "again")]).await;
    world.taken_in().await;
    assert_eq!(told(&world).len(), 2, "within the hour he knows");
}

#[tokio::test(start_paused = true)]
async fn programs_groups_and_those_who_opted_out_are_told_nothing() {
    let world = World::of(with_rules(RULES), 0).await;
    let reply = Mail { is_auto_reply: true, from_address: Some("a@b".into()), ..Mail::default() };
    let public = InboundEvent { visibility: Some("public".into()), ..says("p1", "1", "hi") };
    let group = InboundEvent { chat_type: Some("group".into()), ..says("g1", "2", "hi") };
    let automatic = InboundEvent { mail: Some(Box::new(reply)), ..says("a1", "3", "hi") };
    world.webhook(vec![public, group, automatic, says("s1", "4", "stop")]).await;
    world.taken_in().await;
    assert_eq!(sent(&world), 0, "{:?}", told(&world));
    world.webhook(vec![says("s2", "4", "hello again")]).await;
    world.taken_in().await;
    assert_eq!(sent(&world), 0, "who opted out hears nothing that he did not ask a person for");
}

async fn push(world: &World, kind: &str, fields: &str) -> Result<(TaskId, Option<QueueId>), CallError> {
    let call = Call::Push {
        tenant: TENANT,
        class: Class::default(),
        by_rules: true,
        origin: Box::new(crate::payload::ItemOrigin { kind: kind.into(), source: "shop".into() }),
        external_ref: format!("{kind}{fields}"),
        title: "A parcel".into(),
        text: None,
        fields: serde_json::from_str(fields).unwrap(),
        conversation: None,
    };
    match world.handle().call(Actor::Integrator, call).await? {
        Answer::Task(id) => Ok((id, world.store.record().tasks.get(&id).map(|task| task.queue))),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn items_go_where_the_rules_say_and_what_no_rule_takes_is_refused() {
    let world = World::of(with_rules(RULES), 0).await;
    let (task, queue) = push(&world, "return", r#"{"total": 501}"#).await.unwrap();
    assert_eq!(queue, Some(BACK));
    let label = Label { rule: "returns".into(), tags: vec!["money".into()], case_type: Some("return".into()) };
    let says = |kind: &EventKind| matches!(kind, EventKind::TaskCreated { label: Some(own), .. } if **own == label);
    assert_eq!(world.events(says), 1);
    assert_eq!(world.store.record().tasks[&task].rule_set, 7);
    assert_eq!(push(&world, "return", r#"{"total": 500}"#).await, Err(CallError::NoRule));
    let (odd, _) = push(&world, "x", r#"{"reason": "lost"}"#).await.unwrap();
    assert_eq!(world.store.record().tasks[&odd].target_ms, 30_000, "a high priority has half of the queue's target");
}
