//! What is old or worth much is never pushed out for good by what is fresher and easier.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod parcel;

use std::collections::BTreeMap;

use blendline_cases::resurface::{TARGET_MS_MIN, catches_up_ms, target_ms};
use blendline_cases::types::{Field, FieldKind, Resurface};
use blendline_cases::{Case, Command, Effect, Terms, apply};
use blendline_wire::event::case::{CaseLinks, CaseValue};
use blendline_wire::event::{Actor, EventKind};
use blendline_wire::{CaseId, Millis, TaskId, TenantId};
use jiff::tz::TimeZone;
use proptest::prelude::*;

const HOUR: u64 = 3_600_000;

/// How much of its target a task has used, in billionths: a queue takes the largest first.
fn urgency(waited_ms: u64, target_ms: u64) -> u128 {
    u128::from(waited_ms) * 1_000_000_000 / u128::from(target_ms)
}

proptest! {
    /// A little after it came again it stands before what its age alone would give it, unless its target is the shortest there
    /// is; and then nothing fresh that has the stage's own target stands before it for longer than that takes to be used up.
    #[test]
    fn it_catches_up_with_its_age(
        stage in HOUR..400 * HOUR, age in 0..10_000 * HOUR, after in HOUR..400 * HOUR, worth in 0_i64..1_000_000_000_000,
        more in 0..100 * HOUR,
    ) {
        let target = target_ms(stage, age, after, worth);
        prop_assert!((TARGET_MS_MIN..=stage).contains(&target));
        let waited = catches_up_ms(after) + more;
        // Rounding down makes a target shorter, and what is short more urgent.
        prop_assert!(target == TARGET_MS_MIN || urgency(age + waited, stage) <= urgency(waited, target));
    }

    /// Whatever fresh, easy work keeps coming, and however late its queue runs: after a bounded number of turns it stands first.
    #[test]
    fn nothing_fresh_pushes_it_out_for_good(
        stage in HOUR..100 * HOUR, after in HOUR..100 * HOUR, worth in 0_i64..1_000_000, late in 1_u64..20,
    ) {
        let fresh = urgency(stage * late, stage);
        let first = (1..=late * (stage / after + 2)).find(|turn| {
            let target = target_ms(stage, after * turn, after, worth);
            fresh <= urgency(after, target)
        });
        prop_assert!(first.is_some());
    }

    /// Of two, the older and the more valuable never has the longer target.
    #[test]
    fn age_and_worth_only_help(
        stage in HOUR..100 * HOUR, age in 0..1_000 * HOUR, after in HOUR..100 * HOUR, worth in 0_i64..1_000_000_000,
        older in 0..1_000 * HOUR, more in 0_i64..1_000_000_000,
    ) {
        let target = target_ms(stage, age, after, worth);
        prop_assert!(target_ms(stage, age + older, after, worth) <= target);
        prop_assert!(target_ms(stage, age, after, worth + more) <= target);
    }
}

#[test]
fn a_stage_s_task_comes_again_each_time() {
    let mut kind = parcel::parcel();
    kind.fields.insert("value".into(), Field { kind: FieldKind::Number, words: parcel::words("Value") });
    kind.stages[0].calendar = None;
    kind.stages[0].target_ms = Some(24 * HOUR);
    kind.stages[0].resurface = Some(Resurface { after_ms: HOUR, by: Some("value".into()) });
    let (calendars, zone) = (BTreeMap::new(), TimeZone::UTC);
    let terms = Terms {
        kind: &kind,
        version: 1,
        calendars: &calendars,
        zone: &zone,
        managers: &[],
        company: Default::default(),
    };
    let mut case: Option<Case> = None;
    let mut ask = |command: Command, at: u64| {
        let change = apply(&terms, case.as_ref(), Actor::System, &command, Millis(at)).unwrap();
        case = Some(change.case.clone());
        change
    };
    let fields = BTreeMap::from([("value".to_owned(), Some(CaseValue::Number(5_000)))]);
    let (id, tenant, links) = (CaseId(7), TenantId(1), CaseLinks::default());
    ask(Command::Open { id, tenant, language: "en".into(), links, owner: None, fields, earned_at: None }, 0);
    ask(Command::Work { task: Some(TaskId(4)), reason: String::new() }, 0);
    let raised = |effects: &[Effect]| match effects {
        [Effect::Raise { task: TaskId(4), target_ms, .. }] => *target_ms,
        other => panic!("{other:?}"),
    };
    assert!(ask(Command::Look { chance: None }, HOUR - 1).effects.is_empty());
    let first = raised(&ask(Command::Look { chance: None }, HOUR).effects);
    assert!(ask(Command::Look { chance: None }, HOUR + 1).effects.is_empty(), "once a turn");
    // Two turns were missed: it comes again once, sooner before others.
    let change = ask(Command::Look { chance: None }, 4 * HOUR + 5);
    assert!(raised(&change.effects) < first);
    assert!(
        matches!(&change.events[0], EventKind::CaseResurfaced(told) if (told.times, told.worth) == (4, Some(5_000)))
    );
    assert_eq!(change.case.stage.resurfaced, 4);
}
