//! Whatever is asked of a case, in whatever order.
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod parcel;

use std::collections::BTreeMap;

use blendline_cases::command::NewPromise;
use blendline_cases::promise::{Promise, PromiseState};
use blendline_cases::{Case, Change, Command, Terms, apply};
use blendline_wire::event::case::{CaseLinks, CaseOutcome, CaseValue};
use blendline_wire::event::promise::{Chance, Keeps, Withdrawal};
use blendline_wire::event::{Actor, EventKind};
use blendline_wire::org::CalendarSettings;
use blendline_wire::task::ParkReason;
use blendline_wire::{CalendarId, CaseId, ConversationId, MatterId, Millis, Pii, TaskId, TenantId, WorkerId};
use proptest::prelude::*;

use jiff::tz::TimeZone;
use parcel::{STAGES, parcel};

fn fields() -> impl Strategy<Value = BTreeMap<String, Option<CaseValue>>> {
    let text = |text: &str| CaseValue::Text(Pii::new(text.to_owned()));
    let field = prop_oneof![
        Just(("order".to_owned(), Some(text("A-1")))),
        Just(("notes".to_owned(), Some(text("left with a neighbour")))),
        Just(("promised".to_owned(), Some(text("2026-12-01")))),
        Just(("promised".to_owned(), None)),
        Just(("promised".to_owned(), Some(text("2026-13-01")))),
        Just(("credit".to_owned(), Some(CaseValue::Money { minor: 1250, currency: "ILS".into() }))),
        Just(("nothing".to_owned(), None)),
    ];
    prop::collection::btree_map(Just(()), field, 0..2).prop_map(|some| some.into_values().collect())
}

fn command() -> impl Strategy<Value = Command> {
    let stage = prop::sample::select(STAGES.to_vec()).prop_map(str::to_owned);
    let press = prop::sample::select(vec!["confirm", "deny", "delivering", "lost"]);
    prop_oneof![
        4 => (stage, fields()).prop_map(|(to, fields)| Command::Move { to, fields }),
        4 => prop::sample::select(vec!["found", "lost", "delivered", "nonsense"])
            .prop_map(|word| Command::Finish { disposition: word.to_owned() }),
        2 => press.prop_map(|name| Command::Press(blendline_cases::types::Press::named(name))),
        2 => fields().prop_map(|fields| Command::Set { fields }),
        1 => prop::option::of(1_u64..3).prop_map(|id| Command::Assign { owner: id.map(WorkerId) }),
        2 => Just(Command::Pause { reason: ParkReason::Customer }),
        2 => Just(Command::Resume),
        1 => prop::sample::select(vec![CaseOutcome::Solved, CaseOutcome::Withdrawn, CaseOutcome::Lost])
            .prop_map(|outcome| Command::Close { outcome }),
        2 => Just(Command::Reopen),
        1 => (1_u64..3).prop_map(|id| Command::Link {
            links: CaseLinks { matter: Some(MatterId(id)), ..CaseLinks::default() },
            language: if id == 1 { "he".to_owned() } else { String::new() },
        }),
        2 => (1_u64..60, keeps()).prop_map(|(later, kept_by)| Command::Promise(promise(later, kept_by))),
        1 => (1_u32..5).prop_map(|promise| Command::Keep { promise }),
        1 => (1_u32..5, prop::option::of(1_u64..60)).prop_map(|(number, later)| Command::Withdraw {
            promise: number,
            reason: Withdrawal::Impossible,
            instead: later.map(|later| promise(later, Keeps::Said)),
        }),
        6 => prop::option::of(0_u32..1_001).prop_map(|milli| Command::Look {
            chance: milli.map(|miss_milli| Chance { miss_milli, warns_milli: 500, ..Chance::default() }),
        }),
        2 => prop::option::of(1_u64..9).prop_map(|id| Command::Work { task: id.map(TaskId), reason: String::new() }),
    ]
}

fn keeps() -> impl Strategy<Value = Keeps> {
    prop_oneof![
        Just(Keeps::Said),
        Just(Keeps::Stage("solved".into())),
        Just(Keeps::Stage("delivering".into())),
        Just(Keeps::Field("credit".into())),
    ]
}

/// Due at this time: commands know no other clock than the test's, which begins at 5.
fn promise(due_at: u64, kept_by: Keeps) -> NewPromise {
    let words = Pii::new("We promise the neighbour".to_owned());
    NewPromise { due_at: Millis(due_at * 10), words, kept_by, owner: None }
}

fn actor() -> impl Strategy<Value = Actor> {
    prop_oneof![3 => Just(Actor::Worker(WorkerId(1))), 1 => Just(Actor::Customer), 1 => Just(Actor::Integrator)]
}

fn opening() -> Command {
    Command::Open {
        id: CaseId(7),
        tenant: TenantId(1),
        language: "he".into(),
        links: CaseLinks { conversation: Some(ConversationId(3)), ..CaseLinks::default() },
        owner: Some(WorkerId(1)),
        fields: BTreeMap::new(),
        earned_at: None,
    }
}

/// Without free text, which no event holds, and what is derived anew.
fn told(case: &Case) -> Case {
    let mut told = case.clone();
    told.fields.remove("notes");
    told.promises.iter_mut().for_each(|promise| promise.words = None);
    told.look_at = None;
    told
}

fn holds(before: Option<&Case>, change: &Change, now: Millis) {
    let kind = parcel();
    let case = &change.case;
    assert!(kind.stage(&case.stage.name).is_some(), "it stands in no stage");
    assert!(case.trail.contains_key(&case.stage.name), "it never came to where it stands");
    let is_end = kind.stage(&case.stage.name).is_some_and(|stage| stage.closes.is_some());
    assert_eq!(is_end, !case.is_open(), "it is over where it stands in a last stage, and only there");
    assert!(case.stage.stood_ms(now) <= now.since(case.stage.entered_at), "its clock stood longer than it was there");
    if !change.effects.is_empty() {
        assert!(!change.events.is_empty(), "something is done of which nothing tells");
    }
    if let Some(before) = before {
        let reopened = change.events.iter().any(|event| matches!(event, EventKind::CaseReopened(_)));
        assert!(before.is_open() || !case.is_open() || reopened, "what is over came back by itself");
        assert_eq!((before.id, before.opened_at, before.earned_at), (case.id, case.opened_at, case.earned_at));
        let moved = before.stage.name != case.stage.name;
        let tells =
            change.events.iter().any(|event| matches!(event, EventKind::CaseMoved(_) | EventKind::CaseReopened(_)));
        assert_eq!(moved, tells, "a change of stage is an event, and nothing else is");
    }
    promises_hold(before, case, now);
    for event in &change.events {
        if let EventKind::CaseMoved(moved) = event {
            assert_eq!(
                moved.left.ran_ms + moved.left.stood_ms,
                now.since(moved.left.entered_at),
                "the clocks do not sum"
            );
            let step = kind.moves_from(&moved.left.stage).find(|step| step.to == moved.entered.stage);
            let step = step.expect("no move leads there");
            assert!(step.by.contains(&moved.by), "it was another's to make");
            assert!(step.needs.iter().all(|field| case.fields.contains_key(field)), "what it needs is not known");
        }
    }
}

fn promises_hold(before: Option<&Case>, case: &Case, now: Millis) {
    assert!(case.look_at.is_none_or(|at| now < at && case.is_open()), "a look that is over comes again");
    for (at, promise) in case.promises.iter().enumerate() {
        assert_eq!(promise.number as usize, at + 1);
        assert!(case.is_open() || !promise.state.is_open(), "a case that is over still promises");
        assert!(promise.risk_at <= promise.due_at && promise.made_at <= promise.risk_at);
        let was = before.and_then(|before| before.promise(promise.number));
        if let Some(was) = was {
            assert!(!told_customer(was) || told_customer(promise), "what was told is told again");
            assert!(was.state.is_owed() || was.state == promise.state, "what is settled changed");
        }
        if told_customer(promise) {
            let risk = promise.risk.unwrap();
            assert!(risk.at <= risk.customer_at, "the customer was told before the owner");
        }
        let is_past = matches!(promise.state, PromiseState::Broken { at } if at <= promise.due_at);
        assert!(!is_past, "it was broken before it was due");
    }
}

fn told_customer(promise: &Promise) -> bool {
    promise.risk.is_some_and(|risk| risk.customer_told)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn any_sequence_of_commands_keeps_a_case_whole(steps in prop::collection::vec((actor(), command(), 0_u64..40), 0..60)) {
        let kind = parcel();
        let open = (0..50).map(|day| (Millis(day * 24), Millis(day * 24 + 9))).collect();
        let calendars = BTreeMap::from([("office".to_owned(), CalendarSettings { id: CalendarId(1), open })]);
        let (zone, managers) = (&TimeZone::UTC, &[WorkerId(8)]);
        let terms = Terms { kind: &kind, version: 3, calendars: &calendars, zone, managers, company: Default::default() };
        let mut now = Millis(5);
        let opened = apply(&terms, None, Actor::Worker(WorkerId(1)), &opening(), now).unwrap();
        holds(None, &opened, now);
        let mut case = opened.case;
        let mut log: Vec<_> = opened.events.into_iter().map(|event| (now, event)).collect();
        for (by, command, later) in steps {
            now = now.plus(later);
            let Ok(change) = apply(&terms, Some(&case), by, &command, now) else { continue };
            prop_assert_eq!(&apply(&terms, Some(&case), by, &command, now).unwrap(), &change);
            holds(Some(&case), &change, now);
            log.extend(change.events.into_iter().map(|event| (now, event)));
            case = change.case;
        }
        let replayed = Case::replay(TenantId(1), log.iter().map(|(at, event)| (*at, event))).unwrap();
        prop_assert_eq!(replayed, told(&case));
        // What goes through the record comes back the same.
        let text = serde_json::to_string(&case).unwrap();
        prop_assert_eq!(serde_json::from_str::<Case>(&text).unwrap(), case);
        for (_, event) in &log {
            let text = serde_json::to_string(event).unwrap();
            prop_assert!(!text.contains("neighbour"), "an event holds somebody's words");
            prop_assert_eq!(&serde_json::from_str::<EventKind>(&text).unwrap(), event);
        }
    }
}
