//! Files that a message brings along: into the store before the message is on the broker.

use std::io;

use blendline_connectors::Connector;
use blendline_wire::TenantId;
use blendline_wire::inbound::InboundEvent;
use blendline_wire::kept::KeptFile;

use super::sniff::sniff;
use super::{FILES_MAX, bytes_max};
use crate::ports::files::Files;

/// Puts the files that `body` holds into the store and notes them in its events. An `Err` leaves files that nobody refers
/// to; when the message comes again they are found by their hash.
pub async fn keep(
    files: &dyn Files,
    connector: &dyn Connector,
    tenant: TenantId,
    body: &[u8],
    events: &mut [InboundEvent],
) -> io::Result<()> {
    for event in events.iter_mut().filter(|event| !event.attachments.is_empty()) {
        let attachments = event.attachments.get(..FILES_MAX).unwrap_or(&event.attachments);
        let carried = connector.carried(body, attachments);
        for (attachment, bytes) in attachments.iter().zip(carried) {
            let (Some(reference), Some(bytes)) = (&attachment.r#ref, bytes) else { continue };
            let mut file = KeptFile {
                r#ref: reference.clone(),
                sha256: None,
                bytes: bytes.len() as u64,
                mime: sniff(&bytes, attachment.mime.as_deref()),
            };
            if bytes.len() <= bytes_max(connector, &attachment.kind) {
                file.sha256 = Some(files.put(tenant, bytes).await?.sha256);
            }
            let outcome = if file.sha256.is_some() { "carried" } else { "too_large" };
            metrics::counter!("blendline_media_total", "outcome" => outcome).increment(1);
            event.files.push(file);
        }
    }
    Ok(())
}
