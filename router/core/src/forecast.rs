//! How long whoever comes now may expect to wait, from what is known of the queue.

use blendline_wire::{Millis, QueueId};

use crate::scheduler::Scheduler;

impl Scheduler {
    /// How long the last task of a front queue may expect to wait for a worker, in milliseconds.
    ///
    /// It is the work ahead of it by those who are ready to do it: those who wait, each with the mean time of the queue's
    /// tasks, over the places of its workers that no back work takes. `None` where that cannot be told: the queue is
    /// closed, nobody who serves it is ready, or nothing has been learnt yet of how long its tasks take.
    pub fn expected_wait_ms(&self, queue: QueueId, now: Millis) -> Option<u64> {
        let settings = self.queues.get(&queue)?;
        let pool = self.pools.get(&queue).filter(|pool| pool.slots > 0)?;
        let learnt = self.learnt.get(&queue).filter(|row| row.tasks > 0)?;
        if !self.rules().hours(queue).is_open(now) {
            return None;
        }
        let weight = u64::from(settings.task_weight.max(1));
        let waiting = self.queue_now(queue).waiting as u64;
        if waiting == 0 {
            return Some(0);
        }
        let places = (pool.slots.saturating_sub(pool.back) / weight).max(1);
        Some((learnt.task_us / 1_000).saturating_mul(waiting) / places)
    }

    /// When the hours of a queue begin next, where they do not run now.
    pub fn opens_at(&self, queue: QueueId, now: Millis) -> Option<Millis> {
        let hours = self.rules().hours(queue);
        if hours.is_open(now) { None } else { hours.next_opening(now) }
    }

    /// Until when the platform lets us write freely in an open conversation; `None` where it sets no end.
    pub fn window_of(&self, conversation: blendline_wire::ConversationId) -> Option<Millis> {
        self.window_until(conversation)
    }
}
