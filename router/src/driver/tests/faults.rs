//! What breaks: commits, owners, connections, the program.

use blendline_core::Answer;
use blendline_wire::SessionId;
use blendline_wire::broker::BrokerMessage;
use blendline_wire::event::EventKind;
use blendline_wire::outbound::{SendFailure, SendOutcome, SendResult};
use blendline_wire::worker::ServerFrame;
use tokio::time::{Duration, Instant};

use super::world::*;
use crate::driver::Status;
use crate::fakes::Fault;
use crate::handle::{Call, CallError, Request, Verdict};
use crate::ports::broker::outbound_queue;

#[tokio::test(start_paused = true)]
async fn a_commit_of_unknown_outcome_is_made_once() {
    let world = World::new().await;
    let mut dana = world.attach(DANA, 1).await;
    dana.welcome().await;
    world.store.record().faults.extend([Fault::Before, Fault::After, Fault::Before]);
    world.webhook(vec![said("m1", "972")]).await;
    dana.assigned().await;
    world.taken_in().await;
    assert_eq!(world.events(|kind| matches!(kind, EventKind::TaskCreated { .. })), 1);
    let numbers: Vec<_> = world.store.record().events.iter().map(|event| event.id.0).collect();
    assert!(numbers.windows(2).all(|pair| pair[0] < pair[1]), "{numbers:?}");
}

#[tokio::test(start_paused = true)]
async fn a_store_that_stays_away_costs_a_reload_and_nothing_else() {
    let mut world = World::new().await;
    let mut dana = world.attach(DANA, 1).await;
    dana.welcome().await;
    let mut status = world.driver.as_ref().unwrap().status();
    world.store.record().down = true;
    world.webhook(vec![said("m1", "972")]).await;
    status.wait_for(|status| matches!(status, Status::Standby { .. })).await.unwrap();
    assert_eq!(dana.frame().await, ServerFrame::Goodbye { reason: "drain".into(), at: None });
    let refused = dana.touch(blendline_wire::TaskId(1), blendline_wire::Lease(1)).await;
    assert!(matches!(refused, Err(CallError::Unavailable(_))), "{refused:?}");
    world.store.record().down = false;
    world.driver.as_mut().unwrap().ready().await.unwrap();
    world.taken_in().await;
    assert_eq!(world.events(|kind| matches!(kind, EventKind::TaskCreated { .. })), 1);
    let mut again = world.attach(DANA, 2).await;
    let had = again.welcome().await.len();
    if had == 0 {
        again.assigned().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_fenced_owner_stops_at_once() {
    let world = World::new().await;
    let mut dana = world.attach(DANA, 1).await;
    dana.welcome().await;
    world.webhook(vec![said("m1", "972")]).await;
    let task = dana.assigned().await;
    let mut status = world.driver.as_ref().unwrap().status();
    world.store.fence();
    let before = world.store.record().events.len();
    let answer = dana.done(&task, vec![reply("r1", "hello")]).await;
    assert!(matches!(answer, Err(CallError::Unavailable(_))), "{answer:?}");
    assert_eq!(dana.frame().await, ServerFrame::Goodbye { reason: "drain".into(), at: None });
    status.wait_for(|status| *status != Status::Serving { epoch: 1 }).await.unwrap();
    assert!(
        !world.store.record().events[before..].iter().any(|event| matches!(event.kind, EventKind::TaskSolved { .. }))
    );
}

#[tokio::test(start_paused = true)]
async fn what_was_committed_and_not_released_is_handed_over_by_the_next_start() {
    let mut world = World::new().await;
    let mut dana = world.attach(DANA, 1).await;
    dana.welcome().await;
    world.webhook(vec![said("m1", "972")]).await;
    let task = dana.assigned().await;
    *world.broker.refuses.lock().unwrap() = Some(outbound_queue(0));
    dana.reply(&task, "r1", "hello").await.unwrap();
    world.crash();
    assert!(world.broker.waiting(&outbound_queue(0)).is_empty());
    *world.broker.refuses.lock().unwrap() = None;
    world.start().await;
    let mut again = world.attach(DANA, 2).await;
    assert_eq!(again.welcome().await[0].id, task.id, "what was his is his");
    assert_eq!(again.reply(&task, "r1", "hello").await, Ok(Answer::Said(2)));
    assert_eq!(world.broker.waiting(&outbound_queue(0)).len(), 1);
    assert_eq!(world.store.record().outbound.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_task_is_shown_with_all_that_was_said_or_not_at_all() {
    let world = World::new().await;
    let mut dana = world.attach(DANA, 1).await;
    dana.welcome().await;
    world.webhook(vec![said("m1", "972")]).await;
    let task = dana.assigned().await;
    world.webhook(vec![said("m2", "972")]).await;
    assert!(matches!(dana.frame().await, ServerFrame::Message { .. }));
    // She answers before she has read it, so it is hers again; only her own words are in the batch that gives it to her.
    world.store.record().unreadable = true;
    let verdict = Verdict::Done { disposition: "answered".into(), note: None };
    let replies = vec![reply("r1", "hello")];
    let call =
        Call::Settle { worker: DANA, task: task.id, lease: task.lease, verdict, replies, seen: Some(1), improve: None };
    dana.call(call).await.unwrap();
    assert_eq!(dana.frame().await, ServerFrame::Goodbye { reason: "unread".into(), at: None });
    let mut again = world.attach(DANA, 2).await;
    assert_eq!(again.frame().await, ServerFrame::Goodbye { reason: "unread".into(), at: None });
    world.store.record().unreadable = false;
    let mut again = world.attach(DANA, 3).await;
    let tasks = again.welcome().await;
    let places: Vec<u64> = tasks[0].messages.iter().map(|message| message.seq).collect();
    assert_eq!((tasks.len(), places), (1, vec![1, 2, 3]));
}

#[tokio::test(start_paused = true)]
async fn a_worker_who_does_not_come_back_is_lost_after_the_grace_time() {
    let world = World::new().await;
    let mut dana = world.attach(DANA, 1).await;
    dana.welcome().await;
    world.webhook(vec![said("m1", "972")]).await;
    let task = dana.assigned().await;
    let mut omar = world.attach(OMAR, 2).await;
    omar.welcome().await;
    let gone = Instant::now();
    world.handle().send(Request::Gone { worker: DANA, session: SessionId(1) }).await.unwrap();
    let heard = Request::Heard { worker: OMAR, session: SessionId(2) };
    tokio::time::sleep(Duration::from_secs(10)).await;
    world.handle().send(heard).await.unwrap();
    let taken = omar.assigned().await;
    assert_eq!(taken.id, task.id);
    assert!(taken.lease > task.lease);
    let after = gone.elapsed();
    assert!(after >= Duration::from_secs(15) && after < Duration::from_secs(16), "{after:?}");
}

#[tokio::test(start_paused = true)]
async fn a_worker_who_comes_back_in_time_loses_nothing() {
    let world = World::new().await;
    let mut dana = world.attach(DANA, 1).await;
    dana.welcome().await;
    world.webhook(vec![said("m1", "972")]).await;
    let task = dana.assigned().await;
    world.handle().send(Request::Gone { worker: DANA, session: SessionId(1) }).await.unwrap();
    tokio::time::sleep(Duration::from_secs(14)).await;
    let mut again = world.attach(DANA, 3).await;
    let tasks = again.welcome().await;
    assert_eq!((tasks[0].id, tasks[0].lease), (task.id, task.lease));
    assert_eq!(tasks[0].messages.len(), 1);
    for _ in 0..10 {
        tokio::time::sleep(Duration::from_secs(5)).await;
        world.handle().send(Request::Heard { worker: DANA, session: again.session }).await.unwrap();
    }
    assert_eq!(world.events(|kind| matches!(kind, EventKind::WorkerLost)), 0);
    assert!(again.touch(task.id, task.lease).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_worker_reads_why_his_words_were_not_sent() {
    let world = World::new().await;
    let mut dana = world.attach(DANA, 1).await;
    dana.welcome().await;
    world.webhook(vec![said("m1", "972")]).await;
    let task = dana.assigned().await;
    dana.reply(&task, "r1", "hello").await.unwrap();
    let id = world.store.until("outbound", |record| record.outbound.keys().next().copied()).await;
    let cause = SendFailure::new("window_closed", "send a template");
    let result = SendResult { id, attempt: 1, outcome: SendOutcome::Failed { cause }, to: None, private: None };
    world.inbound(BrokerMessage::SendResultV1(result).encode(&[])).await;
    match dana.frame().await {
        ServerFrame::ReplyStatus { status, detail, .. } => {
            assert_eq!((status.as_str(), detail.as_deref()), ("failed", Some("window_closed: send a template")));
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn stopping_commits_what_is_at_hand_and_says_goodbye() {
    let mut world = World::new().await;
    let mut dana = world.attach(DANA, 1).await;
    dana.welcome().await;
    world.webhook(vec![said("m1", "972")]).await;
    let task = dana.assigned().await;
    let handle = world.handle();
    let call = dana.reply(&task, "r1", "hello");
    let (answer, ()) = tokio::join!(call, world.driver.take().unwrap().stop());
    assert_eq!(answer, Ok(Answer::Said(2)));
    assert_eq!(dana.frame().await, ServerFrame::Goodbye { reason: "drain".into(), at: None });
    assert_eq!(world.broker.waiting(&outbound_queue(0)).len(), 1);
    assert!(handle.look(|core| core.open_tasks()).await.is_err());
}
