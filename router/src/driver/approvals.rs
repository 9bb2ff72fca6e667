//! The task that asks for an approval: it goes to the nearest who may and is free, and its outcome comes back to whoever asked.

use blendline_authority::{Decision, Line, State};
use blendline_core::input::{Class, NewItem, Verdict};
use blendline_core::rows::ConversationState;
use blendline_core::{Answer, Command, Input, PayloadId, Refusal, Scheduler};
use blendline_wire::event::{Actor, EventKind};
use blendline_wire::org::FieldValue;
use blendline_wire::task::{Label, Presence, Target};
use blendline_wire::worker::ServerFrame;
use blendline_wire::{Pii, QueueId, TaskId, WorkerId, money};

use crate::driver::decisions::live;
use crate::driver::release::Output;
use crate::driver::step::Stepper;
use crate::driver::telemetry;
use crate::notes;
use crate::payload::{ItemOrigin, MessageBody};

/// The task that asks, for whom it is first, and why there is none.
pub(crate) type Routed = (Option<TaskId>, Option<WorkerId>, &'static str);

impl Stepper<'_> {
    /// Opens the task that asks for a decision. Where the asker has his task it waits for the answer, by the clock that the
    /// rules name, as for any other request of his.
    pub(crate) fn ask_approval(
        &mut self,
        actor: Actor,
        decision: &Decision,
        approvers: &[WorkerId],
        waits: bool,
    ) -> Routed {
        let tenant = decision.first.tenant;
        let directory = self.directory;
        let Some((live, version)) = live(directory, tenant) else { return (None, None, "no_authority") };
        let Some(approvals) = &live.authority.approvals else { return (None, None, "no_approvals") };
        let Some(queue) = directory.queue(tenant, &approvals.queue) else { return (None, None, "unknown_queue") };
        let body = self.approval_body(decision);
        let payload = self.batch.payload(body);
        let requested = match decision.first.told.of_task.filter(|_| waits) {
            Some(task) => self.request_approval(decision, task, (queue, approvals.clock), payload),
            None => None,
        };
        let opened = requested.map_or_else(|| self.push_approval(actor, decision, (queue, version), payload), Ok);
        match opened {
            Ok(task) => {
                let to = self.pass_approval(Actor::System, task, approvers);
                (Some(task), to, "")
            }
            Err(refusal) => {
                self.batch.drop_payload(payload);
                telemetry::approval_without_task();
                (None, None, if matches!(refusal, Some(Refusal::TooMany(_))) { "queue_full" } else { "refused" })
            }
        }
    }

    /// Asks as the asker himself would: his task waits here and comes back with the answer.
    fn request_approval(
        &mut self,
        decision: &Decision,
        parent: TaskId,
        (queue, clock): (QueueId, blendline_wire::task::ClockRule),
        payload: PayloadId,
    ) -> Option<TaskId> {
        let worker = decision.first.told.asker;
        let row = self.core.task(parent).filter(|row| row.state.is_active_with(worker))?;
        let lease = row.lease;
        let verdict = Verdict::Request { to: Target::Queue(queue), note: payload, clock };
        let command = Command::Settle { worker, task: parent, lease, verdict, replies: Vec::new(), seen: None };
        let call = Some(self.batch.call());
        let answer = self.step(Input { call, actor: Actor::Worker(worker), command }).answer;
        if !matches!(answer, Some(Ok(_))) {
            return None;
        }
        self.core.task(parent)?.children.last().copied()
    }

    fn push_approval(
        &mut self,
        actor: Actor,
        decision: &Decision,
        (queue, rule_set): (QueueId, u32),
        payload: PayloadId,
    ) -> Result<TaskId, Option<Refusal>> {
        let label = Label { rule: "authority".to_owned(), tags: Vec::new(), case_type: None };
        let class = Class { queue, label: Some(Box::new(label)), rule_set, ..Class::default() };
        let Line { tenant, conversation, matter, .. } = decision.first;
        let class = match self.directory.rules.get(&tenant) {
            Some(routing) => routing.sent(class),
            None => class,
        };
        let call = Some(self.batch.call());
        let command = Command::Push(NewItem { tenant, class, payload, conversation, matter });
        match self.step(Input { call, actor, command }).answer {
            Some(Ok(Answer::Task(task))) => Ok(task),
            Some(Err(refusal)) => Err(Some(refusal)),
            _ => Err(None),
        }
    }

    /// Sends the task that asks to the nearest of these who is free, else to the nearest who is there. Where none is, it waits
    /// in its queue.
    pub(crate) fn pass_approval(&mut self, actor: Actor, task: TaskId, approvers: &[WorkerId]) -> Option<WorkerId> {
        let row = self.core.task(task)?;
        let (queue, owner) = (row.queue, row.state.owner());
        let nearest = self.nearest(task, approvers);
        let to = match nearest {
            Some(worker) => Target::Worker(worker),
            // Whoever has it is none of those who may.
            None if owner.is_some_and(|owner| !approvers.contains(&owner)) => Target::Queue(queue),
            None => return None,
        };
        if nearest.is_none() || owner != nearest {
            self.step(Input::new(actor, Command::Reassign { task, to }));
        }
        nearest
    }

    /// The first of these who is free for a task, else the first who is there.
    pub(crate) fn nearest(&self, task: TaskId, of: &[WorkerId]) -> Option<WorkerId> {
        let row = self.core.task(task)?;
        let (queue, owner) = (row.queue, row.state.owner());
        let is_free = |worker: &&WorkerId| has_room(self.core, **worker, queue, owner);
        let is_there =
            |worker: &&WorkerId| presence(self.core, **worker).is_some_and(|presence| presence != Presence::Away);
        of.iter().find(is_free).or_else(|| of.iter().find(is_there)).copied()
    }

    /// It is decided: the task that asked is over, and whoever asked hears of it.
    pub(crate) fn end_approval(&mut self, decision: &Decision, task: Option<TaskId>, by: WorkerId) {
        let row = task.and_then(|task| self.core.task(task));
        let (parent, lease, holds) = match row {
            Some(row) => (row.parent, row.lease, row.state.is_active_with(by)),
            None => (None, Default::default(), false),
        };
        let answered = match task.filter(|_| row.is_some()) {
            Some(task) if holds => {
                let name = self.directory.workers.get(&by).map(|(_, name)| Pii::new(name.clone()));
                let said = Pii::new(outcome(decision));
                let payload = self.batch.payload(MessageBody { name, ..MessageBody::note(said) });
                let disposition = if decision.state() == State::Granted { "granted" } else { "denied" };
                let verdict = Verdict::Done { disposition: disposition.to_owned(), note: Some(payload) };
                let command = Command::Settle { worker: by, task, lease, verdict, replies: Vec::new(), seen: None };
                let call = Some(self.batch.call());
                let done = self.step(Input { call, actor: Actor::Worker(by), command }).answer;
                let done = matches!(done, Some(Ok(_)));
                if !done {
                    self.batch.drop_payload(payload);
                }
                done && parent.is_some()
            }
            Some(task) => {
                let reason = "decided".to_owned();
                self.step(Input::new(Actor::Worker(by), Command::Cancel { task, reason }));
                false
            }
            None => false,
        };
        // The answer to a request stands in the task that asked; anything else is told beside it.
        if !answered {
            self.tell_asker(decision, by);
        }
    }

    /// Tells whoever asked, by a note on the matter that mentions him.
    fn tell_asker(&mut self, decision: &Decision, by: WorkerId) {
        let (told, tenant) = (&decision.first.told, decision.first.tenant);
        let talk = decision.first.conversation.and_then(|id| self.core.conversation(id)).map(|open| &open.state);
        let at_talk = match talk {
            Some(ConversationState::Open { task }) => Some(*task),
            _ => None,
        };
        let (Some(matter), Some(task)) = (decision.first.matter, told.of_task.or(at_talk)) else { return };
        if told.asker == by {
            return;
        }
        let note = notes::Note {
            matter,
            task,
            conversation: decision.first.conversation,
            from: self.directory.workers.get(&by).map(|(_, name)| name.clone()).unwrap_or_default(),
            worker: Some(by),
            text: Pii::new(outcome(decision).chars().take(notes::TEXT_CHARS_MAX).collect()),
            mentions: vec![told.asker],
        };
        // One decision ends once; two of one matter in a millisecond are told apart by their names.
        let bytes = told.decision.0.to_be_bytes();
        let (key, entries) = notes::entries(&note, tenant, self.now(), u16::from_be_bytes([bytes[0], bytes[1]]));
        let frame =
            ServerFrame::Noted { note: hex::encode(key), task, from: note.from, text: note.text, mentioned: true };
        self.batch.outputs.push(Output::Told(told.asker, frame));
        let (note, mentions) = (hex::encode(key), note.mentions);
        let kind = Box::new(EventKind::NoteAdded { note, in_matter: matter, in_task: task, mentions });
        let conversation = decision.first.conversation;
        self.step(Input::new(Actor::Worker(by), Command::Record { tenant, account: None, conversation, kind }));
        entries.into_iter().for_each(|entry| self.put_entry(entry));
    }

    /// What whoever is asked reads.
    fn approval_body(&self, decision: &Decision) -> MessageBody {
        let told = &decision.first.told;
        let text = |text: String| FieldValue::Text(Pii::new(text));
        let asker = self.directory.workers.get(&told.asker).map(|(_, name)| name.clone()).unwrap_or_default();
        let own = [
            ("decision".to_owned(), text(told.decision.to_string())),
            ("action".to_owned(), text(told.action.clone())),
            ("minor".to_owned(), FieldValue::Number(told.minor)),
            ("asker".to_owned(), text(asker.clone())),
        ];
        let currency = (!told.currency.is_empty()).then(|| ("currency".to_owned(), text(told.currency.clone())));
        MessageBody {
            name: Some(Pii::new(asker)),
            title: Some(Pii::new(format!("{}: {}", told.action, money::shown(told.minor, &told.currency)))),
            text: decision.first.note.clone(),
            fields: own.into_iter().chain(currency).collect(),
            item: Some(Box::new(ItemOrigin { kind: "approval".to_owned(), source: "authority".to_owned() })),
            ..MessageBody::default()
        }
    }
}

fn presence(core: &Scheduler, worker: WorkerId) -> Option<Presence> {
    core.worker(worker).filter(|row| row.session.is_some()).map(|row| row.presence)
}

/// Whether a worker could begin a task of this queue now, or has this very one.
pub(crate) fn has_room(core: &Scheduler, worker: WorkerId, queue: QueueId, owner: Option<WorkerId>) -> bool {
    if presence(core, worker) != Some(Presence::Ready) {
        return false;
    }
    let weight = core.queue(queue).map_or(0, |queue| queue.task_weight);
    let capacity = core.worker(worker).map_or(0, |row| row.capacity);
    owner == Some(worker) || core.load_of(worker).saturating_add(weight) <= capacity
}

/// What became of a decision, in signs that every language has.
fn outcome(decision: &Decision) -> String {
    let told = &decision.first.told;
    let sign = match decision.state() {
        State::Granted => "✓",
        State::Waiting | State::Denied | State::Withdrawn | State::Reversed => "✗",
    };
    let amount = money::shown(told.minor, &told.currency);
    match decision.last.note.as_ref().filter(|_| decision.last.told.line != 1) {
        Some(note) => format!("{sign} {}: {amount}. {}", told.action, note.expose()),
        None => format!("{sign} {}: {amount}", told.action),
    }
}
