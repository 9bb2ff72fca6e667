//! A server, and what every test does with it.

use std::time::Duration;

use blendline_router::adapters::rabbit::{RabbitBroker, RabbitOptions};
use blendline_tests::servers::rabbit::Rabbit;
use lapin::options::QueueDeclareOptions;
use lapin::types::{AMQPValue, FieldTable};
use lapin::{Channel, Connection, ConnectionProperties};
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

/// The defaults for the shared server, which nobody kills: new queues need no rest.
pub(crate) async fn shared_options() -> RabbitOptions {
    let mut options = options(shared().await);
    options.settle = Duration::ZERO;
    options
}

/// A broker with the defaults.
pub(crate) async fn open(rabbit: &Rabbit) -> RabbitBroker {
    RabbitBroker::open(options(rabbit)).await.unwrap()
}

/// A broker on the shared server.
pub(crate) async fn open_shared() -> RabbitBroker {
    RabbitBroker::open(shared_options().await).await.unwrap()
}

/// Somebody else's connection to a server. It ends when both are dropped.
pub(crate) async fn other(rabbit: &Rabbit) -> (Connection, Channel) {
    let connection = Connection::connect(&rabbit.url(), ConnectionProperties::default()).await.unwrap();
    let channel = connection.create_channel().await.unwrap();
    (connection, channel)
}

/// Makes a queue as somebody else would.
pub(crate) async fn make_queue(channel: &Channel, queue: &str, arguments: &[(&'static str, AMQPValue)]) {
    let mut table = FieldTable::default();
    for (key, value) in arguments {
        table.insert((*key).into(), value.clone());
    }
    channel.queue_declare(queue.into(), QueueDeclareOptions::durable(), table).await.unwrap();
}
