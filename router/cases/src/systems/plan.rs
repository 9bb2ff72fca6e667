//! What an event asks of which case. Pure: whether the cases can do it is theirs to say.

use std::collections::BTreeMap;

use blendline_wire::event::case::CaseValue;
use blendline_wire::{CaseId, Pii};

use super::{ExternalEvent, Parked, Reaction, Source, System};
use crate::case::Case;
use crate::command::{Command, Values};
use crate::types::{CaseType, FieldKind};

/// What is to be done.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Step {
    /// This is asked of a case.
    Ask(CaseId, Command),
    /// A case of this type is opened with these values.
    Open(String, Values),
    /// It stands there already: nothing is to be done.
    Stands(CaseId),
}

/// What an event asks of the cases that bear its reference; the reason why a person has to look at it, where it asks nothing.
pub fn plan<'a>(
    system: &System,
    event: &ExternalEvent,
    kind: impl Fn(&str) -> Option<&'a CaseType>,
    cases: &[&Case],
) -> Result<Vec<Step>, Parked> {
    let reactions = system.events.get(&event.kind).ok_or_else(|| Parked::new("unknown_kind", event.kind.clone()))?;
    let (mut steps, mut over) = (Vec::new(), 0);
    for case in cases {
        let Some(of) = kind(&case.case_type).filter(|of| bears(of, system, event, case)) else { continue };
        let Some(reaction) = reactions.iter().find(|reaction| suits(reaction, of)) else { continue };
        match asked(reaction, of, event, case)? {
            Some(step) => steps.push(step),
            None => over += 1,
        }
    }
    if !steps.is_empty() {
        return Ok(steps);
    }
    match reactions.iter().find_map(|reaction| Some((reaction, reaction.open.as_deref()?))) {
        Some((reaction, name)) => {
            let of = kind(name).ok_or_else(|| Parked::new("no_type", name))?;
            let mut fields = values(reaction, of, event)?;
            fields.insert(system.reference.clone(), Some(text(&event.reference)));
            Ok(vec![Step::Open(name.to_owned(), fields)])
        }
        None if over > 0 => Err(Parked::new("case_closed", event.reference.clone())),
        None => Err(Parked::new("unknown_reference", event.reference.clone())),
    }
}

/// True when the case is about what the event is about.
fn bears(of: &CaseType, system: &System, event: &ExternalEvent, case: &Case) -> bool {
    let is_reference = of.fields.get(&system.reference).is_some_and(|field| field.kind == FieldKind::Reference);
    is_reference && case.fields.get(&system.reference) == Some(&text(&event.reference))
}

/// True when a reaction says something of cases of this type.
pub(crate) fn suits(reaction: &Reaction, of: &CaseType) -> bool {
    let named = match (&reaction.case_type, &reaction.open) {
        (None, Some(opens)) => *opens == of.name,
        (named, _) => named.as_ref().is_none_or(|named| *named == of.name),
    };
    let has_stage = reaction.to.as_ref().is_none_or(|stage| of.stage(stage).is_some());
    named && has_stage && reaction.set.keys().all(|field| of.fields.contains_key(field))
}

/// What a reaction asks of a case; `None` where the case is over and stands elsewhere.
fn asked(reaction: &Reaction, of: &CaseType, event: &ExternalEvent, case: &Case) -> Result<Option<Step>, Parked> {
    let stands = reaction.to.as_ref().is_some_and(|to| *to == case.stage.name);
    if !case.is_open() {
        return Ok(stands.then_some(Step::Stands(case.id)));
    }
    let fields = values(reaction, of, event)?;
    Ok(Some(match &reaction.to {
        Some(to) if !stands => Step::Ask(case.id, Command::Move { to: to.clone(), fields }),
        _ if fields.is_empty() => Step::Stands(case.id),
        _ => Step::Ask(case.id, Command::Set { fields }),
    }))
}

fn values(reaction: &Reaction, of: &CaseType, event: &ExternalEvent) -> Result<Values, Parked> {
    let mut values = BTreeMap::new();
    for (name, source) in &reaction.set {
        let value = match source {
            Source::Reference => text(&event.reference),
            Source::Field(field) => {
                event.fields.get(field).cloned().ok_or_else(|| Parked::new("no_value", field.clone()))?
            }
            Source::Text(words) => of.fields.get(name).map_or_else(|| text(words), |field| written(&field.kind, words)),
        };
        values.insert(name.clone(), Some(value));
    }
    Ok(values)
}

/// A value as the rules write it.
pub(crate) fn written(kind: &FieldKind, words: &str) -> CaseValue {
    match (kind, words.parse()) {
        (FieldKind::Number, Ok(number)) => CaseValue::Number(number),
        _ => text(words),
    }
}

fn text(words: &str) -> CaseValue {
    CaseValue::Text(Pii::new(words.to_owned()))
}
