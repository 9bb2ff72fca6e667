//! Comparing secrets and signatures in constant time; the same few lines for every platform.

use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::Sha256;
use subtle::{Choice, ConstantTimeEq};

use crate::{Account, Refusal, Webhook};

/// HMAC-SHA256 of `parts`, one after the other.
pub(crate) fn hmac_sha256(secret: impl AsRef<[u8]>, parts: &[&[u8]]) -> [u8; 32] {
    // HMAC takes a key of any length; the zero signature is never reached and would match nothing.
    Hmac::<Sha256>::new_from_slice(secret.as_ref()).map_or([0; 32], |mut mac| {
        parts.iter().for_each(|part| mac.update(part));
        mac.finalize().into_bytes().into()
    })
}

/// HMAC-SHA1 of `parts`, one after the other: weak as a hash, sound as an HMAC, and all that Twilio offers.
pub(crate) fn hmac_sha1(secret: &str, parts: &[&[u8]]) -> [u8; 20] {
    Hmac::<Sha1>::new_from_slice(secret.as_bytes()).map_or([0; 20], |mut mac| {
        parts.iter().for_each(|part| mac.update(part));
        mac.finalize().into_bytes().into()
    })
}

/// True when any value of the setting `name` makes `given`; all are tried, so that a secret can be changed without a
/// gap and the time taken tells nothing about which one matched.
pub(crate) fn any_secret(
    account: &Account,
    name: &'static str,
    mut matches: impl FnMut(&str) -> Choice,
) -> Result<(), Refusal> {
    let mut secrets = account.setting_values(name).peekable();
    if secrets.peek().is_none() {
        return Err(Refusal::NotConfigured(name));
    }
    let any = secrets.fold(Choice::from(0), |any, secret| any | matches(secret));
    if bool::from(any) { Ok(()) } else { Err(Refusal::WrongSignature(name)) }
}

/// Checks a header that holds the secret itself.
pub(crate) fn bare_secret(
    account: &Account,
    setting: &'static str,
    hook: &Webhook<'_>,
    header: &'static str,
) -> Result<(), Refusal> {
    if account.setting(setting).is_none() {
        return Err(Refusal::NotConfigured(setting));
    }
    let given = hook.header(header).ok_or(Refusal::NoSignature(header))?;
    any_secret(account, setting, |secret| secret.as_bytes().ct_eq(given.as_bytes()))
}

/// The value of the query parameter `name`; a refusal where it is absent or empty.
pub(crate) fn parameter<'a>(query: &'a [(String, String)], name: &'static str) -> Result<&'a str, Refusal> {
    let value = query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    value.filter(|value| !value.is_empty()).ok_or(Refusal::NoHandshake(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_are_the_documented_ones() {
        // RFC 4231 and RFC 2202, test case 2 each.
        let text: [&[u8]; 2] = [b"what do ya want ", b"for nothing?"];
        assert_eq!(
            hex::encode(hmac_sha256("Jefe", &text)),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
        assert_eq!(hex::encode(hmac_sha1("Jefe", &text)), "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
    }
}
