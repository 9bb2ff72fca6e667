//! The servers that an installation of several machines stands on, private to this run.

use blendline_tests::servers::postgres::Postgres;
use blendline_tests::servers::rabbit::Rabbit;

/// PostgreSQL and RabbitMQ as their packages set them, everything synced.
pub(crate) struct Servers {
    pub(crate) postgres: Postgres,
    pub(crate) rabbit: Rabbit,
}

impl Servers {
    pub(crate) async fn start() -> Self {
        let (postgres, rabbit) = tokio::join!(Postgres::start(), Rabbit::start());
        Self { postgres, rabbit }
    }

    /// The sections of the router's configuration that name them.
    pub(crate) fn sections(&self) -> String {
        format!("[store]\nurl = {:?}\n\n[broker]\nurl = {:?}\n", self.postgres.url(), self.rabbit.url())
    }

    /// Their processes, by kind.
    pub(crate) fn processes(&self) -> [(&'static str, u32); 2] {
        [("postgresql", self.postgres.pid()), ("rabbitmq", self.rabbit.pid())]
    }
}
