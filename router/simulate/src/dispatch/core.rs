//! The shipped policy: the same `Scheduler::step` that production runs, told the targets and not the rates.

use blendline_core::input::{Class, NewItem, Settings, Verdict};
use blendline_core::{Answer, CallId, Command, Effect, Input, PayloadId, Release, Scheduler, Write};
use blendline_wire::event::{Actor, EventKind};
use blendline_wire::org::{Blend, Burden, Goal, QueueSettings, TenantSettings, WEIGHT_UNIT, WorkerSettings};
use blendline_wire::task::{AcceptMode, Presence, Side};
use blendline_wire::{Lease, Millis, QueueId, SessionId, TaskId, TenantId, WorkerId};

use super::{Dispatcher, Move};
use crate::plan::{Group, Plan, Target};
use crate::scenario;

const TENANT: TenantId = TenantId(1);
/// The target of work that has none: later than any scenario ends.
const NEVER_MS: u64 = 100 * 366 * 24 * 3_600_000;
/// Time in the core begins here: zero is nobody's birthday.
const BEGIN_MS: f64 = 1_000.0;

/// The core, and who is who in it.
pub(crate) struct Core {
    scheduler: Scheduler,
    effects: Vec<Effect>,
    /// The job of each task, by the task's number.
    jobs: Vec<usize>,
    /// The task and lease of each job.
    tasks: Vec<(TaskId, Lease)>,
    explain: bool,
    /// The job that is being pushed.
    entering: usize,
    /// The front queues of each group.
    fronts: Vec<Vec<QueueId>>,
}

impl Core {
    pub(crate) fn new(plan: &Plan, workers: &[(usize, bool)], seed: u64, explain: bool) -> Self {
        let front = |number: &usize| plan.queues[*number].side == scenario::Side::Front;
        let fronts = |group: &Group| group.queues.iter().copied().filter(front).map(queue_id).collect();
        let mut core = Self {
            scheduler: Scheduler::new(0, seed),
            effects: Vec::new(),
            jobs: Vec::new(),
            tasks: Vec::new(),
            explain,
            entering: 0,
            fronts: plan.groups.iter().map(fronts).collect(),
        };
        let mut quiet = Vec::new();
        core.put(Settings::Tenant(tenant()), &mut quiet);
        for number in 0..plan.queues.len() {
            core.put(Settings::Queue(queue(plan, number)), &mut quiet);
        }
        for (number, (group, present)) in workers.iter().enumerate() {
            core.put(Settings::Worker(worker(plan, number, *group)), &mut quiet);
            let presence = if *present { Presence::Ready } else { Presence::Busy };
            let (worker, session) = (worker_id(number), SessionId(number as u64 + 1));
            let attach = Command::Attach { worker, session, accept: None, capacity: None, presence };
            core.step(0.0, Input::new(Actor::System, attach), &mut quiet);
        }
        core
    }

    fn put(&mut self, settings: Settings, moves: &mut Vec<Move>) {
        self.step(0.0, Input::new(Actor::System, Command::Put(settings)), moves);
    }

    /// Steps the core and reads the decisions off its effects.
    fn step(&mut self, now: f64, input: Input, moves: &mut Vec<Move>) {
        self.effects.clear();
        let mut effects = std::mem::take(&mut self.effects);
        self.scheduler.step(Millis((now + BEGIN_MS) as u64), input, &mut effects);
        for (place, effect) in effects.iter().enumerate() {
            match effect {
                Effect::Release(Release::Answer { result: Ok(Answer::Task(id)), .. }) => self.enter(*id),
                Effect::Release(Release::Assigned { worker, task, lease, .. }) => {
                    let job = self.job(*task);
                    self.tasks[job] = (*task, *lease);
                    let why = if self.explain { explanation(&effects[..place], *task) } else { None };
                    moves.push(Move::Start { job, worker: worker.0 as usize - 1, why });
                }
                Effect::Release(Release::Withdrawn { worker, task, .. }) => {
                    moves.push(Move::Interrupt { job: self.job(*task), worker: worker.0 as usize - 1 });
                }
                _ => {}
            }
        }
        self.effects = effects;
    }

    /// A task that was just pushed is the job whose place was noted last.
    fn enter(&mut self, id: TaskId) {
        let number = id.0 as usize;
        if self.jobs.len() <= number {
            self.jobs.resize(number + 1, usize::MAX);
        }
        self.jobs[number] = self.entering;
        self.tasks[self.entering] = (id, Lease(0));
    }

    fn job(&self, task: TaskId) -> usize {
        self.jobs[task.0 as usize]
    }
}

/// The record of a decision, as the event before its release has it.
fn explanation(effects: &[Effect], task: TaskId) -> Option<serde_json::Value> {
    effects.iter().rev().find_map(|effect| match effect {
        Effect::Write(Write::Event(event)) if event.task == Some(task) => match &event.kind {
            EventKind::TaskAssigned { decision, .. } => serde_json::to_value(decision).ok(),
            _ => None,
        },
        _ => None,
    })
}

const fn queue_id(number: usize) -> QueueId {
    QueueId(number as u64 + 1)
}

const fn worker_id(number: usize) -> WorkerId {
    WorkerId(number as u64 + 1)
}

fn tenant() -> TenantSettings {
    TenantSettings {
        id: TENANT,
        reopen_window_ms: 0,
        confirm_window_ms: 0,
        stickiness_ms: 0,
        reserve_milli: 0,
        reserve_max_milli: None,
        open_tasks_max: u64::MAX,
    }
}

fn queue(plan: &Plan, number: usize) -> QueueSettings {
    let queue = &plan.queues[number];
    let side = if queue.side == scenario::Side::Front { Side::Front } else { Side::Back };
    let target_ms = match queue.target {
        Some(Target::Within { ms, .. } | Target::MeanWait { ms }) => ms as u64,
        None => NEVER_MS,
    };
    let goal = match queue.target {
        Some(Target::Within { part, .. }) => Goal::Within { per_mille: libm::round(part * 1_000.0) as u32 },
        Some(Target::MeanWait { .. }) => Goal::MeanWait,
        None => Goal::Cost { hour_milli: libm::round(queue.holding_cost * 3_600_000.0 * 1_000.0) as u64 },
    };
    let slots =
        plan.groups.iter().filter(|group| group.queues.contains(&number)).map(|group| queue.slots_of(group)).max();
    QueueSettings {
        id: queue_id(number),
        tenant: TENANT,
        unit: None,
        side,
        target_ms,
        weight_milli: (queue.weight * 1_000.0) as u32,
        task_weight: slots.unwrap_or(1) * WEIGHT_UNIT,
        waiting_weight_percent: 100,
        offer_ms: 60_000,
        wrap_up_ms: 0,
        remind_ms: None,
        take_back_ms: None,
        supervisor_ms: None,
        calendar: None,
        interruptible: queue.interruptible,
        tasks_max: u32::MAX,
        planned: Vec::new(),
        blend: Blend {
            goal,
            worth_milli: (queue.reward * 1_000.0) as u32,
            share_milli: (queue.protected_share * 1_000.0) as u32,
            ..Blend::default()
        },
    }
}

fn worker(plan: &Plan, number: usize, group: usize) -> WorkerSettings {
    let group = &plan.groups[group];
    WorkerSettings {
        id: worker_id(number),
        tenant: TENANT,
        unit: None,
        group: None,
        capacity: group.slots * WEIGHT_UNIT,
        skills: Vec::new(),
        queues: group.queues.iter().map(|queue| queue_id(*queue)).collect(),
        accept: AcceptMode::Auto,
        stand_in: None,
        paces_milli: group
            .paces
            .iter()
            .zip(1..)
            .map(|(pace, tasks)| (pace * f64::from(tasks) * 1_000.0) as u32)
            .collect(),
        weights: Vec::new(),
        burden: Burden::default(),
    }
}

impl Dispatcher for Core {
    fn arrive(&mut self, now: f64, job: usize, queue: usize, moves: &mut Vec<Move>) {
        let class = Class { queue: queue_id(queue), ..Class::default() };
        let item = NewItem { tenant: TENANT, class, payload: PayloadId(job as u64), conversation: None, matter: None };
        if self.tasks.len() <= job {
            self.tasks.resize(job + 1, (TaskId(0), Lease(0)));
        }
        self.entering = job;
        let input = Input { call: Some(CallId(1)), actor: Actor::System, command: Command::Push(item) };
        self.step(now, input, moves);
    }

    fn finish(&mut self, now: f64, job: usize, worker: usize, moves: &mut Vec<Move>) {
        let (task, lease) = self.tasks[job];
        let (worker, verdict) = (worker_id(worker), Verdict::Done { disposition: String::new(), note: None });
        let settle = Command::Settle { worker, task, lease, verdict, replies: Vec::new(), seen: None };
        self.step(now, Input::new(Actor::Worker(worker), settle), moves);
    }

    fn leave(&mut self, now: f64, job: usize, _: usize, moves: &mut Vec<Move>) {
        let cancel = Command::Cancel { task: self.tasks[job].0, reason: "abandoned".to_owned() };
        self.step(now, Input::new(Actor::Customer, cancel), moves);
    }

    fn staff(&mut self, now: f64, worker: usize, present: bool, moves: &mut Vec<Move>) {
        let presence = if present { Presence::Ready } else { Presence::Busy };
        let command = Command::Presence { worker: worker_id(worker), presence, reason: String::new() };
        self.step(now, Input::new(Actor::System, command), moves);
    }

    fn tick(&mut self, now: f64, moves: &mut Vec<Move>) {
        self.step(now, Input::tick(), moves);
    }

    fn deadline(&self) -> Option<f64> {
        self.scheduler.next_deadline().map(|at| at.0 as f64 - BEGIN_MS)
    }

    fn reserve(&self, group: usize) -> f64 {
        let most = self.fronts[group].iter().map(|queue| self.scheduler.reserve_milli(*queue)).max();
        most.unwrap_or(0) as f64 / 1_000.0
    }
}
