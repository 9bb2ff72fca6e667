//! What the waiting tasks and the free slots of front queues are worth, and the order that follows from it.

use blendline_wire::org::{Goal, QueueSettings, WEIGHT_UNIT};
use blendline_wire::task::Side;
use blendline_wire::{Millis, QueueId};

use crate::desk::Desk;
use crate::learnt::HOUR_MS;
use crate::lines::Lines;
use crate::policy;
use crate::policy::worth::{Line, Worth};
use crate::pooled::costs;
use crate::ready::{Bits, Place, queue_bits};
use crate::rows::Reckoned;
use crate::scheduler::{Scheduler, Step};

/// How many times dearer it is to help where one is slow than one such task by itself: the reckoning takes each queue for
/// one that nobody helps more than now, and all who help at once leave too little at home. With two groups of three, each
/// half as quick at the other's work, the cost is 1.04 and 1.02 times the exact optimum for 1.5 and 1.7, and with four and
/// two, 0.7 times as quick, 1.05 for both.
const HELP_DEARER: f64 = 1.7;

/// Where waiting costs, a gain of nothing counts so much, in thousandths: losses can be told apart. No gain, however dear,
/// goes before what is owed.
const GAIN_BASE: f64 = 1e6;

/// What does not pay is held back no longer than this beyond its target.
const HELD_MOST_MS: u64 = 30 * 60 * 1_000;

/// What a task counts for whose queue is owed its part: a thousand weeks of lateness.
const OWED_MILLI: u64 = 1_000_000_000;

/// What waits in the other queues that somebody serves.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Waits {
    /// It could be his: he chooses among all.
    Could,
    /// It is not for him: he is free while it waits. To keep him free for it would help nobody.
    Not,
}

impl Waits {
    /// How many wait for him.
    pub(crate) fn of(self, waiting: impl FnOnce() -> usize) -> usize {
        match self {
            Self::Could => waiting(),
            Self::Not => 0,
        }
    }
}

/// By what the tasks of one queue are ranked among those of others.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Rank {
    /// The weight of a whole target, in thousandths.
    weight_milli: u32,
    /// What each task counts for beside its age, in thousandths.
    more_milli: u64,
    /// Whether only the part of the tasks counts that is in time: then what is late steps back once.
    in_time: bool,
}

impl Rank {
    /// The same for tasks that count for so many times as much, in thousandths, as others; 0: as much. They do not step
    /// back: somebody said that they have waited enough.
    pub(crate) fn lifted(self, times_milli: u32) -> Self {
        if times_milli == 0 {
            return self;
        }
        let weight = u64::from(self.weight_milli) * u64::from(times_milli) / 1_000;
        Self { weight_milli: u32::try_from(weight).unwrap_or(u32::MAX), in_time: false, ..self }
    }

    /// How urgent a task is that earned its place and is due at these instants, in parts of a thousand of a target of
    /// weight one.
    pub(crate) fn urgency_milli(&self, now: Millis, earned_at: Millis, due_at: Millis) -> u64 {
        let urgency = if self.in_time { policy::urgency_in_time_milli } else { policy::urgency_milli };
        urgency(now, earned_at, due_at, self.weight_milli).saturating_add(self.more_milli)
    }
}

impl Scheduler {
    /// What a front queue's worth was last reckoned from, with the mean cost of a wait that the settings say.
    pub(crate) fn worth_of(&self, queue: QueueId) -> Worth {
        let (Some(row), Some(settings)) = (self.learnt.get(&queue), self.queues.get(&queue)) else {
            return Worth::default();
        };
        let Reckoned { slots, others_milli, offered_micro, task_ms, free_milli, help_milli } = row.reckoned;
        let cost = match settings.blend.goal {
            Goal::Cost { hour_milli } => hour_milli as f64 / HOUR_MS,
            Goal::MeanWait | Goal::Within { .. } => f64::from(settings.weight_milli) / settings.target_ms.max(1) as f64,
        };
        Worth::new(&Line {
            slots: slots as f64 / f64::from(WEIGHT_UNIT),
            others: others_milli as f64 / 1_000.0,
            offered: offered_micro as f64 / 1_000_000.0,
            task_ms: task_ms as f64,
            cost,
            free: free_milli as f64 / 1_000.0,
            help: help_milli as f64 / 1_000.0,
        })
    }

    /// Reckons anew what waiting tasks and free slots of a front queue are worth to which so many tasks come in a
    /// millisecond.
    pub(crate) fn reckon_worth(&mut self, step: &mut Step<'_>, queue: QueueId, per_ms: f64) {
        let Some(settings) = self.queues.get(&queue) else { return };
        let Some(row) = self.learnt.get(&queue) else { return };
        let task_ms = self.task_ms(queue);
        let busy = per_ms * task_ms as f64 * f64::from(settings.task_weight) / f64::from(WEIGHT_UNIT);
        let back = self.pools.get(&queue).is_some_and(|pool| pool.back > 0);
        let slots = self.pools.get(&queue).map_or(0, |pool| pool.slots);
        let helped = self.served.get(&queue).is_some_and(|served| served.slots > slots);
        let reckoned = Reckoned {
            slots,
            others_milli: self.others_milli(queue, per_ms),
            offered_micro: (busy * 1_000_000.0) as u64,
            task_ms: task_ms.max(1),
            free_milli: if back { row.level_milli + 1_000 } else { u64::MAX },
            // What those at home do not do of it others must.
            help_milli: if helped { ((busy * 1_000.0) as u64).saturating_sub(row.busy_milli) } else { 0 },
        };
        let (tenant, costs) = (settings.tenant, costs(Some(settings)));
        if reckoned != row.reckoned {
            self.edit_learnt(step, queue, |row| row.reckoned = reckoned);
        }
        let worth = self.worth_of(queue);
        if self.worth.get(&queue) != Some(&worth) {
            self.worth.insert(queue, worth);
        }
        if costs {
            self.pool_queues(tenant);
        }
    }

    /// How many tasks stand in the lines of a queue.
    pub(crate) fn waiting(&self, queue: QueueId) -> usize {
        self.index.lines.get(&queue).map_or(0, Lines::waiting)
    }

    /// What it costs other front queues that a task of this one takes a slot of somebody who serves them too.
    pub(crate) fn prices(&self, queue: &QueueSettings, waits: Waits) -> Prices<'_> {
        let tenant = self.tenants.get(&queue.tenant).filter(|tenant| tenant.fronts_apart);
        Prices {
            core: self,
            queue: queue.id,
            waits,
            own: if queue.side == Side::Front { queue_bits(&[queue.id]) } else { 0 },
            apart: tenant.map(|tenant| &tenant.fronts[..]),
            task_ms: self.task_ms(queue.id) as f64,
            known: [0.0; 64],
            asked: 0,
        }
    }

    /// What it costs a front queue when one of its free slots is taken for so long.
    pub(crate) fn price_of_slot(&self, front: QueueId, waits: Waits, task_ms: f64) -> f64 {
        let free = self.pools.get(&front).map_or(0, |pool| pool.free / u64::from(WEIGHT_UNIT));
        let waiting = waits.of(|| self.waiting(front));
        self.worth.get(&front).map_or(0.0, |worth| worth.taken(free as usize, waiting, task_ms))
    }

    /// What is spared a front queue when the first of its waiting tasks starts.
    pub(crate) fn spared(&self, queue: QueueId) -> f64 {
        self.worth.get(&queue).map_or(f64::INFINITY, |worth| worth.spared(self.waiting(queue)))
    }

    /// Whether a task of a front queue whose waiting costs may start at a worker who serves these: what that spares it
    /// is not less than what it costs the others.
    pub(crate) fn worth_starting(&self, now: Millis, desk: &Desk, queue: &QueueSettings, waits: Waits) -> bool {
        let priced = costs(Some(queue)) && desk.fronts.len() > 1;
        let alone = || self.spared(queue.id) - self.prices(queue, waits).of(desk);
        !priced || self.gain(desk, queue, waits, alone) >= 0.0 || self.held_too_long(now, queue)
    }

    /// Whether the first that waits in a queue has been held back for so long that it starts whatever it costs others: for
    /// its target, an hour at most, and then ten times a task's time, at least ten minutes and at most half an hour. Nobody
    /// waits for ever for what may never come.
    pub(crate) fn held_too_long(&self, now: Millis, queue: &QueueSettings) -> bool {
        let grace_ms = (self.task_ms(queue.id) * 10).clamp(policy::AGEING_MS, HELD_MOST_MS);
        let heads = self.index.lines.get(&queue.id).into_iter().flat_map(Lines::buckets);
        heads.filter_map(|(_, heads)| heads.first()).any(|head| {
            let (earned_at, due_at) = (head.waiting.earned_at(), head.waiting.due_at);
            now.since(earned_at) > due_at.since(earned_at).min(HOUR_MS as u64) + grace_ms
        })
    }

    /// By what the waiting tasks of a queue are ranked now for one worker: where waiting costs, by what is spared when he
    /// starts one, less what that costs the other queues he serves.
    pub(crate) fn rank_for(&self, now: Millis, queue: &QueueSettings, desk: &Desk) -> Rank {
        let rank = self.rank(now, queue);
        if self.is_owed_by_group(now, desk, queue) {
            return Rank { more_milli: OWED_MILLI, ..rank };
        }
        if queue.side == Side::Back || !matches!(queue.blend.goal, Goal::Cost { .. }) {
            return rank;
        }
        let spared = || self.worth.get(&queue.id).map_or(0.0, |worth| worth.spared(self.waiting(queue.id).max(1)));
        let alone = || spared() - self.prices(queue, Waits::Could).of(desk);
        let gain = self.gain(desk, queue, Waits::Could, alone);
        Rank { more_milli: ((GAIN_BASE + gain).max(0.0) as u64).min(OWED_MILLI / 2), ..rank }
    }

    /// True where most of those who serve a front queue serve others as well.
    ///
    /// Only there what is late steps back behind what can still be in time: it lets all those queues keep their goals.
    /// In a queue with workers of its own it would only let the late ones wait longer (mean wait 0.23 to 0.37 minutes on
    /// the day of case T01) so that the reserve can be smaller: there the order of coming is kept.
    fn is_contested(&self, front: QueueId) -> bool {
        self.pools.get(&front).is_some_and(|pool| pool.shared > pool.workers / 2)
    }

    /// By what the waiting tasks of a queue are ranked now. Those of a back queue that is owed its part go before all.
    ///
    /// A front queue that keeps its goal has time: its tasks count for less than those of one that does not. Where
    /// waiting costs, a task counts for what its start brings; see [`Scheduler::rank_for`].
    pub(crate) fn rank(&self, now: Millis, queue: &QueueSettings) -> Rank {
        let whole = Rank { weight_milli: queue.weight_milli, more_milli: 0, in_time: false };
        match queue.blend.goal {
            Goal::Within { .. } if queue.side == Side::Front => {
                let part = self.learnt.get(&queue.id).map_or(1_000, |row| u64::from(row.weight_milli));
                let weight = u64::from(queue.weight_milli) * part / 1_000;
                Rank {
                    weight_milli: u32::try_from(weight).unwrap_or(u32::MAX),
                    in_time: self.is_contested(queue.id),
                    ..whole
                }
            }
            Goal::Cost { .. } if queue.side == Side::Front => Rank { more_milli: GAIN_BASE as u64, ..whole },
            _ if self.is_owed(now, queue) => Rank { more_milli: OWED_MILLI, ..whole },
            _ => whole,
        }
    }
}

/// What it costs other front queues that a task of one takes a slot of somebody who serves them too; for a look at
/// several workers while nothing changes.
pub(crate) struct Prices<'a> {
    core: &'a Scheduler,
    queue: QueueId,
    waits: Waits,
    /// Its own bit, where it is a front queue.
    own: Bits,
    /// The tenant's front queues, where no two share a bit.
    apart: Option<&'a [QueueId]>,
    task_ms: f64,
    /// By bit, of the front queues asked for: where nobody is quicker or slower than others.
    known: [f64; 64],
    asked: Bits,
}

impl Prices<'_> {
    /// What all other queues of a worker lose together, as far as his place tells; else what his desk tells.
    pub(crate) fn at(&mut self, place: &Place) -> f64 {
        match self.apart.filter(|_| !place.paced) {
            Some(apart) => self.of_usual(place.fronts, apart),
            None => self.core.workers.get(&place.worker).map_or(0.0, |desk| self.of(desk)),
        }
    }

    /// What all other queues of a worker lose together.
    pub(crate) fn of(&mut self, desk: &Desk) -> f64 {
        if let Some(apart) = self.apart.filter(|_| desk.row.paces.is_empty()) {
            return self.of_usual(queue_bits(&desk.fronts), apart);
        }
        let (queue, core) = (self.queue, self.core);
        let task_ms = self.task_ms * core.slowness(desk, queue);
        // Where he only helps nobody counts on him.
        let others = desk.homes.iter().copied().filter(|front| *front != queue);
        let price: f64 =
            others.map(|front| core.price_of_slot(front, self.waits, task_ms) / core.slowness(desk, front)).sum();
        if desk.homes.contains(&queue) { price } else { price * HELP_DEARER }
    }

    /// What they lose by somebody who is as quick as all at everything.
    fn of_usual(&mut self, fronts: Bits, apart: &[QueueId]) -> f64 {
        let (mut others, mut price) = (fronts & !self.own, 0.0);
        while others != 0 {
            let at = others.trailing_zeros() as usize;
            let bit = 1 << at;
            if self.asked & bit == 0 {
                let front = apart.iter().find(|front| queue_bits(&[**front]) == bit);
                self.known[at] = front.map_or(0.0, |front| self.core.price_of_slot(*front, self.waits, self.task_ms));
                self.asked |= bit;
            }
            price += self.known[at];
            others &= !bit;
        }
        if fronts & self.own != 0 { price } else { price * HELP_DEARER }
    }
}
