//! Figures, counted from events.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use blendline_improvements::{Counting, Repeating, Repeats, Topic, remembered_ms};
use blendline_wire::event::improvement::{Figure, ImprovementEvidence, ImprovementOpened, ImprovementSource, Measure};
use blendline_wire::event::matter::{MatterRepeated, SameBy};
use blendline_wire::event::quality::SentBackTold;
use blendline_wire::event::{Activity, Actor, Event, EventKind};
use blendline_wire::task::{Label, Target, TaskKind};
use blendline_wire::{ConversationId, EventId, ImprovementId, MatterId, Millis, QueueId, TaskId, TenantId};
use proptest::collection::vec;
use proptest::prelude::*;

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
fn what_came_back_is_a_part_of_the_tasks_of_a_queue() {
    let back = |number: u64, queue: u64| {
        let told =
            SentBackTold { of_queue: Some(QueueId(queue)), of_task: Some(TaskId(number)), ..SentBackTold::default() };
        event(number, 50, EventKind::WorkSentBack(Box::new(told)))
    };
    let passed = |number: u64, queue: u64| {
        event(number, 40, EventKind::TaskTransferred { from: None, to: Target::Queue(QueueId(queue)) })
    };
    // The first goes to the back office and comes back to the front; the other comes back from the front to the back office.
    let log = [
        came(1, 0, "late"),
        came(2, 10, "late"),
        came(3, 20, "other"),
        passed(1, 2),
        back(1, 1),
        passed(3, 2),
        back(3, 2),
    ];
    let figure = |queue: Option<u64>, topic: Option<&str>| {
        let (figure, in_queue, topic) = (Figure::SentBack, queue.map(QueueId), topic.map(str::to_owned));
        let mut counting =
            Counting::new(Measure { figure, in_queue, topic, case_type: None }, Millis(0), Millis(WEEK_MS));
        log.iter().for_each(|event| counting.take(event));
        let measured = counting.measured();
        (measured.count, measured.of, measured.milli)
    };
    assert_eq!(figure(None, None), (2, 3, 666));
    assert_eq!(figure(Some(1), None), (1, 3, 333));
    assert_eq!(figure(Some(2), None), (1, 2, 500));
    assert_eq!(figure(Some(1), Some("late")), (1, 2, 500));
    assert_eq!(figure(Some(2), Some("late")), (0, 1, 0));
}

const REPEATS: Repeats = Repeats { share_milli: 300, contacts: 2, within_ms: WEEK_MS };

fn topic(name: &str) -> Topic {
    (QueueId(1), name.to_owned())
}

fn counted(log: &[Event]) -> Repeating {
    let mut repeating = Repeating::default();
    log.iter().for_each(|event| repeating.happened(event, &REPEATS));
    repeating
}

/// What the rule writes when it tells of a topic.
fn told(at: u64, name: &str, is_new: bool) -> Event {
    let (improvement, in_queue, topic) = (ImprovementId(7), Some(QueueId(1)), Some(name.to_owned()));
    let kind = if is_new {
        EventKind::ImprovementOpened(Box::new(ImprovementOpened {
            improvement,
            source: ImprovementSource::Repeat,
            in_queue,
            topic,
            of_unit: None,
            writer: None,
            owner: None,
            answer_due_at: Millis(at),
            contacts: Default::default(),
        }))
    } else {
        let contacts = Default::default();
        EventKind::ImprovementEvidence(ImprovementEvidence { improvement, in_queue, topic, contacts, writer: None })
    };
    Event { actor: Actor::Rule, conversation: None, task: None, ..event(1, at, kind) }
}

#[test]
fn a_topic_beyond_its_share_is_told_once() {
    let mut repeating = counted(&log()[..9]);
    assert_eq!(repeating.take_touched(), [topic("late"), topic("other")].into());
    let beyond = repeating.beyond(&topic("late"), &REPEATS, Millis(50)).unwrap();
    assert_eq!((beyond.of, beyond.repeats["webchat"]), (2, 1));
    assert_eq!(repeating.beyond(&topic("other"), &REPEATS, Millis(50)), None, "one of the other is too few");
    for is_new in [true, false] {
        let mut repeating = counted(&log()[..9]);
        let by_hand = Event { actor: Actor::Customer, ..told(50, "late", is_new) };
        repeating.happened(&by_hand, &REPEATS);
        assert!(repeating.beyond(&topic("late"), &REPEATS, Millis(60)).is_some(), "what a person finds counts nothing");
        repeating.happened(&told(50, "late", is_new), &REPEATS);
        assert_eq!(repeating.beyond(&topic("late"), &REPEATS, Millis(60)), None);
    }
    // What is older than its window does not count any more.
    assert!(repeating.beyond(&topic("late"), &REPEATS, Millis(WEEK_MS * 2)).is_none());
    for later in [came(6, WEEK_MS * 2, "late"), again(6, WEEK_MS * 2)] {
        repeating.happened(&later, &REPEATS);
    }
    assert_eq!(repeating.beyond(&topic("late"), &REPEATS, Millis(WEEK_MS * 2)), None, "one contact so far");
}

proptest! {
    /// Whoever reads as much of the log as a window is long counts what he counts who has seen all of it.
    #[test]
    fn what_is_counted_is_in_the_end_of_the_log(steps in vec((0_u64..WEEK_MS / 10, 0_u8..8, 0_u8..3), 1..200)) {
        let (mut at, mut log) = (2 * WEEK_MS, Vec::new());
        for (number, (wait, kind, name)) in (1..).zip(steps) {
            at += wait;
            let name = ["late", "other", "third"][usize::from(name)];
            log.push(match kind {
                0..=2 => came(number, at, name),
                3..=6 => again(number.saturating_sub(u64::from(kind)), at),
                _ => told(at, name, number % 2 == 0),
            });
        }
        let since = Millis(at - remembered_ms(&REPEATS));
        let late = log.iter().position(|event| since <= event.at).unwrap_or(log.len());
        let (whole, end) = (counted(&log), counted(&log[late..]));
        for name in ["late", "other", "third"] {
            let repeats = Repeats { share_milli: 0, contacts: 1, ..REPEATS };
            let of = |counted: &Repeating| counted.beyond(&topic(name), &repeats, Millis(at));
            prop_assert_eq!(of(&whole), of(&end), "{}", name);
        }
    }
}
