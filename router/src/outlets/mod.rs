//! Events for other systems: a topic exchange on RabbitMQ, and signed webhooks. The contract is docs/events.md.
//!
//! Both read the log of events in the record and keep their place there, so what was committed goes out, whoever dies when.
//! Whoever owns a tenant's shard does it. Nothing waits for them: a commit rings a [`bell`], and that is all.
//!
//! Suggested reading order: [`form`] (what goes out), [`bell`], [`exchange`], [`wanted`] (who gets what), [`lanes`] (what is posted when: pure),
//! [`post`] (one post), [`endpoint`] (one endpoint's work), [`desk`] (which endpoints there are).

pub mod bell;
pub mod desk;
pub mod endpoint;
pub mod exchange;
pub mod form;
pub mod lanes;
pub mod post;
mod telemetry;
pub mod wanted;

#[cfg(test)]
mod tests;

use std::future::Future;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::driver::Status;

/// Does a work whenever the shard is served here, and ends it when it is not; until `stop`.
pub async fn while_serving<F: Future<Output = ()>>(
    work: impl Fn(CancellationToken) -> F,
    mut status: watch::Receiver<Status>,
    stop: CancellationToken,
) {
    let serving = |status: &Status| matches!(status, Status::Serving { .. });
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            served = status.wait_for(serving) => if served.is_err() { return },
        }
        let end = stop.child_token();
        let working = work(end.clone());
        tokio::pin!(working);
        let over = tokio::select! {
            () = &mut working => true,
            _ = status.wait_for(|status| !serving(status)) => false,
        };
        if !over {
            end.cancel();
            working.await;
        }
    }
}
