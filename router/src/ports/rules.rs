//! Rule sets of tenants: every version that was ever live, and the draft. Each change and its audit entry are one
//! transaction.

use async_trait::async_trait;
use blendline_wire::{Millis, TenantId};
use serde::{Deserialize, Serialize};

use super::people::Deed;
use super::store::StoreError;

/// The record of rule sets. The latest version of a tenant is the live one; a version never changes.
#[async_trait]
pub trait RuleSets: Send + Sync + 'static {
    /// The live version of each tenant that has one.
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
