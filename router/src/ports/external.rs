//! Events of other systems that were not applied yet: they wait for those before them, or for a person.

use async_trait::async_trait;
use blendline_cases::systems::{ExternalEvent, Held, HeldState};
use blendline_wire::{CaseId, ExternalId, Millis, TenantId};
use sha2::{Digest, Sha256};

use crate::ports::store::StoreError;

/// Reads of them.
#[async_trait]
pub trait Externals: Send + Sync {
    /// One of them.
    async fn external(&self, id: ExternalId) -> Result<Option<Held>, StoreError>;

    /// Those of a tenant by name, behind `after`, at most `limit`.
    async fn externals(
        &self,
        tenant: TenantId,
        filter: &ExternalFilter,
        after: Option<ExternalId>,
        limit: usize,
    ) -> Result<Vec<Held>, StoreError>;

    /// Those that have waited long enough by now, the longest first.
    async fn externals_due(&self, shard: u16, now: Millis, limit: usize) -> Result<Vec<Held>, StoreError>;

    /// Cases of a tenant that bear this reference of another system, open ones first, at most [`BEARING_MAX`].
    async fn cases_bearing(&self, tenant: TenantId, reference: &str) -> Result<Vec<CaseId>, StoreError>;
}

/// How many cases one reference is looked for in.
pub const BEARING_MAX: usize = 32;

/// Which of them to list.
#[derive(Clone, Debug, Default)]
pub struct ExternalFilter {
    /// Only those of this system.
    pub system: Option<String>,
    /// Only those that a person has to look at, or only those that wait for others.
    pub parked: Option<bool>,
}

/// What a batch does with one.
#[derive(Clone, Debug, PartialEq)]
pub enum ExternalWrite {
    /// It is so from now on.
    Put(Box<Held>),
    /// It was applied or dropped.
    Remove(ExternalId),
}

impl ExternalWrite {
    /// Of which.
    pub const fn id(&self) -> ExternalId {
        match self {
            Self::Put(held) => held.id,
            Self::Remove(id) => *id,
        }
    }
}

/// Where events are counted: by tenant, system and what they are about.
pub type CountedAt = [u8; 16];

/// Where this event is counted.
pub fn counted_at(event: &ExternalEvent) -> CountedAt {
    let tenant = event.tenant.0.to_string();
    let mut sha = Sha256::new();
    for part in ["external_place", &tenant, &event.system, &event.reference] {
        sha.update((part.len() as u64).to_be_bytes());
        sha.update(part);
    }
    let mut place = CountedAt::default();
    place.copy_from_slice(&sha.finalize()[..16]);
    place
}

/// True where a person has to look at it.
pub const fn is_parked(held: &Held) -> bool {
    matches!(held.state, HeldState::Parked(_))
}

/// Which cases and events a batch wants to know.
#[derive(Clone, Debug, Default)]
pub struct ExternalsWanted {
    /// These events.
    pub ids: Vec<ExternalId>,
    /// All that wait at these places.
    pub places: Vec<CountedAt>,
    /// The cases that bear these references.
    pub references: Vec<(TenantId, String)>,
}

impl ExternalsWanted {
    /// True when there is nothing to look up.
    pub const fn is_empty(&self) -> bool {
        self.ids.is_empty() && self.places.is_empty() && self.references.is_empty()
    }
}
