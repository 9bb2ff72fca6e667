//! Whether a customer was content: a short question after his task is finished, on his channel, and how his answer is read.
//!
//! What is known of a contact for it lies in the register: what he speaks, written when he begins a conversation by
//! himself, and the latest question with what came of it. Who is not known to speak for himself (a group, a program, what
//! is said in public) has no such entry and is asked nothing.

mod answer;

use std::collections::{BTreeMap, BTreeSet};

use blendline_wire::inbound::{InboundEvent, InboundKind};
use blendline_wire::{ContactKey, ConversationId, MatterId, Millis, Pii, QueueId, TaskId, TenantId, WorkerId};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

pub(crate) use answer::payload;
pub use answer::{Answer, SCALE, pressed, read, stars};

use crate::persons::Identity;
use crate::ports::register::{self, Entry, Kind};

/// What the question serves, as consent knows it: who refused it, or everything, is not asked.
pub const PURPOSE: &str = "satisfaction";

/// The question where the tenant has no words of his own, by language.
const TEXTS: [(&str, &str); 4] = [
    ("en", "How satisfied were you with our help? Please answer with a number: 1 (not at all) to 5 (very)."),
    ("he", "עד כמה הייתם מרוצים מהטיפול? נשמח למספר: 1 (כלל לא) עד 5 (מאוד)."),
    ("ar", "ما مدى رضاك عن خدمتنا؟ أجب برقم من فضلك: 1 (غير راضٍ إطلاقًا) إلى 5 (راضٍ جدًا)."),
    ("ru", "Довольны ли вы нашей помощью? Ответьте, пожалуйста, числом: от 1 (совсем нет) до 5 (очень)."),
];

/// When a tenant asks, what, and what becomes of a low answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Question {
    /// After tasks of which queues.
    pub queues: BTreeSet<QueueId>,
    /// How long a contact is not asked again, in milliseconds.
    pub every_ms: u64,
    /// For how long a number is an answer, in milliseconds.
    pub answer_ms: u64,
    /// Tasks that ended so ask nothing: spam, and whoever was sent elsewhere.
    pub not_after: BTreeSet<String>,
    /// The highest answer that is low.
    pub low: u8,
    /// Where a low answer becomes a task for whoever is responsible, and how soon he is to begin, in milliseconds (the
    /// queue's own target where nothing is said).
    pub follow_up: Option<(QueueId, Option<u64>)>,
    /// The words by language, in place of ours.
    pub texts: BTreeMap<String, String>,
}

impl Question {
    /// Whether it is asked after a task of this queue that ended so.
    pub fn follows(&self, queue: QueueId, disposition: &str) -> bool {
        self.queues.contains(&queue) && !self.not_after.contains(disposition)
    }

    /// The question in a language; in English where it has none.
    pub fn text(&self, language: &str) -> &str {
        let ours = |wanted: &str| TEXTS.iter().find(|(known, _)| *known == wanted).map(|(_, text)| *text);
        let own = |wanted: &str| self.texts.get(wanted).map(String::as_str);
        own(language).or_else(|| ours(language)).or_else(|| own("en")).unwrap_or(TEXTS[0].1)
    }
}

/// The least answer that is good.
pub const GOOD: u8 = SCALE - 1;

/// Whether the answer about this task is one of the good ones that are looked at: `milli` of a thousand, by the task's own
/// number, so that asked again it is the same.
pub fn is_sampled(task: TaskId, milli: u32) -> bool {
    let whole = register::key(Kind::Notice, TenantId(0), &["sample", &task.to_string()]);
    u32::from(u16::from_be_bytes([whole[0], whole[1]])) * 1_000 < milli * 65_536
}

/// What a contact speaks.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Speaks {
    /// The language, by the script of what began his conversation.
    pub language: String,
    /// Who he is on the channel: what he was asked on another counts as well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<Identity>,
}

/// The latest question to a contact.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Asked {
    /// When.
    pub at: Millis,
    /// In which conversation.
    pub conversation: ConversationId,
    /// Of which matter.
    pub matter: MatterId,
    /// About which task.
    pub task: TaskId,
    /// In which queue it was.
    pub queue: QueueId,
    /// Who finished it.
    pub worker: WorkerId,
    /// What he answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered: Option<u8>,
}

/// Where it lies what a contact speaks.
pub fn speaks_key(tenant: TenantId, contact: ContactKey) -> register::Key {
    register::key(Kind::Notice, tenant, &["speaks", &hex::encode(contact.0.to_be_bytes())])
}

/// Where the latest question to a contact lies.
pub fn asked_key(tenant: TenantId, contact: ContactKey) -> register::Key {
    register::key(Kind::Notice, tenant, &[PURPOSE, &hex::encode(contact.0.to_be_bytes())])
}

/// An opaque mark of a contact, the same in every event of his.
pub fn mark(tenant: TenantId, contact: ContactKey) -> String {
    hex::encode(asked_key(tenant, contact))
}

/// What an entry holds; of one that cannot be read, nothing is known.
pub fn known<T: DeserializeOwned>(entry: &Entry) -> Option<T> {
    T::deserialize(entry.body.expose()).ok()
}

/// An entry that holds this.
pub fn entry(key: register::Key, tenant: TenantId, at: Millis, what: &impl Serialize) -> Entry {
    Entry { kind: Kind::Notice, key, tenant, at, body: Pii::new(serde_json::to_value(what).unwrap_or_default()) }
}

/// True for a message of somebody who speaks for himself alone: no group, nothing public, no program, nothing of ours.
pub fn speaks_alone(event: &InboundEvent) -> bool {
    let alone = !matches!(event.chat_type.as_deref(), Some("group" | "supergroup" | "channel"));
    let mail = event.mail.as_ref();
    let program = mail.is_some_and(|mail| mail.is_auto_reply || mail.is_bulk || mail.forbids_automatic_answer());
    matches!(event.kind, InboundKind::Message | InboundKind::Postback)
        && alone
        && !program
        && !event.standby
        && !event.is_of_ours()
        && event.visibility.as_deref() != Some("public")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_question_is_in_the_customers_language_and_in_the_companys_words() {
        let own = Question { texts: [("he".to_owned(), "?".to_owned())].into(), ..Question::default() };
        assert_eq!(own.text("he"), "?");
        assert_eq!((own.text("ar"), own.text("und")), (TEXTS[2].1, TEXTS[0].1));
        let english = Question { texts: [("en".to_owned(), "well?".to_owned())].into(), ..Question::default() };
        assert_eq!((english.text("und"), english.text("he")), ("well?", TEXTS[1].1));
    }

    #[test]
    fn of_good_answers_the_share_is_looked_at_and_always_the_same() {
        let sampled = |milli| (1..=10_000).filter(|task| is_sampled(TaskId(*task), milli)).count();
        assert_eq!((sampled(0), sampled(1_000)), (0, 10_000));
        assert!((400..600).contains(&sampled(50)), "{}", sampled(50));
        assert_eq!(sampled(50), sampled(50));
    }

    #[test]
    fn it_follows_what_is_finished_in_its_queues() {
        let question =
            Question { queues: [QueueId(1)].into(), not_after: ["spam".to_owned()].into(), ..Question::default() };
        assert!(question.follows(QueueId(1), "answered"));
        assert!(!question.follows(QueueId(1), "spam") && !question.follows(QueueId(2), "answered"));
    }
}
