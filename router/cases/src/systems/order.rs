//! Whether an event's turn has come, by the numbers that its system counts with.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// The most numbers that are remembered as missing; the oldest go first.
const MISSING_MAX: usize = 64;

/// How far the events about one thing have come. Numbers begin with 1.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Place {
    /// The highest number that was dealt with.
    pub dealt: u64,
    /// Those below it that never came.
    #[serde(default)]
    pub missing: BTreeSet<u64>,
}

/// Whether an event's turn has come.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Turn {
    /// It is the next.
    Now,
    /// Others come before it.
    Waits,
    /// It was waited for in vain, and others went before it.
    Late,
    /// Another event had this number.
    Taken,
}

impl Place {
    /// Whether the turn of this number has come.
    pub fn turn(&self, sequence: u64) -> Turn {
        match sequence.checked_sub(self.dealt) {
            Some(1) => Turn::Now,
            Some(ahead) if ahead > 1 => Turn::Waits,
            _ if self.missing.contains(&sequence) => Turn::Late,
            _ => Turn::Taken,
        }
    }

    /// This number was dealt with; those between that were not are missing from now on.
    pub fn deal(&mut self, sequence: u64) {
        self.missing.remove(&sequence);
        if sequence <= self.dealt {
            return;
        }
        // Only as many as are remembered, however far it jumps.
        let first = (self.dealt + 1).max(sequence.saturating_sub(MISSING_MAX as u64));
        self.missing.extend(first..sequence);
        while self.missing.len() > MISSING_MAX {
            self.missing.pop_first();
        }
        self.dealt = sequence;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_has_one_turn() {
        let mut place = Place::default();
        assert_eq!((place.turn(1), place.turn(2), place.turn(0)), (Turn::Now, Turn::Waits, Turn::Taken));
        place.deal(1);
        place.deal(4);
        assert_eq!(
            (place.turn(2), place.turn(3), place.turn(4), place.turn(5)),
            (Turn::Late, Turn::Late, Turn::Taken, Turn::Now)
        );
        place.deal(3);
        assert_eq!((place.turn(3), place.turn(2), place.dealt), (Turn::Taken, Turn::Late, 4));
    }

    #[test]
    fn a_leap_remembers_no_more_than_it_may() {
        let mut place = Place::default();
        place.deal(u64::MAX);
        assert_eq!(place.missing.len(), MISSING_MAX);
        assert_eq!(
            (place.turn(u64::MAX - 1), place.turn(u64::MAX), place.turn(5)),
            (Turn::Late, Turn::Taken, Turn::Taken)
        );
    }
}
