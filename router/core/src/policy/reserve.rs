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
    let ladder = |offered: f64| Ladder::new(slots, offered / scale, pool, stretch);
    let (ladder, price) = match pool.price {
        Price::Set(price) => (ladder(pool.offered), price),
        Price::Learnt { allowed, offset, restless, usual } => {
            let usual_ladder = ladder(usual);
            let price = offset + usual_ladder.price_of(allowed);
            let now = usual + (pool.offered - usual) * restless;
            (if now == usual { usual_ladder } else { ladder(now) }, price)
        }
    };
    (ladder.level_at(price) * stretch * scale).clamp(0.0, pool.slots)
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
}

/// No ladder has more steps: the last spare the front line next to nothing.
const STEPS_MAX: usize = 256;
/// Few have more than so many: room for more takes longer to get than it is worth.
const STEPS_MEANT: usize = 64;

impl Ladder {
    fn new(slots: f64, offered: f64, pool: &Pool, stretch: f64) -> Self {
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
        let steps = (slots / stretch).ceil().min(slots).min(STEPS_MAX as f64) as usize;
        let mut ladder = Self { harms: Vec::with_capacity(STEPS_MEANT), slopes: Vec::with_capacity(STEPS_MEANT) };
        ladder.harms.push(harm(total));
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

    /// The level at a price: at each step's half way where the price is that of the step, and between two steps on the line
    /// from one to the other.
    ///
    /// A whole level is best at every price between two steps, but the price is known from chance: with a jump at each step
    /// it swings to and fro past what is best. 5 slots at 60 per cent load, where two kept free hold the target, had 95.9
    /// per cent of the optimum with nearly a jump and 97.4 with a line over a third of the way (40 seeds each), and 98.0
    /// with this (20 seeds).
    fn level_at(&self, price: f64) -> f64 {
        let step = self.slopes.partition_point(|slope| *slope <= price);
        let (from, to) = (self.below(step), self.slope(step));
        let part = ((price - from) / (to - from).max(1e-9)).clamp(0.0, 1.0);
        (step as f64 - 0.5 + part).max(0.0)
    }

    /// The price at which the level is the one whose harm is just allowed.
    fn price_of(&self, allowed: f64) -> f64 {
        let step = self.harms.partition_point(|harm| *harm > allowed);
        let Some(above) = step.checked_sub(1) else { return self.below(0) };
        let Some(harm) = self.harms.get(step) else { return self.slope(self.slopes.len()) };
        let part = (self.harms[above] - allowed) / (self.harms[above] - harm).max(f64::MIN_POSITIVE);
        // Between `above` and `step`: around the slope of that step.
        let (from, at, to) = (self.below(above), self.slope(above), self.slope(above + 1));
        if part < 0.5 { at - (0.5 - part) * (at - from) } else { at + (part - 0.5) * (to - at) }
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

/// What keeps the level from mending what is late.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Bound {
    /// Nothing.
    Free,
    /// All slots are kept free already.
    AllKept,
    /// Late back work goes before the front line, whatever the level. A level that rises by what this makes late holds back
    /// the next back work until it is late as well: with 20 workers at 88 per cent load a third of all runs missed their
    /// target for good, with up to two fifths of the front line and half of the back work late.
    Overtaken,
}

/// The correction of the price after one more task was heard: `harm` above or below what the goal allows, in its own unit.
///
/// The step is large while little was heard and small later: a memory of some thousand tasks costs the back office next
/// to nothing, a short one a third of its work. With a last step two and a half times as large 5 slots did 0.2 to 0.6 per
/// cent less. What the level cannot mend winds the price up to [`WOUND_MAX`] only, or not at all.
pub fn learn(offset: f64, harm: f64, heard: u32, bound: Bound) -> f64 {
    let most = match bound {
        Bound::Free => OFFSET.1,
        Bound::AllKept => WOUND_MAX,
        Bound::Overtaken => 0.0,
    };
    if harm > 0.0 && offset >= most {
        return offset;
    }
    let gain = (30.0 / (f64::from(heard) + 1_500.0)).max(0.0005);
    (offset + gain * harm).clamp(OFFSET.0, OFFSET.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const POOL: Pool = Pool {
        slots: 6.0,
        offered: 3.3,
        front_ms: 100.0,
        back_ms: 100.0,
        harm: Harm::Late { within_ms: 20.0 },
        price: Price::Set(0.0),
    };

    fn near(one: f64, other: f64) -> bool {
        (one - other).abs() <= 1e-9 * other.abs().max(1.0)
    }

    /// For a reserve of so many slots, by the states of busy slots one after the other: the part of front tasks that is
    /// late, their mean wait in targets of 20 ms, and the slots that back work has.
    fn chain(slots: usize, offered: f64, kept: usize) -> (f64, f64, f64) {
        let least = slots - kept;
        let (mut weights, mut weight) = (Vec::new(), 1.0);
        for busy in least..least + 400 {
            weights.push(weight);
            weight *= offered / (busy + 1).min(slots) as f64;
        }
        let all: f64 = weights.iter().sum();
        let spare = (slots as f64 - offered) / 100.0;
        // Whoever comes while all are busy waits for so many ends and one more.
        let waits = weights.iter().skip(kept).sum::<f64>() / all;
        let (late, wait) = (waits * libm::exp(-spare * 20.0), waits / spare / 20.0);
        let busy = |(place, weight): (usize, &f64)| (least + place).min(slots) as f64 * weight / all;
        // What ends there is followed by back work, whatever it was: so all that is done but for what came.
        let back = weights.iter().enumerate().map(busy).sum::<f64>() - offered;
        (late, wait, back)
    }

    #[test]
    fn the_steps_are_those_of_the_chain() {
        for (harm, is_late) in [(Harm::Late { within_ms: 20.0 }, true), (Harm::Wait { target_ms: 20.0 }, false)] {
            let ladder = Ladder::new(6.0, 3.3, &Pool { harm, ..POOL }, 1.0);
            let harm = |kept| {
                let (late, wait, _) = chain(6, 3.3, kept);
                if is_late { late } else { wait }
            };
            for kept in 0..=3 {
                assert!(near(ladder.harms[kept], harm(kept)), "{kept}: {:?} {}", ladder.harms, harm(kept));
            }
        }
    }

    #[test]
    fn a_level_is_read_back_from_its_price() {
        let ladder = Ladder::new(6.0, 3.3, &POOL, 1.0);
        for kept in 0..3 {
            for part in [0.0, 0.1, 0.25, 0.5, 0.6, 0.9] {
                let allowed = ladder.harms[kept] + (ladder.harms[kept + 1] - ladder.harms[kept]) * part;
                let level = ladder.level_at(ladder.price_of(allowed));
                assert!((level - (kept as f64 + part)).abs() < 1e-6, "{kept} and {part}: {level}");
            }
        }
        assert_eq!(ladder.level_at(ladder.price_of(0.9)), 0.0, "more is allowed than ever is late");
        let most = ladder.level_at(ladder.price_of(0.0));
        assert!(most >= ladder.slopes.len() as f64, "nothing is allowed: {most}");
        // Beyond the last step each other one is half a unit of the logarithm dearer.
        let (last, steps) = (ladder.slopes[ladder.slopes.len() - 1], ladder.slopes.len());
        assert!(near(ladder.slope(steps), last + 0.5) && near(ladder.slope(steps + 3), last + 2.0));
        assert!(near(ladder.below(0), ladder.slopes[0] - 1.0) && near(ladder.below(2), ladder.slopes[1]));
        assert!(ladder.slopes.windows(2).all(|pair| pair[0] < pair[1]), "{:?}", ladder.slopes);
    }

    #[test]
    fn a_step_is_worth_it_at_the_price_of_what_it_spares() {
        let ladder = Ladder::new(6.0, 3.3, &POOL, 1.0);
        for kept in 0..3 {
            let ((late, _, back), (later, _, left)) = (chain(6, 3.3, kept), chain(6, 3.3, kept + 1));
            let price = libm::log((back - left) / ((late - later) * 3.3));
            assert!((ladder.slopes[kept] - price).abs() < 1e-6, "{kept}: {:?} {price}", ladder.slopes);
        }
    }

    #[test]
    fn long_back_work_counts_for_more_than_its_slot() {
        for (front_ms, back_ms, weight) in [
            (1.0, 1.0, 1.0),
            (2.0, 1.0, 0.875),
            (4.0, 1.0, 0.8125),
            (1.0, 4.0, 2.0),
            (1.0, 400.0, 3.0),
            (0.0, 1.0, 1.0),
            (1.0, 0.0, 1.0),
        ] {
            assert!(near(weight_of_back(front_ms, back_ms), weight), "{front_ms} {back_ms}");
        }
    }

    #[test]
    fn what_is_heard_moves_the_price_less_and_less() {
        assert!(near(learn(0.0, 0.5, 0, Bound::Free), 0.01));
        assert!(near(learn(1.0, -1.0, 1_500, Bound::Free), 0.99));
        assert!(near(learn(1.0, 1.0, 1_000_000, Bound::Free), 1.0005));
        assert_eq!((learn(8.0, 1.0, 0, Bound::Free), learn(-4.0, -1.0, 0, Bound::Free)), (8.0, -4.0));
        // At the bound of the level it goes up to four, and down from anywhere.
        let all_kept = |offset, harm| learn(offset, harm, 0, Bound::AllKept);
        assert!(near(all_kept(3.9, 1.0), 3.92) && near(all_kept(5.0, -1.0), 4.98));
        assert_eq!(all_kept(4.0, 1.0), 4.0);
        assert!(near(learn(5.0, 1.0, 0, Bound::Free), 5.02));
        // Where late back work went before the front line, to none.
        let overtaken = |offset, harm| learn(offset, harm, 0, Bound::Overtaken);
        assert!(near(overtaken(-0.1, 1.0), -0.08) && near(overtaken(2.0, -1.0), 1.98));
        assert_eq!((overtaken(0.0, 1.0), overtaken(2.0, 1.0)), (0.0, 2.0));
    }

    #[test]
    fn a_level_lies_on_a_line_between_two_steps_and_is_stretched_by_the_length_of_the_work() {
        let ladder = Ladder::new(6.0, 3.3, &POOL, 1.0);
        let at = |ladder: &Ladder, step: usize, part: f64| {
            Price::Set(ladder.slopes[step] + (ladder.slopes[step + 1] - ladder.slopes[step]) * part)
        };
        for part in [0.0, 0.1, 0.5, 0.7] {
            assert!(near(level(&Pool { price: at(&ladder, 0, part), ..POOL }), 0.5 + part), "{part}");
        }
        // Back work of four times the length: twice the level. Of a quarter of it: half the level.
        for (back_ms, stretch, step) in [(400.0, 2.0, 0), (25.0, 0.5, 1), (121.0, 1.1, 0)] {
            let longer = Ladder::new(6.0, 3.3, &POOL, stretch);
            let found = level(&Pool { back_ms, price: at(&longer, step, 0.1), ..POOL });
            assert!((found - stretch * (step as f64 + 0.6)).abs() < 1e-9, "{back_ms}: {found}");
        }
    }

    #[test]
    fn a_goal_is_held_by_the_load_that_is_there_or_by_the_price_of_the_usual_one() {
        let learnt = |restless, usual, offset| Price::Learnt { allowed: 0.1, offset, restless, usual };
        let at = |price| level(&Pool { price, ..POOL });
        let ladder = |offered| Ladder::new(6.0, offered, &POOL, 1.0);
        let held = |offered: f64, by: f64, offset: f64| ladder(offered).level_at(offset + ladder(by).price_of(0.1));
        assert!(near(at(learnt(0.0, 3.3, 0.0)), held(3.3, 3.3, 0.0)));
        assert!(near(at(learnt(0.0, 3.3, 0.4)), held(3.3, 3.3, 0.4)));
        // What differs from the usual load is chance, or not yet known for a change.
        assert!(near(at(learnt(0.0, 2.0, 0.0)), held(2.0, 2.0, 0.0)));
        // Where it always changes, one price holds over all of it.
        assert!(near(at(learnt(1.0, 2.0, 0.0)), held(3.3, 2.0, 0.0)));
        assert!(near(at(learnt(0.5, 2.0, 0.0)), held(2.65, 2.0, 0.0)));
    }

    #[test]
    fn many_slots_are_scaled() {
        let many = |slots: f64| Pool { slots, offered: slots * 0.999, price: Price::Set(8.0), ..POOL };
        let (one, two) = (level(&many(4_096.0)), level(&many(8_192.0)));
        assert!(near(two, 2.0 * one) && one > 1.0, "{one} {two}");
        let calm = |slots: f64| Pool { offered: slots * 0.97, ..many(slots) };
        let (one, two) = (level(&calm(4_096.0)), level(&calm(8_192.0)));
        assert!(near(two, 2.0 * one) && one < level(&many(4_096.0)), "{one} {two}");
        for none in [Pool { slots: 0.5, ..POOL }, Pool { offered: 0.0, ..POOL }, Pool { front_ms: 0.0, ..POOL }] {
            assert_eq!(level(&none), 0.0);
        }
    }
}
