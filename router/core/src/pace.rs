//! Some do one kind of work quickly and another slowly: learnt per worker and queue, where people serve several front
//! queues whose waiting costs.
//!
//! What a task costs the other queues he serves counts by his time and not by the mean, and what his slot is worth to them
//! by how quickly he does theirs. So everybody does what he is good at, and helps elsewhere when it pays.

use blendline_wire::QueueId;
use blendline_wire::org::Goal;
use blendline_wire::task::Side;

use crate::desk::Desk;
use crate::rows::{Pace, Task, TaskState, Worker};
use crate::scheduler::{Scheduler, Step};

/// Over how many tasks a worker's time is remembered.
const REMEMBERED: u16 = 400;
/// So many spreads of his mean are not believed: chance makes everybody look quick or slow.
const CHANCE: f64 = 1.0;
/// Who is so many times slower, beside the mean, than at what he is best at only helps. With 1.3 two groups of three
/// or four, each at the other's work 0.6 or 0.7 times as quick, cost up to 2.4 times the exact optimum, for nobody was ever
/// found out to help; with 1.2 at most 1.15 times. Where they are 0.85 or 0.9 times as quick it is 1.16 to 1.57 times with
/// this and 1.11 to 1.38 with 1.3, and with 1.1 chance takes those who are equally quick for helpers.
const HELPS: f64 = 1.2;
/// When somebody turns out only to help, what was learnt of the queue's time counts as much as so many tasks.
const BELIEVED: u32 = 20;
/// Nobody counts as more than so many times as slow or as quick as the mean.
const TIMES: (f64, f64) = (0.1, 10.0);

impl Scheduler {
    /// How many times the mean time of a queue's tasks a worker takes for one.
    pub(crate) fn slowness(&self, desk: &Desk, queue: QueueId) -> f64 {
        let Some(pace) = desk.row.paces.iter().find(|pace| pace.queue == queue) else { return 1.0 };
        let times = f64::from(pace.task_ms) / self.task_ms(queue).max(1) as f64;
        let chance = CHANCE / libm::sqrt(f64::from(pace.tasks.max(1)));
        let believed = if times > 1.0 { (times / (1.0 + chance)).max(1.0) } else { (times * (1.0 + chance)).min(1.0) };
        believed.clamp(TIMES.0, TIMES.1)
    }

    /// Learns from a solved task how quick its worker is, where that is asked. True for one who only helps.
    pub(crate) fn his_time(&mut self, step: &mut Step<'_>, task: &Task) -> bool {
        let TaskState::Closed { worker: Some(worker), .. } = task.state else { return false };
        let several = self.workers.get(&worker).is_some_and(|desk| desk.fronts.len() > 1);
        let goal = self.queues.get(&task.queue).map(|queue| queue.blend.goal);
        if !several || task.side == Side::Back || !matches!(goal, Some(Goal::Cost { .. })) {
            return false;
        }
        let (queue, ms) = (task.queue, task.worked_ms);
        self.edit_worker(step, worker, |row| row.took(queue, ms));
        let Some(desk) = self.workers.get(&worker) else { return false };
        let times = desk.fronts.iter().map(|front| (*front, self.slowness(desk, *front)));
        let best = times.clone().map(|(_, times)| times).fold(f64::INFINITY, f64::min);
        let helps = |queue| times.clone().any(|(front, times)| front == queue && times > best * HELPS);
        let changed: Vec<QueueId> =
            desk.row.paces.iter().filter(|pace| pace.helps != helps(pace.queue)).map(|pace| pace.queue).collect();
        if !changed.is_empty() {
            self.edit_settings(step, worker, |row| {
                for pace in row.paces.iter_mut().filter(|pace| changed.contains(&pace.queue)) {
                    pace.helps = !pace.helps;
                }
            });
            // What was learnt of the queue's time was learnt from others.
            for queue in changed {
                self.edit_learnt(step, queue, |row| row.tasks = row.tasks.min(BELIEVED));
            }
        }
        self.workers
            .get(&worker)
            .is_some_and(|desk| desk.row.paces.iter().any(|pace| pace.queue == queue && pace.helps))
    }
}

impl Worker {
    /// He solved a task of a queue in so long.
    pub(crate) fn took(&mut self, queue: QueueId, ms: u64) {
        let ms = u32::try_from(ms).unwrap_or(u32::MAX);
        match self.paces.iter_mut().find(|pace| pace.queue == queue) {
            Some(pace) => {
                pace.tasks = (pace.tasks + 1).min(REMEMBERED);
                let (mean, parts) = (i64::from(pace.task_ms), i64::from(pace.tasks));
                pace.task_ms = u32::try_from(mean + (i64::from(ms) - mean) / parts).unwrap_or(0);
            }
            None => self.paces.push(Pace { queue, task_ms: ms, tasks: 1, helps: false }),
        }
        let settings = &self.settings;
        self.paces.retain(|pace| settings.queues.binary_search(&pace.queue).is_ok());
    }
}
