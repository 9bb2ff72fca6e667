//! What happened to a case, to be read beside it.
//!
//! Each event of a case is kept once more in the register, in the commit that writes it to the log: the log is read from its
//! beginning, and who looks at a case wants its own. Keys begin with eight bytes of the case, so that all of one lies
//! together; behind them stands the time, the newest first.

use blendline_cases::CaseType;
use blendline_cases::types::Press;
use blendline_wire::event::case::CaseMover;
use blendline_wire::event::{Event, EventKind};
use blendline_wire::{CaseId, Millis, Pii, TenantId};
use serde::Deserialize as _;

use crate::ports::register::{self, Entry, Key, Kind};
use crate::ports::store::{Archive, StoreError};

/// Events of a case that are looked at: the newest.
pub const SHOWN_MAX: usize = 500;

fn prefix(tenant: TenantId, case: CaseId) -> [u8; 8] {
    let whole = register::key(Kind::CaseEvent, tenant, &[&case.to_string()]);
    std::array::from_fn(|index| whole[index])
}

/// An event as an entry of the register, where it is one of a case.
pub fn entry(event: &Event) -> Option<Entry> {
    let case = event.kind.case()?;
    let mut key = Key::default();
    key[..8].copy_from_slice(&prefix(event.tenant, case));
    // Two events of one millisecond are told apart by the end of their numbers.
    let stamp = (event.at.0 << 16) | (event.id.0 & 0xffff);
    key[8..].copy_from_slice(&(u64::MAX - stamp).to_be_bytes());
    let body = Pii::new(serde_json::to_value(event).ok()?);
    Some(Entry { kind: Kind::CaseEvent, key, tenant: event.tenant, at: event.at, body })
}

/// What happened to a case, oldest first.
///
/// # Errors
/// When the record does not answer.
pub async fn of_case(archive: &dyn Archive, tenant: TenantId, case: CaseId) -> Result<Vec<Event>, StoreError> {
    let prefix = prefix(tenant, case);
    let mut first = Key::default();
    first[..8].copy_from_slice(&prefix);
    let before = u128::from_be_bytes(first).checked_sub(1).map(u128::to_be_bytes);
    let found = archive.entries_of(tenant, Kind::CaseEvent, before, SHOWN_MAX).await?;
    let own = found.into_iter().take_while(|entry| entry.key.starts_with(&prefix));
    let mut events: Vec<Event> = own.filter_map(|entry| Event::deserialize(entry.body.expose()).ok()).collect();
    events.sort_unstable_by_key(|event| (event.at, event.id));
    Ok(events)
}

/// What a customer was given to press, and what he pressed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Asked {
    /// When.
    pub at: Millis,
    /// In which stage.
    pub stage: String,
    /// What he pressed, and when.
    pub pressed: Option<(Millis, Press)>,
}

/// The buttons that a customer was sent, oldest first.
pub fn asked(kind: &CaseType, events: &[Event]) -> Vec<Asked> {
    let has_buttons = |stage: &str| {
        kind.stage(stage).and_then(|stage| stage.tell.as_ref()).is_some_and(|tell| !tell.buttons.is_empty())
    };
    let mut found: Vec<Asked> = Vec::new();
    for event in events {
        if let EventKind::CaseTold(told) = &event.kind
            && told.whom == "customer"
            && told.outcome == "told"
            && has_buttons(&told.stage)
        {
            found.push(Asked { at: event.at, stage: told.stage.clone(), pressed: None });
        }
        let Some(press) = press(&event.kind) else { continue };
        // An older question of the same stage may be the one that he pressed below: the case heard one answer.
        let of_stage = |asked: &&mut Asked| match &event.kind {
            EventKind::CaseMoved(moved) => asked.stage == moved.left.stage,
            _ => true,
        };
        if let Some(asked) = found.iter_mut().rev().find(of_stage).filter(|asked| asked.pressed.is_none()) {
            asked.pressed = Some((event.at, press));
        }
    }
    found
}

/// The button that an event tells of.
fn press(event: &EventKind) -> Option<Press> {
    match event {
        EventKind::CaseMoved(moved) if moved.by == CaseMover::Customer => {
            Some(Press::Move(moved.entered.stage.clone()))
        }
        EventKind::CaseConfirmed(_) => Some(Press::Confirm),
        EventKind::CaseReopened(reopened) if reopened.denied => Some(Press::Deny),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use blendline_cases::types::{Stage, Tell, Words};
    use blendline_wire::EventId;
    use blendline_wire::event::case::{CaseConfirmed, CaseMoved, CaseTold, StageEntered, StageLeft};
    use blendline_wire::event::{Activity, Actor};

    fn event(id: u64, kind: EventKind) -> Event {
        Event {
            id: EventId(id),
            at: Millis(id * 10),
            tenant: TenantId(1),
            kind,
            actor: Actor::System,
            activity: Activity::default(),
            unit: None,
            matter: None,
            conversation: None,
            task: None,
            side: None,
            channel: None,
            cause: None,
            rule_set: 1,
        }
    }

    fn told(id: u64, stage: &str, outcome: &str) -> Event {
        let (case, whom, outcome) = (CaseId(7), "customer".to_owned(), outcome.to_owned());
        event(
            id,
            EventKind::CaseTold(CaseTold {
                case,
                stage: stage.to_owned(),
                whom,
                outcome,
                about: String::new(),
                tell_at: None,
            }),
        )
    }

    fn moved(id: u64, from: &str, to: &str, by: CaseMover) -> Event {
        let left = StageLeft {
            stage: from.to_owned(),
            entered_at: Millis(1),
            ran_ms: 1,
            stood_ms: 0,
            used_ms: 1,
            due_at: None,
            late: false,
        };
        let entered = StageEntered { stage: to.to_owned(), due_at: None, responsible: None, waits_for: String::new() };
        let moved = CaseMoved {
            case: CaseId(7),
            case_type: "parcel".into(),
            version: 1,
            left,
            entered,
            by,
            disposition: None,
            owner: None,
        };
        event(id, EventKind::CaseMoved(Box::new(moved)))
    }

    fn parcel() -> CaseType {
        let stage = |name: &str, press: Option<Press>| {
            let buttons = press.map(|press| (press, Words::default())).into_iter().collect();
            let tell = Some(Tell { buttons, ..Tell::default() });
            Stage { name: name.to_owned(), tell, ..Stage::default() }
        };
        let stages = vec![
            stage("looking", None),
            stage("asking", Some(Press::Move("solved".into()))),
            stage("solved", Some(Press::Confirm)),
        ];
        CaseType { stages, ..CaseType::default() }
    }

    #[test]
    fn what_a_customer_pressed_stands_at_what_he_was_asked() {
        let confirmed = EventKind::CaseConfirmed(CaseConfirmed { case: CaseId(7), after_ms: 1 });
        let events = [
            told(1, "looking", "told"),
            told(2, "asking", "conversation_over"),
            told(3, "asking", "told"),
            moved(4, "asking", "solved", CaseMover::Customer),
            told(5, "solved", "told"),
            event(6, confirmed),
        ];
        let seen = asked(&parcel(), &events);
        let pressed = |at: u64, press: Press| Some((Millis(at), press));
        let expected = [
            Asked { at: Millis(30), stage: "asking".into(), pressed: pressed(40, Press::Move("solved".into())) },
            Asked { at: Millis(50), stage: "solved".into(), pressed: pressed(60, Press::Confirm) },
        ];
        assert_eq!(seen, expected);
        // A worker's move is no press.
        let by_worker = [told(1, "asking", "told"), moved(2, "asking", "solved", CaseMover::Worker)];
        assert_eq!(asked(&parcel(), &by_worker)[0].pressed, None);
    }

    #[test]
    fn events_of_a_case_lie_together_and_others_nowhere() {
        let (one, two) = (entry(&told(1, "asking", "told")).unwrap(), entry(&told(2, "asking", "told")).unwrap());
        assert!(one.key[..8] == two.key[..8] && two.key < one.key);
        assert!(entry(&event(3, EventKind::WrapUpEnded)).is_none());
    }
}
