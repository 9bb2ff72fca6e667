//! What we say to a customer: its line, its row, and what becomes of it at once.

use blendline_wire::event::EventKind;
use blendline_wire::worker::Author;
use blendline_wire::{ConversationId, Millis, OutboundId, TaskId, WorkerId};

use crate::effect::Write;
use crate::input::{DeliveryStatus, PayloadId};
use crate::rows::{Conversation, OutboundRow, OutboundState};
use crate::scheduler::{Scheduler, Step};

/// Something of ours that has its place in a conversation.
pub(crate) struct Said {
    pub(crate) outbound: OutboundId,
    pub(crate) seq: u64,
    pub(crate) task: Option<TaskId>,
    pub(crate) worker: Option<WorkerId>,
    pub(crate) payload: PayloadId,
}

impl Scheduler {
    /// Says something in an open conversation, and gives its place.
    pub(crate) fn say_in(
        &mut self,
        step: &mut Step<'_>,
        conversation: ConversationId,
        task: TaskId,
        worker: Option<WorkerId>,
        payload: PayloadId,
    ) -> Option<u64> {
        let outbound = OutboundId(self.next_id());
        let seq = self.add_line(step, task, Author::Worker, worker, Some(outbound), payload);
        let said = Said { outbound, seq, task: Some(task), worker, payload };
        let row = self.message_of_ours(step.now, self.conversations.get(&conversation)?, said);
        self.give_out(step, row, |core, step, kind| core.task_event(step, task, kind));
        Some(seq)
    }

    /// The row of a message of ours before anybody tried to send it.
    pub(crate) fn message_of_ours(&self, now: Millis, conversation: &Conversation, said: Said) -> OutboundRow {
        let Said { outbound, seq, task, worker, payload } = said;
        OutboundRow {
            id: outbound,
            tenant: conversation.tenant,
            account: conversation.account,
            conversation: conversation.id,
            contact: conversation.contact,
            seq,
            task,
            worker,
            payload,
            queued_at: now,
            window_until: self.window_in(conversation),
            attempt: 0,
            state: OutboundState::Queued,
        }
    }

    /// Queues a message of ours for the sender; where a committed message is a sent one, its commit sends it.
    pub(crate) fn give_out(
        &mut self,
        step: &mut Step<'_>,
        row: OutboundRow,
        mut happens: impl FnMut(&mut Self, &mut Step<'_>, EventKind),
    ) {
        let (outbound, seq) = (row.id, row.seq);
        happens(self, step, EventKind::ReplyQueued { outbound, seq });
        if self.accounts.get(&row.account).is_some_and(|account| account.commit_is_send) {
            let state = OutboundState::Sent { status: DeliveryStatus::Sent };
            step.write(Write::Outbound(Box::new(OutboundRow { attempt: 1, state, ..row })));
            happens(self, step, EventKind::ReplySent { outbound, attempt: 1 });
        } else {
            self.add_outbound(step, row);
        }
    }
}
