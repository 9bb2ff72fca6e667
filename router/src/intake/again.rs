//! What no webhook brought: a platform's answer to a question of ours, and what was put aside and is read again.

use blendline_connectors::Refusal;
use blendline_wire::Millis;
use blendline_wire::broker::{AccountEvent, BrokerMessage, InboundBatch};
use blendline_wire::inbound::InboundEvent;

use super::{Endpoint, Intake, NotTaken};
use crate::ports::store::QuarantineRow;

impl Intake {
    /// Publishes what a platform told when it was asked; `Ok` means that it is durable. `body` is its answer.
    pub async fn bring(
        &self,
        endpoint: Endpoint,
        events: Vec<InboundEvent>,
        body: &[u8],
        now: Millis,
    ) -> Result<(), NotTaken> {
        let Some(entry) = self.entry(endpoint.account) else { return Err(NotTaken::Refused(Refusal::NotSupported)) };
        let events =
            events.into_iter().map(|event| AccountEvent { account: Some(endpoint.account), event }).collect::<Vec<_>>();
        let batch = InboundBatch {
            channel: entry.channel.clone(),
            tenant: endpoint.tenant,
            received_at: now,
            events,
            trace: None,
        };
        self.publish(endpoint.tenant, BrokerMessage::InboundV1(batch).encode(body)).await?;
        self.counters.accepted.increment(1);
        Ok(())
    }

    /// Reads again what was put aside, or `body`, its repaired form, and publishes what it holds: how many events.
    ///
    /// Done twice, it is recognised as done before: by the platform's ids, or by its number in the quarantine.
    pub async fn replay(&self, row: &QuarantineRow, body: &[u8], now: Millis) -> Result<usize, NotTaken> {
        let no_such = NotTaken::Refused(Refusal::NotSupported);
        let account = row.account.ok_or(no_such.clone())?;
        let entry = self.entry(account).ok_or(no_such.clone())?;
        let endpoint = self.endpoint(&entry.channel, &entry.account.name).ok_or(no_such)?;
        let mut events = endpoint.connector.normalise(body).map_err(NotTaken::Malformed)?;
        for (n, event) in events.iter_mut().enumerate() {
            if event.external_message_id.is_none() && event.dedup_key.is_none() {
                event.dedup_key = Some(format!("quarantine.{}.{n}", row.id));
            }
        }
        // What is for another account was signed for this one alone, as far as can be said now.
        let own = |event: &InboundEvent| {
            let external = &event.conversation_key.account;
            external.is_empty() || *external == entry.account.external_id
        };
        let account_of = |event: &InboundEvent| own(event).then_some(account);
        let events: Vec<AccountEvent> =
            events.into_iter().map(|event| AccountEvent { account: account_of(&event), event }).collect();
        let count = events.len();
        if count > 0 {
            let (channel, tenant) = (entry.channel.clone(), endpoint.tenant);
            let batch = InboundBatch { channel, tenant, received_at: now, events, trace: None };
            self.publish(tenant, BrokerMessage::InboundV1(batch).encode(body)).await?;
            self.counters.accepted.increment(1);
        }
        Ok(count)
    }
}
