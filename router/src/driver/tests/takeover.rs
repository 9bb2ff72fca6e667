//! Owners that follow each other, and the workers that the next one misses.

use blendline_wire::event::EventKind;
use blendline_wire::worker::TaskView;
use tokio::time::{Duration, Instant, sleep};

use super::world::*;

/// Dana has a task, and her owner ends as in a crash. Gives the task, and since when the next owner misses her.
async fn missed() -> (World, TaskView, Instant) {
    let mut world = World::new().await;
    let mut dana = world.attach(DANA, 1).await;
    dana.welcome().await;
    world.webhook(vec![said("m1", "972")]).await;
    let task = dana.assigned().await;
    world.crash();
    world.start().await;
    (world, task, Instant::now())
}

/// A message moves the record's time on to now, and the next owner takes over.
async fn taken_over(world: &mut World, message: &str) {
    world.webhook(vec![said(message, message)]).await;
    world.taken_in().await;
    world.crash();
    world.start().await;
}

/// Waits until a worker is lost.
async fn lost(world: &World) {
    let is_lost = |kind: &EventKind| matches!(kind, EventKind::WorkerLost);
    world.store.until("a loss", |record| record.events.iter().any(|event| is_lost(&event.kind)).then_some(())).await;
}

/// Lets `seconds` pass, while this worker says that he is there.
async fn stays(worker: &Connection, seconds: u64) {
    for _ in 0..seconds {
        worker.heard().await;
        sleep(Duration::from_secs(1)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn who_is_missed_is_waited_for_once_however_often_owners_change() {
    let (mut world, task, since) = missed().await;
    sleep(Duration::from_secs(20)).await;
    taken_over(&mut world, "m2").await;
    let mut omar = world.attach(OMAR, 2).await;
    assert!(omar.welcome().await.is_empty());
    let taken = omar.assigned().await;
    let after = since.elapsed();
    assert_eq!(taken.id, task.id);
    assert!(after >= Duration::from_secs(30) && after < Duration::from_secs(31), "{after:?}");
}

#[tokio::test(start_paused = true)]
async fn who_comes_back_to_the_second_owner_in_time_keeps_his_task() {
    let (mut world, task, since) = missed().await;
    sleep(Duration::from_secs(20)).await;
    taken_over(&mut world, "m2").await;
    let mut omar = world.attach(OMAR, 2).await;
    omar.welcome().await;
    stays(&omar, 9).await;
    let mut dana = world.attach(DANA, 3).await;
    assert!(since.elapsed() < Duration::from_secs(30));
    let had = dana.welcome().await;
    assert_eq!((had[0].id, had[0].lease), (task.id, task.lease));
    stays(&dana, 60).await;
    assert_eq!(world.store.record().tasks[&task.id].state.owner(), Some(DANA));
}

#[tokio::test(start_paused = true)]
async fn who_connected_since_is_waited_for_anew() {
    let (mut world, _, _) = missed().await;
    let mut dana = world.attach(DANA, 3).await;
    dana.welcome().await;
    stays(&dana, 29).await;
    taken_over(&mut world, "m2").await;
    let since = Instant::now();
    lost(&world).await;
    let after = since.elapsed();
    assert!(after >= Duration::from_secs(30) && after < Duration::from_secs(31), "{after:?}");
}

#[tokio::test(start_paused = true)]
async fn however_late_an_owner_comes_there_is_time_to_connect() {
    let (mut world, _, _) = missed().await;
    sleep(Duration::from_secs(29)).await;
    taken_over(&mut world, "m2").await;
    let since = Instant::now();
    lost(&world).await;
    let after = since.elapsed();
    assert!(after >= Duration::from_secs(5) && after < Duration::from_secs(6), "{after:?}");
}
