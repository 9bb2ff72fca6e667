//! What a platform gets for what it posts.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use blendline_wire::broker::BrokerMessage;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::json;

use super::{APP_SECRET, World};
use crate::ports::broker::BrokerError;

const URL: &str = "/v1/webhooks/whatsapp_cloud/acme";

fn signature(secret: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body);
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
}

/// One text message to each of these numbers.
fn body(numbers: &[&str]) -> Vec<u8> {
    let change = |number: &&str| {
        let text = json!({ "from": "972500000001", "id": format!("wamid.{number}"), "timestamp": "1700000000",
            "type": "text", "text": { "body": "שלום" } });
        json!({ "field": "messages", "value": { "messaging_product": "whatsapp",
            "metadata": { "phone_number_id": number }, "messages": [text] } })
    };
    let changes: Vec<_> = numbers.iter().map(change).collect();
    json!({ "object": "whatsapp_business_account", "entry": [{ "id": "0", "changes": changes }] }).to_string().into()
}

fn post(url: &str, signed: &str, body: Vec<u8>) -> Request<Body> {
    Request::post(url).header("x-hub-signature-256", signed).body(Body::from(body)).unwrap()
}

#[tokio::test]
async fn a_signed_body_is_one_durable_message_with_its_accounts() {
    let world = World::new().await;
    // 1002 is signed by the same secret; 1003 has a secret of its own; 200 is another tenant's; 999 is nobody's.
    let bytes = body(&["100", "1002", "1003", "200", "999"]);
    let (status, _) = world.send(post(URL, &signature(APP_SECRET, &bytes), bytes.clone())).await;
    assert_eq!(status, StatusCode::OK);
    let published = world.wire.published.lock().unwrap().clone();
    assert_eq!(published.len(), 1);
    let (message, raw) = BrokerMessage::decode(&published[0]).unwrap();
    assert_eq!(raw, bytes);
    let BrokerMessage::InboundV1(batch) = message else { panic!("not a batch: {message:?}") };
    let directory = world.shared.directory();
    let names: Vec<_> = batch
        .events
        .iter()
        .map(|event| event.account.map(|id| directory.accounts[&id].account.name.as_str()))
        .collect();
    assert_eq!(names, [Some("acme"), Some("acme-2"), None, None, None]);
}

#[tokio::test]
async fn what_is_not_the_platforms_leaves_nothing() {
    let world = World::new().await;
    let bytes = body(&["100"]);
    let good = signature(APP_SECRET, &bytes);
    for (url, signed, sent, expected) in [
        (URL, "sha256=00", bytes.clone(), 401),
        (URL, &*good.to_uppercase(), bytes.clone(), 401),
        (URL, &*good, [&bytes[..], b" "].concat(), 401),
        ("/v1/webhooks/whatsapp_cloud/acme-3", &*good, bytes.clone(), 401),
        ("/v1/webhooks/whatsapp_cloud/nobody", &*good, bytes.clone(), 404),
        ("/v1/webhooks/pigeon/acme", &*good, bytes.clone(), 404),
    ] {
        let (status, problem) = world.send(post(url, signed, sent)).await;
        assert_eq!(status, expected, "{url} {signed}: {problem}");
        assert_eq!(problem["status"], expected);
    }
    let unsigned = Request::post(URL).body(Body::from(bytes)).unwrap();
    assert_eq!(world.send(unsigned).await.0, 401);
    assert!(world.wire.published.lock().unwrap().is_empty());
}

#[tokio::test]
async fn what_cannot_be_read_is_kept_and_what_is_empty_is_not() {
    let world = World::new().await;
    let (status, _) = world.send(post(URL, &signature(APP_SECRET, b"{"), b"{".to_vec())).await;
    assert_eq!(status, 200);
    let published = world.wire.published.lock().unwrap().pop().unwrap();
    let (message, raw) = BrokerMessage::decode(&published).unwrap();
    assert!(matches!(message, BrokerMessage::QuarantineV1(_)));
    assert_eq!(raw, b"{");
    let empty = br#"{"object":"whatsapp_business_account","entry":[]}"#;
    let (status, _) = world.send(post(URL, &signature(APP_SECRET, empty), empty.to_vec())).await;
    assert_eq!(status, 200);
    assert!(world.wire.published.lock().unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_broker_that_does_not_confirm_is_never_a_200() {
    let world = World::new().await;
    let bytes = body(&["100"]);
    let request = || post(URL, &signature(APP_SECRET, &bytes), bytes.clone());
    for refusal in [BrokerError::Full, BrokerError::Unavailable("away".into())] {
        *world.wire.refusal.lock().unwrap() = Some(refusal);
        let response = tower::ServiceExt::oneshot(world.router.clone(), request()).await.unwrap();
        assert_eq!(response.status(), 503);
        assert_eq!(response.headers()["retry-after"], "1");
    }
    *world.wire.refusal.lock().unwrap() = None;
    *world.wire.silent.lock().unwrap() = true;
    let begin = tokio::time::Instant::now();
    assert_eq!(world.send(request()).await.0, 503);
    assert_eq!(begin.elapsed().as_secs(), 2);
}

#[tokio::test]
async fn bodies_are_bounded_and_never_unpacked() {
    let world = World::new().await;
    let large = vec![b' '; 4 * 1024 * 1024 + 1];
    assert_eq!(world.send(post(URL, "sha256=00", large)).await.0, 413);
    let packed = Request::post(URL).header("content-encoding", "gzip").body(Body::from("x")).unwrap();
    assert_eq!(world.send(packed).await.0, 415);
}

#[tokio::test]
async fn the_handshake_is_answered_or_refused() {
    let world = World::new().await;
    let get = |query: &str| Request::get(format!("{URL}?{query}")).body(Body::empty()).unwrap();
    let good = "hub.mode=subscribe&hub.verify_token=verify-0123456789&hub.challenge=42";
    let response = tower::ServiceExt::oneshot(world.router.clone(), get(good)).await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(axum::body::to_bytes(response.into_body(), 100).await.unwrap(), "42");
    assert_eq!(world.send(get("hub.mode=subscribe&hub.verify_token=x&hub.challenge=42")).await.0, 403);
    assert_eq!(world.send(get("")).await.0, 403);
}
