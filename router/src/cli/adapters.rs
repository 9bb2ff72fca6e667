//! Opens what the ports stand on, as the configuration says.

use std::sync::Arc;

use anyhow::Context as _;

use crate::adapters::files::{Bucket, Directory};
use crate::adapters::live::InProcessLive;
use crate::adapters::postgres::{PostgresOptions, PostgresStore};
use crate::adapters::rabbit::{RabbitBroker, RabbitExchange, RabbitOptions};
use crate::adapters::redis::{RedisLive, RedisOptions};
use crate::adapters::sqlite::{BrokerOptions, DataDir, SqliteBroker, SqliteStore};
use crate::config::{Config, Media};
use crate::ports::broker::{Broker, inbound_queue, outbound_queue, system_queue};
use crate::ports::desks::Desks;
use crate::ports::files::Files;
use crate::ports::live::Live;
use crate::ports::outlets::{Exchange, Outlets};
use crate::ports::people::People;
use crate::ports::rules::RuleSets;
use crate::ports::search::Search;
use crate::ports::store::{Archive, Store};
use crate::ports::systems::Systems;

/// The record, behind its ports.
pub(super) struct Record {
    pub(super) store: Arc<dyn Store>,
    pub(super) archive: Arc<dyn Archive>,
    pub(super) people: Arc<dyn People>,
    pub(super) rules: Arc<dyn RuleSets>,
    pub(super) outlets: Arc<dyn Outlets>,
    pub(super) desks: Arc<dyn Desks>,
    pub(super) search: Arc<dyn Search>,
    pub(super) systems: Arc<dyn Systems>,
}

impl Record {
    fn of<S: Store + Archive + People + RuleSets + Outlets + Desks + Search + Systems>(store: S) -> Self {
        let store = Arc::new(store);
        Self {
            store: store.clone(),
            archive: store.clone(),
            people: store.clone(),
            rules: store.clone(),
            outlets: store.clone(),
            desks: store.clone(),
            search: store.clone(),
            systems: store,
        }
    }

    /// Opens the record alone.
    ///
    /// # Errors
    /// When a file or server cannot be used; the text names it and the cure.
    pub(super) async fn open(config: &Config) -> anyhow::Result<Self> {
        let directory = match config.cluster.store {
            Some(_) => None,
            None => Some(DataDir::open(&config.data_dir)?),
        };
        Self::open_in(config, directory.as_ref()).await
    }

    async fn open_in(config: &Config, directory: Option<&DataDir>) -> anyhow::Result<Self> {
        Ok(match &config.cluster.store {
            Some(url) => Self::of(PostgresStore::open(PostgresOptions::from_url(url.expose())?).await?),
            None => Self::of(SqliteStore::open(directory.context("no data directory")?)?),
        })
    }
}

/// The broker, and what is its own beside the port.
pub(super) struct OpenBroker {
    pub(super) broker: Arc<dyn Broker>,
    rabbit: Option<Arc<RabbitBroker>>,
    exchange: Option<Arc<RabbitExchange>>,
}

impl OpenBroker {
    async fn open(config: &Config, directory: Option<&DataDir>) -> anyhow::Result<Self> {
        let Some(url) = &config.cluster.broker else {
            let directory = directory.context("no data directory")?;
            return Ok(Self {
                broker: Arc::new(SqliteBroker::open(directory, BrokerOptions::default())?),
                rabbit: None,
                exchange: None,
            });
        };
        let mut options = RabbitOptions::new(url.expose())?;
        options.length_max = config.cluster.queue_length_max;
        let exchange = match config.events.exchange && config.cluster.router {
            true => Some(Arc::new(RabbitExchange::open(options.clone()).await?)),
            false => None,
        };
        let rabbit = Arc::new(RabbitBroker::open(options).await?);
        Ok(Self { broker: rabbit.clone(), rabbit: Some(rabbit), exchange })
    }

    /// Where events are published, where they are.
    pub(super) fn exchange(&self) -> Option<Arc<dyn Exchange>> {
        self.exchange.clone().map(|exchange| exchange as Arc<dyn Exchange>)
    }

    /// Declares the queues of these shards, so that a wrong one is found now and not by the first message.
    ///
    /// # Errors
    /// When a queue is there and cannot be used; the text names the argument and the cure.
    pub(super) async fn declare(&self, shards: impl IntoIterator<Item = u16>) -> anyhow::Result<()> {
        if let Some(rabbit) = &self.rabbit {
            let all = |shard| [inbound_queue(shard), outbound_queue(shard), system_queue(shard)];
            rabbit.declare(&shards.into_iter().flat_map(all).collect::<Vec<_>>()).await?;
        }
        Ok(())
    }

    /// Finishes what is under way.
    pub(super) async fn close(&self) {
        if let Some(rabbit) = &self.rabbit {
            rabbit.close().await;
        }
        if let Some(exchange) = &self.exchange {
            exchange.close().await;
        }
    }
}

/// The live state, and what is its own where it is this process's alone.
pub(super) struct OpenLive {
    pub(super) live: Arc<dyn Live>,
    /// Set where other processes share the record and nobody tells us of them.
    pub(super) alone: Option<Arc<InProcessLive>>,
    /// Whether several processes share it.
    pub(super) shared: bool,
}

/// How Redis is reached, where the configuration names one.
///
/// # Errors
/// When the URL is none; the configuration was checked before.
pub(super) fn redis_options(config: &Config) -> anyhow::Result<Option<RedisOptions>> {
    let Some(live) = &config.cluster.live else { return Ok(None) };
    let mut options = RedisOptions::new(live.url.expose())?;
    options.prefix.clone_from(&live.prefix);
    Ok(Some(options))
}

/// Opens the live state. That never waits: what is away now may come later.
pub(super) fn open_live(config: &Config) -> anyhow::Result<OpenLive> {
    if let Some(options) = redis_options(config)? {
        return Ok(OpenLive { live: Arc::new(RedisLive::open(options)), alone: None, shared: true });
    }
    let here = Arc::new(InProcessLive::default());
    let alone = config.cluster.store.is_some().then(|| here.clone());
    Ok(OpenLive { live: here, alone, shared: false })
}

/// The store of files. Nothing is called or made before the first file.
///
/// # Errors
/// When there can be no HTTP client.
pub(super) fn files(media: &Media) -> anyhow::Result<Arc<dyn Files>> {
    Ok(match media {
        Media::Directory { path, .. } => Arc::new(Directory::new(path)),
        Media::Bucket(options) => {
            // Without one the client's maker panics; an error means that there is one.
            let _ = rustls::crypto::ring::default_provider().install_default();
            let http = blendline_connectors::http_client_rules().build().context("the HTTP client for the bucket")?;
            Arc::new(Bucket::new(options.clone(), http))
        }
    })
}

/// Opens record and broker.
///
/// # Errors
/// When a file or server cannot be used; the text names it and the cure.
pub(super) async fn open(config: &Config) -> anyhow::Result<(Record, OpenBroker)> {
    let cluster = &config.cluster;
    // The directory is only taken where something lies in it: several processes of one machine may share servers.
    let embedded = cluster.store.is_none() || cluster.broker.is_none();
    let directory = embedded.then(|| DataDir::open(&config.data_dir)).transpose()?;
    let broker = OpenBroker::open(config, directory.as_ref()).await?;
    Ok((Record::open_in(config, directory.as_ref()).await?, broker))
}
