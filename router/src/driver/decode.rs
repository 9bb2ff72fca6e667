//! What the inbound queue brings, as items to decide. Nothing is ever put back (P11).

use blendline_wire::broker::BrokerMessage;
use blendline_wire::{Millis, TenantId};

use crate::driver::draft::{Came, Draft, Item};
use crate::ports::broker::Delivery;
use crate::ports::store::QuarantineRow;

/// What was delivered so often and never settled is not tried again: whoever had it died each time, perhaps of it. The
/// queue itself would drop it at its limit (`delivery_limit`, twice as much), and nobody would know.
const DELIVERIES_MAX: u32 = 500;

/// Takes a delivery into the draft; it is acked when the draft is committed.
pub(crate) fn decode(delivery: &Delivery, now: Millis, draft: &mut Draft) {
    draft.acks.push(delivery.tag);
    match BrokerMessage::decode(&delivery.body) {
        Ok((BrokerMessage::InboundV1(batch), raw)) if delivery.before >= DELIVERIES_MAX => {
            let before = delivery.before;
            let cause =
                format!("it was delivered {before} times and never settled: each time its owner ended before that");
            draft.items.push(Item::Quarantine(QuarantineRow {
                id: 0,
                tenant: batch.tenant,
                account: batch.events.first().and_then(|one| one.account),
                channel: batch.channel.to_string(),
                at: now,
                cause,
                raw: raw.to_vec(),
            }));
        }
        Ok((BrokerMessage::InboundV1(batch), _)) => {
            draft.items.reserve(batch.events.len());
            for one in batch.events {
                let came = Came { at: batch.received_at, trace: batch.trace };
                draft.happening(batch.tenant, (&batch.channel, one.account), came, one.event);
            }
        }
        Ok((BrokerMessage::QuarantineV1(quarantine), raw)) => {
            draft.items.push(Item::Quarantine(QuarantineRow {
                id: 0,
                tenant: quarantine.tenant,
                account: Some(quarantine.account),
                channel: quarantine.channel,
                at: quarantine.received_at,
                cause: quarantine.cause,
                raw: raw.to_vec(),
            }));
        }
        Ok((BrokerMessage::SendResultV1(result), _)) => draft.result(result),
        Ok((BrokerMessage::OutboundV1(_), _)) => {
            poison(delivery, now, "a message to send is on the queue of what comes in".to_owned(), draft);
        }
        Err(undecodable) => poison(delivery, now, undecodable.to_string(), draft),
    }
}

fn poison(delivery: &Delivery, now: Millis, cause: String, draft: &mut Draft) {
    draft.items.push(Item::Quarantine(QuarantineRow {
        id: 0,
        // Nobody's: what cannot be read names no tenant.
        tenant: TenantId::default(),
        account: None,
        channel: String::new(),
        at: now,
        cause,
        raw: delivery.body.to_vec(),
    }));
}
