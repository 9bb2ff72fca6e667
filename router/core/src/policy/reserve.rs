//! How many front slots back work leaves free.
//!
//! With equal service times the best policy is a threshold on the free slots, and its throughput and waits are a closed
//! form (Bhulai and Koole 2003; Gans and Zhou 2003): a birth-death chain over busy slots that never falls below
//! `slots - reserve`. The level is where the back work that one more slot would do is worth the lateness it would cost,
//! at one **price of lateness**. Holding the price, not the service level, steady over the day is what makes changing
//! load cost next to nothing; a change that stays has a price of its own ([`Price`]). What the closed form does not know
//! is learnt from attainment ([`learn`]).
//!
//! With unequal times a running back task counts for more than a slot when it is longer than front work, and for less
//! when it is shorter ([`weight_of_back`]): a straight line for the switching curve of the exact optimum, within half a
//! per cent of it from a quarter to four times the front's time (computed for 10 to 30 slots).

/// Beyond this load the chain has no end: it is reckoned as this.
const LOAD_MAX: f64 = 0.995;
/// Slots are reckoned one by one up to so many; more are scaled.
const SLOTS_MAX: f64 = 4_096.0;
/// How far a level at its bound still winds the price up. A day whose peak needs everybody is paid back in its quiet hours,
/// which takes some: with 1, 12 slots at a load of 23 to 87 per cent had 23.2 per cent late of 20 allowed, with 2 it is
/// 20.4 and with 4 it is 19.8. Without end, a flood that nobody can serve would be paid for by weeks of idle people.
const WOUND_MAX: f64 = 4.0;
/// The bounds of what attainment corrects the price by.
const OFFSET: (f64, f64) = (-4.0, 8.0);

/// What the level depends on.
#[derive(Clone, Copy, Debug)]
pub struct Pool {
    /// Front slots of those who are there.
    pub slots: f64,
    /// Front work that comes, in slots it keeps busy.
    pub offered: f64,
    /// The mean time of a front task, in milliseconds.
    pub front_ms: f64,
    /// The mean time of a back task, in milliseconds.
    pub back_ms: f64,
    /// What lateness is counted by.
    pub harm: Harm,
    /// Its price.
    pub price: Price,
}

/// What a front queue suffers by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Harm {
    /// Tasks that wait longer than this, in milliseconds.
    Late {
        /// The target.
        within_ms: f64,
    },
    /// The mean wait in targets of so many milliseconds.
    Wait {
        /// The target.
        target_ms: f64,
    },
}

/// The logarithm of the price of lateness: back work given up for front work of the same length made late.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Price {
    /// As the settings say.
    Set(f64),
    /// Learnt: what would hold the goal by the closed form, corrected by what was attained.
    Learnt {
        /// The harm that the goal allows for each task.
        allowed: f64,
        /// The correction.
        offset: f64,
        /// From 0, a change of the load is there to stay and the goal is to be held after it as well, to 1, the load
        /// always changes and the goal is held over all of it at one price.
        restless: f64,
        /// The load that is usual, in slots it keeps busy.
        usual: f64,
        /// Whether the load is known to have changed: what is usual only follows.
        moving: bool,
    },
}

/// The reserve in slots: a real number, to be mixed between two whole ones.
pub fn level(pool: &Pool) -> f64 {
    let scale = (pool.slots / SLOTS_MAX).max(1.0);
    let slots = libm::floor(pool.slots / scale);
    if slots < 1.0 || pool.offered <= 0.0 || pool.front_ms <= 0.0 {
        return 0.0;
    }
    let ratio = if pool.back_ms > 0.0 { pool.back_ms / pool.front_ms } else { 1.0 };
    // Work of another length holds its slot for longer, or for less long, than the front line can wait for.
    let stretch = libm::sqrt(ratio.clamp(1.0 / 16.0, 16.0));
    // A whole level is best nearly everywhere when the times are alike, and no level stands out when they are not.
    let width = (0.3 + 2.3 * (stretch.max(1.0 / stretch) - 1.0)).min(1.0);
    let ladder = |offered: f64| Ladder::new(slots, offered / scale, pool, stretch, width);
    let (ladder, price) = match pool.price {
        Price::Set(price) => (ladder(pool.offered), price),
        Price::Learnt { allowed, offset, restless, usual, moving } => {
            let part = if moving { 1.0 } else { change(pool.offered / usual.max(1e-9)) };
            let changed = usual + (pool.offered - usual) * part;
            let settled = usual + (changed - usual) * (1.0 - restless);
            let now = changed + (pool.offered - changed) * restless;
            let settled = if settled == now { None } else { Some(ladder(settled)) };
            let now = ladder(now);
            let price = settled.as_ref().unwrap_or(&now).price_of(allowed);
            (now, offset + price)
        }
    };
    (ladder.level_at(price) * stretch * scale).clamp(0.0, pool.slots)
}

/// How far a load that is so many times the usual one is a change, and not chance: from 0 to 1. A level that follows
/// chance costs a small pool a twentieth of its back work.
fn change(times: f64) -> f64 {
    let off = (times.max(1.0 / times.max(1e-9)) - 1.0).min(1.0);
    ((off - 0.12) / 0.1).clamp(0.0, 1.0)
}

/// The reserves from none upward: what each step spares the front line, and what it takes from the back office.
///
/// By the closed form for equal service times: relative weights of the chain downward from all slots busy; what waits
/// is a geometric tail above them.
struct Ladder {
    /// The harm of a task at each whole reserve.
    harms: Vec<f64>,
    /// The logarithm of the price at which the step from each reserve to the next is worth it; it rises.
    slopes: Vec<f64>,
    /// The part of a step over which two whole levels are mixed.
    width: f64,
}

/// No ladder has more steps: the last spare the front line next to nothing.
const STEPS_MAX: usize = 256;

impl Ladder {
    fn new(slots: f64, offered: f64, pool: &Pool, stretch: f64, width: f64) -> Self {
        let offered = offered.clamp(1e-6, slots * LOAD_MAX);
        let load = offered / slots;
        let spare = (slots - offered) / pool.front_ms;
        let suffering = match pool.harm {
            Harm::Late { within_ms } => libm::exp(-spare * within_ms),
            Harm::Wait { target_ms } => 1.0 / (spare * target_ms.max(1.0)),
        };
        let harm = |total: f64| suffering / (1.0 - load) / total;
        let (mut weight, mut total) = (1.0, 1.0 + load / (1.0 - load));
        let mut work = slots / total;
        let mut ladder = Self { harms: vec![harm(total)], slopes: Vec::new(), width };
        let steps = (slots / stretch).ceil().min(slots).min(STEPS_MAX as f64) as usize;
        for step in 0..steps {
            let kept = slots - step as f64;
            weight *= kept / offered;
            total += weight;
            let (next_work, next_harm) = ((kept - 1.0).max(0.0) * weight / total, harm(total));
            let before = ladder.harms[step];
            let spared = ((before - next_harm) * offered).max(f64::MIN_POSITIVE);
            ladder.slopes.push(libm::log(((work - next_work) / spared).max(f64::MIN_POSITIVE)));
            ladder.harms.push(next_harm);
            work = next_work;
            if next_harm < before * 1e-3 || next_harm < 1e-6 {
                break;
            }
        }
        ladder
    }

    /// Where the logarithm of the price passes from the step before `step` to the one after it.
    fn slope(&self, step: usize) -> f64 {
        match step.checked_sub(self.slopes.len()) {
            None => self.slopes[step],
            Some(beyond) => self.slopes.last().copied().unwrap_or(0.0) + 0.5 * (beyond + 1) as f64,
        }
    }

    fn below(&self, step: usize) -> f64 {
        step.checked_sub(1).map_or_else(|| self.slope(0) - 1.0, |step| self.slope(step))
    }

    /// The level that is best at a price.
    fn level_at(&self, price: f64) -> f64 {
        let step = self.slopes.partition_point(|slope| *slope <= price);
        let (from, to) = (self.below(step), self.slope(step));
        let part = ((price - from) / (to - from).max(1e-9)).clamp(0.0, 1.0);
        let half = self.width / 2.0;
        let mixed = if part < half {
            part / self.width
        } else if part > 1.0 - half {
            1.0 - (1.0 - part) / self.width
        } else {
            0.5
        };
        (step as f64 - 0.5 + mixed).max(0.0)
    }

    /// The price at which the level is the one whose harm is just allowed.
    fn price_of(&self, allowed: f64) -> f64 {
        let step = self.harms.partition_point(|harm| *harm > allowed);
        let Some(above) = step.checked_sub(1) else { return self.below(0) };
        let Some(harm) = self.harms.get(step) else { return self.slope(self.slopes.len()) };
        let part = (self.harms[above] - allowed) / (self.harms[above] - harm).max(f64::MIN_POSITIVE);
        // Between `above` and `step`: around the slope of that step.
        let (from, at, to) = (self.below(above), self.slope(above), self.slope(above + 1));
        if part < 0.5 {
            at - self.width * (0.5 - part) * (at - from)
        } else {
            at + self.width * (part - 0.5) * (to - at)
        }
    }
}

/// How many slots' worth a running back task counts, for each slot it takes: with more of them running than the level
/// assumes, the reserve is higher where they are long and lower where they are short.
pub fn weight_of_back(front_ms: f64, back_ms: f64) -> f64 {
    if front_ms <= 0.0 || back_ms <= 0.0 {
        return 1.0;
    }
    let ratio = (back_ms / front_ms).min(9.0);
    if ratio < 1.0 { 0.75 + 0.25 * ratio } else { libm::sqrt(ratio) }
}

/// The correction of the price after one more task was heard: `harm` above or below what the goal allows, in its own unit.
///
/// The step is large while little was heard and small later: a memory of some thousand tasks costs the back office next
/// to nothing, a short one a third of its work. A level at its bound winds the price up to [`WOUND_MAX`] only.
pub fn learn(offset: f64, harm: f64, heard: u32, at_most: bool) -> f64 {
    if at_most && harm > 0.0 && offset >= WOUND_MAX {
        return offset;
    }
    let gain = (30.0 / (f64::from(heard) + 1_500.0)).max(0.001);
    (offset + gain * harm).clamp(OFFSET.0, OFFSET.1)
}
