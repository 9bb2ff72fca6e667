//! Customers on the web chat: a session each, its words by POST and the answers by long poll.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::Sha256;

use super::plan::{Customer, Tongue};
use super::town::Town;

/// The secret with which the store vouches for who has signed in there, as the demo's file has it.
const IDENTITY_SECRET: &str = "blendline-demo-identity-secret";
/// How many customers' sessions are kept for when they come back.
const KEPT_MAX: usize = 1_000;

/// The sessions of those who were here.
#[derive(Debug, Default)]
pub(super) struct Sessions(Mutex<BTreeMap<u64, Session>>);

/// What a browser keeps: who he is, and what he has read.
#[derive(Clone, Debug)]
struct Session {
    token: String,
    after: Option<String>,
}

impl Sessions {
    fn all(&self) -> MutexGuard<'_, BTreeMap<u64, Session>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn keep(&self, customer: Customer, session: Session) {
        let mut all = self.all();
        all.insert(customer.0, session);
        if KEPT_MAX < all.len() {
            // The lowest number came first.
            all.pop_first();
        }
    }
}

/// What a customer sees in the widget.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum Shown {
    Said(String),
    Solved,
}

/// A customer's open widget.
pub(super) struct Window {
    town: Arc<Town>,
    customer: Customer,
    visit: u64,
    said: u64,
    session: Session,
    shown: VecDeque<Shown>,
    is_answered: bool,
}

/// The answer to a long poll.
#[derive(Deserialize)]
struct Read {
    messages: Vec<Line>,
    state: Option<String>,
}

#[derive(Deserialize)]
struct Line {
    cursor: String,
    from: String,
    text: String,
}

impl Window {
    /// Opens the widget; `None` when the router opens no session.
    pub(super) async fn open(town: &Arc<Town>, customer: Customer, visit: u64) -> Option<Self> {
        let known = town.sessions.all().remove(&customer.0);
        let is_new = known.is_none();
        let session = match known {
            Some(session) => session,
            None => Session { token: token(town, customer).await?, after: None },
        };
        let (town, shown) = (town.clone(), VecDeque::new());
        let mut window = Self { town, customer, visit, said: 0, session, shown, is_answered: false };
        // What he said in an earlier run of the store is old.
        if is_new && window.read(0).await {
            window.shown.clear();
            window.is_answered = false;
        }
        Some(window)
    }

    /// Writes to the store; `false` when the router did not take it.
    pub(super) async fn say(&mut self, text: &str) -> bool {
        self.said += 1;
        // An id as widgets make them: a UUID.
        let id = format!("{:08x}-{:04x}-4000-8000-{:012x}", self.town.run % (1 << 32), self.said, self.visit);
        let body = json!({ "client_id": id, "text": text });
        let request = self.town.post(&self.path("messages")).bearer_auth(&self.session.token).json(&body);
        self.town.insist(request).await.is_some()
    }

    /// The next thing that is shown; `None` when the router does not answer any more.
    pub(super) async fn hear(&mut self) -> Option<Shown> {
        while self.shown.is_empty() {
            if !self.read(25).await {
                return None;
            }
        }
        self.shown.pop_front()
    }

    /// Waits for what is new. Cut off in the middle, it has read nothing.
    async fn read(&mut self, wait_s: u64) -> bool {
        let after = self.session.after.as_ref().map_or_else(String::new, |after| format!("&after={after}"));
        let request = self.town.get(&format!("{}?wait={wait_s}{after}", self.path("messages")));
        let Some(answer) = self.town.insist(request.bearer_auth(&self.session.token)).await else { return false };
        let Ok(Read { messages, state }) = answer.json::<Read>().await else { return false };
        for line in messages {
            self.session.after = Some(line.cursor);
            if line.from == "agent" {
                self.is_answered = true;
                self.shown.push_back(Shown::Said(line.text));
            }
        }
        // Before the first answer the state may be the last visit's.
        if self.is_answered && state.as_deref() == Some("solved") {
            self.shown.push_back(Shown::Solved);
        }
        true
    }

    fn path(&self, what: &str) -> String {
        format!("/v1/chat/{}/{what}", account(self.customer))
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        self.town.sessions.keep(self.customer, self.session.clone());
    }
}

fn account(customer: Customer) -> &'static str {
    if customer.tongue() == Tongue::Hebrew { "store-he" } else { "store-en" }
}

/// Opens a session. Every other customer has signed in at the store, and the store vouches for him.
async fn token(town: &Town, customer: Customer) -> Option<String> {
    let ask = if customer.0.is_multiple_of(2) { identity(customer)? } else { json!({}) };
    let request = town.post(&format!("/v1/chat/{}/sessions", account(customer))).json(&ask);
    let answer: Value = town.insist(request).await?.json().await.ok()?;
    answer["token"].as_str().map(str::to_owned)
}

fn identity(customer: Customer) -> Option<Value> {
    let user = format!("customer-{}", customer.0);
    let mut mac = Hmac::<Sha256>::new_from_slice(IDENTITY_SECRET.as_bytes()).ok()?;
    mac.update(user.as_bytes());
    let proof = hex::encode(mac.finalize().into_bytes());
    Some(json!({ "identity": { "user_id": user, "name": customer.name(), "hmac": proof } }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_so_many_sessions_are_kept() {
        let sessions = Sessions::default();
        for number in 0..=KEPT_MAX as u64 {
            sessions.keep(Customer(number), Session { token: String::new(), after: None });
        }
        assert_eq!(sessions.all().len(), KEPT_MAX);
        assert!(!sessions.all().contains_key(&0) && sessions.all().contains_key(&(KEPT_MAX as u64)));
    }
}
