//! `systems:` other systems, and what their events do to cases.

use std::collections::BTreeMap;

use blendline_cases::limits::VALUE_CHARS_MAX;
use blendline_cases::systems::check::Place;
use blendline_cases::systems::{FIELDS_MAX, GAP_MS, KINDS_MAX, Reaction, SYSTEMS_MAX, Source, System};

use super::value::Reader;
use crate::fault::{Placed, Span};
use crate::help;
use crate::model::SystemRules;
use crate::yaml::{Node, Value};

pub(super) fn read(reader: &mut Reader<'_>, node: &Node) -> Vec<SystemRules> {
    let named = reader.named(node, "system", SYSTEMS_MAX);
    named.into_iter().filter_map(|(name, node)| system(reader, name, node)).collect()
}

fn system(reader: &mut Reader<'_>, name: Placed<String>, node: &Node) -> Option<SystemRules> {
    let section = reader.section(node, "a system", &help::keys("system"))?;
    let Some(reference) = section.get("reference") else {
        let message = format!("the system `{}` has no `reference`", name.value);
        let hint = "name the field of a case that holds what this system calls it: `reference: order`";
        reader.faults.error("missing_key", &name.span, message, hint);
        return None;
    };
    let mut places = BTreeMap::from([(Place::Reference, reference.span.clone())]);
    let reference = reader.name(reference, "field")?.value;
    let gap = section.get("gap").and_then(|node| reader.duration(node, "gap", true));
    let named = section.get("events").map(|node| reader.named(node, "kind of event", KINDS_MAX)).unwrap_or_default();
    let events =
        named.into_iter().map(|(kind, node)| (kind.value.clone(), reactions(reader, &kind, node, &mut places)));
    let events = events.collect();
    let system = System { name: name.value, reference, gap_ms: gap.map_or(GAP_MS, |gap| gap.value), events };
    Some(SystemRules { system, span: name.span, places })
}

/// One reaction, or a list of them.
fn reactions(
    reader: &mut Reader<'_>,
    kind: &Placed<String>,
    node: &Node,
    places: &mut BTreeMap<Place, Span>,
) -> Vec<Reaction> {
    let nodes = match &node.value {
        Value::Map(_) => std::slice::from_ref(node),
        _ => reader.entries(node),
    };
    let mut reactions = Vec::new();
    for node in nodes.iter().take(KINDS_MAX) {
        let Some(section) = reader.section(node, "what an event does", &help::keys("system_event")) else { continue };
        let at = reactions.len();
        let whole = if nodes.len() == 1 { kind.span.clone() } else { node.span.start..node.span.start + 1 };
        places.insert(Place::Reaction(kind.value.clone(), at, ""), whole);
        for key in ["case", "move", "open", "set"] {
            let span = section.get(key).map(|node| node.span.clone());
            places.extend(span.map(|span| (Place::Reaction(kind.value.clone(), at, key), span)));
        }
        if let (Some(_), Some(open)) = (section.get("move"), section.get("open")) {
            let hint = "write two: `[{move: …}, {open: …}]`; the first that suits counts";
            reader.faults.error("not_here", &open.span, "an event moves a case, or opens one", hint);
        }
        let mut named =
            |key: &str, what: &str| section.get(key).and_then(|node| reader.name(node, what)).map(|name| name.value);
        let (case_type, to, open) = (named("case", "case type"), named("move", "stage"), named("open", "case type"));
        let set = section.get("set").map(|node| values(reader, node)).unwrap_or_default();
        reactions.push(Reaction { case_type, to, open, set });
    }
    reactions
}

fn values(reader: &mut Reader<'_>, node: &Node) -> BTreeMap<String, Source> {
    let named = reader.named(node, "field", FIELDS_MAX);
    let value = |(name, node): (Placed<String>, &Node)| {
        Some((name.value, Source::read(&reader.text(node, "a value", VALUE_CHARS_MAX)?)))
    };
    named.into_iter().filter_map(value).collect()
}
