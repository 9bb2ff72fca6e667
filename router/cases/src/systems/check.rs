//! Whether what the company wrote of other systems can be done by its cases.

use std::collections::BTreeMap;

use blendline_wire::event::case::CaseMover;
use blendline_wire::flaw::Flaw;

use super::plan::{suits, written};
use super::{Reaction, Source, System};
use crate::types::{CaseType, FieldKind};
use crate::values::fits;

/// Where something is wrong: in the system's reference, or in which reaction to which kind of event, and there in what.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Place {
    /// In the reference.
    Reference,
    /// In a reaction: the kind of event, which of its reactions, and the key in it.
    Reaction(String, usize, &'static str),
}

/// What is wrong.
pub type Problem = Flaw<Place>;

/// All that is wrong with a system.
pub fn check(system: &System, types: &BTreeMap<&str, &CaseType>) -> Vec<Problem> {
    let bears =
        |of: &&&CaseType| of.fields.get(&system.reference).is_some_and(|field| field.kind == FieldKind::Reference);
    let bearing: Vec<&CaseType> = types.values().filter(bears).copied().collect();
    if bearing.is_empty() {
        let message = format!("no case type has a field `{}` of the type `reference`", system.reference);
        let cure = "name the field that holds what this system calls an order, a delivery, a credit note";
        return vec![Problem::new(Place::Reference, "no_field", message, cure)];
    }
    let mut problems = Vec::new();
    for (kind, reactions) in &system.events {
        for (at, reaction) in reactions.iter().enumerate() {
            let place = |key| Place::Reaction(kind.clone(), at, key);
            one(system, reaction, types, &bearing, &place, &mut problems);
        }
    }
    problems
}

fn one(
    system: &System,
    reaction: &Reaction,
    types: &BTreeMap<&str, &CaseType>,
    bearing: &[&CaseType],
    place: &dyn Fn(&'static str) -> Place,
    problems: &mut Vec<Problem>,
) {
    let mut tell = |code, key, message: String, cure| problems.push(Problem::new(place(key), code, message, cure));
    for (key, named) in [("case", &reaction.case_type), ("open", &reaction.open)] {
        let Some(name) = named else { continue };
        if !types.contains_key(name.as_str()) {
            let known: Vec<String> = types.keys().map(|name| (*name).to_owned()).collect();
            return problems.push(Problem::unknown(place(key), "case type", name, &known));
        }
        if !bearing.iter().any(|of| of.name == *name) {
            let message = format!("the case type `{name}` has no field `{}` of the type `reference`", system.reference);
            return tell("no_field", key, message, "such a case could never be found again");
        }
    }
    if reaction.to.is_none() && reaction.open.is_none() && reaction.set.is_empty() {
        return tell("missing_key", "", "this does nothing".to_owned(), "`move`, `set` or `open`");
    }
    let suiting: Vec<&&CaseType> = bearing.iter().filter(|of| suits(reaction, of)).collect();
    if suiting.is_empty() {
        let key = if reaction.to.is_some() { "move" } else { "set" };
        let message = "no case type that bears the reference has this stage and these fields".to_owned();
        return tell("no_field", key, message, "compare with `stages` and `fields` of the type");
    }
    if let Some(to) = &reaction.to {
        let may = |of: &&&CaseType| of.moves.iter().any(|step| step.to == *to && step.by.contains(&CaseMover::System));
        if !suiting.iter().any(may) {
            let message = format!("no move to `{to}` is a system's to make");
            tell("no_move", "move", message, "add `by: [worker, system]` to a move that leads there");
        }
    }
    for (field, source) in &reaction.set {
        let kinds = suiting.iter().filter_map(|of| of.fields.get(field)).map(|field| &field.kind);
        for kind in kinds {
            let decided = matches!(kind, FieldKind::Money { by: Some(_), .. });
            let wrong = matches!(source, Source::Text(words) if !fits(kind, &written(kind, words)));
            if decided {
                tell("not_here", "set", format!("`{field}` says what was decided"), "leave it to decisions");
            } else if wrong {
                let cure = "write what the field can hold, or `{name}` for a field of the event";
                tell("wrong_type", "set", format!("`{field}` holds {}", kind.expected()), cure);
            }
        }
    }
}
