//! The judge: what must hold after every step, derived from the design alone.
//!
//! Nothing here asks the core what it thinks but where the two are compared with each other.

mod calls;
mod events;
mod intake;
mod ladders;
mod offers;
mod outbound;
mod promises;
mod reserve;
mod returns;
mod scan;
mod tasks;
mod time;

use std::collections::{BTreeMap, BTreeSet};

use blendline_core::Scheduler;
use blendline_core::effect::{Effect, MessageRow, Release, Write};
use blendline_core::input::{Command, Input};
use blendline_core::rows::Task;
use blendline_wire::event::{Event, EventKind};
use blendline_wire::{ConversationId, Millis, OutboundId, TaskId};

use super::rows::{Changes, Rows};
use super::verdict::Check;
use super::world::answer_of;

/// One step, as seen from outside.
pub struct Step<'a> {
    /// The step's time: never before the latest the core has seen.
    pub now: Millis,
    /// What went in.
    pub input: &'a Input,
    /// What came out.
    pub effects: &'a [Effect],
    /// What the writes changed.
    pub changes: &'a Changes,
    /// The rows after the step.
    pub rows: &'a Rows,
    /// The core after the step.
    pub core: &'a Scheduler,
    /// True when a deadline was due before the step.
    pub was_due: bool,
}

impl<'a> Step<'a> {
    /// The events written, in order.
    pub fn events(&self) -> impl Iterator<Item = &'a Event> + use<'a> {
        self.effects.iter().filter_map(|effect| match effect {
            Effect::Write(Write::Event(event)) => Some(&**event),
            _ => None,
        })
    }

    /// The transcript lines written, in order.
    pub fn messages(&self) -> impl Iterator<Item = &'a MessageRow> + use<'a> {
        self.effects.iter().filter_map(|effect| match effect {
            Effect::Write(Write::Message(row)) => Some(row),
            _ => None,
        })
    }

    /// The releases, in order.
    pub fn releases(&self) -> impl Iterator<Item = &'a Release> + use<'a> {
        self.effects.iter().filter_map(|effect| match effect {
            Effect::Release(release) => Some(release),
            Effect::Write(_) => None,
        })
    }

    /// A task as it was before the step.
    pub fn before(&self, id: TaskId) -> Option<&'a Task> {
        match self.changes.tasks.get(&id) {
            Some((old, _)) => old.as_ref(),
            None => self.rows.tasks.get(&id).or_else(|| self.rows.closed.get(&id)),
        }
    }

    /// A task as it is after the step.
    pub fn after(&self, id: TaskId) -> Option<&'a Task> {
        self.rows.tasks.get(&id).or_else(|| self.rows.closed.get(&id))
    }
}

/// What the judge remembers from step to step; it is rolled back with the rows.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    /// The last event's number and time.
    last_event: (u64, Millis),
    /// The last place given in each transcript.
    seqs: BTreeMap<(Option<ConversationId>, Option<TaskId>), u64>,
    /// Where each open task stands by the events alone.
    by_events: BTreeMap<TaskId, events::Stand>,
    /// Tasks whose missed target was told, with that target.
    missed: BTreeSet<(TaskId, Millis)>,
    /// Messages that met an account that was down: such attempts do not count.
    met_down: BTreeSet<OutboundId>,
    /// The place and the coming of the last message in each task that wants an answer.
    asked: BTreeMap<TaskId, (u64, Millis)>,
    /// When the owner of a task last did something in it, or it last began to wait for him.
    expected_since: BTreeMap<TaskId, Millis>,
    /// Since when a queue that is promised something, by all or by a group, has had nothing though somebody was there for
    /// it.
    hungry: BTreeMap<promises::Promised, Millis>,
    /// Since when somebody free could have had some of it all the time.
    starving: BTreeMap<promises::Promised, Millis>,
}

impl Memory {
    /// Remembers what a customer asked.
    fn hear(&mut self, step: &Step<'_>) {
        let Command::Message(message) = &step.input.command else { return };
        for event in step.events().filter(|_| message.kind.wants_answer()) {
            if let (EventKind::MessageReceived { seq, .. }, Some(task)) = (&event.kind, event.task) {
                self.asked.insert(task, (*seq, message.received_at.min(step.now)));
            }
        }
    }

    /// When the message came that a worker had not seen when he settled this task with success.
    fn unread(&self, step: &Step<'_>, id: TaskId) -> Option<Millis> {
        let Command::Settle { task, seen: Some(seen), .. } = &step.input.command else { return None };
        let heard = *task == id && matches!(answer_of(step.effects), Some(Ok(_)));
        self.asked.get(&id).filter(|(seq, _)| heard && seen < seq).map(|(_, at)| *at)
    }
}

/// Every check of one step.
pub fn all(memory: &mut Memory, step: &Step<'_>) -> Check {
    events::check(memory, step)?;
    memory.hear(step);
    tasks::check(memory, step)?;
    ladders::check(step)?;
    scan::check(step)?;
    offers::check(step)?;
    promises::check(memory, step)?;
    outbound::check(memory, step)?;
    intake::check(step)?;
    returns::check(step)?;
    calls::check(memory, step)?;
    time::check(memory, step)
}
