//! Webhooks between us and a program of the company's own, signed as standardwebhooks.com says, in both directions.
//! No channel of its own.
//!
//! What is signed is `{webhook-id}.{webhook-timestamp}.{body}` under HMAC-SHA256; secrets are base64 after `whsec_`.

pub(crate) mod send;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use blendline_wire::Millis;
use subtle::{Choice, ConstantTimeEq};

use crate::signature::hmac_sha256;
use crate::{Account, Refusal, Setting, SettingKind, Webhook};

const ID: &str = "webhook-id";
const TIMESTAMP: &str = "webhook-timestamp";
const SIGNATURE: &str = "webhook-signature";
const SECRET: &str = "webhook_secret";
/// How far the sender's clock may be from ours, as the standard recommends.
const TOLERANCE_MS: u64 = 5 * 60 * 1000;
/// Old and new secrets make two signatures, perhaps a few more; nobody shall have us compare at length.
const SIGNATURES_MAX: usize = 16;

/// What an account needs to be spoken with in this way: the secret in, and the address out.
pub(crate) const SETTINGS: [Setting; 3] = [
    Setting {
        name: SECRET,
        secret: true,
        doc: "signs webhooks in both directions: whsec_ and base64 of 24 to 64 random bytes; several, separated by commas, while it is being changed: each signs what we send",
        ..Setting::TEXT
    },
    Setting {
        name: "send_url",
        kind: SettingKind::Url,
        doc: "where what is to be sent is posted; without it nothing can be sent",
        ..Setting::TEXT
    },
    Setting {
        name: "receiver_deduplicates",
        kind: SettingKind::Flag,
        default: "false",
        doc: "true only where a second post with the same webhook-id sends nothing a second time: then a post without an answer is repeated, otherwise its outcome stays unknown until it is reported",
        ..Setting::TEXT
    },
];

/// Checks the signature over id, time and raw body. Any of the header's signatures may match any of the secrets.
pub(crate) fn authenticate(account: &Account, hook: &Webhook<'_>) -> Result<(), Refusal> {
    authenticate_by(account.setting_values(SECRET), hook)
}

/// Checks what somebody posts to us who has one of these secrets (`whsec_` and base64), at this time by our clock.
///
/// # Errors
/// When a header is absent or of another form, the time is not about now, or no signature is by one of the secrets.
pub fn check_webhook<'a>(
    secrets: impl Iterator<Item = &'a str>,
    hook: &Webhook<'_>,
    now: Millis,
) -> Result<(), Refusal> {
    check_age(hook, now)?;
    authenticate_by(secrets, hook)
}

fn authenticate_by<'a>(secrets: impl Iterator<Item = &'a str>, hook: &Webhook<'_>) -> Result<(), Refusal> {
    let keys: Vec<Vec<u8>> = secrets.filter_map(key).collect();
    if keys.is_empty() {
        return Err(Refusal::NotConfigured(SECRET));
    }
    let header = |name: &'static str| hook.header(name).ok_or(Refusal::NoSignature(name));
    let (id, timestamp) = (header(ID)?, header(TIMESTAMP)?);
    let given: Vec<Vec<u8>> = header(SIGNATURE)?
        .split_ascii_whitespace()
        .filter_map(|one| BASE64_STANDARD.decode(one.strip_prefix("v1,")?).ok())
        .take(SIGNATURES_MAX)
        .collect();
    if given.is_empty() {
        return Err(Refusal::NoSignature(SIGNATURE));
    }
    // All are tried, so that the time taken tells nothing about which one matched.
    let mut any = Choice::from(0);
    for key in &keys {
        let expected = signature(key, id, timestamp, hook.body);
        any = given.iter().fold(any, |any, one| any | expected.as_slice().ct_eq(one));
    }
    if bool::from(any) { Ok(()) } else { Err(Refusal::WrongSignature(SECRET)) }
}

/// Refuses what was signed at another time than about now.
pub(crate) fn check_age(hook: &Webhook<'_>, now: Millis) -> Result<(), Refusal> {
    let seconds: Option<u64> = hook.header(TIMESTAMP).and_then(|text| text.parse().ok());
    let at = Millis(seconds.ok_or(Refusal::NoSignature(TIMESTAMP))?.saturating_mul(1000));
    if now.since(at).max(at.since(now)) <= TOLERANCE_MS { Ok(()) } else { Err(Refusal::WrongTime(TIMESTAMP)) }
}

/// The headers `webhook-timestamp` and `webhook-signature` of a body that we post; `None` without a usable secret.
fn signed(account: &Account, id: &str, now: Millis, body: &[u8]) -> Option<(String, String)> {
    signed_by(account.setting_values(SECRET), id, now, body)
}

/// The headers of a body that we post as `id`, with a signature by each of these secrets (`whsec_` and base64); `None`
/// where none of them is one.
pub fn sign_webhook<'a>(
    secrets: impl Iterator<Item = &'a str>,
    id: &str,
    now: Millis,
    body: &[u8],
) -> Option<[(&'static str, String); 3]> {
    let (timestamp, signatures) = signed_by(secrets, id, now, body)?;
    Some([(ID, id.to_owned()), (TIMESTAMP, timestamp), (SIGNATURE, signatures)])
}

/// A secret of these random bytes, 24 to 64 of them, in the form that everybody's libraries take.
pub fn webhook_secret(random: &[u8]) -> String {
    format!("whsec_{}", BASE64_STANDARD.encode(random))
}

fn signed_by<'a>(
    secrets: impl Iterator<Item = &'a str>,
    id: &str,
    now: Millis,
    body: &[u8],
) -> Option<(String, String)> {
    let timestamp = (now.0 / 1000).to_string();
    let signatures: Vec<String> = secrets
        .filter_map(key)
        .map(|key| format!("v1,{}", BASE64_STANDARD.encode(signature(&key, id, &timestamp, body))))
        .collect();
    (!signatures.is_empty()).then(|| (timestamp, signatures.join(" ")))
}

fn signature(key: &[u8], id: &str, timestamp: &str, body: &[u8]) -> [u8; 32] {
    hmac_sha256(key, &[id.as_bytes(), b".", timestamp.as_bytes(), b".", body])
}

/// The bytes of a secret; `None` for one that is no base64 or empty, which checks nothing.
fn key(secret: &str) -> Option<Vec<u8>> {
    let text = secret.strip_prefix("whsec_").unwrap_or(secret);
    BASE64_STANDARD.decode(text).ok().filter(|key| !key.is_empty())
}

#[cfg(test)]
mod tests {
    use blendline_wire::AccountId;
    use http::{HeaderMap, HeaderValue};

    use super::*;
    use crate::Secret;

    /// The example of the standard's own libraries.
    const EXAMPLE: (&str, &str, &str, &str, &[u8]) = (
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "1614265330",
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        br#"{"test": 2432232314}"#,
    );

    fn account(secrets: &str) -> Account {
        Account {
            id: AccountId(1),
            name: "shop".into(),
            external_id: "shop".into(),
            settings: [(SECRET.to_owned(), Secret::from(secrets))].into(),
        }
    }

    fn headers(id: &str, timestamp: &str, signature: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in [(ID, id), (TIMESTAMP, timestamp), (SIGNATURE, signature)] {
            headers.insert(name, HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    #[test]
    fn the_example_of_the_standard_is_believed() {
        let (secret, id, timestamp, right, body) = EXAMPLE;
        let ask = |secrets: &str, signature: &str, body: &[u8]| {
            let headers = headers(id, timestamp, signature);
            authenticate(&account(secrets), &Webhook { headers: &headers, query: "", body })
        };
        assert_eq!(ask(secret, right, body), Ok(()));
        assert_eq!(ask(&format!("whsec_AAAA,{secret}"), &format!("v1,AAAA v1a,x {right}"), body), Ok(()));
        assert_eq!(ask(secret, right, b"{}"), Err(Refusal::WrongSignature(SECRET)));
        assert_eq!(ask("whsec_AAAA", right, body), Err(Refusal::WrongSignature(SECRET)));
        assert_eq!(ask(secret, &right[3..], body), Err(Refusal::NoSignature(SIGNATURE)));
        assert_eq!(ask("whsec_!", right, body), Err(Refusal::NotConfigured(SECRET)));
        assert_eq!(ask("whsec_", right, body), Err(Refusal::NotConfigured(SECRET)));
    }

    #[test]
    fn an_old_signature_is_refused() {
        let (_, id, timestamp, right, body) = EXAMPLE;
        let check = |timestamp: &str, now_s: u64| {
            check_age(&Webhook { headers: &headers(id, timestamp, right), query: "", body }, Millis(now_s * 1000))
        };
        let at = 1_614_265_330;
        for now in [at - 300, at, at + 300] {
            assert_eq!(check(timestamp, now), Ok(()));
        }
        for now in [0, at - 301, at + 301, u64::MAX / 1000] {
            assert_eq!(check(timestamp, now), Err(Refusal::WrongTime(TIMESTAMP)));
        }
        assert_eq!(check("soon", at), Err(Refusal::NoSignature(TIMESTAMP)));
        assert_eq!(check("-5", at), Err(Refusal::NoSignature(TIMESTAMP)));
    }

    #[test]
    fn what_we_sign_we_believe() {
        let account = account("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw, c2Vjb25k");
        let (timestamp, signature) = signed(&account, "out_1", Millis(1_614_265_330_123), b"x").unwrap();
        assert_eq!((timestamp.as_str(), signature.matches("v1,").count()), ("1614265330", 2));
        let headers = headers("out_1", &timestamp, &signature);
        assert_eq!(authenticate(&account, &Webhook { headers: &headers, query: "", body: b"x" }), Ok(()));
    }
}
