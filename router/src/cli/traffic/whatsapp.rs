//! Customers on WhatsApp: what the platform posts for them, signed, and what it brings them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::plan::{Customer, Tongue};
use super::town::Town;
use crate::api::now;
use crate::cli::sign;

/// The app secret of every number of the demo, as its file has it.
pub(in crate::cli) const APP_SECRET: &str = "blendline-demo-app-secret";
/// How many answers a customer may leave unread.
const UNREAD_MAX: usize = 16;
/// How many webhooks the platform delivers twice, in per cent.
const TWICE_PERCENT: u64 = 5;
/// How long after it has taken a message the platform reports on it.
const REPORT_AFTER: Duration = Duration::from_millis(200);
/// What a throw is about.
const TWICE: u64 = 31;

/// A number of ours, as the demo's file has it.
#[derive(Debug)]
pub(in crate::cli) struct Number {
    pub(in crate::cli) account: &'static str,
    pub(in crate::cli) phone_number_id: &'static str,
}

const ENGLISH: Number = Number { account: "line-en", phone_number_id: "106540352242923" };
const HEBREW: Number = Number { account: "line-he", phone_number_id: "106540352242924" };

/// An answer that the platform brought.
#[derive(Debug)]
pub(super) struct Brought {
    pub(super) id: String,
    pub(super) text: String,
}

/// The customers who look at their phones, by number.
#[derive(Debug, Default)]
pub(in crate::cli) struct Phones(Mutex<HashMap<String, mpsc::Sender<Brought>>>);

impl Phones {
    /// Brings an answer to whoever has this number; nobody looks at most phones.
    pub(in crate::cli) fn bring(&self, to: &str, id: &str, text: &str) {
        if let Some(phone) = self.all().get(to) {
            // Who leaves so much unread does not read this either.
            let _ = phone.try_send(Brought { id: id.to_owned(), text: text.to_owned() });
        }
    }

    fn all(&self) -> MutexGuard<'_, HashMap<String, mpsc::Sender<Brought>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A customer's phone, while he looks at it.
pub(super) struct Phone {
    town: Arc<Town>,
    customer: Customer,
    visit: u64,
    said: u64,
    number: String,
    brought: mpsc::Receiver<Brought>,
}

impl Phone {
    /// `None` while the same customer is at it already.
    pub(super) fn take(town: &Arc<Town>, customer: Customer, visit: u64) -> Option<Self> {
        let number = customer.phone();
        let (sender, brought) = mpsc::channel(UNREAD_MAX);
        let mut phones = town.phones.all();
        if phones.contains_key(&number) {
            return None;
        }
        phones.insert(number.clone(), sender);
        drop(phones);
        Some(Self { town: town.clone(), customer, visit, said: 0, number, brought })
    }

    /// Writes to the store; `false` when the router did not take it.
    pub(super) async fn say(&mut self, text: &str) -> bool {
        self.said += 1;
        let id = format!("wamid.STORE-{}-{}-{}", self.town.run, self.visit, self.said);
        let body = message(self.ours(), &id, (&self.number, &self.customer.name()), text);
        let taken = self.post(&body).await;
        // The platform promises to deliver at least once.
        if self.town.dice(&[TWICE, self.visit, self.said]).chance(TWICE_PERCENT) {
            self.post(&body).await;
        }
        taken
    }

    /// The next answer.
    pub(super) async fn hear(&mut self) -> Option<Brought> {
        self.brought.recv().await
    }

    /// The platform reports that it was brought and read.
    pub(super) async fn has_read(&self, id: &str) {
        // Not before it has answered whoever sent it.
        tokio::time::sleep(REPORT_AFTER).await;
        let body = statuses(self.ours(), id, &self.number, &["delivered", "read"]);
        self.post(&body).await;
    }

    fn ours(&self) -> &'static Number {
        if self.customer.tongue() == Tongue::Hebrew { &HEBREW } else { &ENGLISH }
    }

    async fn post(&self, body: &str) -> bool {
        let Ok(signature) = sign::signature(APP_SECRET, body.as_bytes()) else { return false };
        let request = self.town.post(&format!("/v1/webhooks/whatsapp_cloud/{}", self.ours().account));
        let request = request.header("content-type", "application/json").header("x-hub-signature-256", signature);
        self.town.insist(request.body(body.to_owned())).await.is_some()
    }
}

impl Drop for Phone {
    fn drop(&mut self) {
        self.town.phones.all().remove(&self.number);
    }
}

/// The body with which WhatsApp brings a message of `from`: his number and name.
pub(in crate::cli) fn message(ours: &Number, id: &str, from: (&str, &str), text: &str) -> String {
    let (number, name) = from;
    let message = json!({
        "from": number, "id": id, "timestamp": seconds(),
        "type": "text", "text": { "body": text },
    });
    let contact = json!({ "profile": { "name": name }, "wa_id": number });
    envelope(ours, &json!({ "contacts": [contact], "messages": [message] }))
}

/// The body with which WhatsApp reports on a message of ours.
fn statuses(ours: &Number, id: &str, to: &str, statuses: &[&str]) -> String {
    let one = |status: &&str| json!({ "id": id, "status": status, "timestamp": seconds(), "recipient_id": to });
    envelope(ours, &json!({ "statuses": statuses.iter().map(one).collect::<Vec<_>>() }))
}

fn envelope(ours: &Number, about: &Value) -> String {
    let mut value = json!({
        "messaging_product": "whatsapp",
        "metadata": { "display_phone_number": "15550000000", "phone_number_id": ours.phone_number_id },
    });
    if let (Some(value), Some(about)) = (value.as_object_mut(), about.as_object()) {
        value.extend(about.clone());
    }
    let change = json!({ "field": "messages", "value": value });
    json!({ "object": "whatsapp_business_account", "entry": [{ "id": "0", "changes": [change] }] }).to_string()
}

/// The platform's time has whole seconds.
fn seconds() -> String {
    (now().0 / 1000).to_string()
}

#[cfg(test)]
mod tests {
    use blendline_connectors::by_name;

    use super::*;

    #[test]
    fn our_own_connector_reads_what_is_posted() {
        let connector = by_name("whatsapp_cloud").unwrap();
        let body = message(&HEBREW, "wamid.1", ("972500000001", "נועה לוי"), "שלום 410077");
        let events = connector.normalise(body.as_bytes()).unwrap();
        assert_eq!(events.len(), 1);
        assert_eq!(events[0].text.as_ref().unwrap().expose(), "שלום 410077");
        assert_eq!(events[0].conversation_key.account, HEBREW.phone_number_id);
        let body = statuses(&ENGLISH, "wamid.2", "972500000001", &["delivered", "read"]);
        assert_eq!(connector.normalise(body.as_bytes()).unwrap().len(), 2);
    }

    #[test]
    fn an_answer_reaches_only_whoever_has_the_number() {
        let phones = Phones::default();
        let (sender, mut brought) = mpsc::channel(1);
        phones.all().insert("1".into(), sender);
        phones.bring("2", "a", "not for him");
        phones.bring("1", "b", "for him");
        phones.bring("1", "c", "one too many");
        assert_eq!(brought.try_recv().unwrap().text, "for him");
        assert!(brought.try_recv().is_err());
    }
}
