//! A collector of traces, as OTLP over HTTP asks for one, in its JSON form.

use std::net::SocketAddr;
use std::time::Duration;

use axum::extract::State;
use axum::routing::post;
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::sync::watch;

/// The longest a test waits for spans.
const WITHIN: Duration = Duration::from_secs(30);

/// A running collector; it ends when dropped.
pub struct Collector {
    addr: SocketAddr,
    spans: watch::Sender<Vec<Value>>,
    task: tokio::task::JoinHandle<()>,
}

impl Collector {
    /// Starts one on a port of its own.
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free local port");
        let addr = listener.local_addr().expect("a bound port has an address");
        let spans = watch::Sender::new(Vec::new());
        let app = Router::new().route("/v1/traces", post(take)).with_state(spans.clone());
        let task = tokio::spawn(async move { axum::serve(listener, app).await.expect("it runs until it is ended") });
        Self { addr, spans, task }
    }

    /// Where spans are posted.
    pub fn url(&self) -> String {
        format!("http://{}/v1/traces", self.addr)
    }

    /// Waits until this trace has a span for each of `names`, and gives those in that order.
    ///
    /// # Panics
    /// When they do not come.
    pub async fn spans<const N: usize>(&self, trace: &str, names: [&str; N]) -> [Value; N] {
        let mut came = self.spans.subscribe();
        let find = |spans: &[Value]| {
            names.map(|name| spans.iter().find(|span| span["traceId"] == trace && span["name"] == name).cloned())
        };
        let all = came.wait_for(|spans| find(spans).iter().all(Option::is_some));
        let found = tokio::time::timeout(WITHIN, all).await.map(|spans| find(&spans.expect("a running collector")));
        let found = found.unwrap_or_else(|_| panic!("{names:?} of {trace} within {WITHIN:?}: {:#?}", self.all()));
        found.map(|span| span.expect("it was found"))
    }

    /// Waits for a span of another trace than this one, and gives that trace's id.
    ///
    /// # Panics
    /// When there is none.
    pub async fn other_trace(&self, trace: &str) -> String {
        let mut came = self.spans.subscribe();
        let other = |spans: &[Value]| spans.iter().find(|span| span["traceId"] != trace).cloned();
        let there = came.wait_for(|spans| other(spans).is_some());
        let spans = tokio::time::timeout(WITHIN, there).await.expect("another trace").expect("a running collector");
        other(&spans).and_then(|span| span["traceId"].as_str().map(str::to_owned)).expect("a span has a trace")
    }

    /// Every span that came.
    pub fn all(&self) -> Vec<Value> {
        self.spans.borrow().clone()
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn take(State(spans): State<watch::Sender<Vec<Value>>>, Json(request): Json<Value>) -> Json<Value> {
    let lists = |value: &Value, key: &str| value[key].as_array().cloned().unwrap_or_default();
    let came: Vec<Value> = lists(&request, "resourceSpans")
        .iter()
        .flat_map(|resource| lists(resource, "scopeSpans"))
        .flat_map(|scope| lists(&scope, "spans"))
        .collect();
    spans.send_modify(|spans| spans.extend(came));
    Json(json!({}))
}
