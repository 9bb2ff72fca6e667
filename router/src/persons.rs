//! Who is who across channels: by what platforms give, and by people's own hand; never by a name.
//!
//! An *identity* is an address that a platform gave: a telephone number or an e-mail address is the same one on every
//! channel that gives it, anything else belongs to its channel. Contacts that share an identity are one person by
//! themselves; identities are joined, and parted again, only by hand and with their history. A contact stays what
//! conversations and the order of messages hang on: a person is a view over contacts.
//!
//! The register holds one entry for each contact of an identity and one for each link. Their keys begin with eight bytes
//! of the identity, so that everything of one lies together and is found by a range.

use blendline_wire::{AccountId, ContactKey, Millis, Pii, TenantId};
use serde::{Deserialize, Serialize};

use crate::ports::register::{self, Entry, Key, Kind};
use crate::ports::store::{Archive, StoreError};

/// Identities that one person may have.
pub const IDENTITIES_MAX: usize = 20;
/// Entries of one identity that are looked at.
pub const ENTRIES_MAX: usize = 200;
/// Changes of one link that are kept; the oldest go first.
const HISTORY_MAX: usize = 50;

/// An address that a platform gave.
#[derive(Clone, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub struct Identity {
    /// `phone`, `email`, or the channel that it belongs to.
    pub kind: String,
    /// The address as it is compared.
    pub value: Pii<String>,
}

impl Identity {
    /// The identity that an address is on a channel.
    pub fn of(channel: &str, address: &str) -> Self {
        let connector = blendline_connectors::by_name(channel);
        let value = crate::consent::address_of(address);
        let is_number = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
        let kind = match connector.map(|connector| (connector.identity_kind(), connector.medium())) {
            // Where platforms hide numbers behind names of their own, those belong to the channel.
            Some(("phone", medium)) if !is_number => medium,
            Some((kind, _)) => kind,
            None => channel,
        };
        Self { kind: kind.to_owned(), value: Pii::new(value) }
    }

    fn prefix(&self, tenant: TenantId) -> [u8; 8] {
        let whole = register::key(Kind::Person, tenant, &[&self.kind, self.value.expose()]);
        std::array::from_fn(|index| whole[index])
    }

    /// The same mark in every event that is about this identity.
    pub fn mark(&self, tenant: TenantId) -> String {
        hex::encode(self.prefix(tenant))
    }

    /// What everything of it comes after, and what it begins with.
    fn range(&self, tenant: TenantId) -> (Option<Key>, [u8; 8]) {
        let prefix = self.prefix(tenant);
        let mut first = Key::default();
        first[..8].copy_from_slice(&prefix);
        let before = u128::from_be_bytes(first).checked_sub(1).map(u128::to_be_bytes);
        (before, prefix)
    }
}

/// What the register knows of an identity.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Known {
    /// A contact that has it.
    Contact {
        /// The identity.
        identity: Identity,
        /// The contact.
        contact: ContactKey,
        /// The account it is on.
        account: AccountId,
    },
    /// A link to another identity.
    Link {
        /// The identity.
        identity: Identity,
        /// The other.
        other: Identity,
        /// True while both are one person's.
        joined: bool,
        /// What was done, oldest first.
        history: Vec<Change>,
    },
}

/// One change of a link.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Change {
    /// When.
    pub at: Millis,
    /// Who: `user dana`, `key crm`.
    pub by: String,
    /// True: joined. False: parted.
    pub joined: bool,
}

impl Known {
    /// Reads an entry of the register.
    pub fn read(entry: &Entry) -> Option<Self> {
        Self::deserialize(entry.body.expose()).ok()
    }

    /// The entry of the register.
    pub fn entry(&self, tenant: TenantId, at: Millis) -> Entry {
        let body = Pii::new(serde_json::to_value(self).unwrap_or_default());
        Entry { kind: Kind::Person, key: self.key(tenant), tenant, at, body }
    }

    fn key(&self, tenant: TenantId) -> Key {
        let (identity, rest) = match self {
            Self::Contact { identity, contact, .. } => {
                let rest = register::key(Kind::Person, tenant, &["contact", &format!("{:032x}", contact.0)]);
                (identity, std::array::from_fn(|index| rest[index]))
            }
            Self::Link { identity, other, .. } => (identity, other.prefix(tenant)),
        };
        let (mut key, rest): (Key, [u8; 8]) = (Key::default(), rest);
        key[..8].copy_from_slice(&identity.prefix(tenant));
        key[8..].copy_from_slice(&rest);
        key
    }
}

/// A person: what belongs together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Person {
    /// His identities, the one that was asked for first.
    pub identities: Vec<Identity>,
    /// His contacts, each with its account.
    pub contacts: Vec<(ContactKey, AccountId)>,
    /// What was done by hand: two identities, and the change; oldest first.
    pub history: Vec<(Identity, Identity, Change)>,
}

/// The person who has this identity.
pub async fn person(archive: &dyn Archive, tenant: TenantId, identity: Identity) -> Result<Person, StoreError> {
    let mut person = Person { identities: vec![identity], ..Person::default() };
    let mut next = 0;
    while let Some(identity) = person.identities.get(next).cloned() {
        next += 1;
        for known in known(archive, tenant, &identity).await? {
            match known {
                Known::Contact { contact, account, .. } => {
                    if !person.contacts.contains(&(contact, account)) {
                        person.contacts.push((contact, account));
                    }
                }
                Known::Link { identity, other, joined, history } => {
                    // Each link is written at both ends.
                    if identity < other || !person.identities.contains(&other) {
                        let change = |change| (identity.clone(), other.clone(), change);
                        person.history.extend(history.into_iter().map(change));
                    }
                    let room = person.identities.len() < IDENTITIES_MAX;
                    if joined && room && !person.identities.contains(&other) {
                        person.identities.push(other);
                    }
                }
            }
        }
    }
    person.history.sort_by_key(|(.., change)| change.at);
    person.history.dedup();
    Ok(person)
}

async fn known(archive: &dyn Archive, tenant: TenantId, identity: &Identity) -> Result<Vec<Known>, StoreError> {
    let (before, prefix) = identity.range(tenant);
    let entries = archive.entries_of(tenant, Kind::Person, before, ENTRIES_MAX).await?;
    let of = entries.iter().take_while(|entry| entry.key.starts_with(&prefix));
    // Eight bytes may be another's by chance: what stands inside decides.
    Ok(of
        .filter_map(Known::read)
        .filter(|known| match known {
            Known::Contact { identity: own, .. } | Known::Link { identity: own, .. } => own == identity,
        })
        .collect())
}

/// Where the link between two identities is found.
pub fn link_key(tenant: TenantId, one: &Identity, other: &Identity) -> Key {
    let (identity, other) = (one.clone(), other.clone());
    Known::Link { identity, other, joined: false, history: Vec::new() }.key(tenant)
}

/// Both ends of the link between two identities after a change; none when it is so already. `known` is what the
/// register has under [`link_key`].
pub fn changed(
    known: Option<&Entry>,
    tenant: TenantId,
    (one, other): (&Identity, &Identity),
    change: Change,
) -> Option<[Entry; 2]> {
    let (was, mut history) = match known.and_then(Known::read) {
        Some(Known::Link { joined, history, .. }) => (joined, history),
        _ => (false, Vec::new()),
    };
    let (at, joined) = (change.at, change.joined);
    if was == joined {
        return None;
    }
    history.push(change);
    history.drain(..history.len().saturating_sub(HISTORY_MAX));
    let end = |from: &Identity, to: &Identity| {
        let (identity, other, history) = (from.clone(), to.clone(), history.clone());
        Known::Link { identity, other, joined, history }.entry(tenant, at)
    };
    Some([end(one, other), end(other, one)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_one_on_every_channel_that_gives_it_and_a_name_on_none() {
        let sms = Identity::of("sms_twilio", "+972 50-000-0001");
        assert_eq!(Identity::of("whatsapp_cloud", "972500000001"), sms);
        assert_eq!((sms.kind.as_str(), Identity::of("telegram", "972500000001").kind.as_str()), ("phone", "telegram"));
        assert_eq!(Identity::of("whatsapp_cloud", "US.123abc").kind, "whatsapp_cloud");
        assert_eq!(Identity::of("email_ses", "Dana@Example.org"), Identity::of("email_raw", "dana@example.org"));
    }

    #[test]
    fn everything_of_an_identity_lies_together() {
        let tenant = TenantId(1);
        let (one, other) = (Identity::of("email_raw", "a@x"), Identity::of("sms_twilio", "1"));
        let contact = Known::Contact { identity: one.clone(), contact: ContactKey(7), account: AccountId(1) }
            .entry(tenant, Millis(1));
        let link = Known::Link { identity: one.clone(), other, joined: true, history: Vec::new() };
        let (before, prefix) = one.range(tenant);
        for entry in [contact, link.entry(tenant, Millis(1))] {
            assert!(entry.key.starts_with(&prefix) && before < Some(entry.key));
            assert!(Known::read(&entry).is_some());
        }
    }
}
