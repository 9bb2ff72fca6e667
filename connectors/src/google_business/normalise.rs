//! Notices of My Business Notifications in the envelope of Pub/Sub, and reviews as the API lists them.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use blendline_wire::inbound::{InboundEvent, InboundKind};
use serde_json::Value;

use crate::reading::{self, fingerprint, first_text, no_webhook, pii, set_repeats_aside};
use crate::{Malformed, json};

/// What a notice tells, by the platform's name of it.
const KINDS: &[(&str, InboundKind)] = &[
    ("NEW_REVIEW", InboundKind::Review),
    ("UPDATED_REVIEW", InboundKind::ReviewEdit),
    ("NEW_QUESTION", InboundKind::Comment),
    ("UPDATED_QUESTION", InboundKind::Edit),
    ("NEW_ANSWER", InboundKind::Ignored),
    ("UPDATED_ANSWER", InboundKind::Ignored),
    ("NEW_CUSTOMER_MEDIA", InboundKind::Post),
    ("GOOGLE_UPDATE", InboundKind::AccountEvent),
    ("DUPLICATE_LOCATION", InboundKind::AccountEvent),
    ("LOSS_OF_VOICE_OF_MERCHANT", InboundKind::AccountEvent),
    ("VOICE_OF_MERCHANT_UPDATED", InboundKind::AccountEvent),
];

/// Names under which public code finds the pointer; none is documented with a sample.
const POINTERS: &[&str] = &[
    "review",
    "reviewName",
    "review_name",
    "question",
    "questionName",
    "answer",
    "media",
    "mediaItem",
    "resourceName",
    "name",
];
const LOCATIONS: &[&str] = &["location", "locationName", "location_name"];

/// Translates a body: one message that Pub/Sub pushes, several that it was asked for, or reviews.
pub(super) fn normalise(body: &[u8]) -> Result<Vec<InboundEvent>, Malformed> {
    let root = json::parse(body)?;
    let mut events: Vec<InboundEvent> = if root["message"].is_object() {
        vec![message(&root["message"])]
    } else if let Some(pulled) = root["receivedMessages"].as_array() {
        pulled.iter().map(|one| message(&one["message"])).collect()
    } else if let Some(reviews) = root["reviews"].as_array() {
        reviews.iter().map(review).collect()
    } else if root["starRating"].is_string() || root["reviewId"].is_string() {
        vec![review(&root)]
    } else {
        return Err(no_webhook("/message", "a message of Pub/Sub"));
    };
    set_repeats_aside(&mut events);
    Ok(events)
}

/// The notice in a message of Pub/Sub, and which review it points to without showing it.
pub(super) fn pointer(root: &Value) -> Option<(Value, String)> {
    let notice = decoded(root["message"]["data"].as_str()?)?;
    let pointer = first_text(&notice, POINTERS).filter(|at| at.contains("/reviews/"))?;
    Some((notice, pointer))
}

fn message(message: &Value) -> InboundEvent {
    let id = first_text(message, &["messageId", "message_id"]);
    let notice = json::text(&message["data"]).and_then(|data| decoded(&data)).filter(Value::is_object);
    let mut event = match &notice {
        Some(notice) => of_notice(notice, &message["attributes"]),
        None => reading::unreadable("/message/data", "JSON in base64", message),
    };
    // A review that came along is known by its version, as in the list.
    let whole = notice.as_ref().is_some_and(|notice| notice["review"].is_object());
    event.dedup_key = event.dedup_key.take().filter(|_| whole).or(id).or(event.dedup_key);
    event
}

/// Both alphabets of base64 are seen.
fn decoded(data: &str) -> Option<Value> {
    let standard: String = data
        .trim()
        .chars()
        .map(|c| match c {
            '-' => '+',
            '_' => '/',
            other => other,
        })
        .collect();
    let padded = format!("{standard:=<width$}", width = standard.len().next_multiple_of(4));
    json::parse(&BASE64_STANDARD.decode(padded).ok()?).ok()
}

fn of_notice(notice: &Value, attributes: &Value) -> InboundEvent {
    let name = ["notificationType", "type", "notification_type", "eventType"]
        .iter()
        .find_map(|key| json::text(&notice[*key]).or_else(|| json::text(&attributes[*key])));
    let known = KINDS.iter().find(|(known, _)| name.as_deref() == Some(known)).map(|(_, kind)| *kind);
    // Without a name the pointer tells.
    let by_pointer = || first_text(notice, POINTERS).filter(|at| at.contains("/reviews/")).map(|_| InboundKind::Review);
    let kind = known.or_else(by_pointer).unwrap_or(InboundKind::Unsupported);
    if notice["review"].is_object() {
        let event = review(&notice["review"]);
        let dated = !notice["review"]["createTime"].is_null();
        return InboundEvent { kind: if dated { event.kind } else { kind }, ..event };
    }
    let pointer = first_text(notice, POINTERS);
    let location = first_text(notice, LOCATIONS).or_else(|| pointer.as_deref().and_then(location_of));
    let mut event = reading::event(kind, &location.unwrap_or_default(), None);
    if kind == InboundKind::AccountEvent {
        event.is_status_or_echo = true;
    } else {
        event.needs_fetch = pointer.is_some();
        event.conversation_key.thread.clone_from(&pointer);
        event.target_message_id =
            pointer.clone().filter(|_| matches!(kind, InboundKind::Edit | InboundKind::ReviewEdit));
        event.external_message_id = pointer;
        event.visibility = Some("public".to_owned());
    }
    event.event = name.filter(|_| !matches!(kind, InboundKind::Review | InboundKind::ReviewEdit));
    event.dedup_key = Some(fingerprint(&[notice]));
    event
}

/// The location that a resource such as `accounts/1/locations/2/reviews/3` lies in.
fn location_of(resource: &str) -> Option<String> {
    let (account, rest) = resource.split_once("/locations/")?;
    Some(format!("{account}/locations/{}", rest.split('/').next().unwrap_or_default()))
}

/// A review as the API writes it. The reviewer has a name for display and no id.
fn review(review: &Value) -> InboundEvent {
    let name = first_text(review, &["name", "reviewId"]);
    let (created, updated) = (json::text(&review["createTime"]), json::text(&review["updateTime"]));
    let changed = updated.is_some() && created.is_some() && updated != created;
    let location = name.as_deref().and_then(location_of).unwrap_or_default();
    let kind = if changed { InboundKind::ReviewEdit } else { InboundKind::Review };
    let mut event = InboundEvent {
        sender_name: pii(&review["reviewer"]["displayName"]),
        text: pii(&review["comment"]),
        rating: stars(&review["starRating"]),
        timestamp: json::time(&review["updateTime"]).or_else(|| json::time(&review["createTime"])),
        visibility: Some("public".to_owned()),
        // The version is when it was last changed.
        dedup_key: name.as_ref().map(|name| format!("{name}:{}", updated.or(created).unwrap_or_default())),
        ..reading::event(kind, &location, None)
    };
    event.conversation_key.thread.clone_from(&name);
    event.target_message_id = name.clone().filter(|_| changed);
    event.external_message_id = name;
    event
}

/// Stars are words.
fn stars(value: &Value) -> Option<u8> {
    let words = ["ONE", "TWO", "THREE", "FOUR", "FIVE"];
    let word = value.as_str()?;
    let place = words.iter().position(|known| known.eq_ignore_ascii_case(word))?;
    u8::try_from(place + 1).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn stars_and_places_are_read() {
        assert_eq!(stars(&json!("FIVE")), Some(5));
        assert_eq!(stars(&json!("STAR_RATING_UNSPECIFIED")), None);
        assert_eq!(location_of("accounts/1/locations/2/reviews/3").as_deref(), Some("accounts/1/locations/2"));
        assert_eq!(location_of("reviews/3"), None);
    }
}
