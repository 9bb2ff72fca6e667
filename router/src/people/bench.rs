//! Argon2id in memory that is kept: what one hash takes, the next one uses again.
//!
//! Taken and given back each time, these 19 MiB stay in whatever corner of the allocator they came from: 20 sign-ins one
//! after the other left 0.9 GB behind on a pool of threads, and 0.3 GB on two.

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};

use super::password::HashError;
use super::random;

/// Memory in KiB, passes and lanes: OWASP's Password Storage Cheat Sheet, Argon2id (19 MiB, 2, 1).
const COST: (u32, u32, u32) = (19 * 1024, 2, 1);
/// Bytes of salt, and of a hash.
const SALT_BYTES: usize = 16;
const HASH_BYTES: usize = 32;

/// Where hashes are computed, one after the other.
#[derive(Default)]
pub(super) struct Bench {
    memory: Vec<Block>,
}

impl Bench {
    /// The hash of a password, in PHC form, salted.
    pub(super) fn hash(&mut self, password: &[u8]) -> Result<String, HashError> {
        let (memory, passes, lanes) = COST;
        let params = Params::new(memory, passes, lanes, Some(HASH_BYTES)).map_err(|_| HashError::Broken)?;
        let salt = Salt::new(&random::<SALT_BYTES>().map_err(|_| HashError::Broken)?).map_err(|_| HashError::Broken)?;
        let mut out = [0; HASH_BYTES];
        let written = ParamsString::try_from(&params).map_err(|_| HashError::Broken)?;
        self.compute(Argon2::new(Algorithm::Argon2id, Version::V0x13, params), password, &salt, &mut out)?;
        let hash = PasswordHash {
            algorithm: Algorithm::Argon2id.ident(),
            version: Some(Version::V0x13.into()),
            params: written,
            salt: Some(salt),
            hash: Some(Output::new(&out).map_err(|_| HashError::Broken)?),
        };
        Ok(hash.to_string())
    }

    /// Whether the password is that of `hash`, compared in a time that does not tell where they differ.
    pub(super) fn matches(&mut self, password: &[u8], hash: &str) -> bool {
        self.again(password, hash).unwrap_or(false)
    }

    /// Computes a hash as a known one was; `None` when it is none.
    fn again(&mut self, password: &[u8], hash: &str) -> Option<bool> {
        let known = PasswordHash::new(hash).ok()?;
        let (salt, expected) = (known.salt?, known.hash?);
        let algorithm = Algorithm::try_from(known.algorithm.as_str()).ok()?;
        let version = Version::try_from(known.version?).ok()?;
        let params = Params::try_from(&known).ok()?;
        let mut buffer = [0; Output::MAX_LENGTH];
        let out = buffer.get_mut(..expected.len())?;
        self.compute(Argon2::new(algorithm, version, params), password, &salt, out).ok()?;
        Some(Output::new(out).ok()? == expected)
    }

    fn compute(&mut self, argon: Argon2<'_>, password: &[u8], salt: &[u8], out: &mut [u8]) -> Result<(), HashError> {
        let blocks = argon.params().block_count();
        if self.memory.len() < blocks {
            self.memory.resize(blocks, Block::new());
        }
        argon.hash_password_into_with_memory(password, salt, out, &mut self.memory).map_err(|_| HashError::Broken)
    }
}

#[cfg(test)]
mod tests {
    use argon2::password_hash::PasswordHasher as _;

    use super::*;

    #[test]
    fn a_hash_is_as_the_crate_makes_it_and_the_memory_is_used_again() {
        let (good, bad) = ("סיסמה טובה".as_bytes(), "סיסמה רעה".as_bytes());
        let mut bench = Bench::default();
        let own = bench.hash(good).unwrap();
        let place = bench.memory.as_ptr();
        let cheap = Argon2::new(Algorithm::Argon2i, Version::V0x10, Params::new(64, 1, 2, Some(24)).unwrap());
        for known in [own, cheap.hash_password(good).unwrap().to_string()] {
            assert!(bench.matches(good, &known), "{known}");
            assert!(!bench.matches(bad, &known), "{known}");
        }
        let (one, other) = (bench.hash(good).unwrap(), bench.hash(good).unwrap());
        assert!(one.starts_with("$argon2id$v=19$m=19456,t=2,p=1$") && one != other, "{one}");
        for odd in ["", "$argon2id$v=19$m=19456,t=2,p=1$", "$scrypt$ln=1$c29tZXNhbHQ$YWJjZGVmZ2hpamtsbW5vcA", "plain"] {
            assert!(!bench.matches(good, odd), "{odd}");
        }
        assert_eq!(bench.memory.as_ptr(), place);
    }
}
