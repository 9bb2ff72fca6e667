//! What is said of work that was done.

use async_trait::async_trait;
use blendline_quality::Judgement;
use blendline_wire::TenantId;

use super::PostgresStore;
use super::values::Hash;
use crate::adapters::columns::{rows, sql};
use crate::ports::judgements::{JudgementFilter, JudgementPlace, Judgements, JudgementsWanted};
use crate::ports::store::StoreError;

const SOME: &str = "SELECT body FROM judgements WHERE id = ANY($1)";
const OF_TASKS: &str = "SELECT body FROM judgements WHERE task = ANY($1)";
const LIST: &str = "SELECT body FROM judgements WHERE tenant = $1 AND at >= $2 AND at < $3
    AND ($4::text IS NULL OR kind = $4) AND ($5::bigint IS NULL OR worker = $5) AND ($6::bigint IS NULL OR judge = $6)
    AND ($7::boolean IS NULL OR open = $7) AND ($8::bigint IS NULL OR (at, id) > ($8, $9)) ORDER BY at, id LIMIT $10";

#[async_trait]
impl Judgements for PostgresStore {
    async fn judgements_wanted(&self, wanted: &JudgementsWanted) -> Result<Vec<Judgement>, StoreError> {
        let mut found = Vec::new();
        if !wanted.ids.is_empty() {
            let ids: Vec<_> = wanted.ids.iter().map(|id| Hash(id.0.to_be_bytes())).collect();
            found.extend(self.bodies::<Judgement>(SOME, &[&ids]).await?);
        }
        if !wanted.tasks.is_empty() {
            let tasks: Vec<_> = wanted.tasks.iter().map(|task| sql(task.0)).collect();
            found.extend(self.bodies::<Judgement>(OF_TASKS, &[&tasks]).await?);
        }
        Ok(found)
    }

    async fn judgements(
        &self,
        tenant: TenantId,
        filter: &JudgementFilter,
        after: Option<JudgementPlace>,
        limit: usize,
    ) -> Result<Vec<Judgement>, StoreError> {
        let (tenant, limit) = (sql(tenant.0), rows(limit));
        let since = filter.since.map_or(0, |since| sql(since.0));
        let until = filter.until.map_or(i64::MAX, |until| sql(until.0));
        let kind = filter.kind.map(blendline_quality::Kind::as_str);
        let (worker, judge) = (filter.worker.map(|worker| sql(worker.0)), filter.judge.map(|judge| sql(judge.0)));
        let at = after.map(|place| sql(place.at.0));
        let id = after.map(|place| Hash(place.id.0.to_be_bytes()));
        self.bodies(LIST, &[&tenant, &since, &until, &kind, &worker, &judge, &filter.open, &at, &id, &limit]).await
    }
}
