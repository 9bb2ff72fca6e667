//! `rules:` where messages go.

use std::collections::BTreeMap;

use blendline_core::limits::RELAXATIONS_MAX;

use super::value::Reader;
use crate::cel::{self, Names};
use crate::fields::Domain;
use crate::help;
use crate::limits::RULES_MAX;
use crate::model::{Priority, Relaxed, Rule};
use crate::spell::did_you_mean;
use crate::yaml::{Node, Value};

/// The most that a rule may say of how hard its work is.
const STRAIN_MAX: u32 = 10;

const PRIORITIES: &[(&str, Priority)] =
    &[("urgent", Priority::Urgent), ("high", Priority::High), ("normal", Priority::Normal), ("low", Priority::Low)];

/// What a step can raise work to.
const RAISED: &[(&str, Priority)] = &[("urgent", Priority::Urgent), ("high", Priority::High)];

pub(super) fn read(reader: &mut Reader<'_>, node: &Node, names: &Names<'_>) -> Vec<Rule> {
    let Value::List(entries) = &node.value else {
        let message = format!("rules are a list, for their order counts, and this is {}", node.what());
        reader.faults.error("wrong_form", &node.span, message, "begin each with `- name: …`");
        return Vec::new();
    };
    if RULES_MAX < entries.len() {
        let message = format!("there are {} rules, and at most {RULES_MAX} are read", entries.len());
        let hint = "one rule with a list of `keywords` stands for many";
        reader.faults.error("too_many", &entries[RULES_MAX].span, message, hint);
        return Vec::new();
    }
    let mut lines: BTreeMap<String, usize> = BTreeMap::new();
    let mut rules = Vec::new();
    for (at, node) in entries.iter().enumerate() {
        let Some(rule) = rule(reader, node, names) else { continue };
        if let Some(first) = lines.insert(rule.name.value.clone(), at + 1) {
            let message = format!("a rule `{}` is there already", rule.name.value);
            reader.faults.error("twice", &rule.name.span, message, format!("it is the rule number {first}"));
        }
        rules.push(rule);
    }
    rules
}

fn rule(reader: &mut Reader<'_>, node: &Node, names: &Names<'_>) -> Option<Rule> {
    let section = reader.section(node, "a rule", &help::keys("rule"))?;
    for key in ["name", "queue"] {
        if section.get(key).is_none() {
            let hint =
                if key == "name" { "reports and explanations call it by name" } else { "say where its messages go" };
            reader.faults.error(
                "missing_key",
                &(node.span.start..node.span.start + 1),
                format!("this rule has no `{key}`"),
                hint,
            );
        }
    }
    let name = section.get("name").and_then(|node| reader.name(node, "rule"));
    let queue = section.get("queue").and_then(|node| reader.name(node, "queue"));
    let when = section.get("when").map(|node| condition(reader, node, names));
    let mut words = |key: &str, domain: Option<Domain>| {
        let Some(node) = section.get(key) else { return Vec::new() };
        let given = reader.names(node, key);
        let known: Option<Vec<&str>> = match domain {
            Some(domain) => Some(domain.words(names.world)),
            None => names.world.accounts.as_ref().map(|all| all.iter().map(String::as_str).collect()),
        };
        for word in &given {
            if let Some(known) = known.as_ref().filter(|known| !known.contains(&word.value.as_str())) {
                let hint = did_you_mean(&word.value, known.iter().copied());
                reader.faults.error("unknown_word", &word.span, format!("there is no {key} `{}`", word.value), hint);
            }
        }
        given
    };
    let channels = words("channel", Some(Domain::Channel));
    let accounts = words("account", None);
    let languages = words("language", Some(Domain::Language));
    let needs = section.get("needs").map(|node| reader.levels(node)).unwrap_or_default();
    let target_ms = section.get("target").and_then(|node| reader.duration(node, "target", false));
    let tags = section.get("tags").map(|node| reader.names(node, "tag")).unwrap_or_default();
    let relax = section.get("relax").map(|node| steps(reader, node, "relax")).unwrap_or_default();
    let priority = section.get("priority").and_then(|node| reader.word(node, "priority", PRIORITIES));
    if let (Some(node), Some(_), Some(_)) = (section.get("priority"), priority, &target_ms) {
        let hint = "in an order by due times a priority is a shorter target: say one of the two";
        reader.faults.error("twice", &node.span, "this rule has a `target` and a `priority`", hint);
    }
    let sticky_ms = section.get("sticky").and_then(|node| reader.duration(node, "sticky", true)).map(|ms| ms.value);
    let case = section.get("case").and_then(|node| reader.name(node, "case"));
    let strain = section.get("strain").and_then(|node| reader.int(node, "strain", 0, STRAIN_MAX)).unwrap_or_default();
    let strain = u8::try_from(strain).unwrap_or_default();
    // A rule whose condition is in error is no rule without one.
    let when = match when {
        Some(None) => return None,
        Some(condition) => condition,
        None => None,
    };
    let (name, queue) = (name?, queue?);
    Some(Rule {
        name,
        channels,
        accounts,
        languages,
        when,
        queue,
        needs,
        target_ms,
        priority: priority.unwrap_or_default(),
        sticky_ms,
        tags,
        case,
        relax,
        strain,
        span: node.span.clone(),
    })
}

/// What must hold besides the filters.
fn condition(reader: &mut Reader<'_>, node: &Node, names: &Names<'_>) -> Option<cel::Condition> {
    // An empty one would be read as "always" by one person and as "never" by the next.
    if node.text().is_none_or(|text| text.trim().is_empty()) {
        let message = match node.text() {
            Some(_) => "this condition is empty".to_owned(),
            None => format!("a condition is a text, and this is {}", node.what()),
        };
        reader.faults.error("wrong_form", &node.span, message, "leave `when` out where nothing more must hold");
        return None;
    }
    cel::compile(node, names, reader.faults)
}

/// `- {after: 5m, needs: {hebrew: 2}, queue: other}`: what will do after a while, and where; or, in `escalate` too, what
/// more is done by then: `- {after: 10m, priority: urgent, notify: true}`.
pub(super) fn steps(reader: &mut Reader<'_>, node: &Node, key: &str) -> Vec<Relaxed> {
    let keys: &[&str] = match key {
        "relax" => &["after", "needs", "queue", "priority", "notify"],
        _ => &["after", "priority", "notify"],
    };
    let mut steps: Vec<Relaxed> = Vec::new();
    let entries = reader.entries(node);
    if RELAXATIONS_MAX < entries.len() {
        let message = format!("there are {} steps, and at most {RELAXATIONS_MAX} are read", entries.len());
        reader.faults.error("too_many", &entries[RELAXATIONS_MAX].span, message, "fewer and larger steps");
    }
    for entry in entries {
        let Some(section) = reader.section(entry, &format!("a step of `{key}`"), keys) else { continue };
        let after = section.get("after").and_then(|node| reader.duration(node, "after", false));
        let Some(after_ms) = after else {
            if section.get("after").is_none() {
                reader.faults.error("missing_key", &entry.span, "this step has no `after`", "say after how long");
            }
            continue;
        };
        if steps.last().is_some_and(|before| after_ms.value <= before.after_ms.value) {
            let hint = "from the shortest to the longest";
            reader.faults.error("bad_ladder", &after_ms.span, "this step comes no later than the one before it", hint);
        }
        let queue = section.get("queue").and_then(|node| reader.name(node, "queue"));
        let priority = section.get("priority").and_then(|node| reader.word(node, "priority", RAISED));
        let notify = section.get("notify").and_then(|node| reader.flag(node)).unwrap_or_default();
        let says_more = queue.is_some() || section.get("priority").is_some() || section.get("notify").is_some();
        if key != "relax" && !says_more {
            let hint = "say `priority: high`, `priority: urgent` or `notify: true`";
            reader.faults.error("missing_key", &entry.span, "this step does nothing", hint);
        }
        // As before this could be said: a step that says nothing takes nothing any more.
        let needs = match section.get("needs") {
            Some(node) => Some(reader.levels(node)),
            None => (!says_more).then(Vec::new).filter(|_| key == "relax"),
        };
        steps.push(Relaxed { after_ms, needs, queue, priority, notify });
    }
    steps
}
