//! The envelope of a webhook and what lies in it, as CHANNELS.md section 2 describes it.
//!
//! The body is read as a tree and not by derived types: a field of an unexpected type then costs that field alone,
//! not the batch it came in.

use blendline_wire::inbound::{InboundEvent, InboundKind, PlatformError};
use serde_json::Value;

use super::{message, notice};
use crate::reading::{self, fingerprint, no_webhook, set_repeats_aside, unreadable};
use crate::{Malformed, json};

const OBJECT: &str = "whatsapp_business_account";

/// One change: the part of an envelope that concerns one number and one subscription.
pub(super) struct Change<'a> {
    /// Where it lies in the body.
    place: String,
    entry: &'a Value,
    whole: &'a Value,
    pub(super) value: &'a Value,
    pub(super) field: Option<String>,
    pub(super) account: String,
}

/// Reads one item of a list in a change.
type Reader = fn(&Change<'_>, &Value) -> InboundEvent;

/// Every list that a change may hold, in the order in which their events come out.
const LISTS: &[(&str, Reader)] = &[
    ("messages", message::message),
    ("message_echoes", message::echo),
    ("statuses", notice::status),
    ("calls", notice::call),
    ("user_preferences", notice::preference),
    ("user_id_update", notice::user_id_update),
    ("groups", notice::group),
    ("state_sync", notice::state_sync),
];

/// Subscriptions whose messages are not for us to answer: old ones, and those of a thread another app holds.
const SILENT_FIELDS: &[&str] = &["history", "standby"];

/// Translates a body.
pub(super) fn normalise(body: &[u8]) -> Result<Vec<InboundEvent>, Malformed> {
    let root = json::parse(body)?;
    let mut events = Vec::new();
    for (i, entry) in entries(&root)?.iter().enumerate() {
        let Some(changes) = entry["changes"].as_array() else {
            events.push(unreadable(&format!("/entry/{i}/changes"), "a list", entry));
            continue;
        };
        for (j, whole) in changes.iter().enumerate() {
            read_change(&Change::new(format!("/entry/{i}/changes/{j}"), entry, whole), &mut events);
        }
    }
    set_repeats_aside(&mut events);
    Ok(events)
}

fn entries(root: &Value) -> Result<&Vec<Value>, Malformed> {
    if !root.is_object() {
        return Err(no_webhook("the whole body", "an object"));
    }
    if root["object"] != OBJECT {
        return Err(no_webhook("/object", &format!("the text {OBJECT}")));
    }
    root["entry"].as_array().ok_or_else(|| no_webhook("/entry", "a list"))
}

fn read_change(change: &Change<'_>, events: &mut Vec<InboundEvent>) {
    let first = events.len();
    if change.value.is_object() {
        let known = read_lists(change, events);
        if !known {
            events.push(notice::of_account(change));
        }
    } else {
        events.push(unreadable(&format!("{}/value", change.place), "an object", change.whole));
    }
    if change.field.as_deref().is_some_and(|field| SILENT_FIELDS.contains(&field)) {
        for event in &mut events[first..] {
            if event.kind != InboundKind::AccountError {
                event.kind = InboundKind::Ignored;
            }
            event.field = change.field.clone();
        }
    }
}

/// True when the change held any list that we know, even an empty one.
fn read_lists(change: &Change<'_>, events: &mut Vec<InboundEvent>) -> bool {
    let mut known = false;
    for (name, reader) in LISTS {
        known |= !change.value[*name].is_null();
        read_list(change, &format!("{}/value/{name}", change.place), &change.value[*name], *reader, events);
    }
    for (i, chunk) in json::items(&change.value["history"]).iter().enumerate() {
        for (j, thread) in json::items(&chunk["threads"]).iter().enumerate() {
            let place = format!("{}/value/history/{i}/threads/{j}/messages", change.place);
            let first = events.len();
            read_list(change, &place, &thread["messages"], message::message, events);
            message::set_thread(&mut events[first..], &thread["id"]);
        }
        if !chunk["errors"].is_null() {
            events.push(notice::errors(change, &chunk["errors"]));
        }
        known = true;
    }
    if !change.value["errors"].is_null() {
        events.push(notice::errors(change, &change.value["errors"]));
        known = true;
    }
    known
}

fn read_list(change: &Change<'_>, place: &str, list: &Value, reader: Reader, events: &mut Vec<InboundEvent>) {
    match list {
        Value::Null => {}
        Value::Array(items) => {
            for (i, item) in items.iter().enumerate() {
                if item.is_object() {
                    events.push(reader(change, item));
                } else {
                    events.push(change.unreadable(&format!("{place}/{i}"), "an object", item));
                }
            }
        }
        other => events.push(change.unreadable(place, "a list", other)),
    }
}

impl<'a> Change<'a> {
    fn new(place: String, entry: &'a Value, whole: &'a Value) -> Self {
        let value = &whole["value"];
        let account = json::text(&value["metadata"]["phone_number_id"]).unwrap_or_default();
        Self { place, entry, whole, value, field: json::text(&whole["field"]), account }
    }

    /// An event of this number and of `peer`.
    pub(super) fn event(&self, kind: InboundKind, peer: Option<String>) -> InboundEvent {
        reading::event(kind, &self.account, peer)
    }

    /// An event that no person brought about, recognised by its content for want of an id.
    pub(super) fn notice(&self, kind: InboundKind, content: &Value) -> InboundEvent {
        InboundEvent {
            is_status_or_echo: true,
            field: self.field.clone(),
            dedup_key: Some(self.fingerprint(content)),
            ..self.event(kind, None)
        }
    }

    /// The same for a second delivery of the same happening, another for the next happening that looks alike.
    pub(super) fn fingerprint(&self, content: &Value) -> String {
        fingerprint(&[&self.entry["id"], &self.entry["time"], &self.whole["field"], content])
    }

    /// The contact of the one who acts. Matched strictly by id: a batch may hold contacts of several people,
    /// and a wrong name is worse than none.
    pub(super) fn contact(&self, wa_id: Option<&str>, user_id: Option<&str>) -> &'a Value {
        let is =
            |contact: &Value, key: &str, id: Option<&str>| id.is_some() && json::text(&contact[key]).as_deref() == id;
        json::items(&self.value["contacts"])
            .iter()
            .find(|contact| is(contact, "wa_id", wa_id) || is(contact, "user_id", user_id))
            .unwrap_or(&Value::Null)
    }

    fn unreadable(&self, place: &str, expected: &str, content: &Value) -> InboundEvent {
        let mut event = unreadable(place, expected, content);
        event.conversation_key.account = self.account.clone();
        event
    }
}

/// What the platform reports as wrong. A code that cannot be read is -1, for 0 means that the token is refused.
pub(super) fn errors(list: &Value) -> Vec<PlatformError> {
    json::items(list)
        .iter()
        .map(|error| PlatformError {
            code: json::number(&error["code"]).unwrap_or(-1),
            title: json::text(&error["title"]).or_else(|| json::text(&error["message"])),
            detail: json::text(&error["error_data"]["details"])
                .or_else(|| json::text(&error["details"]))
                .or_else(|| json::text(&error["message"])),
        })
        .collect()
}
