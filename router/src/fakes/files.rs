//! Files in memory.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use async_trait::async_trait;
use blendline_wire::TenantId;

use crate::ports::files::{FileName, Files, Listed};

/// A store of files that is full when a test says so. Clones share what they hold.
#[derive(Clone, Default)]
pub(crate) struct FakeFiles {
    inner: Arc<Mutex<Inner>>,
}

#[derive(Default)]
struct Inner {
    files: BTreeMap<FileName, (Vec<u8>, SystemTime)>,
    is_full: bool,
}

impl FakeFiles {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on nothing, or everything, is taken.
    pub(crate) fn fill(&self, is_full: bool) {
        self.inner().is_full = is_full;
    }

    /// What is there.
    pub(crate) fn held(&self) -> Vec<Vec<u8>> {
        self.inner().files.values().map(|(bytes, _)| bytes.clone()).collect()
    }
}

#[async_trait]
impl Files for FakeFiles {
    async fn put(&self, tenant: TenantId, bytes: Vec<u8>) -> io::Result<FileName> {
        let mut inner = self.inner();
        if inner.is_full {
            return Err(io::Error::new(io::ErrorKind::StorageFull, "it is full"));
        }
        let name = FileName::of(tenant, &bytes);
        inner.files.insert(name.clone(), (bytes, SystemTime::now()));
        Ok(name)
    }

    async fn get(&self, name: &FileName) -> io::Result<Vec<u8>> {
        let found = self.inner().files.get(name).map(|(bytes, _)| bytes.clone());
        found.ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "there is no such file"))
    }

    async fn older(&self, before: SystemTime, _: Option<&str>) -> io::Result<Listed> {
        let inner = self.inner();
        let names = inner.files.iter().filter(|(_, (_, at))| *at < before);
        Ok(Listed { names: names.map(|(name, _)| name.clone()).collect(), next: None })
    }

    async fn remove(&self, name: &FileName, before: SystemTime) -> io::Result<()> {
        self.inner().files.retain(|known, (_, at)| known != name || before <= *at);
        Ok(())
    }
}
