//! Who is there: heartbeats and connections, counted beside the core (P14).

use std::collections::BTreeMap;

use blendline_wire::{Millis, SessionId, WorkerId};

/// How long silence is believed, in heartbeats.
const HEARTBEATS_MISSED_MAX: u64 = 3;

/// Until when each connected worker counts as there.
#[derive(Debug)]
pub(crate) struct Sessions {
    silence_ms: u64,
    grace_ms: u64,
    alive: BTreeMap<WorkerId, Alive>,
}

#[derive(Debug)]
struct Alive {
    session: SessionId,
    until: Millis,
}

impl Sessions {
    pub(crate) fn new(heartbeat_ms: u64, grace_ms: u64) -> Self {
        Self { silence_ms: heartbeat_ms * HEARTBEATS_MISSED_MAX, grace_ms, alive: BTreeMap::new() }
    }

    /// A worker who was connected to the owner before us has until then to come back.
    pub(crate) fn expect(&mut self, worker: WorkerId, session: SessionId, until: Millis) {
        self.alive.insert(worker, Alive { session, until });
    }

    /// A new connection; it replaces an older one.
    pub(crate) fn attach(&mut self, worker: WorkerId, session: SessionId, now: Millis) {
        self.expect(worker, session, now.plus(self.silence_ms));
    }

    /// He said something.
    pub(crate) fn heard(&mut self, worker: WorkerId, session: SessionId, now: Millis) {
        if let Some(alive) = self.alive.get_mut(&worker).filter(|alive| alive.session == session) {
            alive.until = now.plus(self.silence_ms);
        }
    }

    /// His connection is gone; he may come back.
    pub(crate) fn gone(&mut self, worker: WorkerId, session: SessionId, now: Millis) {
        if let Some(alive) = self.alive.get_mut(&worker).filter(|alive| alive.session == session) {
            alive.until = now.plus(self.grace_ms);
        }
    }

    /// He left, or was never let in.
    pub(crate) fn forget(&mut self, worker: WorkerId, session: SessionId) {
        if self.alive.get(&worker).is_some_and(|alive| alive.session == session) {
            self.alive.remove(&worker);
        }
    }

    /// Those who are lost by now. Each is told once.
    pub(crate) fn lost(&mut self, now: Millis) -> Vec<(WorkerId, SessionId)> {
        let lost: Vec<_> =
            self.alive.iter().filter(|(_, alive)| alive.until <= now).map(|(id, alive)| (*id, alive.session)).collect();
        for (worker, _) in &lost {
            self.alive.remove(worker);
        }
        lost
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORKER: WorkerId = WorkerId(1);

    #[test]
    fn a_silent_worker_is_lost_once() {
        let mut sessions = Sessions::new(5_000, 15_000);
        sessions.attach(WORKER, SessionId(1), Millis(0));
        sessions.heard(WORKER, SessionId(1), Millis(10_000));
        assert!(sessions.lost(Millis(24_999)).is_empty());
        assert_eq!(sessions.lost(Millis(25_000)), [(WORKER, SessionId(1))]);
        assert!(sessions.lost(Millis(99_000)).is_empty());
    }

    #[test]
    fn a_new_connection_outlives_the_end_of_the_old_one() {
        let mut sessions = Sessions::new(5_000, 1_000);
        sessions.attach(WORKER, SessionId(1), Millis(0));
        sessions.attach(WORKER, SessionId(2), Millis(100));
        sessions.gone(WORKER, SessionId(1), Millis(200));
        sessions.forget(WORKER, SessionId(1));
        assert!(sessions.lost(Millis(15_099)).is_empty());
        assert_eq!(sessions.lost(Millis(15_100)), [(WORKER, SessionId(2))]);
    }

    #[test]
    fn who_is_gone_has_the_grace_time() {
        let mut sessions = Sessions::new(5_000, 15_000);
        sessions.attach(WORKER, SessionId(1), Millis(0));
        sessions.gone(WORKER, SessionId(1), Millis(9_000));
        assert!(sessions.lost(Millis(23_999)).is_empty());
        assert_eq!(sessions.lost(Millis(24_000)), [(WORKER, SessionId(1))]);
    }
}
