//! Back work starts, where the reserve of the front line lets it.
//!
//! Who is free and could do back work that waits has it, unless a front queue he serves needs him free. So after each
//! step the only pairs left are those a front queue keeps apart, and such queues are known: nobody and nothing else has
//! to be looked at again until one of them lets go.

use std::collections::BTreeSet;

use blendline_wire::event::Because;
use blendline_wire::{Millis, QueueId, TaskId, TenantId, WorkerId};

use crate::choice::Match;
use crate::desk::Desk;
use crate::dispatch::{Candidate, Look};
use crate::index::{is_hard, line_key};
use crate::learnt::Taking;
use crate::lines::{Head, Waiting};
use crate::price::Rank;
use crate::ready::{Bits, Place, need_bits, queue_bits};
use crate::rows::{Task, TaskState};
use crate::scheduler::{Scheduler, Step};

/// The front queues of a tenant that let no back work start that takes so much.
#[derive(Clone, Debug)]
pub(crate) struct Gate {
    taking: Taking,
    /// Sorted.
    shut: Vec<QueueId>,
    /// Who has one of these bits serves one of them for sure.
    bits: Bits,
}

impl Gate {
    /// False when a ready worker is held back for sure.
    pub(crate) fn may_pass(&self, place: &Place) -> bool {
        // Who helps somewhere may not be at home where he serves.
        place.planned || place.paced || place.fronts & self.bits == 0
    }

    /// Whether back work may start with this worker. Whoever never serves the front line does not weaken it.
    pub(crate) fn lets(&self, desk: &Desk) -> bool {
        self.shut.is_empty() || !desk.homes.iter().any(|front| self.shut.binary_search(front).is_ok())
    }
}

impl Scheduler {
    /// Starts back work; false when there was nothing to look at.
    pub(crate) fn start_back(&mut self, step: &mut Step<'_>) -> bool {
        let mut looked = false;
        while let Some(tenant) = step.todo.slack.pop_first() {
            self.let_go(step, tenant);
            looked = true;
        }
        while let Some(worker) = step.todo.resting.pop_first() {
            self.start_with(step, worker);
            looked = true;
        }
        for task in std::mem::take(&mut step.todo.deferred) {
            self.start_for(step, task);
            looked = true;
        }
        looked
    }

    /// Looks whether front queues that held back work back let go: then the most urgent starts, with the best of those
    /// who were kept free.
    fn let_go(&mut self, step: &mut Step<'_>, tenant: TenantId) {
        let Some(known) = self.tenants.get(&tenant) else { return };
        let mut held: Vec<QueueId> = known.holding.iter().collect();
        while !held.is_empty() {
            self.seat_moved(step);
            let waiting = |queue: &&QueueId| self.index.lines.contains_key(queue);
            let backs = self.tenants.get(&tenant).into_iter().flat_map(|tenant| &tenant.backs).filter(waiting);
            let all: Vec<Taking> = backs
                .filter_map(|queue| self.queues.get(queue))
                .flat_map(|queue| [false, true].map(|hard| self.taking(step.now, queue, hard)))
                .collect();
            // Where no back work waits none is held back.
            held.retain(|front| all.is_empty() || all.iter().any(|taking| self.reserve_lets(*front, *taking)));
            if held.is_empty() {
                return;
            }
            self.give_all_back(step, tenant);
            let mut shut = BTreeSet::new();
            let next = self.next_back(step.now, tenant, &mut shut);
            let Some((task, (worker, because, runner_up))) = next else {
                held.into_iter().for_each(|front| self.set_holding(step, front, false));
                shut.into_iter().for_each(|front| self.set_holding(step, front, true));
                // Whoever keeps back what was put aside says so again.
                self.give_all_back(step, tenant);
                return;
            };
            self.bind(step, task, worker, because, None, runner_up);
        }
    }

    /// The most urgent back work of a tenant that some ready worker could have now, and who; and the front queues that
    /// keep others apart.
    fn next_back(&self, now: Millis, tenant: TenantId, shut: &mut BTreeSet<QueueId>) -> Option<(TaskId, Match)> {
        let mut gates: Vec<Gate> = Vec::new();
        let mut heads = self.heads_of_backlog(now, tenant);
        while let Some(task) = heads.next() {
            let Some(queue) = self.queues.get(&task.queue) else { continue };
            let taking = self.taking(now, queue, is_hard(task));
            let gate = match gates.iter().position(|gate| gate.taking == taking) {
                Some(known) => &gates[known],
                None => {
                    gates.push(self.gate(tenant, taking));
                    &gates[gates.len() - 1]
                }
            };
            if let Some(found) = self.worker_for(now, task.id, Some(gate)) {
                return Some((task.id, found));
            }
            self.note_held(now, task, gate, shut);
        }
        None
    }

    /// The back work of a tenant that is worth a look, the most urgent first.
    fn heads_of_backlog(&self, now: Millis, tenant: TenantId) -> Backlog<'_, impl Iterator<Item = &Head>> {
        let mut backlog = Backlog { core: self, now, lines: Vec::new() };
        for id in self.tenants.get(&tenant).into_iter().flat_map(|tenant| &tenant.backs) {
            let (Some(queue), Some(waiting)) = (self.queues.get(id), self.index.lines.get(id)) else { continue };
            if !self.index.ready.contains_key(id) || !self.rules().hours_of(queue).is_open(now) {
                continue;
            }
            let rank = self.rank(now, queue);
            for (bucket, heads) in waiting.buckets() {
                let rank = rank.lifted(bucket.lift_milli);
                let mut line = BacklogLine { heads: heads.iter(), next: None, behind: Vec::new(), rank };
                line.advance(now);
                backlog.lines.push(line);
            }
        }
        backlog
    }

    /// Gives a worker who found nothing more urgent the back work that he may have.
    fn start_with(&mut self, step: &mut Step<'_>, worker: WorkerId) {
        self.give_back(step, worker);
        // He himself looks: where he stands among the ready is nobody's question yet.
        while let Some((best, runner_up)) = self.next_back_for(step, worker) {
            self.bind(step, best.task, worker, Because::MostUrgent, runner_up.map(|next| next.urgency), None);
        }
    }

    /// The most urgent back work that a worker may have now. The front queue that keeps him from some is noted.
    fn next_back_for(&mut self, step: &mut Step<'_>, worker: WorkerId) -> Option<(Candidate, Option<Candidate>)> {
        let desk = self.workers.get(&worker)?;
        if self.has_some_aside(step.now, desk) {
            return None;
        }
        let mut shut: Vec<QueueId> = Vec::new();
        let mut known: Option<(Taking, bool)> = None;
        let found = self.most_urgent(step.now, worker, Look::Back, |queue, hard| {
            let taking = self.taking_of(step.now, queue, hard, desk);
            if let Some((_, lets)) = known.filter(|(known, _)| *known == taking) {
                return lets;
            }
            let holds = desk.homes.iter().find(|front| !self.reserve_lets(**front, taking));
            shut.extend(holds);
            known = Some((taking, holds.is_none()));
            holds.is_none()
        });
        shut.into_iter().for_each(|front| self.set_holding(step, front, true));
        found
    }

    /// Back work came: if somebody could have it now, he has the most urgent that he can do.
    fn start_for(&mut self, step: &mut Step<'_>, id: TaskId) {
        loop {
            self.seat_moved(step);
            let Some(task) = self.tasks.get(&id).filter(|task| task.state == TaskState::Waiting) else { return };
            let Some(queue) = self.queues.get(&task.queue) else { return };
            let gate = self.gate(task.tenant, self.taking(step.now, queue, is_hard(task)));
            let Some((worker, because, runner_up)) = self.worker_for(step.now, id, Some(&gate)) else {
                let mut shut = BTreeSet::new();
                self.note_held(step.now, task, &gate, &mut shut);
                shut.into_iter().for_each(|front| self.set_holding(step, front, true));
                return;
            };
            match self.next_back_for(step, worker) {
                Some((best, next)) if best.task != id => {
                    self.bind(step, best.task, worker, Because::MostUrgent, next.map(|next| next.urgency), None);
                }
                _ => self.bind(step, id, worker, because, None, runner_up),
            }
        }
    }

    /// The front queues of a tenant that let nothing start that takes so much.
    fn gate(&self, tenant: TenantId, taking: Taking) -> Gate {
        let fronts = self.tenants.get(&tenant).map_or(&[][..], |tenant| &tenant.fronts);
        // Nobody is kept for a queue that nobody serves now.
        let served = fronts.iter().copied().filter(|front| self.pools.contains_key(front));
        let (open, shut): (Vec<_>, Vec<_>) = served.partition(|front| self.reserve_lets(*front, taking));
        Gate { taking, bits: queue_bits(&shut) & !queue_bits(&open), shut }
    }

    /// Notes the front queues that keep a task from those who could do it.
    fn note_held(&self, now: Millis, task: &Task, gate: &Gate, shut: &mut BTreeSet<QueueId>) {
        if !gate.shut.is_empty() && self.could_be_had(now, task) {
            shut.extend(&gate.shut);
        }
    }

    /// The tasks behind one that leads a line, up to the first that nobody declined: tasks of a line differ only by who
    /// may not have them, so behind that one no other can do better.
    fn worth_a_look(&self, head: &Task) -> impl Iterator<Item = &Waiting> {
        let mut more = true;
        let line = self.index.lines.get(&head.queue).map(|lines| lines.line(&line_key(head), head.missed).skip(1));
        line.into_iter().flatten().take_while(move |waiting| {
            let look = more;
            more = waiting.is_declined();
            look
        })
    }

    /// True when some ready worker could do a task, whatever the reserve says.
    fn could_be_had(&self, now: Millis, task: &Task) -> bool {
        let (Some(queue), Some(ready)) = (self.queues.get(&task.queue), self.index.ready.get(&task.queue)) else {
            return false;
        };
        self.rules().hours(task.queue).is_open(now)
            && ready
                .having(need_bits(&task.needs))
                .any(|place| self.workers.get(&place.worker).is_some_and(|desk| desk.could_do(task, queue, now)))
    }
}

/// Back work in the order in which it is to start.
struct Backlog<'a, H> {
    core: &'a Scheduler,
    now: Millis,
    /// One for each bucket of each queue.
    lines: Vec<BacklogLine<H>>,
}

/// The tasks of a bucket that are worth a look, by due time.
struct BacklogLine<H> {
    /// Those that lead a line.
    heads: H,
    /// The next of them.
    next: Option<Candidate>,
    /// Those behind one that somebody declined.
    behind: Vec<Candidate>,
    rank: Rank,
}

impl<'a, H: Iterator<Item = &'a Head>> BacklogLine<H> {
    fn advance(&mut self, now: Millis) {
        self.next = self.heads.next().map(|head| Candidate::new(&head.waiting, now, self.rank));
    }

    /// The first of them. Within a bucket the due time alone decides, as for whoever looks for work: where clocks stood
    /// still, another order would let one go before an older one that stands behind a third.
    fn first(&self) -> Option<Candidate> {
        self.behind.iter().copied().chain(self.next).min_by_key(|one| (one.due_at, one.task))
    }
}

impl<'a, H: Iterator<Item = &'a Head>> Backlog<'a, H> {
    fn next(&mut self) -> Option<&'a Task> {
        let (core, now) = (self.core, self.now);
        let firsts = self.lines.iter().enumerate().filter_map(|(at, line)| Some((at, line.first()?)));
        let (at, first) = firsts.reduce(|one, other| if one.1.is_before(&other.1) { one } else { other })?;
        let line = &mut self.lines[at];
        let task = core.tasks.at(first.place)?;
        if let Some(behind) = line.behind.iter().position(|other| other.task == first.task) {
            line.behind.swap_remove(behind);
            return Some(task);
        }
        line.advance(now);
        if !task.declined.is_empty() {
            line.behind.extend(core.worth_a_look(task).map(|waiting| Candidate::new(waiting, now, line.rank)));
        }
        Some(task)
    }
}
