//! What is learnt of a queue, number by number.

use blendline_core::Scheduler;
use blendline_core::input::Verdict;
use blendline_core::limits::DIRECTED_MS;
use blendline_core::policy::reserve;
use blendline_core::rows::Learnt;
use blendline_wire::org::{Blend, Goal};
use blendline_wire::task::{AcceptMode, Presence, Side, Target};
use blendline_wire::{QueueId, TaskId, WorkerId};

use crate::office::*;

pub(crate) fn learnt(office: &Office, queue: QueueId) -> Learnt {
    let rows = office.core.snapshot().learnt;
    rows.into_iter().find(|row| row.queue == queue).unwrap()
}

/// A task of the front that its worker does in so long.
pub(crate) fn worked(office: &mut Office, worker: WorkerId, ms: u64) -> TaskId {
    let task = office.push(class(FRONT));
    assert_eq!(office.owner(task), Some(worker));
    office.pass(ms);
    office.done(worker, task);
    task
}

#[test]
fn the_time_of_tasks_is_their_mean() {
    let mut office = Office::new();
    let worker = office.worker(1, 1, &[FRONT], AcceptMode::Auto);
    for ms in [60_000, 120_000, 30_000] {
        worked(&mut office, worker, ms);
    }
    let row = learnt(&office, FRONT);
    assert_eq!((row.tasks, row.task_us / 1_000), (3, 70_000));
}

#[test]
fn whoever_comes_is_told_the_work_ahead_of_him_by_the_places() {
    let mut office = Office::new();
    let worker = office.worker(1, 2, &[FRONT], AcceptMode::Auto);
    let expected = |office: &Office| office.core.expected_wait_ms(FRONT, office.now);
    assert_eq!(expected(&office), None, "nothing is known of such tasks");
    worked(&mut office, worker, 60_000);
    assert_eq!(expected(&office), Some(0), "nobody waits");
    let tasks: Vec<TaskId> = (0..5).map(|_| office.push(class(FRONT))).collect();
    assert_eq!(tasks.iter().filter(|task| office.owner(**task).is_none()).count(), 3);
    assert_eq!(expected(&office), Some(3 * 60_000 / 2));
    office.call(blendline_core::Command::Presence { worker, presence: Presence::Busy, reason: String::new() }).unwrap();
    assert_eq!(expected(&office), None, "nobody is ready to do it");
}

#[test]
fn of_the_first_tasks_each_counts_alike_for_the_part_that_is_late() {
    let mut office = Office::new();
    // One that waits for longer than its minute, then some that do not.
    let late = office.push(class(FRONT));
    office.pass(MINUTE + 1);
    let worker = office.worker(1, 1, &[FRONT], AcceptMode::Auto);
    assert_eq!(office.owner(late), Some(worker));
    let row = learnt(&office, FRONT);
    // Four of five are to be in time: eighty points worse than that, a queue counts whole.
    assert_eq!((row.heard, row.late_micro, row.weight_milli), (1, 1_000_000, 1_000));
    let harmed = row.price_micro;
    // The first step of the learning is 30 in 1,500 of what was harmed: eight tenths.
    assert_eq!(harmed, 16_000);
    office.done(worker, late);
    worked(&mut office, worker, 1_000);
    let row = learnt(&office, FRONT);
    assert_eq!((row.heard, row.late_micro, row.weight_milli), (2, 500_000, 1_000));
    // The second, 30 in 1,501 of two tenths, the other way.
    assert_eq!(row.price_micro, harmed - 3_998);
    for _ in 0..4 {
        worked(&mut office, worker, 1_000);
    }
    let row = learnt(&office, FRONT);
    // Three points better than asked: e to the power of ten times the thirteen from where it would be whole.
    assert_eq!((row.heard, row.late_micro, row.weight_milli), (6, 166_668, 263));
}

#[test]
fn what_came_in_time_and_what_came_too_late_is_told_by_the_mean_where_the_mean_is_asked() {
    let mut office = Office::with(|queue| queue.blend = Blend { goal: Goal::MeanWait, ..Blend::default() });
    let task = office.push(class(FRONT));
    office.pass(MINUTE / 2);
    let worker = office.worker(1, 1, &[FRONT], AcceptMode::Auto);
    assert_eq!(office.owner(task), Some(worker));
    let half = learnt(&office, FRONT).price_micro;
    // It waited for half of its minute: 30 in 1,500 of that half, of which six hundredths count.
    assert_eq!(half, -600);
    let mut office = Office::with(|queue| queue.blend = Blend { goal: Goal::MeanWait, ..Blend::default() });
    office.push(class(FRONT));
    office.pass(3 * MINUTE / 2);
    office.worker(1, 1, &[FRONT], AcceptMode::Auto);
    assert_eq!(learnt(&office, FRONT).price_micro, -half, "and as much more, the other way");
}

#[test]
fn whoever_has_the_least_of_what_he_can_do_has_the_next() {
    let mut office = Office::new();
    let small = office.worker(1, 2, &[FRONT], AcceptMode::Auto);
    office.pass(1);
    let large = office.worker(2, 4, &[FRONT], AcceptMode::Auto);
    let tasks: Vec<TaskId> = (0..5).map(|_| office.push(class(FRONT))).collect();
    let owners: Vec<_> = tasks.iter().map(|task| office.owner(*task).unwrap()).collect();
    // 0 and 0, 500 and 0, 500 and 250, 500 and 500, 1,000 and 500 thousandths; of two alike whoever was idle for longer.
    assert_eq!(owners, [small, large, large, small, large]);
}

#[test]
fn a_task_waits_for_one_worker_until_its_time_and_not_longer() {
    let mut office = Office::new();
    let one = office.worker(1, 1, &[FRONT], AcceptMode::Auto);
    let task = office.message(1);
    let other = office.worker(2, 1, &[FRONT], AcceptMode::Auto);
    let held = office.message(2);
    assert_eq!((office.owner(task), office.owner(held)), (Some(one), Some(other)));
    office.settle(one, task, Verdict::Transfer { to: Target::Worker(other), note: None }).unwrap();
    office.pass(DIRECTED_MS - 1);
    assert_eq!(office.owner(task), None, "the other is busy, and it is meant for him");
    office.pass(1);
    assert_eq!(office.owner(task), Some(one), "then any able worker has it");
}

#[test]
fn back_work_teaches_the_front_line_how_long_it_holds_people() {
    let mut office = Office::new();
    let worker = office.worker(1, 1, &[FRONT, BACK], AcceptMode::Auto);
    office.message(1);
    let front = office.core.tasks().next().unwrap().id;
    office.done(worker, front);
    for ms in [10 * MINUTE, 20 * MINUTE] {
        let task = office.item(BACK);
        assert_eq!(office.owner(task), Some(worker));
        office.pass(ms);
        office.done(worker, task);
    }
    let row = learnt(&office, FRONT);
    // At the first binding nothing was known: three minutes. At the second the ten and the guess, each as one task, count
    // for one in fifty.
    assert_eq!(row.back_ms, 180_000 + (390_000 - 180_000) / 50);
    assert_eq!(row.back_worth_milli, 1_000);
}

#[test]
fn whoever_keeps_slots_free_again_finds_out_when_nothing_comes_any_more() {
    let mut office = Office::with(|queue| {
        queue.blend.goal = Goal::Within { per_mille: 990 };
        if queue.id == BACK {
            queue.target_ms = 10_000 * MINUTE;
        }
    });
    let workers: Vec<WorkerId> = (1..=20).map(|id| office.worker(id, 1, &[FRONT, BACK], AcceptMode::Auto)).collect();
    // Twenty are far too many for them.
    office.three_at_a_time();
    let sleeps = |office: &Office| learnt(office, FRONT).count_until == blendline_wire::Millis::MAX;
    let next = |office: &mut Office| {
        let due = office.core.next_deadline().expect("the core wakes by itself");
        office.pass(due.since(office.now));
    };
    while !sleeps(&office) {
        next(&mut office);
    }
    for worker in &workers[4..] {
        let gone =
            blendline_core::Command::Presence { worker: *worker, presence: Presence::Away, reason: String::new() };
        office.call(gone).unwrap();
    }
    let level = |office: &Office| learnt(office, FRONT).level_milli;
    assert!(level(&office) > 0, "four are hardly enough for what came");
    // One slot of four for who may still come, for a day: more than ninety-nine of a hundred are to be in time.
    let until = office.now.plus(48 * 60 * MINUTE);
    while level(&office) > 0 {
        next(&mut office);
        assert!(office.now < until, "{:?}", learnt(&office, FRONT));
    }
}

#[test]
fn what_a_queue_is_worth_is_reckoned_from_the_slots_it_keeps_busy() {
    for weight in [100, 50] {
        let mut office = Office::with(|queue| queue.task_weight = weight);
        let worker = office.worker(1, 1, &[FRONT, BACK], AcceptMode::Auto);
        office.worker(2, 2, &[FRONT], AcceptMode::Auto);
        for _ in 0..40 {
            let task = office.push(class(FRONT));
            office.pass(40_000);
            let owner = office.owner(task).unwrap();
            office.done(owner, task);
        }
        let row = learnt(&office, FRONT);
        // The guess of three minutes counts as one task.
        let task_ms = (40 * 40_000 + 180_000) / 41;
        assert!(row.reckoned.task_ms.abs_diff(task_ms) <= 400, "some tasks ago: {row:?}");
        let busy = row.rate.per_ms() * row.reckoned.task_ms as f64 * f64::from(weight) / 100.0 * 1e6;
        assert!((row.reckoned.offered_micro as f64 / busy - 1.0).abs() < 0.02, "{row:?}: {busy}");
        assert_eq!((row.reckoned.slots, row.reckoned.others_milli, row.reckoned.free_milli), (300, 0, u64::MAX));
        assert_eq!(row.running_milli, 0, "of back work nothing is known: it counts as long as a task");
        // What is left for back work: the slots without those kept free and those at work.
        let left = 3_000 - (row.level_milli + row.reckoned.offered_micro / 1_000) as i64;
        assert!(row.expected_milli.abs_diff(left) <= 60, "{left}: {row:?}");
        let item = office.item(BACK);
        assert_eq!(office.owner(item), Some(worker));
        for _ in 0..20 {
            let task = office.push(class(FRONT));
            office.pass(40_000);
            let owner = office.owner(task).unwrap();
            office.done(owner, task);
        }
        let row = learnt(&office, FRONT);
        assert_eq!(row.reckoned.free_milli, row.level_milli + 1_000, "back work fills what the reserve leaves");
    }
}

#[test]
fn what_keeps_its_workers_busy_for_other_queues_is_what_is_left_of_their_busy_slots() {
    let mut office = Office::with(|queue| queue.side = Side::Front);
    (1..=4).for_each(|id| _ = office.worker(id, 1, &[FRONT, OTHER], AcceptMode::Auto));
    for _ in 0..60 {
        let tasks = [FRONT, OTHER].map(|queue| office.item(queue));
        office.pass(MINUTE);
        for task in tasks {
            office.done(office.owner(task).unwrap(), task);
        }
    }
    // One slot is always at work for each of the two; a count ends while both are.
    let row = learnt(&office, FRONT);
    assert!(row.busy_milli.abs_diff(2_000) <= 100 && row.reckoned.others_milli.abs_diff(1_000) <= 200, "{row:?}");
}

#[test]
fn chance_alone_makes_no_work_too_dear_to_be_taken_up_again() {
    // After 64 tasks that were taken up again, a quarter of a task more than a fifth of one is put down to chance.
    for (dear_ms, steadfast) in [(25_000, false), (29_000, true)] {
        let mut office = Office::with(|queue| queue.interruptible = queue.side == Side::Back);
        let worker = office.worker(1, 1, &[BACK], AcceptMode::Auto);
        let back_work = |office: &mut Office| {
            let task = office.push(class(BACK));
            office.pass(60_000);
            office.done(worker, task);
        };
        back_work(&mut office);
        let mut rows = office.core.snapshot();
        let row = rows.learnt.iter_mut().find(|row| row.queue == BACK).unwrap();
        (row.afters, row.after_us) = (64, (60_000 + dear_ms) * 1_000);
        office.core = Scheduler::load(0, rows).unwrap();
        back_work(&mut office);
        assert_eq!(learnt(&office, BACK).steadfast, steadfast, "{dear_ms}");
    }
}

#[test]
fn a_count_of_what_comes_goes_on_until_it_is_over() {
    let mut office = Office::new();
    office.worker(1, 1, &[FRONT], AcceptMode::Auto);
    office.push(class(FRONT));
    let since = learnt(&office, FRONT).count_since;
    for seen in 2..5 {
        office.pass(1_000);
        office.push(class(FRONT));
        let row = learnt(&office, FRONT);
        assert_eq!((row.seen, row.count_since), (seen, since));
    }
    // Of very many there is enough to tell the rate before the time of the count is over.
    let most = 100 * blendline_core::policy::rate::COUNT_MAX;
    let ended = (0..most).any(|_| {
        office.push(class(FRONT));
        learnt(&office, FRONT).count_since > since
    });
    assert!(ended, "{:?}", learnt(&office, FRONT));
}

#[test]
fn what_comes_at_one_instant_tells_no_rate_and_is_counted_on() {
    let mut office = Office::new();
    office.worker(1, 1, &[FRONT], AcceptMode::Auto);
    let many = blendline_core::policy::rate::COUNT_MAX + 3;
    (0..many).for_each(|_| _ = office.push(class(FRONT)));
    assert_eq!(learnt(&office, FRONT).seen, many);
    office.pass(1);
    office.push(class(FRONT));
    assert_eq!(learnt(&office, FRONT).seen, 0, "a millisecond later there is a time to divide by");
}

#[test]
fn where_waiting_costs_the_reserve_follows_what_back_work_of_that_length_is_worth() {
    let hour_milli = 30_000;
    let mut office = Office::with(|queue| queue.blend.goal = Goal::Cost { hour_milli });
    (1..=6).for_each(|id| _ = office.worker(id, 1, &[FRONT, BACK], AcceptMode::Auto));
    let done = |office: &mut Office, task| {
        let owner = office.owner(task).unwrap();
        office.done(owner, task);
    };
    // Back work takes ten times as long as the front line's.
    let mut running = std::collections::VecDeque::new();
    for turn in 0..600 {
        let task = office.push(class(FRONT));
        office.pass(40_000);
        done(&mut office, task);
        if turn % 5 == 0 {
            running.push_back(office.item(BACK));
        }
        if running.len() > 2 {
            done(&mut office, running.pop_front().unwrap());
        }
    }
    let row = learnt(&office, FRONT);
    let (front_ms, back_ms) = (row.reckoned.task_ms as f64, row.back_ms as f64);
    assert!(5.0 * front_ms < back_ms, "{row:?}");
    let pool = reserve::Pool {
        slots: 6.0,
        offered: row.reckoned.offered_micro as f64 / 1e6,
        front_ms,
        back_ms,
        harm: reserve::Harm::Wait { target_ms: 3_600_000.0 },
        price: reserve::Price::Set(libm::log(hour_milli as f64 / 1_000.0 * back_ms / front_ms)),
    };
    let level = reserve::level(&pool) * 1_000.0;
    assert!((row.level_milli as f64 / level - 1.0).abs() < 0.05, "{level}: {row:?}");
}
