//! One replication: what happens when.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::crew::{Hand, Job, JobState};
use crate::dispatch::{Dispatcher, Move};
use crate::draws::{Arriving, Stream};
use crate::plan::Plan;
use crate::tally::{Tally, is_late};

/// Who watches a run.
pub(crate) trait Watch {
    /// A task was bound to a worker, or set aside.
    fn moved(&mut self, moved: &Moved<'_>);
    /// What stood from one instant to another.
    fn stood(&mut self, from: f64, to: f64, tally: &Tally, reserve: &dyn Fn(usize) -> f64);
    /// True when decisions are to be explained.
    fn explains(&self) -> bool;
}

/// A decision as it is watched.
pub(crate) struct Moved<'a> {
    pub(crate) now: f64,
    pub(crate) queue: usize,
    pub(crate) group: usize,
    pub(crate) worker: usize,
    pub(crate) job: u64,
    pub(crate) waited: f64,
    pub(crate) first: bool,
    pub(crate) interrupted: bool,
    pub(crate) why: Option<&'a serde_json::Value>,
    pub(crate) reserve: f64,
}

#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Event {
    Staff { group: usize, step: usize },
    Done { worker: usize, version: u32 },
    Impatient { job: usize, number: u64 },
    Arrival { queue: usize },
}

/// The random numbers of a queue, a stream for each purpose.
struct Streams {
    service: Stream,
    patience: Stream,
}

/// A replication under way.
pub(crate) struct Engine<'a> {
    plan: &'a Plan,
    events: BinaryHeap<Reverse<(u64, u64, Event)>>,
    order: u64,
    jobs: Vec<Job>,
    spare: Vec<usize>,
    numbers: u64,
    hands: Vec<Hand>,
    arriving: Vec<Option<Arriving>>,
    streams: Vec<Streams>,
    moves: Vec<Move>,
    tally: &'a mut Tally,
    watch: Option<&'a mut dyn Watch>,
    ended: bool,
}

/// Workers of a plan at time zero: group and presence.
pub(crate) fn roster(plan: &Plan) -> Vec<(usize, bool)> {
    let mut roster = Vec::new();
    for (number, group) in plan.groups.iter().enumerate() {
        let there = group.staff.first().filter(|(at, _)| *at <= 0.0).map_or(group.workers, |(_, workers)| *workers);
        let there = if group.staff.first().is_some_and(|(at, _)| *at > 0.0) { 0 } else { there };
        roster.extend((0..group.workers).map(|worker| (number, worker < there)));
    }
    roster
}

impl<'a> Engine<'a> {
    pub(crate) fn new(plan: &'a Plan, seed: u64, tally: &'a mut Tally, watch: Option<&'a mut dyn Watch>) -> Self {
        tally.begin();
        let stream = |queue: usize, purpose: u64| Stream::new(seed, queue as u64 * 8 + purpose + 1);
        let arriving = plan.queues.iter().enumerate().map(|(number, queue)| {
            queue.arrivals.as_ref().map(|_| {
                let busyness = queue.busyness.map_or(1.0, |shape| stream(number, 3).gamma(shape) / shape);
                Arriving::new(stream(number, 0), busyness)
            })
        });
        let streams =
            (0..plan.queues.len()).map(|queue| Streams { service: stream(queue, 1), patience: stream(queue, 2) });
        let hand = |(group, present)| Hand { group, present, jobs: Vec::new(), slots_used: 0, since: 0.0, version: 0 };
        let hands: Vec<Hand> = roster(plan).into_iter().map(hand).collect();
        for hand in &hands {
            tally.groups[hand.group].present += u64::from(hand.present);
        }
        Self {
            plan,
            events: BinaryHeap::new(),
            order: 0,
            jobs: Vec::new(),
            spare: Vec::new(),
            numbers: 0,
            hands,
            arriving: arriving.collect(),
            streams: streams.collect(),
            moves: Vec::new(),
            tally,
            watch,
            ended: false,
        }
    }

    fn at(&mut self, time: f64, event: Event) {
        self.order += 1;
        // The bits of numbers from zero up are in the order of the numbers.
        self.events.push(Reverse((time.max(0.0).to_bits(), self.order, event)));
    }

    /// Runs to the horizon, and on until nobody waits where the plan wants that.
    pub(crate) fn run(mut self, dispatcher: &mut dyn Dispatcher) {
        let plan = self.plan;
        for queue in 0..plan.queues.len() {
            self.next_arrival(queue, 0.0);
        }
        for (number, group) in plan.groups.iter().enumerate() {
            for (step, (at, _)) in group.staff.iter().enumerate().filter(|(_, (at, _))| *at > 0.0) {
                self.at(*at, Event::Staff { group: number, step });
            }
        }
        // There is always another task: as many as could start at once, and one more.
        let slots: u32 = plan.groups.iter().map(|group| group.workers * group.slots).sum();
        for queue in (0..plan.queues.len()).filter(|queue| plan.queues[*queue].arrivals.is_none()) {
            for _ in 0..=slots {
                self.arrive(queue, 0.0, dispatcher);
            }
        }
        loop {
            let next = self.events.peek().map(|Reverse((bits, ..))| f64::from_bits(*bits));
            let deadline = dispatcher.deadline().filter(|deadline| next.is_none_or(|next| *deadline < next));
            let Some(now) = deadline.or(next) else { break };
            if now >= plan.horizon && !self.beyond_horizon() {
                break;
            }
            self.pass(now, dispatcher);
            if deadline.is_some() {
                dispatcher.tick(now, &mut self.moves);
                self.carry_out(now, dispatcher);
                continue;
            }
            if let Some(Reverse((_, _, event))) = self.events.pop() {
                self.happen(now, event, dispatcher);
            }
        }
        self.pass(plan.horizon, dispatcher);
    }

    /// True while what waits at the horizon is still to be served.
    fn beyond_horizon(&mut self) -> bool {
        self.ended = true;
        let queues = self.plan.queues.iter().zip(&self.tally.queues);
        self.plan.drain && queues.into_iter().any(|(queue, counts)| queue.arrivals.is_some() && counts.waiting > 0)
    }

    fn pass(&mut self, now: f64, dispatcher: &dyn Dispatcher) {
        let from = self.tally.since;
        if let Some(watch) = &mut self.watch {
            watch.stood(from, now, self.tally, &|group| dispatcher.reserve(group));
        }
        self.tally.pass(self.plan, now, |group| dispatcher.reserve(group));
    }

    fn happen(&mut self, now: f64, event: Event, dispatcher: &mut dyn Dispatcher) {
        match event {
            Event::Arrival { queue } => {
                if !self.ended {
                    self.next_arrival(queue, now);
                    self.arrive(queue, now, dispatcher);
                }
            }
            Event::Done { worker, version } if self.hands[worker].version == version => {
                self.done(worker, now, dispatcher);
            }
            Event::Impatient { job, number } => {
                if self.jobs[job].number == number && self.jobs[job].state == JobState::Waiting {
                    self.abandon(job, now, dispatcher);
                }
            }
            Event::Staff { group, step } => self.staff(group, step, now, dispatcher),
            Event::Done { .. } => {}
        }
        self.carry_out(now, dispatcher);
    }

    fn next_arrival(&mut self, queue: usize, now: f64) {
        let Some(rates) = &self.plan.queues[queue].arrivals else { return };
        let at = self.arriving[queue].as_mut().and_then(|arriving| arriving.after(now, rates));
        if let Some(at) = at.filter(|at| *at < self.plan.horizon) {
            self.at(at, Event::Arrival { queue });
        }
    }

    fn measured(&self, now: f64) -> bool {
        self.plan.warmup <= now
    }

    fn arrive(&mut self, queue: usize, now: f64, dispatcher: &mut dyn Dispatcher) {
        self.numbers += 1;
        let job = Job { queue, arrived: now, left: 0.0, state: JobState::Waiting, starts: 0, number: self.numbers };
        let place = self.spare.pop().unwrap_or(self.jobs.len());
        if place == self.jobs.len() {
            self.jobs.push(job)
        } else {
            self.jobs[place] = job
        }
        let endless = self.plan.queues[queue].arrivals.is_none();
        self.tally.queues[queue].waiting += u64::from(!endless);
        if self.measured(now) && !endless {
            self.tally.queues[queue].arrived += 1;
        }
        if let Some(patience) = &self.plan.queues[queue].patience {
            let gone = now + self.streams[queue].patience.duration(patience);
            self.at(gone, Event::Impatient { job: place, number: self.numbers });
        }
        dispatcher.arrive(now, place, queue, &mut self.moves);
        self.carry_out(now, dispatcher);
    }

    fn abandon(&mut self, job: usize, now: f64, dispatcher: &mut dyn Dispatcher) {
        let queue = self.jobs[job].queue;
        let waited = now - self.jobs[job].arrived;
        self.jobs[job].state = JobState::Gone;
        let measured = self.measured(now);
        let counts = &mut self.tally.queues[queue];
        counts.waiting -= 1;
        if measured {
            counts.abandoned += 1;
            counts.late += u64::from(is_late(self.plan.queues[queue].target, waited));
        }
        dispatcher.leave(now, job, queue, &mut self.moves);
        self.spare.push(job);
    }

    fn done(&mut self, worker: usize, now: f64, dispatcher: &mut dyn Dispatcher) {
        self.hands[worker].advance(now, self.plan, &mut self.jobs);
        let Some(job) = self.hands[worker].first_done(&self.jobs) else { return };
        self.give_up(worker, job, now);
        self.jobs[job].state = JobState::Gone;
        if self.measured(now) && !self.ended {
            self.tally.queues[self.jobs[job].queue].completed += 1;
        }
        dispatcher.finish(now, job, worker, &mut self.moves);
        self.spare.push(job);
    }

    fn staff(&mut self, group: usize, step: usize, now: f64, dispatcher: &mut dyn Dispatcher) {
        let wanted = self.plan.groups[group].staff[step].1;
        let first = self.hands.iter().position(|hand| hand.group == group).unwrap_or(0);
        for number in 0..self.plan.groups[group].workers {
            let worker = first + number as usize;
            let present = number < wanted;
            if self.hands[worker].present != present {
                self.hands[worker].present = present;
                let counts = &mut self.tally.groups[group].present;
                if present {
                    *counts += 1
                } else {
                    *counts -= 1
                }
                dispatcher.staff(now, worker, present, &mut self.moves);
            }
        }
    }

    /// Does what was decided, and what that sets off.
    fn carry_out(&mut self, now: f64, dispatcher: &mut dyn Dispatcher) {
        let mut again = Vec::new();
        for step in std::mem::take(&mut self.moves) {
            match step {
                Move::Start { job, worker, why } => {
                    let first = self.start(job, worker, why.as_ref(), now, dispatcher);
                    let queue = self.jobs[job].queue;
                    if first && self.plan.queues[queue].arrivals.is_none() && !self.ended {
                        again.push(queue);
                    }
                }
                Move::Interrupt { job, worker } => self.interrupt(job, worker, now, dispatcher),
            }
        }
        for queue in again {
            self.arrive(queue, now, dispatcher);
        }
    }

    fn start(
        &mut self,
        job: usize,
        worker: usize,
        why: Option<&serde_json::Value>,
        now: f64,
        dispatcher: &dyn Dispatcher,
    ) -> bool {
        let (group, queue) = (self.hands[worker].group, self.jobs[job].queue);
        let settings = &self.plan.queues[queue];
        let waited = now - self.jobs[job].arrived;
        let first = self.jobs[job].starts == 0;
        self.jobs[job].starts += 1;
        self.tally.decisions += 1;
        if first {
            self.jobs[job].left = self.streams[queue].service.duration(&settings.service[group]);
            let (measured, endless) = (self.measured(now), settings.arrivals.is_none());
            let counts = &mut self.tally.queues[queue];
            counts.waiting -= u64::from(!endless);
            if measured {
                counts.started += 1;
                if !endless {
                    counts.waits.add(waited);
                    counts.late += u64::from(is_late(settings.target, waited));
                }
            }
        } else {
            self.jobs[job].left += settings.resume_cost;
        }
        let slots = settings.slots_of(&self.plan.groups[group]);
        self.hands[worker].advance(now, self.plan, &mut self.jobs);
        self.hands[worker].jobs.push(job);
        self.hands[worker].slots_used += slots;
        self.jobs[job].state = JobState::Running(worker);
        self.tally.busy(group, settings.side, slots, true);
        self.reschedule(worker);
        let number = self.jobs[job].number;
        self.tell(now, job, worker, number, waited, first, false, why, dispatcher);
        first
    }

    fn interrupt(&mut self, job: usize, worker: usize, now: f64, dispatcher: &dyn Dispatcher) {
        self.hands[worker].advance(now, self.plan, &mut self.jobs);
        self.give_up(worker, job, now);
        self.jobs[job].state = JobState::Waiting;
        if self.measured(now) {
            self.tally.queues[self.jobs[job].queue].interrupted += 1;
        }
        let (number, waited) = (self.jobs[job].number, now - self.jobs[job].arrived);
        self.tell(now, job, worker, number, waited, false, true, None, dispatcher);
    }

    /// A worker has a job no more.
    fn give_up(&mut self, worker: usize, job: usize, now: f64) {
        let (group, queue) = (self.hands[worker].group, self.jobs[job].queue);
        let slots = self.plan.queues[queue].slots_of(&self.plan.groups[group]);
        self.hands[worker].advance(now, self.plan, &mut self.jobs);
        self.hands[worker].jobs.retain(|held| *held != job);
        self.hands[worker].slots_used -= slots;
        self.tally.busy(group, self.plan.queues[queue].side, slots, false);
        self.reschedule(worker);
    }

    fn reschedule(&mut self, worker: usize) {
        self.hands[worker].version = self.hands[worker].version.wrapping_add(1);
        let version = self.hands[worker].version;
        if let Some(at) = self.hands[worker].next_done(self.plan, &self.jobs) {
            self.at(at, Event::Done { worker, version });
        }
    }

    #[expect(clippy::too_many_arguments, reason = "they are the fields of what is told")]
    fn tell(
        &mut self,
        now: f64,
        job: usize,
        worker: usize,
        number: u64,
        waited: f64,
        first: bool,
        interrupted: bool,
        why: Option<&serde_json::Value>,
        dispatcher: &dyn Dispatcher,
    ) {
        let (group, queue) = (self.hands[worker].group, self.jobs[job].queue);
        if let Some(watch) = &mut self.watch {
            let reserve = dispatcher.reserve(group);
            watch.moved(&Moved { now, queue, group, worker, job: number, waited, first, interrupted, why, reserve });
        }
    }
}
