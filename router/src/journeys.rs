//! The events of a journey: those of one customer, on whichever of his channels, or of one case.
//!
//! A customer's are those of the matters of his conversations and of his cases; a case's are its own and those of its matter.
//! What happened to a case lies beside it ([`crate::case_history`]), everything else in the log, by its matter.

use std::collections::{BTreeMap, BTreeSet};

use blendline_cases::Case;
use blendline_wire::event::{Event, EventKind};
use blendline_wire::{CaseId, ContactKey, MatterId, TaskId, TenantId};

use crate::case_history;
use crate::directory::Directory;
use crate::persons::{self, Identity};
use crate::ports::store::{Archive, CaseFilter, StoreError};

/// Events that one journey is made of: the newest.
pub const EVENTS_MAX: usize = 2_000;
/// Conversations of one customer that are looked at: the newest.
pub const CONVERSATIONS_MAX: usize = 100;
/// Cases of each of his contacts that are looked at.
const CASES_MAX: usize = 20;
/// Contacts of one person that are looked at.
const CONTACTS_MAX: usize = 20;
/// Tasks of a case without a matter that are looked at: the newest.
const TASKS_MAX: usize = 50;

/// What was found.
#[derive(Debug, Default)]
pub struct Happened {
    /// The events, oldest first.
    pub events: Vec<Event>,
    /// Whether there was more than is looked at: then the beginning is missing.
    pub more: bool,
}

/// A contact and the others of whoever has it.
///
/// # Errors
/// When the record does not answer.
pub async fn contacts_of(
    archive: &dyn Archive,
    directory: &Directory,
    tenant: TenantId,
    contact: ContactKey,
) -> Result<Vec<ContactKey>, StoreError> {
    let mut contacts = vec![contact];
    let found = archive.addresses_of(contact, 1).await?;
    let known = found.first().and_then(|known| Some((known, directory.accounts.get(&known.account)?)));
    if let Some((known, entry)) = known.filter(|(_, entry)| entry.tenant == tenant) {
        let identity = Identity::of(&entry.channel, known.address.expose());
        let person = persons::person(archive, tenant, identity).await?;
        let others = person.contacts.into_iter().map(|(other, _)| other).filter(|other| *other != contact);
        contacts.extend(others.take(CONTACTS_MAX));
    }
    Ok(contacts)
}

/// What happened to whoever has these contacts.
///
/// # Errors
/// When the record does not answer.
pub async fn of_contacts(
    archive: &dyn Archive,
    tenant: TenantId,
    contacts: &[ContactKey],
) -> Result<Happened, StoreError> {
    let conversations = archive.conversations_of(contacts, CONVERSATIONS_MAX).await?;
    let mut looking = Looking::new(archive, tenant);
    looking.more = conversations.len() == CONVERSATIONS_MAX;
    looking.matters.extend(conversations.iter().map(|row| row.matter));
    for contact in contacts {
        let filter = CaseFilter { contact: Some(*contact), ..CaseFilter::default() };
        let cases = archive.cases(tenant, &filter, None, CASES_MAX).await?;
        looking.more |= cases.len() == CASES_MAX;
        for case in &cases {
            looking.case(case).await?;
        }
    }
    looking.whole(None).await
}

/// What happened to a case, and in its matter.
///
/// # Errors
/// When the record does not answer.
pub async fn of_case(archive: &dyn Archive, case: &Case) -> Result<Happened, StoreError> {
    let mut looking = Looking::new(archive, case.tenant);
    looking.case(case).await?;
    looking.whole(Some(case.id)).await
}

/// What was found so far.
struct Looking<'a> {
    archive: &'a dyn Archive,
    tenant: TenantId,
    matters: BTreeSet<MatterId>,
    events: Vec<Event>,
    more: bool,
}

impl<'a> Looking<'a> {
    const fn new(archive: &'a dyn Archive, tenant: TenantId) -> Self {
        Self { archive, tenant, matters: BTreeSet::new(), events: Vec::new(), more: false }
    }

    /// Adds a case: its events, and the matter in which its work is done.
    async fn case(&mut self, case: &Case) -> Result<(), StoreError> {
        let own = case_history::of_case(self.archive, self.tenant, case.id).await?;
        self.more |= own.len() == case_history::SHOWN_MAX;
        match case.links.matter {
            Some(matter) => drop(self.matters.insert(matter)),
            None => {
                let worked = |event: &Event| match &event.kind {
                    EventKind::CaseWork(work) => work.of_task,
                    _ => None,
                };
                let tasks: Vec<TaskId> = own.iter().rev().filter_map(worked).take(TASKS_MAX).collect();
                for task in tasks {
                    self.matters.extend(self.archive.task(task).await?.map(|task| task.matter));
                }
            }
        }
        self.events.extend(own);
        Ok(())
    }

    /// Everything, in the order of time and each event once; of other cases than `only`, where one is named, nothing.
    async fn whole(mut self, only: Option<CaseId>) -> Result<Happened, StoreError> {
        let matters: Vec<MatterId> = self.matters.into_iter().collect();
        let happened = self.archive.happened(self.tenant, &matters, EVENTS_MAX).await?;
        self.more |= happened.len() == EVENTS_MAX;
        let is_of = |event: &Event| only.is_none() || event.kind.case().is_none_or(|case| Some(case) == only);
        let all = self.events.into_iter().chain(happened).filter(is_of);
        let by_time: BTreeMap<_, Event> = all.map(|event| ((event.at, event.id), event)).collect();
        let over = by_time.len().saturating_sub(EVENTS_MAX);
        Ok(Happened { more: self.more || 0 < over, events: by_time.into_values().skip(over).collect() })
    }
}
