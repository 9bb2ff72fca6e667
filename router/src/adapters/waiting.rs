//! A bound on what waits to be stored, in bytes.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::ports::broker::BrokerError;

/// How many bytes of bodies may wait before publishers are refused: a disk or server that hangs must not fill the
/// memory.
const WAITING_BYTES_MAX: usize = 256 * 1024 * 1024;

/// How many bytes wait. Clones count together.
#[derive(Clone, Debug, Default)]
pub(super) struct WaitingRoom(Arc<AtomicUsize>);

/// Counts a body among those that wait, for as long as it lives.
#[derive(Debug)]
pub(super) struct Waiting {
    room: WaitingRoom,
    bytes: usize,
}

impl WaitingRoom {
    /// Lets a body wait. `slow` is who is waited for.
    pub(super) fn enter(&self, bytes: usize, slow: &str) -> Result<Waiting, BrokerError> {
        // Relaxed: a bound on memory, no order between threads hangs on it.
        let before = self.0.fetch_add(bytes, Ordering::Relaxed);
        let waiting = Waiting { room: self.clone(), bytes };
        if before > WAITING_BYTES_MAX {
            return Err(BrokerError::Unavailable(format!("{slow} is too slow: too much waits to be written")));
        }
        Ok(waiting)
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.room.0.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}
