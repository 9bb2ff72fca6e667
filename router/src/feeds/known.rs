//! What of an answer is new, and what became of that which the answers before held.

use std::collections::{BTreeMap, VecDeque};

use blendline_wire::Millis;
use blendline_wire::inbound::{ConversationKey, InboundEvent, InboundKind};
use sha2::{Digest, Sha256};

use super::fetch::Validators;

/// What is older is not taken in: the record knows duplicates for eight days.
pub(super) const AGE_MS_MAX: u64 = 7 * 24 * 60 * 60 * 1000;
/// Happenings of the stream that are remembered, so that they are not asked for again.
const STREAMED_MAX: usize = 1_000;

/// How far a source has been read. In memory only: see the module.
#[derive(Default)]
pub(super) struct Known {
    pub(super) validators: Validators,
    pub(super) position: Option<String>,
    /// What the last answer held, by what it is recognised by; an answer is bounded, and so is this. `None` before the
    /// first.
    pub(super) last: Option<BTreeMap<String, Shown>>,
    pub(super) failures: u32,
    streamed: VecDeque<String>,
}

/// What is remembered of one thing of a list.
#[derive(Clone)]
pub(super) struct Shown {
    place: ConversationKey,
    id: Option<String>,
    visibility: Option<String>,
    at: Option<Millis>,
    words: [u8; 16],
    /// Answers in a row that did not hold it, although they held older things.
    missing: u8,
}

/// How many answers in a row must lack a thing before it is gone: lists are sometimes served half.
const MISSING_MAX: u8 = 2;

/// What an answer tells.
#[derive(Default)]
pub(super) struct Told {
    /// What is to be taken in, the oldest first.
    pub(super) new: Vec<InboundEvent>,
    /// Things of the first answer that are passed over for want of a time.
    pub(super) passed_over: usize,
}

impl Known {
    /// What of an answer is to be taken in, and what to remember of it as the last one when that is durable. `lists_all`
    /// where what is missing is gone and what differs was changed.
    pub(super) fn tell(
        &self,
        events: Vec<InboundEvent>,
        lists_all: bool,
        now: Millis,
    ) -> (Told, BTreeMap<String, Shown>) {
        let mut shown: BTreeMap<String, Shown> =
            events.iter().filter_map(|event| Some((event.duplicate_key()?, Shown::of(event)))).collect();
        let mut told = Told::default();
        if lists_all && let Some(last) = &self.last {
            told.new.extend(events.iter().filter_map(|event| changed(last, event)));
            told.new.extend(gone(last, &mut shown));
        }
        let (fresh, passed_over) = self.fresh(events, now);
        told.new.extend(fresh);
        told.passed_over = passed_over;
        // What is taken in first stands first; removals have no time and come last.
        told.new.sort_by_key(|event| event.timestamp.as_ref().map_or(Millis(u64::MAX), |at| at.0));
        (told, shown)
    }

    /// What is gone for good when the same answer comes again: what it lacked it lacks still.
    pub(super) fn still_missing(&self) -> Vec<InboundEvent> {
        let missing = self.last.iter().flatten().filter(|(_, one)| 0 < one.missing);
        missing.filter_map(|(_, one)| one.removal()).collect()
    }

    /// It was told.
    pub(super) fn forget_missing(&mut self) {
        if let Some(last) = &mut self.last {
            last.retain(|_, one| one.missing == 0);
        }
    }

    fn fresh(&self, events: Vec<InboundEvent>, now: Millis) -> (Vec<InboundEvent>, usize) {
        let mut passed_over = 0;
        let is_new = |event: &InboundEvent| {
            let key = event.duplicate_key();
            let fresh = match (&event.timestamp, &self.last) {
                (Some(at), _) => now.since(at.0) <= AGE_MS_MAX,
                (None, Some(_)) => true,
                (None, None) => {
                    passed_over += 1;
                    false
                }
            };
            fresh && !key.is_some_and(|key| self.knows(&key))
        };
        let mut new: Vec<_> = events.into_iter().filter(is_new).collect();
        // Lists begin with the newest.
        new.reverse();
        (new, passed_over)
    }

    /// True for what the last answer held or the stream brought.
    pub(super) fn knows(&self, key: &str) -> bool {
        self.last.as_ref().is_some_and(|last| last.contains_key(key)) || self.streamed.iter().any(|known| known == key)
    }

    /// The stream brought it, and it is durable.
    pub(super) fn heard(&mut self, keys: impl IntoIterator<Item = String>) {
        self.streamed.extend(keys);
        let surplus = self.streamed.len().saturating_sub(STREAMED_MAX);
        self.streamed.drain(..surplus);
    }
}

impl Shown {
    fn of(event: &InboundEvent) -> Self {
        Self {
            place: event.conversation_key.clone(),
            id: event.external_message_id.clone(),
            visibility: event.visibility.clone(),
            at: event.timestamp.as_ref().map(|at| at.0),
            words: words(event),
            missing: 0,
        }
    }

    fn removal(&self) -> Option<InboundEvent> {
        let id = self.id.clone()?;
        Some(InboundEvent {
            kind: InboundKind::Delete,
            target_message_id: Some(id.clone()),
            external_message_id: Some(id),
            conversation_key: self.place.clone(),
            visibility: self.visibility.clone(),
            ..InboundEvent::default()
        })
    }
}

fn words(event: &InboundEvent) -> [u8; 16] {
    let text = event.text.as_ref().map_or("", |text| text.expose());
    let mut words = [0; 16];
    words.copy_from_slice(&Sha256::digest(text.as_bytes())[..16]);
    words
}

/// The change of a thing that says something else than before.
fn changed(last: &BTreeMap<String, Shown>, event: &InboundEvent) -> Option<InboundEvent> {
    let before = last.get(&event.duplicate_key()?)?;
    let words = words(event);
    if before.words == words {
        return None;
    }
    let id = event.external_message_id.clone()?;
    Some(InboundEvent {
        kind: InboundKind::Edit,
        dedup_key: Some(format!("{id}:{}", hex::encode(words))),
        target_message_id: Some(id),
        // When it was changed nobody says.
        timestamp: None,
        ..event.clone()
    })
}

/// The removals of what is missing although older things are there. What is missing for the first time is kept in mind.
fn gone(last: &BTreeMap<String, Shown>, shown: &mut BTreeMap<String, Shown>) -> Vec<InboundEvent> {
    let oldest = shown.values().filter_map(|one| one.at).min();
    let mut removals = Vec::new();
    for (key, one) in last {
        if shown.contains_key(key) || one.at.zip(oldest).is_none_or(|(at, oldest)| at <= oldest) {
            continue;
        }
        // The same thing under a newer version is no removal.
        let again = shown.values().any(|other| other.id == one.id && other.missing == 0);
        if again {
            continue;
        }
        let missing = one.missing + 1;
        if missing >= MISSING_MAX {
            removals.extend(one.removal());
        } else {
            shown.insert(key.clone(), Shown { missing, ..one.clone() });
        }
    }
    removals
}

#[cfg(test)]
mod tests {
    use blendline_wire::time::Instant;

    use super::*;

    const DAY_MS: u64 = 24 * 60 * 60 * 1000;
    const NOW: Millis = Millis(1_767_225_600_000);

    fn said(id: &str, age_days: Option<u64>) -> InboundEvent {
        let timestamp = age_days.map(|days| Instant(Millis(NOW.0 - days * DAY_MS)));
        InboundEvent {
            external_message_id: Some(id.to_owned()),
            text: Some(id.into()),
            timestamp,
            ..InboundEvent::default()
        }
    }

    fn told(known: &mut Known, events: Vec<InboundEvent>) -> Vec<String> {
        let (told, shown) = known.tell(events, true, NOW);
        known.last = Some(shown);
        let word = |event: &InboundEvent| {
            format!("{} {}", event.kind.as_str(), event.external_message_id.as_deref().unwrap_or_default())
        };
        told.new.iter().map(word).collect()
    }

    #[test]
    fn what_is_old_or_of_unknown_age_is_not_begun_with() {
        let answer = vec![said("a", Some(1)), said("b", Some(8)), said("c", None)];
        let (told, _) = Known::default().tell(answer, true, NOW);
        assert_eq!((told.new[0].external_message_id.as_deref(), told.new.len()), (Some("a"), 1));
        assert_eq!(told.passed_over, 1);
    }

    #[test]
    fn the_oldest_comes_first() {
        let answer = vec![said("c", Some(1)), said("b", Some(1)), said("a", Some(2))];
        assert_eq!(told(&mut Known::default(), answer), ["message a", "message b", "message c"]);
    }

    #[test]
    fn only_what_the_last_answer_did_not_hold_is_new() {
        let mut known = Known::default();
        told(&mut known, vec![said("a", Some(1)), said("c", None)]);
        known.heard(["message\u{1f}s\u{1f}".to_owned()]);
        let answer = vec![said("a", Some(1)), said("c", None), said("d", None), said("e", Some(0)), said("f", Some(9))];
        assert_eq!(told(&mut known, [answer, vec![said("s", Some(0))]].concat()), ["message e", "message d"]);
    }

    #[test]
    fn what_says_something_else_was_changed_once() {
        let mut known = Known::default();
        told(&mut known, vec![said("a", Some(1))]);
        let changed = InboundEvent { text: Some("other words".into()), ..said("a", Some(1)) };
        assert_eq!(told(&mut known, vec![changed.clone()]), ["edit a"]);
        assert_eq!(told(&mut known, vec![changed]), Vec::<String>::new());
    }

    #[test]
    fn what_is_missing_twice_while_older_things_are_there_is_gone() {
        let mut known = Known::default();
        told(&mut known, vec![said("c", Some(1)), said("b", Some(2)), said("a", Some(3))]);
        // The oldest fall out of every list.
        assert_eq!(told(&mut known, vec![said("c", Some(1)), said("b", Some(2))]), Vec::<String>::new());
        assert_eq!(told(&mut known, vec![said("b", Some(2))]), Vec::<String>::new());
        assert_eq!(told(&mut known, vec![said("c", Some(1)), said("b", Some(2))]), Vec::<String>::new(), "half a list");
        assert_eq!(told(&mut known, vec![said("b", Some(2))]), Vec::<String>::new());
        assert_eq!(told(&mut known, vec![said("b", Some(2))]), ["delete c"]);
        assert_eq!(told(&mut known, vec![said("b", Some(2))]), Vec::<String>::new());
        assert_eq!(told(&mut known, vec![]), Vec::<String>::new(), "an empty list proves nothing");
    }
}
