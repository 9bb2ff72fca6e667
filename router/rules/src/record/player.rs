//! Runs a recorded period under other rules or with other people.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet, VecDeque};

use blendline_core::input::{Class, Settings};
use blendline_core::rows::{Conversation, ConversationState, TaskState};
use blendline_core::{CallId, Command, Effect, Input, LoadError, Release, Scheduler, Write};
use blendline_wire::event::{Actor, Event, EventKind};
use blendline_wire::outbound::SendOutcome;
use blendline_wire::{ContactKey, Lease, Millis, OutboundId, SessionId, TaskId, WorkerId};

use super::script::{Came, Key, Outside, Record, is_over, old, present};
use super::tally::{Figures, Tally};
use super::turns::With;

/// The driver ticks within so long of a deadline; where it did not, the replay does by itself.
const LAG_MS: u64 = 1_000;
/// The place among inputs of one instant of what was not recorded: behind all that was.
pub(super) const UNRECORDED: u64 = u64::MAX;

/// What a period is run under.
pub struct Stage {
    /// What the scheduler is told at the start: the tenant, then calendars, accounts, queues, workers.
    pub settings: Vec<Settings>,
    /// Workers who do as another did: (who, as whom).
    pub doubles: Vec<(WorkerId, WorkerId)>,
}

/// Something that is going to happen to a task.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Next {
    Accept(Key, Lease),
    Decline(Key, Lease),
    /// The action with this number of the turn with this number.
    Act(Key, Lease, usize, usize),
    /// The end of a turn that nobody ever saw the end of.
    End(Key, Lease),
    Ready(Key, WorkerId),
}

/// How far a task's script was played.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Progress {
    pub(super) turn: usize,
    /// Work done in this turn.
    pub(super) worked_ms: u64,
    /// How many of its actions were done.
    pub(super) acted: usize,
    pub(super) offers: usize,
    pub(super) offered: Option<Lease>,
    pub(super) with: Option<With>,
}

pub(super) struct Player<'a> {
    pub(super) record: &'a Record,
    stage: &'a Stage,
    classes: &'a [Class],
    pub(super) core: Scheduler,
    tally: Tally,
    pub(super) now: Millis,
    pub(super) heap: BinaryHeap<Reverse<(Millis, u64, Next)>>,
    keys: HashMap<TaskId, Key>,
    pub(super) tasks: HashMap<Key, TaskId>,
    pub(super) progress: HashMap<Key, Progress>,
    /// The latest conversation of each contact that is over.
    over: HashMap<ContactKey, Conversation>,
    sends: VecDeque<(OutboundId, u32)>,
    /// What makes a task: its place in the record.
    index: u64,
}

/// Runs the period with these settings; each arrival is sent where its class says. What comes from `from` on counts.
pub fn play(
    record: &Record,
    stage: &Stage,
    classes: &[Class],
    (from, to): (Millis, Millis),
) -> Result<Figures, LoadError> {
    let core = match &record.start {
        Some(rows) => Scheduler::load(record.shard, rows.clone())?,
        None => Scheduler::new(record.shard, record.seed),
    };
    let mut player = Player {
        record,
        stage,
        classes,
        core,
        tally: Tally::new(record.tenant, from, to),
        now: record.begin,
        heap: BinaryHeap::new(),
        keys: HashMap::new(),
        tasks: HashMap::new(),
        progress: HashMap::new(),
        over: HashMap::new(),
        sends: VecDeque::new(),
        index: UNRECORDED,
    };
    player.begin();
    player.run();
    Ok(player.tally.figures(record.end))
}

impl Player<'_> {
    /// Puts the settings and takes up what was open.
    fn begin(&mut self) {
        let begin = self.record.begin;
        present(&self.core, &mut self.tally, begin);
        let open: Vec<(TaskId, TaskState, Lease)> =
            self.core.tasks().map(|task| (task.id, task.state.clone(), task.lease)).collect();
        for (task, state, lease) in open {
            let key = old(task);
            self.keys.insert(task, key);
            self.tasks.insert(key, task);
            match state {
                TaskState::Active { worker, .. } => self.begins(key, With { worker, lease, since: begin }),
                TaskState::Offered { .. } => self.offered(key, lease),
                _ => {}
            }
        }
        let stage = self.stage;
        for settings in &stage.settings {
            self.step(Actor::System, Command::Put(settings.clone()));
        }
        // Of those who were there before, who is not among the settings any more is no more.
        let own = |settings: &Settings| match settings {
            Settings::Worker(worker) => Some(worker.id),
            _ => None,
        };
        let staged: HashSet<WorkerId> = stage.settings.iter().filter_map(own).collect();
        let tenant = self.record.tenant;
        let known =
            self.core.workers().filter(|worker| worker.settings.tenant == tenant).map(|worker| worker.settings.id);
        for worker in known.filter(|worker| !staged.contains(worker)).collect::<Vec<_>>() {
            self.step(Actor::System, Command::RemoveWorker { worker });
        }
    }

    fn run(&mut self) {
        let record = self.record;
        let mut outside = record.outside.iter().peekable();
        loop {
            let recorded = outside.peek().map(|(at, index, _)| (*at, *index));
            let own = self.heap.peek().map(|Reverse((at, index, _))| (*at, *index));
            let next = match (recorded, own) {
                (Some(recorded), Some(own)) => recorded.min(own),
                (Some(next), None) | (None, Some(next)) => next,
                (None, None) => return,
            };
            if record.end < next.0 {
                return;
            }
            let due = self.core.next_deadline().map(|due| due.max(self.now));
            if let Some(due) = due.filter(|due| due.plus(LAG_MS) < next.0) {
                self.now = due;
                self.step(Actor::System, Command::Tick);
                continue;
            }
            self.now = self.now.max(next.0);
            if recorded == Some(next)
                && let Some((_, index, what)) = outside.next()
            {
                self.index = *index;
                self.comes_from_outside(what);
            } else if let Some(Reverse((_, index, next))) = self.heap.pop() {
                self.index = index;
                self.happens(next);
            }
        }
    }

    fn comes_from_outside(&mut self, what: &Outside) {
        match what {
            Outside::Tick => self.step(Actor::System, Command::Tick),
            Outside::Came(arrival) => self.arrives(*arrival),
            Outside::Cancel(key, reason) => {
                if let Some(task) = self.tasks.get(key).copied() {
                    self.step(Actor::Integrator, Command::Cancel { task, reason: reason.clone() });
                }
            }
            Outside::Reassign(key, to) => {
                if let Some(task) = self.tasks.get(key).copied() {
                    self.step(Actor::Operator, Command::Reassign { task, to: *to });
                }
            }
            Outside::Confirm(recorded, confirmed) => self.confirms(recorded, *confirmed),
            Outside::Plain(command) => self.plain(command),
        }
    }

    fn arrives(&mut self, place: usize) {
        let (Some(arrival), Some(class)) = (self.record.arrivals.get(place), self.classes.get(place)) else { return };
        match &arrival.came {
            Came::Message(message) => {
                let mut message = (**message).clone();
                message.class = class.clone();
                message.prior = self.over.get(&message.contact).cloned().map(Box::new).or(message.prior);
                self.step(Actor::Customer, Command::Message(message));
            }
            Came::Item(item) => {
                let mut item = (**item).clone();
                item.class = class.clone();
                self.step(Actor::Integrator, Command::Push(item));
            }
        }
    }

    /// A customer says whether it is solved; where it is not, by now, nothing is asked.
    fn confirms(&mut self, recorded: &Conversation, confirmed: Option<bool>) {
        let prior = match self.over.get(&recorded.contact) {
            Some(known) => known.clone(),
            None => recorded.clone(),
        };
        if !matches!(prior.state, ConversationState::Solved { .. })
            || self.core.conversation_of(prior.contact).is_some()
        {
            return self.step(Actor::System, Command::Tick);
        }
        let prior = Box::new(prior);
        match confirmed {
            Some(confirmed) => self.step(Actor::Customer, Command::Confirm { prior, confirmed }),
            None => self.step(Actor::System, Command::ConfirmEnded { prior }),
        }
    }

    fn plain(&mut self, command: &Command) {
        let mut command = command.clone();
        let worker = match &mut command {
            Command::Attach { worker, .. }
            | Command::Lost { worker, .. }
            | Command::Bye { worker, .. }
            | Command::Presence { worker, .. } => *worker,
            Command::Start { worker, contact, prior, .. } => {
                *prior = self.over.get(contact).cloned().map(Box::new).or(prior.take());
                let worker = *worker;
                return self.step(Actor::Worker(worker), command);
            }
            _ => return,
        };
        let stage = self.stage;
        let doubles = stage.doubles.iter().filter(|(_, as_whom)| *as_whom == worker).map(|(double, _)| *double);
        let also: Vec<Command> = doubles.map(|double| of_another(&command, double)).collect();
        self.step(Actor::Worker(worker), command);
        for command in also {
            self.step(Actor::System, command);
        }
    }

    /// One step of the core, and what follows from it. Messages of ours are sent at once.
    pub(super) fn step(&mut self, actor: Actor, command: Command) {
        self.stepped(Input { call: Some(CallId(0)), actor, command });
        while let Some((outbound, attempt)) = self.sends.pop_front() {
            let outcome = SendOutcome::Sent { external_id: String::new() };
            let command = Command::SendResult { outbound, attempt, outcome, prior: None };
            self.stepped(Input::new(Actor::Platform, command));
        }
    }

    fn stepped(&mut self, input: Input) {
        let mut effects = Vec::with_capacity(16);
        self.core.step(self.now, input, &mut effects);
        let mut touched: Vec<TaskId> = Vec::new();
        for effect in effects {
            match effect {
                Effect::Write(Write::Event(event)) => {
                    touched.extend(event.task.filter(|task| !touched.contains(task)));
                    self.event(&event);
                }
                Effect::Write(Write::Conversation(row)) if is_over(&row) => {
                    self.over.insert(row.contact, *row);
                }
                Effect::Release(Release::Send { outbound, attempt, .. }) => self.sends.push_back((outbound, attempt)),
                _ => {}
            }
        }
        for task in touched {
            self.look_at(task);
        }
    }

    fn event(&mut self, event: &Event) {
        self.tally.take(event);
        let Some(task) = event.task else { return };
        if matches!(event.kind, EventKind::TaskCreated { .. }) {
            // A second task of one input, or one of nobody's, bears its own number.
            let key =
                if self.tasks.contains_key(&self.index) || self.index == UNRECORDED { old(task) } else { self.index };
            self.keys.insert(task, key);
            self.tasks.insert(key, task);
        }
    }

    /// After a step: who has a task now, and what he will do.
    fn look_at(&mut self, id: TaskId) {
        let Some(key) = self.keys.get(&id).copied() else { return };
        let now = self.now;
        let state = self.core.task(id).map(|task| (task.state.clone(), task.lease));
        let progress = self.progress.entry(key).or_default();
        let before = progress.with;
        let active = match &state {
            Some((TaskState::Active { worker, .. }, lease)) => Some((*worker, *lease)),
            _ => None,
        };
        if before.map(|with| (with.worker, with.lease)) != active {
            if let Some(with) = before {
                progress.worked_ms += now.since(with.since);
                progress.with = None;
            }
            if let Some((worker, lease)) = active {
                self.begins(key, With { worker, lease, since: now });
            }
        }
        if let Some((TaskState::Offered { .. }, lease)) = state {
            self.offered(key, lease);
        }
    }
}

/// The same coming or going of a double.
fn of_another(command: &Command, double: WorkerId) -> Command {
    let of = |session: &SessionId| SessionId(session.0 ^ (double.0 << 20));
    match command {
        Command::Attach { session, accept, capacity, presence, .. } => Command::Attach {
            worker: double,
            session: of(session),
            accept: *accept,
            capacity: *capacity,
            presence: *presence,
        },
        Command::Lost { session, .. } => Command::Lost { worker: double, session: of(session) },
        Command::Bye { session, .. } => Command::Bye { worker: double, session: of(session) },
        Command::Presence { presence, reason, .. } => {
            Command::Presence { worker: double, presence: *presence, reason: reason.clone() }
        }
        _ => Command::Tick,
    }
}
