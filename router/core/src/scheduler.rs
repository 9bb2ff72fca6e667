//! The state machine.

use blendline_wire::{ConversationId, Millis, OutboundId, QueueId, TaskId, WorkerId};

use crate::effect::Effect;
use crate::input::Input;
use crate::rows::{Conversation, OutboundRow, Snapshot, Task, Worker};

/// The scheduler of one shard.
#[derive(Debug, Default)]
pub struct Scheduler {}

/// Rows that cannot be a state of this scheduler.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LoadError(pub String);

/// What a queue looks like now.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct QueueNow {
    /// Tasks in line.
    pub waiting: usize,
    /// Since when the oldest of them waits.
    pub oldest: Option<Millis>,
}

impl Scheduler {
    /// An empty scheduler for `shard`; ids it gives out bear the shard in their upper 16 bits.
    pub fn new(_shard: u16, _seed: u64) -> Self {
        Self {}
    }

    /// The scheduler whose rows these are. Equal to the one that wrote them.
    pub fn load(_shard: u16, _rows: Snapshot) -> Result<Self, LoadError> {
        Ok(Self {})
    }

    /// Applies one input. Every effect is handed over at once: there is no second call to remember.
    pub fn step(&mut self, _now: Millis, _input: Input, _effects: &mut Vec<Effect>) {}

    /// When the driver must call [`Scheduler::step`] with [`crate::Command::Tick`] at the latest.
    pub fn next_deadline(&self) -> Option<Millis> {
        None
    }

    /// All live rows, each kind sorted by its id.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot::default()
    }

    /// Checks every invariant over the whole state. For tests and simulation: it looks at everything.
    pub fn check_invariants(&self) -> Result<(), String> {
        Ok(())
    }

    /// How many tasks are open.
    pub fn open_tasks(&self) -> usize {
        0
    }

    /// An open task.
    pub fn task(&self, _id: TaskId) -> Option<&Task> {
        None
    }

    /// An open conversation.
    pub fn conversation(&self, _id: ConversationId) -> Option<&Conversation> {
        None
    }

    /// A worker.
    pub fn worker(&self, _id: WorkerId) -> Option<&Worker> {
        None
    }

    /// A message of ours that is not final.
    pub fn outbound(&self, _id: OutboundId) -> Option<&OutboundRow> {
        None
    }

    /// All workers, by id.
    pub fn workers(&self) -> impl Iterator<Item = &Worker> {
        std::iter::empty()
    }

    /// How much of a worker's capacity is taken.
    pub fn load_of(&self, _worker: WorkerId) -> u32 {
        0
    }

    /// The tasks a worker holds: offered, active, and those that come back to him.
    pub fn held_by(&self, _worker: WorkerId) -> impl Iterator<Item = TaskId> {
        std::iter::empty()
    }

    /// What a queue looks like now.
    pub fn queue_now(&self, _queue: QueueId) -> QueueNow {
        QueueNow::default()
    }
}
