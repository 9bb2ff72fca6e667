//! Who sent a mail that came straight to us: what the DNS says about it, within bounds.
//!
//! What is asked and how it is judged is the connector's ([`authentication`]). Here are the questions themselves: over UDP
//! and TCP, kept for a while, and no more of them than one mail is worth. A DNS that does not answer costs no mail: its
//! results are `temperror`, and the mail is taken.
//!
//! Suggested reading order: `name_servers`, `cache`, this file.

mod cache;
mod name_servers;
#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use blendline_connectors::email::authentication::{
    self, Authentication, Envelope, Kind, Records, Resolver, Unanswered,
};
use blendline_wire::Millis;
use tokio::time::{Instant, timeout_at};

use self::cache::Cache;
use self::name_servers::NameServers;
use super::telemetry;

/// How long the questions about one mail may take, in all. Its sender waits for our word meanwhile.
const MAIL_WITHIN: Duration = Duration::from_secs(5);
/// Questions about one mail. A few do; a record of a stranger's may ask for a hundred and more.
const QUESTIONS_MAX: u32 = 60;

/// Checks senders.
pub(super) struct Senders {
    servers: NameServers,
    cache: Mutex<Cache>,
}

impl Senders {
    /// Asks these name servers, or those of the system where none is named.
    pub(super) fn new(named: &[SocketAddr]) -> Self {
        Self { servers: NameServers::new(named), cache: Mutex::new(Cache::default()) }
    }

    /// Who sent this mail. It always comes back with something, within a few seconds.
    pub(super) async fn check(&self, mail: &[u8], envelope: Envelope<'_>, now: Millis) -> Authentication {
        let allowance =
            Allowance { of: self, until: Instant::now() + MAIL_WITHIN, left: AtomicU32::new(QUESTIONS_MAX) };
        let found = authentication::check(mail, envelope, &allowance, now).await;
        for (check, outcome) in [("spf", found.spf()), ("dkim", found.dkim()), ("dmarc", found.dmarc())] {
            telemetry::sender_checked(check, outcome.as_str());
        }
        found
    }

    async fn find(&self, name: &str, kind: Kind) -> Result<Records, Unanswered> {
        if let Some(known) = self.cache().get(name, kind, Instant::now()) {
            return Ok(known);
        }
        let (records, seconds) = self.servers.ask(name, kind).await?;
        let records: Records = records.into();
        self.cache().put(name, kind, (records.clone(), seconds), Instant::now());
        Ok(records)
    }

    fn cache(&self) -> std::sync::MutexGuard<'_, Cache> {
        // Nothing in there is half done.
        self.cache.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// What may still be asked about one mail.
struct Allowance<'a> {
    of: &'a Senders,
    until: Instant,
    left: AtomicU32,
}

#[async_trait]
impl Resolver for Allowance<'_> {
    async fn find(&self, name: &str, kind: Kind) -> Result<Records, Unanswered> {
        let one_less = |left: u32| left.checked_sub(1);
        self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_less).map_err(|_| Unanswered)?;
        timeout_at(self.until, self.of.find(name, kind)).await.unwrap_or(Err(Unanswered))
    }
}

/// The name servers that would be asked, each with whether it answers.
pub async fn name_servers_answer(named: &[SocketAddr], about: &str) -> Vec<(SocketAddr, bool)> {
    let servers = NameServers::new(named);
    let mut found = Vec::new();
    for server in servers.all() {
        found.push((*server, NameServers::one(*server).ask(about, Kind::Txt).await.is_ok()));
    }
    found
}
