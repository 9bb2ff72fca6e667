//! Proof that LinkedIn speaks, and ours that we know the secret.

use serde_json::json;
use subtle::ConstantTimeEq;

use crate::signature::{any_secret, hmac_sha256, parameter};
use crate::{Account, Refusal, Webhook};

const HEADER: &str = "X-LI-Signature";
/// Stands before the body in what is signed, and in some captures before the signature in the header.
const PREFIX: &str = "hmacsha256=";
const SETTING: &str = "client_secret";
/// Longer codes are not LinkedIn's; what is echoed to strangers is kept small.
const CODE_BYTES_MAX: usize = 256;

/// Answers a challenge. The first secret answers, as the platform knows one only.
pub(super) fn handshake(account: &Account, query: &[(String, String)]) -> Result<String, Refusal> {
    let code = parameter(query, "challengeCode")?;
    if CODE_BYTES_MAX < code.len() {
        return Err(Refusal::NoHandshake("challengeCode of a documented length"));
    }
    let secret = account.setting_values(SETTING).next().ok_or(Refusal::NotConfigured(SETTING))?;
    let answer = hex::encode(hmac_sha256(secret, &[code.as_bytes()]));
    Ok(json!({ "challengeCode": code, "challengeResponse": answer }).to_string())
}

/// Checks the signature over the raw body.
pub(super) fn authenticate(account: &Account, hook: &Webhook<'_>) -> Result<(), Refusal> {
    if account.setting(SETTING).is_none() {
        return Err(Refusal::NotConfigured(SETTING));
    }
    let header = hook.header(HEADER).ok_or(Refusal::NoSignature(HEADER))?;
    let mut given = [0; 32];
    hex::decode_to_slice(header.strip_prefix(PREFIX).unwrap_or(header), &mut given)
        .map_err(|_| Refusal::NoSignature(HEADER))?;
    any_secret(account, SETTING, |secret| hmac_sha256(secret, &[PREFIX.as_bytes(), hook.body]).ct_eq(&given))
}
