//! The record: conversations, tasks, transcripts, events, outbox, journal.

use std::collections::HashMap;

use async_trait::async_trait;
use blendline_authority::Line;
use blendline_cases::Case;
use blendline_core::rows::{Conversation, OutboundRow, Snapshot, Task};
use blendline_core::{PayloadId, Write};
use blendline_improvements::Improvement;
use blendline_quality::Judgement;
use blendline_wire::event::Event;
use blendline_wire::outbound::{Answered, Content};
use blendline_wire::{AccountId, CaseId, ContactKey, ConversationId, Millis, OutboundId, Pii, TaskId, TenantId};

use crate::payload::{MessageBody, StoredMessage};
use crate::ports::external::{ExternalWrite, Externals};
pub use crate::ports::filter::{CaseCount, CaseFilter, TaskFilter};
pub use crate::ports::found::{Found, MATTER_CASES_MAX, Wanted};
use crate::ports::happenings::Happenings;
use crate::ports::improvements::Improvements;
use crate::ports::judgements::Judgements;
use crate::ports::ledger::Ledger;
use crate::ports::register::{self, Entry};

/// Ownership and the one fenced commit per batch.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// Takes the shard when nobody's lease on it is alive, by the store's own clock (P2). The epoch grows by one.
    ///
    /// `Err(Held)` tells who has it and for how long.
    async fn take(&self, shard: u16, owner: &str, lease_ms: u64) -> Result<Tenure, StoreError>;

    /// Keeps the shard for another `lease_ms`; `Err(Fenced)` when it is somebody else's by now.
    async fn renew(&self, shard: u16, epoch: u64, lease_ms: u64) -> Result<(), StoreError>;

    /// Gives the shard up at once, so that the next owner need not wait.
    async fn give_up(&self, shard: u16, epoch: u64) -> Result<(), StoreError>;

    /// All live rows of the shard, each kind sorted by its id: what the core is rebuilt from.
    async fn load(&self, shard: u16) -> Result<Snapshot, StoreError>;

    /// One look-up for a whole batch: duplicates, closed conversations, finished messages of ours.
    async fn prefetch(&self, shard: u16, wanted: &Wanted) -> Result<Found, StoreError>;

    /// Commits a batch in one transaction that checks epoch and batch number (P2, P4).
    ///
    /// Committing the same batch again after an unknown outcome is `Ok` when it had been committed.
    async fn commit(&self, commit: &Commit) -> Result<(), StoreError>;

    /// Drops a bounded part of the duplicate keys and journal entries that are more than eight days older than `now`.
    /// True when there is more to drop.
    async fn sweep(&self, now: Millis) -> Result<bool, StoreError>;

    /// Claims one attempt to send, durably, before the call (P13). Each (message, attempt) is granted once.
    async fn claim(&self, outbound: OutboundId, attempt: u32, sender: &str, now: Millis) -> Result<Claim, StoreError>;
}

/// Reads of what was committed, for pages, the API and releases. Never on the path of a decision.
#[async_trait]
pub trait Archive: Ledger + Externals + Happenings + Judgements + Improvements + 'static {
    /// The latest `limit` lines of each conversation or task, oldest first, in the order asked for.
    async fn transcripts(&self, of: &[Transcript], limit: usize) -> Result<Vec<Vec<StoredMessage>>, StoreError>;

    /// The first `limit` lines of each conversation or task that were said then or later, oldest first, in the order
    /// asked for.
    async fn said_since(
        &self,
        of: &[(Transcript, Millis)],
        limit: usize,
    ) -> Result<Vec<Vec<StoredMessage>>, StoreError>;

    /// What to send and to whom, for each message of ours that is known.
    async fn letters(&self, outbound: &[OutboundId]) -> Result<Vec<Letter>, StoreError>;

    /// One task, open or closed.
    async fn task(&self, id: TaskId) -> Result<Option<Task>, StoreError>;

    /// One conversation, open or closed.
    async fn conversation(&self, id: ConversationId) -> Result<Option<Conversation>, StoreError>;

    /// One case, open or over.
    async fn case(&self, id: CaseId) -> Result<Option<Case>, StoreError>;

    /// Cases of a tenant in the order of the filter, behind `after`, at most `limit`.
    async fn cases(
        &self,
        tenant: TenantId,
        filter: &CaseFilter,
        after: Option<CaseId>,
        limit: usize,
    ) -> Result<Vec<Case>, StoreError>;

    /// How many cases there are by type and stage, in the order of these; those of the filter.
    async fn case_counts(&self, tenant: TenantId, filter: &CaseFilter) -> Result<Vec<CaseCount>, StoreError>;

    /// Cases that are to be looked at by now, those that wait longest first.
    async fn cases_to_look_at(&self, shard: u16, now: Millis, limit: usize) -> Result<Vec<CaseId>, StoreError>;

    /// Cases of a tenant with promises that hold, by when the first is due and by name, behind `after`, at most `limit`.
    async fn promising(
        &self,
        tenant: TenantId,
        due_before: Millis,
        after: Option<(Millis, CaseId)>,
        limit: usize,
    ) -> Result<Vec<Case>, StoreError>;

    /// Tasks of a tenant by number, above `after`, at most `limit`.
    async fn tasks(
        &self,
        tenant: TenantId,
        filter: &TaskFilter,
        after: TaskId,
        limit: usize,
    ) -> Result<Vec<Task>, StoreError>;

    /// Conversations of a tenant by number, above `after`, at most `limit`.
    async fn conversations(
        &self,
        tenant: TenantId,
        after: ConversationId,
        limit: usize,
    ) -> Result<Vec<Conversation>, StoreError>;

    /// Events of a tenant by number, above `after`, at most `limit`.
    async fn events(&self, tenant: TenantId, after: u64, limit: usize) -> Result<Vec<Event>, StoreError>;

    /// Messages of ours of a tenant by number, above `after`, at most `limit`; only unknown ones when asked.
    async fn outbox(
        &self,
        tenant: TenantId,
        unknown_only: bool,
        after: OutboundId,
        limit: usize,
    ) -> Result<Vec<OutboundRow>, StoreError>;

    /// Messages of ours of a tenant that were not sent and will not be, by number, above `after`, at most `limit`.
    async fn failed(&self, tenant: TenantId, after: OutboundId, limit: usize) -> Result<Vec<OutboundRow>, StoreError>;

    /// Messages of ours of an account, the latest `limit` among the tenant's latest, newest first.
    async fn said_lately(
        &self,
        tenant: TenantId,
        account: AccountId,
        limit: usize,
    ) -> Result<Vec<OutboundRow>, StoreError>;

    /// Solved conversations whose time to confirm is over, oldest first.
    async fn confirm_ended(&self, shard: u16, now: Millis, limit: usize) -> Result<Vec<Conversation>, StoreError>;

    /// What customers said in the open conversations of an account since then, the latest `limit`, newest first, in the
    /// latest `limit` of these conversations.
    async fn heard_lately(
        &self,
        shard: u16,
        account: AccountId,
        since: Millis,
        limit: usize,
    ) -> Result<Vec<StoredMessage>, StoreError>;

    /// What was put aside unread, newest first.
    async fn quarantined(&self, tenant: TenantId, limit: usize) -> Result<Vec<QuarantineRow>, StoreError>;

    /// One of those, by its number.
    async fn quarantined_one(&self, tenant: TenantId, id: u64) -> Result<Option<QuarantineRow>, StoreError>;

    /// The entries of the register that have these keys, in no order.
    async fn entries(&self, keys: &[register::Key]) -> Result<Vec<Entry>, StoreError>;

    /// Entries of a tenant of one kind by key, above `after`, at most `limit`.
    async fn entries_of(
        &self,
        tenant: TenantId,
        kind: register::Kind,
        after: Option<register::Key>,
        limit: usize,
    ) -> Result<Vec<Entry>, StoreError>;

    /// The addresses of a contact, those seen first in front, at most `limit`.
    async fn addresses_of(&self, contact: ContactKey, limit: usize) -> Result<Vec<KnownAddress>, StoreError>;

    /// Whose this address is, by its hash; `None` before the first message from it.
    async fn contact_at(&self, address: [u8; 16]) -> Result<Option<ContactKey>, StoreError>;

    /// What the contact himself may read of his conversations on an account, notes left out, over one consistent view.
    ///
    /// The next `limit` lines after the place `after`, or the latest `limit` where there is none; oldest first.
    async fn follow(
        &self,
        account: AccountId,
        contact: ContactKey,
        after: Option<(ConversationId, u64)>,
        limit: usize,
    ) -> Result<Following, StoreError>;

    /// The handle of each name, given out on first use and kept for good. `kind` is `tenant`, `queue`, …
    async fn handles(&self, names: &[(String, String)]) -> Result<Vec<u64>, StoreError>;

    /// Every name of this kind that was ever given a handle, with it; sorted by handle.
    async fn names(&self, kind: &str) -> Result<Vec<(String, u64)>, StoreError>;

    /// The journal of a shard (P6): batches of the day of `from` and later, above the batch `after`, in order, at most
    /// `limit`.
    async fn journal(&self, shard: u16, from: Millis, after: u64, limit: usize) -> Result<Vec<JournalRow>, StoreError>;

    /// The shard of each tenant (P1): the next of `among` in turn when a tenant is first asked for, and kept for good.
    async fn shards(&self, tenants: &[TenantId], among: u16) -> Result<Vec<u16>, StoreError>;
}

/// The inputs of one batch, as they were journaled.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct JournalRow {
    /// The number of the batch.
    pub batch: u64,
    /// Its time.
    pub now: Millis,
    /// Its inputs as JSON lines; where the first begins with [`blendline_rules::record::SNAPSHOT`], it holds all rows
    /// before them.
    pub inputs: Vec<u8>,
}

/// An ownership of a shard.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Tenure {
    /// The fencing number; it only grows.
    pub epoch: u64,
    /// The number of the last committed batch.
    pub batch: u64,
    /// The time of the last committed batch: time never goes back.
    pub now: Millis,
}

/// A batch, ready to be committed.
#[derive(Debug, Default)]
pub struct Commit {
    /// The shard.
    pub shard: u16,
    /// The epoch under which the batch was decided.
    pub epoch: u64,
    /// Its number: one more than the last.
    pub batch: u64,
    /// The time of its last step.
    pub now: Millis,
    /// How much longer the lease is to run, in milliseconds: a commit renews it.
    pub lease_ms: u64,
    /// Rows after the batch, deduplicated: the last of each wins; messages and events all.
    pub writes: Vec<Write>,
    /// The texts of the messages among the writes.
    pub payloads: HashMap<PayloadId, MessageBody>,
    /// New duplicate keys with the value stored beside each.
    pub keys: Vec<([u8; 16], Vec<u8>)>,
    /// New addresses of contacts.
    pub addresses: Vec<NewAddress>,
    /// Entries of the register; the last of each key wins.
    pub entries: Vec<Entry>,
    /// Cases after the batch, each once.
    pub cases: Vec<Case>,
    /// Lines that are added to the ledger of decisions.
    pub lines: Vec<Line>,
    /// References of other systems that cases bear; that one did before is no fault.
    pub references: Vec<(TenantId, String, CaseId)>,
    /// Events of other systems, each once.
    pub externals: Vec<ExternalWrite>,
    /// What is said of work, after the batch, each once.
    pub judgements: Vec<Judgement>,
    /// Improvements after the batch, each once.
    pub improvements: Vec<Improvement>,
    /// What could not be read.
    pub quarantine: Vec<QuarantineRow>,
    /// The inputs of the batch as JSON lines, for replay (P6).
    pub journal: Vec<u8>,
    /// Set for messages of ours that the platform took: its id of each.
    pub sent: Vec<(OutboundId, AccountId, String)>,
}

/// An address seen for the first time.
#[derive(Clone, Debug)]
pub struct NewAddress {
    /// The hash of tenant, account and address.
    pub hash: [u8; 16],
    /// Whose address it is.
    pub contact: ContactKey,
    /// Whose contact.
    pub tenant: TenantId,
    /// The account it is on.
    pub account: AccountId,
    /// The address itself.
    pub address: Pii<String>,
    /// The thread, where the platform has threads.
    pub thread: Option<String>,
    /// The display name the platform gave.
    pub name: Option<Pii<String>>,
}

/// An address of a contact.
#[derive(Clone, Debug, PartialEq)]
pub struct KnownAddress {
    /// The account it is on.
    pub account: AccountId,
    /// The address itself.
    pub address: Pii<String>,
    /// The display name the platform gave; never an identity.
    pub name: Option<Pii<String>>,
}

/// Whose transcript.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Transcript {
    /// A conversation's.
    Conversation(ConversationId),
    /// A task's own, where it has no conversation.
    Task(TaskId),
}

impl Transcript {
    /// Its number in the record.
    pub const fn number(self) -> u64 {
        match self {
            Self::Conversation(conversation) => conversation.0,
            Self::Task(task) => task.0,
        }
    }
}

/// What a contact may read of his conversations on one account.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Following {
    /// Lines with the conversation each belongs to, oldest first. A conversation with a higher number is a later one.
    pub lines: Vec<(ConversationId, StoredMessage)>,
    /// The latest conversation.
    pub conversation: Option<Conversation>,
    /// Its open task.
    pub task: Option<Task>,
}

/// A message of ours with everything the sender needs.
#[derive(Clone, Debug)]
pub struct Letter {
    /// Its row.
    pub row: OutboundRow,
    /// What to send.
    pub content: Content,
    /// The platform's address of the other side.
    pub to: Pii<String>,
    /// The thread, where the platform has threads.
    pub thread: Option<String>,
    /// What the customer had said last before it.
    pub answers: Option<Answered>,
}

/// Something that could not be read, kept whole.
#[derive(Clone, Debug, PartialEq)]
pub struct QuarantineRow {
    /// Its number, given by the record; zero before that.
    pub id: u64,
    /// Whose, where known.
    pub tenant: TenantId,
    /// The account it was sent to, where known.
    pub account: Option<AccountId>,
    /// The channel.
    pub channel: String,
    /// When it came.
    pub at: Millis,
    /// Why it could not be read, with the place.
    pub cause: String,
    /// The bytes as they came.
    pub raw: Vec<u8>,
}

/// Whether an attempt may be made.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Claim {
    /// It may, by this sender, now; nobody else will ever be granted it.
    Granted,
    /// Somebody was granted it before.
    Taken {
        /// Who.
        sender: String,
        /// When.
        at: Millis,
    },
}

/// Why the record did not answer.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum StoreError {
    /// The epoch has moved on: this owner must stop at once.
    #[error("fenced: the shard has a newer owner")]
    Fenced,
    /// Somebody else has the shard.
    #[error("the shard is held by {owner} for another {left_ms} ms")]
    Held {
        /// Who.
        owner: String,
        /// For how long at most.
        left_ms: u64,
    },
    /// The service does not answer; whether the last commit was made is not known.
    #[error("the store is not available: {0}")]
    Unavailable(String),
    /// What was read is not what this program writes.
    #[error("the store holds what this version cannot read: {0}")]
    Corrupt(String),
}
