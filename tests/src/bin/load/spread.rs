//! Two connectors and two routers on the same servers: webhooks come to the connectors in turn, workers to the routers.
//!
//! One tenant is one shard, so one of the routers serves it, and what its workers ask of the other is handed on.

use std::net::SocketAddr;

use blendline_tests::config::Installation;
use blendline_tests::process::Router;

/// Who runs.
pub(crate) struct Spread {
    routers: [Router; 2],
    connectors: [Router; 2],
}

impl Spread {
    /// Starts all four. `sections` name the servers that they stand on.
    pub(crate) async fn start(scenario: &str, installation: &Installation, sections: &str) -> Self {
        let mut installation = installation.clone();
        installation.extra = format!("{sections}\n[cluster]\nruns = [\"router\"]\n");
        // The first to come serves.
        let routers = [Router::start(scenario, &installation).await, Router::start(scenario, &installation).await];
        installation.extra = format!("{sections}\n[cluster]\nruns = [\"connector\"]\n");
        let connectors = [Router::start(scenario, &installation).await, Router::start(scenario, &installation).await];
        Self { routers, connectors }
    }

    /// Where webhooks are posted.
    pub(crate) fn doors(&self) -> Vec<SocketAddr> {
        self.connectors.each_ref().map(|process| process.addr).to_vec()
    }

    /// Where workers connect.
    pub(crate) fn desks(&self) -> Vec<SocketAddr> {
        self.routers.each_ref().map(|process| process.addr).to_vec()
    }

    /// The owner, and the others.
    pub(crate) fn parted(self) -> (Router, Vec<Router>) {
        let [owner, other] = self.routers;
        (owner, [other].into_iter().chain(self.connectors).collect())
    }

    /// The processes by their kinds.
    pub(crate) fn processes(&self) -> [(&'static str, u32); 4] {
        let ([owner, other], [one, two]) = (&self.routers, &self.connectors);
        [("owner", owner.pid()), ("other_router", other.pid()), ("connector_1", one.pid()), ("connector_2", two.pid())]
    }
}
