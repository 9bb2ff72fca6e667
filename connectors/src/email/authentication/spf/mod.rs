//! SPF (RFC 7208): may this client send for the envelope's domain?

mod macros;
mod record;
#[cfg(test)]
mod tests;

use std::net::IpAddr;
use std::pin::Pin;

use self::macros::{Subject, expand};
use self::record::{Mechanism, Policy, Prefixes, is_in};
use super::{Envelope, Kind, Outcome, Record, Resolver, Unanswered, name, resolver};

/// Terms that ask the DNS, in all records together (4.6.4).
const ASKING_TERMS_MAX: u32 = 10;
/// Questions to which there was no answer (4.6.4).
const VOID_MAX: u32 = 2;
/// Mail servers of one name (4.6.4).
const EXCHANGES_MAX: usize = 10;

/// What SPF says.
#[derive(Clone, Debug)]
pub(super) struct Checked {
    pub(super) outcome: Outcome,
    /// The domain that was asked; empty where there is none.
    pub(super) domain: String,
    /// True where it is what the client called itself, for the envelope has no sender.
    pub(super) of_hello: bool,
}

/// Checks the client against the domain of the envelope's sender or, where there is none, of its greeting.
pub(super) async fn check(envelope: Envelope<'_>, resolver: &dyn Resolver) -> Checked {
    let client = envelope.client.to_canonical();
    let envelope = Envelope { client, ..envelope };
    let of_hello = envelope.from.is_empty();
    let claimed = envelope.from.rsplit_once('@').map_or(envelope.from, |(_, domain)| domain);
    let domain = name::ascii(if of_hello { envelope.hello } else { claimed });
    let Some(domain) = domain else { return Checked { outcome: Outcome::None, domain: String::new(), of_hello } };
    let local = envelope.from.rsplit_once('@').map_or("postmaster", |(local, _)| local);
    let sender = format!("{}@{domain}", if local.is_empty() { "postmaster" } else { local });
    let mut search = Search { envelope, sender: &sender, resolver, asking: 0, void: 0 };
    let outcome = match search.of_domain(&domain).await {
        Ok(outcome) => outcome,
        Err(End::Temporary) => Outcome::TempError,
        Err(End::Permanent) => Outcome::PermError,
    };
    Checked { outcome, domain, of_hello }
}

/// Why there is no result.
enum End {
    Temporary,
    Permanent,
}

impl From<Unanswered> for End {
    fn from(Unanswered: Unanswered) -> Self {
        Self::Temporary
    }
}

/// One check, over all the records that it leads to.
struct Search<'a> {
    envelope: Envelope<'a>,
    sender: &'a str,
    resolver: &'a dyn Resolver,
    asking: u32,
    void: u32,
}

impl Search<'_> {
    /// One record may lead to others; each costs a term that asks, so that the depth is bounded by those.
    fn of_domain<'b>(&'b mut self, domain: &'b str) -> Pin<Box<dyn Future<Output = Result<Outcome, End>> + Send + 'b>> {
        Box::pin(async move {
            if !name::is_name(domain) {
                return Ok(Outcome::None);
            }
            let texts = resolver::texts(self.resolver, domain, record::is_one).await?;
            let text = match texts.as_slice() {
                [] => return Ok(Outcome::None),
                [text] => text,
                _ => return Err(End::Permanent),
            };
            let policy = Policy::read(text).ok_or(End::Permanent)?;
            for (outcome, mechanism) in &policy.directives {
                if self.matches(mechanism, domain).await? {
                    return Ok(*outcome);
                }
            }
            let Some(redirect) = policy.redirect else { return Ok(Outcome::Neutral) };
            self.asks()?;
            let other = self.expanded(redirect, domain)?;
            match self.of_domain(&other).await? {
                Outcome::None => Err(End::Permanent),
                outcome => Ok(outcome),
            }
        })
    }

    async fn matches(&mut self, mechanism: &Mechanism<'_>, domain: &str) -> Result<bool, End> {
        match mechanism {
            Mechanism::All => Ok(true),
            Mechanism::Network(network, bits) => Ok(is_in(self.envelope.client, *network, *bits)),
            Mechanism::Ptr => self.asks().map(|()| false),
            Mechanism::Include(other) => {
                self.asks()?;
                let other = self.expanded(other, domain)?;
                match self.of_domain(&other).await? {
                    Outcome::Pass => Ok(true),
                    Outcome::None => Err(End::Permanent),
                    _ => Ok(false),
                }
            }
            Mechanism::Exists(other) => {
                self.asks()?;
                let other = self.expanded(other, domain)?;
                Ok(!self.find(&other, Kind::A).await?.is_empty())
            }
            Mechanism::A(other, prefixes) => {
                self.asks()?;
                let other = self.named(*other, domain)?;
                self.is_at(&other, *prefixes).await
            }
            Mechanism::Mx(other, prefixes) => {
                self.asks()?;
                let other = self.named(*other, domain)?;
                self.is_exchange_of(&other, *prefixes).await
            }
        }
    }

    /// Counts a term that asks the DNS.
    const fn asks(&mut self) -> Result<(), End> {
        self.asking += 1;
        if self.asking <= ASKING_TERMS_MAX { Ok(()) } else { Err(End::Permanent) }
    }

    /// The records; a name that cannot be asked for has none.
    async fn find(&mut self, name: &str, kind: Kind) -> Result<Vec<Record>, End> {
        let found = if name::is_name(name) { self.resolver.find(name, kind).await?.to_vec() } else { Vec::new() };
        if found.is_empty() {
            self.void += 1;
            if VOID_MAX < self.void {
                return Err(End::Permanent);
            }
        }
        Ok(found)
    }

    async fn is_at(&mut self, name: &str, prefixes: Prefixes) -> Result<bool, End> {
        let client = self.envelope.client;
        let kind = if client.is_ipv4() { Kind::A } else { Kind::Aaaa };
        let found = self.find(name, kind).await?;
        let mut addresses = found.iter().filter_map(|record| match record {
            Record::Address(address) => Some(*address),
            _ => None,
        });
        Ok(addresses.any(|address: IpAddr| prefixes.match_up(client, address)))
    }

    async fn is_exchange_of(&mut self, name: &str, prefixes: Prefixes) -> Result<bool, End> {
        let found = self.find(name, Kind::Mx).await?;
        if EXCHANGES_MAX < found.len() {
            return Err(End::Permanent);
        }
        for record in found {
            if let Record::Exchange(_, exchange) = record
                && self.is_at(&exchange, prefixes).await?
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn named(&self, name: Option<&str>, domain: &str) -> Result<String, End> {
        name.map_or_else(|| Ok(domain.to_owned()), |name| self.expanded(name, domain))
    }

    fn expanded(&self, name: &str, domain: &str) -> Result<String, End> {
        let subject = Subject { envelope: self.envelope, sender: self.sender, domain };
        expand(name, &subject).ok_or(End::Permanent)
    }
}
