//! Whether authority makes sense: names, limits, circles, and somebody who can say yes.

use std::collections::BTreeSet;

use blendline_authority::check::{self, Problem, Surroundings};
use blendline_authority::company::{Company, Person};
use blendline_cases::check::Place as CasePlace;
use blendline_cases::types::FieldKind;
use blendline_wire::WorkerId;

use crate::fault::Faults;
use crate::model::RuleSet;

/// Adds what is wrong to `faults`. Units and further workers are the configuration's, and checked against it where it is at
/// hand.
pub(super) fn check(set: &RuleSet, faults: &mut Faults) {
    let rules = &set.authority;
    let around = Surroundings {
        queues: set.queues.iter().map(|queue| queue.name.value.clone()).collect(),
        calendars: set.calendars.keys().cloned().collect(),
        groups: set.groups.iter().map(|group| group.name.value.clone()).collect(),
        skills: set.skills.iter().map(|skill| skill.value.clone()).collect(),
        units: None,
        workers: None,
    };
    let problems = check::check(&rules.authority, &around);
    let sound = problems.is_empty();
    told(set, problems, faults);
    fields(set, faults);
    let own: BTreeSet<&str> = set.workers().map(|worker| worker.name.value.as_str()).collect();
    let is_own = |worker: &String| own.contains(worker.as_str());
    let all_own = rules.authority.grants.iter().filter_map(|grant| grant.who.worker.as_ref()).all(is_own);
    if sound && all_own && !check::names_strangers(&rules.authority) {
        let serving = serving(set);
        told(set, check::check_people(&rules.authority, &company(set), &serving), faults);
    }
}

/// A field of a case that a decision sets can be set: somebody may decide that.
fn fields(set: &RuleSet, faults: &mut Faults) {
    for case in &set.cases {
        for (name, field) in &case.kind.fields {
            let FieldKind::Money { currency, by: Some(action) } = &field.kind else { continue };
            if set.authority.authority.of(action, currency).next().is_none() {
                let message = format!("no grant gives `{action}` in {currency}, so the field `{name}` is never set");
                let span = case.span(&CasePlace::Field(name.clone()));
                faults.error("unknown_name", span, message, "add a grant to `authority`, or take `by` out");
            }
        }
    }
}

/// Tells problems where they stand.
pub(crate) fn told(set: &RuleSet, problems: Vec<Problem>, faults: &mut Faults) {
    for problem in problems {
        let span = set.authority.span(&problem.place);
        faults.flaw(problem, span);
    }
}

/// Who serves the queue of approvals by the set's own groups.
fn serving(set: &RuleSet) -> Vec<String> {
    let Some(approvals) = &set.authority.authority.approvals else { return Vec::new() };
    let serves = |group: &&crate::model::Group| group.queues.iter().any(|queue| queue.value == approvals.queue);
    let groups = set.groups.iter().filter(serves);
    groups.flat_map(|group| &group.workers).map(|worker| worker.name.value.clone()).collect()
}

/// The people of the set's own groups.
fn company(set: &RuleSet) -> Company {
    let workers = set.groups.iter().flat_map(|group| group.workers.iter().map(move |worker| (group, worker)));
    let people = (1..).zip(workers).map(|(id, (group, worker))| {
        let groups = BTreeSet::from([group.name.value.clone()]);
        (WorkerId(id), Person { name: worker.name.value.clone(), groups, ..Person::default() })
    });
    Company::new(people, [])
}
