//! The network drops, windows multiply, the program dies: nobody loses or repeats a word.

use blendline_tests::webchat::client_id;
use serde_json::json;

use crate::office::Office;

#[tokio::test]
async fn who_comes_back_reads_on_where_he_was() {
    let office = Office::start("resume").await;
    let visitor = office.visitor().await;
    let mut guest = visitor.connect(None).await;
    guest.say(&client_id(), "one").await;
    assert_eq!(guest.texts(1).await, ["one"]);
    let cursor = guest.cursor.clone().unwrap();
    let mut noa = office.noa().await;
    let task = noa.task().await;
    drop(guest); // The network is gone: no goodbye.
    for n in 2..=70 {
        noa.reply(task.id, task.lease, &format!("r{n}"), &format!("{n}")).await.unwrap();
    }
    let mut guest = visitor.connect(Some(&cursor)).await;
    let expected: Vec<String> = (2..=70).map(|n| n.to_string()).collect();
    assert_eq!(guest.texts(69).await, expected);
    guest.say(&client_id(), "last").await;
    assert_eq!(guest.texts(1).await, ["last"], "nothing comes twice");
}

#[tokio::test]
async fn a_killed_router_loses_and_doubles_nothing() {
    let mut office = Office::with("kill", |it| it.grace_ms = 20_000).await;
    let visitor = office.visitor().await;
    let mut guest = visitor.connect(None).await;
    let first = client_id();
    guest.say(&first, "before").await;
    guest.of("ack").await;
    assert_eq!(guest.texts(1).await, ["before"]);
    let mut noa = office.noa().await;
    let task = noa.task().await;
    noa.reply(task.id, task.lease, "r1", "I am looking").await.unwrap();
    assert_eq!(guest.texts(1).await, ["I am looking"]);
    let cursor = guest.cursor.clone().unwrap();

    // One message is on its way when the router dies: nobody knows whether it arrived.
    let unsure = client_id();
    guest.say(&unsure, "in between").await;
    office.router.kill().await;
    assert_eq!(guest.closed().await, 1006);
    office.router.start_again().await;

    let mut noa = office.noa().await;
    let owned = noa.task().await;
    assert_eq!((owned.id, owned.lease), (task.id, task.lease));
    // The token of before is good, and everything unacknowledged is said again under its id.
    let mut guest = visitor.connect(Some(&cursor)).await;
    for (id, text) in [(&first, "before"), (&unsure, "in between"), (&unsure, "in between")] {
        guest.say(id, text).await;
    }
    noa.reply(owned.id, owned.lease, "r2", "found it").await.unwrap();
    let mut texts = guest.texts(2).await;
    texts.sort();
    assert_eq!(texts, ["found it", "in between"]);
    let last = client_id();
    guest.say(&last, "thanks").await;
    assert_eq!(guest.texts(1).await, ["thanks"]);

    let whole = visitor.poll(None, 0).await.json();
    let ids: Vec<_> = whole["messages"].as_array().unwrap().iter().filter_map(|m| m["client_id"].as_str()).collect();
    assert_eq!(ids, [first.as_str(), unsure.as_str(), last.as_str()], "each word once, in order: {whole}");
    let path = format!("/v1/tasks/{}/messages", task.id);
    let seen = office.api.all(&path).await;
    assert_eq!(seen.len(), 5, "the worker's side has the same five lines: {seen:#?}");
}

#[tokio::test]
async fn of_two_windows_the_newer_one_goes_on() {
    let office = Office::start("windows").await;
    let visitor = office.visitor().await;
    let mut first = visitor.connect(None).await;
    first.of("welcome").await;
    let mut second = visitor.connect(None).await;
    second.of("welcome").await;
    assert_eq!(first.closed().await, 4409);
    second.say(&client_id(), "here now").await;
    assert_eq!(second.texts(1).await, ["here now"]);
    // Somebody else's window is none of his.
    let mut other = office.visitor().await.connect(None).await;
    other.of("welcome").await;
    second.say(&client_id(), "still here").await;
    assert_eq!(second.texts(1).await, ["still here"]);
}

#[tokio::test]
async fn an_orderly_end_tells_when_to_come_back() {
    let mut office = Office::start("drain").await;
    let visitor = office.visitor().await;
    let mut guest = visitor.connect(None).await;
    guest.say(&client_id(), "hello").await;
    assert_eq!(guest.texts(1).await, ["hello"]);
    let (status, after) = tokio::join!(office.router.stop(), async {
        let after = guest.of("reconnect").await["after_ms"].as_u64().unwrap();
        // A moment later he would be gone; until then he may still speak.
        guest.say(&client_id(), "one more").await;
        guest.of("ack").await;
        assert_eq!(guest.closed().await, 1012);
        after
    });
    assert!(status.success(), "{status}");
    assert!(after <= 2_000, "{after}");
    office.router.start_again().await;
    assert_eq!(visitor.connect(None).await.texts(2).await, ["hello", "one more"]);
    let renewed = office.session(json!({ "token": visitor.token })).await;
    assert_eq!(renewed.visitor, visitor.visitor);
}
