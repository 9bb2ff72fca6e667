//! What can be asked of a case, what comes of it, and why not.

use std::collections::BTreeMap;

use blendline_core::calendar::Hours;
use blendline_wire::event::EventKind;
use blendline_wire::event::case::{AgreedTo, CaseLinks, CaseOutcome, CaseValue};
use blendline_wire::event::promise::{Chance, Keeps, Withdrawal};
use blendline_wire::org::CalendarSettings;
use blendline_wire::task::ParkReason;
use blendline_wire::{CaseId, Millis, Pii, TaskId, TenantId, WorkerId};
use jiff::tz::TimeZone;
use serde::Serialize;

use crate::case::Case;
use crate::promise::Promise;
use crate::types::{CaseType, Press, Stage};

/// By which rules a command is taken.
#[derive(Clone, Copy, Debug)]
pub struct Terms<'a> {
    /// The type of the case.
    pub kind: &'a CaseType,
    /// The version of the rule set that has it.
    pub version: u32,
    /// The calendars that its stages name, compiled.
    pub calendars: &'a BTreeMap<String, CalendarSettings>,
    /// The company's time zone: the day that is promised ends by it.
    pub zone: &'a TimeZone,
    /// Who is told when the stage that the case is in goes up the organisation's tree: the manager of the unit that answers
    /// for it, the one above, and so on.
    pub managers: &'a [WorkerId],
    /// What is known of the company's units.
    pub company: Company<'a>,
}

/// What is known of a company's units, for cases that are about one.
#[derive(Clone, Copy, Debug, Default)]
pub struct Company<'a> {
    /// The unit of whoever asks, and those above it; empty where he is of none.
    pub of_actor: &'a [String],
    /// All of them.
    pub units: &'a [String],
}

impl Terms<'_> {
    /// The hours in which a stage's target counts.
    pub fn hours(&self, stage: &Stage) -> Hours<'_> {
        Hours(stage.calendar.as_ref().and_then(|name| self.calendars.get(name)))
    }
}

/// Values by field; `None` empties a field.
pub type Values = BTreeMap<String, Option<CaseValue>>;

/// What is asked.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub enum Command {
    /// A case begins.
    Open {
        /// Its name.
        id: CaseId,
        /// Whose it is.
        tenant: TenantId,
        /// In which language the customer is told.
        language: String,
        /// What it belongs to.
        links: CaseLinks,
        /// Who owns it.
        owner: Option<WorkerId>,
        /// What is known.
        fields: Values,
        /// When the customer's place was earned; `None`: now.
        earned_at: Option<Millis>,
    },
    /// It goes to another stage.
    Move {
        /// Which.
        to: String,
        /// What became known with it.
        fields: Values,
    },
    /// The task of its stage is finished.
    Finish {
        /// How.
        disposition: String,
    },
    /// The customer pressed a button of ours.
    Press(Press),
    /// What is known has changed.
    Set {
        /// What.
        fields: Values,
    },
    /// It has another owner.
    Assign {
        /// Who; `None`: nobody.
        owner: Option<WorkerId>,
    },
    /// It waits.
    Pause {
        /// For what.
        reason: ParkReason,
    },
    /// It waits no more.
    Resume,
    /// It ends so, by the move to the first stage that ends it so.
    Close {
        /// How.
        outcome: CaseOutcome,
    },
    /// Somebody of another unit than the one it is about agrees.
    Agree {
        /// To what.
        to: AgreedTo,
    },
    /// It stands still because of another case of its customer; `None`: it goes on.
    Hold {
        /// The other.
        by: Option<CaseId>,
    },
    /// It is not over after all.
    Reopen,
    /// It belongs to something else as well.
    Link {
        /// To what; what is `None` stays as it is.
        links: CaseLinks,
        /// The customer's language, where it is known: a case that has none is told in it.
        language: String,
    },
    /// A task does its stage's work, or could not be opened.
    Work {
        /// The task.
        task: Option<TaskId>,
        /// Why there is none.
        reason: String,
    },
    /// A decision gave something for it, or took it back: the fields that add up such decisions say so.
    Given {
        /// What.
        action: String,
        /// The currency.
        currency: String,
        /// How much, in minor units; below zero where it was taken back.
        minor: i64,
    },
    /// What its stage says was said, or was not.
    Told {
        /// Whom.
        whom: Whom,
        /// A stable word; see [`blendline_wire::event::case::CaseTold`].
        outcome: &'static str,
        /// Of what; empty for what a stage says when a case comes there.
        about: &'static str,
    },
    /// The customer is promised something.
    Promise(NewPromise),
    /// A promise is kept.
    Keep {
        /// Its number.
        promise: u32,
    },
    /// A promise does not hold any more; the customer is told, of the new one where there is one.
    Withdraw {
        /// Its number.
        promise: u32,
        /// Why.
        reason: Withdrawal,
        /// What is promised instead.
        instead: Option<NewPromise>,
    },
    /// It is time to look whether something is about to break.
    Look {
        /// What is expected of its stage, where that can be said.
        chance: Option<Chance>,
    },
    /// A task was opened beside the stage's own, or could not be.
    Aside {
        /// The task.
        task: Option<TaskId>,
        /// Why there is none.
        reason: String,
    },
}

/// Something to be promised.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct NewPromise {
    /// Until when.
    pub due_at: Millis,
    /// What, in the customer's words.
    pub words: Pii<String>,
    /// What keeps it.
    pub kept_by: Keeps,
    /// Who answers for it; `None`: whoever owns the case.
    pub owner: Option<WorkerId>,
}

/// Who is told.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
pub enum Whom {
    /// The customer.
    Customer,
    /// Whoever owns the case, or the customer's agent in the field.
    Agent,
    /// Who answers for a unit of the organisation.
    Manager,
}

impl Whom {
    /// The word of it in events.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Agent => "agent",
            Self::Manager => "manager",
        }
    }
}

/// What comes of a command.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// The case from now on.
    pub case: Case,
    /// What happened; empty where everything was so already.
    pub events: Vec<EventKind>,
    /// What is to be done, in this order.
    pub effects: Vec<Effect>,
}

/// What is to be done. What comes of it is told by [`Command::Work`] and [`Command::Told`].
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Effect {
    /// The task of a stage that is over is not needed any more.
    Cancel {
        /// The task.
        task: TaskId,
    },
    /// The stage's work wants a task.
    Open {
        /// In this queue.
        queue: String,
        /// Due after so long by the clock on the wall, in milliseconds; `None`: as the queue has it.
        target_ms: Option<u64>,
    },
    /// Somebody is to hear something.
    Tell {
        /// Who.
        whom: Whom,
        /// On which channels; empty: on any.
        channels: Vec<String>,
        /// What, in the language of the case, with its fields filled in.
        text: String,
        /// What he may press: the payload and what it says.
        buttons: Vec<(String, String)>,
    },
    /// Somebody is to hear of a promise or a stage at risk, in a sentence of ours where the type has none.
    Notice {
        /// Who.
        whom: Whom,
        /// Which worker, where it is one.
        worker: Option<WorkerId>,
        /// Of what.
        notice: Notice,
    },
    /// The task of the stage is to come before others, where nobody has it yet.
    Raise {
        /// The task.
        task: TaskId,
        /// Its queue.
        queue: String,
        /// Due after so long by the clock on the wall, in milliseconds.
        target_ms: u64,
    },
    /// A task is wanted beside the stage's own.
    Aside {
        /// In this queue.
        queue: String,
    },
}

/// What somebody is told of.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Notice {
    /// A promise, what became of it, and what the type has the customer told of that.
    Promise {
        /// The promise.
        promise: Box<Promise>,
        /// What became of it.
        what: PromiseNews,
        /// The type's own words.
        words: Option<String>,
    },
    /// A stage will probably miss its target: the chance, and when it should be left.
    Risk {
        /// The chance, in parts of a thousand.
        miss_milli: u32,
        /// When the stage should be left.
        due_at: Millis,
        /// True when nothing came of the first warning.
        again: bool,
    },
}

/// What became of a promise.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum PromiseNews {
    /// It stands in place of another.
    Made,
    /// It may not be kept.
    AtRisk,
    /// It was not.
    Broken,
    /// It does not hold any more.
    Withdrawn,
}

impl Notice {
    /// The word of it in events.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Promise { what: PromiseNews::Made, .. } => "promise_made",
            Self::Promise { what: PromiseNews::AtRisk, .. } => "promise_at_risk",
            Self::Promise { what: PromiseNews::Broken, .. } => "promise_broken",
            Self::Promise { what: PromiseNews::Withdrawn, .. } => "promise_withdrawn",
            Self::Risk { again: false, .. } => "case_at_risk",
            Self::Risk { again: true, .. } => "case_escalated",
        }
    }
}
