//! Back queues get the part of their workers' hours that they are promised, and each group keeps its time plan, at every
//! peak.

use blendline_core::rows::TaskState;
use blendline_wire::event::{Because, EventKind};
use blendline_wire::org::Planned;
use blendline_wire::task::{AcceptMode, Side};
use blendline_wire::{GroupId, QueueId, TaskId, WorkerId};

use crate::office::*;

const WORKERS: u64 = 4;

/// An office whose back queue is promised a quarter of its workers' hours, over an hour.
fn office(share_milli: u32, interruptible: bool) -> Office {
    let mut office = Office::with(|queue| {
        if queue.id == BACK {
            (queue.blend.share_milli, queue.interruptible) = (share_milli, interruptible);
        }
    });
    for worker in 1..=WORKERS {
        office.worker(worker, 1, &[FRONT, BACK], AcceptMode::Auto);
    }
    office
}

/// Three hours in which more customers wait than can ever be served, and work of every back queue: the thousandths of the
/// hours of `workers` that the work of a back queue had, in each hour.
fn peak(office: &mut Office, queue: QueueId, workers: std::ops::RangeInclusive<u64>) -> Vec<u64> {
    let (mut contact, mut busy, mut ends) = (0, Vec::new(), vec![None::<(TaskId, u64)>; WORKERS as usize]);
    for minute in 0..180 {
        while office.core.queue_now(FRONT).waiting < 6 {
            contact += 1;
            office.message(contact);
        }
        for back in [BACK, OTHER] {
            while office.core.queue_now(back).waiting < 6 {
                office.item(back);
            }
        }
        for (place, end) in ends.iter_mut().enumerate() {
            let worker = WorkerId(place as u64 + 1);
            let held = office.core.held_by(worker).find(|task| office.owner(*task) == Some(worker));
            if end.is_none_or(|(task, at)| Some(task) == held && minute >= at)
                && let Some(task) = held
            {
                office.done(worker, task);
            }
            let held = office.core.held_by(worker).find(|task| office.owner(*task) == Some(worker));
            *end = held.map(|task| end.filter(|(known, _)| *known == task).unwrap_or((task, minute + 4)));
        }
        let active = |task: &&blendline_core::rows::Task| match task.state {
            TaskState::Active { worker, .. } => task.queue == queue && workers.contains(&worker.0),
            _ => false,
        };
        busy.push(office.core.tasks().filter(active).count() as u64);
        office.pass(MINUTE);
    }
    let many = workers.count() as u64;
    busy.windows(60).skip(30).map(|hour| hour.iter().sum::<u64>() * 1_000 / (60 * many)).collect()
}

#[test]
fn at_a_peak_that_never_ends_a_back_queue_has_its_part_of_every_hour() {
    for interruptible in [false, true] {
        let mut office = office(250, interruptible);
        let hours = peak(&mut office, BACK, 1..=WORKERS);
        let (least, most) = (hours.iter().min().copied(), hours.iter().max().copied());
        assert!(least >= Some(235) && most <= Some(330), "{least:?} to {most:?} thousandths of an hour");
        let promised = |kind: &EventKind| matches!(kind, EventKind::TaskAssigned { decision: Some(decision), .. } if decision.because == Because::Promised);
        assert!(office.happened(promised) > 20);
    }
}

#[test]
fn without_a_promise_the_front_line_has_all_but_for_what_is_late() {
    let mut office = office(0, false);
    let hours = peak(&mut office, BACK, 1..=WORKERS);
    assert!(hours.iter().max() < Some(&150), "{hours:?}");
}

/// Nothing is ever late, and the plans of two groups: the first gives a quarter to the back office and a tenth to
/// training, the second nothing to either.
fn planned() -> Office {
    let mut office = Office::with(|queue| {
        let share_milli = if queue.id == BACK { 250 } else { 100 };
        if queue.side == Side::Back {
            queue.target_ms = 10_000 * MINUTE;
            queue.planned = vec![Planned { group: GroupId(1), share_milli }];
        }
    });
    for worker in 1..=WORKERS {
        let group = Some(if worker <= 2 { 1 } else { 2 });
        office.member(group, worker, 1, &[FRONT, BACK, OTHER], AcceptMode::Auto);
    }
    office
}

#[test]
fn a_group_keeps_its_time_plan_at_a_peak_and_others_are_not_asked() {
    for (queue, least, most) in [(BACK, 230, 345), (OTHER, 80, 170)] {
        let his = peak(&mut planned(), queue, 1..=2);
        assert!(his.iter().all(|part| (least..=most).contains(part)), "{queue}: {his:?} thousandths of an hour");
        let others = peak(&mut planned(), queue, 3..=WORKERS);
        assert!(others.iter().all(|part| *part < 50), "{queue}: {others:?}");
    }
}

#[test]
fn the_reserve_does_not_hold_back_what_a_plan_gives() {
    let mut office = planned();
    office.keep_free(10_000);
    let training = office.item(OTHER);
    assert!(office.owner(training).is_some_and(|worker| worker.0 <= 2), "{:?}", office.owner(training));
    // A tenth is given: the next one waits until the window has room for it.
    let next = office.item(OTHER);
    assert_eq!(office.owner(next), None);
    office.pass(20 * MINUTE);
    office.done(office.owner(training).unwrap(), training);
    assert_eq!(office.owner(next), None);
}

#[test]
fn who_leaves_his_group_keeps_no_plan() {
    let mut office = planned();
    office.keep_free(10_000);
    let training = office.item(OTHER);
    let owner = office.owner(training).unwrap();
    for worker in 1..=2 {
        office.member(None, worker, 1, &[FRONT, BACK, OTHER], AcceptMode::Auto);
    }
    assert_eq!(office.owner(training), Some(owner));
    let next = office.item(OTHER);
    assert_eq!(office.owner(next), None);
}

#[test]
fn what_falls_due_again_is_given_though_nothing_else_happens() {
    let mut office = Office::with(|queue| {
        queue.target_ms = 10_000 * MINUTE;
        if queue.id == BACK {
            queue.blend.share_milli = 250;
        }
    });
    office.keep_free(10_000);
    let worker = office.worker(1, 1, &[FRONT, BACK], AcceptMode::Auto);
    let (first, second) = (office.item(BACK), office.item(BACK));
    assert_eq!((office.owner(first), office.owner(second)), (Some(worker), None));
    office.pass(40 * MINUTE);
    office.done(worker, first);
    assert_eq!(office.owner(second), None, "the queue had two thirds of the hour");
    // Nobody says anything any more: only the core itself knows when the hour without any is over.
    let until = office.now.plus(2 * 60 * MINUTE);
    while office.owner(second).is_none() {
        let due = office.core.next_deadline().filter(|due| *due <= until).expect("the core wakes by itself");
        office.pass(due.since(office.now));
    }
}
