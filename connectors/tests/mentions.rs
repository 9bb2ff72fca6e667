//! Mentions that come as pointers: their words are got from the platform, and where they cannot be, nothing is lost.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod fake;

use blendline_connectors::{Account, FetchError, Secret, by_name};
use blendline_wire::inbound::InboundEvent;
use blendline_wire::{AccountId, Millis};
use fake::{answer, client, platform};
use serde_json::{Value, json};

const NOW: Millis = Millis(1_767_225_600_000);

fn account(base_url: &str) -> Account {
    let settings = [("access_token", "s3cret-token"), ("base_url", base_url)];
    Account {
        id: AccountId(1),
        name: "main".into(),
        external_id: "300".into(),
        settings: settings.iter().map(|(key, value)| ((*key).to_owned(), Secret::from(*value))).collect(),
    }
}

fn body(object: &str, entry: &str, field: &str, value: Value) -> Vec<u8> {
    let change = json!({"field": field, "value": value});
    json!({"object": object, "entry": [{"id": entry, "time": 1_767_225_601, "changes": [change]}]})
        .to_string()
        .into_bytes()
}

/// What the channel makes of a body, and the first line of each question it asked.
async fn read(channel: &str, body: &[u8], answers: Vec<Option<String>>) -> (Vec<InboundEvent>, Vec<String>) {
    let connector = by_name(channel).unwrap();
    let (address, serving) = platform(answers).await;
    let whole = connector.completed(&account(&address), body, NOW, &client()).await.unwrap();
    let requests = serving.await.unwrap();
    assert!(requests.iter().all(|request| request.contains("authorization: Bearer s3cret-token")), "{requests:?}");
    let lines = requests.iter().map(|request| request.lines().next().unwrap_or_default().to_owned()).collect();
    (connector.normalise(whole.as_deref().unwrap_or(body)).unwrap(), lines)
}

#[tokio::test]
async fn instagram_comment() {
    let told = body("instagram", "300", "mentions", json!({"media_id": "1900", "comment_id": "1901"}));
    let found = json!({"mentioned_comment": {"id": "1901", "text": "@shop איפה החבילה?", "timestamp": "2026-01-01T00:00:00+0000"}, "id": "300"});
    let (events, lines) = read("instagram", &told, vec![answer("200 OK", &found.to_string())]).await;
    let asked = "GET /v23.0/300?fields=mentioned_comment.comment_id%281901%29%7Bid%2Ctext%2Ctimestamp%7D HTTP/1.1";
    assert_eq!(lines, [asked]);
    let [event] = events.as_slice() else { panic!("one mention") };
    assert_eq!(event.text.as_ref().unwrap().expose(), "@shop איפה החבילה?");
    assert_eq!(event.external_message_id.as_deref(), Some("1901"));
    assert_eq!(event.conversation_key.thread.as_deref(), Some("1900"));
    assert_eq!(event.timestamp.as_ref().unwrap().0, NOW);
    assert!(!event.needs_fetch);
}

#[tokio::test]
async fn instagram_caption() {
    let told = body("instagram", "300", "mentions", json!({"media_id": "1900"}));
    let found = json!({"mentioned_media": {"id": "1900", "caption": "never again", "username": "dana"}, "id": "300"});
    let (events, _) = read("instagram", &told, vec![answer("200 OK", &found.to_string())]).await;
    assert_eq!(events[0].text.as_ref().unwrap().expose(), "never again");
    assert_eq!(events[0].sender_username.as_ref().unwrap().expose(), "dana");
}

#[tokio::test]
async fn facebook() {
    let told = body("page", "300", "mention", json!({"item": "post", "verb": "add", "post_id": "77_88"}));
    let found = json!({"message": "ask the shop", "from": {"id": "55", "name": "Dana"}, "permalink_url": "https://fb.example/88", "id": "77_88"});
    for channel in ["facebook_page", "messenger"] {
        let (events, lines) = read(channel, &told, vec![answer("200 OK", &found.to_string())]).await;
        assert_eq!(lines, ["GET /v23.0/77_88?fields=message%2Cfrom%2Ccreated_time%2Cpermalink_url HTTP/1.1"]);
        assert_eq!(events[0].text.as_ref().unwrap().expose(), "ask the shop");
        assert_eq!(events[0].sender_id.as_deref(), Some("55"));
        assert_eq!(events[0].permalink.as_deref(), Some("https://fb.example/88"));
        assert!(!events[0].needs_fetch);
    }
}

#[tokio::test]
async fn what_is_whole_or_anothers_is_not_asked_for() {
    let whole = json!({"item": "post", "verb": "add", "post_id": "77_88", "message": "hi", "from": {"id": "5"}});
    for (channel, told) in [
        ("facebook_page", body("page", "300", "mention", whole)),
        ("facebook_page", body("page", "301", "mention", json!({"item": "post", "post_id": "77_88"}))),
        (
            "facebook_page",
            body("page", "300", "feed", json!({"item": "post", "post_id": "77_88", "message": "mention"})),
        ),
        ("facebook_page", body("page", "300", "mention", json!({"item": "post", "post_id": "../me?fields=x"}))),
        ("instagram", body("instagram", "300", "mentions", json!({"media_id": "1){id}"}))),
        ("instagram", b"{\"mentions\"".to_vec()),
    ] {
        let account = account("http://127.0.0.1:9");
        let whole = by_name(channel).unwrap().completed(&account, &told, NOW, &client()).await;
        assert!(whole.unwrap().is_none(), "{channel} {}", String::from_utf8_lossy(&told));
    }
}

/// The platform refuses, or says nothing: the mention comes without its words, and the operator hears why.
#[tokio::test]
async fn without_words_it_is_a_mention_all_the_same() {
    let told = body("instagram", "300", "mentions", json!({"media_id": "1900", "comment_id": "1901"}));
    let refusal = answer("400 Bad Request", r#"{"error":{"code":100}}"#);
    for reply in [refusal, None] {
        let (address, _serving) = platform(vec![reply]).await;
        let connector = by_name("instagram").unwrap();
        let whole = connector.completed(&account(&address), &told, NOW, &client()).await;
        assert!(matches!(whole, Err(FetchError::NoWords(_))));
        assert!(connector.normalise(&told).unwrap()[0].needs_fetch);
    }
    // Of two, one is told.
    let both = json!({"object": "instagram", "entry": [{"id": "300", "time": 1_767_225_601, "changes": [
        {"field": "mentions", "value": {"media_id": "1900"}}, {"field": "mentions", "value": {"media_id": "1902"}},
    ]}]});
    let found = r#"{"mentioned_media":{"id":"1902","caption":"here"}}"#;
    let answers = vec![answer("500 Oops", "{}"), answer("200 OK", found)];
    let (events, _) = read("instagram", both.to_string().as_bytes(), answers).await;
    assert!(events[0].needs_fetch && events[0].text.is_none());
    assert_eq!(events[1].text.as_ref().unwrap().expose(), "here");
}
