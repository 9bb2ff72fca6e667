//! The record of a promise: a date or a result that a customer was given.

use blendline_wire::event::EventKind;
use blendline_wire::event::promise::{Keeps, PromiseMade, RiskBy, RiskTold, Withdrawal};
use blendline_wire::{Millis, Pii, WorkerId};
use serde::{Deserialize, Serialize};

/// A promise.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Promise {
    /// Its number in the case, from 1.
    pub number: u32,
    /// The stage in which it was made.
    pub stage: String,
    /// True when the stage promises by itself.
    #[serde(default)]
    pub by_stage: bool,
    /// Who answers for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<WorkerId>,
    /// When it was made.
    pub made_at: Millis,
    /// Until when it is to be kept.
    pub due_at: Millis,
    /// From when it is at risk, whatever is forecast.
    pub risk_at: Millis,
    /// How long its owner knows of the risk before the customer does, in milliseconds.
    pub agent_first_ms: u64,
    /// What keeps it.
    pub kept_by: Keeps,
    /// The field whose day it promises.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// The promise in whose place it stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instead_of: Option<u32>,
    /// What was promised, as the customer was told: in no event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub words: Option<Pii<String>>,
    /// How it stands.
    pub state: PromiseState,
    /// The risk that was seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub risk: Option<Risk>,
}

/// How a promise stands.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum PromiseState {
    /// It holds.
    Open,
    /// It was kept, then.
    Kept {
        /// When.
        at: Millis,
        /// True when that was later than promised.
        late: bool,
    },
    /// It was not kept in time, and is not yet.
    Broken {
        /// When that was seen.
        at: Millis,
    },
    /// It does not hold any more.
    Withdrawn {
        /// Since when.
        at: Millis,
        /// Why.
        reason: Withdrawal,
    },
}

impl PromiseState {
    /// True while it can be kept in time.
    pub fn is_open(self) -> bool {
        self == Self::Open
    }

    /// True while somebody still has to do something for it, even if too late.
    pub fn is_owed(self) -> bool {
        matches!(self, Self::Open | Self::Broken { .. })
    }
}

/// That a promise may not be kept.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Risk {
    /// Since when that is known.
    pub at: Millis,
    /// Why.
    pub why: RiskBy,
    /// When the customer is told.
    pub customer_at: Millis,
    /// True once he was.
    #[serde(default)]
    pub customer_told: bool,
}

impl Promise {
    pub(crate) fn made(event: &PromiseMade, at: Millis) -> Self {
        Self {
            number: event.promise,
            stage: event.stage.clone(),
            by_stage: event.by_stage,
            owner: event.owner,
            made_at: at,
            due_at: event.due_at,
            risk_at: event.risk_at,
            agent_first_ms: event.agent_first_ms,
            kept_by: event.kept_by.clone(),
            field: event.field.clone(),
            instead_of: event.instead_of,
            words: None,
            state: PromiseState::Open,
            risk: None,
        }
    }

    /// When something is to be done about it next: its owner is told, or the customer, or it breaks.
    pub fn next_at(&self) -> Option<Millis> {
        if !self.state.is_open() {
            return None;
        }
        // It is broken a moment after it was due.
        let breaks = self.due_at.plus(1);
        Some(match self.risk {
            None => self.risk_at.min(breaks),
            Some(Risk { customer_at, customer_told: false, .. }) => customer_at.min(breaks),
            Some(_) => breaks,
        })
    }
}

/// What an event makes of the promises of a case. Events of other kinds make nothing of them.
pub(crate) fn take_up(promises: &mut Vec<Promise>, at: Millis, event: &EventKind) {
    let mut edit = |number: u32, change: &dyn Fn(&mut Promise)| {
        if let Some(promise) = promises.iter_mut().find(|promise| promise.number == number) {
            change(promise);
        }
    };
    match event {
        EventKind::PromiseMade(event) => promises.push(Promise::made(event, at)),
        EventKind::PromiseAtRisk(event) => edit(event.promise, &|promise| match event.tells {
            RiskTold::Owner => {
                let (why, customer_at) = (event.why, event.customer_at);
                promise.risk = Some(Risk { at, why, customer_at, customer_told: false });
            }
            RiskTold::Customer => {
                if let Some(risk) = &mut promise.risk {
                    risk.customer_told = true;
                }
            }
        }),
        EventKind::PromiseKept(event) => {
            let late = event.late;
            edit(event.promise, &|promise| promise.state = PromiseState::Kept { at, late });
        }
        EventKind::PromiseBroken(event) => {
            edit(event.promise, &|promise| promise.state = PromiseState::Broken { at });
        }
        EventKind::PromiseWithdrawn(event) => {
            let reason = event.reason;
            edit(event.promise, &|promise| promise.state = PromiseState::Withdrawn { at, reason });
        }
        _ => {}
    }
}
