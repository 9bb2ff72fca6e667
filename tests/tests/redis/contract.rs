//! The contract suite of the port.

use std::sync::Arc;
use std::time::Duration;

use blendline_router::adapters::redis::{RedisLive, RedisOptions};
use blendline_tests::contract::live::{self, LiveWorld};
use blendline_tests::servers::redis::Redis;

use crate::installed;

pub(crate) async fn connected(url: &str) -> Arc<RedisLive> {
    let live = RedisLive::open(RedisOptions::new(url).unwrap());
    assert!(live.connected(Duration::from_secs(20)).await, "no connection");
    Arc::new(live)
}

struct World(Redis);

impl LiveWorld for World {
    type Live = RedisLive;

    async fn open(&self) -> [Arc<RedisLive>; 2] {
        self.0.command("FLUSHALL");
        [connected(&self.0.url()).await, connected(&self.0.url()).await]
    }
}

macro_rules! suites {
    ($($suite:ident),+ $(,)?) => {
        $(#[tokio::test]
        async fn $suite() {
            installed!();
            live::$suite(&World(Redis::start("everysec").await)).await;
        })+
    };
}

suites! { tells_everyone, shares_allowances, takes_all_or_none, knows_who_is_there, gathers_routers }
