//! The register of improvements in memory.

use async_trait::async_trait;
use blendline_improvements::Improvement;
use blendline_wire::{ImprovementId, Millis, TenantId};

use super::store::FakeStore;
use crate::ports::improvements::{ImprovementFilter, Improvements};
use crate::ports::store::StoreError;

/// Those of these names, and all that belong to them.
pub(crate) fn some<'a>(of: impl Iterator<Item = &'a Improvement>, ids: &[ImprovementId]) -> Vec<Improvement> {
    let is_asked = |it: &&Improvement| ids.contains(&it.id) || it.group.is_some_and(|group| ids.contains(&group));
    of.filter(is_asked).cloned().collect()
}

#[async_trait]
impl Improvements for FakeStore {
    async fn improvements(&self, ids: &[ImprovementId]) -> Result<Vec<Improvement>, StoreError> {
        Ok(some(self.record().improvements.values(), ids))
    }

    async fn list_improvements(
        &self,
        tenant: TenantId,
        filter: &ImprovementFilter,
        after: Option<ImprovementId>,
        limit: usize,
    ) -> Result<Vec<Improvement>, StoreError> {
        let is_asked =
            |it: &&Improvement| it.tenant == tenant && after.is_none_or(|after| after < it.id) && filter.takes(it);
        Ok(self.record().improvements.values().filter(is_asked).take(limit).cloned().collect())
    }

    async fn improvements_to_look_at(
        &self,
        _: u16,
        now: Millis,
        limit: usize,
    ) -> Result<Vec<ImprovementId>, StoreError> {
        let is_due = |it: &&Improvement| it.look_at.is_some_and(|at| at <= now);
        Ok(self.record().improvements.values().filter(is_due).take(limit).map(|it| it.id).collect())
    }
}
