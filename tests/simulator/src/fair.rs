//! No starvation: an independent checker of who waits how long while service goes on.
//!
//! One worker of each tenant serves a front line that never empties and a back line beside it. Whoever waits must be
//! offered within a bound that is computed here from the settings alone.

use std::collections::BTreeMap;

use blendline_core::input::{Class, Command, InboundMessage, Input, NewItem, Settings};
use blendline_core::policy;
use blendline_core::rows::TaskState;
use blendline_wire::event::Actor;
use blendline_wire::inbound::InboundKind;
use blendline_wire::org::{Burden, QueueSettings, TenantSettings, WEIGHT_UNIT, WorkerSettings};
use blendline_wire::task::{AcceptMode, Presence, Side};
use blendline_wire::{AccountId, ContactKey, Millis, QueueId, TaskId, TenantId, WorkerId};

use super::acts_worker::{attach_as, by};
use super::rng::Rng;
use super::shape::{EPOCH, Shape};
use super::verdict::{Check, Violation, ensure};
use super::world::World;

const TENANT: TenantId = TenantId(1);
const FRONT: QueueId = QueueId(10);
const BACK: QueueId = QueueId(11);
const WORKER: WorkerId = WorkerId(100);
/// How many customers wait at any time: as soon as one is served, another comes.
const LINE: usize = 12;

/// A world in which the front line never empties.
struct Rush {
    world: World,
    service_ms: u64,
    since: BTreeMap<TaskId, (Side, Millis)>,
    customers: u64,
}

/// Runs a rush for twice the bound; the longest waits of the front and of the back line, in milliseconds.
///
/// # Errors
/// A task that waited beyond the bound.
pub fn run(seed: u64) -> Result<(u64, u64), Violation> {
    let mut rng = Rng::new(seed ^ 0xfa1e);
    let mut rush = Rush::new(seed, &mut rng)?;
    let (mut front, mut back) = (0, 0);
    for _ in 0..2 * rush.bound() / rush.service_ms {
        let (side, waited) = rush.serve(&mut rng)?;
        match side {
            Side::Front => front = front.max(waited),
            Side::Back => back = back.max(waited),
        }
    }
    ensure!(back > 0 && front > 0, "no starvation", "one side was never served: front {front}, back {back}");
    Ok((front, back))
}

impl Rush {
    fn new(seed: u64, rng: &mut Rng) -> Result<Self, Violation> {
        let mut shape = Shape::draw(&mut Rng::new(seed));
        (shape.tenants, shape.workers) = (0, 0);
        (shape.crash_after, shape.crash_before, shape.wild) = (0, 0, 0);
        shape.rebuild_every = 50;
        let mut world = World::shaped(seed, Rng::new(seed), shape)?;
        let tenant = TenantSettings {
            id: TENANT,
            reopen_window_ms: 0,
            confirm_window_ms: 0,
            stickiness_ms: 0,
            reserve_milli: rng.one([0, 1_000]),
            reserve_max_milli: None,
            open_tasks_max: 1_000,
        };
        let account = blendline_wire::org::AccountSettings {
            id: AccountId(1),
            tenant: TENANT,
            channel: "webchat".into(),
            unit: None,
            window_ms: None,
            idempotent_send: true,
            commit_is_send: false,
        };
        let worker = WorkerSettings {
            id: WORKER,
            tenant: TENANT,
            unit: None,
            group: None,
            capacity: WEIGHT_UNIT,
            skills: Vec::new(),
            queues: vec![FRONT, BACK],
            accept: AcceptMode::Auto,
            stand_in: None,
            paces_milli: Vec::new(),
            weights: Vec::new(),
            burden: Burden::default(),
        };
        let front = queue(FRONT, Side::Front, rng.one([20_000, 120_000]), rng.one([500, 1_000, 5_000]));
        let back = queue(BACK, Side::Back, rng.one([600_000, 3_600_000]), rng.one([100, 1_000]));
        let settings = [
            Settings::Tenant(tenant),
            Settings::Account(account),
            Settings::Queue(front),
            Settings::Queue(back),
            Settings::Worker(worker),
        ];
        for setting in settings {
            let input = world.call(Actor::Operator, Command::Put(setting));
            world.commit(input)?;
        }
        let service_ms = rng.one([10_000, 60_000]);
        let mut rush = Self { world, service_ms, since: BTreeMap::new(), customers: 0 };
        for _ in 0..3 {
            rush.push()?;
        }
        rush.fill()?;
        let attach = attach_as(&mut rush.world, WORKER, None, None, Presence::Ready);
        rush.world.commit(attach)?;
        Ok(rush)
    }

    /// One service ends: the worker is done, another customer comes, and whoever was next is next.
    fn serve(&mut self, rng: &mut Rng) -> Result<(Side, u64), Violation> {
        let Some((task, lease, side)) = self.world.rows.tasks.values().find_map(|task| {
            matches!(task.state, TaskState::Active { .. }).then_some((task.id, task.lease, task.side))
        }) else {
            ensure!(false, "no starvation", "{} wait and nobody is served", self.world.rows.tasks.len());
            return Ok((Side::Front, 0));
        };
        let from = self.since.remove(&task).map_or(self.world.now, |(_, from)| from);
        let waited = self.world.now.since(from);
        self.bounded(waited)?;
        self.world.now = self.world.now.plus(self.service_ms);
        if self.world.core().next_deadline().is_some_and(|at| at <= self.world.now) {
            self.world.commit(Input::tick())?;
        }
        let verdict = blendline_core::input::Verdict::Done { disposition: "answered".to_owned(), note: None };
        let settle = Command::Settle { worker: WORKER, task, lease, verdict, replies: Vec::new(), seen: None };
        let input = by(&mut self.world, WORKER, settle);
        self.world.commit(input)?;
        if side == Side::Back || rng.percent(1) {
            self.push()?;
        }
        self.fill()?;
        let oldest = self.since.values().map(|(_, from)| self.world.now.since(*from)).max();
        self.bounded(oldest.unwrap_or(0))?;
        Ok((side, waited))
    }

    /// The bound: the longest target, the time in which lateness outgrows every difference of weight, and the work
    /// that was in line before.
    fn bound(&self) -> u64 {
        let target = self.world.rows.queues.values().map(|queue| queue.target_ms).max().unwrap_or(0);
        let weights = self.world.rows.queues.values().map(|queue| u64::from(queue.weight_milli)).max().unwrap_or(0);
        target + weights * policy::AGEING_MS / 1_000 + (LINE as u64 + 30) * self.service_ms
    }

    fn bounded(&self, waited: u64) -> Check {
        let bound = self.bound();
        ensure!(waited <= bound, "no starvation", "a task waited {waited} ms, the bound is {bound} ms");
        Ok(())
    }

    fn fill(&mut self) -> Check {
        while self.world.rows.tasks.values().filter(|task| task.side == Side::Front).count() < LINE {
            self.customers += 1;
            let message = InboundMessage {
                tenant: TENANT,
                account: AccountId(1),
                contact: ContactKey(u128::from(self.customers)),
                kind: InboundKind::Message,
                payload: self.world.payload(),
                received_at: self.world.now,
                class: Class { queue: FRONT, rule_set: 1, ..Class::default() },
                prior: None,
            };
            self.world.commit(Input::new(Actor::Customer, Command::Message(message)))?;
            self.note();
        }
        Ok(())
    }

    fn push(&mut self) -> Check {
        let class = Class { queue: BACK, rule_set: 1, ..Class::default() };
        let item = NewItem { tenant: TENANT, class, payload: self.world.payload(), conversation: None, matter: None };
        let input = self.world.call(Actor::Integrator, Command::Push(item));
        self.world.commit(input)?;
        self.note();
        Ok(())
    }

    fn note(&mut self) {
        for task in self.world.rows.tasks.values() {
            self.since.entry(task.id).or_insert((task.side, self.world.now.max(EPOCH)));
        }
    }
}

fn queue(id: QueueId, side: Side, target_ms: u64, weight_milli: u32) -> QueueSettings {
    QueueSettings {
        id,
        tenant: TENANT,
        unit: None,
        side,
        target_ms,
        weight_milli,
        task_weight: WEIGHT_UNIT,
        waiting_weight_percent: 0,
        offer_ms: 10_000,
        wrap_up_ms: 0,
        remind_ms: None,
        take_back_ms: None,
        supervisor_ms: None,
        calendar: None,
        interruptible: false,
        tasks_max: 1_000,
        blend: Default::default(),
        planned: Vec::new(),
    }
}
