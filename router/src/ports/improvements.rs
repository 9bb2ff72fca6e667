//! What should change: written in the transaction of its events, and read by pages and by whoever decides on it.

use async_trait::async_trait;
use blendline_improvements::Improvement;
use blendline_wire::event::improvement::{ImprovementSource, ImprovementStatus};
use blendline_wire::{ImprovementId, Millis, TenantId, WorkerId};

use crate::ports::store::StoreError;

/// Reads of the register of improvements.
#[async_trait]
pub trait Improvements: Send + Sync {
    /// Those of these names, each with all that belong to it, in no order.
    async fn improvements(&self, ids: &[ImprovementId]) -> Result<Vec<Improvement>, StoreError>;

    /// Those of a tenant by name, behind `after`, at most `limit`.
    async fn list_improvements(
        &self,
        tenant: TenantId,
        filter: &ImprovementFilter,
        after: Option<ImprovementId>,
        limit: usize,
    ) -> Result<Vec<Improvement>, StoreError>;

    /// Those whose time has come, the earliest first.
    async fn improvements_to_look_at(
        &self,
        shard: u16,
        now: Millis,
        limit: usize,
    ) -> Result<Vec<ImprovementId>, StoreError>;
}

/// Which of them to list.
#[derive(Clone, Copy, Debug, Default)]
pub struct ImprovementFilter {
    /// Only those that stand so.
    pub status: Option<ImprovementStatus>,
    /// Only those from there.
    pub source: Option<ImprovementSource>,
    /// Only those that this manager is to answer.
    pub owner: Option<WorkerId>,
    /// Only those that he wrote first.
    pub author: Option<WorkerId>,
    /// Only those that belong to no other.
    pub firsts: bool,
}

impl ImprovementFilter {
    /// Whether one is wanted.
    pub fn takes(&self, of: &Improvement) -> bool {
        self.status.is_none_or(|status| status == of.status)
            && self.source.is_none_or(|source| source == of.source)
            && self.owner.is_none_or(|owner| of.owner == Some(owner))
            && self.author.is_none_or(|author| of.author() == Some(author))
            && (!self.firsts || of.group.is_none())
    }
}
