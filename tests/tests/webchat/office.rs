//! A small installation with one web chat and one worker.

use blendline_tests::api::Api;
use blendline_tests::config::{Installation, Site, WORKER_KEY, Worker};
use blendline_tests::process::Router;
use blendline_tests::webchat::Session;
use blendline_tests::worker::Hand;
use blendline_wire::task::AcceptMode;
use serde_json::{Value, json};

pub(crate) struct Office {
    pub(crate) router: Router,
    pub(crate) api: Api,
    pub(crate) site: Site,
}

impl Office {
    pub(crate) async fn start(what: &str) -> Self {
        Self::with(what, |_| {}).await
    }

    pub(crate) async fn with(what: &str, change: impl FnOnce(&mut Installation)) -> Self {
        let mut installation = Installation::new("http://127.0.0.1:1");
        installation.sites = vec![Site::new("shop")];
        installation.workers = vec![Worker::new("noa", &["care"], 10)];
        change(&mut installation);
        let site = installation.sites[0].clone();
        let router = Router::start(what, &installation).await;
        let api = Api::admin(router.addr);
        Self { router, api, site }
    }

    /// Somebody new on the page.
    pub(crate) async fn visitor(&self) -> Session {
        self.session(json!({})).await
    }

    pub(crate) async fn session(&self, ask: Value) -> Session {
        Session::open(self.router.addr, &self.site, &ask).await
    }

    pub(crate) async fn noa(&self) -> Hand {
        Hand::connect(self.router.addr, WORKER_KEY, "noa", AcceptMode::Auto).await.unwrap()
    }

    pub(crate) async fn until_events(&self, kind: &str, count: usize) {
        let enough = |events: &[Value]| events.iter().filter(|event| event["event"] == kind).count() >= count;
        self.api.until("/v1/events", &format!("{count} × {kind}"), enough).await;
    }

    /// Waits until a series of a metric has at least this value.
    pub(crate) async fn until_metric(&self, series: &str, value: f64) {
        let begin = std::time::Instant::now();
        loop {
            let text = self.api.get("/metrics").await.unwrap().text();
            let line = text.lines().find_map(|line| line.strip_prefix(series)?.trim().parse::<f64>().ok());
            if line.is_some_and(|found| value <= found) {
                return;
            }
            assert!(begin.elapsed().as_secs() < 30, "{series} never came to {value}:\n{text}");
            // Metrics cannot be subscribed to: asking again is all one can do.
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }
}
