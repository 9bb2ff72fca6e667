//! The contract suite of the port, with messages in bundles and each alone.

use blendline_router::adapters::rabbit::{BUNDLE_MAX, RabbitBroker};
use blendline_tests::contract::broker::{BrokerWorld, Slack};

use crate::world;

struct World {
    bundle_max: usize,
}

impl BrokerWorld for World {
    type Broker = RabbitBroker;

    async fn open(&self) -> RabbitBroker {
        let mut options = world::shared_options().await;
        options.length_max = 300;
        options.bundle_max = self.bundle_max;
        RabbitBroker::open(options).await.unwrap()
    }

    fn length_max(&self) -> u64 {
        300
    }

    /// A quorum queue counts what is not delivered, tells its publishers when that is above its limit, and again when
    /// it is down to four fifths of it.
    fn slack(&self) -> Slack {
        Slack { above: 1 + 4, gone: 300 / 5 + 1 }
    }

    fn queue(&self, name: &str) -> String {
        format!("contract.{name}.{}", self.bundle_max)
    }
}

/// A test for each suite of the port, each way to publish.
macro_rules! suites {
    ($($way:ident = $bundle_max:expr),+ => $suites:tt) => {
        $(mod $way { suites!(@ $bundle_max, $suites); })+
    };
    (@ $bundle_max:expr, [$($suite:ident),+ $(,)?]) => {
        $(#[tokio::test]
        async fn $suite() {
            blendline_tests::contract::broker::$suite(&super::World { bundle_max: $bundle_max }).await;
        })+
    };
}

suites! {
    in_bundles = super::BUNDLE_MAX, each_alone = 1 => [
        keeps_order, takes_many_publishers, delivers_again_after_reopening, replaces_a_subscription,
        refuses_when_full, holds_the_prefetch,
    ]
}
