//! The same matter again, and the same matter on two channels.

use blendline_core::Command;
use blendline_wire::event::matter::SameBy;
use blendline_wire::event::{Actor, EventKind};
use blendline_wire::inbound::InboundEvent;
use blendline_wire::task::Target;

use super::notices::with_rules;
use super::world::*;
use crate::directory::Directory;
use crate::handle::Call;
use crate::ports::register::Kind;

const RULES: &str = r#"
queues:
  service: {side: front}
  refunds: {side: back}
same_matter: {within: 14d, references: ['SO-\d+']}
"#;

fn company() -> Directory {
    with_sms(with_rules(RULES))
}

fn says(id: &str, peer: &str, text: &str) -> InboundEvent {
    InboundEvent { text: Some(text.into()), ..said(id, peer) }
}

#[tokio::test(start_paused = true)]
async fn the_same_matter_by_another_channel_is_told_to_whoever_has_it_now() {
    let world = World::of(company(), 0).await;
    world.webhook(vec![says("m1", "972", "where is so-17?")]).await;
    world.taken_in().await;
    let mut dana = world.attach(DANA, 1).await;
    dana.welcome().await;
    let task = dana.assigned().await;
    dana.done(&task, vec![reply("r1", "on its way")]).await.unwrap();
    // Another order of his is another matter; the same by short message is the second time.
    world.webhook_of(SMS, "sms_twilio", vec![says("s1", "+972", "and SO-18?")]).await;
    let other = dana.assigned().await;
    dana.done(&other, vec![reply("r2", "tomorrow")]).await.unwrap();
    let repeats = |world: &World| -> Vec<(u32, SameBy, bool)> {
        let record = world.store.record();
        let of = |kind: &EventKind| match kind {
            EventKind::MatterRepeated(event) => Some((event.times, event.same_by, event.merged)),
            _ => None,
        };
        record.events.iter().filter_map(|event| of(&event.kind)).collect()
    };
    assert!(repeats(&world).is_empty());
    // The first word of it names nothing yet.
    let day = InboundEvent { ..says("s3", "+972", "SO-17 still has not come") };
    world.webhook_of(SMS, "sms_twilio", vec![day]).await;
    let again = dana.assigned().await;
    assert_eq!(repeats(&world), [(2, SameBy::Reference, true)], "{:?}", again.id);
    let notes = world.store.record().entries.values().filter(|entry| entry.kind == Kind::Note).count();
    assert_eq!(notes, 1);
}

#[tokio::test(start_paused = true)]
async fn the_same_matter_open_on_two_channels_is_in_one_workers_hands() {
    let world = World::of(company(), 0).await;
    world.webhook(vec![says("m1", "972", "where is SO-17?")]).await;
    let mut dana = world.attach(DANA, 1).await;
    dana.welcome().await;
    let first = dana.assigned().await;
    // Omar is idle, and Dana has one already: by itself the second would be his.
    let mut omar = world.attach(OMAR, 2).await;
    omar.welcome().await;
    world.webhook_of(SMS, "sms_twilio", vec![says("s1", "+972", "hello?"), says("s2", "+972", "about so-17")]).await;
    let second = dana.assigned().await;
    assert_ne!(second.conversation, first.conversation);
    let joined =
        |kind: &EventKind| matches!(kind, EventKind::MattersJoined(event) if Some(event.first) == first.conversation);
    assert_eq!(world.events(joined), 1);
    // Somebody else's is Omar's.
    world.webhook_of(SMS, "sms_twilio", vec![says("s3", "+973", "SO-17")]).await;
    let rest = async {
        loop {
            if let blendline_wire::worker::ServerFrame::Assigned { task } = omar.frame().await
                && task.conversation != second.conversation
            {
                return task;
            }
        }
    };
    assert_ne!(rest.await.conversation, second.conversation);
    assert_eq!(world.events(joined), 1);
}

#[tokio::test(start_paused = true)]
async fn the_next_owner_goes_on_holding_them_together() {
    let mut world = World::of(company(), 0).await;
    let mut dana = world.attach(DANA, 1).await;
    dana.welcome().await;
    world.webhook(vec![says("m1", "972", "where is SO-17?")]).await;
    let first = dana.assigned().await;
    world.webhook_of(SMS, "sms_twilio", vec![says("s1", "+972", "about so-17")]).await;
    let second = dana.assigned().await;
    world.crash();
    world.start().await;
    let mut dana = world.attach(DANA, 3).await;
    assert_eq!(dana.welcome().await.len(), 2);
    let mut omar = world.attach(OMAR, 2).await;
    omar.welcome().await;
    // The customer wrote nothing since, so nothing but the record can tell that owner of it.
    let given = Command::Reassign { task: first.id, to: Target::Worker(OMAR) };
    world.handle().call(Actor::Operator, Call::Plain(given)).await.expect("Omar may have it");
    let taken = [omar.assigned().await.id, omar.assigned().await.id];
    assert_eq!(taken, [first.id, second.id]);
}
