//! `blendline serve`: puts the parts together, runs them, and ends them in order.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use blendline_core::Command;
use blendline_wire::event::Actor;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::people::DemoUser;
use super::{demo, people};
use crate::adapters::live::InProcessLive;
use crate::adapters::sqlite::store::EMBEDDED_OWNER;
use crate::adapters::sqlite::{BrokerOptions, DataDir, SqliteBroker, SqliteStore};
use crate::api::{self, Parts, now};
use crate::chat::{self, ServerSecret};
use crate::config::{self, Config};
use crate::directory::Directory;
use crate::driver::{self, Driver, DriverConfig, Status};
use crate::handle::{Call, Handle};
use crate::ports::broker::Broker;
use crate::ports::live::Live;
use crate::ports::store::{Archive, Store};
use crate::sender::{self, Sender, SenderConfig};
use crate::telemetry;

/// The one shard of an embedded installation.
const SHARD: u16 = 0;
/// How often calendars are compiled anew; each time they reach 60 days ahead.
const CALENDARS_EVERY: Duration = Duration::from_secs(24 * 60 * 60);
/// How often old duplicate keys and journal entries are dropped.
const SWEEP_EVERY: Duration = Duration::from_secs(60 * 60);

/// Runs the router until it is told to end.
pub(super) fn run(config: Option<&Path>, demo: bool) -> anyhow::Result<()> {
    let config = if demo { demo::config()? } else { Config::load(config)? };
    telemetry::start_log(&config.log)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("the runtime")?;
    let outcome = runtime.block_on(serve(config, demo));
    // Nothing that still runs has anything to finish: what must be durable is.
    runtime.shutdown_background();
    outcome
}

/// What the ports of an embedded installation stand on.
struct Adapters {
    broker: Arc<dyn Broker>,
    store: Arc<SqliteStore>,
}

fn open(config: &Config) -> anyhow::Result<Adapters> {
    let directory = DataDir::open(&config.data_dir)?;
    let broker = Arc::new(SqliteBroker::open(&directory, BrokerOptions::default())?);
    let store = Arc::new(SqliteStore::open(&directory)?);
    Ok(Adapters { broker, store })
}

async fn serve(config: Config, demo: bool) -> anyhow::Result<()> {
    // An error means that somebody chose one before, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let metrics = telemetry::install_metrics()?;
    let listen = config.server.listen;
    let listener = TcpListener::bind(listen).await.with_context(|| format!("cannot listen on {listen}"))?;
    let address = listener.local_addr().context("the address that is listened on")?;
    let adapters = open(&config)?;
    let mut directory = config::resolve(&config, adapters.store.as_ref(), now()).await?;
    if demo {
        demo::send_to(&mut directory, address);
    }
    if directory.tenants.is_empty() {
        tracing::warn!("no tenant is configured: nothing can come in");
    }
    let directory = Arc::new(directory);
    let stop = CancellationToken::new();
    let chores = TaskTracker::new();
    // One for the whole process: what the owner tells, visitors hear.
    let live: Arc<dyn Live> = Arc::new(InProcessLive::default());
    let gate = people::gate(adapters.store.clone(), live.clone())?;
    people::first_users(&config, &directory, &gate).await?;
    let users = if demo { people::demo_users(&directory, &gate).await? } else { Vec::new() };
    let (driver, sender) = start(&config, &adapters, &directory, live.clone())?;
    let chat = chat(&config, &adapters, &directory, live, address, &stop)?;
    let app = api::App::new(Parts {
        directory: directory.clone(),
        handle: driver.handle(),
        archive: adapters.store.clone(),
        broker: adapters.broker.clone(),
        shard: SHARD,
        people: gate,
        server: config.server.clone(),
        metrics: Some(metrics.clone()),
        stopping: stop.clone(),
    });
    let mut router = api::app(app.clone()).merge(chat::router(chat.clone()));
    if demo {
        router = router.merge(demo::platform());
    }
    chores.spawn(telemetry::keep_metrics(metrics, stop.clone()));
    chores.spawn(keep_calendars(directory.clone(), driver.handle(), stop.clone()));
    chores.spawn(sweep(adapters.store.clone(), stop.clone()));
    let limits = config.server.clone();
    let server_stop = stop.clone();
    let server = tokio::spawn(async move { api::server::serve(listener, router, &limits, server_stop).await });
    tracing::info!(%address, data_dir = %config.data_dir.display(), "listening");

    let failed = until_told(&driver, demo.then_some(&users), address, &stop, &chores).await;
    stop.cancel();
    server.await.context("the server")?;
    let grace = Duration::from_millis(config.server.stop_grace_ms);
    let lines_ended = async { tokio::join!(app.lines_ended(), chat.lines_ended()) };
    if tokio::time::timeout(grace, lines_ended).await.is_err() {
        tracing::warn!("workers' or visitors' connections were still open after the grace time");
    }
    chores.close();
    chores.wait().await;
    sender.stop().await;
    driver.stop().await;
    tracing::info!("ended in order");
    failed
}

fn start(
    config: &Config,
    adapters: &Adapters,
    directory: &Arc<Directory>,
    live: Arc<dyn Live>,
) -> anyhow::Result<(Driver, Sender)> {
    let driver_config = DriverConfig {
        shard: SHARD,
        // The store knows by this prefix that an owner's lease ended with its process.
        owner: format!("{EMBEDDED_OWNER}{}", uuid::Uuid::now_v7()),
        heartbeat_ms: config.workers.heartbeat_ms,
        grace_ms: config.workers.grace_ms,
        live,
        ..DriverConfig::default()
    };
    let store: Arc<dyn Store> = adapters.store.clone();
    let archive: Arc<dyn Archive> = adapters.store.clone();
    let http = blendline_connectors::http_client_rules().build().context("the HTTP client")?;
    let driver = driver::start(driver_config, store.clone(), archive, adapters.broker.clone(), directory.clone());
    let sender = sender::start(SenderConfig::new(SHARD), store, adapters.broker.clone(), directory.clone(), http);
    Ok((driver, sender))
}

fn chat(
    config: &Config,
    adapters: &Adapters,
    directory: &Arc<Directory>,
    live: Arc<dyn Live>,
    address: SocketAddr,
    stop: &CancellationToken,
) -> anyhow::Result<chat::Shared> {
    let secret = ServerSecret::of(&config.data_dir).context("the secret of the web chat in the data directory")?;
    let parts = chat::Parts {
        directory: directory.clone(),
        archive: adapters.store.clone(),
        broker: adapters.broker.clone(),
        live,
        shard: SHARD,
        limits: config.chat.clone(),
        secret,
        origins: chat::own_origins(address, &config.server.origins),
        stopping: stop.clone(),
        stop_grace_ms: config.server.stop_grace_ms,
    };
    chat::Chat::new(parts).context("this program has no web chat channel")
}

/// Waits for the signal to end; `Err` when the owner stopped by itself.
async fn until_told(
    driver: &Driver,
    demo: Option<&Vec<DemoUser>>,
    address: SocketAddr,
    stop: &CancellationToken,
    chores: &TaskTracker,
) -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate()).context("the signal to end")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("the signal to end")?;
    let mut status = driver.status();
    let mut told = false;
    loop {
        tokio::select! {
            _ = terminate.recv() => return Ok(()),
            _ = interrupt.recv() => return Ok(()),
            changed = status.changed() => {
                if changed.is_err() {
                    bail!("the owner is gone");
                }
                match status.borrow_and_update().clone() {
                    Status::Stopped(cause) => bail!("the owner stopped: {cause}"),
                    Status::Serving { epoch } if !told => {
                        told = true;
                        tracing::info!(epoch, "serving");
                        if let Some(users) = demo {
                            chores.spawn(demo::work(address, stop.clone()));
                            demo::explain(address, users)?;
                        }
                    }
                    _ => {}
                }
            }
        }
    }
}

/// Compiles calendars anew once a day: the core knows only the open intervals that it was told.
async fn keep_calendars(directory: Arc<Directory>, handle: Handle, stop: CancellationToken) {
    let mut every = tokio::time::interval(CALENDARS_EVERY);
    // The owner was told at its start.
    every.tick().await;
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = every.tick() => {}
        }
        for setting in config::calendars(&directory.calendars, now()) {
            if let Err(error) = handle.call(Actor::System, Call::Plain(Command::Put(setting))).await {
                tracing::warn!(%error, "a calendar was not renewed");
            }
        }
    }
}

/// Drops what is too old to be needed, a bounded part at a time.
async fn sweep(store: Arc<SqliteStore>, stop: CancellationToken) {
    let mut every = tokio::time::interval(SWEEP_EVERY);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = every.tick() => {}
        }
        loop {
            match store.sweep(now()).await {
                Ok(true) if !stop.is_cancelled() => {}
                Ok(_) => break,
                Err(error) => {
                    tracing::warn!(%error, "old keys were not dropped");
                    break;
                }
            }
        }
    }
}
