//! `blendline key new`.

use anyhow::Context as _;
use sha2::{Digest, Sha256};

/// Prints a new key and its SHA-256.
pub(super) fn run() -> anyhow::Result<()> {
    let key = new_key()?;
    let hash = hex::encode(Sha256::digest(key.as_bytes()));
    super::print(|out| {
        writeln!(out, "key    = {key}")?;
        writeln!(out, "sha256 = \"{hash}\"")?;
        writeln!(
            out,
            "Give the key to whoever uses it, and put the sha256 into [[tenant.key]]: the key is kept nowhere."
        )?;
        Ok(())
    })
}

/// A key that nobody can guess: 32 bytes of the system's randomness behind an identifier that may be shown.
fn new_key() -> anyhow::Result<String> {
    let mut random = [0; 36];
    let provider = rustls::crypto::ring::default_provider();
    provider.secure_random.fill(&mut random).ok().context("the system gives no random numbers")?;
    let (name, secret) = random.split_at(4);
    Ok(format!("blk_{}_{}", hex::encode(name), hex::encode(secret)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_have_their_form_and_are_new() {
        let key = new_key().unwrap();
        assert_eq!(key.len(), 4 + 8 + 1 + 64);
        assert!(key.starts_with("blk_"));
        assert_ne!(key, new_key().unwrap());
    }
}
