//! The question whether it is solved, after a task of which no case asks: one tap confirms or denies. Denial opens the matter
//! again in the place that it had.

use blendline_core::input::Verdict;
use blendline_core::rows::{Conversation, ConversationState};
use blendline_core::{Command, Input};
use blendline_wire::event::{Actor, EventKind};
use blendline_wire::outbound::Content;
use blendline_wire::task::TaskKind;
use blendline_wire::{AccountId, ConversationId, Pii};

use crate::consent::OPEN_MS;
use crate::directory::AccountEntry;
use crate::driver::draft::Happening;
use crate::driver::step::Stepper;
use crate::pages::{Lang, said};
use crate::payload::MessageBody;
use crate::satisfaction::{self, Speaks, speaks_key};

/// A question that is due.
pub(crate) struct Due {
    conversation: ConversationId,
    content: Content,
    asked: EventKind,
}

impl Stepper<'_> {
    /// The question that this verdict asks for, where the rules ask for one after such an end and his channel has buttons.
    /// A case of this conversation asks by itself when it ends, and its stages' tasks are no conversations.
    pub(crate) fn due_confirmation(&self, command: &Command) -> Option<Due> {
        let Command::Settle { worker, task, lease, verdict: Verdict::Done { disposition, .. }, seen, .. } = command
        else {
            return None;
        };
        let row = self.core.task(*task).filter(|row| row.kind == TaskKind::Conversation)?;
        let matters = &self.directory.rules.get(&row.tenant)?.matters;
        let is_his = row.lease == *lease && row.state.is_active_with(*worker);
        let unread = row.asked.is_some_and(|(seq, _)| seen.is_some_and(|seen| seen < seq));
        if !is_his || unread || !matters.asks_after(row.queue, disposition) {
            return None;
        }
        let open = self.core.conversation(row.conversation?)?;
        let entry = self.directory.accounts.get(&open.account)?;
        let has_buttons = blendline_connectors::by_name(&entry.channel).is_some_and(|at| at.capabilities().buttons);
        let ends = self.core.window_of(open.id).or(open.heard_at.map(|heard| heard.plus(OPEN_MS)))?;
        if entry.is_public() || !has_buttons || ends <= self.now() {
            return None;
        }
        let speaks: Speaks = satisfaction::known(self.overlay.entry(&speaks_key(row.tenant, open.contact))?)?;
        let lang = if speaks.language == "he" { Lang::He } else { Lang::En };
        let words = |own: &blendline_cases::types::Words, ours: &str| {
            own.text(&speaks.language).map_or_else(|| said(lang, ours, &[]), str::to_owned)
        };
        let text = Pii::new(words(&matters.text, "page-solved-question"));
        let (yes, no) = &matters.buttons;
        let button = |verb: &str, label: String| (format!("blendline:{verb}:{}", open.id), label);
        let buttons =
            vec![button("confirm", words(yes, "page-solved-yes")), button("deny", words(no, "page-solved-no"))];
        let asked = EventKind::ConfirmationAsked { of_task: *task, of_worker: *worker, of_queue: row.queue };
        Some(Due { conversation: open.id, content: Content::Buttons { text, buttons }, asked })
    }

    /// Asks it.
    pub(crate) fn put_confirmation(&mut self, due: Due) {
        let Due { conversation, content, asked } = due;
        let Some(open) = self.core.conversation(conversation) else { return };
        let (tenant, account) = (open.tenant, Some(open.account));
        let payload = self.batch.payload(MessageBody::reply(content));
        let tell = Command::Tell { conversation, worker: None, payload, prior: None };
        if !self.step(Input::new(Actor::Rule, tell)).wrote {
            return self.batch.drop_payload(payload);
        }
        let (conversation, kind) = (Some(conversation), Box::new(asked));
        self.step(Input::new(Actor::Rule, Command::Record { tenant, account, conversation, kind }));
    }

    /// A customer said by a button of ours whether it is solved.
    pub(crate) fn confirm(
        &mut self,
        mut happening: Happening,
        account: AccountId,
        entry: &AccountEntry,
        (id, confirmed): (ConversationId, bool),
    ) {
        let contact = happening.addresses.iter().find_map(|address| self.overlay.contact(address));
        // A button can be forwarded: only the one it was sent to may press it.
        let is_his = |row: &Conversation| Some(row.account) == happening.account && Some(row.contact) == contact;
        let Some(prior) = self.solved(id).filter(is_his) else {
            let known = self.core.conversation(id).or_else(|| self.overlay.conversation(id));
            // Who says too late that it is not solved is heard by somebody.
            if !confirmed && happening.event.text.is_some() && known.is_some_and(is_his) {
                return self.message(happening, account, entry);
            }
            return self.discard(&happening, "not_routed");
        };
        // What he pressed stands in his conversation, where the platform says it in words.
        let (tenant, kind, kept) = (happening.tenant, happening.event.kind, happening.event.text.is_some());
        if kept {
            happening.beside = true;
            self.message(happening, account, entry);
        }
        let prior = self.solved(id).unwrap_or(prior);
        let ended = prior.state.clone();
        let command = Command::Confirm { prior: Box::new(prior.clone()), confirmed };
        if !self.step(Input::new(Actor::Customer, command)).wrote && !kept {
            let reason = "not_routed".to_owned();
            self.step(Input::new(Actor::Platform, Command::Discard { tenant, account: Some(account), kind, reason }));
            return;
        }
        if let (true, ConversationState::Solved { task, queue, .. }) = (confirmed, ended)
            && let Some((worker, _)) = prior.last_worker
        {
            self.ask_confirmed(id, task, queue, worker);
        }
    }
}
