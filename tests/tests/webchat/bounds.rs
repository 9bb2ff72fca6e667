//! What visitors may not do, and what it costs when they do.

use blendline_tests::webchat::{Session, client_id};
use blendline_tests::{http, machine};
use serde_json::json;
use tokio::net::TcpSocket;
use tokio_tungstenite::tungstenite::Error;

use crate::office::Office;

fn socket() -> TcpSocket {
    TcpSocket::new_v4().unwrap()
}

#[tokio::test]
async fn a_foreign_page_is_refused_everywhere() {
    let office = Office::start("foreign").await;
    let addr = office.router.addr;
    for origin in ["https://evil.example", "null", "http://shop.example", "https://shop.example.evil.example"] {
        let reply = Session::ask(addr, "shop", origin, &json!({})).await;
        assert_eq!((reply.status, reply.json()["code"].as_str()), (403, Some("foreign_origin")), "{origin}");
        assert_eq!(reply.header("access-control-allow-origin"), None);
        let mut visitor = office.visitor().await;
        visitor.origin = origin.to_owned();
        assert_eq!(visitor.poll(None, 0).await.status, 403);
        assert_eq!(visitor.post(&client_id(), "x").await.status, 403);
        match visitor.upgrade(socket()).await {
            Err(Error::Http(response)) => assert_eq!(response.status(), 403),
            other => panic!("a foreign page opened a socket: {other:?}"),
        }
    }
    let bare = http::once(addr, &http::request("POST", "/v1/chat/shop/sessions", &[], b"{}")).await.unwrap();
    assert_eq!(bare.status, 403, "who names no page opens no session");
    let own = Session::ask(addr, "shop", &format!("http://{addr}"), &json!({})).await;
    assert_eq!(own.status, 200, "our own chat page may");
}

#[tokio::test]
async fn bad_frames_and_tokens_are_closed_with_their_codes() {
    let office = Office::start("codes").await;
    let visitor = office.visitor().await;
    let mut stolen = visitor.clone();
    stolen.token.replace_range(10..11, "x");
    assert_eq!(stolen.connect(None).await.closed().await, 4401);
    let mut silent = visitor.upgrade(socket()).await.unwrap();
    silent.send(&json!({ "type": "typing" })).await;
    assert_eq!(silent.closed().await, 1007, "hello comes first");
    assert_eq!(visitor.connect(Some("not a cursor")).await.closed().await, 1007);
    for (text, code) in [
        ("{\"type\":\"message\",".to_owned(), 1007),
        (json!({ "type": "message", "client_id": "7", "text": "x" }).to_string(), 1007),
        (json!({ "type": "message", "client_id": client_id(), "text": "x".repeat(17_000) }).to_string(), 1009),
        ("x".repeat(3_000_000), 1009),
    ] {
        let mut guest = visitor.connect(None).await;
        guest.of("welcome").await;
        guest.send_text(&text).await;
        assert_eq!(guest.closed().await, code, "{}", &text[..20]);
    }
    let mut guest = visitor.connect(None).await;
    let id = client_id();
    guest.say(&id, &"ש".repeat(5_000)).await;
    let refused = guest.of("refused").await;
    assert_eq!((&refused["reason"], &refused["client_id"]), (&json!("too_long"), &json!(id)));
    assert_eq!(refused["retry_after_ms"], json!(null));
    guest.send(&json!({ "type": "dance" })).await;
    guest.say(&client_id(), "still here").await;
    assert_eq!(guest.texts(1).await, ["still here"]);
}

#[tokio::test]
async fn a_flood_is_slowed_told_and_counted() {
    let office = Office::with("flood", |it| it.chat = "messages_per_minute = 600\nmessages_burst = 5".into()).await;
    let visitor = office.visitor().await;
    let mut guest = visitor.connect(None).await;
    guest.of("welcome").await;
    let ids: Vec<String> = (0..30).map(|_| client_id()).collect();
    for id in &ids {
        guest.say(id, "hey").await;
    }
    // The widget waits as long as it is told and says it again: everything arrives, slowed.
    let (mut acks, mut refusals) = (0, 0);
    while acks < ids.len() {
        let frame = guest.until("ack or refused", |it| it["type"] == "ack" || it["type"] == "refused").await;
        if frame["type"] == "ack" {
            acks += 1;
            continue;
        }
        refusals += 1;
        assert_eq!(frame["reason"], "too_fast");
        let wait = frame["retry_after_ms"].as_u64().unwrap();
        assert!((1..=1_000).contains(&wait), "{wait}");
        tokio::time::sleep(std::time::Duration::from_millis(wait)).await;
        guest.say(frame["client_id"].as_str().unwrap(), "hey").await;
    }
    assert!(refusals > 0);
    office.until_metric("blendline_chat_refused_total{reason=\"too_fast\"}", f64::from(refusals)).await;
    office.until_events("message_received", ids.len()).await;

    let mut pinger = office.visitor().await.connect(None).await;
    pinger.of("welcome").await;
    for _ in 0..300 {
        pinger.send(&json!({ "type": "typing" })).await;
    }
    assert_eq!(pinger.closed().await, 1008);
}

#[tokio::test]
async fn a_slow_reader_is_closed_and_reads_on_later() {
    let office = Office::with("slow", |it| it.chat += "\nwrite_timeout_ms = 1500").await;
    let visitor = office.visitor().await;
    let mut guest = visitor.connect(None).await;
    guest.say(&client_id(), "tell me everything").await;
    let mut noa = office.noa().await;
    let task = noa.task().await;
    drop(guest);
    // More than the kernel keeps for a reader who does not read.
    let long = "כל הסיפור ".repeat(2_500);
    for n in 0..300 {
        noa.reply(task.id, task.lease, &format!("r{n}"), &long).await.unwrap();
    }

    let small = socket();
    small.set_recv_buffer_size(4096).unwrap();
    let (pid, before) = (office.router.pid(), machine::resident(office.router.pid()));
    let mut slow = visitor.connect_through(small, Some("0.0")).await;
    office.until_metric("blendline_chat_closed_total{code=\"1013\"}", 1.0).await;
    // A page of 32 lines waited for him, not all 13 MB.
    let waited = machine::resident(pid).saturating_sub(before);
    assert!(waited < 6_000_000, "{waited} bytes were kept for a slow reader");
    // Whatever part of the transcript he got, he reads on after it with the next socket.
    let mut got = 0;
    let code = loop {
        match slow.next().await {
            Ok(frame) => got += usize::from(frame["type"] == "message"),
            Err(code) => break code,
        }
    };
    assert!(code == 1013 && got < 301, "closed with {code} after {got} messages");
    let mut again = visitor.connect(slow.cursor.as_deref()).await;
    again.texts(301 - got).await;
}

#[tokio::test]
async fn whoever_does_not_answer_is_let_go_and_places_are_few() {
    let office = Office::with("places", |it| it.chat = "ping_ms = 200\nsockets_per_ip_max = 2".into()).await;
    let (one, two, three) = (office.visitor().await, office.visitor().await, office.visitor().await);
    let mut first = one.connect(None).await;
    first.of("welcome").await;
    // He never reads, so he never answers a ping.
    let _dead = two.connect(None).await;
    assert_eq!(three.connect(None).await.closed().await, 1013);
    assert_eq!(three.poll(None, 0).await.status, 503);
    // The first reads all the while, and stays.
    let let_go = office.until_metric("blendline_chat_closed_total{code=\"1006\"}", 1.0);
    tokio::select! {
        () = let_go => {}
        ended = first.closed() => panic!("the living was let go, with {ended}"),
    }
    three.connect(None).await.of("welcome").await;
}
