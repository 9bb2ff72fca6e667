//! The SMTP listener, and the readers of mailboxes.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::anyhow;
use blendline_connectors::email::{self, mailbox};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::config::Config;
use crate::directory::Directory;
use crate::doors::Doors;
use crate::driver::Status;
use crate::intake::Intake;
use crate::mail::{Listener, Pace, Reader, Recipients};
use crate::ports::broker::Broker;
use crate::ports::files::Files;

/// Starts the listener, where one is configured, among the `chores`.
pub(super) async fn listen_for_mail(
    config: &Config,
    (directory, broker, files): (&Arc<Directory>, &Arc<dyn Broker>, &Arc<dyn Files>),
    doors: &Doors,
    chores: &TaskTracker,
    stop: &CancellationToken,
) -> anyhow::Result<()> {
    let Some(address) = config.mail.listen else { return Ok(()) };
    let bound = TcpListener::bind(address).await.map_err(|error| {
        let hint = "take an address and a port that this machine has and nobody listens on; below 1024 the service needs \
                    CAP_NET_BIND_SERVICE: `mail.listen` in the configuration";
        anyhow!("mail cannot be taken on {address}: {error}\n  hint: {hint}")
    })?;
    let mut terms = config.mail.terms.clone();
    terms.stop_grace = Duration::from_millis(config.server.stop_grace_ms);
    let intake = Intake::new(directory.clone(), broker.clone(), files.clone(), doors);
    let recipients = Recipients::of(directory);
    let (tls, addresses) = (terms.tls.is_some(), recipients.len());
    let listener = Listener::new(bound, terms, recipients, intake, stop.clone());
    let listener = listener.map_err(|cause| anyhow!("the SMTP listener: {cause}"))?;
    tracing::info!(address = %listener.address()?, tls, addresses, "taking mail");
    chores.spawn(listener.run());
    Ok(())
}

/// Starts a reader for every account with a mailbox among the `chores`. Whoever owns the shard reads: two readers of one
/// mailbox would only find what the other has.
pub(super) fn read_mailboxes(
    config: &Config,
    (directory, broker, files): (&Arc<Directory>, &Arc<dyn Broker>, &Arc<dyn Files>),
    doors: &Doors,
    statuses: &BTreeMap<u16, watch::Receiver<Status>>,
    (chores, stop): (&TaskTracker, &CancellationToken),
) {
    let intake = Arc::new(Intake::new(directory.clone(), broker.clone(), files.clone(), doors));
    for entry in directory.accounts.values() {
        let Some(status) = statuses.get(&doors.shard(entry.tenant)) else { continue };
        if entry.channel == email::RAW_NAME && mailbox::of(&entry.account).is_some() {
            let (account, intake, size_max) = (entry.account.clone(), intake.clone(), config.mail.terms.size_max);
            let reader = move |stop| Reader::new(account.clone(), intake.clone(), size_max, Pace::default(), stop);
            chores.spawn(read_while_serving(reader, status.clone(), stop.clone()));
        }
    }
}

async fn read_while_serving(
    reader: impl Fn(CancellationToken) -> Result<Reader, String>,
    mut status: watch::Receiver<Status>,
    stop: CancellationToken,
) {
    let serving = |status: &Status| matches!(status, Status::Serving { .. });
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            served = status.wait_for(serving) => if served.is_err() { return },
        }
        let own = stop.child_token();
        match reader(own.clone()) {
            Ok(reader) => {
                let mut reading = tokio::spawn(reader.run());
                tokio::select! {
                    _ = &mut reading => return,
                    _ = status.wait_for(|status| !serving(status)) => {}
                }
                own.cancel();
                // It ends at once: what was not marked is read again.
                let _ = reading.await;
            }
            Err(cause) => return tracing::error!(cause, "A mailbox cannot be read."),
        }
    }
}
