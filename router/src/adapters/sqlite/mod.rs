//! The embedded adapters: two SQLite files in one directory, one writer thread each (P16).
//!
//! Both writers do **group commit**: whatever waits when a commit ends shares the next disk write.
//! Suggested reading order: [`DataDir`], [`broker`], [`store`].

pub mod broker;
mod checkpoint;
mod connection;
mod desks;
mod devices;
pub mod dump;
mod external;
mod happenings;
mod held;
mod improvements;
mod judgements;
mod ledger;
mod outlets;
mod people;
mod rules;
mod search;
pub mod store;
mod systems;

use std::fs::{File, OpenOptions, TryLockError};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use broker::{BrokerOptions, SqliteBroker};
pub use store::SqliteStore;

/// The directory with the files of one installation, held by this process alone.
///
/// The lock is the operating system's: it falls with the process, however it died. So whoever holds it knows that no
/// other process uses these files, and an ownership left behind in them is a dead process's.
#[derive(Clone, Debug)]
pub struct DataDir {
    path: PathBuf,
    /// Held for its lock. Shared: the directory is free when the last adapter is gone.
    _lock: Arc<File>,
}

impl DataDir {
    /// Makes the directory if need be, and takes it. Refused while another process has it.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        let path = path.as_ref().to_path_buf();
        let io = |cause| OpenError::Io { path: path.clone(), cause };
        std::fs::create_dir_all(&path).map_err(io)?;
        let mut lock = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path.join("blendline.lock"))
            .map_err(io)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let pid = std::io::read_to_string(&lock).unwrap_or_default().trim().to_owned();
                return Err(OpenError::InUse { path, pid });
            }
            Err(TryLockError::Error(cause)) => return Err(io(cause)),
        }
        // For the error message of the next one only; the lock is what counts.
        lock.set_len(0).and_then(|()| writeln!(lock, "{}", std::process::id())).map_err(io)?;
        Ok(Self { path, _lock: Arc::new(lock) })
    }

    /// Where a file of this directory is.
    fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }
}

/// Why the files of an installation could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has the directory.
    #[error(
        "the data directory {} is in use by another blendline (process {pid}): stop it, or give this one a directory of \
         its own (`data_dir` in the configuration, or BLENDLINE_DATA_DIR)",
        path.display()
    )]
    InUse {
        /// The directory.
        path: PathBuf,
        /// The other process, as it wrote itself down.
        pid: String,
    },
    /// The file system refuses.
    #[error("the data directory {} cannot be used: {cause}", path.display())]
    Io {
        /// The directory or file.
        path: PathBuf,
        /// What the system says.
        cause: std::io::Error,
    },
    /// SQLite refuses.
    #[error("{} cannot be opened: {cause}", path.display())]
    Database {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        cause: rusqlite::Error,
    },
    /// A newer program wrote the file.
    #[error(
        "{} was written by a newer version (schema {found}, this program knows {known}): use that version, or another \
         directory (`data_dir` in the configuration, or BLENDLINE_DATA_DIR)",
        path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// The schema in the file.
        found: usize,
        /// The schema this program knows.
        known: usize,
    },
}
