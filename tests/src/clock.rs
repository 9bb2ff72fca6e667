//! A process's own view of the time of day, by libfaketime. What it measures intervals by goes on as it is.

use std::fs;
use std::path::{Path, PathBuf};

/// Where Debian puts the library, below the directory of the machine's kind.
const LIBRARIES: &str = "/usr/lib";
const LIBRARY: &str = "faketime/libfaketimeMT.so.1";

/// A clock that can be set while a process looks at it.
#[derive(Debug)]
pub struct Clock {
    library: PathBuf,
    file: PathBuf,
}

impl Clock {
    /// A clock that is right; its setting is kept in `directory`. `None` where libfaketime is not installed.
    pub fn new(directory: &Path) -> Option<Self> {
        let places = fs::read_dir(LIBRARIES).ok()?.filter_map(|entry| Some(entry.ok()?.path().join(LIBRARY)));
        let library = places.filter(|path| path.is_file()).min()?;
        let clock = Self { library, file: directory.join("clock") };
        clock.set(0);
        Some(clock)
    }

    /// What a process must be started with to look at it.
    pub fn environment(&self) -> Vec<(String, String)> {
        let text = |path: &Path| path.display().to_string();
        let own = |name: &str, value: String| (name.to_owned(), value);
        vec![
            own("LD_PRELOAD", text(&self.library)),
            own("FAKETIME_TIMESTAMP_FILE", text(&self.file)),
            own("FAKETIME_CACHE_DURATION", "1".to_owned()),
            own("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
        ]
    }

    /// From now on, or a second later, it is so many seconds fast.
    pub fn set(&self, seconds: i64) {
        // In one step: a half-written file would be another time.
        let new = self.file.with_extension("new");
        fs::write(&new, format!("{seconds:+}\n"))
            .and_then(|()| fs::rename(&new, &self.file))
            .expect("the clock's file");
    }
}
