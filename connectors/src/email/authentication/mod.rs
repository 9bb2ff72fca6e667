//! Who sent this mail, for mails that nobody checked before us: SPF (RFC 7208), DKIM (RFC 6376, 8301, 8463) and DMARC
//! (RFC 7489, with the search for the organisation's domain of RFC 9989).
//!
//! All of it is computed from the mail's bytes and from records that a [`Resolver`] finds; there is no IO and no clock
//! here. Nothing is refused either: what the results mean is for rules to say.
//!
//! Suggested reading order: [`Resolver`], `fields`, `tags`, `dkim`, `spf`, `dmarc`; [`message`] reads and writes the
//! packets of the DNS.

mod dkim;
mod dmarc;
mod fields;
pub mod message;
mod name;
mod resolver;
mod spf;
mod tags;
#[cfg(test)]
mod tests;

use std::fmt;
use std::net::IpAddr;

use blendline_wire::Millis;

pub use resolver::{Kind, Record, Records, Resolver, Unanswered};

use super::header::Headers;
use super::{address, content};

/// Domains of authors that are looked at; a mail that claims more is claimed by nobody.
const AUTHORS_MAX: usize = 4;

/// Our reader looks at less of a mail for its header.
const HEAD_BYTES_MAX: usize = 512 * 1024;

/// What came of one check, in the words of RFC 8601.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Outcome {
    /// It is as claimed.
    Pass,
    /// It is not.
    Fail,
    /// SPF alone: probably not.
    SoftFail,
    /// Nothing can be said; also a signature that may not be relied on.
    Neutral,
    /// There is nothing to check by.
    None,
    /// The DNS did not answer: another time it may be known.
    TempError,
    /// What the domain or the signer wrote cannot be used.
    PermError,
}

impl Outcome {
    /// Its word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::SoftFail => "softfail",
            Self::Neutral => "neutral",
            Self::None => "none",
            Self::TempError => "temperror",
            Self::PermError => "permerror",
        }
    }
}

/// How a mail came.
#[derive(Clone, Copy, Debug)]
pub struct Envelope<'a> {
    /// The client's address.
    pub client: IpAddr,
    /// What the client called itself.
    pub hello: &'a str,
    /// The envelope's sender; empty for reports.
    pub from: &'a str,
}

/// What is known of a mail's sender.
#[derive(Clone, Debug)]
pub struct Authentication {
    spf: spf::Checked,
    dkim: Vec<dkim::Checked>,
    dmarc: dmarc::Checked,
}

impl Authentication {
    /// What SPF says of the envelope.
    pub const fn spf(&self) -> Outcome {
        self.spf.outcome
    }

    /// What the signatures say: one that passes is enough, else it is the topmost.
    pub fn dkim(&self) -> Outcome {
        let passing = self.dkim.iter().find(|one| one.outcome == Outcome::Pass);
        passing.or(self.dkim.first()).map_or(Outcome::None, |one| one.outcome)
    }

    /// What the author's domain says.
    pub const fn dmarc(&self) -> Outcome {
        self.dmarc.outcome
    }

    /// The field for the mail's header (RFC 8601), with its line ends; `by` is the name of whoever checked.
    pub fn field<'a>(&'a self, by: &'a str) -> impl fmt::Display + 'a {
        fmt::from_fn(move |f| {
            let Self { spf, dkim, dmarc } = self;
            write!(f, "Authentication-Results: {by};\r\n\tspf={}", spf.outcome.as_str())?;
            let identity = if spf.of_hello { "smtp.helo" } else { "smtp.mailfrom" };
            property(f, identity, &spf.domain)?;
            if dkim.is_empty() {
                f.write_str(";\r\n\tdkim=none")?;
            }
            for one in dkim {
                write!(f, ";\r\n\tdkim={}", one.outcome.as_str())?;
                if let Some(why) = one.why {
                    write!(f, " ({why})")?;
                }
                property(f, "header.d", &one.domain)?;
                property(f, "header.s", &one.selector)?;
            }
            write!(f, ";\r\n\tdmarc={}", dmarc.outcome.as_str())?;
            if let Some(policy) = &dmarc.policy {
                write!(f, " (p={} pct={})", policy.wanted, policy.percent)?;
            }
            property(f, "header.from", &dmarc.domain)?;
            f.write_str("\r\n")
        })
    }
}

/// A property of a result. Strangers chose the value, and a reader that splits at `;` must not be led on by it.
fn property(f: &mut fmt::Formatter<'_>, name: &str, value: &str) -> fmt::Result {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    if value.is_empty() || !value.bytes().all(is_plain) {
        return Ok(());
    }
    write!(f, " {name}={value}")
}

/// Checks a mail by the bytes that came after DATA.
///
/// It asks `resolver` at most some 300 times; whoever calls bounds that, and the time, in the resolver.
pub async fn check(mail: &[u8], envelope: Envelope<'_>, resolver: &dyn Resolver, now: Millis) -> Authentication {
    // As whoever reads the mail sees it, with the lines above it that tell how it came: what begins no header may continue one.
    let head = [b"Received: by us\r\n", &mail[..mail.len().min(HEAD_BYTES_MAX)]].concat();
    let (headers, _) = content::header(&head);
    let authors = headers.all("from").count();
    let spf = spf::check(envelope, resolver).await;
    let dkim = match fields::Mail::split(mail) {
        Some(fields) => dkim::check(&fields, authors, resolver, now).await,
        None if headers.has("dkim-signature") => vec![dkim::Checked::of_malformed_header()],
        None => Vec::new(),
    };
    let dmarc = dmarc::check(&domains(&headers), &spf, &dkim, resolver).await;
    Authentication { spf, dkim, dmarc }
}

/// The domains of all whom a reader may take for the author, who shows `Sender` where nobody is in `From`; none in place of
/// what is no domain.
fn domains(headers: &Headers<'_>) -> Vec<Option<String>> {
    let mut boxes: Vec<_> = headers.all("from").flat_map(address::parse).collect();
    if boxes.is_empty() {
        boxes = headers.all("sender").flat_map(address::parse).collect();
    }
    let mut domains = Vec::new();
    for address in boxes.into_iter().map(|one| one.address).filter(|address| !address.is_empty()) {
        let domain = address.rsplit_once('@').and_then(|(_, domain)| name::ascii(domain));
        if !domains.contains(&domain) && domains.len() <= AUTHORS_MAX {
            domains.push(domain);
        }
    }
    domains
}
