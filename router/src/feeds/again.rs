//! What was said of late is looked at again, where a platform does not tell that it was changed or removed.

use std::collections::VecDeque;

use blendline_connectors::{Connector, Poll};
use blendline_wire::Millis;
use blendline_wire::inbound::InboundEvent;
use tokio::time::{Duration, Instant};

use super::known::AGE_MS_MAX;

/// Things that are followed, the latest.
const FOLLOWED_MAX: usize = 200;
/// Things that are looked at in one turn.
const LOOKS_MAX: usize = 10;

/// What is followed, the one to be looked at next in front.
#[derive(Default)]
pub(super) struct Followed {
    things: VecDeque<Thing>,
    due: Option<Instant>,
}

/// One thing that was said.
pub(super) struct Thing {
    pub(super) told: InboundEvent,
    /// What the last change that was told is recognised by.
    pub(super) change: Option<String>,
}

impl Followed {
    /// Follows what the platform can be asked about.
    pub(super) fn follow(
        &mut self,
        connector: &dyn Connector,
        account: &blendline_connectors::Account,
        events: &[InboundEvent],
    ) {
        for event in events.iter().filter(|event| connector.look_again(account, event).is_some()) {
            let is_known = |thing: &Thing| thing.told.external_message_id == event.external_message_id;
            if !self.things.iter().any(is_known) {
                // Its words are not needed.
                let told = InboundEvent { text: None, attachments: Vec::new(), ..event.clone() };
                self.things.push_back(Thing { told, change: None });
            }
        }
        let surplus = self.things.len().saturating_sub(FOLLOWED_MAX);
        self.things.drain(..surplus);
    }

    /// How long until the next turn; `None` where nothing is followed.
    pub(super) fn wait(&self) -> Option<Duration> {
        self.due.filter(|_| !self.things.is_empty()).map(|due| due.saturating_duration_since(Instant::now()))
    }

    /// What is to be looked at now, each with the question. Whoever has an answer gives the thing back.
    pub(super) fn turn(
        &mut self,
        connector: &dyn Connector,
        account: &blendline_connectors::Account,
        now: Millis,
    ) -> Vec<(Thing, Poll)> {
        let is_fresh = |thing: &Thing| thing.told.timestamp.as_ref().is_none_or(|at| now.since(at.0) <= AGE_MS_MAX);
        self.things.retain(is_fresh);
        let ask = |thing: &Thing| connector.look_again(account, &thing.told);
        let Some(first) = self.things.front().and_then(ask) else { return Vec::new() };
        let due = *self.due.get_or_insert_with(|| Instant::now() + Duration::from_millis(first.interval_ms));
        if Instant::now() < due {
            return Vec::new();
        }
        self.due = Some(Instant::now() + Duration::from_millis(first.interval_ms));
        let count = self.things.len().min(LOOKS_MAX);
        self.things.drain(..count).filter_map(|thing| ask(&thing).map(|poll| (thing, poll))).collect()
    }

    /// It stays among what is followed.
    pub(super) fn keep(&mut self, thing: Thing) {
        self.things.push_back(thing);
    }
}
