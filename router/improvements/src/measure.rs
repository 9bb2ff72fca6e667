//! A figure, counted from the log of events.

use std::collections::BTreeSet;

use blendline_wire::event::improvement::{Figure, Measure, Measured};
use blendline_wire::event::{Event, EventKind};
use blendline_wire::task::{Label, Target, TaskKind};
use blendline_wire::{ConversationId, Millis, QueueId, TaskId};

const WEEK_MS: u128 = 7 * 86_400_000;
/// Answers of this score or below are low.
const LOW: u8 = 2;

/// A figure in the making.
#[derive(Clone, Debug)]
pub struct Counting {
    measure: Measure,
    since: Millis,
    until: Millis,
    contacts: u64,
    answers: u64,
    count: u64,
    talks: BTreeSet<ConversationId>,
    tasks: BTreeSet<TaskId>,
    /// Of whatever queue, the tasks of which the rules say what is measured.
    labelled: BTreeSet<TaskId>,
}

impl Counting {
    /// Nothing is counted yet. What happened from `since` on and before `until` will be.
    pub fn new(measure: Measure, since: Millis, until: Millis) -> Self {
        let (talks, tasks, labelled) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        Self { measure, since, until, contacts: 0, answers: 0, count: 0, talks, tasks, labelled }
    }

    /// Takes up an event; events come in their order.
    pub fn take(&mut self, event: &Event) {
        if event.at < self.since || self.until <= event.at {
            return;
        }
        if self.measure.figure == Figure::SentBack {
            return self.take_return(event);
        }
        let is_mine = |talks: &BTreeSet<ConversationId>| event.conversation.is_some_and(|talk| talks.contains(&talk));
        match (&event.kind, self.measure.figure) {
            (EventKind::TaskCreated { kind: TaskKind::Conversation, queue, label, .. }, _)
                if self.is_of(*queue, label.as_deref()) =>
            {
                self.contacts += 1;
                self.talks.extend(event.conversation);
                self.tasks.extend(event.task);
            }
            (EventKind::MatterRepeated(_), Figure::Repeats) if is_mine(&self.talks) => self.count += 1,
            (EventKind::TaskDenied, Figure::Denials) if is_mine(&self.talks) => self.count += 1,
            (EventKind::SatisfactionAnswered { of_task, score, .. }, Figure::LowAnswers)
                if self.tasks.contains(of_task) =>
            {
                self.answers += 1;
                self.count += u64::from(*score <= LOW);
            }
            _ => {}
        }
    }

    /// Tasks of every sort count, as they are created in a queue or passed on to it, and those of them that came back to it.
    fn take_return(&mut self, event: &Event) {
        let is_here = |queue: QueueId| self.measure.in_queue.is_none_or(|wanted| wanted == queue);
        match &event.kind {
            EventKind::TaskCreated { queue, label, .. } if self.is_labelled(label.as_deref()) => {
                self.labelled.extend(event.task);
                self.tasks.extend(event.task.filter(|_| is_here(*queue)));
            }
            EventKind::TaskTransferred { to: Target::Queue(queue), .. } if is_here(*queue) => {
                self.tasks.extend(event.task.filter(|task| self.labelled.contains(task)));
            }
            EventKind::WorkSentBack(told) => {
                let is_mine = told.of_task.is_some_and(|task| self.labelled.contains(&task));
                self.count += u64::from(is_mine && told.of_queue.is_some_and(is_here));
            }
            _ => {}
        }
    }

    fn is_of(&self, queue: QueueId, label: Option<&Label>) -> bool {
        self.measure.in_queue.is_none_or(|wanted| wanted == queue) && self.is_labelled(label)
    }

    /// Whether the rules say of a task what is measured.
    fn is_labelled(&self, label: Option<&Label>) -> bool {
        let Measure { topic, case_type, .. } = &self.measure;
        let says = |topic: &String| label.is_some_and(|label| label.rule == *topic || label.tags.contains(topic));
        let opens = |wanted: &String| label.is_some_and(|label| label.case_type.as_ref() == Some(wanted));
        topic.as_ref().is_none_or(says) && case_type.as_ref().is_none_or(opens)
    }

    /// What came of it.
    pub fn measured(self) -> Measured {
        let Self { measure, since, until, contacts, answers, count, tasks, .. } = self;
        let (count, of) = match measure.figure {
            Figure::Contacts => (contacts, contacts),
            Figure::Repeats | Figure::Denials => (count, contacts),
            Figure::LowAnswers => (count, answers),
            Figure::SentBack => (count, u64::try_from(tasks.len()).unwrap_or(u64::MAX)),
        };
        let milli = match measure.figure {
            Figure::Contacts => {
                u128::from(count) * 1_000 * WEEK_MS / u128::from(until.0.saturating_sub(since.0).max(1))
            }
            _ => u128::from(count) * 1_000 / u128::from(of.max(1)),
        };
        let milli = u64::try_from(milli).unwrap_or(u64::MAX);
        Measured { measure, since, until, count, of, milli }
    }
}
