//! Less will do after a while; hard matters are spread; nobody works on and on; who was abused rests.

use blendline_core::Command;
use blendline_core::burden::ABUSIVE;
use blendline_core::input::{Class, Relaxation, Settings, Verdict};
use blendline_wire::event::EventKind;
use blendline_wire::org::{Burden, SkillLevel, WorkerSettings};
use blendline_wire::task::{AcceptMode, SkillNeed};
use blendline_wire::{SkillId, WorkerId};

use crate::office::*;

const RARE: SkillId = SkillId(9);

fn change(office: &mut Office, worker: WorkerId, change: impl FnOnce(&mut WorkerSettings)) {
    let mut settings = (*office.core.worker(worker).unwrap().settings).clone();
    change(&mut settings);
    office.put(Settings::Worker(settings));
}

fn skilled(office: &mut Office, worker: WorkerId, level: u8) {
    change(office, worker, |settings| settings.skills = vec![SkillLevel { skill: RARE, level }]);
}

#[test]
fn what_nobody_takes_needs_less_step_by_step() {
    let mut office = Office::new();
    let novice = office.worker(1, 1, &[FRONT], AcceptMode::Auto);
    skilled(&mut office, novice, 2);
    let need = |level| vec![SkillNeed { skill: RARE, level }];
    let relax = vec![
        Relaxation { after_ms: 20_000, needs: need(3), ..Relaxation::default() },
        Relaxation { after_ms: 40_000, needs: need(1), ..Relaxation::default() },
        Relaxation { after_ms: 60_000, needs: Vec::new(), ..Relaxation::default() },
    ];
    let task = office.push(Class { needs: need(5), relax, ..class(FRONT) });
    office.pass(39_999);
    assert_eq!(office.owner(task), None);
    assert_eq!(*office.task(task).needs, *need(3));
    office.pass(1);
    assert_eq!(office.owner(task), Some(novice));
    office.pass(60_000);
    assert_eq!(
        office.happened(|kind| matches!(kind, EventKind::NeedsRelaxed { .. })),
        2,
        "he has it: nothing is relaxed"
    );
}

#[test]
fn who_can_do_something_rare_is_kept_for_it() {
    let mut office = Office::new();
    let rare = office.worker(1, 1, &[FRONT], AcceptMode::Auto);
    skilled(&mut office, rare, 5);
    office.pass(1_000);
    let plain = office.worker(2, 1, &[FRONT], AcceptMode::Auto);
    let task = office.push(class(FRONT));
    assert_eq!(office.owner(task), Some(plain), "though the other has been idle for longer");
}

#[test]
fn of_workers_who_are_alike_the_cheaper_has_the_task() {
    let mut office = Office::new();
    for (worker, cost) in [(1, 60), (2, 40)] {
        let worker = office.worker(worker, 1, &[FRONT], AcceptMode::Auto);
        change(&mut office, worker, |settings| settings.burden.cost = cost);
        office.pass(1_000);
    }
    let task = office.push(class(FRONT));
    assert_eq!(office.owner(task), Some(WorkerId(2)));
}

#[test]
fn hard_matters_are_spread() {
    let mut office = Office::new();
    let (one, two) = (office.worker(1, 1, &[FRONT], AcceptMode::Auto), office.worker(2, 1, &[FRONT], AcceptMode::Auto));
    office.pass(1_000);
    let hard = office.push(Class { strain: 5, ..class(FRONT) });
    let first = office.owner(hard).unwrap();
    office.done(first, hard);
    let other = if first == one { two } else { one };
    // The other is given an easy one, so that the first is the longest idle again.
    office.pass(1_000);
    let easy = office.push(class(FRONT));
    assert_eq!(office.owner(easy), Some(other));
    office.done(other, easy);
    office.pass(1_000);
    let again = office.push(Class { strain: 5, ..class(FRONT) });
    assert_eq!(office.owner(again), Some(other));
    office.done(other, again);
    office.pass(24 * 60 * MINUTE);
    assert_eq!(office.core.worker(first).unwrap().run.strain_milli, 5_000, "what is written is not what is left");
}

#[test]
fn a_run_has_an_end_and_who_was_free_has_had_his_breath() {
    let mut office = Office::new();
    let worker = office.worker(1, 1, &[FRONT], AcceptMode::Auto);
    change(&mut office, worker, |settings| {
        settings.burden = Burden { run_max: 3, breath_ms: 2 * MINUTE, ..Burden::default() };
    });
    let mut waiting = Vec::new();
    for _ in 0..5 {
        waiting.push(office.push(class(FRONT)));
    }
    for task in waiting.drain(..3) {
        assert_eq!(office.owner(task), Some(worker));
        office.done(worker, task);
    }
    assert_eq!(office.happened(|kind| matches!(kind, EventKind::RestStarted { why, .. } if why == "run")), 1);
    assert_eq!(office.owner(waiting[0]), None);
    office.pass(2 * MINUTE - 1);
    assert_eq!(office.owner(waiting[0]), None);
    office.pass(1);
    assert_eq!(office.owner(waiting[0]), Some(worker));
    office.done(worker, waiting[0]);
    office.done(worker, waiting[1]);
    office.pass(2 * MINUTE);
    for _ in 0..2 {
        let task = office.push(class(FRONT));
        office.done(worker, task);
    }
    assert_eq!(office.happened(|kind| matches!(kind, EventKind::RestStarted { .. })), 1, "he had time to breathe");
}

#[test]
fn after_an_abusive_customer_he_rests_and_may_say_that_he_is_ready() {
    let mut office = Office::new();
    let worker = office.worker(1, 2, &[FRONT], AcceptMode::Auto);
    change(&mut office, worker, |settings| settings.burden.abuse_pause_ms = 5 * MINUTE);
    let task = office.push(class(FRONT));
    let verdict = Verdict::Done { disposition: ABUSIVE.to_owned(), note: None };
    office.settle(worker, task, verdict).unwrap();
    let next = office.push(class(FRONT));
    assert_eq!(office.owner(next), None);
    office.call(Command::Ready { worker, task }).unwrap();
    assert_eq!(office.owner(next), Some(worker));
}

#[test]
fn no_run_is_kept_of_who_may_work_on_and_on() {
    let mut office = Office::new();
    let worker = office.worker(1, 1, &[FRONT], AcceptMode::Auto);
    let task = office.push(class(FRONT));
    office.done(worker, task);
    assert_eq!(office.core.worker(worker).unwrap().run, Default::default());
    change(&mut office, worker, |settings| {
        settings.burden = Burden { run_max: 1, breath_ms: 0, ..Burden::default() };
    });
    let task = office.push(class(FRONT));
    office.done(worker, task);
    let row = office.core.worker(worker).unwrap();
    assert_eq!((row.run.tasks, row.wrap_ups.len()), (1, 0), "a breath of no length is none");
    assert_eq!(office.happened(|kind| matches!(kind, EventKind::RestStarted { .. })), 0);
}

#[test]
fn noting_down_and_resting_go_on_at_once_and_the_longer_counts() {
    let mut office = Office::with(|queue| queue.wrap_up_ms = MINUTE);
    let worker = office.worker(1, 2, &[FRONT], AcceptMode::Auto);
    change(&mut office, worker, |settings| {
        settings.burden = Burden { run_max: 2, breath_ms: 3 * MINUTE, ..Burden::default() };
    });
    let begin = office.now;
    let first = office.push(class(FRONT));
    office.done(worker, first);
    let row = office.core.worker(worker).unwrap();
    assert_eq!(
        row.wrap_ups.iter().map(|(_, weight, until)| (*weight, *until)).collect::<Vec<_>>(),
        [(100, begin.plus(MINUTE))]
    );
    let second = office.push(class(FRONT));
    office.done(worker, second);
    let row = office.core.worker(worker).unwrap();
    assert_eq!(row.wrap_ups.last().map(|(_, weight, until)| (*weight, *until)), Some((200, begin.plus(3 * MINUTE))));
    let noted = |kind: &EventKind| matches!(kind, EventKind::WrapUpStarted { until } if *until == begin.plus(MINUTE));
    assert_eq!(office.happened(noted), 2);
    let rested =
        |kind: &EventKind| matches!(kind, EventKind::RestStarted { until, .. } if *until == begin.plus(3 * MINUTE));
    assert_eq!(office.happened(rested), 1);
}

#[test]
fn who_is_free_again_has_the_first_that_he_knows_enough_for() {
    let mut office = Office::new();
    let novice = office.worker(1, 1, &[FRONT], AcceptMode::Auto);
    skilled(&mut office, novice, 1);
    let first = office.push(class(FRONT));
    let needing = |level| Class { needs: vec![SkillNeed { skill: RARE, level }], ..class(FRONT) };
    let hard = office.push(needing(2));
    office.pass(1_000);
    let easy = office.push(needing(1));
    office.done(novice, first);
    assert_eq!((office.owner(hard), office.owner(easy)), (None, Some(novice)));
}

#[test]
fn what_a_hard_matter_leaves_behind_halves_in_an_hour_and_falls_evenly_in_it() {
    let mut office = Office::new();
    let worker = office.worker(1, 1, &[FRONT], AcceptMode::Auto);
    let mut strained = || {
        let task = office.push(Class { strain: 4, ..class(FRONT) });
        office.done(worker, task);
        office.pass(30 * MINUTE);
        office.core.worker(worker).unwrap().run.strain_milli
    };
    assert_eq!([strained(), strained(), strained()], [4_000, 3_000 + 4_000, 5_250 + 4_000]);
}
