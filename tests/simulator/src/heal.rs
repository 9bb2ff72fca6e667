//! The second phase: the faults end, everybody is there, able and willing; then everything must come to its end.

use blendline_core::input::{Command, Input, Settings, Verdict};
use blendline_core::rows::{ConversationState, Task, TaskState};
use blendline_wire::event::Actor;
use blendline_wire::org::{Burden, CalendarSettings, SkillLevel, WorkerSettings};
use blendline_wire::outbound::SendOutcome;
use blendline_wire::task::{AcceptMode, Presence, Side};
use blendline_wire::{Lease, Millis, SkillId, TaskId, WorkerId};

use super::acts_worker::{attach_as, by};
use super::shape::SKILLS;
use super::verdict::{Check, ensure};
use super::world::World;

/// How many inputs and jumps of time the second phase may take.
const ROUNDS: u64 = 150_000;
/// How long everything that is not parked may take from the healing on, in milliseconds: two hours, which covers
/// every back-off, reservation for one worker and retry.
const SOON: u64 = 2 * 3_600_000;

impl World {
    /// Everybody is there, able and willing, at all hours.
    pub fn heal(&mut self) -> Check {
        let calendars: Vec<_> = self.rows.calendars.keys().copied().collect();
        for id in calendars {
            self.put(Settings::Calendar(CalendarSettings { id, open: vec![(Millis(0), Millis::MAX)] }))?;
        }
        let tenants: Vec<_> = self.rows.tenants.values().cloned().collect();
        for mut tenant in tenants {
            tenant.open_tasks_max = 1_000_000;
            self.put(Settings::Tenant(tenant))?;
        }
        for tenant in 1..=self.shape.tenants {
            for worker in 0..self.shape.workers {
                let settings = able(self, blendline_wire::TenantId(tenant), WorkerId(tenant * 100 + worker));
                let id = settings.id;
                self.put(Settings::Worker(settings))?;
                let input = attach_as(self, id, Some(AcceptMode::Offer), None, Presence::Ready);
                self.commit(input)?;
            }
        }
        Ok(())
    }

    fn put(&mut self, settings: Settings) -> Check {
        let input = self.call(Actor::Operator, Command::Put(settings));
        self.commit(input)
    }

    /// Convergence: what is not parked ends soon, what is parked ends after its time, and nothing is left.
    pub fn converge(&mut self) -> Check {
        let begun = self.now;
        for _ in 0..ROUNDS {
            while let Some(input) = self.willing() {
                self.commit(input)?;
            }
            let has_time =
                |task: &&Task| is_aside(self, task) || may_be_held_back(self, task) || is_kept_out(self, task);
            let waiting = self.rows.tasks.values().find(|task| !has_time(task));
            if self.now.since(begun) > SOON
                && let Some(waiting) = waiting
            {
                let (ms, why) = (self.now.since(begun), self.why(waiting));
                ensure!(false, "convergence", "{ms} ms after healing: {waiting:?}\n{why}");
            }
            if self.rows.tasks.is_empty() && self.rows.outbound.is_empty() {
                return self.ended();
            }
            let next = self.core().next_deadline();
            let Some(at) = next else {
                ensure!(false, "convergence", "nothing will ever happen again, and open are {:?}", self.rows.tasks);
                break;
            };
            self.now = self.now.max(at);
            self.commit(Input::tick())?;
        }
        ensure!(false, "convergence", "still open after {ROUNDS} rounds: {:?}", self.rows.tasks.values().next());
        Ok(())
    }

    /// What keeps a task, and all that it waits for, by the core's own word.
    fn why(&self, task: &Task) -> String {
        let own = format!("{}: {:?}", task.id, self.core().explain(self.now, task.id));
        let children = task.children.iter().filter_map(|child| self.rows.tasks.get(child));
        children.fold(own, |all, child| format!("{all}\n{child:?}\n{}", self.why(child)))
    }

    /// What a good world does next at this instant.
    fn willing(&mut self) -> Option<Input> {
        if let Some((outbound, attempt)) = self.outside.take_calls_one() {
            let outcome = SendOutcome::Sent { external_id: "x".to_owned() };
            return Some(Input::new(Actor::Platform, Command::SendResult { outbound, attempt, outcome, prior: None }));
        }
        let offered = self.rows.tasks.values().find_map(|task| match task.state {
            TaskState::Offered { worker, .. } => Some((worker, task.id, task.lease)),
            _ => None,
        });
        if let Some((worker, task, lease)) = offered {
            return Some(by(self, worker, Command::Accept { worker, task, lease }));
        }
        let active = self.rows.tasks.values().find_map(|task| match task.state {
            TaskState::Active { worker, .. } => Some((worker, task.id, task.lease)),
            _ => None,
        });
        active.map(|(worker, task, lease)| self.solve(worker, task, lease))
    }

    fn solve(&mut self, worker: WorkerId, task: TaskId, lease: Lease) -> Input {
        let customer = self.rows.tasks.get(&task).is_some_and(|row| row.conversation.is_some() && row.parent.is_none());
        let full = self.rows.outbound.len() > 50;
        let replies = if customer && !full { vec![self.payload()] } else { Vec::new() };
        let verdict = Verdict::Done { disposition: "answered".to_owned(), note: None };
        by(self, worker, Command::Settle { worker, task, lease, verdict, replies, seen: None })
    }

    /// Nothing is left, and every conversation is solved.
    fn ended(&self) -> Check {
        let open = self.rows.conversations.values().next();
        ensure!(open.is_none(), "convergence", "no task is open, yet {open:?}");
        let strange = self.rows.ended.values().find(|row| matches!(row.state, ConversationState::Open { .. }));
        ensure!(strange.is_none(), "convergence", "{strange:?}");
        ensure!(self.core().open_tasks() == 0, "convergence", "the core has {} tasks", self.core().open_tasks());
        Ok(())
    }
}

/// Back work that has time: a front queue that had much to do may keep all free for a while that is as long as its tasks.
fn may_be_held_back(world: &World, task: &Task) -> bool {
    task.side == Side::Back && !task.missed && world.now < task.due_at
}

/// True for what waits for room that is kept for the return of what is parked, or asked for: until its time comes, or
/// until the answer is late, for which no room is kept.
fn is_kept_out(world: &World, task: &Task) -> bool {
    let rows = &world.rows;
    let mut his = rows.workers.values().filter(|worker| worker.settings.tenant == task.tenant);
    matches!(task.state, TaskState::Waiting)
        && his.all(|worker| rows.load_of(worker.settings.id) + rows.weight_for(task, worker) > worker.capacity)
}

/// True for what waits for a time, and for who waits for that.
fn is_aside(world: &World, task: &Task) -> bool {
    match task.state {
        TaskState::Parked { .. } | TaskState::Interrupted { .. } => true,
        TaskState::Requesting { .. } => {
            let mut children = task.children.iter().filter_map(|child| world.rows.tasks.get(child));
            let has_time =
                |child| is_aside(world, child) || is_kept_out(world, child) || may_be_held_back(world, child);
            children.any(has_time)
        }
        _ => false,
    }
}

/// A worker who can do everything of his tenant.
fn able(world: &World, tenant: blendline_wire::TenantId, id: WorkerId) -> WorkerSettings {
    let skills = (1..=SKILLS).map(|skill| SkillLevel { skill: SkillId(skill), level: 10 }).collect();
    let queues = world.rows.queues.values().filter(|queue| queue.tenant == tenant).map(|queue| queue.id).collect();
    let accept = AcceptMode::Offer;
    WorkerSettings {
        id,
        tenant,
        unit: None,
        group: None,
        capacity: 1_000,
        skills,
        queues,
        accept,
        stand_in: None,
        paces_milli: Vec::new(),
        weights: Vec::new(),
        burden: Burden::default(),
    }
}
