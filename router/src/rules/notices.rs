//! Notices with handles for names.

use blendline_rules::notice::{Notice, When};
use blendline_rules::{Calendar, RuleSet};
use blendline_wire::{Millis, QueueId};

use super::Names;

/// A notice, ready to be told.
#[derive(Clone, Debug)]
pub struct Told {
    /// What it says.
    pub notice: Notice,
    /// Queues it is for; empty: all.
    queues: Vec<QueueId>,
    /// The hours that count, where they are not the queue's.
    calendar: Option<Calendar>,
}

impl Told {
    pub(super) fn new(notice: &Notice, set: &RuleSet, names: &Names<'_>) -> Self {
        let calendar = notice.calendar.as_ref().and_then(|name| set.calendars.get(&name.value));
        Self {
            queues: notice.queues.iter().map(|queue| (names.queue)(&queue.value)).collect(),
            calendar: calendar.map(|calendar| calendar.value.clone()),
            notice: notice.clone(),
        }
    }

    /// Whether it is for what came by this channel into this queue.
    pub fn is_for(&self, channel: &str, queue: QueueId) -> bool {
        let channels = &self.notice.channels;
        (channels.is_empty() || channels.iter().any(|own| own.value == channel))
            && (self.queues.is_empty() || self.queues.contains(&queue))
    }

    /// Whether its moment is a message that began a conversation.
    pub fn is_at_the_beginning(&self) -> bool {
        self.notice.when != When::Window
    }

    /// When it opens next, by its own hours; `None` where it has none, or they run.
    pub fn opens_at(&self, now: Millis) -> Option<Option<Millis>> {
        let calendar = self.calendar.as_ref()?;
        if calendar.is_open(now) {
            return Some(None);
        }
        Some(calendar.open(now).into_iter().map(|(opens, _)| opens).find(|opens| now < *opens))
    }
}
