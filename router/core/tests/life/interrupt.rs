//! Back work that may be interrupted steps aside for the front line, and comes back to whoever had it.

use blendline_core::input::Settings;
use blendline_core::rows::TaskState;
use blendline_core::{Command, Release};
use blendline_wire::event::EventKind;
use blendline_wire::org::Goal;
use blendline_wire::task::{AcceptMode, Presence, Side, WithdrawReason};

use crate::office::*;

/// An office whose back work may be interrupted.
fn office() -> Office {
    Office::with(|queue| queue.interruptible = queue.id == BACK)
}

#[test]
fn the_front_line_gets_who_is_at_back_work_and_he_gets_it_back() {
    let mut office = office();
    let (one, two) =
        (office.worker(1, 1, &[FRONT, BACK], AcceptMode::Auto), office.worker(2, 1, &[BACK], AcceptMode::Auto));
    let (first, second) = (office.item(BACK), office.item(BACK));
    let item = if office.owner(first) == Some(one) { first } else { second };
    office.pass(MINUTE);
    let call = office.message(1);
    assert_eq!(office.owner(call), Some(one));
    assert!(matches!(office.task(item).state, TaskState::Interrupted { worker: Some(worker), .. } if worker == one));
    assert_eq!(office.core.load_of(one), 100, "what is put aside takes none of his room");
    let told = |release: &Release| matches!(release, Release::Withdrawn { worker, task, reason: WithdrawReason::Interrupted, .. } if *worker == one && *task == item);
    assert!(office.releases.iter().any(told));
    // Somebody else becomes free: it is not his.
    let other = if item == first { second } else { first };
    office.done(two, other);
    assert!(matches!(office.task(item).state, TaskState::Interrupted { .. }));
    office.done(one, call);
    assert_eq!(office.owner(item), Some(one));
    assert_eq!(office.task(item).worked_ms, MINUTE, "nobody was at it meanwhile");
    assert_eq!(office.happened(|kind| matches!(kind, EventKind::TaskWoken { why } if why == "given_back")), 1);
}

#[test]
fn a_queue_that_keeps_its_goal_calls_nobody_away() {
    let mut office = office();
    let quick = office.worker(1, 1, &[FRONT], AcceptMode::Auto);
    let other = office.worker(2, 1, &[FRONT, BACK], AcceptMode::Auto);
    let item = office.item(BACK);
    assert_eq!(office.owner(item), Some(other));
    // Fifty are enough to say so, and each of these found him free.
    for _ in 0..50 {
        let call = office.push(class(FRONT));
        assert_eq!(office.owner(call), Some(quick));
        office.pass(1_000);
        office.done(quick, call);
    }
    let (held, waits) = (office.push(class(FRONT)), office.push(class(FRONT)));
    assert_eq!((office.owner(held), office.owner(waits)), (Some(quick), None));
    assert_eq!(office.owner(item), Some(other), "it can wait for its turn");
}

#[test]
fn one_task_is_not_interrupted_for_ever_nor_near_its_own_deadline() {
    let mut office = office();
    let worker = office.worker(1, 1, &[FRONT, BACK], AcceptMode::Auto);
    let item = office.item(BACK);
    for contact in 1..=3 {
        office.pass(1_000);
        let call = office.message(contact);
        assert_eq!(office.owner(call), Some(worker));
        office.done(worker, call);
    }
    let call = office.message(4);
    assert_eq!((office.owner(call), office.owner(item)), (None, Some(worker)), "three times are enough");
    office.done(worker, item);
    office.done(worker, call);
    let hard = office.item(BACK);
    office.pass(46 * MINUTE);
    let call = office.message(5);
    assert_eq!((office.owner(call), office.owner(hard)), (None, Some(worker)), "a quarter of its target is left");
}

#[test]
fn what_may_not_be_interrupted_is_not() {
    let mut office = Office::new();
    let worker = office.worker(1, 1, &[FRONT, BACK], AcceptMode::Auto);
    let item = office.item(BACK);
    let call = office.message(1);
    assert_eq!((office.owner(item), office.owner(call)), (Some(worker), None));
}

#[test]
fn who_leaves_leaves_it_to_others_and_so_does_time() {
    let mut office = office();
    let one = office.worker(1, 1, &[FRONT, BACK], AcceptMode::Auto);
    let item = office.item(BACK);
    office.pass(1_000);
    let call = office.message(1);
    let two = office.worker(2, 1, &[BACK], AcceptMode::Auto);
    assert_eq!((office.owner(call), office.owner(item)), (Some(one), None));
    office.pass(30 * MINUTE);
    assert_eq!(office.owner(item), Some(two), "he was away from it for half an hour");
    office.done(two, item);
    office.done(one, call);

    let item = office.item(BACK);
    if office.owner(item) == Some(two) {
        // Whoever has it: it must be the one who serves the front line.
        office.call(Command::Presence { worker: two, presence: Presence::Away, reason: String::new() }).unwrap();
    }
    office.pass(1_000);
    let call = office.message(2);
    assert_eq!(office.owner(call), Some(one));
    office.call(Command::Presence { worker: two, presence: Presence::Ready, reason: String::new() }).unwrap();
    office.call(Command::Presence { worker: one, presence: Presence::Away, reason: String::new() }).unwrap();
    assert_eq!(office.owner(item), Some(two));
}

#[test]
fn nothing_is_begun_beside_what_the_front_line_still_keeps_from_him() {
    let mut office = Office::with(|queue| {
        queue.blend.goal = Goal::Within { per_mille: 1_000 };
        if queue.id != FRONT {
            (queue.target_ms, queue.interruptible) = (10_000 * MINUTE, true);
        }
    });
    let one = office.worker(1, 1, &[FRONT, BACK, OTHER], AcceptMode::Auto);
    for id in 2..=4 {
        office.worker(id, 1, &[FRONT], AcceptMode::Auto);
    }
    // Nobody is to be late, and so much comes that the front line wants all four free.
    office.three_at_a_time();
    let called_away = office.item(BACK);
    assert_eq!(office.owner(called_away), Some(one));
    office.pass(1_000);
    let fronts: Vec<_> = (0..4).map(|_| office.push(class(FRONT))).collect();
    assert!(matches!(office.task(called_away).state, TaskState::Interrupted { .. }));
    // It may be called away no more, so the reserve keeps it from him, and would let lighter work begin.
    let mut firm = queue(BACK, Side::Back, 10_000 * MINUTE);
    firm.interruptible = false;
    office.put(Settings::Queue(firm));
    let other = office.item(OTHER);
    let his = fronts.iter().copied().find(|task| office.owner(*task) == Some(one)).unwrap();
    office.done(one, his);
    assert!(office.core.reserve_milli(FRONT) > 0);
    assert!(matches!(office.task(called_away).state, TaskState::Interrupted { .. }), "kept from him");
    assert_eq!(office.owner(other), None);
}
