//! When something happens by itself to what workers have: at its instant, whatever they are done with before.

use blendline_core::input::Class;
use blendline_core::{Command, Scheduler};
use blendline_wire::event::EventKind;
use blendline_wire::task::{AcceptMode, Presence};
use blendline_wire::{Millis, TaskId, WorkerId};

use crate::office::*;

/// Back work whose target is over after so many minutes.
fn due_in(office: &mut Office, minutes: u64) -> TaskId {
    office.push(Class { target_ms: Some(minutes * MINUTE), ..class(BACK) })
}

/// In how many minutes the core wakes by itself.
fn wakes_in(office: &Office) -> Option<u64> {
    office.core.next_deadline().map(|at| at.since(office.now) / MINUTE)
}

fn missed(office: &Office) -> Vec<TaskId> {
    let missed = office.events.iter().filter(|event| matches!(event.kind, EventKind::TargetMissed { .. }));
    missed.filter_map(|event| event.task).collect()
}

#[test]
fn the_core_wakes_for_the_first_of_what_is_left() {
    let mut office = Office::new();
    let worker = office.worker(1, 4, &[BACK], AcceptMode::Auto);
    let tasks = [50, 20, 35].map(|minutes| due_in(&mut office, minutes));
    assert!(tasks.iter().all(|task| office.owner(*task) == Some(worker)));
    assert_eq!(wakes_in(&office), Some(20));
    let sooner = due_in(&mut office, 10);
    assert_eq!(wakes_in(&office), Some(10), "given what is due before all he has");
    office.done(worker, sooner);
    assert_eq!(wakes_in(&office), Some(20));
    office.done(worker, tasks[2]);
    assert_eq!(wakes_in(&office), Some(20), "what came later is over, and nothing else");
    office.done(worker, tasks[1]);
    assert_eq!(wakes_in(&office), Some(50));
    office.done(worker, tasks[0]);
    assert_eq!(wakes_in(&office), None);
}

#[test]
fn whoever_comes_next_is_not_woken_for_what_is_over() {
    let mut office = Office::new();
    let (one, other) = (WorkerId(1), WorkerId(2));
    office.worker(1, 2, &[BACK], AcceptMode::Auto);
    office.worker(2, 2, &[OTHER], AcceptMode::Auto);
    let first = due_in(&mut office, 10);
    let second = office.push(Class { target_ms: Some(20 * MINUTE), ..class(OTHER) });
    let third = office.push(Class { target_ms: Some(40 * MINUTE), ..class(OTHER) });
    assert_eq!((office.owner(first), office.owner(second), office.owner(third)), (Some(one), Some(other), Some(other)));
    // The second is over while the first comes first: that is found out when the first is over too.
    office.done(other, second);
    assert_eq!(wakes_in(&office), Some(10));
    office.done(one, first);
    assert_eq!(wakes_in(&office), Some(40));
}

#[test]
fn targets_are_missed_one_after_the_other_whoever_has_the_tasks() {
    let mut office = Office::new();
    office.worker(1, 3, &[BACK], AcceptMode::Auto);
    office.worker(2, 3, &[OTHER], AcceptMode::Auto);
    let [last, first, over] = [30, 10, 5].map(|minutes| due_in(&mut office, minutes));
    let others = [20, 20, 40].map(|minutes| office.push(Class { target_ms: Some(minutes * MINUTE), ..class(OTHER) }));
    office.done(WorkerId(1), over);
    office.pass(60 * MINUTE);
    assert_eq!(missed(&office), [first, others[0], others[1], last, others[2]]);
    let at = |task: TaskId| office.events.iter().rfind(|event| event.task == Some(task)).map(|event| event.at);
    assert!(missed(&office).iter().all(|task| at(*task) == Some(office.task(*task).due_at)), "each at its own instant");
    assert_eq!(wakes_in(&office), None);
}

#[test]
fn what_is_handed_on_is_watched_where_it_goes() {
    let mut office = Office::new();
    let one = office.worker(1, 2, &[BACK], AcceptMode::Auto);
    let task = due_in(&mut office, 30);
    let other = office.worker(2, 2, &[BACK], AcceptMode::Auto);
    assert_eq!(office.owner(task), Some(one));
    let away = Command::Presence { worker: one, presence: Presence::Away, reason: String::new() };
    office.call(away).unwrap();
    assert_eq!(office.owner(task), Some(other));
    office.call(Command::RemoveWorker { worker: one }).unwrap();
    assert_eq!(wakes_in(&office), Some(30));
    office.pass(30 * MINUTE);
    assert_eq!(missed(&office), [task]);
}

#[test]
fn a_rebuilt_core_wakes_when_the_running_one_does() {
    let mut office = Office::new();
    let worker = office.worker(1, 4, &[BACK], AcceptMode::Auto);
    let tasks = [20, 10, 35].map(|minutes| due_in(&mut office, minutes));
    office.done(worker, tasks[1]);
    let twin = Scheduler::load(0, office.core.snapshot()).unwrap();
    assert_eq!(twin.next_deadline(), office.core.next_deadline());
}

#[test]
fn what_is_due_as_far_off_as_time_goes_wakes_nobody_before() {
    let mut office = Office::with(|queue| queue.target_ms = u64::MAX);
    let worker = office.worker(1, 1, &[BACK], AcceptMode::Auto);
    let task = office.item(BACK);
    assert_eq!(office.owner(task), Some(worker));
    assert!(office.core.next_deadline().is_none_or(|at| at >= Millis((1 << 60) - 1)));
    office.pass(10_000 * MINUTE);
    assert_eq!((missed(&office).len(), office.owner(task)), (0, Some(worker)));
}
