//! What was seen of stages of one kind: how many were still there in each bin, and how many ended in it. What is still going
//! on counts as far as it went, so that long stages are not left out for being long.

use blendline_wire::Millis;

use super::bins::BINS;

/// Until what was seen counts half, in milliseconds: sixty days.
const HALF_MS: u64 = 60 * 86_400_000;

/// How often a length of time has passed, as the factor by which what is older counts.
fn aged(since: Millis, now: Millis, half_ms: u64) -> (f64, Millis) {
    let times = (now.since(since) / half_ms.max(1)).min(64);
    (0.5_f64.powi(times as i32), since.plus(times.saturating_mul(half_ms)))
}

/// One kind.
#[derive(Clone, Debug, Default)]
pub(super) struct Cell {
    /// Until when it is aged.
    at: Millis,
    /// In each bin, who was there and who left; as long as the longest that was seen.
    bins: Vec<[f32; 2]>,
    ended: f64,
}

impl Cell {
    /// One more was there throughout this bin, or left in it.
    pub(super) fn count(&mut self, bin: usize, left: bool, now: Millis) {
        let (factor, at) = aged(self.at, now, HALF_MS);
        if factor < 1.0 {
            self.bins.iter_mut().flatten().for_each(|count| *count *= factor as f32);
            self.ended *= factor;
        }
        self.at = at;
        if self.bins.len() <= bin {
            self.bins.resize(bin.min(BINS - 1) + 1, [0.0; 2]);
        }
        if let Some([there, gone]) = self.bins.get_mut(bin) {
            *there += 1.0;
            if left {
                *gone += 1.0;
                self.ended += 1.0;
            }
        }
    }

    /// The chance to leave in this bin, drawn towards what is known of a wider kind: as if that had been seen `weight` times.
    pub(super) fn hazard(&self, bin: usize, wider: f64, weight: f64, now: Millis) -> f64 {
        let Some([there, gone]) = self.bins.get(bin) else { return wider };
        let (factor, _) = aged(self.at, now, HALF_MS);
        (f64::from(*gone) * factor + weight * wider) / (f64::from(*there) * factor + weight)
    }

    /// How many were seen to their end.
    pub(super) fn ended(&self, now: Millis) -> f64 {
        self.ended * aged(self.at, now, HALF_MS).0
    }
}

/// How fast stages end lately, against what is usual for them: few are needed to see that all is slow.
#[derive(Clone, Debug, Default)]
pub(super) struct Pace {
    at: Millis,
    ended: f64,
    expected: f64,
}

/// Which part of its wariness a warning keeps at the last look.
const LEAST: f64 = 0.55;

/// As if so many had ended as fast as is usual.
const USUAL: f64 = 2.0;

impl Pace {
    /// Somebody was there for a bin, in which so many of a whole should have left.
    pub(super) fn count(&mut self, hazard: f64, left: bool, now: Millis, half_ms: u64) {
        let (factor, at) = aged(self.at, now, half_ms);
        self.at = at;
        self.expected = self.expected * factor + hazard;
        self.ended = self.ended * factor + if left { 1.0 } else { 0.0 };
    }

    /// Ends for each that was expected.
    pub(super) fn is(&self, now: Millis, half_ms: u64) -> f64 {
        let (factor, _) = aged(self.at, now, half_ms);
        ((self.ended * factor + USUAL) / (self.expected * factor + USUAL)).clamp(0.1, 4.0)
    }
}

/// How wary warnings have to be so that false ones are not more than true ones.
#[derive(Clone, Debug, Default)]
pub(super) struct Wary {
    milli: u32,
}

impl Wary {
    /// How much more than it was set to, at most, in parts of a thousand.
    const MOST: u32 = 350;

    /// A stage that had been warned of ended. The steps balance where four of seven warnings are true.
    pub(super) fn learn(&mut self, was_late: bool) {
        self.milli = if was_late { self.milli.saturating_sub(15) } else { (self.milli + 20).min(Self::MOST) };
    }

    /// From which chance on it is warned, in parts of a thousand. It is the early warnings that may be in vain: the later it
    /// is, the more is known, and what is not said at the last look is never said.
    pub(super) fn warns(&self, at_milli: u32, used_ms: u64, target_ms: u64) -> u32 {
        let left = target_ms.saturating_sub(used_ms) as f64 / target_ms.max(1) as f64;
        let early = LEAST + (1.0 - LEAST) * ((left - 0.1) / 0.9).clamp(0.0, 1.0);
        at_milli.saturating_add((f64::from(self.milli) * early) as u32).min(at_milli.max(950))
    }
}
