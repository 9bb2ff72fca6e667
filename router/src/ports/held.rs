//! Macros that are done on several tasks after a time in which they can be taken back.

use std::collections::BTreeMap;

use async_trait::async_trait;
use blendline_wire::{Lease, Millis, TaskId, TenantId, WorkerId};
use serde::{Deserialize, Serialize};

use super::store::StoreError;

/// The most tasks of one.
pub const TASKS_MAX: usize = 100;

/// The record of them: one for each worker, and what came of the last. Nothing here is on a task's path.
#[async_trait]
pub trait HeldMacros: Send + Sync + 'static {
    /// The worker's: what waits, else what was done last.
    async fn held(&self, tenant: TenantId, worker: WorkerId) -> Result<Option<Held>, StoreError>;

    /// What is due by then, of all tenants, the oldest first, at most `limit`.
    async fn held_due(&self, by: Millis, limit: usize) -> Result<Vec<Held>, StoreError>;

    /// Lets one wait. False where another of the same worker waits: then nothing is done.
    async fn hold(&self, held: &Held) -> Result<bool, StoreError>;

    /// Keeps what came of it so far, where it waits still; with `done` it does not any more.
    async fn keep_held(&self, held: &Held, done: bool) -> Result<(), StoreError>;

    /// Forgets the one of this number, whether it waits or was done. False where there is none.
    async fn forget_held(&self, tenant: TenantId, worker: WorkerId, number: &str) -> Result<bool, StoreError>;
}

/// A macro for several tasks.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Held {
    /// Whose.
    pub tenant: TenantId,
    /// The worker who has the tasks.
    pub worker: WorkerId,
    /// Its number: none has it a second time.
    pub number: String,
    /// Who asked for it, as the audit log names him.
    pub by: String,
    /// The macro.
    pub name: String,
    /// When it is done.
    pub due: Millis,
    /// On what.
    pub orders: Vec<HeldOrder>,
    /// What came of the first of them; all of them, once it was done.
    #[serde(default)]
    pub outcomes: Vec<HeldOutcome>,
}

impl Held {
    /// Whether it waits, or is just being done.
    pub const fn waits(&self) -> bool {
        self.outcomes.len() < self.orders.len()
    }
}

/// One of the tasks.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct HeldOrder {
    /// The task.
    pub task: TaskId,
    /// The number of the worker's ownership when he asked.
    pub lease: Lease,
    /// Unique within the task: done twice, it says nothing twice.
    pub key: String,
    /// The place of the latest line he had seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<u64>,
}

/// What came of one of them.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct HeldOutcome {
    /// Why nothing of it was done, in English.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<String>,
    /// The same in stable words, for sentences of other languages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<HeldRefusal>,
    /// True where the task is not the worker's afterwards.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub leaves: bool,
}

impl HeldOutcome {
    /// It was done.
    pub const fn done(leaves: bool) -> Self {
        Self { failed: None, refused: None, leaves }
    }

    /// Nothing of it was done.
    pub fn refused(detail: String, refused: HeldRefusal) -> Self {
        Self { failed: Some(detail), refused: Some(refused), leaves: false }
    }
}

/// Why nothing was done, in stable words: a page has a sentence for them in its reader's language.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct HeldRefusal {
    /// The problem's code.
    pub code: String,
    /// Why, where the code alone does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What fills the places of the sentence.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub values: BTreeMap<String, String>,
}
