//! Whether reviews can be made: names, criteria, and somebody who reviews.

use std::collections::BTreeSet;

use blendline_quality::check::{self, Surroundings};

use crate::fault::Faults;
use crate::model::{Group, RuleSet};

/// Adds what is wrong to `faults`.
pub(super) fn check(set: &RuleSet, faults: &mut Faults) {
    let Some(rules) = &set.quality else { return };
    let reviews = rules.quality.reviews.as_ref().map(|(queue, _)| queue.as_str());
    let serves = |group: &&Group| group.queues.iter().any(|queue| Some(queue.value.as_str()) == reviews);
    let names = |groups: &mut dyn Iterator<Item = &Group>| -> BTreeSet<String> {
        groups.flat_map(|group| &group.workers).map(|worker| worker.name.value.clone()).collect()
    };
    let around = Surroundings {
        queues: set.queues.iter().map(|queue| queue.name.value.clone()).collect(),
        reviewers: names(&mut set.groups.iter().filter(serves)),
        workers: names(&mut set.groups.iter()),
        actions: set.authority.authority.grants.iter().map(|grant| grant.action.clone()).collect(),
    };
    for problem in check::check(&rules.quality, &around) {
        let span = rules.span(&problem.place);
        faults.flaw(problem, span);
    }
}
