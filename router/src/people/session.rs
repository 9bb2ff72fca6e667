//! Sessions: a secret in a cookie, of which only the hash is kept.

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq as _;

use super::{NoRandomness, random};
use crate::ports::people::SessionLimits;

/// When sessions are over: 12 hours without use (longer than any shift), 7 days in any case, and 20 of one user.
pub const LIMITS: SessionLimits =
    SessionLimits { idle_ms: 12 * 60 * 60 * 1000, total_ms: 7 * 24 * 60 * 60 * 1000, per_user: 20 };
/// How exactly the last use is noted: a write for each request would cost more than it tells.
pub const SEEN_EVERY_MS: u64 = 60 * 1000;
/// The header that carries the token of [`Secret::csrf`].
pub const CSRF_HEADER: &str = "x-blendline-csrf";

/// A session's secret: 256 random bits. Whoever has it is the user.
#[derive(Clone, Eq, PartialEq)]
pub struct Secret(String);

impl Secret {
    /// A new one.
    ///
    /// # Errors
    /// When the system gives no random numbers.
    pub fn new() -> Result<Self, NoRandomness> {
        Ok(Self(hex::encode(random::<32>()?)))
    }

    /// The secret that a cookie's value is.
    pub fn read(value: &str) -> Option<Self> {
        let good = value.len() == 64 && value.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        good.then(|| Self(value.to_owned()))
    }

    /// What is kept of it.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0.as_bytes()).into()
    }

    /// The token that a page of this session sends back in [`CSRF_HEADER`]. It needs no storage: only who has the
    /// secret can compute it, and it does not tell the secret.
    pub fn csrf(&self) -> String {
        let mut hash = Sha256::new();
        hash.update(b"blendline csrf ");
        hash.update(self.0.as_bytes());
        hex::encode(hash.finalize())
    }
}

/// Whether two tokens are the same, in a time that does not tell where they differ.
pub fn same(one: &str, other: &str) -> bool {
    one.as_bytes().ct_eq(other.as_bytes()).into()
}

/// The cookie of sessions.
#[derive(Clone, Copy, Debug)]
pub struct Cookie {
    /// True: for TLS and loopback only, under a name that browsers let nobody else set.
    pub secure: bool,
}

impl Cookie {
    /// Its name. The prefix `__Host-` makes browsers refuse it from sub-domains and without `Secure`.
    pub const fn name(self) -> &'static str {
        if self.secure { "__Host-blendline" } else { "blendline" }
    }

    /// What `Set-Cookie` says when a session begins.
    pub fn set(self, secret: &Secret) -> String {
        format!("{}={}; Max-Age={}; {}", self.name(), secret.0, LIMITS.total_ms / 1000, self.attributes())
    }

    /// What `Set-Cookie` says when a session ends.
    pub fn clear(self) -> String {
        format!("{}=; Max-Age=0; {}", self.name(), self.attributes())
    }

    pub(super) const fn attributes(self) -> &'static str {
        if self.secure { "Path=/; HttpOnly; Secure; SameSite=Lax" } else { "Path=/; HttpOnly; SameSite=Lax" }
    }

    /// The secret among the `Cookie` headers of a request. Two cookies of this name are as good as none: one of them
    /// was planted.
    pub fn find<'a>(self, headers: impl Iterator<Item = &'a str>) -> Option<Secret> {
        let pairs = headers.flat_map(|header| header.split(';')).filter_map(|pair| pair.trim().split_once('='));
        let mut values = pairs.filter(|(name, _)| *name == self.name()).map(|(_, value)| value);
        let value = values.next().filter(|_| values.next().is_none())?;
        Secret::read(value)
    }
}
