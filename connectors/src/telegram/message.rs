//! Messages: what was said, what came along, and what only reports on the chat.

use blendline_wire::Pii;
use blendline_wire::inbound::{Attachment, InboundEvent, InboundKind};
use serde_json::Value;

use super::normalise::of_chat;
use crate::json;
use crate::reading::{first_text, pii, small};

/// Files under a key of their own. An animation comes a second time as a document, for programs of old.
const FILES: &[&str] = &["animation", "audio", "document", "video", "video_note", "voice", "sticker"];

/// Contents that are no files.
const SMALL: &[&str] = &["contact", "dice", "game", "invoice", "story", "checklist", "paid_media", "giveaway"];

/// Keys of messages that nobody wrote: the chat reports on itself.
const SERVICE: &[&str] = &[
    "new_chat_members",
    "left_chat_member",
    "new_chat_title",
    "new_chat_photo",
    "delete_chat_photo",
    "group_chat_created",
    "supergroup_chat_created",
    "channel_chat_created",
    "migrate_to_chat_id",
    "migrate_from_chat_id",
    "pinned_message",
    "message_auto_delete_timer_changed",
    "successful_payment",
    "refunded_payment",
    "users_shared",
    "chat_shared",
    "connected_website",
    "write_access_allowed",
    "passport_data",
    "proximity_alert_triggered",
    "boost_added",
    "chat_background_set",
    "forum_topic_created",
    "forum_topic_edited",
    "forum_topic_closed",
    "forum_topic_reopened",
    "general_forum_topic_hidden",
    "general_forum_topic_unhidden",
    "giveaway_created",
    "giveaway_winners",
    "giveaway_completed",
    "video_chat_scheduled",
    "video_chat_started",
    "video_chat_ended",
    "video_chat_participants_invited",
    "gift",
    "unique_gift",
];

/// Reads a `message`.
pub(super) fn message(message: &Value) -> InboundEvent {
    let actor = if message["from"].is_object() { &message["from"] } else { &message["sender_chat"] };
    let mut event = of_chat(InboundKind::Message, &message["chat"], actor);
    event.timestamp = json::unix_time(&message["date"]);
    event.external_message_id = json::text(&message["message_id"]);
    // Ids of messages are unique within one chat only.
    if let (Some(chat), Some(id)) = (&event.conversation_key.peer, &event.external_message_id) {
        event.dedup_key = Some(format!("{chat}:{id}"));
    }
    event.reply_to = first_text(&message["reply_to_message"], &["message_id"])
        .or_else(|| json::text(&message["external_reply"]["message_id"]));
    event.forwarded = ["forward_origin", "forward_date", "forward_from", "forward_from_chat"]
        .iter()
        .any(|key| !message[*key].is_null());
    event.album_id = json::text(&message["media_group_id"]);
    set_thread(&mut event, message);
    read_content(&mut event, message);
    event
}

/// In a forum or in the direct messages of a channel the topic is part of the conversation; elsewhere the same field
/// only says which message was answered.
pub(super) fn set_thread(event: &mut InboundEvent, message: &Value) {
    event.conversation_key.thread = if message["is_topic_message"] == true {
        json::text(&message["message_thread_id"])
    } else {
        json::text(&message["direct_messages_topic"]["topic_id"])
    };
}

/// Reads an `edited_message`: it has the id of the message it changes. The time stays that of the message.
pub(super) fn edited(value: &Value) -> InboundEvent {
    let mut event = message(value);
    event.kind = InboundKind::Edit;
    event.target_message_id.clone_from(&event.external_message_id);
    event
}

/// Reads a `channel_post`: said to everybody who reads the channel.
pub(super) fn channel_post(value: &Value) -> InboundEvent {
    let mut event = message(value);
    if event.kind == InboundKind::Message {
        event.kind = InboundKind::Post;
    }
    event.visibility = Some("public".to_owned());
    event
}

/// Reads a `business_message`: of a private account that the bot serves. What its owner writes is our own.
pub(super) fn business(value: &Value) -> InboundEvent {
    let mut event = message(value);
    let peer_speaks = event.sender_id == event.conversation_key.peer;
    if !peer_speaks || value["sender_business_bot"].is_object() {
        event.kind = InboundKind::Echo;
        event.is_status_or_echo = true;
    }
    event
}

/// Reads an `edited_business_message`.
pub(super) fn edited_business(value: &Value) -> InboundEvent {
    let mut event = business(value);
    if event.kind != InboundKind::Echo {
        event.kind = InboundKind::Edit;
    }
    event.target_message_id.clone_from(&event.external_message_id);
    event
}

fn read_content(event: &mut InboundEvent, message: &Value) {
    event.text = pii(&message["text"]).or_else(|| pii(&message["caption"]));
    event.attachments = attachments(message);
    let pressed = &message["web_app_data"];
    if pressed.is_object() {
        event.kind = InboundKind::Postback;
        event.text = pii(&pressed["button_text"]);
        event.payload = pii(&pressed["data"]);
        return;
    }
    let poll = &message["poll"];
    if poll.is_object() {
        event.text = pii(&poll["question"]);
        event.attachments.push(small("poll", poll));
    }
    // What a link of ours gave along: `/start` with a word.
    let start = message["text"].as_str().and_then(|text| text.strip_prefix("/start "));
    event.payload = start.map(str::trim).filter(|word| !word.is_empty()).map(Pii::from);
    if event.text.is_some() || !event.attachments.is_empty() {
        return;
    }
    let service = SERVICE.iter().find(|key| !message[**key].is_null());
    event.kind = if service.is_some() { InboundKind::System } else { InboundKind::Unsupported };
    event.event = service.map(|key| (*key).to_owned());
    event.is_status_or_echo = service.is_some();
    if let Some(key) = service {
        // A group that became a supergroup has a new id: whoever reads this gives the conversation a new key.
        event.system = Some(Pii::new(serde_json::json!({ *key: message[*key] })));
    }
}

fn attachments(message: &Value) -> Vec<Attachment> {
    let mut found = Vec::new();
    if let Some(photo) = json::items(&message["photo"]).iter().max_by_key(|size| area(size)) {
        found.push(Attachment { kind: "image".to_owned(), r#ref: file_id(photo), mime: None, filename: None });
    }
    let animated = message["animation"].is_object();
    let files = FILES.iter().filter(|key| message[**key].is_object() && !(animated && **key == "document"));
    found.extend(files.map(|key| file(key, &message[*key])));
    // A venue brings its place a second time, without the name.
    let place = [&message["venue"], &message["location"]].into_iter().find(|place| place.is_object());
    found.extend(place.map(|place| small("location", place)));
    found.extend(SMALL.iter().filter(|key| message[**key].is_object()).map(|key| small(key, &message[*key])));
    found
}

/// One picture comes in several sizes, the largest of which counts.
fn area(size: &Value) -> i64 {
    let side = |key: &str| json::number(&size[key]).unwrap_or(0);
    side("width").saturating_mul(side("height"))
}

/// The reference is the file's id: the address to fetch it from would hold the bot's token.
fn file(kind: &str, file: &Value) -> Attachment {
    Attachment {
        kind: kind.to_owned(),
        r#ref: file_id(file),
        mime: json::text(&file["mime_type"]),
        filename: pii(&file["file_name"]),
    }
}

fn file_id(file: &Value) -> Option<String> {
    json::text(&file["file_id"])
}
