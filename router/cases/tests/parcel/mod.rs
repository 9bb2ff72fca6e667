//! A small case type: a parcel that did not come.

use std::collections::BTreeMap;

use blendline_cases::types::{CaseType, Field, FieldKind, Measure, Move, Press, Stage, Tell, Words};
use blendline_wire::event::case::{CaseMover, CaseOutcome};
use blendline_wire::task::ClockRule;

#[allow(dead_code, reason = "each test takes what it needs")]
pub(crate) const STAGES: &[&str] = &["looking", "asking", "delivering", "solved", "lost", "nowhere"];

pub(crate) fn words(text: &str) -> Words {
    Words(BTreeMap::from([("en".to_owned(), text.to_owned())]))
}

fn field(kind: FieldKind) -> Field {
    Field { kind, words: words("…") }
}

fn stage(name: &str, target_ms: u64, queue: Option<&str>) -> Stage {
    Stage {
        name: name.into(),
        words: words(name),
        target_ms: Some(target_ms),
        calendar: Some("office".into()),
        queue: queue.map(str::to_owned),
        clock: ClockRule::Stops,
        ..Stage::default()
    }
}

fn end(name: &str, outcome: CaseOutcome) -> Stage {
    Stage { name: name.into(), words: words(name), closes: Some(outcome), ..Stage::default() }
}

fn step(from: &str, to: &str, by: &[CaseMover], on: Option<&str>) -> Move {
    Move { from: from.into(), to: to.into(), by: by.to_vec(), needs: Vec::new(), on: on.map(str::to_owned) }
}

pub(crate) fn parcel() -> CaseType {
    use CaseMover::{Customer, System, Worker};
    let mut asking = stage("asking", 20, None);
    asking.tell = Some(Tell {
        text: words("Order {order}: again, or the money back?"),
        channels: Vec::new(),
        buttons: vec![(Press::Move("delivering".into()), words("Again")), (Press::Move("lost".into()), words("Money"))],
    });
    let mut solved = end("solved", CaseOutcome::Solved);
    solved.tell = Some(Tell {
        text: words("It was delivered."),
        channels: Vec::new(),
        buttons: vec![(Press::Confirm, words("Yes")), (Press::Deny, words("No"))],
    });
    CaseType {
        name: "parcel".into(),
        words: words("A parcel did not come"),
        fields: BTreeMap::from([
            ("order".to_owned(), field(FieldKind::Reference)),
            ("notes".to_owned(), field(FieldKind::Text)),
            ("promised".to_owned(), field(FieldKind::Date)),
            ("credit".to_owned(), field(FieldKind::Money { currency: "ILS".into(), by: None })),
        ]),
        first: "looking".into(),
        reopen_ms: 200,
        stages: vec![
            stage("looking", 12, Some("warehouse")),
            asking,
            stage("delivering", 30, Some("drivers")),
            solved,
            end("lost", CaseOutcome::Lost),
        ],
        moves: vec![
            Move { needs: vec!["promised".into()], ..step("looking", "delivering", &[Worker, System], Some("found")) },
            step("looking", "asking", &[Worker], Some("lost")),
            step("asking", "delivering", &[Customer, Worker], None),
            step("asking", "lost", &[Customer], None),
            step("delivering", "looking", &[Worker], Some("lost")),
            step("delivering", "solved", &[Worker, System], Some("delivered")),
        ],
        measures: vec![Measure { name: "until-found".into(), from: "looking".into(), until: "delivering".into() }],
        ..CaseType::default()
    }
}
