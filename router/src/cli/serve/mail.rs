//! The SMTP listener.

use std::sync::Arc;
use std::time::Duration;

use anyhow::anyhow;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::config::Config;
use crate::directory::Directory;
use crate::doors::Doors;
use crate::intake::Intake;
use crate::mail::{Listener, Recipients};
use crate::ports::broker::Broker;

/// Starts the listener, where one is configured, among the `chores`.
pub(super) async fn listen_for_mail(
    config: &Config,
    directory: &Arc<Directory>,
    broker: &Arc<dyn Broker>,
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
    let intake = Intake::new(directory.clone(), broker.clone(), doors);
    let recipients = Recipients::of(directory);
    let (tls, addresses) = (terms.tls.is_some(), recipients.len());
    let listener = Listener::new(bound, terms, recipients, intake, stop.clone());
    let listener = listener.map_err(|cause| anyhow!("the SMTP listener: {cause}"))?;
    tracing::info!(address = %listener.address()?, tls, addresses, "taking mail");
    chores.spawn(listener.run());
    Ok(())
}
