//! The model store: rows as a driver would keep them, judged by nothing but the writes.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use blendline_core::effect::{Effect, Write};
use blendline_core::rows::{
    Conversation, ConversationState, Learnt, Meta, OutboundRow, Snapshot, Task, TaskState, Worker,
};
use blendline_wire::org::{AccountSettings, CalendarSettings, QueueSettings, TenantSettings};
use blendline_wire::{
    AccountId, CalendarId, ContactKey, ConversationId, Millis, OutboundId, QueueId, TaskId, TenantId, WorkerId,
};

/// The rows of one shard, live and closed.
#[derive(Clone, Debug, Default)]
pub struct Rows {
    /// Counters and the seed.
    pub meta: Meta,
    /// Tenants.
    pub tenants: BTreeMap<TenantId, TenantSettings>,
    /// Accounts.
    pub accounts: BTreeMap<AccountId, AccountSettings>,
    /// Calendars.
    pub calendars: BTreeMap<CalendarId, CalendarSettings>,
    /// Queues.
    pub queues: BTreeMap<QueueId, QueueSettings>,
    /// Workers.
    pub workers: BTreeMap<WorkerId, Worker>,
    /// Open conversations.
    pub conversations: BTreeMap<ConversationId, Conversation>,
    /// Conversations that have left the core.
    pub ended: BTreeMap<ConversationId, Conversation>,
    /// Open tasks.
    pub tasks: BTreeMap<TaskId, Task>,
    /// Tasks that have left the core.
    pub closed: BTreeMap<TaskId, Task>,
    /// Messages of ours on their way.
    pub outbound: BTreeMap<OutboundId, OutboundRow>,
    /// What is learnt about queues.
    pub learnt: BTreeMap<QueueId, Learnt>,
    /// Messages of ours that are final.
    pub settled: BTreeMap<OutboundId, OutboundRow>,
    /// The open tasks that each worker holds: what is asked most.
    holds: BTreeMap<WorkerId, BTreeSet<TaskId>>,
    /// What each worker's capacity is used by, summed once after a step: the judge asks it for every task that waits.
    loads: RefCell<BTreeMap<WorkerId, u32>>,
}

/// What one step changed: each row before and after, several writes of one row made one.
#[derive(Debug, Default)]
pub struct Changes {
    /// Tasks.
    pub tasks: BTreeMap<TaskId, (Option<Task>, Task)>,
    /// Conversations.
    pub conversations: BTreeMap<ConversationId, (Option<Conversation>, Conversation)>,
    /// Messages of ours.
    pub outbound: BTreeMap<OutboundId, (Option<OutboundRow>, OutboundRow)>,
    /// Workers before the step, where they changed.
    pub workers: BTreeMap<WorkerId, Option<Worker>>,
    /// Settings that were written.
    pub settings: usize,
}

impl Changes {
    /// True when nothing but counters and transcript changed.
    pub fn is_empty(&self) -> bool {
        self.tasks.is_empty()
            && self.conversations.is_empty()
            && self.outbound.is_empty()
            && self.workers.is_empty()
            && self.settings == 0
    }
}

impl Rows {
    /// No rows but the counters.
    pub fn new(meta: Meta) -> Self {
        Self { meta, ..Self::default() }
    }

    /// Applies the writes of one step in order.
    pub fn apply(&mut self, effects: &[Effect]) -> Changes {
        let mut changes = Changes::default();
        self.loads.get_mut().clear();
        for effect in effects {
            if let Effect::Write(write) = effect {
                self.write(write, &mut changes);
            }
        }
        changes
    }

    fn write(&mut self, write: &Write, changes: &mut Changes) {
        match write {
            Write::Meta(meta) => self.meta = *meta,
            Write::Task(task) => self.write_task(task, changes),
            Write::Conversation(conversation) => self.write_conversation(conversation, changes),
            Write::Outbound(row) => self.write_outbound(row, changes),
            Write::Worker(worker) => {
                let old = self.workers.insert(worker.settings.id, (**worker).clone());
                changes.workers.entry(worker.settings.id).or_insert(old);
            }
            Write::WorkerRemoved(id) => {
                let old = self.workers.remove(id);
                changes.workers.entry(*id).or_insert(old);
            }
            Write::Learnt(row) => drop(self.learnt.insert(row.queue, (**row).clone())),
            Write::LearntRemoved(queue) => drop(self.learnt.remove(queue)),
            Write::Message(_) | Write::Event(_) => {}
            settings => {
                changes.settings += 1;
                self.write_settings(settings);
            }
        }
    }

    fn write_settings(&mut self, write: &Write) {
        match write {
            Write::Tenant(tenant) => drop(self.tenants.insert(tenant.id, tenant.clone())),
            Write::Account(account) => drop(self.accounts.insert(account.id, account.clone())),
            Write::Calendar(calendar) => drop(self.calendars.insert(calendar.id, calendar.clone())),
            Write::Queue(queue) => drop(self.queues.insert(queue.id, (**queue).clone())),
            Write::QueueRemoved(id) => drop(self.queues.remove(id)),
            _ => {}
        }
    }

    fn write_task(&mut self, task: &Task, changes: &mut Changes) {
        let old = self.tasks.remove(&task.id).or_else(|| self.closed.remove(&task.id));
        if let Some(held) = old.as_ref().and_then(holder).and_then(|worker| self.holds.get_mut(&worker)) {
            held.remove(&task.id);
        }
        if let Some(worker) = holder(task) {
            self.holds.entry(worker).or_default().insert(task.id);
        }
        let entry = changes.tasks.entry(task.id).or_insert_with(|| (old, task.clone()));
        entry.1 = task.clone();
        let home = if matches!(task.state, TaskState::Closed { .. }) { &mut self.closed } else { &mut self.tasks };
        home.insert(task.id, task.clone());
    }

    fn write_conversation(&mut self, row: &Conversation, changes: &mut Changes) {
        let old = self.conversations.remove(&row.id).or_else(|| self.ended.remove(&row.id));
        let entry = changes.conversations.entry(row.id).or_insert_with(|| (old, row.clone()));
        entry.1 = row.clone();
        let open = matches!(row.state, ConversationState::Open { .. });
        let home = if open { &mut self.conversations } else { &mut self.ended };
        home.insert(row.id, row.clone());
    }

    fn write_outbound(&mut self, row: &OutboundRow, changes: &mut Changes) {
        let old = self.outbound.remove(&row.id).or_else(|| self.settled.remove(&row.id));
        let entry = changes.outbound.entry(row.id).or_insert_with(|| (old, row.clone()));
        entry.1 = row.clone();
        let home = if row.state.is_final() { &mut self.settled } else { &mut self.outbound };
        home.insert(row.id, row.clone());
    }

    /// The live rows, as the core is rebuilt from them.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot {
            meta: self.meta,
            tenants: self.tenants.values().cloned().collect(),
            accounts: self.accounts.values().cloned().collect(),
            calendars: self.calendars.values().cloned().collect(),
            queues: self.queues.values().cloned().collect(),
            workers: self.workers.values().cloned().collect(),
            conversations: self.conversations.values().cloned().collect(),
            tasks: self.tasks.values().cloned().collect(),
            outbound: self.outbound.values().cloned().collect(),
            learnt: self.learnt.values().cloned().collect(),
        }
    }

    /// The open conversation of a contact, if there is one.
    pub fn open_conversation(&self, account: AccountId, contact: ContactKey) -> Option<&Conversation> {
        self.conversations.values().find(|row| row.account == account && row.contact == contact)
    }

    /// The latest conversation of a contact when it is not open: what a driver sends along.
    pub fn prior(&self, account: AccountId, contact: ContactKey) -> Option<Box<Conversation>> {
        if self.open_conversation(account, contact).is_some() {
            return None;
        }
        let of_contact = self.ended.values().filter(|row| row.account == account && row.contact == contact);
        of_contact.max_by_key(|row| (row.state.ended_at(), row.id)).cloned().map(Box::new)
    }

    /// The row of a message of ours when it is final: what a driver sends along.
    pub fn prior_outbound(&self, id: OutboundId) -> Option<Box<OutboundRow>> {
        self.settled.get(&id).cloned().map(Box::new)
    }

    /// What the rows say a worker's capacity is used by: the independent sum of I6.
    pub fn load_of(&self, worker: WorkerId) -> u32 {
        *self.loads.borrow_mut().entry(worker).or_insert_with(|| self.sum_of(worker))
    }

    fn sum_of(&self, worker: WorkerId) -> u32 {
        let tasks = self.holds.get(&worker).into_iter().flatten().filter_map(|id| self.tasks.get(id));
        let held: u32 = tasks.map(|task| self.weight_of(task)).sum();
        let noting = self.workers.get(&worker).map_or(0, |row| row.wrap_ups.iter().map(|wrap| wrap.1).sum());
        held + noting
    }

    /// What a task would take of a worker.
    pub fn weight_for(&self, task: &Task, worker: &Worker) -> u32 {
        let ordinary = self.queues.get(&task.queue).map_or(0, |queue| queue.task_weight);
        let own = worker.settings.weights.iter().find(|own| own.channel == task.channel);
        own.map_or(ordinary, |own| own.weight)
    }

    /// What a held task takes of its holder.
    pub fn weight_of(&self, task: &Task) -> u32 {
        let Some(queue) = self.queues.get(&task.queue) else { return 0 };
        let whole = task.weighs.unwrap_or(queue.task_weight);
        match task.state {
            TaskState::Offered { .. } | TaskState::Active { .. } => whole,
            TaskState::Requesting { .. } if task.overdue_answer => 0,
            TaskState::Parked { .. } | TaskState::Requesting { .. } => whole * queue.waiting_weight_percent / 100,
            TaskState::Waiting | TaskState::Interrupted { .. } | TaskState::Closed { .. } => 0,
        }
    }

    /// The open milliseconds from `from` until `until` by the queue's hours.
    pub fn open_ms(&self, queue: QueueId, from: Millis, until: Millis) -> u64 {
        match self.calendar_of(queue) {
            None => until.since(from),
            Some(calendar) => {
                calendar.open.iter().map(|(opens, closes)| (*closes).min(until).since((*opens).max(from))).sum()
            }
        }
    }

    /// True when the queue's work is offered at `now`.
    pub fn is_open(&self, queue: QueueId, now: Millis) -> bool {
        self.calendar_of(queue)
            .is_none_or(|calendar| calendar.open.iter().any(|(opens, closes)| *opens <= now && now < *closes))
    }

    /// A queue's calendar; a calendar that was never given is always open.
    fn calendar_of(&self, queue: QueueId) -> Option<&CalendarSettings> {
        let id = self.queues.get(&queue)?.calendar?;
        self.calendars.get(&id)
    }

    /// The ids of the tasks a worker holds, in full or in part.
    pub fn held_by(&self, worker: WorkerId) -> BTreeSet<TaskId> {
        self.holds.get(&worker).cloned().unwrap_or_default()
    }
}

/// Who holds a task that is open.
fn holder(task: &Task) -> Option<WorkerId> {
    if matches!(task.state, TaskState::Closed { .. }) { None } else { task.state.holder() }
}
