//! One happening of a direct conversation, of which Messenger and Instagram have the same.

use blendline_wire::inbound::{Attachment, InboundEvent, InboundKind, Reaction, ReactionAction};
use blendline_wire::{OutboundId, Pii};
use serde_json::{Value, json};

use super::envelope::Entry;
use crate::json;
use crate::reading::{self, fetched, fingerprint, first_text, pii, small};

/// Reads what lies under one key of an item.
type Reader = fn(&mut InboundEvent, &Value);

/// What an item may hold; the first that is there counts.
const READERS: &[(&str, Reader)] = &[
    ("message", message),
    ("message_edit", edit),
    ("reaction", reaction),
    ("postback", postback),
    ("delivery", delivery),
    ("read", read_mark),
    ("optin", optin),
    ("referral", referral),
    ("account_linking", account_linking),
    ("pass_thread_control", control),
    ("take_thread_control", control),
    ("request_thread_control", control),
    ("app_roles", control),
    ("policy-enforcement", policy),
    ("policy_enforcement", policy),
];

/// What our own kinds name well enough.
const PLAIN: &[&str] = &["message", "message_edit", "reaction", "postback", "delivery", "read", "referral"];

/// Reads one of `messaging` or `standby`.
pub(crate) fn read(entry: &Entry, item: &Value) -> InboundEvent {
    let mut event = sides(entry, item);
    event.timestamp = json::time(&item["timestamp"]);
    let found = READERS.iter().find(|(key, _)| !item[*key].is_null());
    match found {
        Some((key, reader)) => {
            event.event = (!PLAIN.contains(key)).then(|| (*key).to_owned());
            reader(&mut event, &item[*key]);
        }
        None => {
            event.kind = InboundKind::Unsupported;
            event.event = unknown_key(item);
        }
    }
    if event.timestamp.is_none() && event.kind != InboundKind::Status {
        event.timestamp = entry.time;
    }
    if event.external_message_id.is_none() || event.kind == InboundKind::Delete {
        // Postbacks of old, reactions, edits and marks have no id of their own; a second delivery is the same text.
        event.dedup_key = Some(fingerprint(&[item]));
    }
    event
}

/// Who speaks to whom: of our own messages the sender is the account.
fn sides(entry: &Entry, item: &Value) -> InboundEvent {
    let side = |name: &str| first_text(&item[name], &["id", "user_ref", "comment_id"]);
    let (sender, recipient) = (side("sender"), side("recipient"));
    let is_account = |id: &Option<String>| id.as_deref() == Some(&entry.id);
    let echo = item["message"]["is_echo"] == true;
    let ours = is_account(&sender) || (echo && !is_account(&recipient));
    let (account, peer) = if ours { (sender.clone(), recipient) } else { (recipient, sender.clone()) };
    let account = account.unwrap_or_else(|| entry.id.clone());
    let mut event = reading::event(InboundKind::Message, &account, peer);
    let user_ref = json::text(&item["sender"]["user_ref"]);
    event.sender_alt_ids.extend(user_ref.filter(|other| Some(other) != sender.as_ref()));
    event.sender_username = pii(&item["sender"]["username"]);
    event.sender_id = sender;
    event.is_status_or_echo = ours;
    if ours {
        event.kind = InboundKind::Echo;
    }
    event
}

fn message(event: &mut InboundEvent, body: &Value) {
    event.external_message_id = json::text(&body["mid"]);
    if body["is_deleted"] == true {
        event.kind = InboundKind::Delete;
        event.target_message_id.clone_from(&event.external_message_id);
        return;
    }
    event.text = pii(&body["text"]);
    event.payload = pii(&body["quick_reply"]["payload"]);
    event.attachments = json::items(&body["attachments"]).iter().map(attachment).collect();
    let answered = &body["reply_to"];
    event.reply_to = json::text(&answered["mid"]).or_else(|| json::text(&answered["story"]["id"]));
    event.referral = if body["referral"].is_object() {
        Some(body["referral"].clone())
    } else {
        answered["story"].is_object().then(|| json!({ "story": answered["story"] }))
    };
    if body["is_echo"] == true {
        event.kind = InboundKind::Echo;
        event.is_status_or_echo = true;
        // What we gave along when sending; another application's may be anything.
        event.outbound_ref = json::text(&body["metadata"]).filter(|ours| ours.parse::<OutboundId>().is_ok());
    }
    let empty = event.text.is_none() && event.attachments.is_empty() && event.payload.is_none();
    if event.kind == InboundKind::Message && (body["is_unsupported"] == true || empty) {
        event.kind = InboundKind::Unsupported;
        event.event = Some("message".to_owned());
    }
}

fn attachment(value: &Value) -> Attachment {
    let kind = json::text(&value["type"]).unwrap_or_else(|| "file".to_owned());
    let payload = &value["payload"];
    // A place has an address to show it at too, which says less than where it is.
    if payload["coordinates"].is_object() {
        return small(&kind, &payload["coordinates"]);
    }
    let url = first_text(payload, &["url", "link"]).or_else(|| json::text(&value["url"]));
    match payload {
        Value::Object(_) if url.is_none() => small(&kind, payload),
        _ => fetched(&kind, url.or_else(|| json::text(payload))),
    }
}

fn edit(event: &mut InboundEvent, body: &Value) {
    event.kind = InboundKind::Edit;
    event.target_message_id = json::text(&body["mid"]);
    event.text = pii(&body["text"]);
    event.edit_no = json::number(&body["num_edit"]).and_then(|count| u64::try_from(count).ok());
}

fn reaction(event: &mut InboundEvent, body: &Value) {
    event.kind = InboundKind::Reaction;
    event.target_message_id = json::text(&body["mid"]);
    let taken_back = body["action"] == "unreact";
    event.reaction = Some(Reaction {
        emoji: first_text(body, &["emoji", "reaction"]),
        action: if taken_back { ReactionAction::Remove } else { ReactionAction::Add },
        ..Reaction::default()
    });
}

fn postback(event: &mut InboundEvent, body: &Value) {
    event.kind = InboundKind::Postback;
    event.external_message_id = json::text(&body["mid"]);
    event.text = pii(&body["title"]);
    event.payload = pii(&body["payload"]);
    event.referral = body["referral"].is_object().then(|| body["referral"].clone());
}

fn delivery(event: &mut InboundEvent, body: &Value) {
    set_status(event, "delivered", body);
    event.target_message_ids = json::items(&body["mids"]).iter().filter_map(json::text).collect();
}

/// Messenger says up to which instant, Instagram which message.
fn read_mark(event: &mut InboundEvent, body: &Value) {
    set_status(event, "read", body);
    event.target_message_ids = json::text(&body["mid"]).into_iter().collect();
}

fn set_status(event: &mut InboundEvent, status: &str, body: &Value) {
    event.kind = InboundKind::Status;
    event.is_status_or_echo = true;
    event.status = Some(status.to_owned());
    event.watermark = json::time(&body["watermark"]);
}

fn optin(event: &mut InboundEvent, body: &Value) {
    event.kind = InboundKind::Optin;
    event.event = json::text(&body["type"]).or_else(|| event.event.take());
    event.payload = pii(&body["payload"]).or_else(|| pii(&body["ref"]));
    let user_ref = json::text(&body["user_ref"]);
    event.sender_alt_ids.extend(user_ref.filter(|other| Some(other) != event.sender_id.as_ref()));
    let stopped = body["notification_messages_status"] == "STOP_NOTIFICATIONS";
    event.meaning = Some(if stopped { "opt_out" } else { "opt_in" }.to_owned());
}

fn referral(event: &mut InboundEvent, body: &Value) {
    event.kind = InboundKind::Referral;
    event.referral = Some(body.clone());
}

fn account_linking(event: &mut InboundEvent, body: &Value) {
    event.kind = InboundKind::System;
    event.status = json::text(&body["status"]);
}

fn control(event: &mut InboundEvent, body: &Value) {
    event.kind = InboundKind::Control;
    event.is_status_or_echo = true;
    event.payload = pii(&body["metadata"]);
    event.system = body.is_object().then(|| Pii::new(body.clone()));
}

fn policy(event: &mut InboundEvent, body: &Value) {
    event.kind = InboundKind::AccountEvent;
    event.is_status_or_echo = true;
    event.event = json::text(&body["action"]).or_else(|| event.event.take());
    event.text = pii(&body["reason"]);
}

/// The platform's name of what an item holds, where we do not know it.
fn unknown_key(item: &Value) -> Option<String> {
    let known = ["sender", "recipient", "timestamp"];
    item.as_object()?.keys().find(|key| !known.contains(&key.as_str())).cloned()
}
