//! What this process runs of each shard: an owner that serves it or stands by, and a sender while it serves.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::Context as _;
use blendline_wire::TenantId;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::super::adapters::Record;
use super::chores::{keep_calendars, tell_presence};
use crate::adapters::sqlite::store::EMBEDDED_OWNER;
use crate::api::now;
use crate::config::{self, Config};
use crate::directory::{Directories, Directory};
use crate::driver::{self, Driver, DriverConfig, Status};
use crate::handle::Handle;
use crate::media::fetcher::{self, Fetcher};
use crate::media::public::PublicOnly;
use crate::outlets::bell::Bell;
use crate::ports::broker::Broker;
use crate::ports::files::Files;
use crate::ports::live::Live;
use crate::ports::register::Key;
use crate::push::ear::Ear;
use crate::rules::keeper::Keeper;
use crate::sender::{self, Sender, SenderConfig};
use crate::status::Links;

/// Which shard each tenant is on. A tenant that is new gets one (P1).
pub(super) async fn of_tenants(
    config: &Config,
    record: &Record,
    directory: &Directory,
) -> anyhow::Result<BTreeMap<TenantId, u16>> {
    let tenants: Vec<TenantId> = directory.tenants.keys().copied().collect();
    let shards = record.archive.shards(&tenants, config.cluster.shards).await?;
    Ok(tenants.into_iter().zip(shards).collect())
}

/// A client for what payloads name: it connects to no private network.
pub(super) fn fetching_client() -> anyhow::Result<reqwest::Client> {
    let rules = blendline_connectors::http_client_rules().dns_resolver(Arc::new(PublicOnly));
    rules.build().context("the HTTP client for files")
}

/// Where what has to be done now and then runs, and what ends it.
pub(super) struct Chores<'a> {
    pub(super) tracker: &'a TaskTracker,
    pub(super) stop: &'a CancellationToken,
}

/// The shards of this process.
pub(super) struct Shards {
    running: BTreeMap<u16, Running>,
    stop_sending: CancellationToken,
    stopped: mpsc::UnboundedReceiver<String>,
}

struct Running {
    driver: Driver,
    bell: Bell,
    sending: JoinHandle<()>,
}

/// What all shards share: the live state, what makes links for customers, and who listens for notices.
type Around<'a> = (&'a Arc<dyn Live>, &'a Links, Option<&'a Ear>);

impl Shards {
    /// Starts an owner and a sender for every shard that has tenants. `change` is made to each shard's directory.
    pub(super) async fn start(
        config: &Config,
        (record, broker, files): (&Record, &Arc<dyn Broker>, &Arc<dyn Files>),
        shards: &BTreeMap<TenantId, u16>,
        directory: &Directory,
        ((live, links, ear), shared, keeper): (Around<'_>, bool, &mut Keeper),
        chores: &Chores<'_>,
        change: impl Fn(&mut Directory),
    ) -> anyhow::Result<Self> {
        let http = blendline_connectors::http_client_rules().build().context("the HTTP client")?;
        let media_http = fetching_client()?;
        let stop_sending = CancellationToken::new();
        let (causes, stopped) = mpsc::unbounded_channel();
        let mut by_shard: BTreeMap<u16, Vec<&str>> = BTreeMap::new();
        for (tenant, shard) in shards {
            by_shard.entry(*shard).or_default().extend(directory.tenants.get(tenant).map(String::as_str));
        }
        let mut running = BTreeMap::new();
        for (shard, names) in by_shard {
            let here = config.tenants.iter().filter(|tenant| names.contains(&tenant.name.as_str()));
            let mut own = config::resolve_some(here, record.archive.as_ref(), now()).await?;
            change(&mut own);
            let own = Arc::new(own);
            let (holder, directories) = Directories::changing(own.clone());
            keeper.tell(names.iter().map(|name| (*name).to_owned()).collect(), holder);
            let (store, archive) = (record.store.clone(), record.archive.clone());
            let (names, waiting) = mpsc::channel(fetcher::WAITING_MAX);
            let bell = Bell::default();
            let settings = DriverConfig {
                media: Some(names),
                bell: bell.clone(),
                links: Some(links.clone()),
                ear: ear.cloned(),
                ..driver_config(config, shard, live.clone())
            };
            let driver = driver::start(settings, store, archive, broker.clone(), directories.clone());
            tokio::spawn(tell_stopped(driver.status(), causes.clone()));
            let renewing = keep_calendars(directories.clone(), driver.handle(), chores.stop.clone());
            chores.tracker.spawn(renewing);
            let fetcher = Fetcher {
                archive: record.archive.clone(),
                handle: driver.handle(),
                directory: own.clone(),
                http: media_http.clone(),
                files: files.clone(),
                connectors: blendline_connectors::by_name,
            };
            chores.tracker.spawn(fetch_once_serving(fetcher, waiting, driver.status(), chores.stop.clone()));
            let (store, broker, http) = (record.store.clone(), broker.clone(), http.clone());
            if shared {
                let telling = tell_presence(directories, driver.handle(), live.clone(), driver.status());
                let stop = chores.stop.clone();
                chores.tracker.spawn(async move { stop.run_until_cancelled(telling).await });
            }
            let shared_limits = shared.then(|| live.clone());
            let begin = move || {
                let (store, broker) = (store.clone(), broker.clone());
                let config = SenderConfig { shared_limits: shared_limits.clone(), ..SenderConfig::new(shard) };
                sender::start(config, store, broker, own.clone(), http.clone())
            };
            let sending = tokio::spawn(send_while_serving(begin, driver.status(), stop_sending.clone()));
            running.insert(shard, Running { driver, bell, sending });
        }
        Ok(Self { running, stop_sending, stopped })
    }

    /// None: this process takes messages in only.
    pub(super) fn none() -> Self {
        let (_, stopped) = mpsc::unbounded_channel();
        Self { running: BTreeMap::new(), stop_sending: CancellationToken::new(), stopped }
    }

    /// The doors to the owners.
    pub(super) fn handles(&self) -> BTreeMap<u16, Handle> {
        self.running.iter().map(|(shard, running)| (*shard, running.driver.handle())).collect()
    }

    /// Where each owner is told whether it should be the one that serves.
    pub(super) fn preferred(&self) -> BTreeMap<u16, watch::Sender<bool>> {
        self.running.iter().map(|(shard, running)| (*shard, running.driver.preferred())).collect()
    }

    /// What tells of new events of each shard.
    pub(super) fn bells(&self) -> BTreeMap<u16, Bell> {
        self.running.iter().map(|(shard, running)| (*shard, running.bell.clone())).collect()
    }

    /// What each owner is doing.
    pub(super) fn statuses(&self) -> BTreeMap<u16, watch::Receiver<Status>> {
        self.running.iter().map(|(shard, running)| (*shard, running.driver.status())).collect()
    }

    /// Waits until an owner stops by itself, and tells why.
    pub(super) async fn stopped(&mut self) -> String {
        match self.stopped.recv().await {
            Some(cause) => cause,
            // There are none.
            None => std::future::pending().await,
        }
    }

    /// Ends in order: calls to platforms end and are reported, then the shards are given up.
    pub(super) async fn stop(self) {
        self.stop_sending.cancel();
        let (drivers, sending): (Vec<_>, Vec<_>) =
            self.running.into_values().map(|running| (running.driver, running.sending)).unzip();
        for sending in sending {
            if let Err(error) = sending.await {
                tracing::error!(%error, "A sender did not stop in order.");
            }
        }
        futures_util::future::join_all(drivers.into_iter().map(Driver::stop)).await;
    }
}

/// How long a batch for PostgreSQL is gathered. A file commits one input at about the cost of an fsync, and at once.
const GATHER_MS: u64 = 5;

fn driver_config(config: &Config, shard: u16, live: Arc<dyn Live>) -> DriverConfig {
    let owner = match &config.cluster.store {
        Some(_) => config.cluster.url.clone(),
        // The store knows by this prefix that an owner's lease ended with its process.
        None => format!("{EMBEDDED_OWNER}{}", uuid::Uuid::now_v7()),
    };
    DriverConfig {
        shard,
        owner,
        heartbeat_ms: config.workers.heartbeat_ms,
        grace_ms: config.workers.grace_ms,
        gather_ms: if config.cluster.store.is_some() { GATHER_MS } else { 0 },
        live,
        ..DriverConfig::default()
    }
}

/// Whoever owns the shard sends for it (P12): its limits per account are then the only ones.
async fn send_while_serving(begin: impl Fn() -> Sender, mut status: watch::Receiver<Status>, stop: CancellationToken) {
    let serving = |status: &Status| matches!(status, Status::Serving { .. });
    while !stop.is_cancelled() {
        tokio::select! {
            () = stop.cancelled() => return,
            served = status.wait_for(serving) => if served.is_err() { return },
        }
        let sender = begin();
        tokio::select! {
            () = stop.cancelled() => {}
            _ = status.wait_for(|status| !serving(status)) => {}
        }
        sender.stop().await;
    }
}

/// Files are fetched by whoever owns the shard, from the first time that he does.
async fn fetch_once_serving(
    fetcher: Fetcher,
    names: mpsc::Receiver<Key>,
    mut status: watch::Receiver<Status>,
    stop: CancellationToken,
) {
    tokio::select! {
        () = stop.cancelled() => return,
        served = status.wait_for(|status| matches!(status, Status::Serving { .. })) => if served.is_err() { return },
    }
    fetcher.run(names, now(), stop).await;
}

async fn tell_stopped(mut status: watch::Receiver<Status>, causes: mpsc::UnboundedSender<String>) {
    let cause = match status.wait_for(|status| matches!(status, Status::Stopped(_))).await.as_deref() {
        Ok(Status::Stopped(cause)) => cause.clone(),
        _ => "the owner is gone".to_owned(),
    };
    // Nobody asks any more when the process ends.
    let _ = causes.send(cause);
}
