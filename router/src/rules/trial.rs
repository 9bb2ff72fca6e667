//! Going live by steps: a set that decides beside the live one, for nobody (shadow) or for a part (pilot), and what watches
//! over it.
//!
//! A trial is a version like any other, with a [`Stage`]; the live rules are the latest version without one. So it is
//! everywhere at once, in the audit log, and ended by whatever is published after it.

use std::collections::{BTreeMap, BTreeSet};

use blendline_core::input::Class;
use blendline_wire::event::{Event, EventKind};
use blendline_wire::{Millis, QueueId, TaskId, TenantId};

use super::Routing;
use crate::ports::rules::{Guard, RuleSetRow, RuleSets, Stage};
use crate::ports::store::{Archive, StoreError};

/// How many versions back the live one is looked for behind trials.
const VERSIONS_BACK: usize = 200;
/// How many events are read at once.
const EVENTS: usize = 1_000;
/// How many events are read in one look; the next goes on from there.
const EVENTS_MAX: usize = 20_000;

/// The latest version, and the one that is live: the latest without a stage.
pub async fn latest_and_live(
    record: &dyn RuleSets,
    tenant: TenantId,
) -> Result<(Option<RuleSetRow>, Option<RuleSetRow>), StoreError> {
    let Some(latest) = record.rule_sets(tenant, u32::MAX, 1).await?.pop() else { return Ok((None, None)) };
    if latest.stage.is_none() {
        return Ok((Some(latest.clone()), Some(latest)));
    }
    let earlier = record.rule_sets(tenant, latest.version, VERSIONS_BACK).await?;
    let live = earlier.into_iter().find(|row| row.stage.is_none());
    Ok((Some(latest), live))
}

/// A set on trial, ready to decide.
#[derive(Debug)]
pub struct Trial {
    /// How it decides; its version is the trial's own.
    pub routing: Routing,
    /// For whom.
    stage: Stage,
    /// The queues that the groups serve for which it acts; `None`: every queue.
    queues: Option<BTreeSet<QueueId>>,
}

impl Trial {
    /// A trial for the queues of the named groups, where there are any.
    pub fn new(routing: Routing, stage: Stage, queues_of: impl Fn(&str) -> Vec<QueueId>) -> Self {
        let of_groups = || stage.groups.iter().flat_map(|group| queues_of(group)).collect();
        let queues = (!stage.groups.is_empty()).then(of_groups);
        Self { routing, stage, queues }
    }

    /// Whether it decides for this contact, or item: by an account, by what the live rules say, and by a share that is
    /// the same for the same contact every time.
    pub fn acts(&self, account: &str, live: &Class, who: u128) -> bool {
        let Stage { acts, per_mille, accounts, .. } = &self.stage;
        *acts
            && (accounts.is_empty() || accounts.iter().any(|own| own == account))
            && self.queues.as_ref().is_none_or(|queues| queues.contains(&live.queue))
            && share_of(who) < *per_mille
    }
}

/// A number below a thousand, the same for the same contact.
fn share_of(who: u128) -> u32 {
    let folded = (who ^ (who >> 64)) as u64;
    let mixed = (folded ^ (folded >> 31)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    u32::try_from((mixed ^ (mixed >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9) >> 32).unwrap_or_default() % 1_000
}

/// Whether two decisions are the same in what they bring about.
pub fn alike(one: &Class, other: &Class) -> bool {
    one.queue == other.queue
        && one.needs == other.needs
        && one.relax == other.relax
        && one.target_ms == other.target_ms
        && one.strain == other.strain
        && one.sticky_ms == other.sticky_ms
}

/// Counts what a trial comes to, from the events since it began.
#[derive(Debug)]
pub struct Watch {
    tenant: TenantId,
    version: u32,
    since: Millis,
    after: u64,
    /// The queue of each open task that came since.
    tasks: BTreeMap<TaskId, QueueId>,
    /// What counts.
    pub seen: Seen,
}

/// What was seen of a trial.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// Tasks that came since it began.
    pub tasks: u64,
    /// Those that it decided itself.
    pub decided: u64,
    /// Those that it would have sent, or has sent, another way than the live rules.
    pub differed: u64,
    /// The latest of these, newest last.
    pub differences: Vec<Event>,
    /// By queue: tasks answered since, and those of them in time.
    pub answered: BTreeMap<QueueId, (u64, u64)>,
}

/// How many differences are listed.
pub const LISTED: usize = 200;

impl Watch {
    /// Begins at the first event since the trial began.
    pub async fn begin(
        archive: &dyn Archive,
        (tenant, shard): (TenantId, u16),
        row: &RuleSetRow,
    ) -> Result<Self, StoreError> {
        let after = last_before(archive, (tenant, shard), row.at).await?;
        let (tasks, seen) = Default::default();
        Ok(Self { tenant, version: row.version, since: row.at, after, tasks, seen })
    }

    /// Whether it is about this version.
    pub fn is_of(&self, row: &RuleSetRow) -> bool {
        self.version == row.version
    }

    /// Reads on. False where there is more to read.
    pub async fn look(&mut self, archive: &dyn Archive) -> Result<bool, StoreError> {
        for _ in 0..EVENTS_MAX / EVENTS {
            let page = archive.events(self.tenant, self.after, EVENTS).await?;
            page.iter().for_each(|event| self.take(event));
            self.after = page.last().map_or(self.after, |event| event.id.0);
            if page.len() < EVENTS {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn take(&mut self, event: &Event) {
        if event.at < self.since {
            return;
        }
        match &event.kind {
            EventKind::TaskCreated { queue, .. } => {
                self.seen.tasks += 1;
                self.seen.decided += u64::from(event.rule_set == self.version);
                self.tasks.extend(event.task.map(|task| (task, *queue)));
            }
            EventKind::RulesDiffered { trial, .. } if *trial == self.version => {
                self.seen.differed += 1;
                self.seen.differences.push(event.clone());
                if LISTED < self.seen.differences.len() {
                    self.seen.differences.remove(0);
                }
            }
            EventKind::FirstResponse { late, .. } => {
                let Some(queue) = event.task.and_then(|task| self.tasks.remove(&task)) else { return };
                let (answered, in_time) = self.seen.answered.entry(queue).or_default();
                (*answered, *in_time) = (*answered + 1, *in_time + u64::from(!late));
            }
            // Who waits longer than his target is late already, whenever he is answered.
            EventKind::TargetMissed { .. } => {
                let Some(queue) = event.task.and_then(|task| self.tasks.remove(&task)) else { return };
                self.seen.answered.entry(queue).or_default().0 += 1;
            }
            EventKind::TaskCancelled { .. } => drop(event.task.and_then(|task| self.tasks.remove(&task))),
            _ => {}
        }
    }

    /// The part of a queue's answers that were in time, in per cent, where there are enough to tell.
    pub fn falls_short(&self, guard: &Guard, queue: QueueId) -> Option<u64> {
        let (answered, in_time) = self.seen.answered.get(&queue).copied().unwrap_or_default();
        let percent = (in_time * 100).checked_div(answered)?;
        (u64::from(guard.tasks_min) <= answered && percent < u64::from(guard.least_percent)).then_some(percent)
    }
}

/// The number of the last event of a tenant before an instant: numbers grow with time, so it is found by halving.
async fn last_before(archive: &dyn Archive, (tenant, shard): (TenantId, u16), at: Millis) -> Result<u64, StoreError> {
    let base = u64::from(shard) << 48;
    let is_before = async |number: u64| {
        let next = archive.events(tenant, base + number, 1).await?.pop();
        Ok::<bool, StoreError>(next.is_some_and(|event| event.at < at))
    };
    let (mut low, mut high) = (0_u64, 1_u64);
    while high < 1 << 47 && is_before(high).await? {
        (low, high) = (high, high * 2);
    }
    while low + 1 < high {
        let middle = low + (high - low) / 2;
        *(if is_before(middle).await? { &mut low } else { &mut high }) = middle;
    }
    // The event after `low` may be before the instant: it is read, and not counted.
    Ok(base + low)
}

/// The row by which a trial ends: the live text again, for everybody.
pub fn ended(live: &RuleSetRow, latest: &RuleSetRow, who: &str, reason: String, at: Millis) -> RuleSetRow {
    RuleSetRow {
        version: latest.version + 1,
        publisher: who.to_owned(),
        reason,
        at,
        from_configuration: false,
        stage: None,
        ..live.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_about_that_share_and_always_the_same() {
        let whos = (0..10_000_u128).map(|who| who * 0x9E37_79B9_7F4A_7C15_0000_0001);
        let piloted = whos.clone().filter(|who| share_of(*who) < 100).count();
        assert!((850..1_150).contains(&piloted), "{piloted} of 10000 for a tenth");
        assert!(whos.clone().all(|who| share_of(who) == share_of(who) && share_of(who) < 1_000));
    }
}
