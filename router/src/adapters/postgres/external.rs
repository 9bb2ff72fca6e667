//! Events of other systems that were not applied yet.

use async_trait::async_trait;
use blendline_cases::systems::Held;
use blendline_wire::{CaseId, ExternalId, Millis, TenantId};

use super::PostgresStore;
use super::connections::told;
use super::values::Hash;
use crate::adapters::columns::{rows, sql};
use crate::ports::external::{BEARING_MAX, ExternalFilter, Externals, ExternalsWanted};
use crate::ports::store::StoreError;

const SOME: &str = "SELECT body FROM external_events WHERE id = ANY($1)";
const AT_PLACES: &str = "SELECT body FROM external_events WHERE place = ANY($1) AND due_at IS NOT NULL";
const LIST: &str = "SELECT body FROM external_events WHERE tenant = $1 AND ($2::uuid IS NULL OR id > $2)
    AND ($3::text IS NULL OR system = $3) AND ($4::boolean IS NULL OR (due_at IS NULL) = $4) ORDER BY id LIMIT $5";
const DUE: &str = "SELECT body FROM external_events WHERE shard = $1 AND due_at <= $2 ORDER BY due_at LIMIT $3";
const BEARING: &str = "SELECT k.id FROM case_references r JOIN cases k ON k.id = r.case_id
    WHERE r.tenant = $1 AND r.reference = $2 ORDER BY k.open DESC, k.opened_at DESC LIMIT $3";

#[async_trait]
impl Externals for PostgresStore {
    async fn external(&self, id: ExternalId) -> Result<Option<Held>, StoreError> {
        let ids = [Hash(id.0.to_be_bytes())];
        Ok(self.bodies(SOME, &[&ids.as_slice()]).await?.pop())
    }

    async fn externals(
        &self,
        tenant: TenantId,
        filter: &ExternalFilter,
        after: Option<ExternalId>,
        limit: usize,
    ) -> Result<Vec<Held>, StoreError> {
        let (tenant, after) = (sql(tenant.0), after.map(|id| Hash(id.0.to_be_bytes())));
        self.bodies(LIST, &[&tenant, &after, &filter.system, &filter.parked, &rows(limit)]).await
    }

    async fn externals_due(&self, shard: u16, now: Millis, limit: usize) -> Result<Vec<Held>, StoreError> {
        self.bodies(DUE, &[&i32::from(shard), &sql(now.0), &rows(limit)]).await
    }

    async fn cases_bearing(&self, tenant: TenantId, reference: &str) -> Result<Vec<CaseId>, StoreError> {
        let found = self.ask(BEARING, &[&sql(tenant.0), &reference, &rows(BEARING_MAX)]).await?;
        let id = |row: &tokio_postgres::Row| {
            let Hash(id) = told(row.try_get(0))?;
            Ok(CaseId(u128::from_be_bytes(id)))
        };
        found.iter().map(id).collect()
    }
}

impl PostgresStore {
    /// All events that are asked for.
    pub(super) async fn held_events(&self, wanted: &ExternalsWanted) -> Result<Vec<Held>, StoreError> {
        let mut held = Vec::new();
        if !wanted.ids.is_empty() {
            let ids: Vec<_> = wanted.ids.iter().map(|id| Hash(id.0.to_be_bytes())).collect();
            held.extend(self.bodies::<Held>(SOME, &[&ids]).await?);
        }
        if !wanted.places.is_empty() {
            let places: Vec<_> = wanted.places.iter().map(|place| Hash(*place)).collect();
            held.extend(self.bodies::<Held>(AT_PLACES, &[&places]).await?);
        }
        Ok(held)
    }
}
