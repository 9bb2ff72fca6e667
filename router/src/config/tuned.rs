//! Settings of queues and workers, from keys over defaults.

use blendline_wire::org::{Blend, Burden, Goal, QueueSettings, WorkerSettings};
use blendline_wire::task::Side;
use blendline_wire::{QueueId, TenantId, WorkerId};

use super::check::{Checked, given};
use super::file::{Defaults, QueueTuning, WorkerTuning};

/// What a queue is like where nothing else is said of it.
pub(super) fn queue_defaults(defaults: &Defaults, below: &Defaults) -> Checked<QueueSettings> {
    let tuning = defaults.queue.or(&below.queue);
    let goal_percent: u32 = given("queue.goal_percent", tuning.goal_percent)?;
    let share_window_ms = given("queue.protected_window_ms", tuning.protected_window_ms)?;
    let goal = Goal::Within { per_mille: goal_percent.saturating_mul(10) };
    queue_settings(Side::Front, &tuning, Blend { goal, share_window_ms, ..Blend::default() })
}

/// A queue as its keys have it, with these defaults below them.
pub(super) fn queue_settings(side: Side, tuning: &QueueTuning, blend: Blend) -> Checked<QueueSettings> {
    let never_at_zero = |ms: u64| (0 < ms).then_some(ms);
    Ok(QueueSettings {
        id: QueueId(0),
        tenant: TenantId(0),
        unit: None,
        side,
        target_ms: given("queue.target_ms", tuning.target_ms)?,
        weight_milli: given("queue.weight_milli", tuning.weight_milli)?,
        task_weight: given("queue.task_weight", tuning.task_weight)?,
        waiting_weight_percent: given("queue.waiting_weight_percent", tuning.waiting_weight_percent)?,
        offer_ms: given("queue.offer_ms", tuning.offer_ms)?,
        wrap_up_ms: given("queue.wrap_up_ms", tuning.wrap_up_ms)?,
        remind_ms: never_at_zero(given("queue.remind_ms", tuning.remind_ms)?),
        take_back_ms: never_at_zero(given("queue.take_back_ms", tuning.take_back_ms)?),
        supervisor_ms: never_at_zero(given("queue.supervisor_ms", tuning.supervisor_ms)?),
        calendar: None,
        interruptible: given("queue.interruptible", tuning.interruptible)?,
        tasks_max: given("queue.tasks_max", tuning.tasks_max)?,
        blend,
        planned: Vec::new(),
    })
}

/// A worker as his keys have it, likewise.
pub(super) fn worker_settings(tuning: &WorkerTuning) -> Checked<WorkerSettings> {
    Ok(WorkerSettings {
        id: WorkerId(0),
        tenant: TenantId(0),
        unit: None,
        group: None,
        capacity: given("worker.capacity", tuning.capacity)?,
        skills: Vec::new(),
        queues: Vec::new(),
        accept: given("worker.accept", tuning.accept)?,
        stand_in: None,
        paces_milli: Vec::new(),
        weights: Vec::new(),
        burden: Burden {
            run_max: given("worker.run_max", tuning.run_max)?,
            breath_ms: given("worker.breath_ms", tuning.breath_ms)?,
            abuse_pause_ms: given("worker.abuse_pause_ms", tuning.abuse_pause_ms)?,
            cost: given("worker.cost", tuning.cost)?,
        },
    })
}
