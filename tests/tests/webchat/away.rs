//! The visitor is gone: what he has not seen goes by mail, and his mail comes back into the same conversation.

use blendline_tests::config::OtherAccount;
use blendline_tests::mailbox;
use blendline_tests::post_office::{AtEnd, Given, PostOffice};
use blendline_tests::process::free_addr;
use blendline_tests::webchat::{client_id, identity_with_mail};
use blendline_tests::worker::Hand;
use blendline_wire::worker::ServerFrame;
use serde_json::{Value, json};

use crate::office::Office;

struct Away {
    office: Office,
    post: PostOffice,
    listener: u16,
}

async fn open(what: &str, after_s: u32) -> Away {
    let (post, listener) = (PostOffice::start().await, free_addr().port());
    let settings = [
        ("smtp_server", format!("127.0.0.1:{}", post.port)),
        ("smtp_tls", "none".to_owned()),
        ("reply_secret", "reply-secret-of-the-tests-0123456789".to_owned()),
        ("recipient_burst", "1000".to_owned()),
    ];
    let mail = OtherAccount {
        name: "post".to_owned(),
        channel: "email_raw".to_owned(),
        external_id: "support@shop.example".to_owned(),
        settings: settings.into_iter().map(|(key, value)| (key.to_owned(), value)).collect(),
    };
    let office = Office::with(what, |it| {
        // Nobody answers heartbeats while the post is awaited.
        it.heartbeat_ms = 60_000;
        it.sites[0].settings = format!("mail_account = \"post\"\nmail_after_s = {after_s}\n");
        it.extra = format!(
            "[mail]\nlisten = \"127.0.0.1:{listener}\"\nhostname = \"mx.shop.example\"\nresolvers = [\"127.0.0.1:9\"]\n"
        );
        it.accounts = vec![mail];
    });
    Away { office: office.await, post, listener }
}

impl Away {
    async fn mail(&self, from: &str, to: &str, id: &str, words: &str) {
        let mail = format!(
            "From: <{from}>\r\nTo: {to}\r\nSubject: Re: The answer to your chat\r\nMessage-ID: <{id}@town.example>\r\n\
             \r\n{words}\r\n"
        );
        assert_eq!(mailbox::send(self.listener, from, to, mail.as_bytes()).await, Ok(()));
    }
}

fn field<'a>(given: &'a Given, name: &str) -> &'a str {
    let line = given.mail.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    line.unwrap_or_else(|| panic!("no {name}: {}", given.mail))
}

async fn until_heard(hand: &mut Hand, words: &str) {
    hand.until(words, |frame| match frame {
        ServerFrame::Message { message, .. } => (message.text?.expose().trim() == words).then_some(()),
        _ => None,
    })
    .await;
}

#[tokio::test]
async fn an_answer_that_nobody_saw_goes_by_mail_and_its_answer_comes_back() {
    let away = open("away", 1).await;
    let visitor = away.office.session(json!({ "lang": "en" })).await;
    let mut guest = visitor.connect(None).await;
    guest.say(&client_id(), "my order 1042 is late").await;
    let id = client_id();
    guest.send(&json!({ "type": "address", "client_id": id, "email": "dana@town.example" })).await;
    guest.until("the address is taken", |frame| frame["type"] == "ack" && frame["client_id"] == id.as_str()).await;
    away.office.until_events("consent_changed", 1).await;
    drop(guest);

    let mut noa = away.office.noa().await;
    let task = noa.task().await;
    assert_eq!(task.messages.len(), 1, "an address is not a message: {:?}", task.messages);
    // The mail server's word is lost once: the same mail comes again, for receivers to recognise.
    away.post.script(&[AtEnd::TakeAndHangUp]);
    noa.reply(task.id, task.lease, "r1", "it leaves today").await.unwrap();
    let given = away.post.until("it leaves today", 2).await;
    assert_eq!(given[0].to, ["dana@town.example"]);
    assert_eq!(field(&given[0], "Message-ID"), field(&given[1], "Message-ID"));
    assert_eq!(field(&given[1], "Subject"), "The answer to your chat");
    assert!(given[1].mail.contains("> You: my order 1042 is late"), "{}", given[1].mail);
    away.office.until_events("reply_mailed", 1).await;

    // His answer joins, from his address and from nobody else's.
    let back = field(&given[1], "Reply-To").trim_matches(['<', '>']).to_owned();
    away.mail("dana@town.example", &back, "m1", "thank you, and the second one?").await;
    until_heard(&mut noa, "thank you, and the second one?").await;
    away.mail("mallory@town.example", &back, "m2", "send it to me instead").await;
    away.office.until_events("thread_refused", 1).await;

    // Where he wrote last, there he is answered, and at once.
    noa.reply(task.id, task.lease, "r2", "on Thursday").await.unwrap();
    let given = away.post.until("on Thursday", 1).await;
    assert_eq!(given[0].to, ["dana@town.example"]);
    assert_eq!(field(&given[0], "In-Reply-To"), "<m1@town.example>");
    assert!(!given[0].mail.contains("> You:"), "a mail that answers a mail quotes no chat: {}", given[0].mail);
    let of_dana = |event: &&Value| event["conversation"] == task.conversation.unwrap().to_string();
    let heard = away.office.api.events("message_received").await;
    assert_eq!(heard.iter().filter(of_dana).count(), 2, "{heard:?}");

    // All of it stands in the chat, where he finds it when he comes back.
    let mut guest = visitor.connect(None).await;
    assert!(guest.texts(4).await.contains(&"on Thursday".to_owned()));
}

#[tokio::test]
async fn what_was_seen_stays_in_the_chat_and_what_waited_outlives_the_router() {
    let mut away = open("away-seen", 2).await;
    let secret = away.office.site.identity_secret.clone();
    let known = identity_with_mail("4471", "omer@town.example", &secret);
    let visitor = away.office.session(json!({ "identity": known, "lang": "en" })).await;
    assert_eq!(visitor.visitor, "user:4471");
    let mut guest = visitor.connect(None).await;
    guest.say(&client_id(), "hello").await;
    let mut noa = away.office.noa().await;
    let task = noa.task().await;
    noa.reply(task.id, task.lease, "r1", "seen at once").await.unwrap();
    let seen = guest.until("the answer", |frame| frame["text"] == "seen at once").await;
    guest.send(&json!({ "type": "read", "cursor": seen["cursor"] })).await;
    away.office.until_events("reply_status", 1).await;
    drop(guest);
    noa.reply(task.id, task.lease, "r2", "not seen").await.unwrap();
    away.office.router.kill().await;
    away.office.router.start_again().await;
    let given = away.post.until("not seen", 1).await;
    assert_eq!(given[0].to, ["omer@town.example"]);
    away.office.until_events("reply_mailed", 1).await;
    // Whoever begins after that leaves alone what has left.
    away.office.router.kill().await;
    away.office.router.start_again().await;
    let mut noa = away.office.noa().await;
    let task = noa.task().await;
    noa.reply(task.id, task.lease, "r3", "not seen either").await.unwrap();
    away.post.until("not seen either", 1).await;
    away.office.until_events("reply_mailed", 2).await;
    let all = away.post.until("not seen", 2).await;
    let first = all.iter().filter(|given| !given.mail.contains("not seen either"));
    assert_eq!(first.count(), 1, "each answer is mailed once");
    let mailed = away.office.api.events("reply_mailed").await;
    let lines = away.office.api.all(&format!("/v1/tasks/{}/messages", task.id)).await;
    assert_eq!((mailed.len(), lines.len()), (2, 4), "what was seen is not mailed: {mailed:?}");
    // The company's signature is no word of his.
    assert_eq!(away.office.api.events("consent_changed").await.len(), 0);
    // A signature of the user alone does not vouch for an address.
    let mut forged = blendline_tests::webchat::identity("4471", &secret);
    forged["email"] = "mallory@town.example".into();
    let nobody = away.office.session(json!({ "identity": forged })).await;
    assert!(nobody.visitor.starts_with("anon:"), "{}", nobody.visitor);
}
