//! What every webhook of Messenger, Pages and Instagram comes in: entries of accounts, each with lists of happenings.

use blendline_wire::inbound::InboundEvent;
use blendline_wire::time::Instant;
use serde_json::Value;

use super::messaging;
use crate::reading::{first_text, no_webhook, set_repeats_aside, unreadable};
use crate::{Malformed, json};

/// What concerns one account.
pub(crate) struct Entry {
    /// The platform's id of the account.
    pub(crate) id: String,
    /// When the platform collected it.
    pub(crate) time: Option<Instant>,
}

/// Reads one of an entry's `changes`, which differ from product to product.
pub(crate) type ChangeReader = fn(&Entry, &Value) -> InboundEvent;

/// Translates a body whose `object` is one of `objects`.
pub(crate) fn normalise(body: &[u8], objects: &[&str], change: ChangeReader) -> Result<Vec<InboundEvent>, Malformed> {
    let root = json::parse(body)?;
    let mut events = Vec::new();
    for (i, whole) in entries(&root, objects)?.iter().enumerate() {
        let entry = Entry {
            id: first_text(whole, &["id"]).unwrap_or_default(),
            // Messages come with milliseconds, changes with seconds; some captures hold text.
            time: json::time(&whole["time"]),
        };
        let mut known = false;
        for (name, reader) in
            [("messaging", messaging::read as ChangeReader), ("standby", standby), ("changes", change)]
        {
            known |= !whole[name].is_null();
            read_list(&format!("/entry/{i}/{name}"), &entry, &whole[name], reader, &mut events);
        }
        if !known {
            events.push(unreadable(&format!("/entry/{i}"), "messaging, standby or changes", whole));
        }
    }
    set_repeats_aside(&mut events);
    Ok(events)
}

fn entries<'a>(root: &'a Value, objects: &[&str]) -> Result<&'a Vec<Value>, Malformed> {
    if !root.is_object() {
        return Err(no_webhook("the whole body", "an object"));
    }
    if !root["object"].as_str().is_some_and(|object| objects.contains(&object)) {
        return Err(no_webhook("/object", &format!("one of {}", objects.join(", "))));
    }
    root["entry"].as_array().ok_or_else(|| no_webhook("/entry", "a list"))
}

fn read_list(place: &str, entry: &Entry, list: &Value, reader: ChangeReader, events: &mut Vec<InboundEvent>) {
    match list {
        Value::Null => {}
        Value::Array(items) => events.extend(items.iter().enumerate().map(|(i, item)| {
            if item.is_object() { reader(entry, item) } else { unreadable(&format!("{place}/{i}"), "an object", item) }
        })),
        other => events.push(unreadable(place, "a list", other)),
    }
}

/// Messages of a thread that another application holds.
fn standby(entry: &Entry, item: &Value) -> InboundEvent {
    InboundEvent { standby: true, ..messaging::read(entry, item) }
}
