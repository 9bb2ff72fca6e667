//! Conversations that are one matter while both are open: two workers never answer them separately.
//!
//! Which pairs these are is one entry of the register for each tenant, written whenever one comes or goes, so the next owner
//! of the shard goes on from there.

use std::collections::BTreeMap;

use blendline_core::Scheduler;
use blendline_wire::{ConversationId, Millis, Pii, TenantId};

use crate::driver::owner::Owner;
use crate::driver::telemetry;
use crate::patience::insist;
use crate::ports::register::{Entry, Key, Kind, key};
use crate::ports::store::{StoreError, Wanted};

/// Pairs of one tenant at a time; beyond them the oldest are answered apart.
const PAIRS_MAX: usize = 1_000;

/// The pairs of a tenant: the later conversation, and the one that was there first.
type Pairs = BTreeMap<ConversationId, ConversationId>;

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
        let pairs = self.0.get(&tenant).into_iter().flatten();
        let other = |(later, first): (&ConversationId, &ConversationId)| match conversation {
            own if own == *later => Some(*first),
            own if own == *first => Some(*later),
            _ => None,
        };
        pairs.filter_map(other).collect()
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
        entry(tenant, now, pairs)
    }

    /// A conversation is held together with nothing any more. Gives what has to be written down, where it was.
    pub(crate) fn part(&mut self, tenant: TenantId, now: Millis, conversation: ConversationId) -> Option<Entry> {
        let pairs = self.0.get_mut(&tenant)?;
        let before = pairs.len();
        pairs.retain(|later, first| *later != conversation && *first != conversation);
        let written = (pairs.len() < before).then(|| entry(tenant, now, pairs));
        if pairs.is_empty() {
            self.0.remove(&tenant);
        }
        written
    }
}

impl Owner {
    /// What owners before us held together.
    pub(crate) async fn joined(&self, tenants: impl Iterator<Item = TenantId>) -> Result<Joined, StoreError> {
        let wanted = Wanted { entries: tenants.map(key_of).collect(), ..Wanted::default() };
        if wanted.is_empty() {
            return Ok(Joined::default());
        }
        let (shard, for_ms) = (self.config.shard, self.config.give_up_after_ms);
        let found =
            insist("prefetch", for_ms, telemetry::store_unavailable, || self.store.prefetch(shard, &wanted)).await?;
        let all = found.entries.values().map(|entry| (entry.tenant, read(entry)));
        Ok(Joined(all.filter(|(_, pairs)| !pairs.is_empty()).collect()))
    }
}

fn key_of(tenant: TenantId) -> Key {
    key(Kind::Notice, tenant, &["joined"])
}

fn entry(tenant: TenantId, at: Millis, pairs: &Pairs) -> Entry {
    let body = serde_json::to_value(pairs.iter().collect::<Vec<_>>()).unwrap_or_default();
    Entry { kind: Kind::Notice, key: key_of(tenant), tenant, at, body: Pii::new(body) }
}

/// What cannot be read is as good as not written: the next message of such a customer joins his conversations again.
fn read(entry: &Entry) -> Pairs {
    serde_json::from_value::<Vec<(ConversationId, ConversationId)>>(entry.body.expose().clone())
        .unwrap_or_default()
        .into_iter()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TENANT: TenantId = TenantId(1);

    #[test]
    fn what_is_written_down_is_what_the_next_owner_reads() {
        let pairs: Pairs = [(ConversationId(9), ConversationId(4)), (ConversationId(12), ConversationId(4))].into();
        let written = entry(TENANT, Millis(7), &pairs);
        let next = Joined([(TENANT, read(&written))].into());
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
        assert_eq!(read(&written), [(ConversationId(20), ConversationId(15))].into());
        assert!(read(&joined.part(TENANT, Millis(2), ConversationId(15)).expect("it was held")).is_empty());
        assert!(joined.part(TENANT, Millis(3), ConversationId(15)).is_none() && joined.is_empty());
    }
}
