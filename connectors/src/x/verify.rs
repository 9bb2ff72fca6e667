//! Proof that X speaks, and ours that we know the secret.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::json;
use subtle::ConstantTimeEq;

use crate::signature::{any_secret, hmac_sha256, parameter};
use crate::{Account, Refusal, Webhook};

const HEADER: &str = "x-twitter-webhooks-signature";
const PREFIX: &str = "sha256=";
const SETTING: &str = "consumer_secret";
/// Longer tokens are not X's; nobody shall have us hash at length.
const TOKEN_BYTES_MAX: usize = 256;

/// Answers a challenge. The first secret answers, as X knows one only.
pub(crate) fn handshake(account: &Account, query: &[(String, String)]) -> Result<String, Refusal> {
    let token = parameter(query, "crc_token")?;
    if TOKEN_BYTES_MAX < token.len() {
        return Err(Refusal::NoHandshake("crc_token of a documented length"));
    }
    let secret = account.setting_values(SETTING).next().ok_or(Refusal::NotConfigured(SETTING))?;
    let answer = BASE64_STANDARD.encode(hmac_sha256(secret, &[token.as_bytes()]));
    Ok(json!({ "response_token": format!("{PREFIX}{answer}") }).to_string())
}

/// Checks the signature over the raw body.
pub(crate) fn authenticate(account: &Account, hook: &Webhook<'_>) -> Result<(), Refusal> {
    if account.setting(SETTING).is_none() {
        return Err(Refusal::NotConfigured(SETTING));
    }
    let header =
        hook.header(HEADER).and_then(|value| value.strip_prefix(PREFIX)).ok_or(Refusal::NoSignature(HEADER))?;
    let given = BASE64_STANDARD.decode(header).map_err(|_| Refusal::NoSignature(HEADER))?;
    any_secret(account, SETTING, |secret| hmac_sha256(secret, &[hook.body]).ct_eq(given.as_slice()))
}
