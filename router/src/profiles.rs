//! Customers as other systems have them, found by the address that one writes from.
//!
//! An address points to the records that were ever told with it; a record says itself which addresses it has now. So an
//! address that a customer has no more finds nothing, and nothing has to be taken back when he gives it up.

use blendline_rules::facts::Profile;
use blendline_wire::event::case::CaseValue;
use blendline_wire::{Pii, TenantId};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::driver::synced::record_key;
use crate::handle::Records;
use crate::persons::Identity;
use crate::ports::register::{self, Entry, Key, Kind};

/// The most records that an address points to; the oldest go first.
const POINTERS_MAX: usize = 8;

/// What an address points to.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Pointer {
    /// The system.
    pub system: String,
    /// What it calls the customer.
    pub reference: String,
}

/// What is kept of a customer's record, as far as rules ask it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Kept {
    segment: String,
    agent: String,
    phones: Vec<Pii<String>>,
    emails: Vec<Pii<String>>,
    fields: std::collections::BTreeMap<String, CaseValue>,
}

impl Pointer {
    /// By what its record is found.
    pub fn key(&self, tenant: TenantId) -> Key {
        record_key(tenant, &self.system, Records::Customers, &self.reference)
    }
}

/// By what the pointers of an address are found.
pub fn key(tenant: TenantId, identity: &Identity) -> Key {
    register::key(Kind::Profile, tenant, &[&identity.kind, identity.value.expose()])
}

/// What an entry of an address points to, the newest first.
pub fn pointers(entry: &Entry) -> Vec<Pointer> {
    serde_json::from_value(entry.body.expose().clone()).unwrap_or_default()
}

/// The pointers of an address with one more before them; `None` where it stands there.
pub fn pointed(mut known: Vec<Pointer>, more: Pointer) -> Option<Pii<Value>> {
    if known.contains(&more) {
        return None;
    }
    known.insert(0, more);
    known.truncate(POINTERS_MAX);
    Some(Pii::new(serde_json::to_value(known).unwrap_or_default()))
}

/// The addresses of a customer's record.
pub fn identities(record: &Value) -> Vec<Identity> {
    let kept = Kept::deserialize(record).unwrap_or_default();
    let of = |kind: &'static str, all: Vec<Pii<String>>| {
        all.into_iter().map(move |one| Identity {
            kind: kind.to_owned(),
            value: Pii::new(crate::consent::address_of(one.expose())),
        })
    };
    of("phone", kept.phones).chain(of("email", kept.emails)).collect()
}

/// The records of a customer who has this address now, as far as they are among these entries.
pub fn records<'a>(
    tenant: TenantId,
    identity: &Identity,
    pointers: Vec<Pointer>,
    entry: impl Fn(&Key) -> Option<&'a Entry>,
) -> Vec<(Pointer, &'a Value)> {
    let has_it = |record: &Value| identities(record).contains(identity);
    let record = |pointer: Pointer| {
        let record = &entry(&pointer.key(tenant))?.body.expose()["record"];
        has_it(record).then_some((pointer, record))
    };
    pointers.into_iter().filter_map(record).collect()
}

/// What records say together: of each thing what the first says that says it.
pub fn profile<'a>(records: impl Iterator<Item = &'a Value>) -> Profile {
    let mut profile = Profile::default();
    for record in records {
        let kept = Kept::deserialize(record).unwrap_or_default();
        profile.known = true;
        for (known, told) in [(&mut profile.segment, kept.segment), (&mut profile.agent, kept.agent)] {
            if known.is_empty() {
                *known = told;
            }
        }
        for (name, value) in kept.fields {
            profile.fields.entry(name).or_insert(value);
        }
    }
    profile
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn records_are_found_by_the_addresses_that_they_have_and_say_together_what_they_know() {
        let tenant = TenantId(1);
        let pointer = |reference: &str| Pointer { system: "crm".into(), reference: reference.into() };
        let entry = |reference: &str, record: Value| Entry {
            kind: Kind::Synced,
            key: pointer(reference).key(tenant),
            tenant,
            at: blendline_wire::Millis(1),
            body: Pii::new(json!({ "version": 1, "record": record })),
        };
        let entries = [
            entry("C-1", json!({ "phones": ["+972 50-123-4567"], "segment": "gold", "fields": { "points": 7 } })),
            entry("C-2", json!({ "phones": ["972501234567"], "agent": "dana", "segment": "silver" })),
            entry("C-3", json!({ "emails": ["a@b.example"], "segment": "lead" })),
        ];
        let find = |key: &Key| entries.iter().find(|entry| entry.key == *key);
        let identity = Identity::of("whatsapp_cloud", "972501234567");
        let all = ["C-1", "C-2", "C-3", "C-4"].map(pointer).to_vec();
        let found = records(tenant, &identity, all, find);
        assert_eq!(found.iter().map(|(pointer, _)| pointer.reference.as_str()).collect::<Vec<_>>(), ["C-1", "C-2"]);
        let told = profile(found.iter().map(|(_, record)| *record));
        assert_eq!((told.known, told.segment.as_str(), told.agent.as_str()), (true, "gold", "dana"));
        assert_eq!(told.fields["points"], CaseValue::Number(7));
        assert_eq!(profile(std::iter::empty()), Profile::default());
    }

    #[test]
    fn an_address_points_to_the_latest() {
        let pointer = |number: usize| Pointer { system: "crm".into(), reference: number.to_string() };
        let mut known = Vec::new();
        for number in 0..10 {
            let body = pointed(known, pointer(number)).unwrap();
            known = serde_json::from_value(body.expose().clone()).unwrap();
        }
        assert_eq!((known.len(), &known[0]), (POINTERS_MAX, &pointer(9)));
        assert_eq!(pointed(known, pointer(9)), None);
    }
}
