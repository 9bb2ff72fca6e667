//! The floor of each tenant that somebody watches, looked at once for all who do.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use blendline_core::input::Settings;
use blendline_wire::org::{Goal, QueueSettings};
use blendline_wire::task::Side;
use blendline_wire::time::Instant;
use blendline_wire::{EventId, Millis, QueueId, TaskId, TenantId, WorkerId};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::look::{self, Person, Seen};
use super::today::Today;
use super::{Floor, FloorGroup, FloorPerson, FloorQueue, FloorSide};
use crate::directory::{Directories, Directory};
use crate::handle::{CallError, Handle};
use crate::ports::rules::RuleSets;
use crate::ports::store::{Archive, StoreError};

/// How often the floor is looked at, at most.
const EVERY: Duration = Duration::from_millis(250);
/// A look may take this part of the time: everything waits for it, so a large floor is looked at less often.
const REST_PER_LOOK: u32 = 20;
/// How long a floor is kept after its last watcher: the day need not be read again for who loads the page anew.
const KEPT: Duration = Duration::from_secs(60);
/// How many events are read at a time.
const EVENTS_AT_ONCE: usize = 1_000;
/// Events are numbered below this.
const LAST_NUMBER: u64 = 1 << 62;

/// Where a floor comes from.
#[derive(Clone)]
pub struct Sources {
    /// What was committed.
    pub archive: Arc<dyn Archive>,
    /// What is configured.
    pub directory: Directories,
    /// The record of rule sets, for the groups.
    pub rules: Arc<dyn RuleSets>,
    /// Cancelled when the process is to end.
    pub stopping: CancellationToken,
}

/// The latest floor, or why there is none; nothing before the first look.
pub type Latest = Option<Result<Arc<Floor>, CallError>>;

/// The floors that are watched.
#[derive(Default)]
pub struct Floors {
    watched: Mutex<HashMap<TenantId, watch::Sender<Latest>>>,
}

impl Floors {
    /// Watches a tenant's floor, whose owner is behind `door`.
    pub fn watch(&self, tenant: TenantId, door: &Handle, sources: &Sources) -> watch::Receiver<Latest> {
        let mut watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sender) = watched.get(&tenant).filter(|sender| !sender.is_closed()) {
            return sender.subscribe();
        }
        let (sender, receiver) = watch::channel(None);
        watched.insert(tenant, sender.clone());
        let keeper = Keeper { tenant, door: door.clone(), sources: sources.clone(), day: None, groups: None };
        tokio::spawn(keeper.keep(sender));
        receiver
    }
}

/// Who is in which group, by the version of the rules that says so.
type Groups = (u32, Vec<(String, Vec<String>)>);

/// Looks at one tenant's floor as long as somebody watches.
struct Keeper {
    tenant: TenantId,
    door: Handle,
    sources: Sources,
    day: Option<Today>,
    groups: Option<Groups>,
}

impl Keeper {
    async fn keep(mut self, sender: watch::Sender<Latest>) {
        let mut idle = Duration::ZERO;
        while idle < KEPT && !self.sources.stopping.is_cancelled() {
            let begun = std::time::Instant::now();
            let pause = if sender.receiver_count() > 0 {
                idle = Duration::ZERO;
                let latest = self.floor(crate::api::now()).await;
                sender.send_replace(Some(latest.map(Arc::new)));
                EVERY.max(begun.elapsed() * REST_PER_LOOK)
            } else {
                idle += EVERY;
                EVERY
            };
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = self.sources.stopping.cancelled() => {}
            }
        }
    }

    async fn floor(&mut self, now: Millis) -> Result<Floor, CallError> {
        let directory = self.sources.directory.now();
        let queues: Vec<QueueSettings> =
            directory.settings.iter().filter_map(|one| own_queue(one, self.tenant)).collect();
        let of_tenant = directory.workers.iter().filter(|(_, (owner, _))| *owner == self.tenant);
        let people: Vec<(WorkerId, String)> = of_tenant.map(|(id, (_, name))| (*id, name.clone())).collect();
        let asked: (Vec<(QueueId, Side)>, Vec<WorkerId>) =
            (queues.iter().map(|queue| (queue.id, queue.side)).collect(), people.iter().map(|(id, _)| *id).collect());
        let tenant = self.tenant;
        let seen = self.door.look(move |core| look::look(core, tenant, &asked.0, &asked.1)).await?;
        let unavailable = |error: StoreError| CallError::Unavailable(error.to_string());
        self.catch_up(&directory, now).await.map_err(unavailable)?;
        self.find_groups(&directory).await.map_err(unavailable)?;
        let (Some(day), Some((_, groups))) = (&self.day, &self.groups) else {
            return Err(CallError::Unavailable("the day was not read".to_owned()));
        };
        Ok(put_together(&directory, &queues, &people, groups, &seen, day, now))
    }

    /// Takes up the events that came since the last look; on a new day, or the first time, those of the day.
    async fn catch_up(&mut self, directory: &Directory, now: Millis) -> Result<(), StoreError> {
        let zone = directory.rules.get(&self.tenant).map_or(TimeZone::UTC, |routing| routing.zone.clone());
        let since = day_begin(now, &zone);
        let archive = self.sources.archive.clone();
        let mut day = match self.day.take() {
            Some(day) if day.since == since => day,
            _ => Today::new(since, first_before(archive.as_ref(), self.tenant, since).await?),
        };
        loop {
            let events = archive.events(self.tenant, day.last.0, EVENTS_AT_ONCE).await?;
            for event in &events {
                let before = match day.asks(event) {
                    Some(id) => archive.task(id).await?.map(|task| (task.queue, task.side)),
                    None => None,
                };
                day.take(event, |_: TaskId| before);
            }
            if events.len() < EVENTS_AT_ONCE {
                break;
            }
        }
        self.day = Some(day);
        Ok(())
    }

    /// Reads who is in which group anew when other rules are live.
    async fn find_groups(&mut self, directory: &Directory) -> Result<(), StoreError> {
        let version = directory.rules.get(&self.tenant).map_or(0, |routing| routing.version);
        if self.groups.as_ref().is_some_and(|(known, _)| *known == version) {
            return Ok(());
        }
        let row = if version == 0 { None } else { self.sources.rules.rule_set(self.tenant, version).await? };
        let set = row.and_then(|row| blendline_rules::check("rules", &row.text, &crate::rules::world(None)).set);
        let group = |group: blendline_rules::model::Group| {
            let workers = group.workers.into_iter().map(|worker| worker.name.value).collect();
            (group.name.value, workers)
        };
        self.groups = Some((version, set.map(|set| set.groups.into_iter().map(group).collect()).unwrap_or_default()));
        Ok(())
    }
}

fn own_queue(settings: &Settings, tenant: TenantId) -> Option<QueueSettings> {
    match settings {
        Settings::Queue(queue) if queue.tenant == tenant => Some(queue.clone()),
        _ => None,
    }
}

/// When the day began that `now` is in.
fn day_begin(now: Millis, zone: &TimeZone) -> Millis {
    let at = Timestamp::from_millisecond(i64::try_from(now.0).unwrap_or(i64::MAX)).unwrap_or_default();
    let begin = at.to_zoned(zone.clone()).start_of_day().map(|day| day.timestamp().as_millisecond());
    Millis(u64::try_from(begin.unwrap_or_default()).unwrap_or_default())
}

/// The number after which a tenant's first event at or after `since` comes: halves the numbers until it is found.
pub(crate) async fn first_before(
    archive: &dyn Archive,
    tenant: TenantId,
    since: Millis,
) -> Result<EventId, StoreError> {
    let (mut below, mut above) = (0_u64, LAST_NUMBER);
    // What stands right after `below` is before the day, or `below` is zero; what stands after `above` is not.
    while below + 1 < above {
        let middle = below + (above - below) / 2;
        let next = archive.events(tenant, middle, 1).await?;
        match next.first() {
            Some(event) if event.at < since => below = event.id.0.max(middle),
            _ => above = middle,
        }
    }
    Ok(EventId(below))
}

fn put_together(
    directory: &Directory,
    queues: &[QueueSettings],
    people: &[(WorkerId, String)],
    groups: &[(String, Vec<String>)],
    seen: &Seen,
    day: &Today,
    now: Millis,
) -> Floor {
    let queue = |queue: &QueueSettings| {
        let line = seen.queues.get(&queue.id).copied().unwrap_or_default();
        FloorQueue {
            name: directory.queues.get(&queue.id).map_or_else(|| queue.id.to_string(), |(_, name)| name.clone()),
            side: queue.side,
            target_ms: queue.target_ms,
            goal_milli: match queue.blend.goal {
                Goal::Within { per_mille } => Some(per_mille),
                Goal::MeanWait | Goal::Cost { .. } => None,
            },
            waiting: line.waiting,
            oldest_at: line.oldest.map(Instant),
            first_due_at: line.first_due.map(Instant),
            active: line.active,
            aside: line.aside,
            reserve_milli: line.reserve_milli,
            promised_milli: queue.blend.share_milli,
            taken_milli: (line.takes * 1_000).checked_div(line.could).unwrap_or_default(),
            today: day.of(queue.id),
            lately: day.lately(queue.id, now),
        }
    };
    let by_name: BTreeMap<&str, &Person> =
        people.iter().filter_map(|(id, name)| Some((name.as_str(), seen.people.get(id)?))).collect();
    let side = |side| FloorSide { side, quarters: day.quarters(side, now) };
    Floor {
        at: Instant(now),
        since: Instant(day.since),
        queues: queues.iter().map(queue).collect(),
        groups: groups.iter().map(|(name, members)| group(name, members, &by_name)).collect(),
        people: people.iter().filter_map(|(id, name)| Some(person(name, seen.people.get(id)?, groups))).collect(),
        sides: vec![side(Side::Front), side(Side::Back)],
    }
}

fn group(name: &str, members: &[String], people: &BTreeMap<&str, &Person>) -> FloorGroup {
    let known = members.iter().filter_map(|member| people.get(member.as_str()));
    let there: Vec<&Person> = known.copied().filter(|person| person.connected).collect();
    FloorGroup {
        name: name.to_owned(),
        people: members.len(),
        connected: there.len(),
        ready: there.iter().filter(|person| person.presence == blendline_wire::task::Presence::Ready).count(),
        capacity: there.iter().map(|person| u64::from(person.capacity)).sum(),
        load: there.iter().map(|person| u64::from(person.load)).sum(),
        front: there.iter().map(|person| person.front).sum(),
        back: there.iter().map(|person| person.back).sum(),
    }
}

fn person(name: &str, person: &Person, groups: &[(String, Vec<String>)]) -> FloorPerson {
    let of = groups.iter().filter(|(_, members)| members.iter().any(|member| member == name));
    FloorPerson {
        name: name.to_owned(),
        groups: of.map(|(group, _)| group.clone()).collect(),
        connected: person.connected,
        presence: person.presence,
        capacity: person.capacity,
        load: person.load,
        front: person.front,
        back: person.back,
        idle_since: Instant(person.idle_since),
    }
}
