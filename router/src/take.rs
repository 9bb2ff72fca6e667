//! Whether a worker may take a task from a list: what the scheduler asks when it chooses somebody, asked by himself.

use blendline_core::Scheduler;
use blendline_core::rows::{Task, TaskState};
use blendline_wire::task::Presence;
use blendline_wire::{Millis, WorkerId};
use serde::Serialize;
use utoipa::ToSchema;

use crate::driver::reviewers::KEPT;

/// What is in his way.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = NotTaken)]
pub enum NotTaken {
    /// Somebody has it, is offered it, or it was put aside.
    NotWaiting,
    /// It waits for one worker, and that is somebody else.
    ForAnother,
    /// He does not serve its queue.
    NotYourQueue,
    /// It takes a skill that he does not have, or not well enough.
    NotYourSkill,
    /// He let it go a moment ago, by hand or by time.
    LetGo,
    /// Its queue is closed now.
    Closed,
    /// It takes more than he has room for.
    NoRoom,
    /// He has no connection, or takes no work.
    NotThere,
}

impl NotTaken {
    /// What a caller is told.
    pub const fn says(self) -> &'static str {
        match self {
            Self::NotWaiting => "the task does not wait any more: look again",
            Self::ForAnother => "the task waits for another worker",
            Self::NotYourQueue => "the worker does not serve the task's queue",
            Self::NotYourSkill => "the task takes a skill that the worker does not have",
            Self::LetGo => "the worker let the task go a moment ago: it is for others first",
            Self::Closed => "the task's queue is closed now",
            Self::NoRoom => "the worker has no room for it: something must be finished first",
            Self::NotThere => "the worker has no connection, or is away: only who is there takes work",
        }
    }
}

/// What keeps this worker from taking this task now; `None`: nothing.
pub fn in_the_way(core: &Scheduler, now: Millis, id: WorkerId, task: &Task) -> Option<NotTaken> {
    if task.state != TaskState::Waiting {
        return Some(NotTaken::NotWaiting);
    }
    if task.directed.is_some_and(|(other, _)| other != id) {
        return Some(NotTaken::ForAnother);
    }
    let there = core.worker(id).filter(|worker| worker.settings.tenant == task.tenant && worker.session.is_some());
    let Some(worker) = there.filter(|worker| matches!(worker.presence, Presence::Ready | Presence::Busy)) else {
        return Some(NotTaken::NotThere);
    };
    if !worker.settings.queues.contains(&task.queue) {
        return Some(NotTaken::NotYourQueue);
    }
    // What is kept from the line is not kept from whoever may have it: who may not is refused where he takes it.
    let needs: Vec<_> = task.needs.iter().filter(|need| **need != KEPT).copied().collect();
    if !worker.settings.has_skills(&needs) {
        return Some(NotTaken::NotYourSkill);
    }
    if task.declined.iter().any(|(who, until)| *who == id && now < *until) {
        return Some(NotTaken::LetGo);
    }
    if core.opens_at(task.queue, now).is_some() {
        return Some(NotTaken::Closed);
    }
    let weight = core.queue(task.queue).map_or(0, |queue| worker.settings.weight_of(task.channel, queue.task_weight));
    (worker.capacity < core.load_of(id).saturating_add(weight)).then_some(NotTaken::NoRoom)
}
