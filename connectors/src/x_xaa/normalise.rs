//! Bodies of the Activity API: one event in `data`, named by `event_type`.

use blendline_wire::Pii;
use blendline_wire::inbound::{InboundEvent, InboundKind, Reaction, ReactionAction};
use serde_json::Value;

use crate::reach;
use crate::reading::{self, fingerprint, first_text, no_webhook, pii};
use crate::x::direct::{self, person, username};
use crate::x::{media, shown};
use crate::{Malformed, json};

/// One event with what describes it.
struct Envelope<'a> {
    account: String,
    event_type: String,
    payload: &'a Value,
    includes: &'a Value,
}

/// Translates a body.
pub(super) fn normalise(body: &[u8]) -> Result<Vec<InboundEvent>, Malformed> {
    let root = json::parse(body)?;
    let data = &root["data"];
    if !data["event_type"].is_string() && data["event_uuid"].is_null() {
        return Err(no_webhook("/data/event_type", "the name of an event"));
    }
    let envelope = Envelope {
        account: json::text(&data["filter"]["user_id"]).unwrap_or_default(),
        event_type: json::text(&data["event_type"]).unwrap_or_default(),
        payload: &data["payload"],
        // Documented inside `data`; beside it in the older generation of the API.
        includes: if data["includes"].is_null() { &root["includes"] } else { &data["includes"] },
    };
    let mut events = read(&envelope);
    let delivery = json::text(&data["event_uuid"]).unwrap_or_else(|| fingerprint(&[data]));
    for (i, event) in events.iter_mut().enumerate() {
        // The id of what happened counts before that of its delivery: two subscriptions tell of one post twice.
        let of_delivery = || if i == 0 { delivery.clone() } else { format!("{delivery}:{i}") };
        event.dedup_key = Some(event.external_message_id.clone().unwrap_or_else(of_delivery));
    }
    reading::set_repeats_aside(&mut events);
    Ok(events)
}

fn read(envelope: &Envelope<'_>) -> Vec<InboundEvent> {
    let kind = envelope.event_type.as_str();
    if kind.starts_with("dm.") {
        return direct_messages(envelope);
    }
    vec![match kind {
        "post.delete" => deletion(envelope),
        _ if kind.starts_with("post.") => post(envelope),
        _ if kind.starts_with("like.") => like(envelope),
        _ if kind.starts_with("chat.") => encrypted(envelope),
        _ if kind.starts_with("oauth.") || kind.starts_with("profile.") => of_account(envelope),
        _ if ["follow.", "block.", "mute.", "news.", "spaces."].iter().any(|prefix| kind.starts_with(prefix)) => {
            aside(envelope)
        }
        _ => InboundEvent {
            event: Some(kind.to_owned()),
            ..reading::event(InboundKind::Unsupported, &envelope.account, None)
        },
    }]
}

fn direct_messages(envelope: &Envelope<'_>) -> Vec<InboundEvent> {
    let payload = envelope.payload;
    let users = if payload["users"].is_null() { &envelope.includes["users"] } else { &payload["users"] };
    let mut events = Vec::new();
    for (name, reader) in direct::LISTS {
        let items = json::items(&payload[*name]).iter().filter(|item| item.is_object());
        events.extend(items.map(|item| reader(&envelope.account, users, item)));
    }
    if events.is_empty() {
        events.push(bare_direct(envelope, users));
    }
    events
}

/// A receipt or a sign of typing whose fields lie in the payload itself.
fn bare_direct(envelope: &Envelope<'_>, users: &Value) -> InboundEvent {
    let payload = envelope.payload;
    let sender = first_text(payload, &["sender_id", "user_id", "reader_id"]);
    let ours = sender.as_deref() == Some(envelope.account.as_str());
    let (kind, status) = match envelope.event_type.as_str() {
        "dm.read" if ours => (InboundKind::Ignored, Some("read")),
        "dm.read" => (InboundKind::Status, Some("read")),
        "dm.indicate_typing" => (InboundKind::Typing, None),
        _ => (InboundKind::Unsupported, None),
    };
    let person = person(users, sender.as_deref());
    InboundEvent {
        sender_id: sender.clone(),
        sender_name: pii(&person["name"]),
        sender_username: username(person),
        status: status.map(str::to_owned),
        is_status_or_echo: ours || status.is_some(),
        target_message_ids: first_text(payload, &["last_read_event_id", "event_id"]).into_iter().collect(),
        timestamp: first_time(payload),
        event: Some(envelope.event_type.clone()),
        visibility: Some("direct".to_owned()),
        ..reading::event(kind, &envelope.account, sender.filter(|_| !ours))
    }
}

fn first_time(payload: &Value) -> Option<blendline_wire::time::Instant> {
    ["created_at", "created_at_msec", "created_timestamp", "timestamp_ms", "event_at"]
        .iter()
        .find_map(|key| json::time(&payload[*key]))
}

/// A post: ours, or one that names, answers, quotes or repeats us.
fn post(envelope: &Envelope<'_>) -> InboundEvent {
    let post = envelope.payload;
    let author = json::text(&post["author_id"]);
    let ours = author.as_deref() == Some(envelope.account.as_str());
    let linked = |kind: &str| {
        json::items(&post["referenced_tweets"])
            .iter()
            .find(|other| other["type"] == kind)
            .and_then(|other| json::text(&other["id"]))
    };
    let (answered, repeated) = (linked("replied_to"), linked("retweeted"));
    let repost =
        repeated.is_some() || envelope.event_type.contains("repost") || envelope.event_type.contains("retweet");
    let kind = match (ours, repost) {
        (true, _) => InboundKind::Echo,
        (false, true) => InboundKind::Repost,
        (false, false) => InboundKind::Mention,
    };
    let peer = if ours {
        json::text(&post["in_reply_to_user_id"]).filter(|id| *id != envelope.account)
    } else {
        author.clone()
    };
    let user = person(&envelope.includes["users"], author.as_deref());
    let id = json::text(&post["id"]);
    let mut event = InboundEvent {
        sender_name: pii(&user["name"]),
        sender_username: username(user),
        text: first_text(&post["note_tweet"], &["text"])
            .or_else(|| Some(shown(&json::text(&post["text"])?, &post["display_text_range"])))
            .map(Pii::new),
        attachments: attachments(post, envelope.includes),
        timestamp: first_time(post),
        is_status_or_echo: ours || repost,
        target_message_id: repeated.or_else(|| linked("quoted")),
        visibility: Some("public".to_owned()),
        permalink: id.as_ref().map(|id| format!("https://x.com/i/status/{id}")),
        reach: reach::of_x(post, user),
        needs_fetch: json::text(&post["text"]).is_none(),
        external_message_id: id,
        ..reading::event(kind, &envelope.account, peer)
    };
    event.sender_id = author;
    event.conversation_key.thread =
        json::text(&post["conversation_id"]).or_else(|| answered.clone()).or_else(|| event.external_message_id.clone());
    event.reply_to = answered;
    event
}

fn attachments(post: &Value, includes: &Value) -> Vec<blendline_wire::inbound::Attachment> {
    let keys = json::items(&post["attachments"]["media_keys"]);
    json::items(&includes["media"]).iter().filter(|item| keys.contains(&item["media_key"])).map(media).collect()
}

/// The account deleted a post of its own.
fn deletion(envelope: &Envelope<'_>) -> InboundEvent {
    let id = json::text(&envelope.payload["id"]);
    let author = json::text(&envelope.payload["author_id"]);
    let ours = author.as_deref().is_none_or(|author| author == envelope.account);
    let user = person(&envelope.includes["users"], author.as_deref());
    let mut event = InboundEvent {
        sender_name: pii(&user["name"]),
        sender_username: username(user),
        sender_id: author.clone(),
        timestamp: first_time(envelope.payload),
        is_status_or_echo: ours,
        target_message_id: id.clone(),
        visibility: Some("public".to_owned()),
        ..reading::event(InboundKind::Delete, &envelope.account, author.filter(|_| !ours))
    };
    event.conversation_key.thread.clone_from(&id);
    event.external_message_id = id;
    event
}

fn like(envelope: &Envelope<'_>) -> InboundEvent {
    let payload = envelope.payload;
    let who = first_text(payload, &["user_id", "liking_user_id", "liker_id"])
        .or_else(|| json::text(&payload["user"]["data"]["id"]));
    let ours = who.as_deref() == Some(envelope.account.as_str());
    let user = person(&envelope.includes["users"], who.as_deref());
    let action = if envelope.event_type == "like.delete" { ReactionAction::Remove } else { ReactionAction::Add };
    InboundEvent {
        sender_id: who.clone(),
        sender_name: pii(&user["name"]),
        sender_username: username(user),
        timestamp: first_time(payload),
        is_status_or_echo: ours,
        target_message_id: first_text(payload, &["liked_tweet_id", "tweet_id", "post_id", "id"]),
        reaction: Some(Reaction { emoji: Some("like".to_owned()), action, ..Reaction::default() }),
        visibility: Some("public".to_owned()),
        ..reading::event(InboundKind::Reaction, &envelope.account, who.filter(|_| !ours))
    }
}

/// A message of the encrypted chat: who wrote is told, what was said only the devices of the two can read.
fn encrypted(envelope: &Envelope<'_>) -> InboundEvent {
    let payload = envelope.payload;
    let sender = json::text(&payload["sender_id"]);
    let ours = sender.as_deref() == Some(envelope.account.as_str());
    let thread = json::text(&payload["conversation_id"]);
    // The conversation is named by its two people.
    let other = thread.as_deref().and_then(|both| both.split(':').find(|one| *one != envelope.account));
    let peer = if ours { other.map(str::to_owned) } else { sender.clone() };
    let mut event = InboundEvent {
        external_message_id: json::text(&payload["id"]),
        timestamp: first_time(payload),
        is_status_or_echo: ours,
        event: Some(envelope.event_type.clone()),
        visibility: Some("direct".to_owned()),
        sender_id: sender,
        ..reading::event(if ours { InboundKind::Echo } else { InboundKind::Unsupported }, &envelope.account, peer)
    };
    event.conversation_key.thread = thread;
    event
}

fn of_account(envelope: &Envelope<'_>) -> InboundEvent {
    InboundEvent {
        timestamp: first_time(envelope.payload),
        is_status_or_echo: true,
        event: Some(envelope.event_type.clone()),
        ..reading::event(InboundKind::AccountEvent, &envelope.account, None)
    }
}

/// Follows, blocks, news and the like: known, and nobody waits for an answer.
fn aside(envelope: &Envelope<'_>) -> InboundEvent {
    let side = |name: &str| json::text(&envelope.payload[name]["data"]["id"]);
    let (source, target) = (side("source"), side("target"));
    let ours = source.as_deref() == Some(envelope.account.as_str());
    InboundEvent {
        sender_id: source.clone(),
        timestamp: first_time(envelope.payload),
        is_status_or_echo: ours,
        event: Some(envelope.event_type.clone()),
        ..reading::event(InboundKind::Ignored, &envelope.account, if ours { target } else { source })
    }
}
