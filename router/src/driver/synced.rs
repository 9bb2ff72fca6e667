//! Records of other systems at the owner of the shard: the newest version of each is kept, and each change is an event.

use blendline_core::{Answer, Command, Input};
use blendline_rules::facts::Profile;
use blendline_wire::event::external::RecordSynced;
use blendline_wire::event::{Actor, EventKind};
use blendline_wire::inbound::InboundEvent;
use blendline_wire::{Pii, TenantId};
use serde_json::json;

use crate::directory::Directory;
use crate::driver::draft::{Draft, Item};
use crate::driver::overlay::Overlay;
use crate::driver::step::Stepper;
use crate::handle::{CallResult, Records, SyncCall, SyncRow};
use crate::persons::Identity;
use crate::ports::register::{self, Entry, Key, Kind};
use crate::ports::store::{Found, Store, StoreError, Wanted};
use crate::profiles::{self, Pointer};

/// Asks for what is known of these records.
pub(super) fn want(asked: &SyncCall, wanted: &mut Wanted) {
    let SyncCall { tenant, system, records, rows } = asked;
    wanted.entries.extend(rows.iter().map(|row| record_key(*tenant, system, *records, &row.reference)));
    if *records == Records::Customers {
        let identities = rows.iter().flat_map(|row| profiles::identities(row.body.expose()));
        wanted.entries.extend(identities.map(|identity| profiles::key(*tenant, &identity)));
    }
}

/// By what a record is found.
pub(crate) fn record_key(tenant: TenantId, system: &str, records: Records, reference: &str) -> register::Key {
    register::key(Kind::Synced, tenant, &[system, records.as_str(), reference])
}

/// The version of a record that is kept.
pub(crate) fn version_of(entry: &Entry) -> Option<u64> {
    entry.body.expose()["version"].as_u64()
}

impl Stepper<'_> {
    /// Keeps what is newer than what is known, all in one commit; what is older or as new changes nothing.
    pub(crate) fn sync_call(&mut self, actor: Actor, asked: SyncCall) -> CallResult {
        let SyncCall { tenant, system, records, rows } = asked;
        for row in rows {
            let key = record_key(tenant, &system, records, &row.reference);
            let before = self.overlay.entry(&key).and_then(version_of);
            if before.is_some_and(|before| row.version <= before) {
                continue;
            }
            let body = Pii::new(json!({ "version": row.version, "record": row.body.expose() }));
            self.put_entry(Entry { kind: Kind::Synced, key, tenant, at: self.now(), body });
            if records == Records::Customers {
                self.point_to(tenant, &system, &row);
            }
            let (system, reference, version) = (system.clone(), row.reference, row.version);
            let synced = RecordSynced { system, records: records.as_str().to_owned(), reference, version, before };
            let kind = Box::new(EventKind::RecordSynced(synced));
            self.step(Input::new(actor, Command::Record { tenant, account: None, conversation: None, kind }));
        }
        Ok(Answer::Done)
    }

    /// Has the addresses of a customer point to his record.
    fn point_to(&mut self, tenant: TenantId, system: &str, row: &SyncRow) {
        for identity in profiles::identities(row.body.expose()) {
            let key = profiles::key(tenant, &identity);
            let known = self.overlay.entry(&key).map(profiles::pointers).unwrap_or_default();
            let pointer = Pointer { system: system.to_owned(), reference: row.reference.clone() };
            if let Some(body) = profiles::pointed(known, pointer) {
                self.put_entry(Entry { kind: Kind::Profile, key, tenant, at: self.now(), body });
            }
        }
    }

    /// What other systems told of whoever has an address, as far as it was looked up.
    pub(crate) fn profile_of(&self, tenant: TenantId, identity: &Identity) -> Profile {
        let pointers = self.overlay.entry(&profiles::key(tenant, identity)).map(profiles::pointers);
        let found = profiles::records(tenant, identity, pointers.unwrap_or_default(), |key| self.overlay.entry(key));
        profiles::profile(found.into_iter().map(|(_, record)| record))
    }
}

/// Who says something, by his address, where live or tried rules ask what other systems told of him.
fn asked(draft: &Draft, directory: &Directory) -> Vec<(TenantId, Identity)> {
    let asks = |tenant: TenantId| {
        let trial = directory.trials.get(&tenant).is_some_and(|trial| trial.routing.asks_customers);
        trial || directory.rules.get(&tenant).is_some_and(|routing| routing.asks_customers)
    };
    let of = |item: &Item| match item {
        Item::Happening(happening) if asks(happening.tenant) => {
            let entry = directory.accounts.get(&happening.account?)?;
            Some((happening.tenant, sender(&entry.channel, &happening.event)?))
        }
        _ => None,
    };
    draft.items.iter().filter_map(of).collect()
}

/// Who wrote, by his address.
pub(crate) fn sender(channel: &str, event: &InboundEvent) -> Option<Identity> {
    let address = event.sender_id.as_deref().or(event.conversation_key.peer.as_deref())?;
    Some(Identity::of(channel, address))
}

/// Finds what other systems told of those who say something in a draft.
///
/// # Errors
/// When the record does not answer.
pub(crate) async fn find(
    (draft, overlay, directory): (&Draft, &Overlay, &Directory),
    (shard, store): (u16, &dyn Store),
    found: &mut Found,
) -> Result<(), StoreError> {
    let asked = asked(draft, directory);
    if asked.is_empty() {
        return Ok(());
    }
    let keys: Vec<(TenantId, Key)> =
        asked.iter().map(|(tenant, identity)| (*tenant, profiles::key(*tenant, identity))).collect();
    let wanted = Wanted { entries: keys.iter().map(|(_, key)| *key).collect(), ..Wanted::default() };
    found.entries.extend(store.prefetch(shard, &wanted).await?.entries);
    // What was decided a moment ago is not in the record yet, and is known here.
    let pointers = |(tenant, key): &(TenantId, Key)| {
        let entry = overlay.entry(key).or_else(|| found.entries.get(key));
        let pointers = entry.map(profiles::pointers).unwrap_or_default();
        pointers.into_iter().map(|pointer| pointer.key(*tenant)).collect::<Vec<_>>()
    };
    let entries: Vec<Key> = keys.iter().flat_map(pointers).collect();
    if !entries.is_empty() {
        let wanted = Wanted { entries, ..Wanted::default() };
        found.entries.extend(store.prefetch(shard, &wanted).await?.entries);
    }
    Ok(())
}
