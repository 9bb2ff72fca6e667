//! What a case does, one thing at a time; and what is wrong with a type.
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod parcel;

use std::collections::{BTreeMap, BTreeSet};

use blendline_cases::check::{Place, Surroundings, check};
use blendline_cases::types::{CaseType, Press};
use blendline_cases::{Case, Change, Command, Effect, Refusal, Terms, apply};
use blendline_wire::event::case::{CaseLinks, CaseValue};
use blendline_wire::event::{Actor, EventKind};
use blendline_wire::org::CalendarSettings;
use blendline_wire::task::{ClockRule, ParkReason};
use blendline_wire::{CalendarId, CaseId, Millis, Pii, TaskId, TenantId, WorkerId};

use jiff::tz::TimeZone;
use parcel::parcel;

const DANA: Actor = Actor::Worker(WorkerId(1));

struct Course {
    kind: CaseType,
    calendars: BTreeMap<String, CalendarSettings>,
    case: Option<Case>,
}

impl Course {
    fn begin() -> Self {
        // Open from hour 0 to 9 of each day of 24.
        let open = (0..9).map(|day| (Millis(day * 24), Millis(day * 24 + 9))).collect();
        let calendars = BTreeMap::from([("office".to_owned(), CalendarSettings { id: CalendarId(1), open })]);
        let mut course = Self { kind: parcel(), calendars, case: None };
        let open = Command::Open {
            id: CaseId(7),
            tenant: TenantId(1),
            language: "en".into(),
            links: CaseLinks::default(),
            owner: Some(WorkerId(1)),
            fields: BTreeMap::from([("order".to_owned(), Some(text("A-1")))]),
            earned_at: None,
        };
        course.takes(DANA, &open, 0);
        course
    }

    fn ask(&self, by: Actor, command: &Command, now: u64) -> Result<Change, Refusal> {
        let (zone, managers) = (&TimeZone::UTC, &[WorkerId(8), WorkerId(9)]);
        let terms = Terms {
            kind: &self.kind,
            version: 1,
            calendars: &self.calendars,
            zone,
            managers,
            company: Default::default(),
        };
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

fn text(text: &str) -> CaseValue {
    CaseValue::Text(Pii::new(text.to_owned()))
}

fn to(stage: &str) -> Command {
    Command::Move { to: stage.into(), fields: BTreeMap::new() }
}

fn finish(disposition: &str) -> Command {
    Command::Finish { disposition: disposition.into() }
}

fn promised() -> Command {
    Command::Set { fields: BTreeMap::from([("promised".to_owned(), Some(text("2026-12-01")))]) }
}

#[test]
fn a_stage_is_due_by_opening_hours_and_so_is_its_task() {
    let course = Course::begin();
    // Nine hours today, three of tomorrow.
    assert_eq!(course.case().due_at(), Some(Millis(27)));
    let mut course = course;
    course.takes(DANA, &promised(), 1);
    let change = course.takes(DANA, &finish("found"), 2);
    assert_eq!(change.effects[0], Effect::Open { queue: "drivers".into(), target_ms: Some(24 * 3 + 5 - 2) });
}

#[test]
fn a_move_needs_what_it_needs_and_is_its_movers_to_make() {
    let mut course = Course::begin();
    let missing = Refusal::Missing { fields: vec!["promised".into()] };
    assert_eq!(course.ask(DANA, &finish("found"), 1), Err(missing));
    let known = Refusal::NoDisposition { known: vec!["found".into(), "lost".into()] };
    assert_eq!(course.ask(DANA, &finish("done"), 1), Err(known));
    let allowed = vec!["delivering".to_owned(), "asking".to_owned()];
    assert_eq!(course.ask(DANA, &to("solved"), 1), Err(Refusal::NoMove { from: "looking".into(), allowed }));
    course.takes(DANA, &finish("lost"), 1);
    assert_eq!(course.ask(DANA, &to("lost"), 2), Err(Refusal::NotYours { to: "lost".into() }));
    course.takes(Actor::Customer, &Command::Press(Press::Move("lost".into())), 2);
    assert!(!course.case().is_open());
}

#[test]
fn a_task_that_was_not_finished_is_taken_back_and_the_customer_is_told_in_his_language() {
    let mut course = Course::begin();
    course.takes(DANA, &Command::Work { task: Some(TaskId(4)), reason: String::new() }, 0);
    let change = course.takes(DANA, &to("asking"), 1);
    assert_eq!(change.effects[0], Effect::Cancel { task: TaskId(4) });
    let Effect::Tell { text, buttons, .. } = &change.effects[1] else { panic!("{:?}", change.effects) };
    assert_eq!(text, "Order A-1: again, or the money back?");
    assert_eq!(buttons[0].0, "blendline:case:00000000000000000000000000000007:delivering");
    assert_eq!(course.case().task, None);
}

#[test]
fn a_clock_that_stood_gives_its_time_back() {
    let mut course = Course::begin();
    course.takes(DANA, &Command::Pause { reason: ParkReason::Customer }, 3);
    assert_eq!(course.case().due_at(), None);
    assert_eq!(course.ask(DANA, &Command::Pause { reason: ParkReason::Customer }, 4), Err(Refusal::Paused));
    // Nine of twelve were left; he comes back in the next day's third hour.
    course.takes(DANA, &Command::Resume, 27);
    assert_eq!(course.case().due_at(), Some(Millis(48 + 3)));
    let change = course.takes(DANA, &to("asking"), 29);
    let EventKind::CaseMoved(moved) = &change.events[0] else { panic!("{:?}", change.events) };
    assert_eq!((moved.left.ran_ms, moved.left.stood_ms, moved.left.used_ms, moved.left.late), (5, 24, 5, false));
}

#[test]
fn a_stage_may_let_its_clock_run_while_it_waits() {
    let mut course = Course::begin();
    course.kind.stages[0].clock = ClockRule::Runs;
    course.takes(DANA, &Command::Pause { reason: ParkReason::Colleague }, 3);
    assert_eq!(course.case().due_at(), Some(Millis(27)));
    course.takes(DANA, &Command::Resume, 26);
    assert_eq!(course.case().due_at(), Some(Millis(27)));
}

#[test]
fn who_denies_has_the_place_that_he_had_and_who_confirmed_has_not() {
    let mut course = Course::begin();
    course.takes(DANA, &promised(), 1);
    course.takes(DANA, &finish("found"), 2);
    let due = course.case().due_at();
    let change = course.takes(DANA, &finish("delivered"), 5);
    assert!(matches!(&change.events[1], EventKind::CaseClosed(closed) if closed.after_ms == 5));
    let deny = Command::Press(Press::Deny);
    let mut denied = Course { case: course.case.clone(), kind: parcel(), calendars: course.calendars.clone() };
    let change = denied.takes(Actor::Customer, &deny, 9);
    assert_eq!((denied.case().stage.name.as_str(), denied.case().due_at()), ("delivering", due));
    assert_eq!(denied.case().earned_at, Millis(0));
    assert!(matches!(&change.events[0], EventKind::CaseReopened(reopened) if reopened.denied));
    assert!(matches!(&change.effects[0], Effect::Open { queue, .. } if queue == "drivers"));

    course.takes(Actor::Customer, &Command::Press(Press::Confirm), 9);
    assert_eq!(course.ask(Actor::Customer, &Command::Press(Press::Confirm), 10).unwrap().events, []);
    assert_eq!(course.ask(Actor::Customer, &deny, 10), Err(Refusal::Confirmed));
    assert_eq!(course.ask(DANA, &Command::Reopen, 999), Err(Refusal::TooLate));
    course.takes(DANA, &Command::Reopen, 10);
}

#[test]
fn a_stage_that_the_rules_lost_is_left_for_the_first_or_for_an_end() {
    let mut course = Course::begin();
    course.takes(DANA, &finish("lost"), 1);
    course.kind.stages.retain(|stage| stage.name != "asking");
    assert!(matches!(course.ask(DANA, &to("delivering"), 2), Err(Refusal::NoMove { .. })));
    assert!(matches!(course.ask(Actor::Customer, &to("lost"), 2), Err(Refusal::NoMove { .. })));
    course.takes(DANA, &to("looking"), 2);
}

#[test]
fn values_are_their_fields() {
    let course = Course::begin();
    let set = |field: &str, value| {
        let fields = BTreeMap::from([(field.to_owned(), Some(value))]);
        course.ask(DANA, &Command::Set { fields }, 1)
    };
    assert!(set("promised", text("2026-02-29")).is_err());
    assert!(set("promised", text("2028-02-29")).is_ok());
    assert!(set("order", text("two\nlines")).is_err());
    assert!(set("credit", CaseValue::Money { minor: -50, currency: "ILS".into() }).is_ok());
    assert!(set("credit", CaseValue::Money { minor: 50, currency: "EUR".into() }).is_err());
    assert!(set("credit", CaseValue::Number(50)).is_err());
    assert!(matches!(set("else", text("x")), Err(Refusal::UnknownField { .. })));
}

fn problems(change: impl FnOnce(&mut CaseType)) -> Vec<(Place, &'static str)> {
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
    let around = Surroundings {
        queues: names(&["warehouse", "drivers"]),
        calendars: names(&["office"]),
        channels: names(&["webchat"]),
        units: Some(names(&["logistics"])),
    };
    let mut kind = parcel();
    change(&mut kind);
    let problems = check(&kind, &around);
    assert!(problems.iter().all(|problem| !problem.message.is_empty() && !problem.cure.is_empty()));
    problems.into_iter().map(|problem| (problem.place, problem.code)).collect()
}

#[test]
fn a_good_type_has_no_problem() {
    assert_eq!(problems(|_| {}), []);
}

#[test]
fn what_could_strand_a_case_is_found() {
    let stage = |name: &str, key| Place::Stage(name.to_owned(), key);
    let found = problems(|kind| kind.moves.retain(|step| step.to != "asking"));
    assert_eq!(found, [(stage("asking", ""), "stage_unreachable"), (stage("lost", ""), "stage_unreachable")]);
    let found = problems(|kind| kind.moves.retain(|step| step.to != "solved" && step.to != "lost"));
    assert!(found.contains(&(stage("looking", ""), "never_ends")), "{found:?}");
    assert_eq!(problems(|kind| kind.stages[0].target_ms = None), [(stage("looking", ""), "missing_target")]);
    assert_eq!(problems(|kind| kind.first = "nowhere".into()), [(Place::First, "unknown_name")]);
    assert_eq!(problems(|kind| kind.first = "lost".into())[0], (Place::First, "not_here"));
    let found = problems(|kind| kind.moves.retain(|step| step.from != "looking" || step.on.is_none()));
    assert!(found.contains(&(stage("looking", "queue"), "no_disposition")), "{found:?}");
    let found = problems(|kind| {
        kind.moves.retain(|step| step.to != "lost");
        kind.stages[1].tell = None;
        kind.moves[2].by = vec![blendline_wire::event::case::CaseMover::Worker];
    });
    assert!(found.contains(&(stage("asking", ""), "stage_unserved")), "{found:?}");
}

#[test]
fn names_that_are_not_there_are_found() {
    let stage = |key| Place::Stage("looking".to_owned(), key);
    assert_eq!(problems(|kind| kind.stages[0].queue = Some("x".into())), [(stage("queue"), "unknown_name")]);
    assert_eq!(problems(|kind| kind.stages[0].unit = Some("x".into())), [(stage("unit"), "unknown_name")]);
    assert_eq!(problems(|kind| kind.stages[0].calendar = Some("x".into())), [(stage("calendar"), "unknown_name")]);
    assert_eq!(problems(|kind| kind.moves[0].needs = vec!["x".into()]), [(Place::Move(0, "needs"), "unknown_name")]);
    let tell = Place::Stage("asking".to_owned(), "tell");
    let change = |kind: &mut CaseType| kind.stages[1].tell.as_mut().unwrap().channels = vec!["pigeon".into()];
    assert_eq!(problems(change), [(tell.clone(), "unknown_name")]);
    let change = |kind: &mut CaseType| kind.stages[1].tell.as_mut().unwrap().text = parcel::words("{what}");
    assert_eq!(problems(change), [(tell.clone(), "no_field")]);
    let change =
        |kind: &mut CaseType| kind.stages[1].tell.as_mut().unwrap().buttons[0].0 = Press::Move("solved".into());
    assert_eq!(problems(change), [(tell, "no_move")]);
}

#[test]
fn what_stands_twice_or_leads_nowhere_is_found() {
    assert!(problems(|kind| kind.stages.push(kind.stages[0].clone())).iter().any(|(_, code)| *code == "twice"));
    assert_eq!(problems(|kind| kind.moves.push(kind.moves[2].clone())), [(Place::Move(6, "to"), "twice")]);
    assert_eq!(problems(|kind| kind.moves[1].on = Some("found".into())), [(Place::Move(1, "on"), "twice")]);
    assert!(problems(|kind| kind.moves[2].to = "asking".into()).contains(&(Place::Move(2, "to"), "no_move")));
}

#[test]
fn the_way_is_what_was_what_is_and_the_usual_rest() {
    use blendline_cases::way::{Lies, way};
    let names = |course: &Course| {
        let found = way(&course.kind, course.case());
        found.into_iter().map(|(stage, lies)| (stage.name.clone(), lies)).collect::<Vec<_>>()
    };
    let lies =
        |named: &[(&str, Lies)]| named.iter().map(|(name, lies)| ((*name).to_owned(), *lies)).collect::<Vec<_>>();
    let mut course = Course::begin();
    let whole = [("looking", Lies::Here), ("delivering", Lies::Ahead)];
    // The first move out of `delivering` leads back: the way ahead ends there.
    assert_eq!(names(&course), lies(&whole));
    course.kind.moves.swap(4, 5);
    assert_eq!(names(&course), lies(&[whole[0], whole[1], ("solved", Lies::Ahead)]));
    course.takes(DANA, &Command::Finish { disposition: "lost".into() }, 1);
    course.takes(Actor::Customer, &Command::Press(Press::Move("delivering".into())), 2);
    let been = [("looking", Lies::Done), ("asking", Lies::Done), ("delivering", Lies::Here)];
    assert_eq!(names(&course), lies(&[been[0], been[1], been[2], ("solved", Lies::Ahead)]));
    course.takes(DANA, &Command::Finish { disposition: "delivered".into() }, 3);
    let over = [been[0], been[1], ("delivering", Lies::Done), ("solved", Lies::Here)];
    assert_eq!(names(&course), lies(&over));
}

#[test]
fn a_procedure_is_short_and_leads_nowhere_unsafe() {
    let mut kind = parcel();
    let says = |text: &str| blendline_cases::types::Words(BTreeMap::from([("en".to_owned(), text.to_owned())]));
    let around = Surroundings {
        queues: ["warehouse", "drivers"].map(str::to_owned).into(),
        calendars: BTreeSet::from(["office".to_owned()]),
        ..Surroundings::default()
    };
    for (text, code) in [
        ("Look twice.\nhttps://help.example.org/parcels", None),
        ("see http://help.example.org", Some("not_here")),
        (&"x".repeat(4_001), Some("too_long")),
    ] {
        kind.stages[0].procedure = says(text);
        let found = check(&kind, &around);
        assert_eq!(found.first().map(|problem| problem.code), code, "{found:?}");
    }
}
