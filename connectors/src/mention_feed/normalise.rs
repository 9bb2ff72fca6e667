//! Items as mentions. Nobody is named as a person would be: the thread is the item, and its link is where one answers.

use blendline_wire::Pii;
use blendline_wire::inbound::{InboundEvent, InboundKind};
use serde_json::Value;

use super::document::{self, Item};
use crate::reading::{self, fingerprint, no_webhook, set_repeats_aside};
use crate::{Malformed, html, json};

/// Translates a document.
pub(super) fn normalise(body: &[u8]) -> Result<Vec<InboundEvent>, Malformed> {
    let items = document::items(&document::decoded(body)).ok_or_else(|| no_webhook("the whole body", "RSS or Atom"))?;
    let mut events: Vec<InboundEvent> = items.into_iter().map(mention).collect();
    set_repeats_aside(&mut events);
    Ok(events)
}

fn mention(item: Item) -> InboundEvent {
    let words = |text: &str| Some(html::text_of(text)).filter(|text| !text.is_empty());
    let (title, content) = (words(&item.title), words(&item.content));
    let body = content.or_else(|| words(&item.summary)).filter(|body| Some(body) != title.as_ref());
    let text: Vec<String> = [title, body].into_iter().flatten().collect();
    let link = Some(item.link.trim().to_owned()).filter(|link| is_web(link));
    let id = Some(item.id.trim().to_owned()).filter(|id| !id.is_empty()).or_else(|| link.clone());
    // Without a name the words are what it is known by.
    let id = id.unwrap_or_else(|| fingerprint(&[&Value::from(text.clone())]));
    let mut event = InboundEvent {
        external_message_id: Some(id.clone()),
        sender_name: words(&item.author).map(Pii::new),
        text: (!text.is_empty()).then(|| Pii::new(text.join("\n\n"))),
        timestamp: json::time(&Value::from(item.at.trim())),
        visibility: Some("public".to_owned()),
        permalink: link,
        ..reading::event(InboundKind::Mention, "", None)
    };
    event.conversation_key.thread = Some(id);
    event
}

/// Links are shown to people: nothing but the web.
fn is_web(link: &str) -> bool {
    link.len() <= 4096 && reqwest::Url::parse(link).is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
}
