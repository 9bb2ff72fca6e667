//! What holds of every journey, whatever happened and in whatever order it is heard.
#![allow(clippy::unwrap_used, reason = "a test says what it expects by failing")]

use std::collections::BTreeMap;

use blendline_journey::{Clock, Clocks, Journey, Owner, Part, Span};
use blendline_wire::event::case::{
    CaseAssigned, CaseClosed, CaseFieldSet, CaseHeld, CaseLinks, CaseMoved, CaseMover, CaseOpened, CaseOutcome,
    CasePaused, CaseReopened, CaseResumed, CaseTold, StageEntered, StageLeft,
};
use blendline_wire::event::{Activity, Actor, Event, EventKind};
use blendline_wire::inbound::InboundKind;
use blendline_wire::task::{ClockRule, ParkReason, Target, TaskKind, WithdrawReason};
use blendline_wire::{
    AccountId, CaseId, ConversationId, EventId, Lease, Millis, OutboundId, QueueId, TaskId, TenantId, WorkerId,
};
use proptest::prelude::*;

fn event(id: u64, at: u64, kind: EventKind) -> Event {
    let actor =
        if matches!(kind, EventKind::ReplyQueued { .. }) { Actor::Worker(WorkerId(id % 3)) } else { Actor::Customer };
    Event {
        id: EventId(id),
        at: Millis(at),
        tenant: TenantId(1),
        kind,
        actor,
        activity: Activity::Customer,
        unit: None,
        matter: None,
        conversation: None,
        task: None,
        side: None,
        channel: Some(if id.is_multiple_of(2) { "webchat" } else { "email_raw" }.into()),
        cause: None,
        rule_set: 0,
    }
}

fn of_task(task: u64, what: u8, some: u64) -> EventKind {
    let (worker, lease) = (WorkerId(some % 3), Lease(u32::try_from(some).unwrap()));
    let (queue, child, outbound) = (QueueId(some % 2), TaskId(task + 100), OutboundId(some));
    let to = if some.is_multiple_of(2) { Target::Queue(queue) } else { Target::Worker(worker) };
    let reason =
        [ParkReason::Customer, ParkReason::Colleague, ParkReason::Approval, ParkReason::Time][some as usize % 4];
    let clock = if some.is_multiple_of(3) { ClockRule::Stops } else { ClockRule::Runs };
    let parent = some.is_multiple_of(4).then_some(TaskId(999));
    match what % 14 {
        0 => EventKind::TaskCreated { kind: TaskKind::Conversation, queue, due_at: Millis(1), parent, label: None },
        1 => EventKind::MessageReceived { seq: 1, kind: InboundKind::Message, account: AccountId(1) },
        2 => EventKind::ReplyQueued { outbound, seq: 2 },
        3 => EventKind::TaskAssigned { worker, lease, decision: None },
        4 => EventKind::TaskWithdrawn { worker, reason: WithdrawReason::Silent },
        5 => EventKind::TaskTransferred { from: None, to },
        6 => EventKind::TaskHandedOver { from: worker, to: None },
        7 => EventKind::TaskOverflowed { from: queue, to: QueueId(9), why: "time".into() },
        8 => EventKind::TaskParked { reason, until: Millis(1), clock },
        9 => EventKind::TaskWoken { why: "time".into() },
        10 => EventKind::RequestOpened { child, to, clock },
        11 => EventKind::RequestAnswered { child },
        12 => EventKind::ConversationOpened { account: AccountId(1) },
        _ => EventKind::TaskSolved { worker: Some(worker), disposition: "done".into() },
    }
}

fn entered(some: u64) -> StageEntered {
    let waits_for = ["queue", "customer", "system", ""][some as usize % 4].to_owned();
    StageEntered { stage: format!("s{}", some % 3), due_at: None, responsible: None, waits_for }
}

fn of_case(case: u64, what: u8, some: u64) -> EventKind {
    let (case, owner, case_type) = (CaseId(case.into()), Some(WorkerId(some % 3)), "parcel".to_owned());
    let stage = format!("s{}", some % 3);
    let (entered, version) = (entered(some), 1);
    let left = StageLeft {
        stage: stage.clone(),
        entered_at: Millis(0),
        ran_ms: 0,
        stood_ms: 0,
        used_ms: 0,
        due_at: None,
        late: false,
    };
    let (by, disposition, outcome) = (CaseMover::Customer, None, CaseOutcome::Solved);
    match what % 10 {
        0 => EventKind::CaseOpened(Box::new(CaseOpened {
            case,
            case_type,
            version,
            entered,
            owner,
            language: String::new(),
            earned_at: Millis(0),
            links: CaseLinks::default(),
        })),
        1 => EventKind::CaseMoved(Box::new(CaseMoved {
            case,
            case_type,
            version,
            left,
            entered,
            by,
            disposition,
            owner,
        })),
        2 => EventKind::CaseAssigned(CaseAssigned { case, from: None, to: owner }),
        3 => {
            let (reason, clock) = (ParkReason::Colleague, ClockRule::Runs);
            EventKind::CasePaused(CasePaused { case, stage, reason, clock })
        }
        4 => EventKind::CaseResumed(CaseResumed { case, stage, waited_ms: 0, due_at: None }),
        5 => {
            EventKind::CaseHeld(CaseHeld { case, held_by: some.is_multiple_of(2).then_some(CaseId(77)), due_at: None })
        }
        6 => EventKind::CaseFieldSet(CaseFieldSet { case, field: stage, filled: true, value: None }),
        7 => {
            let (whom, outcome, about) = ("customer".to_owned(), "told".to_owned(), String::new());
            EventKind::CaseTold(CaseTold { case, stage, whom, outcome, about, tell_at: None })
        }
        8 => {
            let (from, from_due_at, after_ms) = (stage, None, 1);
            EventKind::CaseClosed(Box::new(CaseClosed { case, case_type, outcome, from, from_due_at, after_ms, owner }))
        }
        _ => EventKind::CaseReopened(Box::new(CaseReopened {
            case,
            case_type,
            version,
            denied: true,
            outcome,
            closed_ms: 0,
            entered,
            owner,
        })),
    }
}

/// Events of a few tasks and cases, in the order of time.
fn happenings() -> impl Strategy<Value = Vec<Event>> {
    let one = (0..3_u64, any::<bool>(), any::<u8>(), any::<u16>(), 0..500_u64);
    proptest::collection::vec(one, 0..60).prop_map(|all| {
        let (mut at, mut events) = (0, Vec::new());
        for (id, (part, is_task, what, some, gap)) in (1..).zip(all) {
            at += gap;
            let mut one = match is_task {
                true => event(id, at, of_task(part, what, some.into())),
                false => event(id, at, of_case(part, what, some.into())),
            };
            if is_task {
                one.task = Some(TaskId(part));
                one.conversation = part.is_multiple_of(2).then_some(ConversationId(part));
            }
            events.push(one);
        }
        events
    })
}

fn journey(events: &[Event]) -> Journey {
    let mut journey = Journey::default();
    events.iter().for_each(|event| journey.apply(event));
    journey
}

fn by_part(spans: &[Span]) -> BTreeMap<Part, Vec<Span>> {
    let mut of: BTreeMap<Part, Vec<Span>> = BTreeMap::new();
    spans.iter().for_each(|span| of.entry(span.part).or_default().push(*span));
    of
}

fn part_of(event: &Event) -> Option<Part> {
    event.kind.case().map(Part::Case).or(event.task.map(Part::Task))
}

/// All of the time up to `now` in which anything was open, reckoned another way: each millisecond that is a border.
fn open_ms(spans: &[Span], now: Millis) -> u64 {
    let mut borders: Vec<u64> =
        spans.iter().flat_map(|span| [span.from.0, span.until.unwrap_or(now).0.min(now.0)]).collect();
    borders.sort_unstable();
    let is_open =
        |from: u64| spans.iter().any(|span| span.from.0 <= from && from < span.until.unwrap_or(now).0.min(now.0));
    borders.windows(2).filter(|pair| is_open(pair[0])).map(|pair| pair[1] - pair[0]).sum()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn spans_of_a_part_follow_each_other_and_the_last_goes_on_while_it_is_open(events in happenings()) {
        let whole = journey(&events);
        for (part, spans) in by_part(&whole.spans()) {
            for pair in spans.windows(2) {
                let until = pair[0].until.unwrap();
                prop_assert!(until <= pair[1].from, "{part:?}: {pair:?} overlap");
                // A hole lies only between an end and a new beginning.
                if until < pair[1].from {
                    let ends = |event: &&Event| part_of(event) == Some(part) && event.at == until;
                    let ended = |event: &Event| matches!(event.kind, EventKind::CaseClosed(_));
                    prop_assert!(events.iter().filter(ends).any(ended), "{part:?}: a hole after {pair:?}");
                }
            }
            let own = || events.iter().filter(|event| part_of(event) == Some(part));
            if let Part::Task(_) = part {
                let solved = own().any(|event| matches!(event.kind, EventKind::TaskSolved { .. }));
                if !solved {
                    prop_assert_eq!(spans.last().unwrap().until, None);
                }
            }
        }
    }

    #[test]
    fn the_clocks_are_all_of_the_time(events in happenings(), later in 0..1_000_u64) {
        let whole = journey(&events);
        let now = Millis(events.last().map_or(0, |event| event.at.0) + later);
        let segments = whole.segments(now);
        prop_assert_eq!(Clocks::of(&segments).total_ms(), open_ms(&whole.spans(), now));
        prop_assert!(segments.windows(2).all(|pair| pair[0].until <= pair[1].from));
        let effort = whole.effort(now, &|_, from, until| until.since(from) / 2);
        let waited: u64 = segments.iter().filter(|one| one.clock != Clock::Customer).map(|one| one.until.since(one.from)).sum();
        prop_assert_eq!(effort.waits.total_ms, waited);
        prop_assert!(effort.waits.longest_ms <= waited && effort.waits.total_open_ms <= waited);
    }

    #[test]
    fn the_order_of_unrelated_events_does_not_matter(events in happenings()) {
        let mut parted: BTreeMap<Option<Part>, Vec<Event>> = BTreeMap::new();
        events.iter().for_each(|event| parted.entry(part_of(event)).or_default().push(event.clone()));
        let other: Vec<Event> = parted.into_values().rev().flatten().collect();
        let (one, two) = (journey(&events), journey(&other));
        let now = Millis(100_000);
        let working = |_: Option<QueueId>, from: Millis, until: Millis| until.since(from);
        prop_assert_eq!(one.spans(), two.spans());
        prop_assert_eq!(one.effort(now, &working), two.effort(now, &working));
        prop_assert!(one.steps().eq(two.steps()));
    }

    #[test]
    fn twice_is_once_and_no_order_is_a_fault(events in happenings(), seed in any::<u64>()) {
        let mut again = events.clone();
        again.extend(events.iter().cloned());
        prop_assert_eq!(journey(&events).spans(), journey(&again).spans());
        // Any order at all, with times that no clock shows.
        let mut any = events;
        any.sort_by_key(|event| event.id.0.wrapping_mul(seed | 1));
        any.iter_mut().step_by(7).for_each(|event| event.at = Millis::MAX);
        let whole = journey(&any);
        for spans in by_part(&whole.spans()).values() {
            prop_assert!(spans.iter().all(|span| span.until.is_none_or(|until| span.from <= until)));
        }
        whole.effort(Millis(5), &|_, from, until| until.since(from));
    }
}

/// One conversation that is passed on, asks another unit, and ends: who had it, and whose turn it was.
#[test]
fn a_journey_reads_as_it_was() {
    let at = |id: u64, at: u64, kind| {
        let mut one = event(id, at, kind);
        (one.task, one.conversation) = (Some(TaskId(1)), Some(ConversationId(1)));
        one
    };
    let received = || EventKind::MessageReceived { seq: 1, kind: InboundKind::Message, account: AccountId(1) };
    let assigned = |worker| EventKind::TaskAssigned { worker: WorkerId(worker), lease: Lease(1), decision: None };
    let said = || EventKind::ReplyQueued { outbound: OutboundId(1), seq: 2 };
    let asks = EventKind::RequestOpened { child: TaskId(2), to: Target::Queue(QueueId(8)), clock: ClockRule::Runs };
    let passes = EventKind::TaskTransferred { from: Some(WorkerId(1)), to: Target::Queue(QueueId(7)) };
    let created = EventKind::TaskCreated {
        kind: TaskKind::Conversation,
        queue: QueueId(7),
        due_at: Millis(1),
        parent: None,
        label: None,
    };
    let whole = journey(&[
        at(1, 100, received()),
        at(2, 100, EventKind::ConversationOpened { account: AccountId(1) }),
        at(3, 100, created),
        at(4, 110, assigned(1)),
        at(5, 130, said()),
        at(6, 200, received()),
        at(7, 210, passes),
        at(8, 230, assigned(2)),
        at(9, 240, asks),
        at(10, 300, EventKind::TaskWoken { why: "answer".into() }),
        at(11, 300, assigned(2)),
        at(12, 310, EventKind::TaskSolved { worker: Some(WorkerId(2)), disposition: "done".into() }),
    ]);
    let seen: Vec<_> = whole.spans().iter().map(|span| (span.from.0, span.owner, span.clock)).collect();
    let (line, worker) = (Owner::Queue(QueueId(7)), |worker| Owner::Worker(WorkerId(worker)));
    let expected = [
        (100, line, Clock::Us),
        (110, worker(1), Clock::Working),
        (130, worker(1), Clock::Customer),
        (200, worker(1), Clock::Working),
        (210, line, Clock::Us),
        (230, worker(2), Clock::Working),
        (240, worker(2), Clock::Other),
        (300, worker(2), Clock::Working),
    ];
    assert_eq!(seen, expected);
    let clocks = Clocks::of(&whole.segments(Millis(1_000)));
    assert_eq!(clocks, Clocks { working_ms: 20 + 10 + 10 + 10, us_ms: 10 + 20, other_ms: 60, customer_ms: 70 });
    let effort = whole.effort(Millis(1_000), &|_, from, until| until.since(from));
    assert_eq!((effort.contacts, effort.hand_offs, effort.people, effort.channel_changes), (1, 1, 1, 0));
    assert_eq!((effort.waits.count, effort.waits.longest_ms, effort.waits.total_ms), (2, 110, 140));
    assert!(!whole.is_open());
}
