//! The state machine: its state, its one entrance, and what can be seen of it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use blendline_wire::event::Actor;
use blendline_wire::org::{AccountSettings, CalendarSettings, QueueSettings};
use blendline_wire::{
    AccountId, CalendarId, ContactKey, ConversationId, EventId, GroupId, Millis, OutboundId, QueueId, TaskId, TenantId,
    WorkerId,
};

use crate::by_number::ByNumber;
use crate::desk::{Desk, Pool, Tenant};
use crate::effect::{Answer, Effect, Refusal, Release, Write};
use crate::index::{Index, Rules};
use crate::input::{Command, Input};
use crate::lookup::{Few, Map};
use crate::paged::Paged;
use crate::placed::Placed;
use crate::policy::worth::Worth;
use crate::pooled::Served;
use crate::promise::Members;
use crate::rows::{Conversation, Learnt, Meta, OutboundRow, Task, Worker};
use crate::sorted::Sorted;
use crate::watches::Watch;

/// The scheduler of one shard.
#[derive(Debug, Default)]
pub struct Scheduler {
    pub(crate) shard: u16,
    pub(crate) meta: Meta,
    pub(crate) tenants: BTreeMap<TenantId, Tenant>,
    pub(crate) accounts: BTreeMap<AccountId, AccountSettings>,
    pub(crate) calendars: BTreeMap<CalendarId, CalendarSettings>,
    pub(crate) queues: ByNumber<QueueId, QueueSettings>,
    pub(crate) workers: Paged<WorkerId, Box<Desk>>,
    pub(crate) conversations: Placed<ConversationId, Conversation>,
    pub(crate) by_contact: Map<ContactKey, ConversationId>,
    pub(crate) tasks: Placed<TaskId, Task>,
    pub(crate) outbound: Map<OutboundId, Box<OutboundRow>>,
    pub(crate) letters: Map<ConversationId, VecDeque<OutboundId>>,
    pub(crate) post: BTreeMap<AccountId, PostBox>,
    pub(crate) learnt: ByNumber<QueueId, Learnt>,
    pub(crate) pools: ByNumber<QueueId, Pool>,
    /// What the tasks take of back queues that are promised a part of their workers' hours, and of each group whose plan
    /// has them (derived).
    pub(crate) promised: BTreeMap<(QueueId, Option<GroupId>), u64>,
    /// Of each group and back queue that its time plan has: how many are ready, and what they can carry, in units of the
    /// weights (derived).
    pub(crate) members: BTreeMap<(QueueId, GroupId), Members>,
    pub(crate) worth: ByNumber<QueueId, Worth>,
    pub(crate) served: ByNumber<QueueId, Served>,
    pub(crate) index: Index,
    /// When something happens by itself to what workers have (derived).
    pub(crate) watches: Sorted<Watch>,
    /// The last step's, for its room.
    pub(crate) todo: Option<Box<Todo>>,
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
    /// True while everything is derived anew: nothing happens then.
    pub(crate) derives: bool,
    pub(crate) todo: Box<Todo>,
}

/// What a step has to look at before it ends. Kept from step to step for its room; between them there is nothing in it.
#[derive(Debug, Default)]
pub(crate) struct Todo {
    /// Tasks that may have found a worker.
    pub(crate) fresh: Vec<TaskId>,
    /// Workers who may have room.
    pub(crate) freed: Few<WorkerId>,
    /// Tenants in which front queues may let go of back work that they held back.
    pub(crate) slack: Few<TenantId>,
    /// Workers who found nothing urgent and have room: they may begin back work.
    pub(crate) resting: Few<WorkerId>,
    /// Back work that may have found a worker.
    pub(crate) deferred: Vec<TaskId>,
    /// Workers who may not be at their right place among the ready.
    pub(crate) moved: Few<WorkerId>,
    /// Front queues whose workers came or went.
    pub(crate) stale: Few<QueueId>,
    /// Whether the first of the watches may be over.
    pub(crate) watch_may_be_over: bool,
    /// Accounts that may hand over a message.
    pub(crate) posting: Few<AccountId>,
    pub(crate) dirty_tasks: Few<TaskId>,
    pub(crate) dirty_workers: Few<WorkerId>,
    pub(crate) dirty_conversations: Few<ConversationId>,
    pub(crate) dirty_outbound: Few<OutboundId>,
    pub(crate) dirty_learnt: Few<QueueId>,
}

impl<'a> Step<'a> {
    pub(crate) fn new(now: Millis, effects: &'a mut Vec<Effect>, todo: Box<Todo>) -> Self {
        Self { now, actor: Actor::System, effects, cause: None, derives: false, todo }
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
        let mut step = Step::new(self.meta.now, effects, self.todo.take().unwrap_or_default());
        // What was due before this input happened before it.
        if self.run_dues(&mut step) {
            self.dispatch(&mut step);
        }
        step.cause = None;
        step.actor = input.actor;
        let call = input.call;
        let result = self.apply(&mut step, input);
        // The answer comes before what it sets off: a worker's welcome before his first offer.
        if let Some(call) = call {
            step.release(Release::Answer { call, result });
        }
        self.dispatch(&mut step);
        self.hand_over(&mut step);
        self.settle_watches(&mut step);
        self.flush(&mut step);
        self.todo = Some(step.todo);
    }

    /// The one branching over what can happen; the rest is straight.
    fn apply(&mut self, step: &mut Step<'_>, input: Input) -> Result<Answer, Refusal> {
        match input.command {
            Command::Tick => Ok(Answer::Done),
            Command::Put(settings) => self.put(step, settings),
            Command::RemoveQueue { queue, heir } => self.remove_queue(step, queue, heir),
            Command::RemoveWorker { worker } => self.remove_worker(step, worker),
            Command::Message(message) => self.message(step, message),
            Command::Duplicate { tenant, account, kind } => self.duplicate(step, tenant, account, kind),
            Command::Discard { tenant, account, kind, reason } => self.discard(step, tenant, account, kind, reason),
            Command::Keep(message) => self.keep(step, message),
            Command::Tell { conversation, worker, payload, prior } => {
                self.tell(step, conversation, worker, payload, prior)
            }
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
        while let Some(id) = step.todo.dirty_tasks.pop_first() {
            if let Some(task) = self.tasks.get(&id) {
                step.write(Write::Task(Box::new(task.clone())));
            }
        }
        while let Some(id) = step.todo.dirty_workers.pop_first() {
            if let Some(desk) = self.workers.get(&id) {
                step.write(Write::Worker(Box::new(desk.row.clone())));
            }
        }
        while let Some(id) = step.todo.dirty_conversations.pop_first() {
            if let Some(conversation) = self.conversations.get(&id) {
                step.write(Write::Conversation(Box::new(conversation.clone())));
            }
        }
        while let Some(id) = step.todo.dirty_outbound.pop_first() {
            if let Some(row) = self.outbound.get(&id) {
                step.write(Write::Outbound(row.clone()));
            }
        }
        while let Some(queue) = step.todo.dirty_learnt.pop_first() {
            if let Some(row) = self.learnt.get(&queue) {
                step.write(Write::Learnt(Box::new(row.clone())));
            }
        }
        step.write(Write::Meta(self.meta));
    }

    /// When the driver must call [`Scheduler::step`] with [`Command::Tick`] at the latest.
    pub fn next_deadline(&self) -> Option<Millis> {
        let watched = self.watches.first().map(|first| first.at);
        let other = self.index.dues.first().map(|next| next.at());
        watched.into_iter().chain(other).min()
    }

    pub(crate) fn rules(&self) -> Rules<'_> {
        Rules { queues: &self.queues, calendars: &self.calendars, learnt: &self.learnt }
    }

    /// How many tasks are open.
    pub fn open_tasks(&self) -> usize {
        self.tasks.len()
    }

    /// All open tasks, by id.
    pub fn tasks(&self) -> impl Iterator<Item = &Task> {
        self.tasks.values()
    }

    /// An open task.
    pub fn task(&self, id: TaskId) -> Option<&Task> {
        self.tasks.get(&id)
    }

    /// An open conversation.
    pub fn conversation(&self, id: ConversationId) -> Option<&Conversation> {
        self.conversations.get(&id)
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
        self.workers.get(&worker).into_iter().flat_map(|desk| desk.held.iter())
    }

    /// A queue's settings.
    pub fn queue(&self, queue: QueueId) -> Option<&QueueSettings> {
        self.queues.get(&queue)
    }

    /// What a queue looks like now. Tasks that wait for one worker only are not counted.
    pub fn queue_now(&self, queue: QueueId) -> QueueNow {
        let Some(lines) = self.index.lines.get(&queue) else { return QueueNow::default() };
        QueueNow { waiting: lines.waiting(), first_due: lines.first_due() }
    }
}
