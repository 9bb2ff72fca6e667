//! A commit, turned into columns and text: what every store of rows keeps, whatever its database.

mod company;

use std::ops::Range;

use blendline_core::rows::{Conversation, ConversationState, OutboundRow, OutboundState, Task, TaskState};
use blendline_core::{MessageRow, Write};
use blendline_wire::event::Event;
use blendline_wire::task::Side;
use blendline_wire::worker::Author;
use blendline_wire::{CaseId, ContactKey, Millis, Pii, TenantId};
use serde::{Deserialize, Serialize};

pub(in crate::adapters) use self::company::{
    CaseColumns, ExternalColumns, ImprovementColumns, JudgementColumns, LineColumns,
};
use crate::ports::external::ExternalWrite;
use crate::ports::store::{Commit, NewAddress, QuarantineRow, StoreError};

/// A number as SQL has it. Ids and times stay far below the limit; [`Millis::MAX`] becomes the largest.
pub(in crate::adapters) fn sql(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A number as the program has it; the columns it is read from never hold negative ones.
pub(in crate::adapters) fn unsql(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

/// A limit as SQL has it.
pub(in crate::adapters) fn rows(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

/// A batch, ready to be bound. All texts lie in one buffer: one allocation instead of thousands.
pub(in crate::adapters) struct Batch {
    pub(in crate::adapters) shard: u16,
    pub(in crate::adapters) epoch: u64,
    pub(in crate::adapters) batch: u64,
    pub(in crate::adapters) now: Millis,
    pub(in crate::adapters) lease_ms: u64,
    pub(in crate::adapters) rows: Vec<Row>,
    pub(in crate::adapters) keys: Vec<([u8; 16], Vec<u8>)>,
    pub(in crate::adapters) addresses: Vec<AddressRow>,
    pub(in crate::adapters) entries: Vec<EntryRow>,
    pub(in crate::adapters) cases: Vec<CaseColumns>,
    pub(in crate::adapters) lines: Vec<LineColumns>,
    /// (the tenant, the reference, the case).
    pub(in crate::adapters) references: Vec<(i64, String, [u8; 16])>,
    pub(in crate::adapters) externals: Vec<ExternalColumns>,
    pub(in crate::adapters) externals_removed: Vec<[u8; 16]>,
    pub(in crate::adapters) judgements: Vec<JudgementColumns>,
    pub(in crate::adapters) improvements: Vec<ImprovementColumns>,
    pub(in crate::adapters) quarantine: Vec<QuarantineRow>,
    pub(in crate::adapters) journal: Vec<u8>,
    /// (our id, the platform's).
    pub(in crate::adapters) sent: Vec<(i64, String)>,
    text: Vec<u8>,
}

/// Where a body lies in the buffer.
pub(in crate::adapters) type Body = Range<usize>;

/// One row to write.
pub(in crate::adapters) enum Row {
    Setting { kind: &'static str, id: i64, body: Body },
    SettingRemoved { kind: &'static str, id: i64 },
    Worker { id: i64, body: Body },
    WorkerRemoved { id: i64 },
    Conversation(ConversationColumns),
    Task(TaskColumns),
    Outbound(OutboundColumns),
    Message(MessageColumns),
    Event { tenant: i64, id: i64, at: i64, matter: Option<i64>, body: Body },
}

pub(in crate::adapters) struct ConversationColumns {
    pub(in crate::adapters) id: i64,
    pub(in crate::adapters) tenant: i64,
    pub(in crate::adapters) account: i64,
    pub(in crate::adapters) contact: [u8; 16],
    pub(in crate::adapters) state: &'static str,
    pub(in crate::adapters) confirm_until: Option<i64>,
    pub(in crate::adapters) body: Body,
}

pub(in crate::adapters) struct TaskColumns {
    pub(in crate::adapters) id: i64,
    pub(in crate::adapters) tenant: i64,
    pub(in crate::adapters) queue: i64,
    pub(in crate::adapters) side: &'static str,
    pub(in crate::adapters) worker: Option<i64>,
    pub(in crate::adapters) matter: i64,
    pub(in crate::adapters) state: &'static str,
    pub(in crate::adapters) body: Body,
}

pub(in crate::adapters) struct OutboundColumns {
    pub(in crate::adapters) id: i64,
    pub(in crate::adapters) tenant: i64,
    pub(in crate::adapters) account: i64,
    pub(in crate::adapters) contact: [u8; 16],
    pub(in crate::adapters) state: &'static str,
    pub(in crate::adapters) open: bool,
    pub(in crate::adapters) content: Option<Body>,
    pub(in crate::adapters) body: Body,
}

pub(in crate::adapters) struct MessageColumns {
    pub(in crate::adapters) transcript: i64,
    pub(in crate::adapters) seq: i64,
    pub(in crate::adapters) tenant: i64,
    pub(in crate::adapters) task: Option<i64>,
    pub(in crate::adapters) at: i64,
    pub(in crate::adapters) author: &'static str,
    pub(in crate::adapters) worker: Option<i64>,
    pub(in crate::adapters) outbound: Option<i64>,
    pub(in crate::adapters) body: Body,
}

pub(in crate::adapters) struct AddressRow {
    pub(in crate::adapters) hash: [u8; 16],
    pub(in crate::adapters) contact: [u8; 16],
    pub(in crate::adapters) tenant: i64,
    pub(in crate::adapters) account: i64,
    pub(in crate::adapters) body: Body,
}

pub(in crate::adapters) struct EntryRow {
    pub(in crate::adapters) key: [u8; 16],
    pub(in crate::adapters) kind: &'static str,
    pub(in crate::adapters) tenant: i64,
    pub(in crate::adapters) at: i64,
    pub(in crate::adapters) body: Body,
}

/// The part of an address that no query looks into. As JSON, so that any text fits, also one with a NUL in it.
#[derive(Deserialize, Serialize)]
pub(in crate::adapters) struct AddressBody {
    pub(in crate::adapters) address: Pii<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::adapters) thread: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::adapters) name: Option<Pii<String>>,
}

/// A contact's key as bytes.
pub(in crate::adapters) const fn contact_bytes(contact: ContactKey) -> [u8; 16] {
    contact.0.to_be_bytes()
}

/// The name of a side, as queries have it.
pub(in crate::adapters) const fn side_name(side: Side) -> &'static str {
    match side {
        Side::Front => "front",
        Side::Back => "back",
    }
}

/// The name of an author, as the transcript has it.
const fn author_name(author: Author) -> &'static str {
    match author {
        Author::Customer => "customer",
        Author::Worker => "worker",
        Author::Note => "note",
    }
}

/// The author of this name.
pub(in crate::adapters) fn author(name: &str) -> Option<Author> {
    [Author::Customer, Author::Worker, Author::Note].into_iter().find(|author| author_name(*author) == name)
}

impl Batch {
    /// Reads a commit. `Corrupt` when a row cannot be text, or a message of the batch has no text.
    pub(in crate::adapters) fn new(commit: &Commit) -> Result<Self, StoreError> {
        let mut batch = Self {
            shard: commit.shard,
            epoch: commit.epoch,
            batch: commit.batch,
            now: commit.now,
            lease_ms: commit.lease_ms,
            rows: Vec::with_capacity(commit.writes.len()),
            keys: commit.keys.clone(),
            addresses: Vec::with_capacity(commit.addresses.len()),
            entries: Vec::with_capacity(commit.entries.len()),
            cases: Vec::with_capacity(commit.cases.len()),
            lines: Vec::with_capacity(commit.lines.len()),
            references: Vec::with_capacity(commit.references.len()),
            externals: Vec::new(),
            externals_removed: Vec::new(),
            judgements: Vec::with_capacity(commit.judgements.len()),
            improvements: Vec::with_capacity(commit.improvements.len()),
            quarantine: commit.quarantine.clone(),
            journal: commit.journal.clone(),
            sent: commit.sent.iter().map(|(id, _, external)| (sql(id.0), external.clone())).collect(),
            text: Vec::with_capacity(commit.writes.len() * 512),
        };
        for write in &commit.writes {
            let row = batch.row(write, commit)?;
            batch.rows.push(row);
        }
        for address in &commit.addresses {
            let row = batch.address(address)?;
            batch.addresses.push(row);
        }
        for entry in &commit.entries {
            let body = batch.body(&entry.body)?;
            let (tenant, at) = (sql(entry.tenant.0), sql(entry.at.0));
            batch.entries.push(EntryRow { key: entry.key, kind: entry.kind.as_str(), tenant, at, body });
        }
        for case in &commit.cases {
            let row = batch.case(case)?;
            batch.cases.push(row);
        }
        for line in &commit.lines {
            let row = batch.line(line)?;
            batch.lines.push(row);
        }
        let reference =
            |(tenant, text, case): &(TenantId, String, CaseId)| (sql(tenant.0), text.clone(), case.0.to_be_bytes());
        batch.references.extend(commit.references.iter().map(reference));
        for write in &commit.externals {
            match write {
                ExternalWrite::Put(held) => {
                    let row = batch.external(held)?;
                    batch.externals.push(row);
                }
                ExternalWrite::Remove(id) => batch.externals_removed.push(id.0.to_be_bytes()),
            }
        }
        for judgement in &commit.judgements {
            let row = batch.judgement(judgement)?;
            batch.judgements.push(row);
        }
        for improvement in &commit.improvements {
            let row = batch.improvement(improvement)?;
            batch.improvements.push(row);
        }
        Ok(batch)
    }

    /// A body as text. JSON is UTF-8, so it need not be checked again.
    pub(in crate::adapters) fn text(&self, body: &Body) -> &[u8] {
        self.text.get(body.clone()).unwrap_or_default()
    }

    fn body(&mut self, value: &impl Serialize) -> Result<Body, StoreError> {
        let from = self.text.len();
        serde_json::to_writer(&mut self.text, value).map_err(|error| StoreError::Corrupt(error.to_string()))?;
        Ok(from..self.text.len())
    }

    fn setting(&mut self, kind: &'static str, id: u64, value: &impl Serialize) -> Result<Row, StoreError> {
        Ok(Row::Setting { kind, id: sql(id), body: self.body(value)? })
    }

    fn row(&mut self, write: &Write, commit: &Commit) -> Result<Row, StoreError> {
        match write {
            Write::Meta(meta) => self.setting("meta", 0, meta),
            Write::Tenant(tenant) => self.setting("tenant", tenant.id.0, tenant),
            Write::Account(account) => self.setting("account", account.id.0, account),
            Write::Calendar(calendar) => self.setting("calendar", calendar.id.0, calendar),
            Write::Queue(queue) => self.setting("queue", queue.id.0, queue),
            Write::QueueRemoved(queue) => Ok(Row::SettingRemoved { kind: "queue", id: sql(queue.0) }),
            Write::Worker(worker) => Ok(Row::Worker { id: sql(worker.settings.id.0), body: self.body(worker)? }),
            Write::WorkerRemoved(worker) => Ok(Row::WorkerRemoved { id: sql(worker.0) }),
            Write::Conversation(conversation) => self.conversation(conversation),
            Write::Task(task) => self.task(task),
            Write::Outbound(outbound) => self.outbound(outbound, commit),
            Write::Learnt(learnt) => self.setting("learnt", learnt.queue.0, &**learnt),
            Write::LearntRemoved(queue) => Ok(Row::SettingRemoved { kind: "learnt", id: sql(queue.0) }),
            Write::Message(message) => self.message(message, commit),
            Write::Event(event) => self.event(event),
        }
    }

    fn conversation(&mut self, row: &Conversation) -> Result<Row, StoreError> {
        let (state, confirm_until) = match &row.state {
            ConversationState::Open { .. } => ("open", None),
            ConversationState::Solved { confirm_until, .. } => ("solved", Some(sql(confirm_until.0))),
            ConversationState::Confirmed { .. } => ("confirmed", None),
            ConversationState::Unconfirmed { .. } => ("unconfirmed", None),
        };
        Ok(Row::Conversation(ConversationColumns {
            id: sql(row.id.0),
            tenant: sql(row.tenant.0),
            account: sql(row.account.0),
            contact: contact_bytes(row.contact),
            state,
            confirm_until,
            body: self.body(row)?,
        }))
    }

    fn task(&mut self, row: &Task) -> Result<Row, StoreError> {
        let worker = match &row.state {
            TaskState::Closed { worker, .. } => *worker,
            state => state.holder(),
        };
        Ok(Row::Task(TaskColumns {
            id: sql(row.id.0),
            tenant: sql(row.tenant.0),
            queue: sql(row.queue.0),
            side: side_name(row.side),
            worker: worker.map(|worker| sql(worker.0)),
            matter: sql(row.matter.0),
            state: row.state.name(),
            body: self.body(row)?,
        }))
    }

    fn outbound(&mut self, row: &OutboundRow, commit: &Commit) -> Result<Row, StoreError> {
        let state = match &row.state {
            OutboundState::Queued => "queued",
            OutboundState::Handed { .. } => "handed",
            OutboundState::Delayed { .. } => "delayed",
            OutboundState::Sent { .. } => "sent",
            OutboundState::Failed { .. } => "failed",
            OutboundState::Unknown { .. } => "unknown",
        };
        let content = commit.payloads.get(&row.payload).and_then(|body| body.content.as_ref());
        Ok(Row::Outbound(OutboundColumns {
            id: sql(row.id.0),
            tenant: sql(row.tenant.0),
            account: sql(row.account.0),
            contact: contact_bytes(row.contact),
            state,
            open: !row.state.is_final(),
            content: content.map(|content| self.body(content)).transpose()?,
            body: self.body(row)?,
        }))
    }

    fn message(&mut self, row: &MessageRow, commit: &Commit) -> Result<Row, StoreError> {
        let transcript = row.conversation.map(|conversation| conversation.0).or(row.task.map(|task| task.0));
        let transcript = transcript.ok_or_else(|| StoreError::Corrupt("a message belongs to nothing".into()))?;
        let text = commit
            .payloads
            .get(&row.payload)
            .ok_or_else(|| StoreError::Corrupt(format!("message {} of {transcript} has no text", row.seq)))?;
        Ok(Row::Message(MessageColumns {
            transcript: sql(transcript),
            seq: sql(row.seq),
            tenant: sql(row.tenant.0),
            task: row.task.map(|task| sql(task.0)),
            at: sql(row.at.0),
            author: author_name(row.author),
            worker: row.worker.map(|worker| sql(worker.0)),
            outbound: row.outbound.map(|outbound| sql(outbound.0)),
            body: self.body(text)?,
        }))
    }

    fn event(&mut self, row: &Event) -> Result<Row, StoreError> {
        let (tenant, id, at) = (sql(row.tenant.0), sql(row.id.0), sql(row.at.0));
        let matter = row.matter.map(|matter| sql(matter.0));
        Ok(Row::Event { tenant, id, at, matter, body: self.body(row)? })
    }

    fn address(&mut self, row: &NewAddress) -> Result<AddressRow, StoreError> {
        let body = AddressBody { address: row.address.clone(), thread: row.thread.clone(), name: row.name.clone() };
        Ok(AddressRow {
            hash: row.hash,
            contact: contact_bytes(row.contact),
            tenant: sql(row.tenant.0),
            account: sql(row.account.0),
            body: self.body(&body)?,
        })
    }
}
