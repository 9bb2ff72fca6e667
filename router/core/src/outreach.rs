//! Contacts that workers start, and contacts that they log after the fact.

use blendline_wire::event::EventKind;
use blendline_wire::task::TaskKind;
use blendline_wire::worker::Author;
use blendline_wire::{AccountId, ChannelKey, ContactKey, Lease, MatterId, QueueId, WorkerId};

use crate::about::About;
use crate::effect::{Answer, MessageRow, Refusal, Write};
use crate::input::{Class, PayloadId};
use crate::limits;
use crate::rows::{Closed, Conversation, TaskState};
use crate::scheduler::{Scheduler, Step};

impl Scheduler {
    /// A worker begins a conversation and has its task at once.
    #[expect(clippy::too_many_arguments, reason = "they are the fields of one command")]
    pub(crate) fn start(
        &mut self,
        step: &mut Step<'_>,
        worker: WorkerId,
        account: AccountId,
        contact: ContactKey,
        queue: QueueId,
        prior: Option<&Conversation>,
        payload: PayloadId,
    ) -> Result<Answer, Refusal> {
        let desk = self.workers.get(&worker).ok_or(Refusal::UnknownWorker)?;
        let tenant = desk.row.settings.tenant;
        let settings = self.queues.get(&queue).filter(|queue| queue.tenant == tenant).ok_or(Refusal::UnknownQueue)?;
        let known = self.accounts.get(&account).ok_or(Refusal::UnknownAccount)?;
        if known.tenant != tenant {
            return Err(Refusal::OtherTenant);
        }
        if !self.is_there(worker) {
            return Err(Refusal::NotConnected);
        }
        if let Some(open) = self.by_contact.get(&contact) {
            return Err(Refusal::AlreadyOpen(*open));
        }
        let own = &desk.row.settings;
        let channel = if own.weights.is_empty() { ChannelKey::NONE } else { ChannelKey::of(&known.channel) };
        if !desk.has_room_for(own.weight_of(channel, settings.task_weight)) {
            return Err(Refusal::TooMany("tasks"));
        }
        let class = Class { queue, channel, ..Class::default() };
        let mut conversation = self.new_conversation(step, tenant, account, contact);
        let id = conversation.id;
        // The platform's window counts from what the customer said last, in whichever conversation.
        conversation.heard_at = prior.and_then(|prior| prior.heard_at);
        let task = self.open_task(step, conversation, &class, step.now, None);
        self.edit_task(step, task, |task| {
            task.state = TaskState::active(worker);
            task.lease = Lease(1);
            task.unanswered = false;
        });
        self.task_event(step, task, EventKind::ConversationOpened { account });
        self.created_event(step, task, None);
        self.task_event(step, task, EventKind::TaskAssigned { worker, lease: Lease(1), decision: None });
        self.say(step, worker, task, payload)?;
        Ok(Answer::Conversation(id, task))
    }

    /// A worker logs a contact that is over.
    pub(crate) fn log(
        &mut self,
        step: &mut Step<'_>,
        worker: WorkerId,
        queue: QueueId,
        medium: String,
        duration_ms: u64,
        payload: PayloadId,
    ) -> Result<Answer, Refusal> {
        let tenant = self.workers.get(&worker).ok_or(Refusal::UnknownWorker)?.row.settings.tenant;
        self.queues.get(&queue).filter(|queue| queue.tenant == tenant).ok_or(Refusal::UnknownQueue)?;
        if duration_ms > limits::PARK_MS_MAX {
            return Err(Refusal::OutOfRange("duration_ms"));
        }
        let class = Class { queue, ..Class::default() };
        let matter = MatterId(self.next_id());
        let mut task = self.new_task(step, tenant, TaskKind::Log, &class, matter);
        let at = step.now;
        task.state = TaskState::Closed { at, how: Closed::Logged, worker: Some(worker) };
        task.unanswered = false;
        task.seq = 1;
        let id = task.id;
        self.event_about(step, About::of(&task), EventKind::ContactLogged { medium, duration_ms });
        step.write(Write::Task(Box::new(task)));
        step.write(Write::Message(MessageRow {
            tenant,
            conversation: None,
            task: Some(id),
            seq: 1,
            at,
            author: Author::Note,
            worker: Some(worker),
            outbound: None,
            payload,
        }));
        Ok(Answer::Task(id))
    }
}
