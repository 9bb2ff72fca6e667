//! What bad input gets: the right status, and no effect that outlives it.

use blendline_tests::config::VERIFY_TOKEN;
use blendline_tests::http::{self, Reply};
use blendline_tests::whatsapp::{self, Number};
use serde_json::json;

use crate::world::World;

async fn raw(world: &World, path: &str, signature: Option<&str>, body: &[u8]) -> Reply {
    let mut headers = vec![("content-type", "application/json")];
    headers.extend(signature.map(|value| ("x-hub-signature-256", value)));
    http::once(world.router.addr, &http::request("POST", path, &headers, body)).await.expect("an answer")
}

#[tokio::test]
async fn bad_input_gets_the_right_answer_and_no_effect() {
    let mut world = World::start("bad-input", |_| {}).await;
    let path = world.number.path();
    let message = world.said(1, "hello");
    let body = whatsapp::messages(&world.number, &[message]);

    // Not the platform's: 401 and nothing is stored.
    let forged = whatsapp::sign("another-secret", &body);
    let good = whatsapp::sign(&world.number.app_secret, &body);
    let sha1_only = good.replace("sha256=", "sha1=");
    for signature in
        [None, Some(forged.as_str()), Some("sha256="), Some("sha256=zz"), Some(&sha1_only), Some(&good[..70])]
    {
        let reply = raw(&world, &path, signature, &body).await;
        assert_eq!(reply.status, 401, "signature {signature:?}: {}", reply.text());
        problem(&reply);
    }
    // One changed byte is another body.
    let mut changed = body.clone();
    let last = changed.len() - 2;
    changed[last] = b' ';
    assert_eq!(raw(&world, &path, Some(&good), &changed).await.status, 401);

    // Addresses that are not ours.
    for path in
        ["/v1/webhooks/whatsapp_cloud/nobody", "/v1/webhooks/pigeon/line-1", "/v1/webhooks", "/v2/x", "/nowhere"]
    {
        let reply = raw(&world, path, Some(&good), &body).await;
        assert_eq!(reply.status, 404, "{path}: {}", reply.text());
        problem(&reply);
    }
    assert_eq!(world.count("message_received").await, 0, "nothing of all this may have had an effect");

    // Too large, by what is said and by what comes: the channel's limit is 4 MiB.
    let large = vec![b' '; 4 * 1024 * 1024 + 1];
    let reply = world.post(&large).await;
    assert_eq!(reply.status, 413, "{}", reply.text());

    // Truly the platform's, and unreadable: 200, or it would send the poison for days; kept whole, with the cause.
    for poison in [&b"{\"object\":"[..], b"not json", b"[]", b"{\"object\":\"whatsapp_business_account\",\"entry\":7}"]
    {
        let reply = world.post(poison).await;
        assert_eq!(reply.status, 200, "{}: {}", String::from_utf8_lossy(poison), reply.text());
    }
    world.until_events("quarantined", 4).await;

    // An account that is not ours, inside a batch that is: a recorded discard, and the rest is taken.
    let stranger = Number { phone_number_id: "999999999".into(), ..world.number.clone() };
    let (theirs, ours) = (world.said(2, "theirs"), world.said(3, "ours"));
    let mut mixed: serde_json::Value = serde_json::from_slice(&whatsapp::messages(&stranger, &[theirs])).unwrap();
    let own: serde_json::Value = serde_json::from_slice(&whatsapp::messages(&world.number, &[ours])).unwrap();
    mixed["entry"].as_array_mut().unwrap().push(own["entry"][0].clone());
    assert_eq!(world.post(mixed.to_string().as_bytes()).await.status, 200);
    world.until_events("message_received", 1).await;
    let discards = world.api.events("message_discarded").await;
    assert_eq!(discards.len(), 1);
    assert_eq!(discards[0]["reason"], "unknown_account");

    // What the platform sends and we do not know is no error.
    let unknown = json!({ "object": "whatsapp_business_account", "entry": [{ "id": "1", "changes": [
        { "field": "moon_phase", "value": { "metadata": { "phone_number_id": world.number.phone_number_id } } }] }] });
    assert_eq!(world.post(unknown.to_string().as_bytes()).await.status, 200);
}

#[tokio::test]
async fn our_own_api_says_where_and_what_to_do() {
    let world = World::start("api", |_| {}).await;
    // No key, a wrong key, a key of another role.
    let bare = http::request("GET", "/v1/events", &[], b"");
    assert_eq!(http::once(world.router.addr, &bare).await.unwrap().status, 401);
    let wrong = http::request("GET", "/v1/events", &[("authorization", "Bearer bl_wrong")], b"");
    assert_eq!(http::once(world.router.addr, &wrong).await.unwrap().status, 401);

    let reply = world.api.post("/v1/items", &json!({ "queue": "nowhere" })).await.unwrap();
    assert!((400..500).contains(&reply.status), "{} {}", reply.status, reply.text());
    problem(&reply);

    for path in ["/livez", "/readyz"] {
        assert_eq!(http::once(world.router.addr, &http::request("GET", path, &[], b"")).await.unwrap().status, 200);
    }
    let handshake =
        format!("{}?hub.mode=subscribe&hub.verify_token={VERIFY_TOKEN}&hub.challenge=42", world.number.path());
    let reply = http::once(world.router.addr, &http::request("GET", &handshake, &[], b"")).await.unwrap();
    assert_eq!((reply.status, reply.text().as_str()), (200, "42"));
    let stranger = handshake.replace(VERIFY_TOKEN, "guess");
    let reply = http::once(world.router.addr, &http::request("GET", &stranger, &[], b"")).await.unwrap();
    assert_eq!(reply.status, 403);
}

/// RFC 9457, with a stable word and a sentence.
fn problem(reply: &Reply) {
    let body = reply.json();
    assert_eq!(reply.header("content-type"), Some("application/problem+json"), "{}", reply.head);
    assert_eq!(body["status"], reply.status, "{body}");
    assert!(body["code"].as_str().is_some_and(|code| !code.is_empty()), "{body}");
    assert!(body["detail"].as_str().is_some_and(|detail| !detail.is_empty()), "{body}");
}
