//! What is kept without anybody waiting for it, and what happens beside the core.

use blendline_wire::event::{Actor, EventKind};
use blendline_wire::worker::Author;
use blendline_wire::{AccountId, ConversationId, OutboundId, TenantId, WorkerId};

use crate::effect::{Answer, MessageRow, Refusal, Release, Write};
use crate::input::{InboundMessage, PayloadId};
use crate::limits;
use crate::rows::{Conversation, ConversationState};
use crate::said::Said;
use crate::scheduler::{Scheduler, Step};

impl Scheduler {
    /// A program said something: it joins the open conversation, or the end of the latest one; where there is none, it
    /// is a conversation that is over. No task comes of it, none is woken, and nothing is reopened.
    pub(crate) fn keep(&mut self, step: &mut Step<'_>, message: InboundMessage) -> Result<Answer, Refusal> {
        step.actor = Actor::Customer;
        let InboundMessage { tenant, account, contact, kind, payload, .. } = message;
        if let Some(id) = self.by_contact.get(&contact).copied() {
            return self.message_in_open(step, id, &message);
        }
        let prior = message.prior.filter(|prior| prior.contact == contact);
        let is_new = prior.is_none();
        let mut conversation = match prior {
            Some(prior) => *prior,
            None => Conversation {
                state: ConversationState::Unconfirmed { at: step.now },
                ..self.new_conversation(step, tenant, account, contact)
            },
        };
        conversation.seq += 1;
        let (seq, id) = (conversation.seq, conversation.id);
        if is_new {
            self.kept_event(step, &conversation, EventKind::ConversationOpened { account });
        }
        self.kept_event(step, &conversation, EventKind::MessageReceived { seq, kind, account });
        step.write(Write::Message(MessageRow {
            tenant,
            conversation: Some(id),
            task: None,
            seq,
            at: step.now,
            author: Author::Customer,
            worker: None,
            outbound: None,
            payload,
        }));
        step.write(Write::Conversation(Box::new(conversation)));
        // Whoever follows it sees what he said himself, though nothing goes on there.
        if self.accounts.get(&account).is_some_and(|account| account.commit_is_send) {
            step.release(Release::Followed { account, contact, conversation: id });
        }
        Ok(Answer::Done)
    }

    /// We say something to the customer beside the work on his task: a program does, or a worker repairs what failed.
    /// Whoever waits for an answer still waits.
    pub(crate) fn tell(
        &mut self,
        step: &mut Step<'_>,
        id: ConversationId,
        worker: Option<WorkerId>,
        payload: PayloadId,
        prior: Option<Box<Conversation>>,
    ) -> Result<Answer, Refusal> {
        let prior = prior.filter(|prior| prior.id == id);
        // Who came back meanwhile reads it where he writes now.
        let id = prior.as_ref().and_then(|prior| self.by_contact.get(&prior.contact)).copied().unwrap_or(id);
        if self.letters.get(&id).map_or(0, |line| line.len()) >= limits::OUTBOUND_PER_CONVERSATION_MAX {
            return Err(Refusal::TooMany("replies"));
        }
        let Some(open) = self.conversations.get(&id) else {
            return self.tell_after(step, *prior.ok_or(Refusal::NoConversation)?, worker, payload);
        };
        let ConversationState::Open { task } = open.state else { return Err(Refusal::NoConversation) };
        Ok(Answer::Said(self.say_in(step, id, task, worker, payload).ok_or(Refusal::NoConversation)?))
    }

    /// We say something to a customer whose conversation is over. It stays so, until he answers.
    fn tell_after(
        &mut self,
        step: &mut Step<'_>,
        mut over: Conversation,
        worker: Option<WorkerId>,
        payload: PayloadId,
    ) -> Result<Answer, Refusal> {
        if matches!(over.state, ConversationState::Open { .. }) {
            return Err(Refusal::NoConversation);
        }
        let commit_is_send = self.accounts.get(&over.account).ok_or(Refusal::UnknownAccount)?.commit_is_send;
        over.seq += 1;
        let (outbound, seq, conversation) = (OutboundId(self.next_id()), over.seq, Some(over.id));
        let row = self.message_of_ours(step.now, &over, Said { outbound, seq, task: None, worker, payload });
        step.write(Write::Message(MessageRow {
            tenant: over.tenant,
            conversation,
            task: None,
            seq,
            at: step.now,
            author: Author::Worker,
            worker,
            outbound: Some(outbound),
            payload,
        }));
        self.give_out(step, row, |core, step, kind| core.kept_event(step, &over, kind));
        if commit_is_send {
            step.release(Release::Followed { account: over.account, contact: over.contact, conversation: over.id });
        }
        step.write(Write::Conversation(Box::new(over)));
        Ok(Answer::Said(seq))
    }

    fn kept_event(&mut self, step: &mut Step<'_>, conversation: &Conversation, kind: EventKind) {
        let mut event = self.blank_event(step, conversation.tenant, kind);
        let account = self.accounts.get(&conversation.account);
        event.channel = account.map(|account| account.channel.clone());
        event.unit = account.and_then(|account| account.unit);
        event.matter = Some(conversation.matter);
        event.conversation = Some(conversation.id);
        self.write_event(step, event);
    }

    /// Writes that something happened in which the core has no part.
    pub(crate) fn record(
        &mut self,
        step: &mut Step<'_>,
        tenant: TenantId,
        account: Option<AccountId>,
        conversation: Option<ConversationId>,
        kind: EventKind,
    ) -> Result<Answer, Refusal> {
        let mut event = self.blank_event(step, tenant, kind);
        let account = account.and_then(|id| self.accounts.get(&id));
        event.channel = account.map(|account| account.channel.clone());
        event.unit = account.and_then(|account| account.unit);
        event.matter = conversation.and_then(|id| self.conversations.get(&id)).map(|open| open.matter);
        event.conversation = conversation;
        self.write_event(step, event);
        Ok(Answer::Done)
    }
}
