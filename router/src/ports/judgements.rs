//! What is said of work that was done, as the record keeps it: reviews, ratings of answers, and that work was sent back.

use async_trait::async_trait;
use blendline_quality::{Judgement, Kind};
use blendline_wire::{JudgementId, Millis, TaskId, TenantId, WorkerId};

use crate::ports::store::StoreError;

/// Reads of judgements.
#[async_trait]
pub trait Judgements: Send + Sync {
    /// All that are asked for, in no order; some may be there twice.
    async fn judgements_wanted(&self, wanted: &JudgementsWanted) -> Result<Vec<Judgement>, StoreError>;

    /// Those of a tenant behind `after` in the order of time, at most `limit`.
    async fn judgements(
        &self,
        tenant: TenantId,
        filter: &JudgementFilter,
        after: Option<JudgementPlace>,
        limit: usize,
    ) -> Result<Vec<Judgement>, StoreError>;
}

/// Which judgements to look up.
#[derive(Clone, Debug, Default)]
pub struct JudgementsWanted {
    /// By their names.
    pub ids: Vec<JudgementId>,
    /// Those that are found by these tasks.
    pub tasks: Vec<TaskId>,
}

impl JudgementsWanted {
    /// True when there is nothing to look up.
    pub const fn is_empty(&self) -> bool {
        self.ids.is_empty() && self.tasks.is_empty()
    }
}

/// Which judgements to list.
#[derive(Clone, Copy, Debug, Default)]
pub struct JudgementFilter {
    /// Only of this sort.
    pub kind: Option<Kind>,
    /// Only of this worker's work.
    pub worker: Option<WorkerId>,
    /// Only by this one.
    pub judge: Option<WorkerId>,
    /// Only those on which somebody is to say something, or only the others.
    pub open: Option<bool>,
    /// From then on.
    pub since: Option<Millis>,
    /// Before then.
    pub until: Option<Millis>,
}

/// Where a judgement stands in the order of time.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct JudgementPlace {
    /// When it began.
    pub at: Millis,
    /// Its name.
    pub id: JudgementId,
}

impl JudgementPlace {
    /// Where this one stands.
    pub const fn of(judgement: &Judgement) -> Self {
        Self { at: judgement.at(), id: judgement.id() }
    }
}
