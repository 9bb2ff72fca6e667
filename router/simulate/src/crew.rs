//! The workers: what each has in hand, and how quickly it gets done.

use crate::plan::Plan;

/// A task on its way through the simulation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Job {
    pub(crate) queue: usize,
    pub(crate) arrived: f64,
    /// Work left, in milliseconds at full speed; drawn when it first starts.
    pub(crate) left: f64,
    pub(crate) state: JobState,
    /// How often it started.
    pub(crate) starts: u32,
    /// Tells a use of this place from the one before.
    pub(crate) number: u64,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum JobState {
    Waiting,
    Running(usize),
    Gone,
}

/// A worker.
#[derive(Clone, Debug)]
pub(crate) struct Hand {
    pub(crate) group: usize,
    pub(crate) present: bool,
    pub(crate) jobs: Vec<usize>,
    pub(crate) slots_used: u32,
    /// Up to when the work of his jobs is accounted for.
    pub(crate) since: f64,
    /// Tells the current completion from outdated ones.
    pub(crate) version: u32,
}

impl Hand {
    /// Accounts for the work done since the last change.
    pub(crate) fn advance(&mut self, now: f64, plan: &Plan, jobs: &mut [Job]) {
        if !self.jobs.is_empty() {
            let done = (now - self.since) * plan.groups[self.group].paces[self.jobs.len() - 1];
            for job in &self.jobs {
                jobs[*job].left -= done;
            }
        }
        self.since = now;
    }

    /// When the next of his jobs is done, unless something changes.
    pub(crate) fn next_done(&self, plan: &Plan, jobs: &[Job]) -> Option<f64> {
        let least = self.jobs.iter().map(|job| jobs[*job].left).fold(f64::INFINITY, f64::min);
        let pace = plan.groups[self.group].paces.get(self.jobs.len().checked_sub(1)?)?;
        Some(self.since + least.max(0.0) / pace)
    }

    /// The job that is done first.
    pub(crate) fn first_done(&self, jobs: &[Job]) -> Option<usize> {
        self.jobs.iter().copied().min_by(|one, other| jobs[*one].left.total_cmp(&jobs[*other].left))
    }
}
