//! A mailbox of Dovecot that is read by IMAP.

use blendline_tests::mailbox;
use blendline_tests::process::free_addr;
use blendline_tests::servers::mail::MailServers;
use serde_json::Value;

use crate::office::{HEBREW_MAIL, Office, RECEIPT, Wishes, mail, start, text_of};
use crate::proxy::Proxy;

/// What a mail that is stored bears.
const STORED: &str = "$BlendlineStored";

async fn deliver(office: &Office, id: &str) {
    let letter = mail("noa@town.example", "info@town.example", id, id);
    office.send("noa@town.example", "info@town.example", &letter).await;
}

fn is_duplicate(event: &Value) -> bool {
    event["event"] == "message_duplicate"
}

#[tokio::test]
async fn a_mail_becomes_one_task_and_is_marked() {
    let Some(office) = start("imap-read", |_| Wishes::default()).await else { return };
    let mut noa = office.noa().await;
    office.send("dana@town.example", "info@town.example", HEBREW_MAIL).await;
    let task = noa.task().await;
    assert_eq!(text_of(&task), "שלום\nתודה");
    assert_eq!(task.messages[0].attachments[0].filename.as_ref().unwrap().expose(), "קבלה.pdf");
    assert_eq!(office.file(&task.messages[0].attachments[0]).await, RECEIPT);
    let mut info = office.mailbox("info").await;
    info.until_flagged(STORED, 1).await;
    assert!(!info.flags().await[0].iter().any(|flag| flag.contains("Seen")), "people see what they have not read");
    // IDLE tells of the next one.
    deliver(&office, "second").await;
    assert_eq!(text_of(&noa.task().await), "second");
    info.until_flagged(STORED, 2).await;
    assert_eq!(office.tasks().await, 2);
}

#[tokio::test]
async fn a_reader_killed_between_storing_and_marking_makes_no_second_task() {
    // The way to the mailbox closes at the first mark.
    let port = free_addr().port();
    let wishes = |_: &_| Wishes { imap_port: Some(port), ..Wishes::default() };
    let Some(mut office) = start("imap-kill", wishes).await else { return };
    let way = Proxy::start(port, office.servers.imap_port, b"UID STORE").await;
    deliver(&office, "once").await;
    way.held().await;
    office.router.kill().await;
    assert_eq!(office.mailbox("info").await.flags().await, [Vec::<String>::new()]);
    way.open();
    office.router.start_again().await;
    let mut noa = office.noa().await;
    assert_eq!(text_of(&noa.task().await), "once");
    office.mailbox("info").await.until_flagged(STORED, 1).await;
    office.api.until("/v1/events", "the second reading", |events| events.iter().any(is_duplicate)).await;
    assert_eq!(office.tasks().await, 1);
}

#[tokio::test]
async fn a_server_that_was_away_is_read_again() {
    // In clear: for TLS a process of Dovecot stands between, which takes its time to end.
    let wishes = |servers: &MailServers| Wishes { imap_port: Some(servers.imap_port), ..Wishes::default() };
    let Some(mut office) = start("imap-away", wishes).await else { return };
    deliver(&office, "before").await;
    office.mailbox("info").await.until_flagged(STORED, 1).await;
    office.servers.stop_dovecot();
    deliver(&office, "meanwhile").await;
    office.router.until_said("A mailbox cannot be read").await;
    office.servers.start_dovecot().await;
    office.mailbox("info").await.until_flagged(STORED, 2).await;
    assert_eq!(office.tasks().await, 2);
}

#[tokio::test]
async fn a_mail_that_is_too_large_is_a_recorded_discard() {
    let wishes = |_: &_| Wishes { mail: "size_max = 65536\nbuffer_bytes_max = 65536".into(), ..Wishes::default() };
    let Some(office) = start("imap-large", wishes).await else { return };
    let large = mail("noa@town.example", "info@town.example", "large", &"words and words\r\n".repeat(8_000));
    office.send("noa@town.example", "info@town.example", &large).await;
    let rows = office.api.until("/v1/quarantine", "the large mail", |rows| !rows.is_empty()).await;
    assert!(rows[0]["cause"].as_str().unwrap().contains("mail.size_max"), "{rows:?}");
    office.mailbox("info").await.until_flagged(STORED, 1).await;
    deliver(&office, "small").await;
    assert_eq!(text_of(&office.noa().await.task().await), "small");
    assert_eq!(office.tasks().await, 1);
    // By SMTP the sender is told.
    let shop = office.servers.shop_port;
    let sent = mailbox::send(shop, "noa@town.example", "support@shop.example", large.as_bytes()).await;
    assert_eq!(sent, Err(552));
}
