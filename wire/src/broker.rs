//! What the durable queues carry. A new shape is a new variant; old ones are never edited.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::ids::{AccountId, TenantId};
use crate::inbound::InboundEvent;
use crate::outbound::{Outbound, SendResult};
use crate::time::Millis;
use crate::trace::TraceContext;

/// One message of the inbound or outbound queue.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[expect(clippy::large_enum_variant, reason = "it lives from one encoding to its decoding, and is kept nowhere")]
pub enum BrokerMessage {
    /// The events of one webhook that concern one shard.
    InboundV1(InboundBatch),
    /// What a platform truly sent and we could not read.
    QuarantineV1(Quarantine),
    /// A message to send.
    OutboundV1(Outbound),
    /// What became of an attempt to send.
    SendResultV1(SendResult),
}

/// The events of one webhook that concern one shard.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct InboundBatch {
    /// The channel that read it.
    pub channel: String,
    /// Whose it is.
    pub tenant: TenantId,
    /// When it came, by our clock.
    pub received_at: Millis,
    /// The events, in the payload's order, each with the account it belongs to.
    pub events: Vec<AccountEvent>,
    /// The trace that it is a part of, where one is recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<TraceContext>,
}

/// An event and the account of ours it belongs to.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct AccountEvent {
    /// The account, or `None` when no account of ours has the id the platform named: a recorded discard.
    pub account: Option<AccountId>,
    /// What happened.
    pub event: InboundEvent,
}

/// A body that was truly the platform's and could not be read.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Quarantine {
    /// The channel that could not read it.
    pub channel: String,
    /// Whose it is.
    pub tenant: TenantId,
    /// The account whose address it was sent to.
    pub account: AccountId,
    /// When it came, by our clock.
    pub received_at: Millis,
    /// Why it could not be read, with the place.
    pub cause: String,
}

/// Bytes that are not a message of ours.
#[derive(Debug)]
pub struct Undecodable(pub String);

impl fmt::Display for Undecodable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not a broker message: {}", self.0)
    }
}

impl std::error::Error for Undecodable {}

impl BrokerMessage {
    /// One line of JSON, a line feed, and then the raw body as it came (empty where there was none).
    ///
    /// The raw bytes are kept beside the events, not inside the JSON: escaping them would cost more than all the rest.
    pub fn encode(&self, raw: &[u8]) -> Vec<u8> {
        // Writing these types to memory cannot fail: no map has a key that is not text.
        let mut bytes = serde_json::to_vec(self).unwrap_or_default();
        bytes.reserve(raw.len() + 1);
        bytes.push(b'\n');
        bytes.extend_from_slice(raw);
        bytes
    }

    /// Reads what [`BrokerMessage::encode`] wrote, and gives the raw body beside it.
    pub fn decode(bytes: &[u8]) -> Result<(Self, &[u8]), Undecodable> {
        let end = bytes
            .iter()
            .position(|byte| *byte == b'\n')
            .ok_or_else(|| Undecodable("no line feed after the head".into()))?;
        let message = serde_json::from_slice(&bytes[..end]).map_err(|error| Undecodable(error.to_string()))?;
        Ok((message, &bytes[end + 1..]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::OutboundId;
    use crate::outbound::SendOutcome;

    #[test]
    fn the_bytes_are_pinned() {
        let message = BrokerMessage::InboundV1(InboundBatch {
            channel: "whatsapp_cloud".into(),
            tenant: TenantId(1),
            received_at: Millis(5),
            events: vec![AccountEvent { account: Some(AccountId(2)), event: InboundEvent::default() }],
            trace: None,
        });
        let bytes = message.encode(b"{\"raw\":\n1}");
        let head = concat!(
            r#"{"kind":"inbound_v1","channel":"whatsapp_cloud","tenant":"ten_1","received_at":5,"events":[{"account":"acc_2","#,
            r#""event":{"type":"message","external_message_id":null,"conversation_key":{"account":"","peer":null,"thread":null},"#,
            r#""sender_id":null,"sender_name":null,"text":null,"attachments":[],"timestamp":null,"is_status_or_echo":false}}]}"#,
        );
        assert_eq!(String::from_utf8(bytes.clone()).unwrap(), format!("{head}\n{{\"raw\":\n1}}"));
        let (back, raw) = BrokerMessage::decode(&bytes).unwrap();
        assert_eq!((back, raw), (message, &b"{\"raw\":\n1}"[..]));

        let result = BrokerMessage::SendResultV1(SendResult {
            id: OutboundId(7),
            attempt: 1,
            outcome: SendOutcome::Sent { external_id: "wamid.Y".into() },
            to: None,
            private: None,
        });
        assert_eq!(
            String::from_utf8(result.encode(b"")).unwrap(),
            "{\"kind\":\"send_result_v1\",\"id\":\"out_7\",\"attempt\":1,\"outcome\":{\"outcome\":\"sent\",\"external_id\":\"wamid.Y\"}}\n"
        );
    }

    #[test]
    fn garbage_is_refused_not_panicked_over() {
        for bytes in [&b""[..], b"\n", b"{}\n", b"{\"kind\":\"inbound_v9\"}\n", b"\xff\xfe\n"] {
            assert!(BrokerMessage::decode(bytes).is_err());
        }
    }
}
