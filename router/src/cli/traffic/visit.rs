//! One customer's visit, from his first word to the last that he waits for.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::chat::{Shown, Window};
use super::plan::{Medium, Visit};
use super::talk::{Item, Reaction, Script};
use super::town::Town;
use super::whatsapp::Phone;

/// How long a customer who has his answer still looks, in milliseconds.
const LINGER_MS: u64 = 15_000;
/// The key with which the store's other systems push work items, as the demo's file has its hash.
const ITEMS_KEY: &str = "blk_de300003_7f3f6a91dd53af777740080d606f4090552506b476819529ad1df52e4f72ccb3";

/// Where a customer writes and reads.
enum Line {
    Phone(Phone),
    Window(Window),
}

/// What he hears.
enum Heard {
    /// Words; what the platform wants to be told when they were read.
    Words(String, Option<String>),
    Solved,
}

impl Line {
    async fn open(town: &Arc<Town>, visit: Visit) -> Option<Self> {
        match visit.customer.medium() {
            Medium::WhatsApp => Phone::take(town, visit.customer, visit.number).map(Self::Phone),
            Medium::WebChat => Window::open(town, visit.customer, visit.number).await.map(Self::Window),
        }
    }

    async fn say(&mut self, text: &str) -> bool {
        match self {
            Self::Phone(phone) => phone.say(text).await,
            Self::Window(window) => window.say(text).await,
        }
    }

    async fn hear(&mut self) -> Option<Heard> {
        match self {
            Self::Phone(phone) => phone.hear().await.map(|brought| Heard::Words(brought.text, Some(brought.id))),
            Self::Window(window) => window.hear().await.map(|shown| match shown {
                Shown::Said(text) => Heard::Words(text, None),
                Shown::Solved => Heard::Solved,
            }),
        }
    }

    async fn has_read(&self, id: Option<String>) {
        if let (Self::Phone(phone), Some(id)) = (self, id) {
            phone.has_read(&id).await;
        }
    }
}

/// Lets a customer write, wait, answer and leave.
pub(super) async fn visit(town: Arc<Town>, visit: Visit) {
    let script = Script::of(town.plan, visit);
    let Some(mut line) = Line::open(&town, visit).await else { return };
    for (after_ms, words) in &script.opening {
        town.clock.pause(*after_ms).await;
        if !line.say(words).await {
            return;
        }
    }
    let (mut turn, mut wait_ms, mut is_patient) = (0, script.patience_ms, true);
    loop {
        match tokio::time::timeout(town.clock.real(wait_ms), line.hear()).await {
            Ok(Some(Heard::Words(words, id))) => {
                is_patient = false;
                line.has_read(id).await;
                match script.reaction(turn, &words) {
                    Reaction::Say(after_ms, answer) => {
                        town.clock.pause(after_ms).await;
                        if !line.say(&answer).await {
                            return;
                        }
                        turn += 1;
                        wait_ms = script.patience_ms;
                    }
                    Reaction::Wait => wait_ms = script.patience_ms,
                    Reaction::Listen => wait_ms = LINGER_MS,
                }
            }
            Ok(Some(Heard::Solved) | None) => return,
            Err(_) if is_patient => {
                is_patient = false;
                if !line.say(script.still_there()).await {
                    return;
                }
            }
            Err(_) => return,
        }
    }
}

/// Pushes the work item of a slot in, as the store's other systems do.
pub(super) async fn push(town: Arc<Town>, slot: u64) {
    let item = Item::of(town.plan, slot).body(town.run, slot);
    let request = town.post("/v1/items").bearer_auth(ITEMS_KEY).json(&item);
    if town.insist(request).await.is_none() {
        tracing::debug!(refused = town.counts.refused.load(Ordering::Relaxed), "a work item was not taken");
    }
}
