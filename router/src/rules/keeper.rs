//! Which rule sets are live: those of the record, and those that came with the configuration since.
//!
//! Every process of an installation looks at the record once a second; what is published anywhere takes effect everywhere,
//! without a restart, between two batches of the owner.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use blendline_rules::RuleSet;
use blendline_rules::fault::Faults;
use blendline_wire::{Millis, QueueId, TenantId};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::trial::{Watch, ended, latest_and_live};
use super::{telemetry, world};
use crate::config::{self, CheckedTenant};
use crate::directory::Directory;
use crate::ports::people::Deed;
use crate::ports::rules::{Guard, RuleSetRow, RuleSets};
use crate::ports::store::{Archive, StoreError};

/// How often the record is asked for newer versions.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How many versions back the last one of the configuration is looked for.
const VERSIONS_BACK: usize = 200;
/// Who publishes what the configuration names.
pub const CONFIGURATION: &str = "configuration";
/// Who ends a trial by itself.
const GUARD: &str = "guard";

/// Looks after the live rule sets.
pub struct Keeper {
    tenants: Vec<CheckedTenant>,
    record: Arc<dyn RuleSets>,
    archive: Arc<dyn Archive>,
    /// The latest version here, by the tenant's name.
    live: BTreeMap<String, u32>,
    /// Tenants with rules on trial.
    tried: BTreeSet<String>,
    watches: BTreeMap<TenantId, Watch>,
    /// Who is told of new directories, with the tenants that he wants in them.
    told: Vec<(Vec<String>, watch::Sender<Arc<Directory>>)>,
}

impl Keeper {
    /// A keeper for the tenants of a configuration.
    pub fn new(tenants: Vec<CheckedTenant>, record: Arc<dyn RuleSets>, archive: Arc<dyn Archive>) -> Self {
        Self {
            tenants,
            record,
            archive,
            live: BTreeMap::new(),
            tried: BTreeSet::new(),
            watches: BTreeMap::new(),
            told: Vec::new(),
        }
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
            return self.watch(&ids).await;
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

    /// Looks after trials: one whose queue answers too few in time is ended.
    async fn watch(&mut self, ids: &[TenantId]) -> Result<(), StoreError> {
        for (tenant, id) in self.tenants.iter().zip(ids) {
            // Nearly always there is none, and what was told last says so.
            if !self.tried.contains(&tenant.name) {
                continue;
            }
            let (Some(row), Some(live)) = latest_and_live(self.record.as_ref(), *id).await? else { continue };
            let Some(guard) = row.stage.as_ref().and_then(|stage| stage.guard.as_ref()) else { continue };
            if self.watches.get(id).is_none_or(|watch| !watch.is_of(&row)) {
                let shard = self.archive.shards(&[*id], 1).await?.pop().unwrap_or_default();
                self.watches.insert(*id, Watch::begin(self.archive.as_ref(), (*id, shard), &row).await?);
            }
            let Some(watch) = self.watches.get_mut(id) else { continue };
            watch.look(self.archive.as_ref()).await?;
            let names = self.archive.names("queue").await?;
            let queue = names.iter().find(|(name, _)| *name == format!("{}/{}", tenant.name, guard.queue));
            let Some(queue) = queue.map(|(_, handle)| QueueId(*handle)) else { continue };
            let Some(percent) = watch.falls_short(guard, queue) else { continue };
            let Guard { queue, least_percent, .. } = guard;
            let reason = format!("fell back by itself: `{queue}` answers {percent} % in time, below {least_percent} %");
            let now = crate::api::now();
            let back = ended(&live, &row, GUARD, reason, now);
            let deed = Deed { at: now, actor: GUARD.to_owned(), what: "rules_fell_back" };
            // Where another process was quicker it did the same.
            if self.record.publish_rule_set(*id, &back, &deed).await? {
                telemetry::fell_back(&tenant.name, row.version, &back.reason);
            }
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
            let (latest, live) = latest_and_live(self.record.as_ref(), *id).await?;
            if latest.as_ref().is_some_and(|row| row.stage.is_some()) {
                self.tried.insert(tenant.name.clone());
            } else {
                self.tried.remove(&tenant.name);
            }
            self.live.extend(latest.as_ref().map(|row| (tenant.name.clone(), row.version)));
            let Some(row) = live else {
                joined.push(tenant.clone());
                continue;
            };
            let mut with_rules = with(tenant, &row).unwrap_or_else(|faults| {
                // It was good when it was published. Messages go where their accounts say, and nothing stops.
                let version = row.version;
                tracing::error!(tenant = tenant.name, version, "The live rules cannot be used any more.\n{faults}");
                tenant.clone()
            });
            if let Some(trial) = latest.filter(|row| row.stage.is_some()) {
                with_rules.try_beside(trial.version, set_of(tenant, &trial), trial.stage);
            }
            joined.push(with_rules);
        }
        Ok(joined)
    }
}

/// The set of a version; `None` where it is not understood any more.
fn set_of(tenant: &CheckedTenant, row: &RuleSetRow) -> Option<RuleSet> {
    let accounts = tenant.accounts.iter().map(|account| account.name.clone()).collect();
    blendline_rules::check(&tenant.name, &row.text, &world(Some(accounts))).set
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
        stage: None,
    };
    let deed = Deed { at: now, actor: CONFIGURATION.to_owned(), what: "rules_published" };
    // Where another process was quicker, it published the same file.
    record.publish_rule_set(id, &row, &deed).await.map(drop)
}
