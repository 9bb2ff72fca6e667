//! `blendline serve`: puts the parts together, runs them, and ends them in order.

mod chores;
mod mail;
mod outlets;
mod push;
mod shards;
mod systems;

use std::collections::BTreeSet;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use self::shards::{Chores, Shards};
use super::adapters::{self, OpenLive, Record};
use super::demo::Demo;
use super::traffic::Inside;
use super::{demo, people};
use crate::api::{self, Parts, now};
use crate::chat::{self, ServerSecret};
use crate::config::{self, Config};
use crate::decision_link::DecisionLinks;
use crate::directory::{Directories, Directory};
use crate::doors::Doors;
use crate::driver::Status;
use crate::feeds;
use crate::figures::Of;
use crate::intake::Intake;
use crate::ports::broker::Broker;
use crate::ports::live::Live;
use crate::push::attention::Attentions;
use crate::rules::keeper::Keeper;
use crate::status::Links;
use crate::{telemetry, traces};

/// Runs the router until it is told to end.
pub(super) fn run(config: Option<&Path>, demo: Option<Demo>) -> anyhow::Result<()> {
    let config = if demo.is_some() { demo::config()? } else { Config::load(config)? };
    telemetry::start_log(&config.log)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("the runtime")?;
    let outcome = runtime.block_on(serve(config, demo));
    // Nothing that still runs has anything to finish: what must be durable is.
    runtime.shutdown_background();
    outcome
}

/// Listens on `address`, or says what to do about it.
async fn listen(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|error| {
        let hint = match error.kind() {
            io::ErrorKind::AddrInUse => "somebody listens there, perhaps another blendline: stop it, or take another port",
            io::ErrorKind::AddrNotAvailable => "this machine has no such address: take one that it has",
            io::ErrorKind::PermissionDenied => "only the system's own services may: take a port above 1023",
            _ => "take another address",
        };
        let other = SocketAddr::new(address.ip(), address.port().saturating_add(1).max(1024));
        anyhow!(
            "cannot listen on {address}: {error}\n  hint: {hint}: `listen` in the configuration, or BLENDLINE_LISTEN={other}"
        )
    })
}

async fn serve(mut config: Config, demo: Option<Demo>) -> anyhow::Result<()> {
    // An error means that somebody chose one before, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let metrics = telemetry::install_metrics(|of| match of {
        Of::Program => true,
        Of::Rabbit => config.cluster.broker.is_some(),
        Of::Redis => config.cluster.live.is_some(),
    })?;
    let listener = listen(config.server.listen).await?;
    let address = listener.local_addr().context("the address that is listened on")?;
    let (record, opened) = adapters::open(&config).await?;
    let broker = opened.broker.clone();
    let mut keeper = Keeper::new(config.tenants.clone(), record.rules.clone(), record.archive.clone());
    let configured = std::mem::replace(&mut config.tenants, keeper.begin(now()).await?);
    let mut directory = config::resolve(&config, record.archive.as_ref(), now()).await?;
    config::all_have_heirs(&directory, record.archive.as_ref()).await?;
    let point_at_demo = |directory: &mut Directory| {
        if let Some(demo) = &demo {
            demo.send_to(directory, address);
        }
    };
    point_at_demo(&mut directory);
    if directory.tenants.is_empty() {
        tracing::warn!("no tenant is configured: nothing can come in");
    }
    let stop = CancellationToken::new();
    let chores = TaskTracker::new();
    traces::start(&config.traces, &chores, &stop)?;
    // One for the whole process: what the owner tells, visitors hear.
    let OpenLive { live, alone, shared } = adapters::open_live(&config)?;
    if let Some(here) = alone {
        chores.spawn(chores::nudge(here, stop.clone()));
    }
    let gate = people::gate(record.people.clone(), live.clone())?;
    people::first_users(&config, &directory, &gate).await?;
    let users = if demo.is_some() { people::demo_users(&directory, &gate).await? } else { Vec::new() };
    let on = shards::of_tenants(&config, &record, &directory).await?;
    opened.declare(on.values().copied().collect::<BTreeSet<u16>>()).await?;
    let files = adapters::files(&config.media)?;
    let secret = secret(&config)?;
    let (status, decisions) = (Links::new(&secret), DecisionLinks::new(&secret));
    let push = push::Push::open(&config, &record).await?;
    let mut shards = if config.cluster.router {
        let chores = Chores { tracker: &chores, stop: &stop };
        let started = (&record, &broker, &files);
        let told = ((&live, &status, push.as_ref().map(push::Push::ear)), shared, &mut keeper);
        Shards::start(&config, started, &on, &directory, told, &chores, point_at_demo).await?
    } else {
        Shards::none()
    };
    // Who only takes messages in serves no shard: the routers must not leave one to him.
    if shared && config.cluster.router {
        let own = config.cluster.url.clone();
        chores.spawn(chores::spread(live.clone(), own, shards.preferred(), stop.clone()));
    }
    let inside = Inside::new(&directory, &on, shards.handles(), record.archive.clone());
    let directory = Arc::new(directory);
    let followed = (&shards.statuses(), &shards.bells());
    outlets::start(&config, (&record, opened.exchange()), &on, followed, (&chores, &stop))?;
    let doors = Doors::new(on, shards.handles());
    mail::listen_for_mail(&config, (&directory, &broker, &files), &doors, &chores, &stop).await?;
    mail::read_mailboxes(&config, (&directory, &broker, &files), &doors, &shards.statuses(), (&chores, &stop));
    if config.cluster.router {
        let intake = Arc::new(Intake::new(directory.clone(), broker.clone(), files.clone(), &doors));
        let http = blendline_connectors::http_client_rules().build().context("the HTTP client")?;
        let owners = shards.statuses();
        feeds::start(&directory, &intake, &record.archive, (&doors, &owners), &http, (&chores, &stop));
    }
    let (holder, directories) = Directories::changing(directory.clone());
    keeper.tell(config.tenants.iter().map(|tenant| tenant.name.clone()).collect(), holder);
    chores.spawn(keeper.run(stop.clone()));
    let parts = |handle| crate::systems::Parts { broker: broker.clone(), handle, directories: directories.clone() };
    systems::start(parts, shards.handles(), &shards.statuses(), (&chores, &stop));
    let attentions = Attentions::default();
    let chat = chat(&config, (&record, &broker), &directory, doors.clone(), (live.clone(), secret), address, &stop)?;
    let parts = Parts {
        directory: directories,
        rules: record.rules.clone(),
        outlets: record.outlets.clone(),
        desks: record.desks.clone(),
        search: record.search.clone(),
        systems: record.systems.clone(),
        status,
        decisions,
        reach: config.events.reach,
        push_key: push.as_ref().map(push::Push::public_key),
        attentions: attentions.clone(),
        configured,
        doors: doors.clone(),
        owners: shards.statuses(),
        archive: record.archive.clone(),
        broker: broker.clone(),
        people: gate,
        live: live.clone(),
        files: files.clone(),
        http: shards::fetching_client()?,
        server: config.server.clone(),
        metrics: Some(metrics.clone()),
        stopping: stop.clone(),
    };
    if let Some(push) = push {
        let told = (&record, parts.directory.clone(), &doors);
        chores.spawn(push.tell(&config, told, attentions, stop.clone())?);
    }
    let app = api::App::new(parts, api::forward::client().context("the HTTP client for other routers")?);
    let mut router = api::app(app.clone()).merge(chat::router(chat.clone()));
    if let Some(demo) = &demo {
        router = router.merge(demo.platform());
    }
    chores.spawn(telemetry::keep_metrics(metrics, stop.clone()));
    chores.spawn(chores::sweep(record.store.clone(), stop.clone()));
    if config.cluster.router {
        chores.spawn(api::held::keep_doing(app.clone(), stop.clone()));
        chores.spawn(chores::measure_queues(broker.clone(), doors.shards(), stop.clone()));
        chores.spawn(chores::sweep_files(files.clone(), record.archive.clone(), stop.clone()));
    }
    let limits = config.server.clone();
    let server_stop = stop.clone();
    let server = tokio::spawn(async move { api::server::serve(listener, router, &limits, server_stop).await });
    tracing::info!(%address, "listening");

    let begin = || match &demo {
        Some(demo) => demo.begin(address, &users, inside, &stop, &chores),
        None => Ok(()),
    };
    let failed = until_told(&mut shards, begin).await;
    stop.cancel();
    server.await.context("the server")?;
    let grace = Duration::from_millis(config.server.stop_grace_ms);
    let lines_ended = async { tokio::join!(app.lines_ended(), chat.lines_ended()) };
    if tokio::time::timeout(grace, lines_ended).await.is_err() {
        tracing::warn!("workers' or visitors' connections were still open after the grace time");
    }
    chores.close();
    chores.wait().await;
    shards.stop().await;
    opened.close().await;
    tracing::info!("ended in order");
    failed
}

/// What links and tokens are signed with.
fn secret(config: &Config) -> anyhow::Result<ServerSecret> {
    Ok(match &config.cluster.secret {
        Some(shared) => ServerSecret::shared(shared.expose()),
        None if config.cluster.store.is_some() => ServerSecret::of_this_process()?,
        None => ServerSecret::of(&config.data_dir).context("the secret of the web chat in the data directory")?,
    })
}

fn chat(
    config: &Config,
    (record, broker): (&Record, &Arc<dyn Broker>),
    directory: &Arc<Directory>,
    doors: Doors,
    (live, secret): (Arc<dyn Live>, ServerSecret),
    address: SocketAddr,
    stop: &CancellationToken,
) -> anyhow::Result<chat::Shared> {
    let parts = chat::Parts {
        directory: directory.clone(),
        archive: record.archive.clone(),
        broker: broker.clone(),
        live,
        doors,
        limits: config.chat.clone(),
        secret,
        origins: chat::own_origins(address, &config.server.origins),
        stopping: stop.clone(),
        stop_grace_ms: config.server.stop_grace_ms,
    };
    chat::Chat::new(parts).context("this program has no web chat channel")
}

/// Waits for the signal to end, and calls `begin` when all shards are served; `Err` when an owner stopped by himself.
async fn until_told(shards: &mut Shards, begin: impl FnOnce() -> anyhow::Result<()>) -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate()).context("the signal to end")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("the signal to end")?;
    let statuses = shards.statuses();
    let served = async move {
        for (_, mut status) in statuses {
            // One that stops instead is told below.
            let _ = status.wait_for(|status| matches!(status, Status::Serving { .. })).await;
        }
    };
    tokio::pin!(served);
    let mut begin = Some(begin);
    loop {
        tokio::select! {
            _ = terminate.recv() => return Ok(()),
            _ = interrupt.recv() => return Ok(()),
            cause = shards.stopped() => bail!("the owner stopped: {cause}"),
            () = &mut served, if begin.is_some() => {
                tracing::info!("serving");
                begin.take().map_or(Ok(()), |begin| begin())?;
            }
        }
    }
}
