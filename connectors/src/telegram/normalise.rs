//! Updates of the Bot API (CHANNELS.md section 6). A bot's updates do not name the bot: the account is the endpoint's.

use blendline_wire::Pii;
use blendline_wire::inbound::{InboundEvent, InboundKind, Reaction, ReactionAction};
use serde_json::Value;

use super::message;
use crate::reading::{self, fingerprint, first_text, no_webhook, pii, set_repeats_aside};
use crate::{Malformed, json};

/// Reads what lies under one key of an update.
type Reader = fn(&Value) -> InboundEvent;

/// What an update may hold; it holds exactly one of them.
const READERS: &[(&str, Reader)] = &[
    ("message", message::message),
    ("edited_message", message::edited),
    ("channel_post", message::channel_post),
    ("edited_channel_post", message::edited),
    ("business_message", message::business),
    ("edited_business_message", message::edited_business),
    ("deleted_business_messages", deleted),
    ("message_reaction", reaction),
    ("message_reaction_count", reaction_count),
    ("callback_query", callback_query),
    ("my_chat_member", membership),
    ("chat_member", membership),
    ("chat_join_request", chat_notice),
    ("chat_boost", chat_notice),
    ("removed_chat_boost", chat_notice),
    ("business_connection", business_connection),
    ("poll", poll),
    ("poll_answer", poll_answer),
];

/// Translates a body: one update as a webhook posts it, or the answer to `getUpdates` with several.
pub(super) fn normalise(body: &[u8]) -> Result<Vec<InboundEvent>, Malformed> {
    let root = json::parse(body)?;
    let polled = root["ok"] == true && root["result"].is_array();
    let updates = if polled { json::items(&root["result"]) } else { std::slice::from_ref(&root) };
    if !polled && (!root.is_object() || root["update_id"].is_null()) {
        return Err(no_webhook("/update_id", "an update"));
    }
    let mut events: Vec<InboundEvent> = updates.iter().map(update).collect();
    set_repeats_aside(&mut events);
    Ok(events)
}

fn update(update: &Value) -> InboundEvent {
    let found = READERS.iter().find(|(key, _)| update[*key].is_object());
    let mut event = match found {
        Some((key, reader)) => {
            let mut event = reader(&update[*key]);
            if event.event.is_none() && matches!(event.kind, InboundKind::System | InboundKind::AccountEvent) {
                event.event = Some((*key).to_owned());
            }
            event
        }
        None => unknown(update),
    };
    event.update_id = json::number(&update["update_id"]);
    if event.external_message_id.is_none() {
        // The running number recognises a second delivery of what has no id of its own.
        event.dedup_key = Some(event.update_id.map_or_else(|| fingerprint(&[update]), |id| format!("update:{id}")));
    }
    event
}

/// An update of a kind we do not know, or with nothing in it.
fn unknown(update: &Value) -> InboundEvent {
    let key = update.as_object().and_then(|all| all.keys().find(|key| *key != "update_id"));
    let kind = if key.is_some() { InboundKind::Unsupported } else { InboundKind::Ignored };
    InboundEvent { kind, event: key.cloned(), ..InboundEvent::default() }
}

/// An event of a chat and of the one who acts in it.
pub(super) fn of_chat(kind: InboundKind, chat: &Value, actor: &Value) -> InboundEvent {
    InboundEvent {
        sender_id: json::text(&actor["id"]),
        sender_name: name(actor),
        sender_username: pii(&actor["username"]),
        chat_type: json::text(&chat["type"]),
        ..reading::event(kind, "", json::text(&chat["id"]))
    }
}

/// A person has a first and perhaps a last name, a chat that speaks has a title.
fn name(actor: &Value) -> Option<Pii<String>> {
    let parts: Vec<String> = ["first_name", "last_name"].iter().filter_map(|key| json::text(&actor[*key])).collect();
    if parts.is_empty() { pii(&actor["title"]) } else { Some(Pii::new(parts.join(" "))) }
}

fn callback_query(query: &Value) -> InboundEvent {
    let asked = &query["message"];
    let mut event = of_chat(InboundKind::Postback, &asked["chat"], &query["from"]);
    if event.conversation_key.peer.is_none() {
        // The button hung on a message sent inline, whose chat is not told.
        event.conversation_key.peer.clone_from(&event.sender_id);
    }
    event.external_message_id = json::text(&query["id"]);
    event.payload = pii(&query["data"]).or_else(|| pii(&query["game_short_name"]));
    event.text.clone_from(&event.payload);
    event.reply_to = first_text(asked, &["message_id"]).or_else(|| json::text(&query["inline_message_id"]));
    message::set_thread(&mut event, asked);
    event
}

fn reaction(change: &Value) -> InboundEvent {
    // Without a user it is a chat that reacts, such as a channel or an anonymous administrator.
    let actor = if change["user"].is_object() { &change["user"] } else { &change["actor_chat"] };
    let mut event = of_chat(InboundKind::Reaction, &change["chat"], actor);
    let (old, new) = (emojis(&change["old_reaction"]), emojis(&change["new_reaction"]));
    let without = |all: &[String], others: &[String]| -> Vec<String> {
        all.iter().filter(|emoji| !others.contains(emoji)).cloned().collect()
    };
    let (added, removed) = (without(&new, &old), without(&old, &new));
    let action = if added.is_empty() { ReactionAction::Remove } else { ReactionAction::Add };
    let emoji = added.first().or(removed.first()).cloned();
    event.target_message_id = json::text(&change["message_id"]);
    event.timestamp = json::unix_time(&change["date"]);
    event.reaction = Some(Reaction { emoji, action, added, removed });
    event
}

fn emojis(reactions: &Value) -> Vec<String> {
    let one = |reaction: &Value| first_text(reaction, &["emoji", "custom_emoji_id", "type"]);
    json::items(reactions).iter().filter_map(one).collect()
}

/// How often each reaction was put, where nobody is told who did.
fn reaction_count(change: &Value) -> InboundEvent {
    let mut event = of_chat(InboundKind::Reaction, &change["chat"], &Value::Null);
    let added: Vec<String> = json::items(&change["reactions"])
        .iter()
        .flat_map(|one| emojis(&Value::from(vec![one["type"].clone()])))
        .collect();
    event.target_message_id = json::text(&change["message_id"]);
    event.timestamp = json::unix_time(&change["date"]);
    event.reaction = Some(Reaction { emoji: added.first().cloned(), added, ..Reaction::default() });
    event
}

/// Somebody's standing in a chat changed; ours in a private chat says whether we may write.
fn membership(change: &Value) -> InboundEvent {
    let chat = &change["chat"];
    let mut event = of_chat(InboundKind::System, chat, &change["from"]);
    let status = json::text(&change["new_chat_member"]["status"]);
    event.meaning = match (chat["type"].as_str(), status.as_deref()) {
        (Some("private"), Some("kicked" | "left" | "restricted")) => Some("opt_out".to_owned()),
        (Some("private"), Some("member")) => Some("opt_in".to_owned()),
        _ => None,
    };
    event.status = status;
    event.timestamp = json::unix_time(&change["date"]);
    event.is_status_or_echo = true;
    event
}

fn chat_notice(notice: &Value) -> InboundEvent {
    let mut event = of_chat(InboundKind::System, &notice["chat"], &notice["from"]);
    event.timestamp = json::unix_time(&notice["date"]);
    event.is_status_or_echo = true;
    event
}

fn deleted(deletion: &Value) -> InboundEvent {
    let mut event = of_chat(InboundKind::Delete, &deletion["chat"], &Value::Null);
    let ids: Vec<String> = json::items(&deletion["message_ids"]).iter().filter_map(json::text).collect();
    event.target_message_id = ids.first().filter(|_| ids.len() == 1).cloned();
    event.target_message_ids = ids;
    event
}

fn business_connection(connection: &Value) -> InboundEvent {
    let mut event = of_chat(InboundKind::AccountEvent, &Value::Null, &connection["user"]);
    event.status = Some(if connection["is_enabled"] == true { "enabled" } else { "disabled" }.to_owned());
    event.timestamp = json::unix_time(&connection["date"]);
    event.is_status_or_echo = true;
    event
}

/// The state of a poll, of no person.
fn poll(_: &Value) -> InboundEvent {
    InboundEvent { event: Some("poll".to_owned()), ..reading::event(InboundKind::Ignored, "", None) }
}

/// A vote: the options chosen, none when it was taken back.
fn poll_answer(answer: &Value) -> InboundEvent {
    let actor = if answer["user"].is_object() { &answer["user"] } else { &answer["voter_chat"] };
    let mut event = of_chat(InboundKind::Postback, &Value::Null, actor);
    event.conversation_key.peer.clone_from(&event.sender_id);
    event.target_message_id = json::text(&answer["poll_id"]);
    event.payload = Some(Pii::new(answer["option_ids"].to_string()));
    event.event = Some("poll_answer".to_owned());
    event
}
