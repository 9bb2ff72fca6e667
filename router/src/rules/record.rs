//! Replay of the router's own record: read, classified under each set, run, and told side by side.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use blendline_core::input::Class;
use blendline_core::rows::Snapshot;
use blendline_rules::RuleSet;
use blendline_rules::record::{Figures, Record, Recorder, SNAPSHOT, Stage, Tally, play};
use blendline_rules::replay::Change;
use blendline_wire::{Millis, TenantId, WorkerId};
use tokio::sync::mpsc;

use super::Routing;
use super::classed::{classes, moves, texts};
use super::replayed::{Lever, Replayed, told};
use crate::config::{self, CheckedTenant};
use crate::directory::Directory;
use crate::driver::DriverConfig;
use crate::ports::store::{Archive, JournalRow, StoreError};

/// How many batches are read at once.
const BATCHES: usize = 500;
/// How long before the period the last whole look at all rows may be: they are written down every day.
const BEFORE_MS: u64 = 26 * 3_600_000;
/// How many events are read at once.
const EVENTS: usize = 2_000;
/// How long levers may take to be tried.
const LEVERS_FOR: Duration = Duration::from_secs(60);
/// How many levers are tried at most.
const LEVERS_MAX: usize = 24;

/// What is to be replayed, and under what.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Whose.
    pub tenant: TenantId,
    /// His shard.
    pub shard: u16,
    /// From when.
    pub from: Millis,
    /// Until when.
    pub to: Millis,
    /// What is changed of the draft's people.
    pub changes: Vec<Change>,
    /// Whether further changes are tried, one by one.
    pub levers: bool,
}

/// Why there is nothing to tell.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The record does not reach so far back, or there was nobody yet.
    #[error("nothing is recorded of this time: {0}")]
    NotRecorded(String),
    /// What is recorded cannot be understood.
    #[error("the record cannot be replayed: {0}")]
    Unreadable(String),
    /// A change does not fit the set.
    #[error("{0}")]
    Unchangeable(String),
    /// The record did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A set as it is run: the tenant with it, and its routing and settings.
pub(super) struct Side {
    pub(super) set: RuleSet,
    pub(super) directory: Directory,
}

impl Side {
    async fn new(
        tenant: &CheckedTenant,
        (version, set): (u32, &RuleSet),
        archive: &dyn Archive,
        now: Millis,
    ) -> Result<Self, ReplayError> {
        let mut faults = blendline_rules::fault::Faults::new("rules", "");
        let joined = config::joined(tenant, version, set, &mut faults);
        let directory = config::resolve_as_recorded(&joined, archive, now).await?;
        Ok(Self { set: set.clone(), directory })
    }

    pub(super) fn routing(&self, tenant: TenantId) -> Option<&Routing> {
        self.directory.rules.get(&tenant)
    }

    fn stage(&self, tenant: TenantId) -> Stage {
        let worker = |name: &str| self.directory.worker(tenant, name);
        // A double bears its group's name and a number: it does as the worker of that number did.
        let doubles = self.set.groups.iter().flat_map(|group| {
            let prefix = format!("{}+", group.name.value);
            let own = group.workers.iter().filter(|worker| !worker.name.value.starts_with(&prefix)).count();
            group.workers.iter().filter_map(move |double| {
                let number: usize = double.name.value.strip_prefix(&prefix)?.parse().ok()?;
                let as_whom = group.workers.get((number.checked_sub(1)?) % own.max(1))?;
                Some((worker(&double.name.value)?, worker(&as_whom.name.value)?))
            })
        });
        Stage { settings: self.directory.settings.clone(), doubles: doubles.collect() }
    }
}

/// Replays a period under the live set and under a draft.
pub async fn replayed(
    archive: &Arc<dyn Archive>,
    tenant: &CheckedTenant,
    live: (u32, &RuleSet),
    draft: &RuleSet,
    asked: &Asked,
) -> Result<Replayed, ReplayError> {
    let record = Arc::new(read(archive, asked).await?);
    let recorded = recorded(archive.as_ref(), &record, asked).await?;
    let texts = texts(archive.as_ref(), &record).await?;
    let mut changed = draft.clone();
    for change in &asked.changes {
        change.apply(&mut changed).map_err(|error| ReplayError::Unchangeable(error.to_string()))?;
    }
    let begin = record.begin;
    let one = Side::new(tenant, live, archive.as_ref(), begin).await?;
    let other = Side::new(tenant, (live.0.saturating_add(1), &changed), archive.as_ref(), begin).await?;
    let classes = [&one, &other].map(|side| classes(&record, &texts, side, asked.tenant, live.0));
    let [(live_classes, live_rules), (draft_classes, draft_rules)] = classes;
    let played = |side: &Side, classes: Vec<Class>| played(record.clone(), side.stage(asked.tenant), classes, asked);
    let live_figures = played(&one, live_classes.clone()).await?;
    let draft_figures = played(&other, draft_classes.clone()).await?;
    let mut levers = Vec::new();
    if asked.levers {
        let until = Instant::now() + LEVERS_FOR;
        for change in candidates(&changed) {
            if until < Instant::now() {
                break;
            }
            let mut tried = changed.clone();
            if change.apply(&mut tried).is_err() {
                continue;
            }
            let side = Side::new(tenant, (live.0.saturating_add(1), &tried), archive.as_ref(), begin).await?;
            let figures = played(&side, draft_classes.clone()).await?;
            levers.push(Lever::new(&change, &draft_figures, &figures, &side.directory));
        }
        levers.sort_by_key(|lever| std::cmp::Reverse(lever.worth()));
    }
    let sides = [(&one.set, &one.directory, &live_figures), (&other.set, &other.directory, &draft_figures)];
    let rules = (&live_rules[..], &draft_rules[..]);
    let moves = moves(&record, &texts, rules, (&live_classes, &draft_classes), &other, asked);
    Ok(told(&record, recorded, sides, moves, levers))
}

/// Reads the journal, from the last whole look at all rows before the period, or from the beginning of the shard.
async fn read(archive: &Arc<dyn Archive>, asked: &Asked) -> Result<Record, ReplayError> {
    let (rows, received) = mpsc::channel::<JournalRow>(BATCHES);
    let one = asked.clone();
    let reading = tokio::task::spawn_blocking(move || take_in(received, &one));
    let mut after = 0;
    let mut day = Millis(asked.from.0.saturating_sub(BEFORE_MS));
    'pages: loop {
        let page = archive.journal(asked.shard, day, after, BATCHES).await?;
        let last = page.len() < BATCHES;
        for row in page {
            (after, day) = (row.batch, row.now);
            // Whoever reads has enough, or has said why not.
            if asked.to < row.now || rows.send(row).await.is_err() {
                break 'pages;
            }
        }
        if last {
            break;
        }
    }
    drop(rows);
    reading.await.map_err(|error| ReplayError::Unreadable(error.to_string()))?
}

fn take_in(mut rows: mpsc::Receiver<JournalRow>, asked: &Asked) -> Result<Record, ReplayError> {
    let mut recorder: Option<Recorder> = None;
    let mut first = None;
    let new = |start: Option<Snapshot>| {
        let seed = DriverConfig::default().seed;
        let recorder = Recorder::new((asked.shard, seed), asked.tenant, start, (asked.from, asked.to));
        recorder.map_err(|error| ReplayError::Unreadable(error.0))
    };
    while let Some(row) = rows.blocking_recv() {
        first.get_or_insert(row.now);
        if row.now <= asked.from || recorder.is_none() {
            if let Some(rows) = snapshot(&row.inputs)? {
                recorder = Some(new(Some(rows))?);
            } else if row.batch == 1 {
                recorder = Some(new(None)?);
            }
        }
        if let Some(recorder) = &mut recorder {
            recorder.batch(row.now, &row.inputs).map_err(|error| ReplayError::Unreadable(error.to_string()))?;
        }
    }
    let begin =
        first.map_or_else(|| "the journal is empty".to_owned(), |at| format!("it begins at {}", at.to_rfc3339()));
    recorder.map(Recorder::finish).ok_or(ReplayError::NotRecorded(begin))
}

fn snapshot(inputs: &[u8]) -> Result<Option<Snapshot>, ReplayError> {
    let Some(rest) = inputs.strip_prefix(SNAPSHOT.as_bytes()) else { return Ok(None) };
    let line = rest.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let body = line.strip_suffix(b"}").unwrap_or(line);
    serde_json::from_slice(body).map(Some).map_err(|error| ReplayError::Unreadable(error.to_string()))
}

/// What the period came to by the events of the record.
async fn recorded(archive: &dyn Archive, record: &Record, asked: &Asked) -> Result<Figures, ReplayError> {
    let mut tally = Tally::new(asked.tenant, asked.from, asked.to);
    record.present_at_begin(&mut tally);
    let mut after = record.events_after;
    loop {
        let page = archive.events(asked.tenant, after, EVENTS).await?;
        for event in &page {
            // The same inputs have been read, and no later ones.
            if event.at <= record.end {
                tally.take(event);
            }
        }
        match page.last() {
            Some(last) if page.len() == EVENTS && last.at <= record.end => after = last.id.0,
            _ => return Ok(tally.figures(record.end)),
        }
    }
}

async fn played(record: Arc<Record>, stage: Stage, classes: Vec<Class>, asked: &Asked) -> Result<Figures, ReplayError> {
    let period = (asked.from, asked.to);
    let playing = tokio::task::spawn_blocking(move || play(&record, &stage, &classes, period));
    let played = playing.await.map_err(|error| ReplayError::Unreadable(error.to_string()))?;
    played.map_err(|error| ReplayError::Unreadable(error.0))
}

/// What could be done with people: more of them in a group, or a group that serves a queue more.
fn candidates(set: &RuleSet) -> Vec<Change> {
    let more = set
        .groups
        .iter()
        .filter(|group| !group.workers.is_empty())
        .map(|group| Change::StaffOf { group: group.name.value.clone(), percent: 10 });
    let trained = set.groups.iter().flat_map(|group| {
        let served: BTreeSet<&str> = group.queues.iter().map(|queue| queue.value.as_str()).collect();
        set.queues
            .iter()
            .filter(move |queue| !served.contains(queue.name.value.as_str()))
            .map(|queue| Change::CrossTrain { group: group.name.value.clone(), what: queue.name.value.clone() })
    });
    more.chain(trained).take(LEVERS_MAX).collect()
}

/// The workers of each group of a set, by its name; those of none under `-`.
pub(super) fn groups(set: &RuleSet, directory: &Directory, tenant: TenantId) -> Vec<(String, BTreeSet<WorkerId>)> {
    let mut rest: BTreeSet<WorkerId> =
        directory.workers.iter().filter(|(_, (owner, _))| *owner == tenant).map(|(id, _)| *id).collect();
    let mut groups = Vec::new();
    for group in &set.groups {
        let own = group.workers.iter().filter_map(|worker| directory.worker(tenant, &worker.name.value));
        let own: BTreeSet<WorkerId> = own.collect();
        rest.retain(|worker| !own.contains(worker));
        groups.push((group.name.value.clone(), own));
    }
    if !rest.is_empty() {
        groups.push(("-".to_owned(), rest));
    }
    groups
}
