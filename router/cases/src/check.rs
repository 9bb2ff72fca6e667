//! Whether a case type could strand a case, and what else is wrong with it. Each problem has its place and its cure.

use std::collections::BTreeSet;

use blendline_wire::event::case::CaseMover;
use blendline_wire::flaw::Flaw;

use crate::limits::{
    BUTTON_CHARS_MAX, BUTTON_NAME_MAX, BUTTONS_MAX, FIELDS_MAX, MEASURES_MAX, MOVES_MAX, PROCEDURE_CHARS_MAX,
    STAGES_MAX, TOLD_CHARS_MAX,
};
use crate::types::{CaseType, FieldKind, Move, Press, Stage, Tell};
use crate::values::{PROMISE, placeholders};

mod promise;
mod respect;
mod resurface;

/// What a case type may name that is not its own.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    /// The queues.
    pub queues: BTreeSet<String>,
    /// The calendars.
    pub calendars: BTreeSet<String>,
    /// The channels.
    pub channels: BTreeSet<String>,
    /// The units; `None` where they are not at hand, and any name is taken.
    pub units: Option<BTreeSet<String>>,
}

/// Where in a type a problem is.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Place {
    /// The type as a whole.
    Type,
    /// `first`.
    First,
    /// A field.
    Field(String),
    /// A stage, and the key in it.
    Stage(String, &'static str),
    /// A move by its number from 0, and the key in it.
    Move(usize, &'static str),
    /// A measure, and the key in it.
    Measure(String, &'static str),
}

/// A problem.
pub type Problem = Flaw<Place>;

/// The words of problems that only case types have.
pub const CODES: &[&str] = &[
    "missing_target",
    "never_ends",
    "never_kept",
    "no_disposition",
    "no_field",
    "no_move",
    "promise_circle",
    "stage_unreachable",
    "stage_unserved",
];

/// All that is wrong with a type.
pub fn check(kind: &CaseType, around: &Surroundings) -> Vec<Problem> {
    let mut checking = Checking { kind, around, problems: Vec::new() };
    checking.sizes();
    checking.fields();
    kind.stages.iter().for_each(|stage| checking.stage(stage));
    kind.moves.iter().enumerate().for_each(|(at, step)| checking.step(at, step));
    checking.measures();
    checking.about();
    checking.contact();
    checking.reach();
    checking.problems
}

struct Checking<'a> {
    kind: &'a CaseType,
    around: &'a Surroundings,
    problems: Vec<Problem>,
}

impl Checking<'_> {
    fn problem(&mut self, place: Place, code: &'static str, message: impl Into<String>, cure: impl Into<String>) {
        self.problems.push(Problem::new(place, code, message, cure));
    }

    fn unknown<'k>(&mut self, place: Place, what: &str, name: &str, known: impl IntoIterator<Item = &'k String>) {
        self.problems.push(Problem::unknown(place, what, name, known));
    }

    fn sizes(&mut self) {
        let counts = [
            ("stages", self.kind.stages.len(), STAGES_MAX),
            ("fields", self.kind.fields.len(), FIELDS_MAX),
            ("moves", self.kind.moves.len(), MOVES_MAX),
            ("measures", self.kind.measures.len(), MEASURES_MAX),
        ];
        for (what, count, most) in counts {
            if most < count {
                let message = format!("there are {count} {what}, and at most {most} are read");
                self.problem(Place::Type, "too_many", message, "part it into several case types");
            }
        }
        let mut names = BTreeSet::new();
        for stage in &self.kind.stages {
            if !names.insert(&stage.name) {
                let message = format!("the stage `{}` stands twice", stage.name);
                self.problem(Place::Stage(stage.name.clone(), ""), "twice", message, "a stage has a name of its own");
            }
        }
    }

    fn fields(&mut self) {
        for (name, field) in &self.kind.fields {
            let place = || Place::Field(name.clone());
            match &field.kind {
                FieldKind::Choice { of, .. } if of.is_empty() => {
                    let message = format!("the field `{name}` has nothing to choose from");
                    self.problem(place(), "missing_key", message, "`of: [one, two]`");
                }
                FieldKind::Money { currency, .. }
                    if currency.len() != 3 || !currency.bytes().all(|byte| byte.is_ascii_uppercase()) =>
                {
                    let message = format!("the field `{name}` has no currency");
                    self.problem(place(), "missing_key", message, "`currency: ILS`, three capital letters");
                }
                _ => {}
            }
        }
    }

    fn stage(&mut self, stage: &Stage) {
        let place = |key| Place::Stage(stage.name.clone(), key);
        let name = &stage.name;
        if Press::named(name) != Press::Move(name.clone()) {
            self.problem(place(""), "bad_name", format!("a stage cannot be called `{name}`"), "buttons are called so");
        }
        if stage.words.is_empty() {
            let message = format!("the stage `{name}` has no words");
            self.problem(place(""), "missing_key", message, "`words: {he: …, en: …}`: what the customer is shown");
        }
        match (stage.closes, stage.target_ms) {
            (None, None) => {
                let message = format!("the stage `{name}` has no target");
                let cure = "`target: 4h`: nobody would see that a case rots there; a last stage has `closes: solved`";
                self.problem(place(""), "missing_target", message, cure);
            }
            (Some(_), Some(_)) => {
                self.problem(place("target"), "not_here", "a last stage has no target", "take it out");
            }
            _ => {}
        }
        if stage.closes.is_some() && stage.queue.is_some() {
            self.problem(place("queue"), "not_here", "nobody works on a case that is over", "take the queue out");
        }
        self.warn(stage);
        self.promise(stage);
        self.resurface(stage);
        let moves_itself = |step: &Move| step.by.iter().any(|by| matches!(by, CaseMover::Customer | CaseMover::System));
        if stage.closes.is_none() && stage.queue.is_none() && !self.kind.moves_from(name).any(moves_itself) {
            let message = format!("nobody works on a case in `{name}`");
            let cure = "give it a `queue`, or a move `by: [customer]` or `by: [system]`";
            self.problem(place(""), "stage_unserved", message, cure);
        }
        if stage.queue.is_some() && !self.kind.moves_from(name).any(|step| step.on.is_some()) {
            let message = format!("finishing the task of `{name}` moves the case nowhere");
            let cure = format!("`- {{from: {name}, to: …, on: done}}`: a disposition of its task");
            self.problem(place("queue"), "no_disposition", message, cure);
        }
        self.procedure(stage);
        self.names(stage);
        for (key, tell) in [("tell", &stage.tell), ("tell_agent", &stage.tell_agent)] {
            if let Some(tell) = tell {
                self.tell(stage, key, tell);
            }
        }
    }

    fn procedure(&mut self, stage: &Stage) {
        let place = || Place::Stage(stage.name.clone(), "procedure");
        for text in stage.procedure.0.values() {
            if PROCEDURE_CHARS_MAX < text.chars().count() {
                let message = format!("a procedure has at most {PROCEDURE_CHARS_MAX} characters");
                self.problem(place(), "too_long", message, "keep the long one elsewhere, and put a link to it here");
            }
            // Whoever reads it follows what it leads to: nobody on the way may change that.
            if text.contains("http://") {
                let cure = "write `https://`, or leave the link out";
                self.problem(place(), "not_here", "a link of a procedure begins with `https://`", cure);
            }
        }
    }

    fn names(&mut self, stage: &Stage) {
        let around = self.around;
        let named = [
            ("queue", &stage.queue, Some(&around.queues)),
            ("calendar", &stage.calendar, Some(&around.calendars)),
            ("unit", &stage.unit, around.units.as_ref()),
        ];
        for (what, name, known) in named {
            if let (Some(name), Some(known)) = (name, known)
                && !known.contains(name)
            {
                self.unknown(Place::Stage(stage.name.clone(), what), what, name, known);
            }
        }
    }

    fn tell(&mut self, stage: &Stage, key: &'static str, tell: &Tell) {
        let place = || Place::Stage(stage.name.clone(), key);
        if tell.text.is_empty() {
            self.problem(place(), "missing_key", "nothing is said", "`text: {he: …, en: …}`");
        }
        for text in tell.text.0.values() {
            if TOLD_CHARS_MAX < text.chars().count() {
                let message = format!("what is said has at most {TOLD_CHARS_MAX} characters");
                self.problem(place(), "too_long", message, "shorten it");
            }
            let is_known = |name: &&str| {
                let is_promise = key == "tell" && *name == PROMISE && stage.promise.is_some();
                is_promise || self.kind.fields.contains_key(*name)
            };
            for name in placeholders(text).into_iter().filter(|name| !is_known(name)) {
                let message = format!("nothing is filled in for `{{{name}}}`");
                self.problem(place(), "no_field", message, "name a field of this type");
            }
        }
        for channel in tell.channels.iter().filter(|channel| !self.around.channels.contains(*channel)) {
            self.unknown(place(), "channel", channel, &self.around.channels);
        }
        if BUTTONS_MAX < tell.buttons.len() {
            let message = format!("there are {} buttons, and channels show {BUTTONS_MAX}", tell.buttons.len());
            self.problem(place(), "too_many", message, "leave some out");
        }
        for (press, words) in &tell.buttons {
            if words.is_empty() || words.0.values().any(|label| BUTTON_CHARS_MAX < label.chars().count()) {
                let message = format!("a button says 1 to {BUTTON_CHARS_MAX} characters");
                self.problem(place(), "too_long", message, "shorten it");
            }
            if BUTTON_NAME_MAX < press.name().len() {
                let message = format!("a stage that a button leads to has a name of at most {BUTTON_NAME_MAX} bytes");
                self.problem(place(), "too_long", message, "channels take no more with a button: shorten its name");
            }
            let leads = match press {
                Press::Confirm | Press::Deny => stage.closes.is_some(),
                Press::Move(to) => self
                    .kind
                    .moves_from(&stage.name)
                    .any(|step| step.to == *to && step.by.contains(&CaseMover::Customer)),
            };
            if !leads {
                let message = format!("the button `{}` leads nowhere", press.name());
                let cure = "`confirm` and `deny` in a last stage; else a stage to which a move `by: [customer]` leads";
                self.problem(place(), "no_move", message, cure);
            }
        }
    }

    fn step(&mut self, at: usize, step: &Move) {
        let stages = self.kind.stages.iter().map(|stage| &stage.name);
        for (key, name) in [("from", &step.from), ("to", &step.to)] {
            if self.kind.stage(name).is_none() {
                self.unknown(Place::Move(at, key), "stage", name, stages.clone());
            }
        }
        if step.from == step.to {
            self.problem(Place::Move(at, "to"), "no_move", "this move leads nowhere", "name another stage");
        }
        if self.kind.stage(&step.from).is_some_and(|stage| stage.closes.is_some()) {
            let cure = "a case that is over is opened again where it was, and needs no move for it";
            self.problem(Place::Move(at, "from"), "not_here", "no move leads out of a last stage", cure);
        }
        for field in step.needs.iter().filter(|field| !self.kind.fields.contains_key(*field)) {
            self.unknown(Place::Move(at, "needs"), "field", field, self.kind.fields.keys());
        }
        let same = |other: &&Move| other.from == step.from && other.to == step.to;
        if self.kind.moves[..at].iter().any(|other| same(&other)) {
            let message = format!("a move from `{}` to `{}` is there already", step.from, step.to);
            self.problem(Place::Move(at, "to"), "twice", message, "say all of it in one");
        }
        let Some(on) = &step.on else { return };
        if self.kind.moves[..at].iter().any(|other| other.from == step.from && other.on.as_ref() == Some(on)) {
            let message = format!("`{on}` moves a case out of `{}` already", step.from);
            self.problem(Place::Move(at, "on"), "twice", message, "a disposition leads to one stage");
        }
        if self.kind.stage(&step.from).is_some_and(|stage| stage.queue.is_none()) {
            let message = format!("`{}` has no task that could be finished", step.from);
            self.problem(Place::Move(at, "on"), "not_here", message, "give the stage a `queue`, or take `on` out");
        }
        if !step.by.contains(&CaseMover::Worker) {
            let cure = "a task is finished by a worker: add `worker` to `by`";
            self.problem(Place::Move(at, "by"), "not_here", "no worker may make this move", cure);
        }
    }

    fn measures(&mut self) {
        let kind = self.kind;
        for measure in &kind.measures {
            for (key, name) in [("from", &measure.from), ("until", &measure.until)] {
                if kind.stage(name).is_none() {
                    let stages = kind.stages.iter().map(|stage| &stage.name);
                    self.unknown(Place::Measure(measure.name.clone(), key), "stage", name, stages);
                }
            }
        }
    }

    /// Every stage is reached from the first, and from every stage an end.
    fn reach(&mut self) {
        let kind = self.kind;
        if kind.stage(&kind.first).is_none() {
            let stages = kind.stages.iter().map(|stage| &stage.name);
            return self.unknown(Place::First, "stage", &kind.first, stages);
        }
        if kind.stage(&kind.first).is_some_and(|stage| stage.closes.is_some()) {
            self.problem(Place::First, "not_here", "a case would be over when it begins", "name another stage");
        }
        let steps = || kind.moves.iter().map(|step| (step.from.as_str(), step.to.as_str()));
        let reached = spread(vec![&kind.first], steps);
        let ends = kind.stages.iter().filter(|stage| stage.closes.is_some()).map(|stage| stage.name.as_str()).collect();
        let ending = spread(ends, || steps().map(|(from, to)| (to, from)));
        for stage in &kind.stages {
            let place = || Place::Stage(stage.name.clone(), "");
            if !reached.contains(stage.name.as_str()) {
                let message = format!("no case ever comes to `{}`", stage.name);
                self.problem(place(), "stage_unreachable", message, "let a move lead there, or take it out");
            }
            if !ending.contains(stage.name.as_str()) {
                let message = format!("a case that comes to `{}` never ends", stage.name);
                let cure = "let a move lead on to a stage that closes it";
                self.problem(place(), "never_ends", message, cure);
            }
        }
    }
}

/// What is reached from these by steps.
pub(crate) fn spread<'a, S: Iterator<Item = (&'a str, &'a str)>>(
    from: Vec<&'a str>,
    steps: impl Fn() -> S,
) -> BTreeSet<&'a str> {
    let mut reached: BTreeSet<&str> = from.iter().copied().collect();
    let mut next = from;
    while let Some(at) = next.pop() {
        for (_, to) in steps().filter(|(from, _)| *from == at) {
            if reached.insert(to) {
                next.push(to);
            }
        }
    }
    reached
}
