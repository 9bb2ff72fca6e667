//! *Solved* is ours to say, *confirmed* is the customer's.

use blendline_wire::event::{Actor, EventKind};
use blendline_wire::inbound::InboundKind;
use blendline_wire::{QueueId, TaskId};

use crate::effect::{Answer, Refusal, Write};
use crate::input::Class;
use crate::rows::{Conversation, ConversationState};
use crate::scheduler::{Scheduler, Step};

impl Scheduler {
    /// The customer says whether it is solved. What is not solved (any more) is left alone, and recorded.
    pub(crate) fn confirm(
        &mut self,
        step: &mut Step<'_>,
        prior: Conversation,
        confirmed: bool,
    ) -> Result<Answer, Refusal> {
        step.actor = Actor::Customer;
        let kind = InboundKind::Postback;
        let (tenant, account) = (prior.tenant, prior.account);
        let ConversationState::Solved { task, queue, earned_at, .. } = prior.state else {
            return self.discard(step, tenant, Some(account), kind, "not_solved".to_owned());
        };
        if self.by_contact.contains_key(&prior.contact) {
            return self.discard(step, tenant, Some(account), kind, "another_conversation_is_open".to_owned());
        }
        let happened = if confirmed { EventKind::TaskConfirmed } else { EventKind::TaskDenied };
        self.conversation_event(step, &prior, task, queue, happened);
        if confirmed {
            let state = ConversationState::Confirmed { at: step.now };
            step.write(Write::Conversation(Box::new(Conversation { state, ..prior })));
            return Ok(Answer::Done);
        }
        let class = Class { queue, ..Class::default() };
        let Some(class) = self.class_or_any(tenant, &class) else {
            return self.discard(step, tenant, Some(account), kind, "tenant_has_no_queue".to_owned());
        };
        let worker = prior.last_worker.map(|(worker, _)| worker);
        let task = self.open_task(step, prior, &class, earned_at, None);
        self.direct_back(step, task, worker);
        self.task_event(step, task, EventKind::ConversationReopened { denied: true });
        self.created_event(step, task, None);
        step.todo.fresh.push(task);
        Ok(Answer::Task(task))
    }

    /// The time to confirm is over.
    pub(crate) fn confirm_ended(&mut self, step: &mut Step<'_>, prior: Conversation) -> Result<Answer, Refusal> {
        let ConversationState::Solved { task, queue, confirm_until, .. } = prior.state else { return Ok(Answer::Done) };
        if step.now < confirm_until || self.conversations.contains_key(&prior.id) {
            return Ok(Answer::Done);
        }
        self.conversation_event(step, &prior, task, queue, EventKind::TaskUnconfirmed);
        let state = ConversationState::Unconfirmed { at: step.now };
        step.write(Write::Conversation(Box::new(Conversation { state, ..prior })));
        Ok(Answer::Done)
    }

    /// Writes an event about a conversation that is not open.
    fn conversation_event(
        &mut self,
        step: &mut Step<'_>,
        conversation: &Conversation,
        task: TaskId,
        queue: QueueId,
        kind: EventKind,
    ) {
        let mut event = self.blank_event(step, conversation.tenant, kind);
        event.matter = Some(conversation.matter);
        event.conversation = Some(conversation.id);
        event.task = Some(task);
        event.unit = self.queues.get(&queue).and_then(|queue| queue.unit);
        event.side = self.queues.get(&queue).map(|queue| queue.side);
        event.channel = self.accounts.get(&conversation.account).map(|account| account.channel.clone());
        self.write_event(step, event);
    }
}
