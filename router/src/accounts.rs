//! How an account is: a closed set of states, each with a sentence that a person understands.
//!
//! What the platform answers to our messages tells it, so an account of which nothing was ever sent is `unknown`. It is
//! written down when it changes, in the commit that took the answer in.

use blendline_wire::outbound::SendOutcome;
use blendline_wire::{AccountId, Millis, Pii, TenantId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::ports::register::{self, Entry, Kind};

/// How an account is.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AccountState {
    /// Nothing was sent yet.
    Unknown,
    /// The platform takes our messages.
    Fine,
    /// The platform asks us to slow down.
    Limited,
    /// The platform cannot be reached.
    Unreachable,
    /// The platform refuses the credentials.
    CredentialsRefused,
    /// A setting is wrong.
    Misconfigured,
    /// The platform has locked the account.
    Locked,
}

impl AccountState {
    /// What an outcome tells; none where it tells nothing of the account.
    pub fn of(outcome: &SendOutcome) -> Option<Self> {
        Some(match outcome {
            // Whoever refuses one message has read it.
            SendOutcome::Sent { .. } => Self::Fine,
            SendOutcome::Failed { cause } => match cause.reason.as_str() {
                "no_consent" | "unknown_account" | "unknown_channel" | "window_closed" | "parameter" => return None,
                _ => Self::Fine,
            },
            SendOutcome::Retry { cause, .. } => match cause.reason.as_str() {
                "rate_limited" => Self::Limited,
                "unreachable" => Self::Unreachable,
                _ => return None,
            },
            SendOutcome::AccountDown { cause } => match cause.reason.as_str() {
                "credentials" | "permission" => Self::CredentialsRefused,
                "account_locked" | "policy" | "spam" | "payment" => Self::Locked,
                _ => Self::Misconfigured,
            },
            SendOutcome::Unknown { .. } => return None,
        })
    }

    /// What the platform's answer to a call that changes nothing tells; `None` where it did not answer at all.
    pub const fn of_probe(status: Option<u16>) -> Self {
        match status {
            None => Self::Unreachable,
            Some(200..=299) => Self::Fine,
            Some(400 | 401 | 403) => Self::CredentialsRefused,
            Some(404) => Self::Misconfigured,
            Some(429) => Self::Limited,
            // It has troubles of its own.
            Some(_) => Self::Unreachable,
        }
    }

    /// The sentence for people, with the cure.
    pub const fn says(self) -> &'static str {
        match self {
            Self::Unknown => "Nothing was sent yet, so nothing is known: `blendline connect check` looks at it.",
            Self::Fine => "The platform takes our messages.",
            Self::Limited => "The platform asks us to slow down; messages wait and leave one after the other.",
            Self::Unreachable => {
                "The platform cannot be reached; messages wait and are tried again. Look at the network."
            }
            Self::CredentialsRefused => {
                "The platform refuses our credentials. Set new ones in the configuration and restart; messages wait."
            }
            Self::Misconfigured => "A setting of the account is wrong. Correct it and restart; messages wait.",
            Self::Locked => {
                "The platform has locked the account. See to it in the platform's own console; messages wait."
            }
        }
    }

    /// Its name in events.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Fine => "fine",
            Self::Limited => "limited",
            Self::Unreachable => "unreachable",
            Self::CredentialsRefused => "credentials_refused",
            Self::Misconfigured => "misconfigured",
            Self::Locked => "locked",
        }
    }
}

/// How an account is, and since when.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct AccountHealth {
    /// How it is.
    pub state: AccountState,
    /// What the platform's answer meant, in a sentence; empty while all is well.
    #[serde(default)]
    pub detail: String,
    /// Since when.
    pub since: Millis,
}

impl AccountHealth {
    /// Reads an entry of the register.
    pub fn read(entry: &Entry) -> Option<Self> {
        Self::deserialize(entry.body.expose()).ok()
    }

    /// The entry of the register.
    pub fn entry(&self, tenant: TenantId, account: AccountId) -> Entry {
        let body = Pii::new(serde_json::to_value(self).unwrap_or_default());
        Entry { kind: Kind::Account, key: key(tenant, account), tenant, at: self.since, body }
    }
}

/// Where the register has an account.
pub fn key(tenant: TenantId, account: AccountId) -> register::Key {
    register::key(Kind::Account, tenant, &[&account.0.to_string()])
}

#[cfg(test)]
mod tests {
    use blendline_wire::outbound::SendFailure;

    use super::*;

    #[test]
    fn every_answer_tells_how_the_account_is_or_nothing() {
        let cause = |reason| SendFailure::new(reason, "");
        let state = |outcome| AccountState::of(&outcome);
        assert_eq!(state(SendOutcome::Sent { external_id: "x".into() }), Some(AccountState::Fine));
        assert_eq!(state(SendOutcome::Failed { cause: cause("undeliverable") }), Some(AccountState::Fine));
        assert_eq!(state(SendOutcome::Failed { cause: cause("no_consent") }), None);
        assert_eq!(state(SendOutcome::Unknown { cause: cause("timeout") }), None);
        for (reason, expected) in [
            ("credentials", AccountState::CredentialsRefused),
            ("account_locked", AccountState::Locked),
            ("configuration", AccountState::Misconfigured),
            ("something new", AccountState::Misconfigured),
        ] {
            assert_eq!(state(SendOutcome::AccountDown { cause: cause(reason) }), Some(expected));
        }
        let health = AccountHealth { state: AccountState::Locked, detail: "x".into(), since: Millis(1) };
        assert_eq!(AccountHealth::read(&health.entry(TenantId(1), AccountId(2))), Some(health));
    }

    #[test]
    fn every_answer_to_a_probe_is_a_state() {
        let states = [None, Some(200), Some(401), Some(404), Some(429), Some(503)].map(AccountState::of_probe);
        let expected = [
            AccountState::Unreachable,
            AccountState::Fine,
            AccountState::CredentialsRefused,
            AccountState::Misconfigured,
            AccountState::Limited,
            AccountState::Unreachable,
        ];
        assert_eq!(states, expected);
    }

    #[test]
    fn names_are_those_of_the_json() {
        for state in [AccountState::Unknown, AccountState::CredentialsRefused, AccountState::Fine] {
            assert_eq!(serde_json::to_value(state).unwrap(), state.as_str());
            assert!(!state.says().is_empty());
        }
    }
}
