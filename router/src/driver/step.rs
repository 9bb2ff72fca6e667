//! Steps the core through a batch and sorts what it asks for.

use blendline_core::rows::{Task, TaskState};
use blendline_core::{Answer, Effect, Input, MessageRow, Refusal, Release, Scheduler, Write};
use blendline_wire::event::{Actor, EventKind};
use blendline_wire::worker::{ServerFrame, TaskView};
use blendline_wire::{Lease, Millis, TaskId};

use crate::case_history;
use crate::directory::Directory;
use crate::driver::batch::Batch;
use crate::driver::draft::Item;
use crate::driver::overlay::Overlay;
use crate::driver::release::{Handed, Output, View};
use crate::driver::telemetry;
use crate::ports::live::follow_topic;
use crate::ports::store::Transcript;
use crate::status::Links;

/// Everything that a batch is decided with.
pub(crate) struct Stepper<'a> {
    pub(crate) core: &'a mut Scheduler,
    pub(crate) overlay: &'a mut Overlay,
    pub(crate) directory: &'a Directory,
    pub(crate) batch: Batch,
    /// The platform's sentence on what is being decided: the core knows only its word.
    pub(crate) sentence: Option<String>,
    /// Why the case that is being changed goes back, where somebody said so.
    pub(crate) cause: Option<String>,
    /// What makes links to status pages, where this process has the secret for it.
    pub(crate) links: Option<&'a Links>,
    effects: Vec<Effect>,
}

/// What one step brought.
pub(crate) struct Stepped {
    /// True when something was written: the core took it up.
    pub(crate) wrote: bool,
    /// The answer, where somebody waits for one.
    pub(crate) answer: Option<Result<Answer, Refusal>>,
    /// The line of ours that was said to a customer.
    pub(crate) said: Option<MessageRow>,
}

impl<'a> Stepper<'a> {
    pub(crate) fn new(
        core: &'a mut Scheduler,
        overlay: &'a mut Overlay,
        directory: &'a Directory,
        batch: Batch,
    ) -> Self {
        Self {
            core,
            overlay,
            directory,
            batch,
            sentence: None,
            cause: None,
            links: None,
            effects: Vec::with_capacity(32),
        }
    }

    /// Lets what is due happen.
    pub(crate) fn tick(&mut self) {
        self.step(Input::tick());
    }

    /// Decides one item, after all that came before it.
    pub(crate) fn decide(&mut self, item: Item) {
        match item {
            Item::Put(settings) => {
                self.step(Input::new(Actor::System, blendline_core::Command::Put(settings)));
            }
            Item::RemoveQueue(queue, heir) => {
                self.step(Input::new(Actor::System, blendline_core::Command::RemoveQueue { queue, heir }));
            }
            Item::RemoveWorker(worker) => {
                self.step(Input::new(Actor::System, blendline_core::Command::RemoveWorker { worker }));
            }
            Item::Enter(entry) => self.put_entry(entry),
            Item::Happening(happening) => self.happening(*happening),
            Item::Quarantine(row) => self.quarantine(row),
            Item::Result(result) => self.send_result(result),
            Item::Call { actor, call, reply } => self.call(actor, *call, reply),
            Item::Attach(attach) => self.attach(*attach),
            Item::Lost(worker, session) => {
                self.step(Input::new(Actor::System, blendline_core::Command::Lost { worker, session }));
                self.batch.outputs.push(Output::End(session, "drain"));
            }
            Item::ConfirmEnded(conversation) => self.confirm_ended(conversation),
            Item::ExternalDue(event) => self.external_due(&event),
            Item::LookAtCase(case) => self.look_at_case(case),
            Item::LookAtImprovement(improvement) => self.look_at_improvement(improvement),
            Item::TooManyRepeats(tenant, topic) => self.too_many_repeats(tenant, &topic),
            Item::LookAtReview(task) => self.place_review(task),
            Item::WindowCloses(tenant, conversation) => self.window_closes(tenant, conversation),
        }
    }

    /// The time of this batch. It is read once, so that the journal replays it (P6).
    pub(crate) const fn now(&self) -> Millis {
        self.batch.commit.now
    }

    /// One step of the core.
    pub(crate) fn step(&mut self, input: Input) -> Stepped {
        self.batch.record(&input);
        let mut effects = std::mem::take(&mut self.effects);
        self.core.step(self.batch.commit.now, input, &mut effects);
        let mut stepped = Stepped { wrote: false, answer: None, said: None };
        let (mut assigned, mut offered, mut denied) = (Vec::new(), Vec::new(), Vec::new());
        for effect in effects.drain(..) {
            match effect {
                Effect::Write(write) => {
                    // Counters alone are no trace of an input.
                    stepped.wrote |= !matches!(write, Write::Meta(_));
                    self.overlay.absorb(&write);
                    if let Write::Message(row) = &write
                        && row.outbound.is_some()
                    {
                        stepped.said = Some(*row);
                    }
                    if let Write::Event(event) = &write {
                        self.overlay.again.happened(self.directory, event);
                        if let Some(entry) = case_history::entry(event) {
                            self.put_entry(entry);
                        }
                    }
                    if let Write::Event(event) = &write
                        && event.kind == (EventKind::ConversationReopened { denied: true })
                    {
                        denied.extend(event.task);
                    }
                    self.batch.write(write);
                }
                Effect::Release(Release::Answer { result, .. }) => stepped.answer = Some(result),
                Effect::Release(release) => {
                    match &release {
                        Release::Assigned { task, .. } => assigned.push(*task),
                        Release::Offer { task, .. } => offered.push(*task),
                        _ => {}
                    }
                    self.release(release);
                }
            }
        }
        self.effects = effects;
        if !self.overlay.standings.reviewing.is_empty() {
            offered.into_iter().chain(assigned.iter().copied()).for_each(|task| self.keep_from_own(task));
        }
        denied.into_iter().for_each(|task| self.denied(task));
        if !self.overlay.joined.is_empty() {
            assigned.into_iter().for_each(|task| self.keep_together(task));
        }
        stepped
    }

    fn release(&mut self, release: Release) {
        let output = match release {
            Release::Offer { session, task, lease, .. } => match self.view(task, lease, true) {
                Some(view) => Output::Task(session, view),
                None => return,
            },
            Release::Assigned { session, task, lease, .. } => match self.view(task, lease, false) {
                Some(view) => Output::Task(session, view),
                None => return,
            },
            Release::Message { session, task, lease, seq, payload, .. } => {
                Output::Message { session, task, lease, seq, payload }
            }
            Release::Withdrawn { session, task, lease, reason, .. } => {
                Output::Frame(session, ServerFrame::Withdrawn { task, lease, reason })
            }
            Release::Remind { session, task, lease, .. } => Output::Frame(session, ServerFrame::Remind { task, lease }),
            Release::Replaced { session, .. } => Output::End(session, "replaced"),
            Release::Supervisor { task, .. } => return telemetry::supervisor(task),
            Release::Send { outbound, attempt, .. } => {
                return self.batch.sends.push(Handed { outbound, attempt });
            }
            Release::ReplyStatus { worker, task, outbound, status, reason } => {
                // He may be away; what became of the reply is in the task's history.
                let Some(session) = self.core.worker(worker).and_then(|worker| worker.session) else { return };
                let detail = match &self.sentence {
                    Some(sentence) if status != "sent" => Some(format!("{reason}: {sentence}")),
                    _ => (!reason.is_empty()).then_some(reason),
                };
                Output::Frame(
                    session,
                    ServerFrame::ReplyStatus { task, outbound, status: status.to_owned(), seq: None, detail },
                )
            }
            Release::Followed { account, contact, .. } => Output::Followed(follow_topic(account, contact)),
            // Taken out by the caller.
            Release::Answer { .. } => return,
        };
        self.batch.outputs.push(output);
    }

    /// A task as a worker is shown it, as it stands after this step. `None` when it was closed within the step.
    pub(crate) fn view(&self, id: TaskId, lease: Lease, offered: bool) -> Option<View> {
        let task = self.core.task(id)?;
        let conversation = task.conversation.and_then(|id| self.core.conversation(id));
        let (transcript, seq) = match (task.conversation, conversation) {
            (Some(id), Some(row)) => (Transcript::Conversation(id), row.seq),
            // The conversation is over while its back work goes on: all of it is shown.
            (Some(id), None) => (Transcript::Conversation(id), u64::MAX),
            (None, _) => (Transcript::Task(id), task.seq),
        };
        Some(View { task: self.shown(task, lease, offered), transcript, seq })
    }

    fn shown(&self, task: &Task, lease: Lease, offered: bool) -> TaskView {
        let (until, why) = match task.state {
            TaskState::Offered { until, because, .. } if offered => (Some(until), Some(because)),
            _ => (None, None),
        };
        TaskView {
            id: task.id,
            lease,
            offered,
            until,
            why,
            kind: task.kind,
            side: task.side,
            queue: self.directory.queues.get(&task.queue).map(|(_, name)| name.clone()).unwrap_or_default(),
            matter: task.matter,
            conversation: task.conversation,
            parent: task.parent,
            earned_at: task.earned_at,
            due_at: task.due_at,
            title: None,
            fields: Default::default(),
            messages: Vec::new(),
        }
    }
}
