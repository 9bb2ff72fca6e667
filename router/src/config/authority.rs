//! The people of a tenant, as its authority sees them; and whether it makes sense among them.

use std::collections::BTreeMap;

use blendline_authority::check::{Place, check_people};
use blendline_authority::company::{Company, Person};
use blendline_rules::RuleSet;
use blendline_rules::fault::Faults;
use blendline_wire::WorkerId;

use super::checked::{CheckedTenant, CheckedWorker};
use crate::config::did_you_mean;

/// The people of a tenant whose rule set was joined to it.
pub(super) fn company(tenant: &CheckedTenant, set: &RuleSet, id: impl Fn(&str) -> WorkerId) -> Company {
    let person = |worker: &CheckedWorker| {
        let name = worker.name.as_str();
        let in_group = |group: &&blendline_rules::model::Group| group.workers.iter().any(|own| own.name.value == name);
        let answers = |unit: &&super::file::UnitFile| unit.manager.as_ref().is_some_and(|own| own.get_ref() == name);
        let person = Person {
            name: worker.name.clone(),
            unit: worker.unit.clone(),
            groups: set.groups.iter().filter(in_group).map(|group| group.name.value.clone()).collect(),
            manages: tenant.units.iter().filter(answers).map(|unit| unit.name.get_ref().clone()).collect(),
            skills: worker.skills.iter().cloned().collect::<BTreeMap<_, _>>(),
        };
        (id(name), person)
    };
    let above = |unit: &super::file::UnitFile| {
        let parent = unit.parent.as_ref().map(|parent| parent.get_ref().clone());
        (unit.name.get_ref().clone(), parent)
    };
    Company::new(tenant.workers.iter().map(person), tenant.units.iter().map(above))
}

/// Units and workers are the configuration's: authority may name those that are there, and somebody must be able to say yes.
pub(super) fn check(tenant: &CheckedTenant, set: &RuleSet, faults: &mut Faults) {
    let authority = &set.authority.authority;
    if authority.is_empty() {
        return;
    }
    let units = || tenant.units.iter().map(|unit| unit.name.get_ref().as_str());
    let workers = || tenant.workers.iter().map(|worker| worker.name.as_str());
    let mut unknown = |place: Place, what: &str, name: &str, hint: String| {
        faults.error("unknown_name", set.authority.span(&place), format!("there is no {what} `{name}`"), hint);
    };
    for grant in &authority.grants {
        let place = || Place::Grant(grant.name.clone(), "who");
        if let Some(unit) = grant.who.unit.as_deref().filter(|unit| units().all(|known| known != *unit)) {
            unknown(place(), "unit", unit, did_you_mean(unit, units()));
        }
        if let Some(worker) = grant.who.worker.as_deref().filter(|own| workers().all(|known| known != *own)) {
            unknown(place(), "worker", worker, did_you_mean(worker, workers()));
        }
    }
    for (at, given) in authority.delegations.iter().enumerate() {
        for (key, name) in [("from", given.giver.as_str()), ("to", given.taker.as_str())] {
            if workers().all(|known| known != name) {
                unknown(Place::Delegation(at, key), "worker", name, did_you_mean(name, workers()));
            }
        }
    }
    let numbers: BTreeMap<&str, WorkerId> = workers().zip((1..).map(WorkerId)).collect();
    let company = company(tenant, set, |name| numbers.get(name).copied().unwrap_or_default());
    let queue = authority.approvals.as_ref().map(|approvals| approvals.queue.as_str()).unwrap_or_default();
    let serves = |worker: &&CheckedWorker| worker.queues.iter().any(|own| own == queue);
    let serving: Vec<String> = tenant.workers.iter().filter(serves).map(|worker| worker.name.clone()).collect();
    for problem in check_people(authority, &company, &serving) {
        faults.error("nobody_approves", set.authority.span(&problem.place), problem.message, problem.cure);
    }
}
