//! A recorded day under a rule set: what the set means to the scheduler, as the running router would tell it.

use blendline_core::input::Class;
use blendline_rules::RuleSet;
use blendline_rules::fault::Faults;
use blendline_rules::replay::{Day, Result, Staged, run};
use blendline_wire::{Millis, QueueId};

use crate::config::{self, Config, ConfigError};

/// A tenant that has nothing but the defaults.
const BARE: &str = "[[tenant]]\nname = \"replay\"\n";

/// Runs a day under a set, with the defaults of the configuration for what the set does not say. Messages that no rule takes
/// go to the set's first queue.
pub fn replayed(set: &RuleSet, day: &Day) -> std::result::Result<Result, ConfigError> {
    let bare = Config::parse("replay", BARE, &|_| None)?;
    let begin = day.span().map_or(Millis(0), |(begin, _)| begin);
    let joined = bare.tenants.first().map(|tenant| config::joined(tenant, 1, set, &mut Faults::new("replay", "")));
    let directory = joined.map(|tenant| config::resolve_alone(&tenant, begin)).unwrap_or_default();
    let tenant = directory.tenants.keys().next().copied().unwrap_or_default();
    let first = set.queues.first().and_then(|queue| directory.queue(tenant, &queue.name.value)).unwrap_or(QueueId(0));
    let otherwise = Class { queue: first, rule_set: 1, ..Class::default() };
    let routing = directory.rules.get(&tenant);
    let class = |rule: &blendline_rules::model::Rule| {
        routing.and_then(|routing| routing.class_of(&rule.name.value)).cloned().unwrap_or_else(|| otherwise.clone())
    };
    let staged = Staged {
        set,
        settings: directory.settings.clone(),
        classes: set.rules.iter().map(class).collect(),
        otherwise: otherwise.clone(),
        queues: directory.queues.iter().map(|(id, (_, name))| (name.clone(), *id)).collect(),
        workers: directory.workers.iter().map(|(id, (_, name))| (name.clone(), *id)).collect(),
    };
    Ok(run(&staged, day))
}
