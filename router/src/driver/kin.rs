//! Whose contacts are one person's, looked up for what a batch decides of persons rather than of contacts.
//!
//! A contact belongs to an account. Somebody who writes by two channels has two; what joins them is an identity that both
//! have, or a link that somebody made by hand ([`crate::persons`]).

use std::collections::{BTreeMap, HashMap};

use blendline_core::Scheduler;
use blendline_wire::{ContactKey, TenantId};
use futures_util::future::join_all;

use crate::directory::Directory;
use crate::driver::draft::{Draft, Happening, Item, confirmation};
use crate::driver::overlay::Overlay;
use crate::driver::{cases, keys};
use crate::handle::Call;
use crate::matters;
use crate::persons::{self, Identity, Person};
use crate::ports::register;
use crate::ports::store::{Archive, Found};
use crate::satisfaction::{self, Speaks, asked_key, speaks_alone, speaks_key};

/// Persons that are looked up for one batch; of those beyond it only the contact itself is known.
const PERSONS_MAX: usize = 256;

/// The other contacts of whoever has a contact.
#[derive(Debug, Default)]
pub(crate) struct Kin(HashMap<ContactKey, (TenantId, Vec<ContactKey>)>);

impl Kin {
    /// What is known of whoever has a contact.
    pub(crate) fn add(&mut self, tenant: TenantId, contact: ContactKey, person: Person) {
        let others = person.contacts.into_iter().map(|(other, _)| other).filter(|other| *other != contact);
        self.0.insert(contact, (tenant, others.collect()));
    }

    /// Whether this contact was looked up.
    pub(crate) fn knows(&self, contact: ContactKey) -> bool {
        self.0.contains_key(&contact)
    }

    /// A contact, and the others of whoever has it.
    pub(crate) fn with(&self, contact: ContactKey) -> impl Iterator<Item = ContactKey> + '_ {
        let others = self.0.get(&contact).map(|(_, others)| others.as_slice()).unwrap_or_default();
        std::iter::once(contact).chain(others.iter().copied())
    }
}

/// Whether anything is decided of this tenant's persons.
pub(crate) fn asks(directory: &Directory, tenant: TenantId) -> bool {
    directory.questions.contains_key(&tenant)
        || directory.rules.get(&tenant).is_some_and(|routing| {
            let matters = &routing.matters;
            matters.asks() || matters.same.is_some() || routing.cases.watch_customers()
        })
}

/// What is looked up, and what was found before.
pub(crate) struct Looking<'a> {
    pub(crate) directory: &'a Directory,
    pub(crate) core: &'a Scheduler,
    pub(crate) overlay: &'a Overlay,
    pub(crate) found: &'a Found,
}

impl Looking<'_> {
    fn contact_of(&self, happening: &Happening) -> Option<ContactKey> {
        let known = |address| self.overlay.contact(address).or_else(|| self.found.contacts.get(address).copied());
        happening.addresses.iter().find_map(known)
    }

    /// Looks up the persons whom a draft is about.
    pub(crate) async fn kin(&self, draft: &Draft, archive: &dyn Archive) -> Kin {
        let mut wanted = BTreeMap::new();
        for item in &draft.items {
            if PERSONS_MAX <= wanted.len() {
                break;
            }
            let subject = match item {
                Item::Happening(happening) => self.of_happening(happening),
                Item::Call { call, .. } => self.of_call(call),
                _ => None,
            };
            wanted.extend(subject.map(|(tenant, contact, identity)| (contact, (tenant, identity))));
        }
        let look = |(contact, (tenant, identity))| async move {
            // A record that does not answer costs what other channels would have told.
            (tenant, contact, persons::person(archive, tenant, identity).await.unwrap_or_default())
        };
        let mut kin = Kin::default();
        for (tenant, contact, person) in join_all(wanted.into_iter().map(look)).await {
            kin.add(tenant, contact, person);
        }
        kin
    }

    /// Who begins something, or says that something is done.
    fn of_happening(&self, happening: &Happening) -> Option<(TenantId, ContactKey, Identity)> {
        let entry = self.directory.accounts.get(&happening.account?)?;
        if entry.is_public() || !asks(self.directory, entry.tenant) || !speaks_alone(&happening.event) {
            return None;
        }
        let contact =
            self.contact_of(happening).or_else(|| happening.addresses.first().map(|own| keys::contact(*own)))?;
        let presses = confirmation(&happening.event).is_some() || cases::pressed(&happening.event).is_some();
        // What is said in an open conversation tells something new only where it names a reference.
        if !presses && self.core.conversation_of(contact).is_some() && !self.names(happening, entry.tenant) {
            return None;
        }
        Some((entry.tenant, contact, identity_of(happening, &entry.channel)?))
    }

    fn names(&self, happening: &Happening, tenant: TenantId) -> bool {
        let same = self.directory.rules.get(&tenant).and_then(|routing| routing.matters.same.as_ref());
        let text = happening.event.text.as_ref().map_or("", |text| text.expose());
        same.is_some_and(|same| !same.references(text).is_empty())
    }

    /// Whose task is being finished, or whose case begins.
    fn of_call(&self, call: &Call) -> Option<(TenantId, ContactKey, Identity)> {
        let call = match call {
            Call::Doubtful { call, .. } => call,
            call => call,
        };
        let (tenant, contact) = match call {
            Call::Settle { task, .. } => {
                let open = self.core.conversation(self.core.task(*task)?.conversation?)?;
                (open.tenant, open.contact)
            }
            _ => return None,
        };
        let speaks: Speaks = self.entry(&speaks_key(tenant, contact))?;
        Some((tenant, contact, speaks.identity?))
    }

    /// What is to be known of the persons who were looked up: what each was asked last and came with, on any channel.
    pub(crate) fn known_of(&self, kin: &Kin) -> Vec<register::Key> {
        let of = |(contact, (tenant, _)): (&ContactKey, &(TenantId, Vec<ContactKey>))| {
            let asked: Vec<_> = kin.with(*contact).map(|contact| asked_key(*tenant, contact)).collect();
            let matters: Vec<_> = kin.with(*contact).map(|contact| matters::key(*tenant, contact)).collect();
            asked.into_iter().chain(matters).chain([speaks_key(*tenant, *contact)])
        };
        kin.0.iter().flat_map(of).collect()
    }

    fn entry<T: serde::de::DeserializeOwned>(&self, key: &register::Key) -> Option<T> {
        self.overlay.entry(key).or_else(|| self.found.entries.get(key)).and_then(satisfaction::known)
    }
}

/// The identity of whoever says something by himself.
pub(crate) fn identity_of(happening: &Happening, channel: &str) -> Option<Identity> {
    let event = &happening.event;
    let address = event.conversation_key.peer.as_deref().or(event.sender_id.as_deref())?;
    Some(Identity::of(channel, address))
}
