//! What must hold before a rule set becomes live, by whichever way.

use blendline_rules::fault::Faults;
use blendline_wire::{QueueId, TaskId, TenantId};
use sha2::{Digest as _, Sha256};

use super::world;
use crate::config::{self, CheckedTenant};
use crate::ports::rules::RuleSetRow;
use crate::ports::store::{Archive, StoreError, TaskFilter};

/// What a text is named by, so that nobody publishes another than the one he looked at.
pub fn sha256(text: &str) -> String {
    hex::encode(Sha256::digest(text))
}

/// Everything that is wrong with a text for this tenant.
pub fn faults(tenant: &CheckedTenant, text: &str) -> Faults {
    let accounts = tenant.accounts.iter().map(|account| account.name.clone()).collect();
    let mut checked = blendline_rules::check("rules", text, &world(Some(accounts)));
    if let Some(set) = &checked.set {
        config::joined(tenant, 0, set, &mut checked.faults);
    }
    checked.faults
}

/// Whether a text takes two people to become live: because it says so, or because what is live does. Nobody gets rid of
/// the rule alone.
pub fn wants_two(text: &str, live: Option<&RuleSetRow>) -> bool {
    let says = |text: &str| blendline_rules::check("rules", text, &world(None)).set.is_some_and(|set| set.two_people);
    says(text) || live.is_some_and(|live| says(&live.text))
}

/// Why a set cannot take the place of the one before it.
#[derive(Debug)]
pub enum Orphan {
    /// Nobody would work off what is open in this queue.
    Queue(String),
    /// The record did not answer.
    Store(StoreError),
}

/// Refuses a set by which a queue with open tasks is gone and has no heir.
pub async fn all_have_heirs(tenant: &CheckedTenant, id: TenantId, archive: &dyn Archive) -> Result<(), Orphan> {
    for (name, handle) in archive.names("queue").await.map_err(Orphan::Store)? {
        let Some(queue) = name.strip_prefix(&tenant.name).and_then(|rest| rest.strip_prefix('/')) else { continue };
        if tenant.has_queue_or_heir(queue) {
            continue;
        }
        let filter = TaskFilter { queue: Some(QueueId(handle)), open: true, ..TaskFilter::default() };
        if !archive.tasks(id, &filter, TaskId(0), 1).await.map_err(Orphan::Store)?.is_empty() {
            return Err(Orphan::Queue(queue.to_owned()));
        }
    }
    Ok(())
}
