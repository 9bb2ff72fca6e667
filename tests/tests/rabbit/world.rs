//! A server, and what every test does with it.

use blendline_router::adapters::rabbit::{RabbitBroker, RabbitOptions};
use blendline_tests::servers::rabbit::Rabbit;
use tokio::sync::OnceCell;

/// The server that tests share which do it no harm.
static SHARED: OnceCell<Rabbit> = OnceCell::const_new();

/// The shared server. Nobody ends it: its keeper does when this process is gone.
pub(crate) async fn shared() -> &'static Rabbit {
    SHARED.get_or_init(Rabbit::start).await
}

/// The defaults for a server.
pub(crate) fn options(rabbit: &Rabbit) -> RabbitOptions {
    RabbitOptions::new(&rabbit.url()).unwrap()
}

/// A broker with the defaults.
pub(crate) async fn open(rabbit: &Rabbit) -> RabbitBroker {
    RabbitBroker::open(options(rabbit)).await.unwrap()
}
