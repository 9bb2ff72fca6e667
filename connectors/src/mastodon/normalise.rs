//! What a Mastodon server tells: frames of its stream, or the lists that are polled (CHANNELS.md section 7).

use blendline_wire::inbound::{InboundEvent, InboundKind};
use serde_json::Value;

use super::status::{self, conversation, edited, notification};
use crate::reading::{self, no_webhook, set_repeats_aside};
use crate::{Malformed, json};

/// What a body holds is told by what is in it, for the server does not say.
enum Thing {
    Notification,
    Conversation,
    Status,
}

/// Translates a body: events of the stream as text, one frame of the WebSocket, or an object or list of the API.
pub(super) fn normalise(body: &[u8]) -> Result<Vec<InboundEvent>, Malformed> {
    let text = String::from_utf8_lossy(body);
    let begins_json = text.trim_start_matches('\u{feff}').trim_start().starts_with(['{', '[']);
    let mut events = if begins_json { of_json(&json::parse(body)?)? } else { of_stream(&text)? };
    set_repeats_aside(&mut events);
    Ok(events)
}

/// What has become of a status that was told: changed since, or gone.
pub(super) fn became(told: &InboundEvent, answer: Option<&[u8]>) -> Option<InboundEvent> {
    let id = told.external_message_id.as_deref()?;
    let Some(answer) = answer else {
        let gone = status::deleted(id);
        let conversation_key = told.conversation_key.clone();
        return Some(InboundEvent { conversation_key, visibility: told.visibility.clone(), ..gone });
    };
    let status = json::parse(answer).ok()?;
    let changed = json::text(&status["id"]).as_deref() == Some(id) && status["edited_at"].is_string();
    changed.then(|| edited(&status))
}

fn of_json(root: &Value) -> Result<Vec<InboundEvent>, Malformed> {
    if let (Some(name), Some(_)) = (root["event"].as_str(), root["stream"].as_array()) {
        // In a frame the payload is JSON as text, and a bare id where something was deleted.
        return Ok(vec![of_frame(name, root["payload"].as_str().unwrap_or_default())]);
    }
    let items = root.as_array().map_or(std::slice::from_ref(root), Vec::as_slice);
    reading::bounded(items.len())?;
    if items.iter().any(|item| thing(item).is_none()) && !root.is_array() {
        return Err(no_webhook("the whole body", "a notification, a conversation, a status, or a list of them"));
    }
    Ok(items.iter().map(of_thing).collect())
}

fn thing(value: &Value) -> Option<Thing> {
    let is = |key: &str| value[key].is_object();
    if value["accounts"].is_array() || is("last_status") {
        Some(Thing::Conversation)
    } else if value["type"].is_string() && (is("account") || is("status") || !value["created_at"].is_null()) {
        Some(Thing::Notification)
    } else if value["content"].is_string() || (is("account") && !value["visibility"].is_null()) {
        Some(Thing::Status)
    } else {
        None
    }
}

fn of_thing(value: &Value) -> InboundEvent {
    match thing(value) {
        Some(Thing::Notification) => notification(value),
        Some(Thing::Conversation) => conversation(value),
        Some(Thing::Status) => status::seen(value),
        None => reading::unreadable("an item", "a notification, a conversation or a status", value),
    }
}

/// Frames of `text/event-stream`.
fn of_stream(text: &str) -> Result<Vec<InboundEvent>, Malformed> {
    let mut events = Vec::new();
    let (mut name, mut data) = (String::new(), String::new());
    let mut alive = false;
    for line in text.lines().chain([""]) {
        if line.is_empty() {
            if !name.is_empty() && !data.is_empty() {
                reading::bounded(events.len() + 1)?;
                events.push(of_frame(&name, data.trim_end()));
            }
            name.clear();
            data.clear();
        } else if let Some(value) = line.strip_prefix("event:") {
            name = value.trim().to_owned();
        } else if let Some(value) = line.strip_prefix("data:") {
            data.push_str(value.strip_prefix(' ').unwrap_or(value));
            data.push('\n');
        } else {
            alive |= line == ":thump";
        }
    }
    if events.is_empty() && !alive {
        return Err(no_webhook("the whole body", "JSON or an event stream"));
    }
    Ok(events)
}

fn of_frame(name: &str, payload: &str) -> InboundEvent {
    if name == "delete" {
        return status::deleted(payload.trim());
    }
    let value: Value = json::parse(payload.as_bytes()).unwrap_or(Value::Null);
    match name {
        "notification" if value.is_object() => notification(&value),
        "conversation" if value.is_object() => conversation(&value),
        "status.update" if value.is_object() => edited(&value),
        "update" if value.is_object() => status::seen(&value),
        "notification" | "conversation" | "status.update" | "update" => {
            reading::unreadable(name, "an object", &Value::from(payload))
        }
        // Filters, announcements and the like.
        _ => InboundEvent { event: Some(name.to_owned()), ..reading::event(InboundKind::Ignored, "", None) },
    }
}
