//! The question after a task, its answer, and the word for where a matter stands.

use std::collections::BTreeMap;

use blendline_core::rows::{ConversationState, TaskState};
use blendline_wire::TaskId;
use blendline_wire::event::EventKind;
use blendline_wire::inbound::{InboundEvent, InboundKind};
use blendline_wire::mail::Mail;
use blendline_wire::task::TaskKind;

use super::world::*;
use crate::directory::Directory;
use crate::ports::register::Kind;
use crate::satisfaction::Question;
use crate::status_word::StatusWord;

const DAY_MS: u64 = 86_400_000;

fn asking() -> Directory {
    let question = Question {
        queues: [QUEUE].into(),
        every_ms: DAY_MS,
        answer_ms: DAY_MS,
        not_after: ["spam".to_owned()].into(),
        low: 2,
        follow_up: Some((BACK, Some(5_000))),
        texts: BTreeMap::from([("he".to_owned(), "איך היה?".to_owned())]),
    };
    let word = StatusWord { words: ["status".to_owned()].into(), every_ms: 600_000, url: None, owner: false };
    Directory { questions: [(TENANT, question)].into(), status_words: [(TENANT, word)].into(), ..directory() }
}

fn says(id: &str, text: &str) -> InboundEvent {
    InboundEvent { text: Some(text.into()), ..said(id, "972") }
}

/// What we told customers, in order.
fn told(world: &World) -> Vec<String> {
    let record = world.store.record();
    let ours = record.lines.iter().filter(|(row, _)| row.outbound.is_some());
    ours.filter_map(|(_, body)| body.text.as_ref().map(|text| text.expose().clone())).collect()
}

fn answered(world: &World) -> Vec<(u8, bool, Option<TaskId>)> {
    let record = world.store.record();
    let of = |kind: &EventKind| match kind {
        EventKind::SatisfactionAnswered { of_worker, score, said_more, follow_up, .. } if *of_worker == DANA => {
            Some((*score, *said_more, *follow_up))
        }
        _ => None,
    };
    record.events.iter().filter_map(|event| of(&event.kind)).collect()
}

fn asked(world: &World) -> usize {
    world.events(|kind| matches!(kind, EventKind::SatisfactionAsked { .. }))
}

fn open_conversations(world: &World) -> usize {
    world
        .store
        .record()
        .tasks
        .values()
        .filter(|task| task.kind == TaskKind::Conversation && !matches!(task.state, TaskState::Closed { .. }))
        .count()
}

/// A customer writes, and Dana finishes his task with these words.
async fn finished(world: &World, first: &str, last: &str) -> Connection {
    world.webhook(vec![says("m1", first)]).await;
    world.taken_in().await;
    let mut dana = world.attach(DANA, 1).await;
    dana.welcome().await;
    let task = dana.assigned().await;
    dana.done(&task, vec![reply("r1", last)]).await.unwrap();
    dana
}

#[tokio::test(start_paused = true)]
async fn a_question_is_the_last_word_in_his_language_and_its_answer_opens_nothing() {
    let world = World::of(asking(), 0).await;
    let _dana = finished(&world, "שלום", "להתראות").await;
    assert_eq!(told(&world), ["להתראות", "איך היה?"]);
    assert_eq!(asked(&world), 1);
    world.webhook(vec![says("m2", "5")]).await;
    world.taken_in().await;
    assert_eq!(answered(&world), [(5, false, None)]);
    assert_eq!(open_conversations(&world), 0, "an answer opens nothing");
    let solved = |state: &ConversationState| matches!(state, ConversationState::Solved { .. });
    assert!(world.store.record().conversations.values().all(|row| solved(&row.state)));
    // A second number is no answer: somebody has to look at it.
    world.webhook(vec![says("m3", "4")]).await;
    world.taken_in().await;
    assert_eq!((answered(&world).len(), open_conversations(&world)), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn nobody_is_asked_twice_in_its_time_nor_who_was_not_answered() {
    let world = World::of(asking(), 0).await;
    let mut dana = finished(&world, "hello", "done").await;
    world.webhook(vec![says("m2", "one more thing")]).await;
    let task = dana.assigned().await;
    dana.done(&task, vec![reply("r2", "there you are")]).await.unwrap();
    assert_eq!(asked(&world), 1, "within a day he is not asked again");
    // Somebody else writes and is sent away without an answer: there is nothing to ask.
    world.webhook(vec![said("n1", "973")]).await;
    let task = dana.assigned().await;
    dana.done(&task, Vec::new()).await.unwrap();
    assert_eq!(asked(&world), 1);
    // A group speaks with many voices.
    let group = InboundEvent { chat_type: Some("group".into()), ..said("g1", "974") };
    world.webhook(vec![group]).await;
    let task = dana.assigned().await;
    dana.done(&task, vec![reply("r3", "hello all")]).await.unwrap();
    assert_eq!(asked(&world), 1);
}

#[tokio::test(start_paused = true)]
async fn a_low_answer_opens_a_task_and_praise_reaches_the_worker() {
    let world = World::of(asking(), 0).await;
    let mut dana = finished(&world, "hello", "done").await;
    let named = InboundEvent { sender_name: Some("Uri".into()), ..says("m2", "2 - nobody called me back") };
    world.webhook(vec![named]).await;
    let follow_up = dana.assigned().await;
    assert_eq!(answered(&world), [(2, true, Some(follow_up.id))]);
    assert_eq!(follow_up.title.as_ref().map(|title| title.expose().as_str()), Some("★★☆☆☆ service, dana"));
    let field = |name: &str| serde_json::to_value(&follow_up.fields[name]).unwrap();
    assert_eq!((field("customer"), field("address"), field("score")), ("Uri".into(), "972".into(), 2.into()));
    assert_eq!(follow_up.due_at.0 - follow_up.earned_at.0, 5_000);

    let world = World::of(asking(), 0).await;
    let _dana = finished(&world, "hello", "done").await;
    world.webhook(vec![says("m2", "5! Dana was wonderful")]).await;
    world.taken_in().await;
    assert_eq!(answered(&world), [(5, true, None)]);
    let mentions = |kind: &EventKind| matches!(kind, EventKind::NoteAdded { mentions, .. } if mentions == &[DANA]);
    assert_eq!(world.events(mentions), 1);
    let record = world.store.record();
    assert_eq!(record.entries.values().filter(|entry| entry.kind == Kind::Mention).count(), 1);
    drop(record);
    assert_eq!(open_conversations(&world), 0);
}

#[tokio::test(start_paused = true)]
async fn a_button_counts_once_and_only_for_whom_it_was_sent_to() {
    let world = World::of(asking(), 0).await;
    let _dana = finished(&world, "hello", "done").await;
    let conversation = *world.store.record().conversations.keys().next().unwrap();
    let press = |id: &str, peer: &str| InboundEvent {
        kind: InboundKind::Postback,
        text: None,
        payload: Some(crate::satisfaction::payload(conversation, 1).into()),
        dedup_key: Some(id.to_owned()),
        ..said(id, peer)
    };
    world.webhook(vec![press("p1", "973"), press("p2", "972"), press("p3", "972")]).await;
    world.taken_in().await;
    assert_eq!(answered(&world).iter().map(|(score, ..)| *score).collect::<Vec<_>>(), [1]);
    let refused =
        |kind: &EventKind| matches!(kind, EventKind::MessageDiscarded { reason, .. } if reason == "not_asked");
    assert_eq!(world.events(refused), 2);
    let record = world.store.record();
    let words = record.lines.iter().filter_map(|(_, body)| body.text.as_ref().map(|text| text.expose().as_str()));
    assert_eq!(words.filter(|text| *text == "★☆☆☆☆").count(), 1, "what he pressed is in the conversation");
}

#[tokio::test(start_paused = true)]
async fn the_word_for_the_status_is_answered_once_and_takes_nobodys_time() {
    let world = World::of(asking(), 0).await;
    world.webhook(vec![says("m1", "where is my parcel?"), says("m2", "Status?")]).await;
    world.taken_in().await;
    assert_eq!(told(&world).len(), 1);
    assert!(told(&world)[0].starts_with("We have received your matter."), "{:?}", told(&world));
    let stage = |kind: &EventKind| matches!(kind, EventKind::StatusTold { stage } if stage == "received");
    assert_eq!(world.events(stage), 1);
    let mut dana = world.attach(DANA, 1).await;
    dana.welcome().await;
    let task = dana.assigned().await;
    dana.reply(&task, "r1", "on its way").await.unwrap();
    // Asked again too soon, a person answers; who has nothing open asks a person as well.
    world.webhook(vec![says("m3", "status")]).await;
    world.taken_in().await;
    assert_eq!(world.events(stage), 1);
    assert!(world.store.record().tasks[&task.id].unanswered, "it went to whoever has the task");
    world.webhook(vec![InboundEvent { text: Some("status".into()), ..said("n1", "973") }]).await;
    world.taken_in().await;
    assert_eq!((world.events(stage), open_conversations(&world)), (1, 2));
}

#[tokio::test(start_paused = true)]
async fn a_mail_asks_only_when_its_own_domain_signed_it() {
    let world = World::of(asking(), 0).await;
    let mail = |dmarc: &str| {
        let authentication = serde_json::from_value(serde_json::json!({ "dmarc": dmarc })).unwrap();
        Some(Box::new(Mail {
            authentication: Some(authentication),
            from_address: Some("972".into()),
            ..Mail::default()
        }))
    };
    let first = InboundEvent { mail: mail("pass"), ..says("m1", "hello") };
    let forged = InboundEvent { mail: mail("none"), ..says("m2", "status") };
    let own = InboundEvent { mail: mail("pass"), ..says("m3", "status") };
    world.webhook(vec![first, forged]).await;
    world.taken_in().await;
    let any = |kind: &EventKind| matches!(kind, EventKind::StatusTold { .. });
    assert_eq!(world.events(any), 0);
    world.webhook(vec![own]).await;
    world.taken_in().await;
    assert_eq!(world.events(any), 1);
}
