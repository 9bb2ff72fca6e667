//! Files that come along with a mail of a provider: kept before the provider hears 200, and given out as they were.

use blendline_tests::api::Api;
use blendline_tests::bucket::FakeS3;
use blendline_tests::config::{Installation, OtherAccount, WORKER_KEY, Worker};
use blendline_tests::http;
use blendline_tests::process::Router;
use blendline_tests::worker::Hand;
use blendline_wire::task::AcceptMode;
use blendline_wire::worker::TaskView;
use serde_json::{Value, json};

use crate::mail_rows::{MAILGUN, POSTMARK, RESEND, SES, SES_SETTINGS, resend};
use crate::platform::{Platform, deliver};
use crate::sign::{self, SECRET, WHSEC, sha256};

const PDF: &[u8] = b"%PDF-1.4\r\n--edge\r\n.\r\n\0\xff\xd7\x90";
const PAGE: &[u8] = b"<html><script>alert(1)</script></html>";

/// A mail with a file whose name is Hebrew.
const MAIL: &str = "From: Dana <dana@example.org>\r\nTo: support@example.com\r\nSubject: Order 1042\r\n\
    Message-ID: <m1@example.org>\r\nContent-Type: multipart/mixed; boundary=e\r\n\r\n--e\r\n\r\nsee there\r\n--e\r\n\
    Content-Type: application/pdf\r\nContent-Disposition: attachment; filename*=UTF-8''%D7%A7%D7%91%D7%9C%D7%94.pdf\r\n\
    Content-Transfer-Encoding: base64\r\n\r\nJVBERi0xLjQK\r\n--e--\r\n";

struct Shop {
    router: Router,
    api: Api,
}

impl Shop {
    async fn open(name: &str, channel: &str, settings: &[(&str, &str)], extra: String) -> Self {
        let mut installation = Installation::new("http://127.0.0.1:1");
        installation.numbers = Vec::new();
        installation.workers = vec![Worker::new("noa", &["care"], 10)];
        installation.accounts = vec![OtherAccount {
            name: "post".to_owned(),
            channel: channel.to_owned(),
            external_id: "support@example.com".to_owned(),
            settings: settings.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
        }];
        installation.extra = extra;
        let router = Router::start(name, &installation).await;
        Self { api: Api::admin(router.addr), router }
    }

    fn request(&self, channel: &str, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
        http::request("POST", &format!("/v1/webhooks/{channel}/post"), headers, body)
    }

    async fn task(&self) -> TaskView {
        let mut hand = Hand::connect(self.router.addr, WORKER_KEY, "noa", AcceptMode::Auto).await.unwrap();
        hand.task().await
    }

    /// What the mail says.
    async fn text(&self) -> String {
        self.task().await.messages[0].text.as_ref().map_or_else(String::new, |text| text.expose().trim().to_owned())
    }

    /// What a worker sees of the mail's files: name, and where they are.
    async fn files(&self) -> Vec<(String, String)> {
        let task = self.task().await;
        let name = |one: &blendline_wire::inbound::Attachment| one.filename.as_ref().map(|name| name.expose().clone());
        let files = task.messages[0].attachments.iter();
        files.map(|one| (name(one).unwrap_or_default(), one.r#ref.clone().unwrap_or_default())).collect()
    }
}

fn postmark(files: &[(&str, &str, &[u8])]) -> Vec<u8> {
    use base64::Engine as _;
    let coded = |bytes: &[u8]| base64::prelude::BASE64_STANDARD.encode(bytes);
    let one =
        |(name, mime, bytes): &(&str, &str, &[u8])| json!({"Name": name, "ContentType": mime, "Content": coded(bytes)});
    let id = json!({"Name": "Message-ID", "Value": "<m1@example.org>"});
    let body = json!({
        "FromFull": {"Email": "dana@example.org", "Name": "Dana"}, "ToFull": [{"Email": "support@example.com"}],
        "Subject": "Order 1042", "MessageID": "p-1", "TextBody": "see there", "Headers": [id],
        "Attachments": files.iter().map(one).collect::<Vec<Value>>(),
    });
    body.to_string().into_bytes()
}

/// A form with the mail's fields and its files, as Mailgun's routes post them.
fn mailgun() -> Vec<u8> {
    let signature = hex::encode(sha256(SECRET.as_bytes(), &[b"1767225600", b"token-1"]));
    let headers = json!([["From", "Dana <dana@example.org>"], ["Message-Id", "<m1@example.org>"]]).to_string();
    let mut body = Vec::new();
    let fields = [
        ("recipient", "support@example.com"),
        ("timestamp", "1767225600"),
        ("token", "token-1"),
        ("signature", &signature),
        ("message-headers", &headers),
        ("body-plain", "see there"),
    ];
    for (name, value) in fields {
        let part = format!("--x\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        body.extend(part.into_bytes());
    }
    let head = "--x\r\nContent-Disposition: form-data; name=\"attachment-1\"; filename=\"קבלה.pdf\"\r\n\
                Content-Type: application/pdf\r\n\r\n";
    body.extend([head.as_bytes(), PDF, b"\r\n--x--\r\n"].concat());
    body
}

#[tokio::test]
async fn files_of_a_providers_mail_are_given_out_as_they_were() {
    let shop = Shop::open("mail-files", POSTMARK.channel, POSTMARK.settings, String::new()).await;
    let body =
        postmark(&[("קבלה.pdf", "application/pdf", PDF), ("page.html", "image/png", PAGE), ("same.pdf", "x/y", PDF)]);
    let headers = sign::basic(&body);
    let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    deliver(shop.router.addr, &shop.request(POSTMARK.channel, &headers, &body)).await;
    let files = shop.files().await;
    assert_eq!(files[0].0, "קבלה.pdf");
    let mut given = Vec::new();
    for (_, place) in &files {
        given.push(shop.api.get(place).await.unwrap());
    }
    assert_eq!(given.iter().map(|reply| reply.status).collect::<Vec<_>>(), [200; 3], "{files:?}");
    assert_eq!((&given[0].body[..], &given[1].body[..], &given[2].body[..]), (PDF, PAGE, PDF));
    let disposition = |n: usize| given[n].header("content-disposition").unwrap().to_owned();
    assert_eq!(disposition(0), "attachment; filename*=UTF-8''%D7%A7%D7%91%D7%9C%D7%94.pdf");
    // What would run is never shown, whatever its sender calls it.
    assert!(disposition(1).starts_with("attachment;"));
    assert_eq!(given[1].header("content-type"), Some("application/octet-stream"));
    // The same bytes lie there once.
    let kept = walk(&shop.router.data_dir().join("media"));
    assert_eq!(kept.len(), 2, "{kept:?}");
}

#[tokio::test]
async fn files_may_lie_in_a_bucket() {
    let s3 = FakeS3::start().await;
    let shop = Shop::open("mail-bucket", MAILGUN.channel, MAILGUN.settings, s3.config()).await;
    let body = mailgun();
    let form = [("content-type", "multipart/form-data; boundary=x")];
    // The bucket's server is down for longer than we try: the provider keeps the mail.
    s3.be_busy(u32::MAX);
    let request = shop.request(MAILGUN.channel, &form, &body);
    assert_eq!(http::once(shop.router.addr, &request).await.unwrap().status, 503);
    assert_eq!(shop.api.events("message_received").await.len(), 0);
    s3.be_busy(0);
    deliver(shop.router.addr, &request).await;
    let files = shop.files().await;
    assert_eq!(files[0].0, "קבלה.pdf");
    let reply = shop.api.get(&files[0].1).await.unwrap();
    assert_eq!((reply.status, &reply.body[..]), (200, PDF));
    assert_eq!(s3.keys().len(), 1, "{:?}", s3.keys());
}

/// A mail of Resend is not in its webhook: it is fetched before Resend hears 200, and not without it.
#[tokio::test]
async fn a_mail_that_lies_at_resend_is_fetched() {
    let platform = Platform::start(|_, _| Value::Null, None).await;
    let url = platform.url();
    let settings = [("signing_secret", WHSEC), ("api_key", "re_0123456789abcdef"), ("base_url", &url)];
    let shop = Shop::open("mail-resend", RESEND.channel, &settings, String::new()).await;
    let body = resend(1);
    let headers = sign::standard(&body);
    let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let request = shop.request(RESEND.channel, &headers, &body);
    platform.fail_reads(true);
    assert_eq!(http::once(shop.router.addr, &request).await.unwrap().status, 503);
    platform.fail_reads(false);
    platform.show("/raw/re-1", MAIL);
    let about = json!({"object": "email", "text": null, "html": null, "headers": {},
        "raw": {"download_url": format!("{url}/raw/re-1?signature=x")}});
    platform.show("/emails/receiving/re-1", &about.to_string());
    deliver(shop.router.addr, &request).await;
    let files = shop.files().await;
    assert_eq!((shop.text().await.as_str(), files[0].0.as_str()), ("see there", "קבלה.pdf"));
    assert_eq!(shop.api.get(&files[0].1).await.unwrap().body, b"%PDF-1.4\n");
    let read = platform.until_read("/emails/receiving/re-1", 1).await;
    assert_eq!(read.last().unwrap().headers["authorization"], "Bearer re_0123456789abcdef");
    let raw = platform.until_read("/raw/re-1", 1).await;
    assert!(!raw[0].headers.contains_key("authorization"), "our key is for the API alone");
}

/// A mail that SES put into a bucket is fetched from there.
#[tokio::test]
async fn a_mail_that_lies_in_s3_is_fetched() {
    let s3 = FakeS3::start().await;
    let options = s3.options(None);
    let mut settings = SES_SETTINGS.to_vec();
    settings.extend([
        ("s3_region", options.region.as_str()),
        ("s3_access_key", options.access_key.expose()),
        ("s3_secret_key", options.secret_key.expose()),
        ("base_url", options.endpoint.as_str()),
    ]);
    let shop = Shop::open("mail-s3", SES.channel, &settings, String::new()).await;
    let request = shop.request(SES.channel, &[("content-type", "text/plain")], include_bytes!("sns/in_s3.json"));
    s3.be_busy(1);
    assert_eq!(http::once(shop.router.addr, &request).await.unwrap().status, 503);
    s3.hold("in/mail 3+1=4", MAIL.as_bytes());
    deliver(shop.router.addr, &request).await;
    let files = shop.files().await;
    assert_eq!((shop.text().await.as_str(), files[0].0.as_str()), ("see there", "קבלה.pdf"));
    assert_eq!(shop.api.get(&files[0].1).await.unwrap().body, b"%PDF-1.4\n");
}

fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    entries.flat_map(|entry| if entry.path().is_dir() { walk(&entry.path()) } else { vec![entry.path()] }).collect()
}
