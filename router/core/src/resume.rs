//! What it costs to take up work again that was put aside: learnt per queue, and weighed before anybody is called away.
//!
//! Where it costs more than a fifth of a task, calling people away brings the back office less than never doing so: with
//! case B03 made interruptible (20 workers, tasks of 4 minutes on both sides) 1.27, 1.04, 0.74 and 0.50 back tasks a minute
//! for costs of 0.5, 1, 2 and 4 minutes, and 1.09 without. Then the queue's work is held back by the reserve like any
//! other, and now and then it is tried again.

use blendline_wire::QueueId;

use crate::learnt::nearer;
use crate::limits;
use crate::rows::{Learnt, Task};
use crate::scheduler::{Scheduler, Step};

/// Until so many tasks were taken up again for good, nobody can say what it costs.
const AFTERS_MIN: u32 = 50;
/// Over how many it is remembered.
const AFTERS_MAX: u32 = 1_000;
/// It costs too much when it costs more than this part of a task.
const PART: u64 = 5;
/// After about so many tasks that nobody was called away from it is tried again.
const TRIED_AGAIN_IN: u64 = 16_384;

impl Scheduler {
    /// How long a task took that is solved; `before_ms` of it until it was taken up for the last time.
    pub(crate) fn task_took(&mut self, step: &mut Step<'_>, task: &Task, before_ms: u64) {
        let (took, last) = (task.worked_ms, task.worked_ms.saturating_sub(before_ms));
        // Whoever is slow at it, the queue's time is that of those whose work it is.
        let took_us = (took.saturating_mul(1_000) as f64 / self.his_time(step, task)) as u64;
        self.edit_learnt(step, task.queue, |row| {
            row.tasks = (row.tasks + 1).min(limits::TASKS_REMEMBERED);
            row.task_us = nearer(row.task_us, took_us, u64::from(row.tasks));
        });
        if !self.queues.get(&task.queue).is_some_and(|queue| queue.interruptible) {
            return;
        }
        let (times, again) = (task.interruptions, task.id.0.is_multiple_of(TRIED_AGAIN_IN));
        self.edit_learnt(step, task.queue, |row| match times {
            0 => {
                row.worked_first(took, 1);
                row.afters = if row.steadfast && again { 0 } else { row.afters };
            }
            limits::INTERRUPTIONS_MAX.. => {
                // Nobody is called away from it any more, so that short rests do not count more than long ones.
                row.afters = (row.afters + 1).min(AFTERS_MAX);
                row.after_us = nearer(row.after_us, last.saturating_mul(1_000), u64::from(row.afters));
            }
            _ => {}
        });
        let Some(row) = self.learnt.get(&task.queue) else { return };
        // Chance makes the mean of so many look larger or smaller: twice its spread is not believed.
        let chance = 2 * row.plain_us() / u64::from(row.afters.isqrt().max(1));
        let dear = row.steadfast || row.resume_us() > row.plain_us() / PART + chance;
        let steadfast = row.afters >= AFTERS_MIN && dear;
        if steadfast != row.steadfast {
            self.edit_learnt(step, task.queue, |row| row.steadfast = steadfast);
            self.look_anew(step);
        }
    }

    /// Somebody is called away for the first time from a task that he worked on for so long.
    pub(crate) fn left_first(&mut self, step: &mut Step<'_>, queue: QueueId, worked_ms: u64) {
        self.edit_learnt(step, queue, |row| row.worked_first(worked_ms, 0));
    }
}

impl Learnt {
    /// A task was worked on until it was solved, or until somebody was called away from it.
    fn worked_first(&mut self, ms: u64, solved: u32) {
        self.first_us = self.first_us.saturating_add(ms.saturating_mul(1_000));
        self.firsts += solved;
        if self.firsts > AFTERS_MAX {
            (self.first_us, self.firsts) = (self.first_us / 2, self.firsts / 2);
        }
    }

    /// The mean time a task takes but for what taking it up again costs, in microseconds: the time that was worked by the
    /// number that was solved in it. Tasks that somebody was called away from count with what they had until then, else
    /// only short ones would.
    pub fn plain_us(&self) -> u64 {
        self.first_us / u64::from(self.firsts.max(1))
    }

    /// What taking a task up again costs, in microseconds: what is left of it then is more than a whole task of the queue
    /// takes. Where times are memoryless that is exact; the steadier they are, the more it is too little.
    pub fn resume_us(&self) -> u64 {
        if self.afters == 0 { 0 } else { self.after_us.saturating_sub(self.plain_us()) }
    }
}
