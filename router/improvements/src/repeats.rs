//! Customers who come again with what was closed: counted as it happens, by queue and by what the rules say of it.
//!
//! What is counted is a function of the log of events: of as much of it as one window is long. So whoever takes a shard over
//! reads that much, and counts on from there. What was told stands in the log too, and counts no more from then on.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use blendline_wire::event::improvement::ImprovementSource;
use blendline_wire::event::{Actor, Event, EventKind};
use blendline_wire::task::{Label, TaskKind};
use blendline_wire::{ConversationId, Millis, QueueId};

use crate::settings::Repeats;

/// Topics that are counted at once, and conversations whose topic is known; beyond that the oldest are forgotten.
const TOPICS_MAX: usize = 1_000;
const TALKS_MAX: usize = 10_000;
/// A window moves on by such a part of itself.
const PARTS: u64 = 64;

/// What is being counted, of one company.
#[derive(Clone, Debug, Default)]
pub struct Repeating {
    windows: BTreeMap<Topic, Window>,
    /// The topics of conversations, each with the part of time in which it began.
    talks: BTreeMap<ConversationId, (u64, Topic)>,
    /// The topics of which something happened since somebody looked.
    touched: BTreeSet<Topic>,
    within_ms: u64,
}

/// A queue, and what the rules say of its contacts.
pub type Topic = (QueueId, String);

type ByChannel = BTreeMap<String, u64>;

/// The parts of time in which something happened, the oldest first.
type Window = VecDeque<Part>;

#[derive(Clone, Debug, Default)]
struct Part {
    number: u64,
    contacts: ByChannel,
    repeats: ByChannel,
}

/// A topic of which too many come again.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Beyond {
    /// Since when it was counted.
    pub since: Millis,
    /// How many contacts there were.
    pub of: u64,
    /// Those that came again, by channel.
    pub repeats: BTreeMap<String, u64>,
}

/// How much of the log before an instant tells what is counted at it.
pub const fn remembered_ms(repeats: &Repeats) -> u64 {
    (PARTS + 1) * part_ms(repeats)
}

const fn part_ms(repeats: &Repeats) -> u64 {
    let part = repeats.within_ms / PARTS;
    if part == 0 { 1 } else { part }
}

impl Repeating {
    /// Takes up what happened; events come in their order.
    pub fn happened(&mut self, event: &Event, repeats: &Repeats) {
        if self.within_ms != repeats.within_ms {
            *self = Self { within_ms: repeats.within_ms, ..Self::default() };
        }
        let now = event.at.0 / part_ms(repeats);
        let channel = event.channel.as_deref().unwrap_or_default().to_owned();
        match &event.kind {
            EventKind::TaskCreated { kind: TaskKind::Conversation, queue, label: Some(label), .. } => {
                let topic = (*queue, topic_of(label));
                if let Some(talk) = event.conversation {
                    self.talks.insert(talk, (now, topic.clone()));
                    if TALKS_MAX < self.talks.len() {
                        self.talks.pop_first();
                    }
                }
                if let Some(part) = self.part(topic, now) {
                    *part.contacts.entry(channel).or_default() += 1;
                }
            }
            EventKind::MatterRepeated(_) => {
                let talk = event.conversation.and_then(|talk| self.talks.get(&talk)).cloned();
                // It is its contact that came again: where that counts no more, it does not either.
                let part = talk.and_then(|(began, topic)| {
                    let part = self.windows.get_mut(&topic)?.iter_mut().find(|part| part.number == began)?;
                    self.touched.insert(topic);
                    Some(part)
                });
                part.into_iter().for_each(|part| *part.repeats.entry(channel.clone()).or_default() += 1);
            }
            EventKind::ImprovementOpened(told) if told.source == ImprovementSource::Repeat => {
                self.told(event.actor, told.in_queue, told.topic.clone());
            }
            EventKind::ImprovementEvidence(told) => self.told(event.actor, told.in_queue, told.topic.clone()),
            _ => {}
        }
    }

    /// The topics to be looked at: something happened of them since.
    pub fn take_touched(&mut self) -> BTreeSet<Topic> {
        std::mem::take(&mut self.touched)
    }

    /// Whether a topic is beyond the share.
    pub fn beyond(&self, topic: &Topic, repeats: &Repeats, now: Millis) -> Option<Beyond> {
        let now = now.0 / part_ms(repeats);
        let window = self.windows.get(topic).filter(|_| self.within_ms == repeats.within_ms)?;
        let live = || window.iter().filter(|part| now < part.number + PARTS);
        let (of, again) = (sum(live().map(|part| &part.contacts)), sum(live().map(|part| &part.repeats)));
        let (of, count): (u64, u64) = (of.values().sum(), again.values().sum());
        let is_beyond =
            repeats.contacts <= of && u128::from(repeats.share_milli) * u128::from(of) < u128::from(count) * 1_000;
        let since = Millis(live().next()?.number * part_ms(repeats));
        is_beyond.then_some(Beyond { since, of, repeats: again })
    }

    /// What was told counts no more. Only rules tell it: a person who adds what he found counts nothing.
    fn told(&mut self, actor: Actor, queue: Option<QueueId>, topic: Option<String>) {
        if let (Actor::Rule, Some(topic)) = (actor, queue.zip(topic)) {
            self.windows.remove(&topic);
        }
    }

    /// The latest part of a topic's window; nothing where too much is counted already.
    fn part(&mut self, topic: Topic, now: u64) -> Option<&mut Part> {
        if TOPICS_MAX <= self.windows.len() && !self.windows.contains_key(&topic) {
            self.windows.retain(|_, window| window.back().is_some_and(|part| now < part.number + PARTS));
            if TOPICS_MAX <= self.windows.len() {
                return None;
            }
        }
        self.touched.insert(topic.clone());
        let window = self.windows.entry(topic).or_default();
        while window.front().is_some_and(|part| part.number + PARTS <= now) {
            window.pop_front();
        }
        if window.back().is_none_or(|part| part.number < now) {
            window.push_back(Part { number: now, ..Part::default() });
        }
        window.back_mut()
    }
}

fn topic_of(label: &Label) -> String {
    label.tags.first().or(label.case_type.as_ref()).unwrap_or(&label.rule).clone()
}

fn sum<'a>(parts: impl Iterator<Item = &'a ByChannel>) -> ByChannel {
    parts.flatten().fold(ByChannel::new(), |mut sum, (channel, count)| {
        *sum.entry(channel.clone()).or_default() += count;
        sum
    })
}
