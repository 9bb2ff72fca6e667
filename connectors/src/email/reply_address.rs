//! Our own signed reply address: `support+r.CONVERSATION.SIGNATURE@example.com`.
//!
//! The signature covers the conversation *and* the person it was written to, so an address that is guessed, forwarded or
//! found in somebody's mailbox lets nobody else in.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::{Choice, ConstantTimeEq};

use crate::Account;

/// The setting that holds the secret; several, separated by commas, while it is being changed.
pub const SECRET_SETTING: &str = "reply_secret";

/// In place of a person: whoever reports on a mail of ours. What is named then is the mail.
pub const REPORTS: &str = "reports";

/// Separates our mark from the mailbox's name, as mail servers do.
const MARK: &str = "+r.";
/// Bytes of the signature: 80 bits cannot be tried through a mail server.
const SIGNATURE_BYTES: usize = 10;

/// The address to which `peer` shall answer within `conversation`; none without a secret or for odd inputs.
///
/// `mailbox` is the account's own address, `conversation` letters, digits, `-` and `_`.
pub fn mint(account: &Account, mailbox: &str, conversation: &str, peer: &str) -> Option<String> {
    let secret = account.setting_values(SECRET_SETTING).next()?;
    let (local, domain) = mailbox.rsplit_once('@')?;
    let is_plain = |text: &str| {
        !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    let conversation = conversation.to_ascii_lowercase();
    let signature = hex::encode(signature(secret, &conversation, peer));
    let address = format!("{local}{MARK}{conversation}.{signature}@{domain}");
    // RFC 5321, 4.5.3.1: 64 octets for the local part.
    (is_plain(&conversation) && address.len() - domain.len() <= 65).then_some(address)
}

/// The conversation that `address` names, if the account minted it for `sender`.
///
/// Compared without regard to case, for mail servers change it.
pub fn verify(account: &Account, address: &str, sender: &str) -> Option<String> {
    let (conversation, given) = parts(address)?;
    let valid = account
        .setting_values(SECRET_SETTING)
        .fold(Choice::from(0), |any, secret| any | signature(secret, &conversation, sender).ct_eq(&given));
    bool::from(valid).then_some(conversation)
}

/// The mailbox that `address` belongs to, in lower case, if it has the form of a reply address. Proves nothing: the
/// signature is checked together with the sender, who is known only when the mail is read.
pub fn mailbox_of(address: &str) -> Option<String> {
    parts(address)?;
    let lower = address.to_ascii_lowercase();
    let (local, domain) = lower.rsplit_once('@')?;
    let (mailbox, _) = local.rsplit_once(MARK)?;
    Some(format!("{mailbox}@{domain}"))
}

/// The conversation that `address` names. Nothing is proven by that: look it up, then [`verify`].
pub fn named(address: &str) -> Option<String> {
    parts(address).map(|(conversation, _)| conversation)
}

/// True for an address that looks like one of ours.
pub(super) fn is_one(address: &str) -> bool {
    parts(address).is_some()
}

fn parts(address: &str) -> Option<(String, [u8; SIGNATURE_BYTES])> {
    let address = address.to_ascii_lowercase();
    let (local, _) = address.rsplit_once('@')?;
    let (_, token) = local.rsplit_once(MARK)?;
    let (conversation, signature) = token.split_once('.')?;
    let mut bytes = [0; SIGNATURE_BYTES];
    hex::decode_to_slice(signature, &mut bytes).ok()?;
    (!conversation.is_empty()).then(|| (conversation.to_owned(), bytes))
}

fn signature(secret: &str, conversation: &str, peer: &str) -> [u8; SIGNATURE_BYTES] {
    let mut out = [0; SIGNATURE_BYTES];
    // HMAC takes a key of any length; the other branch is never reached, and `verify` has no secret to fold then.
    if let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) {
        mac.update(conversation.as_bytes());
        mac.update(&[0]);
        mac.update(peer.trim().to_lowercase().as_bytes());
        out.copy_from_slice(&mac.finalize().into_bytes()[..SIGNATURE_BYTES]);
    }
    out
}

#[cfg(test)]
mod tests {
    use blendline_wire::AccountId;

    use super::*;
    use crate::Secret;

    fn account(secret: &str) -> Account {
        Account {
            id: AccountId(1),
            name: "support".into(),
            external_id: "support@example.com".into(),
            settings: [(SECRET_SETTING.to_owned(), Secret::from(secret))].into(),
        }
    }

    #[test]
    fn only_the_person_it_was_minted_for_gets_in() {
        let ours = account("s3cret");
        let address = mint(&ours, "support@example.com", "c-123", "Dana@Example.org").unwrap();
        assert!(is_one(&address), "{address}");
        assert_eq!(mailbox_of(&address.to_uppercase()).as_deref(), Some("support@example.com"));
        assert_eq!(mailbox_of("support+r.x@example.com"), None);
        assert_eq!(named(&address).as_deref(), Some("c-123"));
        assert_eq!(verify(&ours, &address, "dana@example.org").as_deref(), Some("c-123"));
        assert_eq!(verify(&ours, &address.to_uppercase(), "DANA@example.org").as_deref(), Some("c-123"));
        assert_eq!(verify(&ours, &address, "mallory@example.org"), None);
        assert_eq!(verify(&ours, &address.replace("c-123", "c-124"), "dana@example.org"), None);
        assert_eq!(verify(&account("other"), &address, "dana@example.org"), None);
        assert_eq!(verify(&account("new, s3cret"), &address, "dana@example.org").as_deref(), Some("c-123"));
        assert_eq!(verify(&account(""), &address, "dana@example.org"), None);
    }

    #[test]
    fn other_addresses_are_none_of_ours() {
        for odd in
            ["", "support@example.com", "a+r.@b", "a+r.x.zz@b", "a+r..00112233445566778899@b", "reply+x.y@b", "+r."]
        {
            assert!(!is_one(odd), "{odd}");
        }
        assert_eq!(mint(&account("s"), "support@example.com", "a b", "x@y"), None);
        assert_eq!(mint(&account("s"), "support@example.com", &"x".repeat(60), "x@y"), None);
    }
}
