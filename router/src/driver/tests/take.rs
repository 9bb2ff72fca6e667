//! Work that is taken from a list: by who may, once, and by nobody else.

use blendline_core::Command;
use blendline_wire::event::EventKind;
use blendline_wire::task::{Presence, Target};

use super::world::*;
use crate::handle::{Call, CallError};
use crate::take::NotTaken;

async fn busy(world: &World, who: blendline_wire::WorkerId, session: u64) -> Connection {
    let mut connection = world.attach(who, session).await;
    connection.welcome().await;
    let presence = Command::Presence { worker: who, presence: Presence::Busy, reason: "reading".into() };
    connection.call(Call::Plain(presence)).await.unwrap();
    connection
}

#[tokio::test(start_paused = true)]
async fn a_waiting_task_is_taken_once_by_who_may() {
    let world = World::new().await;
    let mut dana = busy(&world, DANA, 1).await;
    let omar = busy(&world, OMAR, 2).await;
    world.webhook((0..7).map(|at| said(&format!("m{at}"), &format!("97{at}"))).collect()).await;
    world.taken_in().await;
    let tasks: Vec<_> = world.store.record().tasks.keys().copied().collect();
    let take = |worker, task| Call::Take { worker, task };
    for task in &tasks[..5] {
        dana.call(take(DANA, *task)).await.unwrap();
        assert_eq!(dana.assigned().await.id, *task);
    }
    let refused = |why| Err(CallError::NotTaken(why));
    assert_eq!(omar.call(take(OMAR, tasks[0])).await, refused(NotTaken::NotWaiting), "nobody takes what another has");
    assert_eq!(dana.call(take(DANA, tasks[5])).await, refused(NotTaken::NoRoom));
    omar.call(Call::Plain(Command::Presence { worker: OMAR, presence: Presence::Away, reason: "lunch".into() }))
        .await
        .unwrap();
    assert_eq!(omar.call(take(OMAR, tasks[5])).await, refused(NotTaken::NotThere));
    let moved = |kind: &EventKind| matches!(kind, EventKind::TaskTransferred { from: None, to: Target::Worker(DANA) });
    assert_eq!(world.events(moved), 5);
}

#[tokio::test(start_paused = true)]
async fn queues_and_skills_are_asked_for() {
    let mut directory = directory();
    for setting in &mut directory.settings {
        match setting {
            blendline_core::input::Settings::Worker(worker) if worker.id == DANA => worker.queues = vec![BACK],
            _ => {}
        }
    }
    if let Some(entry) = directory.accounts.get_mut(&ACCOUNT) {
        entry.class.needs = vec![blendline_wire::task::SkillNeed { skill: blendline_wire::SkillId(1), level: 2 }];
    }
    let world = World::of(directory, 0).await;
    let (dana, omar) = (busy(&world, DANA, 1).await, busy(&world, OMAR, 2).await);
    world.webhook(vec![said("m1", "972")]).await;
    world.taken_in().await;
    let task = *world.store.record().tasks.keys().next().unwrap();
    let refused = |why| Err(CallError::NotTaken(why));
    assert_eq!(dana.call(Call::Take { worker: DANA, task }).await, refused(NotTaken::NotYourQueue));
    assert_eq!(omar.call(Call::Take { worker: OMAR, task }).await, refused(NotTaken::NotYourSkill));
}
