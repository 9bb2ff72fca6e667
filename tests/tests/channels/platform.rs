//! The platform of any channel: it takes calls, does as its script says, and delivers webhooks until they are taken.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::{Body, to_bytes};
use blendline_tests::http;
use hyper::body::Incoming;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::sync::watch;
use tokio::time::Instant;

/// What the platform does with a call whose text it has a line for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Then {
    /// Refuses: too many calls, come again in two seconds.
    Slow,
    /// Obeys, and ends the connection without an answer.
    ObeyAndHangUp,
    /// Obeys, and never answers.
    ObeyInSilence,
    /// Fails, and nobody knows whether it obeyed. It did not.
    Fail,
}

/// One call of ours.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) at: Instant,
    /// Method, a blank, and the path with its query.
    pub(crate) line: String,
    pub(crate) headers: hyper::HeaderMap,
    pub(crate) body: String,
    /// The number of what came of it; the same where the platform knew it for the same.
    pub(crate) effect: Option<u32>,
}

impl Call {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }
}

/// How a platform answers when it obeyed: for a call and the number of what came of it.
pub(crate) type Answer = fn(&Call, u32) -> Value;
/// What a call is known again by, where the platform knows calls again.
pub(crate) type Key = fn(&Call) -> String;

/// Whoever hears the platform's stream.
type Hearer = tokio::sync::mpsc::UnboundedSender<Result<String, std::io::Error>>;

struct State {
    answer: Answer,
    key: Option<Key>,
    script: Mutex<Vec<(String, Then)>>,
    /// What there is to read: the beginning of a path, a word that changes with it, and the text.
    pages: Mutex<Vec<(String, String, String)>>,
    /// Where a stream is had, and those who hear it.
    stream: Mutex<Option<(String, Vec<Hearer>)>>,
    /// Whether nothing can be read now.
    fails_reads: AtomicBool,
    calls: Mutex<Vec<Call>>,
    changed: watch::Sender<usize>,
}

/// A running platform; it ends when dropped.
pub(crate) struct Platform {
    addr: SocketAddr,
    state: Arc<State>,
    task: tokio::task::JoinHandle<()>,
}

impl Platform {
    pub(crate) async fn start(answer: Answer, key: Option<Key>) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let (script, calls, pages) = (Mutex::default(), Mutex::default(), Mutex::default());
        let state = Arc::new(State {
            answer,
            key,
            script,
            pages,
            stream: Mutex::default(),
            fails_reads: AtomicBool::new(false),
            calls,
            changed: watch::Sender::new(0),
        });
        let task = tokio::spawn(serve(listener, state.clone()));
        Self { addr, state, task }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// The next call that holds `text` meets with `then`.
    pub(crate) fn script(&self, text: &str, then: Then) {
        self.state.script.lock().unwrap().push((text.to_owned(), then));
    }

    /// From now on `text` is read under `path`.
    pub(crate) fn show(&self, path: &str, text: &str) {
        let mut pages = self.state.pages.lock().unwrap();
        let etag = format!("\"v{}\"", pages.len());
        pages.insert(0, (path.to_owned(), etag, text.to_owned()));
    }

    /// From now on a stream of events is had under `path`.
    pub(crate) fn streams(&self, path: &str) {
        *self.state.stream.lock().unwrap() = Some((path.to_owned(), Vec::new()));
    }

    /// Tells those who hear the stream.
    pub(crate) fn tell(&self, event: &str, data: &str) {
        let stream = self.state.stream.lock().unwrap();
        let hearers = &stream.as_ref().unwrap().1;
        assert!(hearers.iter().any(|hearer| hearer.send(Ok(format!("event: {event}\ndata: {data}\n\n"))).is_ok()));
    }

    /// Ends every stream; they can be had again.
    pub(crate) fn hang_up(&self) {
        self.state.stream.lock().unwrap().as_mut().unwrap().1.clear();
    }

    /// From now on nothing is found under `path`.
    pub(crate) fn remove(&self, path: &str) {
        self.state.pages.lock().unwrap().retain(|(begin, ..)| begin != path);
    }

    /// From now on nothing can be read, or everything again.
    pub(crate) fn fail_reads(&self, fails: bool) {
        self.state.fails_reads.store(fails, Ordering::SeqCst);
    }

    /// Waits for `count` looks at `path`, or what begins with it. Ends the test after 30 s.
    pub(crate) async fn until_read(&self, path: &str, count: usize) -> Vec<Call> {
        let mut changed = self.state.changed.subscribe();
        let reads = || {
            let calls = self.state.calls.lock().unwrap();
            calls.iter().filter(|call| call.line.starts_with(&format!("GET {path}"))).cloned().collect::<Vec<_>>()
        };
        let wait = async {
            while reads().len() < count {
                changed.changed().await.unwrap();
            }
        };
        assert!(tokio::time::timeout(Duration::from_secs(30), wait).await.is_ok(), "{count} looks at {path}");
        reads()
    }

    /// The calls that hold `text`, in order.
    pub(crate) fn calls(&self, text: &str) -> Vec<Call> {
        let calls = self.state.calls.lock().unwrap();
        calls.iter().filter(|call| decoded(&call.body).contains(text)).cloned().collect()
    }

    /// Waits for `count` calls that hold `text`. Ends the test after 30 s.
    pub(crate) async fn until(&self, text: &str, count: usize) -> Vec<Call> {
        let mut changed = self.state.changed.subscribe();
        let wait = async {
            while self.calls(text).len() < count {
                changed.changed().await.unwrap();
            }
        };
        let seen = tokio::time::timeout(Duration::from_secs(30), wait).await;
        let calls = self.calls(text);
        assert!(seen.is_ok(), "{count} calls with {text:?}: {:#?}", self.state.calls.lock().unwrap());
        calls
    }
}

impl Drop for Platform {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Delivers a webhook as platforms do: again, while it is not taken. Gives the number of times.
pub(crate) async fn deliver(router: SocketAddr, request: &[u8]) -> u32 {
    for attempt in 1..=600 {
        match http::once(router, request).await {
            Ok(reply) if reply.status == 200 => return attempt,
            Ok(reply) if (400..500).contains(&reply.status) => panic!("{}: {}", reply.status, reply.text()),
            // What is waited for is the router's start.
            _ => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
    panic!("the webhook was not taken in 30 s")
}

/// The words of a body as people write them: out of JSON's and forms' escapes.
fn decoded(body: &str) -> String {
    match serde_json::from_str::<Value>(body) {
        Ok(value) => value.to_string(),
        Err(_) => super::sign::form(body).into_iter().map(|(name, value)| format!("{name}={value}\n")).collect(),
    }
}

#[derive(Debug)]
struct HangUp;

impl std::fmt::Display for HangUp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the script says to hang up")
    }
}

impl std::error::Error for HangUp {}

async fn serve(listener: tokio::net::TcpListener, state: Arc<State>) {
    let mut connections = tokio::task::JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let state = state.clone();
        connections.spawn(async move {
            let service = hyper::service::service_fn(move |request| handle(state.clone(), request));
            let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

async fn handle(state: Arc<State>, request: Request<Incoming>) -> Result<Response<Body>, HangUp> {
    let (head, body) = request.into_parts();
    let body = to_bytes(Body::new(body), 1024 * 1024).await.map_err(|_| HangUp)?;
    let body = String::from_utf8_lossy(&body).into_owned();
    let path = head.uri.path_and_query().map_or("", |path| path.as_str());
    let words = decoded(&body);
    if head.method == hyper::Method::GET {
        return Ok(page(&state, path.to_owned(), head.headers));
    }
    let then = {
        let mut script = state.script.lock().unwrap();
        let line = script.iter().position(|(text, _)| words.contains(text));
        line.map(|line| script.remove(line).1)
    };
    let line = format!("{} {path}", head.method);
    let mut call = Call { at: Instant::now(), line, headers: head.headers, body, effect: None };
    if !matches!(then, Some(Then::Slow | Then::Fail)) {
        call.effect = Some(effect(&state, &call));
    }
    {
        let mut calls = state.calls.lock().unwrap();
        calls.push(call.clone());
        state.changed.send_replace(calls.len());
    }
    let answer = |status: u16, body: Value| {
        let builder = Response::builder().status(status).header("content-type", "application/json");
        let builder = if status == 429 { builder.header("retry-after", "2") } else { builder };
        Ok(builder.body(Body::from(body.to_string())).unwrap())
    };
    match then {
        Some(Then::Slow) => answer(429, Value::Null),
        Some(Then::Fail) => answer(502, Value::Null),
        Some(Then::ObeyAndHangUp) => Err(HangUp),
        Some(Then::ObeyInSilence) => std::future::pending().await,
        None => answer(200, (state.answer)(&call, call.effect.unwrap_or(0))),
    }
}

/// Shows a page, unless who asks has it.
fn page(state: &State, path: String, headers: hyper::HeaderMap) -> Response<Body> {
    if let Some((begin, hearers)) = state.stream.lock().unwrap().as_mut()
        && path.starts_with(begin.as_str())
    {
        let (hearer, mut heard) = tokio::sync::mpsc::unbounded_channel();
        hearer.send(Ok(":)\n\n".to_owned())).unwrap();
        hearers.push(hearer);
        let mut calls = state.calls.lock().unwrap();
        calls.push(Call {
            at: Instant::now(),
            line: format!("GET {path}"),
            headers,
            body: String::new(),
            effect: None,
        });
        state.changed.send_replace(calls.len());
        let events = futures_util::stream::poll_fn(move |context| heard.poll_recv(context));
        return Response::builder()
            .header("content-type", "text/event-stream")
            .body(Body::from_stream(events))
            .unwrap();
    }
    let pages = state.pages.lock().unwrap();
    let found = pages.iter().find(|(begin, ..)| path.starts_with(begin.as_str()));
    let (status, etag, text) = match found {
        _ if state.fails_reads.load(Ordering::SeqCst) => (503, "", ""),
        Some((_, etag, _)) if headers.get("if-none-match").is_some_and(|known| known == etag.as_str()) => (304, "", ""),
        Some((_, etag, text)) => (200, etag.as_str(), text.as_str()),
        None => (404, "", ""),
    };
    let mut calls = state.calls.lock().unwrap();
    calls.push(Call { at: Instant::now(), line: format!("GET {path}"), headers, body: String::new(), effect: None });
    state.changed.send_replace(calls.len());
    Response::builder().status(status).header("etag", etag).body(Body::from(text.to_owned())).unwrap()
}

/// The number of what comes of a call: a new one, or that of the call it repeats.
fn effect(state: &State, call: &Call) -> u32 {
    let calls = state.calls.lock().unwrap();
    let same = state.key.and_then(|key| {
        let repeated = |other: &&Call| other.effect.is_some() && key(other) == key(call);
        calls.iter().find(repeated).and_then(|other| other.effect)
    });
    let highest = calls.iter().filter_map(|call| call.effect).max().unwrap_or(0);
    same.unwrap_or(highest + 1)
}
