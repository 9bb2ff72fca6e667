//! Direct messages, which both generations write alike.

use blendline_wire::inbound::{InboundEvent, InboundKind};
use serde_json::Value;

use super::media;
use crate::json;
use crate::reading::{self, fingerprint, first_text, pii};

/// Reads one item of a list, for the account and with the people whom the body describes.
pub(crate) type Reader = fn(&str, &Value, &Value) -> InboundEvent;

/// Lists of happenings in a direct conversation, with what reads one of each.
pub(crate) const LISTS: &[(&str, Reader)] = &[
    ("direct_message_events", message),
    ("direct_message_mark_read_events", read_mark),
    ("direct_message_indicate_typing_events", typing),
];

/// Reads one of `direct_message_events`.
fn message(account: &str, users: &Value, item: &Value) -> InboundEvent {
    let body = &item["message_create"];
    let data = &body["message_data"];
    let mut event = between(InboundKind::Message, account, users, body);
    event.external_message_id = json::text(&item["id"]);
    event.timestamp = json::time(&item["created_timestamp"]);
    event.text = pii(&data["text"]);
    event.payload = pii(&data["quick_reply_response"]["metadata"]);
    let attached = &data["attachment"];
    event.attachments.extend(attached["media"].is_object().then(|| media(&attached["media"])));
    event
        .attachments
        .extend(attached["location"].is_object().then(|| reading::small("location", &attached["location"])));
    event.referral = item["initiated_via"].is_object().then(|| item["initiated_via"].clone());
    if item["type"] != "message_create" || !body.is_object() {
        event.kind = InboundKind::Unsupported;
        event.event = json::text(&item["type"]);
    } else if event.is_status_or_echo {
        event.kind = InboundKind::Echo;
    }
    recognise(&mut event, item);
    event
}

/// Reads one of `direct_message_mark_read_events`: the other side has read up to a message. That we have read tells
/// nobody anything new.
fn read_mark(account: &str, users: &Value, item: &Value) -> InboundEvent {
    let mut event = between(InboundKind::Status, account, users, item);
    if event.is_status_or_echo {
        event.kind = InboundKind::Ignored;
    }
    event.is_status_or_echo = true;
    event.status = Some("read".to_owned());
    event.target_message_ids = json::text(&item["last_read_event_id"]).into_iter().collect();
    event.timestamp = json::time(&item["created_timestamp"]);
    recognise(&mut event, item);
    event
}

/// Reads one of `direct_message_indicate_typing_events`.
fn typing(account: &str, users: &Value, item: &Value) -> InboundEvent {
    let mut event = between(InboundKind::Typing, account, users, item);
    event.timestamp = json::time(&item["created_timestamp"]);
    recognise(&mut event, item);
    event
}

/// An event between two people, one of whom is the account.
fn between(kind: InboundKind, account: &str, users: &Value, item: &Value) -> InboundEvent {
    let sender = json::text(&item["sender_id"]);
    let recipient = json::text(&item["target"]["recipient_id"]);
    let ours = sender.as_deref().is_some_and(|sender| sender == account);
    let person = person(users, sender.as_deref());
    InboundEvent {
        sender_name: pii(&person["name"]),
        sender_username: username(person),
        is_status_or_echo: ours,
        visibility: Some("direct".to_owned()),
        sender_id: sender.clone(),
        ..reading::event(kind, account, if ours { recipient } else { sender })
    }
}

fn recognise(event: &mut InboundEvent, item: &Value) {
    event.dedup_key = event.external_message_id.is_none().then(|| fingerprint(&[item]));
}

/// The user name, under both of its names.
pub(crate) fn username(person: &Value) -> Option<blendline_wire::Pii<String>> {
    first_text(person, &["screen_name", "username"]).map(blendline_wire::Pii::new)
}

/// The person with this id in a map by id or in a list; the newer generation wraps each in `data`.
pub(crate) fn person<'a>(users: &'a Value, id: Option<&str>) -> &'a Value {
    let Some(id) = id else { return &Value::Null };
    let unwrapped = |person: &'a Value| if person["data"].is_object() { &person["data"] } else { person };
    match users {
        Value::Object(all) => all.get(id).map_or(&Value::Null, unwrapped),
        Value::Array(all) => {
            let is = |person: &&'a Value| json::text(&person["id"]).as_deref() == Some(id);
            all.iter().map(unwrapped).find(is).unwrap_or(&Value::Null)
        }
        _ => &Value::Null,
    }
}
