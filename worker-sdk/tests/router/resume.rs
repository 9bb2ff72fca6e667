//! A cut connection: nothing lost, nothing doubled.

use blendline_wire::worker::{ClientFrame, TaskView, Verdict as Outcome};
use blendline_wire::{Lease, TaskId};
use blendline_worker::{Cancelled, Verdict};

use crate::fake::{FakeRouter, Running, message, offered, soon, view};

#[tokio::test]
async fn the_routers_list_decides_what_goes_on() {
    let router = FakeRouter::start().await;
    let mut running = Running::start(router.runtime());
    let connection = router.welcomed(vec![view(1, 1), view(2, 1), view(3, 1)]).await;
    let (same, missing, older) = (running.arrival().await, running.arrival().await, running.arrival().await);
    assert_eq!((same.task.id(), missing.task.id(), older.task.id()), (TaskId(1), TaskId(2), TaskId(3)));
    drop(connection);

    let listed = TaskView { messages: vec![message(1, "hello"), message(2, "meanwhile")], ..view(1, 1) };
    let mut connection = router.welcomed(vec![listed, view(3, 2), view(4, 1), offered(5, 1)]).await;
    // Same task and lease: it goes on, and hears what was said meanwhile, once.
    assert_eq!(soon("a message", same.task.next_message()).await, Some(message(2, "meanwhile")));
    assert_eq!(same.task.is_cancelled(), None);
    assert_eq!(same.task.messages().len(), 2);
    // Not in the list, or under another lease: it is not ours.
    assert_eq!(soon("the cancellation", missing.task.cancelled()).await, Cancelled::Fenced);
    assert_eq!(soon("the cancellation", older.task.cancelled()).await, Cancelled::Fenced);
    // Listed and unknown: it is started, or accepted first.
    let (newer, unknown) = (running.arrival().await, running.arrival().await);
    assert_eq!((newer.task.id(), newer.task.lease()), (TaskId(3), Lease(2)));
    assert_eq!(unknown.task.id(), TaskId(4));
    let frame = connection.read().await;
    let ClientFrame::Accept { call, task: TaskId(5), .. } = frame else { panic!("{frame:?}") };
    connection.ok(call).await;
    let accepted = running.arrival().await;

    // Verdicts on what is not ours are dropped; every other one leaves once.
    for end in [missing.end, older.end, same.end, newer.end, unknown.end, accepted.end] {
        end.send(Ok(Verdict::done())).unwrap();
    }
    let mut settled = Vec::new();
    for _ in 0..4 {
        let frame = connection.read().await;
        let ClientFrame::Settle { call, task, lease, .. } = frame else { panic!("{frame:?}") };
        settled.push((task.0, lease.0));
        connection.ok(call).await;
    }
    settled.sort_unstable();
    assert_eq!(settled, [(1, 1), (3, 2), (4, 1), (5, 1)]);
    let summary = running.finish(connection).await;
    assert_eq!((summary.settled, summary.dropped), (4, 2));
}

#[tokio::test]
async fn a_call_that_was_cut_is_repeated_under_the_same_key() {
    let router = FakeRouter::start().await;
    let mut running = Running::start(router.runtime());
    let mut connection = router.welcomed(vec![view(1, 9)]).await;
    let arrival = running.arrival().await;
    let task = arrival.task.clone();
    let saying = tokio::spawn(async move { task.reply("one").await });
    let first = connection.read().await;
    drop(connection);
    let mut connection = router.welcomed(vec![view(1, 9)]).await;
    let second = connection.read().await;
    assert_eq!(first, second);
    let ClientFrame::Reply { call, reply, .. } = second else { panic!("{second:?}") };
    assert_eq!(reply.key, "9.1.1");
    connection.ok(call).await;
    assert_eq!(soon("the reply", saying).await.unwrap(), Ok(()));
    arrival.end.send(Ok(Verdict::done())).unwrap();
    let ClientFrame::Settle { call, .. } = connection.read().await else { panic!() };
    connection.ok(call).await;
    running.finish(connection).await;
}

#[tokio::test]
async fn a_settlement_whose_answer_was_lost_is_said_again_though_the_task_is_not_listed() {
    let router = FakeRouter::start().await;
    let mut running = Running::start(router.runtime());
    let mut connection = router.welcomed(vec![view(1, 1)]).await;
    running.arrival().await.end.send(Ok(Verdict::done().with_reply("bye"))).unwrap();
    let first = connection.read().await;
    drop(connection);
    let mut connection = router.welcomed(vec![]).await;
    let second = connection.read().await;
    assert_eq!(first, second);
    let ClientFrame::Settle { call, verdict: Outcome::Done { .. }, .. } = second else { panic!("{second:?}") };
    connection.ok(call).await;
    let summary = running.finish(connection).await;
    assert_eq!((summary.settled, summary.dropped), (1, 0));
}

#[tokio::test]
async fn calls_made_while_there_is_no_connection_wait_for_the_next() {
    let router = FakeRouter::start().await;
    let mut running = Running::start(router.runtime());
    let mut connection = router.welcomed(vec![view(1, 1)]).await;
    let arrival = running.arrival().await;
    connection.goodbye("drain").await;
    let (mut next, _) = router.connection().await;
    // Connected, not yet welcomed: what is said now is kept.
    arrival.end.send(Ok(Verdict::done())).unwrap();
    next.welcome(crate::fake::QUIET_MS, vec![view(1, 1)]).await;
    let frame = next.read().await;
    let ClientFrame::Settle { call, .. } = frame else { panic!("{frame:?}") };
    next.ok(call).await;
    assert_eq!(running.finish(next).await.settled, 1);
}

#[tokio::test]
async fn an_acceptance_that_was_cut_follows_the_list() {
    let router = FakeRouter::start().await;
    let mut running = Running::start(router.runtime().capacity(2));
    let mut connection = router.welcomed(vec![offered(1, 1), offered(2, 1)]).await;
    for _ in 0..2 {
        let frame = connection.read().await;
        assert!(matches!(frame, ClientFrame::Accept { .. }), "{frame:?}");
    }
    drop(connection);
    // The first acceptance took effect, the second came too late.
    let mut connection = router.welcomed(vec![view(1, 1)]).await;
    let arrival = running.arrival().await;
    assert_eq!(arrival.task.id(), TaskId(1));
    arrival.end.send(Ok(Verdict::done())).unwrap();
    let frame = connection.read().await;
    let ClientFrame::Settle { call, task: TaskId(1), .. } = frame else { panic!("{frame:?}") };
    connection.ok(call).await;
    let summary = running.finish(connection).await;
    assert_eq!((summary.settled, summary.dropped), (1, 0));
}
