//! The index of words: which lines of transcripts hold them. It is made of the record, and can be made anew.

use async_trait::async_trait;
use blendline_wire::{Millis, TaskId, TenantId, WorkerId};

use super::store::StoreError;
use crate::payload::StoredMessage;

/// The index. Whoever owns a tenant's shard fills it; nothing here is on a task's path.
#[async_trait]
pub trait Search: Send + Sync + 'static {
    /// Up to which event a tenant's lines are in the index; 0 before the first.
    async fn indexed(&self, tenant: TenantId) -> Result<u64, StoreError>;

    /// The next lines of a transcript that are not in the index, in their order.
    async fn unindexed(&self, transcript: u64, limit: usize) -> Result<Vec<Line>, StoreError>;

    /// Adds lines, in this order; what is there already stays.
    async fn add_lines(&self, tenant: TenantId, lines: &[Doc]) -> Result<(), StoreError>;

    /// Everything up to an event is in the index; it never goes back.
    async fn moved(&self, tenant: TenantId, event: u64) -> Result<(), StoreError>;

    /// The lines that hold what is wanted, the newest first.
    async fn find(&self, wanted: &Wanted) -> Result<Vec<Hit>, StoreError>;

    /// Lines by transcript and place, in no order; what is not there is left out.
    async fn lines(&self, of: &[(u64, u64)]) -> Result<Vec<Line>, StoreError>;
}

/// A line of a transcript.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// The transcript: a conversation's number, or a task's.
    pub transcript: u64,
    /// The task in which it was said.
    pub task: Option<TaskId>,
    /// What was said.
    pub message: StoredMessage,
}

/// A line as the index takes it.
#[derive(Clone, Eq, PartialEq)]
pub struct Doc {
    /// The transcript.
    pub transcript: u64,
    /// Its place.
    pub seq: u64,
    /// When it was said.
    pub at: Millis,
    /// The task in which it was said.
    pub task: Option<TaskId>,
    /// Its words in their normal form, each once: letters and digits only.
    pub words: Vec<String>,
}

impl std::fmt::Debug for Doc {
    /// Without the words: they are a customer's.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Doc").field("transcript", &self.transcript).field("seq", &self.seq).finish_non_exhaustive()
    }
}

/// What is looked for.
#[derive(Clone)]
pub struct Wanted {
    /// Whose lines.
    pub tenant: TenantId,
    /// One of each list must be there. At least one list, none of them empty.
    pub all_of: Vec<Vec<Term>>,
    /// Only lines of tasks that this worker has, or had last.
    pub worker: Option<WorkerId>,
    /// Where he had no more tasks than this, an adapter may look through their lines for the words, and not through all
    /// lines that hold the words for his tasks: for a common word that is everything that was ever said.
    pub few_tasks: usize,
    /// Only those before this one.
    pub before: Option<u64>,
    /// How many at most.
    pub limit: usize,
}

/// A word that is looked for.
#[derive(Clone, Eq, PartialEq)]
pub struct Term {
    /// The word in its normal form.
    pub word: String,
    /// True: words that begin with it.
    pub begins: bool,
}

/// A line that was found.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Hit {
    /// Its number in the index.
    pub id: u64,
    /// The transcript.
    pub transcript: u64,
    /// Its place.
    pub seq: u64,
    /// When it was said.
    pub at: Millis,
    /// The task in which it was said.
    pub task: Option<TaskId>,
}
