//! Worlds to measure in: an organisation, and the stream of tasks that keeps it as it is.

use blendline_core::input::{Class, InboundMessage, NewItem, Settings, Verdict};
use blendline_core::policy::draw;
use blendline_core::{AHEAD, Command, Effect, Input, PayloadId, Release, Scheduler, Write};
use blendline_wire::event::{Actor, EventKind};
use blendline_wire::inbound::InboundKind;
use blendline_wire::org::{
    AccountSettings, Burden, QueueSettings, SkillLevel, TenantSettings, WEIGHT_UNIT, WorkerSettings,
};
use blendline_wire::task::{AcceptMode, Presence, Side, SkillNeed};
use blendline_wire::{AccountId, ContactKey, Lease, Millis, QueueId, SessionId, SkillId, TaskId, TenantId, WorkerId};

/// Front queues, and as many back queues.
const QUEUES: u64 = 8;
const SKILLS: u64 = 32;
/// Skills beyond those that one worker in five hundred has.
const RARE: u64 = SKILLS + 1;
const TENANT: TenantId = TenantId(1);
const HOUR: u64 = 3_600_000;

/// What a world is like.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    pub workers: u64,
    /// How many tasks wait.
    pub waiting: u64,
    /// What a worker does at once.
    pub slots: u32,
    /// Per cent of the slots that are idle because nothing that waits can be done by those who have them.
    pub idle: u64,
    /// Whether tasks need skills that next to nobody has.
    pub rare: bool,
}

/// What somebody has.
pub type Held = (WorkerId, TaskId, Lease);

/// A world on its way.
pub struct World {
    pub core: Scheduler,
    shape: Shape,
    classes: Vec<(Side, Class)>,
    /// Which class each task is of, by its number.
    class_of: Vec<u32>,
    /// The class of the task that comes now.
    coming: u32,
    /// What is held: common work, and what needs a rare skill.
    held: [Vec<Held>; 2],
    /// What was given to somebody since it was last noted, in order.
    given: Vec<Held>,
    /// What was given first after each of the verdicts.
    followed: Vec<Option<TaskId>>,
    effects: Vec<Effect>,
    now: u64,
    seed: u64,
    contacts: u64,
    /// Tasks newly bound to a worker, counted from the effects.
    pub bound: u64,
    pub writes: u64,
    /// Who was given something, by number: a run that meets a few only has all that it needs at hand.
    pub met: Vec<bool>,
}

impl World {
    pub fn new(shape: Shape) -> Self {
        let mut world = Self {
            core: Scheduler::new(0, 1),
            shape,
            classes: classes(shape.rare),
            class_of: Vec::new(),
            coming: 0,
            held: [Vec::new(), Vec::new()],
            given: Vec::new(),
            followed: Vec::new(),
            effects: Vec::new(),
            now: 240 * HOUR,
            seed: 7,
            contacts: 0,
            bound: 0,
            writes: 0,
            met: vec![false; shape.workers as usize + 1],
        };
        world.put(Settings::Tenant(tenant()));
        world.put(Settings::Account(account()));
        for number in 1..=2 * QUEUES {
            world.put(Settings::Queue(queue(number)));
        }
        world
    }

    /// Lets the workers come.
    pub fn staff(&mut self) {
        for number in 1..=self.shape.workers {
            let settings = self.worker(number);
            self.put(Settings::Worker(settings));
            let (worker, session, presence) = (WorkerId(number), SessionId(number), Presence::Ready);
            let attach = Command::Attach { worker, session, accept: None, capacity: None, presence };
            self.step(Input::new(Actor::System, attach));
        }
    }

    /// Lets tasks come until as many are held as should be, and wait.
    pub fn fill(&mut self) {
        let slots = self.shape.workers * u64::from(self.shape.slots);
        let busy = slots - slots * self.shape.idle / 100;
        while (self.held[0].len() as u64) < busy && self.shape.idle > 0 {
            let class = self.any_class(false);
            self.arrive(class);
            self.note();
        }
        while (self.core.open_tasks() - self.held[0].len() - self.held[1].len()) < self.shape.waiting as usize {
            let class = self.any_class(self.shape.rare);
            self.arrive(class);
            self.note();
        }
    }

    /// Some of what is held, to be done next.
    pub fn draw(&mut self, count: usize) -> Vec<Held> {
        (0..count).map(|_| self.take_held()).collect()
    }

    /// These are done, one after the other.
    ///
    /// They are taken in as a driver takes in what waits: some at a time, and the core may look ahead at those.
    #[inline(never)] // So that a profile tells it from the arrivals.
    pub fn settle(&mut self, drawn: &[Held]) {
        for taken in drawn.chunks_exact(AHEAD) {
            let named: [(WorkerId, TaskId); AHEAD] = std::array::from_fn(|at| (taken[at].0, taken[at].1));
            self.core.look_ahead(&named);
            for (worker, task, lease) in taken {
                self.now += 180_000 / (self.shape.workers * u64::from(self.shape.slots)).max(1);
                let verdict = Verdict::Done { disposition: String::new(), note: None };
                let (worker, task, lease) = (*worker, *task, *lease);
                let settle = Command::Settle { worker, task, lease, verdict, replies: Vec::new(), seen: None };
                let before = self.given.len();
                self.step(Input::new(Actor::Worker(worker), settle));
                self.followed.push(self.given.get(before).map(|(_, task, _)| *task));
            }
        }
    }

    /// Of which classes tasks must come for the world to stay as it is, when these were done: of those of what was given
    /// to somebody after each, or of its own where nothing was.
    pub fn gone(&mut self, done: &[Held]) -> Vec<u32> {
        let gone = std::mem::take(&mut self.followed).into_iter().zip(done);
        gone.map(|(next, (_, task, _))| self.class_of[next.unwrap_or(*task).0 as usize]).collect()
    }

    /// Notes who has what. Apart from what is timed: this program's notes lie as far off in memory as what it measures.
    pub fn note(&mut self) {
        for held in std::mem::take(&mut self.given) {
            let class = self.class_of[held.1.0 as usize];
            self.met[held.0.0 as usize] = true;
            self.held[usize::from(self.is_rare(class))].push(held);
        }
    }

    /// Any of the tasks that somebody has. Drawn anew each time: else two workers would take turns for ever, with all they
    /// need at hand.
    fn take_held(&mut self) -> Held {
        let rare = usize::from(!self.held[1].is_empty() && self.below(10) == 0);
        let chosen = self.below(self.held[rare].len() as u64);
        self.held[rare].swap_remove(chosen as usize)
    }

    /// A shift ends: nobody takes new work.
    pub fn close(&mut self) {
        for number in 1..=self.shape.workers {
            self.set_presence(number, Presence::Away);
        }
    }

    /// All workers, in the order in which they come to the next shift.
    pub fn shift(&mut self) -> Vec<u64> {
        let mut workers: Vec<u64> = (1..=self.shape.workers).collect();
        for at in (1..workers.len()).rev() {
            let other = self.below(at as u64 + 1) as usize;
            workers.swap(at, other);
        }
        workers
    }

    /// These begin their shift: each is given what he can carry.
    #[inline(never)]
    pub fn open(&mut self, workers: &[u64]) {
        for number in workers {
            self.now += 1;
            self.set_presence(*number, Presence::Ready);
        }
    }

    fn set_presence(&mut self, number: u64, presence: Presence) {
        let worker = WorkerId(number);
        self.step(Input::new(Actor::Worker(worker), Command::Presence { worker, presence, reason: String::new() }));
    }

    /// A task of this class comes.
    #[inline(never)]
    pub fn arrive(&mut self, class: u32) {
        let (side, route) = self.classes[class as usize].clone();
        let payload = PayloadId(1);
        let command = match side {
            Side::Front => {
                self.contacts += 1;
                Command::Message(InboundMessage {
                    tenant: TENANT,
                    account: AccountId(1),
                    contact: ContactKey(
                        u128::from(self.contacts).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835),
                    ),
                    kind: InboundKind::Message,
                    payload,
                    received_at: Millis(self.now),
                    class: route,
                    prior: None,
                })
            }
            Side::Back => {
                Command::Push(NewItem { tenant: TENANT, class: route, payload, conversation: None, matter: None })
            }
        };
        self.coming = class;
        self.step(Input::new(Actor::Customer, command));
    }

    /// How many tasks somebody has.
    pub fn held_count(&self) -> usize {
        self.held.iter().map(Vec::len).sum()
    }

    /// What this program keeps for itself.
    pub fn own_bytes(&self) -> usize {
        let held: usize = self.held.iter().map(|held| held.capacity() * size_of::<Held>()).sum();
        held + self.class_of.capacity() * size_of::<u32>()
    }

    fn put(&mut self, settings: Settings) {
        self.step(Input::new(Actor::System, Command::Put(settings)));
    }

    /// Steps the core, and counts what comes of it.
    fn step(&mut self, input: Input) {
        let mut effects = std::mem::take(&mut self.effects);
        self.core.step(Millis(self.now), input, &mut effects);
        for effect in &effects {
            match effect {
                Effect::Release(Release::Assigned { worker, task, lease, .. }) => {
                    self.given.push((*worker, *task, *lease));
                }
                Effect::Write(write) => {
                    self.writes += 1;
                    let Write::Event(event) = write else { continue };
                    match (&event.kind, event.task) {
                        (EventKind::TaskAssigned { .. }, _) => self.bound += 1,
                        (EventKind::TaskCreated { .. }, Some(task)) => {
                            self.class_of.resize(task.0 as usize + 1, 0);
                            self.class_of[task.0 as usize] = self.coming;
                        }
                        _ => {}
                    }
                }
                Effect::Release(_) => {}
            }
        }
        effects.clear();
        self.effects = effects;
    }

    fn is_rare(&self, class: u32) -> bool {
        self.shape.rare && self.classes[class as usize].1.needs.iter().any(|need| need.skill.0 >= RARE)
    }

    /// The number of a class, of those that need a rare skill or of the others.
    fn any_class(&mut self, rare: bool) -> u32 {
        loop {
            let class = self.below(self.classes.len() as u64) as u32;
            if self.is_rare(class) == rare {
                return class;
            }
        }
    }

    fn below(&mut self, bound: u64) -> u64 {
        let (number, seed) = draw(self.seed);
        self.seed = seed;
        number % bound
    }

    /// Three in ten serve the front only, three the back only, four both.
    fn worker(&mut self, number: u64) -> WorkerSettings {
        let fronts = [4, 4, 4, 0, 0, 0, 2, 2, 2, 2][self.below(10) as usize];
        let mut queues: Vec<QueueId> = (0..4)
            .map(|at| (at < fronts, self.below(QUEUES)))
            .map(|(front, queue)| QueueId(1 + queue + if front { 0 } else { QUEUES }))
            .collect();
        queues.sort_unstable();
        queues.dedup();
        let mut skills: Vec<SkillLevel> = (0..4)
            .map(|_| SkillLevel { skill: SkillId(1 + self.below(SKILLS)), level: 1 + self.below(5) as u8 })
            .collect();
        if self.shape.rare && number.is_multiple_of(500) {
            skills.push(SkillLevel { skill: SkillId(RARE + number / 500 % 4), level: 5 });
        }
        skills.sort_unstable();
        skills.dedup_by_key(|skill| skill.skill);
        WorkerSettings {
            id: WorkerId(number),
            tenant: TENANT,
            unit: None,
            group: None,
            capacity: self.shape.slots * WEIGHT_UNIT,
            skills,
            queues,
            accept: AcceptMode::Auto,
            stand_in: None,
            paces_milli: Vec::new(),
            weights: Vec::new(),
            burden: Burden::default(),
        }
    }
}

/// In every queue: what anybody can do, what takes one skill of each kind, and what takes two. Half of the tasks that
/// come take one, a quarter two.
fn classes(rare: bool) -> Vec<(Side, Class)> {
    let mut classes = Vec::new();
    for queue in 1..=2 * QUEUES {
        let side = if queue <= QUEUES { Side::Front } else { Side::Back };
        let mut add = |needs: Vec<SkillNeed>| {
            classes.push((side, Class { queue: QueueId(queue), needs, rule_set: 1, ..Class::default() }));
        };
        let need = |skill: u64| SkillNeed { skill: SkillId(skill), level: 1 + (skill % 3) as u8 };
        for skill in 1..=SKILLS {
            add(vec![need(skill)]);
            add(vec![need(skill)]);
            add(vec![need(skill.min(1 + skill % SKILLS)), need(skill.max(1 + skill % SKILLS))]);
            add(Vec::new());
        }
        if rare {
            (0..4).for_each(|number| add(vec![SkillNeed { skill: SkillId(RARE + number), level: 3 }]));
        }
    }
    classes
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

fn account() -> AccountSettings {
    AccountSettings {
        id: AccountId(1),
        tenant: TENANT,
        channel: "whatsapp_cloud".into(),
        unit: None,
        window_ms: Some(24 * HOUR),
        idempotent_send: false,
        commit_is_send: false,
    }
}

fn queue(number: u64) -> QueueSettings {
    let front = number <= QUEUES;
    QueueSettings {
        id: QueueId(number),
        tenant: TENANT,
        unit: None,
        side: if front { Side::Front } else { Side::Back },
        target_ms: if front { (4 + number) * HOUR } else { number * 24 * HOUR },
        weight_milli: 1000 + 100 * (number as u32 % 3),
        task_weight: WEIGHT_UNIT,
        waiting_weight_percent: 50,
        offer_ms: 30_000,
        wrap_up_ms: 0,
        remind_ms: None,
        take_back_ms: None,
        supervisor_ms: None,
        calendar: None,
        interruptible: false,
        tasks_max: u32::MAX,
        blend: Default::default(),
        planned: Vec::new(),
    }
}
