//! What happens in public on Instagram: comments and mentions (CHANNELS.md section 4).

use blendline_wire::inbound::{InboundEvent, InboundKind};
use serde_json::{Value, json};

use crate::json;
use crate::meta::envelope::Entry;
use crate::meta::{feed, messaging};
use crate::reading::{self, fingerprint, first_text, pii};

/// Reads one of an account's `changes`.
pub(super) fn change(entry: &Entry, whole: &Value) -> InboundEvent {
    let value = &whole["value"];
    let field = json::text(&whole["field"]);
    let mut event = match field.as_deref() {
        Some("comments" | "live_comments") if value.is_object() => comment(entry, value),
        Some("mentions") if value.is_object() => mention(entry, value),
        // The product with Instagram login sends messages as changes too.
        Some(_) if value["sender"].is_object() && value["recipient"].is_object() => messaging::read(entry, value),
        _ => feed::of_account(entry, whole),
    };
    event.field = field;
    event
}

fn comment(entry: &Entry, value: &Value) -> InboundEvent {
    let from = &value["from"];
    let sender = json::text(&from["id"]);
    let media = &value["media"];
    let id = first_text(value, &["id", "comment_id"]);
    let mut event = InboundEvent {
        sender_id: sender.clone(),
        sender_username: pii(&from["username"]),
        sender_alt_ids: json::text(&from["self_ig_scoped_id"]).into_iter().collect(),
        text: pii(&value["text"]),
        // The comment itself bears no time.
        timestamp: json::time(&value["timestamp"]).or(entry.time),
        reply_to: json::text(&value["parent_id"]),
        visibility: Some("public".to_owned()),
        // A comment on an advert may be told once for each: the advert is where the customer came from.
        referral: json::text(&media["ad_id"]).map(|ad| json!({ "ad_id": ad, "ad_title": media["ad_title"] })),
        is_status_or_echo: sender.as_deref() == Some(&entry.id) || !from["self_ig_scoped_id"].is_null(),
        needs_fetch: sender.is_none() || !value["text"].is_string(),
        dedup_key: id.is_none().then(|| fingerprint(&[value])),
        ..reading::event(InboundKind::Comment, &entry.id, sender)
    };
    event.external_message_id = id;
    event.conversation_key.thread = first_text(media, &["id"]).or_else(|| json::text(&value["media_id"]));
    event
}

/// A pointer: who wrote and what must be fetched.
fn mention(entry: &Entry, value: &Value) -> InboundEvent {
    let media = json::text(&value["media_id"]);
    let mut event = InboundEvent {
        external_message_id: json::text(&value["comment_id"]).or_else(|| media.clone()),
        timestamp: entry.time,
        visibility: Some("public".to_owned()),
        needs_fetch: true,
        ..reading::event(InboundKind::Mention, &entry.id, None)
    };
    event.dedup_key = event.external_message_id.is_none().then(|| fingerprint(&[value]));
    event.conversation_key.thread = media;
    event
}
