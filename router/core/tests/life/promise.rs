//! Back queues get the part of their workers' hours that they are promised, at every peak.

use blendline_core::rows::TaskState;
use blendline_wire::event::{Because, EventKind};
use blendline_wire::task::AcceptMode;
use blendline_wire::{TaskId, WorkerId};

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

/// Three hours in which more customers wait than can ever be served: the thousandths of each hour that back work had.
fn peak(office: &mut Office) -> Vec<u64> {
    let (mut contact, mut busy, mut ends) = (0, Vec::new(), vec![None::<(TaskId, u64)>; WORKERS as usize]);
    for minute in 0..180 {
        while office.core.queue_now(FRONT).waiting < 6 {
            contact += 1;
            office.message(contact);
        }
        while office.core.queue_now(BACK).waiting < 6 {
            office.item(BACK);
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
        let back =
            |task: &&blendline_core::rows::Task| task.queue == BACK && matches!(task.state, TaskState::Active { .. });
        busy.push(office.core.tasks().filter(back).count() as u64);
        office.pass(MINUTE);
    }
    busy.windows(60).skip(30).map(|hour| hour.iter().sum::<u64>() * 1_000 / (60 * WORKERS)).collect()
}

#[test]
fn at_a_peak_that_never_ends_a_back_queue_has_its_part_of_every_hour() {
    for interruptible in [false, true] {
        let mut office = office(250, interruptible);
        let hours = peak(&mut office);
        let (least, most) = (hours.iter().min().copied(), hours.iter().max().copied());
        assert!(least >= Some(235) && most <= Some(330), "{least:?} to {most:?} thousandths of an hour");
        let promised = |kind: &EventKind| matches!(kind, EventKind::TaskAssigned { decision: Some(decision), .. } if decision.because == Because::Promised);
        assert!(office.happened(promised) > 20);
    }
}

#[test]
fn without_a_promise_the_front_line_has_all_but_for_what_is_late() {
    let mut office = office(0, false);
    let hours = peak(&mut office);
    assert!(hours.iter().max() < Some(&150), "{hours:?}");
}
