//! Whether the session behind an open connection goes on: asked when something is told about its user, and now and then.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::broadcast::error::RecvError;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::{Shared, now};
use crate::people::SignedIn;

/// How often to ask although nothing was told: what is told may be lost, and sessions also end by themselves.
const ASK_EVERY: Duration = Duration::from_secs(30);
/// How soon to ask again when the record did not answer.
const ASK_AGAIN: Duration = Duration::from_secs(1);

/// Watches over the session of one connection until it is dropped. A connection with a key has none, and goes on.
pub(super) struct Watch {
    over: CancellationToken,
    used: Arc<AtomicBool>,
    _watching: DropGuard,
}

impl Watch {
    /// Begins to watch.
    pub(super) fn start(app: &Shared, person: Option<&SignedIn>) -> Self {
        let (over, used, gone) = (CancellationToken::new(), Arc::new(AtomicBool::new(false)), CancellationToken::new());
        if let Some(person) = person {
            let looking = look(app.clone(), person.clone(), over.clone(), used.clone());
            let gone = gone.clone();
            tokio::spawn(async move {
                tokio::select! {
                    () = gone.cancelled() => {}
                    () = looking => {}
                }
            });
        }
        Self { over, used, _watching: gone.drop_guard() }
    }

    /// Ends when the session does.
    pub(super) async fn over(&self) {
        self.over.cancelled().await;
    }

    /// Notes that the person did something; that his page is open alone does not keep a session.
    pub(super) fn used(&self) {
        self.used.store(true, Ordering::Relaxed);
    }
}

async fn look(app: Shared, person: SignedIn, over: CancellationToken, used: Arc<AtomicBool>) {
    // Listening comes before the first question, so nothing is told in between and missed.
    let mut notices = app.people().notices(&person).await;
    let mut every = tokio::time::interval(ASK_EVERY);
    every.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = every.tick() => {}
            told = notices.recv() => if told == Err(RecvError::Closed) {
                every.tick().await;
                notices = app.people().notices(&person).await;
            },
        }
        match app.people().goes_on(now(), &person, used.swap(false, Ordering::Relaxed)).await {
            Ok(true) => {}
            Ok(false) => return over.cancel(),
            Err(error) => {
                tracing::warn!(%error, "whether a session goes on could not be asked");
                every.reset_after(ASK_AGAIN);
            }
        }
    }
}
