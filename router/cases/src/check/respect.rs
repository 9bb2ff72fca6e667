//! Whether a type can owe to others what it says: somebody else has to be there to agree, and hours to write in.

use blendline_wire::event::case::CaseMover;

use super::{Checking, Place};
use crate::limits::TELLS_KEPT;
use crate::types::{FieldKind, Move};

impl Checking<'_> {
    /// A unit that a case is about does not end it alone: it is known which one, and there is another.
    pub(super) fn about(&mut self) {
        let kind = self.kind;
        let Some(field) = &kind.about else { return };
        match kind.fields.get(field).map(|field| &field.kind) {
            None => return self.unknown(Place::Type, "field", field, kind.fields.keys()),
            Some(FieldKind::Choice { of, .. }) => {
                let unknown = |units: &std::collections::BTreeSet<String>| {
                    of.iter().filter(|unit| !units.contains(*unit)).cloned().collect::<Vec<_>>()
                };
                let known = self.around.units.iter().flatten();
                for unit in self.around.units.as_ref().map(unknown).unwrap_or_default() {
                    self.unknown(Place::Field(field.clone()), "unit", &unit, known.clone());
                }
            }
            Some(FieldKind::Reference) => {}
            Some(_) => {
                let message = format!("`{field}` cannot name a unit");
                let place = Place::Field(field.clone());
                self.problem(place, "not_here", message, "`type: reference`, or `choice` of units");
            }
        }
        let ends = |step: &Move| kind.stage(&step.to).is_some_and(|stage| stage.closes.is_some());
        let by_others = |step: &Move| step.by.iter().any(|by| *by != CaseMover::Customer);
        for (at, step) in kind.moves.iter().enumerate().filter(|(_, step)| ends(step) && by_others(step)) {
            if !step.needs.contains(field) {
                let message = "a case could end before it is known which unit it is about";
                self.problem(Place::Move(at, ""), "missing_key", message, format!("`needs: [{field}]`"));
            }
        }
        if self.around.units.as_ref().is_some_and(|units| units.len() < 2) {
            let message = "nobody of another unit could agree that a case about one is over";
            self.problem(Place::Type, "nobody_agrees", message, "configure at least two units, with workers in each");
        }
    }

    pub(super) fn contact(&mut self) {
        let kind = self.kind;
        let Some(contact) = &kind.contact else { return };
        if let Some(calendar) = contact.calendar.as_ref().filter(|name| !self.around.calendars.contains(*name)) {
            self.unknown(Place::Type, "calendar", calendar, &self.around.calendars);
        }
        if let Some(agent) = contact.agent.as_ref().filter(|name| !kind.fields.contains_key(*name)) {
            self.unknown(Place::Type, "field", agent, kind.fields.keys());
        }
        if contact.at_most.is_some_and(|(times, _)| times == 0 || TELLS_KEPT < times as usize) {
            let message = format!("a customer is written to 1 to {TELLS_KEPT} times");
            self.problem(Place::Type, "out_of_range", message, "`at_most: 3`");
        }
    }
}
