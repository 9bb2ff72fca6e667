//! A figure, counted from the log of events.

use std::collections::BTreeSet;

use blendline_wire::event::improvement::{Figure, Measure, Measured};
use blendline_wire::event::{Event, EventKind};
use blendline_wire::task::{Label, TaskKind};
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
}

impl Counting {
    /// Nothing is counted yet. What happened from `since` on and before `until` will be.
    pub fn new(measure: Measure, since: Millis, until: Millis) -> Self {
        let (talks, tasks) = (BTreeSet::new(), BTreeSet::new());
        Self { measure, since, until, contacts: 0, answers: 0, count: 0, talks, tasks }
    }

    /// Takes up an event; events come in their order.
    pub fn take(&mut self, event: &Event) {
        if event.at < self.since || self.until <= event.at {
            return;
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

    fn is_of(&self, queue: QueueId, label: Option<&Label>) -> bool {
        let Measure { in_queue, topic, case_type, .. } = &self.measure;
        let says = |topic: &String| label.is_some_and(|label| label.rule == *topic || label.tags.contains(topic));
        let opens = |wanted: &String| label.is_some_and(|label| label.case_type.as_ref() == Some(wanted));
        in_queue.is_none_or(|wanted| wanted == queue)
            && topic.as_ref().is_none_or(says)
            && case_type.as_ref().is_none_or(opens)
    }

    /// What came of it.
    pub fn measured(self) -> Measured {
        let Self { measure, since, until, contacts, answers, count, .. } = self;
        let (count, of) = match measure.figure {
            Figure::Contacts => (contacts, contacts),
            Figure::Repeats | Figure::Denials => (count, contacts),
            Figure::LowAnswers => (count, answers),
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
