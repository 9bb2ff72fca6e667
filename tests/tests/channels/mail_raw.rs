//! Mails as they are: in by our own listener, out by a mail server that does what mail servers do.

use blendline_tests::api::Api;
use blendline_tests::config::{Installation, OtherAccount, WORKER_KEY, Worker};
use blendline_tests::mailbox;
use blendline_tests::post_office::{AtEnd, Given, PostOffice};
use blendline_tests::process::{Router, free_addr};
use blendline_tests::worker::Hand;
use blendline_wire::task::AcceptMode;
use blendline_wire::worker::Author;
use serde_json::Value;

struct Shop {
    post: PostOffice,
    router: Router,
    api: Api,
    listener: u16,
}

async fn open() -> Shop {
    let (post, listener) = (PostOffice::start().await, free_addr().port());
    let mut installation = Installation::new("http://127.0.0.1:1");
    installation.numbers = Vec::new();
    installation.heartbeat_ms = 60_000;
    installation.workers = vec![Worker::new("noa", &["care"], 10)];
    installation.extra = format!(
        "[mail]\nlisten = \"127.0.0.1:{listener}\"\nhostname = \"mx.shop.example\"\nresolvers = [\"127.0.0.1:9\"]\n"
    );
    let settings = [
        ("smtp_server", format!("127.0.0.1:{}", post.port)),
        ("smtp_tls", "none".to_owned()),
        ("reply_secret", "reply-secret-of-the-tests-0123456789".to_owned()),
        ("recipient_burst", "1000".to_owned()),
    ];
    installation.accounts = vec![OtherAccount {
        name: "post".to_owned(),
        channel: "email_raw".to_owned(),
        external_id: "support@shop.example".to_owned(),
        settings: settings.into_iter().map(|(key, value)| (key.to_owned(), value)).collect(),
    }];
    let router = Router::start("channel-email_raw", &installation).await;
    Shop { api: Api::admin(router.addr), post, router, listener }
}

impl Shop {
    async fn says(&self, n: u32, references: &str, words: &str) {
        let mail = format!(
            "From: Dana <dana@town.example>\r\nTo: support@shop.example\r\nSubject: Order 1042\r\n\
             Message-ID: <m{n}@town.example>\r\n{references}\r\n{words}\r\n"
        );
        let taken = mailbox::send(self.listener, "dana@town.example", "support@shop.example", mail.as_bytes()).await;
        assert_eq!(taken, Ok(()));
    }

    async fn until_events(&self, kind: &str, count: usize) -> Vec<Value> {
        let is_one = |event: &&Value| event["event"] == kind;
        let enough = |events: &[Value]| count <= events.iter().filter(is_one).count();
        let events = self.api.until("/v1/events", &format!("{count} × {kind}"), enough).await;
        events.iter().filter(is_one).cloned().collect()
    }
}

fn field<'a>(given: &'a Given, name: &str) -> &'a str {
    let line = given.mail.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    line.unwrap_or_else(|| panic!("no {name}: {}", given.mail))
}

#[tokio::test]
async fn email_raw() {
    let mut shop = open().await;
    // What comes twice, and around a crash, is one task, in order.
    shop.says(1, "", "the first words").await;
    shop.says(1, "", "the first words").await;
    shop.router.kill().await;
    shop.router.start_again().await;
    shop.says(2, "References: <m1@town.example>\r\n", "the second words").await;
    shop.says(1, "", "the first words").await;
    shop.until_events("message_duplicate", 2).await;
    assert_eq!(shop.api.events("message_received").await.len(), 2);
    assert_eq!(shop.api.events("task_created").await.len(), 1);
    let mut hand = Hand::connect(shop.router.addr, WORKER_KEY, "noa", AcceptMode::Auto).await.unwrap();
    let task = hand.task().await;
    let heard = task.messages.iter().filter(|message| message.from == Author::Customer);
    let words: Vec<&str> = heard.filter_map(|message| Some(message.text.as_ref()?.expose().trim())).collect();
    assert_eq!(words, ["the first words", "the second words"]);

    hand.reply(task.id, task.lease, "answer", "an answer").await.unwrap();
    let given = shop.post.until("an answer", 1).await;
    assert_eq!(given[0].to, ["dana@town.example"]);
    assert_eq!(field(&given[0], "In-Reply-To"), "<m2@town.example>");
    shop.until_events("reply_sent", 1).await;

    // It took the mail and its word was lost: the same mail comes again, for receivers to recognise.
    shop.post.script(&[AtEnd::TakeAndHangUp]);
    hand.reply(task.id, task.lease, "unheard", "unheard").await.unwrap();
    let given = shop.post.until("unheard", 2).await;
    assert_eq!(field(&given[0], "Message-ID"), field(&given[1], "Message-ID"));
    assert_eq!((given[0].end, given[1].end), (Some(AtEnd::TakeAndHangUp), None));
    shop.until_events("reply_sent", 2).await;
    assert_eq!(shop.api.events("reply_unknown").await.len(), 0);

    // What it will never take fails, and holds up nothing.
    shop.post.script(&[AtEnd::Refuse]);
    hand.reply(task.id, task.lease, "refused", "refused").await.unwrap();
    hand.reply(task.id, task.lease, "after", "afterwards").await.unwrap();
    shop.post.until("afterwards", 1).await;
    shop.until_events("reply_failed", 1).await;
    assert_eq!(shop.post.until("refused", 1).await.len(), 1);
    let failed = shop.api.all("/v1/outbox?state=failed").await;
    assert_eq!((failed.len(), &failed[0]["reason"]), (1, &"refused".into()), "{failed:?}");
}
