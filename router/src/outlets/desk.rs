//! Which endpoints there are of the tenants of a shard, and the work for each of them.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use blendline_wire::TenantId;
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::endpoint::{Parts, Work};
use super::telemetry::{self, Behind};
use crate::ports::outlets::{Endpoint, EndpointState};

/// How often the record is asked which endpoints there are: what somebody changes acts within this time.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Posts to the endpoints of these tenants of a shard until `stop`.
pub async fn serve(parts: Parts, shard: u16, tenants: BTreeSet<TenantId>, stop: CancellationToken) {
    let tenants: Vec<TenantId> = tenants.into_iter().collect();
    let (behind, working) = (Behind::default(), TaskTracker::new());
    let mut known: BTreeMap<(TenantId, String), (watch::Sender<Endpoint>, CancellationToken)> = BTreeMap::new();
    let mut every = interval(LOOK_EVERY);
    every.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while stop.run_until_cancelled(every.tick()).await.is_some() {
        let found = match parts.record.endpoints(&tenants).await {
            Ok(found) => found,
            Err(error) => {
                telemetry::record_away("endpoints", &error.to_string());
                continue;
            }
        };
        let there: BTreeSet<_> = found.iter().map(|endpoint| (endpoint.tenant, endpoint.name.clone())).collect();
        known.retain(|key, (_, end)| {
            let stays = there.contains(key);
            if !stays {
                end.cancel();
                behind.note(key.0, &key.1, None);
            }
            stays
        });
        let paused = found.iter().filter(|one| matches!(one.state, EndpointState::Paused { .. })).count();
        for endpoint in found {
            let key = (endpoint.tenant, endpoint.name.clone());
            if let Some((told, _)) = known.get(&key) {
                told.send_if_modified(|last| {
                    let newer = last.version != endpoint.version;
                    if newer {
                        *last = endpoint;
                    }
                    newer
                });
                continue;
            }
            let (tell, told) = watch::channel(endpoint);
            let end = stop.child_token();
            working.spawn(Work::new(parts.clone(), told, behind.clone()).run(end.clone()));
            known.insert(key, (tell, end));
        }
        telemetry::endpoints(shard, behind.seconds(), paused);
    }
    working.close();
    working.wait().await;
    // Whoever serves the shard now tells.
    telemetry::endpoints(shard, 0.0, 0);
}
