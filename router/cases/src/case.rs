//! The record of a case, and how an event changes it.

use std::collections::BTreeMap;

use blendline_wire::event::EventKind;
use blendline_wire::event::case::{AgreedTo, CaseLinks, CaseOutcome, CaseTold, CaseValue, StageEntered};
use blendline_wire::task::{ClockRule, ParkReason};
use blendline_wire::{CaseId, Millis, TaskId, TenantId, WorkerId};
use serde::{Deserialize, Serialize};

use crate::limits::TELLS_KEPT;
use crate::promise::{self, Promise};

/// One customer's matter in a process.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Case {
    /// Its name.
    pub id: CaseId,
    /// Whose it is.
    pub tenant: TenantId,
    /// The name of its type.
    pub case_type: String,
    /// The version of the rule set by which it was last moved.
    pub version: u32,
    /// In which language the customer is told.
    pub language: String,
    /// When it was opened.
    pub opened_at: Millis,
    /// When the customer's place was earned: what is opened again keeps it.
    pub earned_at: Millis,
    /// Where it stands.
    pub stage: StageRun,
    /// Who owns it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<WorkerId>,
    /// How it ended, where it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed: Option<Closed>,
    /// What is known.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<String, CaseValue>,
    /// What it belongs to.
    #[serde(default)]
    pub links: CaseLinks,
    /// The task that does its stage's work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<TaskId>,
    /// When it first came to each stage it has been in.
    pub trail: BTreeMap<String, Millis>,
    /// How often it was moved.
    #[serde(default)]
    pub moves: u32,
    /// What was promised to the customer, in order: the first has the number 1.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub promises: Vec<Promise>,
    /// What was agreed to in this stage by somebody of another unit than the one it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agreed: Option<Agreed>,
    /// When the customer was last written to by it, the latest first; no more than count.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub told_at: Vec<Millis>,
    /// When he is told what its stage says, which was not said when it came there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tells_at: Option<Millis>,
    /// When it is to be looked at next, for what may be about to break; derived anew by each command, and in no event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub look_at: Option<Millis>,
}

/// The stage that a case is in, and its clock.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct StageRun {
    /// Its name.
    pub name: String,
    /// Since when.
    pub entered_at: Millis,
    /// When it should be left; while its clock stands, when it should have been if it did not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Millis>,
    /// The wait that goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paused: Option<Paused>,
    /// How long its clock stood before that, in milliseconds.
    #[serde(default)]
    pub stood_ms: u64,
    /// When it was warned that it will probably miss its target.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warned_at: Option<Millis>,
    /// How far up the organisation's tree it went since.
    #[serde(default)]
    pub escalated: u32,
    /// How often its task came again.
    #[serde(default)]
    pub resurfaced: u32,
    /// Because of which other case of the customer it stands still.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<Held>,
}

/// A case stands still because of another.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Held {
    /// Since when.
    pub since: Millis,
    /// The other.
    pub by: CaseId,
}

/// Somebody of another unit agreed.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Agreed {
    /// To what.
    pub to: AgreedTo,
    /// About which unit the case was then.
    pub about: String,
    /// Who.
    pub by: WorkerId,
}

/// A case waits.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Paused {
    /// Since when.
    pub since: Millis,
    /// For what.
    pub reason: ParkReason,
    /// What the target does meanwhile.
    pub clock: ClockRule,
}

/// How a case ended.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Closed {
    /// When.
    pub at: Millis,
    /// How.
    pub outcome: CaseOutcome,
    /// The stage before, where it goes on if it is opened again.
    pub from: String,
    /// When that stage should have been left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Millis>,
    /// True once the customer has said so too.
    #[serde(default)]
    pub confirmed: bool,
}

impl StageRun {
    fn entered(entered: &StageEntered, at: Millis) -> Self {
        Self {
            name: entered.stage.clone(),
            entered_at: at,
            due_at: entered.due_at,
            paused: None,
            stood_ms: 0,
            warned_at: None,
            escalated: 0,
            resurfaced: 0,
            held: None,
        }
    }

    /// Since when its clock stands, where it does.
    pub fn stands_since(&self) -> Option<Millis> {
        let paused = self.paused.filter(|paused| paused.clock == ClockRule::Stops).map(|paused| paused.since);
        paused.into_iter().chain(self.held.map(|held| held.since)).min()
    }

    /// Counts what its clock stood until now, and goes on from here.
    fn settle_clock(&mut self, at: Millis) {
        self.stood_ms = self.stood_ms(at);
        if let Some(paused) = &mut self.paused {
            paused.since = paused.since.max(at);
        }
        if let Some(held) = &mut self.held {
            held.since = held.since.max(at);
        }
    }

    /// How long its clock stood by now, in milliseconds.
    pub fn stood_ms(&self, now: Millis) -> u64 {
        self.stood_ms + self.stands_since().map_or(0, |since| now.since(since))
    }
}

impl Case {
    /// True until it is over.
    pub fn is_open(&self) -> bool {
        self.closed.is_none()
    }

    /// When its stage should be left; `None` while nothing is due: it is over, has no target, or its clock stands.
    pub fn due_at(&self) -> Option<Millis> {
        self.stage.due_at.filter(|_| self.is_open() && self.stage.stands_since().is_none())
    }

    /// The promise of this number.
    pub fn promise(&self, number: u32) -> Option<&Promise> {
        self.promises.get((number as usize).checked_sub(1)?)
    }

    /// When the first of the promises is due that hold and are not broken.
    pub fn promise_due_at(&self) -> Option<Millis> {
        self.promises.iter().filter(|promise| promise.state.is_open()).map(|promise| promise.due_at).min()
    }

    /// The case that these events of its tell of, each with its time, oldest first; without free text, which is in no event.
    /// `None` where the first of them is not that it was opened.
    pub fn replay<'a>(tenant: TenantId, events: impl IntoIterator<Item = (Millis, &'a EventKind)>) -> Option<Self> {
        let mut case = None;
        for (at, event) in events {
            match &mut case {
                None => case = Some(Self::opened(tenant, at, event)?),
                Some(case) => case.take_up(at, event),
            }
        }
        case
    }

    /// The case that begins with this event.
    pub(crate) fn opened(tenant: TenantId, at: Millis, event: &EventKind) -> Option<Self> {
        let EventKind::CaseOpened(event) = event else { return None };
        Some(Self {
            id: event.case,
            tenant,
            case_type: event.case_type.clone(),
            version: event.version,
            language: event.language.clone(),
            opened_at: at,
            earned_at: event.earned_at,
            stage: StageRun::entered(&event.entered, at),
            owner: event.owner,
            closed: None,
            fields: BTreeMap::new(),
            links: event.links,
            task: None,
            trail: BTreeMap::from([(event.entered.stage.clone(), at)]),
            moves: 0,
            promises: Vec::new(),
            agreed: None,
            told_at: Vec::new(),
            tells_at: None,
            look_at: None,
        })
    }

    /// What an event makes of it. Events of other kinds make nothing of it.
    pub(crate) fn take_up(&mut self, at: Millis, event: &EventKind) {
        match event {
            EventKind::CaseMoved(event) => {
                self.version = event.version;
                self.enter(&event.entered, at);
                self.moves += 1;
            }
            EventKind::CaseFieldSet(event) => match &event.value {
                Some(value) => drop(self.fields.insert(event.field.clone(), value.clone())),
                None => drop(self.fields.remove(&event.field)),
            },
            EventKind::CaseAssigned(event) => self.owner = event.to,
            EventKind::CasePaused(event) => {
                self.stage.paused = Some(Paused { since: at, reason: event.reason, clock: event.clock });
            }
            EventKind::CaseResumed(event) => {
                self.stage.settle_clock(at);
                self.stage.paused = None;
                self.stage.due_at = event.due_at;
            }
            EventKind::CaseHeld(event) => {
                self.stage.settle_clock(at);
                self.stage.held = event.held_by.map(|by| Held { since: at, by });
                self.stage.due_at = event.due_at;
                // What it asked for is taken back, and asked for again when it goes on.
                self.task = None;
            }
            EventKind::CaseAgreed(event) => {
                let (to, about) = (event.agreed_to.clone(), event.about_unit.clone());
                self.agreed = Some(Agreed { to, about, by: event.agreed_by });
            }
            EventKind::CaseTold(event) if event.whom == "customer" => self.told(at, event),
            EventKind::CaseClosed(event) => {
                let (from, due_at) = (event.from.clone(), event.from_due_at);
                self.closed = Some(Closed { at, outcome: event.outcome, from, due_at, confirmed: false });
            }
            EventKind::CaseReopened(event) => {
                self.version = event.version;
                self.closed = None;
                self.enter(&event.entered, at);
                self.moves += 1;
            }
            EventKind::CaseConfirmed(_) => {
                if let Some(closed) = &mut self.closed {
                    closed.confirmed = true;
                }
            }
            EventKind::CaseLinked(event) => {
                self.links = event.links;
                if let Some(language) = &event.language {
                    self.language.clone_from(language);
                }
            }
            EventKind::CaseWork(event) => self.task = event.of_task,
            EventKind::CaseAtRisk(_) => self.stage.warned_at = Some(at),
            EventKind::CaseEscalated(event) => self.stage.escalated = event.level,
            EventKind::CaseResurfaced(event) => self.stage.resurfaced = event.times,
            other => promise::take_up(&mut self.promises, at, other),
        }
    }

    /// The customer was told something, or will be.
    fn told(&mut self, at: Millis, event: &CaseTold) {
        if event.about.is_empty() {
            self.tells_at = event.tell_at;
        }
        if event.outcome == "told" {
            self.told_at.insert(0, at);
            self.told_at.truncate(TELLS_KEPT);
        }
    }

    fn enter(&mut self, entered: &StageEntered, at: Millis) {
        // What stands still stands still wherever it is.
        let held = self.stage.held.map(|held| Held { since: at, ..held });
        self.stage = StageRun { held, ..StageRun::entered(entered, at) };
        (self.agreed, self.tells_at) = (None, None);
        self.task = None;
        self.trail.entry(entered.stage.clone()).or_insert(at);
    }
}
