//! How often something comes: learnt from counts, quick after a change and calm when there is none.
//!
//! Five estimates look back over about 16, 64, 256, 1,024 and 4,096 arrivals. Each foretells the next count; how well it did
//! (the likelihood of the count, Poisson) says how much it is believed. So a steady day is told by the longest memory,
//! a step by the shortest, a wave by what lies between; and after a quiet night the long memories still know the day.
//!
//! Beside them stands the usual rate, the mean of all counts since it last changed: what settles by it does not follow
//! chance. Two cumulative sums look for a change.

use serde::{Deserialize, Serialize};

use super::cusum::{CHANGES, Cusum};

/// Over how many arrivals each estimate looks back.
const MEMORIES: [f64; 5] = [16.0, 64.0, 256.0, 1_024.0, 4_096.0];
/// Levels are kept in so many parts of an arrival in a millisecond: rows hold whole numbers, the same on every machine.
const LEVEL_UNIT: f64 = 1e12;
/// Beliefs are kept in so many parts.
const BELIEF_UNIT: f64 = 1e6;
/// The part of the belief that is shared out anew at each count: how ready we are for a change.
const SHARED: f64 = 0.005;
/// Over how many arrivals it is told whether the rate always changes.
const RESTLESS_MEMORY: f64 = 4_000.0;
/// Over how many arrivals the usual rate is kept.
const USUAL_MEMORY: f64 = 16_384.0;
/// How many arrivals a count is meant to hold.
pub const COUNT_MEANT: f64 = 8.0;
/// At how many it ends early.
pub const COUNT_MAX: u32 = 16;
/// The shortest and the longest time a count takes, in milliseconds.
const COUNT_MS: (f64, f64) = (1_000.0, 600_000.0);

/// What is known of a rate.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Rate {
    /// The estimates, shortest memory first, in 10⁻¹² arrivals a millisecond.
    pub levels: [u64; 5],
    /// How much each is believed, in millionths.
    pub beliefs: [u32; 5],
    /// The part of the time in which only the short memories are believed, in millionths: whether the rate always changes.
    pub restless: u32,
    /// The rate by a memory longer than all, in the unit of the levels.
    pub usual: u64,
    /// From how many arrivals the usual rate is known, as far as it matters.
    #[serde(default = "well_known")]
    pub known: u32,
    /// What speaks for each of the changes that are looked for.
    #[serde(default)]
    pub cusums: [Cusum; 2],
    /// How many counts there were, as far as it matters.
    pub counts: u16,
}

/// Rows of before do not say from how many arrivals the usual rate is known.
const fn well_known() -> u32 {
    USUAL_MEMORY as u32
}

impl Rate {
    /// Arrivals in a millisecond.
    pub fn per_ms(&self) -> f64 {
        let mut sum = 0.0;
        for (level, belief) in self.levels.iter().zip(self.beliefs) {
            sum += *level as f64 / LEVEL_UNIT * f64::from(belief) / BELIEF_UNIT;
        }
        sum
    }

    /// Arrivals in a millisecond, by a memory longer than all.
    pub fn usual_per_ms(&self) -> f64 {
        self.usual as f64 / LEVEL_UNIT
    }

    /// From 0, the rate is steady but for rare changes, to 1, it always changes.
    pub fn restless(&self) -> f64 {
        ((f64::from(self.restless) / BELIEF_UNIT - 0.25) / 0.25).clamp(0.0, 1.0)
    }

    /// How long the next count should take, in milliseconds.
    pub fn count_ms(&self) -> u64 {
        let rate = self.per_ms();
        let meant = if rate > 0.0 { COUNT_MEANT / rate } else { COUNT_MS.1 };
        meant.clamp(COUNT_MS.0, COUNT_MS.1) as u64
    }

    /// Takes in that `seen` came in `ms` milliseconds.
    pub fn observe(&mut self, seen: u32, ms: u64) {
        let ms = ms.max(1);
        self.follow(seen, ms);
        let (seen, ms) = (f64::from(seen), ms as f64);
        let mut levels = self.levels.map(|level| level as f64 / LEVEL_UNIT);
        if self.counts == 0 {
            levels = [seen / ms; 5];
            self.beliefs = [(BELIEF_UNIT / 5.0) as u32; 5];
        } else {
            self.believe(&levels, seen, ms);
            for (level, memory) in levels.iter_mut().zip(MEMORIES) {
                // By what was foretold: weighing by what came would favour busy counts. Unless it came from nowhere.
                let weight = (*level * ms).max(seen / 4.0) / memory;
                let gain = weight.max(1.0 / (f64::from(self.counts) + 1.0)).min(1.0);
                *level += (seen / ms - *level) * gain;
            }
        }
        let short = self.beliefs[..3].iter().map(|belief| f64::from(*belief)).sum::<f64>();
        let restless = f64::from(self.restless);
        if self.counts > 0 {
            self.restless = (restless + (short - restless) * (seen.max(1.0) / RESTLESS_MEMORY).min(1.0)) as u32;
        }
        self.counts = self.counts.saturating_add(1);
        self.levels = levels.map(|level| (level * LEVEL_UNIT) as u64);
    }

    /// Takes a count into the usual rate: the mean of all since the rate was last found to have changed.
    fn follow(&mut self, seen: u32, ms: u64) {
        let came = f64::from(seen) / ms as f64;
        if self.counts == 0 {
            (self.usual, self.known) = ((came * LEVEL_UNIT) as u64, seen.max(1));
            return;
        }
        let usual = self.usual_per_ms();
        // Where the rate always changes there is nothing to follow.
        let follows = self.restless() < 0.75;
        for (cusum, times) in self.cusums.iter_mut().zip(CHANGES) {
            *cusum = if follows { cusum.after(seen, ms, usual, times) } else { Cusum::default() };
        }
        if let Some(change) = self.cusums.iter().find(|cusum| cusum.is_sure()).copied() {
            let since = f64::from(change.seen) / change.ms as f64;
            (self.usual, self.known) = ((since * LEVEL_UNIT) as u64, change.seen.max(1));
            self.cusums = [Cusum::default(); 2];
            return;
        }
        // By what was foretold: weighing by what came would favour busy counts. Unless it came from nowhere.
        let foretold = (usual * ms as f64).max(f64::from(seen) / 4.0);
        let known = (f64::from(self.known) + foretold).clamp(1.0, USUAL_MEMORY);
        self.usual = ((usual + (came - usual) * (foretold / known).min(1.0)) * LEVEL_UNIT) as u64;
        self.known = known as u32;
    }

    /// Believes those more who foretold the count better.
    fn believe(&mut self, levels: &[f64; 5], seen: f64, ms: f64) {
        let mut scores = [0.0; 5];
        for (place, score) in scores.iter_mut().enumerate() {
            // Half an arrival more than foretold, so that nothing is impossible.
            let foretold = levels[place] * ms + 0.5;
            let belief = (f64::from(self.beliefs[place]) / BELIEF_UNIT).max(1e-6);
            *score = libm::log(belief) + seen * libm::log(foretold) - foretold;
        }
        let best = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let odds = scores.map(|score| libm::exp(score - best));
        let sum: f64 = odds.iter().sum();
        self.beliefs = odds.map(|odds| {
            let belief = odds / sum * (1.0 - SHARED) + SHARED / 5.0;
            (belief * BELIEF_UNIT) as u32
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::draw;

    /// Poisson counts of a rate for so many arrivals; the estimates at the end of each count.
    fn run(rate: &mut Rate, per_ms: f64, arrivals: f64, seed: &mut u64) -> Vec<f64> {
        let mut estimates = Vec::new();
        let mut came = 0.0;
        while came < arrivals {
            let ms = if rate.counts == 0 { 100_000 } else { rate.count_ms() };
            let (mut seen, mut at) = (0, 0.0);
            loop {
                let (word, next) = draw(*seed);
                *seed = next;
                at -= libm::log(((word >> 11) + 1) as f64 / (1u64 << 53) as f64) / per_ms;
                if at > ms as f64 {
                    break;
                }
                seen += 1;
            }
            came += f64::from(seen);
            rate.observe(seen, ms);
            estimates.push(rate.per_ms());
        }
        estimates
    }

    #[test]
    fn steady_work_is_known_closely_and_a_step_is_noticed_soon() {
        let (mut rate, mut seed) = (Rate::default(), 1);
        run(&mut rate, 5e-5, 4_000.0, &mut seed);
        let steady = run(&mut rate, 5e-5, 8_000.0, &mut seed);
        let off = steady.iter().map(|at| (at / 5e-5 - 1.0) * (at / 5e-5 - 1.0)).sum::<f64>() / steady.len() as f64;
        assert!(libm::sqrt(off) < 0.05, "off by {}", libm::sqrt(off));
        for factor in [1.25, 0.5, 2.0] {
            // One run is chance: the mean of several is how soon a step is noticed.
            let mean = (0..20).map(|_| {
                let after = run(&mut rate.clone(), 5e-5 * factor, 600.0, &mut seed);
                let end = &after[after.len() * 3 / 4..];
                end.iter().sum::<f64>() / end.len() as f64 / 20.0
            });
            let mean: f64 = mean.sum();
            assert!((mean / (5e-5 * factor) - 1.0).abs() < 0.1, "{mean} after a step by {factor}");
        }
    }

    #[test]
    fn the_usual_rate_follows_a_change_and_not_chance() {
        let (mut rate, mut seed) = (Rate::default(), 3);
        run(&mut rate, 5e-5, 20_000.0, &mut seed);
        let (mut changed, mut off) = (0, 0.0);
        for _ in 0..50 {
            let before = rate.known;
            run(&mut rate, 5e-5, 1_000.0, &mut seed);
            changed += u32::from(rate.known < before);
            off += (rate.usual_per_ms() / 5e-5 - 1.0).abs() / 50.0;
        }
        assert!(changed <= 8, "chance was taken for a change {changed} times");
        assert!(off < 0.03, "off by {off}");
        for (factor, within) in [(1.25, 600.0), (0.8, 600.0), (0.5, 300.0), (2.0, 300.0)] {
            // One run is chance: of twenty nearly all have found it.
            let found = (0..20).filter(|_| {
                let mut changed = rate;
                run(&mut changed, 5e-5 * factor, within, &mut seed);
                (changed.usual_per_ms() / (5e-5 * factor) - 1.0).abs() < 0.2
            });
            let found = found.count();
            assert!(found >= 16, "{found} of 20 after {factor}");
        }
    }

    #[test]
    fn what_came_since_a_change_is_the_usual_rate() {
        // Eight are foretold and twelve come.
        let each = 12.0 * libm::log(1.25) - 0.25 * 8.0;
        // Once it is sure, what came since is the usual rate, known from so many.
        let mut rate = steady(99);
        let mut counts = 0;
        while rate.known > 99 * 8 - 1 {
            rate.observe(12, 100_000);
            counts += 1;
            assert!(counts < 20, "{rate:?}");
        }
        assert!(f64::from(counts) * each > 5.5 && f64::from(counts - 2) * each < 5.5, "{counts} counts of {each}");
        assert!(near(rate.usual_per_ms(), 12e-5) && rate.known == 12 * counts, "{rate:?}");
        assert_eq!(rate.cusums, [Cusum::default(); 2]);
        // Where the rate always changes there is nothing to follow.
        let mut restless = Rate { restless: 900_000, ..steady(99) };
        (0..20).for_each(|_| restless.observe(12, 100_000));
        assert!(restless.cusums == [Cusum::default(); 2] && restless.usual_per_ms() < 9.5e-5, "{restless:?}");
        let between = [(250_000, 0.0), (375_000, 0.5), (500_000, 1.0), (900_000, 1.0), (0, 0.0)];
        assert!(between.iter().all(|(parts, is)| Rate { restless: *parts, ..Rate::default() }.restless() == *is));
    }

    #[test]
    fn a_row_of_before_keeps_its_usual_rate() {
        let mut row = serde_json::to_value(steady(99)).unwrap();
        let known = row.as_object_mut().unwrap();
        known.retain(|key, _| key != "known" && key != "cusums");
        known.insert("moving".into(), false.into());
        let mut rate: Rate = serde_json::from_value(row).unwrap();
        rate.observe(16, 100_000);
        assert!(near(rate.usual_per_ms(), 8e-5 * (1.0 + 8.0 / USUAL_MEMORY)), "{rate:?}");
    }

    #[test]
    fn a_night_is_not_forgotten() {
        let (mut rate, mut seed) = (Rate::default(), 9);
        run(&mut rate, 5e-5, 4_000.0, &mut seed);
        for _ in 0..60 {
            rate.observe(0, 600_000);
        }
        assert!(rate.per_ms() < 5e-6, "{} at night", rate.per_ms());
        let morning = run(&mut rate, 5e-5, 24.0, &mut seed);
        assert!(morning.last().is_some_and(|rate| *rate > 3e-5), "{morning:?}");
    }

    /// Eight in each hundred seconds, so many times.
    fn steady(counts: u32) -> Rate {
        let mut rate = Rate::default();
        (0..counts).for_each(|_| rate.observe(8, 100_000));
        rate
    }

    fn near(one: f64, other: f64) -> bool {
        (one - other).abs() <= 1e-5 * other.abs()
    }

    #[test]
    fn each_memory_moves_by_its_own_part() {
        let mut rate = steady(99);
        assert!(rate.levels.iter().all(|level| near(*level as f64, 8e-5 * LEVEL_UNIT)), "{rate:?}");
        assert_eq!((rate.counts, rate.known), (99, 99 * 8));
        assert!(near(rate.per_ms(), 8e-5) && near(rate.usual_per_ms(), 8e-5));
        assert_eq!(rate.count_ms(), 100_000);
        rate.observe(16, 100_000);
        // What was foretold over the memory, and of the longest as much as one of a hundred counts.
        let gains = [8.0 / 16.0, 8.0 / 64.0, 8.0 / 256.0, 0.01, 0.01];
        for (level, gain) in rate.levels.iter().zip(gains) {
            assert!(near(*level as f64, (8e-5 + 8e-5 * gain) * LEVEL_UNIT), "{rate:?}");
        }
        assert!(near(rate.usual_per_ms(), 8e-5 * 1.01), "{rate:?}");
        assert_eq!(rate.known, 100 * 8);
        // From nowhere: a quarter of what came, where that is more than was foretold.
        let mut night = steady(99);
        night.observe(800, 100_000);
        assert!(near(night.levels[2] as f64, (8e-5 + 792e-5 * (200.0 / 256.0)) * LEVEL_UNIT), "{night:?}");
        assert!(near(night.usual_per_ms(), 8e-3) && night.known == 800, "at once another rate: {night:?}");
    }

    #[test]
    fn who_foretold_the_count_is_believed_by_the_law_of_poisson() {
        let mut rate = steady(99);
        rate.observe(16, 100_000);
        let before = rate;
        rate.observe(12, 100_000);
        let likely = |level: u64| {
            let foretold = level as f64 / LEVEL_UNIT * 100_000.0 + 0.5;
            (1..=12).fold(libm::exp(-foretold), |sum, place| sum * foretold / f64::from(place))
        };
        let odds: Vec<f64> = before
            .levels
            .iter()
            .zip(before.beliefs)
            .map(|(level, belief)| likely(*level) * f64::from(belief))
            .collect();
        let sum: f64 = odds.iter().sum();
        for (belief, odds) in rate.beliefs.iter().zip(&odds) {
            let expected = (odds / sum * 0.995 + 0.001) * BELIEF_UNIT;
            assert!((f64::from(*belief) - expected).abs() <= 1.0, "{rate:?}: {expected}");
        }
        assert!(rate.beliefs[0] > before.beliefs[0], "the shortest memory was nearest");
        // How long only the short ones are believed: so much of the way as the count is of four thousand.
        let short = f64::from(rate.beliefs[0] + rate.beliefs[1] + rate.beliefs[2]);
        let old = f64::from(before.restless);
        assert!((f64::from(rate.restless) - (old + (short - old) * 12.0 / 4_000.0)).abs() <= 1.0, "{rate:?}");
    }

    #[test]
    fn a_count_holds_eight_and_takes_a_second_at_least() {
        assert_eq!(Rate::default().count_ms(), 600_000);
        let of =
            |per_ms: f64| Rate { levels: [(per_ms * LEVEL_UNIT) as u64; 5], beliefs: [200_000; 5], ..Rate::default() };
        assert_eq!((of(1.0).count_ms(), of(1e-3).count_ms(), of(1e-9).count_ms()), (1_000, 8_000, 600_000));
    }

    #[test]
    fn any_count_is_taken() {
        let mut rate = Rate::default();
        for (seen, ms) in [(0, 0), (u32::MAX, 1), (0, u64::MAX), (u32::MAX, u64::MAX), (1, 1)] {
            rate.observe(seen, ms);
            assert!(rate.per_ms().is_finite());
            assert!((1_000..=600_000).contains(&rate.count_ms()));
        }
    }
}
