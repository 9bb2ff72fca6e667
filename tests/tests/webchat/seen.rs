//! What was seen, and what may be kept.

use blendline_tests::webchat::client_id;
use blendline_wire::worker::ServerFrame;
use serde_json::{Value, json};

use crate::office::Office;

#[tokio::test]
async fn the_worker_sees_what_the_visitor_has_read() {
    let office = Office::start("seen").await;
    let visitor = office.visitor().await;
    let mut guest = visitor.connect(None).await;
    guest.say(&client_id(), "is anybody there?").await;
    let mut noa = office.noa().await;
    let task = noa.task().await;
    noa.reply(task.id, task.lease, "r1", "I am").await.unwrap();
    noa.reply(task.id, task.lease, "r2", "what is it?").await.unwrap();
    let first = guest.until("the first answer", |frame| frame["text"] == "I am").await;
    let second = guest.until("the second answer", |frame| frame["text"] == "what is it?").await;

    // Up to here he has seen it, and no further.
    guest.send(&json!({ "type": "read", "cursor": first["cursor"] })).await;
    assert_eq!(told(&mut noa).await, ("read".to_owned(), Some(2)));
    let lines = office.api.all(&format!("/v1/tasks/{}/messages", task.id)).await;
    let status = |seq: usize| lines[seq - 1]["status"].as_str().map(str::to_owned);
    assert_eq!((status(1), status(2), status(3)), (None, Some("read".into()), Some("sent".into())), "{lines:?}");

    // The same by the long poll's other half; a mark that says nothing new changes nothing.
    for _ in 0..2 {
        let body = json!({ "client_id": client_id(), "read": second["cursor"] });
        assert_eq!(visitor.post_frame(&body).await.status, 200);
    }
    assert_eq!(told(&mut noa).await, ("read".to_owned(), Some(3)));
    assert_eq!(office.api.events("reply_status").await.len(), 2);

    // Somebody else's place marks nothing of his, and nothing of theirs.
    let stranger = office.visitor().await;
    let mark = |cursor: &Value| json!({ "client_id": client_id(), "read": cursor });
    assert_eq!(stranger.post_frame(&mark(&second["cursor"])).await.status, 200);
    assert_eq!(stranger.post_frame(&mark(&json!("nowhere"))).await.status, 400);
    noa.reply(task.id, task.lease, "r3", "still there?").await.unwrap();
    let third = guest.until("the third answer", |frame| frame["text"] == "still there?").await;
    assert_eq!(stranger.post_frame(&mark(&third["cursor"])).await.status, 200);
    // What is kept in its order shows that the stranger's mark came to nothing before the visitor's own.
    guest.send(&json!({ "type": "read", "cursor": third["cursor"] })).await;
    assert_eq!(told(&mut noa).await, ("read".to_owned(), Some(4)));
    assert_eq!(office.api.events("reply_status").await.len(), 3);
}

async fn told(noa: &mut blendline_tests::worker::Hand) -> (String, Option<u64>) {
    noa.until("what became of a reply", |frame| match frame {
        ServerFrame::ReplyStatus { status, seq, .. } => Some((status, seq)),
        _ => None,
    })
    .await
}

#[tokio::test]
async fn what_the_visitor_agrees_to_is_in_the_register() {
    let office = Office::start("consent").await;
    let visitor = office.visitor().await;
    let mut guest = visitor.connect(None).await;
    let id = client_id();
    guest.send(&json!({ "type": "consent", "client_id": id, "granted": true })).await;
    assert_eq!(guest.of("ack").await["client_id"], id.as_str());
    office.until_events("consent_changed", 1).await;
    assert_eq!(kept(&office, &visitor.visitor).await, (json!(true), json!("chat")));
    // He takes it back, by the long poll's other half; what the page asked him is told as the page's.
    let body = json!({ "client_id": client_id(), "granted": false });
    assert_eq!(visitor.post_frame(&body).await.status, 200);
    office.until_events("consent_changed", 2).await;
    assert_eq!(kept(&office, &visitor.visitor).await, (json!(false), json!("chat")));
    let body = json!({ "client_id": client_id(), "granted": true, "by": "page" });
    assert_eq!(visitor.post_frame(&body).await.status, 200);
    office.until_events("consent_changed", 3).await;
    assert_eq!(kept(&office, &visitor.visitor).await, (json!(true), json!("page")));
    // It is nobody's work, and stands in no transcript.
    assert_eq!(office.api.events("task_created").await.len(), 0);
    guest.say(&client_id(), "hello").await;
    let mut noa = office.noa().await;
    assert_eq!(noa.task().await.messages.len(), 1);
}

async fn kept(office: &Office, visitor: &str) -> (Value, Value) {
    let all = office.api.all("/v1/consents").await;
    let his =
        all.iter().find(|one| one["address"] == visitor).unwrap_or_else(|| panic!("nothing of {visitor}: {all:?}"));
    let said = &his["purposes"]["chat_memory"];
    assert!(said["at"].as_str().is_some_and(|at| at.starts_with("20") && at.ends_with('Z')), "{said}");
    (said["granted"].clone(), said["source"].clone())
}
