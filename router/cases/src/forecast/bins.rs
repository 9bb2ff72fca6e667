//! Lengths of time in bins that grow with them, four to each doubling: a histogram of them is small and fits minutes as
//! well as months.

/// How many bins there are. The last holds all that is longer than half a year.
pub(super) const BINS: usize = 84;
/// The length that is told apart at least, as a power of two in milliseconds: 16 seconds.
const UNIT: u32 = 14;

/// The bin of a length.
pub(super) fn bin(ms: u64) -> usize {
    let units = (ms >> UNIT) + 1;
    let octave = units.ilog2();
    let quarter = ((u128::from(units) << 2) >> octave) & 3;
    (octave as usize * 4 + quarter as usize).min(BINS - 1)
}

/// The shortest length of a bin. Of the shortest lengths there are bins that hold nothing: they begin where the next does.
pub(super) fn begins(bin: usize) -> u64 {
    let (octave, quarter) = (bin / 4, (bin % 4) as u64);
    let units = ((4 + quarter) << octave).div_ceil(4);
    (units - 1) << UNIT
}

/// Which part of its bin a length has passed, from 0 to 1.
pub(super) fn part(ms: u64, bin: usize) -> f64 {
    let (from, until) = (begins(bin), begins(bin + 1));
    if until <= from { 0.0 } else { (ms.saturating_sub(from) as f64 / (until - from) as f64).clamp(0.0, 1.0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_is_in_its_bin() {
        let mut last = 0;
        for ms in (0..40).flat_map(|power| [1_u64 << power, (1 << power) + 777, 3 << power]).chain([0, u64::MAX]) {
            let at = bin(ms);
            assert!(begins(at) <= ms, "{ms} {at}");
            assert!(at == BINS - 1 || ms < begins(at + 1), "{ms} {at}");
            assert!((0.0..=1.0).contains(&part(ms, at)));
        }
        for ms in (0..4_000_u64).map(|step| step * 60_000) {
            assert!(last <= bin(ms));
            last = bin(ms);
        }
    }
}
