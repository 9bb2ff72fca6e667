//! What stands in a queue that is not configured any more must not be forgotten (P9).

use blendline_wire::{QueueId, TaskId};

use crate::directory::Directory;
use crate::ports::store::{Archive, StoreError, TaskFilter};

/// Why a configuration cannot take the place of the one before it.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum NoHeir {
    /// Nobody would work off what is open in a queue.
    #[error(
        "the queue `{queue}` of {tenant} is not configured any more, and it has open tasks\n  hint: name its heir: \
         heir_of = [\"{queue}\"] in the [[tenant.queue]] that takes them over; or put it back until they are done"
    )]
    Tasks {
        /// Whose.
        tenant: String,
        /// The queue that is gone.
        queue: String,
    },
    /// The record did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Refuses a directory in which a queue with open tasks is gone and has no heir.
pub async fn all_have_heirs(directory: &Directory, archive: &dyn Archive) -> Result<(), NoHeir> {
    for (name, handle) in archive.names("queue").await? {
        let Some((tenant, queue)) = name.split_once('/') else { continue };
        let id = QueueId(handle);
        if directory.queues.contains_key(&id) || directory.heirs.contains_key(&id) {
            continue;
        }
        // A tenant that is gone as a whole is another matter.
        let Some((owner, _)) = directory.tenants.iter().find(|(_, known)| *known == tenant) else { continue };
        let filter = TaskFilter { queue: Some(id), open: true, ..TaskFilter::default() };
        if !archive.tasks(*owner, &filter, TaskId(0), 1).await?.is_empty() {
            return Err(NoHeir::Tasks { tenant: tenant.to_owned(), queue: queue.to_owned() });
        }
    }
    Ok(())
}
