//! `blendline sign`: what Meta's platforms put into X-Hub-Signature-256.

use std::path::Path;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// Prints the signature of a body.
pub(super) fn run(secret: &str, file: &Path) -> anyhow::Result<()> {
    let body = super::read_input(file)?;
    let signature = signature(secret, &body)?;
    super::print(|out| Ok(writeln!(out, "{signature}")?))
}

/// The header's value: `sha256=` and the HMAC over the raw bytes.
pub(super) fn signature(secret: &str, body: &[u8]) -> anyhow::Result<String> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes())?;
    mac.update(body);
    Ok(format!("sha256={}", hex::encode(mac.finalize().into_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_the_platforms() {
        // The example of RFC 4231, test case 2.
        let found = signature("Jefe", b"what do ya want for nothing?").unwrap();
        assert_eq!(found, "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    }
}
