//! What the record knows of open tasks that their rows do not: the words that the rules gave them, and the language in which
//! they began. Both are read from the first lines of a task, once, and kept: neither changes while it is open.

use std::collections::BTreeMap;
use std::sync::Arc;

use blendline_core::rows::Task;
use blendline_rules::normal::language;
use blendline_wire::worker::Author;
use blendline_wire::{Millis, TaskId};
use tokio::sync::Mutex;

use crate::payload::StoredMessage;
use crate::ports::store::{Archive, StoreError, Transcript};

/// Tasks whose lines one call reads at most: the next reads on.
const READ_MAX: usize = 2_000;
/// Of how many tasks lines are read at once.
const CHUNK: usize = 250;
/// Tasks that are kept in mind at most, some 200 bytes each.
const KEPT_MAX: usize = 100_000;
/// Lines of each that are looked at: a customer may send a picture before he says a word.
const LINES_MAX: usize = 4;
/// What has no words has no language.
const NO_WORDS: &str = "und";

/// What is known of a task from its first lines.
#[derive(Clone, Debug)]
pub(super) struct Origin {
    /// The words that the rules gave it.
    pub(super) tags: Arc<[String]>,
    /// The language of its first words.
    pub(super) language: &'static str,
    /// How many of its first lines were looked at.
    lines: usize,
}

impl Default for Origin {
    fn default() -> Self {
        Self { tags: Arc::default(), language: NO_WORDS, lines: 0 }
    }
}

/// An open task, as far as its lines are concerned.
#[derive(Clone, Copy, Debug)]
pub(super) struct Short {
    /// The task.
    pub(super) task: TaskId,
    /// Where what was said in it stands.
    pub(super) transcript: Transcript,
    created_at: Millis,
    /// The customer's latest line, by its place.
    asked: u64,
}

impl Short {
    pub(super) fn of(task: &Task) -> Self {
        let transcript = task.conversation.map_or(Transcript::Task(task.id), Transcript::Conversation);
        let asked = task.asked.map_or(0, |(seq, _)| seq);
        Self { task: task.id, transcript, created_at: task.created_at, asked }
    }
}

/// What was read of open tasks so far. What is forgotten is read again.
#[derive(Debug, Default)]
pub(in crate::api) struct Origins {
    /// Held while the record is read, so that many who ask at once do not all read the same. Beside each the customer's
    /// latest line at that time.
    known: Mutex<BTreeMap<TaskId, (Origin, u64)>>,
}

impl Origins {
    /// What is known of each of these; `None` where the record is still to be read for it.
    ///
    /// # Errors
    /// The record does not answer.
    pub(super) async fn read(&self, archive: &dyn Archive, of: &[Short]) -> Result<Vec<Option<Origin>>, StoreError> {
        let mut known = self.known.lock().await;
        let is_new = |short: &&Short| match known.get(&short.task) {
            None => true,
            // Without words so far: what the customer said since may have some.
            Some((origin, asked)) => origin.language == NO_WORDS && origin.lines < LINES_MAX && *asked != short.asked,
        };
        let wanted: Vec<Short> = of.iter().filter(is_new).take(READ_MAX).copied().collect();
        for some in wanted.chunks(CHUNK) {
            let asked: Vec<_> = some.iter().map(|short| (short.transcript, short.created_at)).collect();
            let lines = archive.said_since(&asked, LINES_MAX).await?;
            // What is still being committed has no line to read yet: it is read with the next call.
            let read = some.iter().zip(lines).filter(|(_, lines)| !lines.is_empty());
            known.extend(read.map(|(short, lines)| (short.task, (origin(&lines), short.asked))));
        }
        let found = of.iter().map(|short| known.get(&short.task).map(|(origin, _)| origin.clone())).collect();
        // The oldest numbers are those most likely closed by now.
        while KEPT_MAX < known.len() {
            known.pop_first();
        }
        Ok(found)
    }
}

/// What the first lines of a task tell.
fn origin(lines: &[StoredMessage]) -> Origin {
    let tags = lines.iter().map(|line| &line.body.tags).find(|tags| !tags.is_empty());
    let theirs = lines.iter().filter(|line| line.author == Author::Customer || line.body.item.is_some());
    let texts = theirs.flat_map(|line| [&line.body.text, &line.body.title]).flatten();
    let language = texts.map(|text| language(text.expose())).find(|language| *language != NO_WORDS);
    let tags = tags.map_or_else(Arc::default, |tags| tags.as_slice().into());
    Origin { tags, language: language.unwrap_or(NO_WORDS), lines: lines.len() }
}

#[cfg(test)]
mod tests {
    use blendline_core::{MessageRow, PayloadId};
    use blendline_wire::{ConversationId, Pii, TenantId};

    use super::*;
    use crate::fakes::FakeStore;
    use crate::payload::MessageBody;

    fn body(text: Option<&str>, tags: &[&str]) -> MessageBody {
        let tags = tags.iter().map(|tag| (*tag).to_owned()).collect();
        MessageBody { text: text.map(Pii::from), tags, ..MessageBody::default() }
    }

    fn line(author: Author, body: MessageBody) -> StoredMessage {
        StoredMessage { seq: 1, at: Millis(1), author, worker: None, outbound: None, body }
    }

    #[test]
    fn the_first_words_tell_the_language_and_what_made_the_task_its_tags() {
        let lines = [
            line(Author::Customer, body(None, &["vip", "refund"])),
            line(Author::Note, body(Some("to a colleague"), &[])),
            line(Author::Customer, body(Some("איפה הזיכוי שלי?"), &[])),
        ];
        let read = origin(&lines);
        assert_eq!((&*read.tags, read.language), (["vip".to_owned(), "refund".to_owned()].as_slice(), "he"));
        assert_eq!(origin(&lines[..2]).language, NO_WORDS);
    }

    fn short(task: u64, asked: u64) -> Short {
        let transcript = Transcript::Conversation(ConversationId(task));
        Short { task: TaskId(task), transcript, created_at: Millis(1), asked }
    }

    fn says(store: &FakeStore, seq: u64, text: Option<&str>) {
        let row = MessageRow {
            tenant: TenantId(1),
            conversation: Some(ConversationId(1)),
            task: Some(TaskId(1)),
            seq,
            at: Millis(seq),
            author: Author::Customer,
            worker: None,
            outbound: None,
            payload: PayloadId(seq),
        };
        store.record().lines.push((row, body(text, &[])));
    }

    #[tokio::test]
    async fn each_is_read_once_and_again_where_it_had_no_words() {
        let (origins, store) = (Origins::default(), FakeStore::new());
        let language = async |asked| {
            let read = origins.read(&store, &[short(1, asked)]).await.unwrap();
            (read[0].as_ref().unwrap().language, store.record().reads)
        };
        says(&store, 1, None);
        assert_eq!(language(1).await, (NO_WORDS, 1));
        assert_eq!(language(1).await, (NO_WORDS, 1), "nothing was said since");
        says(&store, 2, Some("hello"));
        assert_eq!(language(2).await, ("en", 2));
        says(&store, 3, Some("שלום"));
        assert_eq!(language(3).await, ("en", 2), "it does not change any more");
    }

    #[tokio::test]
    async fn one_call_reads_no_more_than_its_share() {
        let (origins, store) = (Origins::default(), FakeStore::new());
        says(&store, 1, Some("hello"));
        let many: Vec<Short> =
            (0..READ_MAX as u64 + 10).map(|task| Short { task: TaskId(task), ..short(1, 1) }).collect();
        let unread = |seen: Vec<Option<Origin>>| seen.iter().filter(|origin| origin.is_none()).count();
        assert_eq!(unread(origins.read(&store, &many).await.unwrap()), 10);
        assert_eq!(unread(origins.read(&store, &many).await.unwrap()), 0);
    }
}
