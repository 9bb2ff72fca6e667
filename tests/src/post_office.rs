//! A mail server that takes our mails, and does as its script says when it has one.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

const MAIL_WITHIN: Duration = Duration::from_secs(60);

/// What the server does at the end of a mail.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum AtEnd {
    /// Takes it, and ends the connection without a word.
    TakeAndHangUp,
    /// Does not want it, ever.
    Refuse,
}

/// A mail that was given to it.
#[derive(Clone, Debug)]
pub struct Given {
    /// The envelope's sender.
    pub from: String,
    /// The envelope's recipients.
    pub to: Vec<String>,
    /// The mail, its dots restored.
    pub mail: String,
    /// What was done with it; `None`: it was taken.
    pub end: Option<AtEnd>,
}

#[derive(Debug)]
struct State {
    script: Mutex<Vec<AtEnd>>,
    given: watch::Sender<Vec<Given>>,
}

/// A running server; it ends when dropped.
#[derive(Debug)]
pub struct PostOffice {
    /// Its port on 127.0.0.1.
    pub port: u16,
    state: Arc<State>,
    task: tokio::task::JoinHandle<()>,
}

impl PostOffice {
    /// Starts it.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(State { script: Mutex::default(), given: watch::Sender::new(Vec::new()) });
        let serving = state.clone();
        let task = tokio::spawn(async move {
            let mut connections = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                connections.spawn(serve(stream, serving.clone()));
            }
        });
        Self { port, state, task }
    }

    /// The next mails end in this way, one after the other.
    pub fn script(&self, ends: &[AtEnd]) {
        self.state.script.lock().unwrap().extend(ends.iter().rev());
    }

    /// Waits until `count` mails hold `words`, and gives them. Ends the test after a minute.
    pub async fn until(&self, words: &str, count: usize) -> Vec<Given> {
        let mut given = self.state.given.subscribe();
        let find = |all: &[Given]| all.iter().filter(|one| one.mail.contains(words)).cloned().collect::<Vec<_>>();
        let enough = tokio::time::timeout(MAIL_WITHIN, given.wait_for(|all| count <= find(all).len())).await;
        assert!(enough.is_ok(), "{count} mails with {words:?}");
        drop(enough);
        find(&self.state.given.borrow())
    }
}

impl Drop for PostOffice {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(stream: TcpStream, state: Arc<State>) -> Option<()> {
    let mut stream = BufReader::new(stream);
    say(&mut stream, "220 post.example ESMTP").await?;
    let (mut from, mut to) = (String::new(), Vec::new());
    loop {
        let line = hear(&mut stream).await?;
        let address = || line.split_once('<').and_then(|(_, rest)| rest.split_once('>')).map_or("", |(one, _)| one);
        let answer = match line.get(..4).unwrap_or_default().to_ascii_uppercase().as_str() {
            "EHLO" => "250-post.example\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 SIZE 50000000",
            "MAIL" => {
                (from, to) = (address().to_owned(), Vec::new());
                "250 2.1.0 yes"
            }
            "RCPT" => {
                to.push(address().to_owned());
                "250 2.1.5 yes"
            }
            "DATA" => {
                say(&mut stream, "354 go on").await?;
                let mail = data(&mut stream).await?;
                let end = state.script.lock().unwrap().pop();
                let one = Given { from: from.clone(), to: to.clone(), mail, end };
                state.given.send_modify(|given| given.push(one));
                match end {
                    None => "250 2.0.0 taken",
                    Some(AtEnd::Refuse) => "554 5.7.1 not from you",
                    Some(AtEnd::TakeAndHangUp) => return None,
                }
            }
            "QUIT" => {
                say(&mut stream, "221 2.0.0 bye").await?;
                return None;
            }
            _ => "250 2.0.0 yes",
        };
        say(&mut stream, answer).await?;
    }
}

async fn say(stream: &mut BufReader<TcpStream>, words: &str) -> Option<()> {
    stream.get_mut().write_all(format!("{words}\r\n").as_bytes()).await.ok()
}

async fn hear(stream: &mut BufReader<TcpStream>) -> Option<String> {
    let mut line = Vec::new();
    let count = stream.read_until(b'\n', &mut line).await.ok()?;
    (0 < count).then(|| String::from_utf8_lossy(&line).trim_end_matches("\r\n").to_owned())
}

async fn data(stream: &mut BufReader<TcpStream>) -> Option<String> {
    let mut mail = String::new();
    loop {
        let line = hear(stream).await?;
        if line == "." {
            return Some(mail);
        }
        mail.push_str(line.strip_prefix('.').unwrap_or(&line));
        mail.push_str("\r\n");
    }
}
