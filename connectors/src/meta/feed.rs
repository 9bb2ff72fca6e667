//! What happens on a Page in public: posts, comments, reactions, reviews, mentions (CHANNELS.md section 3).

use blendline_wire::inbound::{Attachment, InboundEvent, InboundKind, Reaction, ReactionAction};
use serde_json::Value;

use super::envelope::Entry;
use super::messaging;
use crate::json;
use crate::reach;
use crate::reading::{self, fetched, fingerprint, first_text, pii};

/// The ids of what a comment belongs to, by item; the first that is there counts.
const POST_IDS: &[&str] =
    &["post_id", "open_graph_story_id", "photo_id", "video_id", "share_id", "event_id", "album_id"];

/// Items that are a reaction, whatever they hang on.
const REACTIONS: &[&str] = &["reaction", "like"];

/// Reads one of a Page's `changes`.
pub(super) fn change(entry: &Entry, whole: &Value) -> InboundEvent {
    let value = &whole["value"];
    let field = json::text(&whole["field"]);
    let mut event = match field.as_deref() {
        Some("feed" | "mention" | "ratings") if value.is_object() => published(entry, field.as_deref(), value),
        Some("leadgen") => lead(entry, value),
        // Messages that came as a change instead of in `messaging`.
        Some(_) if value["sender"].is_object() && value["recipient"].is_object() => messaging::read(entry, value),
        _ => of_account(entry, whole),
    };
    event.field = field;
    event
}

/// A change of the Page itself.
pub(crate) fn of_account(entry: &Entry, whole: &Value) -> InboundEvent {
    InboundEvent {
        timestamp: entry.time,
        is_status_or_echo: true,
        event: json::text(&whole["verb"]).or_else(|| first_text(&whole["value"], &["event", "verb", "item"])),
        dedup_key: Some(happening(entry, whole)),
        ..reading::event(InboundKind::AccountEvent, &entry.id, None)
    }
}

/// Recognises a second delivery of a happening that has no id of its own.
fn happening(entry: &Entry, content: &Value) -> String {
    let time = entry.time.map_or(0, |time| time.0.0);
    fingerprint(&[&Value::from(entry.id.as_str()), &Value::from(time), content])
}

fn published(entry: &Entry, field: Option<&str>, value: &Value) -> InboundEvent {
    let from = &value["from"];
    let sender = json::text(&from["id"]).or_else(|| first_text(value, &["sender_id", "reviewer_id", "user_id"]));
    let item = json::text(&value["item"]).unwrap_or_default();
    let verb = json::text(&value["verb"]);
    let kind = kind_of(field, &item, verb.as_deref());
    let post = first_text(value, POST_IDS);
    let comment = json::text(&value["comment_id"]);
    let subject = comment.filter(|_| kind == InboundKind::Reaction || item == "comment").or_else(|| post.clone());
    let mut event = InboundEvent {
        sender_name: [&from["name"], &value["sender_name"], &value["reviewer_name"]].into_iter().find_map(pii),
        text: pii(&value["message"]).or_else(|| pii(&value["review_text"])),
        attachments: attachments(&item, value),
        timestamp: json::time(&value["created_time"]).or(entry.time),
        is_status_or_echo: sender.as_deref() == Some(&entry.id),
        reply_to: json::text(&value["parent_id"]).filter(|parent| Some(parent) != post.as_ref()),
        rating: json::number(&value["rating"]).and_then(|stars| u8::try_from(stars).ok()),
        recommendation: json::text(&value["recommendation_type"]),
        permalink: json::text(&value["post"]["permalink_url"]).or_else(|| json::text(&value["permalink_url"])),
        visibility: Some("public".to_owned()),
        reach: reach::of_meta(value).or_else(|| reach::of_meta(&value["post"])),
        ..reading::event(kind, &entry.id, sender.clone())
    };
    event.sender_id = sender;
    event.conversation_key.thread = post;
    match kind {
        InboundKind::Reaction => {
            event.target_message_id = subject;
            event.reaction = Some(reaction(&item, verb.as_deref(), value));
        }
        InboundKind::Edit | InboundKind::Delete | InboundKind::Moderation => {
            event.target_message_id.clone_from(&subject);
            event.external_message_id = subject;
        }
        _ => event.external_message_id = subject,
    }
    let new = matches!(kind, InboundKind::Comment | InboundKind::Post | InboundKind::Mention | InboundKind::Review);
    if !new || event.external_message_id.is_none() {
        // The same comment may be changed, hidden or liked again.
        event.dedup_key = Some(happening(entry, value));
    }
    let empty = event.text.is_none() && event.attachments.is_empty();
    let says = new || matches!(kind, InboundKind::Edit | InboundKind::ReviewEdit);
    event.needs_fetch = says && (event.sender_id.is_none() || (empty && event.rating.is_none()));
    event.verb = verb;
    event
}

fn kind_of(field: Option<&str>, item: &str, verb: Option<&str>) -> InboundKind {
    let reaction = REACTIONS.contains(&item);
    match verb.unwrap_or("add") {
        "hide" | "unhide" | "block" | "unblock" | "mute" | "unmute" => InboundKind::Moderation,
        _ if reaction => InboundKind::Reaction,
        "remove" | "delete" => InboundKind::Delete,
        "edit" | "edited" | "update" => match (item, field) {
            ("rating" | "recommendation", _) => InboundKind::ReviewEdit,
            _ => InboundKind::Edit,
        },
        _ => match (item, field) {
            (_, Some("mention")) => InboundKind::Mention,
            ("comment", _) => InboundKind::Comment,
            ("rating" | "recommendation", _) => InboundKind::Review,
            ("", _) => InboundKind::Unsupported,
            _ => InboundKind::Post,
        },
    }
}

/// A like has no type; it is its own.
fn reaction(item: &str, verb: Option<&str>, value: &Value) -> Reaction {
    Reaction {
        emoji: json::text(&value["reaction_type"]).or_else(|| (item == "like").then(|| "like".to_owned())),
        action: if verb == Some("remove") { ReactionAction::Remove } else { ReactionAction::Add },
        ..Reaction::default()
    }
}

fn attachments(item: &str, value: &Value) -> Vec<Attachment> {
    let linked = match item {
        "photo" => "image",
        "video" => "video",
        _ => "link",
    };
    let photos = json::items(&value["photos"]).iter().map(|photo| ("image", photo));
    let single = [("image", &value["photo"]), ("video", &value["video"]), (linked, &value["link"])];
    let mut found: Vec<Attachment> = Vec::new();
    for (kind, place) in photos.chain(single) {
        let Some(url) = json::text(place) else { continue };
        if !found.iter().any(|other| other.r#ref.as_deref() == Some(&url)) {
            found.push(fetched(kind, Some(url)));
        }
    }
    found
}

/// Somebody filled in the form of an advert; what he wrote must be fetched.
fn lead(entry: &Entry, value: &Value) -> InboundEvent {
    let id = json::text(&value["leadgen_id"]);
    InboundEvent {
        dedup_key: id.is_none().then(|| happening(entry, value)),
        external_message_id: id,
        timestamp: json::time(&value["created_time"]).or(entry.time),
        referral: Some(value.clone()),
        needs_fetch: true,
        event: Some("leadgen".to_owned()),
        ..reading::event(InboundKind::Referral, &entry.id, None)
    }
}
