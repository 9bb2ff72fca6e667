//! One open folder: which mails wait, what they are, and the mark that they were taken.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use async_imap::error::Error;
use async_imap::types::{Flag, UnsolicitedResponse};
use async_imap::{Authenticator, Session};
use blendline_connectors::email::mailbox::{Mailbox, Proof};
use futures_util::TryStreamExt as _;
use rustls::ClientConfig;
use tokio::time::timeout;

use super::Lost;
use super::wire::{self, Allowance, Wire};

/// The keyword of a mail that is stored.
const KEYWORD: &str = "$BlendlineStored";
/// The longest that an answer may take; a mail of 25 MB comes within it on a slow line.
const ANSWER_WITHIN: Duration = Duration::from_secs(120);
/// RFC 2177: a server may send away whoever idles for half an hour.
const IDLE_MAX: Duration = Duration::from_secs(25 * 60);
/// For an answer beside the mail it holds, and for all the numbers of a very full folder.
const ANSWER_BYTES: usize = 16 * 1024 * 1024;
/// What is kept of a mail that is too large.
const HEAD_BYTES: usize = 64 * 1024;
/// Mails that are looked at before the folder is asked again.
const WAITING_MAX: usize = 500;

/// What is said when the server asks; to what it asks after that, which is why it refused, nothing.
struct Words(Option<String>);

impl Authenticator for Words {
    type Response = String;

    fn process(&mut self, _: &[u8]) -> String {
        self.0.take().unwrap_or_default()
    }
}

/// How a mail that is stored is marked.
enum Mark {
    Keyword,
    Seen,
    MoveTo(String),
}

/// An open folder.
pub(super) struct Folder {
    session: Session<Wire>,
    allowance: Allowance,
    mark: Mark,
    since: Option<jiff::civil::Date>,
    has_idle: bool,
    /// UIDs mean something as long as this stays.
    pub(super) validity: u32,
}

impl Folder {
    /// Connects, signs in and opens the folder.
    pub(super) async fn open(mailbox: &Mailbox<'_>, tls: &Arc<ClientConfig>) -> Result<Self, Lost> {
        let allowance = Allowance::default();
        allowance.set(ANSWER_BYTES);
        let client = wire::connect(mailbox, tls, allowance.clone()).await?;
        let signed_in = async {
            match mailbox.proof {
                Proof::Password(password) => Ok(client.login(mailbox.user, password).await),
                Proof::Token(source) => {
                    let token = source.token().await.ok_or(Lost::NoToken)?;
                    let words = format!("user={}\u{1}auth=Bearer {token}\u{1}\u{1}", mailbox.user);
                    Ok(client.authenticate("XOAUTH2", Words(Some(words))).await)
                }
            }
        };
        let mut session = match timeout(ANSWER_WITHIN, signed_in).await.unwrap_or(Err(Lost::Silent))? {
            Ok(session) => session,
            Err((Error::No(_) | Error::Bad(_) | Error::Validate(_), _)) => return Err(Lost::Credentials),
            Err((error, _)) => return Err(lost("LOGIN", &error)),
        };
        let capabilities = answer("CAPABILITY", session.capabilities()).await?;
        let (has_idle, has_move) = (capabilities.has_str("IDLE"), capabilities.has_str("MOVE"));
        let opened = match timeout(ANSWER_WITHIN, session.select(mailbox.folder)).await {
            Ok(Ok(opened)) => opened,
            Ok(Err(Error::No(_) | Error::Bad(_) | Error::Validate(_))) => return Err(Lost::NoFolder),
            Ok(Err(error)) => return Err(lost("SELECT", &error)),
            Err(_) => return Err(Lost::Silent),
        };
        let takes = |wanted: &dyn Fn(&Flag<'_>) -> bool| opened.permanent_flags.iter().any(wanted);
        let is_keyword = |flag: &Flag<'_>| match flag {
            Flag::MayCreate => true,
            Flag::Custom(name) => name.eq_ignore_ascii_case(KEYWORD),
            _ => false,
        };
        let mark = match mailbox.move_to {
            Some(_) if !has_move => return Err(Lost::NoMove),
            Some(folder) => Mark::MoveTo(folder.to_owned()),
            None if takes(&is_keyword) => Mark::Keyword,
            None if takes(&|flag| *flag == Flag::Seen) => Mark::Seen,
            None => return Err(Lost::NoMarks),
        };
        let validity = opened.uid_validity.unwrap_or_default();
        Ok(Self { session, allowance, mark, since: mailbox.since, has_idle, validity })
    }

    pub(super) const fn has_idle(&self) -> bool {
        self.has_idle
    }

    /// The mails that are not marked, the oldest first.
    pub(super) async fn waiting(&mut self) -> Result<Vec<u32>, Lost> {
        let unmarked = match &self.mark {
            Mark::Keyword => format!("UNKEYWORD {KEYWORD}"),
            Mark::Seen => "UNSEEN".to_owned(),
            Mark::MoveTo(_) => "ALL".to_owned(),
        };
        let since = self.since.map(|day| format!(" SINCE {}", day.strftime("%d-%b-%Y"))).unwrap_or_default();
        self.allowance.set(ANSWER_BYTES);
        let found = answer("SEARCH", self.session.uid_search(format!("UNDELETED {unmarked}{since}"))).await?;
        let mut uids: Vec<u32> = found.into_iter().collect();
        uids.sort_unstable();
        uids.truncate(WAITING_MAX);
        Ok(uids)
    }

    /// How many bytes a mail has; `None` where it is gone.
    pub(super) async fn size(&mut self, uid: u32) -> Result<Option<usize>, Lost> {
        let found = self.fetch(uid, "(UID RFC822.SIZE)", 0, |fetch| fetch.size.map(|size| size as usize)).await?;
        Ok(found.flatten())
    }

    /// The bytes of a mail, at most `bytes_max` and one more; `None` where it is gone. It stays unseen.
    pub(super) async fn mail(&mut self, uid: u32, bytes_max: usize) -> Result<Option<Vec<u8>>, Lost> {
        let query = format!("(UID BODY.PEEK[]<0.{}>)", bytes_max + 1);
        let found = self.fetch(uid, &query, bytes_max, |fetch| fetch.body().map(<[u8]>::to_vec)).await?;
        Ok(found.flatten())
    }

    /// The beginning of a mail's header.
    pub(super) async fn head(&mut self, uid: u32) -> Result<Vec<u8>, Lost> {
        let query = format!("(UID BODY.PEEK[HEADER]<0.{HEAD_BYTES}>)");
        let found = self.fetch(uid, &query, HEAD_BYTES, |fetch| fetch.header().map(<[u8]>::to_vec)).await?;
        Ok(found.flatten().unwrap_or_default())
    }

    async fn fetch<T>(
        &mut self,
        uid: u32,
        query: &str,
        bytes: usize,
        pick: impl Fn(&async_imap::types::Fetch) -> T,
    ) -> Result<Option<T>, Lost> {
        self.allowance.set(ANSWER_BYTES + bytes);
        let fetching = async {
            let mut found = None;
            let mut answers = self.session.uid_fetch(uid.to_string(), query).await?;
            while let Some(fetch) = answers.try_next().await? {
                if fetch.uid == Some(uid) {
                    found = Some(pick(&fetch));
                }
            }
            Ok(found)
        };
        answer("FETCH", fetching).await
    }

    /// Marks a mail as stored. `Ok(false)` where the server does not want to.
    pub(super) async fn mark(&mut self, uid: u32) -> Result<bool, Lost> {
        self.allowance.set(ANSWER_BYTES);
        let uid = uid.to_string();
        let marking = async {
            match &self.mark {
                Mark::MoveTo(folder) => self.session.uid_mv(&uid, folder).await,
                Mark::Keyword | Mark::Seen => {
                    let flag = if matches!(self.mark, Mark::Seen) { "\\Seen" } else { KEYWORD };
                    let answers = self.session.uid_store(&uid, format!("+FLAGS.SILENT ({flag})")).await?;
                    answers.try_collect::<Vec<_>>().await.map(drop)
                }
            }
        };
        match timeout(ANSWER_WITHIN, marking).await {
            Ok(Ok(())) => Ok(true),
            Ok(Err(Error::No(_) | Error::Bad(_) | Error::Validate(_))) => Ok(false),
            Ok(Err(error)) => Err(lost("the mark", &error)),
            Err(_) => Err(Lost::Silent),
        }
    }

    /// Waits until the server tells of something new, at most `silent_max`.
    pub(super) async fn idle(self, silent_max: Duration) -> Result<Self, Lost> {
        let Self { session, allowance, mark, since, has_idle, validity } = self;
        // What the server told beside other answers: a mail that came after the search would go unnoticed.
        let told = session.unsolicited_responses.clone();
        let news =
            || std::iter::from_fn(|| told.try_recv().ok()).any(|one| matches!(one, UnsolicitedResponse::Exists(_)));
        if news() {
            return Ok(Self { session, allowance, mark, since, has_idle, validity });
        }
        allowance.set(ANSWER_BYTES);
        let mut idling = session.idle();
        answer("IDLE", idling.init()).await?;
        if !news() {
            let (waiting, _interrupt) = idling.wait_with_timeout(silent_max);
            // A server that says now and then that it is still here is not silent, and is asked anew all the same.
            if let Ok(told) = timeout(IDLE_MAX, waiting).await {
                told.map_err(|error| lost("IDLE", &error))?;
            }
        }
        let session = answer("DONE", idling.done()).await?;
        Ok(Self { session, allowance, mark, since, has_idle, validity })
    }

    /// Asks whether there is anything new, for servers without IDLE.
    pub(super) async fn look(&mut self) -> Result<(), Lost> {
        self.allowance.set(ANSWER_BYTES);
        answer("NOOP", self.session.noop()).await
    }
}

async fn answer<T>(what: &'static str, asked: impl Future<Output = Result<T, Error>>) -> Result<T, Lost> {
    match timeout(ANSWER_WITHIN, asked).await {
        Ok(answer) => answer.map_err(|error| lost(what, &error)),
        Err(_) => Err(Lost::Silent),
    }
}

fn lost(what: &'static str, error: &Error) -> Lost {
    match error {
        Error::Io(error) => Lost::Unreachable(error.kind()),
        Error::ConnectionLost => Lost::Unreachable(std::io::ErrorKind::UnexpectedEof),
        _ => Lost::Refused(what),
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
    use tokio::net::TcpListener;

    use super::*;

    /// A token that the server refuses is told as such; what was shown is what RFC 7628's forerunner XOAUTH2 shows.
    #[tokio::test]
    async fn a_token_is_shown_in_place_of_a_password() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let serving = tokio::spawn(async move {
            let mut stream = BufReader::new(listener.accept().await.unwrap().0);
            stream.get_mut().write_all(b"* OK ready\r\n").await.unwrap();
            let mut heard = Vec::new();
            for answer in ["+ \r\n", "+ eyJzdGF0dXMiOiI0MDEifQ==\r\n", "A0001 NO no\r\n"] {
                let mut line = String::new();
                stream.read_line(&mut line).await.unwrap();
                heard.push(line.trim_end().to_owned());
                stream.get_mut().write_all(answer.replace("A0001", &heard[0][..5]).as_bytes()).await.unwrap();
            }
            heard
        });
        let path = std::env::temp_dir().join(format!("blendline-imap-token-{}", uuid::Uuid::now_v7()));
        let account = blendline_connectors::Account {
            id: blendline_wire::AccountId(1),
            name: "support".into(),
            external_id: "support@example.com".into(),
            settings: [
                ("imap_server".to_owned(), format!("127.0.0.1:{port}").as_str().into()),
                ("imap_tls".to_owned(), "none".into()),
                ("imap_user".to_owned(), "support".into()),
                ("imap_token_file".to_owned(), path.to_str().unwrap().into()),
            ]
            .into(),
        };
        std::fs::write(&path, "ya29.token\n").unwrap();
        let tls = crate::mail::tls::client(None).unwrap();
        let mailbox = blendline_connectors::email::mailbox::of(&account).unwrap();
        assert!(matches!(Folder::open(&mailbox, &tls).await, Err(Lost::Credentials)));
        let heard = serving.await.unwrap();
        assert!(heard[0].ends_with(" AUTHENTICATE XOAUTH2"), "{heard:?}");
        assert_eq!(heard[1..], ["dXNlcj1zdXBwb3J0AWF1dGg9QmVhcmVyIHlhMjkudG9rZW4BAQ==", ""]);
        std::fs::remove_file(path).unwrap();
    }
}
