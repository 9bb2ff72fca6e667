//! What is promised, what is told of it and in which order, and what is wrong with a promise of a type.
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[allow(dead_code, reason = "each test takes what it needs")]
mod parcel;

use std::collections::{BTreeMap, BTreeSet};

use blendline_cases::check::{Surroundings, check};
use blendline_cases::command::{NewPromise, Notice, PromiseNews, Whom};
use blendline_cases::promise::PromiseState;
use blendline_cases::types::{AGENT_FIRST_MS, CaseType, PromiseBy, StagePromise, Warn, Words};
use blendline_cases::{Case, Change, Command, Effect, Refusal, Terms, apply};
use blendline_wire::event::case::{CaseLinks, CaseValue};
use blendline_wire::event::promise::{Chance, Keeps, LearntOf, RiskBy, RiskTold, Withdrawal};
use blendline_wire::event::{Actor, EventKind};
use blendline_wire::{CaseId, Millis, Pii, TaskId, TenantId, WorkerId};
use jiff::tz::TimeZone;

use parcel::parcel;

const DANA: Actor = Actor::Worker(WorkerId(1));
const MINUTE: u64 = 60_000;
const HOUR: u64 = 60 * MINUTE;

struct Course {
    kind: CaseType,
    zone: TimeZone,
    case: Option<Case>,
}

impl Course {
    /// A parcel is looked for, within four hours, always open.
    fn begin(change: impl FnOnce(&mut CaseType)) -> (Self, Change) {
        let mut kind = parcel();
        for (stage, hours) in kind.stages.iter_mut().zip([4, 48, 48]) {
            (stage.calendar, stage.target_ms) = (None, Some(hours * HOUR));
        }
        change(&mut kind);
        let mut course = Self { kind, zone: TimeZone::get("Asia/Jerusalem").unwrap(), case: None };
        let open = Command::Open {
            id: CaseId(7),
            tenant: TenantId(1),
            language: "en".into(),
            links: CaseLinks::default(),
            owner: Some(WorkerId(1)),
            fields: BTreeMap::from([day("2025-06-20")]),
            earned_at: None,
        };
        let change = course.takes(DANA, &open, 0);
        (course, change)
    }

    fn ask(&self, by: Actor, command: &Command, at: u64) -> Result<Change, Refusal> {
        let (calendars, zone, managers) = (&BTreeMap::new(), &self.zone, &[WorkerId(8), WorkerId(9)]);
        let terms = Terms { kind: &self.kind, version: 1, calendars, zone, managers, company: Default::default() };
        apply(&terms, self.case.as_ref(), by, command, begin().plus(at))
    }

    fn takes(&mut self, by: Actor, command: &Command, at: u64) -> Change {
        let change = self.ask(by, command, at).unwrap();
        self.case = Some(change.case.clone());
        change
    }

    fn look(&mut self, at: u64) -> Change {
        self.takes(Actor::System, &Command::Look { chance: None }, at)
    }

    fn state(&self, promise: u32) -> PromiseState {
        self.case.as_ref().unwrap().promise(promise).unwrap().state
    }

    fn looks_at(&self) -> Option<u64> {
        self.case.as_ref().unwrap().look_at.map(|at| at.since(begin()))
    }
}

/// 2025-06-18, nine o'clock in Jerusalem.
fn begin() -> Millis {
    Millis::from_rfc3339("2025-06-18T09:00:00+03:00").unwrap()
}

fn day(day: &str) -> (String, Option<CaseValue>) {
    ("promised".to_owned(), Some(CaseValue::Text(Pii::new(day.to_owned()))))
}

fn in_hours(hours: u64, kept_by: Keeps) -> NewPromise {
    let words = Pii::new("A driver brings it".to_owned());
    NewPromise { due_at: begin().plus(hours * HOUR), words, kept_by, owner: None }
}

fn of_stage(by: PromiseBy, kept: Keeps) -> StagePromise {
    let words = parcel::words("You have it by {promise}.");
    let late = parcel::words("It may come later than {promise}.");
    StagePromise { by, kept, words, warn_ms: None, agent_first_ms: AGENT_FIRST_MS, late }
}

fn risks(change: &Change) -> Vec<(RiskTold, RiskBy)> {
    let risk = |event: &EventKind| match event {
        EventKind::PromiseAtRisk(risk) => Some((risk.tells, risk.why)),
        _ => None,
    };
    change.events.iter().filter_map(risk).collect()
}

fn heard(change: &Change) -> Vec<(Whom, &'static str)> {
    let said = |effect: &Effect| match effect {
        Effect::Notice { whom, notice, .. } => Some((*whom, notice.as_str())),
        _ => None,
    };
    change.effects.iter().filter_map(said).collect()
}

#[test]
fn the_owner_hears_of_a_risk_first_then_the_customer_and_each_once() {
    let (mut course, _) = Course::begin(|kind| kind.stages[0].target_ms = Some(100 * HOUR));
    course.takes(DANA, &Command::Promise(in_hours(10, Keeps::Said)), 0);
    // A fifth of the time that it had.
    assert_eq!(course.case.as_ref().unwrap().promise(1).unwrap().risk_at, begin().plus(8 * HOUR));
    assert!(course.look(8 * HOUR - 1).events.is_empty());
    let change = course.look(8 * HOUR);
    assert_eq!(
        (risks(&change), heard(&change)),
        (vec![(RiskTold::Owner, RiskBy::Time)], vec![(Whom::Agent, "promise_at_risk")])
    );
    assert_eq!(course.looks_at(), Some(8 * HOUR + 15 * MINUTE));
    assert!(course.look(8 * HOUR + 14 * MINUTE).events.is_empty());
    let change = course.look(8 * HOUR + 15 * MINUTE);
    assert_eq!(heard(&change), [(Whom::Customer, "promise_at_risk")]);
    assert!(course.look(9 * HOUR).events.is_empty());
    let change = course.look(10 * HOUR + 1);
    assert_eq!(heard(&change), [(Whom::Agent, "promise_broken")]);
    assert!(
        matches!(&change.events[0], EventKind::PromiseBroken(broken) if broken.warned && broken.owner == Some(WorkerId(1)))
    );
    assert!(course.look(11 * HOUR).events.is_empty());
    let change = course.takes(DANA, &Command::Keep { promise: 1 }, 12 * HOUR);
    assert!(matches!(&change.events[0], EventKind::PromiseKept(kept) if kept.late));
    assert_eq!(course.ask(DANA, &Command::Keep { promise: 1 }, 12 * HOUR), Err(Refusal::NoPromise));
}

#[test]
fn what_is_nearer_than_the_owners_time_is_told_to_both_at_once() {
    let (mut course, _) = Course::begin(|_| {});
    let soon = NewPromise { due_at: begin().plus(10 * MINUTE), ..in_hours(1, Keeps::Said) };
    course.takes(DANA, &Command::Promise(soon), 0);
    let change = course.look(5 * MINUTE);
    assert_eq!(heard(&change), [(Whom::Agent, "promise_at_risk"), (Whom::Customer, "promise_at_risk")]);
}

#[test]
fn what_is_kept_in_time_is_told_to_nobody() {
    let (mut course, _) = Course::begin(|_| {});
    course.takes(DANA, &Command::Promise(in_hours(10, Keeps::Stage("delivering".into()))), 0);
    course.takes(DANA, &Command::Promise(in_hours(10, Keeps::Field("credit".into()))), 0);
    course.look(8 * HOUR);
    let credit = CaseValue::Money { minor: 50, currency: "ILS".into() };
    let set = Command::Set { fields: BTreeMap::from([("credit".to_owned(), Some(credit))]) };
    course.takes(DANA, &set, 8 * HOUR + 1);
    let change = course.takes(DANA, &Command::Finish { disposition: "found".into() }, 8 * HOUR + 2);
    assert!(matches!(&change.events[1], EventKind::PromiseKept(kept) if kept.promise == 1 && !kept.late));
    assert!(matches!(course.state(2), PromiseState::Kept { late: false, .. }));
    assert!(heard(&course.look(9 * HOUR)).is_empty());
}

#[test]
fn a_promise_that_is_withdrawn_tells_the_customer_what_holds() {
    let (mut course, _) = Course::begin(|_| {});
    course.takes(DANA, &Command::Promise(in_hours(10, Keeps::Said)), 0);
    let late = Command::Withdraw {
        promise: 1,
        reason: Withdrawal::Impossible,
        instead: Some(NewPromise { due_at: begin(), ..in_hours(1, Keeps::Said) }),
    };
    assert_eq!(course.ask(DANA, &late, 1), Err(Refusal::WrongPromise { what: "due_at".into() }));
    let instead = Some(in_hours(20, Keeps::Said));
    let withdraw = Command::Withdraw { promise: 1, reason: Withdrawal::Impossible, instead };
    assert!(matches!(course.ask(Actor::Customer, &withdraw, 1), Err(Refusal::NotYours { .. })));
    let change = course.takes(DANA, &withdraw, 1);
    assert_eq!(heard(&change), [(Whom::Customer, "promise_made")]);
    assert!(matches!(&change.events[1], EventKind::PromiseMade(made) if made.instead_of == Some(1)));
    let alone = Command::Withdraw { promise: 2, reason: Withdrawal::Customer, instead: None };
    assert_eq!(heard(&course.takes(DANA, &alone, 2)), [(Whom::Customer, "promise_withdrawn")]);
    // What is left when a case ends is owed no more, and the end says enough.
    course.takes(DANA, &Command::Promise(in_hours(30, Keeps::Said)), 3);
    course.takes(DANA, &Command::Finish { disposition: "lost".into() }, 4);
    let press = Command::Press(blendline_cases::types::Press::Move("lost".into()));
    assert!(heard(&course.takes(Actor::Customer, &press, 5)).is_empty());
    assert!(matches!(course.state(3), PromiseState::Withdrawn { reason: Withdrawal::CaseClosed, .. }));
    assert_eq!(course.looks_at(), None);
}

#[test]
fn a_stage_promises_the_day_of_a_field_and_says_so_again_when_it_changes() {
    let promise = of_stage(PromiseBy::Field("promised".into()), Keeps::Stage("solved".into()));
    let (mut course, _) = Course::begin(|kind| {
        kind.stages[2].promise = Some(promise);
        let tell = blendline_cases::types::Tell { text: parcel::words("With you by {promise}."), ..Default::default() };
        kind.stages[2].tell = Some(tell);
    });
    let change = course.takes(DANA, &Command::Finish { disposition: "found".into() }, HOUR);
    let said = change.effects.iter().find_map(|effect| match effect {
        Effect::Tell { text, .. } => Some(text.as_str()),
        _ => None,
    });
    assert_eq!(said, Some("With you by 2025-06-20."));
    let promise = course.case.as_ref().unwrap().promise(1).unwrap();
    // The day ends where the company is.
    assert_eq!(promise.due_at.plus(1), Millis::from_rfc3339("2025-06-21T00:00:00+03:00").unwrap());
    assert_eq!(promise.words.as_ref().unwrap().expose(), "You have it by 2025-06-20.");
    let change = course.takes(DANA, &Command::Set { fields: BTreeMap::from([day("2025-06-22")]) }, 2 * HOUR);
    assert_eq!(heard(&change), [(Whom::Customer, "promise_made")]);
    assert!(matches!(course.state(1), PromiseState::Withdrawn { reason: Withdrawal::Replaced, .. }));
    course.look(100 * HOUR - 30 * MINUTE);
    let change = course.look(100 * HOUR);
    let late = change.effects.iter().find_map(|effect| match effect {
        Effect::Notice { notice: Notice::Promise { what: PromiseNews::AtRisk, words, .. }, .. } => words.clone(),
        _ => None,
    });
    assert_eq!(late.as_deref(), Some("It may come later than 2025-06-22."));
}

#[test]
fn a_forecast_puts_a_promise_and_a_stage_at_risk_before_their_time() {
    let (mut course, _) = Course::begin(|kind| {
        let escalate_ms = Some(HOUR);
        let warn = Warn {
            at_milli: 600,
            owner: true,
            unit: true,
            raise: true,
            open: Some("drivers".into()),
            escalate_ms,
            ..Warn::default()
        };
        kind.stages[0].warn = warn;
        kind.stages[0].unit = Some("logistics".into());
    });
    course.takes(DANA, &Command::Work { task: Some(TaskId(4)), reason: String::new() }, 0);
    course.takes(DANA, &Command::Promise(in_hours(10, Keeps::Stage("delivering".into()))), 0);
    let chance = |miss_milli| Chance {
        miss_milli,
        warns_milli: 600,
        median_left_ms: Some(20 * HOUR),
        learnt_of: LearntOf::Unit,
        ..Chance::default()
    };
    let look = |miss_milli| Command::Look { chance: Some(chance(miss_milli)) };
    let change = course.takes(Actor::System, &look(599), HOUR);
    assert_eq!(risks(&change), [(RiskTold::Owner, RiskBy::Forecast)]);
    assert_eq!(change.events.len(), 1, "the chance is not enough");
    // Later than a tenth before its end it is not said any more.
    assert!(
        course
            .ask(Actor::System, &look(999), 4 * HOUR - 20 * MINUTE)
            .unwrap()
            .events
            .iter()
            .all(|event| !matches!(event, EventKind::CaseAtRisk(_)))
    );
    let change = course.takes(Actor::System, &look(600), HOUR + 1);
    let EventKind::CaseAtRisk(risk) = &change.events[0] else { panic!("{:?}", change.events) };
    assert_eq!(
        (risk.why, risk.waits_for.as_str(), risk.expected_at),
        (RiskBy::Forecast, "queue", Some(begin().plus(21 * HOUR + 1)))
    );
    assert_eq!(heard(&change), [(Whom::Agent, "case_at_risk"), (Whom::Manager, "case_at_risk")]);
    assert!(change.effects.contains(&Effect::Raise {
        task: TaskId(4),
        queue: "warehouse".into(),
        target_ms: (3 * HOUR - 1) / 10
    }));
    assert!(change.effects.contains(&Effect::Aside { queue: "drivers".into() }));
    assert!(
        course
            .takes(Actor::System, &look(1_000), HOUR + 2)
            .events
            .iter()
            .all(|event| !matches!(event, EventKind::CaseAtRisk(_)))
    );
    // It goes up as far as there is somebody, each time after an hour.
    for (at, to) in [(2 * HOUR + 1, WorkerId(8)), (3 * HOUR + 1, WorkerId(9))] {
        let change = course.look(at);
        let up = change.events.iter().find_map(|event| match event {
            EventKind::CaseEscalated(up) => Some(up.to),
            _ => None,
        });
        assert_eq!(up, Some(to));
    }
    assert!(course.look(4 * HOUR + 1).events.iter().all(|event| !matches!(event, EventKind::CaseEscalated(_))));
}

#[test]
fn a_promise_that_nothing_can_keep_is_refused() {
    let (course, _) = Course::begin(|_| {});
    let refused = |promise: NewPromise| match course.ask(DANA, &Command::Promise(promise), 0) {
        Err(Refusal::WrongPromise { what }) => what,
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(in_hours(0, Keeps::Said)), "due_at");
    assert_eq!(refused(in_hours(100_000, Keeps::Said)), "due_at");
    assert_eq!(refused(NewPromise { words: Pii::new(" ".into()), ..in_hours(1, Keeps::Said) }), "words");
    assert_eq!(refused(in_hours(1, Keeps::Stage("looking".into()))), "kept_by");
    assert_eq!(refused(in_hours(1, Keeps::Stage("nowhere".into()))), "kept_by");
    // It has its value already.
    assert_eq!(refused(in_hours(1, Keeps::Field("promised".into()))), "kept_by");
}

#[test]
fn a_type_promises_what_it_can_keep() {
    let problems = |change: &dyn Fn(&mut CaseType)| {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
        let (queues, calendars, channels) = (names(&["warehouse", "drivers"]), names(&["office"]), names(&["webchat"]));
        let mut kind = parcel();
        change(&mut kind);
        let found = check(&kind, &Surroundings { queues, calendars, channels, units: None });
        found.into_iter().map(|problem| problem.code).collect::<Vec<_>>()
    };
    let promise = |change: &dyn Fn(&mut StagePromise)| {
        let mut promise = of_stage(PromiseBy::Within(10), Keeps::Stage("solved".into()));
        change(&mut promise);
        problems(&|kind| kind.stages[2].promise = Some(promise.clone()))
    };
    assert!(promise(&|_| {}).is_empty());
    assert_eq!(promise(&|it| it.kept = Keeps::Stage("delivering".into())), ["promise_circle"]);
    assert_eq!(promise(&|it| it.kept = Keeps::Stage("nowhere".into())), ["unknown_name"]);
    assert_eq!(promise(&|it| it.kept = Keeps::Field("nothing".into())), ["unknown_name"]);
    assert_eq!(promise(&|it| it.by = PromiseBy::Field("order".into())), ["no_field"]);
    assert_eq!(promise(&|it| it.by = PromiseBy::Field("nothing".into())), ["unknown_name"]);
    assert_eq!(promise(&|it| it.warn_ms = Some(10)), ["out_of_range"]);
    assert_eq!(promise(&|it| it.words = Words::default()), ["missing_key"]);
    assert_eq!(promise(&|it| it.late = parcel::words("{what}")), ["no_field"]);
    let never = problems(&|kind| {
        kind.moves.retain(|step| step.from != "delivering" || step.to != "looking");
        kind.stages[2].promise = Some(of_stage(PromiseBy::Within(10), Keeps::Stage("asking".into())));
    });
    assert_eq!(never, ["never_kept"]);
    assert_eq!(problems(&|kind| kind.stages[0].warn = Warn { unit: true, ..Warn::default() }), ["missing_key"]);
    assert_eq!(problems(&|kind| kind.stages[0].warn.open = Some("x".into())), ["unknown_name"]);
    let tell = problems(&|kind| kind.stages[1].tell.as_mut().unwrap().text = parcel::words("{promise}"));
    assert_eq!(tell, ["no_field"]);
}
