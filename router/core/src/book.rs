//! Keeping the books: every change of a row goes through here, so that what is derived follows at once.

use blendline_wire::worker::Author;
use blendline_wire::{ConversationId, Millis, OutboundId, QueueId, TaskId, WorkerId};

use crate::about::About;
use crate::desk::Desk;
use crate::effect::{MessageRow, Release, Write};
use crate::index::{Rules, Stand, Takes};
use crate::input::PayloadId;
use crate::learnt::Heard;
use crate::placed::Place;
use crate::rows::{Closed, Conversation, ConversationState, Task, TaskState, Worker};
use crate::scheduler::{Scheduler, Step};

impl Scheduler {
    /// The next number for a task, conversation, matter or message of ours.
    pub(crate) fn next_id(&mut self) -> u64 {
        self.meta.last_id += 1;
        self.meta.last_id
    }

    /// Enters a new task.
    pub(crate) fn add_task(&mut self, step: &mut Step<'_>, mut task: Task) {
        let id = task.id;
        if let Some(holder) = task.state.holder() {
            weigh(&mut task, self.workers.get(&holder).map(Box::as_ref));
        }
        match &mut task.state {
            TaskState::Active { since, .. } => *since = step.now,
            TaskState::Waiting => self.task_came(step, task.queue, task.side),
            _ => {}
        }
        if let Some(alike) = self.index.needs_of_line(&task) {
            task.needs = alike;
        }
        self.reckon_share(step, task.queue);
        let (stand, takes) = self.rules().stand_and_takes(&task);
        self.promise_taken(task.queue, task.state.holder(), takes.back, true);
        if let Some(holder) = task.state.holder() {
            self.hold(step, holder, id, takes, true);
        }
        if let (Some(holder), Some(at)) = (task.state.holder(), stand.watched()) {
            self.watch(holder, at);
        }
        let place = self.tasks.insert(id, task);
        self.index.add_task(&stand, place);
        step.todo.dirty_tasks.insert(id);
    }

    /// Changes an open task; everything derived from it follows.
    pub(crate) fn edit_task(&mut self, step: &mut Step<'_>, id: TaskId, change: impl FnOnce(&mut Task)) {
        // Looked at where it lies: it is large to move.
        let Some(place) = self.tasks.place(id) else { return };
        self.edit_task_at(step, id, place, change);
    }

    /// The same where its place is at hand.
    pub(crate) fn edit_task_at(
        &mut self,
        step: &mut Step<'_>,
        id: TaskId,
        place: Place,
        change: impl FnOnce(&mut Task),
    ) {
        let before = self.before_edit(place);
        let Some(before) = &before else { return };
        let Some(task) = self.tasks.at_mut(place) else { return };
        change(task);
        self.after_edit(step, id, place, before);
    }

    /// What is derived from an open task that is about to change.
    #[inline(never)] // Nor what comes after: each change would have its copy.
    fn before_edit(&self, place: Place) -> Option<Before> {
        let task = self.tasks.at(place)?;
        let (stand, takes) = self.rules().stand_and_takes(task);
        Some(Before { stand, takes, queue: task.queue, holder: task.state.holder(), since: task.state.active_since() })
    }

    /// A task has changed: what is derived from it follows.
    #[inline(never)]
    fn after_edit(&mut self, step: &mut Step<'_>, id: TaskId, place: Place, before: &Before) {
        let rules = Rules { queues: &self.queues, calendars: &self.calendars, learnt: &self.learnt };
        let Some(task) = self.tasks.at_mut(place) else { return };
        match (&mut task.state, before.since) {
            (TaskState::Active { since, .. }, before) => *since = before.unwrap_or(step.now),
            (_, Some(since)) => task.works_until(since, step.now),
            _ => {}
        }
        let holder = task.state.holder();
        if holder != before.holder {
            weigh(task, holder.and_then(|holder| self.workers.get(&holder)).map(Box::as_ref));
        }
        task.more.tidy();
        let queue = task.queue;
        let (stand, takes) = rules.stand_and_takes(task);
        if (&stand, takes, queue, holder) != (&before.stand, before.takes, before.queue, before.holder) {
            self.reckon_share(step, before.queue);
            if queue != before.queue {
                self.reckon_share(step, queue);
            }
            self.promise_taken(before.queue, before.holder, before.takes.back, false);
            self.promise_taken(queue, holder, takes.back, true);
            if let (Some(holder), Some(_)) = (before.holder, before.stand.watched()) {
                self.may_be_over(step, holder);
            }
            if let (Some(holder), Some(at)) = (holder, stand.watched()) {
                self.watch(holder, at);
            }
        }
        self.index.move_task(&before.stand, &stand, place);
        step.todo.dirty_tasks.insert(id);
        if (before.holder, before.takes) == (holder, takes) {
            return;
        }
        if let Some(holder) = before.holder {
            self.hold(step, holder, id, before.takes, false);
        }
        if let Some(holder) = holder {
            self.hold(step, holder, id, takes, true);
        }
    }

    /// Closes a task: its last row is written and it leaves the core. What events say of it stays.
    pub(crate) fn close_task(&mut self, step: &mut Step<'_>, id: TaskId, state: TaskState) -> Option<About> {
        let place = self.tasks.place(id)?;
        let open = self.tasks.at(place)?;
        let before_ms = open.worked_ms;
        // Who left before anybody had him waited as well.
        if open.state == TaskState::Waiting && open.lease.0 == 0 {
            let heard = Heard::Had { waited_ms: step.now.since(open.earned_at), missed: open.missed };
            self.task_heard(step, open.queue, heard);
        }
        let before = self.before_edit(place);
        let before = before.as_ref()?;
        let mut task = self.tasks.remove(&id)?;
        if let Some(since) = before.since {
            task.works_until(since, step.now);
        }
        weigh(&mut task, None);
        task.more.tidy();
        task.state = state;
        self.reckon_share(step, before.queue);
        self.promise_taken(before.queue, before.holder, before.takes.back, false);
        self.index.remove_task(&before.stand, place);
        if let Some(holder) = before.holder {
            if before.stand.watched().is_some() {
                self.may_be_over(step, holder);
            }
            self.hold(step, holder, id, before.takes, false);
        }
        if matches!(task.state, TaskState::Closed { how: Closed::Solved, .. }) {
            self.task_took(step, &task, before_ms);
        }
        step.todo.dirty_tasks.remove(id);
        let about = About::of(&task);
        step.write(Write::Task(task));
        Some(about)
    }

    /// A worker's holding of a task begins or ends.
    fn hold(&mut self, step: &mut Step<'_>, worker: WorkerId, task: TaskId, takes: Takes, begins: bool) {
        let Some(desk) = self.workers.get_mut(&worker) else { return };
        if begins {
            desk.held.insert(task);
            desk.load += takes.load;
            desk.back += takes.back;
            desk.soft += takes.soft;
            desk.aside += takes.aside;
        } else {
            desk.held.remove(task);
            desk.load = desk.load.saturating_sub(takes.load);
            desk.back = desk.back.saturating_sub(takes.back);
            desk.soft = desk.soft.saturating_sub(takes.soft);
            desk.aside = desk.aside.saturating_sub(takes.aside);
            step.todo.freed.insert(worker);
        }
        self.seat(step, worker);
    }

    /// Changes a worker's settings; which front queues he serves follows, and everything else.
    pub(crate) fn edit_settings(&mut self, step: &mut Step<'_>, id: WorkerId, change: impl FnOnce(&mut Worker)) {
        let Some(before) = self.workers.get(&id).map(|desk| desk.fronts.clone()) else { return };
        step.todo.stale.extend(before.iter().copied());
        self.reckon_shares(step);
        self.takes_promised(id, false);
        self.unseat(id);
        self.edit_worker(step, id, change);
        self.unseat(id);
        self.takes_promised(id, true);
        if let Some(desk) = self.workers.get_mut(&id) {
            desk.know(&self.queues);
        }
        self.seat(step, id);
    }

    /// Changes a worker; everything derived from him follows.
    pub(crate) fn edit_worker(&mut self, step: &mut Step<'_>, id: WorkerId, change: impl FnOnce(&mut Worker)) {
        let Some(desk) = self.workers.get_mut(&id) else { return };
        self.index.remove_worker(&desk.row);
        let noting = |row: &Worker| row.wrap_ups.iter().map(|(_, weight, _)| *weight).sum::<u32>();
        let before = noting(&desk.row);
        let brings = |desk: &Desk| (desk.is_ready(), desk.row.capacity, desk.load);
        let brought = brings(desk);
        change(&mut desk.row);
        desk.load = (desk.load + noting(&desk.row)).saturating_sub(before);
        let counts = brought != brings(desk);
        self.index.add_worker(&desk.row);
        step.todo.dirty_workers.insert(id);
        step.todo.moved.insert(id);
        if counts {
            self.seat(step, id);
        }
    }

    /// Changes of a worker what nothing but his place among the ready follows from.
    pub(crate) fn place_worker(&mut self, step: &mut Step<'_>, id: WorkerId, change: impl FnOnce(&mut Worker)) {
        let Some(desk) = self.workers.get_mut(&id) else { return };
        change(&mut desk.row);
        step.todo.dirty_workers.insert(id);
        step.todo.moved.insert(id);
    }

    /// Enters a worker.
    pub(crate) fn add_worker(&mut self, step: &mut Step<'_>, row: Worker) {
        let id = row.settings.id;
        self.index.add_worker(&row);
        self.workers.insert(id, Box::new(Desk::new(row, &self.queues)));
        step.todo.dirty_workers.insert(id);
        self.seat(step, id);
    }

    /// Enters an open conversation.
    pub(crate) fn add_conversation(&mut self, step: &mut Step<'_>, conversation: Conversation) {
        let id = conversation.id;
        self.by_contact.insert(conversation.contact, id);
        self.conversations.insert(id, conversation);
        step.todo.dirty_conversations.insert(id);
    }

    /// Changes an open conversation.
    pub(crate) fn edit_conversation(
        &mut self,
        step: &mut Step<'_>,
        id: ConversationId,
        change: impl FnOnce(&mut Conversation),
    ) {
        if let Some(conversation) = self.conversations.get_mut(&id) {
            change(conversation);
            step.todo.dirty_conversations.insert(id);
        }
    }

    /// Tells whoever follows a conversation to look again, where a committed message is a sent one.
    pub(crate) fn followed(&self, step: &mut Step<'_>, conversation: Option<ConversationId>) {
        if let Some(open) = conversation.and_then(|id| self.conversations.get(&id)) {
            self.look_again(step, open);
        }
    }

    fn look_again(&self, step: &mut Step<'_>, open: &Conversation) {
        if self.accounts.get(&open.account).is_some_and(|account| account.commit_is_send) {
            let (account, contact, conversation) = (open.account, open.contact, open.id);
            step.release(Release::Followed { account, contact, conversation });
        }
    }

    /// The same for a task's conversation.
    pub(crate) fn followed_in(&self, step: &mut Step<'_>, about: &About) {
        // Most accounts are not followed, and that is known without looking for the conversation.
        let account = about.account.and_then(|account| self.accounts.get(&account));
        if account.is_some_and(|account| account.commit_is_send) {
            self.followed(step, about.conversation);
        }
    }

    /// Ends a conversation: its row is written and it leaves the core.
    pub(crate) fn end_conversation(&mut self, step: &mut Step<'_>, id: ConversationId, state: ConversationState) {
        let Some(mut conversation) = self.conversations.remove(&id) else { return };
        self.look_again(step, &conversation);
        self.by_contact.remove(&conversation.contact);
        step.todo.dirty_conversations.remove(id);
        conversation.state = state;
        step.write(Write::Conversation(conversation));
    }

    /// Adds a line to the transcript of a task's conversation, or of the task itself, and gives its place.
    pub(crate) fn add_line(
        &mut self,
        step: &mut Step<'_>,
        task: TaskId,
        author: Author,
        worker: Option<WorkerId>,
        outbound: Option<OutboundId>,
        payload: PayloadId,
    ) -> u64 {
        let Some(open) = self.tasks.get(&task) else { return 0 };
        let (tenant, conversation) = (open.tenant, open.conversation);
        let mut seq = 0;
        match conversation.filter(|id| self.conversations.contains_key(id)) {
            Some(id) => self.edit_conversation(step, id, |conversation| {
                conversation.seq += 1;
                seq = conversation.seq;
            }),
            None => self.edit_task(step, task, |task| {
                task.seq += 1;
                seq = task.seq;
            }),
        }
        let at = step.now;
        if author != Author::Note {
            self.followed(step, conversation);
        }
        let row = MessageRow { tenant, conversation, task: Some(task), seq, at, author, worker, outbound, payload };
        step.write(Write::Message(row));
        seq
    }
}

/// What is derived from a task that is about to change.
struct Before {
    stand: Stand,
    takes: Takes,
    queue: QueueId,
    holder: Option<WorkerId>,
    /// Since when its worker has been at it, while he is.
    since: Option<Millis>,
}

/// What a task takes of whoever holds it from now on: it stays so while he does, whatever his settings become.
fn weigh(task: &mut Task, holder: Option<&Desk>) {
    let own = |desk: &Desk| {
        let weights = &desk.row.settings.weights;
        weights.iter().find(|own| own.channel == task.channel).map(|own| own.weight)
    };
    let weighs = holder.and_then(own);
    if weighs != task.weighs {
        task.weighs = weighs;
    }
}
