//! Live state that several processes share, on Redis.
//!
//! Redis is never the record: whatever it forgets, and however long it is gone, costs freshness. While it does not answer,
//! limits are counted in this process and notices reach this process alone; everybody looks again now and then anyway.
//!
//! One channel carries every notice to every process, which hands it to whoever listens there: a notice is some tens of
//! bytes, and subscriptions that come and go with visitors would cost more.

mod doctor;
mod frame;
mod link;
mod options;
mod telemetry;

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use async_trait::async_trait;
use blendline_wire::TenantId;
use bytes::Bytes;
use redis::Script;
use redis::aio::MultiplexedConnection;
use sha2::{Digest as _, Sha256};
use tokio::sync::{broadcast, mpsc, watch};
use tokio::time::timeout;

pub use doctor::examine;
pub use options::{BadUrl, RedisOptions};

use self::link::Link;
use crate::adapters::live::InProcessLive;
use crate::ports::live::{Allowance, Live, NOTHING_WAIT_MS, PRESENT_MS, There};

/// Notices that wait to be published; more are lost to other processes, who look again anyway.
const NOTICES_MAX: usize = 4_096;

static ALLOW: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("allow.lua")));

static GATHER: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("gather.lua")));

/// Live state on Redis. Opening never waits for the server.
pub struct RedisLive {
    options: RedisOptions,
    here: Arc<InProcessLive>,
    own: frame::Origin,
    connection: watch::Receiver<Option<MultiplexedConnection>>,
    notices: mpsc::Sender<frame::Notice>,
}

impl RedisLive {
    /// Begins to connect, and goes on until it is dropped. Must be called within a runtime.
    pub fn open(options: RedisOptions) -> Self {
        let here = Arc::new(InProcessLive::default());
        let own = uuid::Uuid::now_v7().into_bytes();
        let (connections, connection) = watch::channel(None);
        let (notices, waiting) = mpsc::channel(NOTICES_MAX);
        let link =
            Link { options: options.clone(), here: here.clone(), own, connection: connections, notices: waiting };
        tokio::spawn(link.run());
        Self { options, here, own, connection, notices }
    }

    /// Waits until there is a connection, for at most `patience`; false when there is none by then.
    pub async fn connected(&self, patience: Duration) -> bool {
        let mut connection = self.connection.clone();
        let there = connection.wait_for(Option::is_some);
        matches!(timeout(patience, there).await, Ok(Ok(_)))
    }

    fn link(&self) -> Option<MultiplexedConnection> {
        self.connection.borrow().clone()
    }

    /// Asks Redis; `None`, counted, when it does not answer.
    async fn ask<T>(&self, what: &'static str, asking: impl Future<Output = redis::RedisResult<T>>) -> Option<T> {
        match timeout(self.options.answer_within, asking).await {
            Ok(Ok(answer)) => Some(answer),
            Ok(Err(error)) => {
                telemetry::unanswered(what, &link::words(&error));
                None
            }
            Err(_) => {
                telemetry::unanswered(what, "no answer in time");
                None
            }
        }
    }

    /// An allowance may be named after an address, which does not leave the process.
    fn allowance_key(&self, key: &str) -> String {
        self.options.key(&format!("allow:{}", hex::encode(&Sha256::digest(key.as_bytes())[..16])))
    }

    fn presence_key(&self, tenant: TenantId) -> String {
        self.options.key(&format!("present:{}", tenant.0))
    }
}

#[async_trait]
impl Live for RedisLive {
    async fn tell(&self, topic: &str, body: Bytes) {
        self.here.tell_here(topic, body.clone());
        let Some(notice) = frame::write(self.own, topic, body) else { return };
        if self.notices.try_send(notice).is_err() {
            telemetry::untold(1);
        }
    }

    async fn listen(&self, topic: &str) -> broadcast::Receiver<Bytes> {
        self.here.listen(topic).await
    }

    async fn allow(&self, all_of: &[Allowance]) -> Result<(), u64> {
        if all_of.iter().any(|one| one.burst == 0) {
            return Err(NOTHING_WAIT_MS);
        }
        let Some(mut link) = self.link() else { return self.here.allow(all_of).await };
        let mut call = ALLOW.prepare_invoke();
        for one in all_of {
            call.key(self.allowance_key(&one.key)).arg(one.every_us).arg(one.burst);
        }
        match self.ask("allow", call.invoke_async::<u64>(&mut link)).await {
            Some(0) => Ok(()),
            Some(wait_ms) => Err(wait_ms),
            None => self.here.allow(all_of).await,
        }
    }

    async fn present(&self, tenant: TenantId, there: &There) {
        self.here.present(tenant, there).await;
        // These types cannot fail to be written.
        let (Some(mut link), Ok(text)) = (self.link(), serde_json::to_vec(there)) else { return };
        let mut set = redis::cmd("SET");
        set.arg(self.presence_key(tenant)).arg(text).arg("PX").arg(PRESENT_MS);
        self.ask("present", set.query_async::<()>(&mut link)).await;
    }

    async fn presence(&self, tenant: TenantId) -> Option<There> {
        let Some(mut link) = self.link() else { return self.here.presence(tenant).await };
        let mut get = redis::cmd("GET");
        get.arg(self.presence_key(tenant));
        let found = self.ask("presence", get.query_async::<Option<Vec<u8>>>(&mut link)).await;
        match found {
            // Another version may have written what this one cannot read.
            Some(Some(text)) => serde_json::from_slice(&text).ok(),
            Some(None) => None,
            None => self.here.presence(tenant).await,
        }
    }

    async fn gather(&self, router: &str) -> Option<Vec<String>> {
        let mut link = self.link()?;
        let mut call = GATHER.key(self.options.key("routers"));
        call.arg(router).arg(PRESENT_MS);
        self.ask("gather", call.invoke_async(&mut link)).await
    }

    async fn leave(&self, router: &str) {
        let Some(mut link) = self.link() else { return };
        let mut remove = redis::cmd("ZREM");
        remove.arg(self.options.key("routers")).arg(router);
        self.ask("leave", remove.query_async::<()>(&mut link)).await;
    }
}
