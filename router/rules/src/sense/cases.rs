//! Whether the case types could strand a case.

use blendline_cases::check::{self, Surroundings};

use crate::fault::Faults;
use crate::fields::World;
use crate::model::RuleSet;

/// Adds what is wrong to `faults`. Units are the configuration's, and checked against it where it is at hand.
pub(super) fn check(set: &RuleSet, world: &World, faults: &mut Faults) {
    let around = Surroundings {
        queues: set.queues.iter().map(|queue| queue.name.value.clone()).collect(),
        calendars: set.calendars.keys().cloned().collect(),
        channels: world.channels.iter().cloned().collect(),
        units: None,
    };
    for case in &set.cases {
        for problem in check::check(&case.kind, &around) {
            let span = case.span(&problem.place);
            faults.flaw(problem, span);
        }
    }
}
