//! Cases at the owner of their shard: what is asked of one is decided by [`blendline_cases::apply`], and its events, its
//! tasks and what the customer is told are committed with it.
//!
//! Three things change a case: a call, the end of its stage's task, and a button that the customer presses. All go through
//! [`Stepper::change_case`], and nothing else writes a case.

use std::collections::BTreeSet;

use blendline_cases::command::Whom;
use blendline_cases::types::{Press, Words};
use blendline_cases::{Case, Change, Command as CaseCommand, Effect, Refusal as CaseRefusal, Terms};
use blendline_core::input::{Class, NewItem, Verdict};
use blendline_core::rows::{ConversationState, Task, TaskState};
use blendline_core::{Answer, Command, Input, Refusal, Scheduler, limits};
use blendline_wire::event::case::{CaseLinks, CaseValue};
use blendline_wire::event::{Actor, EventKind};
use blendline_wire::inbound::{InboundEvent, InboundKind};
use blendline_wire::org::FieldValue;
use blendline_wire::outbound::Content;
use blendline_wire::task::{Label, TaskKind};
use blendline_wire::worker::ServerFrame;
use blendline_wire::{AccountId, CaseId, Pii, TaskId, TenantId};

use crate::directory::{AccountEntry, Directory};
use crate::driver::draft::{Draft, Happening, Item};
use crate::driver::keys;
use crate::driver::release::Output;
use crate::driver::step::Stepper;
use crate::driver::telemetry;
use crate::handle::{Call, CallError, CallResult, CaseCall};
use crate::notes;
use crate::payload::{ItemOrigin, MessageBody};

/// The button of ours that a customer pressed: of which case, and what it does.
pub(crate) fn pressed(event: &InboundEvent) -> Option<(CaseId, Press)> {
    // Some platforms bring a pressed button as a message; none lets anybody write what a button says to programs.
    if !matches!(event.kind, InboundKind::Postback | InboundKind::Message) {
        return None;
    }
    blendline_cases::pressed(event.payload.as_ref()?.expose())
}

/// The task that a command finishes, and how.
pub(crate) fn finished(command: &Command) -> Option<(TaskId, String)> {
    match command {
        Command::Settle { task, verdict: Verdict::Done { disposition, .. }, .. } => Some((*task, disposition.clone())),
        _ => None,
    }
}

impl Draft {
    /// Asks for the cases whose tasks are being finished.
    pub(crate) fn want_cases(&mut self, directory: &Directory, core: &Scheduler) {
        for item in &self.items {
            let Item::Call { call, .. } = item else { continue };
            let call = match &**call {
                Call::Doubtful { call, .. } => call,
                call => call,
            };
            let Call::Settle { task, .. } = call else { continue };
            let has_types = |tenant| directory.rules.get(tenant).is_some_and(|routing| !routing.cases.is_empty());
            let row = core.task(*task).filter(|row| row.kind == TaskKind::Item && has_types(&row.tenant));
            self.wanted.case_tasks.extend(row.map(|row| row.id));
        }
    }
}

impl Stepper<'_> {
    /// What is asked of a case from outside. Asked again under the same key it changes nothing again.
    pub(crate) fn case_call(&mut self, actor: Actor, asked: CaseCall) -> CallResult {
        let CaseCall { tenant, case: id, case_type, key, command } = asked;
        let known = self.overlay.case(id).filter(|case| case.tenant == tenant).cloned();
        if let (CaseCommand::Open { links, .. }, Some(known)) = (&command, &known) {
            let is_same = case_type.as_ref() == Some(&known.case_type) && known.links.parent == links.parent;
            return Err(if is_same { CallError::Case(CaseRefusal::Exists) } else { CallError::KeyReused });
        }
        let (key, content) = (keys::case_call(id, &key), keys::case_command(&command));
        match self.overlay.key(&key) {
            Some(value) if value == content => return Ok(Answer::Done),
            Some(_) => return Err(CallError::KeyReused),
            None => {}
        }
        let case_type = case_type.or_else(|| known.as_ref().map(|case| case.case_type.clone())).unwrap_or_default();
        let change = self.decided_case(known.as_ref(), tenant, &case_type, actor, &command).map_err(CallError::Case)?;
        self.change_case(actor, change);
        self.overlay.add_key(key, content.to_vec());
        self.batch.add_key(key, content.to_vec());
        Ok(Answer::Done)
    }

    /// Whether the task that a command finishes may be finished so, where it does a stage's work.
    pub(crate) fn may_finish(&self, actor: Actor, command: &Command) -> Result<(), CaseRefusal> {
        let Command::Settle { worker, task, lease, verdict: Verdict::Done { disposition, .. }, .. } = command else {
            return Ok(());
        };
        // Whoever has it no more is told so by the core.
        let is_his = |row: &Task| row.lease == *lease && row.state == TaskState::Active { worker: *worker };
        let Some(case) = self.overlay.case_of(*task).filter(|_| self.core.task(*task).is_some_and(is_his)) else {
            return Ok(());
        };
        let disposition = disposition.clone();
        self.decided_case(Some(case), case.tenant, &case.case_type, actor, &CaseCommand::Finish { disposition })?;
        Ok(())
    }

    /// A task was finished: where it did a stage's work, its case goes on.
    pub(crate) fn finish_stage(&mut self, actor: Actor, task: TaskId, disposition: String) {
        // It may have come back to its worker with what he had not read.
        let Some(case) = self.overlay.case_of(task).filter(|_| self.core.task(task).is_none()).cloned() else { return };
        let command = CaseCommand::Finish { disposition };
        if let Ok(change) = self.decided_case(Some(&case), case.tenant, &case.case_type, actor, &command) {
            self.change_case(actor, change);
        }
    }

    /// What the customer's button does to a case, where it may be pressed: by whom it was sent to, and now.
    pub(crate) fn pressed_case(&self, happening: &Happening) -> Option<Change> {
        let (id, press) = pressed(&happening.event)?;
        let case = self.overlay.case(id).filter(|case| case.tenant == happening.tenant)?;
        let contact = happening.addresses.iter().find_map(|address| self.overlay.contact(address))?;
        // A button can be forwarded.
        if case.links.contact != Some(contact) {
            return None;
        }
        let command = CaseCommand::Press(press);
        // What cannot be done any more is a message like any other, which somebody reads.
        self.decided_case(Some(case), case.tenant, &case.case_type, Actor::Customer, &command).ok()
    }

    /// Takes a pressed button up: it is kept in its conversation, and the case goes on.
    pub(crate) fn take_press(
        &mut self,
        mut happening: Happening,
        account: AccountId,
        entry: &AccountEntry,
        change: Change,
    ) {
        happening.beside = true;
        self.message(happening, account, entry);
        self.change_case(Actor::Customer, change);
    }

    fn decided_case(
        &self,
        case: Option<&Case>,
        tenant: TenantId,
        case_type: &str,
        actor: Actor,
        command: &CaseCommand,
    ) -> Result<Change, CaseRefusal> {
        if case.is_none() && !matches!(command, CaseCommand::Open { .. }) {
            return Err(CaseRefusal::NoCase);
        }
        let routing = self.directory.rules.get(&tenant).ok_or(CaseRefusal::NoType)?;
        let kind = routing.cases.get(case_type).ok_or(CaseRefusal::NoType)?;
        let calendars = routing.cases.calendars(kind, case, self.now());
        let terms = Terms { kind, version: routing.version, calendars: &calendars };
        blendline_cases::apply(&terms, case, actor, command, self.now())
    }

    /// Makes a change: its events, what it asks for, and what came of that.
    fn change_case(&mut self, actor: Actor, change: Change) {
        let Change { case, events, effects } = change;
        let mut case = self.record_case(actor, case, events);
        for effect in effects {
            let came = match effect {
                Effect::Cancel { task } => {
                    // Where it is over already there is nothing to take back.
                    let reason = "case_moved".to_owned();
                    self.step(Input::new(actor, Command::Cancel { task, reason }));
                    continue;
                }
                Effect::Open { queue, target_ms } => self.open_work(actor, &case, &queue, target_ms),
                Effect::Tell { whom, channels, text, buttons } => {
                    let outcome = match whom {
                        Whom::Customer => self.tell_of_case(&case, &channels, text, buttons),
                        Whom::Agent => self.note_of_case(&case, &text),
                    };
                    CaseCommand::Told { whom, outcome }
                }
            };
            let told = self.decided_case(Some(&case), case.tenant, &case.case_type, Actor::System, &came);
            if let Ok(change) = told {
                case = self.record_case(Actor::System, change.case, change.events);
            }
        }
        self.tell_concerned(&case);
    }

    /// Those who have the case, its stage's work or its conversation at their desks see it change there.
    fn tell_concerned(&mut self, case: &Case) {
        let talk = case.links.conversation.and_then(|id| self.core.conversation(id)).map(|open| &open.state);
        let at_talk = match talk {
            Some(ConversationState::Open { task }) => Some(*task),
            _ => None,
        };
        let holder = |task: Option<TaskId>| task.and_then(|task| self.core.task(task)?.state.holder());
        let whom: BTreeSet<_> = [case.owner, holder(case.task), holder(at_talk)].into_iter().flatten().collect();
        let frame = ServerFrame::CaseChanged { case: case.id, matter: case.links.matter };
        self.batch.outputs.extend(whom.into_iter().map(|worker| Output::Told(worker, frame.clone())));
    }

    /// Writes what happened to a case, and the case as it is then.
    fn record_case(&mut self, actor: Actor, case: Case, events: Vec<EventKind>) -> Case {
        let (account, conversation) = (case.links.account, case.links.conversation);
        for kind in events {
            let command = Command::Record { tenant: case.tenant, account, conversation, kind: Box::new(kind) };
            self.step(Input::new(actor, command));
        }
        self.overlay.add_case(case.clone());
        self.batch.put_case(case.clone());
        case
    }

    /// Opens the task of a stage.
    fn open_work(&mut self, actor: Actor, case: &Case, queue: &str, target_ms: Option<u64>) -> CaseCommand {
        let none = |reason: &str| CaseCommand::Work { task: None, reason: reason.to_owned() };
        let Some(queue) = self.directory.queue(case.tenant, queue) else { return none("unknown_queue") };
        let label = Label { rule: case.stage.name.clone(), tags: Vec::new(), case_type: Some(case.case_type.clone()) };
        let class = Class {
            queue,
            target_ms: target_ms.map(|target| target.min(limits::PARK_MS_MAX)),
            label: Some(Box::new(label)),
            rule_set: case.version,
            ..Class::default()
        };
        let class = match self.directory.rules.get(&case.tenant) {
            Some(routing) => routing.sent(class),
            None => class,
        };
        let body = self.work_body(case);
        let payload = self.batch.payload(body);
        let CaseLinks { conversation, matter, .. } = case.links;
        let item = NewItem { tenant: case.tenant, class, payload, conversation, matter };
        let call = Some(self.batch.call());
        match self.step(Input { call, actor, command: Command::Push(item) }).answer {
            Some(Ok(Answer::Task(task))) => CaseCommand::Work { task: Some(task), reason: String::new() },
            refused => {
                self.batch.drop_payload(payload);
                telemetry::case_without_work(&case.case_type, &case.stage.name);
                none(if matches!(refused, Some(Err(Refusal::TooMany(_)))) { "queue_full" } else { "refused" })
            }
        }
    }

    /// What whoever does a stage's work reads.
    fn work_body(&self, case: &Case) -> MessageBody {
        let kind = self.directory.rules.get(&case.tenant).and_then(|routing| routing.cases.get(&case.case_type));
        let words = |words: Option<&Words>, otherwise: &str| {
            words.and_then(|words| words.text(&case.language)).unwrap_or(otherwise).to_owned()
        };
        let type_words = words(kind.map(|kind| &kind.words), &case.case_type);
        let stage = kind.and_then(|kind| kind.stage(&case.stage.name));
        let stage_words = words(stage.map(|stage| &stage.words), &case.stage.name);
        let field = |(name, value): (&String, &CaseValue)| {
            let value = match value {
                CaseValue::Number(number) => FieldValue::Number(*number),
                CaseValue::Money { minor, .. } => FieldValue::Number(*minor),
                CaseValue::Text(text) => FieldValue::Text(text.clone()),
            };
            (name.clone(), value)
        };
        let own = [
            ("case".to_owned(), FieldValue::Text(Pii::new(case.id.to_string()))),
            ("stage".to_owned(), FieldValue::Text(Pii::new(case.stage.name.clone()))),
        ];
        MessageBody {
            title: Some(Pii::new(format!("{type_words}: {stage_words}"))),
            fields: case.fields.iter().map(field).chain(own).collect(),
            item: Some(Box::new(ItemOrigin { kind: case.case_type.clone(), source: "case".to_owned() })),
            ..MessageBody::default()
        }
    }

    /// Tells the customer, on the conversation that he has open or had last, or says why not.
    fn tell_of_case(
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
        if self.step(Input::new(Actor::Rule, command)).wrote {
            return "told";
        }
        self.batch.drop_payload(payload);
        "too_many"
    }

    /// Tells whoever owns the case, by a note on its matter that mentions him.
    fn note_of_case(&mut self, case: &Case, text: &str) -> &'static str {
        let (Some(owner), Some(matter)) = (case.owner, case.links.matter) else { return "no_owner" };
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
            mentions: vec![owner],
        };
        // One case says one thing to its owner in a millisecond; two cases of one matter are told apart by their names.
        let by_case = u16::from_be_bytes([case.id.0.to_be_bytes()[0], case.id.0.to_be_bytes()[1]]);
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
