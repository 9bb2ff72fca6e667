//! Who takes what where waiting costs, by what queues are known to suffer.

use blendline_core::input::Class;
use blendline_core::rows::Reckoned;
use blendline_core::{Command, Scheduler};
use blendline_wire::org::{Blend, Goal};
use blendline_wire::task::{AcceptMode, Presence, Side, SkillNeed};
use blendline_wire::{QueueId, SkillId, TaskId, WorkerId};

use crate::office::*;

/// What a waiting task costs in an hour: so much that who is late already makes no difference.
const HOUR_MILLI: u64 = 100_000;
const TASK_MS: u64 = 3 * MINUTE;

/// Two front queues where waiting costs, in the other one so many times as much, and what is known of how many slots they
/// have and how many are busy.
fn known(lines: [(QueueId, u64, u64); 2], dearer: u64, staff: impl Fn(&mut Office)) -> Office {
    let mut office = Office::with(|queue| {
        if queue.id == OTHER {
            queue.side = Side::Front;
        }
        if queue.side == Side::Front {
            let hour_milli = if queue.id == OTHER { HOUR_MILLI * dearer } else { HOUR_MILLI };
            queue.blend = Blend { goal: Goal::Cost { hour_milli }, ..Blend::default() };
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
            help_milli: 0,
        };
    }
    office.core = Scheduler::load(0, rows).unwrap();
    office
}

/// An office with somebody who serves both queues, and one worker at work in each; whether he has a task of the first at
/// once, by how busy the other queue is known to be.
fn helping(other_busy_milli: u64) -> (Office, TaskId) {
    let mut office = known([(FRONT, 2, 200), (OTHER, 2, other_busy_milli)], 1, |office| {
        office.worker(1, 1, &[FRONT, OTHER], AcceptMode::Auto);
        office.worker(2, 1, &[FRONT], AcceptMode::Auto);
        office.worker(3, 1, &[OTHER], AcceptMode::Auto);
    });
    for (queue, own) in [(FRONT, WorkerId(2)), (OTHER, WorkerId(3))] {
        let task = office.item(queue);
        assert_eq!(office.owner(task), Some(own), "who serves nobody else is missed less");
    }
    let task = office.item(FRONT);
    (office, task)
}

fn helps_out(other_busy_milli: u64) -> bool {
    let (office, task) = helping(other_busy_milli);
    office.owner(task) == Some(WorkerId(1))
}

#[test]
fn a_task_starts_with_somebody_whom_others_need_where_that_spares_more_than_it_costs() {
    // By Erlang's formula the start of the only one that waits spares 31 thousandths of a task. The last free slot of a
    // queue that is a tenth busy is worth 3, of one that is nearly always busy 706.
    assert!(helps_out(200));
    assert!(!helps_out(1_900));
}

#[test]
fn what_does_not_pay_is_not_held_back_for_ever() {
    let (mut office, task) = helping(1_900);
    assert_eq!(office.owner(task), None);
    // Nothing else happens. Its target is a minute, and ten of its tasks take half an hour; then the end of the next count
    // finds it, if it did not pay sooner.
    office.pass(41 * MINUTE);
    assert_eq!(office.owner(task), Some(WorkerId(1)));
}

#[test]
fn where_the_same_serve_both_queues_the_dearer_goes_first_whatever_waits() {
    let mut office = known([(FRONT, 2, 800), (OTHER, 2, 600)], 3, |office| {
        office.worker(1, 1, &[FRONT, OTHER], AcceptMode::Auto);
        office.worker(2, 1, &[FRONT, OTHER], AcceptMode::Auto);
    });
    let busy: Vec<TaskId> = (0..2).map(|_| office.item(FRONT)).collect();
    let cheap: Vec<TaskId> = (0..10).map(|_| office.item(FRONT)).collect();
    let dear: Vec<TaskId> = (0..2).map(|_| office.item(OTHER)).collect();
    // Before a count ends, so that what is known stays.
    office.pass(500);
    for task in busy {
        let worker = office.owner(task).unwrap();
        office.done(worker, task);
    }
    assert!(dear.iter().all(|task| office.owner(*task).is_some()), "by themselves ten that wait outweigh two");
    assert!(cheap.iter().all(|task| office.owner(*task).is_none()));
    office.core.check_invariants().unwrap();
}

#[test]
fn nobody_is_kept_free_for_what_he_cannot_do() {
    let mut office = known([(FRONT, 1, 300), (OTHER, 1, 300)], 4, |office| {
        office.worker(1, 1, &[FRONT, OTHER], AcceptMode::Auto);
    });
    let needs = vec![SkillNeed { skill: SkillId(9), level: 1 }];
    for _ in 0..10 {
        let task = office.push(Class { needs: needs.clone(), ..class(OTHER) });
        assert_eq!(office.owner(task), None, "it needs what he cannot do");
    }
    let first = office.item(FRONT);
    assert_eq!(office.owner(first), Some(WorkerId(1)), "he is free while that waits");
    let second = office.item(FRONT);
    office.pass(500);
    office.done(WorkerId(1), first);
    assert_eq!(office.owner(second), Some(WorkerId(1)), "when he looks for work he finds nothing else");
}

/// Solves so many tasks of a queue, each in so long, with nobody but this worker ready.
fn solves(office: &mut Office, worker: WorkerId, queue: QueueId, tasks: usize, ms: u64) {
    for other in [WorkerId(1), WorkerId(2)] {
        let presence = if other == worker { Presence::Ready } else { Presence::Busy };
        office.call(Command::Presence { worker: other, presence, reason: String::new() }).unwrap();
    }
    for _ in 0..tasks {
        let task = office.item(queue);
        assert_eq!(office.owner(task), Some(worker));
        office.pass(ms);
        office.done(worker, task);
    }
}

#[test]
fn whose_work_it_is_is_told_even_where_the_others_do_it() {
    let mut office = known([(FRONT, 2, 800), (OTHER, 2, 800)], 1, |office| {
        office.worker(1, 1, &[FRONT, OTHER], AcceptMode::Auto);
        office.worker(2, 1, &[FRONT, OTHER], AcceptMode::Auto);
    });
    // Each does what the other would do in half the time: by the queues' mean times each is at home there.
    let (one, two) = (WorkerId(1), WorkerId(2));
    solves(&mut office, one, FRONT, 60, 6 * MINUTE);
    solves(&mut office, two, OTHER, 60, 6 * MINUTE);
    solves(&mut office, one, OTHER, 8, 3 * MINUTE);
    solves(&mut office, two, FRONT, 8, 3 * MINUTE);
    // With both there it shows.
    for worker in [one, two] {
        office.call(Command::Presence { worker, presence: Presence::Ready, reason: String::new() }).unwrap();
    }
    let tasks: Vec<TaskId> = [FRONT, OTHER, FRONT, OTHER].into_iter().map(|queue| office.item(queue)).collect();
    for task in tasks {
        office.pass(3 * MINUTE);
        let worker = office.owner(task).unwrap();
        office.done(worker, task);
    }
    let rows = office.core.snapshot();
    let helps = |worker: WorkerId, queue: QueueId| {
        let row = rows.workers.iter().find(|row| row.settings.id == worker).unwrap();
        row.paces.iter().find(|pace| pace.queue == queue).unwrap().helps
    };
    assert!(helps(one, FRONT) && helps(two, OTHER) && !helps(one, OTHER) && !helps(two, FRONT), "{:?}", rows.workers);
    office.core.check_invariants().unwrap();
}
