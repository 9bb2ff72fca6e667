//! The program ends, in order or not, and goes on where it was.

use blendline_tests::config::{WORKER_KEY, Worker as Settings};
use blendline_tests::worker::{done, said};
use blendline_worker::{AcceptMode, BoxError, Runtime, Task, Verdict, Worker, async_trait};

use crate::world::World;

struct Echo;

#[async_trait]
impl Worker for Echo {
    async fn work(&self, task: &Task) -> Result<Verdict, BoxError> {
        Ok(Verdict::done().with_reply(task.text()))
    }
}

#[tokio::test]
async fn a_restart_with_an_idle_worker_goes_on_by_itself() {
    let mut world = World::start("idle", |it| it.workers = vec![Settings::new("echo", &["care"], 10)]).await;
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let runtime = Runtime::builder(format!("http://{}", world.router.addr), WORKER_KEY)
        .name("echo")
        .accept(AcceptMode::Auto)
        .build();
    let worker = tokio::spawn(async move { runtime.run(Echo, async { drop(stopped.await) }).await });
    world.say(1, "before").await;
    world.graph.until("the first reply", |calls| calls.len() == 1).await;

    let status = world.router.stop().await;
    assert!(status.success(), "SIGTERM must end in order, not with {status}");
    world.router.start_again().await;
    world.say(1, "after").await;
    let calls = world.graph.until("the second reply", |calls| calls.len() == 2).await;
    assert_eq!(calls[1].text(), "after");

    world.router.kill().await;
    world.router.start_again().await;
    world.say(2, "after a kill").await;
    let calls = world.graph.until("the third reply", |calls| calls.len() == 3).await;
    assert_eq!(calls[2].text(), "after a kill");
    stop.send(()).unwrap();
    worker.await.unwrap().expect("the worker drains in order");
}

#[tokio::test]
async fn a_killed_router_knows_who_has_what() {
    let mut world = World::start("killed", |it| {
        it.grace_ms = 20_000;
        it.workers = vec![Settings::new("noa", &["care"], 10)];
    })
    .await;
    let mut noa = world.hand("noa").await;
    world.say(1, "hello").await;
    let task = noa.task().await;
    world.say(2, "and me").await;
    let other = noa.task().await;
    world.router.kill().await;
    world.router.start_again().await;

    let mut noa = world.hand("noa").await;
    let mut owned: Vec<_> = noa.owned.iter().map(|t| (t.id, t.lease)).collect();
    owned.sort();
    assert_eq!(owned, [(task.id, task.lease), (other.id, other.lease)]);
    noa.settle(&task, done(), vec![said("r", "here I am again")]).await.unwrap();
    world.graph.until("the reply", |calls| calls.len() == 1).await;
}
