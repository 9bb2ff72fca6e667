//! Whatever is asked of improvements, in whatever order.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeMap;

use blendline_improvements::{Command, Costs, Evidence, Improvement, Opening, Refusal, Settings, Terms, Writer, apply};
use blendline_wire::event::EventKind;
use blendline_wire::event::improvement::{Figure, ImprovementSource, ImprovementStatus, Measure, Measured, Phase};
use blendline_wire::{ImprovementId, Millis, Pii, TenantId, WorkerId};
use proptest::prelude::*;

const MANAGERS: [WorkerId; 3] = [WorkerId(7), WorkerId(8), WorkerId(9)];

fn opening(contacts: u64) -> Command {
    let contacts = BTreeMap::from([("webchat".to_owned(), contacts)]);
    Command::Open(Box::new(Opening {
        id: ImprovementId(1),
        tenant: TenantId(1),
        source: ImprovementSource::WrapUp,
        title: "The form asks twice".into(),
        text: None,
        queue: None,
        topic: None,
        unit: None,
        evidence: Evidence { contacts, ..Evidence::default() },
        writer: Some(Writer { worker: WorkerId(1), task: None, matter: None, conversation: None }),
    }))
}

fn measured(count: u64) -> Box<Measured> {
    let measure = Measure { figure: Figure::Contacts, in_queue: None, topic: None, case_type: None };
    Box::new(Measured { measure, since: Millis(1), until: Millis(2), count, of: count, milli: count })
}

fn command() -> impl Strategy<Value = Command> {
    prop_oneof![
        3 => (0_u64..9, 1_u64..4).prop_map(|(count, worker)| Command::Add {
            evidence: Box::new(Evidence {
                contacts: BTreeMap::from([("email".to_owned(), count)]),
                ..Evidence::default()
            }),
            writer: Some(Writer { worker: WorkerId(worker), task: None, matter: None, conversation: None }),
        }),
        3 => (6_u64..10, prop::option::of(0_u64..60), prop::bool::ANY).prop_map(|(by, day, words)| Command::Answer {
            by: WorkerId(by),
            do_by: day.map(|day| Millis(day * 1_000)),
            words: Pii::new(if words { "so".to_owned() } else { " ".to_owned() }),
        }),
        2 => Just(Command::Begin),
        2 => Just(Command::Finish),
        1 => Just(Command::Reopen),
        1 => Just(Command::Part),
        1 => Just(Command::Join { into: ImprovementId(1) }),
        2 => prop::bool::ANY.prop_map(|after| Command::Measure {
            phase: if after { Phase::After } else { Phase::Before },
            measured: measured(3),
        }),
        6 => Just(Command::Look),
    ]
}

fn settings() -> Settings {
    Settings { answer_ms: 10_000, climb_ms: 5_000, climbs_max: 2, ..Settings::default() }
}

proptest! {
    /// What is owed has a time at which it is looked at, or stands at the top of the tree; what is done was measured.
    #[test]
    fn nothing_that_is_owed_is_forgotten(steps in prop::collection::vec((0_u64..4_000, command()), 1..60)) {
        let settings = settings();
        let terms = Terms { settings: &settings, managers: &MANAGERS, members: 0, into: None };
        let mut it = apply(&terms, None, opening(2), Millis(0)).unwrap().improvement;
        let (mut now, mut contacts, mut top) = (0, 2, false);
        for (later, command) in steps {
            now += later;
            let change = match apply(&terms, Some(&it), command, Millis(now)) {
                Ok(change) => change,
                Err(_) => continue,
            };
            for event in &change.events {
                match event {
                    EventKind::ImprovementEvidence(more) => contacts += more.contacts.values().sum::<u64>(),
                    EventKind::ImprovementEscalated(up) => {
                        prop_assert!(!top, "it was told twice that nobody stands above");
                        prop_assert!(up.climbs <= 2);
                        top = up.to.is_none();
                    }
                    EventKind::ImprovementAnswered(_) => top = false,
                    EventKind::ImprovementMoved(moved) => top &= moved.to != ImprovementStatus::Reopened,
                    _ => {}
                }
            }
            it = change.improvement;
            prop_assert_eq!(it.contact_count(), contacts);
            prop_assert!(it.status.is_over() || it.look_at.is_some() || top);
            if it.status == ImprovementStatus::Done {
                prop_assert!(it.before.is_some() && it.after.is_some());
            }
        }
    }

    /// Nobody answers, and it is looked at whenever its time comes: it goes up to the last manager who may have it, and stays.
    #[test]
    fn what_nobody_answers_climbs_to_a_bound(climbs_max in 0_u32..6, managers in 0_usize..4) {
        let settings = Settings { climbs_max, ..settings() };
        let managers = &MANAGERS[..managers.min(3)];
        let terms = Terms { settings: &settings, managers, members: 0, into: None };
        let mut it = apply(&terms, None, opening(1), Millis(0)).unwrap().improvement;
        let mut looked = 0;
        while let Some(at) = it.look_at {
            it = apply(&terms, Some(&it), Command::Look, at).unwrap().improvement;
            looked += 1;
            prop_assert!(looked <= 10, "it climbs without end");
        }
        let place = (climbs_max as usize).min(managers.len().saturating_sub(1));
        prop_assert_eq!(it.owner, managers.get(place).copied());
    }

    #[test]
    fn a_price_is_the_sum_of_its_channels(email in 0_u64..1_000_000, other in 0_u64..1_000_000, each in 0_i64..100_000) {
        let channels = BTreeMap::from([("email".to_owned(), each)]);
        let costs = Costs { currency: "ILS".into(), contact: 7, channels };
        let contacts = BTreeMap::from([("email".to_owned(), email), ("webchat".to_owned(), other)]);
        prop_assert_eq!(costs.price(&contacts), email as i64 * each + other as i64 * 7);
        prop_assert_eq!(costs.price(&BTreeMap::from([("webchat".to_owned(), u64::MAX)])), i64::MAX);
    }
}

fn open(id: u128) -> Improvement {
    let settings = settings();
    let terms = Terms { settings: &settings, managers: &MANAGERS, members: 0, into: None };
    Improvement { id: ImprovementId(id), ..apply(&terms, None, opening(1), Millis(0)).unwrap().improvement }
}

#[test]
fn groups_have_one_level() {
    let settings = settings();
    let (one, two) = (open(1), open(2));
    let terms = Terms { settings: &settings, managers: &MANAGERS, members: 0, into: Some((&two, 0)) };
    let join = |terms: &Terms<'_>, it: &Improvement| {
        apply(terms, Some(it), Command::Join { into: ImprovementId(2) }, Millis(5)).map(|change| change.improvement)
    };
    let joined = join(&terms, &one).unwrap();
    assert_eq!((joined.group, joined.look_at), (Some(ImprovementId(2)), None));
    assert_eq!(join(&Terms { members: 1, ..terms }, &one), Err(Refusal::NoGroup));
    assert_eq!(join(&Terms { into: Some((&two, 100)), ..terms }, &one), Err(Refusal::TooMany));
    assert_eq!(join(&terms, &two), Err(Refusal::NoGroup), "nothing belongs to itself");
    let begun = apply(&terms, Some(&joined), Command::Begin, Millis(6));
    assert_eq!(begun.unwrap_err(), Refusal::Joined { into: ImprovementId(2) });
    let parted = apply(&terms, Some(&joined), Command::Part, Millis(6)).unwrap().improvement;
    assert_eq!((parted.group, parted.look_at), (None, Some(Millis(10_000))));
}
