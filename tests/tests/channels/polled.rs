//! Platforms that are asked because they do not post.

use blendline_tests::config::WORKER_KEY;
use blendline_tests::http;
use blendline_tests::machine::unix_ms;
use blendline_tests::worker::Hand;
use blendline_wire::Millis;
use blendline_wire::inbound::InboundKind;
use blendline_wire::task::AcceptMode;
use blendline_wire::worker::{Author, MessageView, ServerFrame};
use serde_json::{Value, json};

use crate::course::{Out, Row, beside, go_out};
use crate::sign;

/// A polled row: what is said is shown by the test.
const fn row(
    channel: &'static str,
    external_id: &'static str,
    settings: &'static [(&'static str, &'static str)],
    out: Option<Out>,
) -> Row {
    Row {
        channel,
        external_id,
        settings,
        query: "",
        said: |_, _| Vec::new(),
        has_words: true,
        sign: sign::elsewhere,
        out,
    }
}

static MASTODON: Row = row(
    "mastodon",
    "shop@social.example",
    &[("base_url", "{platform}"), ("access_token", "token-of-the-shop-0123"), ("interval_s", "1")],
    Some(Out {
        key: Some(|call| call.headers["idempotency-key"].to_str().unwrap().to_owned()),
        ..Out::new(
            "POST /api/v1/statuses",
            |call| {
                let status = call.json();
                assert_eq!((&status["visibility"], &status["in_reply_to_id"]), (&json!("direct"), &json!("102")));
                let text = status["status"].as_str().unwrap();
                text.strip_prefix("@dana@b.example ").expect("the person is named").to_owned()
            },
            |_, n| json!({"id": format!("20{n}")}),
        )
    }),
);

pub(crate) static MASTODON_PUBLIC: Row = row(
    "mastodon",
    "shop@social.example",
    &[("base_url", "{platform}"), ("access_token", "token-of-the-shop-0123"), ("interval_s", "1")],
    Some(Out::new("POST /api/v1/statuses", |call| call.body.clone(), |_, n| json!({"id": format!("20{n}")}))),
);

static FEED: Row = row("mention_feed", "complaints", &[("url", "{platform}/feed.xml"), ("interval_s", "1")], None);

/// An instant about now, as the router takes in nothing older than a week.
pub(crate) fn today() -> String {
    Millis(unix_ms()).to_rfc3339()
}

fn notification(n: u32, answered: Option<&str>, words: &str) -> Value {
    let account = json!({"id": "55", "acct": "dana@b.example", "display_name": "Dana"});
    json!({"id": format!("90{n}"), "type": "mention", "created_at": today(), "account": account, "status": {
        "id": format!("10{n}"), "created_at": today(), "visibility": "direct", "account": account, "in_reply_to_id": answered,
        "content": format!("<p>{words}</p>"),
    }})
}

#[tokio::test]
async fn mastodon() {
    let mut world = beside(&MASTODON).await;
    // Both in the thread of the first; the newest stands first.
    let first = notification(1, Some("100"), "the first words");
    let path = "/api/v1/notifications";
    world.platform.show(path, &json!([first]).to_string());
    world.router.start_again().await;
    world.until_events("message_received", 1).await;
    let second = notification(2, Some("100"), "the second words");
    world.platform.show(path, &json!([second, first]).to_string());
    world.until_events("message_received", 2).await;
    let reads = world.platform.until_read(path, 3).await;
    assert!(reads[0].line.ends_with("?limit=80"), "{}", reads[0].line);
    assert!(reads[1].line.ends_with("?limit=80&min_id=901"), "{}", reads[1].line);
    assert_eq!(reads[0].headers["authorization"], "Bearer token-of-the-shop-0123");
    assert_eq!(world.count("task_created").await, 1);

    // All of it is read again after a restart, without effect.
    world.router.kill().await;
    world.router.start_again().await;
    world.until_events("message_duplicate", 2).await;
    assert_eq!((world.count("message_received").await, world.count("task_created").await), (2, 1));
    let mut hand = Hand::connect(world.router.addr, WORKER_KEY, "noa", AcceptMode::Auto).await.unwrap();
    let task = hand.task().await;
    let heard = task.messages.iter().filter(|message| message.from == Author::Customer);
    let words: Vec<&str> = heard.filter_map(|message| Some(message.text.as_ref()?.expose().as_str())).collect();
    assert_eq!(words, ["the first words", "the second words"]);
    go_out(&world, hand, &task).await;
}

/// A mention in public, of account `who`.
pub(crate) fn mention(n: u32, who: u32, answered: Option<&str>, words: &str) -> Value {
    let mut one = notification(n, answered, words);
    let account = json!({"id": who.to_string(), "acct": format!("p{who}@b.example"), "display_name": "P"});
    one["status"]["visibility"] = json!("public");
    one["account"] = account.clone();
    one["status"]["account"] = account;
    one
}

/// A conversation in public has no name on Mastodon: whoever answers us is in his conversation, and nobody else is.
#[tokio::test]
async fn an_answer_to_our_answer_is_the_same_conversation() {
    let mut world = beside(&MASTODON_PUBLIC).await;
    let path = "/api/v1/notifications";
    let mut told = vec![mention(1, 55, None, "where is my order?")];
    world.platform.show(path, &json!(told).to_string());
    world.router.start_again().await;
    let mut hand = Hand::connect(world.router.addr, WORKER_KEY, "noa", AcceptMode::Auto).await.unwrap();
    let task = hand.task().await;
    hand.reply(task.id, task.lease, "1", "which one?").await.unwrap();
    let call = world.platform.until("which one?", 1).await.remove(0);
    assert_eq!((&call.json()["visibility"], &call.json()["in_reply_to_id"]), (&json!("public"), &json!("101")));
    world.until_events("reply_sent", 1).await;

    // He answers us, then himself; a stranger answers us too.
    told.insert(0, mention(2, 55, Some("201"), "1042"));
    told.insert(0, mention(3, 55, Some("102"), "of May"));
    told.insert(0, mention(4, 66, Some("201"), "mine too!"));
    world.platform.show(path, &json!(told).to_string());
    world.until_events("message_received", 4).await;
    let conversation = |event: &Value| event["conversation"].as_str().unwrap_or_default().to_owned();
    let heard: Vec<String> = world.api.events("message_received").await.iter().map(conversation).collect();
    let first = heard[0].clone();
    assert_eq!(heard[..3], [first.clone(), first.clone(), first.clone()], "{heard:?}");
    assert_ne!(heard[3], first, "another person is in another conversation");
    assert_eq!(world.count("task_created").await, 2);
}

fn feed(items: &[String]) -> String {
    format!("<rss version=\"2.0\"><channel><title>Complaints</title>{}</channel></rss>", items.concat())
}

fn item(n: u32, when: &str) -> String {
    let date = if when.is_empty() { String::new() } else { format!("<pubDate>{when}</pubDate>") };
    format!("<item><title>Complaint {n}</title><link>https://c.example/{n}</link><guid>c{n}</guid>{date}</item>")
}

#[tokio::test]
async fn mention_feed() {
    let mut world = beside(&FEED).await;
    let (now, undated) = (item(1, &today()), item(2, ""));
    let old = item(3, "Thu, 01 Jan 2015 00:00:00 GMT");
    world.platform.show("/feed.xml", &feed(&[now.clone(), undated.clone(), old.clone()]));
    world.router.start_again().await;
    world.until_events("message_received", 1).await;
    // While nothing changes, nothing is transferred.
    let reads = world.platform.until_read("/feed.xml", 3).await;
    assert_eq!(reads[0].headers.get("if-none-match"), None);
    assert_eq!(reads[2].headers["if-none-match"], "\"v0\"");
    assert_eq!(world.count("message_received").await, 1, "what is old, or of unknown age, is not begun with");

    // Something new without a time is new all the same; a broken answer costs nothing.
    world.platform.show("/feed.xml", "<html>maintenance</html>");
    let seen = world.platform.until_read("/feed.xml", reads.len() + 1).await.len();
    world.platform.until_read("/feed.xml", seen).await;
    world.platform.show("/feed.xml", &feed(&[item(4, ""), now, undated, old]));
    world.until_events("message_received", 2).await;
    assert_eq!(world.count("message_duplicate").await, 0, "what was there before is not even asked about");

    world.router.kill().await;
    world.router.start_again().await;
    world.until_events("message_duplicate", 1).await;
    assert_eq!((world.count("message_received").await, world.count("task_created").await), (2, 2));
    let mut hand = Hand::connect(world.router.addr, WORKER_KEY, "noa", AcceptMode::Auto).await.unwrap();
    let task = hand.task().await;
    assert!(task.messages[0].text.as_ref().is_some_and(|text| text.expose().starts_with("Complaint")));
}

static MASTODON_STREAMED: Row = row(
    "mastodon",
    "shop@social.example",
    &[
        ("base_url", "{platform}"),
        ("access_token", "token-of-the-shop-0123"),
        // Whatever comes within the test comes by the stream, or by the asking that follows its end.
        ("interval_s", "3600"),
        ("look_again_s", "1"),
    ],
    None,
);

/// What the worker hears next that the customer did with an earlier message.
pub(crate) async fn until_changed(hand: &mut Hand, kind: InboundKind) -> MessageView {
    hand.until(kind.as_str(), |frame| match frame {
        ServerFrame::Message { message, .. } if message.kind == Some(kind) => Some(message),
        _ => None,
    })
    .await
}

/// The stream brings what happens as it happens; what happened while it was broken is asked for, and nothing comes twice.
#[tokio::test]
async fn a_broken_stream_leaves_no_gap() {
    let mut world = beside(&MASTODON_STREAMED).await;
    let (stream, path) = ("/api/v1/streaming/user/notification", "/api/v1/notifications");
    world.platform.streams(stream);
    let mut told = vec![mention(1, 55, None, "said before we were there")];
    world.platform.show(path, &json!(told).to_string());
    world.router.start_again().await;
    world.until_events("message_received", 1).await;
    let opened = world.platform.until_read(stream, 1).await;
    assert_eq!(opened[0].headers["authorization"], "Bearer token-of-the-shop-0123");

    let second = mention(2, 66, None, "heard at once");
    world.platform.tell("notification", &second.to_string());
    world.until_events("message_received", 2).await;
    let asked = world.platform.until_read(path, 1).await.len();

    // One more is said in the moment in which nobody hears.
    told.insert(0, second);
    told.insert(0, mention(3, 77, None, "said into the gap"));
    world.platform.show(path, &json!(told).to_string());
    world.platform.hang_up();
    world.until_events("message_received", 3).await;
    world.platform.until_read(path, asked + 1).await;
    assert_eq!(world.count("message_duplicate").await, 0, "what the stream brought is not taken in again");

    // And it is heard again.
    world.platform.until_read(stream, 2).await;
    world.platform.tell("notification", &mention(4, 88, None, "heard again").to_string());
    world.until_events("message_received", 4).await;
}

/// A status that was changed or removed later: the stream tells of some, and of the others the server is asked.
#[tokio::test]
async fn changes_and_removals_are_followed() {
    let mut world = beside(&MASTODON_STREAMED).await;
    let (stream, path) = ("/api/v1/streaming/user/notification", "/api/v1/notifications");
    world.platform.streams(stream);
    let said = mention(1, 55, None, "you lost my parcel");
    world.platform.show(path, &json!([said]).to_string());
    world.platform.show("/api/v1/statuses/101", &said["status"].to_string());
    world.router.start_again().await;
    let mut hand = Hand::connect(world.router.addr, WORKER_KEY, "noa", AcceptMode::Auto).await.unwrap();
    let task = hand.task().await;
    assert_eq!(task.messages[0].id.as_deref(), Some("101"));

    let mut changed = said["status"].clone();
    changed["content"] = json!("<p>you found my parcel</p>");
    changed["edited_at"] = json!("2026-11-26T08:00:00.000Z");
    world.platform.show("/api/v1/statuses/101", &changed.to_string());
    let edit = until_changed(&mut hand, InboundKind::Edit).await;
    assert_eq!(edit.target.as_deref(), Some("101"));
    assert_eq!(edit.text.unwrap().expose(), "you found my parcel");
    // However often it is looked at, it was changed once.
    let seen = world.platform.until_read("/api/v1/statuses/101", 1).await.len();
    world.platform.until_read("/api/v1/statuses/101", seen + 2).await;
    assert_eq!(world.count("message_received").await, 2);

    world.platform.remove("/api/v1/statuses/101");
    let removal = until_changed(&mut hand, InboundKind::Delete).await;
    assert_eq!((removal.target.as_deref(), removal.text), (Some("101"), None));

    // By the stream: a removal names nobody, and finds its conversation.
    world.platform.tell("notification", &mention(2, 66, None, "mine too").to_string());
    let other = hand.task().await;
    world.platform.tell("delete", "102");
    let removal = until_changed(&mut hand, InboundKind::Delete).await;
    assert_eq!(removal.target.as_deref(), Some("102"));
    assert_ne!(other.id, task.id);
    assert_eq!(world.count("task_created").await, 2);
}

/// What a feed shows otherwise than before was changed, and what is missing among its items was removed.
#[tokio::test]
async fn items_of_a_feed_are_followed() {
    let mut world = beside(&FEED).await;
    let (newer, older) = (item(1, &today()), item(2, &Millis(unix_ms() - 3_600_000).to_rfc3339()));
    world.platform.show("/feed.xml", &feed(&[newer.clone(), older.clone()]));
    world.router.start_again().await;
    let mut hand = Hand::connect(world.router.addr, WORKER_KEY, "noa", AcceptMode::Auto).await.unwrap();
    world.until_events("message_received", 2).await;
    world.platform.show("/feed.xml", &feed(&[newer.replace("Complaint 1", "Complaint 1, solved"), older.clone()]));
    let edit = until_changed(&mut hand, InboundKind::Edit).await;
    assert_eq!(edit.text.unwrap().expose(), "Complaint 1, solved");
    world.platform.show("/feed.xml", &feed(&[older]));
    let removal = until_changed(&mut hand, InboundKind::Delete).await;
    assert_eq!(removal.target.as_deref(), Some("c1"));
    assert_eq!(world.count("task_created").await, 2);
}

static REVIEWS: Row = row(
    "google_business",
    "accounts/1/locations/2",
    &[
        ("push_token", sign::SECRET),
        ("refresh_token", "refresh-of-the-shop-01"),
        ("client_id", "client"),
        ("client_secret", "secret-of-the-client-0"),
        ("token_url", "{platform}/token"),
        ("base_url", "{platform}"),
        ("interval_s", "1"),
    ],
    Some(Out::new("POST /token", |call| call.body.clone(), |_, _| json!({"access_token": "fresh"}))),
);

fn review(n: u32, minute: u32, words: &str) -> Value {
    let at = |minute: u32| Millis(unix_ms() - u64::from(60 - minute) * 60_000).to_rfc3339();
    json!({
        "name": format!("accounts/1/locations/2/reviews/{n}"), "reviewer": {"displayName": "Dana"}, "starRating": "TWO",
        "comment": words, "createTime": at(0), "updateTime": at(minute),
    })
}

/// A notice points to a review, which is fetched before it is answered; the list tells what no notice told.
#[tokio::test]
async fn reviews_are_fetched_and_followed() {
    let mut world = beside(&REVIEWS).await;
    let list = "/v4/accounts/1/locations/2/reviews?";
    let (first, second) = (review(1, 0, "slow"), review(2, 10, "rude"));
    world.platform.show("/v4/accounts/1/locations/2/reviews/1", &first.to_string());
    world.platform.show(list, &json!({"reviews": []}).to_string());
    world.router.start_again().await;
    let mut hand = Hand::connect(world.router.addr, WORKER_KEY, "noa", AcceptMode::Auto).await.unwrap();

    let notice = json!({"notificationType": "NEW_REVIEW", "review": "accounts/1/locations/2/reviews/1"}).to_string();
    let notice = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, notice);
    let notice = json!({"subscription": "s", "message": {"messageId": "p-1", "data": notice}}).to_string();
    let request = http::request(
        "POST",
        &format!("/v1/webhooks/google_business/google_business?token={}", sign::SECRET),
        &[],
        notice.as_bytes(),
    );
    crate::platform::deliver(world.router.addr, &request).await;
    let task = hand.task().await;
    assert_eq!(task.messages[0].text.as_ref().unwrap().expose(), "slow");
    let fetched = world.platform.until_read("/v4/accounts/1/locations/2/reviews/1", 1).await;
    assert_eq!(fetched[0].headers["authorization"], "Bearer fresh");

    // The list holds it too, and one that no notice told.
    world.platform.show(list, &json!({"reviews": [second, first]}).to_string());
    let other = hand.task().await;
    assert_eq!(other.messages[0].text.as_ref().unwrap().expose(), "rude");
    world.until_events("message_duplicate", 1).await;
    world.platform.show(list, &json!({"reviews": [review(1, 20, "slow, but polite"), second]}).to_string());
    let edit = until_changed(&mut hand, InboundKind::ReviewEdit).await;
    assert_eq!(edit.text.unwrap().expose(), "slow, but polite");
    world.platform.show(list, &json!({"reviews": [second]}).to_string());
    let removal = until_changed(&mut hand, InboundKind::Delete).await;
    assert_eq!(removal.target.as_deref(), Some("accounts/1/locations/2/reviews/1"));
    assert_eq!(world.count("task_created").await, 2);
}
