//! A case as its readers see it.

use std::collections::BTreeMap;

use blendline_cases::Case;
use blendline_cases::promise::{Promise, PromiseState};
use blendline_cases::types::{Move, Stage, Words};
use blendline_cases::way::{Lies, way};
use blendline_wire::event::case::{AgreedTo, CaseLinks, CaseMover, CaseOutcome, CaseValue};
use blendline_wire::event::promise::{Keeps, Withdrawal};
use blendline_wire::task::{ClockRule, ParkReason};
use blendline_wire::time::Instant;
use blendline_wire::{CaseId, Pii, TaskId, UnitId, WorkerId};
use serde::Serialize;
use utoipa::ToSchema;

use super::view::worker_name;
use crate::directory::Directory;

/// A case.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Case)]
pub struct CaseInfo {
    /// Its id.
    id: CaseId,
    /// The name of its type.
    #[serde(rename = "type")]
    case_type: String,
    /// What people call the type, by language.
    words: BTreeMap<String, String>,
    /// The version of the rules by which it was last moved.
    version: u32,
    /// When it was opened.
    opened_at: Instant,
    /// When the customer's place was earned.
    earned_at: Instant,
    /// Where it stands.
    stage: StageInfo,
    /// Who owns it.
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<String>,
    /// How it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    closed: Option<ClosedInfo>,
    /// What is known.
    fields: BTreeMap<String, CaseValue>,
    /// What it belongs to.
    links: CaseLinks,
    /// The other case of the customer because of which it stands still.
    #[serde(skip_serializing_if = "Option::is_none")]
    held_by: Option<CaseId>,
    /// What the unit that it is about may not do alone; left out where it is about none, or over.
    #[serde(skip_serializing_if = "Option::is_none")]
    agreement: Option<AgreementInfo>,
    /// To what somebody of another unit agreed in this stage.
    #[serde(skip_serializing_if = "Option::is_none")]
    agreed: Option<AgreedTo>,
    /// The task that does its stage's work.
    #[serde(skip_serializing_if = "Option::is_none")]
    task: Option<TaskId>,
    /// The moves that lead on from where it stands.
    moves: Vec<MoveInfo>,
    /// What was promised to the customer, in order.
    promises: Vec<PromiseInfo>,
    /// The stages on its way: where it was, where it is, and where it goes from there as cases mostly do.
    way: Vec<WayInfo>,
}

/// Who may agree to the end of a case that is about a unit.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CaseAgreement)]
pub struct AgreementInfo {
    /// The unit that it is about.
    about: String,
    /// The units whose people may: those that are neither it nor below it.
    units: Vec<String>,
    /// Whether the caller is one of them.
    may: bool,
}

impl AgreementInfo {
    fn of(case: &Case, directory: &Directory, reader: Option<WorkerId>) -> Option<Self> {
        let kind = directory.rules.get(&case.tenant)?.cases.get(&case.case_type)?;
        let about = match case.fields.get(kind.about.as_ref()?)? {
            CaseValue::Text(unit) if case.is_open() => unit.expose().clone(),
            _ => return None,
        };
        let is_another = |unit: UnitId| directory.units_up(unit).iter().all(|name| *name != about);
        let own = reader.and_then(|worker| directory.unit_of(worker));
        let units = directory.units.iter().filter(|(id, unit)| unit.tenant == case.tenant && is_another(**id));
        let units = units.map(|(_, unit)| unit.name.clone()).collect();
        let may = own.is_some_and(is_another);
        Some(Self { about, units, may })
    }
}

/// A stage on the way of a case.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CaseWay)]
pub struct WayInfo {
    /// The name of the stage.
    stage: String,
    /// What the customer is shown there, by language.
    words: BTreeMap<String, String>,
    /// `done`, `here` or `ahead`.
    state: &'static str,
    /// When it first came there.
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<Instant>,
}

/// What was promised to a customer.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CasePromise)]
pub struct PromiseInfo {
    /// Its number in the case, from 1.
    number: u32,
    /// When it was made.
    made_at: Instant,
    /// Until when it is to be kept.
    due_at: Instant,
    /// What was promised, as the customer was told.
    #[schema(value_type = Option<String>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    words: Option<Pii<String>>,
    /// Who answers for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<String>,
    /// What keeps it.
    kept_by: Keeps,
    /// `open`, `at_risk`, `kept`, `broken`, `withdrawn`.
    state: &'static str,
    /// When the customer is told that it may not be kept, or was; left out where it is not at risk.
    #[serde(skip_serializing_if = "Option::is_none")]
    customer_told_at: Option<Instant>,
    /// True where it was kept later than promised.
    late: bool,
    /// Why it does not hold any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<Withdrawal>,
    /// The promise in whose place it stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    instead_of: Option<u32>,
}

/// A promise with names.
pub fn promise(promise: Promise, directory: &Directory) -> PromiseInfo {
    let (state, late, reason) = match promise.state {
        PromiseState::Open if promise.risk.is_some() => ("at_risk", false, None),
        PromiseState::Open => ("open", false, None),
        PromiseState::Kept { late, .. } => ("kept", late, None),
        PromiseState::Broken { .. } => ("broken", false, None),
        PromiseState::Withdrawn { reason, .. } => ("withdrawn", false, Some(reason)),
    };
    let told = promise.risk.filter(|risk| risk.customer_told || promise.state.is_open());
    PromiseInfo {
        number: promise.number,
        made_at: Instant(promise.made_at),
        due_at: Instant(promise.due_at),
        words: promise.words,
        owner: promise.owner.map(|owner| worker_name(owner, directory)),
        kept_by: promise.kept_by,
        state,
        customer_told_at: told.map(|risk| Instant(risk.customer_at)),
        late,
        reason,
        instead_of: promise.instead_of,
    }
}

/// Where a case stands.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CaseStage)]
pub struct StageInfo {
    /// The name of the stage.
    name: String,
    /// What the customer is shown, by language.
    words: BTreeMap<String, String>,
    /// Since when.
    since: Instant,
    /// When it should be left; left out while nothing is due.
    #[serde(skip_serializing_if = "Option::is_none")]
    due_at: Option<Instant>,
    /// Since when it is known that it will probably be left later.
    #[serde(skip_serializing_if = "Option::is_none")]
    at_risk_since: Option<Instant>,
    /// The unit that answers for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    unit: Option<String>,
    /// What the case waits for, while it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    paused: Option<PauseInfo>,
}

/// A case waits.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CasePause)]
pub struct PauseInfo {
    /// Since when.
    since: Instant,
    /// For what.
    reason: ParkReason,
    /// What its target does meanwhile.
    clock: ClockRule,
}

/// How a case ended.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CaseEnd)]
pub struct ClosedInfo {
    /// When.
    at: Instant,
    /// How.
    outcome: CaseOutcome,
    /// True once the customer has said so too.
    confirmed: bool,
}

/// A move that leads on.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CaseNext)]
pub struct MoveInfo {
    /// To which stage.
    to: String,
    /// What that stage is called, by language.
    words: BTreeMap<String, String>,
    /// Who may make it.
    by: Vec<CaseMover>,
    /// What must be known and is not.
    missing: Vec<String>,
    /// The disposition of the stage's task that makes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    on: Option<String>,
    /// How the case ends there, where it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    closes: Option<CaseOutcome>,
}

/// A case with names, for a worker where it is one who reads it.
pub fn info(case: Case, directory: &Directory, reader: Option<WorkerId>) -> CaseInfo {
    let agreement = AgreementInfo::of(&case, directory, reader);
    let kind = directory.rules.get(&case.tenant).and_then(|routing| routing.cases.get(&case.case_type));
    let words = |words: Option<&Words>| words.map(|words| words.0.clone()).unwrap_or_default();
    let stage = kind.and_then(|kind| kind.stage(&case.stage.name));
    let next = |step: &Move| MoveInfo {
        to: step.to.clone(),
        words: words(kind.and_then(|kind| kind.stage(&step.to)).map(|stage| &stage.words)),
        by: step.by.clone(),
        missing: step.needs.iter().filter(|field| !case.fields.contains_key(*field)).cloned().collect(),
        on: step.on.clone(),
        closes: kind.and_then(|kind| kind.stage(&step.to)).and_then(|stage| stage.closes),
    };
    let lying = |(stage, lies): (&Stage, Lies)| WayInfo {
        stage: stage.name.clone(),
        words: stage.words.0.clone(),
        state: match lies {
            Lies::Done => "done",
            Lies::Here => "here",
            Lies::Ahead => "ahead",
        },
        at: case.trail.get(&stage.name).copied().filter(|_| lies != Lies::Ahead).map(Instant),
    };
    let way = kind.map(|kind| way(kind, &case)).unwrap_or_default().into_iter().map(lying).collect();
    let moves = kind.filter(|_| case.is_open()).into_iter();
    CaseInfo {
        id: case.id,
        words: words(kind.map(|kind| &kind.words)),
        way,
        version: case.version,
        opened_at: Instant(case.opened_at),
        earned_at: Instant(case.earned_at),
        moves: moves.flat_map(|kind| kind.moves_from(&case.stage.name)).map(next).collect(),
        stage: StageInfo {
            words: words(stage.map(|stage| &stage.words)),
            since: Instant(case.stage.entered_at),
            due_at: case.due_at().map(Instant),
            at_risk_since: case.stage.warned_at.map(Instant),
            unit: stage.and_then(|stage| stage.unit.clone()),
            paused: case.stage.paused.map(|paused| PauseInfo {
                since: Instant(paused.since),
                reason: paused.reason,
                clock: paused.clock,
            }),
            name: case.stage.name,
        },
        owner: case.owner.map(|owner| worker_name(owner, directory)),
        closed: case.closed.map(|closed| ClosedInfo {
            at: Instant(closed.at),
            outcome: closed.outcome,
            confirmed: closed.confirmed,
        }),
        case_type: case.case_type,
        fields: case.fields,
        links: case.links,
        task: case.task,
        held_by: case.stage.held.map(|held| held.by),
        agreement,
        agreed: case.agreed.map(|agreed| agreed.to),
        promises: case.promises.into_iter().map(|one| promise(one, directory)).collect(),
    }
}
