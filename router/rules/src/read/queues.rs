//! `queues:` lines of tasks and what is promised in them.

use blendline_wire::org::Goal;
use blendline_wire::task::Side;

use super::rules::steps;
use super::value::Reader;
use crate::fault::Placed;
use crate::help;
use crate::limits::NAMES_MAX;
use crate::model::{Overflow, Queue};
use crate::yaml::Node;

pub(super) fn read(reader: &mut Reader<'_>, node: &Node) -> Vec<Queue> {
    let named = reader.named(node, "queue", NAMES_MAX);
    named.into_iter().filter_map(|(name, node)| queue(reader, name, node)).collect()
}

fn queue(reader: &mut Reader<'_>, name: Placed<String>, node: &Node) -> Option<Queue> {
    let section = reader.section(node, "a queue", &help::keys("queue"))?;
    let side = match section.get("side") {
        Some(node) => reader.word(node, "side", &[("front", Side::Front), ("back", Side::Back)]).unwrap_or_default(),
        None => {
            let hint = "`side: front` where a customer waits, `side: back` for the rest";
            reader.faults.error("missing_key", &name.span, format!("the queue `{}` has no `side`", name.value), hint);
            Side::Front
        }
    };
    let duration = |reader: &mut Reader<'_>, key: &str| {
        section.get(key).and_then(|node| reader.duration(node, key, false)).map(|duration| duration.value)
    };
    let (offer_ms, wrap_up_ms) = (duration(reader, "offer"), duration(reader, "wrap_up"));
    let [remind_ms, take_back_ms, supervisor_ms] = silence(reader, section.get("silence"));
    let most = u32::MAX;
    Some(Queue {
        side,
        target_ms: section.get("target").and_then(|node| reader.duration(node, "target", false)),
        goal: section.get("goal").and_then(|node| goal(reader, node)),
        weight_milli: section.get("weight").and_then(|node| reader.milli(node, "weight")),
        task_weight: section
            .get("task_weight")
            .and_then(|node| Some(Placed::new(reader.int(node, "task_weight", 1, 100_000)?, node.span.clone()))),
        waiting_weight_percent: section
            .get("waiting_weight")
            .and_then(|node| reader.percent(node, "waiting_weight", 0, 100)),
        offer_ms,
        wrap_up_ms,
        remind_ms,
        take_back_ms,
        supervisor_ms,
        calendar: section.get("calendar").and_then(|node| reader.name(node, "calendar")),
        interruptible: section.get("interruptible").and_then(|node| reader.flag(node)),
        tasks_max: section.get("tasks_max").and_then(|node| reader.int(node, "tasks_max", 1, most)),
        protected_percent: section
            .get("protected")
            .and_then(|node| Some(Placed::new(reader.percent(node, "protected", 1, 100)?, node.span.clone()))),
        share_window_ms: section
            .get("protected_window")
            .and_then(|node| reader.duration(node, "protected_window", false))
            .map(|window| window.value),
        worth_milli: section.get("worth").and_then(|node| reader.milli(node, "worth")),
        heir_of: section.get("heir_of").map(|node| reader.names(node, "queue")).unwrap_or_default(),
        escalate: section.get("escalate").map(|node| steps(reader, node, "escalate")).unwrap_or_default(),
        overflow: section.get("overflow").and_then(|node| overflow(reader, node)),
        name,
    })
}

/// `80%`, or `mean-wait`.
fn goal(reader: &mut Reader<'_>, node: &Node) -> Option<Goal> {
    if node.text() == Some("mean-wait") {
        return Some(Goal::MeanWait);
    }
    reader.percent(node, "goal", 1, 99).map(|percent| Goal::Within { per_mille: percent * 10 })
}

/// What happens with a task that its worker is silent on: each step later than the one before it.
fn silence(reader: &mut Reader<'_>, node: Option<&Node>) -> [Option<u64>; 3] {
    let keys = ["remind", "take_back", "supervisor"];
    let Some(section) = node.and_then(|node| reader.section(node, "`silence`", &keys)) else { return [None; 3] };
    let steps = keys.map(|key| section.get(key).and_then(|node| reader.duration(node, key, true)));
    let given = || steps.iter().zip(keys).filter_map(|(step, key)| step.as_ref().map(|step| (step, key)));
    for ((earlier, before), (later, key)) in
        given().filter(|(step, _)| step.value != 0).zip(given().filter(|(step, _)| step.value != 0).skip(1))
    {
        if later.value <= earlier.value {
            let message = format!("`{key}` comes no later than `{before}`");
            let hint = "remind first, then take back, then tell a supervisor; or write `never`";
            reader.faults.error("bad_ladder", &later.span, message, hint);
        }
    }
    steps.map(|step| step.map(|step| step.value))
}

fn overflow(reader: &mut Reader<'_>, node: &Node) -> Option<Overflow> {
    let section = reader.section(node, "`overflow`", &["to", "after", "when_nobody"])?;
    let to = section.get("to").and_then(|node| reader.name(node, "queue"));
    let after_ms = section.get("after").and_then(|node| reader.duration(node, "after", false));
    if section.get("to").is_none() || section.get("after").is_none() {
        let hint = "write `overflow: {to: other, after: 10m}`";
        reader.faults.error("missing_key", &node.span, "`overflow` says where to, and after how long", hint);
    }
    let when_nobody = section.get("when_nobody").and_then(|node| reader.flag(node)).unwrap_or_default();
    Some(Overflow { to: to?, after_ms: after_ms?, when_nobody })
}
