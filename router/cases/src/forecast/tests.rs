//! What must hold of every chance, whatever was seen.

use blendline_wire::event::case::{CaseLinks, CaseMoved, CaseMover, CaseOpened};
use proptest::prelude::*;

use super::*;

const T: u64 = 4 * HOUR_MS;
const NOW: Millis = Millis(1_750_000_000_000);

fn entered(stage: &str, due: Option<Millis>) -> StageEntered {
    StageEntered { stage: stage.into(), due_at: due, responsible: Some("logistics".into()), waits_for: "queue".into() }
}

fn opened(case: u128, at: Millis) -> EventKind {
    EventKind::CaseOpened(Box::new(CaseOpened {
        case: CaseId(case),
        case_type: "parcel".into(),
        version: 1,
        entered: entered("looking", Some(at.plus(T))),
        owner: None,
        language: String::new(),
        earned_at: at,
        links: CaseLinks::default(),
    }))
}

fn moved(case: u128, at: Millis, used_ms: u64) -> EventKind {
    let left = StageLeft {
        stage: "looking".into(),
        entered_at: at,
        ran_ms: used_ms,
        stood_ms: 0,
        used_ms,
        due_at: Some(at.plus(T)),
        late: T < used_ms,
    };
    EventKind::CaseMoved(Box::new(CaseMoved {
        case: CaseId(case),
        case_type: "parcel".into(),
        version: 1,
        left,
        entered: entered("solved", None),
        by: CaseMover::Worker,
        disposition: None,
        owner: None,
    }))
}

fn asked(used_ms: u64, target_ms: u64) -> Asked<'static> {
    Asked {
        case_type: "parcel",
        stage: "looking",
        unit: Some("logistics"),
        entered_at: NOW,
        used_ms,
        target_ms,
        warns_milli: 500,
    }
}

/// What was seen of stages that took so long, one after the other; the last of them may still go on.
fn seen(lengths: &[u64], open: &[u64]) -> Forecast {
    let mut forecast = Forecast::default();
    for (case, ms) in (0..).zip(lengths) {
        forecast.happened(NOW, &opened(case, NOW));
        forecast.happened(NOW.plus(*ms), &moved(case, NOW, *ms));
    }
    for (case, ms) in (1_000_000..).zip(open) {
        forecast.happened(NOW, &opened(case, NOW));
        forecast.looked(CaseId(case), *ms, T, NOW.plus(*ms));
    }
    forecast
}

proptest! {
    #[test]
    fn a_chance_is_one_and_grows_with_the_time_spent(
        lengths in prop::collection::vec(0..10 * T, 0..60),
        open in prop::collection::vec(0..10 * T, 0..20),
        target in prop_oneof![1..20 * T, Just(u64::MAX), Just(1)],
    ) {
        let forecast = seen(&lengths, &open);
        let mut last = 0;
        for step in 0..=40 {
            let used = target / 40 * step;
            let chance = forecast.chance(&asked(used, target), NOW.plus(T));
            prop_assert!(chance.miss_milli <= 1_000);
            prop_assert!(last <= chance.miss_milli, "{step}: {last} then {}", chance.miss_milli);
            last = chance.miss_milli;
        }
        prop_assert_eq!(forecast.chance(&asked(target, target), NOW).miss_milli, 1_000);
    }
}

#[test]
fn what_was_never_seen_is_judged_by_its_target() {
    let forecast = Forecast::default();
    let chance = forecast.chance(&asked(0, T), NOW);
    assert_eq!((chance.learnt_of, chance.seen), (LearntOf::Target, 0));
    assert!((99..=102).contains(&chance.miss_milli), "{chance:?}");
    // Half need a third of it.
    let median = chance.median_left_ms.unwrap();
    assert!(T * 3 / 10 < median && median < T * 4 / 10, "{median}");
    // A few say little against that, many say all.
    let of = |count| seen(&vec![2 * T; count], &[]).chance(&asked(0, T), NOW.plus(100 * 86_400_000)).miss_milli;
    assert!(of(1) < 350 && 950 < of(200), "{} {}", of(1), of(200));
}

#[test]
fn what_still_goes_on_counts_as_far_as_it_went() {
    // Many ended within their target; twenty of today are there still, long after it.
    let usual: Vec<u64> = (1..=200).map(|part| T / 200 * part).collect();
    let quick = seen(&usual, &[]).chance(&asked(T / 2, T), NOW.plus(2 * T)).miss_milli;
    let stuck = seen(&usual, &[2 * T; 20]).chance(&asked(T / 2, T), NOW.plus(2 * T));
    assert!(quick + 100 < stuck.miss_milli, "{quick} {stuck:?}");
    assert!(stuck.pace_milli < 700, "{stuck:?}");
    assert_eq!((stuck.learnt_of, stuck.seen), (LearntOf::Season, 200));
}

#[test]
fn false_alarms_make_it_wary_and_true_ones_trust_it() {
    let mut forecast = Forecast::default();
    let mut warned = |case: u128, ms: u64| {
        forecast.happened(NOW, &opened(case, NOW));
        if let Some(stay) = forecast.stays.get_mut(&CaseId(case)) {
            stay.warned = true;
        }
        forecast.happened(NOW.plus(ms), &moved(case, NOW, ms));
        forecast.chance(&asked(0, T), NOW).warns_milli
    };
    assert_eq!(warned(1, T / 2), 520);
    assert_eq!(warned(2, 2 * T), 505);
    let wary = (10..100).map(|case| warned(case, T / 2)).last().unwrap();
    assert_eq!(wary, 850);
}
