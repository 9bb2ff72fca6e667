//! Calls that change the register: consent, who is who, and what became known beside the core.

use blendline_core::{Answer, Command};
use blendline_wire::event::EventKind;

use crate::consent::{self, Consents};
use crate::driver::calls::Prepared;
use crate::driver::media;
use crate::driver::step::Stepper;
use crate::handle::{Call, CallError, CallResult};
use crate::persons;

impl Stepper<'_> {
    /// The event and the entries of such a call, or its answer when there is nothing to do.
    pub(crate) fn noted(&self, call: Call) -> Result<Prepared, CallResult> {
        let (tenant, account, conversation, kind, entries) = match call {
            Call::Consent { tenant, medium, address, purpose, said } => {
                let known = self.overlay.entry(&consent::subject(tenant, &medium, address.expose()));
                let known = known.and_then(Consents::read);
                let mut consents = known.unwrap_or_else(|| Consents::of(&medium, address.expose()));
                if !consents.take(&purpose, said.clone()) {
                    return Err(Ok(Answer::Done));
                }
                let entries = vec![consents.entry(tenant, self.now())];
                (tenant, None, None, Box::new(consents.event(tenant, &purpose, &said)), entries)
            }
            Call::Link { tenant, one, other, mut change } => {
                change.at = self.now();
                let joined = change.joined;
                let known = self.overlay.entry(&persons::link_key(tenant, &one, &other));
                let Some(ends) = persons::changed(known, tenant, (&one, &other), change) else {
                    return Err(Ok(Answer::Done));
                };
                let (one, other) = (one.mark(tenant), other.mark(tenant));
                let kind = Box::new(EventKind::PersonsLinked { one, other, joined });
                (tenant, None, None, kind, ends.into())
            }
            Call::Note { account, conversation, kind, mut entry } => {
                entry.at = self.now();
                let entries = media::referring(&entry).into_iter().chain([(*entry).clone()]).collect();
                (entry.tenant, Some(account), conversation, kind, entries)
            }
            Call::Remark { tenant, conversation, kind, mut entries } => {
                for entry in &mut entries {
                    entry.at = self.now();
                }
                (tenant, None, conversation, kind, entries)
            }
            _ => return Err(Err(CallError::Unavailable("this changes nothing of the register".into()))),
        };
        let command = Command::Record { tenant, account, conversation, kind };
        let mut prepared = Prepared::plain(command);
        prepared.entries = entries;
        Ok(prepared)
    }
}
