//! Opens what the ports stand on, as the configuration says.

use std::sync::Arc;

use anyhow::Context as _;

use crate::adapters::postgres::{PostgresOptions, PostgresStore};
use crate::adapters::sqlite::{BrokerOptions, DataDir, SqliteBroker, SqliteStore};
use crate::config::Config;
use crate::ports::broker::Broker;
use crate::ports::people::People;
use crate::ports::store::{Archive, Store};

/// The record, behind its three ports.
pub(super) struct Record {
    pub(super) store: Arc<dyn Store>,
    pub(super) archive: Arc<dyn Archive>,
    pub(super) people: Arc<dyn People>,
}

impl Record {
    fn of<S: Store + Archive + People>(store: S) -> Self {
        let store = Arc::new(store);
        Self { store: store.clone(), archive: store.clone(), people: store }
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

/// Opens record and broker.
///
/// # Errors
/// When a file or server cannot be used; the text names it and the cure.
pub(super) async fn open(config: &Config) -> anyhow::Result<(Record, Arc<dyn Broker>)> {
    let cluster = &config.cluster;
    // The directory is only taken where something lies in it: several processes of one machine may share servers.
    let embedded = cluster.store.is_none() || cluster.broker.is_none();
    let directory = embedded.then(|| DataDir::open(&config.data_dir)).transpose()?;
    let broker: Arc<dyn Broker> = match &cluster.broker {
        Some(_url) => anyhow::bail!("RabbitMQ is not wired yet"),
        None => {
            let directory = directory.as_ref().context("no data directory")?;
            Arc::new(SqliteBroker::open(directory, BrokerOptions::default())?)
        }
    };
    Ok((Record::open_in(config, directory.as_ref()).await?, broker))
}
