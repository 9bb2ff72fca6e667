//! What is asked for again is not done again.

use blendline_core::Answer;
use blendline_core::input::Class;
use blendline_wire::Lease;
use blendline_wire::event::{Actor, EventKind};

use super::world::*;
use crate::handle::{Call, CallError};

#[tokio::test(start_paused = true)]
async fn a_reply_said_again_is_one_message_and_other_words_are_refused() {
    let world = World::new().await;
    let mut dana = world.attach(DANA, 1).await;
    dana.welcome().await;
    world.webhook(vec![said("m1", "972")]).await;
    let task = dana.assigned().await;
    let (first, again) = tokio::join!(dana.reply(&task, "r1", "hello"), dana.reply(&task, "r1", "hello"));
    assert_eq!((first, again), (Ok(Answer::Said(2)), Ok(Answer::Said(2))));
    assert_eq!(dana.reply(&task, "r1", "hello").await, Ok(Answer::Said(2)));
    assert_eq!(dana.reply(&task, "r1", "other words").await, Err(CallError::KeyReused));
    let twice = vec![reply("r2", "a"), reply("r2", "b")];
    assert_eq!(dana.done(&task, twice).await, Err(CallError::KeyReused));
    dana.done(&task, vec![reply("r1", "hello"), reply("r2", "bye")]).await.unwrap();
    assert_eq!(world.store.record().outbound.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_late_worker_learns_what_happened() {
    let world = World::new().await;
    let mut dana = world.attach(DANA, 1).await;
    dana.welcome().await;
    world.webhook(vec![said("m1", "972")]).await;
    let task = dana.assigned().await;
    assert_eq!(dana.done(&task, vec![reply("r1", "hello")]).await, Ok(Answer::Done));
    assert_eq!(dana.done(&task, vec![reply("r1", "hello")]).await, Ok(Answer::Done), "the same again is done already");
    let closed = CallError::Closed { how: "solved", worker: Some(DANA), lease: task.lease };
    assert_eq!(dana.touch(task.id, task.lease).await, Err(closed.clone()));
    assert_eq!(dana.reply(&task, "r9", "too late").await, Err(closed.clone()));
    let older = blendline_wire::worker::TaskView { lease: Lease(task.lease.0 - 1), ..task };
    assert_eq!(dana.done(&older, vec![]).await, Err(closed));
    assert_eq!(world.store.record().outbound.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn solved_and_spoken_to_in_one_batch_is_the_same_conversation_again() {
    let world = World::new().await;
    let mut dana = world.attach(DANA, 1).await;
    dana.welcome().await;
    world.webhook(vec![said("m1", "972")]).await;
    let task = dana.assigned().await;
    let before = world.store.record().journal.len();
    let (done, ()) = tokio::join!(dana.done(&task, vec![]), world.webhook(vec![said("m2", "972")]));
    done.unwrap();
    world.taken_in().await;
    {
        let record = world.store.record();
        assert_eq!(record.journal.len(), before + 1, "one batch");
        assert!(record.journal[before].find("Settle").unwrap() < record.journal[before].find("Message").unwrap());
        assert_eq!(record.conversations.len(), 1);
    }
    assert_eq!(world.events(|kind| matches!(kind, EventKind::ConversationReopened { denied: false })), 1);
    let again = dana.assigned().await;
    assert_eq!(again.messages.len(), 2, "the earlier words are shown");
}

#[tokio::test(start_paused = true)]
async fn an_item_pushed_again_is_the_same_task() {
    let world = World::new().await;
    let push = |title: &str| Call::Push {
        tenant: TENANT,
        class: Class { queue: BACK, ..Class::default() },
        by_rules: false,
        origin: Box::default(),
        external_ref: "order-7".into(),
        title: title.into(),
        text: Some("the parcel is lost".into()),
        fields: Default::default(),
        conversation: None,
    };
    let handle = world.handle();
    let first = handle.call(Actor::Integrator, push("Refund")).await.unwrap();
    let Answer::Task(id) = first else { panic!("{first:?}") };
    assert_eq!(handle.call(Actor::Integrator, push("Refund")).await.unwrap(), Answer::Known(id));
    let mut dana = world.attach(DANA, 1).await;
    dana.welcome().await;
    let task = dana.assigned().await;
    assert_eq!(task.id, id);
    assert_eq!(task.title.unwrap().expose(), "Refund");
    assert_eq!(task.messages.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_conversation_that_a_worker_begins_is_begun_once() {
    let world = World::new().await;
    let mut dana = world.attach(DANA, 1).await;
    dana.welcome().await;
    let start = |text: &str| Call::Start {
        worker: DANA,
        account: ACCOUNT,
        to: "972".into(),
        queue: QUEUE,
        subject: None,
        purpose: "service".into(),
        reply: reply("s1", text),
    };
    let first = dana.call(start("hello")).await.unwrap();
    assert!(matches!(first, Answer::Conversation(..)));
    assert_eq!(dana.call(start("hello")).await.unwrap(), first);
    assert_eq!(dana.call(start("other")).await, Err(CallError::KeyReused));
    world.webhook(vec![said("m1", "972")]).await;
    world.taken_in().await;
    assert_eq!(world.store.record().conversations.len(), 1, "the answer joins it");
}

#[tokio::test(start_paused = true)]
async fn a_contact_that_is_logged_again_under_its_key_is_one() {
    let world = World::new().await;
    let mut dana = world.attach(DANA, 1).await;
    dana.welcome().await;
    let log = |key: Option<&str>| Call::Log {
        worker: DANA,
        queue: QUEUE,
        medium: "call".into(),
        duration_ms: 60_000,
        note: "asked about opening hours".into(),
        key: key.map(str::to_owned),
    };
    let (first, again) = tokio::join!(dana.call(log(Some("k1"))), dana.call(log(Some("k1"))));
    let Ok(Answer::Task(id)) = first else { panic!("{first:?}") };
    assert_eq!(again, Ok(Answer::Known(id)));
    assert_eq!(dana.call(log(Some("k1"))).await, Ok(Answer::Known(id)));
    for key in [Some("k2"), None, None] {
        let other = dana.call(log(key)).await;
        assert!(matches!(other, Ok(Answer::Task(other)) if other != id), "{other:?}");
    }
    assert_eq!(world.store.record().tasks.len(), 4);
}
