//! What was said in public is answered in private, and goes on there as the same conversation.

use blendline_tests::config::WORKER_KEY;
use blendline_tests::worker::Hand;
use blendline_wire::task::AcceptMode;
use blendline_wire::worker::{MessageView, ServerFrame, TaskView};
use serde_json::{Value, json};

use crate::course::{Out, Row, World, beside};
use crate::platform::Call;
use crate::polled::today;
use crate::public_rows::{self, GOOGLE_BUSINESS};
use crate::rows::{self, META};
use crate::sign;

/// A platform with a public and a private side.
struct Both {
    row: Row,
    /// What the customer says in public, and when.
    publicly: fn(u32, &str, &str) -> Vec<u8>,
    /// What he says in private.
    privately: fn(u32, &str) -> Vec<u8>,
    /// True for a call that answers his happening of this number in public.
    is_public: fn(&Call, u32) -> bool,
    /// True for the call that answers the happening 1 in private for the first time.
    begins: fn(&Call) -> bool,
    /// True for a call of the private conversation.
    goes_on: fn(&Call) -> bool,
    /// Where the public reads what he said.
    permalink: Option<&'static str>,
    /// True where each public word may be answered in private once, for seven days.
    once: bool,
}

fn bytes(value: &Value) -> Vec<u8> {
    value.to_string().into_bytes()
}

const PAGE: &str = "300400500600";
const ON_PAGE: &str = "7001002003004";
/// The same person has another id in private.
const IN_MESSENGER: &str = "8001002003004";

fn page_comment(n: u32, at: &str, words: &str) -> Vec<u8> {
    let value = json!({
        "from": {"id": ON_PAGE, "name": "Dana Test"}, "item": "comment", "verb": "add", "created_time": at,
        "post_id": "300400500600_900", "parent_id": "300400500600_900", "comment_id": format!("900_{n}"), "message": words,
        "post": {"permalink_url": "https://pages.example/900"},
    });
    let change = json!({"field": "feed", "value": value});
    bytes(&json!({"object": "page", "entry": [{"id": PAGE, "time": 1_767_225_601, "changes": [change]}]}))
}

static PAGE_BOTH: Both = Both {
    row: Row {
        channel: "facebook_page",
        external_id: PAGE,
        settings: META,
        query: "",
        said: |n, words| page_comment(n, &today(), words),
        has_words: true,
        sign: sign::meta,
        out: Some(Out::new(
            "POST /v23.0/",
            |call| call.body.clone(),
            |call, n| {
                if call.line.ends_with("/messages") {
                    json!({"recipient_id": IN_MESSENGER, "message_id": format!("m_out{n}")})
                } else {
                    json!({"id": format!("901_{n}")})
                }
            },
        )),
    },
    publicly: page_comment,
    privately: |n, words| {
        let message = json!({"message": {"mid": format!("m_in{n}"), "text": words}});
        rows::messaging("page", PAGE, IN_MESSENGER, false, message)
    },
    is_public: |call, n| call.line == format!("POST /v23.0/900_{n}/comments"),
    begins: |call| {
        call.line == "POST /v23.0/300400500600/messages" && call.json()["recipient"] == json!({"comment_id": "900_1"})
    },
    goes_on: |call| call.json()["recipient"] == json!({"id": IN_MESSENGER}),
    permalink: Some("https://pages.example/900"),
    once: true,
};

const SHOP_ON_INSTAGRAM: &str = "17841400000000001";

fn instagram_comment(n: u32, at: &str, words: &str) -> Vec<u8> {
    let value = json!({
        "id": format!("1790{n}"), "text": words, "from": {"id": "6001002003004", "username": "dana"}, "timestamp": at,
        "media": {"id": "1780", "media_product_type": "FEED"},
    });
    let entry =
        json!({"id": SHOP_ON_INSTAGRAM, "time": 1_767_225_601, "changes": [{"field": "comments", "value": value}]});
    bytes(&json!({"object": "instagram", "entry": [entry]}))
}

static INSTAGRAM_BOTH: Both = Both {
    row: Row {
        channel: "instagram",
        external_id: SHOP_ON_INSTAGRAM,
        settings: META,
        query: "",
        said: |n, words| instagram_comment(n, &today(), words),
        has_words: true,
        sign: sign::meta,
        out: Some(Out::new(
            "POST /v23.0/",
            |call| call.body.clone(),
            |call, n| {
                if call.line.ends_with("/messages") {
                    json!({"recipient_id": "6001002003004", "message_id": format!("aWd_out{n}")})
                } else {
                    json!({"id": format!("1791{n}")})
                }
            },
        )),
    },
    publicly: instagram_comment,
    privately: |n, words| {
        let message = json!({"message": {"mid": format!("aWd_in{n}"), "text": words}});
        rows::messaging("instagram", SHOP_ON_INSTAGRAM, "6001002003004", false, message)
    },
    is_public: |call, n| call.line == format!("POST /v23.0/1790{n}/replies"),
    begins: |call| call.json()["recipient"] == json!({"comment_id": "17901"}),
    goes_on: |call| call.json()["recipient"] == json!({"id": "6001002003004"}),
    permalink: None,
    once: true,
};

fn x_post(n: u32, at: &str, words: &str) -> Vec<u8> {
    let post = json!({
        "id": format!("140000000000000000{n}"), "author_id": "3000000000000000001", "created_at": at,
        "conversation_id": "1400000000000000000", "text": words,
    });
    let data = json!({
        "event_uuid": format!("-10{n}"), "filter": {"user_id": "2000000000000000001"}, "event_type": "post.mention.create",
        "payload": post,
    });
    bytes(&json!({ "data": data }))
}

static X_BOTH: Both = Both {
    row: Row {
        channel: "x_xaa",
        external_id: "2000000000000000001",
        settings: public_rows::X,
        query: "",
        said: |n, words| x_post(n, &today(), words),
        has_words: true,
        sign: sign::x,
        out: Some(Out::new(
            "POST /2/",
            |call| call.body.clone(),
            |call, n| {
                if call.line.ends_with("/messages") {
                    json!({"data": {"dm_conversation_id": "1-2", "dm_event_id": format!("160000000000000000{n}")}})
                } else {
                    json!({"data": {"id": format!("170000000000000000{n}")}})
                }
            },
        )),
    },
    publicly: x_post,
    privately: |n, words| {
        let message = json!({
            "target": {"recipient_id": "2000000000000000001"}, "sender_id": "3000000000000000001",
            "message_data": {"text": words},
        });
        let event = json!({
            "type": "message_create", "id": format!("150000000000000000{n}"), "created_timestamp": "1767225600123",
            "message_create": message,
        });
        let data = json!({
            "event_uuid": format!("-20{n}"), "filter": {"user_id": "2000000000000000001"}, "event_type": "dm.received",
            "payload": {"direct_message_events": [event]},
        });
        bytes(&json!({ "data": data }))
    },
    is_public: |call, n| call.json()["reply"]["in_reply_to_tweet_id"] == format!("140000000000000000{n}"),
    begins: |call| call.line == "POST /2/dm_conversations/with/3000000000000000001/messages",
    goes_on: |call| call.line == "POST /2/dm_conversations/with/3000000000000000001/messages",
    permalink: Some("https://x.com/i/status/1400000000000000001"),
    once: false,
};

#[tokio::test]
async fn facebook_page() {
    run(&PAGE_BOTH).await;
}

#[tokio::test]
async fn instagram() {
    run(&INSTAGRAM_BOTH).await;
}

#[tokio::test]
async fn x() {
    run(&X_BOTH).await;
}

async fn run(both: &'static Both) {
    let mut world = beside(&both.row).await;
    world.router.start_again().await;
    let mut hand = Hand::connect(world.router.addr, WORKER_KEY, "noa", AcceptMode::Auto).await.unwrap();
    world.tell(&(both.publicly)(1, &today(), "where is my order?")).await;
    let task = hand.task().await;
    let heard = &task.messages[0];
    assert_eq!((heard.visibility.as_deref(), heard.permalink.as_deref()), (Some("public"), both.permalink));

    hand.reply(task.id, task.lease, "1", "we write to you").await.unwrap();
    let call = world.platform.until("we write to you", 1).await.remove(0);
    assert!((both.is_public)(&call, 1), "{call:?}");
    hand.reply_privately(task.id, task.lease, "2", "your order number?").await.unwrap();
    let call = world.platform.until("your order number?", 1).await.remove(0);
    assert!((both.begins)(&call), "{call:?}");
    world.until_events("moved_to_private", 1).await;

    if both.once {
        // Until he answers, that was the one private message.
        let refused = hand.reply_privately(task.id, task.lease, "3", "hello?").await.unwrap_err();
        assert_eq!((refused.status, refused.code.as_str()), (409, "private_once"), "{}", refused.detail);
        // The same message again is no other one.
        hand.reply_privately(task.id, task.lease, "2", "your order number?").await.unwrap();
        // What was said long ago opens no way either.
        world.tell(&(both.publicly)(7, "2026-01-01T00:00:00Z", "an old word")).await;
        until_heard(&mut hand, "an old word").await;
        let refused = hand.reply_privately(task.id, task.lease, "4", "hello?").await.unwrap_err();
        assert_eq!(refused.code, "private_once", "{}", refused.detail);
    }

    // His private answer is in the same conversation and the same task, and so is ours to it.
    world.tell(&(both.privately)(2, "it is 1042")).await;
    let answer = until_heard(&mut hand, "it is 1042").await;
    assert_ne!(answer.visibility.as_deref(), Some("public"));
    same_conversation(&world, &task).await;
    hand.reply(task.id, task.lease, "5", "thank you").await.unwrap();
    let call = world.platform.until("thank you", 1).await.remove(0);
    assert!((both.goes_on)(&call), "{call:?}");
    // Where he wrote last is where he is answered.
    world.tell(&(both.publicly)(9, &today(), "is there news?")).await;
    until_heard(&mut hand, "is there news?").await;
    hand.reply(task.id, task.lease, "6", "there is").await.unwrap();
    let call = world.platform.until("there is", 1).await.remove(0);
    assert!((both.is_public)(&call, 9), "{call:?}");
    assert_eq!(world.platform.calls("hello?").len(), 0);
    let transcript = world.api.all(&format!("/v1/tasks/{}/messages", task.id)).await;
    assert_eq!(transcript[0]["permalink"].as_str(), both.permalink, "{transcript:?}");
}

async fn until_heard(hand: &mut Hand, words: &str) -> MessageView {
    hand.until(words, |frame| match frame {
        ServerFrame::Message { message, .. } if message.text.as_ref()?.expose() == words => Some(message),
        _ => None,
    })
    .await
}

async fn same_conversation(world: &World, task: &TaskView) {
    let conversation = task.conversation.unwrap().to_string();
    for event in world.api.events("message_received").await {
        assert_eq!(event["conversation"], conversation.as_str(), "{event}");
    }
    assert_eq!(world.count("task_created").await, 1);
    let moved = world.api.events("moved_to_private").await.remove(0);
    assert_eq!((&moved["conversation"], &moved["into"]), (&json!(conversation), &json!(conversation)));
}

/// What is older than a week is not answered in private by the platform, and the worker is told before anything is kept.
#[tokio::test]
async fn too_late() {
    let mut world = beside(&PAGE_BOTH.row).await;
    world.router.start_again().await;
    let mut hand = Hand::connect(world.router.addr, WORKER_KEY, "noa", AcceptMode::Auto).await.unwrap();
    world.tell(&page_comment(1, "2026-01-01T00:00:00Z", "an old word")).await;
    let task = hand.task().await;
    let refused = hand.reply_privately(task.id, task.lease, "1", "hello").await.unwrap_err();
    assert_eq!((refused.status, refused.code.as_str()), (409, "private_too_late"), "{}", refused.detail);
    assert_eq!(refused.field.as_deref(), Some("privately"));
    assert_eq!(world.count("reply_queued").await, 0);
}

/// A review has no private side.
#[tokio::test]
async fn google_business() {
    let mut world = beside(&GOOGLE_BUSINESS).await;
    world.router.start_again().await;
    let mut hand = Hand::connect(world.router.addr, WORKER_KEY, "noa", AcceptMode::Auto).await.unwrap();
    world.tell(&(GOOGLE_BUSINESS.said)(1, "slow")).await;
    let task = hand.task().await;
    let refused = hand.reply_privately(task.id, task.lease, "1", "hello").await.unwrap_err();
    assert_eq!((refused.status, refused.code.as_str()), (409, "private_not_possible"), "{}", refused.detail);
}

/// The answer to the private call was lost: the echo tells whom it reached, and his answer finds the conversation.
#[tokio::test]
async fn an_echo_tells_where_it_went() {
    let mut world = beside(&PAGE_BOTH.row).await;
    world.router.start_again().await;
    let mut hand = Hand::connect(world.router.addr, WORKER_KEY, "noa", AcceptMode::Auto).await.unwrap();
    world.tell(&page_comment(1, &today(), "where is my order?")).await;
    let task = hand.task().await;
    world.platform.script("your order number?", crate::platform::Then::ObeyAndHangUp);
    hand.reply_privately(task.id, task.lease, "1", "your order number?").await.unwrap();
    let call = world.platform.until("your order number?", 1).await.remove(0);
    world.until_events("reply_unknown", 1).await;
    let metadata = call.json()["message"]["metadata"].clone();
    let echo =
        json!({"message": {"mid": "m_out1", "is_echo": true, "metadata": metadata, "text": "your order number?"}});
    world.tell(&rows::messaging("page", PAGE, IN_MESSENGER, true, echo)).await;
    world.until_events("moved_to_private", 1).await;
    world.tell(&(PAGE_BOTH.privately)(2, "it is 1042")).await;
    until_heard(&mut hand, "it is 1042").await;
    same_conversation(&world, &task).await;
}

/// On Mastodon the private side is a status for the person alone, which he may answer or begin himself.
#[tokio::test]
async fn mastodon() {
    let mut world = beside(&crate::polled::MASTODON_PUBLIC).await;
    let path = "/api/v1/notifications";
    let mut told = vec![crate::polled::mention(1, 55, None, "where is my order?")];
    world.platform.show(path, &json!(told).to_string());
    world.router.start_again().await;
    let mut hand = Hand::connect(world.router.addr, WORKER_KEY, "noa", AcceptMode::Auto).await.unwrap();
    let task = hand.task().await;
    hand.reply_privately(task.id, task.lease, "1", "your order number?").await.unwrap();
    let call = world.platform.until("your order number?", 1).await.remove(0).json();
    assert_eq!((&call["visibility"], &call["in_reply_to_id"]), (&json!("direct"), &json!("101")));
    assert_eq!(call["status"], "@p55@b.example your order number?");
    world.until_events("moved_to_private", 1).await;
    let mut direct = crate::polled::mention(2, 55, Some("201"), "it is 1042");
    direct["status"]["visibility"] = json!("direct");
    told.insert(0, direct);
    world.platform.show(path, &json!(told).to_string());
    until_heard(&mut hand, "it is 1042").await;
    hand.reply(task.id, task.lease, "2", "thank you").await.unwrap();
    let call = world.platform.until("thank you", 1).await.remove(0).json();
    assert_eq!((&call["visibility"], &call["in_reply_to_id"]), (&json!("direct"), &json!("102")));
    same_conversation(&world, &task).await;
}
