//! Whether it is solved, by one tap; what is asked after that, on whichever channel; and who looks at good answers.

use std::collections::BTreeMap;

use blendline_core::input::Settings;
use blendline_core::rows::ConversationState;
use blendline_wire::event::EventKind;
use blendline_wire::inbound::InboundEvent;
use blendline_wire::org::Unit;
use blendline_wire::outbound::Content;
use blendline_wire::{TaskId, UnitId};

use super::notices::with_rules;
use super::world::*;
use crate::directory::Directory;
use crate::ports::register::Kind;
use crate::satisfaction::Question;

const DAY_MS: u64 = 86_400_000;
const RULES: &str = r#"
queues:
  service: {side: front}
  refunds: {side: back}
solved: {after: [answered], queues: [service], yes: {en: "Yes!"}, sample: 100%}
"#;

fn asking() -> Directory {
    let question = Question {
        queues: [QUEUE].into(),
        every_ms: DAY_MS,
        answer_ms: DAY_MS,
        low: 2,
        follow_up: Some((BACK, Some(5_000))),
        texts: BTreeMap::from([("en".to_owned(), "How was it?".to_owned())]),
        ..Question::default()
    };
    Directory { questions: [(TENANT, question)].into(), ..with_sms(with_rules(RULES)) }
}

fn says(id: &str, text: &str) -> InboundEvent {
    InboundEvent { text: Some(text.into()), ..said(id, "972") }
}

/// What we said, with the payloads of its buttons.
fn told(world: &World) -> Vec<(String, Vec<String>)> {
    let record = world.store.record();
    let ours = record.lines.iter().filter(|(row, _)| row.outbound.is_some());
    let said = ours.filter_map(|(_, body)| match body.content.as_ref()? {
        Content::Text { text } => Some((text.expose().clone(), Vec::new())),
        Content::Buttons { text, buttons } => {
            Some((text.expose().clone(), buttons.iter().map(|(payload, _)| payload.clone()).collect()))
        }
        _ => None,
    });
    said.collect()
}

/// He presses a button of ours, as a platform that brings it as a message.
fn presses(id: &str, peer: &str, payload: &str, label: &str) -> InboundEvent {
    InboundEvent { payload: Some(payload.to_owned().into()), text: Some(label.into()), ..said(id, peer) }
}

/// He writes, Dana answers, and he is asked: the payloads by which he confirms and denies.
async fn asked(world: &World) -> (Connection, TaskId, [String; 2]) {
    world.webhook(vec![says("m1", "hello")]).await;
    world.taken_in().await;
    let mut dana = world.attach(DANA, 1).await;
    dana.welcome().await;
    let task = dana.assigned().await;
    dana.done(&task, vec![reply("r1", "there you are")]).await.unwrap();
    let told = told(world);
    assert_eq!((told.len(), told[1].0.as_str()), (2, "Is it solved?"), "{told:?}");
    let [yes, no] = told[1].1.clone().try_into().unwrap();
    (dana, task.id, [yes, no])
}

fn count(world: &World, is: impl Fn(&EventKind) -> bool) -> usize {
    world.events(is)
}

#[tokio::test(start_paused = true)]
async fn who_taps_yes_confirms_and_is_asked_how_it_was_and_who_taps_no_has_his_place_again() {
    let world = World::of(asking(), 0).await;
    let (mut dana, first, [yes, no]) = asked(&world).await;
    let asks = |kind: &EventKind| matches!(kind, EventKind::ConfirmationAsked { of_worker, .. } if *of_worker == DANA);
    let satisfied = |kind: &EventKind| matches!(kind, EventKind::SatisfactionAsked { .. });
    assert_eq!((count(&world, asks), count(&world, satisfied)), (1, 0), "one question at a time");
    let earned_at = world.store.record().tasks[&first].earned_at;

    // Nobody else's tap counts; his "no" brings it back to Dana, in the place that it had.
    world.webhook(vec![presses("p0", "973", &no, "No"), presses("p1", "972", &no, "No, it is not")]).await;
    let again = dana.assigned().await;
    assert_eq!((again.earned_at, again.conversation.is_some()), (earned_at, true));
    assert_eq!(count(&world, |kind| matches!(kind, EventKind::TaskDenied)), 1);
    assert_eq!(count(&world, |kind| matches!(kind, EventKind::ConversationReopened { denied: true })), 1);

    // Done again, he says yes: it is confirmed, he is asked how it was, and nothing is open.
    dana.done(&again, vec![reply("r2", "now it is")]).await.unwrap();
    world.webhook(vec![presses("p2", "972", &yes, "Yes!"), presses("p3", "972", &yes, "Yes!")]).await;
    world.taken_in().await;
    assert_eq!(count(&world, |kind| matches!(kind, EventKind::TaskConfirmed)), 1);
    assert_eq!(count(&world, satisfied), 1);
    assert_eq!(told(&world).last().unwrap().0, "How was it?");
    let record = world.store.record();
    let states = record.conversations.values().map(|row| row.state.clone()).collect::<Vec<_>>();
    assert!(matches!(states[..], [ConversationState::Confirmed { .. }]), "{states:?}");
}

#[tokio::test(start_paused = true)]
async fn a_person_is_asked_once_over_all_channels() {
    let world = World::of(asking(), 0).await;
    let (mut dana, _, [yes, _]) = asked(&world).await;
    world.webhook(vec![presses("p1", "972", &yes, "Yes!")]).await;
    world.taken_in().await;
    let satisfied = |kind: &EventKind| matches!(kind, EventKind::SatisfactionAsked { .. });
    assert_eq!(count(&world, satisfied), 1);
    // The same number by short message, which has no buttons: without a question whether it is solved the other is due,
    // and he was asked it today.
    world
        .webhook_of(SMS, "sms_twilio", vec![InboundEvent { text: Some("one more".into()), ..said("s1", "+972") }])
        .await;
    let task = dana.assigned().await;
    dana.done(&task, vec![reply("r2", "there")]).await.unwrap();
    assert_eq!(count(&world, satisfied), 1);
    // Somebody else is asked.
    world.webhook_of(SMS, "sms_twilio", vec![InboundEvent { text: Some("hello".into()), ..said("s2", "+973") }]).await;
    let task = dana.assigned().await;
    dana.done(&task, vec![reply("r3", "there")]).await.unwrap();
    assert_eq!(count(&world, satisfied), 2);
}

#[tokio::test(start_paused = true)]
async fn a_good_answer_that_is_looked_at_goes_to_the_manager_and_its_praise_to_the_worker() {
    let mut directory = asking();
    let unit = Unit {
        id: UnitId(1),
        tenant: TENANT,
        parent: None,
        name: "service".into(),
        manager: Some(OMAR),
        location: None,
        valid_from: None,
        valid_until: None,
    };
    directory.units.insert(UnitId(1), unit);
    for setting in &mut directory.settings {
        if let Settings::Queue(queue) = setting {
            queue.unit = Some(UnitId(1));
        }
    }
    let world = World::of(directory, 0).await;
    let (_dana, _, [yes, _]) = asked(&world).await;
    let mut omar = world.attach(OMAR, 2).await;
    omar.welcome().await;
    world.webhook(vec![presses("p1", "972", &yes, "Yes!"), says("m2", "5 Dana was wonderful")]).await;
    let follow_up = omar.assigned().await;
    assert_eq!((follow_up.queue.as_str(), follow_up.due_at.0 - follow_up.earned_at.0), ("refunds", 5_000));
    let looked_at = |kind: &EventKind| {
        let task = Some(follow_up.id);
        matches!(kind, EventKind::SatisfactionAnswered { score: 5, follow_up, sampled: true, manager: Some(OMAR), .. }
            if *follow_up == task)
    };
    assert_eq!(count(&world, looked_at), 1);
    let mentions = |kind: &EventKind| matches!(kind, EventKind::NoteAdded { mentions, .. } if mentions == &[DANA]);
    assert_eq!(count(&world, mentions), 1);
    assert_eq!(world.store.record().entries.values().filter(|entry| entry.kind == Kind::Mention).count(), 1);
}
