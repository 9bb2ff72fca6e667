//! Proof to X that we speak for the account: OAuth 1.0a (RFC 5849), whose tokens do not expire, or a bearer token of
//! OAuth 2.0 that somebody else keeps fresh.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use blendline_wire::Millis;
use blendline_wire::outbound::SendFailure;
use reqwest::Url;
use sha2::{Digest, Sha256};

use crate::signature::hmac_sha1;
use crate::{Account, call};

/// The header `Authorization` of one call of an address without a query. A body of JSON is not part of what is signed.
/// `what` names the call: the same one is never made twice at the same time.
pub(super) fn authorization(
    account: &Account,
    method: &str,
    url: &Url,
    what: &str,
    now: Millis,
) -> Result<String, SendFailure> {
    let token = call::credential(account, "access_token")?;
    let Some(token_secret) = account.setting("access_token_secret") else {
        return Ok(format!("Bearer {token}"));
    };
    let consumer_key = call::credential(account, "consumer_key")?;
    // Of several secrets the first is the one in use.
    let consumer_secret = account.setting_values("consumer_secret").next().unwrap_or_default();
    let once = Sha256::digest(format!("{what}:{}", now.0));
    let nonce = hex::encode(&once[..16]);
    let at = (now.0 / 1000).to_string();
    let fields = [
        ("oauth_consumer_key", consumer_key),
        ("oauth_nonce", &nonce),
        ("oauth_signature_method", "HMAC-SHA1"),
        ("oauth_timestamp", &at),
        ("oauth_token", token),
        ("oauth_version", "1.0"),
    ];
    let signature = sign(method, url.as_str(), &fields, consumer_secret, token_secret);
    let mut header = String::from("OAuth ");
    for (name, value) in fields {
        header.push_str(&format!("{name}=\"{}\", ", escaped(value)));
    }
    header.push_str(&format!("oauth_signature=\"{}\"", escaped(&signature)));
    Ok(header)
}

/// The signature over method, address and fields, which must be in order of their names (RFC 5849, 3.4).
fn sign(method: &str, url: &str, fields: &[(&str, &str)], consumer_secret: &str, token_secret: &str) -> String {
    let pairs: Vec<String> =
        fields.iter().map(|(name, value)| format!("{}={}", escaped(name), escaped(value))).collect();
    let base = format!("{method}&{}&{}", escaped(url), escaped(&pairs.join("&")));
    let key = format!("{}&{}", escaped(consumer_secret), escaped(token_secret));
    BASE64_STANDARD.encode(hmac_sha1(&key, &[base.as_bytes()]))
}

/// Percent-encodes everything but the unreserved (RFC 5849, 3.6), stricter than forms do.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_the_documented_one() {
        // The example of the platform's page "Creating a signature".
        let fields = [
            ("include_entities", "true"),
            ("oauth_consumer_key", "xvz1evFS4wEEPTGEFPHBog"),
            ("oauth_nonce", "kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg"),
            ("oauth_signature_method", "HMAC-SHA1"),
            ("oauth_timestamp", "1318622958"),
            ("oauth_token", "370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb"),
            ("oauth_version", "1.0"),
            ("status", "Hello Ladies + Gentlemen, a signed OAuth request!"),
        ];
        let signature = sign(
            "POST",
            "https://api.twitter.com/1.1/statuses/update.json",
            &fields,
            "kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw",
            "LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE",
        );
        assert_eq!(signature, "hCtSmYh+iHYCEqBWrE7C7hYmtUk=");
    }
}
