//! How accounts are, by what platforms answer; written down when it changes.

use blendline_core::{Command, Input};
use blendline_wire::event::{Actor, EventKind};
use blendline_wire::outbound::SendOutcome;
use blendline_wire::{AccountId, TenantId};

use crate::accounts::{AccountHealth, AccountState};
use crate::driver::step::Stepper;

impl Stepper<'_> {
    /// Takes up what the outcome of an attempt tells of its account.
    pub(crate) fn note_health(&mut self, tenant: TenantId, account: AccountId, outcome: &SendOutcome) {
        let Some(state) = AccountState::of(outcome) else { return };
        if self.overlay.health.insert(account, state) == Some(state) {
            return;
        }
        let cause = match outcome {
            SendOutcome::Retry { cause, .. } | SendOutcome::AccountDown { cause } => Some(cause),
            _ => None,
        };
        let detail = cause.map(|cause| cause.detail.clone()).unwrap_or_default();
        let reason = cause.map(|cause| cause.reason.clone()).unwrap_or_default();
        self.put_entry(AccountHealth { state, detail, since: self.now() }.entry(tenant, account));
        let kind = Box::new(EventKind::AccountHealth { account, state: state.as_str().to_owned(), reason });
        let command = Command::Record { tenant, account: Some(account), conversation: None, kind };
        self.step(Input::new(Actor::Platform, command));
    }
}
