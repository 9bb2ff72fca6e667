//! What every channel has to go through.

use std::time::Duration;

use blendline_connectors::by_name;
use blendline_tests::api::Api;
use blendline_tests::config::{Installation, OtherAccount, WORKER_KEY, Worker};
use blendline_tests::http;
use blendline_tests::process::Router;
use blendline_tests::worker::Hand;
use blendline_wire::task::AcceptMode;
use blendline_wire::worker::{Author, TaskView};
use serde_json::Value;

use crate::platform::{Answer, Call, Key, Platform, Then, deliver};
use crate::sign::Headers;

/// What is particular to a channel.
pub(crate) struct Row {
    pub(crate) channel: &'static str,
    /// The platform's id of our account.
    pub(crate) external_id: &'static str,
    /// The account's settings; `{platform}` stands for the platform's address.
    pub(crate) settings: &'static [(&'static str, &'static str)],
    /// What the webhook's address has after its `?`.
    pub(crate) query: &'static str,
    /// The webhook with which the platform tells the happening `n` of our one customer, with these words.
    pub(crate) said: fn(u32, &str) -> Vec<u8>,
    /// Whether the words come with it.
    pub(crate) has_words: bool,
    /// The headers of a webhook.
    pub(crate) sign: fn(&[u8]) -> Headers,
    /// How we answer; `None` where the channel has no way out.
    pub(crate) out: Option<Out>,
}

/// How we answer on a channel.
pub(crate) struct Out {
    /// What the platform answers when it obeyed.
    pub(crate) answer: Answer,
    /// Method and path of our call.
    pub(crate) line: &'static str,
    /// The words that a call would bring to the customer.
    pub(crate) words: fn(&Call) -> String,
    /// What the platform knows a repeated call by: only then may a call without an answer be repeated.
    pub(crate) key: Option<Key>,
    /// The webhook that reports on a message: `delivered` or `read`.
    pub(crate) report: Option<fn(&Call, &str) -> Vec<u8>>,
    /// The webhook by which a call that was never answered turns out to have been obeyed.
    pub(crate) settle: Option<fn(&Call) -> Vec<u8>>,
    /// How the platform obeys without an answer. Silence takes as long as our patience.
    pub(crate) unheard: Then,
}

impl Out {
    /// A platform that neither knows calls again nor reports anything.
    pub(crate) const fn new(line: &'static str, words: fn(&Call) -> String, answer: Answer) -> Self {
        Self { answer, line, words, key: None, report: None, settle: None, unheard: Then::ObeyAndHangUp }
    }
}

pub(crate) struct World {
    pub(crate) row: &'static Row,
    pub(crate) platform: Platform,
    pub(crate) router: Router,
    pub(crate) api: Api,
}

/// Runs the course.
pub(crate) async fn run(row: &'static Row) {
    let (world, hand, task) = come_in(row).await;
    go_out(&world, hand, &task).await;
}

/// What we answer reaches the customer once, or is honestly called unknown.
pub(crate) async fn go_out(world: &World, mut hand: Hand, task: &TaskView) {
    let Some(out) = &world.row.out else { return };
    limited(world, out, &mut hand, task).await;
    unheard(world, out, &mut hand, task).await;
    failing(world, out, &mut hand, task).await;
}

/// What the customer says becomes one task, in order, whatever comes twice and whenever the router starts.
async fn come_in(row: &'static Row) -> (World, Hand, TaskView) {
    let answer: Answer = row.out.as_ref().map_or(|_, _| Value::Null, |out| out.answer);
    let platform = Platform::start(answer, row.out.as_ref().and_then(|out| out.key)).await;
    let mut installation = Installation::new("http://127.0.0.1:1");
    installation.numbers = Vec::new();
    // The hands are still while the platform is watched.
    installation.heartbeat_ms = 60_000;
    installation.workers = vec![Worker::new("noa", &["care"], 10)];
    installation.accounts = vec![account(row, &platform)];
    let mut router = Router::prepare(&format!("channel-{}", row.channel), &installation);

    // The platform begins before we do, and does not give up.
    let (address, first) = (router.addr, request(row, &(row.said)(1, "the first words")));
    assert!(http::once(address, &first).await.is_err(), "it is tried before the router is there");
    let delivering = tokio::spawn({
        let first = first.clone();
        async move { deliver(address, &first).await }
    });
    router.start_again().await;
    delivering.await.unwrap();
    let api = Api::admin(router.addr);
    let world = World { row, platform, router, api };

    let second = (row.said)(2, "the second words");
    world.tell(&(row.said)(1, "the first words")).await;
    world.tell(&second).await;
    world.tell(&(row.said)(1, "the first words")).await;
    world.tell(&second).await;
    world.until_events("message_duplicate", 3).await;
    assert_eq!(world.count("message_received").await, 2);
    assert_eq!(world.count("task_created").await, 1);

    // Forged: another body under a signature, or none at all.
    let forged = http::request("POST", &path(row).replace("the-secret", "a-guess"), &[("x-api-key", "guess")], &second);
    let reply = http::once(world.router.addr, &forged).await.unwrap();
    // These two sign within the body, so what was not changed is right.
    let within = ["email_mailgun", "email_ses"].contains(&row.channel);
    assert_eq!(reply.status, if within { 200 } else { 401 }, "{}", reply.text());

    let mut hand = Hand::connect(world.router.addr, WORKER_KEY, "noa", AcceptMode::Auto).await.unwrap();
    let task = hand.task().await;
    let heard: Vec<_> = task.messages.iter().filter(|message| message.from == Author::Customer).collect();
    assert_eq!(heard.len(), 2, "{:?}", task.messages);
    if row.has_words {
        let words = |n: usize| heard[n].text.as_ref().map_or("", |text| text.expose().trim());
        assert_eq!([words(0), words(1)], ["the first words", "the second words"]);
    }
    (world, hand, task)
}

/// Too many calls: the platform's time is waited out, the message goes once, and what becomes of it is reported.
async fn limited(world: &World, out: &Out, hand: &mut Hand, task: &TaskView) {
    world.platform.script("patience", Then::Slow);
    hand.reply(task.id, task.lease, "patience", "patience שלום").await.unwrap();
    let calls = world.platform.until("patience", 2).await;
    assert!(calls[1].at - calls[0].at >= Duration::from_millis(1_990), "{:?}", calls[1].at - calls[0].at);
    assert!((out.words)(&calls[1]).contains("patience שלום"), "{}", calls[1].body);
    assert!(calls[1].line.starts_with(out.line), "{}", calls[1].line);
    world.until_events("reply_sent", 1).await;
    let Some(report) = out.report else { return };
    // What was read was delivered before, whichever report comes first, and however often.
    for word in ["read", "delivered", "read"] {
        world.tell(&report(&calls[1], word)).await;
    }
    let read =
        |events: &[Value]| events.iter().any(|event| event["event"] == "reply_status" && event["status"] == "read");
    world.api.until("/v1/events", "a report that it was read", read).await;
    let statuses = world.api.events("reply_status").await;
    assert_eq!(statuses.len(), 1, "an older state is no news: {statuses:?}");
}

/// The platform obeyed and its answer was lost: nobody knows, until it is told or, where that does no harm, asked again.
async fn unheard(world: &World, out: &Out, hand: &mut Hand, task: &TaskView) {
    world.platform.script("unheard", out.unheard);
    hand.reply(task.id, task.lease, "unheard", "unheard").await.unwrap();
    if out.key.is_some() {
        let calls = world.platform.until("unheard", 2).await;
        assert_eq!(calls[0].effect, calls[1].effect, "the platform knows it again: {calls:#?}");
        world.until_events("reply_sent", 2).await;
        assert_eq!(world.count("reply_unknown").await, 0);
        return;
    }
    let call = world.platform.until("unheard", 1).await.remove(0);
    world.until_events("reply_unknown", 1).await;
    if let Some(settle) = out.settle {
        world.tell(&settle(&call)).await;
        world.api.until("/v1/outbox?state=unknown", "nothing unknown", <[Value]>::is_empty).await;
    }
    // What is said after it goes out; by then a second call would have been seen.
    hand.reply(task.id, task.lease, "after", "afterwards").await.unwrap();
    world.platform.until("afterwards", 1).await;
    assert_eq!(world.platform.calls("unheard").len(), 1, "what may have been sent is never sent again");
}

/// The platform failed with the message in hand: that is no proof of anything.
async fn failing(world: &World, out: &Out, hand: &mut Hand, task: &TaskView) {
    world.platform.script("failing", Then::Fail);
    hand.reply(task.id, task.lease, "failing", "failing").await.unwrap();
    if out.key.is_some() {
        let calls = world.platform.until("failing", 2).await;
        assert!(calls[1].effect.is_some());
        return;
    }
    let unknown = if out.settle.is_some() { 1 } else { 2 };
    let enough = |rows: &[Value]| rows.len() == unknown;
    world.api.until("/v1/outbox?state=unknown", "the failed call", enough).await;
    assert_eq!(world.platform.calls("failing").len(), 1);
}

impl World {
    /// Delivers a signed webhook.
    pub(crate) async fn tell(&self, body: &[u8]) {
        deliver(self.router.addr, &request(self.row, body)).await;
    }

    pub(crate) async fn count(&self, kind: &str) -> usize {
        self.api.events(kind).await.len()
    }

    pub(crate) async fn until_events(&self, kind: &str, count: usize) {
        let enough = |events: &[Value]| events.iter().filter(|event| event["event"] == kind).count() >= count;
        self.api.until("/v1/events", &format!("{count} × {kind}"), enough).await;
    }
}

/// The program beside a platform that is asked or posts, with one worker; not started yet.
pub(crate) async fn beside(row: &'static Row) -> World {
    let answer: Answer = row.out.as_ref().map_or(|_, _| Value::Null, |out| out.answer);
    let platform = Platform::start(answer, row.out.as_ref().and_then(|out| out.key)).await;
    let mut installation = Installation::new("http://127.0.0.1:1");
    installation.numbers = Vec::new();
    installation.heartbeat_ms = 60_000;
    installation.workers = vec![Worker::new("noa", &["care"], 10)];
    installation.accounts = vec![account(row, &platform)];
    let router = Router::prepare(&format!("channel-{}", row.channel), &installation);
    let api = Api::admin(router.addr);
    World { row, platform, router, api }
}

fn path(row: &Row) -> String {
    let query = if row.query.is_empty() { String::new() } else { format!("?{}", row.query) };
    format!("/v1/webhooks/{0}/{0}{query}", row.channel)
}

fn request(row: &Row, body: &[u8]) -> Vec<u8> {
    let headers = (row.sign)(body);
    let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    http::request("POST", &path(row), &headers, body)
}

/// The account of a row, without the usual limits: one customer gets more here than anybody would.
pub(crate) fn account(row: &Row, platform: &Platform) -> OtherAccount {
    let connector = by_name(row.channel).unwrap();
    let given =
        row.settings.iter().map(|(key, value)| ((*key).to_owned(), value.replace("{platform}", &platform.url())));
    let free = [("recipient_burst", "1000"), ("account_rate_per_second", "1000")];
    let free = free
        .iter()
        .filter(|(key, _)| connector.settings().iter().any(|setting| setting.name == *key))
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
    OtherAccount {
        name: row.channel.to_owned(),
        channel: row.channel.to_owned(),
        external_id: row.external_id.to_owned(),
        settings: given.chain(free).collect(),
    }
}
