//! What other systems tell over the broker, for the shards that are served here.

use std::collections::BTreeMap;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::driver::Status;
use crate::handle::Handle;
use crate::outlets::while_serving;
use crate::systems::{Parts, listen};

/// Listens, among the `chores`, for each shard while it is served here. `parts` makes what the listener of a door stands on.
pub(super) fn start(
    parts: impl Fn(Handle) -> Parts,
    handles: BTreeMap<u16, Handle>,
    statuses: &BTreeMap<u16, watch::Receiver<Status>>,
    (chores, stop): (&TaskTracker, &CancellationToken),
) {
    for (shard, handle) in handles {
        let Some(status) = statuses.get(&shard).cloned() else { continue };
        let parts = parts(handle);
        let work = move |end| listen(parts.clone(), shard, end);
        chores.spawn(while_serving(work, status, stop.clone()));
    }
}
