//! Who gets what: pure functions, apart from the life cycle.
//!
//! **Architecture invariant:** nothing here knows a task's state machine, and nothing outside decides an order.

pub mod cusum;
pub mod rate;
pub mod reserve;
pub mod share;
pub mod worth;

use blendline_wire::Millis;
use blendline_wire::org::WEIGHT_UNIT;

/// How late a task must be for its urgency to grow by one whole target, in milliseconds.
///
/// Beyond its due time every task ages at this one rate, whatever its queue's weight or target. So the order among
/// late tasks tends to the order of their due times, in which no task can be overtaken for ever: nothing starves.
pub const AGEING_MS: u64 = 10 * 60 * 1000;

/// How much longer than its target a task's second one is, where only the part counts that is in time.
///
/// With four, three queues and two groups at 89 per cent load (the W design) all keep 80 per cent in time, where the
/// order of coming keeps 68 to 82 and the best fixed order of the queues 75 to 90; 19 in 20 start within 1.6 minutes
/// instead of 1.4, and the longest wait is no longer. With one, two of three keep it; with twenty, late work waits twice
/// as long for nothing.
const SECOND_TARGETS: u64 = 4;

/// How urgent a task is, in parts of a thousand of a target of weight one.
///
/// It grows from zero to the queue's weight while the target is used up, and then without bound.
pub fn urgency_milli(now: Millis, earned_at: Millis, due_at: Millis, weight_milli: u32) -> u64 {
    let weight = u64::from(weight_milli);
    if now > due_at {
        return weight.saturating_add(part_of(1000, now.since(due_at), AGEING_MS));
    }
    part_of(weight, now.since(earned_at), due_at.since(earned_at).max(1)).min(weight)
}

/// So many times `part` by `whole`, without overflow; the wide division is slow and hardly ever needed.
fn part_of(times: u64, part: u64, whole: u64) -> u64 {
    match times.checked_mul(part) {
        Some(product) => product / whole,
        None => u64::try_from(u128::from(times) * u128::from(part) / u128::from(whole)).unwrap_or(u64::MAX),
    }
}

/// How urgent a task is where queues that share their workers are held to the part in time, in the unit of
/// [`urgency_milli`].
///
/// Once its target is over it cannot be in time any more, while others still can: it steps back behind them and begins a
/// second target, [`SECOND_TARGETS`] times as long as the first. After that, or after ten minutes, it goes before all
/// that is not late, and ages as everything does: nothing starves.
pub fn urgency_in_time_milli(now: Millis, earned_at: Millis, due_at: Millis, weight_milli: u32) -> u64 {
    let late = now.since(due_at);
    let second = due_at.since(earned_at).saturating_mul(SECOND_TARGETS).min(AGEING_MS);
    if late == 0 || late >= second {
        return urgency_milli(now, earned_at, due_at, weight_milli);
    }
    // The second target is at most ten minutes: the product is far from the end of the numbers.
    u64::from(weight_milli) * late / second
}
/// The part of its weight, in thousandths, that a front queue counts for when so many millionths of its tasks were late
/// and so many may be.
///
/// Whole where the goal is missed by ten points, a good third where it is just kept, and a quarter at the least: those
/// that share workers come to miss or keep their goals together.
pub fn weight_milli(late_micro: u32, allowed_micro: u32) -> u32 {
    let missed = (f64::from(late_micro) - f64::from(allowed_micro)) / 1e6;
    // Of most queues so little is late that it is a quarter for sure.
    if missed < -0.0387 {
        return 250;
    }
    (libm::exp(10.0 * (missed - 0.1)).clamp(0.25, 1.0) * 1_000.0) as u32
}

/// Whether back work may start that takes `taken` of the free front capacity (both in units of [`WEIGHT_UNIT`] per slot).
///
/// Background starts only while the slots it leaves free are not fewer than the reserve (Bhulai and Koole 2003; Gans and
/// Zhou 2003). A reserve between two whole numbers is mixed: `draw`, uniform below 1000, decides in the one state
/// between them.
pub fn reserve_allows(front_free: u64, taken: u64, reserve_milli: u64, draw: impl FnOnce() -> u64) -> bool {
    let Some(left) = front_free.checked_sub(taken) else { return reserve_milli == 0 };
    let slots = left / u64::from(WEIGHT_UNIT);
    let floor = reserve_milli / 1000;
    let rest = reserve_milli % 1000;
    floor < slots || slots == floor && (rest == 0 || draw() >= rest)
}

/// How long a task is not offered to a worker again who declined it, in milliseconds; doubles with each decline.
pub fn back_off_ms(declines: u8) -> u64 {
    30_000 << u32::from(declines.clamp(1, 6) - 1)
}

/// The target of a request, in milliseconds: the rest of the parent's, less a margin in which the parent can still act.
pub fn request_target_ms(parent_left_ms: u64, parent_target_ms: u64) -> u64 {
    parent_left_ms.saturating_sub(parent_target_ms / 10).max(1_000)
}

/// Tasks of one queue with targets in the same bucket share a line, in which the order by due time is the order of
/// urgency. Three significant bits keep the number of lines small and the error under a quarter.
pub const fn target_bucket(target_ms: u64) -> u64 {
    let bits = u64::BITS - target_ms.leading_zeros();
    if bits <= 3 { target_ms } else { target_ms >> (bits - 3) << (bits - 3) }
}

/// How long to wait before the next attempt to send, in milliseconds: doubles from one second to five minutes.
pub fn retry_ms(attempt: u32) -> u64 {
    (1_000u64 << attempt.saturating_sub(1).min(9)).min(300_000)
}

/// The next random number of a seed, and the seed after it (SplitMix64, Steele, Lea and Flood 2014).
pub const fn draw(seed: u64) -> (u64, u64) {
    let next = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut mixed = next;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    (mixed ^ (mixed >> 31), next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urgency_uses_the_target_up_and_then_ages() {
        let at = |now| urgency_milli(Millis(now), Millis(0), Millis(60_000), 2_000);
        assert_eq!((at(0), at(30_000), at(60_000)), (0, 1_000, 2_000));
        assert_eq!(at(60_000 + AGEING_MS), 3_000);
        assert!(urgency_milli(Millis::MAX, Millis(0), Millis(0), u32::MAX) > 1_000_000);
    }

    #[test]
    fn a_second_target_begins_where_the_first_is_over() {
        let (earned, due, weight) = (Millis(0), Millis(60_000), 1_000);
        let at = |ms| urgency_in_time_milli(Millis(ms), earned, due, weight);
        assert_eq!([at(60_000), at(60_001), at(180_000), at(299_999)], [1_000, 0, 500, 999]);
        assert_eq!(at(300_000), urgency_milli(Millis(300_000), earned, due, weight));
        // What has no target begins at nothing as well.
        assert_eq!(urgency_milli(due, due, due, weight), 0);
    }

    #[test]
    fn a_late_back_task_overtakes_fresh_front_work_whatever_its_weight() {
        let back = urgency_milli(Millis(100 * AGEING_MS), Millis(0), Millis(1_000), 1);
        let front = urgency_milli(Millis(100 * AGEING_MS), Millis(100 * AGEING_MS - 30_000), Millis::MAX, 10_000);
        assert!(back > front);
    }

    #[test]
    fn the_reserve_is_mixed_in_one_state_only() {
        let allowed = |slots: u64, draw: u64| reserve_allows(slots * 100, 100, 1_500, || draw);
        assert!(!allowed(1, 999));
        assert!(!allowed(2, 499));
        assert!(allowed(2, 500));
        assert!(allowed(3, 0));
        assert!(reserve_allows(100, 100, 0, || 0));
        assert!(!reserve_allows(199, 100, 1_000, || 999));
        assert!(!reserve_allows(400, 300, 2_000, || 999), "a task that takes three slots leaves one");
    }

    #[test]
    fn numbers_are_those_of_the_source() {
        // The first that SplitMix64 gives for 1234567, as published with it.
        let (mut seed, mut drawn) = (1_234_567, Vec::new());
        for _ in 0..3 {
            let (number, next) = draw(seed);
            drawn.push(number);
            seed = next;
        }
        assert_eq!(drawn, [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]);
    }

    #[test]
    fn buckets_are_close_below() {
        for target in [0, 1, 7, 8, 9, 15, 16, 59_999, 60_000, u64::MAX] {
            let bucket = target_bucket(target);
            assert!(bucket <= target && target - bucket <= target / 4, "{target} -> {bucket}");
        }
    }
}
