//! The register of improvements.

use async_trait::async_trait;
use blendline_improvements::Improvement;
use blendline_wire::{ImprovementId, Millis, TenantId};

use super::PostgresStore;
use super::connections::told;
use super::values::Hash;
use crate::adapters::columns::{rows, sql};
use crate::ports::improvements::{ImprovementFilter, Improvements};
use crate::ports::store::StoreError;

const SOME: &str = "SELECT body FROM improvements WHERE id = ANY($1) OR of_group = ANY($2)";
const LIST: &str = "SELECT body FROM improvements WHERE tenant = $1 AND ($2::uuid IS NULL OR id > $2)
    AND ($3::text IS NULL OR status = $3) AND ($4::text IS NULL OR source = $4) AND ($5::bigint IS NULL OR owner = $5)
    AND ($6::bigint IS NULL OR author = $6) AND (NOT $7::boolean OR of_group IS NULL) ORDER BY id LIMIT $8";
const DUE: &str = "SELECT id FROM improvements WHERE shard = $1 AND look_at <= $2 ORDER BY look_at LIMIT $3";

#[async_trait]
impl Improvements for PostgresStore {
    async fn improvements(&self, ids: &[ImprovementId]) -> Result<Vec<Improvement>, StoreError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let groups: Vec<Vec<u8>> = ids.iter().map(|id| id.0.to_be_bytes().to_vec()).collect();
        let ids: Vec<Hash> = ids.iter().map(|id| Hash(id.0.to_be_bytes())).collect();
        self.bodies(SOME, &[&ids, &groups]).await
    }

    async fn list_improvements(
        &self,
        tenant: TenantId,
        filter: &ImprovementFilter,
        after: Option<ImprovementId>,
        limit: usize,
    ) -> Result<Vec<Improvement>, StoreError> {
        let (tenant, after) = (sql(tenant.0), after.map(|id| Hash(id.0.to_be_bytes())));
        let (status, source) = (filter.status.map(|it| it.as_str()), filter.source.map(|it| it.as_str()));
        let (owner, author) = (filter.owner.map(|id| sql(id.0)), filter.author.map(|id| sql(id.0)));
        self.bodies(LIST, &[&tenant, &after, &status, &source, &owner, &author, &filter.firsts, &rows(limit)]).await
    }

    async fn improvements_to_look_at(
        &self,
        shard: u16,
        now: Millis,
        limit: usize,
    ) -> Result<Vec<ImprovementId>, StoreError> {
        let found = self.ask(DUE, &[&i32::from(shard), &sql(now.0), &rows(limit)]).await?;
        let id = |row: &tokio_postgres::Row| {
            let Hash(id) = told(row.try_get(0))?;
            Ok(ImprovementId(u128::from_be_bytes(id)))
        };
        found.iter().map(id).collect()
    }
}
