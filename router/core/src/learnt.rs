//! What is learnt about queues while work goes on, and the reserve that follows from it.

use blendline_wire::org::{Goal, QueueSettings, TenantSettings, WEIGHT_UNIT};
use blendline_wire::task::Side;
use blendline_wire::{Millis, QueueId, WorkerId};

use crate::desk::{Desk, Pool};
use crate::dues::{Deadline, Due};
use crate::limits;
use crate::lines::Lines;
use crate::policy;
use crate::policy::rate::COUNT_MAX;
use crate::policy::reserve::{self, Harm};
use crate::pooled::costs;
use crate::rows::Learnt;
use crate::scheduler::{Scheduler, Step};

/// Prices are kept in so many parts of a natural logarithm.
const PRICE_UNIT: f64 = 1e6;
/// A wait of so many targets counts no more than that: one forgotten task must not rule the day.
const WAIT_MAX: f64 = 40.0;
/// Over how many counts it is told how many slots front work keeps busy.
const BUSY_REMEMBERED: u64 = 256;
/// Work that keeps fewer slots busy than this has no reserve.
const SELDOM: f64 = 0.02;
/// Over how many tasks it is told how many are late of late.
const LATENESS_REMEMBERED: u32 = 400;
/// How much less a step the mean wait is given than lateness: its spread is larger, and it forgets more slowly.
const WAIT_CALM: f64 = 0.06;

/// What a task came to that nobody had before.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Heard {
    /// Its target is over while it waits.
    Late,
    /// It has a worker, or left.
    Had {
        /// After how long.
        waited_ms: u64,
        /// Its target was over before.
        missed: bool,
    },
}

impl Scheduler {
    /// Changes what is learnt about a queue; the deadline of its count follows.
    pub(crate) fn edit_learnt(&mut self, step: &mut Step<'_>, queue: QueueId, change: impl FnOnce(&mut Learnt)) {
        let row = self.learnt.or_insert_with(queue, || Learnt::new(queue));
        let before = row.count_until;
        change(row);
        if before != row.count_until {
            self.index.dues.remove(&Deadline::new(before, Due::Count(queue)));
            if row.count_until != Millis::MAX {
                self.index.dues.insert(Deadline::new(row.count_until, Due::Count(queue)));
            }
        }
        step.todo.dirty_learnt.insert(queue);
    }

    /// True while a front queue may keep back work from somebody who could do it.
    pub(crate) fn is_holding(&self, front: QueueId) -> bool {
        self.learnt.get(&front).is_some_and(|row| row.holding)
    }

    /// Notes whether a front queue may keep back work from somebody who could do it.
    pub(crate) fn set_holding(&mut self, step: &mut Step<'_>, front: QueueId, holding: bool) {
        if self.is_holding(front) != holding {
            self.edit_learnt(step, front, |row| row.holding = holding);
            let tenant = self.queues.get(&front).and_then(|queue| self.tenants.get_mut(&queue.tenant));
            tenant.into_iter().for_each(|tenant| tenant.notes_holding(front, holding));
        }
    }

    /// A task came to a queue. What comes to the front line is what the reserve is for.
    pub(crate) fn task_came(&mut self, step: &mut Step<'_>, queue: QueueId, side: Side) {
        if side == Side::Back {
            return;
        }
        let now = step.now;
        let asleep = self.learnt.get(&queue).is_none_or(|row| row.count_until == Millis::MAX);
        if asleep {
            // The quiet time is one long count; a new one begins with this task.
            self.end_count(step, queue);
        }
        self.edit_learnt(step, queue, |row| row.seen = row.seen.saturating_add(1));
        if self.learnt.get(&queue).is_some_and(|row| row.seen >= COUNT_MAX && row.count_since < now) {
            self.end_count(step, queue);
        }
    }

    /// A count ended: the rate is told, the reserve follows.
    pub(crate) fn end_count(&mut self, step: &mut Step<'_>, queue: QueueId) {
        let now = step.now;
        let floor = self.reserve_floor_milli(queue);
        let pool = self.pools.get(&queue).copied().unwrap_or_default();
        let busy = (pool.slots - pool.free).saturating_sub(pool.back) * 1_000 / u64::from(WEIGHT_UNIT);
        let held = costs(self.queues.get(&queue)) && self.waiting(queue) > 0;
        let quiet = self.learnt.get(&queue).is_some_and(|row| row.seen == 0);
        self.edit_learnt(step, queue, |row| {
            let first = row.count_since == Millis(0);
            let ms = now.since(row.count_since);
            if !first {
                row.rate.observe(row.seen, ms);
                let samples = u64::from(row.rate.counts).min(BUSY_REMEMBERED);
                row.busy_milli = nearer(row.busy_milli, busy, samples);
            }
            (row.seen, row.count_since) = (0, now);
            // Who hears nothing and keeps nothing free needs no clock.
            let asleep = quiet && !first && !held && row.level_milli <= floor;
            row.count_until = if asleep { Millis::MAX } else { now.plus(row.rate.count_ms()) };
        });
        self.set_level(step, queue);
        if held {
            // What did not pay may pay now.
            let heads =
                self.index.lines.get(&queue).into_iter().flat_map(Lines::buckets).flat_map(|(_, heads)| heads.iter());
            step.todo.fresh.extend(heads.map(|head| head.waiting.task));
        }
        // Where nothing happens, a draw that went against back work must not stand.
        if quiet && let Some(settings) = self.queues.get(&queue) {
            self.meta.seed = policy::draw(self.meta.seed).1;
            step.todo.slack.insert(settings.tenant);
        }
    }

    /// What a task that nobody had before came to: its first worker, a missed target, its leaving. Each task counts once.
    pub(crate) fn task_heard(&mut self, step: &mut Step<'_>, queue: QueueId, heard: Heard) {
        let Some(settings) = self.queues.get(&queue).filter(|queue| queue.side == Side::Front) else { return };
        let harm = match (settings.blend.goal, heard) {
            (Goal::Within { per_mille }, Heard::Late | Heard::Had { missed: false, .. }) => {
                let late = if heard == Heard::Late { 1.0 } else { 0.0 };
                late - (1.0 - f64::from(per_mille.min(1_000)) / 1_000.0)
            }
            (Goal::MeanWait, Heard::Had { waited_ms, .. }) => {
                ((waited_ms as f64 / settings.target_ms.max(1) as f64).min(WAIT_MAX) - 1.0) * WAIT_CALM
            }
            _ => return,
        };
        let goal = settings.blend.goal;
        let weight_milli = |late| match goal {
            Goal::Within { per_mille } => policy::weight_milli(late, 1_000_u32.saturating_sub(per_mille) * 1_000),
            Goal::MeanWait | Goal::Cost { .. } => 1_000,
        };
        let slots = self.pools.get(&queue).map_or(0, |pool| pool.slots * 1_000 / u64::from(WEIGHT_UNIT));
        let late = if heard == Heard::Late { 1_000_000 } else { 0 };
        let now = step.now;
        self.edit_learnt(step, queue, |row| {
            let bound = if now < row.overtaken_until {
                reserve::Bound::Overtaken
            } else if slots > 0 && row.level_milli >= slots {
                reserve::Bound::AllKept
            } else {
                reserve::Bound::Free
            };
            let offset = reserve::learn(row.price_micro as f64 / PRICE_UNIT, harm, row.heard, bound);
            row.price_micro = (offset * PRICE_UNIT) as i64;
            row.heard = row.heard.saturating_add(1);
            let moved = nearer(row.late_micro.into(), late, u64::from(row.heard.min(LATENESS_REMEMBERED)));
            row.late_micro = u32::try_from(moved).unwrap_or(u32::MAX);
            row.weight_milli = weight_milli(row.late_micro);
        });
    }

    /// A worker was given a back task: those who count on him for the front line note how long such work takes, and that
    /// theirs was overtaken where it is late.
    pub(crate) fn task_bound(&mut self, step: &mut Step<'_>, worker: WorkerId, queue: QueueId, side: Side, late: bool) {
        if side == Side::Front {
            return;
        }
        let ms = self.task_ms(queue);
        let worth = self.queues.get(&queue).map_or(0, |queue| u64::from(queue.blend.worth_milli));
        let fronts = self.workers.get(&worker).map(|desk| desk.homes.clone()).unwrap_or_default();
        for front in fronts.iter().copied() {
            let known = self.learnt.get(&front).map(|row| (row.back_ms, row.back_worth_milli, row.overtaken_until));
            let (known_ms, known_worth, overtaken) = known.unwrap_or_default();
            let means = match known_ms {
                0 => (ms, worth),
                _ => (nearer(known_ms, ms, 50), nearer(known_worth.into(), worth, 50)),
            };
            let means = (means.0, u32::try_from(means.1).unwrap_or(u32::MAX));
            // What is late after a task of its own would have ended there has another cause.
            let for_ms = ms.min(self.task_ms(front));
            let until = step.now.plus(for_ms);
            // An eighth more or less of it is not worth a row.
            let until = if late && until.since(overtaken) > for_ms / 8 { until } else { overtaken };
            if (means.0, means.1, until) != (known_ms, known_worth, overtaken) {
                self.edit_learnt(step, front, |row| {
                    (row.back_ms, row.back_worth_milli, row.overtaken_until) = (means.0, means.1, until);
                });
            }
        }
    }

    /// The mean time of a queue's tasks, as far as it is known, in milliseconds.
    pub(crate) fn task_ms(&self, queue: QueueId) -> u64 {
        let row = self.learnt.get(&queue);
        // The guess counts as much as one task.
        row.map_or(limits::TASK_MS_GUESSED, |row| {
            nearer(row.task_us / 1_000, limits::TASK_MS_GUESSED, 1 + u64::from(row.tasks))
        })
    }

    /// The slots of those who serve a front queue that work of other queues keeps busy, in thousandths, when so many of its
    /// tasks come in a millisecond.
    pub(crate) fn others_milli(&self, queue: QueueId, per_ms: f64) -> u64 {
        let (Some(row), Some(settings)) = (self.learnt.get(&queue), self.queues.get(&queue)) else { return 0 };
        // Where they serve no other front queue there is nothing to find out.
        if self.pools.get(&queue).is_none_or(|pool| pool.shared == 0) {
            return 0;
        }
        let own = per_ms * self.task_ms(queue) as f64 * f64::from(settings.task_weight) / f64::from(WEIGHT_UNIT);
        row.busy_milli.saturating_sub((own * 1_000.0) as u64)
    }

    /// What a front queue's reserve is reckoned from when so many of its tasks come in a millisecond; `None` where nothing
    /// came yet.
    fn reckoning(&self, queue: QueueId, per_ms: f64) -> Option<reserve::Pool> {
        let (row, settings) = (self.learnt.get(&queue)?, self.queues.get(&queue)?);
        let pool = self.pools.get(&queue)?;
        let front_ms = self.task_ms(queue) as f64;
        let unit = f64::from(WEIGHT_UNIT);
        // What comes so seldom is over; else a queue of which nobody hears any more would keep its clock for ever.
        if per_ms * front_ms < SELDOM {
            return None;
        }
        let others = self.others_milli(queue, per_ms) as f64 / 1_000.0;
        let busy = |per_ms: f64| per_ms * front_ms * f64::from(settings.task_weight.max(1)) / unit + others;
        let back_ms = if row.back_ms == 0 { front_ms } else { row.back_ms as f64 };
        let harm = harm_of(settings);
        let learnt = |allowed| reserve::Price::Learnt {
            allowed,
            offset: row.price_micro as f64 / PRICE_UNIT,
            restless: row.rate.restless(),
            usual: busy(row.rate.usual_per_ms()),
        };
        let price = match settings.blend.goal {
            // What other queues' work suffers is for those to reckon.
            Goal::Cost { hour_milli } => {
                let all = busy(per_ms);
                let part = (1.0 - others / all).max(0.01);
                let hour = hour_milli as f64 / f64::from(row.back_worth_milli.max(1));
                reserve::Price::Set(libm::log((hour * part * back_ms / front_ms).max(1e-9)))
            }
            Goal::MeanWait => learnt(1.0),
            Goal::Within { per_mille } => learnt(1.0 - f64::from(per_mille.min(1_000)) / 1_000.0),
        };
        let offered = busy(per_ms);
        Some(reserve::Pool { slots: pool.slots as f64 / unit, offered, front_ms, back_ms, harm, price })
    }

    /// Reckons a queue's worth and its reserve anew; back work may start where the reserve fell.
    pub(crate) fn set_level(&mut self, step: &mut Step<'_>, queue: QueueId) {
        let Some(per_ms) = self.learnt.get(&queue).map(|row| row.rate.per_ms()) else { return };
        self.reckon_worth(step, queue, per_ms);
        let Some(row) = self.learnt.get(&queue) else { return };
        let before = (row.level_milli, row.running_milli, row.expected_milli);
        let milli = |value: f64| (value * 1_000.0) as i64;
        let (level, running, expected) = self.reckoning(queue, per_ms).map_or((0, 0, 0), |pool| {
            let level = reserve::level(&pool);
            let weight = reserve::weight_of_back(pool.front_ms, pool.back_ms);
            let expected = (pool.slots - level - pool.offered).max(0.0);
            ((level * 1_000.0) as u64, milli(weight - 1.0), milli(expected))
        });
        if level > self.reserve_floor_milli(queue) {
            self.keep_counting(step, queue);
        }
        if (level, running, expected) == before {
            return;
        }
        self.edit_learnt(step, queue, |row| {
            (row.level_milli, row.running_milli, row.expected_milli) = (level, running, expected);
        });
        if let Some(settings) = self.queues.get(&queue) {
            step.todo.slack.insert(settings.tenant);
        }
    }

    /// Whoever keeps slots free must find out when nothing comes any more, though the clock of his counts had stopped.
    pub(crate) fn keep_counting(&mut self, step: &mut Step<'_>, queue: QueueId) {
        let now = step.now;
        if self.learnt.get(&queue).is_some_and(|row| row.count_until == Millis::MAX) {
            self.edit_learnt(step, queue, |row| row.count_until = now.plus(row.rate.count_ms()));
        }
    }

    /// How many front slots of a queue its tenant wants free whatever is learnt, in thousandths.
    fn reserve_floor_milli(&self, queue: QueueId) -> u64 {
        let tenant = self.queues.get(&queue).and_then(|queue| self.tenants.get(&queue.tenant));
        tenant.map_or(0, |tenant| tenant.settings.reserve_milli)
    }

    /// How many front slots of a queue back work must leave free now, in thousandths.
    pub fn reserve_milli(&self, queue: QueueId) -> u64 {
        let tenant = self.queues.get(&queue).and_then(|queue| self.tenants.get(&queue.tenant));
        tenant.map_or(0, |tenant| self.reserve_of(&tenant.settings, queue, self.pools.get(&queue)))
    }

    /// The same where what it follows from is at hand.
    fn reserve_of(&self, tenant: &TenantSettings, queue: QueueId, pool: Option<&Pool>) -> u64 {
        let floor = tenant.reserve_milli;
        let most = tenant.reserve_max_milli.unwrap_or(u64::MAX).max(floor);
        let Some(row) = self.learnt.get(&queue).filter(|row| floor < row.level_milli && floor < most) else {
            return floor;
        };
        // Where nobody does anything, no estimate can say that all are needed: work goes on, one task at a time.
        let Some(pool) = pool.filter(|pool| pool.free < pool.slots) else { return floor };
        let milli = |weight: u64| i64::try_from(weight * 1_000 / u64::from(WEIGHT_UNIT)).unwrap_or(i64::MAX);
        let more =
            row.running_milli.saturating_mul(milli(pool.back - pool.soft).saturating_sub(row.expected_milli)) / 1_000;
        let level = i64::try_from(row.level_milli).unwrap_or(i64::MAX).saturating_add(more).min(milli(pool.slots));
        u64::try_from(level).unwrap_or(0).clamp(floor, most)
    }

    /// What work of a queue takes now; `hard` if it was put aside as often as may be.
    pub(crate) fn taking(&self, now: Millis, queue: &QueueSettings, hard: bool) -> Taking {
        Taking {
            taken: queue.task_weight,
            interruptible: queue.interruptible && !hard && !self.rules().is_steadfast(queue.id),
            owed: self.is_owed(now, queue),
        }
    }

    /// The same for one worker: it may be owed by his group.
    pub(crate) fn taking_of(&self, now: Millis, queue: &QueueSettings, hard: bool, desk: &Desk) -> Taking {
        let taking = self.taking(now, queue, hard);
        Taking { owed: taking.owed || self.is_owed_by_group(now, desk, queue), ..taking }
    }

    /// Whether a front queue lets such back work start with somebody who serves it. What can be put aside at any time is
    /// held back only where the tenant says how much is to be free, and who is at such work counts as free for the rest.
    pub(crate) fn reserve_lets(&self, front: QueueId, Taking { taken, interruptible, owed }: Taking) -> bool {
        if owed {
            return true;
        }
        let pool = self.pools.get(&front);
        let (free, soft) = pool.map_or((0, 0), |pool| (pool.free, pool.soft));
        let tenant = self.queues.get(&front).and_then(|queue| self.tenants.get(&queue.tenant));
        let reserve = || tenant.map_or(0, |tenant| self.reserve_of(&tenant.settings, front, pool));
        // The seed changes with each binding, so the state between two levels is drawn for once.
        let draw = || policy::draw(self.meta.seed ^ front.0.wrapping_mul(0x9E37_79B9_7F4A_7C15)).0 % 1_000;
        let allows = |free, kept| policy::reserve_allows(free, u64::from(taken), kept, draw);
        allows(free, tenant.map_or(0, |tenant| tenant.settings.reserve_milli))
            && (interruptible || allows(free + soft, reserve()))
    }
}

/// What back work takes of who does it.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Taking {
    /// Of his capacity.
    pub(crate) taken: u32,
    /// Whether it can be put aside for the front line.
    pub(crate) interruptible: bool,
    /// Whether its queue is owed a part of its workers' hours: no front queue holds it back then.
    pub(crate) owed: bool,
}

/// What a queue suffers by.
fn harm_of(settings: &QueueSettings) -> Harm {
    let target_ms = settings.target_ms as f64;
    match settings.blend.goal {
        Goal::Within { .. } => Harm::Late { within_ms: target_ms },
        Goal::MeanWait => Harm::Wait { target_ms },
        Goal::Cost { .. } => Harm::Wait { target_ms: HOUR_MS },
    }
}

/// An hour in milliseconds.
pub(crate) const HOUR_MS: f64 = 3_600_000.0;

/// A mean moved by one part of `weight` towards a sample.
pub(crate) fn nearer(mean: u64, sample: u64, weight: u64) -> u64 {
    let parts = weight.max(1);
    if sample >= mean { mean + (sample - mean) / parts } else { mean - (mean - sample) / parts }
}
