//! What the day is folded to, and how one look at the core reads.

use blendline_core::Scheduler;
use blendline_wire::event::{Activity, Actor, Event, EventKind};
use blendline_wire::task::{Side, Target, TaskKind};
use blendline_wire::{EventId, Lease, Millis, QueueId, TaskId, TenantId, WorkerId};

use super::Tally;
use super::look::look;
use super::today::Today;

const CARE: QueueId = QueueId(1);
const REFUNDS: QueueId = QueueId(2);
const DAY: Millis = Millis(86_400_000);
const MINUTE: u64 = 60_000;

struct Log {
    day: Today,
    number: u64,
}

impl Log {
    fn new() -> Self {
        Self { day: Today::new(DAY, EventId(0)), number: 0 }
    }

    fn say(&mut self, minute: u64, task: u64, kind: EventKind) {
        self.number += 1;
        let event = Event {
            id: EventId(self.number),
            at: DAY.plus(minute * MINUTE),
            tenant: TenantId(1),
            kind,
            actor: Actor::System,
            activity: Activity::Administration,
            unit: None,
            matter: None,
            conversation: None,
            task: Some(TaskId(task)),
            side: Some(Side::Front),
            channel: None,
            cause: None,
            rule_set: 0,
        };
        let asked = self.day.asks(&event);
        self.day.take(&event, |id| asked.filter(|asked| *asked == id).map(|_| (REFUNDS, Side::Back)));
    }

    fn came(&mut self, minute: u64, task: u64) {
        let kind = EventKind::TaskCreated {
            kind: TaskKind::Conversation,
            queue: CARE,
            due_at: DAY,
            parent: None,
            label: None,
        };
        self.say(minute, task, kind);
    }

    fn had(&mut self, minute: u64, task: u64) {
        self.say(minute, task, EventKind::TaskAssigned { worker: WorkerId(1), lease: Lease(1), decision: None });
    }

    fn solved(&mut self, minute: u64, task: u64) {
        self.say(minute, task, EventKind::TaskSolved { worker: None, disposition: "answered".into() });
    }
}

#[test]
fn the_first_that_is_told_of_a_task_counts_and_nothing_counts_twice() {
    let mut log = Log::new();
    for task in 1..=4 {
        log.came(0, task);
    }
    log.had(1, 1);
    log.say(2, 1, EventKind::TargetMissed { due_at: DAY });
    log.say(3, 2, EventKind::TargetMissed { due_at: DAY });
    log.had(4, 2);
    log.say(5, 3, EventKind::TaskCancelled { reason: "by_caller".into() });
    log.solved(6, 1);
    log.solved(6, 1);
    assert_eq!(log.day.of(CARE), Tally { came: 4, in_time: 1, late: 1, left: 1, solved: 1, ..Tally::default() });
    // The second solving is of a task that this does not know any more, so the record is asked whose it was.
    assert_eq!(log.day.of(REFUNDS), Tally { solved: 1, ..Tally::default() });
}

#[test]
fn a_transferred_task_counts_where_it_went_and_yesterdays_do_not_count_as_come() {
    let mut log = Log::new();
    log.came(0, 1);
    log.say(1, 1, EventKind::TaskTransferred { from: None, to: Target::Queue(REFUNDS) });
    log.had(2, 1);
    log.had(2, 77);
    assert_eq!(log.day.of(CARE), Tally { came: 1, ..Tally::default() });
    assert_eq!(log.day.of(REFUNDS), Tally { in_time: 1, ..Tally::default() });
    let mut early = Log::new();
    early.day = Today::new(DAY.plus(MINUTE), EventId(0));
    early.came(0, 1);
    assert_eq!(early.day.of(CARE), Tally::default());
}

#[test]
fn lately_is_the_last_quarter_of_an_hour_and_quarters_reach_until_now() {
    let mut log = Log::new();
    log.came(1, 1);
    log.had(1, 1);
    log.came(20, 2);
    log.had(20, 2);
    let now = DAY.plus(21 * MINUTE);
    assert_eq!(log.day.lately(CARE, now), Tally { came: 1, in_time: 1, ..Tally::default() });
    assert_eq!(log.day.lately(CARE, now.plus(60 * MINUTE)), Tally::default());
    let quarters = log.day.quarters(Side::Front, DAY.plus(50 * MINUTE));
    assert_eq!(quarters.iter().map(|quarter| quarter.in_time).collect::<Vec<_>>(), [1, 1, 0, 0]);
    assert_eq!(log.day.quarters(Side::Back, DAY).len(), 1);
}

#[test]
fn an_empty_core_has_empty_queues_and_nobody() {
    let core = Scheduler::new(0, 1);
    let seen = look(&core, TenantId(1), &[(CARE, Side::Front), (REFUNDS, Side::Back)], &[WorkerId(1)]);
    assert!(seen.people.is_empty());
    assert!(seen.queues.values().all(|line| line.waiting == 0 && line.oldest.is_none() && line.could == 0));
}
