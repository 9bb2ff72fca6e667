//! Looking ahead: what the next inputs are about is brought near while they wait for their turn.
//!
//! With half a million tasks nearly everything that a step touches lies far off in memory, each found by way of another,
//! and a step by itself waits for one after the other. A driver knows a batch before it steps the first of it: what all
//! of them name is looked at side by side, level by level, so the waits overlap. They overlap as far as a processor sees,
//! some hundreds of instructions: so each level is one short loop of its own.

use std::array::from_fn;
use std::hint::black_box;

use blendline_wire::{TaskId, WorkerId};

use crate::desk::Desk;
use crate::dispatch::Candidate;
use crate::lines::Waiting;
use crate::placed::Place;
use crate::rows::{Aside, Conversation, Task};
use crate::scheduler::Scheduler;

/// How many to look at together: of fewer, less waits at once; of many more, the first would be gone from the caches when
/// their turn comes. 50 are about as quick, 10 and 125 slower.
pub const AHEAD: usize = 25;

impl Scheduler {
    /// Looks at what inputs are about that name these workers and their tasks, [`AHEAD`] at a time. Nothing changes, and
    /// whoever leaves it out decides the same, only slower.
    pub fn look_ahead(&self, named: &[(WorkerId, TaskId)]) {
        named.chunks(AHEAD).for_each(|named| self.look_at(named));
    }

    fn look_at(&self, named: &[(WorkerId, TaskId)]) {
        let desks: [Option<&Desk>; AHEAD] = from_fn(|at| self.workers.get(&named.get(at)?.0).map(Box::as_ref));
        let places: [Option<Place>; AHEAD] = from_fn(|at| self.tasks.place(named.get(at)?.1));
        let tasks: [Option<&Task>; AHEAD] = from_fn(|at| self.tasks.at(places[at]?));
        look(&tasks, bit_of_task);
        look(&desks, bit_of_desk);
        let places: [Option<Place>; AHEAD] = from_fn(|at| self.conversations.place(tasks[at]?.conversation?));
        look(&tasks, |task| bit_of_aside(task));
        look(&desks, bit_of_settings);
        let conversations: [Option<&Conversation>; AHEAD] = from_fn(|at| self.conversations.at(places[at]?));
        look(&conversations, bit_of_conversation);
        look(&desks, bit_of_lists);
        look(&conversations, |open| self.by_contact.get(&open.contact).map_or(0, |id| id.0));
        let next: [Option<Waiting>; AHEAD] = from_fn(|at| self.likely_next(desks[at]?));
        let rows: [Option<&Task>; AHEAD] = from_fn(|at| self.tasks.at(next[at]?.place));
        look(&rows, bit_of_task);
        next.iter().flatten().for_each(|next| _ = black_box(self.tasks.place(next.task)));
    }

    /// Looks at a task that is about to be given to somebody, before anything waits for it.
    pub(crate) fn look_at_task(&self, chosen: Candidate) {
        black_box(self.tasks.at(chosen.place).map(bit_of_task));
        black_box(self.tasks.place(chosen.task));
    }

    /// A task that a worker who is done with another may well be given: of those in front that may be his by their bits,
    /// the first due.
    fn likely_next(&self, desk: &Desk) -> Option<Waiting> {
        let queues = if desk.fronts.is_empty() { &desk.row.settings.queues[..] } else { &desk.fronts[..] };
        let lines = queues.iter().filter_map(|queue| self.index.lines.get(queue));
        let heads = lines.flat_map(|lines| lines.buckets()).filter_map(|(_, heads)| heads.within(desk.skills).next());
        heads.map(|head| head.waiting).min_by_key(|first| first.due_at)
    }
}

/// Looks at a bit of each, so that none waits for the one before it.
fn look<T>(those: &[Option<&T>], bit: impl Fn(&T) -> u64) {
    black_box(those.iter().flatten().fold(0, |bits, one| bits ^ bit(one)));
}

/// A bit of each line of memory that a task's row takes.
fn bit_of_task(task: &Task) -> u64 {
    let asked = task.asked.map_or(0, |(seq, _)| seq);
    let conversation = task.conversation.map_or(0, |id| id.0);
    asked ^ conversation ^ task.needs.len() as u64 ^ task.created_at.0 ^ u64::from(task.rule_set)
}

/// The same of what only some tasks have.
fn bit_of_aside(aside: &Aside) -> u64 {
    let parent = aside.parent.map_or(0, |id| id.0);
    let told_at = aside.supervisor_at.map_or(0, |at| at.0);
    parent ^ told_at ^ aside.declined.len() as u64 ^ u64::from(aside.strain)
}

/// The same of a conversation.
fn bit_of_conversation(open: &Conversation) -> u64 {
    open.heard_at.map_or(0, |at| at.0) ^ open.contact.0 as u64 ^ open.id.0 ^ open.seq
}

/// The same of a worker's desk.
fn bit_of_desk(desk: &Desk) -> u64 {
    let session = desk.row.session.map_or(0, |session| session.0);
    let part = desk.part.map_or(0, |part| part.back);
    let row = u64::from(desk.row.run.strain_milli) ^ u64::from(desk.row.capacity);
    session ^ part ^ row ^ desk.skills ^ u64::from(desk.load)
}

/// The same of his settings.
fn bit_of_settings(desk: &Desk) -> u64 {
    let settings = &*desk.row.settings;
    let group = settings.group.map_or(0, |group| group.0);
    let lists = settings.skills.len() ^ settings.queues.len() ^ settings.weights.len() ^ settings.paces_milli.len();
    settings.id.0 ^ group ^ lists as u64 ^ u64::from(settings.burden.cost)
}

/// The same of the lists that hang on his desk and on his settings.
fn bit_of_lists(desk: &Desk) -> u64 {
    let settings = &*desk.row.settings;
    let skills = [settings.skills.first(), settings.skills.last()].map(|has| has.map_or(0, |has| has.skill.0));
    let queues = [desk.fronts.first(), settings.queues.first()].map(|queue| queue.map_or(0, |queue| queue.0));
    let held = desk.held.iter().next().map_or(0, |task| task.0);
    skills[0] ^ skills[1] ^ queues[0] ^ queues[1] ^ held
}
