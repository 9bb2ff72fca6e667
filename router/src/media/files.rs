//! The store of files: a directory in which each lies under the hash of what it holds, so that nothing is kept twice
//! and nothing that a sender chose becomes a path.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use sha2::{Digest, Sha256};

/// Keeps files by the SHA-256 of what they hold, in hexadecimal.
#[async_trait]
pub trait Files: Send + Sync + 'static {
    /// Keeps these bytes, durably, and gives their hash.
    async fn put(&self, bytes: Vec<u8>) -> io::Result<String>;

    /// The bytes of this hash; an error of kind `NotFound` where there are none.
    async fn get(&self, sha256: &str) -> io::Result<Vec<u8>>;
}

/// Files in a directory. Routers on several machines share it, or each shows only what it fetched itself.
pub struct Directory {
    path: PathBuf,
}

impl Directory {
    /// The store in this directory, which is made when it is first needed.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }
}

#[async_trait]
impl Files for Directory {
    async fn put(&self, bytes: Vec<u8>) -> io::Result<String> {
        let path = self.path.clone();
        blocking(move || put(&path, &bytes)).await
    }

    async fn get(&self, sha256: &str) -> io::Result<Vec<u8>> {
        let place = place(&self.path, sha256)?;
        blocking(move || std::fs::read(place)).await
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}

fn put(directory: &Path, bytes: &[u8]) -> io::Result<String> {
    let sha256 = hex::encode(Sha256::digest(bytes));
    let place = place(directory, &sha256)?;
    if place.exists() {
        return Ok(sha256);
    }
    let parent = place.parent().unwrap_or(directory);
    std::fs::create_dir_all(parent)?;
    // Whole or not at all: a name of its own until it is durable.
    let draft = parent.join(format!(".{}", uuid::Uuid::now_v7()));
    let written = (|| {
        let mut file = std::fs::OpenOptions::new().write(true).create_new(true).open(&draft)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(&draft, &place)?;
        std::fs::File::open(parent)?.sync_all()
    })();
    if written.is_err() {
        // What is left of it is of no use; that it cannot be removed is told by the error before.
        let _ = std::fs::remove_file(&draft);
    }
    written.map(|()| sha256)
}

/// Where the file of this hash lies. Anything but a hash is no place.
fn place(directory: &Path, sha256: &str) -> io::Result<PathBuf> {
    let is_hash = sha256.len() == 64 && sha256.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if !is_hash {
        return Err(io::Error::new(io::ErrorKind::NotFound, "this is no hash"));
    }
    Ok(directory.join(&sha256[..2]).join(sha256))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_the_same_lies_there_once_and_no_other_path_is_reached() {
        let path = std::env::temp_dir().join(format!("blendline-files-{}", uuid::Uuid::now_v7()));
        let files = Directory::new(&path);
        let first = files.put(b"hello".to_vec()).await.unwrap();
        assert_eq!(files.put(b"hello".to_vec()).await.unwrap(), first);
        assert_eq!(files.get(&first).await.unwrap(), b"hello");
        assert_eq!(std::fs::read_dir(path.join(&first[..2])).unwrap().count(), 1);
        for odd in ["../../etc/passwd", "", &first[1..], &first.to_uppercase(), &"g".repeat(64), &"0".repeat(64)] {
            assert_eq!(files.get(odd).await.unwrap_err().kind(), io::ErrorKind::NotFound, "{odd}");
        }
        std::fs::remove_dir_all(path).unwrap();
    }
}
