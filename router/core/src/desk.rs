//! What is kept of tenants, workers and those who are ready together.

use std::sync::Arc;

use blendline_wire::org::{QueueSettings, TenantSettings};
use blendline_wire::task::{Presence, Side};
use blendline_wire::{Millis, QueueId, TaskId};

use crate::by_number::ByNumber;
use crate::dispatch::declined_by;
use crate::lookup::Few;
use crate::pooled::{Pooled, costs};
use crate::promise::{is_promised, part_of};
use crate::ready::{Bits, Place, queue_bits, skill_bits};
use crate::rows::{Learnt, Task, Worker};
use crate::watches::Watched;

/// Those who serve a queue and are ready, of front queues and of back queues that are promised their time: what they can
/// carry, in units of the weights (derived).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Pool {
    /// How many they are.
    pub(crate) workers: u32,
    /// What they can carry together.
    pub(crate) slots: u64,
    /// How much of it is free.
    pub(crate) free: u64,
    /// How much of it back work takes.
    pub(crate) back: u64,
    /// How much of that can be put aside for the front line.
    pub(crate) soft: u64,
    /// How many of them serve other front queues as well.
    pub(crate) shared: u32,
}

impl Pool {
    /// What a worker brings changes.
    pub(crate) fn change(&mut self, after: &Self, before: &Self) {
        self.workers = self.workers + after.workers - before.workers;
        self.slots = self.slots + after.slots - before.slots;
        self.free = self.free + after.free - before.free;
        self.back = self.back + after.back - before.back;
        self.soft = self.soft + after.soft - before.soft;
        self.shared = self.shared + after.shared - before.shared;
    }
}

/// A tenant.
#[derive(Debug, PartialEq)]
pub(crate) struct Tenant {
    pub(crate) settings: TenantSettings,
    /// His front queues, in order (derived).
    pub(crate) fronts: Vec<QueueId>,
    /// His back queues, in order (derived).
    pub(crate) backs: Vec<QueueId>,
    /// Those front queues that may keep back work from somebody who could do it (derived).
    pub(crate) holding: Few<QueueId>,
    /// Whether no two of his front queues share a bit (derived).
    pub(crate) fronts_apart: bool,
    /// Those whose waiting costs and that the same workers serve (derived).
    pub(crate) pooled: Vec<Pooled>,
}

impl Tenant {
    /// A tenant of whom nothing is derived yet.
    pub(crate) fn new(settings: TenantSettings) -> Self {
        Self {
            settings,
            fronts: Vec::new(),
            backs: Vec::new(),
            holding: Few::default(),
            fronts_apart: true,
            pooled: Vec::new(),
        }
    }

    /// Derives his queues anew.
    pub(crate) fn know(&mut self, queues: &ByNumber<QueueId, QueueSettings>, learnt: &ByNumber<QueueId, Learnt>) {
        let of = |side: Side| queues.values().filter(move |queue| queue.side == side);
        let id = self.settings.id;
        self.fronts = of(Side::Front).filter(|queue| queue.tenant == id).map(|queue| queue.id).collect();
        self.backs = of(Side::Back).filter(|queue| queue.tenant == id).map(|queue| queue.id).collect();
        self.holding = Few::default();
        let holds = |front: &QueueId| learnt.get(front).is_some_and(|row| row.holding);
        self.holding.extend(self.fronts.iter().copied().filter(holds));
        self.fronts_apart = queue_bits(&self.fronts).count_ones() as usize == self.fronts.len();
    }

    /// One of his front queues begins or ends to hold back work back.
    pub(crate) fn notes_holding(&mut self, front: QueueId, holding: bool) {
        if !holding {
            self.holding.remove(front);
        } else if self.fronts.binary_search(&front).is_ok() {
            self.holding.insert(front);
        }
    }
}

/// A worker, and what is derived for him.
#[derive(Debug, PartialEq)]
pub(crate) struct Desk {
    pub(crate) row: Worker,
    /// What his tasks and noting down take of his capacity.
    pub(crate) load: u32,
    /// The tasks he holds.
    pub(crate) held: Few<TaskId>,
    /// His place among the ready, while he has one.
    pub(crate) ready: Option<Place>,
    /// The bits of his skills.
    pub(crate) skills: Bits,
    /// Whether some channel's tasks take of him what his settings say: for nearly nobody, and who looks for somebody need
    /// not look into all settings.
    weighs: bool,
    /// Whether waiting costs in some front queue he serves.
    pub(crate) costs: bool,
    /// The front queues he serves.
    pub(crate) fronts: Arc<[QueueId]>,
    /// Those of them whose work is his: he does not only help there.
    pub(crate) homes: Arc<[QueueId]>,
    /// The back queues he serves that are promised a part of his hours, or that his group's time plan has.
    pub(crate) promised: Arc<[QueueId]>,
    /// Whether his group's time plan has any of them.
    pub(crate) planned: bool,
    /// What back tasks take of his capacity.
    pub(crate) back: u32,
    /// What of that can be put aside for the front line.
    pub(crate) soft: u32,
    /// How many tasks he was called away from.
    pub(crate) aside: u32,
    /// What he brings to the pool of each of those, while he is ready.
    pub(crate) part: Option<Pool>,
    /// Since when what he has is watched.
    pub(crate) watched: Watched,
}

impl Desk {
    /// A worker of whom only what his own row says is derived yet.
    pub(crate) fn new(row: Worker, queues: &ByNumber<QueueId, QueueSettings>) -> Self {
        let load = row.wrap_ups.iter().map(|(_, weight, _)| *weight).sum();
        let mut desk = Self {
            row,
            load,
            held: Few::default(),
            ready: None,
            skills: 0,
            weighs: false,
            costs: false,
            fronts: Arc::default(),
            homes: Arc::default(),
            promised: Arc::default(),
            planned: false,
            back: 0,
            soft: 0,
            aside: 0,
            part: None,
            watched: Watched::default(),
        };
        desk.know(queues);
        desk
    }

    /// Derives anew what follows from his settings.
    pub(crate) fn know(&mut self, queues: &ByNumber<QueueId, QueueSettings>) {
        let settings = &self.row.settings;
        let of = |which: &dyn Fn(&QueueSettings) -> bool| -> Arc<[QueueId]> {
            let mut those =
                settings.queues.iter().filter(|queue| queues.get(queue).is_some_and(which)).copied().peekable();
            // An empty list takes nothing by itself, and most workers have one.
            if those.peek().is_some() { those.collect() } else { Arc::default() }
        };
        self.fronts = of(&|queue| queue.side == Side::Front);
        self.costs = self.fronts.iter().any(|queue| costs(queues.get(queue)));
        let helps = |queue: &&QueueId| self.row.paces.iter().any(|pace| pace.queue == **queue && pace.helps);
        self.homes = match self.row.paces.iter().any(|pace| pace.helps) {
            true => self.fronts.iter().filter(|queue| !helps(queue)).copied().collect(),
            false => self.fronts.clone(),
        };
        let plans = |queue: &QueueSettings| settings.group.is_some_and(|group| part_of(queue, group) > 0);
        self.promised = of(&|queue| is_promised(queue) || plans(queue));
        self.planned = self.promised.iter().any(|queue| queues.get(queue).is_some_and(plans));
        self.weighs = !settings.weights.is_empty();
        self.skills = skill_bits(self.row.settings.skills.iter().map(|has| has.skill));
    }

    /// True when he takes new work and has room for some.
    pub(crate) fn takes_work(&self) -> bool {
        self.is_ready() && self.load < self.row.capacity
    }

    /// True when he is there and takes new work, as far as he has room.
    pub(crate) fn is_ready(&self) -> bool {
        self.row.presence == Presence::Ready && self.row.session.is_some()
    }

    pub(crate) fn has_room_for(&self, weight: u32) -> bool {
        self.load.saturating_add(weight) <= self.row.capacity
    }

    /// What a task would take of him.
    pub(crate) fn weight_of(&self, task: &Task, queue: &QueueSettings) -> u32 {
        if self.weighs { self.row.settings.weight_of(task.channel, queue.task_weight) } else { queue.task_weight }
    }

    /// The least that a task of a queue can take of him, by whatever channel it came.
    pub(crate) fn least_weight(&self, queue: &QueueSettings) -> u32 {
        let own = if self.weighs { &self.row.settings.weights[..] } else { &[] };
        own.iter().map(|own| own.weight).fold(queue.task_weight, u32::min)
    }

    /// Whether he has room for a task.
    pub(crate) fn has_room(&self, task: &Task, queue: &QueueSettings) -> bool {
        self.has_room_for(self.weight_of(task, queue))
    }

    /// Whether nothing but the reserve keeps him from a task of a queue he serves, if he is ready.
    pub(crate) fn could_do(&self, task: &Task, queue: &QueueSettings, now: Millis) -> bool {
        self.has_room(task, queue) && self.knows_and_may(task, now)
    }

    /// Whether he has the skills for a task and did not decline it.
    pub(crate) fn knows_and_may(&self, task: &Task, now: Millis) -> bool {
        // Most tasks need no skill or were declined by nobody: then his settings, far off in memory, are not looked at.
        (task.needs.is_empty() || self.row.settings.has_skills(&task.needs))
            && (task.declined.is_empty() || !declined_by(task, self.row.settings.id, now))
    }

    /// Where he belongs among the ready, if he does.
    pub(crate) fn place(&self) -> Option<Place> {
        self.takes_work().then(|| {
            let load_milli = u64::from(self.load) * 1000 / u64::from(self.row.capacity);
            Place {
                load_milli: u16::try_from(load_milli).unwrap_or(u16::MAX),
                idle_since: self.row.idle_since,
                worker: self.row.settings.id,
                skills: self.skills,
                fronts: queue_bits(&self.fronts),
                cost: self.row.settings.burden.cost,
                paced: !self.row.paces.is_empty(),
                planned: self.planned,
            }
        })
    }
}
