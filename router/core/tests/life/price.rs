//! Who takes what where waiting costs, by what queues are known to suffer.

use blendline_core::Scheduler;
use blendline_core::rows::Reckoned;
use blendline_wire::org::{Blend, Goal};
use blendline_wire::task::{AcceptMode, Side};
use blendline_wire::{QueueId, WorkerId};

use crate::office::*;

/// What a waiting task costs in an hour.
const HOUR_MILLI: u64 = 1_000;
const TASK_MS: u64 = 3 * MINUTE;

/// Two front queues where waiting costs, and what is known of how many slots they have and how many are busy.
fn known(lines: [(QueueId, u64, u64); 2], staff: impl Fn(&mut Office)) -> Office {
    let mut office = Office::with(|queue| {
        if queue.id == OTHER {
            queue.side = Side::Front;
        }
        if queue.side == Side::Front {
            queue.blend = Blend { goal: Goal::Cost { hour_milli: HOUR_MILLI }, ..Blend::default() };
        }
    });
    staff(&mut office);
    // Something must have come before anything is known.
    for (queue, ..) in lines {
        let task = office.item(queue);
        let worker = office.owner(task).unwrap();
        office.pass(TASK_MS);
        office.done(worker, task);
    }
    let mut rows = office.core.snapshot();
    for (queue, slots, offered_milli) in lines {
        let row = rows.learnt.iter_mut().find(|row| row.queue == queue).unwrap();
        row.reckoned = Reckoned {
            slots: slots * 100,
            others_milli: 0,
            offered_micro: offered_milli * 1_000,
            task_ms: TASK_MS,
            free_milli: u64::MAX,
        };
    }
    office.core = Scheduler::load(0, rows).unwrap();
    office
}

/// Whether somebody who serves both queues has a task of the first at once, whose own worker is at work, by how busy the
/// other queue is known to be.
fn helps_out(other_busy_milli: u64) -> bool {
    let mut office = known([(FRONT, 2, 200), (OTHER, 2, other_busy_milli)], |office| {
        office.worker(1, 1, &[FRONT, OTHER], AcceptMode::Auto);
        office.worker(2, 1, &[FRONT], AcceptMode::Auto);
        office.worker(3, 1, &[OTHER], AcceptMode::Auto);
    });
    for (queue, own) in [(FRONT, WorkerId(2)), (OTHER, WorkerId(3))] {
        let task = office.item(queue);
        assert_eq!(office.owner(task), Some(own), "who serves nobody else is missed less");
    }
    let task = office.item(FRONT);
    office.owner(task) == Some(WorkerId(1))
}

#[test]
fn a_task_starts_with_somebody_whom_others_need_where_that_spares_more_than_it_costs() {
    // By Erlang's formula the start of the only one that waits spares 31 thousandths of a task. The last free slot of a
    // queue that is a tenth busy is worth 3, of one that is nearly always busy 706.
    assert!(helps_out(200));
    assert!(!helps_out(1_900));
}
