//! Is the store of files one that files can be put into?

use std::io;
use std::time::{Duration, SystemTime};

use blendline_wire::TenantId;

use crate::adapters::finding::Finding;
use crate::ports::files::{FileName, Files};

/// What is put, read and removed again. No tenant has the number 0.
const PROBE: &[u8] = b"blendline doctor looked whether files can be kept here";

/// Puts a small file, reads it, lists and removes it. `key` is the setting that names the store.
pub async fn examine(files: &dyn Files, key: &str) -> Vec<Finding> {
    let cure = "see that the store is there, that the credentials may put, get, list and delete, and that clocks agree";
    match tried(files).await {
        Ok(()) => Vec::new(),
        Err((what, error)) => {
            vec![Finding::fatal(
                key,
                format!("a store in which a file cannot be {what} ({error})"),
                "one that keeps files",
                cure,
            )]
        }
    }
}

async fn tried(files: &dyn Files) -> Result<(), (&'static str, io::Error)> {
    let name = files.put(TenantId(0), PROBE.to_vec()).await.map_err(|error| ("put", error))?;
    let bytes = files.get(&name).await.map_err(|error| ("read", error))?;
    if bytes != PROBE {
        return Err(("read", io::Error::other("other bytes came back")));
    }
    let soon = SystemTime::now() + Duration::from_secs(24 * 60 * 60);
    let listed = files.older(soon, None).await.map_err(|error| ("listed", error))?;
    let is_whole = listed.next.is_none();
    if is_whole && !listed.names.contains(&name) {
        return Err(("listed", io::Error::other("it is not in the list")));
    }
    files.remove(&name, soon).await.map_err(|error| ("removed", error))?;
    match files.get(&FileName::of(TenantId(0), PROBE)).await {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        _ => Err(("removed", io::Error::other("it is still there"))),
    }
}
