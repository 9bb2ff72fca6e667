//! Why a task comes to a worker is kept with its offer, so that a page that is loaded anew shows it again.

use blendline_core::input::Verdict;
use blendline_core::rows::{Task, TaskState};
use blendline_core::{Answer, Command, Scheduler};
use blendline_wire::TaskId;
use blendline_wire::event::Because;
use blendline_wire::task::{AcceptMode, ClockRule, ParkReason, Target};

use crate::office::*;

/// Why the task is offered, here and in a core rebuilt from the rows.
fn because(office: &Office, task: TaskId) -> Because {
    let TaskState::Offered { because, .. } = office.task(task).state else { panic!("{task} is not offered") };
    let again = Scheduler::load(0, office.core.snapshot()).unwrap();
    assert_eq!(again.task(task), Some(office.task(task)));
    because
}

#[test]
fn each_offer_says_why() {
    let mut office = Office::new();
    let one = office.worker(1, 1, &[FRONT], AcceptMode::Offer);
    let two = office.worker(2, 1, &[BACK], AcceptMode::Offer);
    let first = office.message(1);
    assert_eq!(because(&office, first), Because::LeastLoaded);
    office.accept(one, first).unwrap();
    office.reply(one, first).unwrap();
    let second = office.message(2);
    office.done(one, first);
    assert_eq!(because(&office, second), Because::MostUrgent);

    office.accept(one, second).unwrap();
    office.settle(one, second, Verdict::Transfer { to: Target::Worker(two), note: None }).unwrap();
    assert_eq!((office.owner(second), because(&office, second)), (Some(two), Because::Directed));
    office.accept(two, second).unwrap();
    let park = Verdict::Snooze { for_ms: MINUTE, reason: ParkReason::Time, clock: ClockRule::Stops };
    office.settle(two, second, park).unwrap();
    office.pass(MINUTE);
    assert_eq!((office.owner(second), because(&office, second)), (Some(two), Because::Returned));

    // What he does not take goes to others, and is nobody's return.
    office.pass(MINUTE);
    assert!(!office.task(second).returns);
    let again = office.message(1);
    assert_eq!(because(&office, again), Because::Sticky, "the customer knows him");
}

#[test]
fn a_reply_is_told_its_place() {
    let mut office = Office::new();
    let worker = office.worker(1, 1, &[FRONT], AcceptMode::Auto);
    let task = office.message(1);
    assert_eq!(office.reply(worker, task), Ok(Answer::Said(2)));
    office.message(1);
    assert_eq!(office.reply(worker, task), Ok(Answer::Said(4)));
}

#[test]
fn a_tasks_row_is_one_flat_object() {
    let mut office = Office::new();
    let worker = office.worker(1, 1, &[FRONT], AcceptMode::Offer);
    let task = office.message(1);
    let fresh = serde_json::to_value(office.task(task)).unwrap();
    let lease = office.lease(task);
    let reason = String::new();
    office.call(Command::Decline { worker, task, lease, reason }).unwrap();
    let row = serde_json::to_value(office.task(task)).unwrap();
    assert_eq!((&row["declines"], &row["declined"][0][0]), (&1.into(), &"wrk_1".into()));
    for absent in ["more", "parent", "children", "directed", "worked_ms"] {
        assert_eq!(row.get(absent), None);
    }
    assert_eq!(fresh.get("declined"), None);
    for value in [fresh, row] {
        let read: Task = serde_json::from_value(value.clone()).unwrap();
        assert_eq!(serde_json::to_value(&read).unwrap(), value);
    }
    let read: Task = serde_json::from_value(serde_json::to_value(office.task(task)).unwrap()).unwrap();
    assert_eq!(&read, office.task(task));
}
