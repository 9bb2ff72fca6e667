//! What everybody in the store's town shares: the plan, the clock, the way to the router, and what was refused.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use reqwest::{Client, RequestBuilder, Response, StatusCode};

use super::chat::Sessions;
use super::day::Clock;
use super::dice::Dice;
use super::plan::Plan;
use super::whatsapp::Phones;

/// How often something is sent that the router is too busy to take.
const TRIES_MAX: u32 = 5;
/// The wait after the first of them; it doubles.
const BUSY_WAIT: Duration = Duration::from_millis(200);

/// What is shared. It knows the router by its address only, as everybody outside does.
pub(super) struct Town {
    pub(super) plan: Plan,
    pub(super) clock: Clock,
    /// A number of this run, so that its messages are no duplicates of an earlier run's.
    pub(super) run: u64,
    pub(super) phones: Arc<Phones>,
    pub(super) sessions: Sessions,
    pub(super) counts: Counts,
    pub(super) http: Client,
    pub(super) base: String,
}

/// What is seen from outside, and what came to nothing.
#[derive(Debug, Default)]
pub(super) struct Counts {
    /// Tasks that wait, by side, when somebody last looked.
    pub(super) front_waiting: AtomicUsize,
    pub(super) back_waiting: AtomicUsize,
    /// Customers and items that were held back because enough wait.
    pub(super) held_back: AtomicU64,
    /// Requests that the router refused, or did not take in time.
    pub(super) refused: AtomicU64,
}

impl Counts {
    pub(super) fn hold_back(&self) {
        self.held_back.fetch_add(1, Ordering::Relaxed);
    }
}

impl Town {
    pub(super) fn dice(&self, question: &[u64]) -> Dice {
        Dice::of(self.plan.seed, question)
    }

    pub(super) fn post(&self, path: &str) -> RequestBuilder {
        self.http.post(format!("{}{path}", self.base))
    }

    pub(super) fn get(&self, path: &str) -> RequestBuilder {
        self.http.get(format!("{}{path}", self.base))
    }

    /// Sends a request, again while the router is too busy to take it, as platforms do.
    pub(super) async fn insist(&self, request: RequestBuilder) -> Option<Response> {
        let mut wait = BUSY_WAIT;
        for _ in 0..TRIES_MAX {
            match request.try_clone()?.send().await {
                Ok(answer) if answer.status().is_success() => return Some(answer),
                Ok(answer) if is_busy(answer.status()) => {}
                Ok(answer) => {
                    tracing::debug!(status = answer.status().as_u16(), "the traffic was refused");
                    break;
                }
                Err(error) => tracing::debug!(%error, "the traffic got no answer"),
            }
            tokio::time::sleep(wait).await;
            wait *= 2;
        }
        self.counts.refused.fetch_add(1, Ordering::Relaxed);
        None
    }
}

fn is_busy(status: StatusCode) -> bool {
    matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE)
}
