//! What customers say: conversations open, go on, come back, and are confirmed or denied.

use blendline_wire::event::{Actor, EventKind};
use blendline_wire::inbound::InboundKind;
use blendline_wire::task::{Label, SkillNeed, TaskKind};
use blendline_wire::worker::Author;
use blendline_wire::{AccountId, ContactKey, ConversationId, Lease, MatterId, Millis, TaskId, TenantId, WorkerId};

use crate::effect::{Answer, Refusal, Release};
use crate::input::{Class, InboundMessage, PayloadId, Relaxation};
use crate::limits;
use crate::rows::{Conversation, ConversationState, Task, TaskState};
use crate::scheduler::{Scheduler, Step};

impl Scheduler {
    /// A customer said something.
    pub(crate) fn message(&mut self, step: &mut Step<'_>, message: InboundMessage) -> Result<Answer, Refusal> {
        step.actor = Actor::Customer;
        let InboundMessage { tenant, account, kind, .. } = message;
        if let Some(id) = self.by_contact.get(&message.contact).copied() {
            return self.message_in_open(step, id, &message);
        }
        if !kind.wants_answer() {
            return self.discard(step, tenant, Some(account), kind, "no_open_conversation".to_owned());
        }
        let Some(class) = self.class_or_any(tenant, &message.class) else {
            return self.discard(step, tenant, Some(account), kind, "tenant_has_no_queue".to_owned());
        };
        let (class, spilled) = self.spilled(class);
        let now = step.now;
        let prior = message.prior.as_deref().filter(|prior| prior.contact == message.contact);
        let reopened = prior.filter(|prior| self.may_reopen(prior, now)).cloned();
        let sticky = prior.and_then(|prior| self.sticky_from(prior, class.sticky_ms, now));
        let denied = false;
        let (conversation, kind_of_event) = match reopened {
            Some(prior) => (prior, EventKind::ConversationReopened { denied }),
            None => (
                self.new_conversation(step, tenant, account, message.contact),
                EventKind::ConversationOpened { account },
            ),
        };
        let task = self.open_task(step, conversation, &class, message.received_at.min(now), sticky);
        let seq = self.hear(step, task, message.payload);
        self.edit_task(step, task, |task| task.asked = Some((seq, task.earned_at)));
        self.task_event(step, task, EventKind::MessageReceived { seq, kind, account });
        self.task_event(step, task, kind_of_event);
        self.created_event(step, task, class.label.as_deref());
        self.spilled_event(step, task, spilled);
        step.todo.fresh.push(task);
        Ok(Answer::Task(task))
    }

    /// A message of a contact whose conversation is open: it joins the one task, which keeps its place in line.
    pub(crate) fn message_in_open(
        &mut self,
        step: &mut Step<'_>,
        id: ConversationId,
        message: &InboundMessage,
    ) -> Result<Answer, Refusal> {
        let state = self.conversations.get(&id).map(|open| &open.state);
        let Some(&ConversationState::Open { task }) = state else { return Err(Refusal::UnknownTask) };
        let seq = self.hear(step, task, message.payload);
        let received = EventKind::MessageReceived { seq, kind: message.kind, account: message.account };
        self.task_event(step, task, received);
        // Whoever is told first has it told in the state in which it was said.
        if let Some(open) = self.tasks.get(&task)
            && let Some(worker) = open.state.holder()
            && let Some(session) = self.workers.get(&worker).and_then(|desk| desk.row.session)
        {
            let lease = open.lease;
            step.release(Release::Message { worker, session, task, lease, seq, payload: message.payload });
        }
        self.task_event(step, task, EventKind::TaskMerged { seq });
        if message.kind.wants_answer() {
            // What was put aside comes back first: its stopped clock ends before the new message starts it.
            if self.tasks.get(&task).is_some_and(|task| matches!(task.state, TaskState::Parked { .. })) {
                self.wake(step, task, "customer");
            }
            self.unanswered(step, task, message.received_at);
            let received_at = message.received_at.min(step.now);
            self.edit_task(step, task, |task| task.asked = Some((seq, received_at)));
        }
        Ok(Answer::Task(task))
    }

    /// From now on the customer waits for us, unless he was waiting already: then his first place counts.
    fn unanswered(&mut self, step: &mut Step<'_>, id: TaskId, received_at: Millis) {
        let now = step.now;
        let Some(task) = self.tasks.get(&id) else { return };
        if task.unanswered {
            return;
        }
        let supervisor_at = self.supervisor_at(task.queue, now);
        self.edit_task(step, id, |task| {
            task.unanswered = true;
            task.earned_at = received_at.min(now);
            task.due_at = task.earned_at.plus(task.target_ms);
            task.missed = false;
            if let TaskState::Active { silent_since, reminded, .. } = &mut task.state {
                (*silent_since, *reminded) = (Some(now), false);
                task.set_supervisor_at(supervisor_at);
            }
        });
    }

    /// Adds what a customer said to the transcript of a task's conversation.
    fn hear(&mut self, step: &mut Step<'_>, task: TaskId, payload: PayloadId) -> u64 {
        let now = step.now;
        if let Some(id) = self.tasks.get(&task).and_then(|task| task.conversation) {
            self.edit_conversation(step, id, |conversation| conversation.heard_at = Some(now));
        }
        self.add_line(step, task, Author::Customer, None, None, payload)
    }

    /// The class the rules gave, or the tenant's first queue where theirs is gone: what was accepted is never refused.
    pub(crate) fn class_or_any(&self, tenant: TenantId, class: &Class) -> Option<Class> {
        if self.queues.get(&class.queue).is_some_and(|queue| queue.tenant == tenant) {
            return Some(class.clone());
        }
        let queue = self.queues.values().find(|queue| queue.tenant == tenant)?.id;
        Some(Class { queue, rule_set: class.rule_set, channel: class.channel, ..Class::default() })
    }

    fn may_reopen(&self, prior: &Conversation, now: Millis) -> bool {
        let window = self.tenants.get(&prior.tenant).map_or(0, |tenant| tenant.settings.reopen_window_ms);
        prior.state.ended_at().is_some_and(|at| now < at.plus(window))
    }

    fn sticky_from(&self, prior: &Conversation, own_ms: Option<u64>, now: Millis) -> Option<(WorkerId, Millis)> {
        let (worker, at) = prior.last_worker?;
        let until = at.plus(own_ms.unwrap_or(self.tenants.get(&prior.tenant)?.settings.stickiness_ms));
        (now < until).then_some((worker, until))
    }

    /// A conversation that has not begun yet: a new matter.
    pub(crate) fn new_conversation(
        &mut self,
        step: &Step<'_>,
        tenant: TenantId,
        account: AccountId,
        contact: ContactKey,
    ) -> Conversation {
        let id = ConversationId(self.next_id());
        let matter = MatterId(self.next_id());
        let state = ConversationState::Open { task: TaskId(0) };
        let opened_at = step.now;
        Conversation {
            id,
            tenant,
            account,
            contact,
            matter,
            state,
            seq: 0,
            opened_at,
            heard_at: None,
            last_worker: None,
        }
    }

    /// Opens a conversation with its one task.
    pub(crate) fn open_task(
        &mut self,
        step: &mut Step<'_>,
        mut conversation: Conversation,
        class: &Class,
        earned_at: Millis,
        sticky: Option<(WorkerId, Millis)>,
    ) -> TaskId {
        let mut task = self.new_task(step, conversation.tenant, TaskKind::Conversation, class, conversation.matter);
        task.earned_at = earned_at;
        task.due_at = earned_at.plus(task.target_ms);
        task.conversation = Some(conversation.id);
        task.account = Some(conversation.account);
        if sticky.is_some() {
            task.sticky = sticky;
        }
        let id = task.id;
        conversation.state = ConversationState::Open { task: id };
        self.add_conversation(step, conversation);
        self.add_task(step, task);
        id
    }

    /// A task in line, not entered yet.
    pub(crate) fn new_task(
        &mut self,
        step: &Step<'_>,
        tenant: TenantId,
        kind: TaskKind,
        class: &Class,
        matter: MatterId,
    ) -> Task {
        let queue = self.queues.get(&class.queue);
        let target_ms = class.target_ms.or(queue.map(|queue| queue.target_ms)).unwrap_or(0);
        let side = queue.map(|queue| queue.side).unwrap_or_default();
        let sorted = |needs: &[SkillNeed]| {
            let mut needs = needs.to_vec();
            needs.sort_unstable();
            needs
        };
        let mut relax: Vec<Relaxation> = class.relax.iter().take(limits::RELAXATIONS_MAX).cloned().collect();
        relax.sort_by_key(|step| step.after_ms);
        relax.iter_mut().for_each(|step| step.needs = sorted(&step.needs));
        let mut task = Task {
            id: TaskId(self.next_id()),
            tenant,
            kind,
            queue: class.queue,
            side,
            state: TaskState::Waiting,
            lease: Lease(0),
            matter,
            conversation: None,
            account: None,
            needs: sorted(&class.needs).into(),
            channel: class.channel,
            created_at: step.now,
            earned_at: step.now,
            target_ms,
            due_at: step.now.plus(target_ms),
            missed: false,
            unanswered: true,
            asked: None,
            seq: 0,
            rule_set: class.rule_set,
            worked_ms: 0,
            more: Default::default(),
        };
        if !relax.is_empty() || class.strain > 0 {
            (task.relax, task.strain) = (relax, class.strain.min(10));
        }
        task
    }

    /// Writes that a task came to be.
    pub(crate) fn created_event(&mut self, step: &mut Step<'_>, task: TaskId, label: Option<&Label>) {
        let Some(open) = self.tasks.get(&task) else { return };
        let (kind, queue, due_at, parent) = (open.kind, open.queue, open.due_at, open.parent);
        let label = label.cloned().map(Box::new);
        self.task_event(step, task, EventKind::TaskCreated { kind, queue, due_at, parent, label });
    }

    /// A second delivery: recorded, no second effect.
    pub(crate) fn duplicate(
        &mut self,
        step: &mut Step<'_>,
        tenant: TenantId,
        account: Option<AccountId>,
        kind: InboundKind,
    ) -> Result<Answer, Refusal> {
        self.intake_event(step, tenant, account, EventKind::MessageDuplicate { kind });
        Ok(Answer::Done)
    }

    /// Kept out of routing, with its reason.
    pub(crate) fn discard(
        &mut self,
        step: &mut Step<'_>,
        tenant: TenantId,
        account: Option<AccountId>,
        kind: InboundKind,
        reason: String,
    ) -> Result<Answer, Refusal> {
        self.intake_event(step, tenant, account, EventKind::MessageDiscarded { kind, reason });
        Ok(Answer::Done)
    }

    /// Could not be read.
    pub(crate) fn quarantine(
        &mut self,
        step: &mut Step<'_>,
        tenant: TenantId,
        account: Option<AccountId>,
        cause: String,
    ) -> Result<Answer, Refusal> {
        self.intake_event(step, tenant, account, EventKind::Quarantined { cause });
        Ok(Answer::Done)
    }

    fn intake_event(&mut self, step: &mut Step<'_>, tenant: TenantId, account: Option<AccountId>, kind: EventKind) {
        let mut event = self.blank_event(step, tenant, kind);
        let account = account.and_then(|id| self.accounts.get(&id));
        event.channel = account.map(|account| account.channel.clone());
        event.unit = account.and_then(|account| account.unit);
        event.actor = Actor::Platform;
        self.write_event(step, event);
    }
}
