//! Fair burden: nobody works on and on without a breath, hard matters are spread, and an abusive one is followed by a
//! rest. All of it is off where a worker's settings say nothing.

use blendline_wire::event::EventKind;
use blendline_wire::{Millis, WorkerId};

use crate::about::About;
use crate::rows::{Run, Worker};
use crate::scheduler::{Scheduler, Step};

/// How workers say that a customer was abusive: the disposition of the task.
pub const ABUSIVE: &str = "abusive";
/// What a hard task leaves behind halves in this time, in milliseconds.
const STRAIN_HALVES_MS: u64 = 3_600_000;

impl Scheduler {
    /// A worker solved a task that took so much of him: noting down begins, where the queue gives time for it, and takes
    /// as much; and a rest, where he has earned one.
    pub(crate) fn begin_wrap_up(
        &mut self,
        step: &mut Step<'_>,
        worker: WorkerId,
        closed: About,
        took: u32,
        disposition: &str,
    ) {
        let now = step.now;
        let (Some(queue), Some(desk)) = (self.queues.get(&closed.queue), self.workers.get(&worker)) else { return };
        let (burden, idle) = (desk.row.settings.burden, desk.load == 0);
        let mut run = Run { tasks: desk.row.run.tasks.saturating_add(1), ..desk.row.run };
        run.free_since = idle.then_some(now);
        let breath = (burden.run_max > 0 && run.tasks >= burden.run_max).then_some((burden.breath_ms, "run"));
        let pause = (disposition == ABUSIVE).then_some((burden.abuse_pause_ms, ABUSIVE));
        let rest = [breath, pause].into_iter().flatten().filter(|(ms, _)| 0 < *ms).max();
        let noted = queue.wrap_up_ms;
        // Who rests is given nothing, whatever room he has.
        let weight = if rest.is_some() { desk.row.capacity } else { took };
        let until = now.plus(noted.max(rest.map_or(0, |(ms, _)| ms)));
        if rest.is_some() {
            run.tasks = 0;
        }
        if run != desk.row.run && burden.run_max > 0 {
            self.edit_worker(step, worker, |row| row.run = run);
        }
        if noted > 0 || rest.is_some() {
            self.edit_worker(step, worker, |row| row.wrap_ups.push((closed.task, weight, until)));
        }
        if noted > 0 {
            self.event_about(step, closed, EventKind::WrapUpStarted { until: now.plus(noted) });
        }
        if let Some((_, why)) = rest {
            self.worker_event(step, worker, EventKind::RestStarted { after: closed.task, until, why: why.to_owned() });
        }
    }
}

impl Worker {
    /// He is given a task: his run goes on, or begins anew after he had time to breathe; a hard one weighs on him.
    pub(crate) fn takes_up(&mut self, now: Millis, strain: u8) {
        self.idle_since = now;
        let breathed = |since: Millis| now.since(since) >= self.settings.burden.breath_ms;
        if self.run.free_since.is_some_and(breathed) {
            self.run.tasks = 0;
        }
        self.run.free_since = None;
        if strain > 0 {
            self.run.strain_milli = self.strain_milli(now).saturating_add(u32::from(strain) * 1_000);
            self.run.strained_at = now;
        }
    }

    /// What hard tasks left behind, in thousandths; it halves each hour.
    pub(crate) fn strain_milli(&self, now: Millis) -> u32 {
        let hours = now.since(self.run.strained_at) / STRAIN_HALVES_MS;
        let left = now.since(self.run.strained_at) % STRAIN_HALVES_MS;
        let halved =
            u64::from(self.run.strain_milli).checked_shr(u32::try_from(hours).unwrap_or(u32::MAX)).unwrap_or(0);
        // Between two halvings it falls in a straight line.
        u32::try_from(halved - halved * left / (2 * STRAIN_HALVES_MS)).unwrap_or(u32::MAX)
    }
}
