//! What an incoming mail names that it may belong to, and what of that its sender may name.

use std::collections::HashSet;

use blendline_connectors::email::reply_address;
use blendline_wire::inbound::InboundEvent;
use blendline_wire::{AccountId, ContactKey, ConversationId, TenantId};

use crate::directory::AccountEntry;
use crate::driver::draft::Happening;
use crate::driver::keys::{self, Key};
use crate::driver::mail::letter::{is_bound_to, mark};
use crate::driver::step::Stepper;
use crate::ports::store::Wanted;

/// Ids that are looked up for one mail, the nearest first; the root of the thread always.
const IDS_MAX: usize = 20;

/// What a mail names that it may belong to.
#[derive(Debug, Default)]
pub(crate) struct Named {
    /// A reply address of ours among the recipients, and the conversation in it. Nothing is proven yet.
    reply: Option<(ConversationId, String)>,
    /// Each `Message-ID` it answers, with the hash of sender and id, by which mails of his own are known.
    ids: Vec<(String, Key)>,
}

impl Named {
    /// What this event names; none where it is no mail.
    pub(crate) fn of(tenant: TenantId, account: AccountId, event: &InboundEvent) -> Option<Self> {
        let mail = event.mail.as_deref()?;
        let reply = mail.reply_token.as_ref().and_then(|address| {
            let conversation = reply_address::named(address.expose())?.parse().ok()?;
            Some((conversation, address.expose().clone()))
        });
        let Some(sender) = event.sender_id.as_deref() else { return Some(Self { reply, ids: Vec::new() }) };
        let mut seen = HashSet::new();
        let nearest = mail.in_reply_to.iter().chain(mail.references.iter().rev()).filter(|id| seen.insert(id.as_str()));
        let ids = nearest.take(IDS_MAX).map(|id| (id.clone(), keys::address(tenant, account, sender, Some(id))));
        Some(Self { reply, ids: ids.collect() })
    }

    /// Asks for what decides it.
    pub(crate) fn want(&self, account: AccountId, wanted: &mut Wanted) {
        wanted.conversations.extend(self.reply.iter().map(|(conversation, _)| *conversation));
        for (id, key) in &self.ids {
            wanted.addresses.push(*key);
            if mark(id).is_some() {
                wanted.answered.push((account, id.clone()));
            }
        }
    }
}

/// Where a mail belongs.
#[derive(Debug, Default, Eq, PartialEq)]
pub(crate) struct Joined {
    /// The contact whose conversation it joins.
    pub(crate) contact: Option<ContactKey>,
    /// Why it does not join what it names: a stable word.
    pub(crate) refused: Option<&'static str>,
}

impl Stepper<'_> {
    /// Where a mail belongs by what it names.
    pub(crate) fn joined(&self, happening: &Happening, account: AccountId, entry: &AccountEntry) -> Joined {
        let (Some(named), Some(sender)) = (&happening.named, happening.event.sender_id.as_deref()) else {
            return Joined::default();
        };
        let mut joined = Joined::default();
        if let Some((conversation, address)) = &named.reply {
            let row = self.core.conversation(*conversation).or_else(|| self.overlay.conversation(*conversation));
            let row = row.filter(|row| row.account == account || self.mails_by(row.account, account));
            match row.filter(|_| reply_address::verify(&entry.account, address, sender).is_some()) {
                Some(row) => return Joined { contact: Some(row.contact), refused: None },
                None => joined.refused = Some("reply_address_of_another"),
            }
        }
        let mut refused = None;
        for (id, key) in &named.ids {
            if let Some(contact) = self.overlay.contact(key) {
                return Joined { contact: Some(contact), ..joined };
            }
            let Some(outbound) = mark(id).and_then(|_| self.overlay.external(account, id)) else { continue };
            let row = self.core.outbound(outbound).or_else(|| self.overlay.outbound(outbound));
            match row.filter(|_| is_bound_to(id, sender)) {
                Some(row) => return Joined { contact: Some(row.contact), ..joined },
                None => refused = refused.or(Some("thread_of_another")),
            }
        }
        Joined { contact: None, refused: joined.refused.or(refused) }
    }
}
