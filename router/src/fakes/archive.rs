//! What is read from the record in memory.

use std::collections::BTreeMap;

use async_trait::async_trait;
use blendline_cases::Case;
use blendline_core::MessageRow;
use blendline_core::rows::*;
use blendline_wire::event::Event;
use blendline_wire::worker::Author;
use blendline_wire::*;

use super::store::{FakeStore, Record};
use crate::payload::{MessageBody, StoredMessage};
use crate::ports::register::{Entry, Key, Kind};
use crate::ports::store::*;

#[async_trait]
impl Archive for FakeStore {
    async fn transcripts(&self, of: &[Transcript], limit: usize) -> Result<Vec<Vec<StoredMessage>>, StoreError> {
        let mut record = self.record();
        record.reads += 1;
        if record.unreadable {
            return Err(super::store::down());
        }
        let lines = |of: &Transcript| {
            let all = record.said_in(*of);
            all[all.len().saturating_sub(limit)..].to_vec()
        };
        Ok(of.iter().map(lines).collect())
    }

    async fn said_since(
        &self,
        of: &[(Transcript, Millis)],
        limit: usize,
    ) -> Result<Vec<Vec<StoredMessage>>, StoreError> {
        let mut record = self.record();
        record.reads += 1;
        let lines = |(of, since): &(Transcript, Millis)| {
            record.said_in(*of).into_iter().filter(|line| *since <= line.at).take(limit).collect()
        };
        Ok(of.iter().map(lines).collect())
    }

    async fn letters(&self, outbound: &[OutboundId]) -> Result<Vec<Letter>, StoreError> {
        let record = self.record();
        let letter = |id: &OutboundId| {
            let row = record.outbound.get(id)?.clone();
            let (_, body) = record.lines.iter().find(|(line, _)| line.outbound == Some(*id))?;
            let address = record.addresses.iter().find(|address| address.contact == row.contact)?;
            let (to, thread) = (address.address.clone(), address.thread.clone());
            let heard = record.lines.iter().rev().find(|(line, _)| {
                line.conversation == Some(row.conversation) && line.seq < row.seq && line.author == Author::Customer
            });
            let answers = heard.map(|(_, body)| body.clone().answered());
            Some(Letter { row, content: body.content.clone()?, to, thread, answers })
        };
        Ok(outbound.iter().filter_map(letter).collect())
    }

    async fn task(&self, id: TaskId) -> Result<Option<Task>, StoreError> {
        Ok(self.record().tasks.get(&id).cloned())
    }

    async fn conversation(&self, id: ConversationId) -> Result<Option<Conversation>, StoreError> {
        Ok(self.record().conversations.get(&id).cloned())
    }

    async fn case(&self, id: CaseId) -> Result<Option<Case>, StoreError> {
        Ok(self.record().cases.get(&id).cloned())
    }

    async fn cases(
        &self,
        tenant: TenantId,
        filter: &CaseFilter,
        after: Option<CaseId>,
        limit: usize,
    ) -> Result<Vec<Case>, StoreError> {
        let place = |case: &Case| (filter.by_due.then(|| case.due_at().unwrap_or(Millis(u64::MAX))), case.id);
        let record = self.record();
        let after = after.and_then(|after| record.cases.get(&after)).map(place);
        let mut found: Vec<&Case> = record.cases.values().filter(|case| is_asked(case, tenant, filter)).collect();
        found.retain(|case| after.is_none_or(|after| after < place(case)));
        found.sort_unstable_by_key(|case| place(case));
        Ok(found.into_iter().take(limit).cloned().collect())
    }

    async fn case_counts(&self, tenant: TenantId, filter: &CaseFilter) -> Result<Vec<CaseCount>, StoreError> {
        let record = self.record();
        let all = CaseFilter { late_at: None, ..filter.clone() };
        let mut counts: BTreeMap<(String, String), (u64, u64)> = BTreeMap::new();
        for case in record.cases.values().filter(|case| is_asked(case, tenant, &all)) {
            let (count, late) = counts.entry((case.case_type.clone(), case.stage.name.clone())).or_default();
            *count += 1;
            *late += u64::from(filter.late_at.is_some_and(|at| case.due_at().is_some_and(|due| due < at)));
        }
        let counted = |((case_type, stage), (count, late))| CaseCount { case_type, stage, count, late };
        Ok(counts.into_iter().map(counted).collect())
    }

    async fn cases_to_look_at(&self, _: u16, now: Millis, limit: usize) -> Result<Vec<CaseId>, StoreError> {
        let record = self.record();
        let due = record.cases.values().filter(|case| case.look_at.is_some_and(|at| at <= now));
        let mut found: Vec<_> = due.map(|case| (case.look_at, case.id)).collect();
        found.sort_unstable();
        Ok(found.into_iter().map(|(_, id)| id).take(limit).collect())
    }

    async fn promising(
        &self,
        tenant: TenantId,
        due_before: Millis,
        after: Option<(Millis, CaseId)>,
        limit: usize,
    ) -> Result<Vec<Case>, StoreError> {
        let record = self.record();
        let of_tenant = record.cases.values().filter(|case| case.tenant == tenant);
        let due = of_tenant.filter_map(|case| Some(((case.promise_due_at()?, case.id), case)));
        let mut found: Vec<_> = due.filter(|(place, _)| place.0 < due_before && Some(*place) > after).collect();
        found.sort_by_key(|(place, _)| *place);
        Ok(found.into_iter().map(|(_, case)| case.clone()).take(limit).collect())
    }

    async fn tasks(&self, _: TenantId, _: &TaskFilter, _: TaskId, _: usize) -> Result<Vec<Task>, StoreError> {
        Ok(Vec::new())
    }

    async fn conversations(&self, _: TenantId, _: ConversationId, _: usize) -> Result<Vec<Conversation>, StoreError> {
        Ok(Vec::new())
    }

    async fn events(&self, tenant: TenantId, after: u64, limit: usize) -> Result<Vec<Event>, StoreError> {
        let record = self.record();
        let mine = record.events.iter().filter(|event| event.tenant == tenant && after < event.id.0);
        Ok(mine.take(limit).cloned().collect())
    }

    async fn outbox(&self, _: TenantId, _: bool, _: OutboundId, _: usize) -> Result<Vec<OutboundRow>, StoreError> {
        Ok(Vec::new())
    }

    async fn said_lately(
        &self,
        tenant: TenantId,
        account: AccountId,
        limit: usize,
    ) -> Result<Vec<OutboundRow>, StoreError> {
        let record = self.record();
        let of = |row: &&OutboundRow| row.tenant == tenant && row.account == account;
        Ok(record.outbound.values().rev().filter(of).take(limit).cloned().collect())
    }

    async fn confirm_ended(&self, _: u16, now: Millis, limit: usize) -> Result<Vec<Conversation>, StoreError> {
        let record = self.record();
        let over = |row: &&Conversation| matches!(row.state, ConversationState::Solved { confirm_until, .. } if confirm_until <= now);
        Ok(record.conversations.values().filter(over).take(limit).cloned().collect())
    }

    async fn heard_lately(
        &self,
        _: u16,
        account: AccountId,
        since: Millis,
        limit: usize,
    ) -> Result<Vec<StoredMessage>, StoreError> {
        let record = self.record();
        let of = |row: &MessageRow| {
            let conversation = row.conversation.and_then(|id| record.conversations.get(&id));
            row.author == Author::Customer && row.at >= since && conversation.is_some_and(|row| row.account == account)
        };
        let heard = record.lines.iter().rev().filter(|(row, _)| of(row));
        Ok(heard.take(limit).map(|(row, body)| stored(row, body)).collect())
    }

    async fn quarantined(&self, _: TenantId, _: usize) -> Result<Vec<QuarantineRow>, StoreError> {
        Ok(self.record().quarantine.clone())
    }

    async fn quarantined_one(&self, _: TenantId, id: u64) -> Result<Option<QuarantineRow>, StoreError> {
        Ok(self.record().quarantine.iter().find(|row| row.id == id).cloned())
    }

    async fn entries(&self, keys: &[Key]) -> Result<Vec<Entry>, StoreError> {
        let record = self.record();
        Ok(keys.iter().filter_map(|key| record.entries.get(key).cloned()).collect())
    }

    async fn failed(&self, tenant: TenantId, after: OutboundId, limit: usize) -> Result<Vec<OutboundRow>, StoreError> {
        let record = self.record();
        let of = |row: &&OutboundRow| {
            row.tenant == tenant && row.id > after && matches!(row.state, OutboundState::Failed { .. })
        };
        Ok(record.outbound.values().filter(of).take(limit).cloned().collect())
    }

    async fn entries_of(
        &self,
        tenant: TenantId,
        kind: Kind,
        after: Option<Key>,
        limit: usize,
    ) -> Result<Vec<Entry>, StoreError> {
        let record = self.record();
        let of = |entry: &&Entry| entry.tenant == tenant && entry.kind == kind && Some(entry.key) > after;
        Ok(record.entries.values().filter(of).take(limit).cloned().collect())
    }

    async fn addresses_of(&self, contact: ContactKey, limit: usize) -> Result<Vec<KnownAddress>, StoreError> {
        let record = self.record();
        let known = record.addresses.iter().filter(|known| known.contact == contact).take(limit);
        let shown = |known: &NewAddress| KnownAddress {
            account: known.account,
            address: known.address.clone(),
            name: known.name.clone(),
        };
        Ok(known.map(shown).collect())
    }

    async fn contact_at(&self, address: [u8; 16]) -> Result<Option<ContactKey>, StoreError> {
        let record = self.record();
        Ok(record.addresses.iter().find(|known| known.hash == address).map(|known| known.contact))
    }

    async fn follow(
        &self,
        account: AccountId,
        contact: ContactKey,
        after: Option<(ConversationId, u64)>,
        limit: usize,
    ) -> Result<Following, StoreError> {
        let record = self.record();
        let own = |row: &&Conversation| row.contact == contact && row.account == account;
        let mut lines = Vec::new();
        for conversation in record.conversations.values().filter(own) {
            let said = |row: &MessageRow| row.conversation == Some(conversation.id) && row.author != Author::Note;
            let all = record.lines.iter().filter(|(row, _)| said(row) && after < Some((conversation.id, row.seq)));
            lines.extend(all.map(|(row, body)| (conversation.id, stored(row, body))));
        }
        match after {
            Some(_) => lines.truncate(limit),
            None => drop(lines.drain(..lines.len().saturating_sub(limit))),
        }
        let conversation = record.conversations.values().rfind(own).cloned();
        let task = conversation.as_ref().and_then(|row| match row.state {
            ConversationState::Open { task } => record.tasks.get(&task).cloned(),
            _ => None,
        });
        Ok(Following { lines, conversation, task })
    }

    async fn handles(&self, names: &[(String, String)]) -> Result<Vec<u64>, StoreError> {
        let mut record = self.record();
        let handle = |(kind, name): &(String, String)| {
            let known = record.names.entry(kind.clone()).or_default();
            let next = known.len() as u64 + 1;
            *known.entry(name.clone()).or_insert(next)
        };
        Ok(names.iter().map(handle).collect())
    }

    async fn names(&self, kind: &str) -> Result<Vec<(String, u64)>, StoreError> {
        let record = self.record();
        Ok(record.names.get(kind).into_iter().flatten().map(|(name, handle)| (name.clone(), *handle)).collect())
    }

    async fn journal(&self, _: u16, _: Millis, after: u64, limit: usize) -> Result<Vec<JournalRow>, StoreError> {
        let record = self.record();
        let row = |(batch, (now, inputs)): (usize, &(Millis, String))| JournalRow {
            batch: batch as u64 + 1,
            now: *now,
            inputs: inputs.clone().into_bytes(),
        };
        let rows = record.times.iter().copied().zip(record.journal.iter().cloned()).collect::<Vec<_>>();
        Ok(rows.iter().enumerate().map(row).filter(|row| after < row.batch).take(limit).collect())
    }

    async fn shards(&self, tenants: &[TenantId], _: u16) -> Result<Vec<u16>, StoreError> {
        Ok(vec![0; tenants.len()])
    }
}

impl Record {
    /// All lines of a transcript.
    fn said_in(&self, of: Transcript) -> Vec<StoredMessage> {
        let mine = self.lines.iter().filter(|(row, _)| match of {
            Transcript::Conversation(id) => row.conversation == Some(id),
            Transcript::Task(id) => row.conversation.is_none() && row.task == Some(id),
        });
        mine.map(|(row, body)| stored(row, body)).collect()
    }
}

fn stored(row: &MessageRow, body: &MessageBody) -> StoredMessage {
    StoredMessage {
        seq: row.seq,
        at: row.at,
        author: row.author,
        worker: row.worker,
        outbound: row.outbound,
        body: body.clone(),
    }
}

fn is_asked(case: &Case, tenant: TenantId, filter: &CaseFilter) -> bool {
    let stage = || format!("{}/{}", case.case_type, case.stage.name);
    case.tenant == tenant
        && (!filter.open || case.is_open())
        && (!filter.over || !case.is_open())
        && filter.contact.is_none_or(|contact| case.links.contact == Some(contact))
        && filter.matter.is_none_or(|matter| case.links.matter == Some(matter))
        && filter.owner.is_none_or(|owner| case.owner == Some(owner))
        && filter.case_type.as_ref().is_none_or(|name| *name == case.case_type)
        && filter.stages.as_ref().is_none_or(|names| names.contains(&stage()))
        && filter.late_at.is_none_or(|at| case.due_at().is_some_and(|due| due < at))
}
