//! More is done about work that waits, step by step.

use blendline_core::effect::Release;
use blendline_core::input::{Class, Relaxation};
use blendline_wire::event::EventKind;
use blendline_wire::task::AcceptMode;

use crate::office::*;

fn raised(after_ms: u64, lift_milli: u32) -> Relaxation {
    Relaxation { after_ms, lift_milli: Some(lift_milli), ..Relaxation::default() }
}

#[test]
fn what_waits_for_long_comes_before_what_has_used_more_of_its_target() {
    let mut office = Office::new();
    let ladder = vec![raised(10_000, 2_000), raised(40_000, 4_000)];
    let long = office.push(Class { target_ms: Some(90_000), relax: ladder, ..class(FRONT) });
    let due_at = office.task(long).due_at;
    let short = office.push(Class { target_ms: Some(50_000), ..class(FRONT) });
    office.pass(10_000);
    assert_eq!((office.task(long).lift_milli, office.task(long).due_at), (2_000, due_at));
    let worker = office.worker(1, 1, &[FRONT], AcceptMode::Auto);
    // A ninth of its target counts twice, a fifth of the other's once.
    assert_eq!((office.owner(long), office.owner(short)), (Some(worker), None));
    office.pass(90_000);
    assert_eq!(office.happened(|kind| matches!(kind, EventKind::TaskRaised { .. })), 1, "he has it");
}

#[test]
fn what_is_raised_twice_counts_as_the_last_step_says() {
    let mut office = Office::new();
    let ladder = vec![raised(10_000, 2_000), raised(20_000, 4_000), raised(30_000, 4_000)];
    let task = office.push(Class { relax: ladder, ..class(FRONT) });
    office.pass(25_000);
    assert_eq!(office.task(task).lift_milli, 4_000);
    office.pass(25_000);
    assert_eq!(office.happened(|kind| matches!(kind, EventKind::TaskRaised { .. })), 2, "the third changes nothing");
}

#[test]
fn a_supervisor_is_told_of_what_nobody_takes() {
    let mut office = Office::new();
    let tell = Relaxation { after_ms: 30_000, tell: true, ..Relaxation::default() };
    let task = office.push(Class { relax: vec![tell], ..class(FRONT) });
    office.pass(29_999);
    let told = |office: &Office| {
        let told = |release: &&Release| matches!(release, Release::Supervisor { task: of, .. } if *of == task);
        office.releases.iter().filter(told).count()
    };
    assert_eq!(told(&office), 0);
    office.pass(1);
    assert_eq!(told(&office), 1);
    office.pass(300_000);
    assert_eq!(told(&office), 1, "once");
}
