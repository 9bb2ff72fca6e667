//! Looking ahead: what the next inputs are about is brought near while they wait for their turn.
//!
//! With half a million tasks nearly everything that a step touches lies far off in memory, each found by way of another,
//! and a step by itself waits for one after the other. A driver knows a batch before it steps the first of it: what all
//! of them name is looked at side by side, level by level, so the waits overlap.

use std::hint::black_box;

use blendline_wire::{TaskId, WorkerId};

use crate::desk::Desk;
use crate::dues::Due;
use crate::rows::{Aside, Conversation, Task};
use crate::scheduler::Scheduler;

/// How many to look at together: of fewer, less waits at once; of many more, the first would be gone from the caches when
/// their turn comes. Of 10, 25, 50 and 125, 25 was the quickest.
pub const AHEAD: usize = 25;

impl Scheduler {
    /// Looks at what inputs are about that name these workers and their tasks, [`AHEAD`] at a time. Nothing changes, and
    /// whoever leaves it out decides the same, only slower.
    pub fn look_ahead(&self, named: &[(WorkerId, TaskId)]) {
        // At their size at once: growing took more than a hundredth of a decision.
        let (mut tasks, mut desks) = (Vec::with_capacity(named.len()), Vec::with_capacity(named.len()));
        tasks.extend(named.iter().filter_map(|(_, task)| self.task(*task)));
        desks.extend(named.iter().filter_map(|(worker, _)| self.workers.get(worker)).map(Box::as_ref));
        tasks.iter().for_each(|task| near_task(task));
        desks.iter().for_each(|desk| near_desk(desk));
        let mut conversations: Vec<&Conversation> = Vec::with_capacity(named.len());
        conversations.extend(tasks.iter().filter_map(|task| self.conversation(task.conversation?)));
        for task in &tasks {
            let aside: &Aside = task;
            black_box((aside.parent, aside.silence.since, aside.begun_at, aside.strain));
            black_box(self.index.dues.contains(&(task.due_at, Due::Task(task.id))));
        }
        for desk in &desks {
            let settings = &*desk.row.settings;
            black_box((settings.id, settings.group, settings.burden));
            black_box((settings.queues.first(), settings.skills.first()));
        }
        for conversation in conversations {
            black_box((conversation.id, conversation.account, conversation.seq, conversation.heard_at));
            black_box(self.by_contact.get(&conversation.contact));
        }
    }
}

/// Reads a bit of each line of memory that a task's row takes.
fn near_task(task: &Task) {
    black_box((task.id, task.due_at, task.matter, task.asked, task.rule_set));
    black_box((task.conversation, task.needs.first(), task.lease, task.created_at));
}

/// The same of a worker's desk, and of what hangs on it.
fn near_desk(desk: &Desk) {
    black_box((desk.load, desk.skills, desk.part, desk.ready, desk.aside));
    black_box((desk.row.capacity, desk.row.session, desk.row.run, desk.row.idle_since));
    black_box((desk.fronts.first(), desk.held.iter().next()));
}
