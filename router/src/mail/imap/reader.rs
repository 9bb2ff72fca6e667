//! The loop over one mailbox: store, then mark; on any trouble begin anew, later and later.

use std::collections::BTreeSet;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::sync::Arc;
use std::time::Duration;

use blendline_connectors::Account;
use blendline_connectors::email::mailbox;
use rustls::ClientConfig;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::Lost;
use super::folder::Folder;
use crate::api::now;
use crate::intake::Intake;
use crate::mail::{telemetry, tls};

/// Mails that are stored and could not be marked; beyond these they are read, and recognised, once more.
const UNMARKED_MAX: usize = 10_000;

/// How often, and how soon again.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// IDLE is begun anew after so much silence; below the 29 minutes of RFC 2177.
    pub idle: Duration,
    /// A server without IDLE is asked so often.
    pub poll: Duration,
    /// The first wait after a failure; each is double the one before.
    pub again_first: Duration,
    /// The longest wait after a failure.
    pub again_last: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        let [idle, poll] = [5 * 60, 60].map(Duration::from_secs);
        Self { idle, poll, again_first: Duration::from_secs(1), again_last: Duration::from_secs(5 * 60) }
    }
}

/// Reads one account's mailbox.
pub struct Reader {
    account: Account,
    intake: Arc<Intake>,
    size_max: usize,
    pace: Pace,
    stop: CancellationToken,
    tls: Arc<ClientConfig>,
    /// Stored and not marked, within one validity.
    unmarked: (u32, BTreeSet<u32>),
}

impl Reader {
    /// A reader of the account's mailbox; the error says what is wrong with its certificates.
    pub fn new(
        account: Account,
        intake: Arc<Intake>,
        size_max: usize,
        pace: Pace,
        stop: CancellationToken,
    ) -> Result<Self, String> {
        let tls = tls::client(mailbox::roots(&account))?;
        Ok(Self { account, intake, size_max, pace, stop, tls, unmarked: (0, BTreeSet::new()) })
    }

    /// Reads until it is stopped.
    pub async fn run(mut self) {
        let mut wait = self.pace.again_first;
        loop {
            let began = tokio::time::Instant::now();
            let stop = self.stop.clone();
            let read = tokio::select! {
                // Whatever is under way comes again: nothing is marked before it is stored.
                () = stop.cancelled() => return,
                read = self.read() => read,
            };
            let Err(cause) = read else { return };
            // It went well for a while.
            if wait < began.elapsed() {
                wait = self.pace.again_first;
            }
            if cause.is_ours_to_mend() {
                wait = self.pace.again_last;
            }
            let again = jittered(wait);
            telemetry::mailbox_lost(self.account.id, &cause, again.as_millis() as u64);
            wait = (wait * 2).min(self.pace.again_last);
            tokio::select! {
                () = stop.cancelled() => return,
                () = sleep(again) => {}
            }
        }
    }

    /// Until the connection is lost, or what was read cannot be stored.
    async fn read(&mut self) -> Result<(), Lost> {
        let account = self.account.clone();
        let Some(mailbox) = mailbox::of(&account) else { return Ok(()) };
        let mut folder = Folder::open(&mailbox, &self.tls).await?;
        if self.unmarked.0 != folder.validity {
            self.unmarked = (folder.validity, BTreeSet::new());
        }
        let mut is_first = true;
        loop {
            let waiting = folder.waiting().await?;
            if is_first {
                telemetry::mailbox_opened(self.account.id, waiting.len(), folder.has_idle());
                is_first = false;
            }
            let mut is_anything_new = false;
            for uid in waiting {
                is_anything_new |= self.one(&mut folder, uid).await?;
            }
            if is_anything_new {
                continue;
            }
            if folder.has_idle() {
                folder = folder.idle(self.pace.idle).await?;
            } else {
                sleep(self.pace.poll).await;
                folder.look().await?;
            }
        }
    }

    /// Stores one mail and marks it; false where that was done before.
    async fn one(&mut self, folder: &mut Folder, uid: u32) -> Result<bool, Lost> {
        let is_stored = self.unmarked.1.contains(&uid);
        if !is_stored {
            if !self.store(folder, uid).await? {
                return Ok(false);
            }
            // From here on it is stored, whatever comes of the mark.
            self.unmarked.1.insert(uid);
            if UNMARKED_MAX < self.unmarked.1.len() {
                self.unmarked.1.pop_first();
            }
        }
        if folder.mark(uid).await? {
            self.unmarked.1.remove(&uid);
        } else if !is_stored {
            telemetry::not_marked(self.account.id, &"the server refused the mark");
        }
        Ok(!is_stored)
    }

    /// False where the mail is gone.
    async fn store(&self, folder: &mut Folder, uid: u32) -> Result<bool, Lost> {
        let Some(size) = folder.size(uid).await? else { return Ok(false) };
        let mail = if size <= self.size_max { folder.mail(uid, self.size_max).await? } else { Some(Vec::new()) };
        let Some(mail) = mail else { return Ok(false) };
        if self.size_max < size.max(mail.len()) {
            let head = folder.head(uid).await?;
            let cause = format!("a mail of {size} bytes; mail.size_max is {}", self.size_max);
            let discarded = self.intake.discard_mail(self.account.id, &head, cause, now()).await;
            discarded.map_err(|cause| self.not_stored(cause))?;
            telemetry::mail("imap", "too_large");
            return Ok(true);
        }
        let taken = self.intake.take_mail(self.account.id, b"", &mail, None, now()).await;
        taken.map_err(|cause| self.not_stored(cause))?;
        telemetry::mail("imap", "stored");
        Ok(true)
    }

    fn not_stored(&self, cause: crate::intake::NotTaken) -> Lost {
        telemetry::not_stored("imap", &cause);
        Lost::NotStored(cause)
    }
}

/// Between half of it and all of it, so that readers do not come back all at once.
fn jittered(wait: Duration) -> Duration {
    let random = RandomState::new().build_hasher().finish() % 1000;
    wait.mul_f64(0.5 + random as f64 / 2000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_differ_within_bounds() {
        let waits: Vec<Duration> = (0..50).map(|_| jittered(Duration::from_secs(10))).collect();
        assert!(waits.iter().all(|wait| (5..=10).contains(&wait.as_secs())), "{waits:?}");
        assert!(waits.iter().any(|wait| *wait != waits[0]), "{waits:?}");
    }
}
