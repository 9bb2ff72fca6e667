//! A database of a test's own, on the server that tests share.

use blendline_router::adapters::postgres::{PostgresOptions, PostgresStore};
use blendline_tests::contract::store::StoreWorld;
use blendline_tests::servers::postgres::{run, shared};

/// An empty database.
pub(crate) struct Database {
    url: String,
}

impl Database {
    /// Makes one. `None` where the machine has no PostgreSQL.
    pub(crate) async fn new(name: &str) -> Option<Self> {
        let base = shared().await?;
        let name = format!("{name}_{}", std::process::id());
        run(&format!("{base}postgres"), &format!("CREATE DATABASE {name}")).await;
        Some(Self { url: format!("{base}{name}") })
    }

    /// Where it is.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }
}

impl StoreWorld for Database {
    type Store = PostgresStore;

    async fn open(&self) -> PostgresStore {
        PostgresStore::open(PostgresOptions::from_url(&self.url).unwrap()).await.unwrap()
    }
}
