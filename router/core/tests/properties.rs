//! Properties of the policy: what must hold of its numbers whatever the settings.

use blendline_core::calendar::Hours;
use blendline_core::policy::{
    AGEING_MS, back_off_ms, request_target_ms, reserve_allows, retry_ms, target_bucket, urgency_in_time_milli,
    urgency_milli,
};
use blendline_wire::org::CalendarSettings;
use blendline_wire::{CalendarId, Millis};
use proptest::prelude::*;

/// Ten years in milliseconds: longer than anything waits.
const LONG: u64 = 10 * 366 * 24 * 3_600_000;

/// A task as the policy sees it: its place, its target, its queue's weight.
fn task() -> impl Strategy<Value = (u64, u64, u32)> {
    (0..LONG, 0..LONG, 0..=100_000u32)
}

fn urgency((earned, target, weight): (u64, u64, u32), now: u64) -> u64 {
    urgency_milli(Millis(now), Millis(earned), Millis(earned + target), weight)
}

/// Sorted, disjoint opening hours.
fn hours() -> impl Strategy<Value = CalendarSettings> {
    prop::collection::vec((0..500u64, 1..500u64), 0..8).prop_map(|spans| {
        let mut at = 0;
        let open = spans
            .into_iter()
            .map(|(closed, open)| {
                let opens = at + closed;
                at = opens + open;
                (Millis(opens), Millis(at))
            })
            .collect();
        CalendarSettings { id: CalendarId(1), open }
    })
}

proptest! {
    #[test]
    fn urgency_never_falls_with_age(task in task(), early in 0..3 * LONG, later in 0..LONG) {
        prop_assert!(urgency(task, early) <= urgency(task, early + later));
    }

    #[test]
    fn urgency_is_the_share_used_until_due(task in task(), part in 0..=1_000u64) {
        let (earned, target, weight) = task;
        let now = earned + target / 1_000 * part;
        prop_assert!(urgency(task, now) <= u64::from(weight));
        let at_due = urgency(task, earned + target);
        prop_assert!(target == 0 || at_due == u64::from(weight));
    }

    #[test]
    fn more_weight_is_never_less_urgent(earned in 0..LONG, target in 0..LONG, now in 0..3 * LONG, light in 0..50_000u32, more in 0..50_000u32) {
        prop_assert!(urgency((earned, target, light), now) <= urgency((earned, target, light + more), now));
    }

    /// Of two alike, the one that came first is never the less urgent.
    #[test]
    fn the_older_of_two_alike_is_not_less_urgent(task in task(), younger_by in 0..LONG, now in 0..3 * LONG) {
        let (earned, target, weight) = task;
        prop_assert!(urgency((earned, target, weight), now) >= urgency((earned + younger_by, target, weight), now));
    }

    /// No starvation: a late task overtakes every task that is not due yet, after an ageing step for each thousandth
    /// part of a thousand of the other's weight; and what comes later and is due later can then never overtake it.
    #[test]
    fn lateness_outgrows_every_weight(late in task(), other in task()) {
        let (earned, target, _) = late;
        let now = earned + target + (u64::from(other.2) / 1_000 + 2) * AGEING_MS;
        let due_later = (now, other.1, other.2);
        prop_assert!(urgency(late, now) >= urgency(due_later, now));
        for after in [0, 1, AGEING_MS, 1_000 * AGEING_MS, LONG] {
            let then = now + after;
            // Both late: they age alike, so the lead stays but for rounding.
            prop_assert!(urgency(late, then) + 1 >= urgency(due_later, then));
        }
    }

    /// What is late steps back behind all that is in time, and comes back before all of it: once, and not for long.
    #[test]
    fn what_is_late_steps_back_once(task in task(), other in task(), after in 0..LONG) {
        let (earned, target, weight) = task;
        let second = (4 * target).min(AGEING_MS);
        let late = |ms: u64| urgency_in_time_milli(Millis(earned + target + ms), Millis(earned), Millis(earned + target), weight);
        if after < second {
            prop_assert!(late(after) <= u64::from(weight));
            prop_assert!(after == 0 || late(after) <= late(second));
        } else {
            prop_assert_eq!(late(after), urgency(task, earned + target + after));
        }
        prop_assert!(late(1) <= late(1 + after) || after + 1 >= second);
        let now = earned + target + second.max(after) + (u64::from(other.2) / 1_000 + 1) * AGEING_MS;
        let in_time = urgency_in_time_milli(Millis(now), Millis(now), Millis(now + other.1), other.2);
        prop_assert!(urgency_in_time_milli(Millis(now), Millis(earned), Millis(earned + target), weight) >= in_time);
    }

    #[test]
    fn the_end_of_time_is_no_overflow(earned in any::<u64>(), due in any::<u64>(), now in any::<u64>(), weight in any::<u32>()) {
        urgency_milli(Millis(now), Millis(earned), Millis(due), weight);
    }

    /// The reserve is a threshold: what is allowed stays allowed with more places free, a smaller reserve, a higher draw.
    #[test]
    fn the_reserve_is_a_threshold(free in 0..100_000u64, more in 0..100_000u64, reserve in 0..20_000u64, less in 0..20_000u64, draw in 0..1_000u64, higher in 0..1_000u64) {
        if reserve_allows(free, 100, reserve, || draw) {
            prop_assert!(reserve_allows(free + more, 100, reserve, || draw));
            prop_assert!(reserve_allows(free, 100, reserve.saturating_sub(less), || draw));
            prop_assert!(reserve_allows(free, 100, reserve, || draw.max(higher)));
        }
    }

    /// Never at or below the whole part of the reserve; always above the next whole number.
    #[test]
    fn the_reserve_holds_between_two_whole_numbers(slots in 0..200u64, reserve in 0..100_000u64, draw in 0..1_000u64) {
        let allowed = reserve_allows(slots * 100, 100, reserve, || draw);
        if slots * 1_000 <= reserve / 1_000 * 1_000 {
            prop_assert!(!allowed);
        }
        if slots * 1_000 > reserve.div_ceil(1_000) * 1_000 {
            prop_assert!(allowed);
        }
    }

    #[test]
    fn back_offs_and_retries_grow_and_are_bounded(step in 0..=u8::MAX, attempt in 0..=u32::MAX) {
        prop_assert!(back_off_ms(step) <= back_off_ms(step.saturating_add(1)));
        prop_assert!((30_000..=16 * 60_000).contains(&back_off_ms(step)));
        prop_assert!(retry_ms(attempt) <= retry_ms(attempt.saturating_add(1)));
        prop_assert!((1_000..=300_000).contains(&retry_ms(attempt)));
    }

    /// A request leaves its parent time to act, while there is any.
    #[test]
    fn a_request_ends_before_its_parent(target in 0..LONG, used in 0..2 * LONG) {
        let left = target.saturating_sub(used);
        let asked = request_target_ms(left, target);
        prop_assert!(asked >= 1_000);
        prop_assert!(asked <= left.max(1_000));
    }

    #[test]
    fn buckets_keep_the_order_of_targets(one in any::<u64>(), other in any::<u64>()) {
        let (short, long) = (one.min(other), one.max(other));
        prop_assert!(target_bucket(short) <= target_bucket(long));
        prop_assert!(target_bucket(long) <= long && long - target_bucket(long) <= long / 4);
    }

    /// Counted one by one: the instant returned is where exactly so many open milliseconds have passed.
    #[test]
    fn open_time_is_counted_as_by_hand(calendar in hours(), from in 0..5_000u64, ms in 0..3_000u64) {
        let hours = Hours(Some(&calendar));
        let open = |from: u64, until: u64| (from..until).filter(|at| hours.is_open(Millis(*at))).count() as u64;
        match hours.after_open(Millis(from), ms) {
            Some(at) => {
                prop_assert_eq!(open(from, at.0), ms);
                prop_assert!(hours.is_open(at));
            }
            None => prop_assert!(open(from, 10_000) <= ms),
        }
    }

    #[test]
    fn the_next_opening_is_the_next_one(calendar in hours(), at in 0..5_000u64) {
        let hours = Hours(Some(&calendar));
        let begins = |at: u64| calendar.open.iter().any(|(opens, _)| opens.0 == at);
        let by_hand = (at + 1..10_000).find(|at| begins(*at));
        prop_assert_eq!(hours.next_opening(Millis(at)).map(|at| at.0), by_hand);
    }
}
