//! A company's own program that makes a slip is told where, and nothing of the body is kept.

use blendline_tests::api::Api;
use blendline_tests::config::Installation;
use blendline_tests::http;
use blendline_tests::machine::unix_ms;
use blendline_tests::process::Router;
use serde_json::{Value, json};

use crate::course::account;
use crate::platform::Platform;
use crate::rows::{CUSTOM, SMS_GENERIC, VOICE_CALLBACK};
use crate::sign::{self, Headers};

async fn post(router: &Router, channel: &str, headers: &Headers, body: &[u8]) -> http::Reply {
    let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    http::once(router.addr, &http::request("POST", &format!("/v1/webhooks/{channel}/{channel}"), &headers, body))
        .await
        .unwrap()
}

#[tokio::test]
async fn a_slip_is_answered_with_its_place() {
    let platform = Platform::start(|_, _| Value::Null, None).await;
    let mut installation = Installation::new("http://127.0.0.1:1");
    installation.numbers = Vec::new();
    installation.accounts = [&CUSTOM, &SMS_GENERIC, &VOICE_CALLBACK].map(|row| account(row, &platform)).to_vec();
    let router = Router::start("own-webhooks", &installation).await;

    let event = |extra: Value| {
        let mut event = json!({"type": "message", "id": "m", "from": {"id": "c"}, "text": "x"});
        event.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        json!({"events": [event]}).to_string()
    };
    for (body, place) in [
        (event(json!({"at": "soon"})), "/events/0/at"),
        (event(json!({"txet": "x"})), "/events/0"),
        (event(json!({"from": {"name": "Dana"}})), "/events/0/from/id"),
        ("{\n  \"events\": [,]\n}".to_owned(), "line 2 column 14"),
        ("[".repeat(100_000), "line 1 column 128"),
        (String::new(), "line 1 column 0"),
    ] {
        let reply = post(&router, "custom", &sign::standard(body.as_bytes()), body.as_bytes()).await;
        let problem = reply.json();
        assert_eq!((reply.status, &problem["code"]), (400, &json!("malformed")), "{body:.80}: {problem}");
        assert_eq!(problem["field"], place, "{problem}");
        assert!(problem["detail"].as_str().is_some_and(|detail| !detail.is_empty()), "{problem}");
    }
    for channel in ["sms_generic", "voice_callback"] {
        let reply = post(&router, channel, &sign::bearer(b""), b"{\"a\": }").await;
        assert_eq!((reply.status, &reply.json()["field"]), (400, &json!("line 1 column 7")), "{}", reply.text());
        assert_eq!(post(&router, channel, &sign::bearer(b""), b"{\"a\": 1}").await.status, 400);
    }

    // What was overheard cannot be said again later, and what is signed for later not yet.
    let body = event(json!({}));
    let now = unix_ms() / 1000;
    for at in [now - 400, now + 400] {
        let mut headers = sign::standard(body.as_bytes());
        headers[1].1 = at.to_string();
        assert_eq!(
            post(&router, "custom", &headers, body.as_bytes()).await.status,
            401,
            "a changed time is not signed"
        );
    }
    assert_eq!(post(&router, "custom", &Vec::new(), body.as_bytes()).await.status, 401);
    for kind in ["message_received", "message_discarded", "quarantined"] {
        assert_eq!(Api::admin(router.addr).events(kind).await, Vec::<Value>::new(), "nothing was kept");
    }
    assert_eq!(post(&router, "custom", &sign::standard(body.as_bytes()), body.as_bytes()).await.status, 200);
}
