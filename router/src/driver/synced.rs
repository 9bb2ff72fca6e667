//! Records of other systems at the owner of the shard: the newest version of each is kept, and each change is an event.

use blendline_core::{Answer, Command, Input};
use blendline_wire::event::external::RecordSynced;
use blendline_wire::event::{Actor, EventKind};
use blendline_wire::{Pii, TenantId};
use serde_json::json;

use crate::driver::step::Stepper;
use crate::handle::{CallResult, Records, SyncCall};
use crate::ports::register::{self, Entry, Kind};
use crate::ports::store::Wanted;

/// Asks for what is known of these records.
pub(super) fn want(asked: &SyncCall, wanted: &mut Wanted) {
    let SyncCall { tenant, system, records, rows } = asked;
    wanted.entries.extend(rows.iter().map(|row| record_key(*tenant, system, *records, &row.reference)));
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
            let (system, reference, version) = (system.clone(), row.reference, row.version);
            let synced = RecordSynced { system, records: records.as_str().to_owned(), reference, version, before };
            let kind = Box::new(EventKind::RecordSynced(synced));
            self.step(Input::new(actor, Command::Record { tenant, account: None, conversation: None, kind }));
        }
        Ok(Answer::Done)
    }
}
