//! Routing rules in the running router: which set is live, and where it sends a message.
//!
//! What a set means is decided in `blendline-rules`, which knows names only; here names become handles.

pub mod diff;
pub mod explain;
pub mod keeper;
pub mod publish;
pub mod replay;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use blendline_core::input::{Class, Relaxation};
use blendline_rules::facts::World;
use blendline_rules::fault::Placed;
use blendline_rules::model::{Level, Rule};
use blendline_rules::{Classifier, Decision, Facts, RuleSet};
use blendline_wire::task::SkillNeed;
use blendline_wire::{QueueId, SkillId};
use jiff::tz::TimeZone;

/// What a rule set may name besides its own: every channel of this program, and a tenant's accounts where they are known.
pub fn world(accounts: Option<Vec<String>>) -> World {
    let channels = blendline_connectors::all().iter().map(|connector| connector.name().to_owned()).collect();
    World { channels, accounts }
}

/// The live rule set of a tenant, ready to decide.
#[derive(Debug)]
pub struct Routing {
    /// Its version: what every decision bears.
    pub version: u32,
    /// The time zone of `time.…` in conditions.
    pub zone: TimeZone,
    /// How long a solved conversation may come back, in milliseconds: for `history.reopened`.
    pub reopen_window_ms: u64,
    classifier: Classifier,
    /// Where each rule sends a message.
    classes: BTreeMap<String, Class>,
}

impl Routing {
    /// Compiles a set. Names that have no handle are none of a checked set's.
    pub fn new(
        (version, set): (u32, &RuleSet),
        reopen_window_ms: u64,
        queue: impl Fn(&str) -> QueueId,
        skill: impl Fn(&str) -> SkillId,
    ) -> Self {
        let needs = |levels: &[Level]| {
            let need = |(name, level): &Level| SkillNeed { skill: skill(&name.value), level: *level };
            let mut needs: Vec<SkillNeed> = levels.iter().map(need).collect();
            needs.sort_unstable();
            needs
        };
        let class = |rule: &Rule| {
            let step = |(after, levels): &(Placed<u64>, Vec<Level>)| Relaxation {
                after_ms: after.value,
                needs: needs(levels),
            };
            let class = Class {
                queue: queue(&rule.queue.value),
                needs: needs(&rule.needs),
                relax: rule.relax.iter().map(step).collect(),
                target_ms: rule.target_ms.as_ref().map(|target| target.value),
                strain: rule.strain,
                rule_set: version,
            };
            (rule.name.value.clone(), class)
        };
        let classes = set.rules.iter().map(class).collect();
        Self { version, zone: set.zone.clone(), reopen_window_ms, classifier: Classifier::new(set), classes }
    }

    /// Where the rule of this name sends a message.
    pub fn class_of(&self, rule: &str) -> Option<&Class> {
        self.classes.get(rule)
    }

    /// Which rule decides.
    pub fn decide(&self, facts: &Facts) -> Decision<'_> {
        self.classifier.decide(facts)
    }

    /// Where a decision sends a message. Where no rule applies it is `otherwise`, still by this version of the set.
    pub fn class(&self, decision: &Decision<'_>, otherwise: &Class) -> Class {
        let decided = decision.rule.and_then(|rule| self.classes.get(&rule.name.value));
        decided.cloned().unwrap_or_else(|| Class { rule_set: self.version, ..otherwise.clone() })
    }
}
