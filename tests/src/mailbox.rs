//! A customer with a mail program: sends raw mails, and reads his mailbox.

use std::process::Stdio;
use std::time::Duration;

use async_imap::Session;
use futures_util::TryStreamExt as _;
use lettre::Address;
use lettre::address::Envelope;
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::extension::ClientId;
use serde_json::Value;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::process::Command;

use crate::servers::mail::PASSWORD;

const MAIL_WITHIN: Duration = Duration::from_secs(30);

/// Reads a mail with Python's own reader, which has nothing of ours.
const READER: &str = include_str!("mailbox.py");

/// Hands a mail to the server on `port`; the error is its code.
pub async fn send(port: u16, from: &str, to: &str, mail: &[u8]) -> Result<(), u16> {
    let address = |text: &str| text.parse::<Address>().expect("an address");
    let envelope = Envelope::new(Some(address(from)), vec![address(to)]).expect("an envelope");
    let hello = ClientId::Domain("customer.example".to_owned());
    let connected = AsyncSmtpConnection::connect_tokio1(("127.0.0.1", port), None, &hello, None, None).await;
    let mut connection = connected.expect("a mail server");
    let sent = connection.send(&envelope, mail).await;
    let _ = connection.quit().await;
    sent.map(drop).map_err(|error| error.status().map_or(0, u16::from))
}

/// An open mailbox.
#[derive(Debug)]
pub struct Mailbox {
    session: Session<TcpStream>,
    seen: u32,
}

impl Mailbox {
    /// Opens the mailbox of `user`.
    pub async fn open(port: u16, user: &str) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", port)).await.expect("Dovecot");
        let mut client = async_imap::Client::new(stream);
        client.read_response().await.expect("a greeting");
        let mut session = client.login(user, PASSWORD).await.map_err(|(error, _)| error).expect("a good password");
        session.select("INBOX").await.expect("an inbox");
        Self { session, seen: 0 }
    }

    /// The next mail, as it lies there. Ends the test after half a minute.
    pub async fn next(&mut self) -> Vec<u8> {
        let begin = tokio::time::Instant::now();
        loop {
            let mails = self.fetch("BODY.PEEK[]").await;
            if let Some(mail) = mails.get(self.seen as usize) {
                self.seen += 1;
                return mail.body().expect("a body").to_vec();
            }
            assert!(begin.elapsed() < MAIL_WITHIN, "no mail came");
            // NOOP is how a client asks; what it learns it has to fetch.
            self.session.noop().await.expect("an answer");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// The flags of every mail.
    pub async fn flags(&mut self) -> Vec<Vec<String>> {
        self.session.noop().await.expect("an answer");
        let mails = self.fetch("FLAGS").await;
        mails.iter().map(|mail| mail.flags().map(|flag| format!("{flag:?}")).collect()).collect()
    }

    /// Waits until `count` mails bear a flag.
    pub async fn until_flagged(&mut self, flag: &str, count: usize) {
        let begin = tokio::time::Instant::now();
        loop {
            let flags = self.flags().await;
            if count <= flags.iter().filter(|of_one| of_one.iter().any(|one| one.contains(flag))).count() {
                return;
            }
            assert!(begin.elapsed() < MAIL_WITHIN, "{flag} is not on {count} mails: {flags:?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn fetch(&mut self, query: &str) -> Vec<async_imap::types::Fetch> {
        let found = self.session.fetch("1:*", format!("(UID {query})")).await.expect("an answer");
        // An empty mailbox has no `1:*`.
        found.try_collect().await.unwrap_or_default()
    }
}

/// What a mail says, as Python reads it.
pub async fn read(mail: &[u8]) -> Value {
    let mut python = Command::new("python3");
    python.args(["-c", READER]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = python.spawn().expect("Python is there");
    let mut input = child.stdin.take().expect("a pipe");
    input.write_all(mail).await.expect("a reader");
    drop(input);
    let output = child.wait_with_output().await.expect("an answer");
    serde_json::from_slice(&output.stdout).expect("JSON")
}
