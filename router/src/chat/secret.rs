//! What tokens are signed with, and numbers that nobody can guess.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// The file in the data directory.
const FILE: &str = "chat.secret";

/// The secret of this data directory. Never shown.
#[derive(Clone)]
pub struct ServerSecret([u8; 32]);

impl ServerSecret {
    /// Reads the secret of a data directory, or makes one: a token outlives a restart.
    pub fn of(data_dir: &Path) -> io::Result<Self> {
        let path = data_dir.join(FILE);
        let mut secret = [0; 32];
        if let Ok(text) = fs::read_to_string(&path)
            && hex::decode_to_slice(text.trim(), &mut secret).is_ok()
        {
            return Ok(Self(secret));
        }
        secret = random()?;
        // Whole or not at all: a half-written secret would be replaced, and every token with it.
        let draft = data_dir.join(format!("{FILE}.new"));
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
        writeln!(file, "{}", hex::encode(secret))?;
        file.sync_all()?;
        fs::rename(&draft, &path)?;
        Ok(Self(secret))
    }

    /// The secret that several processes were given.
    pub fn shared(secret: &str) -> Self {
        Self(sign(secret.as_bytes(), b"blendline chat"))
    }

    /// A secret that ends with the process, where nobody has a chat.
    pub fn of_this_process() -> io::Result<Self> {
        random().map(Self)
    }

    /// The key for a purpose of its own, so that nothing made for one is good for another.
    pub fn key_for(&self, purpose: &str) -> [u8; 32] {
        sign(&self.0, format!("blendline {purpose}").as_bytes())
    }

    /// HMAC-SHA256 under a key that [`Self::key_for`] gave.
    pub fn sign(key: &[u8; 32], message: &[u8]) -> [u8; 32] {
        sign(key, message)
    }

    /// The key of one account, so that a token of one is nothing to another.
    pub(super) fn key_of(&self, account: u64) -> [u8; 32] {
        sign(&self.0, format!("blendline chat token {account}").as_bytes())
    }
}

#[cfg(test)]
impl ServerSecret {
    pub(crate) fn test() -> Self {
        Self([7; 32])
    }
}

/// HMAC-SHA256.
pub(super) fn sign(key: &[u8], message: &[u8]) -> [u8; 32] {
    // HMAC takes a key of any length, so the zero signature is never reached.
    Hmac::<Sha256>::new_from_slice(key).map_or([0; 32], |mut mac| {
        mac.update(message);
        mac.finalize().into_bytes().into()
    })
}

/// Bytes of the system's randomness.
pub(super) fn random<const N: usize>() -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    let provider = rustls::crypto::ring::default_provider();
    provider.secure_random.fill(&mut bytes).map_err(|_| io::Error::other("the system gives no random numbers"))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_keeps_its_secret() {
        let dir = std::env::temp_dir().join(format!("blendline-chat-secret-{}", std::process::id()));
        fs::create_dir_all(&dir).unwrap();
        let first = ServerSecret::of(&dir).unwrap();
        assert_eq!(first.0, ServerSecret::of(&dir).unwrap().0);
        fs::write(dir.join(FILE), "half").unwrap();
        assert_ne!(first.0, ServerSecret::of(&dir).unwrap().0, "what is no secret is replaced");
        assert_ne!(first.key_of(1), first.key_of(2));
        fs::remove_dir_all(&dir).unwrap();
    }
}
