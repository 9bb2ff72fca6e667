//! What happens when, in a day that is run through the scheduler.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use blendline_core::input::{Class, NewItem, Verdict};
use blendline_core::{Answer, CallId, Command, Effect, Input, PayloadId, Release, Scheduler};
use blendline_wire::event::Actor;
use blendline_wire::task::{AcceptMode, Presence};
use blendline_wire::{Lease, Millis, QueueId, SessionId, TaskId, TenantId, WorkerId};

use super::report::{Job, Result};
use super::{Day, Staged};
use crate::model::Group;

const TENANT: TenantId = TenantId(1);
/// Where random choices of the scheduler begin: the same for all sets that are compared.
const SEED: u64 = 1;
/// How long the day goes on for what still waits when the last message has come.
const AFTER_MS: u64 = 48 * 3_600_000;

#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Event {
    Shift(usize),
    Done { job: usize, lease: Lease },
    Left(usize),
    Arrival(usize),
}

/// A day under way.
pub(super) struct Engine<'a> {
    staged: &'a Staged<'a>,
    day: &'a Day,
    scheduler: Scheduler,
    effects: Vec<Effect>,
    events: BinaryHeap<Reverse<(Millis, u64, Event)>>,
    order: u64,
    jobs: Vec<Job>,
    tasks: BTreeMap<TaskId, usize>,
    entering: Option<usize>,
    /// Since when each worker is there, and for how long he was before.
    present: BTreeMap<WorkerId, (Option<Millis>, u64)>,
    busy_ms: BTreeMap<WorkerId, u64>,
}

impl<'a> Engine<'a> {
    pub(super) fn new(staged: &'a Staged<'a>, day: &'a Day, rules: &[Option<usize>]) -> Self {
        let class = |rule: &Option<usize>| rule.map_or(&staged.otherwise, |at| &staged.classes[at]);
        let jobs = rules.iter().zip(&day.arrivals).map(|(rule, arrival)| Job::new(*rule, class(rule).queue, arrival));
        let mut engine = Self {
            staged,
            day,
            scheduler: Scheduler::new(0, SEED),
            effects: Vec::new(),
            events: BinaryHeap::new(),
            order: 0,
            jobs: jobs.collect(),
            tasks: BTreeMap::new(),
            entering: None,
            present: BTreeMap::new(),
            busy_ms: BTreeMap::new(),
        };
        let begin = day.span().map_or(Millis(1), |(begin, _)| begin);
        for settings in &staged.settings {
            engine.step(begin, Command::Put(settings.clone()));
        }
        for worker in staged.set.workers() {
            let Some(id) = staged.workers.get(&worker.name.value).copied() else { continue };
            let shifted = day.shifts.iter().find(|shift| shift.worker == worker.name.value);
            // Whose first word is that he comes was not there before.
            let there = shifted.is_none_or(|first| !first.present || first.at.0 <= begin);
            engine.attach(begin, id, there);
        }
        for (at, shift) in day.shifts.iter().enumerate().filter(|(_, shift)| begin < shift.at.0) {
            engine.at(shift.at.0, Event::Shift(at));
        }
        for (at, arrival) in day.arrivals.iter().enumerate() {
            engine.at(arrival.at.0, Event::Arrival(at));
        }
        engine
    }

    fn attach(&mut self, now: Millis, worker: WorkerId, there: bool) {
        let presence = if there { Presence::Ready } else { Presence::Busy };
        let (session, accept) = (SessionId(worker.0), Some(AcceptMode::Auto));
        self.step(now, Command::Attach { worker, session, accept, capacity: None, presence });
        self.present.insert(worker, (there.then_some(now), 0));
    }

    fn at(&mut self, at: Millis, event: Event) {
        self.order += 1;
        self.events.push(Reverse((at, self.order, event)));
    }

    /// Runs to the end of the day, and on until nothing waits any more, for two days at most.
    pub(super) fn run(mut self) -> Result {
        let end = self.day.span().map_or(Millis(0), |(_, end)| end.plus(AFTER_MS));
        let mut last = Millis(0);
        loop {
            let next = self.events.peek().map(|Reverse((at, ..))| *at);
            let deadline = self.scheduler.next_deadline().filter(|due| next.is_none_or(|next| *due < next));
            // Deadlines alone, with nothing that happens, go on for ever.
            let Some(now) = (if self.open() || next.is_some() { deadline.or(next) } else { None }) else { break };
            if end < now {
                break;
            }
            let now = now.max(last);
            last = now;
            if deadline.is_some() {
                self.tick(now);
                continue;
            }
            if let Some(Reverse((_, _, event))) = self.events.pop() {
                self.happen(now, event);
            }
        }
        let groups: Vec<(&Group, u64, u64)> =
            self.staged.set.groups.iter().map(|group| self.of_group(group, last)).collect();
        Result::new(self.staged, &self.jobs, &groups)
    }

    fn open(&self) -> bool {
        !self.tasks.is_empty()
    }

    /// How long the workers of a group were there, and worked.
    fn of_group<'g>(&self, group: &'g Group, last: Millis) -> (&'g Group, u64, u64) {
        let ids = group.workers.iter().filter_map(|worker| self.staged.workers.get(&worker.name.value).copied());
        let (mut present_ms, mut busy_ms) = (0, 0);
        for id in ids {
            let (since, before) = self.present.get(&id).copied().unwrap_or_default();
            present_ms += before + since.map_or(0, |since| last.since(since));
            busy_ms += self.busy_ms.get(&id).copied().unwrap_or_default();
        }
        (group, present_ms, busy_ms)
    }

    fn happen(&mut self, now: Millis, event: Event) {
        match event {
            Event::Arrival(at) => self.arrive(now, at),
            Event::Shift(at) => self.shift(now, at),
            Event::Left(job) if self.jobs[job].started.is_none() => {
                self.jobs[job].left = true;
                if let Some(task) = self.jobs[job].task {
                    self.tasks.remove(&task);
                    self.step(now, Command::Cancel { task, reason: "left".to_owned() });
                }
            }
            Event::Done { job, lease } if self.jobs[job].lease == lease => self.finish(now, job),
            Event::Left(_) | Event::Done { .. } => {}
        }
    }

    fn arrive(&mut self, now: Millis, at: usize) {
        let class = match self.jobs[at].rule {
            Some(rule) => &self.staged.classes[rule],
            None => &self.staged.otherwise,
        };
        let channel = self.staged.set.weighed(&self.day.arrivals[at].channel);
        let class = Class { channel, ..class.clone() };
        if let Some(left_after_ms) = self.day.arrivals[at].left_after_ms {
            self.at(now.plus(left_after_ms), Event::Left(at));
        }
        self.entering = Some(at);
        let item = NewItem { tenant: TENANT, class, payload: PayloadId(at as u64), conversation: None, matter: None };
        let input = Input { call: Some(CallId(1)), actor: Actor::Customer, command: Command::Push(item) };
        self.stepped(now, input);
        self.entering = None;
    }

    fn finish(&mut self, now: Millis, job: usize) {
        let (Some(task), Some((worker, since))) = (self.jobs[job].task, self.jobs[job].with.take()) else { return };
        *self.busy_ms.entry(worker).or_default() += now.since(since);
        self.jobs[job].done = Some(now);
        self.tasks.remove(&task);
        let verdict = Verdict::Done { disposition: String::new(), note: None };
        let lease = self.jobs[job].lease;
        self.stepped(
            now,
            Input::new(
                Actor::Worker(worker),
                Command::Settle { worker, task, lease, verdict, replies: Vec::new(), seen: None },
            ),
        );
    }

    fn shift(&mut self, now: Millis, at: usize) {
        let shift = &self.day.shifts[at];
        let Some(worker) = self.staged.workers.get(&shift.worker).copied() else { return };
        let Some((since, before)) = self.present.get_mut(&worker) else { return };
        match (*since, shift.present) {
            (None, true) => *since = Some(now),
            (Some(came), false) => {
                *before += now.since(came);
                *since = None;
            }
            _ => return,
        }
        // Who goes finishes what he has.
        let presence = if shift.present { Presence::Ready } else { Presence::Busy };
        self.step(now, Command::Presence { worker, presence, reason: String::new() });
    }

    fn tick(&mut self, now: Millis) {
        self.stepped(now, Input::tick());
    }

    fn step(&mut self, now: Millis, command: Command) {
        self.stepped(now, Input::new(Actor::System, command));
    }

    /// Steps the scheduler and does what it decides.
    fn stepped(&mut self, now: Millis, input: Input) {
        let mut effects = std::mem::take(&mut self.effects);
        self.scheduler.step(now, input, &mut effects);
        for effect in effects.drain(..) {
            match effect {
                Effect::Release(Release::Answer { result: Ok(Answer::Task(id)), .. }) => self.enter(id),
                Effect::Release(Release::Assigned { worker, task, lease, .. }) => self.start(now, task, worker, lease),
                Effect::Release(Release::Withdrawn { task, .. }) => self.set_aside(now, task),
                _ => {}
            }
        }
        self.effects = effects;
    }

    fn enter(&mut self, task: TaskId) {
        if let Some(job) = self.entering {
            self.tasks.insert(task, job);
            self.jobs[job].task = Some(task);
        }
    }

    fn start(&mut self, now: Millis, task: TaskId, worker: WorkerId, lease: Lease) {
        // A task that is assigned within the step that took it in is told of before its answer.
        if !self.tasks.contains_key(&task) {
            self.enter(task);
        }
        let Some(job) = self.tasks.get(&task).copied() else { return };
        let known = &mut self.jobs[job];
        known.started.get_or_insert(now);
        known.with = Some((worker, now));
        known.lease = lease;
        let left_ms = known.left_ms;
        self.at(now.plus(left_ms), Event::Done { job, lease });
    }

    /// Interrupted: what is left of the work is done later.
    fn set_aside(&mut self, now: Millis, task: TaskId) {
        let Some(job) = self.tasks.get(&task).copied() else { return };
        let Some((worker, since)) = self.jobs[job].with.take() else { return };
        *self.busy_ms.entry(worker).or_default() += now.since(since);
        let known = &mut self.jobs[job];
        known.left_ms = known.left_ms.saturating_sub(now.since(since)).max(1);
        known.lease = Lease(u32::MAX);
        known.interrupted += 1;
    }
}

impl Job {
    /// A message that has not come yet.
    pub(super) fn new(rule: Option<usize>, queue: QueueId, arrival: &super::Arrival) -> Self {
        Self {
            rule,
            queue,
            arrived: arrival.at.0,
            left_ms: arrival.work_ms.max(1),
            task: None,
            lease: Lease(0),
            started: None,
            with: None,
            done: None,
            left: false,
            interrupted: 0,
        }
    }
}
