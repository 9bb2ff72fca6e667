//! The record in memory.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};

use async_trait::async_trait;
use blendline_authority::Line;
use blendline_cases::Case;
use blendline_cases::systems::Held;
use blendline_core::rows::*;
use blendline_core::{MessageRow, Write};
use blendline_improvements::Improvement;
use blendline_quality::Judgement;
use blendline_wire::event::Event;
use blendline_wire::*;
use tokio::sync::watch;

use crate::payload::MessageBody;
use crate::ports::ledger::LinePlace;
use crate::ports::register::{Entry, Key};
use crate::ports::store::*;

/// What goes wrong with a commit.
#[derive(Clone, Copy)]
pub(crate) enum Fault {
    /// It is not made and nobody hears of it.
    Before,
    /// It is made and nobody hears of it.
    After,
}

#[derive(Default)]
pub(crate) struct Record {
    pub(crate) epoch: u64,
    pub(crate) batch: u64,
    held: bool,
    rows: Snapshot,
    pub(crate) tasks: BTreeMap<TaskId, Task>,
    pub(crate) conversations: BTreeMap<ConversationId, Conversation>,
    pub(crate) outbound: BTreeMap<OutboundId, OutboundRow>,
    workers: BTreeMap<WorkerId, Worker>,
    pub(crate) lines: Vec<(MessageRow, MessageBody)>,
    pub(crate) events: Vec<Event>,
    keys: HashMap<[u8; 16], Vec<u8>>,
    pub(crate) addresses: Vec<NewAddress>,
    external: HashMap<(AccountId, String), OutboundId>,
    pub(crate) entries: BTreeMap<Key, Entry>,
    pub(crate) cases: BTreeMap<CaseId, Case>,
    pub(crate) ledger: Vec<Line>,
    pub(crate) externals: BTreeMap<ExternalId, Held>,
    pub(crate) judgements: BTreeMap<JudgementId, Judgement>,
    pub(crate) improvements: BTreeMap<ImprovementId, Improvement>,
    pub(crate) references: Vec<(TenantId, String, CaseId)>,
    pub(crate) quarantine: Vec<QuarantineRow>,
    claims: HashMap<(OutboundId, u32), (String, Millis)>,
    pub(super) names: BTreeMap<String, BTreeMap<String, u64>>,
    pub(crate) journal: Vec<String>,
    /// The time of each batch of the journal.
    pub(super) times: Vec<Millis>,
    pub(crate) faults: VecDeque<Fault>,
    pub(crate) down: bool,
    /// While set, no transcript can be read.
    pub(crate) unreadable: bool,
    /// So many claims are granted and nobody hears of it.
    pub(crate) claims_unheard: usize,
    pub(crate) reads: usize,
}

/// The record in memory.
#[derive(Clone)]
pub(crate) struct FakeStore {
    record: Arc<Mutex<Record>>,
    changed: watch::Sender<u64>,
}

impl FakeStore {
    pub(crate) fn new() -> Self {
        Self { record: Arc::default(), changed: watch::channel(0).0 }
    }

    pub(crate) fn record(&self) -> MutexGuard<'_, Record> {
        self.record.lock().unwrap()
    }

    /// Another owner took the shard.
    pub(crate) fn fence(&self) {
        self.record().epoch += 1;
    }

    /// Waits until the record looks so; fails after a (virtual) minute.
    pub(crate) async fn until<T>(&self, what: &str, look: impl Fn(&Record) -> Option<T>) -> T {
        let mut changed = self.changed.subscribe();
        let wait = async {
            loop {
                if let Some(seen) = look(&self.record()) {
                    return seen;
                }
                changed.changed().await.unwrap();
            }
        };
        let waited = tokio::time::timeout(tokio::time::Duration::from_secs(60), wait).await;
        waited.unwrap_or_else(|_| panic!("never saw: {what}"))
    }
}

impl Record {
    fn apply(&mut self, commit: &Commit) {
        for write in commit.writes.iter().cloned() {
            match write {
                Write::Meta(row) => self.rows.meta = row,
                Write::Tenant(row) => self.rows.tenants.push(row),
                Write::Account(row) => self.rows.accounts.push(row),
                Write::Calendar(row) => self.rows.calendars.push(row),
                Write::Queue(row) => self.rows.queues.push(*row),
                Write::QueueRemoved(id) => self.rows.queues.retain(|row| row.id != id),
                Write::Worker(row) => drop(self.workers.insert(row.settings.id, *row)),
                Write::WorkerRemoved(id) => drop(self.workers.remove(&id)),
                Write::Conversation(row) => drop(self.conversations.insert(row.id, *row)),
                Write::Task(row) => drop(self.tasks.insert(row.id, *row)),
                Write::Outbound(row) => drop(self.outbound.insert(row.id, *row)),
                Write::Learnt(row) => {
                    self.rows.learnt.retain(|other| other.queue != row.queue);
                    self.rows.learnt.push(*row);
                }
                Write::LearntRemoved(queue) => self.rows.learnt.retain(|row| row.queue != queue),
                Write::Message(row) => self.lines.push((row, commit.payloads[&row.payload].clone())),
                Write::Event(event) => self.events.push(*event),
            }
        }
        for (key, value) in &commit.keys {
            assert!(self.keys.insert(*key, value.clone()).is_none(), "a key was committed twice");
        }
        self.addresses.extend(commit.addresses.iter().cloned());
        self.entries.extend(commit.entries.iter().map(|entry| (entry.key, entry.clone())));
        for line in &commit.lines {
            let place = LinePlace::of(line);
            assert!(self.ledger.iter().all(|other| LinePlace::of(other) != place), "a line was written twice");
            self.ledger.push(line.clone());
        }
        self.cases.extend(commit.cases.iter().map(|case| (case.id, case.clone())));
        self.references.extend(commit.references.iter().cloned());
        self.take_externals(&commit.externals);
        self.judgements.extend(commit.judgements.iter().map(|it| (it.id(), it.clone())));
        self.improvements.extend(commit.improvements.iter().map(|it| (it.id, it.clone())));
        self.quarantine.extend(commit.quarantine.iter().cloned());
        for (outbound, account, external) in &commit.sent {
            self.external.insert((*account, external.clone()), *outbound);
        }
        self.journal.push(String::from_utf8(commit.journal.clone()).unwrap());
        self.times.push(commit.now);
        self.batch = commit.batch;
    }

    fn latest(&self, contact: ContactKey) -> Option<&Conversation> {
        self.conversations.values().rfind(|row| row.contact == contact).filter(|row| row.state.ended_at().is_some())
    }
}

pub(super) fn down() -> StoreError {
    StoreError::Unavailable("switched off".into())
}

#[async_trait]
impl Store for FakeStore {
    async fn take(&self, _: u16, _: &str, _: u64) -> Result<Tenure, StoreError> {
        let mut record = self.record();
        if record.down {
            return Err(down());
        }
        if record.held {
            return Err(StoreError::Held { owner: "another".into(), left_ms: 1_000 });
        }
        record.epoch += 1;
        Ok(Tenure { epoch: record.epoch, batch: record.batch, now: record.times.last().copied().unwrap_or_default() })
    }

    async fn renew(&self, _: u16, epoch: u64, _: u64) -> Result<(), StoreError> {
        let record = self.record();
        if record.down { Err(down()) } else { (record.epoch == epoch).then_some(()).ok_or(StoreError::Fenced) }
    }

    async fn give_up(&self, _: u16, _: u64) -> Result<(), StoreError> {
        Ok(())
    }

    async fn load(&self, _: u16) -> Result<Snapshot, StoreError> {
        let record = self.record();
        let mut rows = record.rows.clone();
        rows.workers = record.workers.values().cloned().collect();
        rows.conversations = record.conversations.values().filter(|r| r.state.ended_at().is_none()).cloned().collect();
        let closed = |task: &&Task| !matches!(task.state, TaskState::Closed { .. });
        rows.tasks = record.tasks.values().filter(closed).cloned().collect();
        rows.outbound = record.outbound.values().filter(|row| !row.state.is_final()).cloned().collect();
        Ok(rows)
    }

    async fn prefetch(&self, _: u16, wanted: &Wanted) -> Result<Found, StoreError> {
        let record = self.record();
        if record.down {
            return Err(down());
        }
        let mut found = Found::default();
        for key in &wanted.keys {
            found.keys.extend(record.keys.get(key).map(|value| (*key, value.clone())));
        }
        for hash in &wanted.addresses {
            let Some(known) = record.addresses.iter().find(|known| known.hash == *hash) else { continue };
            found.contacts.insert(*hash, known.contact);
            found.latest.extend(record.latest(known.contact).map(|row| (known.contact, row.clone())));
        }
        for id in &wanted.outbound {
            found.outbound.extend(record.outbound.get(id).map(|row| (*id, row.clone())));
        }
        for name in wanted.external.iter().chain(&wanted.answered) {
            let Some(id) = record.external.get(name) else { continue };
            found.external.insert(name.clone(), *id);
            let Some(row) = record.outbound.get(id) else { continue };
            found.outbound.insert(*id, row.clone());
            found.latest.extend(record.latest(row.contact).map(|latest| (row.contact, latest.clone())));
        }
        for key in &wanted.entries {
            found.entries.extend(record.entries.get(key).map(|entry| (*key, entry.clone())));
        }
        for id in &wanted.cases {
            found.cases.extend(record.cases.get(id).map(|case| (*id, case.clone())));
        }
        let of_task = |case: &&Case| case.task.is_some_and(|task| wanted.case_tasks.contains(&task));
        let of_matter = |case: &&Case| {
            case.is_open() && case.links.matter.is_some_and(|matter| wanted.case_matters.contains(&matter))
        };
        found.cases.extend(record.cases.values().filter(of_matter).map(|case| (case.id, case.clone())));
        found.externals = record.held_events(&wanted.externals);
        found.judgements = super::judgements::judgements(record.judgements.values(), &wanted.judgements);
        found.improvements = super::improvements::some(record.improvements.values(), &wanted.improvements);
        for id in record.bearing(&wanted.externals) {
            found.cases.extend(record.cases.get(&id).map(|case| (id, case.clone())));
        }
        found.lines = super::ledger::lines(&record.ledger, &wanted.lines);
        found.cases.extend(record.cases.values().filter(of_task).map(|case| (case.id, case.clone())));
        let contacts: Vec<_> = found.cases.values().filter_map(|case| case.links.contact).collect();
        for contact in contacts {
            found.latest.extend(record.latest(contact).map(|row| (contact, row.clone())));
        }
        for id in &wanted.conversations {
            let Some(row) = record.conversations.get(id) else { continue };
            found.conversations.insert(*id, row.clone());
            found.latest.extend(record.latest(row.contact).map(|latest| (row.contact, latest.clone())));
        }
        Ok(found)
    }

    async fn commit(&self, commit: &Commit) -> Result<(), StoreError> {
        let mut record = self.record();
        if record.epoch != commit.epoch {
            return Err(StoreError::Fenced);
        }
        if record.down {
            return Err(down());
        }
        let fault = record.faults.pop_front();
        if matches!(fault, Some(Fault::Before)) {
            return Err(down());
        }
        if record.batch != commit.batch {
            assert_eq!(record.batch + 1, commit.batch, "batches are numbered without gaps");
            record.apply(commit);
        }
        drop(record);
        self.changed.send_modify(|count| *count += 1);
        if fault.is_some() { Err(down()) } else { Ok(()) }
    }

    async fn sweep(&self, _: Millis) -> Result<bool, StoreError> {
        Ok(false)
    }

    async fn claim(&self, id: OutboundId, attempt: u32, sender: &str, now: Millis) -> Result<Claim, StoreError> {
        let mut record = self.record();
        if record.claims_unheard > 0 {
            record.claims_unheard -= 1;
            record.claims.insert((id, attempt), (sender.to_owned(), now));
            return Err(down());
        }
        if let Some((sender, at)) = record.claims.get(&(id, attempt)).cloned() {
            return Ok(Claim::Taken { sender, at });
        }
        record.claims.insert((id, attempt), (sender.to_owned(), now));
        Ok(Claim::Granted)
    }
}
