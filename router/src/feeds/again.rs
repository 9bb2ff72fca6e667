//! What was said of late is looked at again, where a platform does not tell that it was changed or removed.

use std::collections::{BTreeSet, VecDeque};

use blendline_connectors::{Connector, Poll};
use blendline_wire::inbound::{ConversationKey, InboundEvent, InboundKind};
use blendline_wire::{Millis, Pii};
use tokio::time::{Duration, Instant};

use super::known::AGE_MS_MAX;
use crate::payload::{MessageBody, StoredMessage};

/// Things that are followed, the latest.
pub(super) const FOLLOWED_MAX: usize = 200;
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
        now: Millis,
    ) {
        for event in events.iter().filter(|event| connector.look_again(account, event, now).is_some()) {
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
        let ask = |thing: &Thing| connector.look_again(account, &thing.told, now);
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

/// What of a transcript's lines, newest first, may be looked at again: as it was told, the oldest first. What was removed
/// is not looked at any more.
pub(super) fn told_of(lines: Vec<StoredMessage>, account: &blendline_connectors::Account) -> Vec<InboundEvent> {
    let is_removal = |line: &&StoredMessage| line.body.kind == Some(InboundKind::Delete);
    let gone: BTreeSet<String> = lines.iter().filter(is_removal).filter_map(|line| line.body.target.clone()).collect();
    let heard = lines.into_iter().rev().map(|line| line.body);
    let there = heard.filter(|body| body.external_id.as_ref().is_some_and(|id| !gone.contains(id)));
    there.map(|body| event_of(body, account)).collect()
}

fn event_of(body: MessageBody, account: &blendline_connectors::Account) -> InboundEvent {
    let place = body.place.unwrap_or_default();
    let conversation_key = ConversationKey {
        account: account.external_id.clone(),
        peer: place.peer.map(Pii::into_inner),
        thread: place.thread,
    };
    InboundEvent {
        kind: body.kind.unwrap_or_default(),
        external_message_id: body.external_id,
        timestamp: body.timestamp,
        visibility: body.visibility,
        conversation_key,
        ..InboundEvent::default()
    }
}
