//! What the inbound queue brings, as items to decide. Nothing is ever put back (P11).

use blendline_wire::broker::BrokerMessage;
use blendline_wire::{Millis, TenantId};

use crate::driver::draft::{Draft, Item};
use crate::ports::broker::Delivery;
use crate::ports::store::QuarantineRow;

/// Takes a delivery into the draft; it is acked when the draft is committed.
pub(crate) fn decode(delivery: &Delivery, now: Millis, draft: &mut Draft) {
    draft.acks.push(delivery.tag);
    match BrokerMessage::decode(&delivery.body) {
        Ok((BrokerMessage::InboundV1(batch), _)) => {
            draft.items.reserve(batch.events.len());
            for one in batch.events {
                draft.happening(batch.tenant, (&batch.channel, one.account), batch.received_at, one.event);
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
