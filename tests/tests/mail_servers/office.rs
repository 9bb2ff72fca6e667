//! The shop: an address whose mails come by SMTP, and a mailbox that is read by IMAP.

use blendline_connectors::{Account, Secret};
use blendline_tests::api::Api;
use blendline_tests::config::{Installation, WORKER_KEY, Worker};
use blendline_tests::mailbox::{self, Mailbox};
use blendline_tests::process::Router;
use blendline_tests::servers::mail::{MailServers, PASSWORD, SHOP, SUBMITTER, TOWN, are_installed};
use blendline_tests::worker::Hand;
use blendline_wire::AccountId;
use blendline_wire::inbound::Attachment;
use blendline_wire::task::AcceptMode;
use blendline_wire::worker::TaskView;
use sha2::{Digest as _, Sha256};

/// What signs our reply addresses.
const REPLY_SECRET: &str = "reply-secret-of-the-tests-0123456789";
/// Three lines of a text in Hebrew, in the charset that old mail programs write.
pub(crate) const HEBREW_MAIL: &str = "From: =?windows-1255?B?4/Dk?= <dana@town.example>\r\n\
    To: support@shop.example\r\n\
    Subject: =?windows-1255?B?5/nh5e8g?= =?UTF-8?B?16nXnNeZ?=\r\n\
    Date: Thu, 26 Nov 2026 10:00:00 +0200\r\n\
    Message-ID: <first@town.example>\r\n\
    MIME-Version: 1.0\r\n\
    Content-Type: multipart/mixed; boundary=\"edge\"\r\n\
    \r\n\
    --edge\r\n\
    Content-Type: text/plain; charset=windows-1255\r\n\
    Content-Transfer-Encoding: base64\r\n\
    \r\n\
    +ezl7Q0K+uXj5A0K\r\n\
    --edge\r\n\
    Content-Type: application/pdf\r\n\
    Content-Disposition: attachment; filename*=UTF-8''%D7%A7%D7%91%D7%9C%D7%94.pdf\r\n\
    Content-Transfer-Encoding: base64\r\n\
    \r\n\
    JVBERi0xLjQK\r\n\
    --edge--\r\n";

/// The file in it.
pub(crate) const RECEIPT: &[u8] = b"%PDF-1.4\n";

pub(crate) struct Office {
    pub(crate) servers: MailServers,
    pub(crate) router: Router,
    pub(crate) api: Api,
}

/// What a test changes.
#[derive(Default)]
pub(crate) struct Wishes {
    /// The account of the mailbox `info` is read through this port, in clear; without one with TLS.
    pub(crate) imap_port: Option<u16>,
    /// More settings of the account that writes by SMTP.
    pub(crate) support: String,
    /// More lines of `[mail]`.
    pub(crate) mail: String,
}

/// The office, or `None` (said on stderr) where the machine has no mail servers.
pub(crate) async fn start(what: &str, wishes: impl FnOnce(&MailServers) -> Wishes) -> Option<Office> {
    if !are_installed() {
        eprintln!("SKIPPED: Exim and Dovecot are not installed, or this is not root (./test mail installs them)");
        return None;
    }
    let servers = MailServers::start().await;
    let wishes = wishes(&servers);
    let mut installation = Installation::new("http://127.0.0.1:1");
    installation.numbers = Vec::new();
    installation.workers = vec![Worker::new("noa", &["care"], 10)];
    installation.log = "info".to_owned();
    let (certificate, key) = servers.certificate();
    installation.extra = format!(
        "[mail]\nlisten = \"127.0.0.1:{}\"\nhostname = \"localhost\"\ncertificate = {certificate:?}\nkey = {key:?}\nresolvers = [\"127.0.0.1:9\"]\n{}\n",
        servers.shop_port, wishes.mail
    );
    installation.account_lines = format!("{}\n{}", support(&servers, &wishes), info(&servers, &wishes));
    let router = Router::start(what, &installation).await;
    let api = Api::admin(router.addr);
    Some(Office { servers, router, api })
}

fn support(servers: &MailServers, wishes: &Wishes) -> String {
    format!(
        "[[tenant.account]]\nname = \"support\"\nchannel = \"email_raw\"\nexternal_id = \"support@{SHOP}\"\n\
         queue = \"care\"\n[tenant.account.settings]\nsmtp_server = \"localhost:{}\"\nsmtp_user = {SUBMITTER:?}\n\
         smtp_password = {PASSWORD:?}\nfrom_name = \"תמיכה\"\nreply_secret = {REPLY_SECRET:?}\nrecipient_burst = 100\n\
         tls_roots = '''\n{}'''\n{}\n",
        servers.smtp_port,
        servers.authority(),
        wishes.support
    )
}

fn info(servers: &MailServers, wishes: &Wishes) -> String {
    let server = match wishes.imap_port {
        Some(port) => format!("imap_server = \"127.0.0.1:{port}\"\nimap_tls = \"none\""),
        None => {
            format!("imap_server = \"localhost:{}\"\ntls_roots = '''\n{}'''", servers.imaps_port, servers.authority())
        }
    };
    format!(
        "[[tenant.account]]\nname = \"info\"\nchannel = \"email_raw\"\nexternal_id = \"info@{TOWN}\"\nqueue = \"care\"\n\
         [tenant.account.settings]\nimap_user = \"info\"\nimap_password = {PASSWORD:?}\n{server}\n"
    )
}

impl Office {
    pub(crate) async fn noa(&self) -> Hand {
        Hand::connect(self.router.addr, WORKER_KEY, "noa", AcceptMode::Auto).await.unwrap()
    }

    /// Hands a mail to Exim.
    pub(crate) async fn send(&self, from: &str, to: &str, mail: &str) {
        mailbox::send(self.servers.smtp_port, from, to, mail.as_bytes()).await.unwrap();
    }

    pub(crate) async fn mailbox(&self, user: &str) -> Mailbox {
        Mailbox::open(self.servers.imap_port, user).await
    }

    /// What the file of an attachment holds.
    pub(crate) async fn file(&self, attachment: &Attachment) -> Vec<u8> {
        let reply = self.api.get(attachment.r#ref.as_deref().unwrap()).await.unwrap();
        assert_eq!(reply.status, 200, "{attachment:?}: {}", reply.text());
        reply.body
    }

    /// All tasks there ever were.
    pub(crate) async fn tasks(&self) -> usize {
        self.api.events("task_created").await.len()
    }
}

/// The account `support`, as far as reply addresses need it.
pub(crate) fn account() -> Account {
    let settings = [("reply_secret".to_owned(), Secret::from(REPLY_SECRET))].into();
    Account { id: AccountId(1), name: "support".into(), external_id: format!("support@{SHOP}"), settings }
}

/// A plain mail.
pub(crate) fn mail(from: &str, to: &str, id: &str, text: &str) -> String {
    format!(
        "From: {from}\r\nTo: {to}\r\nSubject: {id}\r\nDate: Thu, 26 Nov 2026 10:00:00 +0200\r\n\
         Message-ID: <{id}@town.example>\r\n\r\n{text}\r\n"
    )
}

/// What the customer said last in a task.
pub(crate) fn text_of(task: &TaskView) -> String {
    let text = task.messages.last().and_then(|message| message.text.as_ref());
    text.map(|text| text.expose().trim().replace("\r\n", "\n")).unwrap_or_default()
}

pub(crate) fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}
