//! Mail that comes straight to us: its sender is checked by us, and rules go by what came of it.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use blendline_tests::api::Api;
use blendline_tests::config::{Installation, OtherAccount, WORKER_KEY, Worker};
use blendline_tests::mailbox;
use blendline_tests::name_server::NameServer;
use blendline_tests::process::{Router, free_addr, program};
use blendline_tests::worker::Hand;
use blendline_wire::task::AcceptMode;
use ring::digest::{SHA256, digest};
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use tokio::process::Command;

const RULES: &str = "\
queues:
  forged: {side: front, target: 1m}
  unknown: {side: front, target: 1m}
  proven: {side: front, target: 1m}
groups:
  all: {queues: [forged, unknown, proven], workers: [noa]}
rules:
  - {name: forged, when: \"msg.dmarc == 'fail'\", queue: forged}
  - {name: unknown, when: \"msg.dmarc == 'temperror'\", queue: unknown}
  - {name: proven, when: \"msg.dmarc == 'pass' && msg.dkim == 'pass' && msg.spf == 'none'\", queue: proven}
  - {name: sent, when: \"msg.dmarc == 'pass' && msg.spf == 'pass'\", queue: proven}
";

fn pair() -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[9; 32]).unwrap()
}

/// A mail of the town's, signed by it.
fn signed(body: &str) -> String {
    let hash = BASE64_STANDARD.encode(digest(&SHA256, body.as_bytes()));
    let tags = format!("v=1; a=ed25519-sha256; c=relaxed/simple; d=town.example; s=one; h=from:from; bh={hash}; b=");
    let data = format!("from:Dana <dana@town.example>\r\ndkim-signature:{tags}");
    let value = BASE64_STANDARD.encode(pair().sign(digest(&SHA256, data.as_bytes()).as_ref()));
    format!("DKIM-Signature: {tags}{value}\r\nFrom: Dana <dana@town.example>\r\n")
}

async fn open(names: &NameServer) -> (Router, Api, u16) {
    let listener = free_addr().port();
    let mut installation = Installation::new("http://127.0.0.1:1");
    installation.numbers = Vec::new();
    installation.heartbeat_ms = 60_000;
    installation.workers = vec![Worker::new("noa", &["care"], 10)];
    installation.rules = Some(RULES.to_owned());
    installation.extra = format!(
        "[mail]\nlisten = \"127.0.0.1:{listener}\"\nhostname = \"mx.shop.example\"\nresolvers = [\"{}\"]\n",
        names.address
    );
    installation.accounts = vec![OtherAccount {
        name: "post".to_owned(),
        channel: "email_raw".to_owned(),
        external_id: "support@shop.example".to_owned(),
        settings: Vec::new(),
    }];
    let router = Router::start("channel-mail_senders", &installation).await;
    let api = Api::admin(router.addr);
    (router, api, listener)
}

#[tokio::test]
async fn rules_go_by_what_we_found_out() {
    let key = format!("v=DKIM1; k=ed25519; p={}", BASE64_STANDARD.encode(pair().public_key().as_ref()));
    let names = NameServer::start(&[
        ("one._domainkey.town.example", &key),
        ("_dmarc.town.example", "v=DMARC1; p=reject"),
        ("town.example", "v=spf1 ip4:127.0.0.1 -all"),
        ("evil.example", "v=spf1 +all"),
    ])
    .await;
    let (router, api, listener) = open(&names).await;
    let mut hand = Hand::connect(router.addr, WORKER_KEY, "noa", AcceptMode::Auto).await.unwrap();
    let forged = "Authentication-Results: mx.shop.example; spf=pass; dkim=pass; dmarc=pass\r\n";
    let unsigned = "From: Dana <dana@town.example>\r\n";
    let cases = [
        ("a@bounces.example", signed("proven\r\n"), "proven", "proven"),
        ("dana@town.example", unsigned.to_owned(), "sent", "proven"),
        // He may send for himself, and writes that he is somebody else; our name under it proves nothing.
        ("a@evil.example", format!("{forged}{unsigned}"), "forged", "forged"),
        ("a@evil.example", signed("other words\r\n"), "changed", "forged"),
        ("a@plain.example", "From: a@plain.example\r\n".to_owned(), "nothing", "care"),
        ("a@lame.example", "From: a@lame.example\r\n".to_owned(), "later", "unknown"),
    ];
    for (from, header, words, queue) in cases {
        let mail = format!("{header}Subject: x\r\nMessage-ID: <{words}@x.example>\r\n\r\n{words}\r\n");
        assert_eq!(mailbox::send(listener, from, "support@shop.example", mail.as_bytes()).await, Ok(()));
        let task = hand.task().await;
        let heard = task.messages.last().and_then(|message| message.text.as_ref()).map(|text| text.expose().as_str());
        assert_eq!((heard.map(str::trim), task.queue.as_str()), (Some(words), queue));
    }
    let metrics = api.get("/metrics").await.unwrap().text();
    for (check, outcome, count) in [
        ("dmarc", "pass", 2),
        ("dmarc", "fail", 2),
        ("dmarc", "none", 1),
        ("dmarc", "temperror", 1),
        ("dkim", "pass", 1),
        ("dkim", "fail", 1),
        ("spf", "pass", 3),
    ] {
        let line = format!("blendline_mail_senders_total{{check=\"{check}\",outcome=\"{outcome}\"}} {count}");
        assert!(metrics.contains(&line), "{line}: {metrics}");
    }
    let said = doctor(&router).await;
    assert!(said.contains("name servers: all is well"), "{said}");
    let address = names.address;
    drop(names);
    let said = doctor(&router).await;
    assert!(said.contains(&format!("mail.resolvers = no answer from {address}")), "{said}");
}

async fn doctor(router: &Router) -> String {
    let asked =
        Command::new(program("blendline")).args(["doctor", "--config"]).arg(router.config_path()).output().await;
    String::from_utf8_lossy(&asked.unwrap().stdout).into_owned()
}
