//! Chance that can be repeated: the same seed and the same question throw the same, whatever was asked before.

/// The throws for one question.
#[derive(Clone, Debug)]
pub(super) struct Dice(u64);

impl Dice {
    /// For the question that `parts` name.
    pub(super) fn of(seed: u64, parts: &[u64]) -> Self {
        let mut dice = Self(seed);
        for part in parts {
            dice.0 = dice.throw() ^ part;
        }
        dice
    }

    /// Any number (SplitMix64, Steele, Lea and Flood 2014).
    fn throw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`; zero where that is zero.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.throw() % bound.max(1)
    }

    /// A number from `least` to `most`.
    pub(super) fn between(&mut self, least: u64, most: u64) -> u64 {
        least + self.below(most.saturating_sub(least) + 1)
    }

    /// True in `percent` of a hundred cases.
    pub(super) fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// One of `choices`.
    pub(super) fn pick<T: Copy, const N: usize>(&mut self, choices: [T; N]) -> T {
        const { assert!(0 < N) }
        choices[self.below(N as u64) as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_has_one_answer() {
        let throws = |seed, parts: &[u64]| {
            let mut dice = Dice::of(seed, parts);
            [dice.below(1000), dice.below(1000), dice.below(1000)]
        };
        assert_eq!(throws(7, &[1, 2]), throws(7, &[1, 2]));
        assert_ne!(throws(7, &[1, 2]), throws(7, &[2, 1]));
        assert_ne!(throws(7, &[1, 2]), throws(8, &[1, 2]));
    }

    #[test]
    fn chances_are_what_they_say() {
        let hits = (0..10_000).filter(|question| Dice::of(1, &[*question]).chance(30)).count();
        assert!((2_800..3_200).contains(&hits), "{hits} of 10,000 at 30 %");
        assert_eq!(Dice::of(1, &[]).below(0), 0);
        let ends: std::collections::BTreeSet<u64> = (0..100).map(|n| Dice::of(1, &[n]).between(3, 5)).collect();
        assert_eq!(ends.into_iter().collect::<Vec<_>>(), [3, 4, 5]);
    }
}
