//! Takes a shard, loads it, serves it until something ends that, and stands by again.

use std::sync::Arc;

use blendline_core::Scheduler;
use blendline_core::input::Settings;
use blendline_core::rows::{OutboundState, Snapshot};
use blendline_wire::worker::ServerFrame;
use blendline_wire::{Millis, QueueId};
use tokio::sync::{mpsc, watch};
use tokio::time::Duration;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::directory::{Directories, Directory};
use crate::driver::joined::Joined;
use crate::driver::release::Handed;
use crate::driver::reviews::Standings;
use crate::driver::serve::{Ended, Serving};
use crate::driver::sessions::Sessions;
use crate::driver::{DriverConfig, Status, telemetry};
use crate::handle::{CallError, Request};
use crate::patience::{BackOff, insist};
use crate::ports::broker::Broker;
use crate::ports::register::Entry;
use crate::ports::store::{Archive, Store, StoreError, Tenure};

/// How long to wait at most before asking again for a shard that another owner holds.
const STANDBY_MS: u64 = 1_000;

/// How much longer one waits who should not serve the shard.
const HOLD_BACK: Duration = Duration::from_secs(2);
/// How long another must have been wanted before a shard is given up for him: routers come and go in deployments.
const SETTLED: Duration = Duration::from_secs(10);

/// Everything that outlives one ownership.
pub(crate) struct Owner {
    pub(crate) config: DriverConfig,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) archive: Arc<dyn Archive>,
    pub(crate) broker: Arc<dyn Broker>,
    pub(crate) directories: Directories,
    pub(crate) status: watch::Sender<Status>,
    /// Whether this process should be the one that serves the shard.
    pub(crate) wanted: watch::Receiver<bool>,
    pub(crate) stop: CancellationToken,
}

/// The live state as it was loaded, and what follows from it.
pub(crate) struct Loaded {
    pub(crate) core: Scheduler,
    pub(crate) sessions: Sessions,
    /// Who is missed since now, for the record.
    pub(crate) missed: Vec<Entry>,
    /// What is held together.
    pub(crate) joined: Joined,
    /// What is configured.
    pub(crate) directory: Arc<Directory>,
    /// Settings that are not in the record yet, or not as they are now.
    pub(crate) settings: Vec<Settings>,
    /// Queues that the record has and the configuration has not any more, with the heir of each.
    pub(crate) heirs: Vec<(QueueId, QueueId)>,
    /// Messages of ours that were with the sender: handed over again, for the claim guards against sending twice.
    pub(crate) handed: Vec<Handed>,
    /// How workers were reviewed, and who reviews what.
    pub(crate) standings: Standings,
}

impl Owner {
    /// Runs until it is stopped or the record cannot be read.
    pub(crate) async fn run(self, mut requests: mpsc::Receiver<Request>) {
        let shard = self.config.shard;
        let cause = loop {
            self.status.send_replace(Status::Standby { owner: None });
            let tenure = match self.stand_by(&mut requests).await {
                Ok(Some(tenure)) => tenure,
                Ok(None) => break "stopped".to_owned(),
                Err(error) => break error.to_string(),
            };
            self.status.send_replace(Status::Loading);
            let ended = match self.load(tenure).await {
                Ok((loaded, clock)) => {
                    telemetry::serving(shard, tenure.epoch, loaded.core.open_tasks());
                    self.status.send_replace(Status::Serving { epoch: tenure.epoch });
                    let leave = self.stop.child_token();
                    let serving = Serving::begin(&self, tenure, loaded, clock, leave.clone());
                    let leaving = self.leave_when_unwanted(leave);
                    let served = serving.run(&mut requests);
                    tokio::pin!(served);
                    tokio::select! {
                        ended = &mut served => ended,
                        () = leaving => served.await,
                    }
                }
                Err(error) => Ended::from(error),
            };
            telemetry::ended(shard);
            match ended {
                Ended::Stopped => {
                    self.give_up(tenure).await;
                    if self.stop.is_cancelled() {
                        break "stopped".to_owned();
                    }
                    telemetry::stepped_down(shard, tenure.epoch);
                }
                Ended::Store(StoreError::Fenced) => telemetry::fenced(shard, tenure.epoch),
                Ended::Store(error @ StoreError::Unavailable(_)) => {
                    telemetry::given_up(shard, &error);
                    // Ours until the lease ends unless we say so; the record may not hear it.
                    self.give_up(tenure).await;
                }
                Ended::Store(error) => {
                    telemetry::unusable(shard, &error.to_string());
                    self.give_up(tenure).await;
                    break error.to_string();
                }
            }
        };
        self.status.send_replace(Status::Stopped(cause));
    }

    /// Ends the ownership in order when another has been wanted for a while.
    async fn leave_when_unwanted(&self, leave: CancellationToken) {
        let mut wanted = self.wanted.clone();
        loop {
            // Nobody who could say so any more: it stays wanted.
            if wanted.wait_for(|wanted| !wanted).await.is_err() {
                return std::future::pending().await;
            }
            let again = wanted.wait_for(|wanted| *wanted);
            if tokio::time::timeout(SETTLED, again).await.is_err() {
                return leave.cancel();
            }
        }
    }

    async fn give_up(&self, tenure: Tenure) {
        let gone = self.store.give_up(self.config.shard, tenure.epoch);
        // Nothing depends on it: the lease ends by itself.
        match tokio::time::timeout(Duration::from_secs(2), gone).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => telemetry::store_unavailable("give_up", &error),
            Err(_) => telemetry::store_unavailable("give_up", &StoreError::Unavailable("no answer in time".into())),
        }
    }

    /// Waits for the shard; `None` when told to stop first.
    async fn stand_by(&self, requests: &mut mpsc::Receiver<Request>) -> Result<Option<Tenure>, StoreError> {
        let DriverConfig { shard, ref owner, lease_ms, .. } = self.config;
        let mut back_off = BackOff::default();
        let mut elsewhere: Option<String> = None;
        loop {
            if !*self.wanted.borrow() {
                // Whoever should have it asks oftener, and comes first.
                let mut wanted = self.wanted.clone();
                let rest =
                    tokio::time::timeout(HOLD_BACK, async move { wanted.wait_for(|wanted| *wanted).await.is_ok() });
                tokio::select! {
                    () = self.stop.cancelled() => return Ok(None),
                    _ = refusing(requests, elsewhere.as_deref(), rest) => {}
                }
            }
            let taking = self.store.take(shard, owner, lease_ms);
            let taken = tokio::select! {
                () = self.stop.cancelled() => return Ok(None),
                taken = refusing(requests, elsewhere.as_deref(), taking) => taken,
            };
            let wait = match taken {
                Ok(tenure) => return Ok(Some(tenure)),
                Err(StoreError::Held { owner, left_ms }) => {
                    if elsewhere.as_ref() != Some(&owner) {
                        telemetry::held(shard, &owner, left_ms);
                        self.status.send_replace(Status::Standby { owner: Some(owner.clone()) });
                        elsewhere = Some(owner);
                    }
                    Some(left_ms.clamp(1, STANDBY_MS))
                }
                Err(error @ (StoreError::Unavailable(_) | StoreError::Fenced)) => {
                    telemetry::store_unavailable("take", &error);
                    if elsewhere.take().is_some() {
                        self.status.send_replace(Status::Standby { owner: None });
                    }
                    None
                }
                Err(error) => return Err(error),
            };
            let pause = async {
                match wait {
                    Some(ms) => tokio::time::sleep(Duration::from_millis(ms)).await,
                    None => back_off.wait().await,
                }
            };
            tokio::select! {
                () = self.stop.cancelled() => return Ok(None),
                () = refusing(requests, elsewhere.as_deref(), pause) => {}
            }
        }
    }

    async fn load(&self, tenure: Tenure) -> Result<(Loaded, Clock), StoreError> {
        let config = &self.config;
        let rows =
            insist("load", config.give_up_after_ms, telemetry::store_unavailable, || self.store.load(config.shard))
                .await?;
        let clock = Clock::new(tenure.now.max(rows.meta.now));
        let (awaited, missed) = self.awaited(&rows, clock.now()).await?;
        let mut sessions = Sessions::new(config.heartbeat_ms, config.grace_ms);
        awaited.expect(&mut sessions);
        let directory = self.directories.now();
        let joined = self.joined(directory.tenants.keys().copied()).await?;
        let settings = directory.settings.iter().filter(|new| !is_loaded(&rows, new)).cloned().collect();
        let is_there = |queue: &QueueId| rows.queues.iter().any(|known| known.id == *queue);
        let heirs = directory.heirs.iter().filter(|(queue, _)| is_there(queue));
        let heirs = heirs.map(|(queue, heir)| (*queue, *heir)).collect();
        let handed = rows.outbound.iter().filter(|row| matches!(row.state, OutboundState::Handed { .. }));
        let handed = handed.map(|row| Handed { outbound: row.id, attempt: row.attempt }).collect();
        let core = if rows.meta.now == Millis::default() {
            Scheduler::new(config.shard, config.seed)
        } else {
            // The rows are large and loading is all computing.
            let shard = config.shard;
            let loading = tokio::task::spawn_blocking(move || Scheduler::load(shard, rows));
            let loaded = loading.await.map_err(|error| StoreError::Corrupt(error.to_string()))?;
            loaded.map_err(|error| StoreError::Corrupt(error.0))?
        };
        let tenants: Vec<_> = directory.rules.keys().copied().collect();
        let standings = insist("reviews", config.give_up_after_ms, telemetry::store_unavailable, || {
            Standings::read(self.archive.as_ref(), &tenants, clock.now())
        })
        .await?;
        Ok((Loaded { core, sessions, missed, joined, directory, settings, heirs, handed, standings }, clock))
    }
}

/// True when the record has this setting as it is.
fn is_loaded(rows: &Snapshot, new: &Settings) -> bool {
    match new {
        Settings::Tenant(new) => rows.tenants.contains(new),
        Settings::Account(new) => rows.accounts.contains(new),
        Settings::Calendar(new) => rows.calendars.contains(new),
        Settings::Queue(new) => rows.queues.contains(new),
        Settings::Worker(new) => rows.workers.iter().any(|known| *known.settings == *new),
    }
}

/// Waits for `what`, telling everybody who asks meanwhile that the shard is not served here, and who serves it.
async fn refusing<T>(
    requests: &mut mpsc::Receiver<Request>,
    elsewhere: Option<&str>,
    what: impl Future<Output = T>,
) -> T {
    tokio::pin!(what);
    loop {
        tokio::select! {
            done = &mut what => return done,
            Some(request) = requests.recv() => refuse(request, elsewhere),
        }
    }
}

/// Answers a request while the shard is not served here.
pub(crate) fn refuse(request: Request, elsewhere: Option<&str>) {
    // An embedded owner has no address that anybody could go to.
    let elsewhere = elsewhere.filter(|owner| owner.contains("://"));
    match request {
        Request::Call { reply, .. } => {
            let error = match elsewhere {
                Some(owner) => CallError::Elsewhere { owner: owner.to_owned() },
                None => CallError::Unavailable("the shard is not served here now".into()),
            };
            // A caller who went away needs no answer.
            let _ = reply.send(Err(error));
        }
        Request::Attach { frames, .. } => {
            let reason = if elsewhere.is_some() { "elsewhere" } else { "drain" }.to_owned();
            let _ = frames.try_send(ServerFrame::Goodbye { reason, at: elsewhere.map(str::to_owned) });
        }
        Request::Heard { .. } | Request::Gone { .. } | Request::Look(_) => {}
    }
}
