//! Reads a journal: the core runs it verbatim, and what everybody did is taken down.

use std::collections::{BTreeMap, HashMap};

use blendline_core::input::{Class, InboundMessage, NewItem};
use blendline_core::rows::{Conversation, ConversationState, Snapshot, TaskState};
use blendline_core::{CallId, Command, Effect, Input, LoadError, Release, Scheduler, Write};
use blendline_wire::event::{Event, EventKind};
use blendline_wire::task::Target;
use blendline_wire::{ConversationId, Millis, QueueId, TaskId, TenantId};

use super::SNAPSHOT;
use super::tally::{Figures, Tally};
use super::turns::{Action, Offer, Response, Script};

/// Which task: by the input that made it. Those from before the record bear their own number, out of the way.
pub(super) type Key = u64;
/// Set in the keys of tasks from before the record.
const OLD: Key = 1 << 63;
/// Arrivals of a record at most.
pub(super) const ARRIVALS_MAX: usize = 2_000_000;
/// How long a task takes where nothing was ever done in its queue.
const TASK_MS: u64 = 180_000;

/// A line of a journal that cannot be understood.
#[derive(Debug)]
pub struct Unreadable(pub String);

impl std::fmt::Display for Unreadable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unreadable {}

/// Something that came from outside.
#[derive(Clone, Debug)]
pub struct Arrival {
    /// When.
    pub at: Millis,
    /// What.
    pub came: Came,
    /// Where its text is: the conversation, or else the task, and the place in its transcript.
    pub text: Option<(Option<ConversationId>, Option<TaskId>, u64)>,
    /// The task that it made; `None` where it joined one.
    pub task: Option<TaskId>,
}

/// What came from outside.
#[derive(Clone, Debug)]
pub enum Came {
    /// A customer said something.
    Message(Box<InboundMessage>),
    /// Another system pushed a work item.
    Item(Box<NewItem>),
}

impl Arrival {
    /// Where the rules of the time sent it.
    pub fn class(&self) -> &Class {
        match &self.came {
            Came::Message(message) => &message.class,
            Came::Item(item) => &item.class,
        }
    }

    /// Whose it is.
    pub fn tenant(&self) -> TenantId {
        match &self.came {
            Came::Message(message) => message.tenant,
            Came::Item(item) => item.tenant,
        }
    }
}

/// What happens at its recorded time, whatever the rules are.
#[derive(Clone, Debug)]
pub(super) enum Outside {
    /// Time passes.
    Tick,
    /// The arrival with this number.
    Came(usize),
    /// Whoever pushed an item takes it back.
    Cancel(Key, String),
    /// A supervisor moves a task.
    Reassign(Key, Target),
    /// A customer says whether it is solved, or says nothing for too long.
    Confirm(Box<Conversation>, Option<bool>),
    /// Comings and goings, conversations that workers begin: the command as it was.
    Plain(Box<Command>),
}

/// A period as it was.
#[derive(Debug)]
pub struct Record {
    /// All rows as they were before it; `None` where it begins with the shard.
    pub(super) start: Option<Snapshot>,
    pub(super) shard: u16,
    pub(super) seed: u64,
    /// Whose it is.
    pub tenant: TenantId,
    /// When it begins.
    pub begin: Millis,
    /// When its last input was.
    pub end: Millis,
    /// What came, in order.
    pub arrivals: Vec<Arrival>,
    pub(super) outside: Vec<(Millis, u64, Outside)>,
    pub(super) scripts: HashMap<Key, Script>,
    /// The mean work on a task of each queue, in milliseconds.
    pub(super) task_ms: BTreeMap<QueueId, u64>,
    /// What it came to, by the core that ran it verbatim.
    pub figures: Figures,
    /// The number of the last event before it.
    pub events_after: u64,
}

/// Reads a journal.
pub struct Recorder {
    core: Scheduler,
    record: Record,
    tally: Tally,
    index: u64,
    keys: HashMap<TaskId, Key>,
    effects: Vec<Effect>,
    work: BTreeMap<QueueId, (u64, u64)>,
}

pub(super) fn old(task: TaskId) -> Key {
    OLD | task.0
}

impl Recorder {
    /// Begins with these rows, or with the shard itself where there are none. What comes from `from` on counts.
    pub fn new(
        (shard, seed): (u16, u64),
        tenant: TenantId,
        start: Option<Snapshot>,
        (from, to): (Millis, Millis),
    ) -> Result<Self, LoadError> {
        let core = match &start {
            Some(rows) => Scheduler::load(shard, rows.clone())?,
            None => Scheduler::new(shard, seed),
        };
        let begin = start.as_ref().map_or(Millis(0), |rows| rows.meta.now);
        let events_after = start.as_ref().map_or(u64::from(shard) << 48, |rows| rows.meta.last_event);
        let mut tally = Tally::new(tenant, from, to);
        present(&core, &mut tally, begin);
        let (mut keys, mut scripts) = (HashMap::new(), HashMap::new());
        for task in core.tasks() {
            let mut script = Script::default();
            match task.state {
                TaskState::Active { .. } => script.begins(begin),
                TaskState::Offered { .. } => {
                    script.offers.push(Offer { at: begin, response: Response::None, index: 0 });
                }
                _ => {}
            }
            keys.insert(task.id, old(task.id));
            scripts.insert(old(task.id), script);
        }
        let record = Record {
            start,
            shard,
            seed,
            tenant,
            begin,
            end: begin,
            arrivals: Vec::new(),
            outside: Vec::new(),
            scripts,
            task_ms: BTreeMap::new(),
            figures: Figures::default(),
            events_after,
        };
        Ok(Self { core, record, tally, index: 0, keys, effects: Vec::new(), work: BTreeMap::new() })
    }

    /// Takes the inputs of one batch, as the journal has them.
    pub fn batch(&mut self, now: Millis, lines: &[u8]) -> Result<(), Unreadable> {
        for line in lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            if line.starts_with(SNAPSHOT.as_bytes()) {
                continue;
            }
            let input: Input = serde_json::from_slice(line)
                .map_err(|error| Unreadable(format!("the journal of {}: {error}", now.to_rfc3339())))?;
            if ARRIVALS_MAX <= self.record.arrivals.len() {
                return Err(Unreadable(format!("more than {ARRIVALS_MAX} arrivals: choose a shorter period")));
            }
            self.input(now, input);
        }
        Ok(())
    }

    fn input(&mut self, now: Millis, mut input: Input) {
        self.index += 1;
        if self.record.begin == Millis(0) {
            self.record.begin = now;
        }
        self.record.end = self.record.end.max(now);
        let command = input.command.clone();
        // Everybody is answered, so that it is known what was refused.
        input.call.get_or_insert(CallId(0));
        let mut effects = std::mem::take(&mut self.effects);
        self.core.step(now, input, &mut effects);
        let done =
            effects.iter().any(|effect| matches!(effect, Effect::Release(Release::Answer { result: Ok(_), .. })));
        if done && self.inside(now, &command) {
            self.outside(now, Outside::Tick);
        } else {
            let outside = self.comes_from_outside(now, command);
            self.outside(now, outside);
        }
        self.follow(now, &effects);
        effects.clear();
        self.effects = effects;
    }

    fn outside(&mut self, now: Millis, outside: Outside) {
        self.record.outside.push((now, self.index, outside));
    }

    fn script(&mut self, task: TaskId) -> Option<&mut Script> {
        self.record.scripts.get_mut(self.keys.get(&task)?)
    }

    /// Takes down what a worker did; false where it is nothing of a task's.
    fn inside(&mut self, now: Millis, command: &Command) -> bool {
        let index = self.index;
        match command {
            Command::Accept { task, .. } => {
                if let Some(offer) = self.script(*task).and_then(|script| script.offers.last_mut()) {
                    (offer.response, offer.index) = (Response::Accept(now.since(offer.at)), index);
                }
            }
            Command::Decline { task, reason, .. } => {
                if let Some(offer) = self.script(*task).and_then(|script| script.offers.last_mut()) {
                    (offer.response, offer.index) = (Response::Decline(now.since(offer.at), reason.clone()), index);
                }
            }
            Command::Touch { task, .. } => self.acts(now, *task, Action::Touch),
            Command::Reply { task, .. } => self.acts(now, *task, Action::Reply),
            Command::Settle { task, verdict, replies, seen, .. } => {
                let action = Action::Settle { verdict: verdict.clone(), replies: replies.len(), seen: *seen };
                self.acts(now, *task, action);
            }
            Command::Ready { task, .. } => {
                if let Some(script) = self.script(*task) {
                    script.ready = script.settled_at.map(|at| (now.since(at), index));
                }
            }
            _ => return false,
        }
        true
    }

    fn acts(&mut self, now: Millis, task: TaskId, action: Action) {
        let index = self.index;
        if let Some(script) = self.script(task) {
            script.acts(now, index, action);
        }
    }

    fn comes_from_outside(&mut self, now: Millis, command: Command) -> Outside {
        match command {
            Command::Message(message) => self.came(now, Came::Message(Box::new(message))),
            Command::Push(item) => self.came(now, Came::Item(Box::new(item))),
            Command::Cancel { task, reason } => {
                self.keys.get(&task).map_or(Outside::Tick, |key| Outside::Cancel(*key, reason))
            }
            Command::Reassign { task, to } => {
                self.keys.get(&task).map_or(Outside::Tick, |key| Outside::Reassign(*key, to))
            }
            Command::Confirm { prior, confirmed } => Outside::Confirm(prior, Some(confirmed)),
            Command::ConfirmEnded { prior } => Outside::Confirm(prior, None),
            plain @ (Command::Attach { .. }
            | Command::Lost { .. }
            | Command::Bye { .. }
            | Command::Presence { .. }
            | Command::Start { .. }) => Outside::Plain(Box::new(plain)),
            // Settings are those of the set; sending succeeds; the rest decides nothing.
            _ => Outside::Tick,
        }
    }

    fn came(&mut self, at: Millis, came: Came) -> Outside {
        self.record.arrivals.push(Arrival { at, came, text: None, task: None });
        Outside::Came(self.record.arrivals.len() - 1)
    }

    /// Takes down what the core did.
    fn follow(&mut self, now: Millis, effects: &[Effect]) {
        for effect in effects {
            match effect {
                Effect::Write(Write::Event(event)) => self.event(now, event),
                Effect::Write(Write::Message(row)) => {
                    let came = self.record.outside.last().is_some_and(|(_, _, last)| matches!(last, Outside::Came(_)));
                    if let Some(arrival) = self.record.arrivals.last_mut().filter(|_| came) {
                        arrival.text = Some((row.conversation, row.task, row.seq));
                    }
                }
                _ => {}
            }
        }
    }

    fn event(&mut self, now: Millis, event: &Event) {
        self.tally.take(event);
        let Some(task) = event.task else { return };
        let index = self.index;
        match &event.kind {
            EventKind::TaskCreated { .. } => {
                self.keys.insert(task, index);
                self.record.scripts.insert(index, Script::default());
                let came = self.record.outside.last().is_some_and(|(_, _, last)| matches!(last, Outside::Came(_)));
                if let Some(arrival) = self.record.arrivals.last_mut().filter(|_| came) {
                    arrival.task = Some(task);
                }
            }
            EventKind::TaskOffered { .. } => {
                if let Some(script) = self.script(task) {
                    script.offers.push(Offer { at: now, response: Response::None, index });
                }
            }
            EventKind::TaskAssigned { .. } => {
                if let Some(script) = self.script(task) {
                    script.begins(now);
                }
            }
            EventKind::TaskSolved { .. } => self.count_work(task),
            _ => {}
        }
        let active = self.core.task(task).is_some_and(|task| matches!(task.state, TaskState::Active { .. }));
        if !active && let Some(script) = self.script(task) {
            script.pauses(now);
        }
    }

    fn count_work(&mut self, task: TaskId) {
        let Some(queue) = self.keys.get(&task).and_then(|key| self.queue_of(*key)) else { return };
        let Some(script) = self.script(task) else { return };
        let worked: u64 = script.turns.iter().map(|turn| turn.worked_ms).sum();
        let (sum, count) = self.work.entry(queue).or_default();
        (*sum, *count) = (*sum + worked, *count + 1);
    }

    fn queue_of(&self, key: Key) -> Option<QueueId> {
        let place = self.record.outside.binary_search_by_key(&key, |(_, index, _)| *index).ok()?;
        match &self.record.outside[place].2 {
            Outside::Came(arrival) => Some(self.record.arrivals.get(*arrival)?.class().queue),
            _ => None,
        }
    }

    /// The period, read to its end.
    pub fn finish(self) -> Record {
        let Self { mut record, tally, work, .. } = self;
        for script in record.scripts.values_mut() {
            script.pauses(record.end);
        }
        record.task_ms = work.into_iter().map(|(queue, (sum, count))| (queue, sum / count.max(1))).collect();
        record.figures = tally.figures(record.end);
        record
    }
}

impl Record {
    /// Tells a tally who was there at its beginning.
    pub fn present_at_begin(&self, tally: &mut Tally) {
        for row in self.start.iter().flat_map(|rows| &rows.workers).filter(|row| row.session.is_some()) {
            tally.is_there(row.settings.id, row.presence, self.begin);
        }
    }

    /// How long a task of a queue takes where nothing else is known.
    pub(super) fn mean_ms(&self, queue: QueueId) -> u64 {
        self.task_ms.get(&queue).copied().unwrap_or(TASK_MS).max(1)
    }
}

/// Who is there when counting begins.
pub(super) fn present(core: &Scheduler, tally: &mut Tally, at: Millis) {
    for worker in core.workers().filter(|worker| worker.session.is_some()) {
        tally.is_there(worker.settings.id, worker.presence, at);
    }
}

/// Whether a conversation is over.
pub(super) fn is_over(conversation: &Conversation) -> bool {
    !matches!(conversation.state, ConversationState::Open { .. })
}
