//! The two ways to work: each pool by itself, and all in one.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyhow::Context as _;
use blendline_rules::replay::{Arrival, Change, Day, QueueResult, Result as Replayed, Shift};
use blendline_rules::{RuleSet, check};
use blendline_wire::Millis;
use blendline_wire::time::Instant;
use serde::Serialize;

use super::export::Export;
use crate::rules::replay::replayed;
use crate::rules::world;

/// How many per cent fewer people are tried, one after the other.
const FEWER: &[i32] = &[-3, -6, -9, -12, -15, -20, -25, -30, -40];
/// By how much a pool may answer later with fewer people than it did separately, in thousandths: chance.
const CHANCE_MILLI: u64 = 5;
const HOUR_MS: u64 = 3_600_000;

/// What came of it.
#[derive(Debug, Serialize)]
pub(super) struct Assessment {
    /// From the first to the last, RFC 3339.
    pub(super) from: String,
    pub(super) to: String,
    pub(super) contacts: u64,
    pub(super) tasks: u64,
    pub(super) people: u64,
    pub(super) bad_lines: usize,
    pub(super) pools: Vec<PoolFigures>,
    /// The part of their hours that back pools were at work, separately, in thousandths.
    pub(super) back_busy_separate_milli: Option<u64>,
    /// The same of front pools.
    pub(super) front_busy_separate_milli: Option<u64>,
    /// The part that everybody is, blended.
    pub(super) busy_blended_milli: Option<u64>,
    /// Hours that people were there.
    pub(super) hours: u64,
    pub(super) saving: Saving,
}

/// A pool, both ways.
#[derive(Debug, Serialize)]
pub(super) struct PoolFigures {
    pub(super) name: String,
    pub(super) front: bool,
    pub(super) target_s: u64,
    pub(super) came: u64,
    pub(super) separate: Way,
    pub(super) blended: Way,
}

/// A pool, one way.
#[derive(Debug, Serialize)]
pub(super) struct Way {
    /// The part that had a worker within the target, in thousandths.
    pub(super) in_time_milli: Option<u64>,
    pub(super) wait_mean_s: u64,
    pub(super) wait_p90_s: u64,
    pub(super) left: u64,
    pub(super) done: u64,
}

/// The most people fewer with whom no pool is worse off than it was.
#[derive(Debug, Default, Serialize)]
pub(super) struct Saving {
    pub(super) percent: u32,
    pub(super) hours: u64,
    /// Hours by what one costs.
    pub(super) money: u64,
}

impl Assessment {
    /// Runs it both ways, and blended with fewer and fewer people.
    pub(super) fn of(export: &Export, hour_cost: u64) -> anyhow::Result<Self> {
        let people = people(export);
        let day = day(export, &people);
        let (separate_set, blended_set) = (set(export, &people, false)?, set(export, &people, true)?);
        let separate = replayed(&separate_set, &day)?;
        let blended = replayed(&blended_set, &day)?;
        let saving = saving(export, &blended_set, &day, (&separate, &blended), hour_cost)?;
        let of = |result: &Replayed, pool: usize| way(result.queues.get(pool));
        let pools = export.pools.iter().enumerate().map(|(at, pool)| PoolFigures {
            name: pool.name.clone(),
            front: pool.front,
            target_s: pool.target_s,
            came: separate.queues.get(at).map_or(0, |queue| queue.arrived),
            separate: of(&separate, at),
            blended: of(&blended, at),
        });
        let is_front = |at: usize| export.pools.get(at).is_some_and(|pool| pool.front);
        let busy = |front: bool| {
            let own =
                separate.groups.iter().filter(|group| place(&group.group).is_some_and(|at| is_front(at) == front));
            let (worked, present) =
                own.fold((0, 0), |(worked, present), group| (worked + group.worked_ms, present + group.present_ms));
            (worked * 1_000_u64).checked_div(present)
        };
        let all = blended.groups.first();
        let contacts = export.work.iter().filter(|work| is_front(work.pool)).count() as u64;
        let span = day.span().unwrap_or_default();
        Ok(Self {
            from: span.0.to_rfc3339(),
            to: span.1.to_rfc3339(),
            contacts,
            tasks: export.work.len() as u64 - contacts,
            people: people.len() as u64,
            bad_lines: export.bad_lines,
            pools: pools.collect(),
            back_busy_separate_milli: busy(false),
            front_busy_separate_milli: busy(true),
            busy_blended_milli: all.and_then(|all| (all.worked_ms * 1_000).checked_div(all.present_ms)),
            hours: shift_ms(export, |_| true) / HOUR_MS,
            saving,
        })
    }
}

fn way(queue: Option<&QueueResult>) -> Way {
    Way {
        in_time_milli: queue.and_then(QueueResult::service_level_milli),
        wait_mean_s: queue.map_or(0, |queue| queue.wait_mean_ms / 1_000),
        wait_p90_s: queue.map_or(0, |queue| queue.wait_p90_ms / 1_000),
        left: queue.map_or(0, |queue| queue.left),
        done: queue.map_or(0, |queue| queue.done),
    }
}

/// The place of a pool whose group bears its number: `p3`.
fn place(group: &str) -> Option<usize> {
    group.strip_prefix('p')?.parse().ok()
}

/// Who is there: each with his pool, mixed, so that leaving out the last ones takes from every pool.
fn people(export: &Export) -> BTreeMap<(u64, String, usize), String> {
    let mixed = |name: &str| {
        name.bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
    };
    let mut people = BTreeMap::new();
    for shift in &export.shifts {
        people.insert((mixed(&shift.worker), shift.worker.clone(), shift.pool), String::new());
    }
    for (number, name) in people.values_mut().enumerate() {
        *name = format!("w{number}");
    }
    people
}

/// Each pool is a queue, served by its own people, or by all.
fn set(export: &Export, people: &BTreeMap<(u64, String, usize), String>, blended: bool) -> anyhow::Result<RuleSet> {
    let mut text = String::from("queues:\n");
    for (at, pool) in export.pools.iter().enumerate() {
        let side = if pool.front { "front" } else { "back" };
        let soft = if pool.front { "" } else { ", interruptible: true" };
        writeln!(text, "  p{at}: {{side: {side}, target: {}s, offer: 30s, wrap_up: 1ms{soft}}}", pool.target_s)?;
    }
    text += "groups:\n";
    let all = (0..export.pools.len()).map(|at| format!("p{at}")).collect::<Vec<_>>().join(", ");
    if blended {
        let names = people.values().cloned().collect::<Vec<_>>().join(", ");
        writeln!(text, "  all: {{queues: [{all}], capacity: 100, accept: auto, workers: [{names}]}}")?;
    } else {
        for at in 0..export.pools.len() {
            let own = people.iter().filter(|((_, _, pool), _)| *pool == at).map(|(_, name)| name.clone());
            let names = own.collect::<Vec<_>>().join(", ");
            writeln!(text, "  p{at}: {{queues: [p{at}], capacity: 100, accept: auto, workers: [{names}]}}")?;
        }
    }
    text += "rules:\n";
    for at in 0..export.pools.len() {
        writeln!(text, "  - {{name: p{at}, account: p{at}, queue: p{at}}}")?;
    }
    let checked = check("assess", &text, &world(None));
    checked.set.with_context(|| format!("the pools make no sense together\n{}", checked.faults))
}

/// What came, and when who was there.
fn day(export: &Export, people: &BTreeMap<(u64, String, usize), String>) -> Day {
    let arrival = |work: &super::export::Work| Arrival {
        at: Instant(work.at),
        channel: "webchat".to_owned(),
        account: format!("p{}", work.pool),
        text: String::new(),
        files: Vec::new(),
        days: None,
        work_ms: work.work_ms,
        left_after_ms: work.left_after_ms,
    };
    let by_who: BTreeMap<(&str, usize), &String> =
        people.iter().map(|((_, worker, pool), name)| ((worker.as_str(), *pool), name)).collect();
    let mut shifts = Vec::new();
    let mut open: BTreeMap<&String, Millis> = BTreeMap::new();
    for shift in &export.shifts {
        let Some(name) = by_who.get(&(shift.worker.as_str(), shift.pool)) else { continue };
        // Shifts of one person that overlap are one: sorted by person, each goes on from the one before it.
        let until = open.entry(name).or_default();
        let from = shift.from.max(*until);
        if shift.to <= from {
            continue;
        }
        *until = shift.to;
        let told = |at, present| Shift { at: Instant(at), worker: (*name).clone(), present };
        shifts.extend([told(from, true), told(shift.to, false)]);
    }
    shifts.sort_by_key(|shift| (shift.at.0, shift.present));
    Day { arrivals: export.work.iter().map(arrival).collect(), shifts }
}

fn shift_ms(export: &Export, counts: impl Fn(&super::export::Shift) -> bool) -> u64 {
    export.shifts.iter().filter(|shift| counts(shift)).map(|shift| shift.to.since(shift.from)).sum()
}

/// With how many fewer people nobody is worse off than separately.
fn saving(
    export: &Export,
    blended: &RuleSet,
    day: &Day,
    (separate, same): (&Replayed, &Replayed),
    hour_cost: u64,
) -> anyhow::Result<Saving> {
    let mut saving = Saving::default();
    if !no_worse(separate, same) {
        return Ok(saving);
    }
    for percent in FEWER {
        let mut fewer = blended.clone();
        Change::Staff(*percent).apply(&mut fewer)?;
        if !no_worse(separate, &replayed(&fewer, day)?) {
            break;
        }
        let percent = percent.unsigned_abs();
        let hours = shift_ms(export, |_| true) / HOUR_MS * u64::from(percent) / 100;
        saving = Saving { percent, hours, money: hours * hour_cost };
    }
    Ok(saving)
}

fn no_worse(before: &Replayed, after: &Replayed) -> bool {
    let level = |queue: &QueueResult| queue.service_level_milli().unwrap_or(1_000);
    let pairs = before.queues.iter().zip(&after.queues);
    pairs.into_iter().all(|(before, after)| level(before) <= level(after) + CHANCE_MILLI && before.done <= after.done)
}
