//! Whether what the company wrote makes sense. Each problem has its place and its cure.

use std::collections::{BTreeMap, BTreeSet};

use blendline_wire::flaw::Flaw;
use blendline_wire::money::is_currency;

use crate::company::Company;
use crate::grants::{ACTIONS, Authority, Delegation, Grant, Role};
use crate::limits::{ACTIONS_MAX, DELEGATIONS_MAX, GRANTS_MAX};

/// What the text may name that is not its own.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    /// The queues.
    pub queues: BTreeSet<String>,
    /// The calendars.
    pub calendars: BTreeSet<String>,
    /// The groups.
    pub groups: BTreeSet<String>,
    /// The skills.
    pub skills: BTreeSet<String>,
    /// The units; `None` where they are not at hand, and any name is taken.
    pub units: Option<BTreeSet<String>>,
    /// The workers, likewise.
    pub workers: Option<BTreeSet<String>>,
}

/// Where a problem is.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Place {
    /// The whole section.
    Whole,
    /// An action of the company's own, by its number from 0.
    Action(usize),
    /// A grant, and the key in it.
    Grant(String, &'static str),
    /// A delegation by its number from 0, and the key in it.
    Delegation(usize, &'static str),
    /// A key of the approvals.
    Approvals(&'static str),
}

/// A problem.
pub type Problem = Flaw<Place>;

/// The words of problems that only authority has.
pub const CODES: &[&str] = &["authority_circle", "bad_currency", "limit_order", "nobody_approves"];

/// All that is wrong with the text by itself.
pub fn check(authority: &Authority, around: &Surroundings) -> Vec<Problem> {
    let mut checking = Checking { authority, around, problems: Vec::new() };
    checking.sizes();
    authority.grants.iter().for_each(|grant| checking.grant(grant));
    authority.delegations.iter().enumerate().for_each(|(at, given)| checking.delegation(at, given));
    checking.circles();
    checking.approvals();
    checking.problems
}

/// What is wrong with it among these people: nobody who could say yes. `serving` are those whom the queue of approvals has.
pub fn check_people(authority: &Authority, company: &Company, serving: &[String]) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut problem = |place, message: String, cure: &str| {
        problems.push(Problem::new(place, "nobody_approves", message, cure));
    };
    let holders = |grant: &Grant| company.people().filter(|id| company.is_given_to(&grant.who, *id)).count();
    for grant in &authority.grants {
        let four_eyes = grant.four_eyes.filter(|above| *above < grant.limit);
        // Whoever may give at least as much, by any grant, is a second person.
        let enough = authority.of(&grant.action, &grant.currency).filter(|other| grant.limit <= other.limit);
        let able: BTreeSet<_> =
            enough.flat_map(|other| company.people().filter(|id| company.is_given_to(&other.who, *id))).collect();
        if four_eyes.is_some() && 0 < holders(grant) && able.len() < 2 {
            let message = format!("`{}` wants a second person, and there is none who may give as much", grant.name);
            let cure = "give somebody else at least the same limit, or lower it to `four_eyes`";
            problem(Place::Grant(grant.name.clone(), "four_eyes"), message, cure);
        }
    }
    if authority.approvals.is_some() && !authority.grants.is_empty() {
        let may = |name: &String| {
            let id = company.named(name);
            id.is_some_and(|id| authority.grants.iter().any(|grant| company.is_given_to(&grant.who, id)))
        };
        if !serving.iter().any(may) {
            let message = "nobody who serves the queue of approvals may decide anything".to_owned();
            let cure = "let those serve it who have grants with higher limits";
            problem(Place::Approvals("queue"), message, cure);
        }
    }
    problems
}

struct Checking<'a> {
    authority: &'a Authority,
    around: &'a Surroundings,
    problems: Vec<Problem>,
}

impl Checking<'_> {
    fn problem(&mut self, place: Place, code: &'static str, message: impl Into<String>, cure: impl Into<String>) {
        self.problems.push(Problem::new(place, code, message, cure));
    }

    fn known(&mut self, place: Place, what: &str, name: &str, known: Option<&BTreeSet<String>>) {
        let Some(known) = known.filter(|known| !known.contains(name)) else { return };
        self.problems.push(Problem::unknown(place, what, name, known));
    }

    fn sizes(&mut self) {
        let counts = [
            ("actions", self.authority.actions.len(), ACTIONS_MAX),
            ("grants", self.authority.grants.len(), GRANTS_MAX),
            ("delegations", self.authority.delegations.len(), DELEGATIONS_MAX),
        ];
        for (what, count, most) in counts {
            if most < count {
                let message = format!("there are {count} {what}, and at most {most} are read");
                self.problem(Place::Whole, "too_many", message, "give them to groups and units instead of persons");
            }
        }
    }

    fn grant(&mut self, grant: &Grant) {
        let place = |key| Place::Grant(grant.name.clone(), key);
        let around = self.around;
        let who = &grant.who;
        if let Some(group) = &who.group {
            self.known(place("who"), "group", group, Some(&around.groups));
        }
        if let Some(unit) = &who.unit {
            self.known(place("who"), "unit", unit, around.units.as_ref());
        }
        if let Some(worker) = &who.worker {
            self.known(place("who"), "worker", worker, around.workers.as_ref());
        }
        if who.role.is_none() && who.group.is_none() && who.unit.is_none() && who.worker.is_none() {
            let cure = "`who: {group: desk}`, or a `role`, `unit` or `worker`";
            self.problem(place("who"), "missing_key", "this grant is nobody's", cure);
        }
        if !self.authority.knows(&grant.action) {
            let names = ACTIONS.iter().map(|action| (*action).to_owned());
            let names: BTreeSet<String> = names.chain(self.authority.actions.iter().cloned()).collect();
            self.known(place("action"), "action", &grant.action, Some(&names));
        }
        if !grant.currency.is_empty() && !is_currency(&grant.currency) {
            let message = format!("`{}` is no currency", grant.currency);
            self.problem(place("currency"), "bad_currency", message, "three capital letters, as `ILS`");
        }
        if let Some(calendar) = &grant.calendar {
            self.known(place("calendar"), "calendar", calendar, Some(&around.calendars));
        }
        for skill in grant.skills.keys() {
            self.known(place("skills"), "skill", skill, Some(&around.skills));
        }
        self.limits(grant);
    }

    fn limits(&mut self, grant: &Grant) {
        let place = |key| Place::Grant(grant.name.clone(), key);
        if grant.day.is_some_and(|day| day < grant.limit) {
            let message = "one decision may be larger than a whole day's";
            self.problem(place("limit"), "limit_order", message, "`limit` is at most `day`");
        }
        if grant.customer.is_some_and(|customer| customer.limit < grant.limit) {
            let message = "one decision may be larger than all that a customer may get";
            self.problem(place("limit"), "limit_order", message, "`limit` is at most the customer's");
        }
        if grant.four_eyes.is_some_and(|above| grant.limit <= above) {
            let message = "no decision is as large as what wants a second person";
            self.problem(place("four_eyes"), "limit_order", message, "`four_eyes` is below `limit`");
        }
        if let (Some(from), Some(until)) = (grant.from, grant.until)
            && until <= from
        {
            let message = "the grant ends before it begins";
            self.problem(place("until"), "out_of_range", message, "`until` is the last day, and not before `from`");
        }
    }

    fn delegation(&mut self, at: usize, given: &Delegation) {
        let place = |key| Place::Delegation(at, key);
        let around = self.around;
        self.known(place("from"), "worker", &given.giver, around.workers.as_ref());
        self.known(place("to"), "worker", &given.taker, around.workers.as_ref());
        if given.until <= given.from {
            let message = "the absence ends before it begins";
            self.problem(place("until"), "out_of_range", message, "`until` is the last day, and not before `since`");
        }
    }

    /// Nobody stands in for himself, at however many removes at one time.
    fn circles(&mut self) {
        let mut takers: BTreeMap<&str, Vec<&Delegation>> = BTreeMap::new();
        for given in &self.authority.delegations {
            takers.entry(&given.giver).or_default().push(given);
        }
        let mut found = Vec::new();
        for (at, given) in self.authority.delegations.iter().enumerate() {
            let mut seen = BTreeSet::new();
            let mut open = vec![given];
            while let Some(next) = open.pop() {
                if next.taker == given.giver {
                    found.push((at, given));
                    break;
                }
                if !seen.insert(&next.taker) {
                    continue;
                }
                let after = takers.get(next.taker.as_str()).into_iter().flatten();
                open.extend(after.filter(|after| after.from < given.until && given.from < after.until));
            }
        }
        for (at, given) in found {
            let message = format!("in the end `{}` would stand in for himself", given.giver);
            let cure = "end the circle: whoever is away gives his authority to somebody who is there";
            self.problem(Place::Delegation(at, "to"), "authority_circle", message, cure);
        }
    }

    fn approvals(&mut self) {
        match &self.authority.approvals {
            Some(approvals) => {
                let around = self.around;
                self.known(Place::Approvals("queue"), "queue", &approvals.queue, Some(&around.queues));
            }
            None if self.authority.grants.iter().any(|grant| grant.four_eyes.is_some()) => {
                let message = "a grant wants a second person, and nothing says how he is asked";
                self.problem(Place::Whole, "nobody_approves", message, "`approvals: {queue: approvals, target: 15m}`");
            }
            None => {}
        }
    }
}

/// True where people beyond a set's own groups decide who has a grant.
pub fn names_strangers(authority: &Authority) -> bool {
    authority.grants.iter().any(|grant| grant.who.unit.is_some() || grant.who.role == Some(Role::Manager))
}
