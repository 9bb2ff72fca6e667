//! Judgements in memory.

use async_trait::async_trait;
use blendline_quality::Judgement;
use blendline_wire::TenantId;

use super::store::FakeStore;
use crate::ports::judgements::{JudgementFilter, JudgementPlace, Judgements, JudgementsWanted};
use crate::ports::store::StoreError;

#[async_trait]
impl Judgements for FakeStore {
    async fn judgements_wanted(&self, wanted: &JudgementsWanted) -> Result<Vec<Judgement>, StoreError> {
        Ok(judgements(self.record().judgements.values(), wanted))
    }

    async fn judgements(
        &self,
        tenant: TenantId,
        filter: &JudgementFilter,
        after: Option<JudgementPlace>,
        limit: usize,
    ) -> Result<Vec<Judgement>, StoreError> {
        Ok(listed(self.record().judgements.values(), tenant, filter, after, limit))
    }
}

/// All of these that are asked for.
pub(crate) fn judgements<'a>(of: impl Iterator<Item = &'a Judgement>, wanted: &JudgementsWanted) -> Vec<Judgement> {
    let is_wanted =
        |it: &&Judgement| wanted.ids.contains(&it.id()) || it.task().is_some_and(|task| wanted.tasks.contains(&task));
    of.filter(is_wanted).cloned().collect()
}

/// Those of these that a list has.
pub(crate) fn listed<'a>(
    of: impl Iterator<Item = &'a Judgement>,
    tenant: TenantId,
    filter: &JudgementFilter,
    after: Option<JudgementPlace>,
    limit: usize,
) -> Vec<Judgement> {
    let is_wanted = |it: &&Judgement| {
        it.tenant() == tenant
            && filter.since.is_none_or(|since| since <= it.at())
            && filter.until.is_none_or(|until| it.at() < until)
            && filter.kind.is_none_or(|kind| kind == it.kind())
            && filter.worker.is_none_or(|worker| it.worker() == Some(worker))
            && filter.judge.is_none_or(|judge| it.by() == Some(judge))
            && filter.open.is_none_or(|open| it.is_open() == open)
            && after.is_none_or(|after| after < JudgementPlace::of(it))
    };
    let mut found: Vec<Judgement> = of.filter(is_wanted).cloned().collect();
    found.sort_by_key(JudgementPlace::of);
    found.truncate(limit);
    found
}
