//! Workers who were connected to the owner before: how long each may take to come back, however often owners change.
//!
//! The end of his grace is written into the record by the first owner who misses him, with his connection, and the owners
//! after it go on from there. So a worker who is gone for good loses his tasks in time even where owners follow each other
//! faster than the grace runs, and whoever has connected since is awaited anew.

use std::collections::BTreeMap;

use blendline_core::rows::Snapshot;
use blendline_wire::{Millis, Pii, SessionId, TenantId, WorkerId};
use serde::{Deserialize, Serialize};

use crate::driver::owner::Owner;
use crate::driver::sessions::Sessions;
use crate::driver::telemetry;
use crate::patience::insist;
use crate::ports::register::{Entry, Key, Kind, key};
use crate::ports::store::{StoreError, Wanted};

/// One who is awaited.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
struct One {
    worker: WorkerId,
    /// The connection that he had.
    session: SessionId,
    /// When he is lost.
    until: Millis,
}

/// All who are awaited, by tenant.
#[derive(Debug, Default)]
pub(crate) struct Awaited(BTreeMap<TenantId, Vec<One>>);

/// How long those who are missed are waited for, in milliseconds.
#[derive(Clone, Copy, Debug)]
struct Grace {
    /// From when an owner first misses them.
    whole_ms: u64,
    /// From each takeover on: what is left of the whole may be less than it takes to connect.
    least_ms: u64,
}

impl Awaited {
    /// Everybody who is connected in these rows, from `now` on.
    fn of(rows: &Snapshot, now: Millis, grace: Grace) -> Self {
        let mut all: BTreeMap<TenantId, Vec<One>> = BTreeMap::new();
        for row in &rows.workers {
            if let Some(session) = row.session {
                let one = One { worker: row.settings.id, session, until: now.plus(grace.whole_ms) };
                all.entry(row.settings.tenant).or_default().push(one);
            }
        }
        Self(all)
    }

    fn keys(&self) -> Vec<Key> {
        self.0.keys().map(|tenant| key_of(*tenant)).collect()
    }

    /// The same, where `known` says of some that an owner before us missed them on the same connection. Gives what has to be
    /// written down.
    fn since(&mut self, known: &BTreeMap<TenantId, Vec<One>>, now: Millis, grace: Grace) -> Vec<Entry> {
        let mut changed = Vec::new();
        for (tenant, all) in &mut self.0 {
            let before = known.get(tenant).map(Vec::as_slice).unwrap_or_default();
            let missed: BTreeMap<_, _> = before.iter().map(|one| ((one.worker, one.session), one.until)).collect();
            for one in all.iter_mut() {
                if let Some(until) = missed.get(&(one.worker, one.session)) {
                    one.until = (*until).max(now.plus(grace.least_ms)).min(one.until);
                }
            }
            if all.as_slice() != before {
                changed.push(entry(*tenant, now, all));
            }
        }
        changed
    }

    /// Says to `sessions` whom to wait for.
    pub(crate) fn expect(&self, sessions: &mut Sessions) {
        for one in self.0.values().flatten() {
            sessions.expect(one.worker, one.session, one.until);
        }
    }
}

impl Owner {
    /// Whom to wait for after a takeover, and what has to be written down of it.
    pub(crate) async fn awaited(&self, rows: &Snapshot, now: Millis) -> Result<(Awaited, Vec<Entry>), StoreError> {
        let config = &self.config;
        let grace = Grace { whole_ms: config.takeover_grace_ms, least_ms: config.heartbeat_ms };
        let mut awaited = Awaited::of(rows, now, grace);
        let wanted = Wanted { entries: awaited.keys(), ..Wanted::default() };
        if wanted.is_empty() {
            return Ok((awaited, Vec::new()));
        }
        let (shard, for_ms) = (config.shard, config.give_up_after_ms);
        let found =
            insist("prefetch", for_ms, telemetry::store_unavailable, || self.store.prefetch(shard, &wanted)).await?;
        let known = found.entries.values().map(|entry| (entry.tenant, read(entry))).collect();
        let changed = awaited.since(&known, now, grace);
        Ok((awaited, changed))
    }
}

fn key_of(tenant: TenantId) -> Key {
    key(Kind::Awaited, tenant, &[])
}

fn entry(tenant: TenantId, at: Millis, all: &[One]) -> Entry {
    let body = Pii::new(serde_json::to_value(all).unwrap_or_default());
    Entry { kind: Kind::Awaited, key: key_of(tenant), tenant, at, body }
}

/// What cannot be read is as good as not written: everybody is awaited anew.
fn read(entry: &Entry) -> Vec<One> {
    Vec::deserialize(entry.body.expose()).unwrap_or_default()
}
