//! The listener over real sockets, with a broker that does what a test says.

use std::sync::Arc;
use std::time::Duration;

use blendline_connectors::Account;
use blendline_core::input::Class;
use blendline_wire::broker::BrokerMessage;
use blendline_wire::{AccountId, QueueId, TenantId};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::{Listener, Recipients, Terms};
use crate::directory::{AccountEntry, Directory};
use crate::doors::Doors;
use crate::fakes::{FakeBroker, FakeFiles};
use crate::intake::Intake;
use crate::ports::broker::inbound_queue;

const ENVELOPE: &str = "EHLO c\r\nMAIL FROM:<dana@example.org>\r\nRCPT TO:<support@example.com>\r\nDATA\r\n";
const LETTER: &str = "Subject: hello\r\nAuthentication-Results: mx.example.com; dkim=pass\r\n\r\nwords\r\n.\r\n";

struct Post {
    broker: FakeBroker,
    files: FakeFiles,
    address: std::net::SocketAddr,
    stop: CancellationToken,
    running: JoinHandle<()>,
}

impl Post {
    async fn open(change: impl FnOnce(&mut Terms)) -> Self {
        let mut terms = Terms {
            hostname: "mx.example.com".into(),
            tls: None,
            size_max: 1_000_000,
            recipients_max: 10,
            connections_max: 10,
            connections_per_ip_max: 10,
            buffer_bytes_max: 1_000_000,
            trusted_relays: Vec::new(),
            // Nobody answers there, and the system says so at once.
            resolvers: vec!["127.0.0.1:9".parse().unwrap()],
            stop_grace: Duration::from_secs(5),
        };
        change(&mut terms);
        let account = |id: u64, address: &str| {
            let account = Account {
                id: AccountId(id),
                name: format!("box{id}"),
                external_id: address.into(),
                // Of the second box another server's word counts.
                settings: if id == 2 { [("authserv_id".into(), "relay.example".into())].into() } else { [].into() },
            };
            let class = Class { queue: QueueId(1), ..Class::default() };
            (AccountId(id), AccountEntry { tenant: TenantId(1), channel: "email_raw".into(), account, class })
        };
        let mut directory = Directory::default();
        directory.tenants.insert(TenantId(1), "acme".into());
        directory.accounts.extend([account(1, "support@example.com"), account(2, "sales@example.com")]);
        let directory = Arc::new(directory);
        let (broker, files) = (FakeBroker::default(), FakeFiles::default());
        let doors = Doors::new([(TenantId(1), 0)].into(), std::collections::BTreeMap::new());
        let intake = Intake::new(directory.clone(), Arc::new(broker.clone()), Arc::new(files.clone()), &doors);
        let bound = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let stop = CancellationToken::new();
        let listener = Listener::new(bound, terms, Recipients::of(&directory), intake, stop.clone()).unwrap();
        let address = listener.address().unwrap();
        Self { broker, files, address, stop, running: tokio::spawn(listener.run()) }
    }

    async fn client(&self) -> Client {
        Client { stream: TcpStream::connect(self.address).await.unwrap(), heard: String::new() }
    }

    /// What is on the broker: account, text, and the raw bytes of each mail.
    fn stored(&self) -> Vec<(Option<AccountId>, String)> {
        let bodies = self.broker.waiting(&inbound_queue(0));
        let decoded = bodies.iter().map(|body| match BrokerMessage::decode(body).unwrap() {
            (BrokerMessage::InboundV1(batch), raw) => {
                (batch.events[0].account, String::from_utf8(raw.to_vec()).unwrap())
            }
            (other, _) => panic!("{other:?}"),
        });
        decoded.collect()
    }
}

impl Post {
    /// What is believed of DMARC for each mail on the broker.
    fn believed(&self) -> Vec<Option<String>> {
        let bodies = self.broker.waiting(&inbound_queue(0));
        let mails = bodies.iter().map(|body| match BrokerMessage::decode(body).unwrap().0 {
            BrokerMessage::InboundV1(batch) => batch.events[0].event.mail.clone().unwrap(),
            other => panic!("{other:?}"),
        });
        mails.map(|mail| mail.authentication.and_then(|said| said.dmarc)).collect()
    }
}

struct Client {
    stream: TcpStream,
    heard: String,
}

impl Client {
    async fn say(&mut self, words: &str) {
        self.stream.write_all(words.as_bytes()).await.unwrap();
    }

    /// Waits until a reply has these words.
    async fn hears(&mut self, words: &str) {
        let hearing = async {
            let mut bytes = [0; 1024];
            while !self.heard.contains(words) {
                let count = self.stream.read(&mut bytes).await.unwrap();
                assert!(0 < count, "the end, and not {words}: {}", self.heard);
                self.heard.push_str(std::str::from_utf8(&bytes[..count]).unwrap());
            }
        };
        tokio::time::timeout(Duration::from_secs(20), hearing).await.unwrap();
        self.heard.clear();
    }

    async fn hears_the_end(&mut self) {
        let mut rest = Vec::new();
        tokio::time::timeout(Duration::from_secs(20), self.stream.read_to_end(&mut rest)).await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn a_mail_is_on_the_broker_before_the_client_hears_so() {
    let post = Post::open(|_| {}).await;
    let mut client = post.client().await;
    let two = ENVELOPE.replace("DATA", "RCPT TO:<sales@example.com>\r\nRCPT TO:<Support@example.com>\r\nDATA");
    client.say(&(two + LETTER)).await;
    client.hears("250 2.0.0 Stored").await;
    let stored = post.stored();
    let accounts: Vec<_> = stored.iter().map(|(account, _)| *account).collect();
    assert_eq!(accounts, [Some(AccountId(1)), Some(AccountId(2))]);
    let lines: Vec<&str> = stored[0].1.split("\r\n").collect();
    assert_eq!(lines[0], "Return-Path: <dana@example.org>");
    assert_eq!(lines[1..3], ["Delivered-To: support@example.com", "Delivered-To: Support@example.com"]);
    // What the sender claims about his authentication stands below our word.
    let ours =
        ["Authentication-Results: mx.example.com;", "\tspf=temperror smtp.mailfrom=example.org;", "\tdkim=none;"];
    assert_eq!(lines[3..6], ours);
    assert_eq!(lines[6], "\tdmarc=none");
    assert!(lines[7].starts_with("Received: from c ([127.0.0.1])"), "{lines:?}");
    assert!(lines[8].contains("by mx.example.com with ESMTP; ") && lines[9] == "Subject: hello", "{lines:?}");
}

#[tokio::test]
async fn a_relay_of_ours_is_believed() {
    let post = Post::open(|terms| terms.trusted_relays = vec!["127.0.0.1".parse().unwrap()]).await;
    let mut client = post.client().await;
    client.say(&format!("{ENVELOPE}{LETTER}")).await;
    client.hears("250 2.0.0 Stored").await;
    assert!(!post.stored()[0].1.contains("spf="), "{:?}", post.stored());
}

#[tokio::test]
async fn nobody_else_is_believed_about_what_comes_straight_to_us() {
    let post = Post::open(|_| {}).await;
    let mut client = post.client().await;
    // A server's word that only counts where it hands mails over; a name of ours; and a line that goes on with our own.
    for (n, words) in [
        "Authentication-Results: relay.example; dmarc=pass\r\n",
        "Authentication-Results: mx.example.com; dmarc=pass\r\n",
        " ; dmarc=pass\r\n",
    ]
    .into_iter()
    .enumerate()
    {
        let envelope = ENVELOPE.replace("support@", "sales@");
        client.say(&format!("{envelope}{words}Message-ID: <{n}@x>\r\nFrom: a@x.example\r\n\r\nx\r\n.\r\n")).await;
        client.hears("250 2.0.0 Stored").await;
    }
    let believed = post.believed();
    assert_eq!(believed.len(), 3);
    assert!(believed.iter().all(|said| said.as_deref() == Some("temperror")), "{believed:?}");
}

#[tokio::test]
async fn only_the_word_of_the_named_server_counts() {
    let post = Post::open(|terms| terms.trusted_relays = vec!["127.0.0.1".parse().unwrap()]).await;
    let mut client = post.client().await;
    let forged = "Authentication-Results: forged.example; dmarc=pass\r\n";
    let real = "Authentication-Results: relay.example; dmarc=fail\r\n";
    for words in [format!("{forged}{real}"), forged.to_owned()] {
        let envelope = ENVELOPE.replace("support@", "sales@");
        client.say(&format!("{envelope}Message-ID: <{}@x>\r\n{words}\r\nx\r\n.\r\n", words.len())).await;
        client.hears("250 2.0.0 Stored").await;
    }
    assert_eq!(post.believed(), [Some("fail".to_owned()), None]);
}

#[tokio::test]
async fn a_broker_that_is_full_is_told_as_such() {
    let post = Post::open(|_| {}).await;
    *post.broker.refuses.lock().unwrap() = Some(inbound_queue(0));
    let mut client = post.client().await;
    client.say(&format!("{ENVELOPE}{LETTER}")).await;
    client.hears("451 4.3.0").await;
    assert!(post.stored().is_empty());
    *post.broker.refuses.lock().unwrap() = None;
    client.say(&format!("{ENVELOPE}{LETTER}")).await;
    client.hears("250 2.0.0 Stored").await;
}

/// A mail with a file of this many bytes, and its own size.
fn with_file(bytes: usize) -> String {
    format!(
        "Message-ID: <f{bytes}@example.org>\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nwords\r\n--b\r\n\
         Content-Type: application/pdf\r\nContent-Disposition: attachment; filename=a.pdf\r\n\r\n{}\r\n--b--\r\n.\r\n",
        "x".repeat(bytes)
    )
}

#[tokio::test]
async fn files_are_in_their_store_before_the_mail_is_on_the_broker() {
    let post = Post::open(|terms| terms.size_max = 4_000_000).await;
    let mut client = post.client().await;
    // A store that takes nothing costs the sender a while and nothing else.
    post.files.fill(true);
    client.say(&format!("{ENVELOPE}{}", with_file(20))).await;
    client.hears("451 4.3.0").await;
    assert!(post.stored().is_empty() && post.files.held().is_empty());
    post.files.fill(false);
    // A broker that is full leaves a file that the mail finds when it comes again.
    *post.broker.refuses.lock().unwrap() = Some(inbound_queue(0));
    client.say(&format!("{ENVELOPE}{}", with_file(20))).await;
    client.hears("451 4.3.0").await;
    assert!(post.stored().is_empty());
    *post.broker.refuses.lock().unwrap() = None;
    client.say(&format!("{ENVELOPE}{}", with_file(20))).await;
    client.hears("250 2.0.0 Stored").await;
    assert_eq!(post.files.held(), [b"x".repeat(20)]);
    let (message, _) =
        BrokerMessage::decode(&post.broker.waiting(&inbound_queue(0))[0]).map(|(m, r)| (m, r.len())).unwrap();
    let BrokerMessage::InboundV1(batch) = message else { panic!("{message:?}") };
    let file = &batch.events[0].event.files[0];
    assert_eq!((file.r#ref.as_str(), file.bytes, file.mime.as_str()), ("2", 20, "text/plain"));
}

#[tokio::test]
async fn a_large_mail_is_a_small_message_of_the_broker() {
    let post = Post::open(|terms| (terms.size_max, terms.buffer_bytes_max) = (4_000_000, 8_000_000)).await;
    let mut client = post.client().await;
    client.say(&format!("{ENVELOPE}{}", with_file(3_000_000))).await;
    client.hears("250 2.0.0 Stored").await;
    let bodies = post.broker.waiting(&inbound_queue(0));
    assert!(bodies[0].len() < 10_000, "{} bytes on the broker", bodies[0].len());
    assert_eq!(post.files.held()[0].len(), 3_000_000);
}

#[tokio::test]
async fn memory_for_mails_that_come_in_is_bounded() {
    let post = Post::open(|terms| terms.buffer_bytes_max = 64 * 1024).await;
    let mut client = post.client().await;
    client.say(&format!("{ENVELOPE}{}\r\n.\r\n", "words and words\r\n".repeat(20_000))).await;
    client.hears("452 4.3.1").await;
    client.say(&format!("{ENVELOPE}{LETTER}")).await;
    client.hears("250 2.0.0 Stored").await;
    assert_eq!(post.stored().len(), 1);
}

#[tokio::test]
async fn there_are_so_many_places() {
    let post = Post::open(|terms| terms.connections_per_ip_max = 1).await;
    let mut first = post.client().await;
    first.hears("220 mx.example.com").await;
    let mut second = post.client().await;
    second.hears("421 4.7.0").await;
    second.hears_the_end().await;
    first.say("QUIT\r\n").await;
    first.hears("221").await;
}

#[tokio::test]
async fn at_the_end_a_mail_that_is_being_given_is_taken() {
    let post = Post::open(|_| {}).await;
    let (mut idle, mut busy) = (post.client().await, post.client().await);
    idle.hears("220").await;
    busy.say(ENVELOPE).await;
    busy.hears("354").await;
    post.stop.cancel();
    idle.hears("421 4.3.2").await;
    idle.hears_the_end().await;
    busy.say(LETTER).await;
    busy.hears("250 2.0.0 Stored").await;
    busy.hears_the_end().await;
    tokio::time::timeout(Duration::from_secs(20), post.running).await.unwrap().unwrap();
    assert!(TcpStream::connect(post.address).await.is_err());
    assert_eq!(post.broker.waiting(&inbound_queue(0)).len(), 1);
}

#[tokio::test]
async fn without_a_certificate_no_tls_is_offered() {
    let post = Post::open(|_| {}).await;
    let mut client = post.client().await;
    client.say("EHLO c\r\nSTARTTLS\r\n").await;
    client.hears("502 5.5.1 There is no TLS here").await;
}
