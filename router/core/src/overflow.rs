//! Queues help each other out: work that waits too long, or that nobody is there for, goes over to another queue.
//!
//! It keeps its place and its target: what the customer was promised does not change with who does it.

use blendline_wire::QueueId;
use blendline_wire::event::EventKind;
use blendline_wire::{TaskId, TenantId};

use crate::input::{Class, Overflow};
use crate::scheduler::{Scheduler, Step};

impl Scheduler {
    /// Moves a task that waits to another queue. What is no queue of its tenant any more helps nobody.
    pub(crate) fn overflow(&mut self, step: &mut Step<'_>, id: TaskId, to: QueueId) {
        let Some(task) = self.tasks.get(&id) else { return };
        let (from, tenant) = (task.queue, task.tenant);
        let Some(side) = self.queues.get(&to).filter(|queue| queue.tenant == tenant).map(|queue| queue.side) else {
            return;
        };
        if from == to {
            return;
        }
        self.edit_task(step, id, |task| {
            task.queue = to;
            task.side = side;
            // Whom it waits for alone may serve the queue it leaves only.
            task.directed = None;
            task.returns = false;
        });
        self.task_event(step, id, EventKind::TaskOverflowed { from, to, why: "time".to_owned() });
        step.todo.fresh.push(id);
    }

    /// The class of work that comes in: where nobody is there who serves its queue, that of the first queue that helps
    /// out, with the queue it was meant for.
    pub(crate) fn spilled(&self, class: Class) -> (Class, Option<QueueId>) {
        let Some(tenant) = self.queues.get(&class.queue).map(|queue| queue.tenant) else { return (class, None) };
        let mut queue = class.queue;
        let mut taken = 0;
        for (place, relaxed) in class.relax.iter().enumerate() {
            let Some(Overflow { to, when_nobody: true }) = relaxed.overflow else { continue };
            if self.is_served(queue) || !self.is_of(to, tenant) {
                break;
            }
            (queue, taken) = (to, place + 1);
        }
        // Where nobody is anywhere it waits at home.
        if queue == class.queue || !self.is_served(queue) {
            return (class, None);
        }
        let from = class.queue;
        let needs = class.relax[taken - 1].needs.clone();
        let target_ms = class.target_ms.or_else(|| self.queues.get(&from).map(|queue| queue.target_ms));
        (Class { queue, needs, target_ms, relax: class.relax[taken..].to_vec(), ..class }, Some(from))
    }

    /// Writes that work went over before anybody looked at it.
    pub(crate) fn spilled_event(&mut self, step: &mut Step<'_>, id: TaskId, from: Option<QueueId>) {
        let (Some(from), Some(to)) = (from, self.tasks.get(&id).map(|task| task.queue)) else { return };
        self.task_event(step, id, EventKind::TaskOverflowed { from, to, why: "nobody".to_owned() });
    }

    fn is_of(&self, queue: QueueId, tenant: TenantId) -> bool {
        self.queues.get(&queue).is_some_and(|known| known.tenant == tenant)
    }

    /// True while somebody who serves a queue is there, if busy.
    fn is_served(&self, queue: QueueId) -> bool {
        // Mostly somebody is ready; only where nobody is all have to be asked.
        self.index.ready.contains_key(&queue)
            || self.workers.values().any(|desk| {
                desk.row.settings.queues.binary_search(&queue).is_ok() && self.is_there(desk.row.settings.id)
            })
    }
}
