//! Conversations that are one matter while both are open: two workers never answer them separately.
//!
//! Which pairs these are is one entry of the register for each tenant, written whenever one comes or goes, so the next owner
//! of the shard goes on from there.

use std::collections::BTreeMap;

use blendline_core::Scheduler;
use blendline_wire::{ConversationId, Millis, TenantId};

use crate::driver::owner::Owner;
use crate::driver::telemetry;
use crate::matters::{Pairs, held_with, pairs, pairs_entry, pairs_key};
use crate::patience::insist;
use crate::ports::register::Entry;
use crate::ports::store::{StoreError, Wanted};

/// Pairs of one tenant at a time; beyond them the oldest are answered apart.
const PAIRS_MAX: usize = 1_000;

/// All pairs, by tenant.
#[derive(Debug, Default)]
pub(crate) struct Joined(BTreeMap<TenantId, Pairs>);

impl Joined {
    /// True where nobody has anything held together.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The conversation that was there first and that this later one is held together with.
    pub(crate) fn first_of(&self, tenant: TenantId, later: ConversationId) -> Option<ConversationId> {
        self.0.get(&tenant)?.get(&later).copied()
    }

    /// What is held together with a conversation.
    pub(crate) fn with(&self, tenant: TenantId, conversation: ConversationId) -> Vec<ConversationId> {
        self.0.get(&tenant).map(|pairs| held_with(pairs, conversation)).unwrap_or_default()
    }

    /// Holds two together from now on. Gives what has to be written down; pairs of which one is over go with it.
    pub(crate) fn join(
        &mut self,
        core: &Scheduler,
        (tenant, now): (TenantId, Millis),
        later: ConversationId,
        first: ConversationId,
    ) -> Entry {
        let is_open = |id: &ConversationId| core.conversation(*id).is_some();
        let pairs = self.0.entry(tenant).or_default();
        pairs.retain(|later, first| is_open(later) && is_open(first));
        pairs.insert(later, first);
        while pairs.len() > PAIRS_MAX {
            pairs.pop_first();
        }
        pairs_entry(tenant, now, pairs)
    }

    /// Two are held together no more. Gives what has to be written down, where they were.
    pub(crate) fn part(
        &mut self,
        of_now: (TenantId, Millis),
        later: ConversationId,
        first: ConversationId,
    ) -> Option<Entry> {
        self.retain(of_now, |pair| pair != (later, first))
    }

    /// A conversation is over, and held together with nothing. Gives what has to be written down, where it was.
    pub(crate) fn over(&mut self, of_now: (TenantId, Millis), conversation: ConversationId) -> Option<Entry> {
        self.retain(of_now, |(later, first)| later != conversation && first != conversation)
    }

    fn retain(
        &mut self,
        (tenant, now): (TenantId, Millis),
        stays: impl Fn((ConversationId, ConversationId)) -> bool,
    ) -> Option<Entry> {
        let pairs = self.0.get_mut(&tenant)?;
        let before = pairs.len();
        pairs.retain(|later, first| stays((*later, *first)));
        let written = (pairs.len() < before).then(|| pairs_entry(tenant, now, pairs));
        if pairs.is_empty() {
            self.0.remove(&tenant);
        }
        written
    }
}

impl Owner {
    /// What owners before us held together.
    pub(crate) async fn joined(&self, tenants: impl Iterator<Item = TenantId>) -> Result<Joined, StoreError> {
        let wanted = Wanted { entries: tenants.map(pairs_key).collect(), ..Wanted::default() };
        if wanted.is_empty() {
            return Ok(Joined::default());
        }
        let (shard, for_ms) = (self.config.shard, self.config.give_up_after_ms);
        let found =
            insist("prefetch", for_ms, telemetry::store_unavailable, || self.store.prefetch(shard, &wanted)).await?;
        let all = found.entries.values().map(|entry| (entry.tenant, pairs(entry)));
        Ok(Joined(all.filter(|(_, pairs)| !pairs.is_empty()).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TENANT: TenantId = TenantId(1);

    #[test]
    fn what_is_written_down_is_what_the_next_owner_reads() {
        let held: Pairs = [(ConversationId(9), ConversationId(4)), (ConversationId(12), ConversationId(4))].into();
        let written = pairs_entry(TENANT, Millis(7), &held);
        let next = Joined([(TENANT, pairs(&written))].into());
        assert_eq!(next.with(TENANT, ConversationId(4)), [ConversationId(9), ConversationId(12)]);
        assert_eq!(next.with(TENANT, ConversationId(9)), [ConversationId(4)]);
        assert_eq!(next.with(TenantId(2), ConversationId(9)), []);
        assert_eq!(next.first_of(TENANT, ConversationId(12)), Some(ConversationId(4)));
    }

    #[test]
    fn parting_is_written_once_and_what_is_over_goes_when_others_come() {
        let mut joined = Joined([(TENANT, [(ConversationId(9), ConversationId(4))].into())].into());
        // An empty core: nothing that it was told of is open, but what comes now.
        let core = Scheduler::new(0, 1);
        let written = joined.join(&core, (TENANT, Millis(1)), ConversationId(20), ConversationId(15));
        assert_eq!(pairs(&written), [(ConversationId(20), ConversationId(15))].into());
        assert!(pairs(&joined.over((TENANT, Millis(2)), ConversationId(15)).expect("it was held")).is_empty());
        assert!(joined.over((TENANT, Millis(3)), ConversationId(15)).is_none() && joined.is_empty());
    }
}
