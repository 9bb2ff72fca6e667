//! A receiver of webhooks, as docs/events.md asks for one: it checks signatures, and fails and dawdles as a test wants.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;
use tokio::sync::watch;

/// The longest a test waits for posts.
const WITHIN: Duration = Duration::from_secs(60);

/// One post.
#[derive(Clone, Debug)]
pub struct Posted {
    /// Its `webhook-id`.
    pub id: String,
    /// How many of its signatures there are, and whether each of the secrets that the receiver knows made one.
    pub signatures: (usize, Vec<bool>),
    /// The body.
    pub body: Value,
    /// What it was answered.
    pub status: u16,
}

#[derive(Debug, Default)]
struct Course {
    secrets: Vec<String>,
    posts: Vec<Posted>,
    tries: BTreeMap<String, u32>,
    /// Each of every so many ids is refused so often before it is taken.
    fails_first: Option<(usize, u32)>,
    /// Everything is answered so.
    always: Option<u16>,
    /// Posts whose body holds this text dawdle.
    slow: Option<(String, Duration)>,
}

/// A running receiver; it ends when dropped.
pub struct Receiver {
    addr: SocketAddr,
    course: Arc<Mutex<Course>>,
    count: watch::Sender<usize>,
    task: tokio::task::JoinHandle<()>,
}

#[derive(Clone)]
struct Shared {
    course: Arc<Mutex<Course>>,
    count: watch::Sender<usize>,
}

impl Receiver {
    /// Starts it on a port of its own.
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let addr = listener.local_addr().expect("its address");
        let (course, count) = (Arc::default(), watch::Sender::new(0));
        let shared = Shared { course: Arc::clone(&course), count: count.clone() };
        let app = Router::new().route("/hooks", post(take)).with_state(shared);
        let task = tokio::spawn(async move { drop(axum::serve(listener, app).await) });
        Self { addr, course, count, task }
    }

    /// Where to post.
    pub fn url(&self) -> String {
        format!("http://{}/hooks", self.addr)
    }

    /// A secret that it knows from now on.
    pub fn knows(&self, secret: &str) {
        self.course().secrets.push(secret.to_owned());
    }

    /// From now on, each id of every `nth` is refused `times` times before it is taken.
    pub fn fails_first(&self, nth: usize, times: u32) {
        self.course().fails_first = Some((nth, times));
    }

    /// From now on everything is answered so; `None`: as usual.
    pub fn always(&self, status: Option<u16>) {
        self.course().always = status;
    }

    /// From now on, posts whose body holds `text` take so long.
    pub fn dawdles(&self, text: &str, time: Duration) {
        self.course().slow = Some((text.to_owned(), time));
    }

    /// All posts so far, in the order in which they were answered.
    pub fn posts(&self) -> Vec<Posted> {
        self.course().posts.clone()
    }

    /// What was taken, each id as often as it was, in order.
    pub fn taken(&self) -> Vec<Posted> {
        let mut posts = self.posts();
        posts.retain(|post| post.status == 200);
        posts
    }

    /// Waits until `enough` holds of what was taken, and gives it. Ends the test after a minute.
    pub async fn until(&self, what: &str, enough: impl Fn(&[Posted]) -> bool) -> Vec<Posted> {
        let mut count = self.count.subscribe();
        let wait = async {
            while !enough(&self.taken()) {
                count.changed().await.expect("the receiver is there");
            }
        };
        let waited = tokio::time::timeout(WITHIN, wait).await;
        assert!(waited.is_ok(), "{what}: not within {WITHIN:?}; {} posts", self.posts().len());
        self.taken()
    }

    fn course(&self) -> MutexGuard<'_, Course> {
        self.course.lock().expect("no test panicked in between")
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn take(State(shared): State<Shared>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let (id, timestamp, signature) = (header("webhook-id"), header("webhook-timestamp"), header("webhook-signature"));
    let (slow, status) = {
        let mut course = shared.course.lock().expect("no test panicked in between");
        let known = course.tries.len();
        let tries = course.tries.entry(id.clone()).or_insert_with(|| known as u32 * 1_000);
        *tries += 1;
        let (nth, tried) = (*tries / 1_000, *tries % 1_000);
        let fails =
            course.fails_first.is_some_and(|(every, times)| (nth as usize).is_multiple_of(every) && tried <= times);
        let text = String::from_utf8_lossy(&body);
        let slow = course.slow.as_ref().filter(|(marked, _)| text.contains(marked)).map(|(_, time)| *time);
        (slow, course.always.unwrap_or(if fails { 500 } else { 200 }))
    };
    if let Some(time) = slow {
        tokio::time::sleep(time).await;
    }
    let given: Vec<&str> = signature.split(' ').collect();
    let mut course = shared.course.lock().expect("no test panicked in between");
    let made: Vec<bool> =
        course.secrets.iter().map(|secret| given.contains(&signed(secret, &id, &timestamp, &body).as_str())).collect();
    let signatures = (given.len(), made);
    let body = serde_json::from_slice(&body).unwrap_or_default();
    course.posts.push(Posted { id, signatures, body, status });
    drop(course);
    shared.count.send_modify(|count| *count += 1);
    StatusCode::from_u16(status).expect("a status")
}

/// A signature as standardwebhooks.com has it.
///
/// # Panics
/// When the secret is none.
pub fn signed(secret: &str, id: &str, timestamp: &str, body: &[u8]) -> String {
    let key = BASE64_STANDARD.decode(secret.trim_start_matches("whsec_")).expect("base64");
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("any length will do");
    for part in [id.as_bytes(), b".", timestamp.as_bytes(), b".", body] {
        mac.update(part);
    }
    format!("v1,{}", BASE64_STANDARD.encode(mac.finalize().into_bytes()))
}
