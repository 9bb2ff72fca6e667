//! Events of other systems in memory.

use async_trait::async_trait;
use blendline_cases::systems::Held;
use blendline_wire::{CaseId, ExternalId, Millis, TenantId};

use super::store::{FakeStore, Record};
use crate::ports::external::{ExternalFilter, ExternalWrite, Externals, ExternalsWanted, counted_at, is_parked};
use crate::ports::store::StoreError;

#[async_trait]
impl Externals for FakeStore {
    async fn external(&self, id: ExternalId) -> Result<Option<Held>, StoreError> {
        Ok(self.record().externals.get(&id).cloned())
    }

    async fn externals(
        &self,
        tenant: TenantId,
        filter: &ExternalFilter,
        after: Option<ExternalId>,
        limit: usize,
    ) -> Result<Vec<Held>, StoreError> {
        let is_asked = |held: &&Held| {
            held.event.tenant == tenant
                && after.is_none_or(|after| after < held.id)
                && filter.system.as_ref().is_none_or(|system| *system == held.event.system)
                && filter.parked.is_none_or(|parked| parked == is_parked(held))
        };
        Ok(self.record().externals.values().filter(is_asked).take(limit).cloned().collect())
    }

    async fn externals_due(&self, _: u16, now: Millis, limit: usize) -> Result<Vec<Held>, StoreError> {
        let is_due = |held: &&Held| held.due_at().is_some_and(|due| due <= now);
        Ok(self.record().externals.values().filter(is_due).take(limit).cloned().collect())
    }

    async fn cases_bearing(&self, tenant: TenantId, reference: &str) -> Result<Vec<CaseId>, StoreError> {
        let record = self.record();
        let bears = |(of, text, _): &&(TenantId, String, CaseId)| *of == tenant && text == reference;
        Ok(record.references.iter().filter(bears).map(|(_, _, case)| *case).collect())
    }
}

impl Record {
    /// Takes what a batch brings of them.
    pub(super) fn take_externals(&mut self, writes: &[ExternalWrite]) {
        for write in writes {
            match write {
                ExternalWrite::Put(held) => drop(self.externals.insert(held.id, (**held).clone())),
                ExternalWrite::Remove(id) => drop(self.externals.remove(id)),
            }
        }
    }

    /// All of these that are asked for.
    pub(super) fn held_events(&self, wanted: &ExternalsWanted) -> Vec<Held> {
        let is_asked = |held: &&Held| {
            wanted.ids.contains(&held.id) || (!is_parked(held) && wanted.places.contains(&counted_at(&held.event)))
        };
        self.externals.values().filter(is_asked).cloned().collect()
    }

    /// The cases that bear one of the references that are asked for.
    pub(super) fn bearing(&self, wanted: &ExternalsWanted) -> Vec<CaseId> {
        let is_asked = |(tenant, text, _): &&(TenantId, String, CaseId)| {
            wanted.references.iter().any(|(of, reference)| of == tenant && reference == text)
        };
        self.references.iter().filter(is_asked).map(|(_, _, case)| *case).collect()
    }
}
