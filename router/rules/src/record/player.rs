//! Runs a recorded period under other rules or with other people.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet, VecDeque};

use blendline_core::input::{Class, Settings};
use blendline_core::rows::{Conversation, ConversationState, TaskState};
use blendline_core::{CallId, Command, Effect, Input, LoadError, PayloadId, Release, Scheduler, Write};
use blendline_wire::event::{Actor, Event, EventKind};
use blendline_wire::outbound::SendOutcome;
use blendline_wire::{ContactKey, Lease, Millis, OutboundId, SessionId, TaskId, WorkerId};

use super::script::{Action, Came, Key, Outside, Record, Response, Script, With, is_over, old, present};
use super::tally::{Figures, Tally};

/// The driver ticks within so long of a deadline; where it did not, the replay does by itself.
const LAG_MS: u64 = 1_000;
/// How long a worker takes to accept where it is not known.
const ACCEPT_MS: u64 = 5_000;
/// The place among inputs of one instant of what was not recorded: behind all that was.
const UNRECORDED: u64 = u64::MAX;

/// What a period is run under.
pub struct Stage {
    /// What the scheduler is told at the start: the tenant, then calendars, accounts, queues, workers.
    pub settings: Vec<Settings>,
    /// Workers who do as another did: (who, as whom).
    pub doubles: Vec<(WorkerId, WorkerId)>,
}

/// Something that is going to happen to a task.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Next {
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
struct Progress {
    turn: usize,
    /// Work done in this turn.
    worked_ms: u64,
    /// How many of its actions were done.
    acted: usize,
    offers: usize,
    offered: Option<Lease>,
    with: Option<With>,
}

struct Player<'a> {
    record: &'a Record,
    stage: &'a Stage,
    classes: &'a [Class],
    core: Scheduler,
    tally: Tally,
    now: Millis,
    heap: BinaryHeap<Reverse<(Millis, u64, Next)>>,
    keys: HashMap<TaskId, Key>,
    tasks: HashMap<Key, TaskId>,
    progress: HashMap<Key, Progress>,
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
                TaskState::Active { worker } => self.begins(key, With { worker, lease, since: begin }),
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

    /// What a worker does.
    fn happens(&mut self, next: Next) {
        match next {
            Next::Accept(key, lease) => {
                self.responds(key, lease, |worker, task| Command::Accept { worker, task, lease })
            }
            Next::Decline(key, lease) => {
                let reason = self.script(key).and_then(|script| {
                    match &script.offers.get(self.progress.get(&key)?.offers.checked_sub(1)?)?.response {
                        Response::Decline(_, reason) => Some(reason.clone()),
                        _ => None,
                    }
                });
                let reason = reason.unwrap_or_default();
                self.responds(key, lease, |worker, task| Command::Decline { worker, task, lease, reason });
            }
            Next::Act(key, lease, turn, action) => self.acts(key, lease, turn, action),
            Next::End(key, lease) => {
                let verdict = blendline_core::input::Verdict::Done { disposition: String::new(), note: None };
                self.settles(key, lease, verdict, 0, None);
            }
            Next::Ready(key, worker) => {
                if let Some(task) = self.tasks.get(&key).copied() {
                    self.step(Actor::Worker(worker), Command::Ready { worker, task });
                }
            }
        }
    }

    fn script(&self, key: Key) -> Option<&Script> {
        self.record.scripts.get(&key)
    }

    fn responds(&mut self, key: Key, lease: Lease, command: impl FnOnce(WorkerId, TaskId) -> Command) {
        let Some(task) = self.tasks.get(&key).copied() else { return };
        let Some(known) = self.core.task(task).filter(|task| task.lease == lease) else { return };
        if let TaskState::Offered { worker, .. } = known.state {
            self.step(Actor::Worker(worker), command(worker, task));
        }
    }

    fn acts(&mut self, key: Key, lease: Lease, turn: usize, place: usize) {
        let record = self.record;
        let Some((_, _, action)) =
            record.scripts.get(&key).and_then(|script| script.turns.get(turn)).and_then(|turn| turn.actions.get(place))
        else {
            return;
        };
        let Some(With { worker, .. }) = self.with(key, lease) else { return };
        let Some(task) = self.tasks.get(&key).copied() else { return };
        if let Some(progress) = self.progress.get_mut(&key) {
            progress.acted = place + 1;
        }
        match action {
            Action::Touch => self.step(Actor::Worker(worker), Command::Touch { worker, task, lease }),
            Action::Reply => {
                self.step(Actor::Worker(worker), Command::Reply { worker, task, lease, payload: PayloadId(0) });
            }
            Action::Settle { verdict, replies, seen } => self.settles(key, lease, verdict.clone(), *replies, *seen),
        }
    }

    fn settles(
        &mut self,
        key: Key,
        lease: Lease,
        verdict: blendline_core::input::Verdict,
        replies: usize,
        seen: Option<u64>,
    ) {
        let Some(With { worker, .. }) = self.with(key, lease) else { return };
        let Some(task) = self.tasks.get(&key).copied() else { return };
        if let Some(progress) = self.progress.get_mut(&key) {
            // Whatever comes of it, the next time somebody has it is another turn.
            *progress = Progress { turn: progress.turn + 1, worked_ms: 0, acted: 0, with: None, ..*progress };
        }
        let replies = vec![PayloadId(0); replies];
        self.step(Actor::Worker(worker), Command::Settle { worker, task, lease, verdict, replies, seen });
        // What cannot be done here, as a reply to nobody, ends at its time all the same.
        let refused =
            self.core.task(task).is_some_and(|task| task.lease == lease && task.state.owner() == Some(worker));
        if refused && self.with(key, lease).is_none() {
            self.begins(key, With { worker, lease, since: self.now });
        }
        if let Some((after_ms, index)) = self.script(key).and_then(|script| script.ready) {
            self.heap.push(Reverse((self.now.plus(after_ms), index, Next::Ready(key, worker))));
        }
    }

    /// Who is at a task, where it is still his under this lease.
    fn with(&self, key: Key, lease: Lease) -> Option<With> {
        self.progress.get(&key)?.with.filter(|with| with.lease == lease)
    }

    /// One step of the core, and what follows from it. Messages of ours are sent at once.
    fn step(&mut self, actor: Actor, command: Command) {
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
            Some((TaskState::Active { worker }, lease)) => Some((*worker, *lease)),
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

    /// Somebody is at a task: what is left of its turn follows.
    fn begins(&mut self, key: Key, with: With) {
        let progress = self.progress.entry(key).or_default();
        progress.with = Some(with);
        let (turn, worked_ms, acted) = (progress.turn, progress.worked_ms, progress.acted);
        let (now, lease) = (self.now, with.lease);
        let record = self.record;
        let script = record.scripts.get(&key).and_then(|script| script.turns.get(turn));
        let mut ends = false;
        for (place, (after_ms, index, action)) in script.iter().flat_map(|turn| turn.actions.iter().enumerate()) {
            if acted <= place && worked_ms <= *after_ms {
                let at = now.plus(after_ms - worked_ms);
                self.heap.push(Reverse((at, *index, Next::Act(key, lease, turn, place))));
                ends |= matches!(action, Action::Settle { .. });
            }
        }
        if !ends {
            // Nobody saw its end: the queue's mean from where it was last seen.
            let queue = self.tasks.get(&key).and_then(|task| self.core.task(*task)).map(|task| task.queue);
            let seen_ms = script.map_or(0, |turn| turn.worked_ms);
            let left_ms = (seen_ms + queue.map_or(1, |queue| record.mean_ms(queue))).saturating_sub(worked_ms).max(1);
            self.heap.push(Reverse((now.plus(left_ms), UNRECORDED, Next::End(key, lease))));
        }
    }

    /// A task is offered: whoever has the offer does as was done.
    fn offered(&mut self, key: Key, lease: Lease) {
        let progress = self.progress.entry(key).or_default();
        if progress.with.is_some() || progress.offered == Some(lease) {
            return;
        }
        progress.offered = Some(lease);
        let place = progress.offers;
        progress.offers += 1;
        let record = self.record;
        let offer = record.scripts.get(&key).and_then(|script| script.offers.get(place));
        let (after_ms, index, next) = match offer.map(|offer| (&offer.response, offer.index)) {
            Some((Response::Accept(after_ms), index)) => (*after_ms, index, Next::Accept(key, lease)),
            Some((Response::Decline(after_ms, _), index)) => (*after_ms, index, Next::Decline(key, lease)),
            Some((Response::None, _)) => return,
            None => (ACCEPT_MS, UNRECORDED, Next::Accept(key, lease)),
        };
        self.heap.push(Reverse((self.now.plus(after_ms), index, next)));
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
