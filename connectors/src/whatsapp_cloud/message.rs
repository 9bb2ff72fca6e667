//! Messages of customers, and our own that come back as echoes.

use blendline_wire::Pii;
use blendline_wire::inbound::{Attachment, InboundEvent, InboundKind, Reaction, ReactionAction};
use serde_json::Value;

use super::normalise::{Change, errors};
use crate::json;
use crate::reading::{pii, small};

/// Types whose content lies in an object with the id of a file.
const MEDIA: &[&str] = &["image", "video", "audio", "document", "sticker"];

/// Types that say something; the others act on a message or report.
const CONTENTS: &[&str] = &[
    "text",
    "image",
    "video",
    "audio",
    "document",
    "sticker",
    "location",
    "contacts",
    "interactive",
    "button",
    "order",
    "reaction",
    "edit",
    "revoke",
    "system",
];

/// Reads one of `messages`.
pub(super) fn message(change: &Change<'_>, item: &Value) -> InboundEvent {
    let from = json::text(&item["from"]);
    let from_user = json::text(&item["from_user_id"]);
    let contact = change.contact(from.as_deref(), from_user.as_deref());
    let sender = from.or_else(|| from_user.clone()).or_else(|| of_system(&item["system"]));
    let mut others = vec![json::text(&contact["wa_id"]), from_user, json::text(&contact["user_id"])];
    others.dedup();
    let group = json::text(&item["group_id"]);
    let mut event = InboundEvent {
        sender_name: pii(&contact["profile"]["name"]),
        sender_username: pii(&contact["profile"]["username"]).or_else(|| pii(&contact["username"])),
        sender_alt_ids: others.into_iter().flatten().filter(|id| Some(id) != sender.as_ref()).collect(),
        chat_type: group.as_ref().map(|_| "group".to_owned()),
        ..change.event(InboundKind::Message, group.or_else(|| sender.clone()))
    };
    event.sender_id = sender;
    read_common(&mut event, item);
    read_body(&mut event, item);
    event
}

/// Reads one of `message_echoes`: what a colleague sent from the phone. Never routed as new, whatever it holds.
pub(super) fn echo(change: &Change<'_>, item: &Value) -> InboundEvent {
    let group = json::text(&item["group_id"]);
    let chat_type = group.as_ref().map(|_| "group".to_owned());
    let peer = group.or_else(|| json::text(&item["to"])).or_else(|| json::text(&item["to_user_id"]));
    let mut event =
        InboundEvent { sender_id: json::text(&item["from"]), chat_type, ..change.event(InboundKind::Message, peer) };
    read_common(&mut event, item);
    read_body(&mut event, item);
    if event.kind != InboundKind::Message {
        event.event = event.event.take().or_else(|| json::text(&item["type"]));
    }
    event.kind = InboundKind::Echo;
    event.is_status_or_echo = true;
    event
}

/// Gives old messages the other side of their thread: of our own ones `from` is ourselves.
pub(super) fn set_thread(events: &mut [InboundEvent], thread: &Value) {
    let peer = json::text(thread);
    for event in events {
        if peer.is_some() {
            event.is_status_or_echo = event.sender_id != peer;
            event.conversation_key.peer.clone_from(&peer);
        }
    }
}

/// The only ids left when a person without a shared number changes theirs (changelog of 2026-08-11).
fn of_system(system: &Value) -> Option<String> {
    ["customer", "previous_user_id", "user_id"].iter().find_map(|key| json::text(&system[*key]))
}

fn read_common(event: &mut InboundEvent, item: &Value) {
    let context = &item["context"];
    event.external_message_id = json::text(&item["id"]);
    event.timestamp = json::unix_time(&item["timestamp"]);
    event.reply_to = json::text(&context["id"]);
    event.forwarded = context["forwarded"] == true || context["frequently_forwarded"] == true;
    event.referral =
        [&item["referral"], &context["referred_product"]].into_iter().find(|from| from.is_object()).cloned();
    event.errors = errors(&item["errors"]);
}

fn read_body(event: &mut InboundEvent, item: &Value) {
    let kind = type_of(item).unwrap_or_default();
    let body = &item[&kind];
    match kind.as_str() {
        "reaction" => read_reaction(event, body),
        "edit" => {
            event.kind = InboundKind::Edit;
            event.target_message_id = json::text(&body["original_message_id"]);
            let edited = &body["message"];
            let kind = type_of(edited).unwrap_or_default();
            if !read_content(event, &kind, &edited[&kind]) {
                event.text = pii(&body["text"]["body"]).or_else(|| pii(&body["body"]));
            }
            event.reply_to = json::text(&edited["context"]["id"]).or_else(|| event.reply_to.take());
        }
        "revoke" => {
            event.kind = InboundKind::Delete;
            event.target_message_id = json::text(&body["original_message_id"]);
        }
        "system" => read_system(event, body),
        // The customer opened the chat and has said nothing yet.
        "request_welcome" => {
            event.kind = InboundKind::System;
            event.event = Some(kind);
        }
        _ => {
            if !read_content(event, &kind, body) {
                event.kind = InboundKind::Unsupported;
                event.event = json::text(&body["type"]).or(Some(kind)).filter(|name| !is_nameless(name));
            }
        }
    }
}

/// The type that a message names or, without one, that its content tells.
fn type_of(item: &Value) -> Option<String> {
    json::text(&item["type"])
        .or_else(|| CONTENTS.iter().find(|name| !item[**name].is_null()).map(|name| (*name).to_owned()))
}

/// Words by which the platform says that it does not say.
fn is_nameless(name: &str) -> bool {
    matches!(name, "" | "unsupported" | "unknown")
}

/// Reads what was said; false when there is nothing that we understand.
fn read_content(event: &mut InboundEvent, kind: &str, body: &Value) -> bool {
    if body.is_null() {
        return false;
    }
    match kind {
        "text" => {
            event.text = pii(&body["body"]).or_else(|| pii(body));
            event.text.is_some() || body["body"].is_string()
        }
        "location" if body.is_object() => {
            event.attachments.push(small("location", body));
            true
        }
        "contacts" => {
            event.attachments.extend(json::items(body).iter().map(|card| small("contact", card)));
            !event.attachments.is_empty()
        }
        "order" if body.is_object() => {
            event.text = pii(&body["text"]);
            event.attachments.push(small("order", body));
            true
        }
        "button" => {
            event.text = pii(&body["text"]);
            event.payload = pii(&body["payload"]);
            event.text.is_some() || event.payload.is_some()
        }
        "interactive" => read_interactive(event, body),
        _ if MEDIA.contains(&kind) && body.is_object() => {
            event.text = pii(&body["caption"]);
            event.attachments.push(media(kind, body));
            true
        }
        _ => false,
    }
}

fn media(kind: &str, body: &Value) -> Attachment {
    let kind = if kind == "audio" && body["voice"] == true { "voice" } else { kind };
    Attachment {
        kind: kind.to_owned(),
        r#ref: ["id", "url", "link"].iter().find_map(|key| json::text(&body[*key])),
        mime: json::text(&body["mime_type"]),
        filename: pii(&body["filename"]),
    }
}

fn read_interactive(event: &mut InboundEvent, body: &Value) -> bool {
    let choice = ["button_reply", "list_reply"].iter().map(|key| &body[*key]).find(|choice| choice.is_object());
    if let Some(choice) = choice {
        event.text = pii(&choice["title"]);
        event.payload = pii(&choice["id"]);
        return event.text.is_some() || event.payload.is_some();
    }
    let flow = &body["nfm_reply"];
    if flow.is_object() {
        event.text = pii(&flow["body"]);
        // Documented as a string of JSON; an object in its place is kept as one.
        let answer = &flow["response_json"];
        event.payload = pii(answer).or_else(|| answer.is_object().then(|| Pii::new(answer.to_string())));
        return true;
    }
    let consent = &body["call_permission_reply"];
    if consent.is_object() {
        event.kind = InboundKind::Optin;
        event.event = Some("call_permission_reply".to_owned());
        event.payload = pii(&consent["response"]);
        return true;
    }
    false
}

fn read_reaction(event: &mut InboundEvent, body: &Value) {
    event.kind = InboundKind::Reaction;
    event.target_message_id = json::text(&body["message_id"]);
    // Taken back: the emoji is absent or, in older versions, empty.
    let emoji = json::text(&body["emoji"]);
    let action = if emoji.is_some() { ReactionAction::Add } else { ReactionAction::Remove };
    event.reaction = Some(Reaction { emoji, action, ..Reaction::default() });
}

fn read_system(event: &mut InboundEvent, body: &Value) {
    event.kind = InboundKind::System;
    event.text = pii(&body["body"]);
    event.event = json::text(&body["type"]);
    if let Value::Object(fields) = body {
        let mut changed = fields.clone();
        changed.remove("body");
        event.system = Some(Pii::new(Value::Object(changed)));
    }
}
