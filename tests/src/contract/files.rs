//! What every store of files must do.

use std::io::ErrorKind;
use std::time::{Duration, SystemTime};

use blendline_router::ports::files::{FileName, Files};
use blendline_wire::TenantId;

/// Where stores of files come from.
pub trait FilesWorld {
    /// The adapter.
    type Files: Files;

    /// A store over what this world holds; a second one sees what the first put.
    fn open(&self) -> Self::Files;
}

const HOUR: Duration = Duration::from_secs(3600);
const ACME: TenantId = TenantId(7);

async fn all_older(files: &impl Files, before: SystemTime) -> Vec<FileName> {
    let (mut names, mut after) = (Vec::new(), None);
    loop {
        let page = files.older(before, after.as_deref()).await.unwrap();
        names.extend(page.names);
        match page.next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    names.sort();
    names
}

/// What is put comes back as it was, for whoever opens the store, once per tenant.
pub async fn keeps_files(world: &impl FilesWorld) {
    let files = world.open();
    let large: Vec<u8> = (0..3_000_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    for bytes in [&b"hello"[..], b"", b"\0\xff\r\n<x>&", &large] {
        let name = files.put(ACME, bytes.to_vec()).await.unwrap();
        assert_eq!(name, FileName::of(ACME, bytes));
        assert_eq!(files.put(ACME, bytes.to_vec()).await.unwrap(), name);
        assert_eq!(world.open().get(&name).await.unwrap(), bytes);
    }
    let hello = FileName::of(ACME, b"hello");
    let elsewhere = FileName { tenant: TenantId(8), ..hello.clone() };
    assert_eq!(files.get(&elsewhere).await.unwrap_err().kind(), ErrorKind::NotFound, "another tenant's");
    let odd = ["../../etc/passwd", "", &hello.sha256[1..], &hello.sha256.to_uppercase(), &"0".repeat(64)];
    for sha256 in odd {
        let name = FileName { sha256: sha256.to_owned(), ..hello.clone() };
        assert_eq!(files.get(&name).await.unwrap_err().kind(), ErrorKind::NotFound, "{sha256}");
    }
}

/// What is old is listed whole, and removed unless it was put again.
pub async fn removes_what_is_old(world: &impl FilesWorld) {
    let files = world.open();
    let (now, soon) = (SystemTime::now(), SystemTime::now() + HOUR);
    assert_eq!(all_older(&files, soon).await, []);
    let mut names = Vec::new();
    for n in 0..40_u32 {
        names.push(files.put(TenantId(7 + u64::from(n % 3)), n.to_be_bytes().to_vec()).await.unwrap());
    }
    names.sort();
    assert_eq!(all_older(&files, soon).await, names);
    assert_eq!(all_older(&files, now - HOUR).await, []);

    files.remove(&names[0], now - HOUR).await.unwrap();
    assert!(files.get(&names[0]).await.is_ok(), "it is not that old");
    files.remove(&names[0], soon).await.unwrap();
    assert_eq!(files.get(&names[0]).await.unwrap_err().kind(), ErrorKind::NotFound);
    files.remove(&names[0], soon).await.unwrap();
    assert_eq!(all_older(&files, soon).await, names[1..]);
}

/// What is put again is as young as what is new.
pub async fn what_is_put_again_is_young(world: &impl FilesWorld, age_everything: impl AsyncFn()) {
    let files = world.open();
    let old = files.put(ACME, b"old".to_vec()).await.unwrap();
    let again = files.put(ACME, b"again".to_vec()).await.unwrap();
    age_everything().await;
    let before = SystemTime::now() - HOUR;
    assert_eq!(all_older(&files, before).await.len(), 2);
    files.put(ACME, b"again".to_vec()).await.unwrap();
    assert_eq!(all_older(&files, before).await, std::slice::from_ref(&old));
    for name in [&old, &again] {
        files.remove(name, before).await.unwrap();
    }
    assert_eq!(files.get(&old).await.unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(files.get(&again).await.unwrap(), b"again");
}
