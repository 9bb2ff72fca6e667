//! Publishes a tenant's events to the exchange, from where they were left.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use blendline_wire::TenantId;
use tokio::time::{MissedTickBehavior, interval, sleep};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::bell::Bell;
use super::form;
use super::telemetry::{self, Behind};
use crate::patience::BackOff;
use crate::ports::outlets::{Exchange, Outlets, Sink};
use crate::ports::store::Archive;

/// How many events are published at once.
const PAGE: usize = 512;
/// How long new ones are gathered: under load a page then holds many.
const GATHER: Duration = Duration::from_millis(50);
/// How often it is told how far behind it is.
const TELL_EVERY: Duration = Duration::from_secs(2);

/// What following stands on.
#[derive(Clone)]
pub struct Parts {
    /// Where places are kept.
    pub record: Arc<dyn Outlets>,
    /// Where events are.
    pub archive: Arc<dyn Archive>,
    /// Where they go.
    pub exchange: Arc<dyn Exchange>,
    /// What tells of new ones.
    pub bell: Bell,
}

/// Follows the events of these tenants of a shard until `stop`.
pub async fn follow(parts: Parts, shard: u16, tenants: BTreeSet<TenantId>, stop: CancellationToken) {
    let (behind, following) = (Behind::default(), TaskTracker::new());
    for tenant in tenants {
        let one = Follower { parts: parts.clone(), tenant, place: None, behind: behind.clone() };
        let stop = stop.clone();
        following.spawn(async move {
            stop.run_until_cancelled(one.run()).await;
        });
    }
    let mut every = interval(TELL_EVERY);
    every.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while stop.run_until_cancelled(every.tick()).await.is_some() {
        telemetry::exchange_lag(shard, behind.seconds());
    }
    following.close();
    following.wait().await;
    // Whoever serves the shard now tells.
    telemetry::exchange_lag(shard, 0.0);
}

struct Follower {
    parts: Parts,
    tenant: TenantId,
    /// The last event that is known to be out.
    place: Option<u64>,
    behind: Behind,
}

impl Follower {
    async fn run(mut self) {
        let mut heard = self.parts.bell.listen(self.tenant);
        let mut back_off = BackOff::default();
        loop {
            heard.borrow_and_update();
            match self.page().await {
                Ok(true) => back_off = BackOff::default(),
                Ok(false) => {
                    back_off = BackOff::default();
                    if heard.changed().await.is_err() {
                        return;
                    }
                    sleep(GATHER).await;
                }
                Err(()) => back_off.wait().await,
            }
        }
    }

    /// Publishes the next page; true when there may be more. What went wrong was told.
    async fn page(&mut self) -> Result<bool, ()> {
        let (tenant, record) = (self.tenant, &self.parts.record);
        let away =
            |what| move |error: crate::ports::store::StoreError| telemetry::record_away(what, &error.to_string());
        let place = match self.place {
            Some(place) => place,
            None => match record.position(tenant, &Sink::Exchange).await.map_err(away("position"))? {
                Some(place) => place,
                // Switched on a moment ago: what happened before is in the log for whoever wants it.
                None => {
                    let last = record.last_event(tenant).await.map_err(away("last_event"))?;
                    let began = record.move_on(tenant, &Sink::Exchange, (None, last), &[]);
                    began.await.map_err(away("move_on"))?;
                    return Ok(true);
                }
            },
        };
        self.place = Some(place);
        let events = self.parts.archive.events(tenant, place, PAGE).await.map_err(away("events"))?;
        let (Some(first), Some(last)) = (events.first(), events.last()) else {
            self.behind.note(tenant, "", None);
            return Ok(false);
        };
        self.behind.note(tenant, "", Some(first.at));
        let outgoing: Vec<_> = events.iter().map(form::outgoing).collect();
        if let Err(error) = self.parts.exchange.publish(&outgoing).await {
            telemetry::not_published(tenant, outgoing.len(), &error.to_string());
            return Err(());
        }
        telemetry::published(outgoing.len());
        let moved = record.move_on(tenant, &Sink::Exchange, (Some(place), last.id.0), &[]).await;
        // Moved by another owner, or nobody knows: the record says from where to go on.
        self.place = matches!(moved, Ok(true)).then_some(last.id.0);
        let all = moved.map_err(away("move_on"))? && events.len() < PAGE;
        if all {
            self.behind.note(tenant, "", None);
        }
        Ok(!all)
    }
}
