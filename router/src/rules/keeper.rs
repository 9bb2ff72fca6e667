//! Which rule sets are live: those of the record, and those that came with the configuration since.
//!
//! Every process of an installation looks at the record once a second; what is published anywhere takes effect everywhere,
//! without a restart, between two batches of the owner.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use blendline_rules::fault::Faults;
use blendline_wire::{Millis, TenantId};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::world;
use crate::config::{self, CheckedTenant};
use crate::directory::Directory;
use crate::ports::people::Deed;
use crate::ports::rules::{RuleSetRow, RuleSets};
use crate::ports::store::{Archive, StoreError};

/// How often the record is asked for newer versions.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How many versions back the last one of the configuration is looked for.
const VERSIONS_BACK: usize = 200;
/// Who publishes what the configuration names.
pub const CONFIGURATION: &str = "configuration";

/// Looks after the live rule sets.
pub struct Keeper {
    tenants: Vec<CheckedTenant>,
    record: Arc<dyn RuleSets>,
    archive: Arc<dyn Archive>,
    /// What is live here, by the tenant's name.
    live: BTreeMap<String, u32>,
    /// Who is told of new directories, with the tenants that he wants in them.
    told: Vec<(Vec<String>, watch::Sender<Arc<Directory>>)>,
}

impl Keeper {
    /// A keeper for the tenants of a configuration.
    pub fn new(tenants: Vec<CheckedTenant>, record: Arc<dyn RuleSets>, archive: Arc<dyn Archive>) -> Self {
        Self { tenants, record, archive, live: BTreeMap::new(), told: Vec::new() }
    }

    /// Tells this holder of a directory of these tenants when it changes.
    pub fn tell(&mut self, tenants: Vec<String>, holder: watch::Sender<Arc<Directory>>) {
        self.told.push((tenants, holder));
    }

    /// The tenants with what is live of each. Sets that the configuration names and that are new are published first.
    pub async fn begin(&mut self, now: Millis) -> Result<Vec<CheckedTenant>, StoreError> {
        let ids = self.ids().await?;
        for (tenant, id) in self.tenants.iter().zip(&ids) {
            publish_configured(tenant, *id, self.record.as_ref(), now).await?;
        }
        self.joined(&ids).await
    }

    /// Runs until it is told to stop: looks for newer versions and tells the holders.
    pub async fn run(mut self, stop: CancellationToken) {
        let mut every = tokio::time::interval(LOOK_EVERY);
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = every.tick() => {}
            }
            if let Err(error) = self.look().await {
                tracing::warn!(%error, "The record was not asked for newer rules; trying again.");
            }
        }
    }

    async fn look(&mut self) -> Result<(), StoreError> {
        let versions: BTreeMap<TenantId, u32> = self.record.live_versions().await?.into_iter().collect();
        let ids = self.ids().await?;
        let is_new = |(tenant, id): (&CheckedTenant, &TenantId)| versions.get(id) != self.live.get(&tenant.name);
        if !self.tenants.iter().zip(&ids).any(is_new) {
            return Ok(());
        }
        let joined = self.joined(&ids).await?;
        for (names, holder) in &self.told {
            let here = joined.iter().filter(|tenant| names.contains(&tenant.name));
            let mut new = config::resolve_some(here, self.archive.as_ref(), crate::api::now()).await?;
            // Accounts are no rules' business: what was set up at the start stays.
            for (id, entry) in &holder.borrow().accounts {
                if let Some(own) = new.accounts.get_mut(id) {
                    own.account = entry.account.clone();
                }
            }
            holder.send_replace(Arc::new(new));
        }
        for (tenant, version) in &self.live {
            tracing::info!(tenant, version, "The rules are live.");
        }
        Ok(())
    }

    async fn ids(&self) -> Result<Vec<TenantId>, StoreError> {
        let names: Vec<_> = self.tenants.iter().map(|tenant| ("tenant".to_owned(), tenant.name.clone())).collect();
        Ok(self.archive.handles(&names).await?.into_iter().map(TenantId).collect())
    }

    async fn joined(&mut self, ids: &[TenantId]) -> Result<Vec<CheckedTenant>, StoreError> {
        let mut joined = Vec::with_capacity(self.tenants.len());
        for (tenant, id) in self.tenants.iter().zip(ids) {
            let Some(row) = self.record.rule_sets(*id, u32::MAX, 1).await?.pop() else {
                joined.push(tenant.clone());
                continue;
            };
            self.live.insert(tenant.name.clone(), row.version);
            joined.push(with(tenant, &row).unwrap_or_else(|faults| {
                // It was good when it was published. Messages go where their accounts say, and nothing stops.
                let version = row.version;
                tracing::error!(tenant = tenant.name, version, "The live rules cannot be used any more.\n{faults}");
                tenant.clone()
            }));
        }
        Ok(joined)
    }
}

/// A tenant as a version of its rules makes it, or what is wrong with that version for it.
pub fn with(tenant: &CheckedTenant, row: &RuleSetRow) -> Result<CheckedTenant, Box<Faults>> {
    let accounts = tenant.accounts.iter().map(|account| account.name.clone()).collect();
    let name = format!("{} version {}", tenant.name, row.version);
    let mut checked = blendline_rules::check(&name, &row.text, &world(Some(accounts)));
    let Some(set) = &checked.set else { return Err(Box::new(checked.faults)) };
    let joined = config::joined(tenant, row.version, set, &mut checked.faults);
    if checked.faults.any_error() { Err(Box::new(checked.faults)) } else { Ok(joined) }
}

/// Publishes the set that the configuration names, where it is another than the last one that came with it. What was
/// published since by other ways stays until the file changes.
async fn publish_configured(
    tenant: &CheckedTenant,
    id: TenantId,
    record: &dyn RuleSets,
    now: Millis,
) -> Result<(), StoreError> {
    let Some(file) = &tenant.rules else { return Ok(()) };
    let versions = record.rule_sets(id, u32::MAX, VERSIONS_BACK).await?;
    if versions.iter().find(|row| row.from_configuration).is_some_and(|last| last.text == file.text) {
        return Ok(());
    }
    let row = RuleSetRow {
        version: versions.first().map_or(0, |live| live.version) + 1,
        text: file.text.clone(),
        author: CONFIGURATION.to_owned(),
        publisher: CONFIGURATION.to_owned(),
        reason: format!("{} at the start", file.path.display()),
        at: now,
        from_configuration: true,
    };
    let deed = Deed { at: now, actor: CONFIGURATION.to_owned(), what: "rules_published" };
    // Where another process was quicker, it published the same file.
    record.publish_rule_set(id, &row, &deed).await.map(drop)
}
