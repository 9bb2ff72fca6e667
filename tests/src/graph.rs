//! A fake Graph server: what the platform would see of us, and what it would answer.
//!
//! It counts what took *effect* (a message that would have reached the customer) apart from what was called,
//! because "called twice" is a fault only when the customer got two messages.

mod server;
mod statuses;

use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use tokio::sync::watch;

use crate::whatsapp::Number;

/// What the server does with a call.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Behaviour {
    /// Takes the message and answers with its id.
    Answer,
    /// Takes the message and answers after this time.
    Delay(Duration),
    /// Refuses with this HTTP status and Graph error code; no effect.
    Refuse {
        /// HTTP status.
        status: u16,
        /// Graph's `error.code`.
        code: i64,
    },
    /// Takes the message and never answers.
    TimeoutAfterEffect,
    /// Closes the connection without an answer; no effect.
    Drop,
    /// Takes the message and closes the connection without an answer.
    DropAfterEffect,
}

/// A line of the script: the first that matches and is not used up decides; without one the server answers.
#[derive(Clone, Debug)]
pub struct Line {
    /// Only messages whose body holds this text; empty matches all.
    pub containing: String,
    /// How often it applies.
    pub times: Times,
    /// What happens.
    pub then: Behaviour,
}

/// How often a line of the script applies.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Times {
    /// So often in all.
    Count(usize),
    /// To the first call of every message.
    OncePerMessage,
}

/// One call to send a message.
#[derive(Clone, Debug)]
pub struct Call {
    /// When, Unix milliseconds.
    pub at_ms: u64,
    /// The number that sends.
    pub phone_number_id: String,
    /// To whom.
    pub to: String,
    /// `biz_opaque_callback_data`: our own id of the message.
    pub callback: Option<String>,
    /// The whole body.
    pub body: Value,
    /// The id given to the message, when it took effect.
    pub wamid: Option<String>,
    /// What the script said.
    pub behaviour: Behaviour,
}

/// What a fake platform is made of.
#[derive(Clone, Debug)]
pub struct Options {
    /// The bearer token it wants; calls with another get 401 and code 190.
    pub token: String,
    /// Where it listens.
    pub listen: SocketAddr,
    /// Where status webhooks go; `None` sends none.
    pub statuses: Option<Statuses>,
    /// Whether bodies are kept: a load run would fill the memory with them.
    pub keep_bodies: bool,
    /// Who is told of each message that took effect, as it comes.
    pub told: Option<tokio::sync::mpsc::UnboundedSender<Told>>,
}

/// A message that took effect.
#[derive(Clone, Debug)]
pub struct Told {
    /// When it came.
    pub at: std::time::Instant,
    /// Its words, where it has some.
    pub text: String,
}

/// Whether and where to report what became of messages.
#[derive(Clone, Debug)]
pub struct Statuses {
    /// The router.
    pub router: SocketAddr,
    /// Our numbers there, for address and secret.
    pub numbers: Vec<Number>,
    /// For how many messages of a hundred the platform reports at all.
    pub percent: u64,
    /// Whether `sent`, `delivered` and `read` come out of order.
    pub shuffled: bool,
    /// Repeats the random choices.
    pub seed: u64,
}

impl Options {
    /// On a free local port, with the token of the tests, without status webhooks.
    pub fn local() -> Self {
        Self {
            token: crate::config::GRAPH_TOKEN.to_owned(),
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            statuses: None,
            keep_bodies: true,
            told: None,
        }
    }
}

/// A running fake platform; it stops when dropped.
#[derive(Debug)]
pub struct FakeGraph {
    addr: SocketAddr,
    state: Arc<State>,
    tasks: Vec<tokio::task::JoinHandle<()>>,
}

#[derive(Debug)]
struct State {
    options: Options,
    ledger: Mutex<Ledger>,
    script: Mutex<Vec<(Line, HashSet<String>)>>,
    /// How many calls there were; changes wake whoever waits for one.
    calls: watch::Sender<u64>,
    /// Messages whose status is to be reported.
    reports: Option<tokio::sync::mpsc::UnboundedSender<Report>>,
}

#[derive(Debug)]
struct Report {
    phone_number_id: String,
    wamid: String,
    to: String,
    callback: Option<String>,
    status: &'static str,
}

#[derive(Debug, Default)]
struct Ledger {
    calls: Vec<Call>,
    /// Effects by our own id of the message.
    effects: HashMap<String, u32>,
    given: u64,
}

impl FakeGraph {
    /// Starts a fake platform.
    pub async fn start(options: Options) -> std::io::Result<Self> {
        let listener = tokio::net::TcpListener::bind(options.listen).await?;
        let addr = listener.local_addr()?;
        let mut tasks = Vec::new();
        let reports = options.statuses.clone().map(|statuses| {
            let (sender, receiver) = tokio::sync::mpsc::unbounded_channel();
            tasks.push(tokio::spawn(statuses::deliver(statuses, receiver)));
            sender
        });
        let state = Arc::new(State {
            options,
            ledger: Mutex::default(),
            script: Mutex::default(),
            calls: watch::Sender::new(0),
            reports,
        });
        tasks.push(tokio::spawn(server::serve(listener, Arc::clone(&state))));
        Ok(Self { addr, state, tasks })
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Its base address, as the router's configuration wants it.
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// Adds a line to the script.
    pub fn script(&self, line: Line) {
        self.state.script.lock().unwrap().push((line, HashSet::new()));
    }

    /// All calls so far, in the order in which they came.
    pub fn calls(&self) -> Vec<Call> {
        self.state.ledger.lock().unwrap().calls.clone()
    }

    /// How many messages took effect, by our own id of each.
    pub fn effects(&self) -> HashMap<String, u32> {
        self.state.ledger.lock().unwrap().effects.clone()
    }

    /// Waits until some calls satisfy `enough`, and gives all calls so far. Ends the test after 30 s.
    pub async fn until(&self, what: &str, enough: impl Fn(&[Call]) -> bool) -> Vec<Call> {
        let mut changed = self.state.calls.subscribe();
        let wait = async {
            loop {
                let calls = self.calls();
                if enough(&calls) {
                    return calls;
                }
                changed.changed().await.expect("the fake platform runs as long as its handle");
            }
        };
        match tokio::time::timeout(Duration::from_secs(30), wait).await {
            Ok(calls) => calls,
            Err(_) => panic!("the platform did not see {what} within 30 s; it saw {:#?}", self.calls()),
        }
    }

    /// Waits, without end, until there are more than `seen` calls, and gives all so far.
    pub async fn until_more(&self, seen: usize) -> Vec<Call> {
        let mut changed = self.state.calls.subscribe();
        loop {
            let calls = self.calls();
            if calls.len() > seen || changed.changed().await.is_err() {
                return calls;
            }
        }
    }

    /// Reports `status` on the message `call` to the router, signed, until it is taken.
    pub fn report(&self, call: &Call, status: &'static str) {
        let reports = self.state.reports.as_ref().expect("a fake platform with status webhooks");
        let wamid = call.wamid.clone().expect("a message that took effect");
        let _ = reports.send(Report {
            phone_number_id: call.phone_number_id.clone(),
            wamid,
            to: call.to.clone(),
            callback: call.callback.clone(),
            status,
        });
    }
}

impl Drop for FakeGraph {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

impl Call {
    /// The words of the message, where it has some.
    pub fn text(&self) -> &str {
        self.body["text"]["body"].as_str().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::http;

    async fn send(graph: &FakeGraph, token: &str, callback: &str) -> std::io::Result<http::Reply> {
        let body = json!({ "messaging_product": "whatsapp", "to": "972500000001", "type": "text",
            "text": { "body": "שלום" }, "biz_opaque_callback_data": callback });
        let bearer = format!("Bearer {token}");
        let headers = [("authorization", bearer.as_str())];
        let request = http::request("POST", "/v21.0/106/messages", &headers, body.to_string().as_bytes());
        http::once(graph.addr(), &request).await
    }

    #[tokio::test]
    async fn calls_and_effects_are_counted_apart() {
        let graph = FakeGraph::start(Options::local()).await.unwrap();
        let refused = Behaviour::Refuse { status: 429, code: 130_429 };
        graph.script(Line { containing: "out_1".into(), times: Times::Count(1), then: refused });
        graph.script(Line { containing: "out_2".into(), times: Times::Count(1), then: Behaviour::DropAfterEffect });

        assert_eq!(send(&graph, "wrong", "out_0").await.unwrap().json()["error"]["code"], 190);
        assert_eq!(send(&graph, crate::config::GRAPH_TOKEN, "out_1").await.unwrap().status, 429);
        let taken = send(&graph, crate::config::GRAPH_TOKEN, "out_1").await.unwrap().json();
        assert!(taken["messages"][0]["id"].as_str().unwrap().starts_with("wamid."));
        send(&graph, crate::config::GRAPH_TOKEN, "out_2").await.unwrap_err();

        assert_eq!(graph.calls().len(), 3, "a call with a wrong token is none");
        assert_eq!(graph.effects(), HashMap::from([("out_1".to_owned(), 1), ("out_2".to_owned(), 1)]));
        assert_eq!(graph.calls()[1].text(), "שלום");
    }
}
