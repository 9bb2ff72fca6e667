//! Files that came with a message: noted with it, fetched after it.

use blendline_connectors::Connector;
use blendline_wire::{AccountId, ContactKey, TenantId};

use crate::directory::AccountEntry;
use crate::driver::step::Stepper;
use crate::media::{FILES_MAX, MediaFile, new_key};
use crate::payload::MessageBody;
use crate::ports::register::Key;

/// Gives each file of a message that can be fetched a name, and notes the names in the message.
pub(crate) fn noted(body: &mut MessageBody, account: AccountId, entry: &AccountEntry) -> Vec<(Key, MediaFile)> {
    let fetches = blendline_connectors::by_name(&entry.channel).is_some_and(Connector::fetches);
    if !fetches || body.attachments.is_empty() {
        return Vec::new();
    }
    let files: Vec<_> = body
        .attachments
        .iter()
        .take(FILES_MAX)
        .map(|attachment| MediaFile::of(attachment, account).map(|file| (new_key(), file)))
        .collect();
    body.media = files.iter().map(|file| file.as_ref().map(|(key, _)| hex::encode(key))).collect();
    files.into_iter().flatten().collect()
}

impl Stepper<'_> {
    /// Notes the files of a message that was taken up, and has them fetched once that is durable.
    pub(crate) fn note_files(&mut self, files: Vec<(Key, MediaFile)>, contact: ContactKey, tenant: TenantId) {
        // Of what is kept without a task the conversation is not open; then its latest one is meant.
        let open = self.core.conversation_of(contact).map(|open| open.id);
        let conversation = open.or_else(|| self.overlay.latest(contact).map(|latest| latest.id));
        for (key, file) in files {
            let file = MediaFile { conversation, ..file };
            self.put_entry(file.entry(key, tenant, self.now()));
            self.batch.media.push(key);
        }
    }
}
