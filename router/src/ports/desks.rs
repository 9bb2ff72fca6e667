//! What people at desks keep beside the tasks: drafts of replies, and the answers that a company has ready.

use async_trait::async_trait;
use blendline_wire::task::ParkReason;
use blendline_wire::worker::TargetName;
use blendline_wire::{Millis, Pii, TaskId, TenantId, WorkerId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::devices::Devices;
use super::held::HeldMacros;
use super::people::Deed;
use super::store::StoreError;

/// The most drafts of one worker; the oldest go first.
pub const DRAFTS_MAX: usize = 200;
/// The most answers that a company has ready.
pub const CANNED_MAX: usize = 500;

/// The most views of open work that one person keeps.
pub const VIEWS_MAX: usize = 30;

/// The record of desks. Nothing here is on a task's path, and no scheduler waits for it.
#[async_trait]
pub trait Desks: Devices + HeldMacros {
    /// The drafts of a worker, the newest first, at most [`DRAFTS_MAX`].
    async fn drafts(&self, tenant: TenantId, worker: WorkerId) -> Result<Vec<Draft>, StoreError>;

    /// Puts a draft in the place of the one of the same worker and task; one without text removes it.
    ///
    /// The newest wins: what is older than what is there changes nothing. Beyond [`DRAFTS_MAX`] the oldest of the worker
    /// are dropped.
    async fn put_draft(&self, draft: &Draft) -> Result<(), StoreError>;

    /// The answers that a company has ready, by name, at most [`CANNED_MAX`].
    async fn canned(&self, tenant: TenantId) -> Result<Vec<Canned>, StoreError>;

    /// Puts an answer in the place of the one whose version is one less; version 1 is a new one.
    ///
    /// False when another was quicker: then nothing is done. `by` makes an entry in the audit log.
    async fn put_canned(&self, canned: &Canned, by: &Deed) -> Result<bool, StoreError>;

    /// Removes an answer; false when there is none.
    async fn remove_canned(&self, tenant: TenantId, name: &str, by: &Deed) -> Result<bool, StoreError>;

    /// The views of open work that somebody keeps, by name, at most [`VIEWS_MAX`].
    async fn views(&self, tenant: TenantId, owner: &str) -> Result<Vec<View>, StoreError>;

    /// Puts a view in the place of the one of the same owner and name.
    async fn put_view(&self, view: &View) -> Result<(), StoreError>;

    /// Removes a view, where there is one.
    async fn remove_view(&self, tenant: TenantId, owner: &str, name: &str) -> Result<(), StoreError>;
}

/// A view of open work that somebody keeps for himself.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct View {
    /// Whose tenant.
    pub tenant: TenantId,
    /// Who keeps it, as the audit log names him: `user dana`.
    pub owner: String,
    /// What he calls it.
    pub name: String,
    /// What it shows, as the list of open work is asked.
    pub filter: Value,
}

/// What a worker has begun to write and not sent.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Draft {
    /// Whose.
    pub tenant: TenantId,
    /// Who writes.
    pub worker: WorkerId,
    /// In which task.
    pub task: TaskId,
    /// When.
    pub at: Millis,
    /// What; empty where nothing is left of it.
    pub text: Pii<String>,
    /// The window he writes in, by a name of its own choice: another one is told that it is not the newest.
    pub window: String,
}

/// An answer that a company has ready.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Canned {
    /// Whose.
    pub tenant: TenantId,
    /// Its short name, by which a worker calls it; unique within the tenant.
    pub name: String,
    /// How often it was changed, and once more.
    pub version: u32,
    /// What it is for, in one line.
    pub title: String,
    /// What it says, with places that the customer's data fill: `{{contact.name}}`.
    pub text: String,
    /// The queue it is for; `None`: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue: Option<String>,
    /// The language it is in, as rules name it; `None`: any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// What is done after it is said: with any of these it is a macro, and may say nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub then: Vec<Act>,
    /// The digit that does it at a desk, 1 to 9.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hotkey: Option<u8>,
    /// When it was changed last.
    pub changed_at: Millis,
}

/// What a macro does besides saying something. The last of them may end what the worker has to do with the task.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[serde(tag = "act", rename_all = "snake_case", deny_unknown_fields)]
#[schema(as = MacroAct)]
pub enum Act {
    /// A note for colleagues.
    Note {
        /// What it says.
        text: String,
    },
    /// Puts the task aside.
    Park {
        /// For how many minutes at most.
        minutes: u32,
        /// Waiting for what.
        reason: ParkReason,
    },
    /// Passes the task on.
    Transfer {
        /// To whom.
        to: TargetName,
    },
    /// Says that it is solved.
    Finish {
        /// How.
        disposition: String,
    },
}

impl Act {
    /// Its name.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Note { .. } => "note",
            Self::Park { .. } => "park",
            Self::Transfer { .. } => "transfer",
            Self::Finish { .. } => "finish",
        }
    }

    /// True where the worker does not have the task afterwards.
    pub const fn leaves(&self) -> bool {
        !matches!(self, Self::Note { .. })
    }
}
