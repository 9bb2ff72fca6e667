//! Opens what the ports stand on, as the configuration says.

use std::sync::Arc;

use anyhow::Context as _;

use crate::adapters::postgres::{PostgresOptions, PostgresStore};
use crate::adapters::sqlite::{BrokerOptions, DataDir, SqliteBroker, SqliteStore};
use crate::config::Config;
use crate::ports::broker::Broker;
use crate::ports::people::People;
use crate::ports::store::{Archive, Store};

/// The opened ports of one process.
pub(super) struct Adapters {
    pub(super) broker: Arc<dyn Broker>,
    pub(super) store: Arc<dyn Store>,
    pub(super) archive: Arc<dyn Archive>,
    pub(super) people: Arc<dyn People>,
}

/// Opens broker and store.
///
/// # Errors
/// When a file or server cannot be used; the text names it and the cure.
pub(super) async fn open(config: &Config) -> anyhow::Result<Adapters> {
    let cluster = &config.cluster;
    // The directory is only taken where something lies in it: several processes of one machine may share servers.
    let embedded = cluster.store.is_none() || cluster.broker.is_none();
    let directory = embedded.then(|| DataDir::open(&config.data_dir)).transpose()?;
    let files = || directory.as_ref().context("no data directory");
    let broker: Arc<dyn Broker> = match &cluster.broker {
        Some(_url) => anyhow::bail!("RabbitMQ is not wired yet"),
        None => Arc::new(SqliteBroker::open(files()?, BrokerOptions::default())?),
    };
    Ok(match &cluster.store {
        Some(url) => {
            let options = PostgresOptions::from_url(url.expose())?;
            of(broker, Arc::new(PostgresStore::open(options).await?))
        }
        None => of(broker, Arc::new(SqliteStore::open(files()?)?)),
    })
}

/// One store behind its three ports.
fn of<S: Store + Archive + People>(broker: Arc<dyn Broker>, store: Arc<S>) -> Adapters {
    Adapters { broker, store: store.clone(), archive: store.clone(), people: store }
}
