//! Case types, as the company wrote them.

use std::collections::BTreeMap;

use blendline_wire::event::case::{CaseMover, CaseOutcome};
use blendline_wire::event::promise::Keeps;
use blendline_wire::task::ClockRule;
use serde::Serialize;

/// One text in several languages; the key is the language, or empty for everybody.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Words(pub BTreeMap<String, String>);

impl Words {
    /// The text for this language; else the one for everybody, else English, else the first.
    pub fn text(&self, language: &str) -> Option<&str> {
        let of = |language: &str| self.0.get(language);
        of(language).or_else(|| of("")).or_else(|| of("en")).or_else(|| self.0.values().next()).map(String::as_str)
    }

    /// True where nothing is said.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A kind of case.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize)]
pub struct CaseType {
    /// Its name, which never changes.
    pub name: String,
    /// What people call it.
    pub words: Words,
    /// What is recorded of such a case.
    pub fields: BTreeMap<String, Field>,
    /// Where a case begins.
    pub first: String,
    /// How long a case that is over may be opened again, in milliseconds.
    pub reopen_ms: u64,
    /// Where a case can stand, in the order of the text.
    pub stages: Vec<Stage>,
    /// How it gets from one to another.
    pub moves: Vec<Move>,
    /// Stretches that the company measures.
    pub measures: Vec<Measure>,
    /// The field that names the unit which a case is about: that unit can neither end it alone nor say that it is about
    /// another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    /// When and how often its customer is written to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contact: Option<Contact>,
    /// Whether one customer has one such case at most, and one worker who speaks with him of it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub one_voice: bool,
    /// While a case of one of these types is open for the same customer, this one stands still.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub holds_while: Vec<String>,
}

/// When and how often a customer is written to by a case. Whatever he asks or presses himself is answered at once.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize)]
pub struct Contact {
    /// The hours in which he may be; `None`: all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calendar: Option<String>,
    /// At most so often in so long a time, in milliseconds; `None`: as often as stages have it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_most: Option<(u32, u64)>,
    /// How long whoever owns the case, or the customer's agent of record, knows of it before the customer is told, in
    /// milliseconds.
    pub agent_first_ms: u64,
    /// The field that names the customer's agent of record; without it whoever owns the case is told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
}

impl CaseType {
    /// The stage of this name.
    pub fn stage(&self, name: &str) -> Option<&Stage> {
        self.stages.iter().find(|stage| stage.name == name)
    }

    /// True where something is decided by what else its customer has open.
    pub fn watches_customer(&self) -> bool {
        self.one_voice || !self.holds_while.is_empty()
    }

    /// The moves out of a stage.
    pub fn moves_from<'a>(&'a self, stage: &'a str) -> impl Iterator<Item = &'a Move> {
        self.moves.iter().filter(move |step| step.from == stage)
    }
}

/// A field of a type.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Field {
    /// What it may hold.
    pub kind: FieldKind,
    /// What people call it.
    pub words: Words,
}

/// What a field may hold.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum FieldKind {
    /// Free text. Its value is in no event.
    Text,
    /// A whole number.
    Number,
    /// Money in minor units of one currency.
    Money {
        /// As `ILS`.
        currency: String,
        /// The action whose decisions it adds up, where nobody may write it himself: what was granted for the case.
        #[serde(skip_serializing_if = "Option::is_none")]
        by: Option<String>,
    },
    /// A day, as `2026-12-01`.
    Date,
    /// One of these words.
    Choice {
        /// The words.
        of: Vec<String>,
        /// What people call each, where it is called otherwise.
        #[serde(skip_serializing_if = "BTreeMap::is_empty")]
        called: BTreeMap<String, Words>,
    },
    /// What another system calls something: an order, a delivery.
    Reference,
}

impl FieldKind {
    /// What its values look like, for whoever gave another.
    pub fn expected(&self) -> String {
        match self {
            Self::Text => "a text".to_owned(),
            Self::Number => "a whole number".to_owned(),
            Self::Money { currency, .. } => format!("{{\"minor\": 1250, \"currency\": \"{currency}\"}}"),
            Self::Date => "a day such as 2026-12-01".to_owned(),
            Self::Choice { of, .. } => format!("one of {}", of.join(", ")),
            Self::Reference => "another system's reference, a text in one line".to_owned(),
        }
    }
}

/// Where a case can stand.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize)]
pub struct Stage {
    /// Its name.
    pub name: String,
    /// What the customer is shown while it stands there.
    pub words: Words,
    /// How the case ended, where this is an end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closes: Option<CaseOutcome>,
    /// How long it may take, in opening hours of the calendar, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_ms: Option<u64>,
    /// The hours that count; `None`: all of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calendar: Option<String>,
    /// The queue whose workers do its work; `None` where the customer or another system moves it on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queue: Option<String>,
    /// The unit that answers for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// What the customer is told when it comes there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tell: Option<Tell>,
    /// What the worker who owns the case, or the customer's agent in the field, is told when it comes there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tell_agent: Option<Tell>,
    /// When somebody is warned that it will probably miss its target, and what is done then.
    pub warn: Warn,
    /// What the customer is promised when it comes there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub promise: Option<StagePromise>,
    /// When its task comes again, where nobody has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resurface: Option<Resurface>,
    /// What its target does while the case is paused.
    pub clock: ClockRule,
    /// What whoever does its work goes by: plain text.
    #[serde(skip_serializing_if = "Words::is_empty")]
    pub procedure: Words,
}

/// When the task of a stage comes again, the sooner before others the older it is and the more it is worth.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Resurface {
    /// Each time after so long, in milliseconds.
    pub after_ms: u64,
    /// The field that says what it is worth: money, or a number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
}

/// When it is warned of a stage, once, and what comes of it.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Warn {
    /// From this chance to miss the target on, in parts of a thousand.
    pub at_milli: u32,
    /// So long before the end of the target at the latest, whatever the chance, in milliseconds; `None`: by the chance alone.
    pub before_ms: Option<u64>,
    /// Whether whoever owns the case is told.
    pub owner: bool,
    /// Whether the manager of the unit that answers for the stage is told.
    pub unit: bool,
    /// Whether the stage's task comes before others from then on.
    pub raise: bool,
    /// The queue in which a task is opened beside the stage's.
    pub open: Option<String>,
    /// After how long it goes up the organisation's tree, and again after as long, in milliseconds.
    pub escalate_ms: Option<u64>,
}

impl Default for Warn {
    /// An event and nothing else.
    fn default() -> Self {
        let at_milli = AT_MILLI;
        Self { at_milli, before_ms: None, owner: false, unit: false, raise: false, open: None, escalate_ms: None }
    }
}

/// From which chance on it is warned where the type does not say, in parts of a thousand.
pub const AT_MILLI: u32 = 500;
/// How long the owner of a promise knows that it is at risk before the customer does, where the type does not say, in
/// milliseconds: a quarter of an hour.
pub const AGENT_FIRST_MS: u64 = 900_000;

/// What a stage promises by itself.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct StagePromise {
    /// Until when.
    pub by: PromiseBy,
    /// What keeps it.
    pub kept: Keeps,
    /// What is promised, in the customer's words.
    pub words: Words,
    /// How long before it is due it is at risk, in milliseconds; `None`: a fifth of the time that it had.
    pub warn_ms: Option<u64>,
    /// How long its owner knows of the risk before the customer does, in milliseconds.
    pub agent_first_ms: u64,
    /// What the customer is told when it is at risk; empty: a sentence of ours.
    pub late: Words,
}

/// Until when something is promised.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PromiseBy {
    /// So many opening hours of the stage's calendar after the case came there, in milliseconds.
    Within(u64),
    /// The end of the day that this field holds.
    Field(String),
}

/// What somebody is told.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize)]
pub struct Tell {
    /// What; `{field}` is filled in.
    pub text: Words,
    /// On which channels; empty: on whichever his conversation is.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub channels: Vec<String>,
    /// What he may press, in this order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub buttons: Vec<(Press, Words)>,
}

/// What a button of ours does.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Press {
    /// It is solved.
    Confirm,
    /// It is not.
    Deny,
    /// The case goes to this stage.
    Move(String),
}

impl Press {
    /// What it is called in a text and in a button's payload.
    pub fn name(&self) -> &str {
        match self {
            Self::Confirm => "confirm",
            Self::Deny => "deny",
            Self::Move(stage) => stage,
        }
    }

    /// What is called so.
    pub fn named(name: &str) -> Self {
        match name {
            "confirm" => Self::Confirm,
            "deny" => Self::Deny,
            stage => Self::Move(stage.to_owned()),
        }
    }
}

/// A move that is allowed.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Move {
    /// From which stage.
    pub from: String,
    /// To which.
    pub to: String,
    /// Who may.
    pub by: Vec<CaseMover>,
    /// Fields that must have a value.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<String>,
    /// The disposition of the stage's task that causes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on: Option<String>,
}

/// A stretch that the company measures.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Measure {
    /// Its name in reports.
    pub name: String,
    /// It begins when a case first comes to this stage.
    pub from: String,
    /// It ends when the case next comes to this one.
    pub until: String,
}
