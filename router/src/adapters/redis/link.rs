//! The connection to Redis: made, watched, and made again.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt as _;
use redis::aio::{MultiplexedConnection, PubSubSink, PubSubStream};
use redis::{AsyncConnectionConfig, Client, ConnectionAddr, ConnectionInfo, RedisError};
use tokio::sync::{mpsc, watch};
use tokio::time::{interval, timeout};

use super::frame::{self, Notice};
use super::options::{Node, Place, RedisOptions};
use super::telemetry;
use crate::adapters::live::InProcessLive;
use crate::patience::BackOff;

/// How often the connections are asked whether they are alive, and the Sentinels who the master is.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How often everybody looks again by himself: what one process tells may be lost on its way to another.
const NUDGE_EVERY: Duration = Duration::from_secs(30);
/// The same while there is no connection.
const NUDGE_AWAY_EVERY: Duration = Duration::from_secs(5);
/// Notices that are published in one go.
const TELL_MAX: usize = 256;

/// Who keeps the connection.
pub(super) struct Link {
    pub(super) options: RedisOptions,
    pub(super) here: Arc<InProcessLive>,
    pub(super) own: frame::Origin,
    pub(super) connection: watch::Sender<Option<MultiplexedConnection>>,
    pub(super) notices: mpsc::Receiver<Notice>,
}

/// Both connections to one server.
struct Dialled {
    info: ConnectionInfo,
    calls: MultiplexedConnection,
    sink: PubSubSink,
    stream: PubSubStream,
}

impl Link {
    /// Runs until nobody uses it any more.
    pub(super) async fn run(mut self) {
        let mut back_off = BackOff::default();
        loop {
            let options = self.options.clone();
            let Some(dialled) = self.away(dial(&options)).await else { return };
            match dialled {
                Ok(dialled) => {
                    back_off = BackOff::default();
                    telemetry::connected(&Node::of(&dialled.info));
                    self.connection.send_replace(Some(dialled.calls.clone()));
                    // What was told while we were away was not heard.
                    self.here.nudge();
                    let Some(cause) = self.use_up(dialled).await else { return };
                    self.connection.send_replace(None);
                    telemetry::lost(&cause);
                }
                Err(cause) => telemetry::unreachable(&cause),
            }
            if self.away(back_off.wait()).await.is_none() {
                return;
            }
        }
    }

    /// Waits for `what` without a connection; `None` when nobody uses this any more.
    async fn away<T>(&mut self, what: impl Future<Output = T>) -> Option<T> {
        tokio::pin!(what);
        let mut nudge = interval(NUDGE_AWAY_EVERY);
        nudge.reset();
        loop {
            tokio::select! {
                done = &mut what => return Some(done),
                notice = self.notices.recv() => match notice {
                    Some(_) => telemetry::untold(1),
                    None => return None,
                },
                _ = nudge.tick() => self.here.nudge(),
            }
        }
    }

    /// Uses the connections until one of them fails, and tells why; `None` when nobody uses this any more.
    async fn use_up(&mut self, dialled: Dialled) -> Option<String> {
        let Dialled { info, calls, sink, stream } = dialled;
        let channel = self.options.key("told");
        let hearing = hear(&self.here, self.own, stream);
        let looking = look(&self.options, &self.here, &info, calls.clone(), sink);
        let telling = tell(&mut self.notices, &channel, calls, self.options.answer_within);
        tokio::select! {
            () = hearing => Some("the subscription ended".to_owned()),
            cause = looking => Some(cause),
            cause = telling => cause,
        }
    }
}

/// Hands on what other processes tell.
async fn hear(here: &InProcessLive, own: frame::Origin, mut stream: PubSubStream) {
    while let Some(message) = stream.next().await {
        let body = Bytes::copy_from_slice(message.get_payload_bytes());
        // What cannot be read is somebody else's, on a channel that should be ours.
        if let Some((origin, notice)) = frame::read(&body)
            && origin != own
        {
            telemetry::heard();
            here.tell_here(&notice.topic, notice.body);
        }
    }
}

/// Publishes what this process tells.
async fn tell(
    notices: &mut mpsc::Receiver<Notice>,
    channel: &str,
    mut calls: MultiplexedConnection,
    within: Duration,
) -> Option<String> {
    let mut batch = Vec::with_capacity(TELL_MAX);
    while notices.recv_many(&mut batch, TELL_MAX).await > 0 {
        let mut pipe = redis::pipe();
        for notice in batch.drain(..) {
            pipe.publish(channel, notice.frame.as_ref()).ignore();
        }
        let count = pipe.len() as u64;
        match timeout(within * 4, pipe.query_async::<()>(&mut calls)).await {
            Ok(Ok(())) => telemetry::told(count),
            Ok(Err(error)) => {
                telemetry::untold(count);
                return Some(words(&error));
            }
            Err(_) => {
                telemetry::untold(count);
                return Some("no answer to a notice".to_owned());
            }
        }
    }
    None
}

/// Asks now and then whether both connections are alive and still lead to the master.
async fn look(
    options: &RedisOptions,
    here: &InProcessLive,
    info: &ConnectionInfo,
    mut calls: MultiplexedConnection,
    mut sink: PubSubSink,
) -> String {
    let (mut every, mut nudge) = (interval(LOOK_EVERY), interval(NUDGE_EVERY));
    nudge.reset();
    loop {
        tokio::select! {
            _ = every.tick() => {}
            _ = nudge.tick() => {
                here.nudge();
                continue;
            }
        }
        let asked = async {
            redis::cmd("PING").query_async::<()>(&mut calls).await?;
            sink.ping::<redis::Value>().await?;
            Ok::<_, RedisError>(())
        };
        match timeout(options.connect_within, asked).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return words(&error),
            Err(_) => return "no answer to a question whether it is there".to_owned(),
        }
        if let Place::Sentinels { .. } = &options.place
            // Sentinels that do not answer leave us where we are.
            && let Ok(master) = find(options).await
            && Node::of(&master) != Node::of(info)
        {
            return format!("{} is the master now", Node::of(&master));
        }
    }
}

async fn dial(options: &RedisOptions) -> Result<Dialled, String> {
    let info = find(options).await?;
    let connecting = async {
        let client = Client::open(info.clone())?;
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(options.connect_within))
            .set_response_timeout(Some(options.connect_within));
        let calls = client.get_multiplexed_async_connection_with_config(&config).await?;
        let (mut sink, stream) = client.get_async_pubsub().await?.split();
        sink.subscribe(options.key("told")).await?;
        Ok::<_, RedisError>(Dialled { info: info.clone(), calls, sink, stream })
    };
    let dialled = timeout(options.connect_within * 2, connecting).await;
    let mut dialled = dialled.map_err(|_| "no answer".to_owned())?.map_err(|error| words(&error))?;
    // Just after a failover the Sentinels may still name the one that is being replaced.
    let role: redis::RedisResult<Vec<redis::Value>> = redis::cmd("ROLE").query_async(&mut dialled.calls).await;
    match role.as_deref().map(<[redis::Value]>::first) {
        Ok(Some(redis::Value::BulkString(role))) if role != b"master" => Err("it is a replica".to_owned()),
        _ => Ok(dialled),
    }
}

/// The server that is to be used now.
pub(super) async fn find(options: &RedisOptions) -> Result<ConnectionInfo, String> {
    let (sentinels, master, like) = match &options.place {
        Place::Server(info) => return Ok(info.clone()),
        Place::Sentinels { sentinels, master, like } => (sentinels, master, like),
    };
    let mut cause = String::new();
    for (host, port) in sentinels {
        match timeout(options.connect_within, ask_sentinel(host, *port, master)).await {
            Ok(Ok(Some((host, port)))) => return Ok(like.clone().set_addr(ConnectionAddr::Tcp(host, port))),
            Ok(Ok(None)) => cause = format!("the Sentinel {host}:{port} looks after no `{master}`"),
            Ok(Err(error)) => cause = format!("the Sentinel {host}:{port}: {}", words(&error)),
            Err(_) => cause = format!("the Sentinel {host}:{port} does not answer"),
        }
    }
    Err(cause)
}

async fn ask_sentinel(host: &str, port: u16, master: &str) -> Result<Option<(String, u16)>, RedisError> {
    let client = Client::open(format!("redis://{host}:{port}/"))?;
    let mut connection = client.get_multiplexed_async_connection().await?;
    redis::cmd("SENTINEL").arg("get-master-addr-by-name").arg(master).query_async(&mut connection).await
}

/// An error without the details that may hold what was asked.
pub(super) fn words(error: &RedisError) -> String {
    error.code().map_or_else(|| error.to_string(), |code| format!("{code} ({})", error.category()))
}
