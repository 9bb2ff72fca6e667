//! What workers decide: replies, and what becomes of a task.

use blendline_wire::event::EventKind;
use blendline_wire::task::{ClockRule, ParkReason, Target, TaskKind};
use blendline_wire::worker::Author;
use blendline_wire::{Lease, TaskId, TenantId, WorkerId};

use crate::about::About;
use crate::effect::{Answer, Refusal};
use crate::input::{Class, PayloadId, Verdict};
use crate::limits;
use crate::ownership::{being_done, his};
use crate::policy;
use crate::rows::{Closed, ConversationState, Task, TaskState};
use crate::scheduler::{Scheduler, Step};

impl Scheduler {
    /// A worker says something to the customer.
    pub(crate) fn reply(
        &mut self,
        step: &mut Step<'_>,
        worker: WorkerId,
        id: TaskId,
        lease: Lease,
        payload: PayloadId,
    ) -> Result<Answer, Refusal> {
        let task = self.active(worker, id, lease)?;
        self.check_replies(task, 1)?;
        Ok(Answer::Said(self.say(step, worker, id, payload)?))
    }

    /// True when so many more messages of ours may be said in this task.
    fn check_replies(&self, task: &Task, count: usize) -> Result<(), Refusal> {
        if count == 0 {
            return Ok(());
        }
        let conversation = task.conversation.ok_or(Refusal::NoConversation)?;
        let waiting = self.letters.get(&conversation).map_or(0, |line| line.len());
        if count > limits::REPLIES_MAX || waiting + count > limits::OUTBOUND_PER_CONVERSATION_MAX {
            return Err(Refusal::TooMany("replies"));
        }
        Ok(())
    }

    /// Queues a message of ours, and gives its place; the customer has his answer.
    pub(crate) fn say(
        &mut self,
        step: &mut Step<'_>,
        worker: WorkerId,
        id: TaskId,
        payload: PayloadId,
    ) -> Result<u64, Refusal> {
        let now = step.now;
        let task = self.tasks.get(&id).ok_or(Refusal::UnknownTask)?;
        let unanswered = task.unanswered;
        let (after_ms, late) = (now.since(task.earned_at), now > task.due_at);
        let open = task.conversation.and_then(|id| self.conversations.get(&id)).ok_or(Refusal::NoConversation)?;
        let conversation = open.id;
        let seq = self.say_in(step, conversation, id, Some(worker), payload).ok_or(Refusal::NoConversation)?;
        self.edit_conversation(step, conversation, |open| open.last_worker = Some((worker, now)));
        if unanswered {
            self.edit_task(step, id, |task| task.unanswered = false);
            self.task_event(step, id, EventKind::FirstResponse { after_ms, late });
        }
        self.heard(step, id);
        Ok(seq)
    }

    /// A worker says what becomes of a task. Saying it again is no fault.
    #[expect(clippy::too_many_arguments, reason = "they are the fields of one command")]
    pub(crate) fn settle(
        &mut self,
        step: &mut Step<'_>,
        worker: WorkerId,
        id: TaskId,
        lease: Lease,
        verdict: Verdict,
        replies: Vec<PayloadId>,
        seen: Option<u64>,
    ) -> Result<Answer, Refusal> {
        let open = self.tasks.get(&id);
        if open.is_some_and(|task| settled_before(worker, task, lease, &verdict)) {
            return Ok(Answer::Done);
        }
        let task = being_done(his(open, worker, lease)?)?;
        // Everything is checked before anything is changed.
        self.check_replies(task, replies.len())?;
        self.check_verdict(worker, task, &verdict)?;
        let unseen = task.asked.filter(|(seq, _)| seen.is_some_and(|seen| seen < *seq)).map(|(_, at)| at);
        for payload in replies {
            self.say(step, worker, id, payload)?;
        }
        if let Some(asked_at) = unseen {
            // What nobody has answered at all keeps the place it earned.
            self.edit_task(step, id, |task| {
                if !task.unanswered {
                    task.unanswered = true;
                    task.earned_at = asked_at;
                    task.due_at = asked_at.plus(task.target_ms);
                    task.missed = false;
                }
            });
        }
        match verdict {
            // The customer wrote while he was answering: nobody may close or put aside what nobody has read.
            Verdict::Done { note, .. } if unseen.is_some() => self.read_again(step, worker, id, note),
            Verdict::Snooze { .. } if unseen.is_some() => self.read_again(step, worker, id, None),
            Verdict::Done { disposition, note } => self.solve(step, worker, id, disposition, note),
            Verdict::Snooze { for_ms, reason, clock } => self.park(step, worker, id, for_ms, reason, clock),
            Verdict::Transfer { to, note } => {
                self.note(step, worker, id, note);
                self.task_event(step, id, EventKind::TaskTransferred { from: Some(worker), to });
                self.pass_on(step, id, to);
                if let Target::Queue(_) = to {
                    self.not_by(step, id, worker);
                }
            }
            Verdict::Request { to, note, clock } => self.request(step, worker, id, to, note, clock),
            Verdict::Refuse { reason } => {
                self.task_event(step, id, EventKind::TaskRefused { worker, reason });
                self.not_by(step, id, worker);
            }
        }
        Ok(Answer::Done)
    }

    /// Gives a task back to its worker under a new lease, with what he has not seen yet.
    fn read_again(&mut self, step: &mut Step<'_>, worker: WorkerId, id: TaskId, note: Option<PayloadId>) {
        self.note(step, worker, id, note);
        self.edit_task(step, id, |task| {
            task.state = TaskState::Waiting;
        });
        self.direct_back(step, id, Some(worker));
        self.task_event(step, id, EventKind::TaskWoken { why: "unseen_message".to_owned() });
        step.todo.fresh.push(id);
    }

    fn check_verdict(&self, worker: WorkerId, task: &Task, verdict: &Verdict) -> Result<(), Refusal> {
        match verdict {
            Verdict::Snooze { for_ms, .. } if *for_ms == 0 || *for_ms > limits::PARK_MS_MAX => {
                Err(Refusal::OutOfRange("for_ms"))
            }
            Verdict::Transfer { to, .. } => self.check_target(task.tenant, *to),
            Verdict::Request { to, .. } => {
                self.check_target(task.tenant, *to)?;
                self.check_request(worker, task, *to)
            }
            _ => Ok(()),
        }
    }

    /// Somebody of this tenant can be asked.
    pub(crate) fn check_target(&self, tenant: TenantId, to: Target) -> Result<(), Refusal> {
        let owner = match to {
            Target::Queue(queue) => self.queues.get(&queue).ok_or(Refusal::UnknownQueue)?.tenant,
            Target::Worker(worker) => self.workers.get(&worker).ok_or(Refusal::UnknownWorker)?.row.settings.tenant,
        };
        if owner == tenant { Ok(()) } else { Err(Refusal::OtherTenant) }
    }

    /// No circles, bounded depth, bounded number.
    fn check_request(&self, worker: WorkerId, task: &Task, to: Target) -> Result<(), Refusal> {
        if task.depth >= limits::REQUEST_DEPTH_MAX {
            return Err(Refusal::TooDeep);
        }
        if task.children.len() >= limits::CHILDREN_MAX {
            return Err(Refusal::TooMany("requests"));
        }
        if to == Target::Worker(worker) {
            return Err(Refusal::Circle);
        }
        let mut above = Some(task);
        while let Some(task) = above {
            let waits = match to {
                Target::Queue(queue) => task.queue == queue,
                Target::Worker(worker) => task.state.holder() == Some(worker),
            };
            if waits {
                return Err(Refusal::Circle);
            }
            above = task.parent.and_then(|parent| self.tasks.get(&parent));
        }
        Ok(())
    }

    /// Adds a note for colleagues to the transcript.
    fn note(&mut self, step: &mut Step<'_>, worker: WorkerId, task: TaskId, note: Option<PayloadId>) {
        if let Some(payload) = note {
            self.add_line(step, task, Author::Note, Some(worker), None, payload);
        }
    }

    /// It is solved: what it asked for is withdrawn, whoever asked for it has his answer.
    fn solve(
        &mut self,
        step: &mut Step<'_>,
        worker: WorkerId,
        id: TaskId,
        disposition: String,
        note: Option<PayloadId>,
    ) {
        let now = step.now;
        self.note(step, worker, id, note);
        let Some(task) = self.tasks.get(&id) else { return };
        let about = About::of(task);
        let (children, parent, earned_at) = (task.children.clone(), task.parent, task.earned_at);
        let (tenant, took) = (task.tenant, self.rules().weight(task));
        for child in children {
            self.cancel_tree(step, child, "parent_solved");
            self.task_event(step, id, EventKind::RequestWithdrawn { child });
        }
        let kind = EventKind::TaskSolved { worker: Some(worker), disposition: disposition.clone() };
        self.event_about(step, about, kind);
        self.close_task(step, id, TaskState::Closed { at: now, how: Closed::Solved, worker: Some(worker) });
        if let Some(conversation) = about.conversation {
            let confirm_ms = self.tenants.get(&tenant).map_or(0, |tenant| tenant.settings.confirm_window_ms);
            let (queue, confirm_until) = (about.queue, now.plus(confirm_ms));
            let state = ConversationState::Solved { at: now, task: id, queue, earned_at, confirm_until };
            self.end_conversation(step, conversation, state);
        }
        self.begin_wrap_up(step, worker, about, took, &disposition);
        if let Some(parent) = parent {
            if let Some(payload) = note {
                self.add_line(step, parent, Author::Note, Some(worker), None, payload);
            }
            self.child_gone(step, parent, id, EventKind::RequestAnswered { child: id });
        }
    }

    /// A request ended: when it was the last one the parent wakes.
    pub(crate) fn child_gone(&mut self, step: &mut Step<'_>, parent: TaskId, child: TaskId, event: EventKind) {
        if !self.tasks.contains_key(&parent) {
            return;
        }
        self.edit_task(step, parent, |task| task.children.retain(|open| *open != child));
        self.task_event(step, parent, event);
        if self.tasks.get(&parent).is_some_and(|task| task.children.is_empty()) {
            self.wake(step, parent, "answer");
        }
    }

    /// Puts a task aside.
    fn park(
        &mut self,
        step: &mut Step<'_>,
        worker: WorkerId,
        id: TaskId,
        for_ms: u64,
        reason: ParkReason,
        clock: ClockRule,
    ) {
        let (since, until) = (step.now, step.now.plus(for_ms));
        self.edit_task(step, id, |task| {
            task.state = TaskState::Parked { worker: Some(worker), reason, since, until, clock };
            task.set_supervisor_at(None);
        });
        self.task_event(step, id, EventKind::TaskParked { reason, until, clock });
    }

    /// Opens a request; the parent waits for its answer.
    fn request(
        &mut self,
        step: &mut Step<'_>,
        worker: WorkerId,
        id: TaskId,
        to: Target,
        note: PayloadId,
        clock: ClockRule,
    ) {
        let now = step.now;
        let Some(parent) = self.tasks.get(&id) else { return };
        let queue = match to {
            Target::Queue(queue) => queue,
            Target::Worker(_) => parent.queue,
        };
        let (tenant, matter, depth, rule_set) = (parent.tenant, parent.matter, parent.depth + 1, parent.rule_set);
        // What waits for nobody has no rest of a target to pass on: the asked queue's own target counts.
        let runs = clock == ClockRule::Runs && parent.unanswered;
        let target_ms = runs.then(|| policy::request_target_ms(parent.due_at.since(now), parent.target_ms));
        let class = Class { queue, target_ms, rule_set, ..Class::default() };
        let mut child = self.new_task(step, tenant, TaskKind::Request, &class, matter);
        child.parent = Some(id);
        child.depth = depth;
        let child_id = child.id;
        self.edit_task(step, id, |task| {
            task.state = TaskState::Requesting { worker: Some(worker), since: now, clock };
            task.children.push(child_id);
            task.set_supervisor_at(None);
        });
        self.task_event(step, id, EventKind::RequestOpened { child: child_id, to, clock });
        self.add_task(step, child);
        self.add_line(step, child_id, Author::Note, Some(worker), None, note);
        self.created_event(step, child_id, None);
        if let Target::Worker(worker) = to {
            self.direct(step, child_id, Some(worker));
        }
        step.todo.fresh.push(child_id);
    }

    /// A work item is pushed in.
    pub(crate) fn push(&mut self, step: &mut Step<'_>, item: crate::input::NewItem) -> Result<Answer, Refusal> {
        let queue = self.queues.get(&item.class.queue).ok_or(Refusal::UnknownQueue)?;
        if queue.tenant != item.tenant {
            return Err(Refusal::OtherTenant);
        }
        let waiting = self.queue_now(item.class.queue).waiting;
        if waiting >= usize::try_from(queue.tasks_max).unwrap_or(usize::MAX) {
            return Err(Refusal::TooMany("tasks"));
        }
        if item.class.target_ms.is_some_and(|target_ms| target_ms > limits::PARK_MS_MAX) {
            return Err(Refusal::OutOfRange("target_ms"));
        }
        let matter = match item.conversation.and_then(|id| self.conversations.get(&id)) {
            Some(conversation) if conversation.tenant == item.tenant => conversation.matter,
            _ => item.matter.unwrap_or_else(|| blendline_wire::MatterId(self.next_id())),
        };
        let (class, spilled) = self.spilled(item.class);
        let task = self.new_task(step, item.tenant, TaskKind::Item, &class, matter);
        let id = task.id;
        self.add_task(step, task);
        self.add_line(step, id, Author::Note, None, None, item.payload);
        self.created_event(step, id, class.label.as_deref());
        self.spilled_event(step, id, spilled);
        step.todo.fresh.push(id);
        Ok(Answer::Task(id))
    }
}

/// True when this very verdict put the task aside before: the answer was lost on its way.
fn settled_before(worker: WorkerId, task: &Task, lease: Lease, verdict: &Verdict) -> bool {
    task.lease == lease
        && task.state.holder() == Some(worker)
        && matches!(
            (&task.state, verdict),
            (TaskState::Parked { .. }, Verdict::Snooze { .. })
                | (TaskState::Requesting { .. }, Verdict::Request { .. })
        )
}
