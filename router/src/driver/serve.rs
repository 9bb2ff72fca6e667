//! One ownership, from the first batch to the last.

use std::collections::BTreeMap;
use std::sync::Arc;

use blendline_core::input::Settings;
use blendline_core::{AHEAD, Scheduler};
use blendline_wire::task::Side;
use blendline_wire::{Millis, QueueId, TenantId};
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::directory::{Directories, Directory};
use crate::driver::ahead;
use crate::driver::batch::Batch;
use crate::driver::chores::Chores;
use crate::driver::customers;
use crate::driver::draft::{Draft, Happening, Item};
use crate::driver::forecasts::{self, History};
use crate::driver::handover::courier::{self, Courier};
use crate::driver::intake::{Intake, Pause};
use crate::driver::kin::{Kin, Looking};
use crate::driver::overlay::Overlay;
use crate::driver::owner::{Loaded, Owner};
use crate::driver::post::Post;
use crate::driver::release::{Handed, Output, Released, Releaser};
use crate::driver::repeats::{self, Counted};
use crate::driver::sessions::Sessions;
use crate::driver::step::Stepper;
use crate::driver::synced;
use crate::driver::telemetry;
use crate::handle::Request;
use crate::patience::insist;
use crate::ports::register::Entry;
use crate::ports::store::{Found, StoreError, Tenure, Wanted};

/// How many commits may wait for their release.
const RELEASES_MAX: usize = 16;

/// All rows go into the journal so long after an ownership began, when whoever waited is served, and then every day: a
/// replay begins there.
const FIRST_SHOT: Duration = Duration::from_secs(60);
const SHOT_EVERY: Duration = Duration::from_secs(24 * 3_600);
/// With more open tasks they do not: writing them down would be felt.
const SHOT_TASKS_MAX: usize = 200_000;

/// How long what was committed may take to be released, when told to stop and when there is a newer owner.
const STOP_MAX: Duration = Duration::from_secs(5);
const FENCED_MAX: Duration = Duration::from_millis(500);

/// Why an ownership ended.
#[derive(Debug)]
pub(crate) enum Ended {
    /// It was told to.
    Stopped,
    /// The record does not answer any more, or has another owner.
    Store(StoreError),
}

impl From<StoreError> for Ended {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// A commit on its way.
pub(crate) struct InFlight {
    task: JoinHandle<Result<(), StoreError>>,
    released: Released,
}

/// One ownership.
pub(crate) struct Serving<'a> {
    pub(crate) owner: &'a Owner,
    /// Cancelled when the ownership is to end in order.
    pub(crate) leave: CancellationToken,
    pub(crate) tenure: Tenure,
    pub(crate) core: Scheduler,
    pub(crate) clock: Clock,
    pub(crate) sessions: Sessions,
    pub(crate) intake: Intake,
    pub(crate) queues: BTreeMap<QueueId, Side>,
    /// What is configured, as the next batch is decided by.
    pub(crate) directory: Arc<Directory>,
    directories: Directories,
    pub(crate) overlay: Overlay,
    /// What the log tells of how long stages took, while it is being read.
    history: JoinSet<History>,
    /// What the log tells of what customers come again with, while it is being read.
    counted: JoinSet<Counted>,
    pub(crate) in_flight: Option<InFlight>,
    pub(crate) chores: Chores,
    /// When all rows go into the journal next.
    next_shot: Instant,
    /// The time of the last tick: the core is not asked twice about the same instant.
    pub(crate) ticked: Millis,
    releases: mpsc::Sender<Released>,
    post: mpsc::Sender<Vec<Handed>>,
    helpers: JoinSet<()>,
    missed: Vec<Entry>,
    settings: Vec<Settings>,
    heirs: Vec<(QueueId, QueueId)>,
    handed: Vec<Handed>,
}

impl<'a> Serving<'a> {
    pub(crate) fn begin(
        owner: &'a Owner,
        tenure: Tenure,
        loaded: Loaded,
        clock: Clock,
        leave: CancellationToken,
    ) -> Self {
        let Loaded { core, sessions, missed, joined, directory, settings, heirs, handed, standings } = loaded;
        let (releases, released) = mpsc::channel(RELEASES_MAX);
        let (post, letters) = mpsc::channel(RELEASES_MAX);
        let (archive, broker) = (Arc::clone(&owner.archive), Arc::clone(&owner.broker));
        let mut history = JoinSet::new();
        history.spawn(forecasts::read(Arc::clone(&archive), tenants_with_cases(&directory), tenure.now));
        let mut counted = JoinSet::new();
        counted.spawn(repeats::read(Arc::clone(&archive), Arc::clone(&directory), tenure.now));
        let mut helpers = JoinSet::new();
        let post_office =
            Post { shard: owner.config.shard, archive: Arc::clone(&archive), broker, directory: directory.clone() };
        helpers.spawn(post_office.run(letters));
        let (mails, said) = mpsc::channel(RELEASES_MAX);
        let broker = Arc::clone(&owner.broker);
        let courier = Courier::new(owner.config.shard, Arc::clone(&archive), broker, directory.clone());
        helpers.spawn(courier.run(said));
        helpers.spawn(Releaser::new(archive, (post.clone(), mails), &owner.config).run(released));
        Self {
            queues: sides(&directory),
            directory,
            directories: owner.directories.clone(),
            owner,
            leave,
            tenure,
            core,
            clock,
            sessions,
            intake: Intake::default(),
            overlay: Overlay::after(joined, standings),
            history,
            counted,
            in_flight: None,
            chores: Chores::default(),
            next_shot: Instant::now() + FIRST_SHOT,
            ticked: Millis::default(),
            releases,
            post,
            helpers,
            missed,
            settings,
            heirs,
            handed,
        }
    }

    pub(crate) async fn run(mut self, requests: &mut mpsc::Receiver<Request>) -> Ended {
        let ended = match self.batches(requests).await {
            Ok(()) => Ended::Stopped,
            Err(error) => Ended::Store(error),
        };
        let Self { releases, post, mut helpers, in_flight, .. } = self;
        if let Some(InFlight { task, .. }) = in_flight {
            // Its callers learn from their closed channel that nobody knows what became of it.
            task.abort();
        }
        drop((releases, post));
        // Workers are told to connect again; what still waits for an unreachable broker is handed over by the next owner.
        let patience = if matches!(ended, Ended::Stopped) { STOP_MAX } else { FENCED_MAX };
        let farewell = async { while helpers.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(patience, farewell).await;
        ended
    }

    async fn batches(&mut self, requests: &mut mpsc::Receiver<Request>) -> Result<(), StoreError> {
        let handed = std::mem::take(&mut self.handed);
        if !handed.is_empty() && self.post.send(handed).await.is_err() {
            tracing::error!("The post office is gone before it began.");
        }
        let settings = std::mem::take(&mut self.settings);
        // The heirs are there before anything becomes theirs.
        let removed = std::mem::take(&mut self.heirs).into_iter().map(|(queue, heir)| Item::RemoveQueue(queue, heir));
        let missed = std::mem::take(&mut self.missed).into_iter().map(Item::Enter);
        let items = missed.chain(settings.into_iter().map(Item::Put)).chain(removed).collect();
        let first = Draft { items, ..Draft::default() };
        self.decide(first).await?;
        let mut draft = Draft::default();
        loop {
            match self.gather(requests, &mut draft).await? {
                Pause::Full | Pause::Gathered => self.decide(std::mem::take(&mut draft)).await?,
                Pause::Committed(outcome) => self.finish(outcome).await?,
                Pause::Stop => {
                    self.decide(draft).await?;
                    return self.settle().await;
                }
            }
        }
    }

    /// Takes what was configured anew since the last look: it holds for all of the draft at hand and what follows, so no
    /// decision is made by parts of two versions.
    pub(crate) fn renew_directory(&mut self, draft: &mut Draft) {
        let Some(new) = self.directories.take_new() else { return };
        let changed = new.settings.iter().filter(|setting| !self.directory.settings.contains(setting)).cloned();
        // The heirs are there before anything becomes theirs.
        let gone = |queue: &QueueId| self.queues.contains_key(queue);
        let removed = new.heirs.iter().filter(|(queue, _)| gone(queue));
        let removed = removed.map(|(queue, heir)| Item::RemoveQueue(*queue, *heir));
        let left = self.directory.workers.keys().filter(|worker| !new.workers.contains_key(worker));
        let left = left.map(|worker| Item::RemoveWorker(*worker));
        let items: Vec<Item> = changed.map(Item::Put).chain(removed).chain(left).collect();
        draft.items.splice(0..0, items);
        self.queues = sides(&new);
        self.directory = new;
    }

    /// Looks up, steps and begins to commit a draft, after the commit before it.
    async fn decide(&mut self, mut draft: Draft) -> Result<(), StoreError> {
        if draft.is_empty() {
            return Ok(());
        }
        draft.want_notices(&self.directory);
        draft.want_questions(&self.directory, &self.core);
        draft.want_cases(&self.directory, &self.core);
        draft.want_decisions(&self.directory, &self.core, self.clock.now());
        draft.want_judgements(&self.directory, &self.core, &self.overlay.standings);
        draft.want_noted(&self.core);
        let (found, kin) = self.look_up(&draft).await?;
        let shot = self.is_shot_due(&draft);
        let batch = self.step(draft, (found, kin), shot);
        let nothing = batch.commits_nothing();
        if shot && !nothing {
            self.next_shot = Instant::now() + SHOT_EVERY;
        }
        let Batch { commit, outputs, sends, mut mails, refused, tally, media, spans, acks, .. } = batch;
        mails.extend(courier::said(&commit.writes, &self.directory));
        for (worker, session) in refused {
            self.sessions.forget(worker, session);
        }
        telemetry::decided(&tally);
        self.settle().await?;
        if !nothing {
            self.tenure.batch += 1;
            self.tenure.now = commit.now;
        }
        let commit = Arc::new(commit);
        let acker = self.intake.acker();
        let released = Released { commit: Arc::clone(&commit), outputs, sends, mails, media, spans, acks, acker };
        if nothing {
            return self.release(released).await;
        }
        let (store, for_ms) = (Arc::clone(&self.owner.store), self.owner.config.give_up_after_ms);
        let task = tokio::spawn(async move {
            let began = Instant::now();
            insist("commit", for_ms, telemetry::store_unavailable, || store.commit(&commit)).await?;
            telemetry::committed(commit.writes.len(), began.elapsed());
            Ok(())
        });
        self.in_flight = Some(InFlight { task, released });
        Ok(())
    }

    async fn look_up(&self, draft: &Draft) -> Result<(Found, Kin), StoreError> {
        if draft.wants_nothing() {
            return Ok(Default::default());
        }
        let (shard, for_ms) = (self.owner.config.shard, self.owner.config.give_up_after_ms);
        let store = &self.owner.store;
        let mut found =
            insist("prefetch", for_ms, telemetry::store_unavailable, || store.prefetch(shard, &draft.wanted)).await?;
        // What the platform names by its own id is known by ours only now.
        let unknown = |id: &&_| !found.outbound.contains_key(*id) && self.core.outbound(**id).is_none();
        let outbound: Vec<_> = found.external.values().filter(unknown).copied().collect();
        if !outbound.is_empty() {
            let wanted = Wanted { outbound, ..Wanted::default() };
            let more =
                insist("prefetch", for_ms, telemetry::store_unavailable, || store.prefetch(shard, &wanted)).await?;
            found.outbound.extend(more.outbound);
        }
        // Who a contact is, is known only now.
        let contact_of = |happening: &Happening| {
            let known = |address| self.overlay.contact(address).or_else(|| found.contacts.get(address).copied());
            happening.addresses.iter().find_map(known)
        };
        let mut entries = draft.answered_questions(&self.directory, contact_of);
        entries.extend(draft.answered_words(&self.directory, contact_of));
        let looking = Looking { directory: &self.directory, core: &self.core, overlay: &self.overlay, found: &found };
        let mut kin = looking.kin(draft, self.owner.archive.as_ref()).await;
        entries.extend(looking.known_of(&kin));
        let case_matters = draft.asked_matters(&self.directory, &self.core, contact_of);
        let wanted = Wanted { entries, case_matters, ..Wanted::default() };
        if !wanted.is_empty() {
            let more =
                insist("prefetch", for_ms, telemetry::store_unavailable, || store.prefetch(shard, &wanted)).await?;
            found.entries.extend(more.entries);
            found.cases.extend(more.cases);
        }
        let about = (draft, &self.overlay, self.directory.as_ref());
        synced::find(about, (shard, store.as_ref()), &mut found).await?;
        customers::find(about, (shard, store.as_ref(), self.owner.archive.as_ref()), (&mut found, &mut kin)).await?;
        Ok((found, kin))
    }

    /// Whether all rows go into the journal, from which a replay can begin.
    fn is_shot_due(&self, draft: &Draft) -> bool {
        !draft.items.is_empty() && self.next_shot <= Instant::now() && self.core.open_tasks() <= SHOT_TASKS_MAX
    }

    fn step(&mut self, draft: Draft, (found, kin): (Found, Kin), shot: bool) -> Batch {
        self.overlay.begin(found, kin);
        let now = self.clock.now();
        let number = self.tenure.batch + 1;
        let config = &self.owner.config;
        let mut batch = Batch::new(config.shard, self.tenure.epoch, number, now, config.lease_ms);
        if shot {
            batch.snapshot(&self.core.snapshot());
        }
        let mut stepper = Stepper::new(&mut self.core, &mut self.overlay, &self.directory, batch);
        stepper.links = config.links.as_ref();
        stepper.batch.acks = draft.acks;
        stepper.batch.outputs.extend(draft.ended.into_iter().map(Output::Ended));
        // What is due happens first and by itself, so that what a later step writes is its own doing.
        if stepper.core.next_deadline().is_some_and(|due| due <= now) {
            self.ticked = now;
            stepper.tick();
        }
        let named = ahead::named(&draft.items);
        for (at, item) in draft.items.into_iter().enumerate() {
            if let (0, Some(named)) = (at % AHEAD, named.get(at / AHEAD)) {
                stepper.core.look_ahead(named);
            }
            stepper.decide(item);
        }
        stepper.batch
    }

    /// Waits for the commit on its way and releases it.
    pub(crate) async fn settle(&mut self) -> Result<(), StoreError> {
        let Some(in_flight) = &mut self.in_flight else { return Ok(()) };
        let outcome = (&mut in_flight.task).await;
        self.finish(joined(outcome)).await
    }

    async fn finish(&mut self, outcome: Result<(), StoreError>) -> Result<(), StoreError> {
        let Some(InFlight { released, .. }) = self.in_flight.take() else { return Ok(()) };
        outcome?;
        self.chores.renewed = Instant::now();
        self.release(released).await
    }

    async fn release(&mut self, released: Released) -> Result<(), StoreError> {
        if self.releases.send(released).await.is_err() {
            return Err(StoreError::Unavailable("nobody carries out what was committed".into()));
        }
        Ok(())
    }

    /// Takes up what the log told of how long stages took.
    pub(crate) fn take_history(&mut self) {
        if let Some(read) = self.history.try_join_next() {
            // Without it what is seen from now on is all that is known.
            self.overlay.forecasts.begin(read.unwrap_or_default());
        }
    }

    /// Takes up what the log told of what customers come again with.
    pub(crate) fn take_counted(&mut self) {
        if let Some(read) = self.counted.try_join_next() {
            self.overlay.again.begin(&self.directory, read.unwrap_or_default());
        }
    }

    /// True while a commit is on its way.
    pub(crate) const fn is_committing(&self) -> bool {
        self.in_flight.is_some()
    }
}

/// Those whose rules have case types.
fn tenants_with_cases(directory: &Directory) -> Vec<TenantId> {
    directory.rules.iter().filter(|(_, routing)| !routing.cases.is_empty()).map(|(tenant, _)| *tenant).collect()
}

/// The side of each queue.
fn sides(directory: &Directory) -> BTreeMap<QueueId, Side> {
    let queues = directory.settings.iter().filter_map(|setting| match setting {
        Settings::Queue(queue) => Some((queue.id, queue.side)),
        _ => None,
    });
    queues.collect()
}

/// The end of the commit on its way; never, where there is none.
pub(crate) async fn committed(in_flight: &mut Option<InFlight>) -> Result<(), StoreError> {
    match in_flight {
        Some(in_flight) => joined((&mut in_flight.task).await),
        None => std::future::pending().await,
    }
}

fn joined(outcome: Result<Result<(), StoreError>, tokio::task::JoinError>) -> Result<(), StoreError> {
    outcome.unwrap_or_else(|error| Err(StoreError::Unavailable(error.to_string())))
}
