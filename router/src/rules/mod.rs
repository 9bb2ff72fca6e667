//! Routing rules in the running router: which set is live, and where it sends a message.
//!
//! What a set means is decided in `blendline-rules`, which knows names only; here names become handles.

pub mod authority;
pub mod cases;
mod classed;
pub mod diff;
pub mod explain;
pub mod keeper;
mod matter;
mod notices;
pub mod publish;
pub mod record;
pub mod replay;
pub mod replayed;
mod telemetry;
#[cfg(test)]
mod tests;
pub mod trial;

use std::collections::{BTreeMap, BTreeSet};

use blendline_cases::systems::System;
use blendline_core::input::{Class, Overflow, Relaxation};
use blendline_quality::Quality;
use blendline_rules::fields::{Type, World};
use blendline_rules::model::{Level, Priority, Queue, Rule};
use blendline_rules::{Classifier, Decision, Facts, RuleSet, Rung};
use blendline_wire::task::{Label, SkillNeed};
use blendline_wire::{ChannelKey, QueueId, SkillId};
use jiff::tz::TimeZone;

pub use authority::LiveAuthority;
pub use cases::CaseTypes;
pub use matter::Matters;
pub use notices::Told;

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
    /// What customers are told by themselves.
    pub notices: Vec<Told>,
    /// The types of cases.
    pub cases: CaseTypes,
    /// What it says of matters that are done, and of those that come again.
    pub matters: Matters,
    /// Which work is reviewed, and how.
    pub quality: Option<Quality>,
    /// What it says of improvements.
    pub improvements: blendline_improvements::Settings,
    /// Other systems, and what their events do.
    pub systems: BTreeMap<String, System>,
    /// What other systems tell of customers beside what all tell, by name.
    pub customers: BTreeMap<String, Type>,
    /// Whether a condition asks what they tell of customers.
    pub asks_customers: bool,
    /// What workers may decide, where the set says so.
    pub authority: Option<LiveAuthority>,
    classifier: Classifier,
    /// Where each rule sends a message.
    classes: BTreeMap<String, Class>,
    /// The channels by which some worker's capacity is reckoned.
    weighed: BTreeSet<String>,
    /// How queues overflow, for work that no rule sent there.
    overflows: BTreeMap<QueueId, Vec<Relaxation>>,
}

/// How the names of a set become handles, and what its queues promise.
pub struct Names<'a> {
    /// The handle of a queue.
    pub queue: &'a dyn Fn(&str) -> QueueId,
    /// The handle of a skill.
    pub skill: &'a dyn Fn(&str) -> SkillId,
    /// The target of a queue, in milliseconds.
    pub target_ms: &'a dyn Fn(&str) -> u64,
}

impl Names<'_> {
    fn needs(&self, levels: &[Level]) -> Vec<SkillNeed> {
        let need = |(name, level): &Level| SkillNeed { skill: (self.skill)(&name.value), level: *level };
        let mut needs: Vec<SkillNeed> = levels.iter().map(need).collect();
        needs.sort_unstable();
        needs
    }

    fn relaxation(&self, rung: &Rung) -> Relaxation {
        let overflow =
            |(to, when_nobody): &(String, bool)| Overflow { to: (self.queue)(to), when_nobody: *when_nobody };
        Relaxation {
            after_ms: rung.after_ms,
            needs: self.needs(&rung.needs),
            overflow: rung.to.as_ref().map(overflow),
            lift_milli: rung.priority.map(Priority::lift_milli),
            tell: rung.notify,
        }
    }

    fn class(&self, version: u32, set: &RuleSet, rule: &Rule) -> Class {
        let queue = &rule.queue.value;
        // An ordinary priority leaves the target to the queue, whose settings may change while the work waits.
        let by_priority = (rule.priority != Priority::Normal).then(|| rule.priority.of((self.target_ms)(queue)));
        let ladder = set.ladder(queue, &rule.needs, &rule.relax);
        let label = Label {
            rule: rule.name.value.clone(),
            tags: rule.tags.iter().map(|tag| tag.value.clone()).collect(),
            case_type: rule.case.as_ref().map(|case| case.value.clone()),
        };
        Class {
            queue: (self.queue)(queue),
            needs: self.needs(&rule.needs),
            relax: ladder.iter().map(|rung| self.relaxation(rung)).collect(),
            target_ms: rule.target_ms.as_ref().map(|target| target.value).or(by_priority),
            strain: rule.strain,
            sticky_ms: rule.sticky_ms,
            label: Some(Box::new(label)),
            rule_set: version,
            channel: ChannelKey::NONE,
        }
    }
}

impl Routing {
    /// Compiles a set. Names that have no handle are none of a checked set's.
    pub fn new((version, set): (u32, &RuleSet), reopen_window_ms: u64, names: &Names<'_>) -> Self {
        let class = |rule: &Rule| (rule.name.value.clone(), names.class(version, set, rule));
        let overflow = |queue: &Queue| {
            let ladder = set.ladder(&queue.name.value, &[], &[]);
            let steps: Vec<Relaxation> = ladder.iter().map(|rung| names.relaxation(rung)).collect();
            (!steps.is_empty()).then(|| ((names.queue)(&queue.name.value), steps))
        };
        Self {
            version,
            zone: set.zone.clone(),
            reopen_window_ms,
            notices: set.notices.iter().map(|notice| Told::new(notice, set, names)).collect(),
            cases: CaseTypes::of(set),
            matters: Matters::of(set, names),
            quality: set.quality.as_ref().map(|rules| rules.quality.clone()),
            improvements: set.improvements.clone().unwrap_or_default(),
            systems: set.systems.iter().map(|rules| (rules.system.name.clone(), rules.system.clone())).collect(),
            customers: set.customers.clone(),
            asks_customers: set.asks_customers(),
            authority: None,
            classifier: Classifier::new(set),
            classes: set.rules.iter().map(class).collect(),
            weighed: set
                .workers()
                .flat_map(|worker| &worker.weights)
                .map(|(channel, _)| channel.value.clone())
                .collect(),
            overflows: set.queues.iter().filter_map(overflow).collect(),
        }
    }

    /// Where the rule of this name sends a message.
    pub fn class_of(&self, rule: &str) -> Option<&Class> {
        self.classes.get(rule)
    }

    /// Which rule decides.
    pub fn decide(&self, facts: &Facts) -> Decision<'_> {
        self.classifier.decide(facts)
    }

    /// Each rule up to the one that decides, and why.
    pub fn explain(&self, facts: &Facts) -> explain::Explained {
        explain::Explained::of(&self.classifier, facts)
    }

    /// Where a decision sends a message. Where no rule applies it is `otherwise`, still by this version of the set.
    pub fn class(&self, facts: &Facts, decision: &Decision<'_>, otherwise: &Class) -> Class {
        let decided = decision.rule.and_then(|rule| self.classes.get(&rule.name.value));
        let class = decided.cloned();
        let class = class.unwrap_or_else(|| self.sent(Class { rule_set: self.version, ..otherwise.clone() }));
        let weighed = self.weighed.contains(&facts.channel);
        Class { channel: if weighed { ChannelKey::of(&facts.channel) } else { ChannelKey::NONE }, ..class }
    }

    /// Work that somebody sent to a queue by its name: it overflows like all of that queue, unless it says itself what
    /// becomes of it.
    pub fn sent(&self, class: Class) -> Class {
        let overflow = self.overflows.get(&class.queue).filter(|_| class.relax.is_empty());
        // What it takes, it takes wherever it goes.
        let steps =
            overflow.into_iter().flatten().map(|step| Relaxation { needs: class.needs.clone(), ..step.clone() });
        let relax = if class.relax.is_empty() { steps.collect() } else { class.relax.clone() };
        Class { relax, ..class }
    }
}
