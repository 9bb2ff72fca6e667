//! Replay of the router's own record: read, classified under each set, run, and told side by side.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use blendline_core::input::Class;
use blendline_core::rows::Snapshot;
use blendline_rules::facts::{History, NEVER_DAYS};
use blendline_rules::record::{Arrival, Came, Figures, Record, Recorder, SNAPSHOT, Stage, Tally, play};
use blendline_rules::replay::Change;
use blendline_rules::{Facts, RuleSet};
use blendline_wire::{Millis, QueueId, TenantId, WorkerId};
use tokio::sync::mpsc;

use super::Routing;
use super::replayed::{Lever, Replayed, told};
use crate::config::{self, CheckedTenant};
use crate::directory::Directory;
use crate::driver::DriverConfig;
use crate::payload::MessageBody;
use crate::ports::store::{Archive, JournalRow, StoreError, Transcript};

/// How many batches are read at once.
const BATCHES: usize = 500;
/// How long before the period the last whole look at all rows may be: they are written down every day.
const BEFORE_MS: u64 = 26 * 3_600_000;
/// How many transcripts are read at once, and how many of the latest lines of each.
const TRANSCRIPTS: usize = 200;
const LINES: usize = 200;
/// How many events are read at once.
const EVENTS: usize = 2_000;
const DAY_MS: u64 = 86_400_000;
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
struct Side {
    set: RuleSet,
    directory: Directory,
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

    fn routing(&self, tenant: TenantId) -> Option<&Routing> {
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

/// The texts of arrivals, by their place among them.
async fn texts(archive: &dyn Archive, record: &Record) -> Result<HashMap<usize, MessageBody>, ReplayError> {
    let mut wanted: BTreeMap<(bool, u64), Vec<(usize, u64)>> = BTreeMap::new();
    for (place, arrival) in record.arrivals.iter().enumerate().filter(|(_, one)| one.tenant() == record.tenant) {
        let transcript = match arrival.text {
            Some((Some(conversation), _, seq)) => ((false, conversation.0), seq),
            Some((None, Some(task), seq)) => ((true, task.0), seq),
            _ => continue,
        };
        wanted.entry(transcript.0).or_default().push((place, transcript.1));
    }
    let of = |(is_task, id): &(bool, u64)| match is_task {
        true => Transcript::Task(blendline_wire::TaskId(*id)),
        false => Transcript::Conversation(blendline_wire::ConversationId(*id)),
    };
    let all: Vec<_> = wanted.into_iter().collect();
    let mut texts = HashMap::new();
    for some in all.chunks(TRANSCRIPTS) {
        let asked: Vec<_> = some.iter().map(|(transcript, _)| of(transcript)).collect();
        let found = archive.transcripts(&asked, LINES).await?;
        for ((_, places), lines) in some.iter().zip(found) {
            let mut lines: HashMap<u64, MessageBody> = lines.into_iter().map(|line| (line.seq, line.body)).collect();
            texts.extend(places.iter().filter_map(|(place, seq)| Some((*place, lines.remove(seq)?))));
        }
    }
    Ok(texts)
}

/// What decided of each arrival: the rule's name, and whether its text was at hand.
type Ruled = (Option<String>, bool);

/// Where a set sends each arrival, and by which rule. What was decided by this version is as it was decided then.
fn classes(
    record: &Record,
    texts: &HashMap<usize, MessageBody>,
    side: &Side,
    tenant: TenantId,
    live: u32,
) -> (Vec<Class>, Vec<Ruled>) {
    let each = record.arrivals.iter().enumerate().map(|(place, arrival)| {
        let recorded = arrival.class();
        let rule = |class: &Class| class.label.as_ref().map(|label| label.rule.clone());
        let Some(routing) = side.routing(tenant) else { return (recorded.clone(), (rule(recorded), true)) };
        if arrival.tenant() != tenant || (routing.version == live && recorded.rule_set == live) {
            return (recorded.clone(), (rule(recorded), true));
        }
        let Some(facts) = texts.get(&place).and_then(|body| facts(arrival, body, side, routing)) else {
            return (heir(recorded, side), (rule(recorded), false));
        };
        let decision = routing.decide(&facts);
        let otherwise = match &arrival.came {
            Came::Message(message) => side.directory.accounts.get(&message.account).map(|entry| entry.class.clone()),
            // Whoever named a queue named it, whatever the rules are.
            Came::Item(_) if recorded.label.is_none() => return (heir(recorded, side), (None, true)),
            Came::Item(_) => None,
        };
        let class = routing.class(&decision, &otherwise.unwrap_or_else(|| heir(recorded, side)));
        let rule = rule(&class);
        (class, (rule, true))
    });
    each.unzip()
}

/// A class whose queue is no more is its heir's.
fn heir(class: &Class, side: &Side) -> Class {
    let queue = side.directory.heirs.get(&class.queue).copied().unwrap_or(class.queue);
    Class { queue, ..class.clone() }
}

fn facts(arrival: &Arrival, body: &MessageBody, side: &Side, routing: &Routing) -> Option<Facts> {
    match &arrival.came {
        Came::Item(_) => Some(Facts::of_item(body.item_facts(), arrival.at, &routing.zone)),
        Came::Message(message) => {
            let entry = side.directory.accounts.get(&message.account)?;
            let prior = message.prior.as_deref();
            let history = match prior {
                None => History::default(),
                Some(prior) => {
                    let heard = prior.heard_at.unwrap_or(prior.opened_at);
                    let days = i64::try_from(arrival.at.since(heard) / DAY_MS).unwrap_or(NEVER_DAYS).min(NEVER_DAYS);
                    let back = |at: Millis| arrival.at < at.plus(routing.reopen_window_ms);
                    let reopened = prior.state.ended_at().is_some_and(back);
                    History { known: true, reopened, days, messages: i64::try_from(prior.seq).unwrap_or(i64::MAX) }
                }
            };
            let event = body.clone().heard();
            let account = (entry.channel.as_str(), entry.account.name.as_str());
            Some(Facts::of(&event, account, history, arrival.at, &routing.zone))
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

/// Arrivals that one pair of rules sends to another queue.
#[derive(Debug)]
pub(super) struct Move {
    pub(super) live: (Option<String>, QueueId),
    pub(super) draft: (Option<String>, QueueId),
    pub(super) count: u64,
    pub(super) because: String,
    pub(super) tasks: Vec<(blendline_wire::TaskId, Millis)>,
}

/// How many tasks of a move are named.
const NAMED: usize = 20;

fn moves(
    record: &Record,
    texts: &HashMap<usize, MessageBody>,
    (live_rules, draft_rules): (&[Ruled], &[Ruled]),
    (live, draft): (&[Class], &[Class]),
    side: &Side,
    asked: &Asked,
) -> Vec<Move> {
    let mut moves: Vec<Move> = Vec::new();
    let mut places: HashMap<_, usize> = HashMap::new();
    for (place, arrival) in record.arrivals.iter().enumerate() {
        let Some(task) = arrival.task.filter(|_| arrival.tenant() == asked.tenant && asked.from <= arrival.at) else {
            continue;
        };
        let one = (live_rules[place].0.clone(), live[place].queue);
        let other = (draft_rules[place].0.clone(), draft[place].queue);
        if one.1 == other.1 {
            continue;
        }
        let next = moves.len();
        let at = *places.entry((one.clone(), other.clone())).or_insert(next);
        if at == next {
            let because = side.routing(asked.tenant).zip(texts.get(&place)).and_then(|(routing, body)| {
                let facts = facts(arrival, body, side, routing)?;
                let last = routing.explain(&facts).tried.pop()?;
                let values: Vec<_> =
                    last.values.iter().map(|value| format!("{} = {}", value.field, value.value)).collect();
                Some(format!("{}: {} {}", last.rule, last.because, values.join(", ")).trim_end().to_owned())
            });
            let because = because.unwrap_or_default();
            moves.push(Move { live: one, draft: other, count: 0, because, tasks: Vec::new() });
        }
        moves[at].count += 1;
        if moves[at].tasks.len() < NAMED {
            moves[at].tasks.push((task, arrival.at));
        }
    }
    moves.sort_by_key(|moved| std::cmp::Reverse(moved.count));
    moves
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
