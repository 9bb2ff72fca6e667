//! Mails that our own listener or reader got.

use axum::http::HeaderMap;
use blendline_connectors::email::mailbox;
use blendline_connectors::{Refusal, Webhook, email};
use blendline_wire::{AccountId, Millis};
use sha2::{Digest as _, Sha256};

use super::{Endpoint, Intake, NotTaken, Taken, quarantine};
use crate::directory::AccountEntry;

impl Intake {
    /// Takes a raw mail in that our own listener or reader got; `Ok` means that it is durable.
    ///
    /// `trace` is what the last server writes above a mail. It is no part of what two deliveries of one mail are
    /// recognised by, for it tells of each delivery. `checked_by` is who found out about the sender and wrote it there, where
    /// that is ourselves: then nobody else's word counts.
    pub async fn take_mail(
        &self,
        account: AccountId,
        trace: &[u8],
        mail: &[u8],
        checked_by: Option<&str>,
        now: Millis,
    ) -> Result<Taken, NotTaken> {
        let (endpoint, entry) = self.mail_endpoint(account)?;
        let body = [trace, mail].concat();
        let mut events = endpoint.connector.normalise(&body);
        for event in events.iter_mut().flatten().filter(|event| event.external_message_id.is_none()) {
            event.dedup_key = Some(hex::encode(&Sha256::digest(mail)[..16]));
        }
        if let Some(by) = checked_by.or(entry.account.setting(mailbox::AUTHSERV_SETTING)) {
            let believed = email::authentication_by(&body, by);
            for mail in events.iter_mut().flatten().filter_map(|event| event.mail.as_mut()) {
                mail.authentication.clone_from(&believed);
            }
        }
        let headers = HeaderMap::new();
        let hook = Webhook { headers: &headers, query: "", body: &body };
        self.keep(endpoint, entry, hook, hook.body, events, (now, None)).await
    }

    /// Records that a mail was not taken in and why; `head` is what is kept of it.
    pub async fn discard_mail(
        &self,
        account: AccountId,
        head: &[u8],
        cause: String,
        now: Millis,
    ) -> Result<(), NotTaken> {
        let (endpoint, entry) = self.mail_endpoint(account)?;
        let message = quarantine(endpoint, entry, cause, now);
        self.publish(endpoint.tenant, message.encode(head)).await?;
        self.counters.quarantined.increment(1);
        Ok(())
    }

    fn mail_endpoint(&self, account: AccountId) -> Result<(Endpoint, &AccountEntry), NotTaken> {
        let no_such = NotTaken::Refused(Refusal::NotSupported);
        let entry = self.entry(account).filter(|entry| entry.channel == email::RAW_NAME).ok_or(no_such.clone())?;
        let endpoint = self.endpoint(email::RAW_NAME, &entry.account.name).ok_or(no_such)?;
        Ok((endpoint, entry))
    }
}
