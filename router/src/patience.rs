//! How long to wait before trying again.

use std::future::Future;

use tokio::time::{Duration, Instant, sleep};

use crate::ports::store::StoreError;

const FIRST_MS: u64 = 20;
const LAST_MS: u64 = 1_000;

/// Waits that double, from 20 ms to a second.
#[derive(Debug)]
pub(crate) struct BackOff(u64);

impl Default for BackOff {
    fn default() -> Self {
        Self(FIRST_MS)
    }
}

impl BackOff {
    /// Waits, longer each time.
    pub(crate) async fn wait(&mut self) {
        sleep(Duration::from_millis(self.0)).await;
        self.0 = (self.0 * 2).min(LAST_MS);
    }
}

/// Asks the record until it answers, for at most `for_ms` milliseconds (P4). Only a passing failure is repeated.
pub(crate) async fn insist<T, F: Future<Output = Result<T, StoreError>>>(
    what: &'static str,
    for_ms: u64,
    failed: impl Fn(&'static str, &StoreError),
    mut ask: impl FnMut() -> F,
) -> Result<T, StoreError> {
    let until = Instant::now() + Duration::from_millis(for_ms);
    let mut back_off = BackOff::default();
    loop {
        // A call that hangs is as bad as one that fails.
        let answer = tokio::time::timeout_at(until, ask()).await;
        match answer.unwrap_or_else(|_| Err(StoreError::Unavailable("no answer in time".into()))) {
            Err(StoreError::Unavailable(cause)) if Instant::now() < until => {
                failed(what, &StoreError::Unavailable(cause));
                back_off.wait().await;
            }
            answer => return answer,
        }
    }
}
