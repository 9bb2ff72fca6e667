//! Mentions of any monitoring service, by the names that services give to the same few fields.

use blendline_wire::Pii;
use blendline_wire::inbound::{InboundEvent, InboundKind};

use crate::gateway::fields::{self, Fields};
use crate::reading::{self, fingerprint, no_webhook, set_repeats_aside};
use crate::{Malformed, html, reach};

const IDS: &[&str] = &["mentionid", "uniqueid", "resultid", "documentid", "articleid", "postid", "guid", "uuid", "id"];
const LINKS: &[&str] = &["url", "link", "permalink", "mentionurl", "sourceurl", "articleurl", "href", "originalurl"];
const TITLES: &[&str] = &["title", "headline", "subject"];
const TEXTS: &[&str] =
    &["text", "content", "snippet", "excerpt", "description", "summary", "message", "body", "fulltext"];
const AUTHORS: &[&str] = &["author", "authorname", "username", "authorfullname", "displayname", "user", "sourcename"];
const TIMES: &[&str] = &[
    "publishedat",
    "published",
    "publishedtime",
    "date",
    "createdat",
    "created",
    "timestamp",
    "time",
    "indexed",
    "found",
];

/// Translates a body.
pub(super) fn normalise(body: &[u8]) -> Result<Vec<InboundEvent>, Malformed> {
    let body = fields::read(body)?;
    if !body.wrapped && !body.all.iter().any(is_known) {
        return Err(no_webhook("the whole body", "a mention with its link and its words, or a list of them"));
    }
    let read = |fields: &Fields| {
        if is_known(fields) { mention(fields) } else { reading::unreadable("an item", "a mention", &fields.whole) }
    };
    let mut events: Vec<InboundEvent> = body.all.iter().map(read).collect();
    set_repeats_aside(&mut events);
    Ok(events)
}

/// Words, and where they were said.
fn is_known(fields: &Fields) -> bool {
    link(fields).is_some() && (fields.text(TITLES).is_some() || fields.text(TEXTS).is_some())
}

fn link(fields: &Fields) -> Option<String> {
    let is_web = |link: &String| {
        link.len() <= 4096 && reqwest::Url::parse(link).is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
    };
    fields.text(LINKS).filter(is_web)
}

fn mention(fields: &Fields) -> InboundEvent {
    let words = |keys| fields.text(keys).map(|text| html::text_of(&text)).filter(|text| !text.is_empty());
    let (title, text) = (words(TITLES), words(TEXTS));
    let text = text.filter(|text| Some(text) != title.as_ref());
    let whole: Vec<String> = [title, text].into_iter().flatten().collect();
    let link = link(fields);
    let id = fields.text(IDS).or_else(|| link.clone()).unwrap_or_else(|| fingerprint(&[&fields.whole]));
    let mut event = InboundEvent {
        external_message_id: Some(id.clone()),
        sender_name: fields.text(AUTHORS).map(Pii::new),
        text: (!whole.is_empty()).then(|| Pii::new(whole.join("\n\n"))),
        timestamp: fields.time(TIMES),
        visibility: Some("public".to_owned()),
        permalink: link.clone(),
        reach: reach::of_service(|names| fields.text(names)?.replace(',', "").parse().ok()),
        ..reading::event(InboundKind::Mention, "", None)
    };
    // Where it was said: a service may tell of one article more than once.
    event.conversation_key.thread = link.or(Some(id));
    event
}
