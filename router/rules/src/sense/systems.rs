//! Whether what other systems' events do can be done.

use std::collections::BTreeMap;

use blendline_cases::systems::check::check as check_system;
use blendline_cases::types::CaseType;

use crate::fault::Faults;
use crate::model::RuleSet;

/// Adds what is wrong to `faults`.
pub(super) fn check(set: &RuleSet, faults: &mut Faults) {
    let types: BTreeMap<&str, &CaseType> = set.cases.iter().map(|case| (case.kind.name.as_str(), &case.kind)).collect();
    for rules in &set.systems {
        for problem in check_system(&rules.system, &types) {
            let span = rules.span(&problem.place);
            faults.flaw(problem, span);
        }
    }
}
