//! One of them, as the record keeps it.

use std::collections::BTreeMap;

use blendline_wire::event::improvement::{ImprovementSource, ImprovementStatus, Measured};
use blendline_wire::{
    CaseId, ConversationId, ImprovementId, MatterId, Millis, Pii, QueueId, TaskId, TenantId, WorkerId,
};
use serde::{Deserialize, Serialize};

use crate::limits::{CHANNELS_MAX, EVIDENCE_MAX, WRITERS_MAX};

/// Something that should change.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Improvement {
    /// Its name.
    pub id: ImprovementId,
    /// Whose.
    pub tenant: TenantId,
    /// When it was written down.
    pub opened_at: Millis,
    /// From where it is known.
    pub source: ImprovementSource,
    /// What should change, in one line.
    pub title: Pii<String>,
    /// More about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<Pii<String>>,
    /// The queue that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue: Option<QueueId>,
    /// What the rules say of the contacts behind it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,
    /// The unit that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// The manager who is to answer, and then to do it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<WorkerId>,
    /// Until when he is to answer.
    pub due_at: Millis,
    /// When it is looked at next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub look_at: Option<Millis>,
    /// How often it went up the organisation's tree since it was opened last.
    #[serde(default)]
    pub climbs: u32,
    /// Where it stands; of one that belongs to another, where that other stood.
    pub status: ImprovementStatus,
    /// What the manager answered last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<Answer>,
    /// The one that says the same, to which it belongs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<ImprovementId>,
    /// What speaks for it: the first [`EVIDENCE_MAX`].
    pub evidence: Vec<Evidence>,
    /// The contacts behind it by channel, all of them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub contacts: BTreeMap<String, u64>,
    /// Who wrote it, and hears what became of it: the first [`WRITERS_MAX`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub writers: Vec<Writer>,
    /// What was measured before the change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Measured>,
    /// What was measured after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Measured>,
}

/// What a manager answered.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Answer {
    /// Who.
    pub by: WorkerId,
    /// When.
    pub at: Millis,
    /// Until when it will be done; `None`: it will not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub do_by: Option<Millis>,
    /// In his words: what will be done, or why not.
    pub words: Pii<String>,
}

/// What speaks for a change.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Evidence {
    /// When it was added.
    pub at: Millis,
    /// The task it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<TaskId>,
    /// The case it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case: Option<CaseId>,
    /// The conversation it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversation: Option<ConversationId>,
    /// The matter it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matter: Option<MatterId>,
    /// The contacts that it stands for, by channel.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub contacts: BTreeMap<String, u64>,
    /// In somebody's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub words: Option<Pii<String>>,
}

/// Who wrote something, and at which task: what becomes of it is told him there.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Writer {
    /// Who.
    pub worker: WorkerId,
    /// The task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<TaskId>,
    /// Its matter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matter: Option<MatterId>,
    /// Its conversation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversation: Option<ConversationId>,
}

impl Improvement {
    /// Whoever wrote it first.
    pub fn author(&self) -> Option<WorkerId> {
        self.writers.first().map(|writer| writer.worker)
    }

    /// How many contacts stand behind it.
    pub fn contact_count(&self) -> u64 {
        self.contacts.values().fold(0, |sum, count| sum.saturating_add(*count))
    }

    /// Takes up what speaks for it: all of it is counted, the first of it is kept.
    pub(crate) fn take(&mut self, evidence: Evidence, writer: Option<Writer>) {
        add(&mut self.contacts, &evidence.contacts);
        if self.evidence.len() < EVIDENCE_MAX {
            self.evidence.push(evidence);
        }
        if let Some(writer) = writer
            && self.writers.len() < WRITERS_MAX
            && self.writers.iter().all(|known| known.worker != writer.worker)
        {
            self.writers.push(writer);
        }
    }
}

/// Adds contacts by channel; beyond [`CHANNELS_MAX`] they count under no channel.
pub fn add(sum: &mut BTreeMap<String, u64>, more: &BTreeMap<String, u64>) {
    for (channel, count) in more {
        let has_room = sum.len() < CHANNELS_MAX || sum.contains_key(channel);
        let channel = if has_room { channel.clone() } else { String::new() };
        let known = sum.entry(channel).or_default();
        *known = known.saturating_add(*count);
    }
}
