//! Who works where, as far as authority depends on it.

use std::collections::{BTreeMap, BTreeSet};

use blendline_wire::WorkerId;

use crate::grants::{Delegation, Role, Who};

/// The people of a company and the tree of its units.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Company {
    people: BTreeMap<WorkerId, Person>,
    by_name: BTreeMap<String, WorkerId>,
    /// The unit above each.
    parents: BTreeMap<String, Option<String>>,
}

/// One of the people.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Person {
    /// His name.
    pub name: String,
    /// The unit he belongs to.
    pub unit: Option<String>,
    /// The groups he works in.
    pub groups: BTreeSet<String>,
    /// The units he answers for.
    pub manages: BTreeSet<String>,
    /// What he can do, and how well.
    pub skills: BTreeMap<String, u8>,
}

/// How near somebody stands to whoever asks: steps up the tree, and of one step whoever answers for the unit first.
pub(crate) type Nearness = (usize, bool);

impl Company {
    /// Of these people and units; each unit with the one above it.
    pub fn new(
        people: impl IntoIterator<Item = (WorkerId, Person)>,
        units: impl IntoIterator<Item = (String, Option<String>)>,
    ) -> Self {
        let people: BTreeMap<WorkerId, Person> = people.into_iter().collect();
        let by_name = people.iter().map(|(id, person)| (person.name.clone(), *id)).collect();
        Self { people, by_name, parents: units.into_iter().collect() }
    }

    /// Everybody.
    pub fn people(&self) -> impl Iterator<Item = WorkerId> + '_ {
        self.people.keys().copied()
    }

    /// One of them.
    pub fn person(&self, id: WorkerId) -> Option<&Person> {
        self.people.get(&id)
    }

    /// The one of this name.
    pub fn named(&self, name: &str) -> Option<WorkerId> {
        self.by_name.get(name).copied()
    }

    /// A unit and those above it, from below.
    fn upwards<'a>(&'a self, unit: Option<&'a str>) -> impl Iterator<Item = &'a str> {
        let above = |unit: &&'a str| self.parents.get(*unit).and_then(|parent| parent.as_deref());
        // The configuration refuses circles; one would end here all the same.
        std::iter::successors(unit, above).take(self.parents.len().max(1))
    }

    /// True where a unit is this one or below it.
    fn is_within(&self, unit: Option<&str>, whole: &str) -> bool {
        self.upwards(unit).any(|unit| unit == whole)
    }

    /// Whether a grant to `who` is this person's.
    pub fn is_given_to(&self, who: &Who, id: WorkerId) -> bool {
        let Some(person) = self.people.get(&id) else { return false };
        let Who { role, group, unit, worker } = who;
        let is_manager = *role == Some(Role::Manager);
        // A manager's unit is the one that he answers for.
        let in_unit = |whole: &str| match is_manager {
            true => person.manages.iter().any(|managed| self.is_within(Some(managed), whole)),
            false => self.is_within(person.unit.as_deref(), whole),
        };
        (!is_manager || !person.manages.is_empty())
            && group.as_ref().is_none_or(|group| person.groups.contains(group))
            && unit.as_deref().is_none_or(in_unit)
            && worker.as_ref().is_none_or(|worker| *worker == person.name)
    }

    /// Whose authority somebody may use: his own, then that of those he stands in for by now.
    pub(crate) fn holders(
        &self,
        delegations: &[Delegation],
        id: WorkerId,
        now: blendline_wire::Millis,
    ) -> Vec<WorkerId> {
        let Some(person) = self.people.get(&id) else { return Vec::new() };
        let holds = |given: &&Delegation| given.taker == person.name && given.from <= now && now < given.until;
        let givers = delegations.iter().filter(holds).filter_map(|given| self.named(&given.giver));
        let mut holders = vec![id];
        for giver in givers {
            if !holders.contains(&giver) {
                holders.push(giver);
            }
        }
        holders
    }

    /// How near `other` stands to `asker`, where he stands at or above his place. Whoever belongs to no unit stands at the top;
    /// where the asker belongs to none, so does everybody.
    pub(crate) fn nearness(&self, asker: WorkerId, other: WorkerId) -> Option<Nearness> {
        let (asker, other) = (self.people.get(&asker)?, self.people.get(&other)?);
        let path: Vec<&str> = self.upwards(asker.unit.as_deref()).collect();
        if path.is_empty() {
            return Some((0, other.manages.is_empty()));
        }
        let managed = path.iter().position(|unit| other.manages.contains(*unit)).map(|at| (at, false));
        let belongs = path.iter().position(|unit| other.unit.as_deref() == Some(*unit)).map(|at| (at, true));
        let at_top = (other.unit.is_none() && other.manages.is_empty()).then_some((path.len(), true));
        managed.into_iter().chain(belongs).chain(at_top).min()
    }
}
