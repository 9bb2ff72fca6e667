//! The talk with one client: bytes in, replies out, no IO, no clock.

use std::sync::Arc;

use blendline_wire::AccountId;

use super::command::{self, Command};
use super::data::{Data, GivenUp};
use crate::mail::Recipients;

/// RFC 5321 has 512 bytes, extensions add to it; nobody needs as many as this.
const LINE_BYTES_MAX: usize = 2048;
/// Mails, recipients and everything else that one connection may ask for.
const COMMANDS_MAX: u32 = 2000;
/// Mistakes and unknown recipients of one connection: who guesses addresses has to connect again and again.
const MISTAKES_MAX: u32 = 20;

/// What a listener offers.
#[derive(Debug)]
pub(super) struct Offer {
    /// Our name, as the certificate and the MX record have it.
    pub(super) hostname: String,
    pub(super) size_max: usize,
    pub(super) recipients_max: usize,
    pub(super) starttls: bool,
    pub(super) recipients: Recipients,
}

/// A mail with its envelope.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Envelope {
    /// Empty for reports.
    pub(super) from: String,
    /// For whom of ours, under which addresses.
    pub(super) to: Vec<(AccountId, String)>,
    pub(super) mail: Vec<u8>,
}

/// What has to be done before the talk can go on.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum Next {
    /// Read more.
    Read,
    /// Take this mail in, and say [`Session::settle`].
    TakeIn(Box<Envelope>),
    /// Begin TLS, and say [`Session::secured`].
    StartTls,
    /// Write what there is and end the connection.
    Close,
}

/// What became of a mail.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Settled {
    /// It is durable: from now on it is ours.
    Stored,
    /// It is not, and may be later.
    Busy,
    /// It has passed too many servers.
    Loops,
}

/// One client.
pub(super) struct Session {
    offer: Arc<Offer>,
    line: Vec<u8>,
    hello: Option<Hello>,
    is_secured: bool,
    from: Option<Sender>,
    to: Vec<(AccountId, String)>,
    data: Option<Data>,
    commands: u32,
    mistakes: u32,
}

/// Who he says he is.
#[derive(Clone, Debug)]
pub(super) struct Hello {
    pub(super) name: String,
    pub(super) extended: bool,
}

struct Sender {
    address: String,
    is_utf8: bool,
}

impl Session {
    pub(super) fn new(offer: Arc<Offer>) -> Self {
        let (line, to) = (Vec::new(), Vec::new());
        Self { offer, line, hello: None, is_secured: false, from: None, to, data: None, commands: 0, mistakes: 0 }
    }

    /// Our first word.
    pub(super) fn greet(&self, out: &mut Vec<u8>) {
        say(out, &format!("220 {} ESMTP", self.offer.hostname));
    }

    /// Takes bytes until something has to be done, and gives how many; the rest is for the next call.
    pub(super) fn take(&mut self, input: &[u8], out: &mut Vec<u8>) -> (usize, Next) {
        let mut at = 0;
        while at < input.len() {
            if let Some(data) = &mut self.data {
                let (taken, ended) = data.take(&input[at..]);
                at += taken;
                if data.is_endless() {
                    say(out, "552 5.3.4 This mail is larger than we take");
                    return (at, Next::Close);
                }
                if !ended {
                    break;
                }
                if let Some(next) = self.mail_ended(out) {
                    return (at, next);
                }
                continue;
            }
            let byte = input[at];
            at += 1;
            // Commands end in CR LF and nothing else, so that nobody hides one from a server before us.
            if (byte == b'\n') != (self.line.last() == Some(&b'\r')) {
                say(out, "500 5.5.2 Lines end in CR LF");
                return (at, Next::Close);
            }
            if byte == b'\n' {
                let mut line = std::mem::take(&mut self.line);
                line.pop();
                match self.command(&line, out) {
                    Next::Read => {}
                    next => return (at, next),
                }
            } else if self.line.len() < LINE_BYTES_MAX {
                self.line.push(byte);
            } else {
                say(out, "500 5.5.2 This line is too long");
                return (at, Next::Close);
            }
        }
        (at, Next::Read)
    }

    fn command(&mut self, line: &[u8], out: &mut Vec<u8>) -> Next {
        self.commands += 1;
        if COMMANDS_MAX < self.commands {
            say(out, "421 4.7.0 Too many commands: connect again");
            return Next::Close;
        }
        let wrong = match command::parse(line) {
            Command::Hello { name, extended } => self.hello(name, extended, out),
            Command::From { address, size, is_utf8 } => self.from(address, size, is_utf8, out),
            Command::To { address } => self.to(address, out),
            Command::Data => self.begin_data(out),
            Command::Reset => {
                self.forget();
                say(out, "250 2.0.0 Forgotten");
                None
            }
            Command::Nothing => {
                say(out, "250 2.0.0 Still here");
                None
            }
            Command::Verify => {
                say(out, "252 2.1.5 Send the mail and see");
                None
            }
            Command::StartTls if self.is_secured => Some("503 5.5.1 TLS has begun already"),
            Command::StartTls if !self.offer.starttls => Some("502 5.5.1 There is no TLS here"),
            Command::StartTls => {
                say(out, "220 2.0.0 Begin");
                return Next::StartTls;
            }
            Command::Quit => {
                say(out, "221 2.0.0 Goodbye");
                return Next::Close;
            }
            Command::NotDone => Some("502 5.5.1 This is not done here"),
            Command::Foreign => {
                say(out, "421 5.5.2 This is a mail server, and not for that");
                return Next::Close;
            }
            Command::Wrong(reply) => Some(reply),
        };
        match wrong {
            None => Next::Read,
            Some(reply) => self.mistake(reply, out),
        }
    }

    fn mistake(&mut self, reply: &str, out: &mut Vec<u8>) -> Next {
        say(out, reply);
        self.mistakes += 1;
        if self.mistakes < MISTAKES_MAX {
            return Next::Read;
        }
        say(out, "421 4.7.0 Too many mistakes");
        Next::Close
    }

    fn hello(&mut self, name: &str, extended: bool, out: &mut Vec<u8>) -> Option<&'static str> {
        self.forget();
        self.hello = Some(Hello { name: name.to_owned(), extended });
        let Offer { hostname, size_max, starttls, .. } = &*self.offer;
        if !extended {
            say(out, &format!("250 {hostname}"));
            return None;
        }
        say(out, &format!("250-{hostname}"));
        say(out, "250-PIPELINING");
        say(out, &format!("250-SIZE {size_max}"));
        if *starttls && !self.is_secured {
            say(out, "250-STARTTLS");
        }
        say(out, "250-8BITMIME");
        say(out, "250-SMTPUTF8");
        say(out, "250 ENHANCEDSTATUSCODES");
        None
    }

    fn from(&mut self, address: &str, size: u64, is_utf8: bool, out: &mut Vec<u8>) -> Option<&'static str> {
        if self.hello.is_none() {
            return Some("503 5.5.1 Say EHLO first");
        }
        if self.from.is_some() {
            return Some("503 5.5.1 There is a sender already");
        }
        if !address.is_ascii() && !is_utf8 {
            return Some("553 5.6.7 Say SMTPUTF8 for such an address");
        }
        if self.offer.size_max as u64 <= size.saturating_sub(1) {
            return Some("552 5.3.4 This mail is larger than we take");
        }
        self.from = Some(Sender { address: address.to_owned(), is_utf8 });
        say(out, "250 2.1.0 Go on");
        None
    }

    fn to(&mut self, address: &str, out: &mut Vec<u8>) -> Option<&'static str> {
        let Some(from) = &self.from else { return Some("503 5.5.1 Say MAIL first") };
        if !address.is_ascii() && !from.is_utf8 {
            return Some("553 5.6.7 Say SMTPUTF8 for such an address");
        }
        if self.offer.recipients_max <= self.to.len() {
            say(out, "452 4.5.3 Too many recipients: send the rest in another mail");
            return None;
        }
        let Some(account) = self.offer.recipients.find(address) else {
            return Some("550 5.1.1 There is no such mailbox here");
        };
        self.to.push((account, address.to_owned()));
        say(out, "250 2.1.5 Known");
        None
    }

    fn begin_data(&mut self, out: &mut Vec<u8>) -> Option<&'static str> {
        if self.from.is_none() {
            return Some("503 5.5.1 Say MAIL first");
        }
        if self.to.is_empty() {
            return Some("554 5.5.1 There is no recipient");
        }
        self.data = Some(Data::new(self.offer.size_max));
        say(out, "354 Go on, and end with a dot alone on a line");
        None
    }

    /// `None` where there is nothing to be done and the talk goes on.
    fn mail_ended(&mut self, out: &mut Vec<u8>) -> Option<Next> {
        let data = self.data.take()?;
        let reply = match data.given_up() {
            Some(GivenUp::TooLarge) => "552 5.3.4 This mail is larger than we take",
            Some(GivenUp::NoRoom) => "452 4.3.1 There is no room for it now: send it again",
            None => {
                let from = self.from.take().map(|from| from.address).unwrap_or_default();
                let to = std::mem::take(&mut self.to);
                return Some(Next::TakeIn(Box::new(Envelope { from, to, mail: data.into_mail() })));
            }
        };
        self.forget();
        say(out, reply);
        None
    }

    /// Says what became of the mail that was to be taken in.
    pub(super) fn settle(&mut self, settled: Settled, out: &mut Vec<u8>) {
        self.forget();
        let reply = match settled {
            Settled::Stored => "250 2.0.0 Stored",
            Settled::Busy => "451 4.3.0 It cannot be stored now: send it again",
            Settled::Loops => "554 5.4.6 It has passed too many servers",
        };
        say(out, reply);
    }

    /// From now on TLS is spoken; whatever was said before could have been anybody's (RFC 3207, 4.2).
    pub(super) fn secured(&mut self) {
        self.forget();
        (self.hello, self.is_secured) = (None, true);
    }

    fn forget(&mut self) {
        (self.from, self.data) = (None, None);
        self.to.clear();
    }

    /// Keeps nothing more of the mail that comes in: there is no room.
    pub(super) fn give_up(&mut self) {
        if let Some(data) = &mut self.data {
            data.give_up(GivenUp::NoRoom);
        }
    }

    /// Bytes of a mail in memory.
    pub(super) fn held(&self) -> usize {
        self.data.as_ref().map_or(0, Data::held)
    }

    /// True while a mail is being given to us.
    pub(super) const fn is_busy(&self) -> bool {
        self.data.is_some() || self.from.is_some()
    }

    pub(super) const fn is_secured(&self) -> bool {
        self.is_secured
    }

    /// Who he says he is.
    pub(super) const fn client(&self) -> Option<&Hello> {
        self.hello.as_ref()
    }
}

pub(super) fn say(out: &mut Vec<u8>, reply: &str) {
    out.extend_from_slice(reply.as_bytes());
    out.extend_from_slice(b"\r\n");
}
