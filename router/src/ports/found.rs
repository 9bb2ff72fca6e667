//! The one look-up of a batch: what it asks for, and what there is.

use std::collections::HashMap;

use blendline_authority::Line;
use blendline_cases::Case;
use blendline_cases::systems::Held;
use blendline_core::rows::{Conversation, OutboundRow};
use blendline_improvements::Improvement;
use blendline_quality::Judgement;
use blendline_wire::{AccountId, CaseId, ContactKey, ConversationId, ImprovementId, MatterId, OutboundId, TaskId};

use crate::ports::external::ExternalsWanted;
use crate::ports::judgements::JudgementsWanted;
use crate::ports::ledger::LinesWanted;
use crate::ports::register::{self, Entry};

/// What a batch wants to know before it is stepped.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Duplicate keys of what came in and of replies (16-byte hashes).
    pub keys: Vec<[u8; 16]>,
    /// Addresses of contacts (16-byte hashes of tenant, account and address).
    pub addresses: Vec<[u8; 16]>,
    /// Messages of ours, by our id.
    pub outbound: Vec<OutboundId>,
    /// Messages of ours, by (account, the platform's id).
    pub external: Vec<(AccountId, String)>,
    /// Messages of ours that a customer answers, likewise; with the latest conversation of whom they went to.
    pub answered: Vec<(AccountId, String)>,
    /// Conversations that are not open, by id; with the latest one of the same contact.
    pub conversations: Vec<ConversationId>,
    /// Entries of the register.
    pub entries: Vec<register::Key>,
    /// Cases by their names; with the latest conversation of each one's contact.
    pub cases: Vec<CaseId>,
    /// The cases whose stage's work these tasks do, likewise.
    pub case_tasks: Vec<TaskId>,
    /// The cases of these matters that are open, at most [`MATTER_CASES_MAX`] of each.
    pub case_matters: Vec<MatterId>,
    /// Lines of the ledger of decisions.
    pub lines: LinesWanted,
    /// Events of other systems, and the cases that they are about.
    pub externals: ExternalsWanted,
    /// What was said of work.
    pub judgements: JudgementsWanted,
    /// Improvements by their names, each with all that belong to it.
    pub improvements: Vec<ImprovementId>,
}

/// How many open cases of one matter are looked up.
pub const MATTER_CASES_MAX: usize = 20;

impl Wanted {
    /// True when there is nothing to look up.
    pub const fn is_empty(&self) -> bool {
        self.keys.is_empty()
            && self.addresses.is_empty()
            && self.outbound.is_empty()
            && self.external.is_empty()
            && self.answered.is_empty()
            && self.conversations.is_empty()
            && self.entries.is_empty()
            && self.cases.is_empty()
            && self.case_tasks.is_empty()
            && self.case_matters.is_empty()
            && self.lines.is_empty()
            && self.externals.is_empty()
            && self.judgements.is_empty()
            && self.improvements.is_empty()
    }
}

/// What was found.
#[derive(Debug, Default)]
pub struct Found {
    /// Known duplicate keys, with the value stored beside each (empty for inbound events).
    pub keys: HashMap<[u8; 16], Vec<u8>>,
    /// Which contact an address belongs to.
    pub contacts: HashMap<[u8; 16], ContactKey>,
    /// The latest conversation of each contact, when it is not open.
    pub latest: HashMap<ContactKey, Conversation>,
    /// Messages of ours by our id.
    pub outbound: HashMap<OutboundId, OutboundRow>,
    /// Messages of ours by the platform's id.
    pub external: HashMap<(AccountId, String), OutboundId>,
    /// Conversations by id.
    pub conversations: HashMap<ConversationId, Conversation>,
    /// Entries of the register.
    pub entries: HashMap<register::Key, Entry>,
    /// Cases, whichever way they were asked for.
    pub cases: HashMap<CaseId, Case>,
    /// Lines of the ledger of decisions, whichever way they were asked for.
    pub lines: Vec<Line>,
    /// Events of other systems that were not applied yet, whichever way they were asked for.
    pub externals: Vec<Held>,
    /// What was said of work, whichever way it was asked for.
    pub judgements: Vec<Judgement>,
    /// Improvements, and those that belong to them.
    pub improvements: Vec<Improvement>,
}
