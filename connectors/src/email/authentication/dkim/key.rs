//! Keys of signers in the DNS (RFC 6376, 3.6), and what they prove.

use ring::signature::{
    ED25519, RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY, UnparsedPublicKey, VerificationAlgorithm,
};

use super::super::tags::{Tags, pieces};
use super::signature::{Algorithm, Signature, bytes};
use crate::email::der::der;

/// RFC 8301, 3.2: shorter ones are no proof.
const RSA_BITS_MIN: usize = 1024;

/// A key of a signer.
#[derive(Debug)]
pub(super) struct Key {
    algorithm: Algorithm,
    public: Vec<u8>,
    /// The domain tries it out (`t=y`): its mails are to be taken as if they were not signed.
    pub(super) is_test: bool,
    /// It does not sign for domains below (`t=s`).
    is_strict: bool,
}

/// Why a key cannot be used.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum NoKey {
    Malformed,
    Revoked,
    /// It is not meant for mail, or not for SHA-256.
    NotForThis,
    TooShort,
}

impl Key {
    /// Reads the text of a key.
    pub(super) fn read(text: &str) -> Result<Self, NoKey> {
        let tags = Tags::read(text).ok_or(NoKey::Malformed)?;
        // The version may be left out, but must come first, or it is a record of something else.
        if tags.get("v").is_some() && tags.first() != Some(("v", "DKIM1")) {
            return Err(NoKey::Malformed);
        }
        let lists = |name, word| tags.get(name).is_none_or(|value| pieces(value).any(|one| one == "*" || one == word));
        let hashes = tags.get("h").is_none_or(|value| pieces(value).any(|one| one == "sha256"));
        if !hashes || !lists("s", "email") {
            return Err(NoKey::NotForThis);
        }
        let algorithm = match tags.get("k").unwrap_or("rsa") {
            "rsa" => Algorithm::RsaSha256,
            "ed25519" => Algorithm::Ed25519Sha256,
            _ => return Err(NoKey::NotForThis),
        };
        let coded = tags.squeezed("p").ok_or(NoKey::Malformed)?;
        if coded.is_empty() {
            return Err(NoKey::Revoked);
        }
        let public = bytes(&coded).ok_or(NoKey::Malformed)?;
        let public = match algorithm {
            Algorithm::RsaSha256 => rsa(&public)?,
            Algorithm::Ed25519Sha256 if public.len() == 32 => public,
            Algorithm::Ed25519Sha256 => return Err(NoKey::Malformed),
        };
        let flag = |name| tags.get("t").is_some_and(|value| pieces(value).any(|one| one == name));
        Ok(Self { algorithm, public, is_test: flag("y"), is_strict: flag("s") })
    }

    /// True where the key may be used for this signature at all.
    pub(super) fn is_for(&self, signature: &Signature) -> bool {
        self.algorithm == signature.algorithm && (!self.is_strict || signature.agent == signature.domain)
    }

    /// True where the signature is over these bytes.
    pub(super) fn proves(&self, signed: &[u8], value: &[u8]) -> bool {
        let (algorithm, hash): (&'static dyn VerificationAlgorithm, _) = match self.algorithm {
            Algorithm::RsaSha256 => (&RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY, None),
            // Ed25519 signs the hash, not the bytes (RFC 8463, 3).
            Algorithm::Ed25519Sha256 => (&ED25519, Some(ring::digest::digest(&ring::digest::SHA256, signed))),
        };
        let message = hash.as_ref().map_or(signed, AsRef::as_ref);
        UnparsedPublicKey::new(algorithm, &self.public).verify(message, value).is_ok()
    }
}

/// The RSA key (PKCS #1) out of what a record has: that itself, or with its kind around it (RFC 5280), as all write it.
fn rsa(bytes: &[u8]) -> Result<Vec<u8>, NoKey> {
    const SEQUENCE: u8 = 0x30;
    const INTEGER: u8 = 0x02;
    const BITS: u8 = 0x03;
    let bare = |bytes| -> Option<(usize, Vec<u8>)> {
        let (SEQUENCE, content, b"") = der(bytes)? else { return None };
        let (INTEGER, modulus, _) = der(content)? else { return None };
        let modulus = &modulus[modulus.iter().take_while(|byte| **byte == 0).count()..];
        let bits = modulus.len() * 8 - modulus.first().map_or(0, |first| first.leading_zeros() as usize);
        Some((bits, bytes.to_vec()))
    };
    let wrapped = |bytes| {
        let (SEQUENCE, content, b"") = der(bytes)? else { return None };
        let (SEQUENCE, _kind, rest) = der(content)? else { return None };
        let (BITS, bits, _) = der(rest)? else { return None };
        bare(bits.strip_prefix(&[0])?)
    };
    let (bits, key) = wrapped(bytes).or_else(|| bare(bytes)).ok_or(NoKey::Malformed)?;
    if bits < RSA_BITS_MIN { Err(NoKey::TooShort) } else { Ok(key) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 512 bits, made for this.
    const SHORT: &str = "v=DKIM1; p=MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAMxL6EK2W4XGIwFGzopU6BZPXx4Fm1NZF9DxTJDKk7yutylNCYTPsId+LZ4soCUhSVF49AxpgL9+detGPDC/+VsCAwEAAQ==";
    const ED25519_KEY: &str = "p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";

    #[test]
    fn keys_that_cannot_be_used_say_why() {
        for (text, expected) in [
            ("v=DKIM1; p=", NoKey::Revoked),
            ("v=DKIM1", NoKey::Malformed),
            ("v=DKIM2; p=AAAA", NoKey::Malformed),
            ("k=rsa; v=DKIM1; p=AAAA", NoKey::Malformed),
            ("k=rsa; p=AAAA", NoKey::Malformed),
            ("k=rsa; p=!", NoKey::Malformed),
            ("k=ed25519; p=AAAA", NoKey::Malformed),
            ("k=dsa; p=AAAA", NoKey::NotForThis),
            ("h=sha1; p=AAAA", NoKey::NotForThis),
            ("s=tlsrpt; p=AAAA", NoKey::NotForThis),
            (SHORT, NoKey::TooShort),
            ("words", NoKey::Malformed),
        ] {
            assert_eq!(Key::read(text).err(), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_a_key_says_of_itself_is_read() {
        let plain = Key::read(&format!("k=ed25519; s=*; h=sha1:sha256; {ED25519_KEY}")).unwrap();
        assert!(!plain.is_test && !plain.is_strict);
        let flags = Key::read(&format!("v=DKIM1; k=ed25519; t = s : y; s=email; {ED25519_KEY}")).unwrap();
        assert!(flags.is_test && flags.is_strict);
    }
}
