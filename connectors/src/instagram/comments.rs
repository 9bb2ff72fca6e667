//! What happens in public on Instagram: comments and mentions (CHANNELS.md section 4).

use blendline_wire::inbound::{InboundEvent, InboundKind};
use serde_json::{Value, json};

use crate::json;
use crate::meta::envelope::Entry;
use crate::meta::pointers::{Pointers, is_id};
use crate::meta::{feed, messaging};
use crate::reach;
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
        reach: reach::of_meta(value),
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

/// What is known of a mention: in a comment its words and no name, in a caption both (Instagram API with Facebook login,
/// IG User, `mentioned_comment` and `mentioned_media`). The answer has the name of what was asked for.
pub(super) static MENTIONS: Pointers = Pointers {
    field: "mentions",
    question: |account, value| {
        let id = |key: &str| json::text(&value[key]).filter(|id| is_id(id));
        let fields = match (id("comment_id"), id("media_id")) {
            (Some(comment), _) => format!("mentioned_comment.comment_id({comment}){{id,text,timestamp}}"),
            (None, Some(media)) => format!("mentioned_media.media_id({media}){{id,caption,timestamp,username}}"),
            (None, None) => return None,
        };
        Some((account.external_id.clone(), fields))
    },
    put: |value, mut answer| {
        for found in ["mentioned_comment", "mentioned_media"] {
            if answer[found].is_object() {
                value[found] = answer[found].take();
            }
        }
    },
};

/// A pointer: who wrote and what must be fetched, unless it was.
fn mention(entry: &Entry, value: &Value) -> InboundEvent {
    let media = json::text(&value["media_id"]);
    let (comment, post) = (&value["mentioned_comment"], &value["mentioned_media"]);
    let mut event = InboundEvent {
        external_message_id: json::text(&value["comment_id"]).or_else(|| media.clone()),
        text: pii(&comment["text"]).or_else(|| pii(&post["caption"])),
        sender_username: pii(&post["username"]),
        timestamp: json::time(&comment["timestamp"]).or_else(|| json::time(&post["timestamp"])).or(entry.time),
        visibility: Some("public".to_owned()),
        reach: reach::of_meta(comment).or_else(|| reach::of_meta(post)),
        needs_fetch: !comment.is_object() && !post.is_object(),
        ..reading::event(InboundKind::Mention, &entry.id, None)
    };
    event.dedup_key = event.external_message_id.is_none().then(|| fingerprint(&[value]));
    event.conversation_key.thread = media;
    event
}
