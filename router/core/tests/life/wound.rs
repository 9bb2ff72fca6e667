//! What winds the price of lateness up, and what does not.

use blendline_core::Scheduler;
use blendline_wire::task::{AcceptMode, Presence};
use blendline_wire::{Millis, TaskId, WorkerId};

use crate::learnt::{learnt, worked};
use crate::office::*;

#[test]
fn the_price_of_a_queue_that_nobody_serves_rises_by_what_is_late() {
    let mut office = Office::new();
    office.worker(1, 1, &[FRONT], AcceptMode::Auto);
    let first = office.push(class(FRONT));
    office.done(WorkerId(1), first);
    let mut rows = office.core.snapshot();
    rows.learnt.iter_mut().for_each(|row| row.price_micro = 5_000_000);
    office.core = Scheduler::load(0, rows).unwrap();
    let (worker, presence) = (WorkerId(1), Presence::Away);
    office.call(blendline_core::Command::Presence { worker, presence, reason: String::new() }).unwrap();
    office.push(class(FRONT));
    office.pass(MINUTE);
    // No level is at its bound where there are no slots.
    assert!(learnt(&office, FRONT).price_micro > 5_000_000);
}

#[test]
fn a_price_that_keeps_all_slots_free_already_is_wound_up_to_its_bound_only() {
    let mut office = Office::new();
    let worker = office.worker(1, 1, &[FRONT, BACK], AcceptMode::Auto);
    worked(&mut office, worker, MINUTE);
    office.push(class(FRONT));
    let mut late = |level_milli| {
        let mut rows = office.core.snapshot();
        rows.learnt.iter_mut().for_each(|row| (row.price_micro, row.level_milli) = (5_000_000, level_milli));
        office.core = Scheduler::load(0, rows).unwrap();
        office.push(class(FRONT));
        office.pass(MINUTE);
        learnt(&office, FRONT).price_micro
    };
    assert_eq!(late(1_000), 5_000_000, "its one slot is kept");
    assert_eq!(late(1_001), 5_000_000);
    assert!(late(999) > 5_000_000, "more could be kept");
}

#[test]
fn the_price_does_not_rise_by_what_is_late_because_late_back_work_went_before_it() {
    let mut office = Office::new();
    let worker = office.worker(1, 1, &[FRONT, BACK], AcceptMode::Auto);
    worked(&mut office, worker, 1_000);
    let with_price = |office: &mut Office, micro| {
        let mut rows = office.core.snapshot();
        rows.learnt.iter_mut().for_each(|row| row.price_micro = micro);
        office.core = Scheduler::load(0, rows).unwrap();
    };
    // Back work waits while the worker is at front work, until it is late; then it goes before what comes.
    let first = office.push(class(FRONT));
    let back = office.item(BACK);
    let due = office.task(back).due_at;
    office.pass(due.since(office.now) + 1);
    let late = office.push(class(FRONT));
    with_price(&mut office, 2_000_000);
    assert_eq!(learnt(&office, FRONT).overtaken_until, Millis(0));
    office.done(worker, first);
    assert_eq!((office.owner(back), office.owner(late)), (Some(worker), None));
    let until = learnt(&office, FRONT).overtaken_until;
    assert!(until > office.now.plus(MINUTE), "for as long as back work takes, as far as that is known: {until:?}");
    office.pass(MINUTE + 1);
    assert!(office.task(late).missed);
    assert_eq!(learnt(&office, FRONT).price_micro, 2_000_000);
    // What comes in time lets it fall all the same; and after that time it rises again.
    office.done(worker, back);
    office.done(worker, late);
    worked(&mut office, worker, 1_000);
    let fallen = learnt(&office, FRONT).price_micro;
    assert!(fallen < 2_000_000, "{fallen}");
    office.pass(until.since(office.now) + 1);
    let busy = office.push(class(FRONT));
    office.push(class(FRONT));
    office.pass(MINUTE + 1);
    assert_eq!(office.owner(busy), Some(worker));
    assert!(learnt(&office, FRONT).price_micro > fallen);
}

#[test]
fn what_is_overtaken_is_noted_by_late_back_work_only_and_not_for_every_instant() {
    let mut office = Office::new();
    let worker = office.worker(1, 3, &[FRONT, BACK], AcceptMode::Auto);
    let until = |office: &Office| learnt(office, FRONT).overtaken_until;
    worked(&mut office, worker, MINUTE);
    let in_time = office.item(BACK);
    assert_eq!(office.owner(in_time), Some(worker));
    assert_eq!(until(&office), Millis(0));
    office.done(worker, in_time);
    // One slot is free at a time, and what waits for it is late.
    let busy: Vec<TaskId> = (0..3).map(|_| office.push(class(FRONT))).collect();
    let backs: Vec<TaskId> = (0..3).map(|_| office.item(BACK)).collect();
    let due = office.task(backs[2]).due_at;
    office.pass(due.since(office.now) + 1);
    let mut noted = Vec::new();
    for (task, pause) in busy.into_iter().zip([1_000, MINUTE, 0]) {
        office.done(worker, task);
        noted.push(until(&office));
        office.pass(pause);
    }
    assert_eq!(noted[1], noted[0], "a second more is not worth a row");
    assert_eq!(noted[2].since(noted[1]), MINUTE + 1_000, "a minute more is");
}
