//! How far something public got decides where it goes, and stands beside its words.

use blendline_tests::api::Api;
use blendline_tests::config::{Installation, OtherAccount, Worker};
use blendline_tests::http;
use blendline_tests::process::Router;
use serde_json::{Value, json};

use crate::public_rows::X_XAA;

const RULES: &str = "\
queues:
  press: {side: front, target: 2m}
groups:
  desk: {queues: [press], workers: [noa]}
rules:
  - {name: loud, when: msg.reach >= 10000 || msg.shares > 50, queue: press}
";

/// A mention by somebody with so many followers.
fn mention(id: &str, followers: u64) -> Vec<u8> {
    let payload = json!({
        "id": id, "author_id": format!("30{id}"), "created_at": "2026-01-01T00:00:00.123Z", "conversation_id": id, "text": "never again",
        "public_metrics": { "like_count": 12, "retweet_count": 3, "quote_count": 1, "reply_count": 0, "impression_count": 900 },
    });
    let author =
        json!({ "id": format!("30{id}"), "username": "loud", "public_metrics": { "followers_count": followers } });
    json!({
        "data": { "event_uuid": id, "filter": { "user_id": X_XAA.external_id }, "event_type": "post.mention.create", "payload": payload },
        "includes": { "users": [author] },
    })
    .to_string()
    .into_bytes()
}

#[tokio::test]
async fn what_many_may_see_goes_to_its_own_queue() {
    let mut installation = Installation::new("http://127.0.0.1:1");
    installation.numbers = Vec::new();
    installation.workers = vec![Worker::new("omer", &["care"], 9)];
    installation.rules = Some(RULES.to_owned());
    let settings = X_XAA
        .settings
        .iter()
        .map(|(key, value)| ((*key).to_owned(), value.replace("{platform}", "http://127.0.0.1:1")));
    installation.accounts = vec![OtherAccount {
        name: "x_xaa".to_owned(),
        channel: "x_xaa".to_owned(),
        external_id: X_XAA.external_id.to_owned(),
        settings: settings.collect(),
    }];
    let router = Router::start("reach", &installation).await;
    let api = Api::admin(router.addr);
    for (id, followers) in [("41", 9_000), ("42", 120_000)] {
        let body = mention(id, followers);
        let headers = (X_XAA.sign)(&body);
        let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let reply = http::once(router.addr, &http::request("POST", "/v1/webhooks/x_xaa/x_xaa", &headers, &body)).await;
        assert_eq!(reply.unwrap().status, 200);
    }
    let created = |events: &[Value]| events.iter().filter(|event| event["event"] == "task_created").count() == 2;
    api.until("/v1/events", "two tasks", created).await;
    let tasks = api.all("/v1/tasks").await;
    let queue = |n: usize| tasks[n]["queue"].as_str().unwrap().to_owned();
    assert_eq!((queue(0), queue(1)), ("care".into(), "press".into()), "{tasks:?}");
    let lines = api.all(&format!("/v1/tasks/{}/messages", tasks[1]["id"].as_str().unwrap())).await;
    let reach = json!({ "followers": 120_000, "likes": 12, "shares": 4, "replies": 0, "views": 900 });
    assert_eq!(lines[0]["reach"], reach, "{lines:?}");
}
