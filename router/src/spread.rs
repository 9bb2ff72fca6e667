//! Which router should serve which shard, where there are several.
//!
//! Everybody computes it for himself from who is there, and all come to the same. It decides nothing: who serves a shard is
//! whoever has its row in the record, and where routers disagree for a while a shard is served by somebody else than meant.

use std::collections::BTreeMap;
use std::hash::Hasher as _;

/// For each shard the router that should serve it; none where nobody is there.
///
/// Each router gets as many as any other, or one more. A shard goes to whoever likes it best and has room (rendezvous
/// hashing with a bound), so few move when routers come and go.
pub fn share(shards: impl IntoIterator<Item = u16>, routers: &[String]) -> BTreeMap<u16, &str> {
    let shards: Vec<u16> = shards.into_iter().collect();
    if routers.is_empty() {
        return BTreeMap::new();
    }
    let room = shards.len().div_ceil(routers.len());
    let mut wishes: Vec<(u64, u16, &str)> = Vec::with_capacity(shards.len() * routers.len());
    for shard in &shards {
        wishes.extend(routers.iter().map(|router| (liking(*shard, router), *shard, router.as_str())));
    }
    // The strongest wish first.
    wishes.sort_unstable_by(|one, other| other.cmp(one));
    let (mut taken, mut shared) = (BTreeMap::<&str, usize>::new(), BTreeMap::new());
    for (_, shard, router) in wishes {
        let has = taken.entry(router).or_default();
        if *has < room && !shared.contains_key(&shard) {
            shared.insert(shard, router);
            *has += 1;
        }
    }
    shared
}

/// How much a router likes a shard: the same on every machine and in every version (FNV-1a, mixed).
fn liking(shard: u16, router: &str) -> u64 {
    let mut hash = Fnv(0xcbf2_9ce4_8422_2325);
    hash.write(&shard.to_be_bytes());
    hash.write(router.as_bytes());
    let mixed = hash.finish();
    let mixed = (mixed ^ (mixed >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    mixed ^ (mixed >> 33)
}

struct Fnv(u64);

impl std::hash::Hasher for Fnv {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn routers(count: usize) -> Vec<String> {
        (0..count).map(|n| format!("http://10.0.0.{n}:8080")).collect()
    }

    #[test]
    fn everybody_gets_as_many_or_one_more() {
        for count in 1..=9 {
            let routers = routers(count);
            let shared = share(0..16, &routers);
            assert_eq!(shared.len(), 16);
            let most = routers.iter().map(|router| shared.values().filter(|has| *has == router).count()).max().unwrap();
            assert_eq!(most, 16_usize.div_ceil(count), "{count} routers");
        }
        assert!(share(0..16, &[]).is_empty());
    }

    #[test]
    fn few_move_when_one_comes_and_the_order_does_not_matter() {
        for count in 2..=7 {
            let (before, after) = (routers(count), routers(count + 1));
            let (old, new) = (share(0..64, &before), share(0..64, &after));
            let moved = old.iter().filter(|(shard, router)| new.get(shard) != Some(*router)).count();
            assert!(moved <= 64_usize.div_ceil(count + 1) * 2, "{moved} of 64 moved from {count} to {}", count + 1);
            let turned: Vec<String> = after.iter().rev().cloned().collect();
            assert_eq!(share(0..64, &turned), new);
        }
    }
}
