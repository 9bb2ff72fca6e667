//! Mails that come by our own listener and leave by a mail server.

use axum::Router as Pages;
use axum::routing::get;
use blendline_connectors::email::reply_address;
use blendline_tests::mailbox::{self, read};
use blendline_tests::worker::{done, said};
use blendline_wire::outbound::Content;
use blendline_wire::worker::Reply;

use crate::office::{HEBREW_MAIL, RECEIPT, Wishes, account, mail, sha256, start, text_of};

#[tokio::test]
async fn a_customer_and_a_worker_write_to_each_other() {
    let Some(office) = start("mail-talk", |_| Wishes::default()).await else { return };
    let mut noa = office.noa().await;
    office.send("dana@town.example", "support@shop.example", HEBREW_MAIL).await;

    let task = noa.task().await;
    assert_eq!(text_of(&task), "שלום\nתודה");
    let heard = &task.messages[0];
    assert_eq!(heard.name.as_ref().unwrap().expose(), "דנה");
    assert_eq!(heard.mail.as_ref().unwrap().subject.as_ref().unwrap().expose(), "חשבון שלי");
    assert_eq!(heard.attachments[0].filename.as_ref().unwrap().expose(), "קבלה.pdf");
    assert_eq!(office.file(&heard.attachments[0]).await, RECEIPT);

    let answer = "שלום דנה,\n\nהחשבון בדרך <אלייך> & \"תודה\".\n.\nתמיכה";
    noa.settle(&task, done(), vec![said("1", answer)]).await.unwrap();
    let mut dana = office.mailbox("dana").await;
    let bytes = dana.next().await;
    let got = read(&bytes).await;
    let field = |name: &str| got["headers"][name].as_str().unwrap_or_default().to_owned();
    assert_eq!(got["defects"], serde_json::json!([]), "{got:#}");
    assert_eq!(field("subject"), "Re: חשבון שלי");
    assert_eq!(field("from"), "תמיכה <support@shop.example>");
    assert_eq!(field("to"), "dana@town.example");
    assert_eq!(
        (field("in-reply-to"), field("references")),
        ("<first@town.example>".into(), "<first@town.example>".into())
    );
    assert!(field("message-id").ends_with("@shop.example>"), "{got:#}");
    assert_eq!(got["plain"].as_str().unwrap().trim().replace("\r\n", "\n"), answer);
    let html = got["html"].as_str().unwrap();
    assert!(html.contains("<body dir=\"rtl\"") && html.contains("החשבון בדרך &lt;אלייך&gt; &amp;"), "{html}");
    let reply_to = field("reply-to");
    let conversation = reply_address::verify(&account(), &reply_to, "dana@town.example");
    assert_eq!(conversation, task.conversation.map(|id| id.to_string()));

    // She answers to where the answer was asked to go.
    let again = format!(
        "From: Dana <dana@town.example>\r\nTo: {reply_to}\r\nSubject: Re: x\r\nIn-Reply-To: {id}\r\n\
         References: <first@town.example> {id}\r\nMessage-ID: <second@town.example>\r\n\r\nToda raba\r\n",
        id = field("message-id"),
    );
    office.send("dana@town.example", &reply_to, &again).await;
    let next = noa.task().await;
    assert_eq!(text_of(&next), "Toda raba");
    assert_eq!(next.conversation, task.conversation);
}

#[tokio::test]
async fn a_file_arrives_as_it_was() {
    let file: &[u8] = b"%PDF-1.4\r\n.\r\n\0\xff";
    let pages = Pages::new().route("/7.pdf", get(move || async move { ([("content-type", "application/pdf")], file) }));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, pages).await });
    let support = format!("media_origins = [{origin:?}]");
    let Some(office) = start("mail-file", |_| Wishes { support, ..Wishes::default() }).await else { return };
    let mut noa = office.noa().await;
    office.send("dana@town.example", "support@shop.example", HEBREW_MAIL).await;
    let task = noa.task().await;
    let content = Content::Media {
        kind: "document".into(),
        link: format!("{origin}/7.pdf"),
        caption: Some("הקבלה".into()),
        filename: Some("קבלה מס' 7.pdf".into()),
    };
    noa.settle(&task, done(), vec![Reply::new("1", content)]).await.unwrap();
    let got = read(&office.mailbox("dana").await.next().await).await;
    assert_eq!(got["plain"].as_str().unwrap().trim(), "הקבלה");
    let attached = &got["attachments"][0];
    assert_eq!(attached["name"], "קבלה מס' 7.pdf");
    assert_eq!((&attached["type"], &attached["sha256"]), (&"application/pdf".into(), &sha256(file).into()));
}

#[tokio::test]
async fn what_comes_back_is_told_of_the_mail_that_was_sent() {
    let Some(office) = start("mail-bounce", |_| Wishes::default()).await else { return };
    let mut noa = office.noa().await;
    let from_nobody = mail("gone@town.example", "support@shop.example", "gone", "hello");
    office.send("dana@town.example", "support@shop.example", &from_nobody).await;
    let task = noa.task().await;
    noa.settle(&task, done(), vec![said("1", "answer")]).await.unwrap();
    // Exim takes it, finds nobody of that name, and reports to where it came from: to us.
    let statuses = office.api.until("/v1/events", "a report that it failed", |events| {
        events.iter().any(|event| event["event"] == "reply_status" && event["status"] == "failed")
    });
    statuses.await;
    assert_eq!(office.tasks().await, 1, "a report is no task");
}

#[tokio::test]
async fn nobody_elses_mail_is_taken() {
    let Some(office) = start("mail-others", |_| Wishes::default()).await else { return };
    let shop = office.servers.shop_port;
    let stranger = mail("dana@town.example", "boss@shop.example", "stranger", "hello");
    for to in ["boss@shop.example", "dana@town.example", "support+x@shop.example"] {
        assert_eq!(mailbox::send(shop, "dana@town.example", to, stranger.as_bytes()).await, Err(550), "{to}");
    }
    // A mail server tells the sender in our words.
    office.send("dana@town.example", "boss@shop.example", &stranger).await;
    let report = String::from_utf8(office.mailbox("dana").await.next().await).unwrap();
    assert!(report.contains("550 5.1.1 There is no such mailbox here"), "{report}");
    assert_eq!(office.tasks().await, 0);
}

#[tokio::test]
async fn while_we_are_down_the_mail_server_keeps_it() {
    let Some(mut office) = start("mail-down", |_| Wishes::default()).await else { return };
    office.router.kill().await;
    let letter = mail("dana@town.example", "support@shop.example", "later", "hello");
    office.send("dana@town.example", "support@shop.example", &letter).await;
    office.router.start_again().await;
    let mut noa = office.noa().await;
    assert_eq!(text_of(&noa.task().await), "hello");
    // The same mail again is the same mail, whichever way it comes.
    mailbox::send(office.servers.shop_port, "dana@town.example", "support@shop.example", letter.as_bytes())
        .await
        .unwrap();
    office
        .api
        .until("/v1/events", "the second copy", |events| {
            events.iter().any(|event| event["event"] == "message_duplicate")
        })
        .await;
    assert_eq!(office.tasks().await, 1);
}
