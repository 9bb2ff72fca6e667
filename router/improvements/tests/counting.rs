//! Figures, counted from events.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use blendline_improvements::{Counting, Repeating, Repeats};
use blendline_wire::event::improvement::{Figure, Measure};
use blendline_wire::event::matter::{MatterRepeated, SameBy};
use blendline_wire::event::{Activity, Actor, Event, EventKind};
use blendline_wire::task::{Label, TaskKind};
use blendline_wire::{ConversationId, EventId, MatterId, Millis, QueueId, TaskId, TenantId};

const WEEK_MS: u64 = 7 * 86_400_000;

fn event(number: u64, at: u64, kind: EventKind) -> Event {
    Event {
        id: EventId(number),
        at: Millis(at),
        tenant: TenantId(1),
        kind,
        actor: Actor::Customer,
        activity: Activity::Customer,
        unit: None,
        matter: None,
        conversation: Some(ConversationId(number)),
        task: Some(TaskId(number)),
        side: None,
        channel: Some("webchat".into()),
        cause: None,
        rule_set: 1,
    }
}

fn came(number: u64, at: u64, tag: &str) -> Event {
    let label = Label { rule: "all".into(), tags: vec![tag.to_owned()], case_type: None };
    let (kind, queue, label) = (TaskKind::Conversation, QueueId(1), Some(Box::new(label)));
    event(number, at, EventKind::TaskCreated { kind, queue, due_at: Millis(0), parent: None, label })
}

fn again(number: u64, at: u64) -> Event {
    let repeated = MatterRepeated {
        earlier: MatterId(1),
        earlier_conversation: ConversationId(9_999),
        ended_at: Millis(0),
        ended_by: None,
        disposition: String::new(),
        times: 2,
        same_by: SameBy::Topic,
        merged: false,
    };
    event(number, at, EventKind::MatterRepeated(repeated))
}

fn low(number: u64, at: u64, score: u8) -> Event {
    let kind = EventKind::SatisfactionAnswered {
        of_task: TaskId(number),
        of_worker: blendline_wire::WorkerId(1),
        of_queue: QueueId(1),
        customer: "mark".into(),
        score,
        said_more: true,
        follow_up: None,
        sampled: false,
        manager: None,
    };
    event(number, at, kind)
}

fn log() -> Vec<Event> {
    let mut log = vec![
        came(1, 0, "late"),
        came(2, 10, "late"),
        again(2, 10),
        came(3, 20, "other"),
        again(3, 20),
        event(1, 30, EventKind::TaskDenied),
        low(1, 40, 1),
        low(2, 40, 5),
        low(3, 40, 1),
    ];
    log.push(came(4, WEEK_MS * 2, "late"));
    log
}

#[test]
fn a_figure_counts_its_own_contacts_in_its_own_time() {
    let figure = |figure, topic: Option<&str>| {
        let measure = Measure { figure, in_queue: Some(QueueId(1)), topic: topic.map(str::to_owned), case_type: None };
        let mut counting = Counting::new(measure, Millis(0), Millis(WEEK_MS * 2));
        log().iter().for_each(|event| counting.take(event));
        let measured = counting.measured();
        (measured.count, measured.of, measured.milli)
    };
    assert_eq!(figure(Figure::Contacts, Some("late")), (2, 2, 1_000), "two in two weeks: one in a week");
    assert_eq!(figure(Figure::Contacts, None), (3, 3, 1_500));
    assert_eq!(figure(Figure::Repeats, Some("late")), (1, 2, 500));
    assert_eq!(figure(Figure::Denials, Some("late")), (1, 2, 500));
    assert_eq!(figure(Figure::LowAnswers, Some("late")), (1, 2, 500));
    assert_eq!(figure(Figure::LowAnswers, None), (2, 3, 666));
    assert_eq!(figure(Figure::Contacts, Some("none")), (0, 0, 0));
}

#[test]
fn a_topic_beyond_its_share_is_told_once() {
    let repeats = Repeats { share_milli: 300, contacts: 2, within_ms: WEEK_MS };
    let mut repeating = Repeating::default();
    log().iter().for_each(|event| repeating.happened(event));
    let beyond = repeating.beyond(&repeats, Millis(50));
    let told: Vec<_> = beyond.iter().map(|it| (it.topic.as_str(), it.of, it.repeats["webchat"])).collect();
    assert_eq!(told, [("late", 3, 1)], "one of the other is too few");
    assert!(repeating.beyond(&repeats, Millis(50)).is_empty());
    // What is older than its window does not count any more.
    repeating.happened(&came(5, 60, "late"));
    assert!(repeating.beyond(&repeats, Millis(60 + WEEK_MS)).is_empty());
    repeating.happened(&came(6, WEEK_MS * 2, "late"));
    repeating.happened(&again(6, WEEK_MS * 2));
    assert!(repeating.beyond(&repeats, Millis(WEEK_MS * 2)).is_empty(), "a new window has one contact so far");
}
