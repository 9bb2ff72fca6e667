//! What comes in: each event ends once.

use blendline_core::rows::{ConversationState, OutboundState};
use blendline_wire::broker::{AccountEvent, BrokerMessage, InboundBatch};
use blendline_wire::event::EventKind;
use blendline_wire::inbound::{InboundEvent, InboundKind};
use blendline_wire::outbound::{SendOutcome, SendResult};
use blendline_wire::worker::ServerFrame;
use blendline_wire::{AccountId, Millis, OutboundId};
use tokio::time::{Duration, Instant, sleep};

use super::world::*;

fn created(kind: &EventKind) -> bool {
    matches!(kind, EventKind::TaskCreated { .. })
}

fn discarded(kind: &EventKind, why: &str) -> bool {
    matches!(kind, EventKind::MessageDiscarded { reason, .. } if reason == why)
}

#[tokio::test(start_paused = true)]
async fn a_duplicate_has_no_second_effect_within_a_batch_and_across() {
    let world = World::new().await;
    world.webhook(vec![said("m1", "972"), said("m1", "972")]).await;
    world.taken_in().await;
    // The connector itself sets aside what one body holds twice.
    let repeated = InboundEvent { kind: InboundKind::Ignored, event: Some("repeated".into()), ..said("m1", "972") };
    world.webhook(vec![said("m1", "972"), repeated]).await;
    world.taken_in().await;
    assert_eq!(world.events(created), 1);
    assert_eq!(world.events(|kind| matches!(kind, EventKind::MessageDuplicate { .. })), 3);
    assert_eq!(world.store.record().addresses.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn two_messages_in_one_batch_are_one_task_and_need_no_read() {
    let world = World::new().await;
    let mut dana = world.attach(DANA, 1).await;
    assert!(dana.welcome().await.is_empty());
    world.webhook(vec![said("m1", "972"), said("m2", "972"), said("m3", "973")]).await;
    let first = dana.assigned().await;
    assert_eq!(first.messages.len(), 1);
    assert_eq!(first.queue, "service");
    match dana.frame().await {
        ServerFrame::Message { task, message, .. } => assert_eq!((task, message.seq), (first.id, 2)),
        other => panic!("{other:?}"),
    }
    dana.assigned().await;
    assert_eq!(world.events(created), 2);
    assert_eq!(world.events(|kind| matches!(kind, EventKind::TaskMerged { .. })), 1);
    assert_eq!(world.store.record().reads, 0);
}

#[tokio::test(start_paused = true)]
async fn what_comes_while_a_batch_is_gathered_is_of_it() {
    let mut batches = Vec::new();
    for gather_ms in [0, 5] {
        let world = World::gathering(gather_ms).await;
        let before = world.store.record().batch;
        let begin = Instant::now();
        world.webhook(vec![said("m1", "972")]).await;
        sleep(Duration::from_millis(3)).await;
        world.webhook(vec![said("m2", "973")]).await;
        world.taken_in().await;
        assert_eq!(world.events(created), 2);
        // The first of them waits no longer than it has to.
        assert!(begin.elapsed() < Duration::from_millis(10), "{:?}", begin.elapsed());
        batches.push(world.store.record().batch - before);
    }
    assert!(batches[1] < batches[0], "{batches:?}");
}

#[tokio::test(start_paused = true)]
async fn another_address_of_the_same_sender_is_the_same_contact() {
    let world = World::new().await;
    world.webhook(vec![InboundEvent { sender_alt_ids: vec!["IL.42".into()], ..said("m1", "972") }]).await;
    world.taken_in().await;
    world.webhook(vec![said("m2", "IL.42")]).await;
    world.taken_in().await;
    assert_eq!(world.events(created), 1);
    assert_eq!(world.store.record().addresses.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn what_nobody_can_read_is_put_aside_and_acked() {
    let world = World::new().await;
    world.inbound(b"rubbish".to_vec()).await;
    world.taken_in().await;
    let record = world.store.record();
    assert_eq!(record.quarantine[0].raw, b"rubbish");
    assert!(record.events.iter().any(|event| matches!(event.kind, EventKind::Quarantined { .. })));
}

#[tokio::test(start_paused = true)]
async fn what_nobody_ever_settled_is_put_aside_whole_and_not_tried_again() {
    let world = World::new().await;
    world.broker.before.store(500, std::sync::atomic::Ordering::Relaxed);
    world.webhook(vec![said("m1", "972")]).await;
    world.taken_in().await;
    assert_eq!(world.events(created), 0);
    let record = world.store.record();
    assert!(record.quarantine[0].cause.contains("delivered 500 times"), "{}", record.quarantine[0].cause);
    assert!(record.quarantine[0].account.is_some() && !record.quarantine[0].channel.is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_routes_nothing_is_discarded_with_its_reason() {
    let world = World::new().await;
    let of = |kind| InboundEvent { kind, ..said("x", "972") };
    world.webhook(vec![of(InboundKind::Typing), of(InboundKind::Reaction), of(InboundKind::Echo)]).await;
    let stray = |account| AccountEvent { account, event: said("m1", "972") };
    let events = vec![stray(None), stray(Some(AccountId(9)))];
    let batch =
        InboundBatch { channel: "whatsapp_cloud".into(), tenant: TENANT, received_at: Millis(1), events, trace: None };
    world.inbound(BrokerMessage::InboundV1(batch).encode(&[])).await;
    world.webhook(vec![InboundEvent { status: Some("read".into()), ..of(InboundKind::Status) }]).await;
    world.taken_in().await;
    for (reason, count) in
        [("typing", 1), ("not_routed", 1), ("echo", 1), ("unknown_account", 2), ("unknown_message", 1)]
    {
        assert_eq!(world.events(|kind| discarded(kind, reason)), count, "{reason}");
    }
    assert_eq!(world.events(created), 0);
}

#[tokio::test(start_paused = true)]
async fn what_is_ours_or_held_by_another_application_makes_no_task() {
    let world = World::new().await;
    let own = InboundEvent { kind: InboundKind::Comment, is_status_or_echo: true, ..said("c1", "972") };
    let held = InboundEvent { standby: true, ..said("m2", "972") };
    world.webhook(vec![own, held]).await;
    world.taken_in().await;
    for reason in ["echo", "standby"] {
        assert_eq!(world.events(|kind| discarded(kind, reason)), 1, "{reason}");
    }
    assert_eq!(world.events(created), 0);
}

#[tokio::test(start_paused = true)]
async fn a_review_by_nobody_in_particular_is_a_task_of_its_thread() {
    let world = World::new().await;
    let review = |id: &str| {
        let mut event = InboundEvent { kind: InboundKind::Review, sender_id: None, ..said(id, "972") };
        event.conversation_key.peer = None;
        event.conversation_key.thread = Some(id.to_owned());
        event
    };
    world.webhook(vec![review("r1"), review("r2")]).await;
    world.taken_in().await;
    assert_eq!(world.events(created), 2);
}

#[tokio::test(start_paused = true)]
async fn a_report_of_the_platform_finds_its_message_by_either_id() {
    let world = World::new().await;
    let mut dana = world.attach(DANA, 1).await;
    dana.welcome().await;
    world.webhook(vec![said("m1", "972")]).await;
    let task = dana.assigned().await;
    dana.reply(&task, "r1", "hello").await.unwrap();
    let id = world.store.until("outbound", |record| record.outbound.keys().next().copied()).await;
    let sent = SendOutcome::Sent { external_id: "wamid.out".into() };
    let result = |outcome| {
        BrokerMessage::SendResultV1(SendResult { id, attempt: 1, outcome, to: None, private: None }).encode(&[])
    };
    world.inbound(result(sent)).await;
    world.taken_in().await;
    let report = |status: &str, ours: Option<OutboundId>| InboundEvent {
        kind: InboundKind::Status,
        status: Some(status.into()),
        outbound_ref: ours.map(|id| id.to_string()),
        ..said("wamid.out", "972")
    };
    world.webhook(vec![report("delivered", None)]).await;
    world.taken_in().await;
    world.webhook(vec![report("read", Some(id)), report("sent", Some(id)), report("read", Some(OutboundId(7)))]).await;
    world.taken_in().await;
    let state = world.store.record().outbound[&id].state.clone();
    let read = blendline_core::input::DeliveryStatus::Read;
    assert_eq!(state, OutboundState::Sent { status: read });
    assert_eq!(world.events(|kind| matches!(kind, EventKind::ReplyStatus { .. })), 2);
    assert_eq!(world.events(|kind| discarded(kind, "nothing_new")), 1);
    assert_eq!(world.events(|kind| matches!(kind, EventKind::MessageDuplicate { .. })), 1);
}

#[tokio::test(start_paused = true)]
async fn a_button_confirms_and_time_ends_the_waiting() {
    let world = World::new().await;
    let mut dana = world.attach(DANA, 1).await;
    dana.welcome().await;
    world.webhook(vec![said("m1", "972"), said("n1", "973")]).await;
    let (first, second) = (dana.assigned().await, dana.assigned().await);
    dana.done(&first, vec![]).await.unwrap();
    dana.done(&second, vec![]).await.unwrap();
    let press = |id: &str, peer: &str| InboundEvent {
        kind: InboundKind::Postback,
        payload: Some(format!("blendline:confirm:{}", first.conversation.unwrap()).into()),
        ..said(id, peer)
    };
    world.webhook(vec![press("p0", "973")]).await;
    world.taken_in().await;
    assert_eq!(world.events(|kind| matches!(kind, EventKind::TaskConfirmed)), 0, "a forwarded button confirms nothing");
    world.webhook(vec![press("p1", "972")]).await;
    world.taken_in().await;
    assert_eq!(world.events(|kind| matches!(kind, EventKind::TaskConfirmed)), 1);
    tokio::time::sleep(tokio::time::Duration::from_secs(600)).await;
    let unconfirmed = |event: &blendline_wire::event::Event| matches!(event.kind, EventKind::TaskUnconfirmed);
    world.store.until("unconfirmed", |record| record.events.iter().any(unconfirmed).then_some(())).await;
    let states: Vec<_> = world.store.record().conversations.values().map(|row| row.state.clone()).collect();
    assert!(matches!(states[0], ConversationState::Confirmed { .. }), "{states:?}");
    assert!(matches!(states[1], ConversationState::Unconfirmed { .. }), "{states:?}");
}
