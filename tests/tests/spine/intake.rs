//! What customers say becomes tasks, once and in order, and the answer reaches them once.

use std::time::Duration;

use blendline_tests::config::Worker;
use blendline_tests::whatsapp;
use blendline_tests::worker::{done, said};
use blendline_wire::worker::{Author, ServerFrame};

use crate::world::World;

/// Niqqud, a mark for the writing direction, a family of four in one glyph, quotes and a line feed.
const HEBREW: &str = "שָׁלוֹם \u{200f}\"הזמנה 4471\"\n👨‍👩‍👧‍👦 תודה";

#[tokio::test]
async fn a_message_is_answered_once_byte_for_byte() {
    let mut world = World::start("intake", |it| it.workers = vec![Worker::new("noa", &["care"], 10)]).await;
    let mut noa = world.hand("noa").await;
    let message = world.say(1, HEBREW).await;
    let task = noa.task().await;
    let heard = task.messages.last().unwrap();
    assert_eq!(heard.from, Author::Customer);
    assert_eq!(heard.text.as_ref().unwrap().expose(), HEBREW, "the words must survive byte for byte");
    assert_eq!(heard.name.as_ref().unwrap().expose(), "Noa Levi");

    noa.settle(&task, done(), vec![said("r1", HEBREW)]).await.unwrap();
    let calls = world.graph.until("the reply", |calls| !calls.is_empty()).await;
    assert_eq!(calls[0].text(), HEBREW);
    assert_eq!(calls[0].to, message.from);
    assert_eq!(calls[0].phone_number_id, world.number.phone_number_id);
    assert_eq!(calls[0].body["type"], "text");
    assert!(calls[0].callback.is_some(), "our own id must go along: it is what settles an unknown outcome");

    // The platform repeats itself, and so does the worker after a cut: neither has a second effect.
    let again = world.post(&whatsapp::messages(&world.number, &[message])).await;
    assert_eq!(again.status, 200);
    world.until_events("message_duplicate", 1).await;
    let _late_repetition = noa.settle(&task, done(), vec![said("r1", HEBREW)]).await;
    // A second customer's reply is the event after which a second copy of the first would have been seen.
    world.say(2, "second").await;
    let second = noa.task().await;
    noa.settle(&second, done(), vec![said("r1", "other words")]).await.unwrap();
    let calls = world.graph.until("the second reply", |calls| calls.len() >= 2).await;
    assert_eq!(calls.len(), 2);
    assert_eq!(world.count("task_created").await, 2);
    assert_eq!(world.count("message_received").await, 2);
}

#[tokio::test]
async fn messages_close_together_are_one_task_and_a_batch_is_taken_whole() {
    let mut world = World::start("merge", |it| it.workers = vec![Worker::new("noa", &["care"], 10)]).await;
    // Nobody is there: the second message joins the waiting task and keeps its place.
    world.say(1, "one").await;
    tokio::time::sleep(Duration::from_millis(200)).await; // The 200 ms are what is tested.
    world.say(1, "two").await;
    world.until_events("task_merged", 1).await;
    assert_eq!(world.count("task_created").await, 1);

    let mut noa = world.hand("noa").await;
    let task = noa.task().await;
    let texts: Vec<&str> = task.messages.iter().filter_map(|m| Some(m.text.as_ref()?.expose().as_str())).collect();
    assert_eq!(texts, ["one", "two"]);

    // He has it: what the customer says now reaches him, under the same lease, in order.
    world.say(1, "three").await;
    let (lease, message) = noa
        .until("message", |frame| match frame {
            ServerFrame::Message { task: id, lease, message } if id == task.id => Some((lease, message)),
            _ => None,
        })
        .await;
    assert_eq!((lease, message.text.unwrap().expose().as_str()), (task.lease, "three"));
    assert!(message.seq > task.messages.last().unwrap().seq);
    assert_eq!(world.count("task_created").await, 1);

    // A batch: two customers, one of them twice, and one message twice in the same body.
    let (a, b, c) = (world.said(2, "a"), world.said(3, "b"), world.said(2, "c"));
    let body = whatsapp::messages(&world.number, &[a.clone(), b, c, a]);
    assert_eq!(world.post(&body).await.status, 200);
    let (first, second) = (noa.task().await, noa.task().await);
    assert_ne!(first.conversation, second.conversation);
    // The second copy inside one body is booked too, as a duplicate or a discard, before the body's commit is over.
    let fates = |events: &[serde_json::Value]| {
        let of = |kind: &str| events.iter().filter(|event| event["event"] == kind).count();
        (of("message_received"), of("message_duplicate") + of("message_discarded"), of("task_created"))
    };
    let events = world.api.until("/v1/events", "the whole batch", |events| fates(events).0 >= 6).await;
    assert_eq!(fates(&events), (6, 1, 3));
}
