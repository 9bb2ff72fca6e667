//! What moves: a line every few seconds, and how much waits.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use blendline_core::Scheduler;
use blendline_core::rows::TaskState;
use blendline_wire::TenantId;
use blendline_wire::event::EventKind;
use blendline_wire::task::Side;

use super::Inside;
use super::day::is_peak;
use super::town::Town;
use crate::cli::print;

/// How often it is looked how much waits, and after how many looks it is told.
const LOOK_EVERY: Duration = Duration::from_secs(1);
const TELL_EVERY: u32 = 10;
/// How many events are read at once.
const EVENTS_PAGE: usize = 1_000;

/// The tasks of one side.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
struct Count {
    waiting: usize,
    active: usize,
    solved: u64,
}

/// Looks until it is dropped.
pub(super) async fn watch(town: Arc<Town>, inside: Inside) {
    let mut solved = (0, 0);
    let Ok(mut after) = inside.handle.look(|core| core.snapshot().meta.last_event).await else { return };
    let mut every = tokio::time::interval(LOOK_EVERY);
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    for look in 0.. {
        every.tick().await;
        let Ok((mut front, mut back)) = inside.handle.look(move |core| open(core, inside.tenant)).await else { return };
        town.counts.front_waiting.store(front.waiting, Ordering::Relaxed);
        town.counts.back_waiting.store(back.waiting, Ordering::Relaxed);
        if look % TELL_EVERY != 0 || look == 0 {
            continue;
        }
        count_solved(&inside, &mut after, &mut solved).await;
        (front.solved, back.solved) = solved;
        // The terminal may be gone; the traffic goes on.
        let _ = print(|out| writeln!(out, "{}", Line { town: &town, front, back }));
    }
}

/// What waits and what is worked on, by side: front, back.
fn open(core: &Scheduler, tenant: TenantId) -> (Count, Count) {
    let (mut front, mut back) = (Count::default(), Count::default());
    for task in core.tasks().filter(|task| task.tenant == tenant) {
        let count = if task.side == Side::Front { &mut front } else { &mut back };
        match task.state {
            TaskState::Waiting | TaskState::Offered { .. } => count.waiting += 1,
            TaskState::Active { .. } => count.active += 1,
            _ => {}
        }
    }
    (front, back)
}

/// Counts what was solved since the event `after`, by whomever.
async fn count_solved(inside: &Inside, after: &mut u64, (front, back): &mut (u64, u64)) {
    loop {
        let Ok(events) = inside.archive.events(inside.tenant, *after, EVENTS_PAGE).await else { return };
        for event in &events {
            *after = event.id.0;
            if let EventKind::TaskSolved { .. } = event.kind {
                *(if event.side == Some(Side::Back) { &mut *back } else { &mut *front }) += 1;
            }
        }
        if events.len() < EVENTS_PAGE {
            return;
        }
    }
}

/// What is told.
struct Line<'a> {
    town: &'a Town,
    front: Count,
    back: Count,
}

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at_ms = self.town.clock.now_ms();
        let hour = if is_peak(at_ms) { "peak" } else { "calm" };
        write!(f, "  {:3}:{:02} {hour}", at_ms / 60_000, at_ms / 1000 % 60)?;
        for (side, Count { waiting, active, solved }) in [("front", self.front), ("back", self.back)] {
            write!(f, "  |  {side} {waiting:3} waiting {active:3} active {solved:5} solved")?;
        }
        for (count, what) in [(&self.town.counts.held_back, "held back"), (&self.town.counts.refused, "refused")] {
            match count.load(Ordering::Relaxed) {
                0 => {}
                count => write!(f, "  |  {count} {what}")?,
            }
        }
        Ok(())
    }
}
