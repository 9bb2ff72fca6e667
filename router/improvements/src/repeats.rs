//! Customers who come again with what was closed: counted as it happens, by queue and by what the rules say of it.
//!
//! It is counted anew by each owner of a shard: what is lost with one comes again, or was not beyond the share.

use std::collections::BTreeMap;

use blendline_wire::event::{Event, EventKind};
use blendline_wire::task::{Label, TaskKind};
use blendline_wire::{ConversationId, Millis, QueueId};

use crate::settings::Repeats;

/// Topics that are counted at once, and conversations whose topic is known; beyond that the oldest are forgotten.
const TOPICS_MAX: usize = 1_000;
const TALKS_MAX: usize = 10_000;

/// What is being counted, of one company.
#[derive(Clone, Debug, Default)]
pub struct Repeating {
    windows: BTreeMap<Topic, Window>,
    talks: BTreeMap<ConversationId, Topic>,
}

type Topic = (QueueId, String);

#[derive(Clone, Debug, Default)]
struct Window {
    since: Millis,
    contacts: BTreeMap<String, u64>,
    repeats: BTreeMap<String, u64>,
}

/// A topic of which too many come again.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Beyond {
    /// The queue.
    pub queue: QueueId,
    /// What the rules say of it.
    pub topic: String,
    /// Since when it was counted.
    pub since: Millis,
    /// How many contacts there were.
    pub of: u64,
    /// Those that came again, by channel.
    pub repeats: BTreeMap<String, u64>,
}

impl Repeating {
    /// Takes up what happened.
    pub fn happened(&mut self, event: &Event) {
        let channel = event.channel.as_deref().unwrap_or_default().to_owned();
        match &event.kind {
            EventKind::TaskCreated { kind: TaskKind::Conversation, queue, label: Some(label), .. } => {
                let topic = (*queue, topic_of(label));
                if let Some(talk) = event.conversation {
                    self.talks.insert(talk, topic.clone());
                    if TALKS_MAX < self.talks.len() {
                        self.talks.pop_first();
                    }
                }
                if self.windows.len() < TOPICS_MAX || self.windows.contains_key(&topic) {
                    let new = || Window { since: event.at, ..Window::default() };
                    *self.windows.entry(topic).or_insert_with(new).contacts.entry(channel).or_default() += 1;
                }
            }
            EventKind::MatterRepeated(_) => {
                let topic = event.conversation.and_then(|talk| self.talks.get(&talk));
                if let Some(window) = topic.and_then(|topic| self.windows.get_mut(topic)) {
                    *window.repeats.entry(channel).or_default() += 1;
                }
            }
            _ => {}
        }
    }

    /// The topics that are beyond the share, each told once; what is older than the window is forgotten.
    pub fn beyond(&mut self, repeats: &Repeats, now: Millis) -> Vec<Beyond> {
        let mut found = Vec::new();
        self.windows.retain(|(queue, topic), window| {
            let of = sum(&window.contacts);
            let again = sum(&window.repeats);
            let is_beyond =
                repeats.contacts <= of && u128::from(repeats.share_milli) * u128::from(of) < u128::from(again) * 1_000;
            if is_beyond {
                let (queue, topic, repeats) = (*queue, topic.clone(), window.repeats.clone());
                found.push(Beyond { queue, topic, since: window.since, of, repeats });
            }
            !is_beyond && now < window.since.plus(repeats.within_ms)
        });
        found
    }
}

fn topic_of(label: &Label) -> String {
    label.tags.first().or(label.case_type.as_ref()).unwrap_or(&label.rule).clone()
}

fn sum(by_channel: &BTreeMap<String, u64>) -> u64 {
    by_channel.values().sum()
}
