//! Which of those who are ready has a waiting task.

use std::cmp::Ordering;

use blendline_wire::event::Because;
use blendline_wire::org::QueueSettings;
use blendline_wire::task::Side;
use blendline_wire::{Millis, TaskId, WorkerId};

use crate::backlog::Gate;
use crate::blocks::Marked;
use crate::desk::Desk;
use crate::pooled::costs;
use crate::price::{Prices, Waits};
use crate::ready::{Bits, Place, Ready, need_bits};
use crate::rows::Task;
use crate::scheduler::Scheduler;

/// How many ready workers behind the first are looked at: who may be missed less, and who else could have had a task.
const OTHERS_LOOKED_AT: usize = 8;
/// Of so many who follow him.
const OTHERS_AMONG: usize = 128;

/// Who could have a task, why he, and who else could have had it.
pub(crate) type Match = (WorkerId, Because, Option<WorkerId>);

/// What is lost when a worker takes a task: what it costs the other front queues he serves; then what hard tasks have
/// left behind with him, if it is one; then the skills that others may need; then what he costs.
#[derive(Clone, Copy)]
struct Loss(f64, u32, u32, u32);

impl Loss {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(&other.0).then((self.1, self.2, self.3).cmp(&(other.1, other.2, other.3)))
    }
}

/// A waiting task, and what is asked of each who might have it.
struct Choice<'a> {
    core: &'a Scheduler,
    now: Millis,
    task: &'a Task,
    queue: &'a QueueSettings,
    /// Through it, where it is back work that the reserve may hold back.
    gate: Option<&'a Gate>,
    needs: Bits,
    prices: Prices<'a>,
    /// What its start spares its queue, where it is a front queue whose waiting costs: who loses more by it than this is
    /// not for it.
    spared: Option<f64>,
    /// Whether the same workers serve other such queues: then what a start brings tells who it is for.
    pooled: bool,
}

impl Scheduler {
    /// The worker a waiting task should go to now, why, and who else could have had it; through the gate, where it is
    /// back work that the reserve may hold back.
    pub(crate) fn worker_for(&self, now: Millis, id: TaskId, gate: Option<&Gate>) -> Option<Match> {
        let task = self.tasks.get(&id)?;
        let (queue, ready) = (self.queues.get(&task.queue)?, self.index.ready.get(&task.queue)?);
        if !self.rules().hours_of(queue).is_open(now) {
            return None;
        }
        let costs = queue.side == Side::Front && costs(Some(queue));
        // Whoever is free would have what waits elsewhere, if it were for him and paid.
        let waits = if costs { Waits::Not } else { Waits::Could };
        let mut choice = Choice {
            core: self,
            now,
            task,
            queue,
            gate,
            needs: need_bits(&task.needs),
            prices: self.prices(queue, waits),
            spared: costs.then(|| self.spared(queue.id)),
            pooled: costs && self.pooled_with(queue).is_some(),
        };
        if let Some(worker) = choice.sticky() {
            return Some((worker, Because::Sticky, None));
        }
        choice.least_loaded(ready)
    }
}

impl<'a> Choice<'a> {
    /// The one the customer knows, if he could have it.
    fn sticky(&mut self) -> Option<WorkerId> {
        let (worker, _) = self.task.sticky.filter(|(_, until)| self.now < *until)?;
        let desk = self.core.workers.get(&worker)?;
        let serves = desk.row.settings.queues.binary_search(&self.task.queue).is_ok();
        let place = desk.ready.filter(|_| serves)?;
        self.able(&place).then_some(worker)
    }

    /// Of those who are able the least loaded; of those who have as little to do, whom the others miss least; of those
    /// the longest idle. What is lost is told from their places: most desks are not looked at.
    fn least_loaded(&mut self, ready: &Ready) -> Option<Match> {
        let first = ready.having(self.needs).find(|place| self.able(place))?;
        let others = ready.having_behind(first.key(), self.needs, OTHERS_AMONG).take(OTHERS_LOOKED_AT);
        let mut ranked = Vec::with_capacity(1 + OTHERS_LOOKED_AT);
        ranked.push((first, Loss(0.0, 0, 0, 0)));
        ranked.extend(others.map(|place| (place, Loss(0.0, 0, 0, 0))));
        if ranked.len() > 1 {
            ranked.iter_mut().for_each(|(place, loss)| *loss = self.loss(place));
            ranked.sort_by(|one, other| one.0.load_milli.cmp(&other.0.load_milli).then(one.1.cmp(&other.1)));
        }
        let mut able = ranked.iter().map(|(place, _)| *place).filter(|place| *place == first || self.able(place));
        let best = able.next()?;
        Some((best.worker, Because::LeastLoaded, able.next().map(|place| place.worker)))
    }

    /// Whether a ready worker could have the task, and its start is not worth less than what it costs others.
    fn able(&mut self, place: &Place) -> bool {
        let (core, now) = (self.core, self.now);
        if self.gate.is_some_and(|gate| !gate.may_pass(place)) {
            return false;
        }
        let Some(desk) = core.workers.get(&place.worker) else { return false };
        desk.could_do(self.task, self.queue, now)
            && self.gate.is_none_or(|gate| {
                (gate.lets(desk) || core.is_owed_by_group(now, desk, self.queue)) && !core.has_some_aside(now, desk)
            })
            && (self.spared.is_none()
                || desk.fronts.len() < 2
                || self.gain(desk) >= 0.0
                || core.held_too_long(now, self.queue))
    }

    /// What it brings that a worker starts the task, where its waiting costs.
    fn gain(&mut self, desk: &Desk) -> f64 {
        let (core, queue, spared) = (self.core, self.queue, self.spared.unwrap_or(0.0));
        core.gain(desk, queue, Waits::Not, || spared - self.prices.of(desk))
    }

    fn loss(&mut self, place: &Place) -> Loss {
        let spare = (place.skills & !self.needs).count_ones();
        let desk = if self.task.strain > 0 { self.core.workers.get(&place.worker) } else { None };
        let strain = desk.map_or(0, |desk| desk.row.strain_milli(self.now));
        let pooled = self.pooled.then(|| self.core.workers.get(&place.worker)).flatten();
        let price = match pooled {
            Some(desk) => -self.gain(desk),
            None => self.prices.at(place),
        };
        Loss(price, strain, spare, place.cost)
    }
}
