//! The router's API as a caller sees it.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::Value;

use crate::config::ADMIN_KEY;
use crate::http::{self, Connection, Reply};

/// The longest a test waits for a state.
const STATE_WITHIN: Duration = Duration::from_secs(30);

/// The most things the router puts on one page.
const PAGE: usize = 200;

/// A caller with a key.
#[derive(Clone, Debug)]
pub struct Api {
    addr: SocketAddr,
    key: String,
}

impl Api {
    /// A caller who may do everything.
    pub fn admin(addr: SocketAddr) -> Self {
        Self { addr, key: ADMIN_KEY.to_owned() }
    }

    /// A caller with this key.
    pub fn with_key(addr: SocketAddr, key: &str) -> Self {
        Self { addr, key: key.to_owned() }
    }

    /// Asks for `path`.
    pub async fn get(&self, path: &str) -> std::io::Result<Reply> {
        self.send("GET", path, b"").await
    }

    /// Sends a body to `path`.
    pub async fn post(&self, path: &str, body: &Value) -> std::io::Result<Reply> {
        self.send("POST", path, body.to_string().as_bytes()).await
    }

    /// Removes what is at `path`.
    pub async fn delete(&self, path: &str) -> std::io::Result<Reply> {
        self.send("DELETE", path, b"").await
    }

    /// Puts a body to `path`.
    pub async fn put(&self, path: &str, body: &Value) -> std::io::Result<Reply> {
        self.send("PUT", path, body.to_string().as_bytes()).await
    }

    async fn send(&self, method: &str, path: &str, body: &[u8]) -> std::io::Result<Reply> {
        http::once(self.addr, &self.request(method, path, body)).await
    }

    fn request(&self, method: &str, path: &str, body: &[u8]) -> Vec<u8> {
        let bearer = format!("Bearer {}", self.key);
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
        http::request(method, path, &headers, body)
    }

    /// Every object of a list, paged to its end. `path` may have a query.
    pub async fn all(&self, path: &str) -> Vec<Value> {
        self.all_after(path, None).await
    }

    /// Every object of a list after the one with the id `after`, paged to its end.
    pub async fn all_after(&self, path: &str, after: Option<String>) -> Vec<Value> {
        let mut connection = Connection::connect(self.addr).await.expect("the router is there");
        let mut found: Vec<Value> = Vec::new();
        let mut after = after.map_or_else(String::new, |id| format!("&after={id}"));
        loop {
            let joint = if path.contains('?') { '&' } else { '?' };
            let page = format!("{path}{joint}limit={PAGE}{after}");
            let reply = connection.exchange(&self.request("GET", &page, b"")).await.expect("an answer");
            assert_eq!(reply.status, 200, "GET {page}: {}", reply.text());
            let body = reply.json();
            let items = body["items"].as_array().unwrap_or_else(|| panic!("GET {page} is no list: {body}"));
            found.extend(items.iter().cloned());
            match body["next"].as_str() {
                Some(next) if !items.is_empty() => after = format!("&after={next}"),
                _ => return found,
            }
        }
    }

    /// Waits until the list at `path` satisfies `enough`, and gives it. Ends the test after 30 s.
    pub async fn until(&self, path: &str, what: &str, enough: impl Fn(&[Value]) -> bool) -> Vec<Value> {
        let begin = tokio::time::Instant::now();
        loop {
            let items = self.all(path).await;
            if enough(&items) {
                return items;
            }
            assert!(begin.elapsed() < STATE_WITHIN, "{path} did not show {what} within 30 s: {items:#?}");
            // Lists cannot be subscribed to yet: asking again is all one can do.
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Every event of a kind.
    pub async fn events(&self, kind: &str) -> Vec<Value> {
        let mut events = self.all("/v1/events").await;
        events.retain(|event| event["event"] == kind);
        events
    }

    /// The sum of all series of a metric; `None` when it is not there.
    pub async fn metric(&self, name: &str) -> Option<f64> {
        let text = self.get("/metrics").await.ok()?.text();
        let series = text
            .lines()
            .filter(|line| line.strip_prefix(name).is_some_and(|rest| rest.starts_with('{') || rest.starts_with(' ')));
        let values: Vec<f64> = series.filter_map(|line| line.rsplit(' ').next()?.parse().ok()).collect();
        (!values.is_empty()).then(|| values.iter().sum())
    }
}
