//! The rows of channels on which one speaks in public.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use crate::course::{Out, Row};
use crate::platform::Call;
use crate::sign::{self, SECRET};

fn bytes(value: &Value) -> Vec<u8> {
    value.to_string().into_bytes()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// Comments on a post of ours, answered under the last of them.
pub(crate) static FACEBOOK_PAGE: Row = Row {
    channel: "facebook_page",
    external_id: "300400500600",
    settings: &[
        ("app_secret", SECRET),
        ("verify_token", "word-of-the-shop-0123"),
        ("access_token", "token-of-the-shop-0123"),
        ("base_url", "{platform}"),
    ],
    query: "",
    said: |n, words| {
        let value = json!({
            "from": {"id": "7001002003004", "name": "Dana Test"}, "item": "comment", "verb": "add", "created_time": 1_767_225_600,
            "post_id": "300400500600_900", "parent_id": "300400500600_900", "comment_id": format!("900_{n}"), "message": words,
        });
        let change = json!({"field": "feed", "value": value});
        bytes(&json!({"object": "page", "entry": [{"id": "300400500600", "time": 1_767_225_601, "changes": [change]}]}))
    },
    has_words: true,
    sign: sign::meta,
    out: Some(Out::new(
        "POST /v23.0/900_2/comments",
        |call| text(&call.json()["message"]),
        |_, n| json!({"id": format!("901_{n}")}),
    )),
};

/// A review, then the same one changed; of answers there is one, so putting it twice is putting it once.
pub(crate) static GOOGLE_BUSINESS: Row = Row {
    channel: "google_business",
    external_id: "accounts/1/locations/2",
    settings: &[("push_token", SECRET), ("access_token", "token-of-the-shop-0123"), ("base_url", "{platform}")],
    query: "token=the-secret-of-the-shop",
    said: |n, words| {
        let kind = if n == 1 { "NEW_REVIEW" } else { "UPDATED_REVIEW" };
        let review = json!({
            "name": "accounts/1/locations/2/reviews/3", "reviewer": {"displayName": "Dana"}, "starRating": "TWO", "comment": words,
            "createTime": "2026-01-01T00:00:00Z", "updateTime": format!("2026-01-01T00:00:0{}Z", n - 1),
        });
        let notice = json!({"type": kind, "review": review}).to_string();
        bytes(
            &json!({"subscription": "s", "message": {"messageId": format!("p-{n}"), "data": BASE64_STANDARD.encode(notice)}}),
        )
    },
    has_words: true,
    sign: sign::elsewhere,
    out: Some(Out {
        key: Some(|call| call.body.clone()),
        ..Out::new(
            "PUT /v4/accounts/1/locations/2/reviews/3/reply",
            |call| text(&call.json()["comment"]),
            |call, n| json!({"comment": call.json()["comment"], "updateTime": format!("2026-01-01T00:01:0{n}Z")}),
        )
    }),
};

pub(crate) static LINKEDIN: Row = Row {
    channel: "linkedin",
    external_id: "urn:li:organization:12",
    settings: &[("client_secret", SECRET), ("access_token", "token-of-the-shop-0123"), ("base_url", "{platform}")],
    query: "",
    said: |n, words| {
        let comment = format!("urn:li:comment:(urn:li:activity:99,{n})");
        let done = json!({"comment": {"owner": "urn:li:person:dana", "object": "urn:li:activity:99", "text": words}});
        let notice = json!({
            "notificationId": n, "organizationalEntity": "urn:li:organization:12", "action": "COMMENT",
            "sourcePost": "urn:li:activity:99", "generatedActivity": comment, "lastModifiedAt": 1_767_225_600_123_u64,
            "decoratedGeneratedActivity": done,
        });
        bytes(&json!({"type": "ORGANIZATION_SOCIAL_ACTION_NOTIFICATIONS", "notifications": [notice]}))
    },
    has_words: true,
    sign: sign::linkedin,
    out: Some(Out::new(
        "POST /rest/socialActions/urn:li:comment:(urn:li:activity:99,2)/comments",
        |call| text(&call.json()["message"]["text"]),
        |_, n| json!({"commentUrn": format!("urn:li:comment:(urn:li:activity:99,10{n})")}),
    )),
};

pub(crate) const X: &[(&str, &str)] = &[
    ("consumer_secret", SECRET),
    ("consumer_key", "consumer-of-the-shop"),
    ("access_token", "token-of-the-shop-0123"),
    ("access_token_secret", "secret-of-the-token-0"),
    ("bearer_token", "token-of-the-app-0123"),
    ("base_url", "{platform}"),
];

/// Direct messages, by the older generation.
pub(crate) static X_AAA: Row = Row {
    channel: "x_aaa",
    external_id: "2000000000000000001",
    settings: X,
    query: "",
    said: |n, words| {
        let message = json!({
            "target": {"recipient_id": "2000000000000000001"}, "sender_id": "3000000000000000001", "message_data": {"text": words},
        });
        let event = json!({
            "type": "message_create", "id": format!("150000000000000000{n}"), "created_timestamp": "1767225600123",
            "message_create": message,
        });
        bytes(&json!({"for_user_id": "2000000000000000001", "direct_message_events": [event]}))
    },
    has_words: true,
    sign: sign::x,
    out: Some(Out::new(
        "POST /2/dm_conversations/with/3000000000000000001/messages",
        |call| text(&call.json()["text"]),
        |_, n| json!({"data": {"dm_conversation_id": "1-2", "dm_event_id": format!("160000000000000000{n}")}}),
    )),
};

/// Mentions in one conversation, by the present generation; the answer stands under the last of them.
pub(crate) static X_XAA: Row = Row {
    channel: "x_xaa",
    external_id: "2000000000000000001",
    settings: X,
    query: "",
    said: |n, words| {
        let post = json!({
            "id": format!("140000000000000000{n}"), "author_id": "3000000000000000001", "created_at": "2026-01-01T00:00:00.123Z",
            "conversation_id": "1400000000000000000", "text": words,
        });
        bytes(&json!({"data": {
            "event_uuid": format!("-10{n}"), "filter": {"user_id": "2000000000000000001"}, "event_type": "post.mention.create",
            "payload": post,
        }}))
    },
    has_words: true,
    sign: sign::x,
    out: Some(Out::new(
        "POST /2/tweets",
        |call| {
            assert_eq!(call.json()["reply"]["in_reply_to_tweet_id"], "1400000000000000002");
            let call: &Call = call;
            text(&call.json()["text"])
        },
        |_, n| json!({"data": {"id": format!("170000000000000000{n}")}}),
    )),
};

/// Twice the same article, once with what was added to it.
pub(crate) static MENTION_WEBHOOK: Row = Row {
    channel: "mention_webhook",
    external_id: "monitor",
    settings: &[("token", SECRET)],
    query: "",
    said: |n, words| {
        // A service names a happening of its own each time; the article's address makes them one.
        let mention = json!({"id": format!("b-{n}"), "url": "https://news.example/1", "text": words, "author": "Dana"});
        bytes(&json!({ "mentions": [mention] }))
    },
    has_words: true,
    sign: sign::bearer,
    out: None,
};
