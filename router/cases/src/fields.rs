//! What commands do to the fields of a case.

use blendline_wire::event::EventKind;
use blendline_wire::event::case::{CaseFieldSet, CaseValue};

use crate::apply::Deciding;
use crate::command::Values;
use crate::refusal::Refusal;
use crate::types::FieldKind;
use crate::values;

impl Deciding<'_> {
    /// Whether all these fields have values.
    pub(crate) fn known(&self, needs: &[String]) -> Result<(), Refusal> {
        let missing = needs.iter().filter(|field| !self.case.fields.contains_key(*field)).cloned();
        let fields: Vec<String> = missing.collect();
        if fields.is_empty() { Ok(()) } else { Err(Refusal::Missing { fields }) }
    }

    /// Takes values up. Those that are there already are no event.
    pub(crate) fn set(&mut self, given: &Values) -> Result<(), Refusal> {
        for (name, value) in given {
            let Some(field) = self.terms.kind.fields.get(name) else {
                return Err(Refusal::UnknownField { field: name.clone() });
            };
            if let FieldKind::Money { by: Some(action), .. } = &field.kind {
                return Err(Refusal::NeedsDecision { field: name.clone(), action: action.clone() });
            }
            if value.as_ref().is_some_and(|value| !values::fits(&field.kind, value)) {
                return Err(Refusal::WrongValue { field: name.clone(), expected: field.kind.expected() });
            }
            if self.case.fields.get(name) == value.as_ref() {
                continue;
            }
            self.about(name, value.as_ref())?;
            let is_open = values::is_open(&field.kind);
            let said = value.clone().filter(|_| is_open);
            let (case, filled) = (self.case.id, value.is_some());
            self.happen(EventKind::CaseFieldSet(CaseFieldSet { case, field: name.clone(), filled, value: said }));
            if let Some(text) = value.clone().filter(|_| !is_open) {
                self.case.fields.insert(name.clone(), text);
            }
            if filled {
                self.kept_by_field(name);
            }
            self.day_changed(name);
        }
        Ok(())
    }

    /// Adds up what was decided for it, also where it is over: money is given back after that as well.
    pub(crate) fn given(&mut self, action: &str, currency: &str, minor: i64) {
        let adds = |kind: &FieldKind| match kind {
            FieldKind::Money { currency: own, by: Some(by) } => own == currency && by == action,
            _ => false,
        };
        for (name, _) in self.terms.kind.fields.iter().filter(|(_, field)| adds(&field.kind)) {
            let before = match self.case.fields.get(name) {
                Some(CaseValue::Money { minor, .. }) => *minor,
                _ => 0,
            };
            let minor = before.saturating_add(minor);
            let value = (minor != 0).then(|| CaseValue::Money { minor, currency: currency.to_owned() });
            let (case, field, filled) = (self.case.id, name.clone(), value.is_some());
            self.happen(EventKind::CaseFieldSet(CaseFieldSet { case, field, filled, value }));
        }
    }
}
