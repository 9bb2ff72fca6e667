//! What a stage promises, and when it is warned of it.

use blendline_cases::types::{AGENT_FIRST_MS, AT_MILLI, PromiseBy, Resurface, StagePromise, Warn};
use blendline_wire::event::promise::Keeps;

use super::super::value::{Reader, Section};
use super::words;
use crate::help;
use crate::yaml::{Node, Value};

/// Who may be told of a stage at risk.
const NOTIFY: &[(&str, Told)] = &[("owner", Told::Owner), ("unit", Told::Unit)];

#[derive(Clone, Copy, Eq, PartialEq)]
enum Told {
    Owner,
    Unit,
}

/// `1h`: so long before, and its owner is told; or all of it.
pub(super) fn warn(reader: &mut Reader<'_>, node: &Node) -> Option<Warn> {
    if !matches!(node.value, Value::Map(_)) {
        let before = reader.duration(node, "warn", false)?;
        return Some(Warn { before_ms: Some(before.value), owner: true, ..Warn::default() });
    }
    let section = reader.section(node, "a warning", &help::keys("case_warn"))?;
    let told: Vec<Told> = match section.get("notify") {
        Some(node) => {
            let entries = reader.entries(node);
            entries.iter().filter_map(|entry| reader.word(entry, "notify", NOTIFY)).collect()
        }
        None => Vec::new(),
    };
    let at_milli = section.get("at").map_or(Some(AT_MILLI), |node| chance(reader, node));
    Some(Warn {
        at_milli: at_milli.unwrap_or(AT_MILLI),
        before_ms: duration(reader, &section, "before"),
        owner: told.contains(&Told::Owner),
        unit: told.contains(&Told::Unit),
        raise: section.get("raise").and_then(|node| reader.flag(node)).unwrap_or_default(),
        open: section.get("open").and_then(|node| reader.name(node, "queue")).map(|name| name.value),
        escalate_ms: duration(reader, &section, "escalate"),
    })
}

/// A chance, in parts of a thousand; it is no certainty.
fn chance(reader: &mut Reader<'_>, node: &Node) -> Option<u32> {
    let milli = reader.milli(node, "at")?;
    if milli == 0 || 1_000 <= milli {
        reader.faults.error("out_of_range", &node.span, "a chance is above 0 and below 1", "`at: 0.6`");
        return None;
    }
    Some(milli)
}

fn duration(reader: &mut Reader<'_>, section: &Section<'_>, key: &str) -> Option<u64> {
    section.get(key).and_then(|node| reader.duration(node, key, false)).map(|ms| ms.value)
}

pub(super) fn promise(reader: &mut Reader<'_>, node: &Node) -> Option<StagePromise> {
    let section = reader.section(node, "a promise", &help::keys("case_promise"))?;
    let by = match (section.get("by"), section.get("field")) {
        (Some(node), None) => PromiseBy::Within(reader.duration(node, "by", false)?.value),
        (None, Some(node)) => PromiseBy::Field(reader.name(node, "field")?.value),
        _ => {
            let message = "a promise is due by one thing";
            reader.faults.error("missing_key", &node.span, message, "`by: 2d`, or `field: …` with a day");
            return None;
        }
    };
    let kept = match (section.get("kept"), section.get("filled")) {
        (Some(node), None) => Keeps::Stage(reader.name(node, "stage")?.value),
        (None, Some(node)) => Keeps::Field(reader.name(node, "field")?.value),
        (None, None) => Keeps::Said,
        (Some(_), Some(node)) => {
            reader.faults.error("not_here", &node.span, "a promise is kept by one thing", "take `kept` or this out");
            return None;
        }
    };
    let text = |reader: &mut Reader<'_>, key| section.get(key).map(|node| words(reader, node)).unwrap_or_default();
    Some(StagePromise {
        by,
        kept,
        words: text(reader, "words"),
        warn_ms: duration(reader, &section, "warn"),
        agent_first_ms: duration(reader, &section, "agent_first").unwrap_or(AGENT_FIRST_MS),
        late: text(reader, "late"),
    })
}

/// When the stage's task comes again.
pub(super) fn resurface(reader: &mut Reader<'_>, node: &Node) -> Option<Resurface> {
    let section = reader.section(node, "`resurface`", &help::keys("case_resurface"))?;
    let Some(after) = section.get("after") else {
        let message = "it is not said after how long it comes again";
        reader.faults.error("missing_key", &node.span, message, "`resurface: {after: 3d, by: value}`");
        return None;
    };
    let after_ms = reader.duration(after, "after", false)?.value;
    let by = section.get("by").and_then(|node| reader.name(node, "field")).map(|name| name.value);
    Some(Resurface { after_ms, by })
}
