//! One batch in the making: what is committed, and what is released after that.

use std::collections::{BTreeMap, HashMap};

use blendline_cases::Case;
use blendline_core::input::{CallId, PayloadId};
use blendline_core::rows::Snapshot;
use blendline_core::{Command, Write};
use blendline_improvements::Improvement;
use blendline_quality::Judgement;
use blendline_rules::record::SNAPSHOT;
use blendline_wire::event::EventKind;
use blendline_wire::{
    AccountId, CalendarId, ConversationId, Millis, OutboundId, QueueId, SessionId, TaskId, TenantId, WorkerId,
};

use crate::driver::handover::courier::Mailing;
use crate::driver::keys::Key;
use crate::driver::release::{Handed, Output};
use crate::payload::MessageBody;
use crate::ports::external::ExternalWrite;
use crate::ports::register;
use crate::ports::store::{Commit, QuarantineRow};
use crate::traces::Span;

/// Bits of a payload's number that count within its batch; the rest is the batch's number.
const INDEX_BITS: u32 = 20;

/// A row that is written at most once per batch.
#[derive(Eq, Hash, PartialEq)]
enum RowKey {
    Meta,
    Tenant(TenantId),
    Account(AccountId),
    Calendar(CalendarId),
    Queue(QueueId),
    Worker(WorkerId),
    Conversation(ConversationId),
    Task(TaskId),
    Outbound(OutboundId),
    Learnt(QueueId),
}

impl RowKey {
    /// `None` for what is only ever added.
    fn of(write: &Write) -> Option<Self> {
        Some(match write {
            Write::Meta(_) => Self::Meta,
            Write::Tenant(row) => Self::Tenant(row.id),
            Write::Account(row) => Self::Account(row.id),
            Write::Calendar(row) => Self::Calendar(row.id),
            Write::Queue(row) => Self::Queue(row.id),
            Write::QueueRemoved(id) => Self::Queue(*id),
            Write::Worker(row) => Self::Worker(row.settings.id),
            Write::WorkerRemoved(id) => Self::Worker(*id),
            Write::Conversation(row) => Self::Conversation(row.id),
            Write::Task(row) => Self::Task(row.id),
            Write::Outbound(row) => Self::Outbound(row.id),
            Write::Learnt(row) => Self::Learnt(row.queue),
            Write::LearntRemoved(queue) => Self::Learnt(*queue),
            Write::Message(_) | Write::Event(_) => return None,
        })
    }
}

/// One batch in the making.
pub(crate) struct Batch {
    /// What is committed.
    pub(crate) commit: Commit,
    /// What is released after the commit, in order.
    pub(crate) outputs: Vec<Output>,
    /// Messages of ours for the sender.
    pub(crate) sends: Vec<Handed>,
    /// Messages of chats that may have to go by mail.
    pub(crate) mails: Vec<Mailing>,
    /// Files that came with messages, to be fetched.
    pub(crate) media: Vec<register::Key>,
    /// Parts of traces that end with the commit, each with the text it is about.
    pub(crate) spans: Vec<(PayloadId, Span)>,
    /// Broker deliveries whose effects are all in this batch.
    pub(crate) acks: Vec<u64>,
    /// Connections that were not let in.
    pub(crate) refused: Vec<(WorkerId, SessionId)>,
    /// What happened, for the counters.
    pub(crate) tally: Tally,
    rows: HashMap<RowKey, usize>,
    numbers: u64,
}

/// What happened in a batch.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// Inputs by kind.
    pub(crate) inputs: BTreeMap<&'static str, u64>,
    /// What became of events, by fate.
    pub(crate) fates: BTreeMap<&'static str, u64>,
}

impl Batch {
    pub(crate) fn new(shard: u16, epoch: u64, number: u64, now: Millis, lease_ms: u64) -> Self {
        Self {
            commit: Commit { shard, epoch, batch: number, now, lease_ms, ..Commit::default() },
            outputs: Vec::new(),
            sends: Vec::new(),
            mails: Vec::new(),
            media: Vec::new(),
            spans: Vec::new(),
            acks: Vec::new(),
            refused: Vec::new(),
            tally: Tally::default(),
            rows: HashMap::new(),
            numbers: 0,
        }
    }

    /// True when there is nothing to make durable.
    pub(crate) fn commits_nothing(&self) -> bool {
        let Commit {
            writes,
            keys,
            addresses,
            entries,
            cases,
            lines,
            externals,
            judgements,
            improvements,
            quarantine,
            sent,
            ..
        } = &self.commit;
        // Counters alone change nothing that anybody could have seen.
        let writes_nothing = writes.iter().all(|write| matches!(write, Write::Meta(_)));
        writes_nothing
            && keys.is_empty()
            && addresses.is_empty()
            && entries.is_empty()
            && cases.is_empty()
            && lines.is_empty()
            && externals.is_empty()
            && judgements.is_empty()
            && improvements.is_empty()
            && quarantine.is_empty()
            && sent.is_empty()
    }

    /// Takes a row in place of an earlier one of this batch.
    pub(crate) fn write(&mut self, write: Write) {
        if let Write::Event(event) = &write
            && let Some(fate) = fate(&event.kind)
        {
            *self.tally.fates.entry(fate).or_default() += 1;
        }
        let Some(key) = RowKey::of(&write) else {
            self.commit.writes.push(write);
            return;
        };
        let next = self.commit.writes.len();
        let place = *self.rows.entry(key).or_insert(next);
        if place == next {
            self.commit.writes.push(write);
        } else {
            self.commit.writes[place] = write;
        }
    }

    /// Takes a case in place of what it was before in this batch.
    pub(crate) fn put_case(&mut self, case: Case) {
        self.commit.cases.retain(|other| other.id != case.id);
        self.commit.cases.push(case);
    }

    /// Takes what becomes of an event of another system in place of what it was before in this batch.
    pub(crate) fn put_external(&mut self, write: ExternalWrite) {
        self.commit.externals.retain(|other| other.id() != write.id());
        self.commit.externals.push(write);
    }

    /// Takes a judgement in place of what it was before in this batch.
    pub(crate) fn put_judgement(&mut self, judgement: Judgement) {
        self.commit.judgements.retain(|other| other.id() != judgement.id());
        self.commit.judgements.push(judgement);
    }

    /// Takes an improvement in place of what it was before in this batch.
    pub(crate) fn put_improvement(&mut self, improvement: Improvement) {
        self.commit.improvements.retain(|other| other.id != improvement.id);
        self.commit.improvements.push(improvement);
    }

    /// Writes all rows into the journal, as they are before its first input.
    pub(crate) fn snapshot(&mut self, rows: &Snapshot) {
        let journal = &mut self.commit.journal;
        journal.extend_from_slice(SNAPSHOT.as_bytes());
        // Writing to memory cannot fail; what is half written is no line that anybody reads.
        if serde_json::to_writer(&mut *journal, rows).is_ok() {
            journal.extend_from_slice(b"}\n");
        } else {
            journal.clear();
        }
    }

    /// Writes an input into the journal and counts it.
    pub(crate) fn record(&mut self, input: &blendline_core::Input) {
        // Writing to memory cannot fail, and no input holds a map with keys that are not text.
        if serde_json::to_writer(&mut self.commit.journal, input).is_ok() {
            self.commit.journal.push(b'\n');
        }
        *self.tally.inputs.entry(kind(&input.command)).or_default() += 1;
    }

    /// Keeps a text beside the core and gives its number, which is never given again.
    pub(crate) fn payload(&mut self, body: MessageBody) -> PayloadId {
        let id = PayloadId(self.number());
        self.commit.payloads.insert(id, body);
        id
    }

    /// Drops a text that nothing written refers to.
    pub(crate) fn drop_payload(&mut self, id: PayloadId) {
        self.commit.payloads.remove(&id);
        self.spans.retain(|(of, _)| *of != id);
    }

    /// The number of the next call.
    pub(crate) fn call(&mut self) -> CallId {
        CallId(self.number())
    }

    /// Remembers a duplicate key.
    pub(crate) fn add_key(&mut self, key: Key, value: Vec<u8>) {
        self.commit.keys.push((key, value));
    }

    /// Keeps what could not be read.
    pub(crate) fn quarantine(&mut self, row: QuarantineRow) {
        self.commit.quarantine.push(row);
    }

    fn number(&mut self) -> u64 {
        self.numbers += 1;
        (self.commit.batch << INDEX_BITS) | self.numbers
    }
}

/// What became of something that came in, as far as this event tells.
fn fate(kind: &EventKind) -> Option<&'static str> {
    Some(match kind {
        EventKind::TaskCreated { .. } => "task",
        EventKind::TaskMerged { .. } => "merged",
        EventKind::MessageDuplicate { .. } => "duplicate",
        EventKind::MessageDiscarded { .. } => "discard",
        EventKind::Quarantined { .. } => "quarantine",
        EventKind::TaskRejected { .. } => "rejected",
        _ => return None,
    })
}

fn kind(command: &Command) -> &'static str {
    match command {
        Command::Tick => "tick",
        Command::Put(_) => "put",
        Command::RemoveQueue { .. } => "remove_queue",
        Command::RemoveWorker { .. } => "remove_worker",
        Command::Message(_) => "message",
        Command::Duplicate { .. } => "duplicate",
        Command::Discard { .. } => "discard",
        Command::Keep(_) => "keep",
        Command::Tell { .. } => "tell",
        Command::Record { .. } => "record",
        Command::Quarantine { .. } => "quarantine",
        Command::Confirm { .. } => "confirm",
        Command::ConfirmEnded { .. } => "confirm_ended",
        Command::Push(_) => "push",
        Command::Cancel { .. } => "cancel",
        Command::Reassign { .. } => "reassign",
        Command::Attach { .. } => "attach",
        Command::Lost { .. } => "lost",
        Command::Bye { .. } => "bye",
        Command::Presence { .. } => "presence",
        Command::Accept { .. } => "accept",
        Command::Decline { .. } => "decline",
        Command::Touch { .. } => "touch",
        Command::Reply { .. } => "reply",
        Command::Settle { .. } => "settle",
        Command::Ready { .. } => "ready",
        Command::Start { .. } => "start",
        Command::Log { .. } => "log",
        Command::SendResult { .. } => "send_result",
        Command::Status { .. } => "status",
    }
}
