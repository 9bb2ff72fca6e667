//! The question after a finished task: asked in the commit that finishes the task. What is answered, `ratings.rs` takes up.

use blendline_core::input::Verdict;
use blendline_core::rows::{Conversation, ConversationState};
use blendline_core::{Command, Input, Scheduler};
use blendline_rules::normal::language;
use blendline_wire::event::{Actor, EventKind};
use blendline_wire::outbound::Content;
use blendline_wire::task::TaskKind;
use blendline_wire::{AccountId, ContactKey, ConversationId, Pii, QueueId, TaskId, TenantId, WorkerId};

use crate::consent::OPEN_MS;
use crate::directory::{AccountEntry, Directory};
use crate::driver::calls::Prepared;
use crate::driver::draft::{Draft, Happening, Item};
use crate::driver::keys::Key;
use crate::driver::kin::{asks, identity_of};
use crate::driver::step::Stepper;
use crate::handle::Call;
use crate::matters;
use crate::payload::MessageBody;
use crate::persons::Identity;
use crate::satisfaction::{self, Asked, PURPOSE, Question, Speaks, asked_key, speaks_alone, speaks_key};

/// A question that is due.
struct Due {
    tenant: TenantId,
    account: AccountId,
    contact: ContactKey,
    text: String,
    asked: Asked,
}

/// Whoever may be asked one day, and in which language.
pub(crate) struct Speaker {
    place: Key,
    language: &'static str,
    identity: Option<Identity>,
}

impl Draft {
    /// Asks for what is known of the customers of tasks that are being finished.
    pub(crate) fn want_questions(&mut self, directory: &Directory, core: &Scheduler) {
        let entries = &mut self.wanted.entries;
        for item in &self.items {
            let Item::Call { call, .. } = item else { continue };
            let call = match &**call {
                Call::Doubtful { call, .. } => call,
                call => call,
            };
            let Call::Settle { task, .. } = call else { continue };
            let Some(task) = core.task(*task).filter(|task| asks(directory, task.tenant)) else { continue };
            if let Some(open) = task.conversation.and_then(|id| core.conversation(id)) {
                let (tenant, contact) = (task.tenant, open.contact);
                entries.extend([
                    speaks_key(tenant, contact),
                    asked_key(tenant, contact),
                    matters::key(tenant, contact),
                ]);
            }
        }
    }
}

impl Stepper<'_> {
    /// Asks the customer of a task that is about to be finished, where that is due. What was to be said with the verdict is
    /// said first: the question is the last word.
    pub(crate) fn ask(&mut self, actor: Actor, prepared: &mut Prepared) {
        let (confirmation, question) = match self.due_confirmation(&prepared.command) {
            Some(due) => (Some(due), None),
            // Who says that it is solved is asked how it was after that.
            None => (None, self.due_question(&prepared.command)),
        };
        if confirmation.is_none() && question.is_none() {
            return;
        }
        let Prepared { command: Command::Settle { worker, task, lease, replies, .. }, payloads, keys, .. } = prepared
        else {
            return;
        };
        while let Some(payload) = replies.first().copied() {
            let command = Command::Reply { worker: *worker, task: *task, lease: *lease, payload };
            if !self.step(Input::new(actor, command)).wrote {
                // The verdict, with what is left to say, is refused for the same reason, and its caller is told which.
                return;
            }
            replies.remove(0);
            payloads.retain(|own| *own != payload);
            let (key, value) = keys.remove(0);
            self.overlay.add_key(key, value.clone());
            self.batch.add_key(key, value);
        }
        if let Some(due) = confirmation {
            self.put_confirmation(due);
        }
        if let Some(due) = question {
            self.put_question(due, None);
        }
    }

    /// Asks who has just said that it is solved how it was, where that is due.
    pub(crate) fn ask_confirmed(
        &mut self,
        conversation: ConversationId,
        task: TaskId,
        queue: QueueId,
        worker: WorkerId,
    ) {
        let Some(over) = self.overlay.conversation(conversation).cloned() else { return };
        let Some(question) = self.directory.questions.get(&over.tenant).filter(|known| known.queues.contains(&queue))
        else {
            return;
        };
        if self.core.conversation_of(over.contact).is_some() || !self.may_be_asked(question, over.tenant, over.contact)
        {
            return;
        }
        let Some(text) = self.question_to(question, over.tenant, over.contact) else { return };
        let (account, contact, tenant) = (over.account, over.contact, over.tenant);
        let asked = Asked { at: self.now(), conversation, matter: over.matter, task, queue, worker, answered: None };
        self.put_question(Due { tenant, account, contact, text, asked }, Some(over));
    }

    /// Whether he was not asked of late, on whichever of his channels.
    fn may_be_asked(&self, question: &Question, tenant: TenantId, contact: ContactKey) -> bool {
        let asked = |contact| self.overlay.entry(&asked_key(tenant, contact)).and_then(satisfaction::known);
        let last = self.overlay.kin.with(contact).filter_map(asked).map(|last: Asked| last.at).max();
        last.is_none_or(|last| last.plus(question.every_ms) <= self.now())
    }

    /// The question in his language, where he speaks for himself.
    fn question_to(&self, question: &Question, tenant: TenantId, contact: ContactKey) -> Option<String> {
        let speaks: Speaks = satisfaction::known(self.overlay.entry(&speaks_key(tenant, contact))?)?;
        Some(question.text(&speaks.language).to_owned())
    }

    /// `over` is the conversation, where it is not open any more.
    fn put_question(&mut self, due: Due, over: Option<Conversation>) {
        let Due { tenant, account, contact, text, asked } = due;
        let prior = over.map(Box::new);
        let purpose = Some(PURPOSE.to_owned());
        let body = MessageBody { purpose, ..MessageBody::reply(Content::Text { text: Pii::new(text) }) };
        let payload = self.batch.payload(body);
        let conversation = asked.conversation;
        if !self.step(Input::new(Actor::Rule, Command::Tell { conversation, worker: None, payload, prior })).wrote {
            return self.batch.drop_payload(payload);
        }
        let kind = Box::new(EventKind::SatisfactionAsked {
            of_task: asked.task,
            of_worker: asked.worker,
            of_queue: asked.queue,
            customer: satisfaction::mark(tenant, contact),
        });
        let (account, conversation) = (Some(account), Some(conversation));
        self.step(Input::new(Actor::Rule, Command::Record { tenant, account, conversation, kind }));
        self.put_entry(satisfaction::entry(asked_key(tenant, contact), tenant, asked.at, &asked));
    }

    /// The question that this verdict asks for. Everything is looked at beforehand: the core will take the verdict.
    fn due_question(&self, command: &Command) -> Option<Due> {
        let Command::Settle { worker, task, lease, verdict: Verdict::Done { disposition, .. }, replies, seen } =
            command
        else {
            return None;
        };
        let now = self.now();
        let row = self.core.task(*task).filter(|row| row.kind == TaskKind::Conversation)?;
        let question = self.directory.questions.get(&row.tenant)?;
        let is_his = row.lease == *lease && row.state.is_active_with(*worker);
        let unread = row.asked.is_some_and(|(seq, _)| seen.is_some_and(|seen| seen < seq));
        let was_answered = !row.unanswered || !replies.is_empty();
        if !is_his || unread || !was_answered || !question.follows(row.queue, disposition) {
            return None;
        }
        let open = self.core.conversation(row.conversation?)?;
        if open.state != (ConversationState::Open { task: *task })
            || self.directory.accounts.get(&open.account)?.is_public()
        {
            return None;
        }
        // Only while the channel lets us write freely, or he has written of late where it sets no end.
        let ends = self.core.window_of(open.id).or(open.heard_at.map(|heard| heard.plus(OPEN_MS)))?;
        let text = self.question_to(question, row.tenant, open.contact)?;
        if ends <= now || !self.may_be_asked(question, row.tenant, open.contact) {
            return None;
        }
        let asked = Asked {
            at: now,
            conversation: open.id,
            matter: open.matter,
            task: *task,
            queue: row.queue,
            worker: *worker,
            answered: None,
        };
        Some(Due { tenant: row.tenant, account: open.account, contact: open.contact, text, asked })
    }

    /// Who says something by himself to a tenant that asks questions.
    pub(crate) fn speaker(&self, happening: &Happening, entry: &AccountEntry) -> Option<Speaker> {
        let event = &happening.event;
        let asks = asks(self.directory, entry.tenant) && speaks_alone(event);
        let place = happening.addresses.first().copied().filter(|_| asks)?;
        let language = language(event.text.as_ref().map_or("", |text| text.expose()));
        Some(Speaker { place, language, identity: identity_of(happening, &entry.channel) })
    }

    /// Notes in which language somebody began a conversation.
    pub(crate) fn note_language(&mut self, speaker: &Speaker, tenant: TenantId) {
        let now = self.now();
        let Some(contact) = self.overlay.contact(&speaker.place) else { return };
        if self.core.conversation_of(contact).is_some_and(|open| open.opened_at == now) {
            let speaks = Speaks { language: speaker.language.to_owned(), identity: speaker.identity.clone() };
            self.put_entry(satisfaction::entry(speaks_key(tenant, contact), tenant, now, &speaks));
        }
    }
}
