//! What is no message: reports on our own messages, calls, and changes of the account or of people.

use blendline_wire::Pii;
use blendline_wire::inbound::{InboundEvent, InboundKind};
use serde_json::Value;

use super::normalise::{self, Change};
use crate::json;
use crate::reading::pii;

/// Names under which account events say what happened, the first that is there counts.
const EVENT_NAMES: &[&str] = &["event", "alert_type", "decision", "new_quality_score", "action", "status"];

/// Reads one of `statuses`: a report on a message of ours, which has that message's id.
pub(super) fn status(change: &Change<'_>, item: &Value) -> InboundEvent {
    let peer = ["recipient_id", "recipient_user_id"].iter().find_map(|key| json::text(&item[*key]));
    InboundEvent {
        external_message_id: json::text(&item["id"]),
        timestamp: json::unix_time(&item["timestamp"]),
        is_status_or_echo: true,
        status: json::text(&item["status"]).map(|status| status.to_ascii_lowercase()),
        errors: normalise::errors(&item["errors"]),
        outbound_ref: json::text(&item["biz_opaque_callback_data"]),
        chat_type: (item["recipient_type"] == "group").then(|| "group".to_owned()),
        event: json::text(&item["type"]),
        ..change.event(InboundKind::Status, peer)
    }
}

/// Reads one of `calls`: its beginning and its end come as two happenings with one id.
pub(super) fn call(change: &Change<'_>, item: &Value) -> InboundEvent {
    let ours = item["direction"] == "BUSINESS_INITIATED";
    let side = |names: [&str; 2]| names.iter().find_map(|name| json::text(&item[*name]));
    let (caller, callee) = (side(["from", "from_user_id"]), side(["to", "to_user_id"]));
    let peer = if ours { callee } else { caller.clone() };
    let happening = json::text(&item["event"]);
    let contact = change.contact(peer.as_deref(), peer.as_deref());
    let id = json::text(&item["id"]);
    InboundEvent {
        dedup_key: id.as_ref().map(|id| format!("{id}:{}", happening.as_deref().unwrap_or_default())),
        external_message_id: id,
        sender_name: pii(&contact["profile"]["name"]).filter(|_| !ours),
        sender_id: caller,
        timestamp: json::unix_time(&item["timestamp"]),
        is_status_or_echo: ours,
        status: json::text(&item["status"]).map(|status| status.to_ascii_lowercase()),
        event: happening,
        outbound_ref: json::text(&item["biz_opaque_callback_data"]),
        errors: normalise::errors(&item["errors"]),
        ..change.event(InboundKind::Call, peer)
    }
}

/// Reads one of `user_preferences`: the customer wants marketing messages (`resume`) or no more (`stop`).
pub(super) fn preference(change: &Change<'_>, item: &Value) -> InboundEvent {
    let wa_id = json::text(&item["wa_id"]);
    let user_id = json::text(&item["user_id"]);
    let contact = change.contact(wa_id.as_deref(), user_id.as_deref());
    let alternative = user_id.clone().filter(|_| wa_id.is_some());
    let sender = wa_id.or(user_id);
    InboundEvent {
        sender_id: sender.clone(),
        sender_name: pii(&contact["profile"]["name"]),
        sender_alt_ids: alternative.into_iter().collect(),
        timestamp: json::unix_time(&item["timestamp"]),
        field: change.field.clone(),
        event: json::text(&item["value"]),
        meaning: match item["value"].as_str() {
            Some("stop") => Some("opt_out".to_owned()),
            Some("resume") => Some("opt_in".to_owned()),
            _ => None,
        },
        purpose: (item["category"] == "marketing_messages").then(|| "marketing".to_owned()),
        payload: pii(&item["category"]),
        dedup_key: Some(change.fingerprint(item)),
        ..change.event(InboundKind::Optin, sender)
    }
}

/// Reads one of `user_id_update`: the platform gave a person a new id. The ids are in `system`.
pub(super) fn user_id_update(change: &Change<'_>, item: &Value) -> InboundEvent {
    let mut ids = item.clone();
    if let Value::Object(fields) = &mut ids {
        fields.remove("detail");
    }
    InboundEvent { system: Some(Pii::new(ids)), ..change.notice(InboundKind::AccountEvent, item) }
}

/// Reads one of `groups`: a group was made, changed or closed, or its members changed.
pub(super) fn group(change: &Change<'_>, item: &Value) -> InboundEvent {
    let mut event = change.notice(InboundKind::System, item);
    event.conversation_key.peer = json::text(&item["group_id"]);
    event.chat_type = Some("group".to_owned());
    event.timestamp = json::unix_time(&item["timestamp"]);
    event.event = json::text(&item["type"]);
    event.errors = normalise::errors(&item["errors"]);
    event
}

/// Reads one of `state_sync`: the address book of the phone that shares the number.
pub(super) fn state_sync(change: &Change<'_>, item: &Value) -> InboundEvent {
    InboundEvent { event: json::text(&item["action"]), ..change.notice(InboundKind::Ignored, item) }
}

/// Errors of the account itself, one event for the list.
pub(super) fn errors(change: &Change<'_>, list: &Value) -> InboundEvent {
    let mut event = change.notice(InboundKind::AccountError, list);
    event.errors = normalise::errors(list);
    event.field = event.field.filter(|field| field != "messages");
    event
}

/// A change without any list: a template approved, a quality lowered, a policy broken, a thread handed over.
pub(super) fn of_account(change: &Change<'_>) -> InboundEvent {
    let value = change.value;
    match change.field.as_deref() {
        Some("messages") => unknown_content(change),
        Some("messaging_handovers") => control(change),
        _ => InboundEvent {
            event: EVENT_NAMES.iter().find_map(|key| json::text(&value[*key])),
            ..change.notice(InboundKind::AccountEvent, value)
        },
    }
}

/// The subscription of messages brought something that is no list we know.
fn unknown_content(change: &Change<'_>) -> InboundEvent {
    let mut event = change.notice(InboundKind::Unsupported, change.value);
    event.is_status_or_echo = false;
    event
}

fn control(change: &Change<'_>) -> InboundEvent {
    let value = change.value;
    let mut event = change.notice(InboundKind::Control, value);
    let person = &value["sender"];
    event.conversation_key.peer =
        ["wa_id", "phone_number", "id", "user_id"].iter().find_map(|key| json::text(&person[*key]));
    if event.conversation_key.account.is_empty() {
        event.conversation_key.account = json::text(&value["recipient"]["phone_number_id"]).unwrap_or_default();
    }
    event.timestamp = json::unix_time(&value["timestamp"]);
    event.event = value.as_object().and_then(|all| all.keys().find(|key| key.contains("control"))).cloned();
    event
}
