//! One connection: tasks, calls and verdicts.

use blendline_wire::outbound::Content;
use blendline_wire::task::WithdrawReason;
use blendline_wire::worker::{ClientFrame, DecisionWish, Reply, ServerFrame, TaskView, Verdict as Outcome};
use blendline_wire::{Lease, TaskId};
use blendline_worker::{BoxError, CallError, Cancelled, Decided, Task, Verdict, Worker, async_trait};

use crate::fake::{Connection, FakeRouter, Running, message, offered, soon, view};

async fn settled(connection: &mut Connection) -> (u64, TaskId, Lease, Outcome, Vec<Reply>) {
    let frame = connection.read().await;
    let ClientFrame::Settle { call, task, lease, verdict, replies, .. } = frame else { panic!("{frame:?}") };
    (call, task, lease, verdict, replies)
}

async fn replied(connection: &mut Connection) -> (u64, Reply) {
    let frame = connection.read().await;
    let ClientFrame::Reply { call, reply, .. } = frame else { panic!("{frame:?}") };
    (call, reply)
}

#[tokio::test]
async fn an_assigned_task_is_worked_and_settled_with_its_replies_in_one_frame() {
    let router = FakeRouter::start().await;
    let mut running = Running::start(router.runtime());
    let mut connection = router.welcomed(vec![]).await;
    connection.assign(view(7, 3)).await;
    let arrival = running.arrival().await;
    assert_eq!(arrival.task.text().expose(), "hello");
    arrival.end.send(Ok(Verdict::done().with_reply(arrival.task.text()).with_reply("bye"))).unwrap();
    let (call, task, lease, verdict, replies) = settled(&mut connection).await;
    assert_eq!((task, lease), (TaskId(7), Lease(3)));
    assert_eq!(verdict, Outcome::Done { disposition: String::new(), note: None });
    assert_eq!(
        replies,
        [
            Reply::new("3.1.v1", Content::Text { text: "hello".into() }),
            Reply::new("3.1.v2", Content::Text { text: "bye".into() }),
        ]
    );
    connection.ok(call).await;
    let summary = running.finish(connection).await;
    assert_eq!((summary.settled, summary.given_back, summary.dropped), (1, 0, 0));
}

#[tokio::test]
async fn a_decision_is_granted_waits_or_is_refused() {
    let router = FakeRouter::start().await;
    let mut running = Running::start(router.runtime());
    let mut connection = router.welcomed(vec![]).await;
    connection.assign(view(7, 3)).await;
    let arrival = running.arrival().await;
    let wish = |minor| DecisionWish {
        key: format!("order-{minor}"),
        action: "credit".into(),
        minor,
        currency: Some("ILS".into()),
        reason: None,
    };
    let mut decide = async |minor, answer: Option<(u16, &str)>| {
        let (task, wish) = (arrival.task.clone(), wish(minor));
        let deciding = tokio::spawn(async move { task.decide(wish).await });
        let frame = connection.read().await;
        let ClientFrame::Decide { call, task, wish } = frame else { panic!("{frame:?}") };
        assert_eq!((task, wish.minor), (TaskId(7), minor));
        match answer {
            None => connection.ok(call).await,
            Some((status, code)) => connection.refuse(call, status, code).await,
        }
        deciding.await.unwrap()
    };
    assert_eq!(decide(1, None).await.unwrap(), Decided::Granted);
    let refused = decide(9, Some((409, "over_limit"))).await.unwrap_err();
    assert!(matches!(refused, CallError::Refused(problem) if problem.code == "over_limit"));
    let Decided::Waiting(verdict) = decide(5, Some((202, "waiting"))).await.unwrap() else { panic!("it was granted") };
    arrival.end.send(Ok(verdict)).unwrap();
    let (call, _, _, verdict, _) = settled(&mut connection).await;
    assert!(matches!(verdict, Outcome::Request { .. }), "{verdict:?}");
    connection.ok(call).await;
    let _ = running.finish(connection).await;
}

#[tokio::test]
async fn what_is_for_the_customer_alone_says_so() {
    let router = FakeRouter::start().await;
    let mut running = Running::start(router.runtime());
    let mut connection = router.welcomed(vec![]).await;
    connection.assign(view(7, 3)).await;
    let arrival = running.arrival().await;
    let task = arrival.task.clone();
    let saying = tokio::spawn(async move { task.reply_privately("your order number?").await });
    let (call, reply) = replied(&mut connection).await;
    assert_eq!((reply.key.as_str(), reply.privately), ("3.1.p1", true));
    connection.ok(call).await;
    saying.await.unwrap().unwrap();
    arrival.end.send(Ok(Verdict::done())).unwrap();
    let (call, ..) = settled(&mut connection).await;
    connection.ok(call).await;
    running.finish(connection).await;
}

#[tokio::test]
async fn an_offer_is_accepted_while_there_is_room_and_declined_when_there_is_none() {
    let router = FakeRouter::start().await;
    let mut running = Running::start(router.runtime().capacity(1));
    let mut connection = router.welcomed(vec![]).await;
    connection.say(ServerFrame::Offer { task: offered(1, 1) }).await;
    let ClientFrame::Accept { call, task, lease } = connection.read().await else { panic!() };
    assert_eq!((task, lease), (TaskId(1), Lease(1)));
    // The acceptance on its way fills the room already.
    connection.say(ServerFrame::Offer { task: offered(2, 1) }).await;
    let frame = connection.read().await;
    assert!(matches!(frame, ClientFrame::Decline { task: TaskId(2), .. }), "{frame:?}");
    connection.ok(call).await;
    let arrival = running.arrival().await;
    arrival.end.send(Ok(Verdict::done())).unwrap();
    let (call, ..) = settled(&mut connection).await;
    connection.ok(call).await;
    let summary = running.finish(connection).await;
    assert_eq!(summary.settled, 1);
}

/// Takes no odd task, and falls over the seventh.
struct Picky;

#[async_trait]
impl Worker for Picky {
    async fn work(&self, _: &Task) -> Result<Verdict, BoxError> {
        Ok(Verdict::done())
    }

    fn declines(&self, offer: &TaskView) -> Option<String> {
        assert_ne!(offer.id, TaskId(7));
        (offer.id.0 % 2 == 1).then(|| "odd".to_owned())
    }
}

#[tokio::test]
async fn a_worker_may_let_an_offer_go() {
    let router = FakeRouter::start().await;
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let runtime = router.runtime().build();
    let running = tokio::spawn(runtime.run(Picky, async { drop(stopped.await) }));
    let mut connection = router.welcomed(vec![offered(1, 1)]).await;
    for (offer, why) in [(None, "odd"), (Some(7), "the worker panicked")] {
        if let Some(offer) = offer {
            connection.say(ServerFrame::Offer { task: offered(offer, 1) }).await;
        }
        let ClientFrame::Decline { call, reason, .. } = connection.read().await else { panic!() };
        assert_eq!(reason, why);
        connection.ok(call).await;
    }
    connection.say(ServerFrame::Offer { task: offered(2, 1) }).await;
    let ClientFrame::Accept { call, .. } = connection.read().await else { panic!() };
    connection.ok(call).await;
    let (call, task, ..) = settled(&mut connection).await;
    assert_eq!(task, TaskId(2));
    connection.ok(call).await;
    stop.send(()).unwrap();
    connection.draining_or_bye().await;
    assert_eq!(running.await.unwrap().unwrap().settled, 1);
}

#[tokio::test]
async fn an_offer_that_was_gone_makes_room_again() {
    let router = FakeRouter::start().await;
    let mut running = Running::start(router.runtime().capacity(1));
    let mut connection = router.welcomed(vec![]).await;
    connection.say(ServerFrame::Offer { task: offered(1, 1) }).await;
    let ClientFrame::Accept { call, .. } = connection.read().await else { panic!() };
    connection.refuse(call, 409, "fenced").await;
    connection.say(ServerFrame::Offer { task: offered(2, 1) }).await;
    let frame = connection.read().await;
    let ClientFrame::Accept { call, task: TaskId(2), .. } = frame else { panic!("{frame:?}") };
    connection.ok(call).await;
    let arrival = running.arrival().await;
    assert_eq!(arrival.task.id(), TaskId(2));
    arrival.end.send(Ok(Verdict::refuse("no"))).unwrap();
    let (call, _, _, verdict, _) = settled(&mut connection).await;
    assert_eq!(verdict, Outcome::Refuse { reason: "no".into() });
    connection.ok(call).await;
    running.finish(connection).await;
}

#[tokio::test]
async fn a_reply_returns_when_it_is_durable_and_a_refusal_is_typed() {
    let router = FakeRouter::start().await;
    let mut running = Running::start(router.runtime());
    let mut connection = router.welcomed(vec![view(1, 5)]).await;
    let arrival = running.arrival().await;

    let task = arrival.task.clone();
    let saying = tokio::spawn(async move { task.reply("one").await });
    let (call, reply) = replied(&mut connection).await;
    assert_eq!(reply.key, "5.1.1");
    assert!(!saying.is_finished(), "the reply returned before its answer");
    connection.ok(call).await;
    assert_eq!(soon("the reply", saying).await.unwrap(), Ok(()));

    // The customer wrote again: what is said now is another message, whatever its number was before.
    connection.say(ServerFrame::Message { task: TaskId(1), lease: Lease(5), message: message(4, "and?") }).await;
    assert_eq!(soon("a message", arrival.task.next_message()).await, Some(message(4, "and?")));
    assert_eq!(arrival.task.text().expose(), "and?");
    let task = arrival.task.clone();
    let saying = tokio::spawn(async move { task.reply("two").await });
    let (call, reply) = replied(&mut connection).await;
    assert_eq!(reply.key, "5.4.1");
    connection.refuse(call, 422, "window_closed").await;
    let Err(CallError::Refused(problem)) = soon("the reply", saying).await.unwrap() else { panic!() };
    assert_eq!(problem.code, "window_closed");

    let task = arrival.task.clone();
    let saying = tokio::spawn(async move { task.reply("three").await });
    let (call, _) = replied(&mut connection).await;
    connection.refuse(call, 409, "fenced").await;
    let fenced = Err(CallError::Fenced { detail: "a detail".into() });
    assert_eq!(soon("the reply", saying).await.unwrap(), fenced);

    arrival.end.send(Ok(Verdict::done())).unwrap();
    let (call, ..) = settled(&mut connection).await;
    connection.ok(call).await;
    running.finish(connection).await;
}

#[tokio::test]
async fn a_busy_router_is_asked_again_under_the_same_key() {
    let router = FakeRouter::start().await;
    let mut running = Running::start(router.runtime());
    let mut connection = router.welcomed(vec![view(1, 5)]).await;
    let arrival = running.arrival().await;
    let saying = tokio::spawn(async move {
        let result = arrival.task.reply("one").await;
        arrival.end.send(Ok(Verdict::done())).unwrap();
        result
    });
    let (call, first) = replied(&mut connection).await;
    connection.refuse(call, 503, "store_down").await;
    let (call, second) = replied(&mut connection).await;
    assert_eq!(first, second);
    connection.ok(call).await;
    assert_eq!(soon("the reply", saying).await.unwrap(), Ok(()));
    let (call, ..) = settled(&mut connection).await;
    connection.ok(call).await;
    running.finish(connection).await;
}

#[tokio::test]
async fn a_late_verdict_is_dropped_and_counted() {
    let router = FakeRouter::start().await;
    let mut running = Running::start(router.runtime());
    let mut connection = router.welcomed(vec![view(1, 1)]).await;
    running.arrival().await.end.send(Ok(Verdict::done())).unwrap();
    let (call, ..) = settled(&mut connection).await;
    connection.refuse(call, 409, "fenced").await;
    let summary = running.finish(connection).await;
    assert_eq!((summary.settled, summary.dropped), (0, 1));
}

#[tokio::test]
async fn a_withdrawn_task_is_cancelled_and_its_verdict_never_leaves() {
    let router = FakeRouter::start().await;
    let mut running = Running::start(router.runtime());
    let mut connection = router.welcomed(vec![view(1, 1)]).await;
    let arrival = running.arrival().await;
    let reason = WithdrawReason::Reassigned;
    // Of another lease: not ours to lose.
    connection.say(ServerFrame::Withdrawn { task: TaskId(1), lease: Lease(0), reason: WithdrawReason::Silent }).await;
    connection.say(ServerFrame::Withdrawn { task: TaskId(1), lease: Lease(1), reason }).await;
    assert_eq!(soon("the cancellation", arrival.task.cancelled()).await, Cancelled::Withdrawn(reason));
    assert_eq!(arrival.task.next_message().await, None);
    let late = arrival.task.reply("too late").await;
    assert!(matches!(late, Err(CallError::Fenced { .. })), "{late:?}");
    arrival.end.send(Ok(Verdict::done())).unwrap();
    // The only frames that still come are those of leaving.
    let summary = running.finish(connection).await;
    assert_eq!((summary.settled, summary.dropped), (0, 1));
}

#[tokio::test]
async fn work_that_ignores_its_cancellation_is_dropped_after_the_grace_time() {
    let router = FakeRouter::start().await;
    let mut running = Running::start(router.runtime().grace(std::time::Duration::ZERO));
    let mut connection = router.welcomed(vec![view(1, 1)]).await;
    let mut arrival = running.arrival().await;
    let reason = WithdrawReason::Silent;
    connection.say(ServerFrame::Withdrawn { task: TaskId(1), lease: Lease(1), reason }).await;
    soon("the end of the work", arrival.end.closed()).await;
    assert_eq!(running.finish(connection).await.dropped, 1);
}

#[tokio::test]
async fn an_error_a_panic_and_a_refused_verdict_give_the_task_back() {
    let router = FakeRouter::start().await;
    let mut running = Running::start(router.runtime());
    let mut connection = router.welcomed(vec![view(1, 1)]).await;
    running.arrival().await.end.send(Err("the till is closed".into())).unwrap();
    let (call, _, _, verdict, _) = settled(&mut connection).await;
    assert_eq!(verdict, Outcome::Refuse { reason: "the till is closed".into() });
    connection.ok(call).await;

    connection.assign(view(2, 1)).await;
    drop(running.arrival().await); // the worker of this test panics on that
    let (call, _, _, verdict, _) = settled(&mut connection).await;
    assert_eq!(verdict, Outcome::Refuse { reason: "the worker panicked".into() });
    connection.ok(call).await;

    connection.assign(view(3, 1)).await;
    running.arrival().await.end.send(Ok(Verdict::transfer_to_queue("no such").with_note("see above"))).unwrap();
    let (call, ..) = settled(&mut connection).await;
    connection.refuse(call, 404, "unknown_queue").await;
    let (call, task, _, verdict, _) = settled(&mut connection).await;
    assert_eq!(task, TaskId(3));
    assert!(matches!(&verdict, Outcome::Refuse { reason } if reason.contains("unknown_queue")), "{verdict:?}");
    connection.ok(call).await;
    let summary = running.finish(connection).await;
    assert_eq!((summary.settled, summary.given_back), (3, 3));
}

#[tokio::test]
async fn a_restarted_program_that_says_it_in_other_words_is_not_told_off() {
    let router = FakeRouter::start().await;
    let mut running = Running::start(router.runtime());
    let mut connection = router.welcomed(vec![view(1, 1)]).await;
    let arrival = running.arrival().await;
    let task = arrival.task.clone();
    let saying = tokio::spawn(async move { (task.reply("one").await, task.reply_with_key("own", "two").await) });
    let (call, _) = replied(&mut connection).await;
    connection.refuse(call, 409, "key_reused").await;
    let (call, reply) = replied(&mut connection).await;
    assert_eq!(reply.key, "own");
    connection.refuse(call, 409, "key_reused").await;
    let (ours, own) = soon("the replies", saying).await.unwrap();
    assert_eq!(ours, Ok(()));
    assert!(matches!(own, Err(CallError::Refused(_))), "a key of the caller's own is the caller's to mind");
    arrival.end.send(Ok(Verdict::done())).unwrap();
    let (call, ..) = settled(&mut connection).await;
    connection.ok(call).await;
    running.finish(connection).await;
}

#[tokio::test]
async fn a_call_too_large_for_the_router_is_refused_here() {
    let router = FakeRouter::start().await;
    let mut running = Running::start(router.runtime());
    let mut connection = router.welcomed(vec![view(1, 1)]).await;
    let arrival = running.arrival().await;
    let Err(CallError::Refused(problem)) = arrival.task.reply("x".repeat(70_000)).await else { panic!() };
    assert_eq!(problem.code, "too_large");
    arrival.end.send(Ok(Verdict::done().with_reply("x".repeat(70_000)))).unwrap();
    let (call, _, _, verdict, replies) = settled(&mut connection).await;
    assert!(matches!(verdict, Outcome::Refuse { .. }) && replies.is_empty(), "{verdict:?}");
    connection.ok(call).await;
    running.finish(connection).await;
}

#[tokio::test]
async fn what_should_change_goes_with_the_verdict_in_one_frame() {
    let router = FakeRouter::start().await;
    let mut running = Running::start(router.runtime());
    let mut connection = router.welcomed(vec![]).await;
    connection.assign(view(7, 3)).await;
    let arrival = running.arrival().await;
    let verdict = Verdict::transfer_to_queue("refunds").should_change("x".repeat(300));
    arrival.end.send(Ok(verdict)).unwrap();
    let frame = connection.read().await;
    let ClientFrame::Settle { call, improve: Some(improve), .. } = frame else { panic!("{frame:?}") };
    assert_eq!(improve.expose().len(), 200, "no work is lost for a long note");
    connection.ok(call).await;
    assert_eq!(running.finish(connection).await.settled, 1);
}
