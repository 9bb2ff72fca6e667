//! Files that came with a message: noted with it, and fetched after it where they did not come along.

use blendline_connectors::Connector;
use blendline_wire::inbound::Attachment;
use blendline_wire::kept::KeptFile;
use blendline_wire::{AccountId, ContactKey, TenantId};

use crate::directory::AccountEntry;
use crate::driver::step::Stepper;
use crate::media::{FILES_MAX, MediaFile, MediaState, new_key, reference};
use crate::payload::MessageBody;
use crate::ports::files::FileName;
use crate::ports::register::{Entry, Key, Kind};

/// Gives each file of a message that is kept, or can be fetched, a name, and notes the names in the message.
pub(crate) fn noted(
    body: &mut MessageBody,
    kept: &[KeptFile],
    account: AccountId,
    entry: &AccountEntry,
) -> Vec<(Key, MediaFile)> {
    let fetches = blendline_connectors::by_name(&entry.channel).is_some_and(Connector::fetches);
    if body.attachments.is_empty() || (!fetches && kept.is_empty()) {
        return Vec::new();
    }
    let file = |attachment: &Attachment| {
        let file = MediaFile::of(attachment, account)?;
        match kept.iter().find(|kept| kept.r#ref == *file.reference.expose()) {
            Some(kept) => Some(file.kept(kept)),
            None => Some(file).filter(|_| fetches),
        }
    };
    let files: Vec<_> =
        body.attachments.iter().take(FILES_MAX).map(|one| file(one).map(|file| (new_key(), file))).collect();
    body.media = files.iter().map(|file| file.as_ref().map(|(key, _)| hex::encode(key))).collect();
    files.into_iter().flatten().collect()
}

/// The entry that says that somebody refers to what a file's entry refers to; none for what is not in the store.
pub(crate) fn referring(entry: &Entry) -> Option<Entry> {
    let file = MediaFile::read(entry).filter(|_| entry.kind == Kind::Media)?;
    let MediaState::Stored { sha256, .. } = file.state else { return None };
    Some(reference(&FileName { tenant: entry.tenant, sha256 }, entry.at))
}

impl Stepper<'_> {
    /// Notes the files of a message that was taken up, and has them fetched once that is durable.
    pub(crate) fn note_files(&mut self, files: Vec<(Key, MediaFile)>, contact: ContactKey, tenant: TenantId) {
        // Of what is kept without a task the conversation is not open; then its latest one is meant.
        let open = self.core.conversation_of(contact).map(|open| open.id);
        let conversation = open.or_else(|| self.overlay.latest(contact).map(|latest| latest.id));
        for (key, file) in files {
            let file = MediaFile { conversation, ..file };
            let entry = file.entry(key, tenant, self.now());
            match referring(&entry) {
                Some(reference) => self.put_entry(reference),
                None if file.state == MediaState::Pending => self.batch.media.push(key),
                None => {}
            }
            self.put_entry(entry);
        }
    }
}
