//! Events: what is told of what happened, and of what it is about.

use blendline_wire::event::{Activity, Event, EventKind};
use blendline_wire::task::{Side, TaskKind};
use blendline_wire::{AccountId, ConversationId, EventId, MatterId, QueueId, TaskId, TenantId};

use crate::effect::Write;
use crate::rows::Task;
use crate::scheduler::{Scheduler, Step};

/// What an event says of the task it is about.
#[derive(Clone, Copy)]
pub(crate) struct About {
    tenant: TenantId,
    kind: TaskKind,
    side: Side,
    pub(crate) queue: QueueId,
    matter: MatterId,
    pub(crate) conversation: Option<ConversationId>,
    pub(crate) account: Option<AccountId>,
    pub(crate) task: TaskId,
    rule_set: u32,
}

impl About {
    pub(crate) fn of(task: &Task) -> Self {
        let Task { id, tenant, kind, side, queue, matter, conversation, account, rule_set, .. } = *task;
        Self { tenant, kind, side, queue, matter, conversation, account, task: id, rule_set }
    }
}

impl Scheduler {
    /// Writes an event about a task that is still open.
    pub(crate) fn task_event(&mut self, step: &mut Step<'_>, task: TaskId, kind: EventKind) {
        if let Some(about) = self.tasks.get(&task).map(About::of) {
            self.event_about(step, about, kind);
        }
    }

    /// Writes an event about a task, open or just closed.
    pub(crate) fn event_about(&mut self, step: &mut Step<'_>, about: About, kind: EventKind) {
        let mut event = self.blank_event(step, about.tenant, kind);
        event.activity = match (about.kind, about.side) {
            (TaskKind::Request, _) => Activity::Colleague,
            (_, Side::Front) => Activity::Customer,
            (_, Side::Back) => Activity::BackOffice,
        };
        event.unit = self.queues.get(&about.queue).and_then(|queue| queue.unit);
        event.matter = Some(about.matter);
        event.conversation = about.conversation;
        event.task = Some(about.task);
        event.side = Some(about.side);
        event.channel = about.account.and_then(|id| self.accounts.get(&id)).map(|account| account.channel.clone());
        event.rule_set = about.rule_set;
        self.write_event(step, event);
    }

    /// An event of a tenant with nothing else said yet.
    pub(crate) fn blank_event(&mut self, step: &Step<'_>, tenant: TenantId, kind: EventKind) -> Box<Event> {
        self.meta.last_event += 1;
        // Written where it stays: it is large to move.
        Box::write(
            Box::new_uninit(),
            Event {
                id: EventId(self.meta.last_event),
                at: step.now,
                tenant,
                kind,
                actor: step.actor,
                activity: Activity::default(),
                unit: None,
                matter: None,
                conversation: None,
                task: None,
                side: None,
                channel: None,
                cause: None,
                rule_set: 0,
            },
        )
    }

    /// Writes an event; the first of a step is the cause of the others.
    pub(crate) fn write_event(&mut self, step: &mut Step<'_>, mut event: Box<Event>) {
        event.cause = step.cause;
        step.cause = step.cause.or(Some(event.id));
        step.write(Write::Event(event));
    }
}
