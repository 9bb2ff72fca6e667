//! Rule sets of tenants: every version that was ever live, and the draft. Each change and its audit entry are one
//! transaction.

use async_trait::async_trait;
use blendline_wire::{Millis, TenantId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::people::Deed;
use super::store::StoreError;

/// The record of rule sets. The latest version of a tenant without a stage is the live one;
/// what came after it is on trial. A version never changes.
#[async_trait]
pub trait RuleSets: Send + Sync + 'static {
    /// The latest version of each tenant that has one.
    async fn live_versions(&self) -> Result<Vec<(TenantId, u32)>, StoreError>;

    /// One version.
    async fn rule_set(&self, tenant: TenantId, version: u32) -> Result<Option<RuleSetRow>, StoreError>;

    /// Versions of a tenant, the latest first, below `before`, at most `limit`.
    async fn rule_sets(&self, tenant: TenantId, before: u32, limit: usize) -> Result<Vec<RuleSetRow>, StoreError>;

    /// Makes a set live, as the version after `row.version - 1`, which must be the live one (0: there is none).
    ///
    /// False when another was published meanwhile: then nothing is done.
    async fn publish_rule_set(&self, tenant: TenantId, row: &RuleSetRow, by: &Deed) -> Result<bool, StoreError>;

    /// The draft of a tenant.
    async fn rule_draft(&self, tenant: TenantId) -> Result<Option<RuleDraft>, StoreError>;

    /// Puts a draft in the place of the one before it.
    async fn put_rule_draft(&self, tenant: TenantId, draft: &RuleDraft, by: &Deed) -> Result<(), StoreError>;
}

/// A version of a tenant's rule set.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct RuleSetRow {
    /// Its number, from 1 without a gap: what decisions bear.
    pub version: u32,
    /// The text, as it was written.
    pub text: String,
    /// Who wrote it.
    pub author: String,
    /// Who made it live.
    pub publisher: String,
    /// Why.
    pub reason: String,
    /// When it became live.
    pub at: Millis,
    /// True where it came with the configuration.
    #[serde(default)]
    pub from_configuration: bool,
    /// For whom it decides, while it is on trial; none where it is for everybody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage: Option<Stage>,
}

/// For whom a set on trial decides. All that is said must hold.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RuleStage)]
pub struct Stage {
    /// False: for nobody; what it would do is counted and listed.
    pub acts: bool,
    /// For how many of a thousand contacts, always the same ones.
    #[serde(default = "all")]
    #[schema(minimum = 0, maximum = 1000)]
    pub per_mille: u32,
    /// Only for what comes by these accounts; empty: by any.
    #[serde(default)]
    pub accounts: Vec<String>,
    /// Only for what the live rules send to a queue that one of these groups serves; empty: any.
    #[serde(default)]
    pub groups: Vec<String>,
    /// What ends it by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guard: Option<Guard>,
}

/// What ends a trial by itself: a queue that answers too few in time.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RuleGuard)]
pub struct Guard {
    /// The queue.
    pub queue: String,
    /// How many per cent of what came to it since the trial began must be answered in time.
    #[schema(minimum = 1, maximum = 100)]
    pub least_percent: u32,
    /// After how many answers that is looked at.
    #[serde(default = "enough")]
    pub tasks_min: u32,
}

const fn all() -> u32 {
    1_000
}

const fn enough() -> u32 {
    50
}

/// A set that is not live yet.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct RuleDraft {
    /// The text.
    pub text: String,
    /// Who wrote it.
    pub author: String,
    /// When.
    pub at: Millis,
}
