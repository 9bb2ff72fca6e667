//! What a visitor has not read yet, from the record and from his cursor on.

use blendline_core::rows::{ConversationState, TaskState};
use blendline_wire::outbound::Content;
use blendline_wire::worker::Author;
use blendline_wire::{ContactKey, ConversationId, Millis, Pii};

use super::Chat;
use super::frames::{Button, Cursor, From, MessageFrame, State};
use super::site::Site;
use super::token::Visitor;
use crate::driver::keys;
use crate::payload::{StoredMessage, words};
use crate::ports::store::{Following, StoreError};
use crate::satisfaction::{PURPOSE, SCALE};

/// Lines read at once: as many as one slow reader may have waiting in our memory.
const PAGE: usize = 32;
/// Lines that somebody without a cursor begins with.
const HISTORY: usize = 100;

/// A place in a visitor's messages.
pub(super) struct Reader {
    contact: ContactKey,
    cursor: Option<Cursor>,
    state: Option<State>,
    solved: Option<(ConversationId, Millis)>,
}

/// What was new.
pub(super) struct News {
    pub(super) messages: Vec<MessageFrame>,
    /// Where the matter stands, when that is new.
    pub(super) state: Option<State>,
    /// True when there is more to read at once.
    pub(super) more: bool,
}

impl Reader {
    /// Reads after `cursor`, or the latest of what there is.
    pub(super) const fn new(contact: ContactKey, cursor: Option<Cursor>) -> Self {
        Self { contact, cursor, state: None, solved: None }
    }

    /// Where the matter stands, as far as it was read.
    pub(super) const fn state(&self) -> Option<State> {
        self.state
    }

    /// The conversation that waits for the visitor's word, and since when.
    pub(super) const fn solved(&self) -> Option<(ConversationId, Millis)> {
        self.solved
    }

    /// Whose.
    pub(super) const fn contact(&self) -> ContactKey {
        self.contact
    }

    /// What came since the last time.
    pub(super) async fn news(&mut self, chat: &Chat, site: &Site) -> Result<News, StoreError> {
        let after = self.cursor.map(|cursor| (cursor.conversation, cursor.seq));
        let limit = if after.is_some() { PAGE } else { HISTORY };
        let Following { lines, conversation, task } =
            chat.archive.follow(site.account, self.contact, after, limit).await?;
        let more = after.is_some() && lines.len() == limit;
        if let Some((conversation, last)) = lines.last() {
            self.cursor = Some(Cursor { conversation: *conversation, seq: last.seq });
        }
        let messages = lines.into_iter().filter_map(|(id, line)| frame(chat, site, id, line)).collect();
        let before = self.state;
        (self.state, self.solved) = match conversation.map(|row| (row.id, row.state)) {
            Some((_, ConversationState::Open { .. })) => {
                let active = task.is_some_and(|task| matches!(task.state, TaskState::Active { .. }));
                (Some(if active { State::Active } else { State::Waiting }), None)
            }
            Some((id, ConversationState::Solved { at, .. })) => (Some(State::Solved), Some((id, at))),
            // Said and done: nothing is asked any more.
            _ => (None, None),
        };
        Ok(News { messages, state: self.state.filter(|state| Some(*state) != before), more })
    }
}

impl Chat {
    /// The contact behind a visitor, by the same hash and table as the driver's; his first message makes him one.
    pub(super) async fn contact(&self, site: &Site, visitor: &Visitor) -> Result<ContactKey, StoreError> {
        let address = site.address(visitor.peer.expose());
        Ok(self.archive.contact_at(address).await?.unwrap_or_else(|| keys::contact(address)))
    }
}

/// A line as the visitor sees it; `None` for what has no words for him.
fn frame(chat: &Chat, site: &Site, conversation: ConversationId, line: StoredMessage) -> Option<MessageFrame> {
    let StoredMessage { seq, at, author, worker, body, .. } = line;
    let cursor = Cursor { conversation, seq };
    match author {
        Author::Customer => {
            let (name, client_id, pressed) = (body.name, body.external_id, body.payload);
            let (from, text, buttons) = (From::Visitor, body.text?, Vec::new());
            Some(MessageFrame { cursor, from, name, text, at, client_id, scale: None, buttons, pressed })
        }
        Author::Worker => {
            let own = || chat.directory.workers.get(&worker?).map(|(_, name)| name.clone());
            let name = site.agent_name.clone().or_else(own).map(Pii::new);
            let scale = body.purpose.as_deref().filter(|purpose| *purpose == PURPOSE).map(|_| SCALE);
            let (text, buttons) = match body.content {
                Some(Content::Buttons { text, buttons }) => (text, buttons),
                Some(content) => (words(content), Vec::new()),
                None => (body.text?, Vec::new()),
            };
            let buttons = buttons.into_iter().map(|(id, label)| Button { id, label }).collect();
            let (from, client_id, pressed) = (From::Agent, None, None);
            Some(MessageFrame { cursor, from, name, text, at, client_id, scale, buttons, pressed })
        }
        Author::Note => None,
    }
}
