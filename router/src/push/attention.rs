//! Who looks at his desk, as the desks themselves say: kept by the process to which they are connected, and by nothing else.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use blendline_wire::{Millis, SessionId, WorkerId};

/// The most workers who are remembered after they went; the longest gone are forgotten first.
const GONE_MAX: usize = 10_000;

/// Whether somebody looks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Attention {
    /// His page is in sight.
    Looks,
    /// It is connected and out of sight: another window, another app, a locked screen.
    Hidden,
    /// It is not connected.
    Gone {
        /// Since when.
        since: Millis,
        /// Whether he had said before that he is away, or left in order.
        away: bool,
    },
}

/// Whoever had a desk here.
#[derive(Clone, Debug, Default)]
pub struct Attentions {
    workers: Arc<Mutex<BTreeMap<WorkerId, (SessionId, Attention)>>>,
}

impl Attentions {
    /// A desk is connected, which somebody has just opened or come back to.
    pub fn came(&self, worker: WorkerId, session: SessionId) {
        self.workers().insert(worker, (session, Attention::Looks));
    }

    /// His page says whether it is in sight.
    pub fn says(&self, worker: WorkerId, session: SessionId, hidden: bool) {
        let attention = if hidden { Attention::Hidden } else { Attention::Looks };
        self.change(worker, session, attention);
    }

    /// His connection ended; the end of an older one than he has changes nothing.
    pub fn went(&self, worker: WorkerId, session: SessionId, since: Millis, away: bool) {
        self.change(worker, session, Attention::Gone { since, away });
        let mut workers = self.workers();
        let gone = |(worker, (_, attention)): (&WorkerId, &(SessionId, Attention))| match attention {
            Attention::Gone { since, .. } => Some((*since, *worker)),
            Attention::Looks | Attention::Hidden => None,
        };
        if GONE_MAX < workers.len()
            && let Some((_, longest)) = workers.iter().filter_map(gone).min()
        {
            workers.remove(&longest);
        }
    }

    /// Whether he looks; `None` where he had no desk here.
    pub fn of(&self, worker: WorkerId) -> Option<Attention> {
        self.workers().get(&worker).map(|(_, attention)| *attention)
    }

    fn change(&self, worker: WorkerId, session: SessionId, attention: Attention) {
        if let Some((current, known)) = self.workers().get_mut(&worker)
            && *current == session
        {
            *known = attention;
        }
    }

    fn workers(&self) -> MutexGuard<'_, BTreeMap<WorkerId, (SessionId, Attention)>> {
        self.workers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
