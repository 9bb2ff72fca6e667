//! Files in a directory. Routers on several machines share it, or each shows only what it put there itself.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use async_trait::async_trait;
use blendline_wire::TenantId;

use crate::ports::files::{FileName, Files, Listed};

/// What is not whole yet begins with this.
const DRAFT: &str = ".";

/// Files in a directory.
pub struct Directory {
    path: PathBuf,
}

impl Directory {
    /// The store in this directory, which is made when it is first needed.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    fn place(&self, name: &FileName) -> io::Result<PathBuf> {
        let place = name.place().ok_or_else(|| io::Error::new(ErrorKind::NotFound, "this is no hash"))?;
        Ok(self.path.join(place))
    }
}

#[async_trait]
impl Files for Directory {
    async fn put(&self, tenant: TenantId, bytes: Vec<u8>) -> io::Result<FileName> {
        let root = self.path.clone();
        blocking(move || {
            let name = FileName::of(tenant, &bytes);
            let place = root.join(name.place().unwrap_or_default());
            put(&root, &place, &bytes).map(|()| name)
        })
        .await
    }

    async fn get(&self, name: &FileName) -> io::Result<Vec<u8>> {
        let place = self.place(name)?;
        blocking(move || fs::read(place)).await
    }

    async fn older(&self, before: SystemTime, after: Option<&str>) -> io::Result<Listed> {
        let (root, after) = (self.path.clone(), after.map(str::to_owned));
        blocking(move || page(&root, before, after.as_deref())).await
    }

    async fn remove(&self, name: &FileName, before: SystemTime) -> io::Result<()> {
        let place = self.place(name)?;
        blocking(move || absent_is_fine(remove(&place, before))).await
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}

fn put(root: &Path, place: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = place.parent().unwrap_or(root);
    if let Ok(known) = File::open(place) {
        // It counts as put now. Whoever put it first may not be done yet.
        known.set_modified(SystemTime::now())?;
        known.sync_all()?;
        return File::open(folder)?.sync_all();
    }
    let is_new = !folder.exists();
    fs::create_dir_all(folder)?;
    // Whole or not at all: a name of its own until it is durable.
    let draft = folder.join(format!("{DRAFT}{}", uuid::Uuid::now_v7()));
    let written = (|| {
        let mut file = OpenOptions::new().write(true).create_new(true).open(&draft)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&draft, place)?;
        let above = if is_new { 3 } else { 1 };
        folder.ancestors().take(above).try_for_each(|one| File::open(one)?.sync_all())
    })();
    if written.is_err() {
        // What is left of it is of no use; that it cannot be removed is told by the error before.
        let _ = fs::remove_file(&draft);
    }
    written
}

/// A page is one folder of files: `7/ab`.
fn page(root: &Path, before: SystemTime, after: Option<&str>) -> io::Result<Listed> {
    let mut folders = Vec::new();
    for tenant in names_in(root)? {
        for half in names_in(&root.join(&tenant))? {
            folders.push(format!("{tenant}/{half}"));
        }
    }
    folders.sort_unstable();
    let begin = after.map_or(0, |after| folders.partition_point(|folder| folder.as_str() <= after));
    let Some(folder) = folders.get(begin) else { return Ok(Listed::default()) };
    let mut names = Vec::new();
    for file in names_in(&root.join(folder))? {
        let place = root.join(folder).join(&file);
        if !absent_is_fine(is_older(&place, before))? {
            continue;
        }
        if file.starts_with(DRAFT) {
            // A crash left it, and nobody knows its name.
            absent_is_fine(fs::remove_file(&place))?;
        }
        names.extend(FileName::at(&format!("{folder}/{file}")));
    }
    Ok(Listed { names, next: Some(folder.clone()) })
}

fn remove(place: &Path, before: SystemTime) -> io::Result<()> {
    // Out of sight first: who puts it from here on finds nothing and writes it anew, and who did just before is seen.
    let aside = place.with_file_name(format!("{DRAFT}{}", uuid::Uuid::now_v7()));
    fs::rename(place, &aside)?;
    if is_older(&aside, before)? { fs::remove_file(&aside) } else { fs::rename(&aside, place) }
}

fn is_older(place: &Path, before: SystemTime) -> io::Result<bool> {
    let about = fs::metadata(place)?;
    Ok(about.is_file() && about.modified()? < before)
}

fn names_in(folder: &Path) -> io::Result<Vec<String>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
}

/// Somebody else may have removed it between two looks.
fn absent_is_fine<T: Default>(outcome: io::Result<T>) -> io::Result<T> {
    match outcome {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(T::default()),
        outcome => outcome,
    }
}
