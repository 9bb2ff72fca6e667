//! What every translation is made of: marks, traces of what cannot be read, and repeats within one body.

use std::collections::HashSet;

use blendline_wire::Pii;
use blendline_wire::inbound::{Attachment, ConversationKey, InboundEvent, InboundKind, PlatformError};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::{Malformed, json};

/// No platform sends more things at once (Graph: 1,000). A list of millions of nothings is no platform's.
pub(crate) const ITEMS_MAX: usize = 2_000;

/// Refuses a body of more items than that: it is put aside whole, so nothing of it is lost.
pub(crate) fn bounded(items: usize) -> Result<(), Malformed> {
    if ITEMS_MAX < items {
        return Err(no_webhook("the whole body", &format!("at most {ITEMS_MAX} items")));
    }
    Ok(())
}

/// Marks a text as personal.
pub(crate) fn pii(value: &Value) -> Option<Pii<String>> {
    json::text(value).map(Pii::new)
}

/// The first of `keys` under which `value` holds an id or a text.
pub(crate) fn first_text(value: &Value, keys: &[&str]) -> Option<String> {
    keys.iter().find_map(|key| json::text(&value[*key]))
}

/// An event of `account` and `peer`.
pub(crate) fn event(kind: InboundKind, account: &str, peer: Option<String>) -> InboundEvent {
    InboundEvent {
        kind,
        conversation_key: ConversationKey { account: account.to_owned(), peer, thread: None },
        ..InboundEvent::default()
    }
}

/// An attachment that is fetched by id or URL.
pub(crate) fn fetched(kind: &str, reference: Option<String>) -> Attachment {
    Attachment { kind: kind.to_owned(), r#ref: reference, mime: None, filename: None }
}

/// An attachment that is its own content, such as a location.
pub(crate) fn small(kind: &str, body: &Value) -> Attachment {
    fetched(kind, Some(body.to_string()))
}

/// The kind of a file by its media type, as far as its first half tells.
pub(crate) fn kind_of_mime(mime: Option<&str>, otherwise: &'static str) -> &'static str {
    match mime.and_then(|mime| mime.split('/').next()).map(str::to_ascii_lowercase).as_deref() {
        Some("image") => "image",
        Some("video") => "video",
        Some("audio") => "audio",
        Some("application" | "text") => "document",
        _ => otherwise,
    }
}

/// The trace of something that cannot be read: it is recorded and nobody is bothered.
pub(crate) fn unreadable(place: &str, expected: &str, content: &Value) -> InboundEvent {
    InboundEvent {
        kind: InboundKind::Unsupported,
        event: Some("unreadable".to_owned()),
        errors: vec![PlatformError {
            code: -1,
            title: Some("unreadable".to_owned()),
            detail: Some(format!("{place}: expected {expected}")),
        }],
        dedup_key: Some(fingerprint(&[&Value::from(place), content])),
        ..InboundEvent::default()
    }
}

/// The same short text for the same content, another for other content.
pub(crate) fn fingerprint(parts: &[&Value]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        // Keys of a `Value` are sorted, so the same content has the same text.
        hash.update(part.to_string().as_bytes());
        hash.update([0]);
    }
    hex::encode(&hash.finalize()[..16])
}

/// What a body holds twice stays two events with the same ids, of which the later is of no use to routing.
pub(crate) fn set_repeats_aside(events: &mut [InboundEvent]) {
    let mut seen = HashSet::new();
    for event in events {
        let Some(key) = event.duplicate_key() else { continue };
        if !seen.insert((event.conversation_key.account.clone(), key)) {
            event.kind = InboundKind::Ignored;
            event.event = Some("repeated".to_owned());
        }
    }
}

/// A body that is no webhook of the channel at all.
pub(crate) fn no_webhook(place: &str, expected: &str) -> Malformed {
    Malformed { place: place.to_owned(), detail: format!("no webhook of this channel: expected {expected}") }
}
