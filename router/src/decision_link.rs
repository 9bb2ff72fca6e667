//! A signed link to one decision, for whoever is asked and is not at his desk. It shows what is asked and decides nothing:
//! that takes a proof of who he is.

use blendline_wire::{DecisionId, Millis, TenantId};
use subtle::ConstantTimeEq as _;

use crate::chat::ServerSecret;

/// The version of the form, so that another can come later.
const PREFIX: &str = "bdl1";
/// Tenant, decision and end.
const BODY_BYTES: usize = 8 + 16 + 8;

/// What a link is about.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct DecisionLink {
    /// Whose.
    pub tenant: TenantId,
    /// The decision.
    pub decision: DecisionId,
    /// Until when it shows anything.
    pub until: Millis,
}

/// What makes links and reads them.
#[derive(Clone)]
pub struct DecisionLinks {
    key: [u8; 32],
}

impl DecisionLinks {
    /// By the secret of this installation, and for this purpose alone: no other link of ours is one of these.
    pub fn new(secret: &ServerSecret) -> Self {
        Self { key: secret.key_for("decision link") }
    }

    /// The text of a link: letters, digits and nothing that an address or a sign-in would have to write otherwise.
    pub fn write(&self, link: &DecisionLink) -> String {
        let mut body = [0; BODY_BYTES];
        body[..8].copy_from_slice(&link.tenant.0.to_be_bytes());
        body[8..24].copy_from_slice(&link.decision.0.to_be_bytes());
        body[24..].copy_from_slice(&link.until.0.to_be_bytes());
        format!("{PREFIX}{}{}", hex::encode(body), hex::encode(ServerSecret::sign(&self.key, &body)))
    }

    /// What a link is about; nothing where it is not ours, or its time is over.
    pub fn read(&self, text: &str, now: Millis) -> Option<DecisionLink> {
        let mut bytes = [0; BODY_BYTES + 32];
        hex::decode_to_slice(text.strip_prefix(PREFIX)?, &mut bytes).ok()?;
        let (body, signature) = bytes.split_at(BODY_BYTES);
        if !bool::from(signature.ct_eq(&ServerSecret::sign(&self.key, body))) {
            return None;
        }
        let link = DecisionLink {
            tenant: TenantId(u64::from_be_bytes(body[..8].try_into().ok()?)),
            decision: DecisionId(u128::from_be_bytes(body[8..24].try_into().ok()?)),
            until: Millis(u64::from_be_bytes(body[24..].try_into().ok()?)),
        };
        (now < link.until).then_some(link)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_read_until_it_ends_and_never_when_it_was_changed() {
        let links = DecisionLinks { key: [7; 32] };
        let link = DecisionLink { tenant: TenantId(3), decision: DecisionId(u128::MAX - 5), until: Millis(1_000) };
        let text = links.write(&link);
        assert_eq!(links.read(&text, Millis(999)), Some(link));
        assert_eq!(links.read(&text, Millis(1_000)), None);
        assert_eq!(DecisionLinks { key: [8; 32] }.read(&text, Millis(1)), None);
        for at in 0..text.len() {
            let mut other = text.clone().into_bytes();
            other[at] = if other[at] == b'0' { b'1' } else { b'0' };
            let other = String::from_utf8(other).unwrap();
            assert_eq!(links.read(&other, Millis(1)), None, "changed at {at}");
        }
        for text in ["", PREFIX, "bst1.7b22", &"a".repeat(5_000), &format!("{text}00")] {
            assert_eq!(links.read(text, Millis(1)), None);
        }
        // What a company's sign-in may come back to.
        assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric()) && text.len() < 180);
    }
}
