//! Whether a rate has changed: cumulative sums (Page 1954).

use serde::{Deserialize, Serialize};

/// Logarithms are kept in so many parts: rows hold whole numbers, the same on every machine.
const LOG_UNIT: f64 = 1e6;
/// The changes of the usual rate that are looked for: to so many times as much. Larger ones are found all the sooner.
pub const CHANGES: [f64; 2] = [1.25, 0.8];
/// A change, and not chance, is what is so much likelier, as a natural logarithm.
///
/// With 5.5 a rise by a quarter is found after some 235 arrivals, and chance is taken for a change once in some 11,000. With
/// 7 it is 293 and 42,000, and a pool of four holds its target again 10 to 20 arrivals a server later; with 5 it is 205 and
/// 5,300, and a pool of five loses a hundredth of its back work.
const SURE: f64 = 5.5;

/// A cumulative sum (Page 1954): how much more likely the counts are by a changed rate than by the usual one, from where
/// that speaks for the change most.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Cusum {
    /// The logarithm of the likelihood ratio, in millionths.
    pub log_micro: u32,
    /// How many came since.
    pub seen: u32,
    /// How long it is since, in milliseconds.
    pub ms: u64,
}

impl Cusum {
    /// The same after one more count, where the change is to so many times the usual rate.
    pub fn after(self, seen: u32, ms: u64, usual: f64, times: f64) -> Self {
        let more = f64::from(seen) * libm::log(times) - (times - 1.0) * usual * ms as f64;
        let log = f64::from(self.log_micro) / LOG_UNIT + more;
        if log <= 0.0 {
            return Self::default();
        }
        let (seen, ms) = (self.seen.saturating_add(seen), self.ms.saturating_add(ms));
        Self { log_micro: (log * LOG_UNIT) as u32, seen, ms }
    }

    /// True where it is a change and not chance.
    pub fn is_sure(&self) -> bool {
        f64::from(self.log_micro) > SURE * LOG_UNIT
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(cusum: Cusum) -> f64 {
        f64::from(cusum.log_micro) / LOG_UNIT
    }

    #[test]
    fn it_sums_how_much_likelier_a_change_makes_the_counts() {
        // Eight are foretold and twelve come: by twelve logarithms of the rise, less the two that it foretells beside.
        let each = 12.0 * libm::log(1.25) - 0.25 * 8.0;
        let rise = |cusum: Cusum, seen| cusum.after(seen, 100_000, 8e-5, 1.25);
        let one = rise(Cusum::default(), 12);
        assert!((log(one) - each).abs() < 1e-5 && (one.seen, one.ms) == (12, 100_000), "{one:?}");
        let two = rise(one, 12);
        assert!((log(two) - 2.0 * each).abs() < 1e-5 && (two.seen, two.ms) == (24, 200_000), "{two:?}");
        // What speaks against it takes from it; where nothing is left it begins anew.
        let less = rise(two, 6);
        assert!(log(less) < log(two) && (less.seen, less.ms) == (30, 300_000), "{less:?}");
        assert_eq!(rise(less, 0), Cusum::default());
        // A fall, the other way.
        let fall = |seen| Cusum::default().after(seen, 100_000, 8e-5, 0.8);
        assert!((log(fall(4)) - (4.0 * libm::log(0.8) + 0.2 * 8.0)).abs() < 1e-5);
        assert_eq!(fall(9), Cusum::default());
    }

    #[test]
    fn it_is_sure_above_its_bound() {
        let with = |log_micro| Cusum { log_micro, ..Cusum::default() };
        assert!(!with((SURE * LOG_UNIT) as u32).is_sure() && with((SURE * LOG_UNIT) as u32 + 1).is_sure());
    }

    #[test]
    fn any_count_is_taken() {
        let mut cusum = Cusum::default();
        for (seen, ms) in [(u32::MAX, 1), (u32::MAX, u64::MAX), (0, u64::MAX)] {
            cusum = cusum.after(seen, ms, 1e-15, 1.25);
            assert!(cusum.seen == u32::MAX || cusum.log_micro == 0, "{cusum:?}");
        }
    }
}
