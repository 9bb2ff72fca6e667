//! One account of the channel, ready for use.

use blendline_rules::Calendar;
use blendline_wire::{AccountId, Millis, TenantId};
use subtle::{Choice, ConstantTimeEq as _};

use super::secret::{ServerSecret, sign};
use crate::directory::{AccountEntry, Directory};
use crate::driver::keys::{self, Key};

/// An account with a chat.
pub(super) struct Site {
    pub(super) account: AccountId,
    pub(super) tenant: TenantId,
    /// Its own id of itself, as events bear it.
    pub(super) external_id: String,
    /// The pages that may carry the widget.
    pub(super) origins: Vec<String>,
    /// Whether a session needs a browser that names its page.
    pub(super) require_origin: bool,
    /// What visitors see instead of workers' names.
    pub(super) agent_name: Option<String>,
    /// Whether a visitor who is gone is answered by mail.
    pub(super) hands_over: bool,
    /// When somebody serves, where that is not always.
    hours: Option<Calendar>,
    identity_secrets: Vec<String>,
    token_key: [u8; 32],
}

/// What became of an identity that was shown.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Proof {
    /// The company vouches for it.
    Proven,
    /// Somebody else made it.
    Forged,
    /// The account has no secret to check with.
    NotConfigured,
}

impl Site {
    /// The chat of `entry`.
    pub(super) fn new(entry: &AccountEntry, directory: &Directory, secret: &ServerSecret) -> Self {
        let account = &entry.account;
        let owned = |name: &str| account.setting_values(name).map(str::to_owned).collect();
        let number = account.id.0;
        let token_key = match account.setting("token_secret") {
            Some(own) => sign(own.as_bytes(), format!("blendline chat token {number}").as_bytes()),
            None => secret.key_of(number),
        };
        Self {
            account: account.id,
            tenant: entry.tenant,
            external_id: account.external_id.clone(),
            origins: owned("allowed_origins"),
            require_origin: account.setting("require_origin") != Some("false"),
            agent_name: account.setting("agent_name").map(str::to_owned),
            hands_over: directory.mails_for(account.id).is_some(),
            hours: directory.hours_of(entry.class.queue).cloned(),
            identity_secrets: owned("identity_secret"),
            token_key,
        }
    }

    /// True outside the hours of those who serve.
    pub(super) fn is_away(&self, now: Millis) -> bool {
        self.hours.as_ref().is_some_and(|hours| !hours.is_open(now))
    }

    /// What the tokens of this account are signed with.
    pub(super) const fn token_key(&self) -> &[u8; 32] {
        &self.token_key
    }

    /// Whether the company made this signature of `user`.
    pub(super) fn prove(&self, user: &str, signature: &str) -> Proof {
        if self.identity_secrets.is_empty() {
            return Proof::NotConfigured;
        }
        let mut given = [0; 32];
        if hex::decode_to_slice(signature, &mut given).is_err() {
            return Proof::Forged;
        }
        // No early exit: the time taken tells nothing about which secret matched.
        let matches = self
            .identity_secrets
            .iter()
            .fold(Choice::from(0), |any, secret| any | sign(secret.as_bytes(), user.as_bytes()).ct_eq(&given));
        if bool::from(matches) { Proof::Proven } else { Proof::Forged }
    }

    /// The address of a visitor, hashed as the driver hashes it.
    pub(super) fn address(&self, peer: &str) -> Key {
        keys::address(self.tenant, self.account, peer, None)
    }
}
