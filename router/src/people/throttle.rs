//! What slows down guessing. Time is an argument; everything here is in memory and may be lost.
//!
//! Three counts: of a name from one address (fast to refuse), of a name from everywhere, and of an address for all
//! names. Whoever signed in to a name from an address before is held to the first count alone, so a crowd of strangers
//! cannot keep a person out.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use blendline_wire::Millis;
use sha2::{Digest, Sha256};

/// How many wrong passwords for a name come from one address without a wait.
const FREE: u32 = 5;
/// The longest wait between two of them.
const WAIT_MAX_MS: u64 = 5 * 60 * 1000;
/// After how long without a try an address begins anew with a name.
const FORGET_MS: u64 = 60 * 60 * 1000;
/// Tries for one name from all strange addresses: so many at once, then one in this time.
const OF_NAME: Pace = Pace { burst: 50, every_ms: 10_000 };
/// Tries from one address for all names that never signed in from there.
const OF_ADDRESS: Pace = Pace { burst: 100, every_ms: 3_000 };
/// How long an address is remembered as a user's own.
const KNOWN_MS: u64 = 30 * 24 * 60 * 60 * 1000;
/// The most entries of each kind.
const ENTRIES_MAX: usize = 50_000;

/// A name as it is counted.
type Name = [u8; 16];
/// An address as it is counted: of IPv6 the network, which one household has whole.
type Address = [u8; 8];

/// Counts tries to sign in.
#[derive(Default)]
pub struct Throttle {
    counts: Mutex<Counts>,
}

#[derive(Default)]
struct Counts {
    pairs: HashMap<(Name, Address), Pair>,
    names: HashMap<Name, Bucket>,
    addresses: HashMap<Address, Bucket>,
    known: HashMap<(Name, Address), Millis>,
}

/// Tries for one name from one address.
#[derive(Clone, Copy, Default)]
struct Pair {
    tries: u32,
    last: Millis,
    until: Millis,
}

#[derive(Clone, Copy)]
struct Pace {
    burst: u64,
    every_ms: u64,
}

/// A bucket that refills steadily: the time until which it is taken from.
#[derive(Clone, Copy, Default)]
struct Bucket(u64);

impl Bucket {
    fn wait(self, now: Millis, pace: Pace) -> u64 {
        self.0.saturating_sub(now.0).saturating_sub((pace.burst - 1) * pace.every_ms)
    }

    fn take(&mut self, now: Millis, pace: Pace) {
        self.0 = self.0.max(now.0) + pace.every_ms;
    }

    const fn give_back(&mut self, pace: Pace) {
        self.0 = self.0.saturating_sub(pace.every_ms);
    }
}

impl Throttle {
    /// Counts a try, before it is made: a thousand at once are a thousand. `Err` is the wait in milliseconds.
    ///
    /// # Errors
    /// When it is too early for another.
    pub fn begin(&self, now: Millis, tenant: &str, name: &str, from: IpAddr) -> Result<(), u64> {
        let (name, address) = (name_key(tenant, name), address_key(from));
        let mut counts = self.lock();
        counts.make_room(now);
        let mut pair = counts.pairs.get(&(name, address)).copied().unwrap_or_default();
        if now < pair.until {
            return Err(pair.until.0 - now.0);
        }
        if pair.last.0 + FORGET_MS < now.0 {
            pair.tries = 0;
        }
        let strange = counts.known.get(&(name, address)).is_none_or(|at| at.0 + KNOWN_MS < now.0);
        if strange {
            let of_name = counts.names.get(&name).copied().unwrap_or_default().wait(now, OF_NAME);
            let of_address = counts.addresses.get(&address).copied().unwrap_or_default().wait(now, OF_ADDRESS);
            match of_name.max(of_address) {
                0 => {}
                wait => return Err(wait),
            }
            counts.names.entry(name).or_default().take(now, OF_NAME);
            counts.addresses.entry(address).or_default().take(now, OF_ADDRESS);
        }
        pair.tries += 1;
        pair.last = now;
        pair.until = Millis(now.0 + pause(pair.tries));
        counts.pairs.insert((name, address), pair);
        Ok(())
    }

    /// Forgets the tries of somebody who knew his password, and knows his address from now on.
    pub fn succeeded(&self, now: Millis, tenant: &str, name: &str, from: IpAddr) {
        let (name, address) = (name_key(tenant, name), address_key(from));
        let mut counts = self.lock();
        counts.pairs.remove(&(name, address));
        if counts.known.insert((name, address), now).is_none() {
            if let Some(bucket) = counts.names.get_mut(&name) {
                bucket.give_back(OF_NAME);
            }
            if let Some(bucket) = counts.addresses.get_mut(&address) {
                bucket.give_back(OF_ADDRESS);
            }
        }
    }

    #[cfg(test)]
    pub(super) fn entries(&self) -> usize {
        let counts = self.lock();
        counts.pairs.len() + counts.names.len() + counts.addresses.len()
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Counts {
    fn make_room(&mut self, now: Millis) {
        bound(&mut self.pairs, |pair| now.0 < pair.last.0 + FORGET_MS, |pair| now < pair.until);
        bound(&mut self.names, |bucket| now.0 < bucket.0, |bucket| 0 < bucket.wait(now, OF_NAME));
        bound(&mut self.addresses, |bucket| now.0 < bucket.0, |bucket| 0 < bucket.wait(now, OF_ADDRESS));
        bound(&mut self.known, |at| now.0 < at.0 + KNOWN_MS, |at| now.0 < at.0 + KNOWN_MS / 30);
    }
}

/// Keeps a map below its most: first only what still counts, then only what still `matters`, then nothing.
fn bound<K: Eq + Hash, V>(map: &mut HashMap<K, V>, counts: impl Fn(&V) -> bool, matters: impl Fn(&V) -> bool) {
    if map.len() < ENTRIES_MAX {
        return;
    }
    map.retain(|_, value| counts(value));
    if map.len() >= ENTRIES_MAX {
        map.retain(|_, value| matters(value));
    }
    if map.len() >= ENTRIES_MAX {
        map.clear();
    }
}

/// How long to wait after so many tries: 1 s, 2 s, 4 s, … and never more than five minutes.
fn pause(tries: u32) -> u64 {
    match tries.checked_sub(FREE) {
        None => 0,
        Some(over) => 1000_u64.checked_shl(over.min(20)).unwrap_or(WAIT_MAX_MS).min(WAIT_MAX_MS),
    }
}

fn name_key(tenant: &str, name: &str) -> Name {
    let mut hash = Sha256::new();
    hash.update(tenant.as_bytes());
    hash.update([0]);
    hash.update(name.as_bytes());
    let mut key = Name::default();
    key.copy_from_slice(&hash.finalize()[..16]);
    key
}

fn address_key(address: IpAddr) -> Address {
    let mut key = Address::default();
    match address.to_canonical() {
        IpAddr::V4(address) => key[4..].copy_from_slice(&address.octets()),
        IpAddr::V6(address) => key.copy_from_slice(&address.octets()[..8]),
    }
    key
}
