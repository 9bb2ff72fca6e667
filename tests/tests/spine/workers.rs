//! One owner at a time, whoever comes late; passing on, asking across the line.

use blendline_tests::config::{Queue, Worker};
use blendline_tests::worker::{done, said};
use blendline_wire::task::{ClockRule, TaskKind};
use blendline_wire::worker::{Author, TargetName, Verdict};

use crate::world::World;

async fn office(what: &str) -> World {
    World::start(what, |it| {
        it.queues.push(Queue::new("refunds", "back"));
        it.workers = vec![
            Worker::new("noa", &["care"], 5),
            Worker::new("dan", &["care"], 5),
            Worker::new("ruth", &["refunds"], 5),
        ];
    })
    .await
}

#[tokio::test]
async fn a_lost_worker_loses_the_task_and_comes_back_fenced() {
    let mut world = office("fenced").await;
    let mut noa = world.hand("noa").await;
    world.say(1, "hello").await;
    let task = noa.task().await;
    noa.reply(task.id, task.lease, "greeting", "one moment").await.unwrap();
    drop(noa); // Gone without a word, as with SIGKILL: the socket just ends.

    let mut dan = world.hand("dan").await;
    let taken = dan.task().await;
    assert_eq!(taken.id, task.id);
    assert!(taken.lease > task.lease, "every ownership has a new number");
    assert!(taken.messages.iter().any(|m| m.from == Author::Worker), "what was said already comes along");

    let mut noa = world.hand("noa").await;
    assert!(noa.owned.is_empty(), "what is not in the welcome is somebody else's");
    let late = noa.settle(&task, done(), vec![said("noa.1", "too late")]).await.unwrap_err();
    assert_eq!((late.status, late.code.as_str()), (409, "fenced"), "{late}");
    assert!(!late.detail.is_empty());

    dan.settle(&taken, done(), vec![said("dan.1", "in time")]).await.unwrap();
    let after = noa.settle(&task, done(), vec![said("noa.2", "far too late")]).await.unwrap_err();
    assert_eq!(after.code, "fenced", "{after}");
    let calls = world.graph.until("both replies", |calls| calls.len() >= 2).await;
    let texts: Vec<&str> = calls.iter().map(|call| call.text()).collect();
    assert_eq!(texts, ["one moment", "in time"]);
}

#[tokio::test]
async fn a_worker_who_comes_back_in_time_keeps_his_task() {
    let mut world = office("resume").await;
    let mut noa = world.hand("noa").await;
    world.say(1, "hello").await;
    let task = noa.task().await;
    drop(noa);
    let mut noa = world.hand("noa").await;
    assert_eq!(noa.owned.iter().map(|t| (t.id, t.lease)).collect::<Vec<_>>(), [(task.id, task.lease)]);
    noa.settle(&task, done(), vec![said("r", "still me")]).await.unwrap();
    world.graph.until("the reply", |calls| calls.len() == 1).await;
}

#[tokio::test]
async fn a_task_is_passed_on_and_a_request_wakes_its_parent_at_the_same_worker() {
    let mut world = office("request").await;
    let (mut noa, mut ruth) = (world.hand("noa").await, world.hand("ruth").await);
    world.say(1, "where is my refund?").await;
    let task = noa.task().await;

    let request = Verdict::Request {
        to: TargetName::Queue("refunds".into()),
        note: "please look up order 4471".to_owned().into(),
        clock: ClockRule::Runs,
    };
    noa.settle(&task, request, vec![said("wait", "I am asking my colleague")]).await.unwrap();
    let child = ruth.task().await;
    assert_eq!((child.kind, child.parent), (TaskKind::Request, Some(task.id)));
    assert_eq!(child.matter, task.matter, "both belong to what the customer wants done");
    assert!(child.messages.iter().any(|m| m.text.as_ref().is_some_and(|t| t.expose().contains("4471"))));
    let mut dan = world.hand("dan").await;
    let answer = Verdict::Done { disposition: "found".into(), note: Some("paid on Monday".to_owned().into()) };
    ruth.settle(&child, answer, vec![]).await.unwrap();

    let woken = noa.task().await;
    assert_eq!(woken.id, task.id, "the answer wakes the parent at the worker who asked");
    let notes = woken.messages.iter().filter(|m| m.from == Author::Note);
    assert!(notes.filter_map(|m| m.text.as_ref()).any(|t| t.expose() == "paid on Monday"), "{:?}", woken.messages);

    // And on to a colleague, who finishes it.
    let transfer = Verdict::Transfer {
        to: TargetName::Worker("dan".into()),
        note: Some("he only wants to hear the day".to_owned().into()),
        cause: None,
    };
    noa.settle(&woken, transfer, vec![]).await.unwrap();
    let passed = dan.task().await;
    assert_eq!(passed.id, task.id);
    dan.settle(&passed, done(), vec![said("r", "on Monday")]).await.unwrap();
    let calls = world.graph.until("both replies", |calls| calls.len() >= 2).await;
    assert_eq!(calls[1].text(), "on Monday");
    assert_eq!(world.count("task_solved").await, 2);
    assert_eq!(world.count("request_answered").await, 1);
}
