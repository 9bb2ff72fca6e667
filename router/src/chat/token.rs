//! Visitors' tokens: who he is, signed by us, for a day.

use blendline_wire::{Millis, Pii};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq as _;

use super::secret::sign;

/// How long a token opens sockets.
const LIFE_MS: u64 = 24 * 60 * 60 * 1000;
/// How long after that it is still exchanged for a new one: whoever comes back within a month finds his conversation.
const RENEWABLE_MS: u64 = 30 * LIFE_MS;
/// The version, so that another form can come later.
const PREFIX: &str = "bct1";

/// Who a visitor is.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(super) struct Visitor {
    /// His address on the account: `anon:` and a random number, or `user:` and the company's id of him.
    pub(super) peer: Pii<String>,
    /// The name that came with a proven identity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<Pii<String>>,
    /// True when the company vouched for him.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) proven: bool,
    /// The mail address that came with a proven identity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) email: Option<Pii<String>>,
    /// The language in which he reads, where his widget said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) lang: Option<String>,
}

impl Visitor {
    /// Somebody new, by 128 random bits.
    pub(super) fn anonymous(random: [u8; 16]) -> Self {
        let peer = Pii::new(format!("anon:{}", hex::encode(random)));
        Self { peer, name: None, proven: false, email: None, lang: None }
    }

    /// Somebody whom the company vouches for: the same on each of his devices.
    pub(super) fn proven(user: &str, name: Option<String>) -> Self {
        let peer = Pii::new(format!("user:{user}"));
        Self { peer, name: name.map(Pii::new), proven: true, email: None, lang: None }
    }
}

#[derive(Deserialize, Serialize)]
struct Payload {
    #[serde(flatten)]
    visitor: Visitor,
    expires_at: Millis,
}

/// A token that is ours.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Opened {
    pub(super) visitor: Visitor,
    pub(super) expires_at: Millis,
}

/// A token for `visitor` and when it ends; an identity is as old as its proof, so its token is renewed only to `until`.
pub(super) fn issue(key: &[u8; 32], visitor: &Visitor, now: Millis, until: Option<Millis>) -> (String, Millis) {
    let expires_at = until.unwrap_or(now.plus(LIFE_MS));
    let payload = Payload { visitor: visitor.clone(), expires_at };
    // Writing these types to memory cannot fail.
    let payload = hex::encode(serde_json::to_vec(&payload).unwrap_or_default());
    let body = format!("{PREFIX}.{payload}");
    let signature = hex::encode(sign(key, body.as_bytes()));
    (format!("{body}.{signature}"), expires_at)
}

/// Reads a token that opens sockets now.
pub(super) fn open(key: &[u8; 32], token: &str, now: Millis) -> Option<Opened> {
    read(key, token).filter(|opened| now < opened.expires_at)
}

/// Reads a token that may be exchanged for a new one.
pub(super) fn renew(key: &[u8; 32], token: &str, now: Millis) -> Option<Opened> {
    read(key, token).filter(|opened| {
        now < opened.expires_at || (!opened.visitor.proven && now < opened.expires_at.plus(RENEWABLE_MS))
    })
}

fn read(key: &[u8; 32], token: &str) -> Option<Opened> {
    let (body, signature) = token.rsplit_once('.')?;
    let mut given = [0; 32];
    hex::decode_to_slice(signature, &mut given).ok()?;
    // The signature first: nothing of strangers' making is parsed.
    if !bool::from(sign(key, body.as_bytes()).ct_eq(&given)) {
        return None;
    }
    let payload = hex::decode(body.strip_prefix(PREFIX)?.strip_prefix('.')?).ok()?;
    let Payload { visitor, expires_at } = serde_json::from_slice(&payload).ok()?;
    Some(Opened { visitor, expires_at })
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: [u8; 32] = [1; 32];
    const NOW: Millis = Millis(1_760_000_000_000);

    #[test]
    fn a_token_opens_for_a_day_and_only_with_its_key() {
        let visitor = Visitor::anonymous([9; 16]);
        let (token, expires_at) = issue(&KEY, &visitor, NOW, None);
        assert_eq!(open(&KEY, &token, NOW), Some(Opened { visitor, expires_at }));
        assert_eq!(open(&KEY, &token, NOW.plus(LIFE_MS)), None);
        assert_eq!(open(&[2; 32], &token, NOW), None);
        assert!(!format!("{:?}", open(&KEY, &token, NOW)).contains("0909"), "who he is, is not shown");
    }

    #[test]
    fn a_changed_token_is_none() {
        let (token, _) = issue(&KEY, &Visitor::anonymous([9; 16]), NOW, None);
        for at in 0..token.len() {
            let mut bytes = token.clone().into_bytes();
            bytes[at] = if bytes[at] == b'0' { b'1' } else { b'0' };
            assert_eq!(open(&KEY, &String::from_utf8(bytes).unwrap(), NOW), None, "changed at {at}");
        }
        for odd in ["", ".", "..", "bct1..", "שלום.ab"] {
            assert_eq!(open(&KEY, odd, NOW), None);
        }
    }

    #[test]
    fn who_comes_back_within_a_month_is_known_and_a_proof_is_not_stretched() {
        let (token, _) = issue(&KEY, &Visitor::anonymous([9; 16]), NOW, None);
        assert!(renew(&KEY, &token, NOW.plus(20 * LIFE_MS)).is_some());
        assert!(renew(&KEY, &token, NOW.plus(32 * LIFE_MS)).is_none());
        let (token, until) = issue(&KEY, &Visitor::proven("7", None), NOW, None);
        assert!(renew(&KEY, &token, until).is_none());
        let opened = renew(&KEY, &token, NOW.plus(5)).unwrap();
        assert_eq!(issue(&KEY, &opened.visitor, NOW.plus(5), Some(opened.expires_at)).1, until);
    }
}
