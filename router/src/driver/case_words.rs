//! What customers, owners and managers are told of a case, and how it reaches them.

use std::collections::BTreeSet;

use blendline_cases::command::{Notice, PromiseNews, Whom};
use blendline_cases::promise::Promise;
use blendline_cases::{Case, local};
use blendline_core::rows::ConversationState;
use blendline_core::{Command, Input, MessageRow};
use blendline_wire::event::{Actor, EventKind};
use blendline_wire::outbound::Content;
use blendline_wire::worker::ServerFrame;
use blendline_wire::{ConversationId, Millis, Pii, WorkerId};
use jiff::tz::TimeZone;

use crate::driver::release::Output;
use crate::driver::step::Stepper;
use crate::notes;
use crate::pages::{Lang, said};
use crate::payload::{MessageBody, StoredMessage};

impl Stepper<'_> {
    /// Tells somebody of a promise or a stage at risk, or says why not.
    pub(crate) fn notice_of_case(
        &mut self,
        case: &Case,
        (whom, worker): (Whom, Option<WorkerId>),
        notice: &Notice,
        at: u16,
    ) -> &'static str {
        let utc = TimeZone::UTC;
        let zone = self.directory.rules.get(&case.tenant).map_or(&utc, |routing| &routing.zone);
        let lang = if case.language == "he" { Lang::He } else { Lang::En };
        let text = words(notice, whom, lang, zone);
        match whom {
            Whom::Customer => self.tell_of_case(case, &[], text, Vec::new()),
            Whom::Agent | Whom::Manager => self.note_of_case(case, worker, &text, at),
        }
    }

    /// Tells the customer, on the conversation that he has open or had last, or says why not.
    pub(crate) fn tell_of_case(
        &mut self,
        case: &Case,
        channels: &[String],
        text: String,
        buttons: Vec<(String, String)>,
    ) -> &'static str {
        let named = case.links.conversation.and_then(|id| self.core.conversation(id));
        let contact = case.links.contact;
        let open = named.or_else(|| contact.and_then(|contact| self.core.conversation_of(contact)));
        let over = contact.and_then(|contact| self.overlay.latest(contact)).filter(|_| open.is_none());
        let Some(talk) = open.or(over) else { return "no_conversation" };
        let conversation = talk.id;
        let Some(entry) = self.directory.accounts.get(&talk.account) else { return "no_conversation" };
        // What is his is not said where others read it.
        let is_his = !entry.is_public() && (channels.is_empty() || channels.contains(&entry.channel));
        if !is_his {
            return "other_channel";
        }
        let text = Pii::new(text);
        let content = if buttons.is_empty() { Content::Text { text } } else { Content::Buttons { text, buttons } };
        let prior = over.cloned().map(Box::new);
        let payload = self.batch.payload(MessageBody::reply(content));
        let command = Command::Tell { conversation, worker: None, payload, prior };
        let stepped = self.step(Input::new(Actor::Rule, command));
        if stepped.wrote {
            if let Some(said) = stepped.said {
                self.show_said(case, conversation, &said);
            }
            return "told";
        }
        self.batch.drop_payload(payload);
        "too_many"
    }

    /// Whoever has the conversation or the stage's work at his desk sees what the customer was told, where he reads what the
    /// customer says.
    fn show_said(&mut self, case: &Case, conversation: ConversationId, said: &MessageRow) {
        let at_talk = match self.core.conversation(conversation).map(|open| &open.state) {
            Some(ConversationState::Open { task }) => Some(*task),
            _ => None,
        };
        let Some(body) = self.batch.commit.payloads.get(&said.payload).cloned() else { return };
        let MessageRow { seq, at, author, worker, outbound, .. } = *said;
        let message = StoredMessage { seq, at, author, worker, outbound, body }.view();
        let tasks: BTreeSet<_> = [case.task, at_talk].into_iter().flatten().collect();
        for row in tasks.into_iter().filter_map(|task| self.core.task(task)) {
            let Some(holder) = row.state.holder().filter(|_| row.conversation == Some(conversation)) else { continue };
            let frame = ServerFrame::Message { task: row.id, lease: row.lease, message: message.clone() };
            self.batch.outputs.push(Output::Told(holder, frame));
        }
    }

    /// Tells a worker of a case, by a note on its matter that mentions him. `at` tells what is said to one in the same
    /// millisecond apart.
    pub(crate) fn note_of_case(&mut self, case: &Case, worker: Option<WorkerId>, text: &str, at: u16) -> &'static str {
        let (Some(worker), Some(matter)) = (worker, case.links.matter) else { return "no_owner" };
        // Where nobody works on the stage, the note is read at the customer's conversation.
        let talk = case.links.conversation.and_then(|id| self.core.conversation(id)).map(|open| &open.state);
        let at_talk = match talk {
            Some(ConversationState::Open { task }) => Some(*task),
            _ => None,
        };
        let Some(task) = case.task.or(at_talk) else { return "no_task" };
        let text: String = text.chars().take(notes::TEXT_CHARS_MAX).collect();
        let note = notes::Note {
            matter,
            task,
            conversation: case.links.conversation,
            from: case.case_type.clone(),
            worker: None,
            text: Pii::new(text),
            mentions: vec![worker],
        };
        // Two cases of one matter are told apart by their names.
        let by_case = u16::from_be_bytes([case.id.0.to_be_bytes()[0], case.id.0.to_be_bytes()[1]]).wrapping_add(at);
        let (key, entries) = notes::entries(&note, case.tenant, self.now(), by_case);
        let kind = Box::new(EventKind::NoteAdded {
            note: hex::encode(key),
            in_matter: matter,
            in_task: task,
            mentions: note.mentions,
        });
        let conversation = case.links.conversation;
        let command = Command::Record { tenant: case.tenant, account: None, conversation, kind };
        self.step(Input::new(Actor::Rule, command));
        entries.into_iter().for_each(|entry| self.put_entry(entry));
        "told"
    }
}

/// A notice in a language, times as they are where the company is.
fn words(notice: &Notice, whom: Whom, lang: Lang, zone: &TimeZone) -> String {
    let time = |at: Millis| local(at, zone).unwrap_or_default();
    match notice {
        Notice::Promise { words: Some(words), .. } if whom == Whom::Customer => words.clone(),
        Notice::Promise { promise, what, .. } => {
            let key = promise_key(*what, whom);
            let customer_at = promise.risk.map_or_else(String::new, |risk| time(risk.customer_at));
            said(lang, key, &[("due", time(promise.due_at)), ("words", spoken(promise)), ("customer", customer_at)])
        }
        Notice::Risk { due_at, again: true, .. } => said(lang, "page-case-escalated", &[("due", time(*due_at))]),
        Notice::Risk { due_at, miss_milli, again: false } => {
            let percent = (miss_milli / 10).to_string();
            said(lang, "page-case-at-risk", &[("due", time(*due_at)), ("percent", percent)])
        }
    }
}

fn spoken(promise: &Promise) -> String {
    promise.words.as_ref().map_or_else(|| "–".to_owned(), |words| words.expose().clone())
}

const fn promise_key(what: PromiseNews, whom: Whom) -> &'static str {
    match (what, whom) {
        (PromiseNews::Made, _) => "page-case-promise-made",
        (PromiseNews::AtRisk, Whom::Customer) => "page-case-promise-at-risk",
        (PromiseNews::AtRisk, _) => "page-case-promise-at-risk-owner",
        (PromiseNews::Broken, _) => "page-case-promise-broken",
        (PromiseNews::Withdrawn, _) => "page-case-promise-withdrawn",
    }
}
