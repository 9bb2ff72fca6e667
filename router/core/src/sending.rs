//! Messages of ours: one on its way per conversation, a bounded number per account, retried, settled.

use blendline_wire::event::{Actor, EventKind};
use blendline_wire::outbound::SendOutcome;
use blendline_wire::{ConversationId, Millis, OutboundId};

use crate::effect::{Answer, Refusal, Release, Write};
use crate::input::DeliveryStatus;
use crate::limits;
use crate::policy;
use crate::rows::{Conversation, OutboundRow, OutboundState};
use crate::scheduler::{Scheduler, Step};

impl Scheduler {
    /// Hands messages over while the account may have more with the sender.
    pub(crate) fn hand_over(&mut self, step: &mut Step<'_>) {
        while let Some(account) = step.todo.posting.pop_first() {
            while let Some(id) = self
                .post
                .get(&account)
                .filter(|post| post.handed < limits::HANDED_PER_ACCOUNT_MAX)
                .and_then(|post| post.ready.first().copied())
            {
                let at = step.now;
                let Some(row) = self.outbound.get(&id) else { break };
                let window_until = self.window_until(row.conversation).or(row.window_until);
                self.edit_outbound(step, id, |row| {
                    row.state = OutboundState::Handed { at };
                    row.attempt += 1;
                    row.window_until = window_until;
                });
                let Some(row) = self.outbound.get(&id) else { break };
                step.effects.push(crate::effect::Effect::Release(Release::Send {
                    outbound: id,
                    attempt: row.attempt,
                    account,
                    conversation: row.conversation,
                    contact: row.contact,
                    window_until,
                    payload: row.payload,
                }));
            }
            step.todo.posting.remove(account);
        }
    }

    /// Until when the platform lets us write freely in an open conversation.
    pub(crate) fn window_until(&self, conversation: ConversationId) -> Option<Millis> {
        self.window_in(self.conversations.get(&conversation)?)
    }

    /// The same of a conversation as it stands, open or over.
    pub(crate) fn window_in(&self, conversation: &Conversation) -> Option<Millis> {
        let window_ms = self.accounts.get(&conversation.account)?.window_ms?;
        // Who never wrote has opened no window: it ended before it began.
        Some(conversation.heard_at.map_or(Millis(0), |heard_at| heard_at.plus(window_ms)))
    }

    /// What became of an attempt to send.
    pub(crate) fn send_result(
        &mut self,
        step: &mut Step<'_>,
        id: OutboundId,
        attempt: u32,
        outcome: SendOutcome,
        prior: Option<Box<OutboundRow>>,
    ) -> Result<Answer, Refusal> {
        step.actor = Actor::Platform;
        let Some(row) = self.outbound.get(&id) else {
            if let Some(prior) = prior.filter(|prior| prior.id == id) {
                self.late_result(step, *prior, attempt, outcome);
            }
            return Ok(Answer::Done);
        };
        // Only the attempt that is under way counts, unless the platform has it after all.
        let under_way = row.attempt == attempt && matches!(row.state, OutboundState::Handed { .. });
        let account_idempotent = self.accounts.get(&row.account).is_some_and(|account| account.idempotent_send);
        match outcome {
            SendOutcome::Sent { .. } => {
                self.finish(step, id, attempt, OutboundState::Sent { status: DeliveryStatus::Sent })
            }
            _ if !under_way => {}
            SendOutcome::Retry { after_ms, cause } => self.delay(step, id, after_ms, cause.reason, true),
            SendOutcome::AccountDown { cause } => self.delay(step, id, limits::ACCOUNT_DOWN_MS, cause.reason, false),
            SendOutcome::Failed { cause } => {
                self.finish(step, id, attempt, OutboundState::Failed { reason: cause.reason });
            }
            // Where a second call cannot send twice, asking again is how to find out.
            SendOutcome::Unknown { cause } if account_idempotent => self.delay(step, id, 0, cause.reason, true),
            SendOutcome::Unknown { cause } => {
                self.finish(step, id, attempt, OutboundState::Unknown { reason: cause.reason });
            }
        }
        Ok(Answer::Done)
    }

    /// Tries again later, or gives up after enough attempts.
    fn delay(&mut self, step: &mut Step<'_>, id: OutboundId, after_ms: u64, reason: String, counts: bool) {
        let Some(row) = self.outbound.get(&id) else { return };
        let attempt = row.attempt;
        if counts && attempt >= limits::ATTEMPTS_MAX {
            self.finish(step, id, attempt, OutboundState::Failed { reason });
            return;
        }
        let at = step.now.plus(after_ms.max(policy::retry_ms(attempt)));
        self.edit_outbound(step, id, |row| row.state = OutboundState::Delayed { until: at });
        let Some(row) = self.outbound.get(&id).cloned() else { return };
        let next = EventKind::ReplyDelayed { outbound: id, attempt: attempt + 1, at, reason };
        self.outbound_event(step, &row, next);
    }

    /// A delayed message may be tried again.
    pub(crate) fn retry(&mut self, step: &mut Step<'_>, id: OutboundId) {
        self.edit_outbound(step, id, |row| row.state = OutboundState::Queued);
    }

    /// A message came to its end.
    fn finish(&mut self, step: &mut Step<'_>, id: OutboundId, attempt: u32, state: OutboundState) {
        let Some(row) = self.outbound.get(&id).cloned() else { return };
        self.edit_outbound(step, id, |row| row.state = state.clone());
        self.ended(step, &row, attempt, &state, false);
    }

    /// Writes how a message ended; whoever said it is told where he should know.
    fn ended(&mut self, step: &mut Step<'_>, row: &OutboundRow, attempt: u32, state: &OutboundState, settles: bool) {
        let outbound = row.id;
        let (event, status, reason) = match state {
            OutboundState::Sent { .. } => (EventKind::ReplySent { outbound, attempt }, "sent", String::new()),
            OutboundState::Failed { reason } => {
                (EventKind::ReplyFailed { outbound, reason: reason.clone() }, "failed", reason.clone())
            }
            OutboundState::Unknown { reason } => {
                (EventKind::ReplyUnknown { outbound, reason: reason.clone() }, "unknown", reason.clone())
            }
            OutboundState::Queued | OutboundState::Handed { .. } | OutboundState::Delayed { .. } => return,
        };
        self.outbound_event(step, row, event);
        if let Some((worker, task)) = row.worker.zip(row.task).filter(|_| status != "sent" || settles) {
            step.release(Release::ReplyStatus { worker, task, outbound, status, reason });
        }
    }

    /// A result for a message that had ended: only an unknown one learns from it.
    fn late_result(&mut self, step: &mut Step<'_>, mut row: OutboundRow, attempt: u32, outcome: SendOutcome) {
        if !matches!(row.state, OutboundState::Unknown { .. }) || row.attempt != attempt {
            return;
        }
        row.state = match outcome {
            SendOutcome::Sent { .. } => OutboundState::Sent { status: DeliveryStatus::Sent },
            SendOutcome::Failed { cause } => OutboundState::Failed { reason: cause.reason },
            SendOutcome::Retry { .. } | SendOutcome::Unknown { .. } | SendOutcome::AccountDown { .. } => return,
        };
        self.ended(step, &row, attempt, &row.state.clone(), true);
        step.write(Write::Outbound(Box::new(row)));
    }

    /// The platform reports on a message of ours.
    pub(crate) fn status(
        &mut self,
        step: &mut Step<'_>,
        id: OutboundId,
        status: DeliveryStatus,
        reason: String,
        prior: Option<Box<OutboundRow>>,
    ) -> Result<Answer, Refusal> {
        step.actor = Actor::Platform;
        let delayed = if status == DeliveryStatus::Delayed { reason.clone() } else { String::new() };
        let reported = |reason| match status {
            DeliveryStatus::Failed => OutboundState::Failed { reason },
            _ => OutboundState::Sent { status },
        };
        if let Some(row) = self.outbound.get(&id).cloned() {
            // A report can overtake the answer to the call itself: the platform has it.
            if row.attempt > 0 {
                self.finish(step, id, row.attempt, reported(reason));
                self.status_event(step, &row, status);
            }
            return Ok(Answer::Done);
        }
        let Some(mut row) = prior.filter(|prior| prior.id == id) else { return Ok(Answer::Done) };
        let known = match &row.state {
            OutboundState::Sent { status } => Some(*status),
            OutboundState::Failed { .. } => Some(DeliveryStatus::Failed),
            _ => None,
        };
        if known.is_some_and(|known| known >= status) {
            return Ok(Answer::Done);
        }
        let was_unknown = matches!(row.state, OutboundState::Unknown { .. });
        row.state = reported(reason);
        if was_unknown || status == DeliveryStatus::Failed {
            self.ended(step, &row, row.attempt, &row.state.clone(), true);
        }
        if let (DeliveryStatus::Delayed, Some((worker, task))) = (status, row.worker.zip(row.task)) {
            step.release(Release::ReplyStatus { worker, task, outbound: id, status: "delayed", reason: delayed });
        }
        self.status_event(step, &row, status);
        step.write(Write::Outbound(row));
        Ok(Answer::Done)
    }

    fn status_event(&mut self, step: &mut Step<'_>, row: &OutboundRow, status: DeliveryStatus) {
        let status = match status {
            DeliveryStatus::Sent => "sent",
            DeliveryStatus::Failed => "failed",
            DeliveryStatus::Delayed => "delayed",
            DeliveryStatus::Delivered => "delivered",
            DeliveryStatus::Read => "read",
            DeliveryStatus::Played => "played",
        };
        self.outbound_event(step, row, EventKind::ReplyStatus { outbound: row.id, status: status.to_owned() });
    }

    fn outbound_event(&mut self, step: &mut Step<'_>, row: &OutboundRow, kind: EventKind) {
        let mut event = self.blank_event(step, row.tenant, kind);
        event.conversation = Some(row.conversation);
        event.task = row.task;
        event.matter = self.conversations.get(&row.conversation).map(|conversation| conversation.matter);
        event.channel = self.accounts.get(&row.account).map(|account| account.channel.clone());
        self.write_event(step, event);
    }
}
