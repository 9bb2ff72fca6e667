//! Moves what was committed from the write-ahead log to the file, beside the writer instead of in its way.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags};

use super::connection::connect;

/// How often, at most, a busy writer's log is moved.
const EVERY: Duration = Duration::from_millis(200);
/// From how many pages on the log is to begin again at its start: 16 MiB.
const LOG_PAGES: i64 = 4096;

/// The checkpoint thread of one file.
///
/// A passive checkpoint runs beside the writer, so it never reaches the end of a log that is still growing, and only a
/// log that was moved whole can begin again at its start. So, when it is long, the writer moves the small rest itself
/// between two commits: a short stop instead of a log without end or a long stop.
pub(super) struct Checkpointer {
    nudge: Option<SyncSender<()>>,
    finish: Arc<AtomicBool>,
    nudged: Instant,
    thread: Option<JoinHandle<()>>,
}

impl Checkpointer {
    /// Starts the thread for the file at `path`, which exists.
    pub(super) fn start(path: &Path, name: &str) -> std::io::Result<Self> {
        let (nudge, nudges) = sync_channel(1);
        let finish = Arc::new(AtomicBool::new(false));
        let (path, long) = (path.to_path_buf(), Arc::clone(&finish));
        let thread = std::thread::Builder::new().name(name.to_owned()).spawn(move || run(&path, &nudges, &long))?;
        Ok(Self { nudge: Some(nudge), finish, nudged: Instant::now(), thread: Some(thread) })
    }

    /// To be called by the writer between commits.
    pub(super) fn committed(&mut self, connection: &Connection) {
        if self.finish.swap(false, Ordering::Relaxed)
            && let Err(error) = passive(connection)
        {
            tracing::warn!(%error, "checkpoint failed");
        }
        if self.nudged.elapsed() >= EVERY
            && let Some(nudge) = &self.nudge
        {
            self.nudged = Instant::now();
            // A full channel means that one is due anyway.
            let _ = nudge.try_send(());
        }
    }
}

impl Drop for Checkpointer {
    fn drop(&mut self) {
        self.nudge = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn run(path: &Path, nudges: &Receiver<()>, finish: &AtomicBool) {
    let mut connection = None;
    while nudges.recv().is_ok() {
        let open = match connection.take() {
            Some(open) => Ok(open),
            None => connect(path, 1024, OpenFlags::SQLITE_OPEN_READ_WRITE),
        };
        match open.and_then(|open| Ok((passive(&open)?, open))) {
            Ok((pages, open)) => {
                if pages >= LOG_PAGES {
                    finish.store(true, Ordering::Relaxed);
                }
                connection = Some(open);
            }
            // The log grows until the disk is well again; the next nudge opens the file anew.
            Err(error) => tracing::warn!(%error, "checkpoint failed"),
        }
    }
}

/// Moves what can be moved without waiting for anybody; gives the length of the log in pages.
fn passive(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| row.get(1))
}
