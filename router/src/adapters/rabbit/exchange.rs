//! The exchange of events for others. It has a connection of its own: what the server holds back here holds nothing else up.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use lapin::options::{BasicPublishOptions, ConfirmSelectOptions, ExchangeDeclareOptions};
use lapin::types::FieldTable;
use lapin::{BasicProperties, Channel, Confirmation, ExchangeKind};
use tokio::sync::Mutex;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::link::{Link, Purpose, State};
use super::{CLOSE_WITHIN, OpenError, RabbitOptions, said};
use crate::ports::broker::BrokerError;
use crate::ports::outlets::{Exchange, Outgoing};

/// Its name.
pub const EXCHANGE: &str = "blendline.events";
/// AMQP's word for a message that outlives the server.
const PERSISTENT: u8 = 2;
/// How long a page of events may take; nobody waits but the next page.
const PUBLISH_WITHIN: Duration = Duration::from_secs(10);

/// The topic exchange on a RabbitMQ server or cluster.
pub struct RabbitExchange {
    link: Link,
    links: TaskTracker,
    hang_up: CancellationToken,
    /// The channel that publishes, by one at a time: the library would mix up the confirms of two.
    channel: Mutex<Option<Channel>>,
}

impl RabbitExchange {
    /// Connects. A server that cannot be reached is tried again until it answers.
    ///
    /// # Errors
    /// When it refuses us.
    pub async fn open(options: RabbitOptions) -> Result<Self, OpenError> {
        let (links, hang_up) = (TaskTracker::new(), CancellationToken::new());
        let link = Link::open(Arc::new(options), Purpose::Events, &links, hang_up.clone()).await?;
        Ok(Self { link, links, hang_up, channel: Mutex::default() })
    }

    /// Says good-bye.
    pub async fn close(&self) {
        self.hang_up.cancel();
        self.links.close();
        let _ = timeout(CLOSE_WITHIN, self.links.wait()).await;
    }

    /// The channel, or a new one, with the exchange.
    async fn channel(&self, last: Option<Channel>) -> Result<Channel, BrokerError> {
        if let State::Blocked(_, reason) = &*self.link.state().borrow() {
            return Err(BrokerError::Unavailable(reason.to_string()));
        }
        let session = self.link.session()?;
        if let Some(channel) = last.filter(|channel| channel.status().connected() && session.is_connected()) {
            return Ok(channel);
        }
        let open = async {
            let channel = session.channel().await?;
            let durable = ExchangeDeclareOptions { durable: true, ..ExchangeDeclareOptions::default() };
            channel.exchange_declare(EXCHANGE.into(), ExchangeKind::Topic, durable, FieldTable::default()).await?;
            channel.confirm_select(ConfirmSelectOptions::default()).await?;
            Ok(channel)
        };
        open.await.map_err(|error: lapin::Error| BrokerError::Unavailable(said(&error)))
    }
}

#[async_trait]
impl Exchange for RabbitExchange {
    async fn publish(&self, events: &[Outgoing]) -> Result<(), BrokerError> {
        let mut place = self.channel.lock().await;
        let last = place.take();
        let publishing = async {
            let channel = self.channel(last).await?;
            publish(&channel, events).await?;
            Ok(channel)
        };
        let published = timeout(PUBLISH_WITHIN, publishing).await;
        // After an error the channel is not used again: its confirms may be out of step.
        *place = Some(published.unwrap_or_else(|_| Err(BrokerError::Unavailable("no confirm in time".to_owned())))?);
        Ok(())
    }
}

async fn publish(channel: &Channel, events: &[Outgoing]) -> Result<(), BrokerError> {
    let failed = |error: lapin::Error| BrokerError::Unavailable(said(&error));
    let mut confirms = Vec::with_capacity(events.len());
    for event in events {
        let properties = BasicProperties::default()
            .with_delivery_mode(PERSISTENT)
            .with_content_type("application/json".into())
            .with_message_id(event.id.as_str().into())
            .with_type(event.kind.as_str().into())
            .with_timestamp(event.at.0 / 1000)
            .with_app_id("blendline".into());
        let options = BasicPublishOptions::default();
        let sent =
            channel.basic_publish(EXCHANGE.into(), event.routing_key.as_str().into(), options, &event.body, properties);
        confirms.push(sent.await.map_err(failed)?);
    }
    for confirm in confirms {
        match confirm.await.map_err(failed)? {
            Confirmation::Ack(_) => {}
            // A queue that is bound to it is full and refuses.
            Confirmation::Nack(_) => return Err(BrokerError::Full),
            Confirmation::NotRequested => {
                return Err(BrokerError::Unavailable("the channel does not confirm".to_owned()));
            }
        }
    }
    Ok(())
}
