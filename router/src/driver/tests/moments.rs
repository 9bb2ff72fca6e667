//! Notices whose moment is the scheduler's to know: a long wait, and a platform's window that is about to close.

use blendline_wire::broker::{AccountEvent, BrokerMessage, InboundBatch};
use blendline_wire::event::EventKind;
use blendline_wire::outbound::Content;
use tokio::time::{Duration, advance};

use super::notices::with_rules;
use super::world::*;
use crate::payload::MessageBody;

const WAITS: &str = r#"
queues:
  service: {side: front}
  refunds: {side: back}
notices:
  hello: {when: received, text: "We have it."}
  long: {when: waiting, above: 1m, text: {he: "כ־{wait} דקות", en: "About {wait} minutes."}}
  too-long:
    when: callback
    above: 5m
    text: {en: "It takes {wait} minutes: shall we call you back?"}
    button: {en: "Call me back"}
"#;

const CLOSES: &str = r#"
queues:
  service: {side: front}
  refunds: {side: back}
notices:
  stay: {when: window, above: 2h, channel: whatsapp_cloud, template: {name: still_here, language: he}}
"#;

/// What was told to a customer in a notice, in order.
fn contents(world: &World) -> Vec<Content> {
    let record = world.store.record();
    let of =
        |(row, body): &(blendline_core::MessageRow, MessageBody)| body.content.clone().filter(|_| row.worker.is_none());
    record.lines.iter().filter_map(of).collect()
}

/// Somebody writes now.
async fn writes(world: &World, id: &str, peer: &str) {
    let event = AccountEvent { account: Some(ACCOUNT), event: said(id, peer) };
    let batch = InboundBatch {
        channel: "whatsapp_cloud".into(),
        tenant: TENANT,
        // What came later than it is taken in came when it is taken in.
        received_at: blendline_wire::Millis(u64::MAX),
        events: vec![event],
        trace: None,
    };
    world.inbound(BrokerMessage::InboundV1(batch).encode(b"raw")).await;
    world.taken_in().await;
}

#[tokio::test(start_paused = true)]
async fn who_would_wait_long_is_told_how_long_and_offered_a_call() {
    let world = World::of(with_rules(WAITS), 0).await;
    let text = |words: &str| Content::Text { text: words.into() };
    writes(&world, "m0", "900").await;
    assert_eq!(contents(&world), [text("We have it.")], "of a wait that nobody knows nothing is said");
    let mut dana = world.attach(DANA, 1).await;
    dana.welcome().await;
    let first = dana.assigned().await;
    // Who says nothing for so long is lost.
    for _ in 0..9 * 6 {
        advance(Duration::from_secs(10)).await;
        dana.heard().await;
    }
    dana.done(&first, Vec::new()).await.unwrap();
    // Her five places are taken at once; from then on each has to wait for one of nine minutes.
    for n in 1..=5 {
        writes(&world, &format!("m{n}"), &format!("90{n}")).await;
        dana.assigned().await;
    }
    assert!(contents(&world)[1..].iter().all(|content| *content == text("We have it.")));
    writes(&world, "m6", "906").await;
    assert_eq!(contents(&world).last(), Some(&text("About 2 minutes.")));
    writes(&world, "m7", "907").await;
    assert_eq!(contents(&world).last(), Some(&text("About 4 minutes.")));
    writes(&world, "m8", "908").await;
    let call = Content::Buttons {
        text: "It takes 6 minutes: shall we call you back?".into(),
        buttons: vec![("callback".into(), "Call me back".into())],
    };
    assert_eq!(contents(&world).last(), Some(&call));
    let told = |of: &str| world.events(|kind| matches!(kind, EventKind::NoticeSent { moment, .. } if moment == of));
    assert_eq!((told("received"), told("waiting"), told("callback")), (6, 2, 1));
}

#[tokio::test(start_paused = true)]
async fn whoever_waits_is_told_once_before_his_window_closes() {
    let world = World::of(with_rules(CLOSES), 0).await;
    writes(&world, "m1", "901").await;
    writes(&world, "m2", "902").await;
    let mut dana = world.attach(DANA, 1).await;
    dana.welcome().await;
    let (one, other) = (dana.assigned().await, dana.assigned().await);
    // Who has his answer is asked nothing.
    let answered = if one.messages.iter().any(|message| message.id.as_deref() == Some("m2")) { &one } else { &other };
    dana.reply(answered, "k", "It is on its way.").await.unwrap();
    advance(Duration::from_secs(21 * 3_600)).await;
    world.store.until("the chores of three hours before", |_| Some(())).await;
    assert_eq!(contents(&world), [], "three hours are left");

    advance(Duration::from_secs(3_700)).await;
    let told = |record: &crate::fakes::Record| {
        record.lines.iter().filter(|(row, _)| row.worker.is_none()).find_map(|(_, body)| body.content.clone())
    };
    let content = world.store.until("the notice", told).await;
    let expected = Content::Template {
        name: "still_here".into(),
        language: "he".into(),
        parameters: Vec::new(),
        header: None,
        buttons: Vec::new(),
    };
    assert_eq!(content, expected);
    advance(Duration::from_secs(1_800)).await;
    // Another message goes through the same loop after whatever it had to do.
    writes(&world, "m3", "903").await;
    let sent = |kind: &EventKind| matches!(kind, EventKind::NoticeSent { notice, moment } if notice == "stay" && moment == "window");
    assert_eq!((world.events(sent), contents(&world).len()), (1, 1));
}
