//! What is already decided but may not be in the record yet: it goes before what was found there (P3).
//!
//! A look-up for batch N + 1 may run while batch N is being committed, so it may miss what N and N + 1 themselves
//! changed; what N - 1 changed it cannot miss. Two layers are enough.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use blendline_authority::{Decision, Line, State};
use blendline_cases::Case;
use blendline_cases::systems::Held;
use blendline_core::Write;
use blendline_core::rows::{Conversation, ConversationState, OutboundRow};
use blendline_improvements::Improvement;
use blendline_quality::Judgement;
use blendline_wire::{
    AccountId, CaseId, ContactKey, ConversationId, DecisionId, ExternalId, ImprovementId, JudgementId, MatterId,
    OutboundId, TaskId, TenantId,
};

use crate::accounts::AccountState;
use crate::driver::forecasts::Forecasts;
use crate::driver::joined::Joined;
use crate::driver::keys::Key;
use crate::driver::kin::Kin;
use crate::driver::repeats::Again;
use crate::driver::reviews::Standings;
use crate::ports::external::{CountedAt, counted_at, is_parked};
use crate::ports::register::{self, Entry};
use crate::ports::store::Found;

/// What one batch changed of what a look-up asks for.
#[derive(Debug, Default)]
struct Layer {
    keys: HashMap<Key, Vec<u8>>,
    contacts: HashMap<Key, ContactKey>,
    conversations: HashMap<ConversationId, Conversation>,
    latest: HashMap<ContactKey, ConversationId>,
    outbound: HashMap<OutboundId, OutboundRow>,
    external: HashMap<(AccountId, String), OutboundId>,
    entries: HashMap<register::Key, Entry>,
    cases: HashMap<CaseId, Case>,
    lines: Vec<Line>,
    externals: HashMap<ExternalId, Option<Held>>,
    judgements: HashMap<JudgementId, Judgement>,
    improvements: HashMap<ImprovementId, Improvement>,
}

/// What is known of the record, beside the live state.
#[derive(Debug, Default)]
pub(crate) struct Overlay {
    current: Layer,
    previous: Layer,
    found: Found,
    /// Whose contacts are one person's, of those whom the batch is about.
    pub(crate) kin: Kin,
    /// Open conversations that are one matter.
    pub(crate) joined: Joined,
    /// What is known of how long stages take.
    pub(crate) forecasts: Forecasts,
    /// What is known of how workers were reviewed, and who reviews what.
    pub(crate) standings: Standings,
    /// What customers come again with.
    pub(crate) again: Again,
    /// How accounts are, as far as this owner has heard.
    pub(crate) health: HashMap<AccountId, AccountState>,
}

impl Overlay {
    /// What the next owner goes on from.
    pub(crate) fn after(joined: Joined, standings: Standings) -> Self {
        Self { joined, standings, ..Self::default() }
    }

    /// Begins a batch with what was found for it.
    pub(crate) fn begin(&mut self, found: Found, kin: Kin) {
        self.kin = kin;
        self.previous = std::mem::take(&mut self.current);
        self.found = found;
    }

    /// Takes up a row after a step.
    pub(crate) fn absorb(&mut self, write: &Write) {
        match write {
            Write::Conversation(row) => {
                let latest = self.current.latest.entry(row.contact).or_insert(row.id);
                *latest = row.id.max(*latest);
                self.current.conversations.insert(row.id, (**row).clone());
            }
            Write::Outbound(row) if row.state.is_final() => {
                self.current.outbound.insert(row.id, (**row).clone());
            }
            _ => {}
        }
    }

    /// A new duplicate key and what is kept beside it.
    pub(crate) fn add_key(&mut self, key: Key, value: Vec<u8>) {
        self.current.keys.insert(key, value);
    }

    /// A new address of a contact.
    pub(crate) fn add_contact(&mut self, address: Key, contact: ContactKey) {
        self.current.contacts.insert(address, contact);
    }

    /// The platform's id of a message of ours.
    pub(crate) fn add_external(&mut self, account: AccountId, external_id: String, outbound: OutboundId) {
        self.current.external.insert((account, external_id), outbound);
    }

    /// A new entry of the register.
    pub(crate) fn add_entry(&mut self, entry: Entry) {
        self.current.entries.insert(entry.key, entry);
    }

    /// An entry of the register.
    pub(crate) fn entry(&self, key: &register::Key) -> Option<&Entry> {
        let known = self.current.entries.get(key).or_else(|| self.previous.entries.get(key));
        known.or_else(|| self.found.entries.get(key))
    }

    /// A case as it is from now on.
    pub(crate) fn add_case(&mut self, case: Case) {
        self.current.cases.insert(case.id, case);
    }

    /// A case.
    pub(crate) fn case(&self, id: CaseId) -> Option<&Case> {
        let known = self.current.cases.get(&id).or_else(|| self.previous.cases.get(&id));
        known.or_else(|| self.found.cases.get(&id))
    }

    /// All cases that are known, each as it is now.
    pub(crate) fn cases(&self) -> Vec<&Case> {
        let layers = [&self.current.cases, &self.previous.cases, &self.found.cases];
        let mut ids: Vec<CaseId> = layers.into_iter().flat_map(HashMap::keys).copied().collect();
        ids.sort_unstable();
        ids.dedup();
        ids.into_iter().filter_map(|id| self.case(id)).collect()
    }

    /// The case whose stage's work this task does.
    pub(crate) fn case_of(&self, task: TaskId) -> Option<&Case> {
        let layers = [&self.current.cases, &self.previous.cases, &self.found.cases];
        let is_its = |case: &&Case| case.task == Some(task);
        let mut named = layers.into_iter().flat_map(HashMap::values).filter(is_its);
        // What was found, or decided before, may have been moved on since.
        named.find_map(|case| self.case(case.id).filter(is_its))
    }

    /// The open cases of a matter, as far as they were asked for.
    pub(crate) fn cases_of_matter(&self, matter: MatterId) -> Vec<&Case> {
        let layers = [&self.current.cases, &self.previous.cases, &self.found.cases];
        let ids: BTreeSet<_> = layers.into_iter().flat_map(HashMap::keys).copied().collect();
        let is_its = |case: &&Case| case.is_open() && case.links.matter == Some(matter);
        ids.into_iter().filter_map(|id| self.case(id)).filter(is_its).collect()
    }

    /// The cases that may bear a reference of another system, by name: whether one does is to be looked at.
    pub(crate) fn known_cases(&self, tenant: TenantId) -> Vec<&Case> {
        let layers = [&self.current.cases, &self.previous.cases, &self.found.cases];
        let ids: BTreeSet<CaseId> = layers.into_iter().flat_map(HashMap::keys).copied().collect();
        ids.into_iter().filter_map(|id| self.case(id)).filter(|case| case.tenant == tenant).collect()
    }

    /// An event of another system waits or is put aside; or is so no more.
    pub(crate) fn put_held(&mut self, id: ExternalId, held: Option<Held>) {
        self.current.externals.insert(id, held);
    }

    /// An event of another system that was not applied yet.
    pub(crate) fn held(&self, id: ExternalId) -> Option<&Held> {
        let known = self.current.externals.get(&id).or_else(|| self.previous.externals.get(&id));
        known.map_or_else(|| self.found.externals.iter().find(|held| held.id == id), Option::as_ref)
    }

    /// Those that wait at a place, by their number there.
    pub(crate) fn waiting_at(&self, place: CountedAt) -> BTreeMap<u64, Held> {
        let layers = [&self.current.externals, &self.previous.externals];
        let ids = layers.into_iter().flat_map(HashMap::keys).copied();
        let ids: BTreeSet<ExternalId> = ids.chain(self.found.externals.iter().map(|held| held.id)).collect();
        let waiting = ids.into_iter().filter_map(|id| self.held(id));
        let here = waiting.filter(|held| !is_parked(held) && counted_at(&held.event) == place);
        here.filter_map(|held| Some((held.event.sequence?, held.clone()))).collect()
    }

    /// A judgement as it is from now on.
    pub(crate) fn add_judgement(&mut self, judgement: Judgement) {
        self.current.judgements.insert(judgement.id(), judgement);
    }

    /// A judgement.
    pub(crate) fn judgement(&self, id: JudgementId) -> Option<&Judgement> {
        let known = self.current.judgements.get(&id).or_else(|| self.previous.judgements.get(&id));
        known.or_else(|| self.found.judgements.iter().find(|judgement| judgement.id() == id))
    }

    /// An improvement as it is now.
    pub(crate) fn put_improvement(&mut self, improvement: Improvement) {
        self.current.improvements.insert(improvement.id, improvement);
    }

    /// An improvement that was asked for.
    pub(crate) fn improvement(&self, id: ImprovementId) -> Option<&Improvement> {
        let known = self.current.improvements.get(&id).or_else(|| self.previous.improvements.get(&id));
        known.or_else(|| self.found.improvements.iter().find(|known| known.id == id))
    }

    /// Those that belong to an improvement which was asked for.
    pub(crate) fn members(&self, of: ImprovementId) -> Vec<&Improvement> {
        let decided = self.current.improvements.keys().chain(self.previous.improvements.keys()).copied();
        let ids: BTreeSet<_> = decided.chain(self.found.improvements.iter().map(|known| known.id)).collect();
        ids.into_iter().filter_map(|id| self.improvement(id)).filter(|known| known.group == Some(of)).collect()
    }

    /// A new line of the ledger of decisions.
    pub(crate) fn add_line(&mut self, line: Line) {
        self.current.lines.push(line);
    }

    /// The lines of the ledger that are known; some may be there twice.
    pub(crate) fn lines(&self) -> impl Iterator<Item = &Line> {
        self.found.lines.iter().chain(&self.previous.lines).chain(&self.current.lines)
    }

    /// A decision.
    pub(crate) fn decision(&self, id: DecisionId) -> Option<Decision> {
        let its = self.lines().filter(|line| line.told.decision == id);
        let lines: BTreeMap<u32, &Line> = its.map(|line| (line.told.line, line)).collect();
        Decision::of(lines.into_values())
    }

    /// The decision that waits for what this task asks.
    pub(crate) fn asked_by(&self, task: TaskId) -> Option<Decision> {
        let asks = self.lines().find(|line| line.told.approval == Some(task))?;
        let decision = self.decision(asks.told.decision)?;
        (decision.state() == State::Waiting && decision.approval == Some(task)).then_some(decision)
    }

    /// What is kept beside a duplicate key.
    pub(crate) fn key(&self, key: &Key) -> Option<&[u8]> {
        let known = self.current.keys.get(key).or_else(|| self.previous.keys.get(key));
        known.or_else(|| self.found.keys.get(key)).map(Vec::as_slice)
    }

    /// Whose address it is.
    pub(crate) fn contact(&self, address: &Key) -> Option<ContactKey> {
        let known = self.current.contacts.get(address).or_else(|| self.previous.contacts.get(address));
        known.or_else(|| self.found.contacts.get(address)).copied()
    }

    /// The contact's latest conversation, when it is not open.
    pub(crate) fn latest(&self, contact: ContactKey) -> Option<&Conversation> {
        // Numbers only grow, so the latest is the one with the highest; an older one may have been written after it.
        let decided = [&self.current, &self.previous].into_iter().filter_map(|layer| {
            let id = layer.latest.get(&contact)?;
            self.current.conversations.get(id).or_else(|| self.previous.conversations.get(id))
        });
        // What was found comes first: of equals the last wins, and what was decided is the newer.
        self.found
            .latest
            .get(&contact)
            .into_iter()
            .chain(decided)
            .max_by_key(|row| row.id)
            .filter(|row| !matches!(row.state, ConversationState::Open { .. }))
    }

    /// A conversation, when it is not open.
    pub(crate) fn conversation(&self, id: ConversationId) -> Option<&Conversation> {
        let known = self.current.conversations.get(&id).or_else(|| self.previous.conversations.get(&id));
        known
            .or_else(|| self.found.conversations.get(&id))
            .filter(|row| !matches!(row.state, ConversationState::Open { .. }))
    }

    /// A message of ours that is final.
    pub(crate) fn outbound(&self, id: OutboundId) -> Option<&OutboundRow> {
        let known = self.current.outbound.get(&id).or_else(|| self.previous.outbound.get(&id));
        known.or_else(|| self.found.outbound.get(&id))
    }

    /// The message of ours that the platform calls so.
    pub(crate) fn external(&self, account: AccountId, external_id: &str) -> Option<OutboundId> {
        let name = (account, external_id.to_owned());
        let known = self.current.external.get(&name).or_else(|| self.previous.external.get(&name));
        known.or_else(|| self.found.external.get(&name)).copied()
    }
}
