//! The world: a driver's loop over the core, in which the driver, the store and the people may fail.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write as _;

use blendline_core::Scheduler;
use blendline_core::effect::{Answer, Effect, Refusal, Release};
use blendline_core::input::{CallId, Command, Input, PayloadId};
use blendline_core::rows::{Conversation, Snapshot};
use blendline_wire::event::Actor;
use blendline_wire::{AccountId, ContactKey, Millis};

use super::acts::{self, Act};
use super::checks::{self, Memory, Step};
use super::outside::Outside;
use super::rng::{Rng, TraceHash};
use super::rows::Rows;
use super::shape::{EPOCH, Shape};
use super::verdict::{Check, Violation, ensure};

/// The shard of every world.
const SHARD: u16 = 1;
/// How many inputs a failure shows.
const SHOWN: usize = 20;

/// A world of one seed.
pub struct World {
    /// Chooses what happens.
    pub rng: Rng,
    /// What the seed chose at the start.
    pub shape: Shape,
    /// The rows as the writes made them, the batch in hand included.
    pub rows: Rows,
    /// The driver's time.
    pub now: Millis,
    /// What the people outside believe.
    pub outside: Outside,
    /// How many inputs were stepped.
    pub steps: u64,
    /// The last inputs, for people.
    pub trace: VecDeque<(u64, Millis, Input)>,
    /// True to hash everything that goes in and comes out, byte by byte, which takes longer than the rest.
    pub exact: bool,
    /// The hash of everything that went in and came out.
    pub hash: TraceHash,
    /// What the judge remembers.
    pub memory: Memory,
    core: Scheduler,
    /// A core rebuilt from the rows after the last step.
    twin: Option<Scheduler>,
    mail: VecDeque<Input>,
    prefetched: BTreeMap<(AccountId, ContactKey), Box<Conversation>>,
    show: bool,
    calls: u64,
    payloads: u64,
}

impl World {
    /// The world of a seed, with its settings given.
    pub fn new(seed: u64) -> Result<Self, Violation> {
        let mut rng = Rng::new(seed);
        let mut shape = Shape::draw(&mut rng);
        shape.draw_more(seed);
        if let Some(every) = std::env::var("REBUILD").ok().and_then(|text| text.parse().ok()) {
            shape.rebuild_every = every;
        }
        Self::shaped(seed, rng, shape)
    }

    /// A world of a shape that somebody chose.
    pub fn shaped(seed: u64, mut rng: Rng, shape: Shape) -> Result<Self, Violation> {
        let settings = shape.settings(&mut rng);
        let core = Scheduler::new(SHARD, seed);
        let mut world = Self {
            rng,
            shape,
            rows: Rows::new(core.snapshot().meta),
            now: EPOCH,
            outside: Outside::default(),
            steps: 0,
            trace: VecDeque::new(),
            exact: false,
            hash: TraceHash::default(),
            memory: Memory::default(),
            core,
            twin: None,
            mail: VecDeque::new(),
            prefetched: BTreeMap::new(),
            show: std::env::var_os("SHOW").is_some(),
            calls: 0,
            payloads: 0,
        };
        for setting in settings {
            let input = world.call(Actor::Operator, Command::Put(setting));
            world.commit(input)?;
        }
        Ok(world)
    }

    /// An input that somebody waits for.
    pub const fn call(&mut self, actor: Actor, command: Command) -> Input {
        self.calls += 1;
        Input { call: Some(CallId(self.calls)), actor, command }
    }

    /// A text nobody has said before.
    pub const fn payload(&mut self) -> PayloadId {
        self.payloads += 1;
        PayloadId(self.payloads)
    }

    /// True when this draw should be against the rules.
    pub const fn wild(&mut self) -> bool {
        self.rng.percent(self.shape.wild)
    }

    /// The running core.
    pub const fn core(&self) -> &Scheduler {
        &self.core
    }

    /// The first phase: `inputs` inputs of whatever the seed chose, with faults.
    pub fn rage(&mut self, inputs: u64) -> Check {
        let until = self.steps + inputs;
        // Some draws find nothing to act upon; they must not hold the world up for ever.
        for _ in 0..inputs * 4 {
            if self.steps >= until {
                break;
            }
            self.batch()?;
        }
        Ok(())
    }

    /// One batch: it is lost whole, committed with its releases, or committed without them.
    fn batch(&mut self) -> Check {
        let lost = self.rng.percent(self.shape.crash_before);
        let saved = lost.then(|| (self.rows.clone(), self.memory.clone()));
        let mut effects = Vec::new();
        self.prefetched.clear();
        for _ in 0..self.rng.between(1, self.shape.batch) {
            self.now = self.now.plus(self.shape.gap(&mut self.rng));
            if self.core.next_deadline().is_some_and(|at| at <= self.now) && !self.rng.percent(self.shape.late_ticks) {
                effects.push(self.step(Input::tick())?);
            }
            for input in self.next_inputs() {
                effects.push(self.step(input)?);
            }
        }
        if let Some((rows, memory)) = saved {
            return self.crash_before_commit(rows, memory, effects);
        }
        if self.rng.percent(self.shape.crash_after) {
            return self.restart();
        }
        self.release(&effects)
    }

    fn next_inputs(&mut self) -> Vec<Input> {
        if let Some(input) = self.mail.pop_front() {
            return vec![input];
        }
        let act = Act::ALL[self.rng.weighted(&self.shape.weights)];
        acts::draw(self, act)
    }

    /// One input alone in its batch, committed and released.
    pub fn commit(&mut self, input: Input) -> Check {
        self.prefetched.clear();
        let step = self.step(input)?;
        self.release(&[step])
    }

    fn release(&mut self, steps: &[(Input, Vec<Effect>)]) -> Check {
        for (input, effects) in steps {
            self.outside.deliver(input, effects, &self.rows);
        }
        self.outside.check(&self.rows)
    }

    fn crash_before_commit(&mut self, rows: Rows, memory: Memory, steps: Vec<(Input, Vec<Effect>)>) -> Check {
        (self.rows, self.memory) = (rows, memory);
        // The broker delivers again what was not acked; a caller may or may not ask again.
        for (input, _) in steps {
            let tick = matches!(input.command, Command::Tick);
            if !tick && (input.call.is_none() || self.rng.percent(50)) && self.speaks_of_what_is(&input) {
                self.mail.push_back(input);
            }
        }
        self.restart()
    }

    /// False for what was said of a conversation that began in the very batch that was lost: nobody ever saw it.
    fn speaks_of_what_is(&self, input: &Input) -> bool {
        match &input.command {
            Command::Confirm { prior, .. }
            | Command::ConfirmEnded { prior }
            | Command::Tell { prior: Some(prior), .. } => {
                self.rows.ended.contains_key(&prior.id) || self.rows.conversations.contains_key(&prior.id)
            }
            _ => true,
        }
    }

    /// The core is rebuilt from the rows; what it had to release is never said.
    fn restart(&mut self) -> Check {
        self.core = loaded(self.rows.snapshot())?;
        self.twin = None;
        self.outside.restarted(&self.rows);
        Ok(())
    }

    /// Steps one input, applies its writes and judges what was seen.
    fn step(&mut self, mut input: Input) -> Result<(Input, Vec<Effect>), Violation> {
        self.look_up(&mut input);
        self.steps += 1;
        if self.trace.len() == SHOWN {
            self.trace.pop_front();
        }
        self.trace.push_back((self.steps, self.now, input.clone()));
        let twin = self.twin.take();
        let was_due = self.core.next_deadline().is_some_and(|at| at <= self.now);
        let mut effects = Vec::new();
        self.core.step(self.now, input.clone(), &mut effects);
        if self.exact {
            let _ = write!(self.hash, "{} {input:?} {effects:?}", self.now.0);
        }
        if self.show {
            println!("{:>5} {} {input:?}\n{effects:#?}", self.steps, self.now.0);
        }
        if let Some(twin) = twin {
            self.compare(twin, &input, &effects)?;
        }
        let changes = self.rows.apply(&effects);
        let step = Step {
            now: self.now.max(self.rows.meta.now),
            input: &input,
            effects: &effects,
            changes: &changes,
            rows: &self.rows,
            core: &self.core,
            was_due,
        };
        checks::all(&mut self.memory, &step)?;
        if self.steps.is_multiple_of(self.shape.rebuild_every) {
            self.rebuild()?;
        }
        Ok((input, effects))
    }

    /// **P5**: the rows are what the core holds, a core rebuilt from them is equal in all that is derived, and takes the
    /// next step as its twin.
    fn rebuild(&mut self) -> Check {
        let (core, rows) = (self.core.snapshot(), self.rows.snapshot());
        ensure!(core == rows, "P5", "the core is {core:?}\n the rows are {rows:?}");
        let twin = loaded(rows)?;
        let broken = |detail| Violation { invariant: "check_invariants", detail };
        self.core.check_against(&twin).map_err(broken)?;
        self.twin = Some(twin);
        Ok(())
    }

    /// **P5**: a core rebuilt from the rows behaves like the one that wrote them.
    fn compare(&self, mut twin: Scheduler, input: &Input, effects: &[Effect]) -> Check {
        let mut twins = Vec::new();
        twin.step(self.now, input.clone(), &mut twins);
        ensure!(twins == effects, "P5", "the core did {effects:?}\n its rebuilt twin {twins:?}");
        let (own, other) = (self.core.next_deadline(), twin.next_deadline());
        ensure!(own == other, "P5", "the core's deadline is {own:?}, its rebuilt twin's {other:?}");
        ensure!(self.core.snapshot() == twin.snapshot(), "P5", "the same step left the rebuilt twin in another state");
        Ok(())
    }

    /// What the driver's one query of the batch brings: closed conversations and settled messages.
    fn look_up(&mut self, input: &mut Input) {
        match &mut input.command {
            Command::Message(message) => {
                let key = (message.account, message.contact);
                let fresh = self.rows.prior(key.0, key.1);
                // The query ran once for the whole batch: what it brought may have been reopened since.
                let reopened = self.rows.open_conversation(key.0, key.1).is_some();
                message.prior = match self.prefetched.get(&key) {
                    Some(stale) if reopened => Some(stale.clone()),
                    _ => fresh,
                };
                if let Some(prior) = &message.prior {
                    self.prefetched.insert(key, prior.clone());
                }
                // A redelivered message came when it came.
                message.received_at = message.received_at.min(self.now);
            }
            Command::Start { account, contact, prior, .. } => *prior = self.rows.prior(*account, *contact),
            Command::Confirm { prior, .. } | Command::ConfirmEnded { prior } => {
                if let Some(row) = self.rows.ended.get(&prior.id).or_else(|| self.rows.conversations.get(&prior.id)) {
                    **prior = row.clone();
                }
            }
            Command::Tell { prior: Some(prior), .. } => {
                if let Some(row) = self.rows.ended.get(&prior.id) {
                    **prior = row.clone();
                }
            }
            Command::SendResult { outbound, prior, .. } | Command::Status { outbound, prior, .. } => {
                *prior = self.rows.prior_outbound(*outbound);
            }
            _ => {}
        }
    }
}

/// The answer to a step's call, if it had one.
pub fn answer_of(effects: &[Effect]) -> Option<&Result<Answer, Refusal>> {
    effects.iter().find_map(|effect| match effect {
        Effect::Release(Release::Answer { result, .. }) => Some(result),
        _ => None,
    })
}

fn loaded(rows: Snapshot) -> Result<Scheduler, Violation> {
    Scheduler::load(SHARD, rows)
        .map_err(|error| Violation { invariant: "P5", detail: format!("the rows were refused: {}", error.0) })
}
