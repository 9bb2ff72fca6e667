//! What a queue weighs when front and back compete for the same workers.

use std::collections::BTreeMap;

use blendline_wire::org::{Blend, Goal};
use blendline_wire::task::Side;

use super::check::{Checked, given};
use super::checked::CheckedQueue;
use super::error::Source;
use super::file::{QueueFile, QueueTuning, WorkerFile};

/// No window of a promise is longer: a week.
const WINDOW_MS_MAX: u64 = 7 * 24 * 3_600_000;

/// A queue's goal, and the part of its workers' hours that it is promised.
pub(super) fn of(source: &Source<'_>, queue: &QueueFile, tuning: &QueueTuning) -> Checked<Blend> {
    let goal_percent = given("queue.goal_percent", tuning.goal_percent)?;
    let protected_percent = given("queue.protected_percent", tuning.protected_percent)?;
    let window_ms = given("queue.protected_window_ms", tuning.protected_window_ms)?;
    let refused = |message: String, hint: &str| Err(source.error(queue.name.span(), message, hint));
    if !(1..=99).contains(&goal_percent) {
        let hint = "give 1 to 99; no number of free workers makes sure of all";
        return refused(format!("goal_percent is {goal_percent}"), hint);
    }
    if 100 < protected_percent {
        return refused(format!("protected_percent is {protected_percent}"), "give 0 to 100");
    }
    if queue.side == Side::Front && protected_percent > 0 {
        return refused(
            "protected_percent is set on a front queue".into(),
            "it is for back queues; a front queue has its goal_percent",
        );
    }
    if !(60_000..=WINDOW_MS_MAX).contains(&window_ms) {
        return refused(
            format!("protected_window_ms is {window_ms}"),
            "give a minute (60_000) to a week (604_800_000)",
        );
    }
    Ok(Blend {
        goal: Goal::Within { per_mille: goal_percent * 10 },
        share_milli: protected_percent * 10,
        share_window_ms: window_ms,
        ..Blend::default()
    })
}

/// Nobody's hours can be promised twice.
pub(super) fn promises_fit(source: &Source<'_>, workers: &[WorkerFile], queues: &[CheckedQueue]) -> Checked<()> {
    let shares: BTreeMap<&str, u32> =
        queues.iter().map(|queue| (queue.name.as_str(), queue.settings.blend.share_milli / 10)).collect();
    for worker in workers {
        let his = worker.queues.iter().filter_map(|queue| shares.get(queue.get_ref().as_str()));
        let promised: u32 = his.sum();
        if promised > 100 {
            let message = format!("{promised} per cent of his hours are promised");
            let hint = "lower protected_percent of the queues he serves, to 100 in all at most";
            return Err(source.error(worker.name.span(), message, hint));
        }
    }
    Ok(())
}
