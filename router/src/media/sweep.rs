//! Removes what nobody refers to: files of mails that were put and, for a crash, never taken in.

use std::io;
use std::time::{Duration, SystemTime};

use super::reference_key;
use crate::ports::files::{FileName, Files};
use crate::ports::register::Key;
use crate::ports::store::{Archive, StoreError};

/// How old a file must be: longer than senders try and duplicates are remembered, for while the record is down a message
/// that refers to it may wait on the broker.
pub const AGE: Duration = Duration::from_secs(10 * 24 * 60 * 60);
/// How many files are asked about at once.
const ASKED: usize = 200;

/// Why files were not swept.
#[derive(Debug, thiserror::Error)]
pub enum NotSwept {
    /// The store of files does not answer.
    #[error("the store of files: {0}")]
    Files(#[from] io::Error),
    /// The record does not answer; nothing is removed unasked.
    #[error("the record: {0}")]
    Record(#[from] StoreError),
}

/// Looks through the whole store once and removes what was put before `before` and nobody refers to. Gives how many.
pub async fn sweep(files: &dyn Files, archive: &dyn Archive, before: SystemTime) -> Result<usize, NotSwept> {
    let (mut removed, mut after) = (0, None);
    loop {
        let page = files.older(before, after.as_deref()).await?;
        for names in page.names.chunks(ASKED) {
            removed += sweep_some(files, archive, names, before).await?;
        }
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(removed),
        }
    }
}

async fn sweep_some(
    files: &dyn Files,
    archive: &dyn Archive,
    names: &[FileName],
    before: SystemTime,
) -> Result<usize, NotSwept> {
    let keys: Vec<Key> = names.iter().map(reference_key).collect();
    let referred: Vec<Key> = archive.entries(&keys).await?.into_iter().map(|entry| entry.key).collect();
    let mut removed = 0;
    for (name, _) in names.iter().zip(&keys).filter(|(_, key)| !referred.contains(key)) {
        files.remove(name, before).await?;
        removed += 1;
    }
    Ok(removed)
}
