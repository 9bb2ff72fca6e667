//! The same matter, once: what is remembered of a contact's conversations, and by what two of them are about the same.
//!
//! It lies in the register, one entry for each contact. Whether two contacts are one person's is looked up beside it
//! ([`crate::persons`]).

use std::collections::BTreeMap;

use blendline_wire::event::matter::SameBy;
use blendline_wire::task::Label;
use blendline_wire::{ContactKey, ConversationId, MatterId, Millis, Pii, TenantId, WorkerId};
use serde::{Deserialize, Serialize};

use crate::ports::register::{self, Entry, Kind};

/// Conversations of one contact that are remembered; the oldest go first.
const TALKS_MAX: usize = 20;
/// References and topics that one conversation has at most.
const NAMED_MAX: usize = 16;

/// What is remembered of a contact.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Matters {
    /// His conversations, the latest last.
    pub talks: Vec<Talk>,
}

/// What a conversation is about.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Talk {
    /// The conversation.
    pub conversation: ConversationId,
    /// Its matter.
    pub matter: MatterId,
    /// The references that its customer named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<String>,
    /// What the rules say of it: its type of case and its tags.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub topics: Vec<String>,
    /// How many times he has come with this matter.
    pub times: u32,
    /// Those that somebody said are another matter: no finding joins them again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub apart: Vec<ConversationId>,
    /// How it ended, where it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Ended>,
}

/// How a conversation ended.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Ended {
    /// When.
    pub at: Millis,
    /// By whom.
    pub by: WorkerId,
    /// How.
    pub disposition: String,
}

impl Matters {
    /// The conversation of this name; it is there from now on.
    pub fn talk(&mut self, conversation: ConversationId, matter: MatterId) -> &mut Talk {
        let known = self.talks.iter().position(|talk| talk.conversation == conversation);
        let at = known.unwrap_or_else(|| {
            let (references, topics, apart) = (Vec::new(), Vec::new(), Vec::new());
            self.talks.push(Talk { conversation, matter, references, topics, times: 1, apart, ended: None });
            self.talks.drain(..self.talks.len().saturating_sub(TALKS_MAX));
            self.talks.len() - 1
        });
        &mut self.talks[at]
    }
}

impl Talk {
    /// It names this as well.
    pub fn name(&mut self, references: Vec<String>, topics: Vec<String>) {
        let add = |known: &mut Vec<String>, new: Vec<String>| {
            for one in new {
                if known.len() < NAMED_MAX && !known.contains(&one) {
                    known.push(one);
                }
            }
        };
        add(&mut self.references, references);
        add(&mut self.topics, topics);
    }

    /// It is one matter with this one, which was there first.
    pub fn join(&mut self, first: ConversationId) {
        self.apart.retain(|other| *other != first);
    }

    /// It is another matter than this one, whatever is found.
    pub fn part(&mut self, first: ConversationId) {
        if !self.is_apart(first) {
            self.apart.push(first);
            self.apart.drain(..self.apart.len().saturating_sub(NAMED_MAX));
        }
    }

    /// Whether somebody said that it is another matter than this one.
    pub fn is_apart(&self, other: ConversationId) -> bool {
        self.apart.contains(&other)
    }

    /// By what another is about the same; `topics` is whether what the rules say is enough. Where both name references and
    /// share none, they are about different things, whatever the rules say.
    pub fn same_by(&self, other: &Self, topics: bool) -> Option<SameBy> {
        if self.is_apart(other.conversation) || other.is_apart(self.conversation) {
            return None;
        }
        let shares = |one: &[String], other: &[String]| one.iter().any(|named| other.contains(named));
        if shares(&self.references, &other.references) {
            return Some(SameBy::Reference);
        }
        let both_name = !self.references.is_empty() && !other.references.is_empty();
        (topics && !both_name && shares(&self.topics, &other.topics)).then_some(SameBy::Topic)
    }
}

/// Conversations of a tenant that are one matter while both are open: the later, and the one that was there first.
pub type Pairs = BTreeMap<ConversationId, ConversationId>;

/// What is held together with a conversation.
pub fn held_with(pairs: &Pairs, conversation: ConversationId) -> Vec<ConversationId> {
    let other = |(later, first): (&ConversationId, &ConversationId)| match conversation {
        own if own == *later => Some(*first),
        own if own == *first => Some(*later),
        _ => None,
    };
    pairs.iter().filter_map(other).collect()
}

/// The pairs that an entry tells. What cannot be read is as good as not written: the next message of such a customer joins
/// his conversations again.
pub fn pairs(entry: &Entry) -> Pairs {
    let told = Vec::<(ConversationId, ConversationId)>::deserialize(entry.body.expose());
    told.unwrap_or_default().into_iter().collect()
}

/// The entry that tells these pairs.
pub fn pairs_entry(tenant: TenantId, at: Millis, pairs: &Pairs) -> Entry {
    let body = serde_json::to_value(pairs.iter().collect::<Vec<_>>()).unwrap_or_default();
    Entry { kind: Kind::Notice, key: pairs_key(tenant), tenant, at, body: Pii::new(body) }
}

/// Where a tenant's pairs lie.
pub fn pairs_key(tenant: TenantId) -> register::Key {
    register::key(Kind::Notice, tenant, &["joined"])
}

/// What the rules say of a message, as topics.
pub fn topics(label: &Label) -> Vec<String> {
    let case = label.case_type.iter().map(|case| format!("case:{case}"));
    case.chain(label.tags.iter().map(|tag| format!("tag:{tag}"))).collect()
}

/// Where it lies what is remembered of a contact.
pub fn key(tenant: TenantId, contact: ContactKey) -> register::Key {
    register::key(Kind::Notice, tenant, &["matters", &hex::encode(contact.0.to_be_bytes())])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn talk(references: &[&str], topics: &[&str]) -> Talk {
        let mut matters = Matters::default();
        let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        let talk = matters.talk(ConversationId(1), MatterId(2));
        talk.name(owned(references), owned(topics));
        talk.clone()
    }

    #[test]
    fn a_reference_tells_most_and_a_topic_only_where_no_reference_contradicts() {
        let order = talk(&["SO-1"], &["tag:refund"]);
        assert_eq!(order.same_by(&talk(&["SO-1", "SO-2"], &[]), false), Some(SameBy::Reference));
        assert_eq!(order.same_by(&talk(&["SO-2"], &["tag:refund"]), true), None);
        assert_eq!(order.same_by(&talk(&[], &["tag:refund"]), true), Some(SameBy::Topic));
        assert_eq!(order.same_by(&talk(&[], &["tag:refund"]), false), None);
        assert_eq!(talk(&[], &[]).same_by(&talk(&[], &[]), true), None);
        // What somebody parted no finding joins, from neither side, until somebody joins it.
        let (mut later, first) = (Talk { conversation: ConversationId(9), ..order.clone() }, order);
        later.part(first.conversation);
        assert_eq!((later.same_by(&first, true), first.same_by(&later, true)), (None, None));
        later.join(first.conversation);
        assert_eq!(later.same_by(&first, true), Some(SameBy::Reference));
    }

    #[test]
    fn the_oldest_are_forgotten() {
        let mut matters = Matters::default();
        for number in 0..100 {
            matters.talk(ConversationId(number), MatterId(number)).times = 7;
        }
        assert_eq!((matters.talks.len(), matters.talks[0].conversation), (TALKS_MAX, ConversationId(80)));
        assert_eq!(matters.talk(ConversationId(99), MatterId(99)).times, 7);
    }
}
