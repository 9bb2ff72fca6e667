//! One client's connection: what the session says is written, what it asks for is done.

use std::io::{self, Write as _};
use std::net::IpAddr;
use std::time::Duration;

use blendline_connectors::email::authentication::Envelope;
use blendline_wire::Millis;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_rustls::server::TlsStream;

use super::listener::House;
use super::session::{Envelope as Given, Next, Session, Settled, say};
use crate::api::now;
use crate::mail::take_in::{Arrival, arrived, loops};
use crate::mail::telemetry;

/// RFC 5321, 4.5.3.2: a server waits five minutes for a command or a part of a mail.
const SILENCE_MAX: Duration = Duration::from_secs(5 * 60);
/// The longest that one client may have a place.
const TALK_MAX: Duration = Duration::from_secs(60 * 60);
const WRITE_WITHIN: Duration = Duration::from_secs(60);
/// How long, and for how many pieces, it is listened to who was sent away.
const LINGER_WITHIN: Duration = Duration::from_secs(5);
const LINGER_READS: usize = 1000;
const TLS_WITHIN: Duration = Duration::from_secs(30);
const READ_BYTES: usize = 16 * 1024;

/// The connection, before TLS and after.
enum Stream {
    Plain(TcpStream),
    Secure(Box<TlsStream<TcpStream>>),
    /// TLS did not come about.
    Gone,
}

impl Stream {
    async fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.read(bytes).await,
            Self::Secure(stream) => stream.read(bytes).await,
            Self::Gone => Err(io::ErrorKind::NotConnected.into()),
        }
    }

    /// Writes what there is, and forgets it.
    async fn write(&mut self, bytes: &mut Vec<u8>) -> io::Result<()> {
        if bytes.is_empty() {
            return Ok(());
        }
        let written = async {
            match self {
                Self::Plain(stream) => stream.write_all(bytes).await,
                Self::Secure(stream) => {
                    stream.write_all(bytes).await?;
                    stream.flush().await
                }
                Self::Gone => Err(io::ErrorKind::NotConnected.into()),
            }
        };
        timeout(WRITE_WITHIN, written).await.map_err(|_| io::ErrorKind::TimedOut)??;
        bytes.clear();
        Ok(())
    }

    /// Ends it so that our last word is heard: what the other side still sends would otherwise make the system take it back.
    async fn end(mut self) {
        let ended = async {
            match &mut self {
                Self::Plain(stream) => drop(stream.shutdown().await),
                Self::Secure(stream) => drop(stream.shutdown().await),
                Self::Gone => return,
            }
            let mut bytes = [0; 4096];
            for _ in 0..LINGER_READS {
                if !self.read(&mut bytes).await.is_ok_and(|count| 0 < count) {
                    return;
                }
            }
        };
        // He may be gone already.
        let _ = timeout(LINGER_WITHIN, ended).await;
    }
}

/// Tells a client for whom there is no place to come back, if it can be told without waiting.
pub(super) fn turn_away(house: &House, stream: TcpStream) {
    telemetry::turned_away("no_place");
    let mut out = Vec::new();
    say(&mut out, &format!("421 4.7.0 {} has too many clients now: come back later", house.offer.hostname));
    // It does not block, and whoever is not told sees the connection end.
    let _ = stream.into_std().and_then(|mut stream| stream.write_all(&out));
}

/// Talks with a client until one of both ends it.
pub(super) async fn talk(house: &House, stream: TcpStream, peer: IpAddr) {
    if let Err(error) = stream.set_nodelay(true) {
        return telemetry::broken_off(peer, &error);
    }
    let mut talk = Talk {
        house,
        peer,
        stream: Stream::Plain(stream),
        session: Session::new(house.offer.clone()),
        room: None,
        out: Vec::new(),
    };
    match talk.run().await {
        Ok(()) => talk.stream.end().await,
        Err(error) => telemetry::broken_off(peer, &error),
    }
}

struct Talk<'a> {
    house: &'a House,
    peer: IpAddr,
    stream: Stream,
    session: Session,
    /// For the mail that comes in.
    room: Option<OwnedSemaphorePermit>,
    out: Vec<u8>,
}

impl Talk<'_> {
    async fn run(&mut self) -> io::Result<()> {
        let ends_at = Instant::now() + TALK_MAX;
        let mut bytes = vec![0; READ_BYTES];
        self.session.greet(&mut self.out);
        loop {
            self.stream.write(&mut self.out).await?;
            let silent_until = ends_at.min(Instant::now() + SILENCE_MAX);
            let is_busy = self.session.is_busy();
            let read = tokio::select! {
                // A mail that is being given may still end.
                () = self.house.stop.cancelled(), if !is_busy => return self.last_word("421 4.3.2 Closing: come back later").await,
                read = timeout_at(silent_until, self.stream.read(&mut bytes)) => read,
            };
            let count = match read {
                Ok(Ok(0)) => return Ok(()),
                Ok(count) => count?,
                Err(_) => {
                    telemetry::turned_away("silent");
                    return self.last_word("421 4.4.2 Too slow").await;
                }
            };
            if !self.hear(&bytes[..count]).await? {
                return self.stream.write(&mut self.out).await;
            }
        }
    }

    async fn last_word(&mut self, reply: &str) -> io::Result<()> {
        say(&mut self.out, reply);
        self.stream.write(&mut self.out).await
    }

    /// Does what the bytes ask for; false when the talk is over.
    async fn hear(&mut self, mut bytes: &[u8]) -> io::Result<bool> {
        while !bytes.is_empty() {
            let (taken, next) = self.session.take(bytes, &mut self.out);
            bytes = &bytes[taken..];
            match next {
                Next::Read => self.make_room(),
                Next::TakeIn(envelope) => {
                    // Replies to what came before should not wait for the disk.
                    self.stream.write(&mut self.out).await?;
                    let settled = self.take_in(*envelope).await;
                    self.room = None;
                    self.session.settle(settled, &mut self.out);
                }
                Next::StartTls => {
                    self.stream.write(&mut self.out).await?;
                    // Bytes that came in clear must not be taken for what came under TLS (CVE-2011-0411).
                    if !bytes.is_empty() || !self.begin_tls().await? {
                        telemetry::turned_away("tls");
                        return Ok(false);
                    }
                }
                Next::Close => return Ok(false),
            }
        }
        Ok(true)
    }

    /// Takes as much room as the mail that comes in has, or gives the mail up.
    fn make_room(&mut self) {
        let wanted = self.session.held().div_ceil(1024);
        if wanted == 0 && !self.session.is_busy() {
            self.room = None;
            return;
        }
        let has = self.room.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        let more = u32::try_from(wanted.saturating_sub(has)).unwrap_or(u32::MAX);
        if more == 0 {
            return;
        }
        match self.house.room.clone().try_acquire_many_owned(more) {
            Ok(permit) => match &mut self.room {
                Some(room) => room.merge(permit),
                None => self.room = Some(permit),
            },
            Err(_) => {
                telemetry::mail("smtp", "no_room");
                self.session.give_up();
                self.room = None;
            }
        }
    }

    async fn take_in(&self, envelope: Given) -> Settled {
        if loops(&envelope.mail) {
            telemetry::mail("smtp", "loops");
            return Settled::Loops;
        }
        let now = now();
        let Given { from, to, mail } = &envelope;
        let authentication = self.authentication(from, mail, now).await;
        let hostname = &self.house.offer.hostname;
        let arrival = Arrival { from, to, authentication, received: self.received(now), hostname, mail };
        match arrived(&self.house.intake, &arrival, now).await {
            Ok(()) => {
                telemetry::mail("smtp", "stored");
                Settled::Stored
            }
            Err(cause) => {
                telemetry::not_stored("smtp", &cause);
                Settled::Busy
            }
        }
    }

    /// What we found out about the sender; none where a relay of ours did. Whatever others wrote stands below it.
    async fn authentication(&self, from: &str, mail: &[u8], now: Millis) -> Option<String> {
        if self.house.trusted_relays.contains(&self.peer) {
            return None;
        }
        let hello = self.session.client().map(|client| client.name.as_str()).unwrap_or_default();
        let envelope = Envelope { client: self.peer, hello, from };
        let found = self.house.senders.check(mail, envelope, now).await;
        Some(found.field(&self.house.offer.hostname).to_string())
    }

    /// How the mail came to us.
    fn received(&self, now: Millis) -> String {
        let host = &self.house.offer.hostname;
        let client = self.session.client();
        let name = client.map(|client| client.name.as_str()).unwrap_or_default();
        let protocol = match (client.is_some_and(|client| client.extended), self.session.is_secured()) {
            (true, true) => "ESMTPS",
            (true, false) => "ESMTP",
            (false, _) => "SMTP",
        };
        let at = jiff::Timestamp::from_millisecond(i64::try_from(now.0).unwrap_or_default()).unwrap_or_default();
        let date = jiff::fmt::rfc2822::to_string(&at.to_zoned(jiff::tz::TimeZone::UTC)).unwrap_or_default();
        format!("Received: from {name} ([{}])\r\n\tby {host} with {protocol}; {date}\r\n", self.peer)
    }

    /// False when no TLS came about.
    async fn begin_tls(&mut self) -> io::Result<bool> {
        let Some(acceptor) = self.house.acceptor() else { return Ok(false) };
        // Only a plain connection gets here: the session takes STARTTLS once.
        let Stream::Plain(plain) = std::mem::replace(&mut self.stream, Stream::Gone) else { return Ok(false) };
        match timeout(TLS_WITHIN, acceptor.accept(plain)).await {
            Ok(Ok(secure)) => {
                self.stream = Stream::Secure(Box::new(secure));
                self.session.secured();
                Ok(true)
            }
            Ok(Err(error)) => {
                telemetry::broken_off(self.peer, &error);
                Ok(false)
            }
            Err(_) => Ok(false),
        }
    }
}
