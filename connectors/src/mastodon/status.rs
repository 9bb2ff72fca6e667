//! Statuses, and what tells of them. The account that listens is not named: it is the endpoint's.

use blendline_wire::Pii;
use blendline_wire::inbound::{Attachment, InboundEvent, InboundKind, Reaction, ReactionAction};
use serde_json::Value;

use crate::html;
use crate::json;
use crate::reach;
use crate::reading::{self, fetched, first_text, pii};

/// A status that flew by on the home timeline. Whatever concerns us comes as a notification or a conversation too, and
/// our own statuses come here as well: it is of no use to routing.
pub(super) fn seen(status: &Value) -> InboundEvent {
    let mut event = of_status(InboundKind::Ignored, status);
    event.event = Some("update".to_owned());
    event
}

/// A status that was changed. Each change is a happening of its own.
pub(super) fn edited(status: &Value) -> InboundEvent {
    let mut event = of_status(InboundKind::Edit, status);
    event.target_message_id.clone_from(&event.external_message_id);
    if let (Some(id), Some(at)) = (&event.external_message_id, json::text(&status["edited_at"])) {
        event.dedup_key = Some(format!("{id}:{at}"));
    }
    event
}

/// A status that is gone: nothing is left of it but the id.
pub(super) fn deleted(id: &str) -> InboundEvent {
    let id = Some(id.trim_matches('"').to_owned()).filter(|id| !id.is_empty());
    InboundEvent {
        external_message_id: id.clone(),
        target_message_id: id,
        ..reading::event(InboundKind::Delete, "", None)
    }
}

/// A direct conversation with its last status. `accounts` are the others in it, so a status by none of them is ours.
pub(super) fn conversation(value: &Value) -> InboundEvent {
    let status = &value["last_status"];
    if !status.is_object() {
        // Every status in it was deleted.
        return InboundEvent {
            event: Some("conversation".to_owned()),
            ..reading::event(InboundKind::Ignored, "", None)
        };
    }
    let others: Vec<String> = json::items(&value["accounts"]).iter().filter_map(|one| json::text(&one["id"])).collect();
    let mut event = of_status(InboundKind::Message, status);
    if !others.is_empty() && !event.sender_id.as_ref().is_some_and(|sender| others.contains(sender)) {
        event.kind = InboundKind::Echo;
        event.is_status_or_echo = true;
        event.conversation_key.peer = others.first().cloned();
    }
    event.conversation_key.thread = json::text(&value["id"]).or_else(|| event.conversation_key.thread.take());
    event
}

/// What happened to the account.
pub(super) fn notification(value: &Value) -> InboundEvent {
    let status = &value["status"];
    let name = value["type"].as_str().unwrap_or_default();
    let direct = status["visibility"] == "direct";
    let mut event = match name {
        "mention" | "quote" if direct => of_status(InboundKind::Message, status),
        "mention" | "quote" => of_status(InboundKind::Mention, status),
        "status" => of_status(InboundKind::Post, status),
        "update" => edited(status),
        "reblog" => by_actor(InboundKind::Repost, value),
        "favourite" => reaction(value, "favourite"),
        "pleroma:emoji_reaction" | "reaction" => reaction(value, value["emoji"].as_str().unwrap_or(name)),
        "follow" | "follow_request" | "poll" => by_actor(InboundKind::Ignored, value),
        "severed_relationships" | "moderation_warning" => of_account(value),
        _ if name.starts_with("admin.") => of_account(value),
        _ => by_actor(InboundKind::Unsupported, value),
    };
    let said = matches!(event.kind, InboundKind::Message | InboundKind::Mention | InboundKind::Post);
    if said && !status.is_object() {
        // It happens that the status is left out; who named us is told all the same.
        event = by_actor(event.kind, value);
        event.needs_fetch = true;
    }
    event.notification_id = json::text(&value["id"]);
    event.timestamp = json::time(&value["created_at"]).or(event.timestamp);
    if !said && event.kind != InboundKind::Edit {
        event.event = Some(name.to_owned());
    }
    if event.external_message_id.is_none() {
        event.dedup_key = event.notification_id.as_ref().map(|id| format!("notification:{id}"));
    }
    event
}

/// Something that was done by somebody, perhaps to a status of ours.
fn by_actor(kind: InboundKind, value: &Value) -> InboundEvent {
    let actor = &value["account"];
    let target = json::text(&value["status"]["id"]);
    let mut event = reading::event(kind, "", None);
    set_sender(&mut event, actor);
    // That our words were passed on is told, but nobody waits for an answer.
    event.is_status_or_echo = kind == InboundKind::Repost;
    event.conversation_key.thread.clone_from(&target);
    event.target_message_id = target;
    event.visibility = json::text(&value["status"]["visibility"]);
    event
}

fn reaction(value: &Value, emoji: &str) -> InboundEvent {
    let mut event = by_actor(InboundKind::Reaction, value);
    let (emoji, action) = (Some(emoji.to_owned()), ReactionAction::Add);
    event.reaction = Some(Reaction { emoji, action, ..Reaction::default() });
    event
}

fn of_account(value: &Value) -> InboundEvent {
    InboundEvent { is_status_or_echo: true, ..by_actor(InboundKind::AccountEvent, value) }
}

fn of_status(kind: InboundKind, status: &Value) -> InboundEvent {
    let mut event = reading::event(kind, "", None);
    set_sender(&mut event, &status["account"]);
    event.external_message_id = json::text(&status["id"]);
    event.reply_to = json::text(&status["in_reply_to_id"]);
    event.conversation_key.thread = event.reply_to.clone().or_else(|| event.external_message_id.clone());
    event.text = text(status);
    event.attachments = json::items(&status["media_attachments"]).iter().map(attachment).collect();
    event.timestamp = json::time(&status["created_at"]);
    event.visibility = json::text(&status["visibility"]);
    event.permalink = first_text(status, &["url", "uri"]);
    // In private nobody counts.
    event.reach = reach::of_status(status).filter(|_| status["visibility"] != "direct");
    event
}

fn set_sender(event: &mut InboundEvent, account: &Value) {
    event.sender_id = json::text(&account["id"]);
    event.sender_name = pii(&account["display_name"]);
    event.sender_username = pii(&account["acct"]).or_else(|| pii(&account["username"]));
    event.conversation_key.peer.clone_from(&event.sender_id);
}

/// The words, after the warning that hides them where there is one.
fn text(status: &Value) -> Option<Pii<String>> {
    let words = html::text_of(status["content"].as_str().unwrap_or_default());
    let warning = html::text_of(status["spoiler_text"].as_str().unwrap_or_default());
    let whole: Vec<String> = [warning, words].into_iter().filter(|part| !part.is_empty()).collect();
    (!whole.is_empty()).then(|| Pii::new(whole.join("\n\n")))
}

fn attachment(value: &Value) -> Attachment {
    let kind = match value["type"].as_str() {
        Some("gifv" | "video") => "video",
        Some("image") => "image",
        Some("audio") => "audio",
        _ => "file",
    };
    fetched(kind, first_text(value, &["url", "remote_url", "preview_url"]))
}
