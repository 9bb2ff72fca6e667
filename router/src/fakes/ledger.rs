//! The ledger in memory.

use async_trait::async_trait;
use blendline_authority::Line;
use blendline_authority::line::Kind;
use blendline_wire::TenantId;

use super::store::FakeStore;
use crate::ports::ledger::{Ledger, LedgerFilter, LinePlace, LinesWanted, UsedWanted};
use crate::ports::store::StoreError;

#[async_trait]
impl Ledger for FakeStore {
    async fn lines(&self, wanted: &LinesWanted) -> Result<Vec<Line>, StoreError> {
        Ok(lines(&self.record().ledger, wanted))
    }

    async fn ledger(
        &self,
        tenant: TenantId,
        filter: &LedgerFilter,
        after: Option<LinePlace>,
        limit: usize,
    ) -> Result<Vec<Line>, StoreError> {
        Ok(listed(&self.record().ledger, tenant, filter, after, limit))
    }
}

/// All of these lines that are asked for.
pub(crate) fn lines(ledger: &[Line], wanted: &LinesWanted) -> Vec<Line> {
    let asks = |line: &&Line| line.told.approval.is_some_and(|task| wanted.approvals.contains(&task));
    let of_tasks: Vec<_> = ledger.iter().filter(asks).map(|line| line.told.decision).collect();
    let used = |line: &Line, used: &UsedWanted| {
        let told = &line.told;
        let of_it = line.tenant == used.tenant && told.action == used.action && told.currency == used.currency;
        let by = [told.holder, told.second_holder].into_iter().flatten().any(|holder| used.holders.contains(&holder));
        let to = used.contact.is_some() && told.contact == used.contact && used.customer_since <= line.at;
        line.kind == Kind::Granted && of_it && ((by && used.day_since <= line.at) || to)
    };
    let is_wanted = |line: &&Line| {
        let decision = line.told.decision;
        wanted.decisions.contains(&decision)
            || of_tasks.contains(&decision)
            || wanted.used.iter().any(|wanted| used(line, wanted))
    };
    ledger.iter().filter(is_wanted).cloned().collect()
}

/// Those of these lines that a list has.
pub(crate) fn listed(
    ledger: &[Line],
    tenant: TenantId,
    filter: &LedgerFilter,
    after: Option<LinePlace>,
    limit: usize,
) -> Vec<Line> {
    let is_wanted = |line: &&Line| {
        line.tenant == tenant
            && filter.since.is_none_or(|since| since <= line.at)
            && filter.until.is_none_or(|until| line.at < until)
            && (!filter.firsts || line.told.line == 1)
            && filter.asker.is_none_or(|asker| line.told.asker == asker)
            && after.is_none_or(|after| after < LinePlace::of(line))
    };
    let mut found: Vec<Line> = ledger.iter().filter(is_wanted).cloned().collect();
    found.sort_by_key(LinePlace::of);
    found.truncate(limit);
    found
}
