//! A unit does not judge itself, a customer is written to when it is decent, and what he has against us comes first.
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod parcel;

use std::collections::BTreeMap;

use blendline_cases::check::{Surroundings, check};
use blendline_cases::command::{Company, Whom};
use blendline_cases::types::{CaseType, Contact, Field, FieldKind, Press};
use blendline_cases::{Case, Change, Command, Effect, Refusal, Terms, apply};
use blendline_wire::event::case::{AgreedTo, CaseLinks, CaseOutcome, CaseValue};
use blendline_wire::event::{Actor, EventKind};
use blendline_wire::org::CalendarSettings;
use blendline_wire::{CalendarId, CaseId, Millis, Pii, TaskId, TenantId, WorkerId};
use jiff::tz::TimeZone;
use parcel::{parcel, words};

const DANA: Actor = Actor::Worker(WorkerId(1));
const OMAR: Actor = Actor::Worker(WorkerId(2));

struct Course {
    kind: CaseType,
    calendars: BTreeMap<String, CalendarSettings>,
    case: Option<Case>,
}

impl Course {
    fn begin(kind: CaseType) -> Self {
        // Open from hour 0 to 9 of each day of 24.
        let open = (0..90).map(|day| (Millis(day * 24), Millis(day * 24 + 9))).collect();
        let calendars = BTreeMap::from([("office".to_owned(), CalendarSettings { id: CalendarId(1), open })]);
        let mut course = Self { kind, calendars, case: None };
        let open = Command::Open {
            id: CaseId(7),
            tenant: TenantId(1),
            language: "en".into(),
            links: CaseLinks::default(),
            owner: Some(WorkerId(1)),
            fields: BTreeMap::new(),
            earned_at: None,
        };
        course.takes(DANA, &open, 0);
        course
    }

    /// Dana is of the shop, which is of the region; Omar is of the head office.
    fn ask(&self, by: Actor, command: &Command, now: u64) -> Result<Change, Refusal> {
        let of_actor: &[String] = &match by {
            DANA => vec!["shop".to_owned(), "region".to_owned()],
            OMAR => vec!["office".to_owned()],
            _ => Vec::new(),
        };
        let units: &[String] = &["office", "region", "shop"].map(str::to_owned);
        let company = Company { of_actor, units };
        let (zone, calendars) = (&TimeZone::UTC, &self.calendars);
        let terms = Terms { kind: &self.kind, version: 1, calendars, zone, managers: &[], company };
        apply(&terms, self.case.as_ref(), by, command, Millis(now))
    }

    fn takes(&mut self, by: Actor, command: &Command, now: u64) -> Change {
        let change = self.ask(by, command, now).unwrap();
        self.case = Some(change.case.clone());
        change
    }

    fn case(&self) -> &Case {
        self.case.as_ref().unwrap()
    }
}

fn set(field: &str, value: &str) -> Command {
    let value = Some(CaseValue::Text(Pii::new(value.to_owned())));
    Command::Set { fields: BTreeMap::from([(field.to_owned(), value)]) }
}

fn to(stage: &str) -> Command {
    Command::Move { to: stage.into(), fields: BTreeMap::new() }
}

fn agree(stage: &str) -> Command {
    Command::Agree { to: AgreedTo::Stage(stage.into()) }
}

fn complaint() -> CaseType {
    let mut kind = parcel();
    kind.fields.insert("unit".into(), Field { kind: FieldKind::Reference, words: words("Unit") });
    kind.about = Some("unit".into());
    kind
}

#[test]
fn a_unit_neither_ends_a_case_about_it_alone_nor_says_that_it_is_about_another() {
    let alone = || Err(Refusal::NeedsAgreement { unit: "region".into() });
    let mut course = Course::begin(complaint());
    let unknown = course.ask(DANA, &set("unit", "nowhere"), 1);
    assert!(matches!(unknown, Err(Refusal::WrongValue { expected, .. }) if expected.contains("shop")));
    course.takes(DANA, &set("unit", "region"), 1);
    // Whoever is below the unit is of it.
    assert_eq!(course.ask(DANA, &set("unit", "office"), 1).map(|_| ()), alone());
    course.takes(DANA, &set("promised", "2026-12-01"), 2);
    course.takes(DANA, &to("delivering"), 2);
    for by in [DANA, Actor::Integrator, Actor::Operator, Actor::System] {
        assert_eq!(course.ask(by, &to("solved"), 3).map(|_| ()), alone(), "{by:?}");
        assert_eq!(course.ask(by, &Command::Close { outcome: CaseOutcome::Solved }, 3).map(|_| ()), alone(), "{by:?}");
    }
    let finished = course.ask(DANA, &Command::Finish { disposition: "delivered".into() }, 3);
    assert_eq!(finished.map(|_| ()), alone());
    // Its own people agree to nothing; somebody of another unit does, once, to this end alone.
    assert_eq!(course.ask(DANA, &agree("solved"), 3).map(|_| ()), Err(Refusal::OwnUnit));
    assert_eq!(course.ask(Actor::Operator, &agree("solved"), 3).map(|_| ()), Err(Refusal::OwnUnit));
    assert!(matches!(course.ask(OMAR, &agree("looking"), 3), Err(Refusal::NoMove { .. })));
    let agreed = course.takes(OMAR, &agree("solved"), 3);
    assert!(matches!(&agreed.events[..], [EventKind::CaseAgreed(event)]
        if event.agreed_by == WorkerId(2) && event.of_unit == "office" && event.about_unit == "region"));
    assert!(course.takes(OMAR, &agree("solved"), 3).events.is_empty());
    assert_eq!(course.ask(DANA, &set("unit", "office"), 3).map(|_| ()), alone());
    assert!(course.ask(DANA, &to("solved"), 4).is_ok());
    // Another stage, and nobody has agreed any more.
    course.takes(DANA, &to("looking"), 4);
    course.takes(DANA, &to("delivering"), 4);
    assert_eq!(course.ask(DANA, &to("solved"), 5).map(|_| ()), alone());
    assert!(course.ask(OMAR, &to("solved"), 5).is_ok(), "another unit decides by itself");
}

#[test]
fn a_type_about_a_unit_knows_it_at_each_end_and_has_another_to_agree() {
    let mut kind = complaint();
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let around = |units: &[&str]| Surroundings {
        queues: names(&["warehouse", "drivers"]),
        calendars: names(&["office"]),
        channels: names(&[]),
        units: Some(names(units)),
    };
    let codes = |kind: &CaseType, units: &[&str]| -> Vec<_> {
        check(kind, &around(units)).into_iter().map(|problem| problem.code).collect()
    };
    assert_eq!(codes(&kind, &["shop"]), ["missing_key", "nobody_agrees"]);
    kind.moves.iter_mut().filter(|step| step.to == "solved").for_each(|step| step.needs.push("unit".into()));
    assert!(codes(&kind, &["shop", "office"]).is_empty());
    kind.about = Some("promised".into());
    assert_eq!(codes(&kind, &["shop", "office"]), ["not_here", "missing_key"]);
}

fn decent() -> CaseType {
    let mut kind = parcel();
    let tell = kind.stages[1].tell.clone();
    kind.stages[0].tell = tell.map(|tell| blendline_cases::types::Tell { buttons: Vec::new(), ..tell });
    kind.contact =
        Some(Contact { calendar: Some("office".into()), at_most: Some((2, 100)), agent_first_ms: 0, agent: None });
    kind
}

fn tells(change: &Change) -> usize {
    let tells = |effect: &&Effect| matches!(effect, Effect::Tell { whom: Whom::Customer, .. });
    change.effects.iter().filter(tells).count()
}

#[test]
fn a_customer_is_written_to_in_decent_hours_and_not_too_often_but_answered_at_once() {
    let told = || Command::Told { whom: Whom::Customer, outcome: "told", about: "" };
    let look = || Command::Look { chance: None };
    let mut course = Course::begin(decent());
    course.takes(Actor::System, &told(), 1);
    // At hour 12 the office is closed: he hears of it when it opens.
    let change = course.takes(DANA, &to("asking"), 12);
    assert_eq!(
        (tells(&change), course.case().tells_at, course.case().look_at),
        (0, Some(Millis(25)), Some(Millis(25)))
    );
    assert_eq!(tells(&course.takes(Actor::System, &look(), 20)), 0);
    assert_eq!(tells(&course.takes(Actor::System, &look(), 25)), 1);
    course.takes(Actor::System, &told(), 25);
    assert_eq!(course.case().tells_at, None);
    // What he presses is answered at once, though he was written to twice.
    let pressed = course.takes(Actor::Customer, &Command::Press(Press::Move("delivering".into())), 35);
    assert_eq!(course.case().stage.name, "delivering");
    assert_eq!(tells(&pressed), 0, "that stage says nothing");
    let change = course.takes(DANA, &to("looking"), 49);
    // The second of a hundred was at hour 1: the third is due behind that, in the hours.
    assert_eq!((tells(&change), course.case().tells_at), (0, Some(Millis(101))));
    assert_eq!(tells(&course.takes(Actor::System, &look(), 101)), 1);
    course.takes(Actor::System, &told(), 101);
    // That it is over he hears in the hours, however often he was written to.
    course.takes(DANA, &promised(), 102);
    course.takes(DANA, &to("delivering"), 102);
    assert_eq!(tells(&course.takes(DANA, &to("solved"), 103)), 1);
}

fn promised() -> Command {
    set("promised", "2026-12-01")
}

#[test]
fn a_case_that_stands_still_because_of_another_has_no_work_and_gives_its_time_back() {
    let mut course = Course::begin(decent());
    course.takes(Actor::System, &Command::Work { task: Some(TaskId(3)), reason: String::new() }, 0);
    assert_eq!(course.case().due_at(), Some(Millis(27)), "twelve open hours");
    let held = course.takes(Actor::Rule, &Command::Hold { by: Some(CaseId(9)) }, 2);
    assert_eq!(held.effects, [Effect::Cancel { task: TaskId(3) }]);
    assert_eq!((course.case().due_at(), course.case().task), (None, None));
    assert!(course.takes(Actor::Rule, &Command::Hold { by: Some(CaseId(9)) }, 3).events.is_empty());
    assert_eq!(course.ask(DANA, &to("asking"), 4).map(|_| ()), Err(Refusal::Held { by: CaseId(9) }));
    let goes_on = course.takes(Actor::Rule, &Command::Hold { by: None }, 26);
    assert!(goes_on.effects.iter().any(|effect| matches!(effect, Effect::Open { .. })));
    assert_eq!(tells(&goes_on), 1, "he hears what he was not told");
    // Ten open hours were left at hour 2; from hour 26 seven of that day are open, and three of the next.
    assert_eq!((course.case().due_at(), course.case().stage.stood_ms), (Some(Millis(51)), 24));
}
