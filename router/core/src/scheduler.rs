//! The state machine: its state, its one entrance, and what can be seen of it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use blendline_wire::event::Actor;
use blendline_wire::org::{AccountSettings, CalendarSettings, QueueSettings, TenantSettings};
use blendline_wire::{
    AccountId, CalendarId, ContactKey, ConversationId, EventId, Millis, OutboundId, QueueId, TaskId, TenantId, WorkerId,
};

use crate::effect::{Answer, Effect, Refusal, Release, Write};
use crate::index::{Index, Rules};
use crate::input::{Command, Input};
use crate::policy::worth::Worth;
use crate::rows::{Conversation, Learnt, Meta, OutboundRow, Task, Worker};

/// The scheduler of one shard.
#[derive(Debug, Default)]
pub struct Scheduler {
    pub(crate) shard: u16,
    pub(crate) meta: Meta,
    pub(crate) tenants: BTreeMap<TenantId, Tenant>,
    pub(crate) accounts: BTreeMap<AccountId, AccountSettings>,
    pub(crate) calendars: BTreeMap<CalendarId, CalendarSettings>,
    pub(crate) queues: BTreeMap<QueueId, QueueSettings>,
    pub(crate) workers: BTreeMap<WorkerId, Desk>,
    pub(crate) conversations: BTreeMap<ConversationId, Box<Conversation>>,
    pub(crate) by_contact: BTreeMap<ContactKey, ConversationId>,
    pub(crate) tasks: BTreeMap<TaskId, Box<Task>>,
    pub(crate) outbound: BTreeMap<OutboundId, Box<OutboundRow>>,
    pub(crate) letters: BTreeMap<ConversationId, VecDeque<OutboundId>>,
    pub(crate) post: BTreeMap<AccountId, PostBox>,
    pub(crate) learnt: BTreeMap<QueueId, Learnt>,
    pub(crate) pools: BTreeMap<QueueId, Pool>,
    pub(crate) worth: BTreeMap<QueueId, Worth>,
    pub(crate) crews: BTreeMap<QueueId, Crews>,
    pub(crate) index: Index,
}

/// Those who serve a front queue and are ready: what they can carry, in units of the weights (derived).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Pool {
    /// How many they are.
    pub(crate) workers: u32,
    /// What they can carry together.
    pub(crate) slots: u64,
    /// How much of it is free.
    pub(crate) free: u64,
    /// How much of it back work takes.
    pub(crate) back: u64,
}

/// Who serves a queue and is there, by the front queues they serve: how many (derived).
pub(crate) type Crews = BTreeMap<Arc<[QueueId]>, u32>;

/// A tenant.
#[derive(Debug, PartialEq)]
pub(crate) struct Tenant {
    pub(crate) settings: TenantSettings,
}

/// A worker, and what is derived for him.
#[derive(Debug, PartialEq)]
pub(crate) struct Desk {
    pub(crate) row: Worker,
    /// What his tasks and noting down take of his capacity.
    pub(crate) load: u32,
    /// The tasks he holds.
    pub(crate) held: BTreeSet<TaskId>,
    /// His place among the ready, while he is.
    pub(crate) ready: Option<(u32, Millis)>,
    /// The front queues he serves.
    pub(crate) fronts: Arc<[QueueId]>,
    /// What back tasks take of his capacity.
    pub(crate) back: u32,
    /// What he brings to the pool of each of his front queues, while he is ready.
    pub(crate) part: Pool,
}

impl Desk {
    /// A worker of whom nothing is derived yet.
    pub(crate) fn new(row: Worker) -> Self {
        let load = row.wrap_ups.iter().map(|(_, weight, _)| *weight).sum();
        Self { row, load, held: BTreeSet::new(), ready: None, fronts: [].into(), back: 0, part: Pool::default() }
    }
}

/// The messages of ours of one account: how many are with the sender, and which could be (derived).
#[derive(Debug, Default, PartialEq)]
pub(crate) struct PostBox {
    pub(crate) handed: usize,
    pub(crate) ready: BTreeSet<OutboundId>,
}

/// What a queue looks like now.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct QueueNow {
    /// Tasks in line.
    pub waiting: usize,
    /// When the first of them is due.
    pub first_due: Option<Millis>,
}

/// One step on its way: what it has found out, and what has to be looked at before it ends.
#[derive(Debug)]
pub(crate) struct Step<'a> {
    pub(crate) now: Millis,
    pub(crate) actor: Actor,
    pub(crate) effects: &'a mut Vec<Effect>,
    /// The first event of the step: the cause of the others.
    pub(crate) cause: Option<EventId>,
    /// Tasks that may have found a worker.
    pub(crate) fresh: Vec<TaskId>,
    /// Workers who may have room.
    pub(crate) freed: BTreeSet<WorkerId>,
    /// Tenants in which back work may start.
    pub(crate) slack: BTreeSet<TenantId>,
    /// Front queues whose workers came or went.
    pub(crate) stale: BTreeSet<QueueId>,
    /// Accounts that may hand over a message.
    pub(crate) posting: BTreeSet<AccountId>,
    pub(crate) dirty_tasks: BTreeSet<TaskId>,
    pub(crate) dirty_workers: BTreeSet<WorkerId>,
    pub(crate) dirty_conversations: BTreeSet<ConversationId>,
    pub(crate) dirty_outbound: BTreeSet<OutboundId>,
    /// In no order, each once.
    pub(crate) dirty_learnt: Vec<QueueId>,
}

impl<'a> Step<'a> {
    pub(crate) fn new(now: Millis, effects: &'a mut Vec<Effect>) -> Self {
        Self {
            now,
            actor: Actor::System,
            effects,
            cause: None,
            fresh: Vec::new(),
            freed: BTreeSet::new(),
            slack: BTreeSet::new(),
            stale: BTreeSet::new(),
            posting: BTreeSet::new(),
            dirty_tasks: BTreeSet::new(),
            dirty_workers: BTreeSet::new(),
            dirty_conversations: BTreeSet::new(),
            dirty_outbound: BTreeSet::new(),
            dirty_learnt: Vec::new(),
        }
    }

    pub(crate) fn release(&mut self, release: Release) {
        self.effects.push(Effect::Release(release));
    }

    pub(crate) fn write(&mut self, write: Write) {
        self.effects.push(Effect::Write(write));
    }
}

impl Scheduler {
    /// An empty scheduler for `shard`; ids it gives out bear the shard in their upper 16 bits.
    pub fn new(shard: u16, seed: u64) -> Self {
        let meta = Meta { last_id: u64::from(shard) << 48, last_event: u64::from(shard) << 48, seed, now: Millis(0) };
        Self { shard, meta, ..Self::default() }
    }

    /// Applies one input. Every effect is handed over at once: there is no second call to remember.
    ///
    /// Time never goes back: a `now` before the latest seen counts as the latest seen.
    pub fn step(&mut self, now: Millis, input: Input, effects: &mut Vec<Effect>) {
        self.meta.now = self.meta.now.max(now);
        let mut step = Step::new(self.meta.now, effects);
        // What was due before this input happened before it.
        self.run_dues(&mut step);
        self.dispatch(&mut step);
        step.cause = None;
        step.actor = input.actor;
        let result = self.apply(&mut step, input.command);
        // The answer comes before what it sets off: a worker's welcome before his first offer.
        if let Some(call) = input.call {
            step.release(Release::Answer { call, result });
        }
        self.dispatch(&mut step);
        self.hand_over(&mut step);
        self.flush(&mut step);
    }

    /// The one branching over what can happen; the rest is straight.
    fn apply(&mut self, step: &mut Step<'_>, command: Command) -> Result<Answer, Refusal> {
        match command {
            Command::Tick => Ok(Answer::Done),
            Command::Put(settings) => self.put(step, settings),
            Command::RemoveQueue { queue, heir } => self.remove_queue(step, queue, heir),
            Command::RemoveWorker { worker } => self.remove_worker(step, worker),
            Command::Message(message) => self.message(step, message),
            Command::Duplicate { tenant, account, kind } => self.duplicate(step, tenant, account, kind),
            Command::Discard { tenant, account, kind, reason } => self.discard(step, tenant, account, kind, reason),
            Command::Keep(message) => self.keep(step, message),
            Command::Tell { conversation, worker, payload } => self.tell(step, conversation, worker, payload),
            Command::Record { tenant, account, conversation, kind } => {
                self.record(step, tenant, account, conversation, *kind)
            }
            Command::Quarantine { tenant, account, cause } => self.quarantine(step, tenant, account, cause),
            Command::Confirm { prior, confirmed } => self.confirm(step, *prior, confirmed),
            Command::ConfirmEnded { prior } => self.confirm_ended(step, *prior),
            Command::Push(item) => self.push(step, item),
            Command::Cancel { task, reason } => self.cancel(step, task, reason),
            Command::Reassign { task, to } => self.reassign(step, task, to),
            Command::Attach { worker, session, accept, capacity, presence } => {
                self.attach(step, worker, session, accept, capacity, presence)
            }
            Command::Lost { worker, session } => self.leave(step, worker, session, true),
            Command::Bye { worker, session } => self.leave(step, worker, session, false),
            Command::Presence { worker, presence, reason } => self.presence(step, worker, presence, reason),
            Command::Accept { worker, task, lease } => self.accept(step, worker, task, lease),
            Command::Decline { worker, task, lease, reason } => self.decline(step, worker, task, lease, reason),
            Command::Touch { worker, task, lease } => self.touch(step, worker, task, lease),
            Command::Reply { worker, task, lease, payload } => self.reply(step, worker, task, lease, payload),
            Command::Settle { worker, task, lease, verdict, replies, seen } => {
                self.settle(step, worker, task, lease, verdict, replies, seen)
            }
            Command::Ready { worker, task } => self.end_wrap_up(step, worker, task),
            Command::Start { worker, account, contact, queue, prior, payload } => {
                self.start(step, worker, account, contact, queue, prior.as_deref(), payload)
            }
            Command::Log { worker, queue, medium, duration_ms, payload } => {
                self.log(step, worker, queue, medium, duration_ms, payload)
            }
            Command::SendResult { outbound, attempt, outcome, prior } => {
                self.send_result(step, outbound, attempt, outcome, prior)
            }
            Command::Status { outbound, status, reason, prior } => self.status(step, outbound, status, reason, prior),
        }
    }

    /// Writes every row the step changed, once.
    fn flush(&mut self, step: &mut Step<'_>) {
        for id in std::mem::take(&mut step.dirty_tasks) {
            if let Some(task) = self.tasks.get(&id) {
                step.write(Write::Task(task.clone()));
            }
        }
        for id in std::mem::take(&mut step.dirty_workers) {
            if let Some(desk) = self.workers.get(&id) {
                step.write(Write::Worker(Box::new(desk.row.clone())));
            }
        }
        for id in std::mem::take(&mut step.dirty_conversations) {
            if let Some(conversation) = self.conversations.get(&id) {
                step.write(Write::Conversation(conversation.clone()));
            }
        }
        for id in std::mem::take(&mut step.dirty_outbound) {
            if let Some(row) = self.outbound.get(&id) {
                step.write(Write::Outbound(row.clone()));
            }
        }
        for queue in std::mem::take(&mut step.dirty_learnt) {
            if let Some(row) = self.learnt.get(&queue) {
                step.write(Write::Learnt(Box::new(*row)));
            }
        }
        step.write(Write::Meta(self.meta));
    }

    /// When the driver must call [`Scheduler::step`] with [`Command::Tick`] at the latest.
    pub fn next_deadline(&self) -> Option<Millis> {
        self.index.dues.first().map(|(at, _)| *at)
    }

    pub(crate) fn rules(&self) -> Rules<'_> {
        Rules { queues: &self.queues, calendars: &self.calendars }
    }

    /// How many tasks are open.
    pub fn open_tasks(&self) -> usize {
        self.tasks.len()
    }

    /// All open tasks, by id.
    pub fn tasks(&self) -> impl Iterator<Item = &Task> {
        self.tasks.values().map(|task| &**task)
    }

    /// An open task.
    pub fn task(&self, id: TaskId) -> Option<&Task> {
        self.tasks.get(&id).map(|task| &**task)
    }

    /// An open conversation.
    pub fn conversation(&self, id: ConversationId) -> Option<&Conversation> {
        self.conversations.get(&id).map(|conversation| &**conversation)
    }

    /// The open conversation of a contact.
    pub fn conversation_of(&self, contact: ContactKey) -> Option<&Conversation> {
        self.conversation(*self.by_contact.get(&contact)?)
    }

    /// A worker.
    pub fn worker(&self, id: WorkerId) -> Option<&Worker> {
        self.workers.get(&id).map(|desk| &desk.row)
    }

    /// A message of ours that is not final.
    pub fn outbound(&self, id: OutboundId) -> Option<&OutboundRow> {
        self.outbound.get(&id).map(|row| &**row)
    }

    /// All workers, by id.
    pub fn workers(&self) -> impl Iterator<Item = &Worker> {
        self.workers.values().map(|desk| &desk.row)
    }

    /// How much of a worker's capacity is taken.
    pub fn load_of(&self, worker: WorkerId) -> u32 {
        self.workers.get(&worker).map_or(0, |desk| desk.load)
    }

    /// The tasks a worker holds: offered, active, and those that come back to him.
    pub fn held_by(&self, worker: WorkerId) -> impl Iterator<Item = TaskId> {
        self.workers.get(&worker).into_iter().flat_map(|desk| desk.held.iter().copied())
    }

    /// A queue's settings.
    pub fn queue(&self, queue: QueueId) -> Option<&QueueSettings> {
        self.queues.get(&queue)
    }

    /// What a queue looks like now. Tasks that wait for one worker only are not counted.
    pub fn queue_now(&self, queue: QueueId) -> QueueNow {
        let Some(lines) = self.index.lines.get(&queue) else { return QueueNow::default() };
        QueueNow {
            waiting: lines.values().map(BTreeSet::len).sum(),
            first_due: lines.values().filter_map(|line| line.first()).map(|(due, _)| *due).min(),
        }
    }
}
