//! What became of messages of ours, put beside their words where somebody reads them.

use blendline_core::input::DeliveryStatus;
use blendline_core::rows::OutboundState;
use blendline_wire::worker::{Author, MessageView};

use crate::payload::StoredMessage;
use crate::ports::store::{Archive, StoreError};

/// The lines as a worker sees them, each of ours with what is known of it: one read for all.
pub(crate) async fn views(archive: &dyn Archive, lines: Vec<StoredMessage>) -> Result<Vec<MessageView>, StoreError> {
    let ours: Vec<_> =
        lines.iter().filter(|line| line.author == Author::Worker).filter_map(|line| line.outbound).collect();
    let letters = if ours.is_empty() { Vec::new() } else { archive.letters(&ours).await? };
    let status = |line: &StoredMessage| {
        let letter = letters.iter().find(|letter| Some(letter.row.id) == line.outbound)?;
        Some(word(&letter.row.state)?.to_owned())
    };
    Ok(lines.into_iter().map(|line| MessageView { status: status(&line), ..line.view() }).collect())
}

/// What is known of a message of ours; `None` while it is on its way.
pub(crate) const fn word(state: &OutboundState) -> Option<&'static str> {
    match state {
        OutboundState::Sent { status } => Some(status_word(*status)),
        OutboundState::Failed { .. } => Some("failed"),
        OutboundState::Unknown { .. } => Some("unknown"),
        OutboundState::Queued | OutboundState::Handed { .. } | OutboundState::Delayed { .. } => None,
    }
}

/// The word for what a platform reported.
pub(crate) const fn status_word(status: DeliveryStatus) -> &'static str {
    match status {
        DeliveryStatus::Sent => "sent",
        DeliveryStatus::Delayed => "delayed",
        DeliveryStatus::Failed => "failed",
        DeliveryStatus::Delivered => "delivered",
        DeliveryStatus::Read => "read",
        DeliveryStatus::Played => "played",
    }
}
