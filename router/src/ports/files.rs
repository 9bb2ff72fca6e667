//! The store of files: what customers sent, by the hash of what it holds.

use std::io;
use std::time::SystemTime;

use async_trait::async_trait;
use blendline_wire::TenantId;
use sha2::{Digest, Sha256};

/// Names a file: whose it is, and the SHA-256 of what it holds. Nothing that a sender chose is in it.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct FileName {
    /// Whose. The same bytes of two tenants are two files: nobody learns from the store what another has.
    pub tenant: TenantId,
    /// Lower-case hexadecimal.
    pub sha256: String,
}

impl FileName {
    /// The name that these bytes of a tenant have.
    pub fn of(tenant: TenantId, bytes: &[u8]) -> Self {
        Self { tenant, sha256: hex::encode(Sha256::digest(bytes)) }
    }

    /// `7/ab/ab12…`: the file's place in a directory, or its key in a bucket. `None` where the hash is no hash.
    pub fn place(&self) -> Option<String> {
        let Self { tenant, sha256 } = self;
        is_hash(sha256).then(|| format!("{}/{}/{sha256}", tenant.0, &sha256[..2]))
    }

    /// The name of the file at this place; `None` for what is none of ours.
    pub fn at(place: &str) -> Option<Self> {
        let mut parts = place.split('/');
        let tenant = parts.next()?.parse().ok()?;
        let name = Self { tenant: TenantId(tenant), sha256: parts.nth(1)?.to_owned() };
        (name.place()? == place).then_some(name)
    }
}

fn is_hash(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// One page of what is in the store.
#[derive(Clone, Debug, Default)]
pub struct Listed {
    /// Those of the page that were put before the instant asked for; often none.
    pub names: Vec<FileName>,
    /// What to ask with for the next page; `None` after the last.
    pub next: Option<String>,
}

/// Keeps files. A bucket or a directory that several processes share.
#[async_trait]
pub trait Files: Send + Sync + 'static {
    /// Keeps these bytes, durably, and gives their name. What is there already counts as put now.
    async fn put(&self, tenant: TenantId, bytes: Vec<u8>) -> io::Result<FileName>;

    /// What a file holds; an error of kind `NotFound` where there is none of this name.
    async fn get(&self, name: &FileName) -> io::Result<Vec<u8>>;

    /// A page of the files that were last put before `before`, by the store's own clock. `after` is the former page's
    /// `next`. Every old file is on some page; the pages come in no particular order.
    async fn older(&self, before: SystemTime, after: Option<&str>) -> io::Result<Listed>;

    /// Removes a file, unless it was put again since `before` or is gone already.
    async fn remove(&self, name: &FileName, before: SystemTime) -> io::Result<()>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_place_and_nothing_else_is() {
        let name = FileName::of(TenantId(7), b"hello");
        let place = name.place().unwrap();
        assert_eq!(place, format!("7/2c/{}", name.sha256));
        assert_eq!(FileName::at(&place), Some(name.clone()));
        let upper = place.to_uppercase();
        for odd in ["", "7", "7/2c/", "../2c/x", &place[1..], &place[..60], &upper, &format!("{place}/x")] {
            assert_eq!(FileName::at(odd), None, "{odd}");
        }
        for odd in ["../../etc/passwd", "", "zz", &name.sha256.to_uppercase(), &name.sha256[1..]] {
            assert_eq!(FileName { sha256: odd.to_owned(), ..name.clone() }.place(), None, "{odd}");
        }
    }
}
