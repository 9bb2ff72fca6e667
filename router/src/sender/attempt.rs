//! One attempt to send one message.

use blendline_connectors::Connector;
use blendline_connectors::limits::Rates;
use blendline_wire::Pii;
use blendline_wire::outbound::{Outbound, PrivatePlace, SendFailure, SendOutcome, SendResult};
use sha2::{Digest, Sha256};
use tokio::time::{Duration, Instant, sleep, timeout};

use crate::directory::AccountEntry;
use crate::patience::BackOff;
use crate::ports::live::Allowance;
use crate::ports::store::{Claim, StoreError};
use crate::sender::engine::Desk;
use crate::sender::telemetry;
use crate::traces::{self, Kind};

impl Desk {
    /// What came of it; `None` when the sender was stopped before it began.
    pub(crate) async fn attempt(&self, outbound: &Outbound) -> Option<SendResult> {
        let (began, mut to, mut peer) = (Instant::now(), None, None);
        let span = traces::follow("send", Kind::Client, outbound.trace);
        let outcome = match self.channel_of(outbound) {
            Err(cause) => SendOutcome::Failed { cause },
            Ok((entry, connector)) => {
                to = connector.threads_by_answer().then(|| outbound.to.clone());
                self.allowed(outbound, entry, connector).await?;
                match self.claim(outbound).await? {
                    Err(outcome) => outcome,
                    Ok(()) => {
                        let (outcome, private) = self.call(outbound, entry, connector).await;
                        peer = private;
                        outcome
                    }
                }
            }
        };
        if let Some(span) = span {
            span.with("blendline.outbound", outbound.id)
                .with("blendline.account", outbound.account)
                .end(failure(&outcome));
        }
        telemetry::sent(outbound.id, outbound.attempt, outbound.account, &outcome, began.elapsed());
        let Outbound { id, attempt, tenant, account, .. } = *outbound;
        let private = peer.map(|peer| Box::new(PrivatePlace { tenant, account, peer }));
        Some(SendResult { id, attempt, outcome, to, private })
    }

    /// What came of the call, and with whom it began to speak in private.
    async fn call(
        &self,
        outbound: &Outbound,
        entry: &AccountEntry,
        connector: &dyn Connector,
    ) -> (SendOutcome, Option<Pii<String>>) {
        let (account, now) = (&entry.account, self.clock.now());
        let call = async {
            match outbound.private_reply_to {
                Some(_) => connector.send_privately(account, outbound, now, &self.http).await,
                None => (connector.send(account, outbound, now, &self.http).await, None),
            }
        };
        let within = Duration::from_millis(self.config.call_ms.max(connector.call_ms()));
        timeout(within, call).await.unwrap_or_else(|_| {
            let cause = SendFailure::new("timeout", "the platform did not answer in time; its report will tell");
            (SendOutcome::Unknown { cause }, None)
        })
    }

    fn channel_of(&self, outbound: &Outbound) -> Result<(&AccountEntry, &'static dyn Connector), SendFailure> {
        let entry = self.directory.accounts.get(&outbound.account).ok_or_else(|| {
            SendFailure::new("unknown_account", "the account is not configured any more: configure it and say it again")
        })?;
        let connector = (self.config.connectors)(&entry.channel).ok_or_else(|| {
            SendFailure::new("unknown_channel", "this program does not speak the account's channel: use one that does")
        })?;
        Ok((entry, connector))
    }

    /// Waits for the account's and the recipient's allowance; `None` when stopped meanwhile.
    async fn allowed(&self, outbound: &Outbound, entry: &AccountEntry, connector: &dyn Connector) -> Option<()> {
        let rates = Rates::of(&entry.account, connector.capabilities());
        let recipient = recipient(outbound);
        while let Err(wait) = self.limits.check(&entry.account, rates, recipient, self.clock.now()) {
            telemetry::held_back(outbound.account, wait);
            tokio::select! {
                () = self.stop.cancelled() => return None,
                () = sleep(Duration::from_millis(wait.max(1))) => {}
            }
        }
        let Some(shared) = &self.config.shared_limits else { return Some(()) };
        let allowances = allowances(outbound, rates);
        while let Err(wait) = shared.allow(&allowances).await {
            telemetry::held_back(outbound.account, wait);
            tokio::select! {
                () = self.stop.cancelled() => return None,
                () = sleep(Duration::from_millis(wait.max(1))) => {}
            }
        }
        Some(())
    }

    /// Claims the attempt, so that nobody else ever makes it; `Err` with what to report when it may not be made.
    async fn claim(&self, outbound: &Outbound) -> Option<Result<(), SendOutcome>> {
        let now = self.clock.now();
        let (mut back_off, mut unheard) = (BackOff::default(), false);
        loop {
            let sender = &self.config.sender;
            match self.store.claim(outbound.id, outbound.attempt, sender, now).await {
                Ok(Claim::Granted) => return Some(Ok(())),
                // The answer to this very claim was lost. Without that failure it is an earlier hand-over of ours.
                Ok(Claim::Taken { sender: by, at }) if unheard && by == *sender && at == now => return Some(Ok(())),
                Ok(Claim::Taken { .. }) => {
                    let detail = "an earlier try ended without a word; the platform's report will tell";
                    let cause = SendFailure::new("claimed_before", detail);
                    return Some(Err(SendOutcome::Unknown { cause }));
                }
                Err(error @ StoreError::Unavailable(_)) => {
                    unheard = true;
                    telemetry::unavailable("claim", &error);
                }
                Err(error) => {
                    let cause = SendFailure::new("claim_refused", error.to_string());
                    return Some(Err(SendOutcome::Retry { after_ms: 0, cause }));
                }
            }
            tokio::select! {
                () = self.stop.cancelled() => return None,
                () = back_off.wait() => {}
            }
        }
    }
}

/// Why it did not arrive for certain, in the words that traces may hold.
fn failure(outcome: &SendOutcome) -> Option<String> {
    let (what, cause) = match outcome {
        SendOutcome::Sent { .. } => return None,
        SendOutcome::Failed { cause } => ("failed", cause),
        SendOutcome::Unknown { cause } => ("unknown", cause),
        SendOutcome::Retry { cause, .. } => ("to be tried again", cause),
        SendOutcome::AccountDown { cause } => ("the account is down", cause),
    };
    Some(format!("{what}: {}", cause.reason))
}

/// The account's and the recipient's allowance, as all processes count them.
fn allowances(outbound: &Outbound, rates: Rates) -> [Allowance; 2] {
    let account = Allowance {
        key: format!("send.{}", outbound.account.0),
        every_us: 1_000_000 / u64::from(rates.account_per_second.max(1)),
        burst: rates.account_per_second.max(1),
    };
    let recipient = Allowance {
        key: format!("send.{}.{}", outbound.account.0, recipient(outbound)),
        every_us: rates.recipient_period_ms.max(1).saturating_mul(1_000),
        burst: rates.recipient_burst.max(1),
    };
    [account, recipient]
}

/// A hash: addresses do not live in the limiter.
fn recipient(outbound: &Outbound) -> u64 {
    let digest = Sha256::digest(outbound.to.expose().as_bytes());
    digest.iter().take(8).fold(0, |hash, byte| hash << 8 | u64::from(*byte))
}
