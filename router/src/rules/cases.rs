//! The case types of a live rule set, with the hours that their stages count.

use std::collections::BTreeMap;

use blendline_cases::{Case, CaseType};
use blendline_rules::{Calendar, RuleSet};
use blendline_wire::org::CalendarSettings;
use blendline_wire::{CalendarId, Millis};

/// Case types by name.
#[derive(Clone, Debug, Default)]
pub struct CaseTypes {
    types: BTreeMap<String, CaseType>,
    calendars: BTreeMap<String, Calendar>,
}

impl CaseTypes {
    pub(super) fn of(set: &RuleSet) -> Self {
        let named_by = || set.cases.iter().flat_map(|case| calendars_of(&case.kind));
        let named = |name: &String| Some((name.clone(), set.calendars.get(name)?.value.clone()));
        Self {
            types: set.cases.iter().map(|case| (case.kind.name.clone(), case.kind.clone())).collect(),
            calendars: named_by().filter_map(named).collect(),
        }
    }

    /// True where the company has none.
    pub fn is_empty(&self) -> bool {
        self.types.is_empty()
    }

    /// True where something is decided by what else a customer has open.
    pub fn watch_customers(&self) -> bool {
        self.types.values().any(CaseType::watches_customer)
    }

    /// The type of this name.
    pub fn get(&self, name: &str) -> Option<&CaseType> {
        self.types.get(name)
    }

    /// All of them, by name.
    pub fn all(&self) -> impl Iterator<Item = &CaseType> {
        self.types.values()
    }

    /// The names of all.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.types.keys().map(String::as_str)
    }

    /// The hours that a type counts, compiled for what a case may ask of them: since it came to its stage, and from now on.
    pub fn calendars(&self, kind: &CaseType, case: Option<&Case>, now: Millis) -> BTreeMap<String, CalendarSettings> {
        let compiled = calendars_of(kind).filter_map(|name| {
            let calendar = self.calendars.get(name)?;
            let since = case.map_or(now, |case| case.stage.entered_at.min(now));
            let mut open = calendar.open(since);
            let known_until = open.last().map_or(Millis(0), |(_, closes)| *closes);
            open.extend(calendar.open(now).into_iter().filter(|(opens, _)| known_until < *opens));
            Some((name.clone(), CalendarSettings { id: CalendarId::default(), open }))
        });
        compiled.collect()
    }
}

/// The calendars that a type names.
fn calendars_of(kind: &CaseType) -> impl Iterator<Item = &String> {
    let contact = kind.contact.as_ref().and_then(|contact| contact.calendar.as_ref());
    kind.stages.iter().filter_map(|stage| stage.calendar.as_ref()).chain(contact)
}
