//! Why a task waits is told with numbers, and with what would help.

use std::collections::BTreeMap;

use blendline_core::input::{Class, NewItem, Settings, Verdict};
use blendline_core::limits::DIRECTED_MS;
use blendline_core::{Answer, Command, Explanation, Obstacle, Waiting};
use blendline_wire::event::Because;
use blendline_wire::org::{CalendarSettings, QueueSettings, SkillLevel, TenantSettings, WorkerSettings};
use blendline_wire::task::{AcceptMode, Presence, SkillNeed, Target};
use blendline_wire::{CalendarId, Millis, SkillId, TaskId, WorkerId};

use crate::office::*;

const SKILL: SkillId = SkillId(9);

/// A worker of the front with this level of the skill.
fn skilled(office: &mut Office, id: u64, level: u8) -> WorkerId {
    let worker = office.worker(id, 1, &[FRONT], AcceptMode::Auto);
    let settings = WorkerSettings {
        skills: vec![SkillLevel { skill: SKILL, level }],
        ..(*office.core.worker(worker).unwrap().settings).clone()
    };
    office.put(Settings::Worker(settings));
    worker
}

fn presence(office: &mut Office, worker: WorkerId, presence: Presence) {
    office.call(Command::Presence { worker, presence, reason: String::new() }).unwrap();
}

/// An item for the front that needs the skill at level 3.
fn needy(office: &mut Office) -> TaskId {
    let class = Class { needs: vec![SkillNeed { skill: SKILL, level: 3 }], ..class(FRONT) };
    let item = NewItem { tenant: TENANT, class, payload: office.payload(), conversation: None, matter: None };
    match office.call(Command::Push(item)).unwrap() {
        Answer::Task(task) => task,
        other => panic!("an item became {other:?}"),
    }
}

fn waiting(office: &Office, task: TaskId) -> Waiting {
    match office.core.explain(office.now, task) {
        Some(Explanation::Waiting(waiting)) => waiting,
        other => panic!("{task} does not wait: {other:?}"),
    }
}

#[test]
fn three_have_the_skill_and_are_away() {
    let mut office = Office::new();
    for id in 1..=3 {
        let worker = skilled(&mut office, id, 5);
        presence(&mut office, worker, Presence::Away);
    }
    skilled(&mut office, 4, 2);
    office.worker(5, 1, &[FRONT], AcceptMode::Auto);
    let elsewhere = office.worker(6, 1, &[BACK], AcceptMode::Auto);
    presence(&mut office, elsewhere, Presence::Busy);
    let task = needy(&mut office);

    let why = waiting(&office, task);
    assert_eq!((why.workers, why.able, why.in_queue), (6, 0, 1));
    let met = [
        (Obstacle::OtherQueue, 1),
        (Obstacle::NoSkill, 2),
        (Obstacle::SkillTooLow, 1),
        (Obstacle::Away, 3),
        (Obstacle::Busy, 1),
    ];
    assert_eq!(why.obstacles, BTreeMap::from(met));
    let help = [(Obstacle::NoSkill, 1), (Obstacle::SkillTooLow, 1), (Obstacle::Away, 3)];
    assert_eq!(why.lacking_only, BTreeMap::from(help));
    assert_eq!((why.directed, why.opens_at, why.reserved_for), (None, None, Vec::new()));

    presence(&mut office, WorkerId(2), Presence::Ready);
    let given = Explanation::Given { worker: WorkerId(2), because: None };
    assert_eq!(office.core.explain(office.now, task), Some(given));
    office.done(WorkerId(2), task);
    assert_eq!(office.core.explain(office.now, task), None);
}

#[test]
fn the_front_line_needs_him_free() {
    let mut office = Office::new();
    office.put(Settings::Tenant(TenantSettings {
        id: TENANT,
        reopen_window_ms: 0,
        confirm_window_ms: 0,
        stickiness_ms: 0,
        reserve_milli: 2_000,
        reserve_max_milli: Some(2_000),
        open_tasks_max: 1_000,
    }));
    office.worker(1, 1, &[FRONT, BACK], AcceptMode::Offer);
    office.worker(2, 1, &[FRONT, BACK], AcceptMode::Offer);
    let task = office.item(BACK);
    let why = waiting(&office, task);
    assert_eq!(why.lacking_only, BTreeMap::from([(Obstacle::Reserved, 2)]));
    assert_eq!(why.reserved_for, [FRONT]);
    office.worker(3, 1, &[FRONT, BACK], AcceptMode::Offer);
    let given = Explanation::Given { worker: WorkerId(1), because: Some(Because::LeastLoaded) };
    assert_eq!(office.core.explain(office.now, task), Some(given));
}

#[test]
fn nobody_has_room_and_one_has_declined() {
    let mut office = Office::new();
    let one = office.worker(1, 1, &[FRONT], AcceptMode::Offer);
    let task = office.message(1);
    let lease = office.lease(task);
    office.call(Command::Decline { worker: one, task, lease, reason: String::new() }).unwrap();
    let other = office.message(2);
    assert_eq!(office.owner(other), Some(one));
    let why = waiting(&office, task);
    assert_eq!(why.obstacles, BTreeMap::from([(Obstacle::NoRoom, 1), (Obstacle::Declined, 1)]));
    assert!(why.lacking_only.is_empty());
}

#[test]
fn a_task_tells_how_urgent_it_is_for_whom_it_waits_and_when_its_queue_opens() {
    let mut office = Office::new();
    let task = office.message(1);
    office.pass(MINUTE / 2);
    assert_eq!(waiting(&office, task).urgency_milli, 500, "half of its minute");
    let (one, other) =
        (office.worker(1, 1, &[FRONT], AcceptMode::Auto), office.worker(2, 1, &[FRONT], AcceptMode::Auto));
    let held = office.message(2);
    assert_eq!((office.owner(task), office.owner(held)), (Some(one), Some(other)));
    office.settle(one, task, Verdict::Transfer { to: Target::Worker(other), note: None }).unwrap();
    assert_eq!(waiting(&office, task).directed, Some((other, office.now.plus(DIRECTED_MS))));

    let (id, opens) = (CalendarId(1), office.now.plus(10 * MINUTE));
    office.put(Settings::Calendar(CalendarSettings { id, open: vec![(opens, opens.plus(MINUTE))] }));
    let settings = office.core.queue(FRONT).unwrap().clone();
    office.put(Settings::Queue(QueueSettings { calendar: Some(id), ..settings }));
    assert_eq!(waiting(&office, task).opens_at, Some(opens));
    office.put(Settings::Calendar(CalendarSettings { id, open: Vec::new() }));
    assert_eq!(waiting(&office, task).opens_at, Some(Millis::MAX), "no opening is known");
}
