//! Bodies of the Account Activity API: `for_user_id` names the account, lists hold what happened.

use blendline_wire::Pii;
use blendline_wire::inbound::{Attachment, InboundEvent, InboundKind, Reaction, ReactionAction};
use serde_json::Value;

use crate::reach;
use crate::reading::{self, fingerprint, first_text, no_webhook, pii, set_repeats_aside, unreadable};
use crate::x::direct::{self, Reader};
use crate::x::{media, shown};
use crate::{Malformed, json};

/// Lists of what happened in public or to the account. Those of direct messages are in `x::direct`.
const LISTS: &[(&str, Reader)] = &[
    ("tweet_create_events", post),
    ("tweet_delete_events", deletion),
    ("favorite_events", favourite),
    ("follow_events", aside),
    ("block_events", aside),
    ("mute_events", aside),
];

/// Translates a body.
pub(super) fn normalise(body: &[u8]) -> Result<Vec<InboundEvent>, Malformed> {
    let root = json::parse(body)?;
    let revoked = &root["user_event"]["revoke"];
    let account = json::text(&root["for_user_id"]).or_else(|| json::text(&revoked["source"]["user_id"]));
    if account.is_none() && !root["user_event"].is_object() {
        return Err(no_webhook("/for_user_id", "the id of an account"));
    }
    let account = account.unwrap_or_default();
    let mut events = Vec::new();
    for (name, reader) in LISTS.iter().chain(direct::LISTS) {
        match &root[*name] {
            Value::Null => {}
            Value::Array(items) => events.extend(items.iter().enumerate().map(|(i, item)| {
                if item.is_object() {
                    reader(&account, &root["users"], item)
                } else {
                    unreadable(&format!("/{name}/{i}"), "an object", item)
                }
            })),
            other => events.push(unreadable(&format!("/{name}"), "a list", other)),
        }
    }
    if revoked.is_object() {
        events.push(revocation(&account, revoked));
    }
    if events.is_empty() && !holds_known_list(&root) {
        events.push(of_the_future(&account, &root));
    }
    set_repeats_aside(&mut events);
    Ok(events)
}

fn holds_known_list(root: &Value) -> bool {
    LISTS.iter().chain(direct::LISTS).any(|(name, _)| !root[*name].is_null())
}

fn of_the_future(account: &str, root: &Value) -> InboundEvent {
    let known = ["for_user_id", "users", "apps", "user_has_blocked"];
    let key = root.as_object().and_then(|all| all.keys().find(|key| !known.contains(&key.as_str())));
    InboundEvent {
        event: key.cloned(),
        dedup_key: Some(fingerprint(&[root])),
        ..reading::event(InboundKind::Unsupported, account, None)
    }
}

/// Ids have 64 bits, more than a number of JavaScript: the text counts.
fn id(of: &Value) -> Option<String> {
    first_text(of, &["id_str", "id"])
}

/// Reads one of `tweet_create_events`: our own posts, mentions, answers, quotes and reposts.
fn post(account: &str, _: &Value, tweet: &Value) -> InboundEvent {
    let user = &tweet["user"];
    let author = id(user);
    let ours = author.as_deref() == Some(account);
    let answered = first_text(tweet, &["in_reply_to_status_id_str", "in_reply_to_status_id"]);
    let answered_user = first_text(tweet, &["in_reply_to_user_id_str", "in_reply_to_user_id"]);
    let repost = tweet["retweeted_status"].is_object();
    let kind = match (ours, repost) {
        (true, _) => InboundKind::Echo,
        (false, true) => InboundKind::Repost,
        (false, false) => InboundKind::Mention,
    };
    let peer = if ours { answered_user.filter(|user| user != account) } else { author.clone() };
    let own_id = id(tweet);
    let mut event = InboundEvent {
        sender_id: author,
        sender_name: pii(&user["name"]),
        sender_username: pii(&user["screen_name"]),
        text: text(tweet),
        attachments: attachments(tweet),
        timestamp: json::unix_time(&tweet["timestamp_ms"]).or_else(|| json::time(&tweet["created_at"])),
        is_status_or_echo: ours || repost,
        target_message_id: id(&tweet["retweeted_status"])
            .or_else(|| first_text(tweet, &["quoted_status_id_str", "quoted_status_id"])),
        visibility: Some("public".to_owned()),
        permalink: permalink(user, own_id.as_deref()),
        reach: reach::of_tweet(tweet),
        dedup_key: own_id.is_none().then(|| fingerprint(&[tweet])),
        ..reading::event(kind, account, peer)
    };
    event.conversation_key.thread = answered.clone().or_else(|| own_id.clone());
    event.reply_to = answered;
    event.external_message_id = own_id;
    event
}

/// The whole text, which only an extended post has beyond 140 characters.
fn text(tweet: &Value) -> Option<Pii<String>> {
    let extended = &tweet["extended_tweet"];
    let (holder, whole) = match json::text(&extended["full_text"]) {
        Some(whole) => (extended, whole),
        None => (tweet, first_text(tweet, &["full_text", "text"])?),
    };
    Some(Pii::new(shown(&whole, &holder["display_text_range"])))
}

fn attachments(tweet: &Value) -> Vec<Attachment> {
    let extended = &tweet["extended_tweet"];
    let places =
        [&extended["extended_entities"], &tweet["extended_entities"], &extended["entities"], &tweet["entities"]];
    let found = places.iter().map(|place| json::items(&place["media"])).find(|list| !list.is_empty());
    found.unwrap_or_default().iter().map(media).collect()
}

fn permalink(user: &Value, id: Option<&str>) -> Option<String> {
    let name = json::text(&user["screen_name"])?;
    // A user name has letters, digits and `_` only; anything else would be no link of the platform.
    let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    plain.then(|| format!("https://x.com/{name}/status/{}", id.unwrap_or_default()))
}

/// Reads one of `tweet_delete_events`: a post of our own is gone.
fn deletion(account: &str, _: &Value, item: &Value) -> InboundEvent {
    let status = &item["status"];
    let target = id(status);
    let author = first_text(status, &["user_id_str", "user_id"]);
    let mut event = InboundEvent {
        sender_id: author.clone(),
        timestamp: json::time(&item["timestamp_ms"]),
        is_status_or_echo: author.as_deref().is_none_or(|author| author == account),
        external_message_id: target.clone(),
        dedup_key: target.is_none().then(|| fingerprint(&[item])),
        visibility: Some("public".to_owned()),
        ..reading::event(InboundKind::Delete, account, author.filter(|author| author != account))
    };
    event.conversation_key.thread.clone_from(&target);
    event.target_message_id = target;
    event
}

/// Reads one of `favorite_events`.
fn favourite(account: &str, _: &Value, item: &Value) -> InboundEvent {
    let user = &item["user"];
    let who = id(user);
    let ours = who.as_deref() == Some(account);
    let taken_back = item["unfavorited_status"].is_object();
    let post = if taken_back { &item["unfavorited_status"] } else { &item["favorited_status"] };
    let peer = if ours { id(&post["user"]) } else { who.clone() };
    let action = if taken_back { ReactionAction::Remove } else { ReactionAction::Add };
    let mut event = InboundEvent {
        sender_id: who,
        sender_name: pii(&user["name"]),
        sender_username: pii(&user["screen_name"]),
        timestamp: json::time(&item["timestamp_ms"]).or_else(|| json::time(&item["created_at"])),
        is_status_or_echo: ours,
        target_message_id: id(post),
        reaction: Some(Reaction { emoji: Some("like".to_owned()), action, ..Reaction::default() }),
        dedup_key: Some(json::text(&item["id"]).unwrap_or_else(|| fingerprint(&[item]))),
        visibility: Some("public".to_owned()),
        ..reading::event(InboundKind::Reaction, account, peer)
    };
    event.conversation_key.thread = id(post);
    event
}

/// Follows, blocks and mutes: known, and nobody waits for an answer.
fn aside(account: &str, _: &Value, item: &Value) -> InboundEvent {
    let (source, target) = (id(&item["source"]), id(&item["target"]));
    let ours = source.as_deref() == Some(account);
    InboundEvent {
        sender_id: source.clone(),
        sender_name: pii(&item["source"]["name"]),
        sender_username: pii(&item["source"]["screen_name"]),
        timestamp: json::time(&item["created_timestamp"]),
        is_status_or_echo: ours,
        event: json::text(&item["type"]),
        dedup_key: Some(fingerprint(&[
            &item["type"],
            &item["created_timestamp"],
            &item["source"]["id"],
            &item["target"]["id"],
        ])),
        ..reading::event(InboundKind::Ignored, account, if ours { target } else { source })
    }
}

/// The account's owner took our access away.
fn revocation(account: &str, revoked: &Value) -> InboundEvent {
    InboundEvent {
        timestamp: json::time(&revoked["date_time"]),
        is_status_or_echo: true,
        event: Some("revoke".to_owned()),
        dedup_key: Some(fingerprint(&[revoked])),
        ..reading::event(InboundKind::AccountEvent, account, None)
    }
}
