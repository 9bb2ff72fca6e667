//! A small installation: the real program, a fake platform, one number, and hands to play the workers.

use blendline_tests::api::Api;
use blendline_tests::config::{Installation, WORKER_KEY};
use blendline_tests::graph::{FakeGraph, Options, Statuses};
use blendline_tests::http::{self, Reply};
use blendline_tests::process::Router;
use blendline_tests::seed::Seed;
use blendline_tests::whatsapp::{self, Customers, Number, Said};
use blendline_tests::worker::Hand;
use blendline_wire::task::AcceptMode;

pub(crate) struct World {
    pub(crate) graph: FakeGraph,
    pub(crate) router: Router,
    pub(crate) api: Api,
    pub(crate) number: Number,
    customers: Customers,
}

impl World {
    /// Starts everything; `change` adapts the installation. No status webhooks come by themselves.
    pub(crate) async fn start(what: &str, change: impl FnOnce(&mut Installation)) -> Self {
        let number = Number::test(1);
        let mut installation = Installation::new("http://127.0.0.1:1");
        change(&mut installation);
        // The platform must know the router's address to report to it, and the router the platform's to send to it:
        // the platform is told first where the router will be.
        let mut router = Router::reserve(what);
        let mut options = Options::local();
        options.statuses = Some(Statuses {
            router: router.addr,
            numbers: installation.numbers.clone(),
            percent: 0,
            shuffled: false,
            seed: 1,
        });
        let graph = FakeGraph::start(options).await.unwrap();
        installation.graph_url = graph.url();
        router.configure(&installation);
        router.start_again().await;
        let api = Api::admin(router.addr);
        Self { graph, router, api, number, customers: Customers::new(Seed::new(7), 1) }
    }

    /// A message of customer `index` with these words, not posted yet.
    pub(crate) fn said(&mut self, index: u64, text: &str) -> Said {
        Said { text: text.to_owned(), ..self.customers.says(index) }
    }

    /// Posts a signed body and gives the answer.
    pub(crate) async fn post(&self, body: &[u8]) -> Reply {
        http::once(self.router.addr, &self.number.request(body)).await.expect("an answer to the webhook")
    }

    /// Customer `index` says `text`: posted and taken.
    pub(crate) async fn say(&mut self, index: u64, text: &str) -> Said {
        let said = self.said(index, text);
        let reply = self.post(&whatsapp::messages(&self.number, std::slice::from_ref(&said))).await;
        assert_eq!(reply.status, 200, "{}", reply.text());
        said
    }

    /// Connects as `worker`, who gets tasks without being asked.
    pub(crate) async fn hand(&self, worker: &str) -> Hand {
        Hand::connect(self.router.addr, WORKER_KEY, worker, AcceptMode::Auto).await.expect("a worker can connect")
    }

    /// How many events of a kind there are.
    pub(crate) async fn count(&self, kind: &str) -> usize {
        self.api.events(kind).await.len()
    }

    /// Waits until there are `count` events of a kind.
    pub(crate) async fn until_events(&self, kind: &str, count: usize) {
        let enough = |events: &[serde_json::Value]| events.iter().filter(|e| e["event"] == kind).count() >= count;
        self.api.until("/v1/events", &format!("{count} × {kind}"), enough).await;
    }
}
