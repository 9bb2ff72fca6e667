//! What is put aside, asked of others, left in silence, or handed on.

use blendline_core::input::{Settings, Verdict};
use blendline_core::limits::REQUEST_DEPTH_MAX;
use blendline_core::{Command, Refusal, Release};
use blendline_wire::event::{Because, EventKind};
use blendline_wire::org::CalendarSettings;
use blendline_wire::task::{AcceptMode, ClockRule, ParkReason, Presence, Side, Target, WithdrawReason};
use blendline_wire::{CalendarId, Lease, Millis, QueueId, SessionId};

use crate::office::*;

#[test]
fn a_parked_task_comes_back_by_time_to_the_same_worker_and_its_clock_stood() {
    let mut office = Office::new();
    let worker = office.worker(1, 1, &[FRONT], AcceptMode::Auto);
    office.worker(2, 1, &[FRONT], AcceptMode::Auto);
    let task = office.item(FRONT);
    let worker = office.owner(task).unwrap_or(worker);
    let due = office.task(task).due_at;
    let park = Verdict::Snooze { for_ms: 10_000, reason: ParkReason::Time, clock: ClockRule::Stops };
    office.settle(worker, task, park.clone()).unwrap();
    assert_eq!(office.core.load_of(worker), 50);
    // The answer was lost, and the call comes again.
    office.settle(worker, task, park).unwrap();
    office.pass(10_000);
    assert_eq!(office.owner(task), Some(worker));
    assert_eq!(office.task(task).due_at, due.plus(10_000));
    assert_eq!(office.happened(|kind| matches!(kind, EventKind::TargetMissed { .. })), 0);
}

#[test]
fn a_customer_wakes_what_waits_for_him() {
    let mut office = Office::new();
    let worker = office.worker(1, 1, &[FRONT], AcceptMode::Auto);
    let task = office.message(1);
    office.reply(worker, task).unwrap();
    let park = Verdict::Snooze { for_ms: 60 * MINUTE, reason: ParkReason::Customer, clock: ClockRule::Stops };
    office.settle(worker, task, park).unwrap();
    office.pass(MINUTE);
    office.message(1);
    assert_eq!(office.owner(task), Some(worker));
    assert_eq!(office.task(task).earned_at, office.now);
}

#[test]
fn a_request_is_answered_and_wakes_its_parent_at_the_same_worker() {
    let mut office = Office::new();
    let front = office.worker(1, 1, &[FRONT], AcceptMode::Auto);
    let back = office.worker(2, 1, &[BACK], AcceptMode::Auto);
    let task = office.message(1);
    office.request(front, task, Target::Queue(BACK)).unwrap();
    let child = office.children(task)[0];
    assert_eq!(office.owner(child), Some(back));
    assert_eq!(office.task(child).matter, office.task(task).matter);
    assert!(office.task(child).due_at < office.task(task).due_at, "the parent keeps a margin");
    let note = Some(office.payload());
    office.settle(back, child, Verdict::Done { disposition: "found".into(), note }).unwrap();
    assert_eq!(office.owner(task), Some(front));
    assert_eq!(office.happened(|kind| matches!(kind, EventKind::RequestAnswered { .. })), 1);
}

#[test]
fn requests_go_in_no_circle_and_not_too_deep() {
    let mut office = Office::new();
    let one = office.worker(1, 1, &[FRONT], AcceptMode::Auto);
    let two = office.worker(2, 1, &[BACK], AcceptMode::Auto);
    let task = office.message(1);
    assert_eq!(office.request(one, task, Target::Queue(FRONT)), Err(Refusal::Circle));
    assert_eq!(office.request(one, task, Target::Worker(one)), Err(Refusal::Circle));
    office.request(one, task, Target::Queue(BACK)).unwrap();
    let child = office.children(task)[0];
    assert_eq!(office.request(two, child, Target::Queue(FRONT)), Err(Refusal::Circle));
    assert_eq!(office.request(two, child, Target::Worker(one)), Err(Refusal::Circle));
    office.request(two, child, Target::Queue(OTHER)).unwrap();
}

#[test]
fn closing_the_parent_withdraws_what_it_asked_for() {
    let mut office = Office::new();
    let front = office.worker(1, 2, &[FRONT], AcceptMode::Auto);
    let back = office.worker(2, 1, &[BACK], AcceptMode::Auto);
    let task = office.item(FRONT);
    office.request(front, task, Target::Queue(BACK)).unwrap();
    let child = office.children(task)[0];
    office.call(Command::Cancel { task, reason: "not needed".into() }).unwrap();
    assert!(office.core.task(child).is_none());
    let withdrawn = Release::Withdrawn {
        worker: back,
        session: SessionId(2),
        task: child,
        lease: Lease(1),
        reason: WithdrawReason::Cancelled,
    };
    assert!(office.releases.contains(&withdrawn));
}

#[test]
fn silence_is_reminded_then_ends_then_is_told() {
    let mut office = Office::with(|queue| {
        queue.remind_ms = Some(60_000);
        queue.take_back_ms = Some(120_000);
        queue.supervisor_ms = Some(300_000);
    });
    let worker = office.worker(1, 1, &[FRONT], AcceptMode::Auto);
    let task = office.message(1);
    office.pass(60_000);
    assert!(office.releases.iter().any(|release| matches!(release, Release::Remind { .. })));
    office.call(Command::Presence { worker, presence: Presence::Busy, reason: String::new() }).unwrap();
    office.pass(60_000);
    assert_eq!(office.owner(task), None);
    office.pass(180_000);
    assert!(office.releases.iter().any(|release| matches!(release, Release::Supervisor { .. })));
}

#[test]
fn an_answer_ends_the_silence() {
    let mut office = Office::with(|queue| queue.take_back_ms = Some(60_000));
    let worker = office.worker(1, 1, &[FRONT], AcceptMode::Auto);
    let task = office.message(1);
    office.pass(59_000);
    office.reply(worker, task).unwrap();
    office.pass(600_000);
    assert_eq!(office.owner(task), Some(worker));
    office.message(1);
    office.pass(60_000);
    assert_eq!(
        office.happened(|kind| matches!(kind, EventKind::TaskWithdrawn { reason: WithdrawReason::Silent, .. })),
        1
    );
}

#[test]
fn nothing_is_offered_and_no_silence_counts_in_closed_hours() {
    let mut office = Office::with(|queue| {
        queue.calendar = Some(CalendarId(1));
        queue.take_back_ms = Some(10 * MINUTE);
    });
    let day = office.now.0;
    let open =
        vec![(Millis(day + MINUTE), Millis(day + 6 * MINUTE)), (Millis(day + 60 * MINUTE), Millis(day + 90 * MINUTE))];
    office.put(Settings::Calendar(CalendarSettings { id: CalendarId(1), open }));
    let worker = office.worker(1, 1, &[FRONT], AcceptMode::Auto);
    let task = office.message(1);
    assert_eq!(office.owner(task), None);
    assert_eq!(office.core.opens_at(FRONT, office.now), Some(Millis(day + MINUTE)));
    office.pass(MINUTE);
    assert_eq!(office.owner(task), Some(worker));
    assert_eq!(office.core.opens_at(FRONT, office.now), None);
    office.pass(60 * MINUTE);
    assert_eq!(office.owner(task), Some(worker), "six open minutes so far");
    office.pass(4 * MINUTE);
    assert_eq!(office.happened(|kind| matches!(kind, EventKind::TaskWithdrawn { .. })), 1);
}

#[test]
fn an_absence_hands_everything_to_the_stand_in() {
    let mut office = Office::new();
    let stand_in = office.worker(2, 2, &[], AcceptMode::Auto);
    let worker = office.worker(1, 2, &[FRONT], AcceptMode::Auto);
    let mut settings = (*office.core.worker(worker).unwrap().settings).clone();
    settings.stand_in = Some(stand_in);
    office.put(Settings::Worker(settings));
    let (active, parked) = (office.message(1), office.message(2));
    let park = Verdict::Snooze { for_ms: MINUTE, reason: ParkReason::Time, clock: ClockRule::Runs };
    office.settle(worker, parked, park).unwrap();
    office.call(Command::Presence { worker, presence: Presence::Away, reason: "ill".into() }).unwrap();
    assert_eq!(office.owner(active), Some(stand_in));
    office.pass(MINUTE);
    assert_eq!(office.owner(parked), Some(stand_in));
}

#[test]
fn wrapping_up_takes_room_until_its_time_or_until_ready() {
    let mut office = Office::with(|queue| queue.wrap_up_ms = 20_000);
    let worker = office.worker(1, 1, &[FRONT], AcceptMode::Auto);
    let (first, second, third) = (office.message(1), office.message(2), office.message(3));
    office.done(worker, first);
    assert_eq!(office.owner(second), None);
    office.pass(20_000);
    assert_eq!(office.owner(second), Some(worker));
    office.done(worker, second);
    office.call(Command::Ready { worker, task: second }).unwrap();
    assert_eq!(office.owner(third), Some(worker));
}

#[test]
fn a_transfer_goes_where_it_is_sent_and_keeps_its_place() {
    let mut office = Office::new();
    let one = office.worker(1, 1, &[FRONT], AcceptMode::Auto);
    let task = office.message(1);
    let earned = office.task(task).earned_at;
    let two = office.worker(2, 1, &[BACK], AcceptMode::Auto);
    office.settle(one, task, Verdict::Transfer { to: Target::Worker(two), note: None }).unwrap();
    assert_eq!(office.owner(task), Some(two));
    office.settle(two, task, Verdict::Transfer { to: Target::Queue(FRONT), note: None }).unwrap();
    assert_eq!((office.owner(task), office.task(task).earned_at), (Some(one), earned));
    let directed = |kind: &EventKind| matches!(kind, EventKind::TaskAssigned { decision: Some(decision), .. } if decision.because == Because::Directed);
    assert_eq!(office.happened(directed), 1);
}

#[test]
fn a_removed_queue_leaves_its_tasks_and_workers_to_its_heir() {
    let mut office = Office::new();
    let item = office.item(OTHER);
    office.call(Command::RemoveQueue { queue: OTHER, heir: BACK }).unwrap();
    assert_eq!(office.task(item).queue, BACK);
    let worker = office.worker(1, 1, &[BACK], AcceptMode::Auto);
    assert_eq!(office.owner(item), Some(worker));
}

#[test]
fn who_connects_anew_has_been_idle_for_as_long_as_before() {
    let mut office = Office::new();
    let worker = office.worker(1, 1, &[FRONT], AcceptMode::Auto);
    let idle_since = |office: &Office| office.core.worker(worker).unwrap().idle_since;
    let since = office.now;
    assert_eq!(idle_since(&office), since);
    office.pass(5 * MINUTE);
    office.attach(worker, 2);
    assert_eq!(idle_since(&office), since);
}

#[test]
fn who_is_asked_may_ask_on_only_so_often() {
    let mut office = Office::new();
    let queues: Vec<QueueId> = (10..=u64::from(REQUEST_DEPTH_MAX) + 11).map(QueueId).collect();
    for id in &queues {
        office.put(Settings::Queue(queue(*id, Side::Back, 60 * MINUTE)));
        office.worker(id.0, 1, &[*id], AcceptMode::Auto);
    }
    let mut task = office.item(queues[0]);
    for next in &queues[1..=usize::from(REQUEST_DEPTH_MAX)] {
        office.request(office.owner(task).unwrap(), task, Target::Queue(*next)).unwrap();
        task = office.children(task)[0];
    }
    let last = Target::Queue(queues[queues.len() - 1]);
    assert_eq!(office.request(office.owner(task).unwrap(), task, last), Err(Refusal::TooDeep));
}
