//! Asks platforms that do not post to us: feeds of complaint sites, the notifications of a Mastodon account.
//!
//! Only the process that serves a tenant's shard asks, so nobody asks twice. How far it got lives in memory: after a restart
//! a source is read from its beginning, and what was taken in before is a duplicate without effect. Duplicates are known for
//! eight days, so nothing is taken in that says it is older than seven; and what says no time is taken in only where it
//! was not there at the first look, for it might be of any age.
//!
//! Where there is a stream, it is opened first and asked after, so nothing falls between the two; when it breaks, asking
//! fills the gap. What was taken in is followed: a list is compared with what it was before, and where a platform can only
//! be asked about each thing, the latest are looked at again in turn. Where a platform posts to us and tells nothing of
//! removals, what is followed comes from the record.
//! Suggested reading order: `source`, `known`, `again`, `stream`.

mod again;
mod fetch;
mod known;
mod source;
mod stream;
mod telemetry;

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use self::source::{Means, Source};
use crate::directory::Directory;
use crate::doors::Doors;
use crate::driver::Status;
use crate::intake::Intake;
use crate::ports::store::Archive;

/// Starts asking for every account that has to be asked. `http` must follow [`blendline_connectors::http_client_rules`].
pub(crate) fn start(
    directory: &Arc<Directory>,
    intake: &Arc<Intake>,
    archive: &Arc<dyn Archive>,
    (doors, owners): (&Doors, &BTreeMap<u16, watch::Receiver<Status>>),
    http: &reqwest::Client,
    (tasks, stop): (&TaskTracker, &CancellationToken),
) {
    let (directory, intake) = (directory.clone(), intake.clone());
    let means =
        Means { directory: directory.clone(), intake: intake.clone(), archive: archive.clone(), http: http.clone() };
    for (id, entry) in &directory.accounts {
        let Some(connector) = blendline_connectors::by_name(&entry.channel) else { continue };
        let shard = doors.shard(entry.tenant);
        let Some(serving) = owners.get(&shard) else { continue };
        let (account, is_asked) = (&entry.account, connector.poll(&entry.account, None).is_some());
        if !is_asked && connector.looks_again_ms(account).is_none() {
            continue;
        }
        let Some(endpoint) = intake.endpoint(&entry.channel, &account.name) else { continue };
        let source = Source::new(*id, connector, endpoint, shard, means.clone());
        let (serving, stop) = (serving.clone(), stop.clone());
        tasks.spawn(async move {
            tokio::select! {
                () = stop.cancelled() => {}
                () = source.run(serving) => {}
            }
        });
    }
}
