//! Batches of what people did on a page.

use blendline_wire::inbound::{InboundEvent, InboundKind, Reaction};
use serde_json::Value;

use crate::reading::{self, fingerprint, first_text, no_webhook, pii, set_repeats_aside, unreadable};
use crate::{Malformed, json};

/// What each action is to us.
const ACTIONS: &[(&str, InboundKind)] = &[
    ("COMMENT", InboundKind::Comment),
    ("ADMIN_COMMENT", InboundKind::Echo),
    ("COMMENT_EDIT", InboundKind::Edit),
    ("COMMENT_DELETE", InboundKind::Delete),
    ("SHARE_MENTION", InboundKind::Mention),
    ("SHARE", InboundKind::Repost),
    ("LIKE", InboundKind::Reaction),
];

/// Translates a body: a batch as it is pushed, or the answer to the API that fetches what was missed.
pub(super) fn normalise(body: &[u8]) -> Result<Vec<InboundEvent>, Malformed> {
    let root = json::parse(body)?;
    let (place, list) = if root["notifications"].is_null() {
        ("/elements", &root["elements"])
    } else {
        ("/notifications", &root["notifications"])
    };
    let items = list.as_array().ok_or_else(|| no_webhook("/notifications", "a list"))?;
    let read = |(i, item): (usize, &Value)| {
        if item.is_object() { notification(item) } else { unreadable(&format!("{place}/{i}"), "an object", item) }
    };
    let mut events: Vec<InboundEvent> = items.iter().enumerate().map(read).collect();
    set_repeats_aside(&mut events);
    Ok(events)
}

fn notification(item: &Value) -> InboundEvent {
    let action = json::text(&item["action"]);
    let kind = ACTIONS.iter().find(|(name, _)| action.as_deref() == Some(name)).map(|(_, kind)| *kind);
    let kind = kind.unwrap_or(InboundKind::Unsupported);
    let account = json::text(&item["organizationalEntity"]).unwrap_or_default();
    let done = &item["decoratedGeneratedActivity"];
    let done = ["comment", "share", "like", "ugcPost", "post"]
        .iter()
        .map(|key| &done[*key])
        .find(|part| part.is_object())
        .unwrap_or(done);
    let who = first_text(done, &["owner", "actor"]);
    let what = json::text(&item["generatedActivity"]).or_else(|| json::text(&done["entity"]));
    let post = json::text(&item["sourcePost"]).or_else(|| first_text(&item["decoratedSourcePost"], &["entity"]));
    let ours = kind == InboundKind::Echo || who.as_deref() == Some(account.as_str());
    let mut event = InboundEvent {
        sender_id: who.clone(),
        text: pii(&done["text"]).or_else(|| pii(&done["message"]["text"])),
        timestamp: json::time(&item["lastModifiedAt"]),
        // A share passes our words on; it is told, and nobody waits for an answer.
        is_status_or_echo: ours || kind == InboundKind::Repost,
        notification_id: json::text(&item["notificationId"]),
        reply_to: json::text(&done["parentComment"]),
        verb: action.clone(),
        event: action.filter(|_| kind == InboundKind::Unsupported),
        visibility: Some("public".to_owned()),
        ..reading::event(kind, &account, who.filter(|_| !ours))
    };
    event.dedup_key = event.notification_id.clone().or_else(|| Some(fingerprint(&[item])));
    match kind {
        InboundKind::Reaction => {
            event.target_message_id = json::text(&done["object"]).or_else(|| post.clone());
            let emoji = json::text(&done["reactionType"]).or_else(|| Some("like".to_owned()));
            event.reaction = Some(Reaction { emoji, ..Reaction::default() });
        }
        InboundKind::Edit | InboundKind::Delete => event.target_message_id.clone_from(&what),
        InboundKind::Repost => event.target_message_id.clone_from(&post),
        _ => {}
    }
    if kind != InboundKind::Reaction {
        event.external_message_id = what;
    }
    event.needs_fetch =
        event.text.is_none() && matches!(kind, InboundKind::Comment | InboundKind::Mention | InboundKind::Edit);
    event.conversation_key.thread = post;
    event
}
