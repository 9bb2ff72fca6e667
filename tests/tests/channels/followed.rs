//! What platforms post is not all there is: words behind a pointer, and what became of a post later, are asked for.

use blendline_tests::config::WORKER_KEY;
use blendline_tests::worker::Hand;
use blendline_wire::inbound::InboundKind;
use blendline_wire::task::AcceptMode;
use serde_json::json;

use crate::course::{Row, beside};
use crate::polled::{today, until_changed};
use crate::sign;

static MENTIONED: Row = Row {
    channel: "instagram",
    external_id: "17841400000000001",
    settings: crate::rows::META,
    query: "",
    said: |n, _| {
        let change = json!({"field": "mentions", "value": {"media_id": "1900", "comment_id": format!("190{n}")}});
        let entry = json!({"id": "17841400000000001", "time": 1_767_225_601, "changes": [change]});
        json!({"object": "instagram", "entry": [entry]}).to_string().into_bytes()
    },
    has_words: false,
    sign: sign::meta,
    out: None,
};

/// A mention is told without its words: the worker reads them all the same, and where the platform does not give them, he
/// has the mention.
#[tokio::test]
async fn the_words_of_a_mention_are_got() {
    let mut world = beside(&MENTIONED).await;
    let path = "/v23.0/17841400000000001?fields=mentioned_comment.comment_id%281901%29";
    let found = json!({"mentioned_comment": {"id": "1901", "text": "@shop where is it?"}, "id": "17841400000000001"});
    world.platform.show(path, &found.to_string());
    world.router.start_again().await;
    world.tell(&(MENTIONED.said)(1, "")).await;
    world.tell(&(MENTIONED.said)(2, "")).await;
    world.until_events("message_received", 2).await;
    let mut hand = Hand::connect(world.router.addr, WORKER_KEY, "noa", AcceptMode::Auto).await.unwrap();
    let task = hand.task().await;
    let words: Vec<_> =
        task.messages.iter().map(|message| message.text.as_ref().map(|text| text.expose().as_str())).collect();
    assert_eq!(words, [Some("@shop where is it?"), None]);
}

static POSTS: Row = Row {
    channel: "x_xaa",
    external_id: "2000000000000000001",
    settings: &[
        ("consumer_secret", sign::SECRET),
        ("consumer_key", "consumer-of-the-shop"),
        ("access_token", "token-of-the-shop-0123"),
        ("access_token_secret", "secret-of-the-token-0"),
        ("base_url", "{platform}"),
        ("look_again_s", "1"),
    ],
    query: "",
    said: |n, words| {
        let id = format!("140000000000000000{n}");
        let post = json!({
            "id": id, "author_id": format!("300000000000000000{n}"), "created_at": today(), "conversation_id": id, "text": words,
        });
        let data = json!({
            "event_uuid": format!("-10{n}"), "filter": {"user_id": "2000000000000000001"}, "event_type": "post.mention.create",
            "payload": post,
        });
        json!({ "data": data }).to_string().into_bytes()
    },
    has_words: true,
    sign: sign::x,
    out: None,
};

/// X tells nobody that a stranger removed his post. Whoever has asked to look learns it, also of posts from before the
/// router was started again.
#[tokio::test]
async fn removals_on_x_are_noticed() {
    let mut world = beside(&POSTS).await;
    let posts = ["/2/tweets/1400000000000000001", "/2/tweets/1400000000000000002"];
    for path in posts {
        world.platform.show(path, &json!({"data": {"id": path.rsplit_once('/').unwrap().1, "text": "x"}}).to_string());
    }
    world.router.start_again().await;
    world.tell(&(POSTS.said)(1, "you lost my parcel")).await;
    world.tell(&(POSTS.said)(2, "mine too")).await;
    world.until_events("task_created", 2).await;
    let looks = world.platform.until_read(posts[0], 1).await;
    let proof = looks[0].headers["authorization"].to_str().unwrap().to_owned();
    assert!(proof.starts_with("OAuth oauth_consumer_key=\"consumer-of-the-shop\""), "{proof}");
    world.platform.until_read(posts[1], 1).await;

    world.router.kill().await;
    let problem =
        |name: &str| json!({"errors": [{"type": format!("https://api.twitter.com/2/problems/{name}")}]}).to_string();
    world.platform.show(posts[0], &problem("resource-not-found"));
    world.platform.show(posts[1], &problem("not-authorized-for-resource"));
    world.router.start_again().await;
    let mut hand = Hand::connect(world.router.addr, WORKER_KEY, "noa", AcceptMode::Auto).await.unwrap();
    world.until_events("message_received", 4).await;
    let (first, second) = (hand.task().await, hand.task().await);
    let changes =
        first.messages.iter().chain(&second.messages).filter(|message| message.kind != Some(InboundKind::Mention));
    let mut changes: Vec<_> = changes.map(|message| (message.kind, message.target.clone())).collect();
    // Whichever was not yet there when the task was shown comes to the worker's hands.
    for kind in [InboundKind::Delete, InboundKind::Moderation] {
        if !changes.iter().any(|(of, _)| *of == Some(kind)) {
            let change = until_changed(&mut hand, kind).await;
            changes.push((change.kind, change.target));
        }
    }
    changes.sort_by_key(|(_, target)| target.clone());
    let expected = [(InboundKind::Delete, 1), (InboundKind::Moderation, 2)];
    assert_eq!(changes, expected.map(|(kind, n)| (Some(kind), Some(format!("140000000000000000{n}")))));

    // However often it is looked at, each was told once.
    let seen = world.platform.until_read(posts[1], 1).await.len();
    world.platform.until_read(posts[1], seen + 2).await;
    assert_eq!((world.count("message_received").await, world.count("task_created").await), (4, 2));
}
