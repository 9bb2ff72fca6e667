//! Front queues whose waiting costs and that all the same workers serve: what waits there competes for the same slots.
//!
//! Where all are as quick at each of them, best is what is known as the cµ rule (Cox & Smith 1961): always what costs most
//! for the time it takes. The queues by themselves do not see that; but the dearest, the two dearest and so on are each like
//! one queue that has all the slots, in which a time of waiting work costs what the last of them costs more than the next.
//! What a start brings is then the sum over these. Where each is at home at one queue and slow at the others, that is far
//! off, and what the queues are worth by themselves is near; between the two both count, in part.
//!
//! With two queues and two groups of 2 to 5, each at home at one of them and mostly 0.5 to 1 times as quick at the other's
//! work, at 50 to 93 per cent load, the cost is at most 1.05 times the exact optimum in 21 of 25 cases where nothing is known
//! at first, and 1.06 to 1.08 in three. Farthest off, with 1.22, is one where both groups are slow at the dearer queue and
//! hardly anything is free.

use blendline_wire::org::{Goal, QueueSettings, WEIGHT_UNIT};
use blendline_wire::{QueueId, TenantId, WorkerId};

use crate::desk::{Desk, Pool};
use crate::learnt::HOUR_MS;
use crate::pace::HELPS_POOLED;
use crate::policy::worth::{Line, Worth};
use crate::price::Waits;
use crate::rows::Pace;
use crate::scheduler::Scheduler;

/// Who is by this part quicker at one queue's work than at another's, beyond what makes a helper, looks at what the queues
/// are worth by themselves only; between that and nothing both count.
const APART: f64 = 0.5;
/// How many times dearer a slot is to the dearer queues: they are reckoned as if all were as quick as those at home.
const DEARER: f64 = 1.5;

/// Beyond so many tasks everybody's time counts the same, whoever does most of them.
const PACES_BELIEVED: u16 = 16;

/// Those who serve a front queue whose waiting costs, and are ready (derived).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Served {
    /// The same for two queues where the same workers are, and else hardly ever.
    whose: u64,
    /// What they can carry, in units of the weights.
    pub(crate) slots: u64,
    /// How much of it is free.
    free: u64,
    /// The times they take for its tasks, in milliseconds, each as often as it is believed.
    paces_ms: u64,
    /// How often that is together.
    paces: u64,
}

impl Served {
    /// The mean time that somebody of them takes for a task, in milliseconds.
    pub(crate) fn pace_ms(&self) -> f64 {
        self.paces_ms as f64 / self.paces.max(1) as f64
    }
}

/// Queues that the same workers serve, the dearest first, by what a time of work costs that waits.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Pooled {
    levels: Vec<Level>,
}

/// A queue among them, and what it is worth together with all dearer ones.
#[derive(Clone, Debug, PartialEq)]
struct Level {
    queue: QueueId,
    /// The work that one of its tasks is: slots times milliseconds.
    work_ms: f64,
    /// The same in the mean of all these.
    mean_ms: f64,
    worth: Worth,
}

/// What is reckoned of a queue before its place among the others is known.
struct Known {
    queue: QueueId,
    whose: u64,
    slots: f64,
    work_ms: f64,
    offered: f64,
    free: f64,
    /// What a time of work costs that waits.
    cost: f64,
}

/// Each bit of a worker's number moves half of all bits, so that sums over different workers differ (the finaliser of
/// SplitMix64).
const fn mixed(worker: WorkerId) -> u64 {
    let mut word = worker.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
    word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    word ^ (word >> 31)
}

impl Scheduler {
    /// What a worker brings to the queues he serves changes, as far as waiting costs there.
    pub(crate) fn server_counts(&mut self, id: WorkerId, after: &Pool, before: &Pool) {
        let Some(desk) = self.workers.get(&id) else { return };
        for queue in desk.fronts.iter().filter(|queue| costs(self.queues.get(queue))) {
            let served = self.served.or_default(*queue);
            let times = u64::from(after.workers).wrapping_sub(before.workers.into());
            served.whose = served.whose.wrapping_add(mixed(id).wrapping_mul(times));
            served.slots = served.slots + after.slots - before.slots;
            served.free = served.free + after.free - before.free;
            let pace = desk.row.pace(*queue).map(believed).unwrap_or_default();
            served.paces_ms = served.paces_ms.wrapping_add(pace.0.wrapping_mul(times));
            served.paces = served.paces.wrapping_add(pace.1.wrapping_mul(times));
            if *served == Served::default() {
                self.served.remove(queue);
            }
        }
    }

    /// The time that a worker takes for a queue's tasks counts among those of the others, or does not any more.
    pub(crate) fn pace_counts(&mut self, id: WorkerId, queue: QueueId, counts: bool) {
        // He may have begun the task before he served other queues.
        let Some(desk) = self.workers.get(&id) else { return };
        if desk.part.is_none() || !desk.fronts.contains(&queue) {
            return;
        }
        let Some((ms, times)) = desk.row.pace(queue).map(believed) else { return };
        let Some(served) = self.served.get_mut(&queue) else { return };
        let change = |sum: u64, by: u64| if counts { sum.wrapping_add(by) } else { sum.wrapping_sub(by) };
        (served.paces_ms, served.paces) = (change(served.paces_ms, ms), change(served.paces, times));
    }

    /// Finds anew which of a tenant's queues the same workers serve, and what they are worth together.
    pub(crate) fn pool_queues(&mut self, id: TenantId) {
        let Some(tenant) = self.tenants.get(&id) else { return };
        let mut known: Vec<Known> = tenant.fronts.iter().filter_map(|queue| self.known(*queue)).collect();
        known.sort_by(|one, other| {
            one.whose.cmp(&other.whose).then(other.cost.total_cmp(&one.cost)).then(one.queue.cmp(&other.queue))
        });
        let of_same = known.chunk_by(|one, other| one.whose == other.whose).filter(|those| those.len() > 1);
        let pooled = of_same.map(|those| Pooled { levels: levels(those, &tenant.pooled) }).collect();
        if let Some(tenant) = self.tenants.get_mut(&id) {
            tenant.pooled = pooled;
        }
    }

    /// What its worth was last reckoned from, for a queue whose waiting costs.
    fn known(&self, queue: QueueId) -> Option<Known> {
        let (settings, row) = (self.queues.get(&queue)?, self.learnt.get(&queue)?);
        let served = self.served.get(&queue).filter(|served| served.slots > 0)?;
        let Goal::Cost { hour_milli } = settings.blend.goal else { return None };
        let unit = f64::from(WEIGHT_UNIT);
        let work_ms = row.reckoned.task_ms as f64 * f64::from(settings.task_weight) / unit;
        let offered = row.reckoned.offered_micro as f64 / 1e6;
        (work_ms > 0.0 && offered > 0.0).then(|| Known {
            queue,
            whose: served.whose,
            slots: served.slots as f64 / unit,
            work_ms,
            offered,
            free: row.reckoned.free_milli as f64 / 1_000.0,
            cost: hour_milli as f64 / HOUR_MS / work_ms,
        })
    }

    /// What it brings that a worker starts a task of a queue where waiting costs: what that spares the queue, less what it
    /// costs others. `alone` says it by what the queues are worth by themselves.
    pub(crate) fn gain(&self, desk: &Desk, queue: &QueueSettings, waits: Waits, alone: impl FnOnce() -> f64) -> f64 {
        let Some(pooled) = self.pooled_with(queue) else { return alone() };
        let paces = pooled.levels.iter().map(|level| self.lag(desk, level.queue));
        let (best, worst) = paces.fold((f64::INFINITY, 0.0), |(best, worst), pace| (pace.min(best), pace.max(worst)));
        let part = (1.0 - (1.0 - (best * HELPS_POOLED / worst).min(1.0)) / APART).max(0.0);
        let together = || part * self.gain_together(desk, queue.id, waits, pooled, best);
        match part {
            0.0 => alone(),
            1.0 => together(),
            _ => together() + (1.0 - part) * alone(),
        }
    }

    /// The queues that the same workers serve as this one.
    pub(crate) fn pooled_with(&self, queue: &QueueSettings) -> Option<&Pooled> {
        let tenant = self.tenants.get(&queue.tenant)?;
        tenant.pooled.iter().find(|pooled| pooled.levels.iter().any(|level| level.queue == queue.id))
    }

    /// What a start brings by what these queues are worth together, for a worker who is so slow at what he is best at.
    fn gain_together(&self, desk: &Desk, queue: QueueId, waits: Waits, pooled: &Pooled, best: f64) -> f64 {
        let free = self.served.get(&queue).map_or(0, |served| served.free / u64::from(WEIGHT_UNIT)) as usize;
        let Some(own) = pooled.levels.iter().find(|level| level.queue == queue) else { return 0.0 };
        let slower = self.lag(desk, queue) / best;
        let (mut waits_ms, mut gain, mut among) = (0.0, 0.0, false);
        // To those among whose work it is the slot does its work, for however long: all of these tasks count alike there.
        for level in &pooled.levels {
            among |= level.queue == queue;
            let waiting =
                if level.queue == queue { self.waiting(queue) } else { waits.of(|| self.waiting(level.queue)) };
            waits_ms += waiting as f64 * level.work_ms;
            let waiting = libm::round(waits_ms / level.mean_ms) as usize;
            gain += if among {
                let slow_ms = own.work_ms * (slower - 1.0);
                let waiting = waiting.max(1);
                level.worth.spared(waiting) - level.worth.taken(free, waiting - 1, slow_ms)
            } else {
                -level.worth.taken(free, waiting, own.work_ms * slower) * DEARER
            };
        }
        let pool = |front: &QueueId| pooled.levels.iter().any(|level| level.queue == *front);
        let others = desk.homes.iter().filter(|front| !pool(front));
        let work_ms = own.work_ms * self.slowness(desk, queue);
        gain - others.map(|front| self.price_of_slot(*front, waits, work_ms) / self.slowness(desk, *front)).sum::<f64>()
    }
}

/// A worker's time for a queue's tasks as often as it is believed, and how often that is: who did little says little.
fn believed(pace: &Pace) -> (u64, u64) {
    let times = u64::from(pace.tasks.min(PACES_BELIEVED));
    (u64::from(pace.task_ms) * times, times)
}

/// Whether waiting costs in a front queue.
pub(crate) fn costs(queue: Option<&QueueSettings>) -> bool {
    queue.is_some_and(|queue| matches!(queue.blend.goal, Goal::Cost { .. }))
}

/// What queues are worth together that the same workers serve, the dearest first; as they were known before where nothing
/// changed.
fn levels(those: &[Known], before: &[Pooled]) -> Vec<Level> {
    let (mut offered, mut per_ms, mut free) = (0.0, 0.0, f64::INFINITY);
    let known = |queue| before.iter().flat_map(|pooled| &pooled.levels).find(|level| level.queue == queue);
    let level = |(at, one): (usize, &Known)| {
        offered += one.offered;
        per_ms += one.offered / one.work_ms;
        free = one.free.min(free);
        let mean_ms = offered / per_ms;
        let next = those.get(at + 1).map_or(0.0, |next| next.cost);
        let cost = (one.cost - next) * mean_ms;
        let worth =
            Worth::new(&Line { slots: one.slots, others: 0.0, offered, task_ms: mean_ms, cost, free, help: 0.0 });
        let worth =
            known(one.queue).map(|level| &level.worth).filter(|known| **known == worth).cloned().unwrap_or(worth);
        Level { queue: one.queue, work_ms: one.work_ms, mean_ms, worth }
    };
    those.iter().enumerate().map(level).collect()
}
